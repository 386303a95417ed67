package request

import (
	"strings"
	"testing"
	"time"

	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/policy"
)

var noon = time.Date(2026, time.November, 20, 17, 0, 0, 0, time.UTC)

// asked is a request that may be submitted.
func asked(change func(*Request)) Request {
	r := Request{
		ID: "r1", AuthorID: "maude", AuthorRole: policy.Teacher, Kind: Full, State: Drafted,
		Description: "Un jeu de tables", Usage: "À deux, quinze minutes", DataKinds: []string{"pseudonym"},
		Classes: []string{"401"},
	}
	if change != nil {
		change(&r)
	}
	return r
}

func in(state State) func(*Request) {
	return func(r *Request) { r.State, r.StateAt, r.SubmittedAt = state, noon, noon }
}

// refusal checks that err is what the case wants: "kind key clause", or nothing.
func refusal(t *testing.T, err error, want string) {
	t.Helper()
	got := ""
	if f, ok := fault.As(err); ok {
		got = strings.TrimSpace(f.Kind.String() + " " + f.Key + " " + f.Clause)
		worded(t, f)
	} else if err != nil {
		got = "mistake: " + err.Error()
	}
	if got != want {
		t.Errorf("got %q, want %q (%v)", got, want, err)
	}
}

// worded checks that somebody wrote the sentences of a refusal.
func worded(t *testing.T, f *fault.Fault) {
	t.Helper()
	keys := []string{f.Key}
	for _, m := range f.Fields {
		keys = append(keys, m.Key)
	}
	for _, key := range keys {
		if !i18n.For("fr").Has(key) || !i18n.For("en").Has(key) {
			t.Errorf("no text for %s", key)
		}
	}
}

