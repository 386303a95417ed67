package app_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"aval/internal/account"
	"aval/internal/app"
	"aval/internal/blob"
	"aval/internal/catalogue"
	"aval/internal/condition"
	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/decision"
	"aval/internal/evaluation"
	"aval/internal/i18n"
	"aval/internal/licence"
	"aval/internal/mail"
	"aval/internal/org"
	"aval/internal/person"
	"aval/internal/policy"
	"aval/internal/request"
	"aval/internal/roster"
	"aval/internal/roster/generate"
	"aval/internal/seal"
)

// house is the whole app over a fresh database.
type house struct {
	*app.App
	door    http.Handler
	master  seal.Master
	metrics *prometheus.Registry
}

func open(t *testing.T, d *db.DB) *house {
	t.Helper()
	keys, err := seal.Open(filepath.Join(t.TempDir(), "keys"))
	if err != nil {
		t.Fatal(err)
	}
	master, err := seal.OpenMaster(filepath.Join(t.TempDir(), "keys"))
	if err != nil {
		t.Fatal(err)
	}
	files, err := blob.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = files.Close() }) // the folder goes with the test
	post, err := mail.Open("", "")
	if err != nil {
		t.Fatal(err)
	}
	h := &house{App: app.New(app.Config{Data: t.TempDir(), BaseURL: "http://aval.example"}, d, keys, master, files, post), master: master, metrics: prometheus.NewRegistry()}
	h.Accounts.Cost = account.Cheap
	h.door = h.Handler(h.metrics)
	return h
}

// someone is an account with what opens both doors.
type someone struct {
	policy.Actor
	login  string
	token  string
	cookie *http.Cookie
}

const password = "une longue phrase de passe"

// Who has an account on the small board. The roles that the pack's permissions
// name, then the same at another school, and a second evaluator.
const (
	otherTeacher   = "other teacher"
	otherPrincipal = "other principal"
	evaluator2     = "second evaluator"
)

// board is a small school board: two schools of the youth sector with three
// classes, a centre of the other sector, a department, one account a role.
type board struct {
	*house
	t      *testing.T
	id     string
	pack   string            // the policy that it runs
	mark   string            // begins every name and text of this board
	said   map[string]string // what each is called
	people map[string]*someone

	school, other, centre, department string // ids
	classes                           []string
	platforms, versions               int
	contracted                        catalogue.ID // a platform that contracts are recorded for

	last struct { // the last look at the tables
		writes string
		state  string
	}
}

// name gives a thing of the board a name that nothing else in the installation
// bears: the board's mark and three letters.
func (b *board) name(of string) string {
	if b.said[of] == "" {
		n := len(b.said)
		b.said[of] = b.mark + string(rune('a'+n/676%26)) + string(rune('a'+n/26%26)) + string(rune('a'+n%26))
	}
	return b.said[of]
}

// build makes the board through the use cases.
func (h *house) build(t *testing.T, id, mark string) *board {
	t.Helper()
	return h.buildOn(t, id, mark, "csc-pan-2023")
}

// policies are those that ship. A test of what does not depend on the engine
// tries the second on SQLite alone.
var policies = []string{"csc-pan-2023", "conseil-infonuagique-2026"}

// eachPolicy runs a test on a small board of each policy.
func eachPolicy(t *testing.T, test func(t *testing.T, b *board)) {
	onPolicies(t, dbtest.Each, policies, test)
}

// on runs a test that the tag long takes further; make test runs again those alone
// that its LONG names.
func on(t *testing.T, engine db.Engine, f func(t *testing.T, d *db.DB)) {
	t.Helper()
	if name := strings.Split(t.Name(), "/")[0]; !longTests(t).MatchString(name) {
		t.Fatalf("LONG, in the Makefile, does not name %s", name)
	}
	t.Run(string(engine), func(t *testing.T) { f(t, dbtest.Open(t, engine)) })
}

func longTests(t *testing.T) *regexp.Regexp {
	t.Helper()
	text, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	_, names, _ := strings.Cut(string(text), "\nLONG := ")
	names, _, _ = strings.Cut(names, "\n")
	return regexp.MustCompile(names)
}

