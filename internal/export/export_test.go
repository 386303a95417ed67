package export_test

import (
	"archive/zip"
	"bytes"
	"context"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"aval/internal/birth"
	"aval/internal/db"
	"aval/internal/disclosure"
	"aval/internal/export"
	"aval/internal/guard"
	"aval/internal/licence"
	"aval/internal/policy"
	"aval/internal/roster"
)

func TestWhoMayNot(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx, id := t.Context(), w.licence(`["grade"]`)
		shape := export.Shape{Profile: export.OneRoster12}
		_, err := w.Ask(ctx, w.as("x", policy.Teacher), id, shape)
		w.refused("a teacher asks", err, "not_found")
		_, err = w.Ask(ctx, w.as("x", policy.IT), id, shape)
		w.refused("a technician asks", err, "not_found")
		_, err = w.View(ctx, w.as("x", policy.Teacher), id)
		w.refused("a teacher looks", err, "not_found")
		_, err = w.WriteOut(ctx, w.one(), id, shape, io.Discard)
		w.refused("not at the machine", err, "denied")

		e := w.asked(id, shape)
		_, err = w.Approve(ctx, w.one(), id, e.ID)
		w.refused("who asked approves", err, "export.own")
		_, err = w.Download(ctx, w.one(), id, e.ID)
		w.refused("not approved", err, "export.unapproved")
		_, err = w.Approve(ctx, w.two(), "elsewhere", e.ID)
		w.refused("of another licence", err, "not_found")
		_, err = w.Approve(ctx, w.two(), id, e.ID)
		w.must(err)
		_, err = w.Download(ctx, w.two(), id, e.ID)
		w.refused("by who approved", err, "export.other")
		_, err = w.Download(ctx, w.one(), id, e.ID)
		w.must(err)
		_, err = w.Download(ctx, w.one(), id, e.ID)
		w.refused("twice", err, "export.sent")
	})
}

func TestWhatMayNotBeAsked(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx, id := t.Context(), w.licence(`["full_name"]`)
		plain := func(columns ...export.Column) export.Shape {
			return export.Shape{Profile: export.Plain, Columns: columns}
		}
		for _, c := range []struct {
			name  string
			shape export.Shape
			key   string
		}{
			{"no profile", export.Shape{Profile: "excel"}, "form_invalid"},
			{"a table without columns", plain(), "form_invalid"},
			{"two columns of one title", plain(export.Column{Title: "a", Holds: export.HoldsPseudonym}, export.Column{Title: "a", Holds: export.HoldsSchool}), "form_invalid"},
			{"columns of a standard", export.Shape{Profile: export.SDS, Columns: []export.Column{{Title: "a", Holds: export.HoldsPseudonym}}}, "form_invalid"},
			{"a name without an undertaking", plain(export.Column{Title: "nom", Holds: export.HoldsFamily}), "export.column_held"},
			{"a grade that nobody decided", plain(export.Column{Title: "niveau", Holds: export.HoldsGrade}), "export.column_held"},
			{"classes that nobody decided", export.Shape{Profile: export.OneRoster12}, "export.needs_groups"},
		} {
			_, err := w.Ask(ctx, w.one(), id, c.shape)
			w.refused(c.name, err, c.key)
		}
		v, err := w.View(ctx, w.one(), id)
		if err != nil || len(v.Exports) != 0 {
			t.Errorf("%d exports are kept of what was refused (%v)", len(v.Exports), err)
		}
	})
}