func TestRules(t *testing.T) {
	long := strings.Repeat("é", maxReason+1)
	redirected := func(r *Request) {
		in(Submitted)(r)
		r.AuthorID, r.AuthorRole, r.RedirectedBy = "ti", policy.IT, "ti"
	}
	for _, c := range []struct {
		name  string
		given func(*Request)
		do    func(*Request) error
		want  string
		state State
	}{
		// Submit (2.2 a).
		{"submitted by another", nil, func(r *Request) error { return r.submit("jo", true, noon) }, "denied request.author_only", Drafted},
		{"submitted twice", in(Submitted), func(r *Request) error { return r.submit("maude", true, noon) }, "conflict request.not_draft 2.2b", Submitted},
		{"without a usage", func(r *Request) { r.Usage = "" }, func(r *Request) error { return r.submit("maude", true, noon) }, "invalid form_invalid 2.2a", Drafted},
		{"without a description", func(r *Request) { r.Description = "" }, func(r *Request) error { return r.submit("maude", true, noon) }, "invalid form_invalid 2.2a", Drafted},
		{"without data kinds", func(r *Request) { r.DataKinds = nil }, func(r *Request) error { return r.submit("maude", true, noon) }, "invalid form_invalid 2.2a", Drafted},
		{"no data, and some", func(r *Request) { r.DataKinds = []string{"none", "email"} }, func(r *Request) error { return r.submit("maude", true, noon) }, "invalid form_invalid 2.2a", Drafted},
		{"a teacher of classes, without one", func(r *Request) { r.Classes = nil }, func(r *Request) error { return r.submit("maude", true, noon) }, "invalid form_invalid 2.2a", Drafted},
		{"a teacher without classes", func(r *Request) { r.Classes = nil }, func(r *Request) error { return r.submit("maude", false, noon) }, "", Submitted},
		{"after a decision, without new security", func(r *Request) { r.FollowsID = "r0" }, func(r *Request) error { return r.submit("maude", true, noon) }, "invalid form_invalid 4.1b", Drafted},
		{"after a decision, with new security", func(r *Request) { r.FollowsID, r.NewSecurity = "r0", "Chiffrement" }, func(r *Request) error { return r.submit("maude", true, noon) }, "", Submitted},
		{"short, of an approved platform", func(r *Request) { r.Kind, r.Description, r.DataKinds = Short, "", nil }, func(r *Request) error { return r.submit("maude", true, noon) }, "", Submitted},
		{"described", nil, func(r *Request) error { return r.submit("maude", true, noon) }, "", Submitted},
		{"returned, again", in(Returned), func(r *Request) error { return r.submit("maude", true, noon) }, "", Submitted},
		{"a principal's own", func(r *Request) { r.AuthorRole = policy.Principal }, func(r *Request) error { return r.submit("maude", false, noon) }, "", Authorised},
		{"a department's own", func(r *Request) { r.AuthorRole = policy.DepartmentHead }, func(r *Request) error { return r.submit("maude", false, noon) }, "", Authorised},

		// Authorise, return, refuse (2.2 b).
		{"authorised by its author", in(Submitted), func(r *Request) error { return r.authorise("maude", policy.Principal, "", noon) }, "denied request.own_authorise 2.2b", Submitted},
		{"authorised by who joined it", func(r *Request) { in(Submitted)(r); r.Joiners = []string{"jo"} }, func(r *Request) error { return r.authorise("jo", policy.Principal, "", noon) }, "denied request.own_authorise 2.2b", Submitted},
		{"a draft authorised", nil, func(r *Request) error { return r.authorise("jo", policy.Principal, "", noon) }, "conflict request.not_submitted 2.2b", Drafted},
		{"authorised with too long a word", in(Submitted), func(r *Request) error { return r.authorise("jo", policy.Principal, long, noon) }, "invalid form_invalid 2.2b", Submitted},
		{"authorised", in(Submitted), func(r *Request) error { return r.authorise("jo", policy.Principal, "", noon) }, "", Authorised},
		{"returned without a reason", in(Submitted), func(r *Request) error { return r.sendBack("  ", noon) }, "invalid form_invalid 2.2b", Submitted},
		{"returned after it was authorised", in(Authorised), func(r *Request) error { return r.sendBack("Pourquoi?", noon) }, "conflict request.not_submitted 2.2b", Authorised},
		{"returned", in(Submitted), func(r *Request) error { return r.sendBack("Quels groupes?", noon) }, "", Returned},
		{"refused without a reason", in(Submitted), func(r *Request) error { return r.refuse("", noon) }, "invalid form_invalid 2.2b", Submitted},
		{"refused after it was authorised", in(Authorised), func(r *Request) error { return r.refuse("Non", noon) }, "conflict request.not_submitted 2.2b", Authorised},
		{"refused", in(Submitted), func(r *Request) error { return r.refuse("Trop cher", noon) }, "", Refused},

		// Passed on by the IT service (6.5 a).
		{"passed on, returned", redirected, func(r *Request) error { return r.sendBack("Quoi?", noon) }, "conflict request.redirected_return 6.5a", Submitted},
		{"passed on, authorised undescribed", func(r *Request) { redirected(r); r.Usage = "" }, func(r *Request) error { return r.authorise("jo", policy.Principal, "", noon) }, "invalid form_invalid 2.2a", Submitted},
		{"passed on, edited by the IT service", redirected, func(r *Request) error { return r.edit("ti", Draft{}) }, "conflict request.not_editable", Submitted},
		{"passed on, completed by the principal", redirected, func(r *Request) error { return r.edit("jo", Draft{Usage: "Lire"}) }, "", Submitted},
		{"passed on, authorised", redirected, func(r *Request) error { return r.authorise("jo", policy.Principal, "", noon) }, "", Authorised},

		{"reopened before it is evaluated", in(Acknowledged), func(r *Request) error { return r.reopened(noon) }, "conflict request.not_evaluated 3.1", Acknowledged},
		{"reopened once decided", in(Decided), func(r *Request) error { return r.reopened(noon) }, "conflict request.not_evaluated 3.1", Decided},
		{"reopened", in(Evaluated), func(r *Request) error { return r.reopened(noon) }, "", Acknowledged},

		// Edit, withdraw, join.
		{"edited by another", nil, func(r *Request) error { return r.edit("jo", Draft{}) }, "denied request.author_only", Drafted},
		{"edited once sent", in(Submitted), func(r *Request) error { return r.edit("maude", Draft{}) }, "conflict request.not_editable", Submitted},
		{"edited once returned", in(Returned), func(r *Request) error { return r.edit("maude", Draft{}) }, "", Returned},
		{"withdrawn by another", in(Submitted), func(r *Request) error { return r.withdraw("jo", noon) }, "denied request.author_only", Submitted},
		{"withdrawn once decided", in(Decided), func(r *Request) error { return r.withdraw("maude", noon) }, "conflict request.closed", Decided},
		{"withdrawn while evaluated", in(Evaluated), func(r *Request) error { return r.withdraw("maude", noon) }, "", Withdrawn},
		{"a draft joined", nil, func(r *Request) error { return r.join("jo", false) }, "conflict request.not_open", Drafted},
		{"joined by its author", in(Submitted), func(r *Request) error { return r.join("maude", false) }, "conflict request.already_yours", Submitted},
		{"joined by who evaluates", in(Acknowledged), func(r *Request) error { return r.join("jo", true) }, "conflict request.join_evaluator 3.1", Acknowledged},
		{"joined by who received it", func(r *Request) { in(Acknowledged)(r); r.AcknowledgedBy = "eva" }, func(r *Request) error { return r.join("eva", false) }, "conflict request.join_evaluator 3.1", Acknowledged},
		{"joined", in(Acknowledged), func(r *Request) error { return r.join("jo", false) }, "", Acknowledged},

		// With those who evaluate (2.2 c, 3.1, 4.1).
		{"acknowledged before it is authorised", in(Submitted), func(r *Request) error { return r.acknowledge("eva", false, noon) }, "conflict request.not_authorised 2.2c", Submitted},
		{"acknowledged by who asked", in(Authorised), func(r *Request) error { return r.acknowledge("maude", true, noon) }, "denied request.own_evaluation 2.2c", Authorised},
		{"acknowledged", in(Authorised), func(r *Request) error { return r.acknowledge("eva", false, noon) }, "", Acknowledged},
		{"evaluated before it is acknowledged", in(Authorised), func(r *Request) error { return r.evaluated(noon) }, "conflict request.not_acknowledged 3.1", Authorised},
		{"evaluated", in(Acknowledged), func(r *Request) error { return r.evaluated(noon) }, "", Evaluated},
		{"decided before it is evaluated", in(Acknowledged), func(r *Request) error { return r.decided(noon) }, "conflict request.not_evaluated 4.1", Acknowledged},
		{"decided", in(Evaluated), func(r *Request) error { return r.decided(noon) }, "", Decided},

		// Privacy (QC-PIA-01, QC-PIA-02).
		{"privacy of a draft", nil, func(r *Request) error { return r.privacy(Privacy{Personal: "no"}, "eva", noon) }, "conflict request.privacy_not_now QC-PIA-01", Drafted},
		{"privacy once decided", in(Decided), func(r *Request) error { return r.privacy(Privacy{Personal: "no"}, "eva", noon) }, "conflict request.privacy_not_now QC-PIA-01", Decided},
		{"privacy unsaid", in(Evaluated), func(r *Request) error { return r.privacy(Privacy{}, "eva", noon) }, "invalid form_invalid QC-PIA-01", Evaluated},
		{"assessed tomorrow", in(Evaluated), func(r *Request) error {
			return r.privacy(Privacy{Personal: "yes", PIAOn: "2026-11-21"}, "eva", noon)
		}, "invalid form_invalid QC-PIA-01", Evaluated},
		{"consulted on no day", in(Evaluated), func(r *Request) error {
			return r.privacy(Privacy{Personal: "yes", CommitteeOn: "bientôt"}, "eva", noon)
		}, "invalid form_invalid QC-PIA-01", Evaluated},
		{"assessed and consulted", in(Evaluated), func(r *Request) error {
			return r.privacy(Privacy{Personal: "yes", PIAOn: "2026-11-20", CommitteeOn: "2026-11-02"}, "eva", noon)
		}, "", Evaluated},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := asked(c.given)
			refusal(t, c.do(&r), c.want)
			if r.State != c.state {
				t.Errorf("state %s, want %s", r.State, c.state)
			}
			if c.want == "" && r.State.Closed() != !r.ClosedAt.IsZero() {
				t.Errorf("closed at %v in state %s", r.ClosedAt, r.State)
			}
		})
	}
}

