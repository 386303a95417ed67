package app_test

import (
	"archive/zip"
	"bytes"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/policy"
	"aval/internal/request"
	"aval/internal/roster"
)

// zip is the board's set as one file.
func (b *board) zip() []byte { return b.zipWith("", nil) }

// zipWith is the same, with a file that is none of the set's.
func (b *board) zipWith(name string, beside []byte) []byte {
	b.t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	b.must(w.AddFS(os.DirFS(b.roster(nil))))
	if name != "" {
		f, err := w.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
		b.must(err)
		_, err = f.Write(beside)
		b.must(err)
	}
	b.must(w.Close())
	return out.Bytes()
}

// rosterBodies are what the operations on the roster, and on what leaves of it, are
// sent when they are to be well taken.
func (b *board) rosterBodies() map[string]any {
	return map[string]any{
		"confirm-import":    map[string]any{},
		"cancel-import":     nil,
		"ask-export":        map[string]any{"profile": "plain", "columns": []map[string]any{{"title": "Numéro", "holds": "pseudonym"}}},
		"approve-export":    nil,
		"download-export":   nil,
		"make-credential":   nil,
		"rotate-credential": map[string]any{"overlap_days": 7},
		"revoke-credential": nil,
		"ask-correction": map[string]any{"kind": "name", "person": b.pupil("e00"), "given": b.name("right given"), "family": b.name("right family"),
			"text": b.name("what is wrong")},
		"take-correction":   nil,
		"finish-correction": map[string]any{"note": "C’est fait, " + b.name("note at the source")},
		"refuse-correction": map[string]any{"reason": "Le nom est le bon, " + b.name("refusal of a correction")},
		"ask-breach":        map[string]any{"platform": b.anyApproved()},
		"cut-breach":        map[string]any{"pseudonyms": true, "version": 2},
		"enter-breach":      nil,
	}
}

// walkRoster tries an operation on an import, on what the teacher finds wrong or on a
// platform that was broken into, as everybody. To who may not read it, there is nothing.
func (b *board) walkRoster(op operation, do policy.Action) {
	var path string
	at, read := request.Request{}, policy.RosterRead
	fresh := func() {
		switch {
		case strings.Contains(op.path, "/imports/"):
			path = strings.ReplaceAll(op.path, "{id}", string(b.previewed()))
		case strings.Contains(op.path, "/breaches/"):
			path, read = strings.ReplaceAll(op.path, "{id}", string(b.breached().ID)), policy.BreachRead
		default:
			path, read = strings.ReplaceAll(op.path, "{id}", string(b.wrongName().ID)), policy.CorrectionRead
			at = request.Request{OrgID: b.school, AuthorID: b.as("teacher").ID}
		}
	}
	fresh()
	sent := body(b, op.id)
	done, before := 0, b.state()
	for who := range b.people {
		a := b.call(who, op.method, path, sent)
		after := b.state()
		teaches := slices.Contains(b.as(who).Classes, b.classes[0]) && slices.ContainsFunc(b.rows(do), func(p policy.Permission) bool {
			return p.Relation == policy.Class && b.as(who).Has(p.Role)
		})
		if b.permitted(who, do, &at) || teaches {
			if a.status/100 != 2 {
				b.t.Errorf("%s as %s, who may: %d\n%s", op.id, who, a.status, short(a.body))
			}
			done++
			if after != before {
				fresh()
				before = b.state()
			}
			continue
		}
		if a.status != http.StatusForbidden && a.status != http.StatusNotFound {
			b.t.Errorf("%s as %s, who may not: %d\n%s", op.id, who, a.status, short(a.body))
		}
		if strings.Contains(op.path, "{id}") && !b.permitted(who, read, &at) {
			nobody := b.call(who, op.method, strings.ReplaceAll(op.path, "{id}", strings.Repeat("a", 26)), sent)
			if nobody.body != a.body {
				b.t.Errorf("%s as %s: not the answer of an id that nobody has\n%s\n%s", op.id, who, short(a.body), short(nobody.body))
			}
		}
		if after != before {
			b.t.Errorf("%s as %s was refused and changed:\n%s", op.id, who, differs(before, after))
			before = after
		}
	}
	if done == 0 {
		b.t.Errorf("%s %s: nobody can do it", op.method, op.path)
	}
}

