package rights

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"aval/internal/audit"
	"aval/internal/catalogue"
	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/person"
	"aval/internal/policy"
	"aval/internal/vault"
)

// Instrument is what is consented to: each has its own ages.
type Instrument string

// A consent to the use of personal information, and to what is disclosed of the
// student record (Ontario). The students' agreement of conduct is another thing, and
// has another signature.
const (
	Privacy       Instrument = "privacy"
	StudentRecord Instrument = "student_record"
)

// Instruments are those of a board's law.
func Instruments(p *policy.Pack) []Instrument {
	if _, ok := figure(p, "record_alone_from"); ok {
		return []Instrument{Privacy, StudentRecord}
	}
	return []Instrument{Privacy}
}

// Capacity is in which quality somebody signs.
type Capacity string

// Who may sign.
const (
	Parent Capacity = "parent" // holder of parental authority
	Tutor  Capacity = "tutor"  // or guardian
	Pupil  Capacity = "pupil"
)

// Capacities lists every capacity.
var Capacities = []Capacity{Parent, Tutor, Pupil}

// majority is the age from which a person alone consents, everywhere in Canada's two
// provinces at hand (Civil Code of Québec, s. 153; Age of Majority and Accountability Act, s. 1).
const majority = 18

// Band is the ages between two figures of a board's law: From is the first, Until the
// last; 0 of Until is without end.
type Band struct{ From, Until int }

// Bands are the ages that a board's law tells apart, the youngest first.
func Bands(p *policy.Pack) []Band {
	cuts := []int{majority}
	for _, code := range []string{"minor_consents_from", "parent_consents_until", "record_alone_from"} {
		if t, ok := figure(p, code); ok && !slices.Contains(cuts, t.Value) {
			cuts = append(cuts, t.Value)
		}
	}
	slices.Sort(cuts)
	bands := []Band{{0, cuts[0] - 1}}
	for i, from := range cuts {
		until := 0
		if i+1 < len(cuts) {
			until = cuts[i+1] - 1
		}
		bands = append(bands, Band{from, until})
	}
	return bands
}

// BandOf is the band of a pupil born on a day, on another.
func BandOf(p *policy.Pack, born, on string) (b Band, known bool) {
	birth, err1 := time.Parse(time.DateOnly, born)
	day, err2 := time.Parse(time.DateOnly, on)
	if err1 != nil || err2 != nil || day.Before(birth) {
		return b, false
	}
	age := day.Year() - birth.Year()
	if day.Before(birth.AddDate(age, 0, 0)) {
		age--
	}
	for _, each := range Bands(p) {
		if each.From <= age {
			b = each
		}
	}
	return b, true
}

// Signers are who may consent for a pupil of a band: the rule of the board's law
// (A-2.1, s. 53.1; MFIPPA and Education Act, s. 266).
func Signers(p *policy.Pack, i Instrument, b Band) []Capacity {
	elders := []Capacity{Parent, Tutor}
	if b.From >= majority {
		return []Capacity{Pupil}
	}
	if i == StudentRecord {
		return elders
	}
	if until, ok := figure(p, "parent_consents_until"); ok {
		if b.From >= until.Value {
			return []Capacity{Pupil}
		}
		return Capacities
	}
	if from, ok := figure(p, "minor_consents_from"); ok && b.From < from.Value {
		return elders
	}
	return Capacities
}

// The clauses of consents, under a board's law.
func signing(p *policy.Pack) string  { return cite(p, "QC-MIN-01", "ON-MIN-01") }
func quality(p *policy.Pack) string  { return cite(p, "QC-MIN-02", "ON-MIN-01") }
func children(p *policy.Pack) string { return cite(p, "QC-MIN-03", "D-38") }
func proof(p *policy.Pack) string    { return cite(p, "D-39", "QC-MIN-02") }

// Methods lists how a consent is given.
var Methods = []string{"paper", "in_person"}

