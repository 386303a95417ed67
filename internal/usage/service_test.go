package usage_test

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/fault"
	"aval/internal/licence"
	"aval/internal/policy"
	"aval/internal/pseudonym"
	"aval/internal/reveal"
	"aval/internal/sheet"
	"aval/internal/usage"
)

func key(err error) string {
	if f, ok := fault.As(err); ok {
		return f.Key
	}
	return fmt.Sprint(err)
}

// marker is in every file, and is to be nowhere else.
const marker = "Tamarin-77"

// ask is a file that speaks of a pupil of the first school twice, of another of
// it, of one of the second, and of somebody that nobody is.
func (w *world) ask() usage.Ask {
	line := func(id, minutes, score string) string {
		return w.names[id] + ";" + minutes + ";" + score + ";" + marker + "\n"
	}
	return usage.Ask{Platform: w.platform, Reason: "progress", Columns: [3]string{"Nom", "Prénom", "Groupe"},
		File: []byte("Identifiant;Minutes;Réussite;Activité\n" + line(w.pupils[0][0], "12,5", "80 %") + line(w.pupils[0][1], "40", "") +
			line(w.pupils[1][0], "7", "10 %") + "mystère;1;1 %;=1+1\n" + line(w.pupils[0][0], "7,5", "100 %"))}
}

func TestATeacherReadsAPlatformsFile(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		a, err := w.Rosetta(t.Context(), w.actor(policy.Teacher, 0), w.ask())
		w.must(err)
		want := []usage.Progress{{Class: w.classes[0], Title: "Groupe 400", School: "École 0", Pupils: pupilsEach, Seen: 2,
			Measures: []usage.Measure{{Column: "Minutes", Median: 12.5, Rows: 3}, {Column: "Réussite", Median: 90, Rows: 2, Percent: true}}}}
		if !reflect.DeepEqual(a.Classes, want) || a.Names != 3 || a.Known != 2 || a.Platform.Name != "Tabulou" {
			t.Errorf("%+v, %d of %d", a.Classes, a.Known, a.Names)
		}
		if got := a.Table.Rows[0][:4]; !reflect.DeepEqual(got, []string{"Outarde00", "Prénom00", "Groupe 400", w.names[w.pupils[0][0]]}) {
			t.Errorf("a row of hers: %q", got)
		}
		for _, i := range []int{2, 3} { // of another school, and of nobody: the same
			if got := a.Table.Rows[i][:3]; strings.Join(got, "") != "" {
				t.Errorf("row %d is of another: %q", i, got)
			}
		}
		var file bytes.Buffer
		w.must(a.Table.Write(&file))
		if !strings.Contains(file.String(), "'=1+1") || !strings.HasPrefix(file.String(), "\ufeffNom;Prénom;Groupe;Identifiant;") {
			t.Errorf("the file:\n%s", file.String())
		}
		if got := w.rows(`SELECT class_id || ' ' || day || ' ' || CAST(pupils AS text) || ' ' || CAST(seen AS text) || ' ' || reported_by
			FROM usage_report WHERE board_id = $1`); !reflect.DeepEqual(got, []string{w.classes[0] + " 2026-11-23 3 2 teacher0"}) {
			t.Errorf("kept: %q", got)
		}
		if got := w.rows(`SELECT subject || ' ' || outcome FROM control_mark WHERE board_id = $1 AND control = 'progress.followed'`); !reflect.DeepEqual(got, []string{"class:" + w.classes[0] + " conform"}) {
			t.Errorf("marked: %q", got)
		}
		if got := w.rows(`SELECT subject || ' ' || clause FROM audit_record WHERE board_id = $1 AND action = 'usage.reported'`); !reflect.DeepEqual(got, []string{"platform:" + string(w.platform) + " 6.2b"}) {
			t.Errorf("the trail: %q", got)
		}
		w.nowhere(marker, w.names[w.pupils[0][0]], strings.ReplaceAll(w.names[w.pupils[0][1]], "-", ""))
	})
}

