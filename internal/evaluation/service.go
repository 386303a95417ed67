package evaluation

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"aval/internal/audit"
	"aval/internal/blob"
	"aval/internal/catalogue"
	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/job"
	"aval/internal/policy"
	"aval/internal/request"
)

// Service is what people do with evaluations.
type Service struct {
	DB    *db.DB
	Blobs *blob.Store // files of evidence
}

// Row is a criterion of the pack with what the evaluator found.
type Row struct {
	policy.Criterion
	Judgement
	Evidence []Evidence
}

// View is an aspect as its page shows it.
type View struct {
	Request     request.Request
	Platform    catalogue.Platform
	Aspect      policy.Aspect
	Evaluation  Evaluation
	Evaluator   string // name
	Rows        []Row
	Ladder      []policy.Rung // security only
	PupilData   bool
	Equivalents []catalogue.Match // approved on a better rung, sharing functions (3.3 a)
	Other       Evaluation        // the other aspect
	MayWrite    bool
	MayReopen   bool
	MaySecond   bool // ask for a second evaluator
	MayInvite   bool
	Apart       bool         // two write, and what the other writes is not shown
	Reconciling bool         // two have written, and one concludes
	Opinions    []Opinion    // of both, once both are finished
	Candidates  []Person     // who may be the second evaluator; only where MaySecond
	Invitations []Invitation // of departments to a judgement of their own
}

// View shows one aspect of a request's evaluation, begun or not.
func (s *Service) View(ctx context.Context, actor policy.Actor, id request.ID, aspect Aspect) (v View, err error) {
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		w, err := look(ctx, tx, actor, policy.EvaluationRead, id, aspect)
		if err != nil {
			return err
		}
		both, err := Of(ctx, tx, id)
		if err != nil {
			return err
		}
		e := w.evaluation
		whole := e
		if e.apart() {
			e = e.shown(actor)
		}
		v = View{
			Request: w.request, Platform: w.platform, Aspect: w.aspect, Evaluation: e, Rows: make([]Row, 0, len(w.Criteria)),
			Ladder: w.Ladder, PupilData: w.PupilData, Equivalents: w.equivalents, Other: both[other(aspect)],
		}
		writes := actor.Can(policy.EvaluationWrite, w.request.Scope()) && apart(actor, policy.EvaluationWrite, w.request) == nil
		v.Apart, v.Reconciling = whole.apart(), whole.reconciling()
		v.MayWrite = writes && !e.Finished() && w.request.State == request.Acknowledged && whole.writable(actor) == nil
		again := e
		v.MayReopen = writes && e.Opinion == "" && slices.Contains(reopenable, w.request.State) &&
			again.reopen(actor.Hands(policy.EvaluationWrite, w.request.Scope())) == nil
		if v.Evaluator, err = accountName(ctx, tx, e.EvaluatorID); err != nil {
			return err
		}
		files, err := EvidenceOf(ctx, tx, e.ID)
		if err != nil {
			return err
		}
		for _, c := range w.Criteria {
			row := Row{Criterion: c, Judgement: e.Criteria[c.ID]}
			for _, f := range files {
				if f.Criterion == c.ID && !whole.hides(f, actor) {
					row.Evidence = append(row.Evidence, f)
				}
			}
			v.Rows = append(v.Rows, row)
		}
		return s.around(ctx, tx, actor, w, whole, &v)
	})
	return v, err
}

