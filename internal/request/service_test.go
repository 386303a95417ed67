package request_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"aval/internal/catalogue"
	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/fault"
	"aval/internal/policy"
	"aval/internal/request"
)

func TestCreateRefuses(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := build(t, d)
		licensed := w.approve("Tabulou", true)
		for _, c := range []struct {
			name  string
			actor policy.Actor
			draft request.Draft
			want  string
			field string
		}{
			{"by an evaluator", w.eva, good("Zibaline"), "denied request.who_asks 2.1", ""},
			{"by the IT service", w.ti, good("Zibaline"), "denied request.who_asks 2.1", ""},
			{"for another school", w.maude, request.Draft{PlatformName: "Zibaline", Org: "lac"}, "not_found not_found", ""},
			{"for no school there is", w.maude, request.Draft{PlatformName: "Zibaline", Org: "<script>"}, "not_found not_found", ""},
			{"of no name", w.maude, request.Draft{PlatformName: " ’ "}, "invalid form_invalid", "platform"},
			{"of a name too long", w.maude, request.Draft{PlatformName: strings.Repeat("z", 300)}, "invalid form_invalid", "platform"},
			{"of an address that is none", w.maude, request.Draft{PlatformName: "Zibaline", URL: "javascript:alert(1)"}, "invalid form_invalid", "url"},
			{"of a platform there is not", w.maude, request.Draft{PlatformID: "x"}, "not_found not_found", ""},
			{"for a colleague's class", w.maude, request.Draft{PlatformName: "Zibaline", Classes: []string{"403"}}, "invalid form_invalid", "classes"},
			{"for another school's class", w.joel, request.Draft{PlatformName: "Zibaline", Classes: []string{"501"}}, "invalid form_invalid", "classes"},
			{"for no class there is", w.dora, request.Draft{PlatformName: "Zibaline", Classes: []string{"999"}}, "invalid form_invalid", "classes"},
			{"with too long a text", w.maude, request.Draft{PlatformName: "Zibaline", Usage: strings.Repeat("z", 5000)}, "invalid form_invalid", "usage"},
			{"after a request that is not theirs", w.maude, request.Draft{PlatformName: "Zibaline", Follows: "r0"}, "not_found not_found", ""},
			{"in a department that is not under the deputy", w.matt, request.Draft{PlatformName: "Zibaline"}, "conflict request.not_under_deputy 1.3b", ""},
			{"in the other sector", w.carl, request.Draft{PlatformName: "Zibaline"}, "conflict request.other_sector 2.1", ""},
			{"licensed for everyone, by its name", w.maude, good("tabulou"), "conflict request.preapproved 2.1", ""},
			{"licensed for everyone, by its id", w.maude, request.Draft{PlatformID: licensed}, "conflict request.preapproved 2.1", ""},
		} {
			t.Run(c.name, func(t *testing.T) {
				_, err := w.s.Create(t.Context(), c.actor, c.draft)
				refused(t, c.name, err, c.want)
				if f, ok := fault.As(err); ok && c.field != "" && f.Fields[c.field].Key == "" {
					t.Errorf("fields %v, want %s", f.Fields, c.field)
				}
			})
		}
		if got := w.mark("catalogue.preapproved", catalogue.Subject(licensed)); got != "conform" {
			t.Errorf("catalogue.preapproved is %q, want conform: the question ended there", got)
		}
		page := must(w.s.List(t.Context(), w.maude, request.Filter{}))(t)
		if len(page.Items) != 0 {
			t.Errorf("%d requests were kept of what was refused", len(page.Items))
		}
	})
}

