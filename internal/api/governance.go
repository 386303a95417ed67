package api

import (
	"bytes"
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"aval/internal/desk"
	"aval/internal/fault"
	"aval/internal/governance"
	"aval/internal/i18n"
	"aval/internal/policy"
)

// governanceRoutes are the operations on what stands around the policy.
func (s *Server) governanceRoutes(api huma.API) {
	const acts, official, understood = "/api/v1/governance", "/api/v1/official", "/api/v1/interpretations"
	handle(s, api, op("list-acts", http.MethodGet, acts, "Acts of those who govern, by kind, and what waits for the committee"), s.acts)
	handle(s, api, created(op("record-act", http.MethodPost, acts, "Record an act with its day")), s.actRecord)
	handle(s, api, op("end-act", http.MethodPost, acts+"/{id}/end", "Say that an act stands no more"), s.actEnd)
	handle(s, api, op("list-official", http.MethodGet, official, "Signed texts of the policy, the newest in force first (7.1)"), s.officials)
	handle(s, api, created(op("keep-official", http.MethodPost, official, "Keep the signed text of a version (7.1)")), s.officialKeep)
	handle(s, api, op("list-interpretations", http.MethodGet, understood, "How clauses are and were understood (7.2)"), s.interpretations)
	handle(s, api, created(op("interpret", http.MethodPost, understood, "Say how a clause is understood (7.2)")), s.interpret)
	handle(s, api, op("withdraw-interpretation", http.MethodPost, understood+"/{id}/withdraw", "Withdraw an interpretation"), s.interpretationWithdraw)
	handle(s, api, op("list-attestations", http.MethodGet, "/api/v1/attestations", "Who attested a school year, and who has still to (7.2)"), s.attestations)
	handle(s, api, created(op("attest", http.MethodPost, "/api/v1/attestations", "Attest that the policy was applied in one's place (7.2)")), s.attest)
	handle(s, api, op("trace", http.MethodGet, "/api/v1/policy/trace", "Every clause, its control, live counts and the exceptions that stand"), s.trace)
	handle(s, api, file(op("yearly-report", http.MethodGet, "/api/v1/policy/report/{year}", "The report of a school year to the council; it is noted")), s.yearly)
}

type actJSON struct {
	ID        string `json:"id"`
	Kind      string `json:"kind"`
	DoneOn    string `json:"done_on"`
	Who       string `json:"who,omitempty"`
	Reference string `json:"reference,omitempty"`
	Note      string `json:"note,omitempty"`
	DueOn     string `json:"due_on,omitempty" doc:"When the next is due."`
	File      string `json:"file,omitempty" doc:"Name of its file."`
	SHA256    string `json:"sha256,omitempty"`
	EndedOn   string `json:"ended_on,omitempty"`
}

func actOf(a governance.Act) actJSON {
	return actJSON{ID: string(a.ID), Kind: a.Kind, DoneOn: a.On, Who: a.Who, Reference: a.Reference, Note: a.Note, DueOn: a.DueOn,
		File: a.File.Name, SHA256: a.File.SHA256, EndedOn: a.EndedOn}
}

func actsOf(list []governance.Act) []actJSON {
	out := []actJSON{}
	for _, a := range list {
		out = append(out, actOf(a))
	}
	return out
}

type kindJSON struct {
	Kind     string    `json:"kind"`
	Clause   string    `json:"clause"`
	Overdue  bool      `json:"overdue"`
	Awaited  bool      `json:"awaited" doc:"None stands, and the clause asks for one."`
	Standing []actJSON `json:"standing"`
	Past     []actJSON `json:"past"`
}

type agendaJSON struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
	On   string `json:"on"`
}

type actsOut struct {
	Kinds  []kindJSON   `json:"kinds"`
	Agenda []agendaJSON `json:"agenda"`
}

func (s *Server) acts(ctx context.Context, a policy.Actor, _ *struct{}) (*answer[actsOut], error) {
	o, err := s.Governance.Overview(ctx, a)
	out := actsOut{Kinds: []kindJSON{}, Agenda: []agendaJSON{}}
	for _, g := range o.Groups {
		out.Kinds = append(out.Kinds, kindJSON{Kind: g.Code, Clause: g.Clause, Overdue: g.Late, Awaited: g.Waits && len(g.Standing) == 0,
			Standing: actsOf(g.Standing), Past: actsOf(g.Past)})
	}
	for _, item := range o.Agenda {
		out.Agenda = append(out.Agenda, agendaJSON{item.Kind, item.Name, item.On})
	}
	return body(out, err)
}

