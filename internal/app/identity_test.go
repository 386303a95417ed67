package app_test

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"testing"

	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/guardian"
	"aval/internal/identity"
	"aval/internal/person"
	"aval/internal/schoolyear"
)

// twoPupils are two pupils of the board, the same each time.
func (b *board) twoPupils() (ids []string) {
	b.t.Helper()
	b.must(b.DB.Read(b.t.Context(), b.id, func(ctx context.Context, tx *db.Tx) (err error) {
		ids, err = db.All(ctx, tx, text, `SELECT id FROM person WHERE board_id = $1 AND kind = 'student' AND status = 'active'
			ORDER BY source_id DESC LIMIT 2`, tx.Board)
		return err
	}))
	return ids
}

// actID is an act about a record, which changes nothing when it is undone.
func (b *board) actID() string {
	b.t.Helper()
	pupil := b.twoPupils()[0]
	a, err := b.Identity.Part(b.t.Context(), b.system(), pupil, pupil)
	b.must(err)
	return a.ID
}

// child is a pupil of the board's school, of whom nothing else speaks.
func (b *board) child(of string) string {
	b.t.Helper()
	p := person.Person{ID: db.NewID(), SourceID: "child " + of, Kind: person.Student, GivenName: b.name("given " + of), FamilyName: b.name("family " + of),
		Grade: "04", Status: person.Active}
	b.must(b.DB.Write(b.t.Context(), b.id, func(ctx context.Context, tx *db.Tx) error {
		if err := person.SaveAll(ctx, tx, []person.Person{p}); err != nil {
			return err
		}
		return person.SavePosts(ctx, tx, []person.Post{{PersonID: p.ID, OrgID: b.school, Role: person.Pupil}})
	}))
	return p.ID
}

// identityForms are those of who is who on the roster, of school years, and of the
// words of grades.
func (b *board) identityForms(two *board) []form {
	b.t.Helper()
	const who, compare = "it", "/roster/people/compare"
	theirs := two.pupil("e00")
	row := func(does string) (f form, first, second string) {
		first, second = b.child(does+" first"), b.child(does+" second")
		f = form{route: "POST /roster/people/" + does, who: who, page: compare, sent: url.Values{"a": {first}, "b": {second}},
			good:  url.Values{"a": {first}, "b": {second}},
			wrong: slices.Concat(known("a", nowhere, theirs), known("b", nowhere, theirs))}
		return f, first, second
	}
	look, first, second := row("compare")
	look.page, look.sent, look.shows = compare+"?a="+first+"&b="+second, nil, true
	part, _, _ := row("part")
	merge, _, second := row("merge")
	merge.good = merged(merge.good, "first", second, "login", "first", "other", "retire")
	for _, field := range []string{"first", "login", "other"} {
		merge.wrong = append(merge.wrong, append(required(field), among(field)...)...)
	}
	divided := b.child("divided")
	split := form{route: "POST /roster/people/split", who: who, page: compare, sent: url.Values{"a": {divided}},
		good: url.Values{"a": {divided}, "given_name": {b.brackets("second given")}, "family_name": {b.brackets("second family")}, "number": {"1003"},
			"grade": {"05"}, "schools": {b.school}, "leaves": {b.school}, "sources": {"child divided"}, "login": {"first"}},
		wrong: slices.Concat(known("a", nowhere, "", theirs), required("given_name"), tooLong("given_name"), required("family_name"), tooLong("family_name"),
			tooLong("number"), among("grade"), known("schools", nowhere, "", b.other, two.school), known("leaves", nowhere, "", b.other),
			known("sources", nowhere, ""), required("login"), among("login"))}
	act := func(b *board) string {
		pupil := b.child("whole")
		a, err := b.Identity.Part(b.t.Context(), b.system(), pupil, pupil)
		b.must(err)
		return a.ID
	}
	undo := form{route: "POST /roster/people/acts/{id}/undo", who: who, id: act(b), foreign: act(two), page: "/roster/people"}
	return append([]form{look, part, merge, split, undo}, b.yearForms()...)
}

