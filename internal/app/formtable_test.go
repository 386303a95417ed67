package app_test

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"aval/internal/catalogue"
	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/decision"
	"aval/internal/evaluation"
	"aval/internal/grade"
	"aval/internal/licence"
	"aval/internal/mapping"
	"aval/internal/policy"
	"aval/internal/pseudonym"
	"aval/internal/request"
	"aval/internal/roster"
	tables "aval/internal/sheet"
)

// form is a row of the table: one form of the pages, who fills it in, and what
// they type.
type form struct {
	route    string // as the table of routes writes it
	who      string // "" for nobody
	id       string // of what the address names
	aspect   string
	file     string     // of accounts, a notice or a register, that the address names too
	account  string     // of a pupil, that the address names too
	stranger string     // the id of such a thing of another school, where the role is a school's
	foreign  string     // and of another board
	page     string     // where it stands; its own address when empty
	sent     url.Values // what is sent to its page, where it stands in the answer to another form
	shown    string     // the address of the form that comes back; its own when empty
	good     url.Values
	unseen   []string // fields that are read and that the page does not show
	idle     []string // fields that the page shows and that are tried in another row, or hold no answer
	wrong    []typed
	keeps    bool    // what was typed is kept as a draft when it is refused
	attach   *upload // in the field named file
	shows    bool    // what is right is answered at once: it must not stand in a page to come back to
}

// done is the status of what is right.
func (f form) done() int {
	if f.shows {
		return http.StatusOK
	}
	return http.StatusSeeOther
}

// What a refusal names that is no field.
const (
	nowhere  = ""         // the one NotFound
	late     = "conflict" // somebody was faster: what was typed is still there
	ourPages = "ours"     // done, and led to a page of ours
)

// upload is a file that is sent.
type upload struct{ name, media, content string }

func (f form) to() string {
	_, path, _ := strings.Cut(f.route, " ")
	return strings.NewReplacer("{id}", f.id, "{aspect}", f.aspect, "{file}", f.file, "{account}", f.account, "{check}", f.account, "{notice}", f.file, "{kind}", f.file, "{undertaking}", f.file, "{export}", f.file, "{route}", f.file).Replace(path)
}

// Every way to type a field wrongly, by what it holds.

var long = strings.Repeat("é", 11_000)

// wrongs is one field typed in several ways.
func wrongs(field, names string, values ...string) (all []typed) {
	for _, value := range values {
		all = append(all, typed{field, value, names})
	}
	return all
}

// required is a field that may not stay empty.
func required(field string) []typed { return wrongs(field, field, "", " \u00a0\r\n", "\x00") }

// tooLong is a field of words.
func tooLong(field string) []typed { return wrongs(field, field, long+"\x00\xff"+script) }

// among is a choice among few.
func among(field string) []typed {
	return wrongs(field, field, "maybe", script, long, "\x00six\xff")
}

// day is a calendar day.
func day(field string) []typed {
	return wrongs(field, field, "hier", "2026-02-30", script, long, "\x00six\xff")
}

// number is a count or an amount.
func number(field string) []typed {
	return wrongs(field, field, "six", "-1", "99999999999999999999", script, long, "\x00six\xff")
}

// known is a field that holds the id of what is chosen from a list.
func known(field, names string, others ...string) []typed {
	return append(wrongs(field, names, "nobody", script, long, "\x00six\xff"), wrongs(field, names, others...)...)
}

// brackets is a text that looks like a script: it is kept and shown as it is.
func (b *board) brackets(of string) string { return "Lire & écrire, " + b.name(of) + " " + script }

