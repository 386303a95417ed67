package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"aval/internal/catalogue"
	"aval/internal/policy"
	"aval/internal/rights"
)

// rightsRoutes are the operations on what people ask, are told and consent to, and on
// what is destroyed.
func (s *Server) rightsRoutes(api huma.API) {
	const asked, told, given, gone = "/api/v1/rights", "/api/v1/board-notices", "/api/v1/consents", "/api/v1/disposals"
	handle(s, api, op("list-rights", http.MethodGet, asked, "Requests for access and correction and complaints; nobody is named"), s.rightsList)
	handle(s, api, created(op("enter-right", http.MethodPost, asked, "Enter a request; the time limit is that of the board's law")), s.rightEnter)
	handle(s, api, op("read-right", http.MethodGet, asked+"/{id}", "Read a request with what is sealed of it"), s.rightRead)
	handle(s, api, op("extend-right", http.MethodPost, asked+"/{id}/extend", "Extend the time limit, once, where the law allows it"), s.rightExtend)
	handle(s, api, op("answer-right", http.MethodPost, asked+"/{id}/answer", "Note what was answered, and when"), s.rightAnswer)
	handle(s, api, op("close-right", http.MethodPost, asked+"/{id}/close", "Close a request"), s.rightClose)

	handle(s, api, op("export-right", http.MethodPost, asked+"/{id}/export", "What aval keeps about the pupil of a request for access; it is noted"), s.rightExport)

	handle(s, api, op("list-board-notices", http.MethodGet, told, "The last version of each notice"), s.boardNotices)
	handle(s, api, created(op("begin-board-notice", http.MethodPost, told, "Begin the next version, from what aval knows")), s.boardNoticeBegin)
	handle(s, api, op("read-board-notice", http.MethodGet, told+"/{id}", "Read a version of a notice"), s.boardNoticeRead)
	handle(s, api, op("write-board-notice", http.MethodPut, told+"/{id}", "Write a draft"), s.boardNoticeWrite)
	handle(s, api, op("publish-board-notice", http.MethodPost, told+"/{id}/publish", "Publish a draft that is complete"), s.boardNoticePublish)
	handle(s, api, op("give-board-notice", http.MethodPost, told+"/{id}/give", "Note when, to whom and how it was given"), s.boardNoticeGive)

	handle(s, api, op("list-consents", http.MethodGet, given, "Consents and refusals that one may see; no signer is named"), s.consents)
	handle(s, api, created(op("record-consent", http.MethodPost, given, "Record the answer about one pupil, one platform and one purpose")), s.consentRecord)
	handle(s, api, op("read-consent", http.MethodGet, given+"/{id}", "Read a consent with its signer"), s.consentRead)
	handle(s, api, op("withdraw-consent", http.MethodPost, given+"/{id}/withdraw", "Withdraw a consent"), s.consentWithdraw)
	handle(s, api, op("choose-basis", http.MethodPut, "/api/v1/collection-bases", "Say what lets a platform collect from children"), s.basisChoose)

	handle(s, api, op("list-disposals", http.MethodGet, gone, "Retention rules, and what was destroyed"), s.disposals)
	handle(s, api, op("set-retention-rule", http.MethodPut, "/api/v1/retention-rules", "Keep the rule of the board's retention calendar"), s.ruleSet)
	handle(s, api, created(op("propose-disposal", http.MethodPost, gone, "Propose what is past its rule")), s.disposalPropose)
	handle(s, api, op("decide-disposal", http.MethodPost, gone+"/{id}/decide", "Approve, as a second person, or refuse"), s.disposalDecide)
}