// Save keeps a draft of one aspect. The version is the one that was read, 0 for
// the first: a Conflict says that somebody else has written since, and what was
// typed is still the caller's.
func (s *Service) Save(
	ctx context.Context, actor policy.Actor, id request.ID, aspect Aspect, in Input, version int64,
) (e Evaluation, err error) {
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		var w work
		if e, w, err = write(ctx, tx, actor, id, aspect, in, version); err != nil {
			return err
		}
		actor := actor.Under(w.request.Pack)
		if err := update(ctx, tx, &e); err != nil {
			return err
		}
		for _, clause := range []string{"3.1", aspect.Clause()} {
			if err := policy.Mark(ctx, tx, control(actor.Pack, clause), "request:"+string(id), policy.Waiting); err != nil {
				return err
			}
		}
		return audit.Write(ctx, tx, actor, "evaluation.saved", "request:"+string(id),
			audit.Under(aspect.Clause()), audit.Note(fmt.Sprintf("aspect=%s rated=%d", aspect, e.Rated())))
	})
	return e, err
}

// Finish closes one aspect with what was typed (3.2, 3.3); when both are closed
// the request is evaluated (3.1). It refuses, field by field, an aspect that
// lacks an answer, a note, a location or its reason, or the recommendation.
func (s *Service) Finish(
	ctx context.Context, actor policy.Actor, id request.ID, aspect Aspect, in Input, version int64,
) (e Evaluation, err error) {
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		var w work
		if e, w, err = write(ctx, tx, actor, id, aspect, in, version); err != nil {
			return err
		}
		actor := actor.Under(w.request.Pack)
		if err := e.finish(tx.Now, w.facts); err != nil {
			return err
		}
		if err := update(ctx, tx, &e); err != nil {
			return err
		}
		if e.Opinion != "" {
			return concluded(ctx, tx, actor, e)
		}
		if err := mark(ctx, tx, actor.Pack, e, w.facts); err != nil {
			return err
		}
		if err := audit.Write(ctx, tx, actor, "evaluation.finished", "request:"+string(id), audit.Under(aspect.Clause()),
			audit.Note(fmt.Sprintf("aspect=%s recommendation=%s location=%s equivalents=%d",
				aspect, e.Recommendation, e.Location, len(e.Looked)))); err != nil {
			return err
		}
		return s.close(ctx, tx, actor, id)
	})
	return e, err
}

// Reopen lets who finished an aspect write on it again, until the decision (3.1);
// an evaluated request goes back to those who evaluate.
func (s *Service) Reopen(ctx context.Context, actor policy.Actor, id request.ID, aspect Aspect) (e Evaluation, err error) {
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		var w work
		if e, w, err = open(ctx, tx, actor, id, aspect, reopenable...); err != nil {
			return err
		}
		if e.Opinion != "" {
			return fault.New(fault.Conflict, "evaluation.opinion_kept").Under("3.1")
		}
		actor := actor.Under(w.request.Pack)
		if err := e.reopen(actor.Hands(policy.EvaluationWrite, w.request.Scope())); err != nil {
			return err
		}
		if err := update(ctx, tx, &e); err != nil {
			return err
		}
		if err := unmark(ctx, tx, actor.Pack, e, w.facts); err != nil {
			return err
		}
		if err := audit.Write(ctx, tx, actor, "evaluation.reopened", w.request.Subject(), audit.Under(aspect.Clause()),
			audit.Note("aspect="+string(aspect))); err != nil {
			return err
		}
		if w.request.State == request.Evaluated {
			_, err = request.Reopen(ctx, tx, actor, id)
		}
		return err
	})
	return e, err
}

// reopenable are the states of a request in which a finished aspect may be opened again.
var reopenable = []request.State{request.Acknowledged, request.Evaluated}

// unmark takes back what finishing the aspect had shown: its clauses wait again.
func unmark(ctx context.Context, tx *db.Tx, pack *policy.Pack, e Evaluation, f facts) error {
	subject := "request:" + string(e.RequestID)
	for _, c := range carried(pack, f.Criteria) {
		if err := policy.Unmark(ctx, tx, control(pack, c.Clause), subject); err != nil {
			return err
		}
	}
	for _, clause := range []string{"3.1", e.Aspect.Clause()} {
		if err := policy.Mark(ctx, tx, control(pack, clause), subject, policy.Waiting); err != nil {
			return err
		}
	}
	return nil
}