// Every shape of a roster gives a set that the binding takes to the letter.
func TestOurSetPassesTheBinding(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		id := w.licence(`["grade", "full_name", "email"]`)
		pupils := []string{"Oriane", "Vaudrin", "Vantadour", "Œuvray", "Maïté", "07100", "eleves.example", "source-"}
		for _, shape := range []struct {
			name string
			make func()
			has  []string // of what it is let out
		}{
			{"pseudonyms alone", func() {}, nil},
			{"names under an undertaking", func() { w.promise(`["given_name","family_name"]`) }, []string{"Oriane", "Vaudrin", "Vantadour", "Œuvray", "Maïté"}},
			{"addresses too", func() { w.promise(`["email"]`) }, []string{"Oriane", "Vaudrin", "Vantadour", "Œuvray", "Maïté", "eleves.example"}},
			{"addresses that stand for them", func() { w.settings(policy.Settings{CatchAll: "alias.example"}) }, []string{"Oriane", "Vaudrin", "Vantadour", "Œuvray", "Maïté"}},
			{"a course that is gone", func() { w.exec(`UPDATE course SET status = 'tobedeleted' WHERE board_id = $1`) }, []string{"Oriane", "Vaudrin", "Vantadour", "Œuvray", "Maïté"}},
			{"a class without a course", func() { w.exec(`UPDATE class SET course_id = '' WHERE board_id = $1`) }, []string{"Oriane", "Vaudrin", "Vantadour", "Œuvray", "Maïté"}},
			{"a text of several lines", func() {
				w.exec(`UPDATE class SET title = $2 WHERE board_id = $1 AND id = 'c1'`, "Groupe\r\n401\t\"x\"")
			}, []string{"Oriane", "Vaudrin", "Vantadour", "Œuvray", "Maïté"}},
		} {
			shape.make()
			for _, p := range []export.Profile{export.OneRoster12, export.OneRoster11} {
				data := w.handed(id, export.Shape{Profile: p})
				check, err := roster.Validate(w.kept(data), roster.Options{Strict: true})
				if err != nil || check.Refused || len(check.Found) > 0 || "oneroster-"+check.Version != string(p) {
					t.Errorf("%s, %s: %v, version %s, %v %v", shape.name, p, err, check.Version, check.Found, check.Defects)
				}
				if check.Students != 12 || check.Staff != 2 || check.Schools != 2 || check.Classes != 2 || check.Enrollments != 14 {
					t.Errorf("%s, %s: %+v", shape.name, p, check)
				}
				text := inside(t, data)
				for _, word := range pupils {
					if strings.Contains(text, word) != slices.Contains(shape.has, word) {
						t.Errorf("%s, %s: %q leaves: %t", shape.name, p, word, strings.Contains(text, word))
					}
				}
			}
		}
	})
}

// inside is all that a zip holds, its names too.
func inside(t *testing.T, data []byte) string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, f := range z.File {
		all.WriteString(f.Name)
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(&all, r); err != nil { //nolint:gosec // a test's own file
			t.Fatal(err)
		}
	}
	return all.String()
}

func TestWhatASetHolds(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		id := w.licence(`["grade"]`)
		data := w.handed(id, export.Shape{Profile: export.OneRoster12})
		if again := w.handed(id, export.Shape{Profile: export.OneRoster12}); !bytes.Equal(data, again) {
			t.Error("the same roster gives another file")
		}
		files := w.files(data)
		manifest := map[string]string{}
		for _, r := range files["manifest.csv"] {
			manifest[r["propertyName"]] = r["value"]
		}
		for name, want := range map[string]string{"manifest.version": "1.0", "oneroster.version": "1.2", "file.users": "bulk", "file.demographics": "absent", "file.results": "absent"} {
			if manifest[name] != want {
				t.Errorf("the manifest says %s=%q, want %q", name, manifest[name], want)
			}
		}
		if len(files["manifest.csv"]) != 2+len(roster.Files)+1 {
			t.Errorf("the manifest has %d rows", len(files["manifest.csv"]))
		}
		for _, u := range files["users.csv"] {
			if u["status"]+u["dateLastModified"]+u["email"]+u["password"]+u["identifier"]+u["userIds"] != "" ||
				u["givenName"] != "Élève" && u["givenName"] != "Enseignant" || !strings.HasPrefix(u["sourcedId"], u["familyName"]) {
				t.Errorf("a user is %v", u)
			}
			if (u["givenName"] == "Élève") == (u["username"] == u["sourcedId"]) {
				t.Errorf("the login name of %q is %q", u["givenName"], u["username"])
			}
		}
		for _, e := range files["enrollments.csv"] {
			if e["endDate"] != "2027-06-24" || (e["primary"] == "true") != (e["role"] == "teacher") {
				t.Errorf("an enrolment is %v", e)
			}
		}
		for _, s := range files["academicSessions.csv"] {
			if s["endDate"] != "2027-07-01" || s["schoolYear"] != "2027" {
				t.Errorf("a session is %v", s)
			}
		}
	})
}