// Consent is the answer, on one day, of one signer about one pupil, one platform and
// one purpose.
type Consent struct {
	ID          ID
	PersonID    string
	OrgID       string // the pupil's school on that day
	Platform    catalogue.ID
	Purpose     string // one
	Instrument  Instrument
	Answer      string // yes or no
	Band        Band
	Capacity    Capacity
	Signer      string // sealed
	Method      string
	TextVersion string // of what was read before signing
	Rule        string // the clause and the version of the law that say who signs
	GivenOn     string
	ExpiresOn   string // a consent has an end; a refusal has none
	Alternative string // what the pupil does instead, after a refusal
	WithdrawnOn string
	RecordedBy  string
	RecordedAt  time.Time
	Version     int64
}

// Subject names a consent in the trail and in the marks of controls.
func (c Consent) Subject() string { return "consent:" + string(c.ID) }

// Scope is where a consent stands, for a permission to be asked.
func (c Consent) Scope() policy.Scope { return policy.Scope{Org: c.OrgID} }

// Holds tells whether it is a yes that counts on a day.
func (c Consent) Holds(today string) bool {
	return c.Answer == "yes" && c.WithdrawnOn == "" && c.GivenOn <= today && today <= c.ExpiresOn
}

// Ends is the day on which it has served: that of its withdrawal, of its end or, of a
// refusal, the day it was given.
func (c Consent) Ends() string {
	switch {
	case c.WithdrawnOn != "":
		return c.WithdrawnOn
	case c.ExpiresOn != "":
		return c.ExpiresOn
	}
	return c.GivenOn
}

// Consenting is what is typed of a consent. Born, when it is known, gives the band on
// the day, and is not kept.
type Consenting struct {
	Pupil, Platform                 string
	Purpose, Instrument, Answer     string
	Born, Band                      string
	Capacity, Signer, Method        string
	TextVersion, GivenOn, ExpiresOn string
	Alternative                     string
}

// manyPurposes tells that a purpose is several.
func manyPurposes(s string) bool {
	return strings.ContainsAny(s, "\n;") || strings.Contains(s, "•")
}

// check is what the laws ask of a consent: who may sign at that age, and one purpose,
// in writing of its own, for a time. Each refusal has its own clause, the signer's last.
func (t Consenting) check(p *policy.Pack, today string) (c Consent, err error) {
	tidy(&t.Pupil, &t.Purpose, &t.Born, &t.Signer, &t.TextVersion, &t.GivenOn, &t.ExpiresOn, &t.Alternative)
	c = Consent{Platform: catalogue.ID(t.Platform), Purpose: t.Purpose, Instrument: Instrument(t.Instrument), Answer: t.Answer, Capacity: Capacity(t.Capacity),
		Signer: t.Signer, Method: t.Method, TextVersion: t.TextVersion, GivenOn: t.GivenOn, ExpiresOn: t.ExpiresOn, Alternative: t.Alternative}
	f := form{}
	f.text("purpose", t.Purpose, MaxLine, "consent.purpose_required")
	if manyPurposes(t.Purpose) {
		f["purpose"] = "consent.purpose_one"
	}
	f.text("text_version", t.TextVersion, MaxLine, "consent.text_required")
	f.text("person", t.Pupil, MaxLine, "consent.pupil_required")
	f.text("signer", t.Signer, MaxLine, "consent.signer_required")
	if !slices.Contains(Instruments(p), c.Instrument) {
		f["instrument"] = "consent.instrument_required"
	}
	if !slices.Contains(Methods, t.Method) {
		f["method"] = "consent.method_required"
	}
	f.past("given_on", t.GivenOn, "", today, "")
	switch t.Answer {
	case "yes":
		if c.Alternative = ""; f.day("expires_on", t.ExpiresOn) && t.ExpiresOn <= t.GivenOn {
			f["expires_on"] = "consent.expires_early"
		}
	case "no":
		c.ExpiresOn = ""
	default:
		f["answer"] = "consent.answer_required"
	}
	f.text("alternative", t.Alternative, MaxText, "")
	c.Band, f = t.band(p, f)
	if err := f.refuse(quality(p)); err != nil {
		return c, err
	}
	if c.Answer == "no" && c.Alternative == "" {
		return c, form{"alternative": "consent.alternative_required"}.refuse(proof(p))
	}
	if !slices.Contains(Capacities, c.Capacity) {
		return c, form{"capacity": "consent.capacity_required"}.refuse(signing(p))
	}
	if !slices.Contains(Signers(p, c.Instrument, c.Band), c.Capacity) {
		key := "consent.pupil_too_young"
		if c.Capacity != Pupil {
			key = "consent.pupil_alone"
		}
		return c, form{"capacity": key}.refuse(signing(p))
	}
	c.Rule = rule(p)
	return c, nil
}