// RightJSON is a request as a list shows it.
type RightJSON struct {
	ID         string `json:"id"`
	Number     string `json:"number"`
	Kind       string `json:"kind" enum:"access,correction,complaint"`
	State      string `json:"state" enum:"open,answered,closed"`
	PersonID   string `json:"person_id,omitempty" doc:"The pupil whom it is about."`
	ReceivedOn string `json:"received_on"`
	DueOn      string `json:"due_on,omitempty" doc:"The last day to answer; none for a complaint."`
	ExtendedOn string `json:"extended_on,omitempty"`
	Outcome    string `json:"outcome,omitempty"`
	AnsweredOn string `json:"answered_on,omitempty"`
	ClosedOn   string `json:"closed_on,omitempty"`
	Overdue    bool   `json:"overdue"`
}

func rightOf(r rights.Request, today string) RightJSON {
	return RightJSON{ID: string(r.ID), Number: r.Number, Kind: string(r.Kind), State: string(r.State), PersonID: r.PersonID, ReceivedOn: r.ReceivedOn,
		DueOn: r.DueOn, ExtendedOn: r.ExtendedOn, Outcome: string(r.Outcome), AnsweredOn: r.AnsweredOn, ClosedOn: r.ClosedOn, Overdue: r.Late(today)}
}

type rightsOut struct {
	Requests []RightJSON `json:"requests"`
}

func (s *Server) rightsList(ctx context.Context, a policy.Actor, _ *struct{}) (*answer[rightsOut], error) {
	list, today, err := s.Rights.Requests(ctx, a)
	out := rightsOut{Requests: []RightJSON{}}
	for _, r := range list {
		out.Requests = append(out.Requests, rightOf(r, today))
	}
	return body(out, err)
}

// one is a request as an act left it.
func one(r rights.Request, err error) (*answer[RightJSON], error) {
	return body(rightOf(r, ""), err)
}

func (s *Server) rightEnter(ctx context.Context, a policy.Actor, in *struct {
	Body struct {
		Kind       string `json:"kind" enum:"access,correction,complaint"`
		Person     string `json:"person,omitempty" maxLength:"64" doc:"The pupil's id, or number in the roster."`
		About      string `json:"about,omitempty" doc:"About whom, when it is no pupil. Sealed."`
		Asker      string `json:"asker" doc:"Who asks. Sealed."`
		Contact    string `json:"contact,omitempty" doc:"Where they are answered. Sealed."`
		Wanted     string `json:"wanted,omitempty" doc:"In a few words. Sealed."`
		ReceivedOn string `json:"received_on"`
	}
}) (*answer[RightJSON], error) {
	b := in.Body
	return one(s.Rights.Enter(ctx, a, rights.Request{Kind: rights.Kind(b.Kind), PersonID: b.Person, ReceivedOn: b.ReceivedOn,
		Private: rights.Private{Asker: b.Asker, Contact: b.Contact, About: b.About, Wanted: b.Wanted}}))
}

type rightReadOut struct {
	RightJSON
	Asker    string `json:"asker"`
	Contact  string `json:"contact,omitempty"`
	About    string `json:"about,omitempty"`
	Wanted   string `json:"wanted,omitempty"`
	Reasons  string `json:"reasons,omitempty"`
	Recourse string `json:"recourse,omitempty"`
	Why      string `json:"why,omitempty"`
	Extends  int    `json:"extends" doc:"Days by which it may still be extended."`
}

func (s *Server) rightRead(ctx context.Context, a policy.Actor, in *ByID) (*answer[rightReadOut], error) {
	v, err := s.Rights.Request(ctx, a, rights.ID(in.ID))
	p := v.Private
	return body(rightReadOut{rightOf(v.Request, v.Today), p.Asker, p.Contact, p.About, p.Wanted, p.Reasons, p.Recourse, p.Why, v.Extends}, err)
}

func (s *Server) rightExtend(ctx context.Context, a policy.Actor, in *struct {
	ByID
	Body struct {
		NotifiedOn string `json:"notified_on" doc:"Day of the notice to who asks."`
		Days       int64  `json:"days"`
	}
}) (*answer[RightJSON], error) {
	return one(s.Rights.Extend(ctx, a, rights.ID(in.ID), in.Body.NotifiedOn, in.Body.Days))
}