// forms lists every form of the pages, on a board and beside another.
func (b *board) forms(two *board) []form {
	b.t.Helper()
	ctx := b.t.Context()
	b.sorted()
	foreign := two.to(request.Decided)
	b.must(b.Pseudonyms.Block(ctx, b.as("operator"), []string{"=" + strings.ReplaceAll(b.loginName("e22"), "-", "")}, 0)) // to be replaced
	theirs := string(two.decisionOf(foreign.ID).ID)
	theirContest, err := two.contest(two.decisionOf(foreign.ID).ID)
	b.must(err)
	approved := b.approved()
	lend := func(b *board, from, to string) string {
		d, err := b.Accounts.Delegate(ctx, b.as(from), b.as(to).ID, time.Now(), time.Now().Add(48*time.Hour))
		b.must(err)
		return d.ID
	}
	b.people["two places"] = b.account("two places", policy.Professional, "s1", "")
	b.also("two places", policy.Professional, b.other)
	b.people["two schools"] = b.account("two schools", policy.Principal, "s1", "")
	b.also("two schools", policy.Principal, b.other)

	asking := url.Values{"usage": {b.brackets("usage typed")}, "description": {b.brackets("description typed")},
		"missing": {b.brackets("missing typed")}, "data_kinds": {"first_name"}, "cost": {"1 250,50 $"}}
	asked := slices.Concat(tooLong("usage"), tooLong("description"), tooLong("missing"), among("data_kinds"), number("cost"))
	rooms := append(known("classes", "classes", b.classes[2], two.classes[0]), typed{"classes", []string{b.classes[0], two.classes[0]}, "classes"})
	follows := known("follows", nowhere, string(foreign.ID))

	passedOn, err := b.Requests.Redirect(ctx, b.as("it"), request.Passed{PlatformName: b.name("passed on"), Org: b.school})
	b.must(err)
	answered := b.to(request.Decided)
	contest, err := b.contest(b.decisionOf(answered.ID).ID)
	b.must(err)
	use, security := b.to(request.Acknowledged), b.to(request.Acknowledged)

	set := b.cards()
	pupils, _, err := b.classCards(set, b.classes[0])
	b.must(err)
	elsewhere, _, err := b.classCards(set, b.classes[1])
	b.must(err)

	forms := []form{
		{route: "POST /classes/{id}/cards", who: "teacher", id: b.classes[0], stranger: b.classes[2], foreign: two.classes[0], shows: true,
			page: "/classes/" + b.classes[0] + "/cards?licence=" + string(set),
			good: url.Values{"licence": {string(set)}, "who": {""}, "reason": {"printing"}, "paper": {"letter"}},
			wrong: slices.Concat(known("licence", nowhere, ""), known("who", "who", elsewhere[0].AccountID), required("reason"), among("reason"),
				wrongs("reason", "reason", "conduct"), required("paper"), among("paper"))},
		{route: "POST /classes/{id}/password", who: "teacher", id: b.classes[0], stranger: b.classes[2], foreign: two.classes[0], shows: true,
			page: "/classes/" + b.classes[0], good: url.Values{"account": {pupils[0].AccountID}},
			wrong: known("account", nowhere, "", elsewhere[0].AccountID)},
		{route: "POST /sign-in", page: "/sign-in",
			good: url.Values{"board": {b.id}, "login": {b.people[evaluator2].login}, "password": {password}, "next": {"/licences"}},
			wrong: slices.Concat(required("board"), known("board", "board"), wrongs("board", "login", two.id),
				required("login"), wrongs("login", "login", script), wrongs("password", "password", ""), wrongs("password", "login", script),
				wrongs("next", ourPages, "https://elsewhere.example/", "//elsewhere.example", script, long))},
		{route: "POST /sign-out", who: "secretary", page: "/desk"},
		{route: "POST /language", who: "secretary", page: "/desk", good: url.Values{"to": {"en"}, "back": {"/desk"}},
			wrong: append(known("to", nowhere, ""), wrongs("back", ourPages, "https://elsewhere.example/", "//elsewhere.example", script, long)...)},
		{route: "POST /appearance", who: "secretary", page: "/desk", good: url.Values{"to": {"dark"}, "back": {"/desk"}},
			wrong: append(known("to", nowhere, ""), wrongs("back", ourPages, "https://elsewhere.example/", "//elsewhere.example", script, long)...)},

		{route: "POST /requests", who: "two places", page: "/requests/new", unseen: []string{"follows"},
			good: merged(asking, "platform", b.brackets("platform typed"), "url", "https://kastor.example", "org", b.school, "pupils", "60"),
			wrong: slices.Concat(required("platform"), tooLong("platform"),
				wrongs("url", "url", "javascript:alert(1)", script, long, "ftp://kastor.example", "\x00javascript:alert(1)"),
				required("org"), known("org", nowhere, b.centre, b.department, two.school),
				asked, number("pupils"), follows)},
		{route: "POST /requests", who: "department_head", page: "/requests/new?platform=" + string(b.platform().ID), unseen: []string{"follows"},
			good:  merged(asking, "platform_id", string(b.platform().ID), "pupils", "60"),
			wrong: slices.Concat(asked, wrongs("usage", "usage", strings.Repeat(long, 20)), number("pupils"), follows, known("platform_id", nowhere, string(foreign.PlatformID)))},
		b.following(asking, slices.Concat(asked, rooms)),
		{route: "POST /requests/{id}/edit", who: "principal", id: string(passedOn.ID), foreign: string(foreign.ID),
			good: merged(asking, "version", "1", "classes", b.classes[0]), wrong: slices.Concat(asked, rooms, wrongs("version", late, "0"))},
		b.hasty(asking, foreign.ID),
		b.incomplete(foreign.ID),
		{route: "POST /requests/{id}/join", who: "professional", id: string(b.to(request.Submitted).ID),
			stranger: string(b.toBy(otherTeacher, request.Submitted).ID), foreign: string(two.to(request.Submitted).ID), page: "/desk"},
		{route: "POST /requests/{id}/withdraw", who: "teacher", id: string(b.to(request.Submitted).ID),
			stranger: string(b.toBy(otherTeacher, request.Submitted).ID), foreign: string(foreign.ID)},
		{route: "POST /requests/{id}/acknowledge", who: "evaluator", id: string(b.to(request.Authorised).ID), foreign: string(foreign.ID)},
		{route: "POST /requests/{id}/authorise", who: "principal", id: string(b.to(request.Submitted).ID),
			stranger: string(b.toBy(otherTeacher, request.Submitted).ID), foreign: string(two.to(request.Submitted).ID),
			good:  url.Values{"answer": {"return"}, "reason": {b.brackets("reason typed")}},
			wrong: slices.Concat(required("answer"), among("answer"), required("reason"), tooLong("reason"))},
		{route: "POST /redirect", who: "it", unseen: []string{"platform_id"},
			good: url.Values{"platform": {b.brackets("redirected")}, "url": {"https://pollux.example"}, "org": {b.school}, "note": {b.brackets("note typed")}},
			wrong: slices.Concat(required("platform"), tooLong("platform"), wrongs("url", "url", "javascript:alert(1)", script, long),
				required("org"), known("org", nowhere, two.school), tooLong("note"), known("platform_id", nowhere, string(foreign.PlatformID)))},
		{route: "POST /delegations", who: "principal",
			good: url.Values{"to": {b.as("professional").ID}, "starts": {today()}, "ends": {time.Now().AddDate(0, 1, 0).Format(time.DateOnly)}},
			wrong: slices.Concat(required("to"), known("to", "to", b.as("principal").ID, b.as(otherPrincipal).ID, two.as("professional").ID),
				required("starts"), day("starts"), required("ends"), day("ends"), wrongs("ends", "ends", "2020-01-01", "2999-12-31"))},
		{route: "POST /delegations/{id}/end", who: "principal", id: lend(b, "principal", "teacher"), page: "/delegations",
			stranger: lend(b, otherPrincipal, otherTeacher), foreign: lend(two, "principal", "teacher")},

		b.judging(use.ID, evaluation.Use, foreign),
		b.judging(security.ID, evaluation.Security, foreign),
		b.finishing(foreign),
		b.attaching(foreign.ID),
		b.withdrawing(two, foreign.ID),
		b.reopening(foreign.ID),
		{route: "POST /requests/{id}/privacy", who: "privacy_officer", id: string(b.to(request.Acknowledged).ID), foreign: string(foreign.ID),
			good: url.Values{"personal": {"yes"}, "pia_on": {today()}, "committee_on": {today()}, "transfer": {"yes"}},
			wrong: slices.Concat(required("personal"), among("personal"), day("pia_on"), files("file"),
				wrongs("pia_on", "pia_on", "2999-12-31", "1789-07-14"), day("committee_on"), wrongs("committee_on", "committee_on", "2999-12-31"), among("transfer"))},
		b.deciding("evaluator", foreign.ID),
		b.deciding("evaluation_director", foreign.ID),
		{route: "POST /decisions/{id}/acknowledge", who: "principal", id: string(b.decisionOf(b.to(request.Decided).ID).ID),
			stranger: string(b.decisionOf(b.toBy(otherTeacher, request.Decided).ID).ID), foreign: theirs},
		{route: "POST /decisions/{id}/contest", who: "principal", id: string(b.decisionOf(b.to(request.Decided).ID).ID),
			stranger: string(b.decisionOf(b.toBy(otherTeacher, request.Decided).ID).ID), foreign: theirs,
			good:  url.Values{"aspect": {"use"}, "explanation": {b.brackets("explanation typed")}},
			wrong: slices.Concat(known("aspect", nowhere, ""), required("explanation"), tooLong("explanation"), wrongs("explanation", "explanation", "Non."))},
		{route: "POST /decisions/{id}/contest", who: "principal", id: string(b.decisionOf(b.to(request.Decided).ID).ID), aspect: "security", foreign: theirs,
			idle: []string{"aspect"}, good: url.Values{"aspect": {"security"}, "new_security": {b.brackets("new security typed")}},
			wrong: slices.Concat(required("new_security"), tooLong("new_security"))},
		{route: "POST /contests/{id}", who: "appeal_authority", id: contest.ID, foreign: theirContest.ID,
			good: url.Values{"talk_on": {today()}, "talk_note": {b.brackets("talk typed")}, "next_step": {"maintain"}, "answer": {b.brackets("answer typed")}},
			wrong: slices.Concat(required("talk_on"), day("talk_on"), wrongs("talk_on", "talk_on", "2999-12-31", "2020-01-01"), tooLong("talk_note"),
				required("next_step"), among("next_step"), required("answer"), tooLong("answer"))},

		{route: "POST /policy/versions", who: "evaluation_director",
			good: url.Values{"to": {"conseil-infonuagique-2026@1"}, "on": {"2099-09-01"}},
			wrong: slices.Concat(required("to"), known("to", "to", "qc-a21@2", "csc-pan-2023@1"), required("on"), day("on"),
				wrongs("on", "on", "2020-01-01"))},
		{route: "POST /policy/versions/move", who: "secretary", page: "/policy/versions/move?to=conseil-infonuagique-2026%401&on=2099-09-01",
			shown: "/policy/versions", idle: []string{"shown"}, wrong: slices.Concat(known("to", "to"), day("on"))},
		{route: "POST /policy/verify", who: "privacy_officer", page: "/policy", good: url.Values{"pack": {"csc-pan-2023@1"}},
			wrong: known("pack", nowhere, "", "conseil-infonuagique-2026@1")},
		{route: "POST /policy/versions/{id}/cancel", who: "operator", id: "nothing", foreign: "other", page: "/policy/versions"},

		{route: "POST /audit/checkpoint", who: "secretary", page: "/audit"},
		b.ending(two),
		{route: "POST /licences/new", who: "principal", page: "/licences/new?scope=school&platform=" + string(approved.ID), good: b.bought(approved.ID),
			wrong: slices.Concat(b.bargains(two), required("platform"), known("platform", nowhere, string(foreign.PlatformID)),
				wrongs("org_id", nowhere, b.other), wrongs("payer", "payer", b.other))},
		{route: "POST /licences/new", who: "evaluator", page: "/licences/new?scope=school&org_id=" + b.school + "&platform=" + string(approved.ID),
			good:  b.bought(approved.ID),
			wrong: append(b.bargains(two), known("platform", nowhere, string(foreign.PlatformID))...)},
		{route: "POST /settings", who: "operator", good: url.Values{"evaluator_decides": {"yes"}, "singles_an_hour": {"90"}, "class_sets_an_hour": {"2"}},
			wrong: slices.Concat(required("evaluator_decides"), among("evaluator_decides"), quota("singles_an_hour", "121"), quota("class_sets_an_hour", "5"),
				target("authorise_days"), target("acknowledge_days"), target("evaluate_days"), target("decide_days"), target("answer_days"),
				target("access_days"), wrongs("access_days", "access_days", "21"), target("reevaluate_months"), target("reminder_days"), wrongs("retire_percent", "retire_percent", "-1", "101", "five", script),
				wrongs("smallest_group", "smallest_group", "-1", "999", "five", script), tooLong("plain_words"))},

		{route: "POST /settings/grades", who: "operator", good: url.Values{"written": {"Accueil"}, "grade": {"Other"}},
			wrong: slices.Concat(required("written"), tooLong("written"), required("grade"), among("grade"))},
		{route: "POST /settings/passwords", who: "operator", good: b.kinds(), wrong: b.wrongKinds()},
		{route: "POST /settings/words/replace", who: "operator", good: url.Values{"sure": {"yes"}}, wrong: slices.Concat(required("sure"), among("sure"))},
		{route: "POST /settings/words", who: "operator", good: url.Values{"version": {"2"}, "words": {"bkr\n<b>kâsk"}},
			wrong: slices.Concat(wrongs("words", "words", "aïeul", "bkr\r\nᑭᔅᑭᓄ", script+"\n0", long, wide), wrongs("version", late, "", "x", "999999", script))},
		{route: "POST /settings/public", who: "operator", page: "/settings", good: url.Values{"public_decisions": {"yes"}},
			wrong: slices.Concat(required("public_decisions"), among("public_decisions"))},

		{route: "POST /reveals", who: "teacher", shows: true, good: url.Values{"name": {b.loginName("e00")}, "reason": {"class_help"}},
			wrong: slices.Concat(required("name"), wrongs("name", "name", "Belloq", script, long), required("reason"), among("reason"),
				wrongs("reason", "reason", "lost_password"))},
		{route: "POST /reveals/more", who: "two schools",
			good: url.Values{"what": {"singles"}, "extra": {"5"}, "org": {b.school}, "reason": {"class_help"}, "note": {b.brackets("note for more")}},
			wrong: slices.Concat(required("what"), among("what"), required("extra"), quota("extra", "61"), required("reason"), among("reason"),
				required("org"), known("org", nowhere, b.centre, two.school), tooLong("note"))},
		{route: "POST /approvals/{id}", who: "principal", id: b.more("teacher"), page: "/approvals",
			stranger: b.more(otherTeacher), foreign: two.more("teacher")},
	}
	return slices.Concat(forms, b.accountForms(two), b.credentialForms(two), b.exportForms(two), b.usageForms(foreign), b.incidentForms(two), b.governanceForms(two), b.conditionForms(two), b.rosterForms(two), b.identityForms(two), b.guardianForms(two), b.sourceForms(two), b.mappingForms(two), b.contractForms(two), b.disclosureForms(two), b.assessmentForms(two), b.rightsForms(two), b.inventoryForms(two, foreign.ID), b.apartForms(two), b.schoolForms(two))
}