// band is the pupil's, from the day of birth where it is known or as it was chosen.
func (t Consenting) band(p *policy.Pack, f form) (Band, form) {
	if t.Born != "" {
		b, known := BandOf(p, t.Born, t.GivenOn)
		if !known && f["given_on"] == "" {
			f["born"] = "consent.born_wrong"
		}
		return b, f
	}
	for _, b := range Bands(p) {
		if fmt.Sprint(b.From) == t.Band {
			return b, f
		}
	}
	f["band"] = "consent.band_required"
	return Band{}, f
}

// rule is the clause that says who signs and the version of the pack that has it.
func rule(p *policy.Pack) string {
	clause := signing(p)
	for _, law := range p.Laws {
		if slices.ContainsFunc(law.Clauses, func(c policy.Clause) bool { return c.ID == clause }) {
			return clause + " (" + law.ID + " " + law.Version + ")"
		}
	}
	return clause
}

// Consent keeps what a signer answered about one pupil, one platform and one purpose.
// It refuses, under its clause, a signer who has not the age or the capacity, several
// purposes at once, a consent without an end, and a refusal without what the pupil does
// instead.
func (s *Service) Consent(ctx context.Context, actor policy.Actor, t Consenting) (c Consent, err error) {
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if len(actor.Reach(policy.ConsentRecord).Rules) == 0 {
			return actor.Allow(policy.ConsentRecord, policy.Scope{})
		}
		if c, err = t.check(actor.Pack, i18n.DayOf(tx.Now)); err != nil {
			return err
		}
		keys, err := s.Vault.Keys(ctx, tx)
		if err != nil {
			return err
		}
		if _, err := catalogue.Get(ctx, tx, c.Platform); err != nil {
			return err
		}
		p, err := pupil(ctx, tx, strings.TrimSpace(t.Pupil))
		if err != nil {
			return unknownPupil(err, quality(actor.Pack))
		}
		posts, err := person.Posts(ctx, tx, p.ID)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(posts, func(post person.Post) bool {
			return post.Role == person.Pupil && actor.Can(policy.ConsentRecord, policy.Scope{Org: post.OrgID})
		})
		if at < 0 { // a pupil of another school is told apart from none in no way
			return unknownPupil(fault.Missing(), quality(actor.Pack))
		}
		c.ID, c.PersonID, c.OrgID = ID(db.NewID()), p.ID, posts[at].OrgID
		c.RecordedBy, c.RecordedAt, c.Version = actor.ID, tx.Now, 1
		if err := insertConsent(ctx, tx, keys, c); err != nil {
			return err
		}
		for _, control := range []string{ControlSigner, ControlQuality, ControlKept} {
			if err := policy.Mark(ctx, tx, control, c.Subject(), policy.Conform); err != nil {
				return err
			}
		}
		return audit.Write(ctx, tx, actor, "consent.recorded", c.Subject(), audit.Under(signing(actor.Pack)),
			audit.Note(fmt.Sprintf("platform=%s answer=%s capacity=%s age_from=%d", c.Platform, c.Answer, c.Capacity, c.Band.From)))
	})
	return c, err
}