func TestOwnSignature(t *testing.T) {
	r := asked(func(r *Request) { r.AuthorRole = policy.Principal })
	if err := r.submit("maude", false, noon); err != nil {
		t.Fatal(err)
	}
	if r.AuthorisedBy != "maude" || !r.AuthorisedAt.Equal(noon) || !r.SubmittedAt.Equal(noon) {
		t.Errorf("authorised by %q at %v", r.AuthorisedBy, r.AuthorisedAt)
	}
}

func TestPassedOnBecomesThePrincipals(t *testing.T) {
	r := asked(func(r *Request) {
		in(Submitted)(r)
		r.AuthorID, r.AuthorRole, r.RedirectedBy = "ti", policy.IT, "ti"
	})
	if err := r.authorise("jo", policy.Principal, "", noon); err != nil {
		t.Fatal(err)
	}
	if r.AuthorID != "jo" || r.AuthorRole != policy.Principal || r.orphan() || !r.AskedBy("jo") || r.AskedBy("ti") {
		t.Errorf("the request is %s's, a %s", r.AuthorID, r.AuthorRole)
	}
}

func TestFirstSubmissionIsKept(t *testing.T) {
	r := asked(in(Returned))
	later := noon.Add(72 * time.Hour)
	if err := r.submit("maude", true, later); err != nil {
		t.Fatal(err)
	}
	if !r.SubmittedAt.Equal(noon) || !r.StateAt.Equal(later) {
		t.Errorf("submitted at %v, in its state since %v", r.SubmittedAt, r.StateAt)
	}
}

