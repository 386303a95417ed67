package roster_test

import (
	"bytes"
	"context"
	"maps"
	"strings"
	"testing"

	"aval/internal/birth"
	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/identity"
	"aval/internal/job"
	"aval/internal/policy"
	"aval/internal/roster"
	"aval/internal/vault"
)

const born = "sourcedId,status,dateLastModified,birthDate,sex\n"

// births is small with the days on which its pupils were born.
func births(t *testing.T, rows string) map[string]string {
	t.Helper()
	set := small()
	swap("manifest.csv", "demographics,absent", "demographics,bulk")(t, set)
	set["demographics.csv"] = born + rows
	return set
}

// days are when u1 and u2 were born, as the board knows it.
func (h house) days() string {
	h.t.Helper()
	one, other := h.person("u1").ID, h.person("u2").ID
	var days map[string]string
	h.read(func(ctx context.Context, tx *db.Tx) (err error) {
		days, err = (&birth.Register{Vault: h.names.Vault}).Of(ctx, tx, []string{one, other})
		return err
	})
	return days[one] + " " + days[other]
}

func TestDaysOfBirthAreKeptOfPupilsAsTheLastSetTellsThem(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		h.bring(folder(t, small()))
		full := births(t, "u1,,,2015-02-03,female\nu2,,,2016/04/05,male\nt1,,,1980-01-01,female\n")
		r := h.bring(folder(t, full))
		if got := codes(r.Warnings)["date_form"]; r.Births != 3 || got != 1 || len(r.Defects) != 0 {
			t.Errorf("the report counts %d, and warns %v %v", r.Births, r.Warnings, r.Defects)
		}
		if got := h.days(); got != "2015-02-03 2016-04-05" {
			t.Fatalf("kept: %s", got)
		}
		if got := h.lines(`SELECT person_id FROM birth WHERE board_id = $1`); len(got) != 2 {
			t.Errorf("kept of %d people, want the pupils alone", len(got))
		}
		for _, c := range []struct {
			name string
			set  map[string]string
			want string
		}{
			{"a set that does not speak of them", small(), "2015-02-03 2016-04-05"},
			{"a file without a row", births(t, ""), "2015-02-03 2016-04-05"},
			{"changes", map[string]string{
				"manifest.csv":     "propertyName,value\nmanifest.version,1.0\noneroster.version,1.1\nfile.demographics,delta\n",
				"demographics.csv": born + "u1,active,2026-11-22T00:00:00Z,2015-02-13,\nu2,tobedeleted,2026-11-22T00:00:00Z,2016-04-05,\nx9,active,2026-11-22T00:00:00Z,2016-04-05,\n",
			}, "2015-02-13 "},
			{"the full file again", full, "2015-02-03 2016-04-05"},
			{"a full file without one of them", births(t, "u2,,,2016-04-05,\n"), " 2016-04-05"},
			{"days on which no pupil was born", births(t, "u1,,,1900-01-01,\nu2,,,2999-12-31,\n"), " "},
			{"a day that is none", births(t, "u1,,,03/02/2015,\nu2,,,2016-04-05,\n"), " 2016-04-05"},
		} {
			h.bring(folder(t, c.set))
			if got := h.days(); got != c.want {
				t.Errorf("%s: %q, want %q", c.name, got, c.want)
			}
		}
		gone := births(t, "u1,,,2015-02-03,\nu2,,,2016-04-05,\n")
		swap("users.csv", "u1,,,true,s1,student,u1,,Zibeline,Quorvath,,P1,,,,,03,\n", "")(t, gone)
		swap("enrollments.csv", "e1,,,k1,s1,u1,student,,,\n", "")(t, gone)
		swap("enrollments.csv", "e3,,,k2,s1,u1,student,,,\n", "")(t, gone)
		if r := h.bring(folder(t, gone)); len(r.Defects) != 1 || r.Defects[0].File != "demographics.csv" {
			t.Errorf("a day of nobody: %v", r.Defects)
		}
		if got := h.days(); got != " 2016-04-05" {
			t.Errorf("of who is gone: %q", got)
		}
	})
}

// The day lies sealed, for its pupil alone, and is sealed again when the keys change.
func TestADayOfBirthIsSealed(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		h.bring(folder(t, births(t, "u1,,,2015-02-03,\nu2,,,2016-04-05,\n")))
		read := func() (rows [][]byte) {
			h.read(func(ctx context.Context, tx *db.Tx) (err error) {
				rows, err = db.All(ctx, tx, func(r db.Row) (b []byte, err error) {
					err = r.Scan(&b)
					return b, err
				}, `SELECT sealed FROM birth WHERE board_id = $1 ORDER BY person_id`, tx.Board)
				return err
			})
			return rows
		}
		before := read()
		for _, sealed := range before {
			if bytes.Contains(sealed, []byte("2015")) || bytes.Contains(sealed, []byte("2016")) {
				t.Error("it can be read")
			}
		}
		keys := &vault.Service{Vault: h.names.Vault, DB: h.DB, Rows: []vault.Resealer{h.names, birth.Sealed()}}
		if err := keys.Rotate(t.Context(), policy.System(h.board, h.it.Pack, "cli")); err != nil {
			t.Fatal(err)
		}
		if err := keys.Reseal(t.Context(), h.board, h.board); err != nil {
			t.Fatal(err)
		}
		for i, sealed := range read() {
			if bytes.Equal(sealed[:5], before[i][:5]) {
				t.Error("it is under the old key")
			}
		}
		if got := h.days(); got != "2015-02-03 2016-04-05" {
			t.Errorf("under new keys: %s", got)
		}
		dbtest.OwnerExec(t, h.DB, `UPDATE birth SET sealed = (SELECT b.sealed FROM birth b ORDER BY b.person_id LIMIT 1)`)
		h.read(func(ctx context.Context, tx *db.Tx) error {
			ids, err := db.All(ctx, tx, func(r db.Row) (id string, err error) {
				err = r.Scan(&id)
				return id, err
			}, `SELECT person_id FROM birth WHERE board_id = $1`, tx.Board)
			if err != nil {
				return err
			}
			if _, err := (&birth.Register{Vault: h.names.Vault}).Of(ctx, tx, ids); err == nil {
				t.Error("one pupil's day is read as another's")
			}
			return nil
		})
	})
}