// Withdraw ends a consent from a day on.
func (s *Service) Withdraw(ctx context.Context, actor policy.Actor, id ID, on string) (c Consent, err error) {
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if c, err = getConsent(ctx, tx, id); err != nil {
			return err
		}
		if err := actor.Allow(policy.ConsentRecord, c.Scope()); err != nil {
			return err
		}
		if c.Answer != "yes" || c.WithdrawnOn != "" {
			return fault.New(fault.Conflict, "consent.not_held").Under(quality(actor.Pack))
		}
		tidy(&on)
		f := form{}
		f.past("withdrawn_on", on, c.GivenOn, i18n.DayOf(tx.Now), "consent.before_given")
		if err := f.refuse(quality(actor.Pack)); err != nil {
			return err
		}
		c.WithdrawnOn = on
		if err := withdrawConsent(ctx, tx, &c); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "consent.withdrawn", c.Subject(), audit.Under(quality(actor.Pack)))
	})
	return c, err
}

// Basis is what lets a platform collect from children, as a person chose it.
type Basis struct {
	Platform catalogue.ID
	Basis    string // of Bases
	Reason   string
	ChosenBy string
	ChosenAt time.Time
}

// Bases lists what may let a platform collect: its contract and the board's mission, a
// consent, or the child's clear benefit with the reason.
var Bases = []string{"mission", "consent", "benefit"}

// Choose keeps what lets a platform collect from children: a person says it, nothing
// is presumed. The child's benefit, and the mission, have a written reason.
func (s *Service) Choose(ctx context.Context, actor policy.Actor, b Basis) (Basis, error) {
	err := s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := actor.Allow(policy.ConsentBasis, policy.Scope{}); err != nil {
			return err
		}
		tidy(&b.Reason)
		f := form{}
		required := "consent.reason_required"
		if !slices.Contains(Bases, b.Basis) {
			f["basis"], required = "consent.basis_required", ""
		}
		if b.Basis == "consent" {
			required = ""
		}
		f.text("reason", b.Reason, MaxText, required)
		if err := f.refuse(children(actor.Pack)); err != nil {
			return err
		}
		p, err := catalogue.Get(ctx, tx, b.Platform)
		if err != nil {
			return err
		}
		b.ChosenBy, b.ChosenAt = actor.ID, tx.Now
		if err := saveBasis(ctx, tx, b); err != nil {
			return err
		}
		if err := policy.Mark(ctx, tx, ControlChild, catalogue.Subject(p.ID), policy.Conform); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "consent.basis_chosen", catalogue.Subject(p.ID), audit.Under(children(actor.Pack)), audit.Note("basis="+b.Basis))
	})
	return b, err
}

// ConsentRow is a consent as a list shows it.
type ConsentRow struct {
	Consent
	Pupil    string // name
	Title    string // of the platform
	Withdraw bool   // the actor may withdraw it, and it holds
}

// Consents is the consents that the actor may read, the last first, and what a form
// to record one needs.
type Consents struct {
	Rows      []ConsentRow
	Bases     []Basis
	Platforms []catalogue.Platform // approved, by name
	Names     map[catalogue.ID]string
	Today     string
	Clause    string // that says who signs
	Record    bool
	Choose    bool
}

// Consents lists consents within the actor's reach; no signer is shown in a list.
func (s *Service) Consents(ctx context.Context, actor policy.Actor) (l Consents, err error) {
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if len(actor.Reach(policy.ConsentRead).Rules) == 0 {
			return actor.Allow(policy.ConsentRead, policy.Scope{})
		}
		l.Today, l.Clause = i18n.DayOf(tx.Now), signing(actor.Pack)
		l.Record, l.Choose = len(actor.Reach(policy.ConsentRecord).Rules) > 0, actor.Can(policy.ConsentBasis, policy.Scope{})
		if l.Rows, err = consents(ctx, tx, actor); err != nil {
			return err
		}
		for i := range l.Rows {
			c := &l.Rows[i]
			c.Withdraw = c.Answer == "yes" && c.WithdrawnOn == "" && actor.Can(policy.ConsentRecord, c.Scope())
		}
		if l.Bases, err = bases(ctx, tx); err != nil {
			return err
		}
		all, err := catalogue.List(ctx, tx, catalogue.Filter{})
		l.Names = map[catalogue.ID]string{}
		for _, p := range all {
			l.Names[p.ID] = p.Name
			if p.Status == catalogue.Approved || p.Status == catalogue.Conditional {
				l.Platforms = append(l.Platforms, p)
			}
		}
		return err
	})
	return l, err
}