func (s *Server) rightAnswer(ctx context.Context, a policy.Actor, in *struct {
	ByID
	Body struct {
		Outcome    string `json:"outcome" enum:"granted,partly,refused"`
		Reasons    string `json:"reasons,omitempty" doc:"Sealed."`
		Recourse   string `json:"recourse,omitempty" doc:"Sealed."`
		AnsweredOn string `json:"answered_on"`
	}
}) (*answer[RightJSON], error) {
	b := in.Body
	return one(s.Rights.Answer(ctx, a, rights.ID(in.ID), rights.Answer{Outcome: rights.Outcome(b.Outcome), Reasons: b.Reasons, Recourse: b.Recourse, On: b.AnsweredOn}))
}

func (s *Server) rightClose(ctx context.Context, a policy.Actor, in *struct {
	ByID
	Body struct {
		Why      string `json:"why,omitempty" doc:"When it was not answered. Sealed."`
		ClosedOn string `json:"closed_on"`
	}
}) (*answer[RightJSON], error) {
	return one(s.Rights.Close(ctx, a, rights.ID(in.ID), in.Body.Why, in.Body.ClosedOn))
}

type heldJSON struct {
	What string `json:"what" doc:"given_name, class, look, consent_yes…"`
	Text string `json:"text"`
	On   string `json:"on,omitempty" doc:"The day it speaks of."`
}

type heldOut struct {
	Number string     `json:"number"`
	Held   []heldJSON `json:"held"`
}

func (s *Server) rightExport(ctx context.Context, a policy.Actor, in *ByID) (*answer[heldOut], error) {
	r, held, err := s.Rights.Export(ctx, a, rights.ID(in.ID))
	out := heldOut{Number: r.Number, Held: []heldJSON{}}
	for _, h := range held {
		out.Held = append(out.Held, heldJSON{h.Key, h.Text, h.On})
	}
	return body(out, err)
}

// WordsJSON is a text in both languages.
type WordsJSON struct {
	Fr string `json:"fr"`
	En string `json:"en"`
}

// BoardNoticeJSON is a version of a notice.
type BoardNoticeJSON struct {
	ID          string               `json:"id"`
	Kind        string               `json:"kind" enum:"policy,collection,parents"`
	PlatformID  string               `json:"platform_id,omitempty"`
	Number      int64                `json:"number"`
	State       string               `json:"state" enum:"draft,published"`
	Fields      map[string]WordsJSON `json:"fields"`
	Changes     WordsJSON            `json:"changes"`
	PublishedAt *time.Time           `json:"published_at,omitempty"`
	SentOn      string               `json:"sent_on,omitempty"`
	Audience    string               `json:"audience,omitempty"`
	Channel     string               `json:"channel,omitempty"`
	Version     int64                `json:"version"`
}

func boardNoticeOf(n rights.Notice) BoardNoticeJSON {
	out := BoardNoticeJSON{ID: string(n.ID), Kind: string(n.Kind), PlatformID: string(n.Platform), Number: n.Number, State: string(n.State),
		Fields: map[string]WordsJSON{}, Changes: WordsJSON(n.Changes), PublishedAt: moment(n.PublishedAt), SentOn: n.SentOn, Audience: n.Audience,
		Channel: n.Channel, Version: n.Version}
	for name, w := range n.Fields {
		out.Fields[name] = WordsJSON(w)
	}
	return out
}

func noticed(n rights.Notice, err error) (*answer[BoardNoticeJSON], error) {
	return body(boardNoticeOf(n), err)
}

type toldParents struct {
	PlatformID string `json:"platform_id"`
	Runs       string `json:"runs,omitempty" doc:"First day of a licence that is not over."`
	SentOn     string `json:"sent_on,omitempty" doc:"Day on which parents were told."`
}