// close says that the request is evaluated, once both aspects are finished.
func (s *Service) close(ctx context.Context, tx *db.Tx, actor policy.Actor, id request.ID) error {
	both, err := Of(ctx, tx, id)
	if err != nil {
		return err
	}
	subject, outcome := "request:"+string(id), policy.Waiting
	if both[Use].Finished() && both[Security].Finished() {
		outcome = policy.Conform
		if _, err := request.MarkEvaluated(ctx, tx, actor, id); err != nil {
			return err
		}
		if err := job.Enqueue(ctx, tx, request.Notice, string(id)); err != nil {
			return err
		}
	}
	return policy.Mark(ctx, tx, control(actor.Pack, "3.1"), subject, outcome)
}

// mark says for each clause of the aspect that it was rated or set aside, which
// 3.2 and 3.3 let the evaluator do.
func mark(ctx context.Context, tx *db.Tx, pack *policy.Pack, e Evaluation, f facts) error {
	subject := "request:" + string(e.RequestID)
	if err := policy.Mark(ctx, tx, control(pack, e.Aspect.Clause()), subject, policy.Conform); err != nil {
		return err
	}
	for _, c := range carried(pack, f.Criteria) {
		name, outcome := control(pack, c.Clause), policy.Conform
		if c.Location {
			outcome = e.locationOutcome(f)
		}
		if err := policy.Mark(ctx, tx, name, subject, outcome); err != nil {
			return err
		}
	}
	return nil
}

// carried are the criteria whose clause rating them carries: neither the board's
// own, nor one whose clause waits for something else.
func carried(pack *policy.Pack, all []policy.Criterion) (list []policy.Criterion) {
	for _, c := range all {
		if clause, known := pack.Clause(c.Clause); known && clause.Mode != policy.Planned {
			list = append(list, c)
		}
	}
	return list
}

// control is what carries a clause of the board's pack.
func control(pack *policy.Pack, clause string) string {
	c, _ := pack.Clause(clause)
	return c.Control
}

// work is what an act on an aspect needs around it.
type work struct {
	facts
	request     request.Request
	platform    catalogue.Platform
	aspect      policy.Aspect
	evaluation  Evaluation // as it is kept
	equivalents []catalogue.Match
}

// look reads what surrounds an aspect and asks permission.
func look(
	ctx context.Context, tx *db.Tx, actor policy.Actor, do policy.Action, id request.ID, aspect Aspect,
) (w work, err error) {
	if w.request, err = request.Get(ctx, tx, id); err != nil {
		return w, err
	}
	if err := may(actor, do, w.request); err != nil {
		return w, err
	}
	if w.platform, err = catalogue.Get(ctx, tx, w.request.PlatformID); err != nil {
		return w, err
	}
	known, pack := false, w.request.Policy(actor)
	if w.aspect, known = pack.Aspect(string(aspect)); !known {
		return w, fault.Missing()
	}
	both, err := Of(ctx, tx, id)
	if err != nil {
		return w, err
	}
	w.evaluation = both[aspect]
	if w.Criteria, err = asked(ctx, tx, pack, w.evaluation); err != nil {
		return w, err
	}
	w.aspect.Criteria, w.PupilData = w.Criteria, pupilData(w.request, pack)
	if aspect != Security {
		return w, nil
	}
	w.Ladder = pack.Ladder
	var better []catalogue.Hosting
	for _, rung := range w.Ladder {
		if !rung.Equivalents {
			better = append(better, catalogue.Hosting(rung.Code))
		}
	}
	w.equivalents, err = catalogue.Similar(ctx, tx, w.platform.Functions, w.platform.ID, better...)
	for _, m := range w.equivalents {
		w.Equivalents = append(w.Equivalents, string(m.Platform.ID))
	}
	return w, err
}