func TestDraftIsKept(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := build(t, d)
		r := w.draft("Zibaline")
		if r.Number != "2026-0001" || r.State != request.Drafted || r.Pupils != 20 || r.OrgID != "pin" || r.AuthorRole != policy.Teacher {
			t.Errorf("draft %s %s of %s by a %s, %d pupils; want 2026-0001, 20 pupils (one follows both classes)",
				r.Number, r.State, r.OrgID, r.AuthorRole, r.Pupils)
		}
		for _, other := range []policy.Actor{w.ghislain, w.joel, w.zoe, w.eva, w.sol, w.ti, w.priv, w.dora} {
			_, err := w.s.View(t.Context(), other, r.ID)
			refused(t, "a draft read by "+other.ID, err, "not_found not_found")
		}
		_, err := w.s.Create(t.Context(), w.maude, good("ZIBALINE"))
		refused(t, "a second draft", err, "conflict request.yours_exists")
		if _, err := w.s.Create(t.Context(), w.ghislain, request.Draft{PlatformName: "Zibaline"}); err != nil {
			t.Errorf("a colleague's own draft: %v", err)
		}

		_, err = w.s.Edit(t.Context(), w.joel, r.ID, request.Draft{Usage: "Lire"}, r.Version)
		refused(t, "edited by the principal", err, "not_found not_found")
		_, err = w.s.Edit(t.Context(), w.maude, r.ID, request.Draft{Usage: "Lire"}, r.Version+3)
		refused(t, "edited from an old version", err, "conflict conflict.changed")
		e := must(w.s.Edit(t.Context(), w.maude, r.ID, request.Draft{Usage: "Lire", Classes: []string{"402"}}, r.Version))(t)
		v := must(w.s.View(t.Context(), w.maude, r.ID))(t)
		if v.Usage != "Lire" || v.Description != "" || len(v.Rooms) != 1 || v.Rooms[0].Pupils != 11 || v.Version != e.Version || v.Pupils != 11 {
			t.Errorf("kept %q, %d classes, version %d", v.Usage, len(v.Rooms), v.Version)
		}
		if !v.May.Edit || !v.May.Submit || !v.May.Withdraw || v.May.Authorise || v.Platform != "Zibaline" || v.Org != "École du Grand-Pin" {
			t.Errorf("the author of a draft may %+v", v.May)
		}
	})
}