// A day of birth is in a set, or a table, where the decision names it; the set passes
// strict validation with it.
func TestDaysOfBirthInAFile(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.write(func(ctx context.Context, tx *db.Tx) error {
			return (&birth.Register{Vault: w.names.Vault}).Begin(nil).Keep(ctx, tx, []birth.Row{{SourceID: "source-p100", Day: "2016-05-06"},
				{SourceID: "source-p101", Day: "2016-07-08"}})
		})
		table := export.Shape{Profile: export.Plain, Columns: []export.Column{{Title: "code", Holds: export.HoldsPseudonym}, {Title: "born", Holds: export.HoldsBirth}}}
		without := w.licence(`["grade"]`)
		if files := w.files(w.handed(without, export.Shape{Profile: export.OneRoster12})); files["demographics.csv"] != nil {
			t.Errorf("a day that the decision does not name: %v", files["demographics.csv"])
		}
		_, err := w.Ask(t.Context(), w.one(), without, table)
		w.refused("a column that the decision does not name", err, "export.column_held")
		id := w.licence(`["grade","birth_date"]`)
		for _, p := range []export.Profile{export.OneRoster12, export.OneRoster11} {
			data := w.handed(id, export.Shape{Profile: p})
			var days []string
			for _, r := range w.files(data)["demographics.csv"] {
				days = append(days, r["birthDate"])
			}
			slices.Sort(days)
			if strings.Join(days, " ") != "2016-05-06 2016-07-08" {
				t.Errorf("%s: %v", p, days)
			}
			if check, err := roster.Validate(w.kept(data), roster.Options{Strict: true}); err != nil || check.Refused {
				t.Errorf("%s: %v %v", p, check.Defects, err)
			}
		}
		if data := string(w.handed(id, table)); !strings.Contains(data, ",2016-05-06\r\n") || !strings.Contains(data, ",\r\n") {
			t.Errorf("the table: %s", data)
		}
	})
}

func TestSDS(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		alone := w.licence(`[]`)
		if files := w.files(w.handed(alone, export.Shape{Profile: export.SDS})); len(files) != 3 || len(files["users.csv"]) != 14 ||
			len(files["roles.csv"]) != 14 || len(files["orgs.csv"]) != 3 {
			t.Errorf("without groups: %d files, %d users", len(files), len(files["users.csv"]))
		}
		files := w.files(w.handed(w.licence(`["grade"]`), export.Shape{Profile: export.SDS}))
		if len(files) != 5 || len(files["classes.csv"]) != 2 || len(files["enrollments.csv"]) != 14 {
			t.Errorf("with groups: %d files, %d enrolments", len(files), len(files["enrollments.csv"]))
		}
		known := map[string]bool{}
		for _, name := range []string{"orgs.csv", "users.csv", "classes.csv"} {
			for _, r := range files[name] {
				known[r["sourcedId"]] = true
			}
		}
		for name, columns := range map[string][]string{"roles.csv": {"userSourcedId", "orgSourcedId"}, "enrollments.csv": {"classSourcedId", "userSourcedId"}, "classes.csv": {"orgSourcedId"}} {
			for _, r := range files[name] {
				for _, c := range columns {
					if !known[r[c]] {
						t.Errorf("%s: %s leads nowhere", name, c)
					}
				}
			}
		}
	})
}

