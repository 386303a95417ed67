package evaluation

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"aval/internal/audit"
	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/policy"
	"aval/internal/request"
)

// Opinion is what one of two evaluators wrote without seeing the other's. It is
// kept as it was finished.
type Opinion struct {
	EvaluatorID    string
	Evaluator      string // name, where it is shown
	Criteria       map[string]Judgement
	Location       Location
	LocationReason string
	Looked         []string
	Recommendation Recommendation
	Summary        string
	FinishedAt     time.Time // zero until then
	UpdatedAt      time.Time
	Version        int64
}

// Finished is true once its evaluator has closed it.
func (o Opinion) Finished() bool { return !o.FinishedAt.IsZero() }

// Person is somebody who may be asked.
type Person struct{ ID, Name string }

// apart is true while two evaluators write, each without the other's.
func (e Evaluation) apart() bool { return !e.SecondAt.IsZero() && !e.reconciling() }

// reconciling is true once both have finished, for one of them or the direction to conclude.
func (e Evaluation) reconciling() bool {
	return len(e.Opinions) == 2 && e.Opinions[0].Finished() && e.Opinions[1].Finished()
}

// of is the opinion of whoever acts; false when it is not one of the two.
func (e Evaluation) of(account string) (Opinion, bool) {
	at := slices.IndexFunc(e.Opinions, func(o Opinion) bool { return o.EvaluatorID == account })
	if at < 0 {
		return Opinion{}, false
	}
	return e.Opinions[at], true
}

// writable refuses who is neither of the two evaluators: while they write to
// anybody else, afterwards to all but the direction.
func (e Evaluation) writable(actor policy.Actor) error {
	_, mine := e.of(actor.ID)
	switch {
	case mine || e.SecondAt.IsZero():
		return nil
	case e.apart() && len(e.Opinions) < 2:
		return nil
	case e.reconciling() && actor.Has(policy.EvaluationDirector):
		return nil
	case e.apart():
		return fault.New(fault.Denied, "evaluation.second_other").Under("3.1")
	}
	return fault.New(fault.Denied, "evaluation.reconcile_other").Under("3.1")
}

// shown is the evaluation as somebody sees it while two write: their own opinion,
// or nothing of either.
func (e Evaluation) shown(actor policy.Actor) Evaluation {
	o, _ := e.of(actor.ID)
	o.EvaluatorID = actor.ID
	return e.as(o)
}

// as is the aspect in the words of one opinion.
func (e Evaluation) as(o Opinion) Evaluation {
	e.Opinion, e.EvaluatorID, e.Criteria = o.EvaluatorID, o.EvaluatorID, o.Criteria
	if e.Criteria == nil {
		e.Criteria = map[string]Judgement{}
	}
	e.Location, e.LocationReason, e.Looked = o.Location, o.LocationReason, o.Looked
	e.Recommendation, e.Summary = o.Recommendation, o.Summary
	e.FinishedAt, e.UpdatedAt, e.Version = o.FinishedAt, o.UpdatedAt, o.Version
	return e
}

// hides is true of a file that the other evaluator added, while two write.
func (e Evaluation) hides(f Evidence, actor policy.Actor) bool {
	return (e.apart() || e.Opinion != "") && f.AddedBy != actor.ID
}

// Differs is true of a criterion that the two evaluators rated differently.
func (e Evaluation) Differs(criterion string) bool {
	return len(e.Opinions) == 2 && e.Opinions[0].Criteria[criterion].Rating != e.Opinions[1].Criteria[criterion].Rating
}

// moved is true of a conclusion that is not what both had written.
func (e Evaluation) moved(criterion string) bool {
	return slices.ContainsFunc(e.Opinions, func(o Opinion) bool {
		return o.Criteria[criterion].Rating != e.Criteria[criterion].Rating
	})
}

