package usage

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"aval/internal/access"
	"aval/internal/audit"
	"aval/internal/catalogue"
	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/licence"
	"aval/internal/org"
	"aval/internal/policy"
	"aval/internal/pseudonym"
	"aval/internal/reveal"
	"aval/internal/sheet"
)

// followed is the control of 6.2 b.
const followed = "progress.followed"

// Service is what people do with the files of platforms.
type Service struct {
	DB       *db.DB
	Reveals  *reveal.Service
	Accounts *access.Accounts
}

// Ask is a file to be read, and why.
type Ask struct {
	Platform catalogue.ID
	Reason   string // code of the pack's reveal_reasons
	Note     string // may stay empty
	Keep     bool   // the day on which each pupil's account was seen in use
	File     []byte
	Columns  [3]string // what the family name, the given name and the class are called in the answer
}

// Answer is what a file says. It is kept nowhere.
type Answer struct {
	Platform catalogue.Platform
	Table    sheet.Table // the file with three columns more, in the same format
	Classes  []Progress
	Names    int // different login names in the file
	Known    int // of which are of the actor's pupils
	At       time.Time
	Kept     bool // the days were kept
}

// Rosetta reads a platform's file, names in it the pupils whom the actor may, and
// tells where their classes stand. Of what it read it keeps a count for each class,
// and the day on each pupil's account when that is asked. It refuses (Denied) who
// may read no file; (Invalid) a file without login names, or too large, or with too
// many pupils, a platform without a licence for the actor's pupils, and no reason;
// (Conflict, under 1.3 e) beyond the hour's quota; (NotFound) a file that names none
// of the actor's pupils.
func (s *Service) Rosetta(ctx context.Context, actor policy.Actor, ask Ask) (a Answer, err error) {
	if len(actor.Reach(policy.RevealFile).Rules) == 0 {
		return a, actor.Allow(policy.RevealFile, policy.Scope{})
	}
	n, unreadable := read(ask.File)
	if unreadable == nil {
		unreadable = fits(n.Table)
	}
	var refused error
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		a, refused = Answer{At: tx.Now, Names: len(n.names()), Kept: ask.Keep}, nil
		if err := s.check(ctx, tx, actor, ask, unreadable, &a); err != nil {
			return err
		}
		joined, err := s.Reveals.Join(ctx, tx, actor, reveal.FileAsk{
			Names: n.names(), Subject: catalogue.Subject(ask.Platform), Reason: ask.Reason, Note: ask.Note})
		if err != nil || joined.Refused != nil {
			refused = joined.Refused
			return err
		}
		of := pupils(joined.Of)
		a.Table, a.Classes, a.Known = n.joined(of, ask.Columns), n.progress(of), len(of)
		if err := places(ctx, tx, joined.Of, a.Classes); err != nil {
			return err
		}
		if err := s.seen(ctx, tx, ask, of); err != nil {
			return err
		}
		return report(ctx, tx, actor, ask.Platform, a)
	})
	if err == nil {
		err = refused
	}
	if err != nil {
		return Answer{}, err
	}
	return a, nil
}

// check refuses what is missing or wrong, each beside its own field.
func (s *Service) check(ctx context.Context, tx *db.Tx, actor policy.Actor, ask Ask, unreadable error, a *Answer) error {
	fields := map[string]fault.Message{}
	platforms, err := licensed(ctx, tx, actor)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(platforms, func(p catalogue.Platform) bool { return p.ID == ask.Platform })
	if at < 0 {
		fields["platform"] = fault.Message{Key: "usage.platform_required"}
	} else {
		a.Platform = platforms[at]
	}
	f, ok := fault.As(unreadable)
	switch {
	case len(ask.File) == 0:
		fields["file"] = fault.Message{Key: "usage.file_required"}
	case ok:
		fields["file"] = fault.Message{Key: f.Key, Args: f.Args}
	case unreadable != nil:
		return unreadable
	}
	if f, ok := fault.As(reveal.CheckWhy(actor.Pack, policy.RevealFile, ask.Reason, ask.Note)); ok {
		for field, m := range f.Fields {
			fields[field] = m
		}
	}
	return fault.FormMsg(fields)
}

func pupils(of map[pseudonym.Name]reveal.Member) map[string]pupil {
	by := make(map[string]pupil, len(of))
	for name, m := range of {
		by[name.String()] = pupil{ID: m.ID, GivenName: m.GivenName, FamilyName: m.FamilyName, Class: m.In.ID, Title: m.In.Title}
	}
	return by
}

