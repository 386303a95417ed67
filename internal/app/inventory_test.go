package app_test

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"testing"

	"aval/internal/classification"
	"aval/internal/decision"
	"aval/internal/evaluation"
	"aval/internal/inventory"
	"aval/internal/policy"
	"aval/internal/request"
)

// scheme is how the board sorts information.
func (b *board) scheme() classification.Scheme {
	b.t.Helper()
	s, err := b.Classification.Settings(b.t.Context(), b.as("evaluator"))
	b.must(err)
	return s.Scheme
}

// level is a class that a board may add.
func (b *board) level(of string) classification.Level {
	l := classification.Level{TitleFr: "Classe " + b.name(of), TitleEn: "Class " + b.name(of), AboutFr: "Couvre " + b.name("about "+of),
		Colour: "blue", Owner: "principal", Keeper: "it", Decides: map[classification.Tier]policy.Role{}}
	for _, t := range classification.Tiers {
		l.Decides[t] = policy.EvaluationDirector
	}
	return l
}

// sorted gives the board a scheme, where it has none.
func (b *board) sorted() classification.Scheme {
	b.t.Helper()
	for s := b.scheme(); len(s.Levels) < 2; s = b.scheme() {
		_, err := b.Classification.Put(b.t.Context(), b.as("privacy_officer"), b.level("class"), len(s.Levels)+1, s.Version)
		b.must(err)
	}
	return b.scheme()
}

// classed is what an evaluator types of a class.
func (b *board) classed(class string) classification.Input {
	return classification.Input{Class: class, Owner: "principal", Reason: "Des prénoms, " + b.name("reason of a class"),
		Tier: classification.Low, TierReason: "Peu de choses, " + b.name("reason of a tier")}
}

// classify gives a request its class, where the board has a scheme.
func (b *board) classify(id request.ID) error {
	s := b.scheme()
	if len(s.Levels) == 0 {
		return nil
	}
	_, err := b.Classification.Classify(b.t.Context(), b.as("evaluator"), id, b.classed(s.Levels[1].Code))
	return err
}

// seen notes a new platform in use, with a class where the board has a scheme.
func (b *board) seen(who, personal string) (inventory.Found, error) {
	in := inventory.Seen{Platform: b.platform().Name, On: today(), Text: "Dans une classe, " + b.name("text of what was seen"), Personal: personal}
	if s := b.scheme(); len(s.Levels) > 0 {
		in.Class = s.Levels[len(s.Levels)-1].Code
	}
	return b.Inventory.Note(b.t.Context(), b.as(who), in)
}

func noted(personal string) func(*board) error {
	return func(b *board) error {
		_, err := b.seen("teacher", personal)
		return err
	}
}

// refuses a request with some reasons.
func turnedDown(because ...string) func(*board) error {
	return func(b *board) error {
		_, err := b.decide(b.to(request.Evaluated).ID, func(in *decision.Input) {
			in.Use, in.Because = decision.Verdict{Result: decision.Refused, Reasons: "Rien du programme."}, because
		})
		return err
	}
}

func unclassified(b *board) error {
	b.sorted()
	r := b.to(request.Acknowledged)
	for _, aspect := range evaluation.Aspects {
		_, err := b.Evaluations.Finish(b.t.Context(), b.as("evaluator"), r.ID, aspect, b.complete(aspect), 0)
		b.must(err)
	}
	b.must(b.privacy(r.ID))
	_, err := b.decide(r.ID, nil)
	return err
}

func classified(b *board) error {
	b.sorted()
	return b.classify(b.to(request.Acknowledged).ID)
}

// inventoryProofs are those of the clauses on classes, on the list and on its users,
// by their control: no policy has all of them.
var inventoryProofs = map[string]proof{
	"data.subjects": {
		act: func(b *board) error { b.to(request.Submitted); return nil },
		violate: func(b *board) error {
			d := b.draft("teacher", b.platform().ID)
			d.Subjects = nil
			r, err := b.Requests.Create(b.t.Context(), b.as("teacher"), d)
			b.must(err)
			_, err = b.Requests.Submit(b.t.Context(), b.as("teacher"), r.ID)
			return err
		}},
	"data.classified":      {act: classified, violate: unclassified},
	"security.classified":  {act: classified, violate: unclassified},
	"data.allowed":         {act: decided, violate: noted("no")},
	"services.inventoried": {act: decided, violate: noted("no")},
	"users.watchful": {
		act: func(b *board) error {
			_, err := b.Duties.Acknowledge(b.t.Context(), b.as("teacher"))
			return err
		},
		violate: noted("yes")},
	"notice.refused": {act: turnedDown("not_curriculum"), violate: turnedDown()},
}