// What came as a workbook goes as one.
func TestAWorkbookComesBackAsOne(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ask := w.ask()
		book, err := sheet.Read(ask.File)
		w.must(err)
		book.Format = sheet.XLSX
		var sent, back bytes.Buffer
		w.must(book.Write(&sent))
		ask.File = sent.Bytes()
		a, err := w.Rosetta(t.Context(), w.actor(policy.Principal, 0), ask)
		w.must(err)
		w.must(a.Table.Write(&back))
		got, err := sheet.Read(back.Bytes())
		w.must(err)
		if got.Format != sheet.XLSX || len(got.Rows) != 5 || got.Rows[1][1] != "Prénom01" || got.Rows[3][6] != "'=1+1" {
			t.Errorf("%+v", got)
		}
	})
}

// nowhere looks for what was in a file in every cell of the board.
func (w *world) nowhere(texts ...string) {
	w.t.Helper()
	columns := `SELECT table_name || ' ' || column_name FROM information_schema.columns WHERE table_schema = current_schema()
		AND table_name IN (SELECT table_name FROM information_schema.columns WHERE column_name = 'board_id') AND $1 <> ''`
	if w.Engine() == db.SQLite {
		columns = `SELECT m.name || ' ' || c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'
			AND EXISTS (SELECT 1 FROM pragma_table_info(m.name) b WHERE b.name = 'board_id') AND $1 <> ''`
	}
	all := w.rows(columns)
	if len(all) < 100 {
		w.t.Fatalf("only %d columns", len(all))
	}
	for _, at := range all {
		table, column, _ := strings.Cut(at, " ")
		for _, cell := range w.rows(`SELECT COALESCE(CAST("` + column + `" AS text), '') FROM ` + table + ` WHERE board_id = $1`) {
			for _, text := range texts {
				if strings.Contains(strings.ToLower(cell), strings.ToLower(text)) {
					w.t.Errorf("%s is in %s.%s: %.200q", text, table, column, cell)
				}
			}
		}
	}
}

// The second file of a day takes the place of the first; another day is another row.
func TestOneCountADayIsKept(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		teacher, ask := w.actor(policy.Teacher, 0), w.ask()
		for _, hour := range []time.Duration{0, time.Hour, 24 * time.Hour} {
			w.now = w.now.Add(hour)
			_, err := w.Rosetta(t.Context(), teacher, ask)
			w.must(err)
			ask.File = []byte("Nom\n" + w.names[w.pupils[0][2]] + "\n")
		}
		list, err := w.Reports(t.Context(), teacher, w.platform)
		w.must(err)
		if len(list) != 2 || list[0].Day != "2026-11-24" || list[1].Day != "2026-11-23" || list[1].Seen != 1 || list[1].School != "École 0" {
			t.Errorf("%+v", list)
		}
		for _, c := range []struct {
			by   policy.Actor
			want int
		}{{w.actor(policy.Principal, 0), 2}, {w.actor(policy.Evaluator, -1), 2}, {w.actor(policy.Teacher, 1), 0},
			{w.actor(policy.Principal, 1), 0}, {w.actor(policy.Secretary, -1), 0}} {
			list, err := w.Reports(t.Context(), c.by, w.platform)
			w.must(err)
			if len(list) != c.want {
				t.Errorf("%s reads %d counts, want %d", c.by.ID, len(list), c.want)
			}
		}
	})
}

func TestTheDayOfAnAccountIsKeptOnlyWhenAsked(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		teacher, ask := w.actor(policy.Teacher, 0), w.ask()
		_, err := w.Rosetta(t.Context(), teacher, ask)
		w.must(err)
		if got := w.rows(`SELECT id FROM pupil_account WHERE board_id = $1 AND seen_on <> ''`); len(got) != 0 {
			t.Errorf("%d accounts bear a day that nobody asked for", len(got))
		}
		w.now, ask.Keep = w.now.Add(time.Hour), true
		_, err = w.Rosetta(t.Context(), teacher, ask)
		w.must(err)
		if got := w.rows(`SELECT seen_on FROM pupil_account WHERE board_id = $1 AND seen_on <> ''`); !reflect.DeepEqual(got, []string{"2026-11-23", "2026-11-23"}) {
			t.Errorf("the days are %q", got)
		}
	})
}