// reconciled asks for the reason of each rating that is not what both had written.
func (e Evaluation) reconciled(f facts, fields map[string]string) {
	if e.Opinion != "" || !e.reconciling() {
		return
	}
	for _, c := range f.Criteria {
		if j := e.Criteria[c.ID]; j.Rating != Unrated && j.Reason == "" && e.moved(c.ID) {
			fields["reason."+c.ID] = "evaluation.reason_required"
		}
	}
	if e.Summary == "" && slices.ContainsFunc(e.Opinions, func(o Opinion) bool { return o.Recommendation != e.Recommendation }) {
		fields["summary"] = "evaluation.summary_required"
	}
}

// together prepares the conclusion: what both found stands, what they found
// differently is left to be said.
func (e *Evaluation) together() {
	a, b := e.Opinions[0], e.Opinions[1]
	e.Criteria = map[string]Judgement{}
	for id, j := range a.Criteria {
		if other := b.Criteria[id]; j.Rating == other.Rating {
			e.Criteria[id] = Judgement{Rating: j.Rating, Note: joined(j.Note, other.Note)}
		}
	}
	if a.Location == b.Location {
		e.Location, e.LocationReason = a.Location, joined(a.LocationReason, b.LocationReason)
	}
	e.Looked = slices.Compact(slices.Sorted(slices.Values(slices.Concat(a.Looked, b.Looked))))
	if a.Recommendation == b.Recommendation {
		e.Recommendation, e.Summary = a.Recommendation, joined(a.Summary, b.Summary)
	}
}

func joined(a, b string) string {
	if a == b || b == "" {
		return a
	}
	return strings.TrimSpace(a + "\n" + b)
}

// AskSecond has an aspect written by a second evaluator too, before it is
// finished; what was written so far becomes the first one's. It refuses who asked
// for the platform, who has written on the aspect already, and who evaluates nothing.
func (s *Service) AskSecond(ctx context.Context, actor policy.Actor, id request.ID, aspect Aspect, account string) error {
	return s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		w, err := look(ctx, tx, actor, policy.EvaluationSecond, id, aspect)
		if err != nil {
			return err
		}
		if err := actor.Allow(policy.EvaluationSecond, w.request.Scope()); err != nil {
			return err
		}
		if err := begin(ctx, tx, id); err != nil {
			return err
		}
		e, err := get(ctx, tx, id, aspect)
		if err != nil {
			return err
		}
		switch {
		case w.request.State != request.Acknowledged || e.Finished():
			return fault.New(fault.Conflict, "evaluation.second_late").Under("3.1")
		case !e.SecondAt.IsZero():
			return fault.New(fault.Conflict, "evaluation.second_asked").Under("3.1")
		}
		people, err := candidates(ctx, tx, w.request, e)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(people, func(p Person) bool { return p.ID == account }) {
			return fault.Form(map[string]string{"second": "evaluation.second_unknown"})
		}
		if err := split(ctx, tx, e, w.Criteria, account); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "evaluation.second_asked", w.request.Subject(), audit.Under("3.1"),
			audit.Note("aspect="+string(aspect)+" second="+account))
	})
}

// split gives each of the two a paper of their own, and empties the one in between.
func split(ctx context.Context, tx *db.Tx, e Evaluation, criteria []policy.Criterion, second string) error {
	if e.Version > 0 {
		if err := insertOpinion(ctx, tx, e.ID, 1, Opinion{EvaluatorID: e.EvaluatorID, Criteria: e.Criteria, Location: e.Location,
			LocationReason: e.LocationReason, Looked: e.Looked, Recommendation: e.Recommendation, Summary: e.Summary,
			Version: e.Version}); err != nil {
			return err
		}
	}
	blank := Evaluation{ID: e.ID, RequestID: e.RequestID, Aspect: e.Aspect, Frame: criteria, Source: e.Source,
		SecondAt: tx.Now, Version: e.Version, Criteria: map[string]Judgement{}}
	theirs := Opinion{EvaluatorID: second, Criteria: map[string]Judgement{}}
	for id, j := range e.Criteria {
		blank.Criteria[id] = Judgement{}
		if j.Before.Rating != Unrated {
			theirs.Criteria[id] = Judgement{Rating: j.Before.Rating, Note: j.Before.Note, Before: j.Before, Carried: true}
		}
	}
	if err := insertOpinion(ctx, tx, e.ID, 2, theirs); err != nil {
		return err
	}
	return update(ctx, tx, &blank)
}