func TestFromDraftToDecision(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := build(t, d), t.Context()
		r := w.draft("Zibaline")

		// Submit (2.2 a).
		_, err := w.s.Submit(ctx, w.joel, r.ID)
		refused(t, "submitted by the principal", err, "not_found not_found")
		bare := must(w.s.Create(ctx, w.maude, request.Draft{PlatformName: "Labozine"}))(t)
		_, err = w.s.Submit(ctx, w.maude, bare.ID)
		refused(t, "submitted bare", err, "invalid form_invalid 2.2a")
		if f, ok := fault.As(err); !ok || len(f.Fields) != 4 {
			t.Errorf("fields to mend: %v, want description, usage, data_kinds, classes", f)
		}
		r = must(w.s.Submit(ctx, w.maude, r.ID))(t)
		w.marks(r, map[string]string{"request.described": "conform", "request.authorised": "waiting"})

		// Authorise (2.2 b).
		for _, other := range []policy.Actor{w.zoe, w.paula, w.eva, w.sol, w.priv, w.ghislain, w.dora} {
			_, err = w.s.Authorise(ctx, other, r.ID, "")
			refused(t, "authorised by "+other.ID, err, "not_found not_found")
			_, err = w.s.View(ctx, other, r.ID)
			refused(t, "seen by "+other.ID, err, "not_found not_found")
		}
		_, err = w.s.Authorise(ctx, w.maude, r.ID, "")
		refused(t, "authorised by its author", err, "denied denied 2.2b")
		delegate := w.maude
		delegate.Grants = append(slices.Clone(delegate.Grants), policy.Grant{Role: policy.Principal, Org: "pin", From: "joel"})
		_, err = w.s.Authorise(ctx, delegate, r.ID, "")
		refused(t, "authorised by its author, who stands in", err, "denied request.own_authorise 2.2b")
		_, err = w.s.Return(ctx, w.joel, r.ID, " ")
		refused(t, "returned without a reason", err, "invalid form_invalid 2.2b")
		_, err = w.s.Acknowledge(ctx, w.eva, r.ID)
		refused(t, "acknowledged before it is authorised", err, "not_found not_found")
		r = must(w.s.Return(ctx, w.joel, r.ID, "Quels groupes?"))(t)
		w.marks(r, map[string]string{"request.authorised": ""})
		if _, err = w.s.Edit(ctx, w.maude, r.ID, good(""), r.Version); err != nil {
			t.Fatal(err)
		}
		r = must(w.s.Submit(ctx, w.maude, r.ID))(t)
		r = must(w.s.Authorise(ctx, w.joel, r.ID, "Utile."))(t)
		w.marks(r, map[string]string{"request.authorised": "conform", "request.before_purchase": "conform",
			"request.before_purchase.department": "", "request.acknowledged": "waiting"})
		_, err = w.s.Authorise(ctx, w.joel, r.ID, "")
		refused(t, "authorised twice", err, "conflict request.not_submitted 2.2b")
		_, err = w.s.Edit(ctx, w.maude, r.ID, good(""), r.Version)
		refused(t, "edited once authorised", err, "conflict request.not_editable")

		// Acknowledge (2.2 c).
		_, err = w.s.Acknowledge(ctx, w.joel, r.ID)
		refused(t, "acknowledged by the principal", err, "denied denied 2.2c")
		r = must(w.s.Acknowledge(ctx, w.eva, r.ID))(t)
		w.marks(r, map[string]string{"request.acknowledged": "conform"})

		// Privacy (QC-PIA-01, QC-PIA-02).
		_, err = w.s.RecordPrivacy(ctx, w.maude, r.ID, request.Privacy{Personal: "no"})
		refused(t, "privacy recorded by the author", err, "denied denied QC-PIA-01")
		_, err = w.s.RecordPrivacy(ctx, w.eva, r.ID, request.Privacy{Personal: "yes", PIAOn: "2026-12-01"})
		refused(t, "assessed in the future", err, "invalid form_invalid QC-PIA-01")
		r = must(w.s.RecordPrivacy(ctx, w.priv, r.ID, request.Privacy{Personal: "yes", PIAOn: "2026-11-02"}))(t)
		w.marks(r, map[string]string{"privacy.assessed": "conform", "privacy.consulted": "waiting"})
		r = must(w.s.RecordPrivacy(ctx, w.eva, r.ID, request.Privacy{Personal: "yes", PIAOn: "2026-11-02", CommitteeOn: "2026-11-01"}))(t)
		w.marks(r, map[string]string{"privacy.assessed": "conform", "privacy.consulted": "conform"})

		// Evaluated and decided, by those who do it.
		w.write(func(ctx context.Context, tx *db.Tx) error {
			_, err := request.MarkDecided(ctx, tx, w.sol, r.ID)
			refused(t, "decided before it is evaluated", err, "conflict request.not_evaluated 4.1")
			if _, err := request.MarkEvaluated(ctx, tx, w.eva, r.ID); err != nil {
				return err
			}
			r, err = request.MarkDecided(ctx, tx, w.sol, r.ID)
			return err
		})
		_, err = w.s.Withdraw(ctx, w.maude, r.ID)
		refused(t, "withdrawn once decided", err, "conflict request.closed")
		v := must(w.s.View(ctx, w.maude, r.ID))(t)
		if v.State != request.Decided || v.ClosedAt.IsZero() || len(v.Steps) != 5 || !v.Steps[4].Done || !v.Personal || v.Clock.Holder.Role != "" {
			t.Errorf("at its end: %s, steps %+v, clock %+v", v.State, v.Steps, v.Clock)
		}
		if v.Steps[1].By != "Compte joel" || v.Steps[1].Note != "Utile." {
			t.Errorf("authorised by %q: %q", v.Steps[1].By, v.Steps[1].Note)
		}
		want := "drafted submitted returned edited submitted authorised acknowledged privacy_recorded privacy_recorded evaluated decided"
		if got := w.trail(r); got != want {
			t.Errorf("trail %q, want %q", got, want)
		}
	})
}

func TestOwnSignatures(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := build(t, d), t.Context()
		draft := good("Zibaline")
		draft.Classes, draft.Pupils = nil, 60
		school := must(w.s.Submit(ctx, w.joel, must(w.s.Create(ctx, w.joel, draft))(t).ID))(t)
		if school.State != request.Authorised || school.AuthorisedBy != "joel" || school.Pupils != 60 {
			t.Errorf("a principal's own: %s by %q", school.State, school.AuthorisedBy)
		}
		w.marks(school, map[string]string{"request.authorised": "conform", "request.before_purchase": "conform", "request.acknowledged": "waiting"})
		if got, want := w.trail(school), "drafted submitted authorised"; got != want {
			t.Errorf("trail %q, want %q", got, want)
		}
		draft.Classes = []string{"401", "501"} // a department's pupils are of several schools
		dep := must(w.s.Submit(ctx, w.dora, must(w.s.Create(ctx, w.dora, draft))(t).ID))(t)
		w.marks(dep, map[string]string{"request.authorised": "conform", "request.before_purchase": "",
			"request.before_purchase.department": "conform", "request.department_process": "conform"})
		if _, err := w.s.Acknowledge(ctx, w.eva, dep.ID); err != nil {
			t.Errorf("the evaluator sees it: %v", err)
		}
	})
}