// may asks permission as things stand; to write, it also lets through who could
// have written while the request was with the evaluators, for the rule to say
// that it is too early or too late.
func may(actor policy.Actor, do policy.Action, r request.Request) error {
	now := r.Scope()
	if do == policy.EvaluationRead {
		return actor.Allow(do, now)
	}
	if err := actor.Allow(policy.RequestRead, now); err != nil {
		return err
	}
	then, closed := now, now
	then.State, closed.State = string(request.Acknowledged), string(request.Decided)
	if actor.Can(do, now) || actor.Can(do, then) {
		return nil
	}
	return actor.Allow(do, closed) // who reads it one day is told no, others that there is nothing
}

// pupilData is true when the platform collects information about pupils, or when
// nobody has said that it does not.
func pupilData(r request.Request, pack *policy.Pack) bool {
	if r.Privacy.Personal == "yes" {
		return true
	}
	if len(r.DataKinds) == 0 {
		return r.Privacy.Personal != "no"
	}
	return slices.ContainsFunc(r.DataKinds, func(code string) bool {
		kind, _ := pack.DataKind(code)
		return kind.Personal
	})
}

// open lets an evaluator act on an aspect of a request in one of these states: one
// that reached the service (2.2 c), for somebody who did not ask for it.
func open(
	ctx context.Context, tx *db.Tx, actor policy.Actor, id request.ID, aspect Aspect, in ...request.State,
) (e Evaluation, w work, err error) {
	if w, err = look(ctx, tx, actor, policy.EvaluationWrite, id, aspect); err != nil {
		return e, w, err
	}
	if err := apart(actor, policy.EvaluationWrite, w.request); err != nil {
		return e, w, err
	}
	if err := begin(ctx, tx, id); err != nil {
		return e, w, err
	}
	// As it stands now that the others wait.
	if w.request, err = request.Get(ctx, tx, id); err != nil {
		return e, w, err
	}
	switch state := w.request.State; {
	case state == request.Authorised:
		return e, w, fault.New(fault.Conflict, "evaluation.not_acknowledged").Under("2.2c")
	case !slices.Contains(in, state):
		return e, w, fault.New(fault.Conflict, "evaluation.closed").Under("3.1")
	}
	if e, err = get(ctx, tx, id, aspect); err != nil {
		return e, w, err
	}
	if w.Criteria, err = asked(ctx, tx, w.request.Policy(actor), e); err != nil {
		return e, w, err
	}
	e.Frame = w.Criteria
	if err := e.writable(actor); err != nil {
		return e, w, err
	}
	if e.apart() {
		if e, err = join(ctx, tx, actor, e); err != nil {
			return e, w, err
		}
	}
	return e, w, addWriters(ctx, tx, e.ID, actor.Hands(policy.EvaluationWrite, w.request.Scope()))
}

// write puts what was typed on the aspect, in memory, and sets aside the files
// that were withdrawn.
func write(
	ctx context.Context, tx *db.Tx, actor policy.Actor, id request.ID, aspect Aspect, in Input, version int64,
) (e Evaluation, w work, err error) {
	if e, w, err = open(ctx, tx, actor, id, aspect, request.Acknowledged); err != nil {
		return e, w, err
	}
	if err := e.fill(in, w.facts); err != nil {
		return e, w, err
	}
	if e.Version != version {
		return e, w, fault.New(fault.Conflict, "conflict.changed")
	}
	e.EvaluatorID = actor.ID
	return e, w, withdraw(ctx, tx, actor.Under(w.request.Pack), e, in.Withdraw)
}

// cites is the clause of a criterion; none for one of the board's own.
func (e Evaluation) cites(criterion string) string {
	for _, c := range e.Frame {
		if c.ID == criterion {
			return c.Clause
		}
	}
	return ""
}