// usageForms are those of a platform's file: the one that asks for it, and the one that saves what it answered.
func (b *board) usageForms(foreign request.Request) []form {
	b.t.Helper()
	l := b.accounted()
	l.OrgID, l.Payer = b.other, b.other
	l, err := b.Licences.Record(b.t.Context(), b.as(otherPrincipal), l)
	b.must(err)
	read := form{route: "POST /usage", who: otherTeacher, shows: true, idle: []string{"keep"},
		attach: &upload{"suivi.csv", "text/csv", "Nom;Minutes\n" + b.loginName("e20") + ";12\n"},
		good:   url.Values{"platform": {string(l.PlatformID)}, "reason": {"progress"}, "keep": {"yes"}},
		wrong: slices.Concat(required("platform"), known("platform", "platform", string(foreign.PlatformID), string(b.approved().ID)),
			required("reason"), among("reason"), wrongs("reason", "reason", "printing"))}
	for _, content := range []string{"", "\x00", "Élève;Minutes\nLéa;12\n", "%PDF-1.7\n", "<!DOCTYPE html>" + script, "PK\x03\x04" + strings.Repeat("\x00", 64),
		strings.Repeat("a", tables.MaxBytes+1), strings.Repeat("b", tables.MaxBytes+8<<20)} {
		read.wrong = append(read.wrong, typed{"file", upload{"suivi.xlsx", tables.XLSX.Media(), content}, "file"})
	}
	save := form{route: "POST /usage/file", who: otherTeacher, page: "/usage", shows: true, unseen: []string{"table", "format"},
		good:  url.Values{"table": {"Nom;Minutes\nVorn;12"}, "format": {"csv"}},
		wrong: append(known("table", nowhere, ""), known("format", nowhere, "", "html")...)}
	return []form{read, save}
}