func TestBeforeAsking(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := build(t, d), t.Context()

		// Approved for others: a short request.
		w.approve("Récitou", false)
		short := must(w.s.Create(ctx, w.maude, request.Draft{PlatformName: "Recitou", Usage: "Lire à voix haute", Classes: []string{"401"}}))(t)
		if short.Kind != request.Short {
			t.Errorf("kind %s, want short", short.Kind)
		}
		if _, err := w.s.Submit(ctx, w.maude, short.ID); err != nil {
			t.Errorf("a short request: %v", err)
		}

		// Approved and licensed while the draft waited: the question ends.
		late := w.draft("Plumarel")
		w.write(func(ctx context.Context, tx *db.Tx) error {
			if err := catalogue.SetResult(ctx, tx, late.PlatformID, catalogue.Conditional, "Sans classement", catalogue.Canada, "d2"); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, `INSERT INTO licence (board_id, id, platform_id, scope, payer, starts_on, ends_on, recorded_by, created_at)
				VALUES ($1, 'l2', $2, 'board', 'ddl', '2026-07-01', '2027-06-30', 'eva', $3)`, tx.Board, string(late.PlatformID), tx.Now)
			return err
		})
		r, err := w.s.Submit(ctx, w.maude, late.ID)
		refused(t, "submitted once licensed", err, "conflict request.preapproved 2.1")
		if r.State != request.Drafted {
			t.Errorf("state %s, want draft", r.State)
		}

		// Open in the same school: join it.
		open := w.submitted("Zibaline")
		_, err = w.s.Create(ctx, w.ghislain, request.Draft{PlatformName: "Zibaline"})
		refused(t, "asked again", err, "conflict request.open_exists")
		if f, ok := fault.As(err); !ok || len(f.Args) != 2 || f.Args[0] != string(open.ID) || f.Args[1] != open.Number {
			t.Errorf("the refusal names %v, want the open request", f)
		}
		_, err = w.s.Join(ctx, w.zoe, open.ID)
		refused(t, "joined from another school", err, "not_found not_found")
		_, err = w.s.Join(ctx, w.eva, open.ID)
		refused(t, "joined by an evaluator", err, "not_found not_found")
		_, err = w.s.Join(ctx, w.joel, open.ID)
		refused(t, "joined by who authorises it", err, "conflict request.join_authoriser 2.2b")
		_, err = w.s.Join(ctx, w.maude, open.ID)
		refused(t, "joined by its author", err, "conflict request.already_yours")
		_, err = w.s.Join(ctx, w.ghislain, late.ID)
		refused(t, "a draft joined", err, "not_found not_found")
		must(w.s.Join(ctx, w.ghislain, open.ID))(t)
		_, err = w.s.Join(ctx, w.ghislain, open.ID)
		refused(t, "joined twice", err, "conflict request.already_yours")
		v := must(w.s.View(ctx, w.ghislain, open.ID))(t)
		if len(v.Joiners) != 1 || v.May.Edit || v.May.Withdraw {
			t.Errorf("joined by %v, who may %+v", v.Joiners, v.May)
		}
		for what, act := range map[string]func() (request.Request, error){
			"withdrawn by who joined": func() (request.Request, error) { return w.s.Withdraw(ctx, w.ghislain, open.ID) },
			"edited by who joined":    func() (request.Request, error) { return w.s.Edit(ctx, w.ghislain, open.ID, good(""), open.Version) },
		} {
			if _, err := act(); !fault.Is(err, fault.Denied) {
				t.Errorf("%s: %v, want denied", what, err)
			}
		}
		if elsewhere, err := w.s.Create(ctx, w.zoe, request.Draft{PlatformName: "Zibaline"}); err != nil || elsewhere.PlatformID != open.PlatformID {
			t.Errorf("another school asks for itself: %v", err)
		}
	})
}