// FileIn is a file that is sent. It is exported because huma reads no embedded
// struct that is not.
type FileIn struct {
	Name    string `json:"name,omitempty" doc:"Of the file."`
	Media   string `json:"media,omitempty" doc:"Its media type; else it is known by its content."`
	Content []byte `json:"content,omitempty" doc:"The file in base64. Above 700 kB, send it from the pages."`
}

func (f FileIn) upload() governance.Upload {
	if f.Name == "" && len(f.Content) == 0 {
		return governance.Upload{}
	}
	return governance.Upload{Name: f.Name, Media: f.Media, Content: bytes.NewReader(f.Content)}
}

// inContent gives a file the name that a program knows it by.
func inContent(err error) error {
	f, ok := fault.As(err)
	if !ok || f.Fields["file"].Key == "" {
		return err
	}
	said := *f
	said.Fields = map[string]fault.Message{}
	for name, m := range f.Fields {
		if name == "file" {
			name = "content"
		}
		said.Fields[name] = m
	}
	return &said
}

func (s *Server) actRecord(ctx context.Context, a policy.Actor, in *struct {
	Body struct {
		FileIn
		Kind      string `json:"kind"`
		DoneOn    string `json:"done_on" doc:"As 2026-11-20."`
		Who       string `json:"who,omitempty"`
		Reference string `json:"reference,omitempty" doc:"A resolution, a letter, the codes of rules."`
		Note      string `json:"note,omitempty"`
		DueOn     string `json:"due_on,omitempty" doc:"When the next is due; else as the clause asks."`
	}
}) (*answer[actJSON], error) {
	made, err := s.Governance.Record(ctx, a, governance.Act{Kind: in.Body.Kind, On: in.Body.DoneOn, Who: in.Body.Who, Reference: in.Body.Reference,
		Note: in.Body.Note, DueOn: in.Body.DueOn}, in.Body.upload())
	return body(actOf(made), inContent(err))
}

func (s *Server) actEnd(ctx context.Context, a policy.Actor, in *struct {
	ByID
	Body struct {
		EndedOn string `json:"ended_on"`
		Why     string `json:"why"`
	}
}) (*answer[actJSON], error) {
	ended, err := s.Governance.End(ctx, a, governance.ID(in.ID), in.Body.EndedOn, in.Body.Why)
	return body(actOf(ended), err)
}

type officialJSON struct {
	ID         string         `json:"id"`
	Label      string         `json:"label"`
	Lang       string         `json:"lang"`
	InForceOn  string         `json:"in_force_on"`
	Name       string         `json:"name"`
	Size       int64          `json:"size"`
	SHA256     string         `json:"sha256"`
	UploadedAt time.Time      `json:"uploaded_at"`
	Pages      map[string]int `json:"pages,omitempty" doc:"Of clauses in the document."`
}

func officialOf(o governance.Official) officialJSON {
	return officialJSON{ID: o.ID, Label: o.Label, Lang: o.Lang, InForceOn: o.InForceOn, Name: o.File.Name, Size: o.File.Size,
		SHA256: o.File.SHA256, UploadedAt: o.UploadedAt, Pages: o.Pages}
}

type officialsOut struct {
	Official []officialJSON `json:"official"`
}

func (s *Server) officials(ctx context.Context, a policy.Actor, _ *struct{}) (*answer[officialsOut], error) {
	kept, err := s.Governance.Officials(ctx, a)
	out := officialsOut{Official: []officialJSON{}}
	for _, o := range kept {
		out.Official = append(out.Official, officialOf(o))
	}
	return body(out, err)
}