func (b *board) yearForms() []form {
	b.t.Helper()
	ctx, keeper := b.t.Context(), b.as("operator")
	list, _, err := b.Years.Years(ctx, keeper)
	b.must(err)
	year := list[slices.IndexFunc(list, func(l schoolyear.Listed) bool { return l.Current })].Year
	b.must(b.Years.Set(ctx, keeper, schoolyear.Setting{Year: year}))
	b.must(b.Grades.Add(ctx, keeper, "Classe rose", "Other"))
	return []form{
		{route: "POST /roster/years", who: "operator", good: url.Values{"year": {string(year)}, "version": {"1"}},
			wrong: append(among("year"), wrongs("version", late, "", "x", "0", "999999", script)...)},
		{route: "POST /settings/grades/drop", who: "operator", page: "/settings/grades", good: url.Values{"word": {"classe rose"}},
			wrong: known("word", nowhere, "", strings.ToUpper("classe rose"))},
	}
}

// answering tells what a pupil's guardians are to them, and how many corrections are theirs.
func (b *board) answering(pupil string) (ties []guardian.Tie, corrections int) {
	b.t.Helper()
	register := guardian.Register{Vault: b.Vault.Vault}
	b.must(b.DB.Write(b.t.Context(), b.id, func(ctx context.Context, tx *db.Tx) error {
		list, err := register.Of(ctx, tx, pupil)
		for _, g := range list {
			ties = append(ties, g.Tie)
		}
		if err != nil {
			return err
		}
		ids, err := person.Rows{Table: "correction"}.Of(ctx, tx, pupil)
		corrections = len(ids)
		return err
	}))
	return ties, corrections
}

// Who answers for a pupil, and what a school finds wrong of them, follow a merge and its
// undoing; where both records have one parent, what a court ordered is not lost.
func TestGuardiansAndCorrectionsFollowAMerge(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := open(t, d).build(t, "erables", "Vorn")
		b.wrongName()
		first, second := b.child("kept"), b.pupil("e00")
		register := guardian.Register{Vault: b.Vault.Vault}
		b.must(b.DB.Write(t.Context(), b.id, func(ctx context.Context, tx *db.Tx) error {
			in := register.Begin()
			if err := in.Guardians(ctx, tx, []guardian.Row{{SourceID: "g1", GivenName: "Zoé", FamilyName: "Lys"}, {SourceID: "g2", GivenName: "Luc", FamilyName: "Lys"}}); err != nil {
				return err
			}
			_, err := in.Pupils(ctx, tx, []guardian.Pupil{{SourceID: "child kept", Ties: map[string]guardian.Tie{"g1": {Relation: "mother"}}},
				{SourceID: "e00", Ties: map[string]guardian.Tie{"g1": {Relation: "mother", Restriction: "no contact"}, "g2": {Relation: "father"}}}})
			return err
		}))
		expect := func(pupil string, ties, restricted, corrections int) {
			t.Helper()
			has, n := b.answering(pupil)
			ordered := slices.ContainsFunc(has, func(t guardian.Tie) bool { return t.Restriction != "" })
			if len(has) != ties || ordered != (restricted > 0) || n != corrections {
				t.Errorf("%v, %d corrections, want %d ties, %d restricted, %d corrections", has, n, ties, restricted, corrections)
			}
		}
		expect(first, 1, 0, 0)
		expect(second, 2, 1, 1)
		a, err := b.Identity.Merge(t.Context(), b.system(), identity.Merge{First: first, Second: second, Login: identity.OfFirst, Other: identity.Keep})
		b.must(err)
		expect(first, 2, 1, 1)
		expect(second, 1, 0, 0)
		_, err = b.Identity.Undo(t.Context(), b.system(), a.ID)
		b.must(err)
		expect(first, 1, 0, 0)
		expect(second, 2, 1, 1)
	})
}