func TestRedirect(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := build(t, d), t.Context()
		in := request.Passed{PlatformName: "Zibaline", Org: "pin", Note: "Reçu par courriel : un jeu de tables."}
		_, err := w.s.Redirect(ctx, w.maude, in)
		refused(t, "passed on by a teacher", err, "denied request.who_redirects 6.5a")
		_, err = w.s.Redirect(ctx, w.ti, request.Passed{PlatformName: "Zibaline"})
		refused(t, "passed on to nobody", err, "invalid form_invalid")
		_, err = w.s.Redirect(ctx, w.ti, request.Passed{PlatformName: "Zibaline", Org: "nulle part"})
		refused(t, "passed on to no school there is", err, "not_found not_found")
		_, err = w.s.Redirect(ctx, w.ti, request.Passed{PlatformName: "Zibaline", Org: "pin", Note: strings.Repeat("é", 5000)})
		refused(t, "passed on with too long a note", err, "invalid form_invalid")
		if f, ok := fault.As(err); !ok || f.Fields["note"].Key == "" {
			t.Errorf("fields %v, want note", f)
		}

		_, err = w.s.Redirect(ctx, w.ti, request.Passed{PlatformName: "Zibaline", Org: "mat"})
		refused(t, "passed on to a department that is not under the deputy", err, "conflict request.not_under_deputy 1.3b")

		r := must(w.s.Redirect(ctx, w.ti, in))(t)
		w.marks(r, map[string]string{"request.redirected": "conform", "request.described": "waiting", "request.authorised": "waiting"})
		if v := must(w.s.View(ctx, w.ti, r.ID))(t); v.May.Edit || v.May.Authorise || v.State != request.Submitted {
			t.Errorf("the IT service may %+v of a request %s", v.May, v.State)
		}
		_, err = w.s.Authorise(ctx, w.joel, r.ID, "")
		refused(t, "authorised undescribed", err, "invalid form_invalid 2.2a")
		_, err = w.s.Return(ctx, w.joel, r.ID, "Quoi?")
		refused(t, "returned to the IT service", err, "conflict request.redirected_return 6.5a")
		_, err = w.s.Edit(ctx, w.paula, r.ID, good(""), r.Version)
		refused(t, "completed by another school", err, "not_found not_found")
		if v := must(w.s.View(ctx, w.joel, r.ID))(t); !v.May.Edit || !v.May.Authorise || v.May.Return {
			t.Errorf("the principal may %+v", v.May)
		}
		draft := good("")
		draft.Classes = []string{"401", "403"}
		r = must(w.s.Edit(ctx, w.joel, r.ID, draft, r.Version))(t)
		r = must(w.s.Authorise(ctx, w.joel, r.ID, ""))(t)
		if r.AuthorID != "joel" || r.AuthorRole != policy.Principal || r.RedirectedBy != "ti" || r.State != request.Authorised {
			t.Errorf("authorised: %s's, %s", r.AuthorID, r.State)
		}
		w.marks(r, map[string]string{"request.described": "conform", "request.authorised": "conform", "request.before_purchase": "conform"})
	})
}

func TestWithdrawTakesBackWhatWaits(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := build(t, d), t.Context()
		r := w.authorised("Zibaline")
		_, err := w.s.Withdraw(ctx, w.joel, r.ID)
		refused(t, "withdrawn by the principal", err, "denied denied 2.1")
		r = must(w.s.Withdraw(ctx, w.maude, r.ID))(t)
		w.marks(r, map[string]string{"request.authorised": "conform", "request.acknowledged": ""})
		v := must(w.s.View(ctx, w.maude, r.ID))(t)
		if last := v.Steps[len(v.Steps)-1]; len(v.Steps) != 3 || last.Key != "withdrawn" {
			t.Errorf("steps %+v", v.Steps)
		}
		_, err = w.s.View(ctx, w.eva, r.ID)
		refused(t, "a withdrawn request seen by the evaluator", err, "not_found not_found")

		other := must(w.s.Refuse(ctx, w.joel, w.submitted("Labozine").ID, "Trop cher"))(t)
		w.marks(other, map[string]string{"request.described": "conform", "request.authorised": ""})
	})
}