func (s *Server) officialKeep(ctx context.Context, a policy.Actor, in *struct {
	Body struct {
		FileIn
		Label     string `json:"label" doc:"Of the version, such as its resolution."`
		Lang      string `json:"lang" enum:"fr,en"`
		InForceOn string `json:"in_force_on"`
		Pages     string `json:"pages,omitempty" doc:"Lines of a clause and its page."`
	}
}) (*answer[officialJSON], error) {
	o, err := s.Governance.KeepOfficial(ctx, a, governance.Official{Label: in.Body.Label, Lang: in.Body.Lang, InForceOn: in.Body.InForceOn},
		in.Body.Pages, in.Body.upload())
	return body(officialOf(o), inContent(err))
}

type interpretationJSON struct {
	ID         string `json:"id"`
	Clause     string `json:"clause"`
	GivenOn    string `json:"given_on"`
	QuestionFr string `json:"question_fr"`
	QuestionEn string `json:"question_en"`
	AnswerFr   string `json:"answer_fr"`
	AnswerEn   string `json:"answer_en"`
	Stands     bool   `json:"stands"`
	ReplacedBy string `json:"replaced_by,omitempty"`
	Why        string `json:"why,omitempty" doc:"Of one that was withdrawn."`
}

func interpretationOf(i governance.Interpretation) interpretationJSON {
	return interpretationJSON{ID: i.ID, Clause: i.Clause, GivenOn: i.GivenOn, QuestionFr: i.QuestionFr, QuestionEn: i.QuestionEn,
		AnswerFr: i.AnswerFr, AnswerEn: i.AnswerEn, Stands: i.Stands(), ReplacedBy: i.ReplacedBy, Why: i.EndedWhy}
}

type interpretationsOut struct {
	Interpretations []interpretationJSON `json:"interpretations"`
}

func (s *Server) interpretations(ctx context.Context, a policy.Actor, _ *struct{}) (*answer[interpretationsOut], error) {
	all, _, err := s.Governance.Interpretations(ctx, a)
	out := interpretationsOut{Interpretations: []interpretationJSON{}}
	for _, i := range all {
		out.Interpretations = append(out.Interpretations, interpretationOf(i))
	}
	return body(out, err)
}

func (s *Server) interpret(ctx context.Context, a policy.Actor, in *struct {
	Body struct {
		Clause     string `json:"clause"`
		GivenOn    string `json:"given_on"`
		QuestionFr string `json:"question_fr"`
		QuestionEn string `json:"question_en"`
		AnswerFr   string `json:"answer_fr"`
		AnswerEn   string `json:"answer_en"`
		Replaces   string `json:"replaces,omitempty" maxLength:"64" doc:"Id of the one in whose place it comes."`
	}
}) (*answer[interpretationJSON], error) {
	b := in.Body
	i, err := s.Governance.Interpret(ctx, a, governance.Interpretation{Clause: b.Clause, GivenOn: b.GivenOn, QuestionFr: b.QuestionFr,
		QuestionEn: b.QuestionEn, AnswerFr: b.AnswerFr, AnswerEn: b.AnswerEn}, b.Replaces)
	return body(interpretationOf(i), err)
}

type withdrawnOut struct {
	ID string `json:"id"`
}

func (s *Server) interpretationWithdraw(ctx context.Context, a policy.Actor, in *struct {
	ByID
	Body struct {
		Why string `json:"why"`
	}
}) (*answer[withdrawnOut], error) {
	return body(withdrawnOut{in.ID}, s.Governance.Withdraw(ctx, a, in.ID, in.Body.Why))
}

type attestationJSON struct {
	Org        string `json:"org" doc:"Empty for the evaluating service."`
	Name       string `json:"name,omitempty"`
	Attested   bool   `json:"attested"`
	On         string `json:"on,omitempty"`
	Exceptions string `json:"exceptions,omitempty" doc:"What was not applied."`
}

type attestationsOut struct {
	Year   string            `json:"year"`
	Begins int               `json:"begins" doc:"Calendar year in which it begins."`
	Places []attestationJSON `json:"places"`
}