type boardNoticesOut struct {
	Notices   []BoardNoticeJSON `json:"notices"`
	Platforms []toldParents     `json:"platforms" doc:"Approved platforms that receive personal information."`
}

func (s *Server) boardNotices(ctx context.Context, a policy.Actor, _ *struct{}) (*answer[boardNoticesOut], error) {
	l, err := s.Rights.Notices(ctx, a)
	out := boardNoticesOut{Notices: []BoardNoticeJSON{}, Platforms: []toldParents{}}
	for _, n := range l.Notices {
		out.Notices = append(out.Notices, boardNoticeOf(n))
	}
	for _, t := range l.Platforms {
		out.Platforms = append(out.Platforms, toldParents{string(t.ID), t.Runs, t.SentOn})
	}
	return body(out, err)
}

func (s *Server) boardNoticeBegin(ctx context.Context, a policy.Actor, in *struct {
	Body struct {
		Kind       string `json:"kind" enum:"policy,collection,parents"`
		PlatformID string `json:"platform_id,omitempty" maxLength:"64" doc:"Of a notice to parents."`
	}
}) (*answer[BoardNoticeJSON], error) {
	return noticed(s.Rights.Begin(ctx, a, rights.NoticeKind(in.Body.Kind), catalogue.ID(in.Body.PlatformID)))
}

func (s *Server) boardNoticeRead(ctx context.Context, a policy.Actor, in *ByID) (*answer[BoardNoticeJSON], error) {
	v, err := s.Rights.Notice(ctx, a, rights.ID(in.ID))
	return noticed(v.Notice, err)
}

func (s *Server) boardNoticeWrite(ctx context.Context, a policy.Actor, in *struct {
	ByID
	Body struct {
		Fields  map[string]WordsJSON `json:"fields" doc:"Those of the kind; another is left out."`
		Changes *WordsJSON           `json:"changes,omitempty" doc:"What this version changes, from the second on."`
		Version int64                `json:"version"`
	}
}) (*answer[BoardNoticeJSON], error) {
	t := rights.NoticeText{Fields: map[string]rights.Words{}}
	for name, w := range in.Body.Fields {
		t.Fields[name] = rights.Words(w)
	}
	if in.Body.Changes != nil {
		t.Changes = rights.Words(*in.Body.Changes)
	}
	return noticed(s.Rights.Write(ctx, a, rights.ID(in.ID), t, in.Body.Version))
}

func (s *Server) boardNoticePublish(ctx context.Context, a policy.Actor, in *ByID) (*answer[BoardNoticeJSON], error) {
	return noticed(s.Rights.Publish(ctx, a, rights.ID(in.ID)))
}

func (s *Server) boardNoticeGive(ctx context.Context, a policy.Actor, in *struct {
	ByID
	Body struct {
		SentOn   string `json:"sent_on"`
		Audience string `json:"audience"`
		Channel  string `json:"channel" enum:"letter,portal,school,mail"`
	}
}) (*answer[BoardNoticeJSON], error) {
	b := in.Body
	return noticed(s.Rights.Give(ctx, a, rights.ID(in.ID), rights.Giving{On: b.SentOn, Audience: b.Audience, Channel: b.Channel}))
}

// ConsentJSON is a consent or a refusal.
type ConsentJSON struct {
	ID          string `json:"id"`
	PersonID    string `json:"person_id"`
	PlatformID  string `json:"platform_id"`
	Purpose     string `json:"purpose"`
	Instrument  string `json:"instrument" enum:"privacy,student_record"`
	Answer      string `json:"answer" enum:"yes,no"`
	AgeFrom     int    `json:"age_from" doc:"First age of the pupil's band on that day."`
	Capacity    string `json:"capacity" enum:"parent,tutor,pupil"`
	Method      string `json:"method" enum:"paper,in_person"`
	TextVersion string `json:"text_version"`
	Rule        string `json:"rule" doc:"The clause and the version of the law that say who signs."`
	GivenOn     string `json:"given_on"`
	ExpiresOn   string `json:"expires_on,omitempty"`
	Alternative string `json:"alternative,omitempty" doc:"What the pupil does instead, after a refusal."`
	WithdrawnOn string `json:"withdrawn_on,omitempty"`
	Signer      string `json:"signer,omitempty" doc:"Only where one consent is read."`
}

