package roster_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"aval/internal/access"
	"aval/internal/birth"
	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/guardian"
	"aval/internal/identity"
	"aval/internal/person"
	"aval/internal/reveal"
	"aval/internal/roster"
)

// families is small with a guardian of each pupil, and one of both.
func families(t *testing.T) map[string]string {
	set := small()
	swap("users.csv", "Zibeline,Quorvath,,P1,,,,,03,", `Zibeline,Quorvath,,P1,,,,"g1,g3",03,`)(t, set)
	swap("users.csv", "Zibeline,Marquenoix,,P2,,,,,03,", `Zibeline,Marquenoix,,P2,,,,"g2,g3",03,`)(t, set)
	set["users.csv"] += "g2,,,true,s1,parent,g2,,Ildric,Marquenoix,,,,,,,,\ng3,,,true,s1,relative,g3,,Odon,Marquenoix,,,,,,,,\n"
	return set
}

// identities is who joins and separates records.
func (h house) identities() *identity.Service {
	return &identity.Service{DB: h.DB, Names: h.names, Reveals: &reveal.Service{DB: h.DB, Names: h.names, Cards: &access.Accounts{Names: h.names}},
		Rows: person.Following(), Also: []identity.Follower{&guardian.Register{Vault: h.names.Vault}, &birth.Register{Vault: h.names.Vault}}}
}

// lines reads one text a row.
func (h house) lines(query string) (all []string) {
	h.t.Helper()
	h.read(func(ctx context.Context, tx *db.Tx) (err error) {
		all, err = db.All(ctx, tx, func(r db.Row) (s string, err error) {
			err = r.Scan(&s)
			return s, err
		}, query, tx.Board)
		return err
	})
	slices.Sort(all)
	return all
}

// holds is what the board holds of people, where they are and who answers for them.
func (h house) holds() string {
	h.t.Helper()
	var all []string
	for _, query := range []string{
		`SELECT 'person ' || source_id || ' ' || id || ' ' || kind || ' ' || given_name || ' ' || family_name || ' ' || grade || ' ' || status
			FROM person WHERE board_id = $1 AND source_id NOT LIKE 'aval:%'`,
		`SELECT 'role ' || p.source_id || ' ' || r.role || ' ' || r.org_id FROM person_role r
			JOIN person p ON p.board_id = r.board_id AND p.id = r.person_id WHERE r.board_id = $1`,
		`SELECT 'in ' || e.id || ' ' || p.source_id || ' ' || e.class_id || ' ' || e.status FROM enrollment e
			JOIN person p ON p.board_id = e.board_id AND p.id = e.person_id WHERE e.board_id = $1`,
	} {
		all = append(all, h.lines(query)...)
	}
	for _, source := range []string{"u1", "u2"} {
		all = append(all, "kin "+source+" "+h.kin(h.person(source).ID))
	}
	return strings.Join(all, "\n")
}

// kin are the given names of who answers for a pupil.
func (h house) kin(pupil string) string {
	h.t.Helper()
	var names []string
	h.read(func(ctx context.Context, tx *db.Tx) error {
		list, err := (&guardian.Register{Vault: h.names.Vault}).Of(ctx, tx, pupil)
		for _, g := range list {
			names = append(names, g.GivenName)
		}
		return err
	})
	slices.Sort(names)
	return strings.Join(names, " ")
}

// Two records that were joined are one pupil to each set that follows: nobody who answers
// for them is lost. Once it is undone, the same full set puts back what it says of each.
func TestTheNextFullSetKnowsWhoWasJoined(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		set := folder(t, families(t))
		h.bring(set)
		before := h.holds()
		if !strings.Contains(before, "kin u1 Marga Odon") || !strings.Contains(before, "kin u2 Ildric Odon") {
			t.Fatalf("the set brought:\n%s", before)
		}
		first, second := h.person("u1").ID, h.person("u2").ID
		ids := h.identities()
		a, err := ids.Merge(t.Context(), h.it, identity.Merge{First: first, Second: second, Login: identity.OfFirst, Other: identity.Keep})
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			h.bring(set)
			if got := h.kin(first) + "; " + h.kin(second); got != "Ildric Marga Odon; " {
				t.Errorf("joined, these answer: %s", got)
			}
		}
		alone := families(t) // the source too knows the pupil by one id alone, the one that leads elsewhere
		swap("users.csv", `u1,,,true,s1,student,u1,,Zibeline,Quorvath,,P1,,,,"g1,g3",03,`+"\n", "")(t, alone)
		for _, e := range []string{"e1,,,k1,s1,u1,student,,,\n", "e3,,,k2,s1,u1,student,,,\n"} {
			swap("enrollments.csv", e, "")(t, alone)
		}
		h.bring(folder(t, alone))
		if got := h.kin(first); got != "Ildric Odon" {
			t.Errorf("known by the other id alone, these answer: %s", got)
		}
		h.bring(set)
		if _, err := ids.Undo(t.Context(), h.it, a.ID); err != nil {
			t.Fatal(err)
		}
		h.bring(set)
		if after := h.holds(); after != before {
			t.Errorf("after it was undone, the same set left\n%s\nwant\n%s", after, before)
		}
	})
}

