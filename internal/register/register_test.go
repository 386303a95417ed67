package register_test

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"aval/internal/assessment"
	"aval/internal/catalogue"
	"aval/internal/contract"
	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/fault"
	"aval/internal/incident"
	"aval/internal/org"
	"aval/internal/policy"
	"aval/internal/register"
)

var now = time.Date(2026, 11, 20, 15, 0, 0, 0, time.UTC)

// world is a board with a school, three platforms that were decided on, and
// licences for two of them.
type world struct {
	*register.Service
	incidents *incident.Service
	d         *db.DB
	t         *testing.T
	board     string
	pack      *policy.Pack
}

func each(t *testing.T, f func(t *testing.T, w *world)) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		d.Clock = func() time.Time { return now }
		pack, err := policy.Shipped("csc-pan-2023")
		if err != nil {
			t.Fatal(err)
		}
		w := &world{Service: register.New(d), incidents: &incident.Service{DB: d}, d: d, t: t, board: dbtest.Board(t, d), pack: pack}
		w.must(d.Write(t.Context(), w.board, w.fill))
		f(t, w)
	})
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) fill(ctx context.Context, tx *db.Tx) error {
	if err := org.Save(ctx, tx, org.Org{ID: "s1", SourceID: "s1", Kind: org.School, Name: "École des Outardes", Sector: org.Youth, Status: org.Active}); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `INSERT INTO account (board_id, id, login, name, created_at) VALUES ($1, 'a1', 'a1', 'Ariane', $2)`, tx.Board, tx.Now); err != nil {
		return err
	}
	for n, p := range []struct {
		name, vendor string
		status       catalogue.Status
		hosting      catalogue.Hosting
		kinds, usage string
		personal     string
		licence      string // the first day, or ""
	}{
		{"Tabulou", "Éditions Vorlane", catalogue.Conditional, catalogue.Canada, `["pseudonym","results"]`, "Vingt minutes par jour", "yes", "2026-09-01"},
		{"Mirepoix", "", catalogue.Approved, catalogue.HostingUnknown, `["none"]`, "Des cartes", "no", "2026-09-01"},
		{"Zibaline", "=cmd()", catalogue.Refused, catalogue.Elsewhere, `["full_name"]`, "Un clavardage", "yes", ""},
	} {
		made, err := catalogue.Add(ctx, tx, policy.System(w.board, w.pack, "cli"), catalogue.Draft{Name: p.name, Vendor: p.vendor, Functions: []string{"mathematics"}})
		if err != nil {
			return err
		}
		id := string(rune('a' + n))
		if _, err := tx.Exec(ctx, `INSERT INTO request (board_id, id, number, platform_id, org_id, author_id, author_role, usage, data_kinds, personal, state, state_at, created_at)
			VALUES ($1, $2, $2, $3, 's1', 'a1', 'teacher', $4, $5, $6, 'decided', $7, $7)`, tx.Board, id, string(made.ID), p.usage, p.kinds, p.personal, tx.Now); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO decision (board_id, id, request_id, platform_id, org_id, use_result, use_reasons, security_result, security_reasons,
			security_conditions, overall, decided_by, decided_at) VALUES ($1, $2, $2, $3, 's1', 'approved', 'Utile', $4, 'Sans chiffrement', $5, $4, 'a1', $6)`,
			tx.Board, id, string(made.ID), string(p.status), map[bool]string{true: "Sans nom d’élève"}[p.status == catalogue.Conditional], tx.Now); err != nil {
			return err
		}
		if err := catalogue.SetResult(ctx, tx, made.ID, p.status, "", p.hosting, id); err != nil {
			return err
		}
		if p.licence == "" {
			continue
		}
		if _, err := tx.Exec(ctx, `INSERT INTO licence (board_id, id, platform_id, scope, org_id, payer, starts_on, ends_on, recorded_by, created_at)
			VALUES ($1, $2, $3, 'school', 's1', 's1', $4, '2027-06-30', 'a1', $5)`, tx.Board, id, string(made.ID), p.licence, tx.Now); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) as(role policy.Role) policy.Actor {
	return policy.Actor{ID: "a-" + string(role), Board: w.board, Lang: "fr", Via: "web", Pack: w.pack, Grants: []policy.Grant{{Role: role}}}
}

// enter opens an incident of which something was told to who could help.
func (w *world) enter(information, awareOn string) {
	w.t.Helper()
	i, err := w.incidents.Open(w.t.Context(), w.as(policy.PrivacyOfficer), incident.Entry{Kind: "loss", Information: information, Circumstances: "Une clé perdue",
		From: awareOn, AwareOn: awareOn, Count: 3, Groups: []incident.Group{"staff"}}, "")
	w.must(err)
	_, err = w.incidents.Measure(w.t.Context(), w.as(policy.PrivacyOfficer), i.ID,
		incident.Measure{On: awareOn, Text: "Le transporteur cherche la clé.", Recipient: "Transport Boréal", Given: "Le numéro de la clé"}, 0)
	w.must(err)
}

// entries are the cells of a register by the first of them, what is missing being "?".
func (w *world) entries(k register.Kind, f register.Filter) map[string]map[string]string {
	w.t.Helper()
	table, err := w.Read(w.t.Context(), w.as(policy.PrivacyOfficer), k, f, "fr")
	w.must(err)
	all := map[string]map[string]string{}
	for _, row := range table.Rows {
		entry := map[string]string{}
		for i, c := range row.Cells {
			if entry[table.Columns[i]] = c.Text; c.Missing {
				entry[table.Columns[i]] = "?"
			}
		}
		all[row.Cells[0].Text] = entry
	}
	return all
}

func TestWhoMayNotRead(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for _, role := range []policy.Role{policy.Teacher, policy.Principal, policy.IT, policy.Operator} {
			for _, code := range policy.Registers {
				if _, err := w.Read(t.Context(), w.as(role), register.Kind(code), register.Filter{}, "fr"); !fault.Is(err, fault.Denied) {
					t.Errorf("%s reads %s: %v", role, code, err)
				}
				if _, err := w.Export(t.Context(), w.as(role), register.Kind(code), register.Filter{}, "fr", register.CSV); !fault.Is(err, fault.Denied) {
					t.Errorf("%s exports %s: %v", role, code, err)
				}
			}
			if _, err := w.Kinds(w.as(role)); !fault.Is(err, fault.Denied) {
				t.Errorf("%s lists: %v", role, err)
			}
		}
		other := w.as(policy.Secretary)
		other.Board = dbtest.Board(t, w.d)
		w.enter("Prénoms", "2026-11-12")
		if table, err := w.Read(t.Context(), other, register.Incidents, register.Filter{}, "fr"); err != nil || len(table.Rows) != 0 {
			t.Errorf("another board reads %+v, %v", table.Rows, err)
		}
	})
}

func TestTheLawSaysWhichRegistersABoardHas(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		kinds, err := w.Kinds(w.as(policy.Secretary))
		if err != nil || !slices.Equal(kinds, []register.Kind{register.Incidents, register.Releases, register.Files, register.Refusals}) {
			t.Errorf("%v, %v", kinds, err)
		}
		for _, k := range []register.Kind{register.Inventory, "pupils"} {
			if _, err := w.Read(t.Context(), w.as(policy.Secretary), k, register.Filter{}, "fr"); !fault.Is(err, fault.NotFound) {
				t.Errorf("%s: %v", k, err)
			}
		}
		for _, f := range []register.Filter{{From: "hier"}, {To: "2026-02-30"}, {From: "2026-02-01", To: "2026-01-31"}} {
			if _, err := w.Read(t.Context(), w.as(policy.Secretary), register.Releases, f, "fr"); !fault.Is(err, fault.Invalid) {
				t.Errorf("%+v: %v", f, err)
			}
		}
		if _, err := w.Export(t.Context(), w.as(policy.Secretary), register.Releases, register.Filter{}, "fr", "exe"); !fault.Is(err, fault.Invalid) {
			t.Errorf("a format nobody knows: %v", err)
		}
	})
}

func TestRegistersSayWhatIsKnownAndMarkTheRest(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.enter("Prénoms", "2026-11-12")
		want := map[string]string{"platform": "Tabulou", "since": "1er sept. 2026", "until": "30 juin 2027", "information_type": "Pseudonyme, Résultats et progrès",
			"recipient": "Éditions Vorlane", "purpose": "Vingt minutes par jour", "outside": "Oui : Ailleurs au Canada", "reason": "?"}
		plain := func(entry map[string]string) map[string]string {
			for key, text := range entry {
				entry[key] = strings.ReplaceAll(text, "\u00a0", " ")
			}
			return entry
		}
		releases := w.entries(register.Releases, register.Filter{})
		for key, text := range want {
			if got := plain(releases["Tabulou"]); got[key] != text {
				t.Errorf("a release, %s: %q, want %q", key, got[key], text)
			}
		}
		if _, ok := releases["Mirepoix"]; ok {
			t.Error("a platform that receives nothing personal is a release")
		}
		if got := releases["INC-2026-001"]; got["recipient"] != "Transport Boréal" || got["reason"] != "A-2.1, art. 63.8, al. 2" || got["outside"] != "?" {
			t.Errorf("what was told to lessen the harm: %v", got)
		}
		if got := w.entries(register.Releases, register.Filter{To: "2026-08-31"}); len(got) != 0 {
			t.Errorf("before the licence: %v", got)
		}
		files := w.entries(register.Files, register.Filter{})
		if got := files["Tabulou"]; len(files) != 1 || got["persons"] != "Élèves" || got["management"] != "?" || got["source"] != "?" || got["access"] != "?" ||
			got["security"] != "Ailleurs au Canada\nSans nom d’élève" {
			t.Errorf("files: %v", files)
		}
		refusals := w.entries(register.Refusals, register.Filter{})
		if got := refusals["Zibaline"]; len(refusals) != 1 || got["aspects"] != "Sécurité" || got["reasons"] != "Sans chiffrement" || got["place"] != "École des Outardes" {
			t.Errorf("refusals: %v", refusals)
		}
		incidents := w.entries(register.Incidents, register.Filter{From: "2026-11-01"})
		if got := incidents["INC-2026-001"]; len(got) != 9 || got["pi_description"] != "Prénoms" || got["risk_elements"] != "?" || got["notice_dates"] != "?" ||
			got["persons_count"] != "3 personnes\u00a0: membres du personnel" {
			t.Errorf("incidents: %v", incidents)
		}
		if got := w.entries(register.Incidents, register.Filter{From: "2026-11-13"}); len(got) != 0 {
			t.Errorf("of another day: %v", got)
		}
		ontario := *w.pack
		ontario.Registers = []string{"inventory"}
		w.pack = &ontario
		inventory := w.entries(register.Inventory, register.Filter{})
		if got := inventory["Tabulou"]; len(inventory) != 3 || got["users"] != "École des Outardes" || got["notice"] != "?" || got["sent_before"] != "?" {
			t.Errorf("inventory: %v", inventory)
		}
		if got := inventory["Mirepoix"]; got["data_elements"] != "Aucun renseignement personnel" || got["vendor"] != "?" {
			t.Errorf("inventory: %v", got)
		}
	})
}

// The reason of a release is the ground that somebody chose with the contract.
func TestAReleaseSaysOnWhatItRests(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		contracts, evaluator := &contract.Service{DB: w.d, Asked: assessment.Measures}, w.as(policy.Evaluator)
		platforms, err := contracts.Platforms(t.Context(), evaluator)
		w.must(err)
		i := slices.IndexFunc(platforms, func(p catalogue.Platform) bool { return p.Name == "Tabulou" })
		c, err := contracts.Add(t.Context(), evaluator, platforms[i].ID, contract.Terms{Kind: contract.Signed, Contact: "Bureau", SignedOn: "2026-08-01", InForceOn: "2026-08-01"})
		w.must(err)
		if got := w.entries(register.Releases, register.Filter{}); got["Tabulou"]["reason"] != "?" {
			t.Errorf("before a ground is chosen: %v", got)
		}
		_, err = contracts.Rest(t.Context(), evaluator, c.ID, contract.Benefit, "Lire chaque jour.")
		w.must(err)
		if got := w.entries(register.Releases, register.Filter{})["Tabulou"]["reason"]; got != "Clairement au bénéfice de l’enfant\nLire chaque jour." {
			t.Errorf("the reason of a release: %q", got)
		}
	})
}

func TestAnExportIsNotedAndRunsAsAFormulaNowhere(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.enter("=HYPERLINK(\"x\")", "2026-11-12")
		secretary := w.as(policy.Secretary)
		take := func(k register.Kind, lang string, format register.Format) string {
			table, err := w.Export(t.Context(), secretary, k, register.Filter{}, lang, format)
			w.must(err)
			f, err := table.File(format)
			w.must(err)
			if f.Name != string(k)+"-2026-11-20."+string(format) {
				t.Errorf("named %s", f.Name)
			}
			return string(f.Data)
		}
		read := func(text string, comma rune) [][]string {
			r := csv.NewReader(strings.NewReader(strings.TrimPrefix(text, "\ufeff")))
			r.Comma = comma
			rows, err := r.ReadAll()
			w.must(err)
			return rows
		}
		rows := read(take(register.Incidents, "fr", register.CSV), ';')
		if len(rows) != 2 || len(rows[0]) != 9 || rows[1][1] != `'=HYPERLINK("x")` || rows[1][6] != "[À compléter]" {
			t.Errorf("%q", rows)
		}
		if rows := read(take(register.Refusals, "en", register.CSV), ','); len(rows) != 2 || rows[0][5] != "Reasons" || rows[1][1] != "'=cmd()" {
			t.Errorf("%q", rows)
		}
		var out struct {
			Register string
			Columns  []struct{ Key, Title string }
			Entries  []map[string]*string
		}
		w.must(json.Unmarshal([]byte(take(register.Releases, "fr", register.JSON)), &out))
		if out.Register != "releases" || len(out.Columns) != 8 || len(out.Entries) != 2 || out.Entries[0]["reason"] != nil || *out.Entries[0]["recipient"] != "Éditions Vorlane" {
			t.Errorf("%+v", out)
		}
		if xlsx := take(register.Files, "fr", register.XLSX); !strings.HasPrefix(xlsx, "PK") {
			t.Errorf("%.10q", xlsx)
		}
		w.must(w.d.Read(t.Context(), w.board, func(ctx context.Context, tx *db.Tx) error {
			noted, err := db.All(ctx, tx, func(row db.Row) (s string, err error) {
				err = row.Scan(&s)
				return s, err
			}, `SELECT subject || ' ' || detail FROM audit_record WHERE board_id = $1 AND action = 'register.exported' ORDER BY seq`, tx.Board)
			if !slices.Equal(noted, []string{"register:incidents format=csv", "register:refusals format=csv", "register:releases format=json", "register:files format=xlsx"}) {
				t.Errorf("noted: %q", noted)
			}
			return err
		}))
	})
}