func TestAfterADecision(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := build(t, d), t.Context()
		first := w.decided("Zibaline")
		w.write(func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO decision (board_id, id, request_id, platform_id, org_id, use_result, use_reasons,
				security_result, security_reasons, overall, decided_by, decided_at)
				VALUES ($1, 'd1', $2, $3, 'pin', 'approved', 'Bon', 'refused', 'Témoins', 'refused', 'sol', $4)`,
				tx.Board, string(first.ID), string(first.PlatformID), tx.Now)
			return err
		})

		// Asked again from the start: it follows, and needs new security functions.
		again := must(w.s.Create(ctx, w.maude, good("Zibaline")))(t)
		if again.FollowsID != first.ID {
			t.Errorf("follows %q, want the decided request", again.FollowsID)
		}
		_, err := w.s.Submit(ctx, w.maude, again.ID)
		refused(t, "asked again with nothing new", err, "invalid form_invalid 4.1b")
		draft := good("")
		draft.NewSecurity = "Chiffrement des échanges"
		again = must(w.s.Edit(ctx, w.maude, again.ID, draft, again.Version))(t)
		again = must(w.s.Submit(ctx, w.maude, again.ID))(t)
		w.marks(again, map[string]string{"request.new_security": "conform"})

		// Renewed or ordered from the decision.
		w.write(func(ctx context.Context, tx *db.Tx) error {
			_, err := request.Renew(ctx, tx, w.joel, first, "Chiffrement")
			refused(t, "renewed while one is open", err, "conflict request.open_exists")
			return nil
		})
		must(w.s.Withdraw(ctx, w.maude, again.ID))(t)
		var renewed, ordered request.Request
		w.write(func(ctx context.Context, tx *db.Tx) (err error) {
			_, err = request.Renew(ctx, tx, w.joel, first, "  ")
			refused(t, "renewed with nothing new", err, "invalid form_invalid 4.1b")
			renewed, err = request.Renew(ctx, tx, w.joel, first, "Chiffrement")
			return err
		})
		if renewed.State != request.Authorised || renewed.AuthorID != "joel" || renewed.FollowsID != first.ID || renewed.ID == first.ID || len(renewed.Classes) != 2 {
			t.Errorf("renewed: %s of %s, follows %s", renewed.State, renewed.AuthorID, renewed.FollowsID)
		}
		w.marks(renewed, map[string]string{"request.new_security": "conform", "request.authorised": "conform"})
		must(w.s.Withdraw(ctx, w.joel, renewed.ID))(t)
		w.write(func(ctx context.Context, tx *db.Tx) (err error) {
			ordered, err = request.Reevaluate(ctx, tx, w.sol, first)
			return err
		})
		if ordered.State != request.Authorised || ordered.AuthorID != "maude" || ordered.AuthorisedBy != "joel" || ordered.FollowsID != first.ID {
			t.Errorf("ordered: %s of %s", ordered.State, ordered.AuthorID)
		}
	})
}

func TestListAndDesk(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := build(t, d), t.Context()
		w.draft("Alouette")
		w.submitted("Baobab")
		w.authorised("Cachalot")
		w.acknowledged("Dahlia")
		returned := must(w.s.Return(ctx, w.joel, w.submitted("Edelweiss").ID, "Quels groupes?"))(t)
		must(w.s.Submit(ctx, w.zoe, must(w.s.Create(ctx, w.zoe, request.Draft{PlatformName: "Fauvette", Description: "x", Usage: "y",
			DataKinds: []string{"none"}, Classes: []string{"501"}}))(t).ID))(t)
		w.now = w.now.Add(49 * time.Hour)

		names := func(items []request.Item) string {
			var list []string
			for _, i := range items {
				list = append(list, i.Platform)
			}
			slices.Sort(list)
			return strings.Join(list, " ")
		}
		for _, c := range []struct {
			name  string
			actor policy.Actor
			f     request.Filter
			want  string
		}{
			{"a teacher sees hers", w.maude, request.Filter{}, "Alouette Baobab Cachalot Dahlia Edelweiss"},
			{"a colleague sees nothing", w.ghislain, request.Filter{}, ""},
			{"the principal sees what was sent", w.joel, request.Filter{}, "Baobab Cachalot Dahlia Edelweiss"},
			{"another principal sees hers", w.paula, request.Filter{}, "Fauvette"},
			{"another principal asks for our school", w.paula, request.Filter{Org: "pin"}, ""},
			{"the evaluator sees what is authorised", w.eva, request.Filter{}, "Cachalot Dahlia"},
			{"the director too", w.sol, request.Filter{}, "Cachalot Dahlia"},
			{"the IT service sees nothing", w.ti, request.Filter{}, ""},
			{"by state", w.maude, request.Filter{State: request.Returned}, "Edelweiss"},
			{"the principal's own", w.joel, request.Filter{Mine: true}, ""},
		} {
			page := must(w.s.List(ctx, c.actor, c.f))(t)
			if got := names(page.Items); got != c.want || page.Next != "" {
				t.Errorf("%s: %q, want %q", c.name, got, c.want)
			}
		}
		_, err := w.s.List(ctx, w.maude, request.Filter{State: "<script>"})
		refused(t, "a state there is not", err, "invalid form_invalid")
		_, err = w.s.List(ctx, w.maude, request.Filter{After: "'; --"})
		refused(t, "a page there is not", err, "not_found not_found")
		first := must(w.s.List(ctx, w.maude, request.Filter{Limit: 3}))(t)
		second := must(w.s.List(ctx, w.maude, request.Filter{Limit: 3, After: first.Next}))(t)
		if got := names(append(first.Items, second.Items...)); len(first.Items) != 3 || got != "Alouette Baobab Cachalot Dahlia Edelweiss" || second.Next != "" {
			t.Errorf("two pages: %q", got)
		}

		desk := func(tasks []request.Task, err error) string {
			if err != nil {
				t.Fatal(err)
			}
			var list []string
			for _, k := range tasks {
				list = append(list, fmt.Sprintf("%s %s %s %d %s%v", k.Platform, k.Do, k.Clause, k.Days, k.Holder.Role, k.Holder.IDs))
			}
			slices.Sort(list)
			return strings.Join(list, ", ")
		}
		for _, c := range []struct{ name, got, want string }{
			{"awaits Maude", desk(w.s.Waiting(ctx, w.maude)), "Alouette request.submit 2.2a 2 [], Edelweiss request.submit 2.2b 2 []"},
			{"awaits Joël", desk(w.s.Waiting(ctx, w.joel)), "Baobab request.authorise 2.2b 2 []"},
			{"awaits Paula", desk(w.s.Waiting(ctx, w.paula)), "Fauvette request.authorise 2.2b 2 []"},
			{"awaits Eva", desk(w.s.Waiting(ctx, w.eva)), "Cachalot request.acknowledge 2.2c 2 [], Dahlia evaluation.write 3.1 2 []"},
			{"awaits the privacy officer", desk(w.s.Waiting(ctx, w.priv)), "Dahlia privacy.record QC-PIA-01 2 []"},
			{"awaited by Maude", desk(w.s.Awaited(ctx, w.maude)), "Baobab  2.2b 2 principal[joel], Cachalot  2.2c 2 evaluator[eva], Dahlia  3.1 2 evaluator[eva]"},
			{"awaited by Joël", desk(w.s.Awaited(ctx, w.joel)), "Cachalot  2.2c 2 evaluator[eva], Dahlia  3.1 2 evaluator[eva]"},
			{"awaited by nobody", desk(w.s.Awaited(ctx, w.ghislain)), ""},
		} {
			if c.got != c.want {
				t.Errorf("%s: %q, want %q", c.name, c.got, c.want)
			}
		}
		dahlia := must(w.s.List(ctx, w.priv, request.Filter{State: request.Acknowledged}))(t).Items[0].Request
		said := must(w.s.RecordPrivacy(ctx, w.priv, dahlia.ID, request.Privacy{Personal: "yes", PIAOn: "2026-01-15"}))(t)
		ontario, err := policy.Shipped("conseil-infonuagique-2026")
		if err != nil {
			t.Fatal(err)
		}
		there := w.priv
		there.Pack = ontario
		for _, c := range []struct {
			actor policy.Actor
			want  string
		}{{w.priv, "Dahlia privacy.record QC-PIA-01 2 []"}, {there, ""}} {
			got := desk(w.s.Waiting(ctx, c.actor))
			if got != c.want || said.Privacy.Settled(c.actor.Pack) != (c.want == "") {
				t.Errorf("assessed, under %s: %q, want %q", c.actor.Pack.ID, got, c.want)
			}
		}
		if v := must(w.s.View(ctx, w.maude, returned.ID))(t); v.Steps[0].Done || !v.Steps[0].Now || v.Reason != "Quels groupes?" {
			t.Errorf("a returned request stands at %+v", v.Steps)
		}
	})
}

func TestHonestClock(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := build(t, d), t.Context()
		start := w.now
		// Ten that took 1 to 10 days; one refused by the principal and one withdrawn do not count.
		for i := range 10 {
			w.now = start
			r := w.acknowledged(fmt.Sprintf("Plateforme %c", 'A'+i))
			w.now = start.Add(time.Duration(i+1) * 24 * time.Hour)
			w.write(func(ctx context.Context, tx *db.Tx) error {
				if _, err := request.MarkEvaluated(ctx, tx, w.eva, r.ID); err != nil {
					return err
				}
				_, err := request.MarkDecided(ctx, tx, w.sol, r.ID)
				return err
			})
			if i == 8 {
				if c := must(w.s.Pace(ctx, w.maude))(t); !c.TooFew || c.Closed != 9 || c.Median != 0 {
					t.Errorf("after nine: %+v, want too few to tell", c)
				}
			}
		}
		must(w.s.Refuse(ctx, w.joel, w.submitted("Refusette").ID, "Non"))(t)
		must(w.s.Withdraw(ctx, w.maude, w.submitted("Retirette").ID))(t)

		r := w.submitted("Zibaline")
		w.now = w.now.Add(18*24*time.Hour + time.Hour)
		_, err := w.s.Clock(ctx, w.paula, r.ID)
		refused(t, "the clock of another school", err, "not_found not_found")
		c := must(w.s.Clock(ctx, w.maude, r.ID))(t)
		if c.TooFew || c.Closed != 10 || c.Median != 5 || c.P90 != 9 || c.Age != 18 ||
			c.Holder.Role != policy.Principal || !slices.Equal(c.Holder.Names, []string{"Compte joel"}) || c.Holder.Org != "pin" {
			t.Errorf("clock %+v, want 10 closed, 5 and 9 days, 18 days old, with Joël", c)
		}
		// A year after the fourth was closed, the first three are long ago.
		w.now = start.Add(4*24*time.Hour + 365*24*time.Hour)
		if c := must(w.s.Pace(ctx, w.maude))(t); c.Closed != 7 || !c.TooFew {
			t.Errorf("a year later: %+v, want seven closed recently", c)
		}
	})
}

func TestAnotherBoard(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := build(t, d)
		r := w.submitted("Zibaline")
		other := build(t, d)
		for _, actor := range []policy.Actor{other.maude, other.joel, other.eva, other.ti} {
			_, err := w.s.View(t.Context(), actor, r.ID)
			refused(t, "seen from another board by "+actor.ID, err, "not_found not_found")
			_, err = w.s.Withdraw(t.Context(), actor, r.ID)
			refused(t, "withdrawn from another board by "+actor.ID, err, "not_found not_found")
		}
		_, err := w.s.Create(t.Context(), other.maude, request.Draft{PlatformID: r.PlatformID})
		refused(t, "another board's platform", err, "not_found not_found")
		if own := other.draft("Zibaline"); own.Number != "2026-0001" {
			t.Errorf("number %s, want the board's own first", own.Number)
		}
	})
}

// Whoever asked, joined or authorised does not receive the request as an
// evaluator, nor in the place of one; who wrote on its evaluation joins no more.
func TestWhoAskedDoesNotReceive(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := build(t, d), t.Context()
		r := w.submitted("Zibaline")
		must(w.s.Join(ctx, w.ghislain, r.ID))(t)
		must(w.s.Authorise(ctx, w.joel, r.ID, ""))(t)
		as := func(a policy.Actor, from string) policy.Actor {
			a.Grants = append([]policy.Grant{{Role: policy.Evaluator, From: from}}, a.Grants...)
			return a
		}
		for what, by := range map[string]policy.Actor{
			"by its author": as(w.maude, ""), "by who joined": as(w.ghislain, ""), "by who authorised it": as(w.joel, ""),
			"in the place of its author": as(w.ti, "maude"), "in the place of who joined": as(w.ti, "ghislain"),
		} {
			_, err := w.s.Acknowledge(ctx, by, r.ID)
			refused(t, "received "+what, err, "denied request.own_evaluation 2.2c")
			if v := must(w.s.View(ctx, by, r.ID))(t); v.May.Acknowledge {
				t.Errorf("received %s: the page offers it", what)
			}
			for _, task := range must(w.s.Waiting(ctx, by))(t) {
				if task.Do == policy.RequestAcknowledge && by.ID != "ti" {
					t.Errorf("received %s: it waits on their desk", what)
				}
			}
		}
		must(w.s.Acknowledge(ctx, w.eva, r.ID))(t)
		w.write(func(ctx context.Context, tx *db.Tx) error {
			if _, err := tx.Exec(ctx, `INSERT INTO evaluation (board_id, id, request_id, aspect, evaluator_id, updated_at)
				VALUES ($1, 'v1', $2, 'use', 'sol', $3)`, tx.Board, string(r.ID), tx.Now); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, `INSERT INTO evaluation_writer (board_id, evaluation_id, account_id, since)
				VALUES ($1, 'v1', 'sol', $2)`, tx.Board, tx.Now)
			return err
		})
		both := w.sol
		both.Grants = append([]policy.Grant{{Role: policy.Teacher, Org: "pin"}}, both.Grants...)
		_, err := w.s.Join(ctx, both, r.ID)
		refused(t, "joined by who wrote on its evaluation", err, "conflict request.join_evaluator 3.1")
	})
}