func consentOf(c rights.Consent) ConsentJSON {
	return ConsentJSON{ID: string(c.ID), PersonID: c.PersonID, PlatformID: string(c.Platform), Purpose: c.Purpose, Instrument: string(c.Instrument),
		Answer: c.Answer, AgeFrom: c.Band.From, Capacity: string(c.Capacity), Method: c.Method, TextVersion: c.TextVersion, Rule: c.Rule,
		GivenOn: c.GivenOn, ExpiresOn: c.ExpiresOn, Alternative: c.Alternative, WithdrawnOn: c.WithdrawnOn}
}

type consentsOut struct {
	Consents []ConsentJSON `json:"consents"`
}

func (s *Server) consents(ctx context.Context, a policy.Actor, _ *struct{}) (*answer[consentsOut], error) {
	l, err := s.Rights.Consents(ctx, a)
	out := consentsOut{Consents: []ConsentJSON{}}
	for _, r := range l.Rows {
		out.Consents = append(out.Consents, consentOf(r.Consent))
	}
	return body(out, err)
}

func (s *Server) consentRecord(ctx context.Context, a policy.Actor, in *struct {
	Body struct {
		Person      string `json:"person" doc:"The pupil's id, or number in the roster."`
		PlatformID  string `json:"platform_id" maxLength:"64"`
		Purpose     string `json:"purpose" doc:"One."`
		Instrument  string `json:"instrument" enum:"privacy,student_record"`
		Answer      string `json:"answer" enum:"yes,no"`
		Born        string `json:"born,omitempty" doc:"Day of birth: it gives the age on the day, and is not kept."`
		Band        string `json:"band,omitempty" doc:"First age of the pupil's band, where the day of birth is not known."`
		Capacity    string `json:"capacity" enum:"parent,tutor,pupil"`
		Signer      string `json:"signer" doc:"Sealed."`
		Method      string `json:"method" enum:"paper,in_person"`
		TextVersion string `json:"text_version" doc:"Version of the text that was read."`
		GivenOn     string `json:"given_on"`
		ExpiresOn   string `json:"expires_on,omitempty"`
		Alternative string `json:"alternative,omitempty" doc:"What the pupil does instead; needed after a refusal."`
	}
}) (*answer[ConsentJSON], error) {
	b := in.Body
	c, err := s.Rights.Consent(ctx, a, rights.Consenting{Pupil: b.Person, Platform: b.PlatformID, Purpose: b.Purpose, Instrument: b.Instrument, Answer: b.Answer,
		Born: b.Born, Band: b.Band, Capacity: b.Capacity, Signer: b.Signer, Method: b.Method, TextVersion: b.TextVersion, GivenOn: b.GivenOn,
		ExpiresOn: b.ExpiresOn, Alternative: b.Alternative})
	return body(consentOf(c), err)
}

func (s *Server) consentRead(ctx context.Context, a policy.Actor, in *ByID) (*answer[ConsentJSON], error) {
	r, err := s.Rights.ConsentOf(ctx, a, rights.ID(in.ID))
	out := consentOf(r.Consent)
	out.Signer = r.Signer
	return body(out, err)
}

func (s *Server) consentWithdraw(ctx context.Context, a policy.Actor, in *struct {
	ByID
	Body struct {
		WithdrawnOn string `json:"withdrawn_on"`
	}
}) (*answer[ConsentJSON], error) {
	c, err := s.Rights.Withdraw(ctx, a, rights.ID(in.ID), in.Body.WithdrawnOn)
	return body(consentOf(c), err)
}