// Sets for programs are opened by people too.
func TestNoCellOfASetIsAFormula(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		id := w.licence(`["grade"]`)
		for _, title := range []string{`=HYPERLINK("x")`, "+1+1", "-2+3|x", "@SUM(A1)"} {
			w.exec(`UPDATE class SET title = $2 WHERE board_id = $1 AND id = 'c1'`, title)
			for _, p := range []export.Profile{export.OneRoster12, export.OneRoster11, export.SDS} {
				found := 0
				for _, r := range w.files(w.handed(id, export.Shape{Profile: p}))["classes.csv"] {
					if strings.TrimPrefix(r["title"], "'") == title {
						found++
						if r["title"] == title {
							t.Errorf("%s: a title is %q", p, title)
						}
					}
				}
				if found != 1 {
					t.Errorf("%s: %d classes of the title %q", p, found, title)
				}
			}
		}
	})
}

func TestAPlainTable(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		id := w.licence(`["grade", "full_name"]`)
		w.promise(`["given_name"]`)
		shape := export.Shape{Profile: export.Plain, Columns: []export.Column{{Title: " id ", Holds: export.HoldsPseudonym}, {Title: "=user", Holds: export.HoldsLogin},
			{Title: "prénom", Holds: export.HoldsGiven}, {Title: "école", Holds: export.HoldsSchool}, {Title: "classe", Holds: export.HoldsClasses},
			{Title: "niveau", Holds: export.HoldsGrade}, {Title: "rôle", Holds: export.HoldsText, Text: "=STUDENT"}, {}}}
		rows := w.rows(w.handed(id, shape))
		if len(rows) != 12 {
			t.Fatalf("%d rows, want the pupils alone", len(rows))
		}
		for _, r := range rows {
			if len(r) != 7 || len(r["id"]) != 26 || len(r["'=user"]) < 8 || r["prénom"] == "" || r["niveau"] != "04" || r["rôle"] != "'=STUDENT" ||
				r["école"] == "Rapids School" != (r["classe"] == `Room "B", 402`) {
				t.Errorf("a row is %v", r)
			}
		}
		e := w.asked(id, export.Shape{Profile: export.Plain, Columns: []export.Column{{Title: "Vantadour Lysandre", Holds: export.HoldsPseudonym}}})
		if e.State != export.Stopped {
			t.Errorf("a name as a title: %s", e.State)
		}
	})
}