// inventoryForms are those of the list, of the classes and of the duties.
func (b *board) inventoryForms(two *board, foreign request.ID) []form {
	b.t.Helper()
	s := b.sorted()
	mine, err := b.seen("teacher", "no")
	b.must(err)
	theirs, err := two.seen("teacher", "no")
	b.must(err)
	spare, err := b.Classification.Put(b.t.Context(), b.as("privacy_officer"), b.level("spare"), len(s.Levels)+1, s.Version)
	b.must(err)
	code, version := spare.Levels[len(spare.Levels)-1].Code, spare.Version
	level := url.Values{"version": {text64(version)}, "code": {""}, "title_fr": {b.brackets("class typed")}, "title_en": {"Class"}, "about_fr": {"Couvre."},
		"about_en": {"Covers."}, "place": {"1"}, "colour": {"red"}, "owner": {"principal"}, "keeper": {"it"},
		"decides_low": {"evaluation_director"}, "decides_medium": {"evaluation_director"}, "decides_high": {"evaluation_director"}}
	return []form{
		{route: "POST /services/found", who: "teacher",
			good: url.Values{"platform": {b.brackets("in use")}, "url": {"https://argo.example"}, "on": {today()}, "text": {b.brackets("seen")},
				"personal": {"no"}, "class": {s.Levels[0].Code}},
			wrong: slices.Concat(required("platform"), tooLong("platform"), wrongs("url", "url", "javascript:alert(1)", script), required("on"), day("on"),
				wrongs("on", "on", "2999-12-31"), required("text"), tooLong("text"), required("personal"), among("personal"), among("class"))},
		{route: "POST /services/found/{id}/settle", who: "evaluator", id: mine.ID, foreign: theirs.ID, page: "/services/found/" + mine.ID,
			good: url.Values{"outcome": {"stopped"}, "reason": {b.brackets("settled")}},
			wrong: slices.Concat(required("outcome"), among("outcome"), wrongs("outcome", "outcome", "requested", "open"), required("reason"),
				tooLong("reason"))},
		{route: "POST /requests/{id}/class", who: "evaluator", id: string(b.to(request.Acknowledged).ID), foreign: string(foreign),
			good: url.Values{"class": {s.Levels[0].Code}, "reason": {b.brackets("why class")}, "owner": {b.as("evaluation_director").ID}, "tier": {"low"},
				"tier_reason": {b.brackets("why tier")}},
			wrong: slices.Concat(required("class"), among("class"), required("reason"), tooLong("reason"), required("owner"),
				known("owner", "owner", two.as("evaluator").ID), required("tier"), among("tier"), required("tier_reason"), tooLong("tier_reason"))},
		{route: "POST /settings/classes/remove", who: "privacy_officer", page: "/settings/classes", shown: "/settings/classes",
			good:  url.Values{"code": {code}, "version": {text64(version)}},
			wrong: append(known("code", nowhere, ""), wrongs("version", late, "", "x", "0")...)},
		{route: "POST /settings/classes", who: "privacy_officer", good: merged(level, "version", text64(version+1)),
			wrong: slices.Concat(known("code", nowhere), required("title_fr"), tooLong("title_fr"), required("title_en"), tooLong("title_en"),
				tooLong("about_fr"), tooLong("about_en"), required("place"), number("place"), required("colour"), among("colour"),
				required("owner"), known("owner", "owner", two.as("evaluator").ID), required("keeper"), known("keeper", "keeper"),
				required("decides_low"), among("decides_low"), required("decides_medium"), among("decides_medium"),
				required("decides_high"), wrongs("decides_high", "decides_high", "teacher"), wrongs("version", late, "", "x", "0"))},
		{route: "POST /duties", who: "secretary"},
	}
}

