package disclosure_test

import (
	"context"
	"strings"
	"testing"

	"aval/internal/catalogue"
	"aval/internal/db"
	"aval/internal/disclosure"
	"aval/internal/fault"
	"aval/internal/job"
	"aval/internal/licence"
	"aval/internal/policy"
)

// promise is one that is complete, for the first and the family name.
func promise(change func(*disclosure.Promise)) disclosure.Promise {
	p := disclosure.Promise{Form: disclosure.PolicyText, Text: "Politique de confidentialité, art. 4", Conditions: "Aucun usage commercial",
		Fields: []disclosure.Field{disclosure.GivenName, disclosure.FamilyName}, StartsOn: "2026-11-20", EndsOn: "2027-06-30"}
	if change != nil {
		change(&p)
	}
	return p
}

// words reads a column of texts.
func (w *world) words(query string, args ...any) string {
	w.t.Helper()
	var all []string
	w.must(w.Read(w.t.Context(), w.board, func(ctx context.Context, tx *db.Tx) (err error) {
		all, err = db.All(ctx, tx, func(r db.Row) (s string, err error) {
			err = r.Scan(&s)
			return s, err
		}, query, append([]any{tx.Board}, args...)...)
		return err
	}))
	return strings.Join(all, ", ")
}

func (w *world) outcome() string {
	w.t.Helper()
	return w.words(`SELECT outcome FROM control_mark WHERE board_id = $1 AND control = 'pseudonym.conditions'`)
}

func TestUndertake(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.decides(catalogue.Conditional, `["full_name","grade"]`)
		id := w.licence(nil)
		s, director := &disclosure.Service{DB: w.DB}, w.as(policy.EvaluationDirector, "")
		for _, role := range []policy.Role{policy.Teacher, policy.Principal, policy.PrivacyOfficer, policy.IT} {
			if _, err := s.Undertake(t.Context(), w.as(role, "s1"), w.platform, promise(nil)); !fault.Is(err, fault.Denied) {
				t.Errorf("by %s: %v", role, err)
			}
		}
		if _, err := s.Undertake(t.Context(), director, "nobody", promise(nil)); !fault.Is(err, fault.NotFound) {
			t.Errorf("for no platform: %v", err)
		}
		for field, change := range map[string]func(*disclosure.Promise){
			"form":       func(p *disclosure.Promise) { p.Form = "oath" },
			"text":       func(p *disclosure.Promise) { p.Text = " " },
			"conditions": func(p *disclosure.Promise) { p.Conditions = "" },
			"fields":     func(p *disclosure.Promise) { p.Fields = []disclosure.Field{disclosure.Email} },
			"starts_on":  func(p *disclosure.Promise) { p.StartsOn = "hier" },
			"ends_on":    func(p *disclosure.Promise) { p.StartsOn, p.EndsOn = "2026-01-01", "2026-06-01" },
		} {
			_, err := s.Undertake(t.Context(), director, w.platform, promise(change))
			if f, ok := fault.As(err); !ok || f.Kind != fault.Invalid || f.Clause != "5.2" || f.Fields[field].Key == "" {
				t.Errorf("%s: %v", field, err)
			}
		}
		if got := w.outcome(); got != "" {
			t.Errorf("refused, and counted as %q", got)
		}

		u, err := s.Undertake(t.Context(), director, w.platform, promise(nil))
		w.must(err)
		terms, err := w.terms(id)
		if err != nil || !terms.Fields[disclosure.GivenName] || !terms.Fields[disclosure.FamilyName] || len(terms.Withheld) != 0 || w.outcome() != "conform" {
			t.Errorf("once it is recorded: %+v, %v, marked %q", terms.Fields, err, w.outcome())
		}
		if left, err := job.Left(t.Context(), w.DB); err != nil || left[disclosure.RefreshJob] != 1 {
			t.Errorf("jobs left: %v, %v", left, err)
		}
		v, err := s.View(t.Context(), w.as(policy.Principal, "s1"), id)
		if !fault.Is(err, fault.NotFound) {
			t.Errorf("a principal sees the board's licence: %+v, %v", v, err)
		}

		if _, err := s.End(t.Context(), director, "another", u.ID, u.Version); !fault.Is(err, fault.NotFound) {
			t.Errorf("as another platform's: %v", err)
		}
		if _, err := s.End(t.Context(), w.as(policy.Principal, "s1"), w.platform, u.ID, u.Version); !fault.Is(err, fault.Denied) {
			t.Errorf("ended by a principal: %v", err)
		}
		if _, err := s.End(t.Context(), director, w.platform, u.ID, u.Version+1); !fault.Is(err, fault.Conflict) {
			t.Errorf("ended by who read another: %v", err)
		}
		if _, err := s.End(t.Context(), director, w.platform, u.ID, u.Version); err != nil {
			t.Fatal(err)
		}
		if terms, err = w.terms(id); err != nil || terms.Fields[disclosure.GivenName] || len(terms.Withheld) != 2 || w.outcome() != "" {
			t.Errorf("once it is ended: %+v, %v, marked %q", terms.Fields, err, w.outcome())
		}
		if _, err := s.End(t.Context(), director, w.platform, u.ID, u.Version+1); !fault.Is(err, fault.Conflict) {
			t.Errorf("ended again: %v", err)
		}
		trail := w.words(`SELECT action || ' ' || clause FROM audit_record WHERE board_id = $1 AND subject = $2 ORDER BY seq`, u.Subject())
		if want := "undertaking.recorded 5.2, undertaking.ended 5.2"; trail != want {
			t.Errorf("trail: %s, want %s", trail, want)
		}
	})
}