func TestTheGuardStopsAnExport(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		id := w.licence(`["grade"]`)
		for _, c := range []struct {
			name   string
			before string
			after  string
			want   guard.Stop
			row    string // title of what stands in the row, once it is mended
		}{
			{"a title of a class that holds the teacher's name", `UPDATE class SET title = 'Groupe de Vantadour' WHERE board_id = $1 AND id = 'c1'`,
				`UPDATE class SET title = 'Groupe 401' WHERE board_id = $1 AND id = 'c1'`, guard.Stop{File: "classes.csv", Column: "title", Code: guard.Name, Rows: 1}, "Groupe 401"},
			{"a title of a course that holds a pupil's number", `UPDATE course SET title = 'Aide 071004411' WHERE board_id = $1`,
				`UPDATE course SET title = 'Mathématique 4' WHERE board_id = $1`, guard.Stop{File: "courses.csv", Column: "title", Code: guard.Number, Rows: 1}, "Mathématique 4"},
			{"a code of a class that is a birth date", `UPDATE class SET code = '2015-02-01' WHERE board_id = $1 AND id = 'c1'`,
				`UPDATE class SET code = '' WHERE board_id = $1 AND id = 'c1'`, guard.Stop{File: "classes.csv", Column: "classCode", Code: guard.BirthDate, Rows: 1}, "Groupe 401"},
			{"a session called after somebody", `UPDATE academic_session SET title = 'Année de Mme Courtepaille' WHERE board_id = $1`,
				`UPDATE academic_session SET title = '2026-2027' WHERE board_id = $1`, guard.Stop{File: "academicSessions.csv", Column: "title", Code: guard.Name, Rows: 1}, "2026-2027"},
			{"a class that is too small", `UPDATE enrollment SET status = 'tobedeleted' WHERE board_id = $1 AND person_id IN ('p100', 'p101')`,
				`UPDATE enrollment SET status = 'active' WHERE board_id = $1`, guard.Stop{File: "classes.csv", Column: "title", Code: guard.SmallGroup, Rows: 1}, "Groupe 401"},
			{"a grade with one pupil at a school", `UPDATE person SET grade = '05' WHERE board_id = $1 AND id = 'p100'`,
				`UPDATE person SET grade = '04' WHERE board_id = $1`, guard.Stop{File: "users.csv", Column: "grades", Code: guard.SmallGroup, Rows: 1}, ""},
		} {
			w.exec(c.before)
			e := w.asked(id, export.Shape{Profile: export.OneRoster12})
			row := 0
			if len(e.Stops) == 1 {
				row, e.Stops[0].Row = e.Stops[0].Row, 0
			}
			if e.State != export.Stopped || !slices.Equal(e.Stops, []guard.Stop{c.want}) || e.Digest != "" {
				t.Errorf("%s: %s, %+v, want %+v", c.name, e.State, e.Stops, c.want)
			}
			_, err := w.Approve(t.Context(), w.two(), id, e.ID)
			w.refused("approve what is stopped", err, "export.not_ready")
			var out bytes.Buffer
			if e, err = w.WriteOut(t.Context(), w.hand(), id, export.Shape{Profile: export.OneRoster12}, &out); err != nil || e.State != export.Stopped || out.Len() > 0 {
				t.Errorf("%s, at the machine: %s, %d bytes, %v", c.name, e.State, out.Len(), err)
			}
			w.exec(c.after)
			rows := w.files(w.handed(id, export.Shape{Profile: export.OneRoster12}))[c.want.File]
			if i := row - 2; i < 0 || i >= len(rows) || rows[i]["title"] != c.row {
				t.Errorf("%s: row %d, want that of %q", c.name, row, c.row)
			}
		}
	})
}

// What was approved is what leaves, or nothing does.
func TestWhatChangedMeanwhile(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx, id := t.Context(), w.licence(`["grade"]`)
		e := w.asked(id, export.Shape{Profile: export.OneRoster12})
		_, err := w.Approve(ctx, w.two(), id, e.ID)
		w.must(err)
		w.exec(`UPDATE class SET title = '401-B' WHERE board_id = $1 AND id = 'c1'`)
		_, err = w.Download(ctx, w.one(), id, e.ID)
		w.refused("another title", err, "export.changed")

		e = w.asked(id, export.Shape{Profile: export.OneRoster12})
		w.exec(`UPDATE request SET data_kinds = '[]' WHERE board_id = $1`)
		w.must(w.Make(ctx, w.board, string(e.ID))) // made already: nothing happens
		e2, err := w.Ask(ctx, w.one(), id, export.Shape{Profile: export.SDS})
		w.must(err)
		w.exec(`UPDATE platform SET status = 'refused' WHERE board_id = $1`)
		w.must(w.Make(ctx, w.board, string(e2.ID)))
		if got := w.get(id, e2.ID); got.State != export.Refused || got.Why != "disclosure.not_approved" {
			t.Errorf("of a platform that was refused meanwhile: %s, %s", got.State, got.Why)
		}
		v, err := w.View(ctx, w.one(), id)
		if err != nil || v.Why == nil || v.Why.Key != "disclosure.not_approved" {
			t.Errorf("the page says %v, %v", v.Why, err)
		}
	})
}