func TestAPreviewSuspectsWhoWasBornOnAnotherDay(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		h.bring(folder(t, births(t, "u1,,,2015-02-03,\nu2,,,2016-04-05,\n")))
		for _, c := range []struct {
			name, rows string
			soil       func(*testing.T, map[string]string)
			want       map[string]int
		}{
			{"the same days", "u1,,,2015-02-03,\nu2,,,2016-04-05,\n", nil, map[string]int{}},
			{"another day", "u1,,,2015-02-03,\nu2,,,2012-04-05,\n", nil, map[string]int{"number_other_birth": 1}},
			{"a number that goes to another child of that name", "u1,,,2015-02-03,\nu3,,,2012-04-05,\n", func(t *testing.T, set map[string]string) {
				swap("users.csv", "u2,,,true,s1,student,u2", "u3,,,true,s1,student,u3")(t, set)
				swap("enrollments.csv", "k1,s1,u2", "k1,s1,u3")(t, set)
			}, map[string]int{"number_other_birth": 1, "id_changed": 1}},
			{"an id without a number", "u1,,,2012-02-03,\nu2,,,2016-04-05,\n", swap("users.csv", "Quorvath,,P1", "Quorvath,,"), map[string]int{"number_other_birth": 1}},
			{"no day", "u1,,,,\nu2,,,2016-04-05,\n", nil, map[string]int{}},
		} {
			set := births(t, c.rows)
			if c.soil != nil {
				c.soil(t, set)
			}
			if got := codes(h.preview(set).Suspicious); !maps.Equal(got, c.want) {
				t.Errorf("%s: %v, want %v", c.name, got, c.want)
			}
		}
	})
}

// Two records that were joined have the day that is told of the one that stands; of one
// of whom none was known, the other's.
func TestADayOfBirthFollowsAMerge(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		h.bring(folder(t, births(t, "u2,,,2016-04-05,\n")))
		ids := h.identities()
		a, err := ids.Merge(t.Context(), h.it, identity.Merge{First: h.person("u1").ID, Second: h.person("u2").ID, Login: identity.OfFirst, Other: identity.Keep})
		if err != nil {
			t.Fatal(err)
		}
		step := func(name, want string) {
			t.Helper()
			if got := h.days(); got != want {
				t.Errorf("%s: %q, want %q", name, got, want)
			}
		}
		step("joined", "2016-04-05 ")
		h.bring(folder(t, births(t, "u2,,,2016-04-05,\n")))
		step("told under the other id", "2016-04-05 ")
		h.bring(folder(t, births(t, "u2,,,2016-04-05,\nu1,,,2015-02-03,\n")))
		step("told under both", "2015-02-03 ")
		h.bring(folder(t, births(t, "u2,,,2016-04-05,\n")))
		step("and no more", "2016-04-05 ")
		if _, err := ids.Undo(t.Context(), h.it, a.ID); err != nil {
			t.Fatal(err)
		}
		step("separated", " 2016-04-05")
	})
}

// An import that was cut after it kept the days tells platforms of them when it goes on.
func TestAnImportThatGoesOnTellsOfItsDaysOfBirth(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		folderOf(t, h)
		id, err := h.Begin(t.Context(), h.it, folder(t, births(t, "u1,,,2015-02-03,\n")))
		if err != nil {
			t.Fatal(err)
		}
		dbtest.OwnerExec(t, h.DB, `ALTER TABLE login_name RENAME TO login_name_away`) // naming comes after the days
		if err := h.Work(t.Context(), h.board, string(id)); err == nil {
			t.Fatal("it was not cut")
		}
		dbtest.OwnerExec(t, h.DB, `ALTER TABLE login_name_away RENAME TO login_name`)
		dbtest.OwnerExec(t, h.DB, `DELETE FROM river_job`) // the news was heard before the days were there
		if p := h.work(id); p.State != roster.Finished || h.days() != "2015-02-03 " {
			t.Errorf("at the end: %s, %s", p.State, h.days())
		}
		jobs, err := job.Left(t.Context(), h.DB)
		if err != nil || jobs[roster.Imported] != 1 {
			t.Errorf("jobs left: %v, %v, want the news of the days", jobs, err)
		}
	})
}

// Nothing of a set of whose days none changed is left to be done.
func TestTheSameDaysAgainLeaveNothingToDo(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		set := folder(t, births(t, "u1,,,2015-02-03,\nu2,,,2016-04-05,\n"))
		h.bring(set)
		stamps := func() string {
			return strings.Join(h.lines(`SELECT person_id || CAST(changed_at AS text) FROM birth WHERE board_id = $1`), "\n")
		}
		was := stamps()
		h.bring(set)
		if is := stamps(); is != was {
			t.Errorf("touched:\n%s\n%s", was, is)
		}
	})
}
