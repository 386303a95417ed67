package reveal_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/guardian"
	"aval/internal/policy"
	"aval/internal/reveal"
)

// kin gives the first pupil of the first school two guardians, one of whom a court restricts.
func (w *world) kin() (pupil string) {
	w.t.Helper()
	pupil = w.pupils[0][0]
	w.write(func(ctx context.Context, tx *db.Tx) error {
		in := w.Kin.Begin()
		if err := in.Guardians(ctx, tx, []guardian.Row{
			{SourceID: "g1", GivenName: "Ada", FamilyName: "Outarde", Email: "ada@maison.example", Phone: "555 0101", Address: "12, rue du Lac", Language: "fr"},
			{SourceID: "g2", GivenName: "Zénon", FamilyName: "Outarde"}}); err != nil {
			return err
		}
		source, err := db.One(ctx, tx, func(r db.Row) (s string, err error) {
			err = r.Scan(&s)
			return s, err
		}, `SELECT source_id FROM person WHERE board_id = $1 AND id = $2`, tx.Board, pupil)
		if err != nil {
			return err
		}
		_, err = in.Pupils(ctx, tx, []guardian.Pupil{{SourceID: source, Ties: map[string]guardian.Tie{
			"g1": {Relation: "parent"}, "g2": {Relation: "parent", Restriction: "Aucun contact"}}}})
		return err
	})
	return pupil
}

func (w *world) lookAtKin(a policy.Actor, pupil string) (reveal.Shown, error) {
	return w.Reveal(w.t.Context(), a, reveal.Ask{Kind: reveal.Guardians, Person: pupil, Reason: "reach_home"})
}

func TestGuardiansAreShownToFewAndForAReason(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		pupil := w.kin()
		principal := w.actor(policy.Principal, 0)
		for name, a := range map[string]policy.Actor{"a teacher of the pupil": w.actor(policy.Teacher, 0), "the evaluating service": w.actor(policy.Evaluator, -1),
			"who keeps the roster": w.actor(policy.IT, -1), "the secretary": w.actor(policy.Secretary, -1)} {
			if _, err := w.lookAtKin(a, pupil); !fault.Is(err, fault.Denied) {
				t.Errorf("by %s: %v, want a denial", name, err)
			}
			if _, _, err := w.Whose(t.Context(), a, pupil); !fault.Is(err, fault.NotFound) {
				t.Errorf("the form, by %s: %v, want the one NotFound", name, err)
			}
		}
		for name, id := range map[string]string{"a pupil of another school": w.pupils[1][0], "nobody": db.NewID()} {
			if _, err := w.lookAtKin(principal, id); !fault.Is(err, fault.NotFound) || key(err) != key(fault.Missing()) {
				t.Errorf("%s: %v, want the one NotFound", name, err)
			}
			if _, _, err := w.Whose(t.Context(), principal, id); !fault.Is(err, fault.NotFound) {
				t.Errorf("the form for %s: %v, want the one NotFound", name, err)
			}
		}
		good := reveal.Ask{Kind: reveal.Guardians, Person: pupil, Reason: "reach_home"}
		for field, change := range map[string]func(*reveal.Ask){
			"person": func(a *reveal.Ask) { a.Person = "" },
			"reason": func(a *reveal.Ask) { a.Reason = "class_help" },
			"note":   func(a *reveal.Ask) { a.Note = strings.Repeat("é", 301) },
		} {
			ask := good
			change(&ask)
			_, err := w.Reveal(t.Context(), principal, ask)
			if f, ok := fault.As(err); !ok || f.Kind != fault.Invalid || f.Fields[field].Key == "" {
				t.Errorf("%s: %v, want it refused beside its field", field, err)
			}
		}
		if n := w.count(looks) + w.count(told); n != 0 {
			t.Fatalf("%d looks were noted", n)
		}
		for i, a := range []policy.Actor{principal, w.actor(policy.PrivacyOfficer, -1)} {
			shown, err := w.lookAtKin(a, pupil)
			w.must(err)
			if len(shown.Kin) != 2 || shown.Kin[0].Restriction != "Aucun contact" || shown.Kin[1].Address != "12, rue du Lac" || shown.Left != 59 {
				t.Errorf("%s is shown %+v", a.ID, shown)
			}
			if n := w.count(looks); n != i+1 {
				t.Errorf("%s: %d notes, want %d", a.ID, n, i+1)
			}
		}
		if n := w.count(`SELECT count(*) FROM audit_record WHERE board_id = $1 AND action = 'reveal.shown' AND subject = 'person:` + pupil + `'
			AND detail LIKE '%kind=guardians reason=reach_home count=1%'`); n != 2 {
			t.Errorf("the trail tells of %d, want 2", n)
		}
		if n := w.count(`SELECT count(*) FROM control_mark WHERE board_id = $1 AND control = 'pseudonym.known'`); n != 0 {
			t.Errorf("%d marks that a login name was known", n)
		}
		p, err := w.Pupil(t.Context(), principal, pupil)
		w.must(err)
		if len(p.Looks) != 2 || p.Looks[0].Kind != reveal.Guardians || !p.Kin {
			t.Errorf("the pupil's page: %+v", p)
		}
		if p, err = w.Pupil(t.Context(), w.actor(policy.Teacher, 0), pupil); err != nil || p.Kin {
			t.Errorf("the pupil's page, by their teacher, leads to the guardians: %v", err)
		}
	})
}

// A look at guardians and one at a name are single look-ups of one hour.
func TestGuardiansCountInTheHour(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		pupil := w.kin()
		a := w.actor(policy.Principal, 0)
		a.Settings.SinglesAnHour = 2
		_, err := w.look(a, w.names[pupil])
		w.must(err)
		_, err = w.lookAtKin(a, pupil)
		w.must(err)
		shown, err := w.lookAtKin(a, pupil)
		if f, ok := fault.As(err); !ok || f.Kind != fault.Conflict || f.Key != "reveal.quota_singles" || len(shown.Kin) != 0 {
			t.Fatalf("beyond the quota: %v, %d guardians", err, len(shown.Kin))
		}
		if n, m := w.count(looks), w.count(alerts); n != 2 || m != 1 {
			t.Errorf("%d looks, %d alerts", n, m)
		}
		asked, err := w.AskApproval(t.Context(), a, reveal.More{Extra: 1, Reason: "reach_home"})
		w.must(err)
		_, err = w.Approve(t.Context(), w.actor(policy.PrivacyOfficer, -1), asked.ID)
		w.must(err)
		if _, err := w.lookAtKin(a, pupil); err != nil {
			t.Error(fmt.Errorf("with a second person's leave: %w", err))
		}
	})
}