// Who works for the whole board asks for a department, with nothing said of pupils.
func TestAnyEmployeeAsksForAnAdministrativeService(t *testing.T) {
	t.Parallel()
	eachPolicy(t, func(t *testing.T, b *board) {
		ask := request.Draft{PlatformName: b.name("payroll"), Org: b.department, Description: "La paie.", Usage: "Pour le service.",
			DataKinds: []string{"full_name"}}
		r, err := b.Requests.Create(t.Context(), b.as("secretary"), ask)
		if len(b.system().Pack.DataSubjects) == 0 {
			if err == nil {
				t.Fatalf("the secretary of a board whose policy is on pupils asks: %v", r.ID)
			}
			return
		}
		b.must(err)
		if _, err := b.Requests.Submit(t.Context(), b.as("secretary"), r.ID); err == nil {
			t.Error("sent without saying whose data")
		}
		ask.Subjects = []string{"staff", "board"}
		_, err = b.Requests.Edit(t.Context(), b.as("secretary"), r.ID, ask, r.Version)
		b.must(err)
		r, err = b.Requests.Submit(t.Context(), b.as("secretary"), r.ID)
		b.must(err)
		if r.State != request.Submitted || r.AuthorRole != policy.Secretary || r.Pupils != 0 {
			t.Errorf("%s as %s with %d pupils", r.State, r.AuthorRole, r.Pupils)
		}
		if got := b.read(r.ID).Subjects; !slices.Equal(got, []string{"board", "staff"}) {
			t.Errorf("subjects kept: %v", got)
		}
		if _, err := b.Requests.Authorise(t.Context(), b.as("department_head"), r.ID, ""); err != nil {
			t.Errorf("the department head does not authorise: %v", err)
		}
		ask.PlatformName, ask.Org = b.name("elsewhere"), b.school
		if _, err := b.Requests.Create(t.Context(), b.as("secretary"), ask); err == nil {
			t.Error("the secretary asks for a school")
		}
		teaching := b.draft("teacher", b.platform().ID)
		teaching.Classes, teaching.Subjects = nil, []string{"staff"}
		mine, err := b.Requests.Create(t.Context(), b.as("teacher"), teaching)
		b.must(err)
		if _, err := b.Requests.Submit(t.Context(), b.as("teacher"), mine.ID); err != nil {
			t.Errorf("a teacher is asked for classes where no pupil is concerned: %v", err)
		}
	})
}

// The pages of the list, of the classes and of the duties are read in both languages.
func TestTheListIsShownToEveryone(t *testing.T) {
	t.Parallel()
	eachPolicy(t, func(t *testing.T, b *board) {
		b.sorted()
		approved := b.to(request.Decided)
		b.must(turnedDown("cost")(b))
		_, err := b.seen("teacher", "yes")
		b.must(err)
		for _, path := range []string{"/services", "/services?show=refused", "/services?class=" + b.scheme().Levels[0].Code, "/services/print",
			"/services/found", "/duties", "/services/file?format=csv", "/services/file?format=json", "/services/file?format=xlsx"} {
			if a := b.browse("teacher", http.MethodGet, path, nil); a.status != http.StatusOK {
				t.Errorf("%s: %d\n%s", path, a.status, short(a.body))
			}
		}
		for _, path := range []string{"/services?class=nothing", "/services/file?format=html", "/services/file"} {
			if a := b.browse("teacher", http.MethodGet, path, nil); a.status != http.StatusNotFound {
				t.Errorf("%s: %d, want the one NotFound", path, a.status)
			}
		}
		list, err := b.Inventory.List(t.Context(), b.as("teacher"), inventory.Filter{Class: b.scheme().Levels[0].Code})
		b.must(err)
		if !slices.ContainsFunc(list.Items, func(i inventory.Item) bool { return i.ID == approved.PlatformID }) {
			t.Error("what may hold a class is not listed for one below")
		}
		above, err := b.Inventory.List(t.Context(), b.as("teacher"), inventory.Filter{Class: b.scheme().Levels[len(b.scheme().Levels)-1].Code})
		b.must(err)
		if len(b.scheme().Levels) > 2 && len(above.Items) > 0 {
			t.Error("what may hold a class is listed for one above")
		}
	})
}

func text64(n int64) string { return strconv.FormatInt(n, 10) }

// foundID is a platform found in use, for an operation to settle.
func (b *board) foundID() string {
	b.t.Helper()
	f, err := b.seen("teacher", "no")
	b.must(err)
	return f.ID
}

// firstClass is the code of the most open class; "" where the board has none.
func (b *board) firstClass() string {
	if s := b.scheme(); len(s.Levels) > 0 {
		return s.Levels[0].Code
	}
	return ""
}
