package breach

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"aval/internal/access"
	"aval/internal/account"
	"aval/internal/audit"
	"aval/internal/catalogue"
	"aval/internal/credential"
	"aval/internal/db"
	"aval/internal/disclosure"
	"aval/internal/export"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/incident"
	"aval/internal/job"
	"aval/internal/licence"
	"aval/internal/org"
	"aval/internal/policy"
	"aval/internal/pseudonym"
)

// CutJob cuts a platform off; its id is the breach's.
const CutJob job.Kind = "breach.cut"

// Service is what people do about a platform that was broken into.
type Service struct {
	DB       *db.DB
	Accounts *access.Accounts
	Names    *pseudonym.Names
}

// under is the clause of the board's law that asks for measures.
func under(actor policy.Actor) string { return incident.TestOf(actor.Pack).Clause("measures") }

// Ask answers what a platform knows, or knew, and keeps the answer. Asked again
// before it is cut off, the answer is made anew. An incident of the register may be
// named, whose measures will say what is cut.
func (s *Service) Ask(ctx context.Context, actor policy.Actor, platform catalogue.ID, of incident.ID) (b Breach, err error) {
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := actor.Allow(policy.BreachAct, policy.Scope{}); err != nil {
			return err
		}
		if platform == "" {
			return fault.Under(fault.Form(map[string]string{"platform": "breach.platform_required"}), under(actor))
		}
		p, err := catalogue.Get(ctx, tx, platform)
		if err != nil {
			return err
		}
		if of != "" {
			if _, err := incident.Get(ctx, tx, of); err != nil {
				return err
			}
		}
		if err := tx.Alone(ctx, "breach "+string(platform)); err != nil {
			return err
		}
		if b, err = begun(ctx, tx, actor, platform); err != nil {
			return err
		}
		if of != "" {
			b.Incident = of
		}
		if err := b.answer(ctx, tx, p); err != nil {
			return err
		}
		if err := update(ctx, tx, &b); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "breach.asked", Subject(b.ID), audit.Under(under(actor)),
			audit.Note(fmt.Sprintf("platform:%s pupils=%d schools=%d", platform, b.Answer.Pupils, len(b.Answer.Schools))))
	})
	return b, err
}

// begun is the question about a platform that is not cut off yet, or a new one.
func begun(ctx context.Context, tx *db.Tx, actor policy.Actor, platform catalogue.ID) (Breach, error) {
	open, err := ofPlatform(ctx, tx, platform, Asked)
	if err != nil || len(open) > 0 {
		if len(open) > 0 {
			open[0].AskedBy, open[0].AskedAt = actor.ID, tx.Now
			return open[0], err
		}
		return Breach{}, err
	}
	b := Breach{ID: ID(db.NewID()), Platform: platform, State: Asked, AskedBy: actor.ID, AskedAt: tx.Now, Version: 1}
	return b, insert(ctx, tx, b)
}

// answer finds whom and what the platform knows. It is set-based: a board of a
// hundred thousand pupils waits seconds.
func (b *Breach) answer(ctx context.Context, tx *db.Tx, p catalogue.Platform) (err error) {
	a := &b.Answer
	*a = Answer{}
	all, err := licence.ForPlatform(ctx, tx, p.ID)
	if err != nil {
		return err
	}
	if err := forget(ctx, tx, b.ID); err != nil {
		return err
	}
	disclosed, err := gather(ctx, tx, b.ID, all)
	if err != nil {
		return err
	}
	left := map[disclosure.Field]bool{}
	for _, l := range all {
		a.Licences = append(a.Licences, Licence{ID: l.ID, Starts: l.StartsOn, Last: l.Last(), Accounts: l.AccountKind, Disclosed: disclosed[l.ID]})
		if a.Since == "" || l.StartsOn < a.Since {
			a.Since = l.StartsOn
		}
		terms, err := disclosure.TermsEver(ctx, tx, l)
		if err != nil && !fault.Is(err, fault.Conflict) {
			return err
		}
		for f := range terms.Fields {
			left[f] = left[f] || disclosed[l.ID] || f == disclosure.LoginName
		}
	}
	if err := a.last(ctx, tx, all, left); err != nil {
		return err
	}
	for _, f := range disclosure.Fields {
		if left[f] {
			a.Left = append(a.Left, f)
		}
	}
	if a.Declared, err = disclosure.KindsEver(ctx, tx, p); err != nil {
		return err
	}
	if _, a.Shared, err = disclosure.SectorOf(ctx, tx, p.ID); err != nil {
		return err
	}
	if a.Passwords, err = access.Renewable(ctx, tx, p.ID); err != nil {
		return err
	}
	if err := a.count(ctx, tx, b.ID, p.ID); err != nil {
		return err
	}
	a.Exposure = a.exposed()
	return nil
}