// places puts in how many pupils each class has, and its school.
func places(ctx context.Context, tx *db.Tx, of map[pseudonym.Name]reveal.Member, classes []Progress) error {
	schools := map[string]string{}
	for i := range classes {
		c := &classes[i]
		for _, m := range of {
			if m.In.ID != c.Class || c.Class == "" {
				continue
			}
			if _, known := schools[m.In.SchoolID]; !known {
				school, err := org.Get(ctx, tx, m.In.SchoolID)
				if err != nil {
					return err
				}
				schools[m.In.SchoolID] = school.Name
			}
			c.Pupils, c.School = m.In.Pupils, schools[m.In.SchoolID]
			break
		}
		c.Pupils = max(c.Pupils, c.Seen)
	}
	return nil
}

// seen keeps on this day that the accounts of these pupils are in use, when asked.
func (s *Service) seen(ctx context.Context, tx *db.Tx, ask Ask, of map[string]pupil) error {
	if !ask.Keep {
		return nil
	}
	ids := make([]string, 0, len(of))
	for _, p := range of {
		ids = append(ids, p.ID)
	}
	licences, err := licence.ForPlatform(ctx, tx, ask.Platform)
	if err != nil {
		return err
	}
	for _, l := range licences {
		if !l.Runs(i18n.DayOf(tx.Now)) {
			continue
		}
		if err := s.Accounts.Seen(ctx, tx, l.ID, ids); err != nil {
			return err
		}
	}
	return nil
}

// report keeps how many pupils of each class the file spoke of.
func report(ctx context.Context, tx *db.Tx, actor policy.Actor, id catalogue.ID, a Answer) error {
	var subjects []string
	for _, c := range a.Classes {
		if c.Class == "" {
			continue
		}
		subjects = append(subjects, "class:"+c.Class)
		if err := keep(ctx, tx, actor, id, c); err != nil {
			return err
		}
	}
	if err := policy.MarkAll(ctx, tx, followed, subjects, policy.Conform); err != nil {
		return err
	}
	return audit.Write(ctx, tx, actor, "usage.reported", catalogue.Subject(id), audit.Under("6.2b"),
		audit.Note(fmt.Sprintf("classes=%d pupils=%d kept=%t", len(subjects), a.Known, a.Kept)))
}

// Platforms answers those that a licence covers today for pupils of the actor's,
// by name. It refuses (Denied) who may read no file.
func (s *Service) Platforms(ctx context.Context, actor policy.Actor) (list []catalogue.Platform, err error) {
	if len(actor.Reach(policy.RevealFile).Rules) == 0 {
		return nil, actor.Allow(policy.RevealFile, policy.Scope{})
	}
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		list, err = licensed(ctx, tx, actor)
		return err
	})
	return list, err
}

func licensed(ctx context.Context, tx *db.Tx, actor policy.Actor) (list []catalogue.Platform, err error) {
	running, err := licence.Running(ctx, tx, i18n.DayOf(tx.Now))
	if err != nil {
		return nil, err
	}
	var ids []catalogue.ID
	for _, l := range running {
		if slices.Contains(ids, l.PlatformID) {
			continue
		}
		theirs, err := touches(ctx, tx, actor, l)
		if err != nil {
			return nil, err
		}
		if theirs {
			ids = append(ids, l.PlatformID)
		}
	}
	by, err := catalogue.ByID(ctx, tx, ids)
	for _, p := range by {
		list = append(list, p)
	}
	slices.SortFunc(list, func(a, b catalogue.Platform) int {
		return cmp.Or(cmp.Compare(db.Fold(a.Name), db.Fold(b.Name)), cmp.Compare(a.ID, b.ID))
	})
	return list, err
}

// touches tells whether a licence is for a pupil whom the actor may find in a file.
func touches(ctx context.Context, tx *db.Tx, actor policy.Actor, l licence.Licence) (bool, error) {
	var classes, schools []string
	for _, rule := range actor.Reach(policy.RevealFile).Rules {
		if rule.Board {
			return true, nil
		}
		classes, schools = append(classes, rule.Classes...), append(schools, rule.Orgs...)
	}
	return licence.Touches(ctx, tx, l, classes, schools)
}

// Reports answers how many pupils platforms' files spoke of, by class and day, the
// newest first: of the classes for which the actor may read such files.
func (s *Service) Reports(ctx context.Context, actor policy.Actor, id catalogue.ID) (list []Report, err error) {
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		list, err = reports(ctx, tx, actor, id)
		return err
	})
	return list, err
}