type basisJSON struct {
	PlatformID string `json:"platform_id" maxLength:"64"`
	Basis      string `json:"basis" enum:"mission,consent,benefit"`
	Reason     string `json:"reason,omitempty" doc:"Needed unless it is a consent."`
}

func (s *Server) basisChoose(ctx context.Context, a policy.Actor, in *struct{ Body basisJSON }) (*answer[basisJSON], error) {
	b, err := s.Rights.Choose(ctx, a, rights.Basis{Platform: catalogue.ID(in.Body.PlatformID), Basis: in.Body.Basis, Reason: in.Body.Reason})
	return body(basisJSON{string(b.Platform), b.Basis, b.Reason}, err)
}

type ruleJSON struct {
	Record string `json:"record" enum:"requests,consents,incidents"`
	Code   string `json:"code" doc:"As the board's retention calendar writes it."`
	Years  int64  `json:"years" doc:"After the record has served."`
}

// DisposalJSON is a batch, and the record of its destruction.
type DisposalJSON struct {
	ID         string     `json:"id"`
	Record     string     `json:"record" enum:"requests,consents,incidents"`
	Code       string     `json:"code"`
	Years      int64      `json:"years"`
	Before     string     `json:"before" doc:"They had served before this day."`
	Count      int64      `json:"count"`
	State      string     `json:"state" enum:"proposed,destroyed,refused"`
	ProposedBy string     `json:"proposed_by"`
	ProposedAt time.Time  `json:"proposed_at"`
	DecidedBy  string     `json:"decided_by,omitempty"`
	DecidedAt  *time.Time `json:"decided_at,omitempty"`
}

func disposalOf(b rights.Batch) DisposalJSON {
	return DisposalJSON{string(b.ID), string(b.Record), b.Code, b.Years, b.Before, b.Count, b.State, b.ProposedBy, b.ProposedAt, b.ApprovedBy, moment(b.ApprovedAt)}
}

type disposalsOut struct {
	Rules     []ruleJSON     `json:"rules"`
	Disposals []DisposalJSON `json:"disposals"`
}

func (s *Server) disposals(ctx context.Context, a policy.Actor, _ *struct{}) (*answer[disposalsOut], error) {
	r, err := s.Rights.Retention(ctx, a)
	out := disposalsOut{Rules: []ruleJSON{}, Disposals: []DisposalJSON{}}
	for _, rule := range r.Rules {
		out.Rules = append(out.Rules, ruleJSON{string(rule.Record), rule.Code, rule.Years})
	}
	for _, b := range r.Batches {
		out.Disposals = append(out.Disposals, disposalOf(b))
	}
	return body(out, err)
}

func (s *Server) ruleSet(ctx context.Context, a policy.Actor, in *struct{ Body ruleJSON }) (*answer[ruleJSON], error) {
	r, err := s.Rights.SetRule(ctx, a, rights.Rule{Record: rights.Record(in.Body.Record), Code: in.Body.Code, Years: in.Body.Years})
	return body(ruleJSON{string(r.Record), r.Code, r.Years}, err)
}

func (s *Server) disposalPropose(ctx context.Context, a policy.Actor, in *struct {
	Body struct {
		Record string `json:"record" enum:"requests,consents,incidents"`
	}
}) (*answer[DisposalJSON], error) {
	b, err := s.Rights.Propose(ctx, a, rights.Record(in.Body.Record))
	return body(disposalOf(b), err)
}

func (s *Server) disposalDecide(ctx context.Context, a policy.Actor, in *struct {
	ByID
	Body struct {
		Answer string `json:"answer" enum:"approve,refuse"`
	}
}) (*answer[DisposalJSON], error) {
	b, err := s.Rights.Decide(ctx, a, rights.ID(in.ID), in.Body.Answer)
	return body(disposalOf(b), err)
}