// A set of changes that speaks of one of a pupil's ids takes nobody away whom another told.
func TestAChangeOfOneIDTakesNoGuardianOfAnotherAway(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		h.bring(folder(t, families(t)))
		first, second := h.person("u1").ID, h.person("u2").ID
		_, err := h.identities().Merge(t.Context(), h.it, identity.Merge{First: first, Second: second, Login: identity.OfFirst, Other: identity.Keep})
		if err != nil {
			t.Fatal(err)
		}
		h.bring(folder(t, map[string]string{
			"manifest.csv": "propertyName,value\nmanifest.version,1.0\noneroster.version,1.1\nfile.users,delta\n",
			"users.csv": users11 + `u2,active,2026-11-22T00:00:00Z,true,s1,student,u2,,Zibeline,Marquenoix,,P2,,,,"g2",03,` + "\n" +
				"g2,active,2026-11-22T00:00:00Z,true,s1,parent,g2,,Ildric,Marquenoix,,,,,,,,\n",
		}))
		if got := h.kin(first); got != "Ildric Marga Odon" {
			t.Errorf("these answer: %s", got)
		}
	})
}

// A record that was separated, and put together again, is as the same set says it.
func TestTheNextFullSetFollowsASplitThatWasUndone(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		set := folder(t, families(t))
		h.bring(set)
		before, first := h.holds(), h.person("u1").ID
		ids := h.identities()
		a, err := ids.Split(t.Context(), h.it, identity.Division{Person: first, GivenName: "Anouk", FamilyName: "Quorvath", Grade: "03",
			Schools: h.lines(`SELECT id FROM org WHERE board_id = $1 AND source_id = 's1'`), Sources: []string{"u1"}, Login: identity.OfFirst})
		if err != nil {
			t.Fatal(err)
		}
		h.bring(set)
		if got := h.kin(first) + "; " + h.kin(a.Second); got != "Marga Odon; Marga Odon" {
			t.Errorf("separated, these answer: %s", got)
		}
		if _, err := ids.Undo(t.Context(), h.it, a.ID); err != nil {
			t.Fatal(err)
		}
		h.bring(set)
		if after := h.holds(); after != before {
			t.Errorf("after it was undone, the same set left\n%s\nwant\n%s", after, before)
		}
	})
}

// An import whose program ends after the roster is in step brings who answers for pupils
// when it goes on, and forgets its set.
func TestAnImportThatGoesOnBringsGuardians(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		kept := folderOf(t, h)
		id, err := h.Begin(t.Context(), h.it, folder(t, families(t)))
		if err != nil {
			t.Fatal(err)
		}
		rename := func(from, to string) {
			t.Helper()
			dbtest.OwnerExec(t, h.DB, `ALTER TABLE `+from+` RENAME TO `+to)
		}
		rename("guardian", "guardian_away") // what keeps them fails, and the program with it
		if err := h.Work(t.Context(), h.board, string(id)); err == nil {
			t.Fatal("it was not cut")
		}
		rename("guardian_away", "guardian")
		p, err := h.Progress(t.Context(), h.it, id)
		if err != nil || p.State != roster.Naming || len(left(t, kept)) != 1 {
			t.Fatalf("cut: %s, %v, kept %v", p.State, err, left(t, kept))
		}
		if err := h.Resume(t.Context(), h.board); err != nil {
			t.Fatal(err)
		}
		if p := h.work(id); p.State != roster.Finished || len(left(t, kept)) != 0 {
			t.Errorf("at the end: %s, kept %v", p.State, left(t, kept))
		}
		if got := h.kin(h.person("u1").ID); got != "Marga Odon" {
			t.Errorf("these answer: %s", got)
		}
	})
}