// files is a field with a file that cannot be kept.
func files(field string) (all []typed) {
	for _, file := range []upload{
		{"vide.pdf", "application/pdf", ""},
		{"gros.pdf", "application/pdf", "%PDF-1.7\n" + strings.Repeat("a", evaluation.MaxEvidence)},
		{"programme.pdf", "application/pdf", "\x7fELF\x02\x01\x01\x00"},
		{"page.html", "text/html", "<!DOCTYPE html>" + script},
	} {
		all = append(all, typed{field, file, field})
	}
	return all
}

// wide are words that leave too few names.
var wide = func() string {
	var words strings.Builder
	for _, a := range "2345678" {
		for _, b := range "234" {
			words.WriteString("=" + string(a) + string(b) + "\n")
		}
	}
	return words.String()
}()

// kinds are a kind of password for each grade that has a choice.
func (b *board) kinds() url.Values {
	kinds := url.Values{"version": {"1"}}
	for _, each := range grade.Youth(b.system().Pack.Jurisdiction) {
		if of := pseudonym.KindsFor(each); len(of) > 1 {
			kinds.Set("grade_"+each, string(of[1]))
		}
	}
	return kinds
}

// wrongKinds are kinds that are none, and one that is easier to guess where there is one.
func (b *board) wrongKinds() (all []typed) {
	for name := range b.kinds() {
		if name == "version" {
			continue
		}
		all = append(all, required(name)...)
		all = append(all, among(name)...)
		if name > "grade_02" && name < "grade_A" {
			all = append(all, wrongs(name, name, string(pseudonym.PictureAndWord))...)
		}
	}
	return append(all, wrongs("version", late, "", "x", "999999", script)...)
}

