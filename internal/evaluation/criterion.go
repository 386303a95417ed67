package evaluation

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"aval/internal/audit"
	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/policy"
)

// Criterion is one that a board added beside its policy's. It is never
// rewritten: it is retired, and another takes its place.
type Criterion struct {
	policy.Criterion
	Aspect    Aspect
	MadeAt    time.Time
	RetiredAt time.Time // zero until then
}

// Retired is true of one that no new evaluation looks at.
func (c Criterion) Retired() bool { return !c.RetiredAt.IsZero() }

// CriterionInput is what the direction types of a new criterion.
type CriterionInput struct {
	Aspect         Aspect
	Name, Question policy.Text
}

// The longest words of a criterion, and how many a board adds to an aspect at most.
const (
	maxCriterionName     = 120
	maxCriterionQuestion = 400
	mostCriteria         = 20
)

func (in *CriterionInput) check() error {
	fields := map[string]string{}
	if !slices.Contains(Aspects, in.Aspect) {
		fields["aspect"] = "evaluation.criterion_aspect"
	}
	for field, t := range map[string]struct {
		text *string
		most int
	}{
		"name_fr": {&in.Name.Fr, maxCriterionName}, "name_en": {&in.Name.En, maxCriterionName},
		"question_fr": {&in.Question.Fr, maxCriterionQuestion}, "question_en": {&in.Question.En, maxCriterionQuestion},
	} {
		*t.text = strings.Join(strings.Fields(i18n.Clean(*t.text)), " ")
		switch {
		case *t.text == "":
			fields[field] = "evaluation.criterion_required"
		case utf8.RuneCountInString(*t.text) > t.most:
			fields[field] = "evaluation.criterion_long"
		}
	}
	return fault.Form(fields)
}

// Criteria lists what the board looks at beside its policy, retired ones last.
func (s *Service) Criteria(ctx context.Context, actor policy.Actor) (list []Criterion, err error) {
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := actor.Allow(policy.CriterionManage, policy.Scope{}); err != nil {
			return err
		}
		list, err = criteria(ctx, tx)
		return err
	})
	return list, err
}

// AddCriterion adds a criterion of the board's own to an aspect. The evaluations
// that began before it never ask for it.
func (s *Service) AddCriterion(ctx context.Context, actor policy.Actor, in CriterionInput) (c Criterion, err error) {
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := actor.Allow(policy.CriterionManage, policy.Scope{}); err != nil {
			return err
		}
		if err := in.check(); err != nil {
			return err
		}
		all, err := criteria(ctx, tx)
		if err != nil {
			return err
		}
		same := 0
		for _, other := range all {
			if other.Aspect != in.Aspect || other.Retired() {
				continue
			}
			if same++; db.Fold(other.Name.Fr) == db.Fold(in.Name.Fr) || db.Fold(other.Name.En) == db.Fold(in.Name.En) {
				return fault.Form(map[string]string{"name_fr": "evaluation.criterion_exists"})
			}
		}
		if same >= mostCriteria {
			return fault.New(fault.Conflict, "evaluation.criterion_many", mostCriteria)
		}
		c = Criterion{Aspect: in.Aspect, MadeAt: tx.Now,
			Criterion: policy.Criterion{ID: "own-" + db.NewID(), Name: in.Name, Question: in.Question, Own: true}}
		if err := insertCriterion(ctx, tx, c, actor.ID); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "criterion.added", "criterion:"+c.ID, audit.Under("3.1"), audit.Note("aspect="+string(c.Aspect)))
	})
	return c, err
}

// RetireCriterion takes a criterion of the board's own out of the evaluations
// that begin from now on; it is refused (Conflict) a second time.
func (s *Service) RetireCriterion(ctx context.Context, actor policy.Actor, id string) error {
	return s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		all, err := criteria(ctx, tx)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(all, func(c Criterion) bool { return c.ID == id })
		if at < 0 {
			return fault.Missing()
		}
		if err := actor.Allow(policy.CriterionManage, policy.Scope{}); err != nil {
			return err
		}
		if all[at].Retired() {
			return fault.New(fault.Conflict, "evaluation.criterion_retired")
		}
		if err := db.Changed(tx.Exec(ctx, `UPDATE criterion SET retired_by = $3, retired_at = $4
			WHERE board_id = $1 AND id = $2 AND retired_at IS NULL`, tx.Board, id, actor.ID, tx.Now)); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "criterion.retired", "criterion:"+id, audit.Under("3.1"))
	})
}

// criteria reads a board's own criteria in the order in which they were added,
// retired ones last.
func criteria(ctx context.Context, tx *db.Tx) ([]Criterion, error) {
	list, err := db.All(ctx, tx, func(row db.Row) (c Criterion, err error) {
		c.Own = true
		err = row.Scan(&c.ID, &c.Aspect, &c.Name.Fr, &c.Name.En, &c.Question.Fr, &c.Question.En, &c.MadeAt, db.When(&c.RetiredAt))
		return c, err
	}, `SELECT id, aspect, name_fr, name_en, question_fr, question_en, made_at, retired_at FROM criterion
		WHERE board_id = $1 ORDER BY made_at, id`, tx.Board)
	slices.SortStableFunc(list, func(a, b Criterion) int { return a.RetiredAt.Compare(b.RetiredAt) })
	return list, err
}

func insertCriterion(ctx context.Context, tx *db.Tx, c Criterion, by string) error {
	_, err := tx.Exec(ctx, `INSERT INTO criterion (board_id, id, aspect, name_fr, name_en, question_fr, question_en, made_by, made_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, tx.Board, c.ID, string(c.Aspect), c.Name.Fr, c.Name.En,
		c.Question.Fr, c.Question.En, by, c.MadeAt)
	return err
}

// asked are the criteria that an evaluation looks at: those it began with or,
// before it begins, the policy's and those that the board added.
func asked(ctx context.Context, tx *db.Tx, pack *policy.Pack, e Evaluation) ([]policy.Criterion, error) {
	if len(e.Frame) > 0 {
		return e.Frame, nil
	}
	aspect, _ := pack.Aspect(string(e.Aspect))
	list := slices.Clone(aspect.Criteria)
	if e.Finished() { // before criteria were kept with the evaluation
		return slices.DeleteFunc(list, func(c policy.Criterion) bool { return e.Criteria[c.ID].Rating == Unrated }), nil
	}
	own, err := criteria(ctx, tx)
	for _, c := range own {
		if c.Aspect == e.Aspect && !c.Retired() {
			list = append(list, c.Criterion)
		}
	}
	return list, err
}

func readFrame(text string) (frame []policy.Criterion, err error) {
	if text == "" {
		return nil, nil
	}
	if err := json.Unmarshal([]byte(text), &frame); err != nil {
		return nil, fmt.Errorf("criteria of an evaluation: %w", err)
	}
	return frame, nil
}

func writeFrame(frame []policy.Criterion) (string, error) {
	if len(frame) == 0 {
		return "", nil
	}
	text, err := json.Marshal(frame)
	if err != nil {
		return "", fmt.Errorf("criteria of an evaluation: %w", err)
	}
	return string(text), nil
}