// last finds the last export to the platform and its last reading, and adds what ever left
// in a file: the terms may have been others then.
func (a *Answer) last(ctx context.Context, tx *db.Tx, all []licence.Licence, left map[disclosure.Field]bool) error {
	ids := make([]licence.ID, len(all))
	for i, l := range all {
		ids[i] = l.ID
	}
	sent, fields, err := export.SentFor(ctx, tx, ids)
	if err != nil {
		return err
	}
	for _, f := range fields {
		left[f] = true
	}
	if sent != nil {
		a.Export = &Export{At: sent.SentAt, Profile: sent.Profile, Fields: sent.Fields}
		for _, c := range sent.Counts {
			a.Export.Rows += c.Rows
		}
	}
	use, err := credential.LastRead(ctx, tx, ids)
	if use != nil {
		a.Read = &Read{At: use.LastAt, Objects: use.Objects}
	}
	return err
}

// List answers every breach, the latest first.
func (s *Service) List(ctx context.Context, actor policy.Actor) (list []Listed, err error) {
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := actor.Allow(policy.BreachRead, policy.Scope{}); err != nil {
			return err
		}
		list, err = listed(ctx, tx)
		return err
	})
	return list, err
}

// Platforms answers those about which one may ask, by name: also those that are refused.
func (s *Service) Platforms(ctx context.Context, actor policy.Actor) (list []catalogue.Platform, err error) {
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := actor.Allow(policy.BreachRead, policy.Scope{}); err != nil {
			return err
		}
		list, err = catalogue.List(ctx, tx, catalogue.Filter{})
		return err
	})
	return list, err
}

// View is a breach as its page shows it.
type View struct {
	Breach
	Called  string            // the platform
	Schools map[string]string // names
	Shares  []string          // names of platforms that see the same pseudonyms
	Number  string            // of the incident
	By, Cut string            // names
	May     bool              // the actor may cut it off
}

// View shows a breach to who may read it.
func (s *Service) View(ctx context.Context, actor policy.Actor, id ID) (v View, err error) {
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if v.Breach, err = seen(ctx, tx, actor, policy.BreachRead, id); err != nil {
			return err
		}
		v.May = actor.Can(policy.BreachAct, v.Scope())
		if v.Incident != "" {
			i, err := incident.Get(ctx, tx, v.Incident)
			if err != nil {
				return err
			}
			v.Number = i.Number
		}
		called, err := catalogue.ByID(ctx, tx, append(slices.Clone(v.Answer.Shared), v.Platform))
		if err != nil {
			return err
		}
		v.Called = called[v.Platform].Name
		for _, p := range v.Answer.Shared {
			v.Shares = append(v.Shares, called[p].Name)
		}
		all, err := org.All(ctx, tx)
		if err != nil {
			return err
		}
		v.Schools = map[string]string{}
		for _, o := range all {
			v.Schools[o.ID] = o.Name
		}
		names, err := account.Names(ctx, tx, []string{v.AskedBy, v.CutBy})
		v.By, v.Cut = names[v.AskedBy], names[v.CutBy]
		return err
	})
	return v, err
}

func seen(ctx context.Context, tx *db.Tx, actor policy.Actor, do policy.Action, id ID) (Breach, error) {
	b, err := get(ctx, tx, id)
	if err != nil {
		return b, err
	}
	return b, actor.Allow(do, b.Scope())
}

// Cut begins to make anew what a person chooses, as one job. It refuses (Conflict)
// one that is cut off already, and (Invalid) no choice, and login names without a
// reason: other platforms know the pupils by them too.
func (s *Service) Cut(ctx context.Context, actor policy.Actor, id ID, c Choice, version int64) (b Breach, err error) {
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if b, err = seen(ctx, tx, actor, policy.BreachAct, id); err != nil {
			return err
		}
		if err := b.cut(c, actor.ID, tx.Now, under(actor)); err != nil {
			return err
		}
		b.Version = version
		if err := update(ctx, tx, &b); err != nil {
			return err
		}
		if err := audit.Write(ctx, tx, actor, "breach.cut", Subject(id), audit.Under(under(actor)),
			audit.Note(fmt.Sprintf("platform:%s pseudonyms=%t passwords=%t names=%t", b.Platform, c.Pseudonyms, c.Passwords, c.Names))); err != nil {
			return err
		}
		return job.Enqueue(ctx, tx, CutJob, string(id))
	})
	return b, err
}