// rosterForms are those of what comes into the roster: a set, and what to do with it.
func (b *board) rosterForms(two *board) []form {
	b.t.Helper()
	bring := form{route: "POST /roster/import", who: "operator",
		wrong: []typed{{"file", upload{}, "file"}, {"file", upload{"set.zip", "application/zip", "no zip"}, "file"}}}
	forms := []form{bring}
	for _, does := range []string{"confirm", "cancel"} {
		f := form{route: "POST /roster/imports/{id}/" + does, who: "operator", id: string(b.previewed()), foreign: string(two.previewed())}
		f.page = "/roster/imports/" + f.id
		forms = append(forms, f)
	}
	return forms
}

// mappingForms are those of a plain file: what it is, which column holds what, and its end.
func (b *board) mappingForms(two *board) []form {
	b.t.Helper()
	send := form{route: "POST /mappings", who: "operator",
		wrong: []typed{{"file", upload{}, "file"}, {"file", upload{"eleves.csv", "text/csv", "a;b\n"}, "file"}}}
	save := form{route: "POST /mappings/{id}/save", who: "operator", id: b.plain(), foreign: two.plain(),
		good: url.Values{"name": {"GPI"}, "covers": {"board"}, "split": {"none"}, "pupils.number": {"Fiche"}, "pupils.family": {"Nom"},
			"pupils.given": {"Prénom"}, "pupils.school": {"École"}},
		wrong: slices.Concat(required("name"), wrongs("name", "name", strings.Repeat("x", 81)), required("covers"), among("covers"), among("split"),
			wrongs("digits", "digits", "-1", "21", "x"), required("pupils.number"), wrongs("pupils.school", "pupils.school", "", "Nom", "x"))}
	for _, f := range mapping.Fields(mapping.Pupils) {
		if name := mapping.FieldName(mapping.Pupils, f); save.good[name] == nil || f == mapping.Family || f == mapping.Given {
			save.idle = append(save.idle, name)
		}
		if mapping.MayBeConstant(f) {
			save.idle = append(save.idle, mapping.ConstantName(mapping.Pupils, f))
		}
	}
	save.page = "/mappings/" + save.id
	forget := form{route: "POST /mappings/{id}/forget", who: "operator", id: b.plain(), foreign: two.plain()}
	forget.page = "/mappings/" + forget.id
	add := form{route: "POST /mappings/{id}/file", who: "operator", id: b.plain(), foreign: two.plain(), good: url.Values{"part": {"staff"}},
		attach: &upload{"personnel.csv", "text/csv", "Matricule;Nom;Prénom;École\n9;Cèdre;Luc;071\n"},
		wrong:  []typed{{"file", upload{}, "file"}, {"file", upload{"personnel.csv", "text/csv", "a;b\n"}, "file"}}, idle: []string{"part"}}
	add.page = "/mappings/" + add.id
	return []form{send, save, add, forget}
}

// plain is a file of pupils that waits for its mapping.
func (b *board) plain() string {
	b.t.Helper()
	id, err := b.Mappings.Send(b.t.Context(), b.as("operator"), "", mapping.Pupils, []byte("Fiche;Nom;Prénom;École\n1;Érable;Zoé;071\n"))
	b.must(err)
	return id
}

// previewed is an import that waits for a person.
func (b *board) previewed() roster.ImportID {
	b.t.Helper()
	id, err := b.Rosters.Upload(b.t.Context(), b.as("operator"), b.roster(nil))
	b.must(err)
	b.must(b.Rosters.Work(b.t.Context(), b.id, string(id)))
	return id
}

// conditionForms are those of a condition, which stand on its page.
func (b *board) conditionForms(two *board) []form {
	b.t.Helper()
	row := func(does, who string) form {
		f := form{route: "POST /conditions/{id}/" + does, who: who, id: string(b.condition("teacher", "professional").ID),
			foreign: string(two.condition("teacher", "professional").ID)}
		if who == "principal" {
			f.stranger = string(b.condition(otherTeacher, otherTeacher).ID)
		}
		f.page = "/conditions/" + f.id
		return f
	}
	assign, note, meet, waive := row("assign", "evaluator"), row("note", "principal"), row("meet", "principal"), row("waive", "evaluation_director")
	assign.good = url.Values{"owner": {"principal"}, "due_on": {today()}, "version": {"2"}}
	assign.wrong = slices.Concat(known("owner", "owner", b.as(otherTeacher).ID, two.as("evaluator").ID, "operator"), day("due_on"),
		wrongs("due_on", "due_on", "2020-01-01"), wrongs("version", late, "", "x", "999999", script))
	note.good = url.Values{"note": {b.brackets("note typed")}}
	note.wrong = slices.Concat(required("note"), tooLong("note"))
	meet.good, meet.keeps, meet.unseen = url.Values{"met_note": {b.brackets("proof typed")}}, true, []string{"version"}
	meet.wrong = tooLong("met_note")
	meet.wrong = slices.Concat(meet.wrong, []typed{{"file", upload{}, "file"}}, files("file"))
	waive.good = url.Values{"reason": {b.brackets("waiver typed")}}
	waive.wrong = slices.Concat(required("reason"), tooLong("reason"))
	return []form{assign, note, meet, waive}
}

// quota is a small number, above which one is refused.
func quota(field, above string) []typed {
	return wrongs(field, field, "", "0", "-1", "six", above, script, long)
}

// target is a number that may be left out.
func target(field string) []typed { return wrongs(field, field, "-1", "six", "366", script, long) }

