package decision

import (
	"context"
	"slices"
	"strings"
	"time"

	"aval/internal/catalogue"
	"aval/internal/db"
	"aval/internal/evaluation"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/policy"
	"aval/internal/request"
)

// Letter is a decision as it is sent, in one language: each thing it says with
// the clause that it rests on. It is the same whoever prints it.
type Letter struct {
	Lang       string
	Board      string
	Service    string // that decides, as the policy calls it
	Org        string
	OrgKind    string
	Author     string // who asked, and in what part
	AuthorRole string
	Platform   string
	Number     string // of the request
	Date       string
	DecidedAt  time.Time
	Title      string
	Opening    string
	Aspects    []LetterAspect
	Conditions []Item
	Due        string // the day by which they are asked for, in a sentence, or ""
	Exception  string // why who evaluated also decided; "" when they are two
	Next       []Item
	Recourse   []Item
	Decider    string
	DeciderAs  string   // title
	Evaluators []string // names
	Judged     []string // departments that gave their own judgement (6.6 c)
	Policy     string   // the policy's title
	InForce    string   // "" when the pack does not say
	Earlier    string   // number of the request that this one follows, or ""
	Later      string   // number of the request that follows this one, or ""
	Receiver   string   // who acknowledged, or ""
	ReceivedOn string
}

// Item is a sentence and its clause.
type Item struct{ Text, Clause string }

// LetterAspect is an aspect's result, its reasons, and what they rest on.
type LetterAspect struct {
	Aspect         evaluation.Aspect
	Name           string
	Clause         string
	Result         Result
	ResultText     string
	Reasons        string
	Tally          string // "11 criteria met of 13"
	Groups         []LetterGroup
	Location       string // where the data are kept; "" for use
	LocationReason string
	LocationClause string
	Equivalents    []string // names of the platforms looked at (3.3 a)
}

// LetterGroup is the criteria that have one rating.
type LetterGroup struct {
	Rating   evaluation.Rating
	Title    string
	Criteria []LetterCriterion
}

// LetterCriterion is a criterion and the note on it.
type LetterCriterion struct{ Name, Clause, Note string }

// Letter writes the letter of a decision in French or in English.
func (s *Service) Letter(ctx context.Context, actor policy.Actor, id ID, lang string) (l Letter, err error) {
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		a, err := read(ctx, tx, actor, id)
		if err != nil {
			return err
		}
		w := writer{p: i18n.For(lang), pack: a.request.Policy(actor), about: a}
		l, err = w.letter(ctx, tx)
		return err
	})
	return l, err
}

// writer writes one letter.
type writer struct {
	p    *i18n.Printer
	pack *policy.Pack
	about
}

func (w writer) letter(ctx context.Context, tx *db.Tx) (l Letter, err error) {
	n, err := readNames(ctx, tx, w.request, w.Decision)
	if err != nil {
		return l, err
	}
	platform, err := catalogue.Get(ctx, tx, w.PlatformID)
	if err != nil {
		return l, err
	}
	lang := w.p.Lang
	l = Letter{
		Lang: lang, Board: n.board, Service: w.pack.Name("evaluating").In(lang), Org: n.org, OrgKind: n.orgKind,
		Author: n.author, AuthorRole: w.pack.RoleTitle(w.request.AuthorRole).In(lang),
		Platform: platform.Name, Number: w.request.Number, Date: w.p.DateLetter(w.DecidedAt), DecidedAt: w.DecidedAt,
		Title: w.title(platform.Name), Opening: w.opening(platform.Name),
		Conditions: w.conditions(), Exception: w.Exception, Next: w.next(), Recourse: w.recourse(),
		Decider: n.decider, DeciderAs: w.pack.RoleTitle(policy.EvaluationDirector).In(lang), Policy: w.pack.Title.In(lang),
	}
	if day := w.pack.InForce; day != "" {
		l.InForce = w.p.Day(day)
	}
	if w.DueOn != "" && len(l.Conditions) > 0 {
		l.Due = w.p.T("decision.letter.due", w.p.DateLetter(noon(w.DueOn)))
	}
	for _, aspect := range evaluation.Aspects {
		f := w.Findings[aspect]
		part, err := w.aspect(ctx, tx, aspect, f)
		if err != nil {
			return l, err
		}
		l.Aspects = append(l.Aspects, part)
		if l.Evaluators, err = evaluators(ctx, tx, f, l.Evaluators); err != nil {
			return l, err
		}
		for _, j := range f.Judged {
			if !slices.Contains(l.Judged, j.Org) {
				l.Judged = append(l.Judged, j.Org)
			}
		}
	}
	if w.Received() {
		l.ReceivedOn = w.p.DateLetter(w.ReceivedAt)
		if l.Receiver, err = accountName(ctx, tx, w.ReceivedBy); err != nil {
			return l, err
		}
	}
	return w.around(ctx, tx, l)
}