func TestNoPersonalInformationHasNoDays(t *testing.T) {
	r := asked(in(Acknowledged))
	if err := r.privacy(Privacy{Personal: "no", PIAOn: "2026-01-01", CommitteeOn: "demain"}, "eva", noon); err != nil {
		t.Fatal(err)
	}
	if r.Privacy != (Privacy{Personal: "no"}) || r.PrivacyBy != "eva" {
		t.Errorf("privacy %+v by %s", r.Privacy, r.PrivacyBy)
	}
}

func TestDraftCheck(t *testing.T) {
	known := func(code string) bool { return code == "email" }
	for _, c := range []struct {
		name  string
		draft Draft
		field string
	}{
		{"nothing at all", Draft{}, ""},
		{"a description too long", Draft{Description: strings.Repeat("é", maxText+1)}, "description"},
		{"a description just short enough", Draft{Description: strings.Repeat("é", maxText)}, ""},
		{"a usage too long", Draft{Usage: strings.Repeat("a", maxText+1)}, "usage"},
		{"new security too long", Draft{NewSecurity: strings.Repeat("a", maxText+1)}, "new_security"},
		{"a cost that is none", Draft{CostCents: ParseCost("cher")}, "cost"},
		{"a cost below nothing", Draft{CostCents: -100}, "cost"},
		{"a cost of millions", Draft{CostCents: maxCost + 1}, "cost"},
		{"fewer pupils than none", Draft{Pupils: -1}, "pupils"},
		{"a data kind of nobody", Draft{DataKinds: []string{"email", "<script>"}}, "data_kinds"},
		{"classes without end", Draft{Classes: strings.Fields(longList())}, "classes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := c.draft.check(known)
			f, ok := fault.As(err)
			if ok {
				worded(t, f)
			}
			switch {
			case c.field == "" && err != nil:
				t.Errorf("refused: %v", err)
			case c.field != "" && (f == nil || f.Fields[c.field].Key == ""):
				t.Errorf("%v, want %s to be mended", err, c.field)
			}
		})
	}
	d := Draft{Usage: " \x00lire\xff ", DataKinds: []string{"email", " email", ""}}
	if err := d.check(known); err != nil || d.Usage != "lire\uFFFD" || len(d.DataKinds) != 1 {
		t.Errorf("kept %q and %v: %v", d.Usage, d.DataKinds, err)
	}
}

func longList() string {
	var b strings.Builder
	for i := range maxRooms + 1 {
		b.WriteString(time.Duration(i).String() + " ")
	}
	return b.String()
}

func TestParseCost(t *testing.T) {
	for typed, want := range map[string]int64{
		"": 0, "252": 25200, "252,50": 25250, "252.5": 25250, "1 250,50 $": 125050, "$1,250.50": 125050,
		"1\u00a0250\u00a0$": 125000, "1,250": 125000, "1.250": 125000, "0": 0,
		"cher": -1, "-5": -1, "1e9": -1, "12,3,4x": -1, "99999999999999999999": -1, "+3": -1, ".": -1,
	} {
		if got := ParseCost(typed); got != want {
			t.Errorf("ParseCost(%q) = %d, want %d", typed, got, want)
		}
	}
}