func TestAtTheMachine(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		id := w.licence(`["grade"]`)
		var out bytes.Buffer
		e, err := w.WriteOut(t.Context(), w.hand(), id, export.Shape{Profile: export.OneRoster12}, &out)
		w.must(err)
		if e.State != export.Sent || int64(out.Len()) != e.Size || e.SentBy != "cli" || !slices.Equal(e.Fields, []disclosure.Field{disclosure.LoginName, disclosure.Grade, disclosure.Groups}) {
			t.Errorf("%+v, %d bytes", e, out.Len())
		}
		if got := w.get(id, e.ID); got.Digest != e.Digest || got.Rows() != e.Rows() || got.SentAt.IsZero() {
			t.Errorf("kept as %+v", got)
		}
	})
}

// What left is in the trail: how much, which fields, by whom; nobody's name.
func TestTheTrail(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		id := w.licence(`["grade"]`)
		w.handed(id, export.Shape{Profile: export.OneRoster12})
		var lines []string
		w.must(w.Read(t.Context(), w.board, func(ctx context.Context, tx *db.Tx) (err error) {
			lines, err = db.All(ctx, tx, func(r db.Row) (s string, err error) {
				var action, subject, note string
				err = r.Scan(&action, &subject, &note)
				return action + " " + subject + " " + note, err
			}, `SELECT action, subject, detail FROM audit_record WHERE board_id = $1 AND action LIKE 'export.%' ORDER BY seq`, tx.Board)
			return err
		}))
		if len(lines) != 4 || !strings.Contains(lines[3], "export.sent "+licence.Subject(id)) || !strings.Contains(lines[3], "fields=login_name,grade,groups") {
			t.Errorf("the trail is %q", lines)
		}
	})
}

// What left is known for five years, and what never left for one.
func TestWhatIsForgotten(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		id := w.licence(`["grade"]`)
		w.handed(id, export.Shape{Profile: export.OneRoster12})
		w.exec(`UPDATE class SET title = 'Groupe de Vantadour' WHERE board_id = $1 AND id = 'c1'`)
		if e := w.asked(id, export.Shape{Profile: export.OneRoster12}); e.State != export.Stopped {
			t.Fatalf("it is %s", e.State)
		}
		for _, c := range []struct {
			years, days, left int
		}{{1, 0, 2}, {1, 1, 1}, {5, 0, 1}, {5, 1, 0}} {
			w.now = noon.AddDate(c.years, 0, c.days)
			w.must(w.Purge(t.Context(), w.board))
			w.now = noon
			if v, err := w.View(t.Context(), w.one(), id); err != nil || len(v.Exports) != c.left {
				t.Errorf("after %d years and %d days %d are known, want %d (%v)", c.years, c.days, len(v.Exports), c.left, err)
			}
		}
	})
}

func TestWhenARouteSends(t *testing.T) {
	friday := time.Date(2026, 11, 20, 15, 0, 0, 0, time.UTC) // 10:00 in Montréal
	for _, c := range []struct {
		name  string
		route export.Route
		want  string
	}{
		{"on demand", export.Route{Every: export.OnDemand}, "0001-01-01T00:00:00Z"},
		{"later today", export.Route{Every: export.Daily, Hour: 22}, "2026-11-21T03:00:00Z"},
		{"tomorrow", export.Route{Every: export.Daily, Hour: 2}, "2026-11-21T07:00:00Z"},
		{"on the hour, the next day", export.Route{Every: export.Daily, Hour: 10}, "2026-11-21T15:00:00Z"},
		{"on Sunday", export.Route{Every: export.Weekly, Weekday: 0, Hour: 2}, "2026-11-22T07:00:00Z"},
		{"a week later", export.Route{Every: export.Weekly, Weekday: 5, Hour: 2}, "2026-11-27T07:00:00Z"},
	} {
		if got := c.route.Next(friday).Format(time.RFC3339); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}