// evaluators adds the names of who evaluated an aspect, both of two who wrote apart.
func evaluators(ctx context.Context, tx *db.Tx, f Finding, names []string) ([]string, error) {
	ids := []string{}
	for _, o := range f.Originals {
		ids = append(ids, o.Evaluator)
	}
	for _, id := range append(ids, f.Evaluator) {
		name, err := accountName(ctx, tx, id)
		if err != nil {
			return names, err
		}
		if name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names, nil
}

// noon is a moment of a day, for what writes moments.
func noon(day string) time.Time {
	t, err := time.ParseInLocation(time.DateOnly, day, i18n.Zone)
	if err != nil {
		return time.Time{}
	}
	return t.Add(12 * time.Hour)
}

// around names the requests before and after this one.
func (w writer) around(ctx context.Context, tx *db.Tx, l Letter) (Letter, error) {
	if w.request.FollowsID != "" {
		earlier, err := request.Get(ctx, tx, w.request.FollowsID)
		if err != nil {
			return l, err
		}
		l.Earlier = earlier.Number
	}
	later, err := followedBy(ctx, tx, w.request.ID)
	l.Later = later
	return l, err
}

func (w writer) title(platform string) string {
	if w.Overall == Conditional {
		return w.p.N("decision.letter.title.conditional", len(w.conditions()), platform)
	}
	return w.p.T("decision.letter.title."+string(w.Overall), platform)
}

func (w writer) opening(platform string) string {
	from, to := w.request.AcknowledgedAt, w.request.EvaluatedAt
	if w.p.DateLetter(from) == w.p.DateLetter(to) {
		return w.p.T("decision.letter.opening.day", platform, w.p.DateLetter(to))
	}
	return w.p.T("decision.letter.opening", platform, w.p.DateLetter(from), w.p.DateLetter(to))
}

// conditions are those of both aspects, each under its aspect's clause.
func (w writer) conditions() []Item {
	var items []Item
	for _, aspect := range evaluation.Aspects {
		for _, text := range w.Of(aspect).List() {
			items = append(items, Item{Text: text, Clause: aspect.Clause()})
		}
	}
	return items
}

// next says what the school or department does now (4.1, 4.2).
func (w writer) next() []Item {
	if w.Overall == Refused {
		return append([]Item{{Text: w.p.T("decision.letter.next.refused"), Clause: "4.1"}}, w.clauses("4.1")...)
	}
	return append([]Item{{Text: w.p.T("decision.letter.next.approved"), Clause: "4.1"}}, w.clauses("4.1", "4.2a", "4.2b")...)
}

// recourse says what may be done by who disagrees (4.1 a, 4.1 b).
func (w writer) recourse() []Item { return w.clauses("4.1a", "4.1b") }

// clauses are the pack's own plain words.
func (w writer) clauses(ids ...string) []Item {
	var items []Item
	for _, id := range ids {
		if c, ok := w.pack.Clause(id); ok {
			items = append(items, Item{Text: c.Text.In(w.p.Lang), Clause: id})
		}
	}
	return items
}

func (w writer) aspect(ctx context.Context, tx *db.Tx, aspect evaluation.Aspect, f Finding) (LetterAspect, error) {
	of, _ := w.pack.Aspect(string(aspect))
	verdict := w.Of(aspect)
	part := LetterAspect{
		Aspect: aspect, Name: of.Title.In(w.p.Lang), Clause: aspect.Clause(), Result: verdict.Result,
		ResultText: w.p.T("decision.result." + string(verdict.Result)), Reasons: verdict.Reasons,
	}
	met, criteria := 0, f.asked(w.pack, aspect)
	for _, rating := range evaluation.Ratings {
		group := LetterGroup{Rating: rating, Title: w.p.T("evaluation.rating." + string(rating))}
		for _, c := range criteria {
			if j := f.Criteria[c.ID]; j.Rating == string(rating) {
				group.Criteria = append(group.Criteria, LetterCriterion{Name: c.Name.In(w.p.Lang), Clause: c.Clause, Note: j.Note})
			}
		}
		if rating == evaluation.Met {
			met = len(group.Criteria)
		}
		if len(group.Criteria) > 0 {
			part.Groups = append(part.Groups, group)
		}
	}
	part.Tally = w.p.N("decision.letter.tally", met, len(criteria))
	if f.Location == "" {
		return part, nil
	}
	part.LocationReason = f.LocationReason
	part.Location = w.p.T("evaluation.location.unknown")
	if rung, ok := w.pack.Rung(f.Location); ok {
		part.Location = rung.Title.In(w.p.Lang)
	}
	for _, c := range criteria {
		if c.Location {
			part.LocationClause = c.Clause
		}
	}
	ids := make([]catalogue.ID, len(f.Looked))
	for i, id := range f.Looked {
		ids[i] = catalogue.ID(id)
	}
	platforms, err := catalogue.ByID(ctx, tx, ids)
	for _, p := range platforms {
		part.Equivalents = append(part.Equivalents, p.Name)
	}
	slices.SortFunc(part.Equivalents, func(a, b string) int { return strings.Compare(db.Fold(a), db.Fold(b)) })
	return part, err
}

// followedBy is the number of the last request that followed this one out of
// its author's hands; "" when there is none.
func followedBy(ctx context.Context, tx *db.Tx, id request.ID) (string, error) {
	number, err := db.One(ctx, tx, func(row db.Row) (number string, err error) {
		err = row.Scan(&number)
		return number, err
	}, `SELECT number FROM request WHERE board_id = $1 AND follows_id = $2 AND submitted_at IS NOT NULL
		ORDER BY created_at DESC, id LIMIT 1`, tx.Board, string(id))
	if fault.Is(err, fault.NotFound) {
		return "", nil
	}
	return number, err
}