// rosterFields types wrongly each field of what is sent about the roster, and about what leaves of it.
func (b *board) rosterFields(t *testing.T, two *board) {
	t.Helper()
	long := strings.Repeat("é", 11_000)
	b.refuses(t, "operator", http.MethodPost, "/api/v1/roster/imports/"+string(b.previewed())+"/confirm", body(b, "confirm-import"), []typed{
		{"retire_most", "yes", "retire_most"}, {"retire_most", 5, "retire_most"}, {"retire", true, "retire"},
	})

	l, err := b.Licences.Record(t.Context(), b.as("principal"), b.accounted())
	b.must(err)
	b.accountFor("rotate-credential", l.ID)
	b.refuses(t, "evaluator", http.MethodPost, "/api/v1/licences/"+string(l.ID)+"/credential/rotate", body(b, "rotate-credential"), []typed{
		{"overlap_days", nil, "overlap_days"}, {"overlap_days", -1, "overlap_days"}, {"overlap_days", 8, "overlap_days"}, {"overlap_days", 31, "overlap_days"},
		{"overlap_days", "week", "overlap_days"}, {"overlap_days", script, "overlap_days"}, {"client_secret", "x", "client_secret"},
	})

	column := func(title, holds, text string) []map[string]any {
		return []map[string]any{{"title": title, "holds": holds, "text": text}}
	}
	id, _ := b.named()
	b.refuses(t, "evaluator", http.MethodPost, "/api/v1/licences/"+string(id)+"/exports", body(b, "ask-export"), []typed{
		{"profile", nil, "profile"}, {"profile", "", "profile"}, {"profile", "maybe", "profile"}, {"profile", script, "profile"}, {"profile", 5, "profile"},
		{"profile", "sds-2.1", "columns"}, {"columns", nil, "columns"}, {"columns", []any{}, "columns"}, {"columns", "x", "columns"},
		{"columns", column("", "pseudonym", ""), "columns"}, {"columns", column(long, "pseudonym", ""), "columns"}, {"columns", column("Numéro", "secret", ""), "columns"},
		{"columns", column("Numéro", script, ""), "columns"}, {"columns", column("Numéro", "pseudonym", "beside"), "columns"},
		{"columns", []map[string]any{{"title": "Numéro"}}, "columns"},
	})

	corrections := "/api/v1/corrections"
	b.refuses(t, "teacher", http.MethodPost, corrections, body(b, "ask-correction"), []typed{
		{"kind", nil, "kind"}, {"kind", "", "kind"}, {"kind", "maybe", "kind"}, {"kind", script, "kind"}, {"kind", 5, "kind"},
		{"person", nil, ""}, {"person", "nobody", ""}, {"person", two.pupil("e00"), ""}, {"person", b.pupil("e20"), ""}, {"person", script, ""}, {"person", 5, "person"},
		{"given", nil, "given"}, {"given", " ", "given"}, {"given", long, "given"}, {"given", 5, "given"},
		{"family", nil, "family"}, {"family", " ", "family"}, {"family", long, "family"}, {"family", 5, "family"},
		{"text", long, "text"}, {"text", 5, "text"}, {"names", "x", "names"},
	})
	about := func(kind string, more ...string) map[string]any {
		sent := map[string]any{"kind": kind, "person": b.pupil("e00")}
		for i := 0; i < len(more); i += 2 {
			sent[more[i]] = more[i+1]
		}
		return sent
	}
	b.refuses(t, "principal", http.MethodPost, corrections, about("class", "class", b.classes[0], "to_class", b.classes[1]), []typed{
		{"class", b.classes[1], "class"}, {"class", two.classes[0], "class"}, {"class", script, "class"}, {"class", 5, "class"},
		{"to_class", b.classes[2], "to_class"}, {"to_class", two.classes[0], "to_class"}, {"to_class", script, "to_class"}, {"to_class", 5, "to_class"},
	})
	b.refuses(t, "principal", http.MethodPost, corrections, about("class", "to_class", b.classes[1]), []typed{{"to_class", nil, "to_class"}})
	b.refuses(t, "principal", http.MethodPost, corrections, about("school", "school", b.other), []typed{
		{"school", nil, "school"}, {"school", b.school, "school"}, {"school", two.school, "school"}, {"school", script, "school"}, {"school", 5, "school"},
	})
	b.refuses(t, "principal", http.MethodPost, corrections, about("twice", "text", "Deux fiches."), []typed{
		{"text", nil, "text"}, {"other", b.pupil("e20"), "other"}, {"other", two.pupil("e01"), "other"}, {"other", script, "other"}, {"other", 5, "other"},
	})
	b.refuses(t, "principal", http.MethodPost, corrections, about("grade", "grade", "04"), []typed{
		{"grade", nil, "grade"}, {"grade", "99", "grade"}, {"grade", script, "grade"}, {"grade", 5, "grade"},
	})
	open := corrections + "/" + string(b.wrongName().ID)
	b.refuses(t, "it", http.MethodPost, open+"/done", body(b, "finish-correction"), []typed{{"note", long, "note"}, {"note", 5, "note"}})
	b.refuses(t, "it", http.MethodPost, open+"/refuse", body(b, "refuse-correction"), []typed{
		{"reason", nil, "reason"}, {"reason", " ", "reason"}, {"reason", long, "reason"}, {"reason", 5, "reason"},
	})

	incident, _ := two.entered("open")
	b.refuses(t, "privacy_officer", http.MethodPost, "/api/v1/breaches", body(b, "ask-breach"), []typed{
		{"platform", nil, "platform"}, {"platform", "", "platform"}, {"platform", "nobody", ""}, {"platform", string(two.platform().ID), ""},
		{"platform", script, ""}, {"platform", 5, "platform"}, {"incident", "nobody", ""}, {"incident", string(incident), ""}, {"incident", 5, "incident"},
	})
	b.refuses(t, "privacy_officer", http.MethodPost, "/api/v1/breaches/"+string(b.breached().ID)+"/cut", body(b, "cut-breach"), []typed{
		{"pseudonyms", nil, "pseudonyms"}, {"pseudonyms", false, "pseudonyms"}, {"pseudonyms", "yes", "pseudonyms"}, {"passwords", "yes", "passwords"},
		{"names", true, "reason"}, {"names", "yes", "names"}, {"reason", long, "reason"}, {"reason", 5, "reason"}, {"version", nil, "version"}, {"version", "x", "version"},
	})
}