func TestAWrongFileIsRefusedBesideItsField(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		elsewhere := w.licensed("Ailleurs", licence.Licence{Scope: licence.School, OrgID: w.schools[1], Payer: w.schools[1]})
		over := w.licensed("Finie", licence.Licence{Scope: licence.School, OrgID: w.schools[0], Payer: w.schools[0], StartsOn: "2025-09-01", EndsOn: "2026-06-30"})
		name := w.names[w.pupils[0][0]]
		for what, c := range map[string]struct {
			change func(*usage.Ask)
			field  string
		}{
			"no platform":             {func(a *usage.Ask) { a.Platform = "" }, "platform"},
			"another school's":        {func(a *usage.Ask) { a.Platform = elsewhere }, "platform"},
			"one whose licence ended": {func(a *usage.Ask) { a.Platform = over }, "platform"},
			"no reason":               {func(a *usage.Ask) { a.Reason = "" }, "reason"},
			"another kind's reason":   {func(a *usage.Ask) { a.Reason = "printing" }, "reason"},
			"a long note":             {func(a *usage.Ask) { a.Note = strings.Repeat("é", 301) }, "note"},
			"no file":                 {func(a *usage.Ask) { a.File = nil }, "file"},
			"a file without names":    {func(a *usage.Ask) { a.File = []byte("Élève;Minutes\nLéa;12\n") }, "file"},
			"no table":                {func(a *usage.Ask) { a.File = []byte("%PDF-1.7\n\x00") }, "file"},
			"a zip that is no sheet":  {func(a *usage.Ask) { a.File = []byte("PK\x03\x04" + strings.Repeat("\x00", 50)) }, "file"},
			"a large file":            {func(a *usage.Ask) { a.File = bytes.Repeat([]byte("a"), sheet.MaxBytes+1) }, "file"},
			"more than a page holds":  {func(a *usage.Ask) { a.File = []byte("Nom\n" + strings.Repeat(name+"\n", usage.MaxCells/4)) }, "file"},
			"long words": {func(a *usage.Ask) {
				a.File = []byte("Nom;Texte\n" + strings.Repeat(name+";"+strings.Repeat("a", 9000)+"\n", usage.MaxText/9000+1))
			}, "file"},
		} {
			ask := w.ask()
			c.change(&ask)
			a, err := w.Rosetta(t.Context(), w.actor(policy.Teacher, 0), ask)
			if f, ok := fault.As(err); !ok || f.Kind != fault.Invalid || f.Fields[c.field].Key == "" || len(f.Fields) != 1 || len(a.Table.Rows) != 0 {
				t.Errorf("%s: %v, want one sentence beside %s", what, err, c.field)
			}
		}
		if got := w.rows(`SELECT id FROM reveal WHERE board_id = $1`); len(got) != 0 {
			t.Errorf("%d looks were noted", len(got))
		}
		_, err := w.Rosetta(t.Context(), w.actor(policy.DepartmentHead, 0), w.ask())
		if f, ok := fault.As(err); !ok || f.Kind != fault.Denied || f.Clause != "6.2b" {
			t.Errorf("a department head: %v", err)
		}
	})
}

func TestAFileOfOthersIsRefusedAndCounts(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		teacher, ask := w.actor(policy.Teacher, 0), w.ask()
		ask.File = []byte("Nom\n" + w.names[w.pupils[1][0]] + "\n")
		_, err := w.Rosetta(t.Context(), teacher, ask)
		if f, ok := fault.As(err); !ok || f.Key != "reveal.file_nobody" || f.Fields["file"].Key == "" {
			t.Errorf("the pupils of others: %v", err)
		}
		if a, err := w.Rosetta(t.Context(), teacher, w.ask()); key(err) != "reveal.quota_sets" || a.Known != 0 || len(a.Table.Rows) != 0 {
			t.Errorf("after it: %v, %+v", err, a)
		}
		if got := w.rows(`SELECT class_id FROM usage_report WHERE board_id = $1`); len(got) != 0 {
			t.Errorf("%d counts were kept", len(got))
		}
	})
}