// join gives whoever writes their own opinion; the first of the two is the first
// who writes beside the one who was asked.
func join(ctx context.Context, tx *db.Tx, actor policy.Actor, e Evaluation) (Evaluation, error) {
	o, mine := e.of(actor.ID)
	if !mine {
		o = Opinion{EvaluatorID: actor.ID}
		if err := insertOpinion(ctx, tx, e.ID, 1, o); err != nil {
			return e, err
		}
	}
	return e.as(o), nil
}

// concluded says that one opinion is finished and, after the second, prepares
// what is to be concluded of both.
func concluded(ctx context.Context, tx *db.Tx, actor policy.Actor, of Evaluation) error {
	if err := audit.Write(ctx, tx, actor, "evaluation.opinion_finished", "request:"+string(of.RequestID),
		audit.Under(of.Aspect.Clause()), audit.Note("aspect="+string(of.Aspect))); err != nil {
		return err
	}
	e, err := get(ctx, tx, of.RequestID, of.Aspect)
	if err != nil || !e.reconciling() {
		return err
	}
	e.together()
	return update(ctx, tx, &e)
}

// around reads what stands beside an aspect on its page.
func (s *Service) around(ctx context.Context, tx *db.Tx, actor policy.Actor, w work, e Evaluation, v *View) (err error) {
	if v.Invitations, err = invitations(ctx, tx, w.request.ID, e.Aspect); err != nil {
		return err
	}
	open := w.request.State == request.Acknowledged
	v.MayInvite = open && actor.Can(policy.EvaluationWrite, w.request.Scope()) && !e.Finished()
	v.MaySecond = open && e.SecondAt.IsZero() && !e.Finished() && actor.Can(policy.EvaluationSecond, w.request.Scope())
	if v.MaySecond {
		if v.Candidates, err = candidates(ctx, tx, w.request, e); err != nil {
			return err
		}
	}
	if e.apart() {
		return nil
	}
	for _, o := range e.Opinions {
		if o.Evaluator, err = accountName(ctx, tx, o.EvaluatorID); err != nil {
			return err
		}
		v.Opinions = append(v.Opinions, o)
	}
	return nil
}

// candidates are the evaluators who may write a second opinion on an aspect.
func candidates(ctx context.Context, tx *db.Tx, r request.Request, e Evaluation) ([]Person, error) {
	people, err := db.All(ctx, tx, func(row db.Row) (p Person, err error) {
		err = row.Scan(&p.ID, &p.Name)
		return p, err
	}, `SELECT a.id, a.name FROM account a WHERE a.board_id = $1 AND NOT a.disabled
			AND EXISTS (SELECT 1 FROM account_grant g WHERE g.board_id = a.board_id AND g.account_id = a.id
				AND g.role IN ('evaluator', 'evaluation_director'))
			AND NOT EXISTS (SELECT 1 FROM evaluation_writer w WHERE w.board_id = a.board_id AND w.account_id = a.id
				AND w.evaluation_id = $2)
		ORDER BY a.name, a.id`, tx.Board, string(e.ID))
	return slices.DeleteFunc(people, func(p Person) bool {
		return p.ID == e.EvaluatorID || r.AskedBy(p.ID) || r.AuthorisedBy == p.ID
	}), err
}

// content is an opinion as it is kept.
type content struct {
	Criteria       map[string]judged `json:"criteria"`
	Location       Location          `json:"location,omitempty"`
	LocationReason string            `json:"location_reason,omitempty"`
	Looked         []string          `json:"looked,omitempty"`
	Recommendation Recommendation    `json:"recommendation,omitempty"`
	Summary        string            `json:"summary,omitempty"`
}