func onPolicies(t *testing.T, engines func(*testing.T, func(*testing.T, *db.DB)), packs []string, test func(t *testing.T, b *board)) {
	engines(t, func(t *testing.T, d *db.DB) {
		h := open(t, d)
		for i, pack := range packs {
			if i == 0 || d.Engine() == db.SQLite {
				t.Run(pack, func(t *testing.T) {
					test(t, h.buildOn(t, []string{"erables", "sapins"}[i], []string{"Vorn", "Pilk"}[i], pack))
				})
			}
		}
	})
}

// buildOn is build for a policy.
func (h *house) buildOn(t *testing.T, id, mark, pack string) *board {
	t.Helper()
	b := &board{house: h, t: t, id: id, pack: pack, mark: mark, said: map[string]string{}, people: map[string]*someone{}}
	ctx := t.Context()
	if _, err := h.Boards.Create(ctx, id, "Commission scolaire "+b.name("board"), pack); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Rosters.Import(ctx, b.system(), b.roster(nil)); err != nil {
		t.Fatal(err)
	}
	b.must(h.DB.Read(ctx, id, func(ctx context.Context, tx *db.Tx) error {
		for source, into := range map[string]*string{"s1": &b.school, "s2": &b.other, "s3": &b.centre, "d1": &b.department} {
			o, err := org.BySource(ctx, tx, source)
			if err != nil {
				return err
			}
			*into = o.ID
		}
		found, err := db.All(ctx, tx, func(row db.Row) (s string, err error) {
			err = row.Scan(&s)
			return s, err
		},
			`SELECT id FROM class WHERE board_id = $1 ORDER BY source_id`, tx.Board)
		b.classes = found
		return err
	}))
	for who, at := range map[string]struct {
		role   policy.Role
		org    string
		person string
	}{
		"teacher":             {policy.Teacher, "s1", "t1"},
		otherTeacher:          {policy.Teacher, "s2", "t2"},
		"professional":        {policy.Professional, "s1", ""},
		"principal":           {policy.Principal, "s1", "p1"},
		otherPrincipal:        {policy.Principal, "s2", ""},
		"department_head":     {policy.DepartmentHead, "d1", ""},
		"evaluator":           {policy.Evaluator, "", ""},
		evaluator2:            {policy.Evaluator, "", ""},
		"evaluation_director": {policy.EvaluationDirector, "", ""},
		"appeal_authority":    {policy.AppealAuthority, "", ""},
		"it":                  {policy.IT, "", ""},
		"privacy_officer":     {policy.PrivacyOfficer, "", ""},
		"secretary":           {policy.Secretary, "", ""},
		"operator":            {policy.Operator, "", ""},
	} {
		b.people[who] = b.account(who, at.role, at.org, at.person)
	}
	return b
}

func (b *board) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *board) system() policy.Actor {
	pack, err := policy.Shipped(b.pack)
	b.must(err)
	return policy.System(b.id, pack, "cli")
}

func (b *board) account(who string, role policy.Role, at, person string) *someone {
	b.t.Helper()
	login := strings.ToLower(b.name("login of " + who))
	made, _, err := b.Accounts.Create(b.t.Context(), b.system(), account.New{
		Login: login, Name: "Camille " + b.name("account of "+who), Email: login + "@personnel.example", Lang: "fr",
		Password: password, Person: person, Grants: []policy.Grant{{Role: role, Org: at}}})
	b.must(err)
	s := &someone{login: login}
	s.Actor, err = b.Accounts.Actor(b.t.Context(), b.id, made.ID)
	b.must(err)
	s.token, err = b.Accounts.CreateToken(b.t.Context(), b.system(), login, "test")
	b.must(err)
	return s
}

// as is the actor of somebody.
func (b *board) as(who string) policy.Actor {
	b.t.Helper()
	s := b.people[who]
	if s == nil {
		b.t.Fatalf("nobody is %s", who)
	}
	return s.Actor
}