func TestAnUndertakingThatRunsOutCountsNoMore(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.decides(catalogue.Approved, `["full_name"]`)
		s := &disclosure.Service{DB: w.DB}
		_, err := s.Undertake(t.Context(), w.as(policy.EvaluationDirector, ""), w.platform, promise(func(p *disclosure.Promise) { p.EndsOn = "2026-11-30" }))
		w.must(err)
		w.now = noon.AddDate(0, 1, 0)
		w.must(s.Sweep(t.Context(), w.board, ""))
		if got := w.outcome(); got != "" {
			t.Errorf("marked %q after its last day", got)
		}
	})
}

// A sweep that finds a refresh waiting leaves no other.
func TestSweepsLeaveOneRefresh(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.decides(catalogue.Approved, `["pseudonym"]`)
		w.licence(nil)
		w.licence(nil)
		s := &disclosure.Service{DB: w.DB}
		for range 3 {
			w.must(s.Sweep(t.Context(), w.board, ""))
			w.write(disclosure.RosterChanged)
		}
		left, err := job.Left(t.Context(), w.DB)
		if err != nil || left[disclosure.RefreshJob] != 2 || left[disclosure.RosterJob] != 1 {
			t.Errorf("left: %v, %v, want a refresh of each of two licences and one of the roster", left, err)
		}
	})
}

func TestWhatIsShownOfWhatLeaves(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.decides(catalogue.Approved, `["full_name","email","grade"]`)
		id := w.licence(func(l *licence.Licence) { l.Scope, l.OrgID, l.Payer = licence.School, "s1", "s1" })
		w.refresh(id)
		s := &disclosure.Service{DB: w.DB}
		if _, err := s.View(t.Context(), w.as(policy.Principal, "s2"), id); !fault.Is(err, fault.NotFound) {
			t.Errorf("to another school: %v", err)
		}
		w.catchAll("alias.example")
		v, err := s.View(t.Context(), w.as(policy.Principal, "s1"), id)
		w.must(err)
		var lines []string
		for _, l := range v.Lines() {
			lines = append(lines, string(l.Field)+"="+string(l.Passage))
		}
		if got, want := strings.Join(lines, " "), "=leaves login_name=leaves grade=leaves groups=leaves given_name=withheld family_name=withheld email=leaves "+
			"birth_date=unasked guardians=unasked"; got != want {
			t.Errorf("%s, want %s", got, want)
		}
		if v.Counts["student"] != 3 || v.Counts["teacher"] != 1 || v.Counts["class"] != 1 || v.May {
			t.Errorf("counts %v, may %v", v.Counts, v.May)
		}
		w.decides(catalogue.Refused, `["grade"]`)
		if v, err = s.View(t.Context(), w.as(policy.Principal, "s1"), id); err != nil || v.Refusal == nil || v.Lines()[0].Passage != disclosure.Unsaid {
			t.Errorf("refused: %+v, %v", v.Refusal, err)
		}
	})
}

func TestASectorIsSettledOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.decides(catalogue.Approved, `["pseudonym"]`)
		var other catalogue.ID
		w.write(func(ctx context.Context, tx *db.Tx) error {
			p, err := catalogue.Add(ctx, tx, w.hand(), catalogue.Draft{Name: "Tabulou Plus", Functions: []string{"mathematics"}})
			other = p.ID
			return err
		})
		s, director := &disclosure.Service{DB: w.DB}, w.as(policy.EvaluationDirector, "")
		if err := s.Join(t.Context(), w.as(policy.Principal, "s1"), w.platform, other); !fault.Is(err, fault.Denied) {
			t.Errorf("by a principal: %v", err)
		}
		if err := s.Join(t.Context(), director, w.platform, ""); !fault.Is(err, fault.Invalid) {
			t.Errorf("with none: %v", err)
		}
		if err := s.Join(t.Context(), director, w.platform, "nobody"); !fault.Is(err, fault.NotFound) {
			t.Errorf("with one that is not: %v", err)
		}
		w.must(s.Join(t.Context(), director, w.platform, other))
		id := w.licence(nil)
		if terms, err := w.terms(id); err != nil || terms.Sector != string(other) {
			t.Errorf("sector %s, %v", terms.Sector, err)
		}
		w.refresh(id)
		if err := s.Join(t.Context(), director, w.platform, w.platform); !fault.Is(err, fault.Conflict) {
			t.Errorf("once something left: %v", err)
		}
		if err := s.Join(t.Context(), director, other, w.platform); !fault.Is(err, fault.Conflict) {
			t.Errorf("the other, whose sector was used: %v", err)
		}
	})
}

func TestAnAddressStandsForAPersonOfOneService(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.decides(catalogue.Approved, `["email"]`)
		id := w.licence(nil)
		s := &disclosure.Service{DB: w.DB}
		for _, wrong := range []string{"alias", "a b.example", "x@y@z", strings.Repeat("a.", 120) + "example", "<script>"} {
			if err := s.ChooseDomain(t.Context(), w.as(policy.Secretary, ""), wrong); !fault.Is(err, fault.Invalid) {
				t.Errorf("%q: %v", wrong, err)
			}
		}
		if err := s.ChooseDomain(t.Context(), w.as(policy.Teacher, "s1"), "alias.example"); !fault.Is(err, fault.Denied) {
			t.Errorf("by a teacher: %v", err)
		}
		addresses := func() map[string]string {
			terms, err := w.terms(id)
			w.must(err)
			_, values, _ := w.shown(id)
			found := map[string]string{}
			w.must(w.Read(t.Context(), w.board, func(ctx context.Context, tx *db.Tx) error {
				people, err := disclosure.Users(ctx, tx, nil, terms, disclosure.Query{})
				for _, u := range people {
					for _, p := range []string{"p1", "p2"} {
						if u.Email != "" && u.Value == values["user:"+p] {
							found[p] = u.Email
						}
					}
				}
				return err
			}))
			return found
		}
		w.refresh(id)
		if got := addresses(); len(got) != 0 {
			t.Errorf("without a domain: %v", got)
		}
		w.catchAll("alias.example")
		w.refresh(id)
		got := addresses()
		local, domain, _ := strings.Cut(got["p1"], "@")
		if len(local) != 26 || domain != "alias.example" || got["p1"] == got["p2"] || got["p2"] == "" {
			t.Errorf("addresses %v", got)
		}
		_, values, _ := w.shown(id)
		if local == values["user:p1"] {
			t.Error("the address is the pseudonym")
		}
		w.refresh(id)
		if again := addresses(); !equal(got, again) {
			t.Errorf("once more: %v, was %v", again, got)
		}
	})
}

func TestRunLeavesTheRestToAnotherJob(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.decides(catalogue.Approved, `["pseudonym","grade"]`)
		id := w.licence(nil)
		s := &disclosure.Service{DB: w.DB}
		w.must(s.Refresh(t.Context(), w.board, string(id)+" 3 "))
		w.want(t, id, "from the teachers on, nothing is there yet", "session:y")
		w.must(s.Refresh(t.Context(), w.board, string(id)))
		w.want(t, id, "from the beginning", whole)
		if err := s.Refresh(t.Context(), w.board, "nobody"); !fault.Is(err, fault.NotFound) {
			t.Errorf("of no licence: %v", err)
		}
	})
}