// Open enters the incident in the register, begun with the facts of the answer:
// counts, schools, kinds of information, and nobody. A person completes it, weighs
// the risk, and drafts the notices from it.
func (s *Service) Open(ctx context.Context, actor policy.Actor, id ID) (i incident.Incident, err error) {
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		b, err := seen(ctx, tx, actor, policy.BreachAct, id)
		if err != nil {
			return err
		}
		if b.Incident != "" {
			return fault.New(fault.Conflict, "breach.entered_already").Under(under(actor))
		}
		p, err := catalogue.Get(ctx, tx, b.Platform)
		if err != nil {
			return err
		}
		if i, err = incident.Open(ctx, tx, actor, b.entry(actor, p, i18n.DayOf(tx.Now)), ""); err != nil {
			return err
		}
		b.Incident = i.ID
		if err := update(ctx, tx, &b); err != nil {
			return err
		}
		if b.State == Done {
			return b.measured(ctx, tx, actor)
		}
		return nil
	})
	return i, err
}

// entry is what the answer says of an incident, in the words of the actor.
func (b Breach) entry(actor policy.Actor, p catalogue.Platform, today string) incident.Entry {
	in, a := i18n.For(actor.Lang), b.Answer
	e := incident.Entry{Kind: "access", Platform: b.Platform, From: i18n.DayOf(b.AskedAt), DaysAbout: true, AwareOn: i18n.DayOf(b.AskedAt),
		Information: information(in, actor.Pack, a), Circumstances: in.T("breach.entry.circumstances", p.Name, in.Day(i18n.DayOf(b.AskedAt)))}
	if a.Since != "" && a.Since <= today {
		e.Circumstances += "\n" + in.T("breach.entry.since", in.Day(a.Since))
	}
	e.Circumstances += a.lastWords(in)
	e.Count = int64(a.Pupils + a.Teachers)
	if a.Pupils > 0 {
		e.Groups = append(e.Groups, "students")
	}
	if a.Teachers > 0 {
		e.Groups = append(e.Groups, "staff")
	}
	for _, s := range a.Schools {
		e.Schools = append(e.Schools, s.ID)
	}
	e.Schools = e.Schools[:min(len(e.Schools), mostSchools)]
	return e
}

// lastWords says when something last left for the platform, a line each.
func (a Answer) lastWords(in *i18n.Printer) (lines string) {
	if x := a.Export; x != nil {
		lines += "\n" + in.T("breach.entry.export", in.Day(i18n.DayOf(x.At)), in.T("export.profile."+string(x.Profile)), in.N("breach.rows", x.Rows))
	}
	if r := a.Read; r != nil {
		lines += "\n" + in.T("breach.entry.read", in.Day(i18n.DayOf(r.At)), in.N("breach.objects", int(r.Objects)))
	}
	return lines
}

// mostSchools is how many an entry of the register names.
const mostSchools = 200

// information says what the platform knew, in kinds.
func information(in *i18n.Printer, pack *policy.Pack, a Answer) string {
	lines := []string{in.T("breach.exposure." + string(a.Exposure))}
	var kinds []string
	for _, code := range a.Declared {
		if kind, ok := pack.DataKind(code); ok {
			kinds = append(kinds, kind.Title.In(in.Lang))
		}
	}
	if len(kinds) > 0 {
		lines = append(lines, in.T("breach.entry.declared", strings.Join(kinds, ", ")))
	}
	var left []string
	for _, f := range a.Left {
		left = append(left, in.T("breach.field."+string(f)))
	}
	if len(left) > 0 {
		lines = append(lines, in.T("breach.entry.left", strings.Join(left, ", ")))
	}
	return strings.Join(lines, "\n")
}

// measured notes in the register what was cut off.
func (b Breach) measured(ctx context.Context, tx *db.Tx, actor policy.Actor) error {
	in := i18n.For(actor.Lang)
	var done []string
	for _, each := range []struct {
		yes bool
		key string
	}{{b.Pseudonyms, "breach.measure.pseudonyms"}, {b.Passwords, "breach.measure.passwords"}, {b.Names, "breach.measure.names"}} {
		if each.yes {
			done = append(done, in.T(each.key))
		}
	}
	_, err := incident.Measured(ctx, tx, actor, b.Incident, incident.Measure{On: i18n.DayOf(tx.Now), Text: in.T("breach.measure", strings.Join(done, ", "))})
	return err
}