// line is the connection of a call, as net/http lets a handler have it.
type line struct {
	*httptest.ResponseRecorder
	read, write time.Time
}

func (l *line) SetReadDeadline(until time.Time) error  { l.read = until; return nil }
func (l *line) SetWriteDeadline(until time.Time) error { l.write = until; return nil }

// A set is sent as it is: larger than other bodies and over a slow line, but no larger
// than a set may be. What is no set is refused, and nothing of it is kept.
func TestASetComesInThroughTheAPI(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := open(t, d).build(t, "erables", "Vorn")
		const imports = "/api/v1/roster/imports"
		send := func(who, media string, sent []byte) (*line, string) {
			r := httptest.NewRequest(http.MethodPost, imports, bytes.NewReader(sent)).WithContext(t.Context())
			r.Header.Set("Authorization", "Bearer "+b.people[who].token)
			r.Header.Set("Content-Type", media)
			l := &line{ResponseRecorder: httptest.NewRecorder()}
			b.door.ServeHTTP(l, r)
			var said struct{ ID, Code string }
			if err := json.Unmarshal(l.Body.Bytes(), &said); err != nil {
				t.Errorf("%d: %v", l.Code, err)
			}
			return l, said.ID + said.Code
		}
		noise := make([]byte, 2<<20)
		_, _ = rand.Read(noise) // it never fails
		large := b.zipWith("plan.bin", noise)

		before := b.state()
		for _, refused := range []struct {
			name, who, media string
			sent             []byte
			status           int
			code             string
		}{
			{"by who may not", "teacher", "application/zip", large, http.StatusForbidden, "denied"},
			{"as JSON", "operator", "application/json", []byte("{}"), http.StatusUnsupportedMediaType, "api.media_zip"},
			{"as nothing", "operator", "", large, http.StatusUnsupportedMediaType, "api.media_zip"},
			{"without a set", "operator", "application/zip", nil, http.StatusUnprocessableEntity, "roster.set_unreadable"},
			{"noise", "operator", "application/zip", noise, http.StatusUnprocessableEntity, "roster.set_unreadable"},
		} {
			l, code := send(refused.who, refused.media, refused.sent)
			if l.Code != refused.status || code != refused.code {
				t.Errorf("%s: %d %s, want %d %s", refused.name, l.Code, code, refused.status, refused.code)
			}
			if refused.status != http.StatusUnprocessableEntity && !l.read.IsZero() {
				t.Errorf("%s: has until %v", refused.name, l.read)
			}
		}
		b.Rosters.Limits.Total = 1 << 20
		if l, code := send("operator", "application/zip", large); l.Code != http.StatusUnprocessableEntity || code != "roster.set_too_large" {
			t.Errorf("larger than a set may be: %d %s", l.Code, code)
		}
		b.Rosters.Limits.Total = 0
		if after := b.state(); after != before {
			t.Errorf("what was refused changed:\n%s", differs(before, after))
		}
		if left, err := filepath.Glob(filepath.Join(b.Rosters.Folder, "*", "*")); err != nil || len(left) > 0 {
			t.Errorf("%d sets stay of what was refused (%v)", len(left), err)
		}

		l, id := send("operator", "application/zip", large)
		if l.Code != http.StatusAccepted {
			t.Fatalf("a set: %d %s", l.Code, l.Body)
		}
		for _, until := range []time.Time{l.read, l.write} {
			if time.Until(until) < roster.UploadTime-time.Minute {
				t.Errorf("it is cut at %v", until)
			}
		}
		b.must(b.Rosters.Work(t.Context(), b.id, id))
		read := func() (said struct {
			State   string
			Stops   bool
			Preview *struct {
				Pupils   roster.Changes
				BySchool []struct{ Name string } `json:"by_school"`
			}
			Report *struct{ Students int }
		}) {
			a := b.call("operator", http.MethodGet, imports+"/"+id, nil)
			if err := json.Unmarshal([]byte(a.body), &said); err != nil || a.status != http.StatusOK {
				t.Fatalf("%d: %v\n%s", a.status, err, short(a.body))
			}
			return said
		}
		if said := read(); said.State != "previewed" || said.Preview == nil || said.Preview.Pupils != (roster.Changes{}) {
			t.Errorf("a set that says the same: %+v", said)
		}

		// One that would retire too many is confirmed in so many words, beside that field.
		dbtest.OwnerExec(t, b.DB, `UPDATE roster_import SET preview = replace(preview, '"stops":false', '"stops":true') WHERE id = '`+id+`'`)
		if said := read(); !said.Stops {
			t.Errorf("it does not say that it stops: %+v", said)
		}
		confirm := imports + "/" + id + "/confirm"
		b.refuses(t, "operator", http.MethodPost, confirm, map[string]any{}, []typed{{"retire_most", nil, "retire_most"}, {"retire_most", false, "retire_most"}})
		if a := b.call("operator", http.MethodPost, confirm, `{"retire_most": true, "more": "`+strings.Repeat("a", 2<<20)+`"}`); a.status != http.StatusRequestEntityTooLarge {
			t.Errorf("what is no set and as large: %d", a.status)
		}
		if a := b.call("operator", http.MethodPost, confirm, map[string]any{"retire_most": true}); a.status != http.StatusAccepted {
			t.Fatalf("confirmed: %d\n%s", a.status, short(a.body))
		}
		if a := b.call("operator", http.MethodPost, confirm, map[string]any{"retire_most": true}); a.status != http.StatusConflict {
			t.Errorf("confirmed twice: %d\n%s", a.status, short(a.body))
		}
		b.must(b.Rosters.Work(t.Context(), b.id, id))
		if said := read(); said.State != "done" || said.Report == nil || said.Report.Students != 9 {
			t.Errorf("it came in as %+v", said)
		}
		if a := b.call("operator", http.MethodPost, imports+"/"+id+"/cancel", nil); a.status != http.StatusConflict {
			t.Errorf("cancelled once it is in: %d\n%s", a.status, short(a.body))
		}
	})
}