// ConsentOf answers one consent with its signer.
func (s *Service) ConsentOf(ctx context.Context, actor policy.Actor, id ID) (r ConsentRow, err error) {
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		keys, err := s.Vault.Keys(ctx, tx)
		if err != nil {
			return err
		}
		if r.Consent, err = openConsent(ctx, tx, keys, id); err != nil {
			return err
		}
		if err := actor.Allow(policy.ConsentRead, r.Scope()); err != nil {
			return err
		}
		p, err := person.Get(ctx, tx, r.PersonID)
		if err != nil {
			return err
		}
		c, err := catalogue.Get(ctx, tx, r.Platform)
		r.Pupil, r.Title = p.Name(), c.Name
		r.Withdraw = r.Answer == "yes" && r.WithdrawnOn == "" && actor.Can(policy.ConsentRecord, r.Scope())
		return err
	})
	return r, err
}

// ClassAnswer is what a teacher sees of a platform: for each pupil of the class yes,
// no, or nothing, and no word on who answered.
type ClassAnswer struct {
	Class     person.Class
	Pupils    []person.Person
	Platforms []catalogue.Platform
	Holds     map[string]map[catalogue.ID]bool // by pupil; absent where nobody answered
}

// OfClass answers which pupils of a class have a consent that counts today.
func (s *Service) OfClass(ctx context.Context, actor policy.Actor, class string) (a ClassAnswer, err error) {
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if a.Class, err = person.GetClass(ctx, tx, class); err != nil {
			return err
		}
		scope := policy.Scope{Org: a.Class.SchoolID, Classes: []string{class}}
		if !actor.Can(policy.ConsentClass, scope) {
			return fault.Missing()
		}
		if a.Pupils, err = person.InClass(ctx, tx, class); err != nil {
			return err
		}
		all, err := consentsInClass(ctx, tx, class)
		if err != nil {
			return err
		}
		a.Holds = holding(all, i18n.DayOf(tx.Now))
		var ids []catalogue.ID
		for _, c := range all {
			if !slices.Contains(ids, c.Platform) {
				ids = append(ids, c.Platform)
			}
		}
		found, err := catalogue.ByID(ctx, tx, ids)
		for _, p := range found {
			a.Platforms = append(a.Platforms, p)
		}
		slices.SortFunc(a.Platforms, func(x, y catalogue.Platform) int { return strings.Compare(db.Fold(x.Name), db.Fold(y.Name)) })
		return err
	})
	return a, err
}

// holding tells, of each pupil and platform, whether the last answer on every purpose
// is a yes that counts. The answers come in the order in which they were given.
func holding(all []Consent, today string) map[string]map[catalogue.ID]bool {
	type about struct {
		person, purpose string
		platform        catalogue.ID
		instrument      Instrument
	}
	last := map[about]bool{}
	for _, c := range all {
		last[about{c.PersonID, db.Fold(c.Purpose), c.Platform, c.Instrument}] = c.Holds(today)
	}
	holds := map[string]map[catalogue.ID]bool{}
	for of, yes := range last {
		if holds[of.person] == nil {
			holds[of.person] = map[catalogue.ID]bool{}
		}
		before, known := holds[of.person][of.platform]
		holds[of.person][of.platform] = yes && (before || !known)
	}
	return holds
}

func consentPlace(id ID) vault.Place {
	return vault.Place{Table: "consent", Column: "signer", Row: string(id)}
}
