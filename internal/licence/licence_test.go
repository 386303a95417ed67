package licence_test

import (
	"context"
	"testing"
	"time"

	"aval/internal/audit"
	"aval/internal/catalogue"
	"aval/internal/contract"
	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/fault"
	"aval/internal/licence"
	"aval/internal/policy"
)

var now = time.Date(2026, 11, 20, 15, 0, 0, 0, time.UTC)

func actor(t testing.TB, board string, role policy.Role, org string) policy.Actor {
	t.Helper()
	pack, err := policy.Shipped("csc-pan-2023")
	if err != nil {
		t.Fatal(err)
	}
	return policy.Actor{ID: "a-" + string(role), Board: board, Lang: "fr", Via: "web", Pack: pack,
		Grants: []policy.Grant{{Role: role, Org: org}}}
}

// board is a board with two schools, a department, a class in each school, and two platforms.
func board(t *testing.T, d *db.DB) (id string, approved, refused catalogue.ID) {
	t.Helper()
	id = dbtest.Board(t, d)
	pack, err := policy.Shipped("csc-pan-2023")
	if err != nil {
		t.Fatal(err)
	}
	err = d.Write(t.Context(), id, func(ctx context.Context, tx *db.Tx) error {
		for _, o := range [][2]string{{"s1", "school"}, {"s2", "school"}, {"d1", "department"}} {
			if _, err := tx.Exec(ctx, `INSERT INTO org (board_id, id, source_id, kind, name, updated_at)
				VALUES ($1, $2, $3, $4, $5, $6)`, tx.Board, o[0], o[0], o[1], o[0], tx.Now); err != nil {
				return err
			}
		}
		for _, c := range [][2]string{{"c1", "s1"}, {"c2", "s2"}} {
			if _, err := tx.Exec(ctx, `INSERT INTO class (board_id, id, source_id, school_id, title)
				VALUES ($1, $2, $3, $4, $5)`, tx.Board, c[0], c[0], c[1], c[0]); err != nil {
				return err
			}
		}
		if err := people(ctx, tx); err != nil {
			return err
		}
		hand := policy.System(id, pack, "cli")
		for name, status := range map[string]catalogue.Status{"Tabulou": catalogue.Conditional, "Zibaline": catalogue.Refused} {
			p, err := catalogue.Add(ctx, tx, hand, catalogue.Draft{Name: name, Functions: []string{"mathematics"}})
			if err != nil {
				return err
			}
			if err := catalogue.SetResult(ctx, tx, p.ID, status, "Sans classement", catalogue.Quebec, "x"); err != nil {
				return err
			}
			if status == catalogue.Refused {
				refused = p.ID
			} else {
				approved = p.ID
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return id, approved, refused
}

// people are pupils and where they are: their school, grade, class and address.
func people(ctx context.Context, tx *db.Tx) error {
	if _, err := tx.Exec(ctx, `INSERT INTO org (board_id, id, source_id, kind, name, sector, updated_at)
		VALUES ($1, 'a1', 'a1', 'school', 'a1', 'other', $2)`, tx.Board, tx.Now); err != nil {
		return err
	}
	for _, p := range []struct{ id, school, grade, class, email, status string }{
		{"p1", "s1", "03", "c1", "k7@eleves.example", "active"},
		{"p2", "s1", "03", "c1", "pb2@eleves.example", "active"},
		{"p3", "s1", "06", "", "oriane.vaudrin@eleves.example", "active"},
		{"p4", "s2", "03", "c2", "ovaudrin2@eleves.example", "active"},
		{"p5", "s2", "06", "c2", "", "active"},
		{"p6", "s1", "03", "c1", "", "tobedeleted"},
		{"p7", "a1", "UG", "", "", "active"},
	} {
		for _, q := range []struct {
			text string
			args []any
		}{
			{`INSERT INTO person (board_id, id, source_id, kind, given_name, family_name, email, number, grade, status, updated_at)
				VALUES ($1, $2, $2, 'student', 'Oriane', 'Vaudrin', $3, $4, $5, $6, $7)`,
				[]any{tx.Board, p.id, p.email, "N-" + p.id, p.grade, p.status, tx.Now}},
			{`INSERT INTO person_role (board_id, person_id, org_id, role) VALUES ($1, $2, $3, 'student')`, []any{tx.Board, p.id, p.school}},
			{`INSERT INTO enrollment (board_id, id, class_id, person_id, role) SELECT $1, $2, c.id, $2, 'student'
				FROM class c WHERE c.board_id = $1 AND c.id = $3`, []any{tx.Board, p.id, p.class}},
		} {
			if _, err := tx.Exec(ctx, q.text, q.args...); err != nil {
				return err
			}
		}
	}
	return nil
}

func TestRecord(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		d.Clock = func() time.Time { return now }
		id, approved, refused := board(t, d)
		s := licence.New(d, contract.Gate)
		director := actor(t, id, policy.EvaluationDirector, "")
		principal := actor(t, id, policy.Principal, "s1")
		department := actor(t, id, policy.DepartmentHead, "d1")
		year := licence.Licence{PlatformID: approved, Scope: licence.Board, Payer: licence.DDL, Seats: 5000, CostCents: 1_250_000,
			StartsOn: "2026-08-31", EndsOn: "2027-06-30"}
		with := func(f func(*licence.Licence)) licence.Licence { l := year; f(&l); return l }
		school := with(func(l *licence.Licence) { l.Scope, l.OrgID, l.Payer = licence.School, "s1", "s1" })

		for _, c := range []struct {
			name   string
			actor  policy.Actor
			l      licence.Licence
			kind   fault.Kind
			clause string
			field  string
		}{
			{"by a teacher", actor(t, id, policy.Teacher, "s1"), school, fault.NotFound, "", ""},
			{"by another school", actor(t, id, policy.Principal, "s2"), school, fault.NotFound, "", ""},
			{"for the whole board by a principal", principal, year, fault.Denied, "4.2a", ""},
			{"for no platform", director, with(func(l *licence.Licence) { l.PlatformID = "none" }), fault.NotFound, "", ""},
			{"for a platform that is refused", director, with(func(l *licence.Licence) { l.PlatformID = refused }), fault.Conflict, "4.1", ""},
			{"for a school paid by the DDL", director, with(func(l *licence.Licence) { l.Scope, l.OrgID = licence.School, "s1" }), fault.Invalid, "4.2b", ""},
			{"for a department paid by the DDL", director, with(func(l *licence.Licence) { l.Scope, l.OrgID = licence.Department, "d1" }), fault.Invalid, "4.2b", ""},
			{"for a person paid by the DDL", director, with(func(l *licence.Licence) {
				l.Scope, l.OrgID, l.Audience.People = licence.Individual, "s1", []string{"p1"}
			}), fault.Invalid, "4.2b", ""},
			{"paid by another school", director, with(func(l *licence.Licence) { l.Scope, l.OrgID, l.Payer = licence.School, "s1", "s2" }), fault.Invalid, "4.2b", "payer"},
			{"for a school, paid by a department that the principal does not answer for", principal,
				with(func(l *licence.Licence) { l.Scope, l.OrgID, l.Payer = licence.School, "s1", "d1" }), fault.Invalid, "4.2b", "payer"},
			{"for a department, paid by a school", director,
				with(func(l *licence.Licence) { l.Scope, l.OrgID, l.Payer = licence.Department, "d1", "s1" }), fault.Invalid, "4.2b", "payer"},
			{"for a department named as a school", director, with(func(l *licence.Licence) { l.Scope, l.OrgID = licence.School, "d1" }), fault.Invalid, "", "org_id"},
			{"for everyone and a school", director, with(func(l *licence.Licence) { l.OrgID = "s1" }), fault.Invalid, "", "org_id"},
			{"paid by nobody known", director, with(func(l *licence.Licence) { l.Payer = "someone" }), fault.Invalid, "", "payer"},
			{"that ends before it starts", director, with(func(l *licence.Licence) { l.EndsOn = "2026-08-30" }), fault.Invalid, "", "ends_on"},
			{"that starts on no day", director, with(func(l *licence.Licence) { l.StartsOn = "2026-02-31" }), fault.Invalid, "", "starts_on"},
			{"with less than no seats", director, with(func(l *licence.Licence) { l.Seats = -1 }), fault.Invalid, "", "seats"},
			{"of no reach", director, with(func(l *licence.Licence) { l.Scope = "world" }), fault.Invalid, "", "scope"},
		} {
			_, err := s.Record(t.Context(), c.actor, c.l)
			f, ok := fault.As(err)
			if !ok || f.Kind != c.kind || c.clause != "" && f.Clause != c.clause || c.field != "" && f.Fields[c.field].Key == "" {
				t.Errorf("Record %s: %v, want kind %v, clause %q, field %q", c.name, err, c.kind, c.clause, c.field)
			}
		}
		if left, err := s.List(t.Context(), director, approved); err != nil || len(left) != 0 {
			t.Fatalf("after refusals: %v %v", left, err)
		}

		for _, c := range []struct {
			name   string
			actor  policy.Actor
			l      licence.Licence
			clause string
		}{
			{"for the board, paid by the DDL", director, year, "4.2a"},
			{"for the board, paid by a department", department, with(func(l *licence.Licence) { l.Payer = "d1" }), "4.2b"},
			{"for a school, paid by its principal", principal, school, "4.2b"},
		} {
			l, err := s.Record(t.Context(), c.actor, c.l)
			if err != nil {
				t.Errorf("Record %s: %v", c.name, err)
				continue
			}
			err = d.Read(t.Context(), id, func(ctx context.Context, tx *db.Tx) error {
				trail, err := audit.ForSubject(ctx, tx, licence.Subject(l.ID))
				if err != nil || len(trail) != 1 || trail[0].Clause != c.clause || trail[0].Action != "licence.recorded" {
					t.Errorf("the trail of a licence %s: %v %v", c.name, err, trail)
				}
				for _, control := range []string{licence.ControlPayer, licence.ControlPreapproved} {
					outcome, err := db.One(ctx, tx, func(r db.Row) (o string, err error) {
						err = r.Scan(&o)
						return o, err
					},
						`SELECT outcome FROM control_mark WHERE board_id = $1 AND control = $2 AND subject = $3`,
						tx.Board, control, licence.Subject(l.ID))
					if err != nil || outcome != string(policy.Conform) {
						t.Errorf("mark of %s %s: %v %v", control, c.name, outcome, err)
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		if seen, err := s.List(t.Context(), principal, approved); err != nil || len(seen) != 1 || seen[0].OrgID != "s1" {
			t.Errorf("List by a principal: %v %v, want her school's alone", seen, err)
		}
	})
}

func TestAnswer(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		d.Clock = func() time.Time { return now }
		ctx := t.Context()
		id, approved, refused := board(t, d)
		s := licence.New(d, contract.Gate)
		director := actor(t, id, policy.EvaluationDirector, "")
		teacher := func(classes ...string) policy.Actor {
			a := actor(t, id, policy.Teacher, "s1")
			a.Classes = classes
			return a
		}
		check := func(name string, a policy.Actor, p catalogue.ID, want licence.Standing) licence.Answer {
			t.Helper()
			got, err := s.Answer(ctx, a, p)
			if err != nil || got.Standing != want {
				t.Errorf("Answer %s: %s %v, want %s", name, got.Standing, err, want)
			}
			by, err := s.Standings(ctx, a, []catalogue.ID{p})
			if err != nil || by[p] != want {
				t.Errorf("Standings %s: %v %v, want %s", name, by, err, want)
			}
			return got
		}
		record := func(l licence.Licence) {
			t.Helper()
			l.PlatformID = approved
			if l.StartsOn == "" {
				l.StartsOn, l.EndsOn = "2026-08-31", "2027-06-30"
			}
			if _, err := s.Record(ctx, director, l); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := s.Answer(ctx, teacher("c1"), "none"); !fault.Is(err, fault.NotFound) {
			t.Errorf("Answer for nothing: %v", err)
		}
		other := dbtest.Board(t, d)
		if _, err := s.Answer(ctx, actor(t, other, policy.Teacher, "s1"), approved); !fault.Is(err, fault.NotFound) {
			t.Errorf("Answer from another board: %v", err)
		}
		check("when refused", teacher("c1"), refused, licence.Refused)
		check("without a licence", teacher("c1"), approved, licence.ApprovedElsewhere)
		record(licence.Licence{Scope: licence.Individual, OrgID: "s1", Payer: "s1", Audience: licence.Audience{People: []string{"p1"}}})
		check("with another person's licence", teacher("c1"), approved, licence.ApprovedElsewhere)
		record(licence.Licence{Scope: licence.School, OrgID: "s1", Payer: "s1"})
		check("with her school's licence", teacher("c1"), approved, licence.Licensed)
		check("with the licence of one of her schools", teacher("c1", "c2"), approved, licence.ApprovedElsewhere)
		check("with the licence of another school", teacher("c2"), approved, licence.ApprovedElsewhere)
		record(licence.Licence{Scope: licence.Board, Payer: licence.DDL, StartsOn: "2025-08-31", EndsOn: "2026-11-19"})
		check("with a licence that ended yesterday", teacher("c2"), approved, licence.ApprovedElsewhere)
		record(licence.Licence{Scope: licence.Board, Payer: licence.DDL, StartsOn: "2026-11-20", EndsOn: "2026-11-20"})
		got := check("with the board's licence", teacher("c1", "c2"), approved, licence.Licensed)
		if got.Licence.Scope != licence.Board || got.Platform.Conditions != "Sans classement" || got.Clause() != "2.1" {
			t.Errorf("Answer: %+v", got)
		}
		if got := check("about similar ones", teacher("c1"), refused, licence.Refused); len(got.Similar) != 1 || got.Similar[0].Platform.ID != approved {
			t.Errorf("Similar: %v", got.Similar)
		}
	})
}