// judged is a judgement as it is kept in a text.
type judged struct {
	Rating       Rating `json:"rating,omitempty"`
	Note         string `json:"note,omitempty"`
	Carried      bool   `json:"carried,omitempty"`
	BeforeRating Rating `json:"before_rating,omitempty"`
	BeforeNote   string `json:"before_note,omitempty"`
}

func kept(all map[string]Judgement) map[string]judged {
	texts := map[string]judged{}
	for id, j := range all {
		texts[id] = judged{Rating: j.Rating, Note: j.Note, Carried: j.Carried, BeforeRating: j.Before.Rating, BeforeNote: j.Before.Note}
	}
	return texts
}

func unkept(texts map[string]judged) map[string]Judgement {
	all := map[string]Judgement{}
	for id, j := range texts {
		all[id] = Judgement{Rating: j.Rating, Note: j.Note, Carried: j.Carried, Before: Past{Rating: j.BeforeRating, Note: j.BeforeNote}}
	}
	return all
}

func (o Opinion) text() (string, error) {
	text, err := json.Marshal(content{Criteria: kept(o.Criteria), Location: o.Location, LocationReason: o.LocationReason,
		Looked: o.Looked, Recommendation: o.Recommendation, Summary: o.Summary})
	if err != nil {
		return "", fmt.Errorf("opinion: %w", err)
	}
	return string(text), nil
}

// opinions reads what each of two evaluators wrote, the first one's first.
func opinions(ctx context.Context, tx *db.Tx, id ID) ([]Opinion, error) {
	return db.All(ctx, tx, func(row db.Row) (o Opinion, err error) {
		var text string
		if err := row.Scan(&o.EvaluatorID, &text, db.When(&o.FinishedAt), &o.UpdatedAt, &o.Version); err != nil {
			return o, err
		}
		var c content
		if err := json.Unmarshal([]byte(text), &c); err != nil {
			return o, fmt.Errorf("opinion: %w", err)
		}
		o.Criteria, o.Location, o.LocationReason, o.Looked = unkept(c.Criteria), c.Location, c.LocationReason, c.Looked
		o.Recommendation, o.Summary = c.Recommendation, c.Summary
		return o, nil
	}, `SELECT evaluator_id, content, finished_at, updated_at, version FROM evaluation_opinion
		WHERE board_id = $1 AND evaluation_id = $2 ORDER BY place`, tx.Board, string(id))
}

// insertOpinion gives an evaluator a paper at a place; two who come to the same
// place at once are told apart there.
func insertOpinion(ctx context.Context, tx *db.Tx, id ID, place int, o Opinion) error {
	text, err := o.text()
	if err != nil {
		return err
	}
	return db.Changed(tx.Exec(ctx, `INSERT INTO evaluation_opinion (board_id, evaluation_id, evaluator_id, place, content,
			updated_at, version)
		VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`,
		tx.Board, string(id), o.EvaluatorID, place, text, tx.Now, o.Version))
}

func updateOpinion(ctx context.Context, tx *db.Tx, e *Evaluation) error {
	text, err := Opinion{Criteria: e.Criteria, Location: e.Location, LocationReason: e.LocationReason, Looked: e.Looked,
		Recommendation: e.Recommendation, Summary: e.Summary}.text()
	if err != nil {
		return err
	}
	if err := db.Changed(tx.Exec(ctx, `UPDATE evaluation_opinion SET content = $5, finished_at = $6, updated_at = $7,
			version = version + 1
		WHERE board_id = $1 AND evaluation_id = $2 AND evaluator_id = $3 AND version = $4`,
		tx.Board, string(e.ID), e.Opinion, e.Version, text, db.Moment(e.FinishedAt), tx.Now)); err != nil {
		return err
	}
	e.Version, e.UpdatedAt = e.Version+1, tx.Now
	return nil
}