// roster writes the board's OneRoster set, and spoils it first.
func (b *board) roster(spoil func(file string, row map[string]string)) string {
	b.t.Helper()
	rows := map[string][]map[string]string{}
	add := func(file, id string, cells ...string) {
		row := map[string]string{"sourcedId": id}
		for i := 0; i < len(cells); i += 2 {
			row[cells[i]] = cells[i+1]
		}
		if spoil != nil {
			spoil(file, row)
		}
		rows[file] = append(rows[file], row)
	}
	add("orgs", "b1", "name", "Commission "+b.name("board"), "type", "district")
	add("orgs", "s1", "name", "École "+b.name("school"), "type", "school", "parentSourcedId", "b1", "metadata.sector", "youth")
	add("orgs", "s2", "name", "École "+b.name("other school"), "type", "school", "parentSourcedId", "b1", "metadata.sector", "youth")
	add("orgs", "s3", "name", "Centre "+b.name("centre"), "type", "school", "parentSourcedId", "b1", "metadata.sector", "other")
	add("orgs", "d1", "name", "Service "+b.name("department"), "type", "department", "parentSourcedId", "b1", "metadata.underDeputy", "true")
	add("academicSessions", "y1", "title", "2026-2027", "type", "schoolYear", "startDate", "2026-08-24", "endDate", "2027-06-24", "schoolYear", "2027")
	add("courses", "c1", "schoolYearSourcedId", "y1", "title", "Lecture "+b.name("course"), "courseCode", "LEC", "grades", "04", "orgSourcedId", "b1")
	person := func(id, role, at string) {
		add("users", id, "enabledUser", "true", "username", "u"+id, "givenName", b.name("given "+id), "familyName", b.name("family "+id),
			"identifier", "N"+id, "email", "roster."+strings.ToLower(b.name("mail "+id))+"@ecole.example", "grades", map[bool]string{true: "04"}[role == "student"])
		add("roles", "r"+id, "userSourcedId", id, "roleType", "primary", "role", role, "beginDate", "2026-08-24", "endDate", "2027-06-24", "orgSourcedId", at)
	}
	person("t1", "teacher", "s1")
	person("t2", "teacher", "s2")
	person("p1", "principal", "s1")
	for i, class := range []struct{ id, school, teacher string }{{"k1", "s1", "t1"}, {"k2", "s1", "t1"}, {"k3", "s2", "t2"}} {
		add("classes", class.id, "title", "Groupe "+b.name("class "+class.id), "grades", "04", "courseSourcedId", "c1", "classCode", class.id,
			"classType", "scheduled", "schoolSourcedId", class.school, "termSourcedIds", "y1")
		enrol := func(user, role string) {
			add("enrollments", class.id+user, "classSourcedId", class.id, "schoolSourcedId", class.school, "userSourcedId", user,
				"role", role, "beginDate", "2026-08-24", "endDate", "2027-06-24")
		}
		enrol(class.teacher, "teacher")
		for n := range 3 {
			pupil := fmt.Sprintf("e%d%d", i, n)
			person(pupil, "student", class.school)
			enrol(pupil, "student")
		}
	}
	manifest := generate.File{Name: "manifest", Columns: []string{"propertyName", "value"},
		Rows: [][]string{{"manifest.version", "1.0"}, {"oneroster.version", "1.2"}}}
	var set generate.Set
	for _, name := range roster.Files {
		mode := "absent"
		if len(rows[name]) > 0 {
			mode = "bulk"
			f := generate.File{Name: name}
			for _, column := range roster.Layout("1.2", name) {
				f.Columns = append(f.Columns, strings.TrimRight(column, "*"))
			}
			if name == "orgs" {
				f.Columns = append(f.Columns, "metadata.sector", "metadata.underDeputy")
			}
			for _, row := range rows[name] {
				cells := make([]string, len(f.Columns))
				for i, column := range f.Columns {
					cells[i] = row[column]
				}
				f.Rows = append(f.Rows, cells)
			}
			set.Files = append(set.Files, f)
		}
		manifest.Rows = append(manifest.Rows, []string{"file." + name, mode})
	}
	set.Files = append(set.Files, manifest)
	folder := filepath.Join(b.t.TempDir(), "set")
	b.must(os.Mkdir(folder, 0o700))
	b.must(set.SaveFolder(folder))
	return folder
}

// functions are those of every platform of the board: they resemble each other.
var functions = []string{"reading_practice", "vocabulary"}

// platform adds one to the catalogue.
func (b *board) platform() catalogue.Platform {
	b.t.Helper()
	b.platforms++
	name := b.name(fmt.Sprintf("platform %d", b.platforms))
	p, err := b.Catalogue.AddPlatform(b.t.Context(), b.as("evaluation_director"), catalogue.Draft{
		Name: name, Vendor: "Éditions " + b.name("vendor"), URL: "https://" + strings.ToLower(name) + ".example",
		SummaryFr: "Lire, " + b.name("summary"), SummaryEn: "Reading, " + b.name("summary"),
		Aliases: []string{b.name(fmt.Sprintf("alias %d", b.platforms))}, Functions: functions})
	b.must(err)
	return p
}