// What cannot be noted is not shown, and does not count.
func TestAFileThatCannotBeNotedIsNotShown(t *testing.T) {
	for what, table := range map[string]string{"the note": "reveal", "the trail": "audit_record", "the count": "usage_report", "the mark": "control_mark"} {
		t.Run(what, func(t *testing.T) {
			each(t, func(t *testing.T, w *world) {
				broken := `ALTER TABLE ` + table + ` ADD CONSTRAINT broken CHECK (board_id = '') NOT VALID`
				mended := `ALTER TABLE ` + table + ` DROP CONSTRAINT broken`
				if w.Engine() == db.SQLite {
					broken = `CREATE TRIGGER broken BEFORE INSERT ON ` + table + ` BEGIN SELECT RAISE(ABORT, 'the disk is full'); END`
					mended = `DROP TRIGGER broken`
				}
				dbtest.OwnerExec(t, w.DB, broken)
				a, err := w.Rosetta(t.Context(), w.actor(policy.Teacher, 0), w.ask())
				if _, refusal := fault.As(err); err == nil || refusal {
					t.Errorf("Rosetta: %v, want our mistake", err)
				}
				if !reflect.DeepEqual(a, usage.Answer{}) {
					t.Errorf("it is shown all the same: %+v", a)
				}
				dbtest.OwnerExec(t, w.DB, mended)
				if _, err := w.Rosetta(t.Context(), w.actor(policy.Teacher, 0), w.ask()); err != nil {
					t.Errorf("the failed one counted: %v", err)
				}
			})
		})
	}
}

// Each is offered the platforms of their own pupils.
func TestPlatforms(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.licensed("Abaque", licence.Licence{Scope: licence.Board, Payer: licence.DDL, Audience: licence.Audience{Grades: []string{"04"}}})
		w.licensed("Zénith", licence.Licence{Scope: licence.Class, OrgID: w.schools[1], Payer: w.schools[1], Audience: licence.Audience{Classes: []string{w.classes[1]}}})
		for _, c := range []struct {
			by   policy.Actor
			want string
		}{
			{w.actor(policy.Teacher, 0), "Abaque Tabulou"}, {w.actor(policy.Teacher, 1), "Abaque Zénith"},
			{w.actor(policy.Principal, 0), "Abaque Tabulou"}, {w.actor(policy.Principal, 1), "Abaque Zénith"},
			{w.actor(policy.Evaluator, -1), "Abaque Tabulou Zénith"}, {policy.System(w.board, w.pack(), "cli"), "Abaque Tabulou Zénith"},
		} {
			list, err := w.Platforms(t.Context(), c.by)
			w.must(err)
			var names []string
			for _, p := range list {
				names = append(names, p.Name)
			}
			if got := strings.Join(names, " "); got != c.want {
				t.Errorf("%s: %s, want %s", c.by.ID, got, c.want)
			}
		}
		if _, err := w.Platforms(t.Context(), w.actor(policy.IT, -1)); !fault.Is(err, fault.Denied) {
			t.Errorf("by IT: %v", err)
		}
	})
}

// Who sees the board is shown a class of each school, and no file of everyone.
func TestWhoSeesTheBoardReadsWhatOneFileHolds(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		a, err := w.Rosetta(t.Context(), w.actor(policy.Evaluator, -1), w.ask())
		w.must(err)
		if len(a.Classes) != 2 || a.Known != 3 || a.Classes[1].School != "École 1" {
			t.Errorf("%+v", a.Classes)
		}
		ask := w.ask()
		ask.File = w.many(reveal.MostNames + 1)
		_, err = w.Rosetta(t.Context(), w.actor(policy.EvaluationDirector, -1), ask)
		if f, ok := fault.As(err); !ok || f.Fields["file"].Key != "reveal.file_names" {
			t.Errorf("more than one file may name: %v", err)
		}
		ask.File = append([]byte("Nom\n"+w.names[w.pupils[0][0]]+"\n"), w.many(reveal.MostNames - 1)[4:]...)
		_, err = w.Rosetta(t.Context(), w.actor(policy.EvaluationDirector, -1), ask)
		w.must(err)
	})
}

// many is a file of so many names, nobody's most likely.
func (w *world) many(n int) []byte {
	w.t.Helper()
	names, err := pseudonym.Sample(rand.Reader, nil, n)
	w.must(err)
	file := []byte("Nom\n")
	for _, name := range names {
		file = append(file, name.String()+"\n"...)
	}
	return file
}