// withdraw sets aside files of an aspect: they are kept, and shown no more.
func withdraw(ctx context.Context, tx *db.Tx, actor policy.Actor, e Evaluation, files []string) error {
	for _, id := range files {
		v, err := setAside(ctx, tx, e.ID, id, actor.ID)
		if err != nil {
			return err
		}
		if e.hides(v, actor) {
			return fault.Missing()
		}
		if err := audit.Write(ctx, tx, actor, "evaluation.evidence_withdrawn", "request:"+string(e.RequestID),
			audit.Under(e.cites(v.Criterion)), audit.Note("evidence="+v.ID+" sha256="+v.SHA256)); err != nil {
			return err
		}
	}
	return nil
}

// apart refuses who asked for the platform, joined the asking or authorised it,
// and who acts in the place of such a person (3.1).
func apart(actor policy.Actor, do policy.Action, r request.Request) error {
	if r.Party(actor, do) {
		return fault.New(fault.Denied, "evaluation.asked").Under("3.1")
	}
	return nil
}

func other(a Aspect) Aspect {
	if a == Use {
		return Security
	}
	return Use
}

// AddEvidence keeps a file that supports the rating of a criterion: a PDF, an
// image, a text or a Word document of 10 MB at most, known by its content and
// not by its name.
func (s *Service) AddEvidence(
	ctx context.Context, actor policy.Actor, id request.ID, aspect Aspect, criterion string, file File,
) (v Evidence, err error) {
	// Who may not write leaves nothing in the files.
	if err := s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		_, err := look(ctx, tx, actor, policy.EvaluationWrite, id, aspect)
		return err
	}); err != nil {
		return v, err
	}
	content, err := io.ReadAll(io.LimitReader(file.Content, MaxEvidence+1))
	if err != nil {
		return v, fmt.Errorf("read evidence: %w", err)
	}
	media, err := checkFile(content, file.Media)
	if err != nil {
		return v, err
	}
	v = Evidence{ID: db.NewID(), Criterion: criterion, Name: fileName(file.Name, media), Media: media,
		AddedBy: actor.ID, Confidential: file.Confidential}
	if v.Size, v.SHA256, err = s.Blobs.Put(ctx, actor.Board, v.ID, bytes.NewReader(content), MaxEvidence); err != nil {
		return v, err
	}
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		e, w, err := open(ctx, tx, actor, id, aspect, request.Acknowledged)
		if err != nil {
			return err
		}
		if e.Finished() {
			return fault.New(fault.Conflict, "evaluation.already_finished").Under("3.1")
		}
		if !slices.ContainsFunc(w.Criteria, func(c policy.Criterion) bool { return c.ID == criterion }) {
			return fault.Form(map[string]string{"criterion": "evaluation.criterion_unknown"})
		}
		v.EvaluationID, v.AddedAt = e.ID, tx.Now
		if err := insertEvidence(ctx, tx, v); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor.Under(w.request.Pack), "evaluation.evidence_added", "request:"+string(id),
			audit.Under(e.cites(criterion)), audit.Note("evidence="+v.ID+" sha256="+v.SHA256))
	})
	if err != nil {
		return Evidence{}, errors.Join(err, s.Blobs.Delete(context.WithoutCancel(ctx), actor.Board, v.ID))
	}
	return v, nil
}

// File is what somebody sends.
type File struct {
	Name    string
	Media   string // as the sender says
	Content io.Reader

	Confidential bool // never leaves with an evaluation that is given away
}

// Evidence opens a file for whoever may read the evaluation, unless it was
// withdrawn; who calls closes it.
func (s *Service) Evidence(ctx context.Context, actor policy.Actor, id string) (v Evidence, content io.ReadCloser, err error) {
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		var e Evaluation
		if v, e, err = evidence(ctx, tx, id); err != nil {
			return err
		}
		r, err := request.Get(ctx, tx, e.RequestID)
		if err != nil {
			return err
		}
		if e.hides(v, actor) {
			return fault.Missing()
		}
		return actor.Allow(policy.EvaluationRead, r.Scope())
	})
	if err != nil {
		return Evidence{}, nil, err
	}
	content, err = s.Blobs.Get(ctx, actor.Board, v.ID)
	return v, content, err
}