// merged is some fields and others.
func merged(some url.Values, pairs ...string) url.Values {
	all := url.Values{}
	for name, values := range some {
		all[name] = slices.Clone(values)
	}
	for i := 0; i < len(pairs); i += 2 {
		all.Set(pairs[i], pairs[i+1])
	}
	return all
}

// also gives somebody a second role.
func (b *board) also(who string, role policy.Role, at string) {
	b.t.Helper()
	b.must(b.DB.Write(b.t.Context(), b.id, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO account_grant (board_id, account_id, role, org_id) VALUES ($1, $2, $3, $4)`,
			tx.Board, b.as(who).ID, string(role), at)
		return err
	}))
}

// following is the form of a draft that follows a refusal of the platform's security.
func (b *board) following(asking url.Values, asked []typed) form {
	b.t.Helper()
	first := b.to(request.Evaluated)
	_, err := b.decide(first.ID, func(in *decision.Input) {
		in.Security = decision.Verdict{Result: decision.Refused, Reasons: "Sans protection."}
	})
	b.must(err)
	r, err := b.Requests.Create(b.t.Context(), b.as("teacher"), b.draft("teacher", first.PlatformID))
	b.must(err)
	return form{route: "POST /requests/{id}/edit", who: "teacher", id: string(r.ID), stranger: string(b.toBy(otherTeacher, request.Drafted).ID),
		good:  merged(asking, "version", "1", "new_security", b.brackets("security typed"), "classes", b.classes[0]),
		wrong: slices.Concat(asked, tooLong("new_security"), wrongs("version", late, "", "x", "999999", script, "\x00six"))}
}

// hasty is the form of a draft that is sent at once: what lacks is asked for, and
// the draft is kept.
func (b *board) hasty(asking url.Values, foreign request.ID) form {
	b.t.Helper()
	f := form{route: "POST /requests/{id}/edit", who: "teacher", id: string(b.to(request.Drafted).ID), foreign: string(foreign), keeps: true,
		good: merged(asking, "classes", b.classes[0], "then", "submit"), unseen: []string{"then", "version"},
		idle: []string{"missing", "cost", "version"}}
	for _, field := range []string{"data_kinds", "classes"} {
		f.wrong = append(f.wrong, typed{field, []string{}, field})
	}
	f.wrong = append(f.wrong, typed{"data_kinds", []string{"first_name", request.NoData}, "data_kinds"})
	return f.with(required("usage"), required("description"))
}

// with adds to what is typed wrongly.
func (f form) with(more ...[]typed) form {
	f.wrong = append(f.wrong, slices.Concat(more...)...)
	return f
}

// incomplete is the button that sends a draft which lacks what 2.2 a asks for.
func (b *board) incomplete(foreign request.ID) form {
	b.t.Helper()
	r, err := b.Requests.Create(b.t.Context(), b.as("teacher"), request.Draft{PlatformID: b.platform().ID, Org: b.school})
	b.must(err)
	f := form{route: "POST /requests/{id}/submit", who: "teacher", id: string(r.ID), stranger: string(b.toBy(otherTeacher, request.Drafted).ID),
		foreign: string(foreign), page: "/requests/" + string(r.ID), shown: "/requests/" + string(r.ID) + "/edit"}
	for _, field := range []string{"usage", "description", "classes", "data_kinds"} {
		f.wrong = append(f.wrong, typed{"", nil, field})
	}
	return f
}

// judging is the form of an aspect.
func (b *board) judging(id request.ID, aspect evaluation.Aspect, foreign request.Request) form {
	b.t.Helper()
	near := b.approved() // an equivalent to have looked at
	of, _ := b.as("evaluator").Pack.Aspect(string(aspect))
	f := form{route: "POST /requests/{id}/evaluation/{aspect}", who: "evaluator", id: string(id), aspect: string(aspect), foreign: string(foreign.ID),
		good: url.Values{"version": {"0"}, "recommendation": {"refuse"}, "summary": {b.brackets("summary of " + string(aspect) + " typed")}}}
	f.wrong = slices.Concat(among("recommendation"), tooLong("summary"), wrongs("version", late, "", "x", "999999", script))
	for _, c := range of.Criteria {
		f.good.Set("rating."+c.ID, "unmet")
		f.good.Set("note."+c.ID, b.brackets("note of "+c.ID))
		f.wrong = slices.Concat(f.wrong, wrongs("rating."+c.ID, "rating."+c.ID, "great", script), tooLong("note." + c.ID)[:1])
		f.idle = append(f.idle, "file."+c.ID)
	}
	f.idle = append(f.idle, "confidential")
	f.wrong = slices.Concat(f.wrong, wrongs("summary", "summary", strings.Repeat(long, 20)), among("rating."+of.Criteria[0].ID))
	if aspect == evaluation.Security {
		f.good = merged(f.good, "location", string(evaluation.Canada), "location_reason", b.brackets("location typed"), "looked", string(near.ID))
		f.wrong = slices.Concat(f.wrong, among("location"), tooLong("location_reason"),
			known("looked", "looked", string(foreign.PlatformID), string(b.platform().ID)))
	}
	return f
}

// finishing is that form when the aspect is to be closed: nothing may lack.
func (b *board) finishing(foreign request.Request) form {
	b.t.Helper()
	f := b.judging(b.to(request.Acknowledged).ID, evaluation.Security, foreign)
	f.idle = append(f.idle, b.fieldsOf(f)...)
	f.good.Set("then", "finish")
	f.unseen, f.wrong = []string{"then"}, nil
	return f.with(wrongs("rating.3.3b", "rating.3.3b", ""), required("note.3.3b"), wrongs("location", "location", ""), required("location_reason"),
		wrongs("recommendation", "recommendation", ""), required("summary"))
}

// attaching is that form with files: what was typed is kept, since a browser
// does not send a file twice.
func (b *board) attaching(foreign request.ID) form {
	b.t.Helper()
	f := form{route: "POST /requests/{id}/evaluation/{aspect}", who: "evaluator", id: string(b.to(request.Acknowledged).ID), aspect: "security",
		foreign: string(foreign), keeps: true, good: url.Values{"summary": {b.brackets("summary beside a file")}}}
	for _, file := range []upload{
		{"vide.pdf", "application/pdf", ""},
		{"gros.pdf", "application/pdf", "%PDF-1.7\n" + strings.Repeat("a", evaluation.MaxEvidence)},
		{"programme.pdf", "application/pdf", "\x7fELF\x02\x01\x01\x00"},
		{"page.html", "text/html", "<!DOCTYPE html>" + script},
		{"page.txt", "text/plain", "<html>" + script},
		{"image.png", "image/png", "%PDF-1.7\n"},
	} {
		f.wrong = append(f.wrong, typed{"file.3.3b", file, "file.3.3b"})
	}
	for _, name := range b.fieldsOf(f) {
		if name != "file.3.3b" {
			f.idle = append(f.idle, name)
		}
	}
	return f
}

// withdrawing is that form when a file already supports a criterion.
func (b *board) withdrawing(two *board, foreign request.ID) form {
	b.t.Helper()
	id, file := b.supported()
	_, theirs := two.supported()
	f := form{route: "POST /requests/{id}/evaluation/{aspect}", who: "evaluator", id: string(id), aspect: "use", foreign: string(foreign)}
	f.idle = slices.DeleteFunc(b.fieldsOf(f), func(name string) bool { return name == "withdraw" })
	f.good = url.Values{"version": {b.hidden(f, "version")}, "summary": {b.brackets("summary beside a withdrawal")}, "withdraw": {file}}
	return f.with(known("withdraw", nowhere, theirs))
}

// reopening is the button of who finished an aspect.
func (b *board) reopening(foreign request.ID) form {
	b.t.Helper()
	id := string(b.to(request.Evaluated).ID)
	return form{route: "POST /requests/{id}/evaluation/{aspect}/reopen", who: "evaluator", id: id, aspect: "use",
		page: "/requests/" + id + "/evaluation/use", foreign: string(foreign)}
}

// supported is a request with a file that supports its first criterion, and that file.
func (b *board) supported() (id request.ID, file string) {
	b.t.Helper()
	id = b.to(request.Acknowledged).ID
	v, err := b.Evaluations.AddEvidence(b.t.Context(), b.as("evaluator"), id, evaluation.Use, b.criteria(evaluation.Use)[0].ID,
		evaluation.File{Name: "notes.txt", Content: strings.NewReader("Lu avec soin.")})
	b.must(err)
	return id, v.ID
}

// deciding is the form of the decision, of who evaluated too when they decide.
func (b *board) deciding(evaluates string, foreign request.ID) form {
	b.t.Helper()
	r := b.to(request.Acknowledged)
	for _, aspect := range evaluation.Aspects {
		_, err := b.Evaluations.Finish(b.t.Context(), b.as(evaluates), r.ID, aspect, b.complete(aspect), 0)
		b.must(err)
	}
	b.must(b.privacy(r.ID))
	b.must(b.classify(r.ID))
	f := form{route: "POST /requests/{id}/decision", who: "evaluation_director", id: string(r.ID), foreign: string(foreign), good: url.Values{}}
	for _, aspect := range []string{"use", "security"} {
		f.good = merged(f.good, aspect+"_result", "conditional", aspect+"_reasons", b.brackets(aspect+" reasons typed"),
			aspect+"_conditions", b.brackets(aspect+" conditions typed"), "due_on", today(), "owner", "principal")
		f.wrong = slices.Concat(f.wrong, required(aspect+"_result"), among(aspect+"_result"), required(aspect+"_reasons"), tooLong(aspect+"_reasons"),
			required(aspect+"_conditions"), tooLong(aspect+"_conditions"), []typed{{aspect + "_result", "approved", aspect + "_conditions"}})
	}
	f.wrong = slices.Concat(f.wrong, day("due_on"), wrongs("due_on", "due_on", "2020-01-01"), known("owner", "owner", b.as(otherTeacher).ID, "operator"),
		among("because"), wrongs("because", "because", "cost"))
	if evaluates == f.who {
		for field := range f.good {
			f.idle = append(f.idle, field)
		}
		f.idle = append(f.idle, "because")
		f.good.Set("exception", b.brackets("exception typed"))
		f.wrong = slices.Concat(required("exception"), tooLong("exception"))
	}
	return f
}

func (b *board) bought(p catalogue.ID) url.Values {
	return url.Values{"platform": {string(p)}, "scope": {"school"}, "org_id": {b.school}, "payer": {b.school}, "seats": {"1 200"},
		"cost": {"1 250,50 $"}, "starts_on": {"2026-01-01"}, "ends_on": {"2099-12-31"},
		"grades": {"04"}, "account_kind": {"login_name"}, "sign_in_url": {"https://kastor.example"}, "columns": {"Username = nom d’utilisateur"}}
}

// ending is the form that ends a licence.
func (b *board) ending(two *board) form {
	b.t.Helper()
	record := func(b *board, who, school string) string {
		l := b.licence(b.approved().ID)
		l.OrgID, l.Payer = school, school
		l, err := b.Licences.Record(b.t.Context(), b.as(who), l)
		b.must(err)
		return string(l.ID)
	}
	id := record(b, "principal", b.school)
	return form{route: "POST /licences/{id}/end", who: "principal", id: id, page: "/licences/" + id,
		stranger: record(b, otherPrincipal, b.other), foreign: record(two, "principal", two.school),
		good: url.Values{"on": {today()}}, wrong: slices.Concat(required("on"), day("on"), wrongs("on", "on", "2025-12-31", "2100-01-01"))}
}

// accountForms are those of the accounts of a licence, which stand on its page: to make them,
// the file of two people's hands, and the vendor's word when the licence is over.
func (b *board) accountForms(two *board) []form {
	b.t.Helper()
	at := func(route string, b *board) (id, file string) {
		l, err := b.Licences.Record(b.t.Context(), b.as("principal"), b.accounted())
		b.must(err)
		return string(l.ID), string(b.fileFor(route, l.ID))
	}
	var forms []form
	for _, f := range []struct{ does, operation string }{
		{"accounts", "create-accounts"}, {"files", "prepare-provisioning"}, {"files/{file}/approve", "approve-provisioning"},
		{"files/{file}/download", "download-provisioning"}, {"files/{file}/confirm", "confirm-provisioning"},
	} {
		row := form{route: "POST /licences/{id}/" + f.does, who: "evaluator"}
		row.id, row.file = at(f.operation, b)
		row.foreign, _ = at("", two)
		row.page = "/licences/" + row.id
		if f.does == "files" {
			row.good, row.wrong = url.Values{"kind": {"delta"}}, slices.Concat(required("kind"), among("kind"))
		}
		forms = append(forms, row)
	}
	forms = append(forms, b.keptForms(two)...)
	over := form{route: "POST /licences/{id}/deletion", who: "evaluator", good: url.Values{"on": {today()}, "by": {"Camille Ortega, données"}},
		wrong: slices.Concat(required("on"), day("on"), wrongs("on", "on", "2025-12-31", "2100-01-01"), required("by"), tooLong("by"))}
	over.id, _ = at("", b)
	over.foreign, _ = at("", two)
	over.page = "/licences/" + over.id
	b.over(licence.ID(over.id))
	return append(forms, over)
}

// credentialForms are those of what a platform's program signs in with.
func (b *board) credentialForms(two *board) []form {
	b.t.Helper()
	at := func(b *board, made bool) string {
		l, err := b.Licences.Record(b.t.Context(), b.as("principal"), b.accounted())
		b.must(err)
		if made {
			_, _, err := b.Credentials.Make(b.t.Context(), b.as("evaluator"), l.ID)
			b.must(err)
		}
		return string(l.ID)
	}
	row := func(does string, made bool) form {
		f := form{route: "POST /licences/{id}/credential" + does, who: "evaluator", id: at(b, made), foreign: at(two, made)}
		f.page = "/licences/" + f.id + "/credential"
		return f
	}
	made, rotate, revoke := row("", false), row("/rotate", true), row("/revoke", true)
	made.shows, rotate.shows = true, true
	rotate.good, rotate.wrong = url.Values{"overlap": {"7"}}, slices.Concat(required("overlap"), among("overlap"))
	return []form{made, rotate, revoke}
}

// keptForms are those of the pages on which the accounts of a licence are kept.
func (b *board) keptForms(two *board) []form {
	b.t.Helper()
	of := func(b *board, kind licence.AccountKind) licence.ID {
		l := b.accounted()
		l.AccountKind = kind
		l, err := b.Licences.Record(b.t.Context(), b.as("principal"), l)
		b.must(err)
		return l.ID
	}
	at := func(does, operation string, kind licence.AccountKind) form {
		id := of(b, kind)
		row := form{route: "POST /licences/{id}/accounts/" + does, who: "evaluator", id: string(id), foreign: string(of(two, kind))}
		row.account = b.accountFor(operation, id)
		row.page = "/licences/" + row.id + "/accounts/" + row.account
		return row
	}
	suspend, resume := at("{account}/suspend", "suspend-account", licence.LoginName), at("{account}/resume", "resume-account", licence.LoginName)
	suspend.good, suspend.wrong = url.Values{"why": {"asked"}}, slices.Concat(required("why"), among("why"))

	idle := at("idle", "suspend-account", licence.LoginName)
	dbtest.OwnerExec(b.t, b.DB, `UPDATE pupil_account SET state = 'sent', sent_on = '2026-01-02' WHERE id = '`+idle.account+`'`)
	idle.page = "/licences/" + idle.id + "/accounts/idle"
	idle.good, idle.idle = url.Values{"idle": {"unconfirmed"}, "count": {"1"}}, []string{"idle", "count"}

	read, keep := at("names", "load-vendor-names", licence.VendorName), at("names/keep", "load-vendor-names", licence.VendorName)
	read.page, keep.page = "/licences/"+read.id+"/accounts/names", "/licences/"+keep.id+"/accounts/names"
	for _, file := range []upload{{"vide.csv", "text/csv", ""}, {"titres.csv", "text/csv", "login,name\n"}, {script, "text/html", script},
		{"faux.xlsx", "application/octet-stream", "PK\x03\x04 and nothing"}} {
		read.wrong = append(read.wrong, typed{"file", file, "file"})
	}
	return []form{suspend, resume, idle, read, keep}
}

func (b *board) bargains(two *board) []typed {
	return slices.Concat(required("scope"), among("scope"), required("org_id"), known("org_id", "org_id", b.department, b.centre[:5], two.school),
		required("payer"), known("payer", "payer", "ddl", two.school), required("starts_on"), day("starts_on"), required("ends_on"), day("ends_on"),
		wrongs("ends_on", "ends_on", "2020-01-01"), number("seats"), number("cost"), among("grades"), among("account_kind"),
		wrongs("sign_in_url", "sign_in_url", "http://kastor.example", "javascript:alert(1)", script, long), tooLong("columns"),
		wrongs("columns", "columns", "Username", "Group = groupe", script))
}