// approved adds a platform that was decided on, in Québec.
func (b *board) approved() catalogue.Platform {
	b.t.Helper()
	p := b.platform()
	b.result(p.ID, catalogue.Approved)
	return p
}

func (b *board) result(id catalogue.ID, s catalogue.Status) {
	b.t.Helper()
	b.must(b.DB.Write(b.t.Context(), b.id, func(ctx context.Context, tx *db.Tx) error {
		return catalogue.SetResult(ctx, tx, id, s, b.name("conditions of the catalogue"), catalogue.Quebec, "earlier")
	}))
}

// draft is what a person of the board types of a platform.
func (b *board) draft(who string, p catalogue.ID) request.Draft {
	d := request.Draft{PlatformID: p, Description: "Une plateforme de lecture, " + b.name("description"),
		Usage: "Vingt minutes par jour, " + b.name("usage"), Missing: "La voix, " + b.name("missing"),
		DataKinds: []string{"first_name"}, CostCents: 25_200, Pupils: 6}
	if classes := b.as(who).Classes; len(classes) > 0 {
		d.Classes = classes[:1]
	}
	if len(b.system().Pack.DataSubjects) > 0 {
		d.Subjects = []string{policy.Pupils}
	}
	return d
}

// ask keeps a draft for a new platform.
func (b *board) ask(who string) request.Request {
	b.t.Helper()
	r, err := b.Requests.Create(b.t.Context(), b.as(who), b.draft(who, b.platform().ID))
	b.must(err)
	return r
}

// to brings a new request of the teacher's to a state.
func (b *board) to(state request.State) request.Request { return b.toBy("teacher", state) }

// toBy brings a new request of somebody's to a state.
func (b *board) toBy(who string, state request.State) request.Request {
	b.t.Helper()
	ctx, signer := b.t.Context(), "principal"
	if who == otherTeacher {
		signer = otherPrincipal
	}
	r := b.ask(who)
	step := func(f func(context.Context, policy.Actor, request.ID) (request.Request, error), as string) {
		b.t.Helper()
		var err error
		r, err = f(ctx, b.as(as), r.ID)
		b.must(err)
	}
	why := func(f func(context.Context, policy.Actor, request.ID, string) (request.Request, error), as string) {
		b.t.Helper()
		var err error
		r, err = f(ctx, b.as(as), r.ID, "Parce que, "+b.name("reason"))
		b.must(err)
	}
	if state == request.Drafted {
		return r
	}
	step(b.Requests.Submit, who)
	switch state {
	case request.Submitted:
		return r
	case request.Returned:
		why(b.Requests.Return, signer)
		return r
	case request.Refused:
		why(b.Requests.Refuse, signer)
		return r
	case request.Withdrawn:
		step(b.Requests.Withdraw, who)
		return r
	}
	if r.State == request.Submitted {
		why(b.Requests.Authorise, signer)
	}
	if state == request.Authorised {
		return r
	}
	step(b.Requests.Acknowledge, "evaluator")
	if state == request.Acknowledged {
		return r
	}
	for _, aspect := range evaluation.Aspects {
		b.must(b.finish(r.ID, aspect, nil))
	}
	b.must(b.privacy(r.ID))
	if state == request.Decided {
		_, err := b.decide(r.ID, nil)
		b.must(err)
	}
	return b.read(r.ID)
}

func (b *board) read(id request.ID) (r request.Request) {
	b.t.Helper()
	b.must(b.DB.Read(b.t.Context(), b.id, func(ctx context.Context, tx *db.Tx) (err error) {
		r, err = request.Get(ctx, tx, id)
		return err
	}))
	return r
}

// criteria are those of the board's policy for an aspect, in its order.
func (b *board) criteria(aspect evaluation.Aspect) []policy.Criterion {
	of, _ := b.system().Pack.Aspect(string(aspect))
	return of.Criteria
}

// complete is what an evaluator types when every criterion is met, in Québec.
func (b *board) complete(aspect evaluation.Aspect) evaluation.Input {
	in := evaluation.Input{Criteria: map[string]evaluation.Judgement{}, Recommendation: evaluation.Approve,
		Summary: "Elle convient, " + b.name("summary of "+string(aspect))}
	for _, c := range b.criteria(aspect) {
		in.Criteria[c.ID] = evaluation.Judgement{Rating: evaluation.Met, Note: "Vu, " + b.name("note")}
	}
	if aspect == evaluation.Security {
		in.Location, in.LocationReason = evaluation.Canada, "Pas offert ici, "+b.name("location")
	}
	return in
}