func (s *Server) attestations(ctx context.Context, a policy.Actor, in *struct {
	Year int `query:"year" minimum:"2000" maximum:"2999" doc:"Calendar year in which the school year begins; that which is attested now when it is left out."`
}) (*answer[attestationsOut], error) {
	y := governance.Year(in.Year)
	if y == 0 {
		y = governance.Attestable(i18n.DayOf(s.DB.Clock()))[0]
	}
	places, err := s.Governance.Attestations(ctx, a, y)
	out := attestationsOut{Year: y.String(), Begins: int(y), Places: []attestationJSON{}}
	for _, p := range places {
		each := attestationJSON{Org: p.Org, Name: p.Name, Attested: p.Said != nil}
		if p.Said != nil {
			each.On, each.Exceptions = i18n.DayOf(p.Said.SignedAt), p.Said.Exceptions
		}
		out.Places = append(out.Places, each)
	}
	return body(out, err)
}

func (s *Server) attest(ctx context.Context, a policy.Actor, in *struct {
	Body struct {
		Year       int    `json:"year" doc:"Calendar year in which the school year begins."`
		Org        string `json:"org,omitempty" maxLength:"64" doc:"School or department; none for the evaluating service."`
		Exceptions string `json:"exceptions,omitempty" doc:"What was not applied."`
	}
}) (*answer[attestationJSON], error) {
	said, err := s.Governance.Attest(ctx, a, governance.Attestation{Year: governance.Year(in.Body.Year), Org: in.Body.Org, Exceptions: in.Body.Exceptions})
	return body(attestationJSON{Org: said.Org, Attested: err == nil, On: i18n.DayOf(said.SignedAt), Exceptions: said.Exceptions}, err)
}

type tracedJSON struct {
	ID         string          `json:"id"`
	Pack       string          `json:"pack"`
	Section    string          `json:"section"`
	Control    string          `json:"control"`
	Mode       string          `json:"mode"`
	Capability string          `json:"capability,omitempty"`
	Conform    int64           `json:"conform"`
	Exceptions int64           `json:"exceptions"`
	Waiting    int64           `json:"waiting"`
	Open       []exceptionJSON `json:"open" doc:"Exceptions that stand, the oldest first, fifty at most."`
}

type exceptionJSON struct {
	Kind   string    `json:"kind"`
	Name   string    `json:"name,omitempty" doc:"As far as one may read it."`
	Number string    `json:"number,omitempty"`
	Since  time.Time `json:"since"`
}

type traceOut struct {
	Clauses []tracedJSON `json:"clauses"`
}

func (s *Server) trace(ctx context.Context, a policy.Actor, _ *struct{}) (*answer[traceOut], error) {
	all, err := policy.Trace(ctx, s.DB, a)
	if err != nil {
		return nil, err
	}
	var subjects []string
	for _, t := range all {
		for _, m := range t.Open {
			subjects = append(subjects, m.Subject)
		}
	}
	naming, err := desk.Name(ctx, s.DB, a, subjects, nil)
	out := traceOut{Clauses: []tracedJSON{}}
	for _, t := range all {
		each := tracedJSON{ID: t.ID, Pack: t.Pack, Section: t.Section, Control: t.Control, Mode: t.Mode, Capability: t.Capability,
			Conform: t.Conform, Exceptions: t.Exceptions, Waiting: t.Waiting, Open: []exceptionJSON{}}
		for _, m := range t.Open {
			named := naming.Subjects[m.Subject]
			each.Open = append(each.Open, exceptionJSON{Kind: named.Kind, Name: named.Name, Number: named.Number, Since: m.At})
		}
		out.Clauses = append(out.Clauses, each)
	}
	return body(out, err)
}

func (s *Server) yearly(ctx context.Context, a policy.Actor, in *struct {
	Year   int    `path:"year" minimum:"2000" maximum:"2999" doc:"Calendar year in which the school year begins."`
	Format string `query:"format" enum:"json,csv" default:"json"`
	Lang   string `query:"lang" enum:"fr,en" doc:"Language of the words; that of Accept-Language when it is left out."`
}) (*sheetOut, error) {
	r, err := s.Governance.Yearly(ctx, a, governance.Year(in.Year))
	if err != nil {
		return nil, err
	}
	lang := in.Lang
	if lang == "" {
		lang = printer(ctx).Lang
	}
	f, err := r.File(in.Format, lang, a.Pack)
	return &sheetOut{ContentType: f.Media, Disposition: `attachment; filename="` + f.Name + `"`, Body: f.Data}, err
}