// finish closes an aspect, changed from what is complete.
func (b *board) finish(id request.ID, aspect evaluation.Aspect, change func(*evaluation.Input)) error {
	in := b.complete(aspect)
	if change != nil {
		change(&in)
	}
	_, err := b.Evaluations.Finish(b.t.Context(), b.as("evaluator"), id, aspect, in, 0)
	if err != nil || aspect != evaluation.Security {
		return err
	}
	return b.classify(id)
}

// today is the day that forms are filled in with.
func today() string { return time.Now().In(i18n.Zone).Format(time.DateOnly) }

func (b *board) privacy(id request.ID) error {
	_, err := b.Requests.RecordPrivacy(b.t.Context(), b.as("privacy_officer"), id,
		request.Privacy{Personal: "yes", PIAOn: today(), CommitteeOn: today(), Transfer: "yes"})
	return err
}

func (b *board) decide(id request.ID, change func(*decision.Input)) (decision.Decision, error) {
	in := decision.Input{
		Use: decision.Verdict{Result: decision.Approved, Reasons: "Utile, " + b.name("reasons of use")},
		Security: decision.Verdict{Result: decision.Conditional, Reasons: "Sûre, " + b.name("reasons of security"),
			Conditions: "Sans nom, " + b.name("conditions of security")},
	}
	if change != nil {
		change(&in)
	}
	return b.Decisions.Decide(b.t.Context(), b.as("evaluation_director"), id, in)
}

func (b *board) decisionOf(id request.ID) (d decision.Decision) {
	b.t.Helper()
	b.must(b.DB.Read(b.t.Context(), b.id, func(ctx context.Context, tx *db.Tx) (err error) {
		d, _, err = decision.For(ctx, tx, id)
		return err
	}))
	return d
}

// condition is one of a decision on what somebody asked for, given to somebody else.
func (b *board) condition(asked, owner string) condition.Condition {
	b.t.Helper()
	list, err := b.Conditions.OfDecision(b.t.Context(), b.as("evaluator"), string(b.decisionOf(b.toBy(asked, request.Decided).ID).ID))
	b.must(err)
	c, err := b.Conditions.Assign(b.t.Context(), b.as("evaluator"), list[0].ID, condition.Assignment{
		Owner: condition.Owner{Account: b.as(owner).ID}, DueOn: today(), Version: 1})
	b.must(err)
	return c
}

// contest disagrees with a decision about use.
func (b *board) contest(d decision.ID) (decision.Contest, error) {
	return b.Decisions.Contest(b.t.Context(), b.as("principal"), d, evaluation.Use,
		"L’exercice d’écriture à deux n’a pas été regardé, "+b.name("explanation"))
}

func (b *board) answer(contest string) (decision.Contest, error) {
	return b.Decisions.AnswerContest(b.t.Context(), b.as("appeal_authority"), contest, decision.Answer{TalkOn: today(),
		TalkNote: "Entendu, " + b.name("talk"), NextStep: decision.Maintain, Answer: "On maintient, " + b.name("answer")})
}

// loginName is that of a pupil of the roster.
func (b *board) loginName(source string) (name string) {
	b.t.Helper()
	b.must(b.DB.Read(b.t.Context(), b.id, func(ctx context.Context, tx *db.Tx) error {
		pupil, err := person.BySource(ctx, tx, source)
		if err != nil {
			return err
		}
		found, err := b.Names.Of(ctx, tx, pupil.ID)
		name = found.String()
		return err
	}))
	return name
}

// licence is a right to use an approved platform, of a school that pays for it.
func (b *board) licence(p catalogue.ID) licence.Licence {
	return licence.Licence{PlatformID: p, Scope: licence.School, OrgID: b.school, Payer: b.school, Seats: 30, CostCents: 1000,
		StartsOn: "2026-01-01", EndsOn: "2099-12-31"}
}

func (b *board) record(who string, p catalogue.ID, change func(*licence.Licence)) error {
	l := b.licence(p)
	if change != nil {
		change(&l)
	}
	_, err := b.Licences.Record(b.t.Context(), b.as(who), l)
	return err
}
