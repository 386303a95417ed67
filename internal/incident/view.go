package incident

import (
	"context"
	"slices"

	"aval/internal/account"
	"aval/internal/catalogue"
	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/org"
	"aval/internal/policy"
)

// WordsOf reads what is needed to say some incidents, in their order; the printer
// is the caller's.
func WordsOf(ctx context.Context, tx *db.Tx, incidents ...Incident) ([]Words, error) {
	names, err := schools(ctx, tx)
	if err != nil {
		return nil, err
	}
	board, err := boardName(ctx, tx)
	if err != nil {
		return nil, err
	}
	ids := make([]ID, len(incidents))
	for n, i := range incidents {
		ids[n] = i.ID
	}
	notices, err := NoticesOf(ctx, tx, ids...)
	all := make([]Words, len(incidents))
	for n, i := range incidents {
		all[n] = Words{Incident: i, Notices: notices[i.ID], Board: board, Names: names}
	}
	return all, err
}

// View is an incident as its page shows it.
type View struct {
	Incident
	Words    Words // without a printer
	Platform string
	Reports  []Report
	Versions []Incident        // the latest first
	People   map[string]string // names of accounts
	Days     int               // since the board became aware
	May      bool              // the actor may change it
	Current  bool              // it is the version that stands
}

// Notified says that the risk is known, and that whoever it asks to tell was told.
func (v View) Notified() bool {
	return v.Risk != nil && (!v.Risk.Serious() || told(v.Words.Notices))
}

// Deletable says that the entry was kept as long as the law asks.
func (v View) Deletable(today string) bool { return v.May && v.deletable(today) == nil }

// View answers an incident to who may read the register, as it stands or, when
// former is not 0, as it was in that version.
func (s *Service) View(ctx context.Context, actor policy.Actor, id ID, former int64) (v View, err error) {
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		i, err := Get(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := actor.Allow(policy.IncidentRead, i.Scope()); err != nil {
			return err
		}
		v.Current, v.May = former == 0 || former == i.Version, actor.Can(policy.IncidentManage, i.Scope())
		if v.Versions, err = versions(ctx, tx, id); err != nil {
			return err
		}
		at := slices.IndexFunc(v.Versions, func(w Incident) bool { return v.Current || w.Version == former })
		if at < 0 {
			return fault.Missing()
		}
		v.Incident, v.Days = v.Versions[at], v.Versions[at].Days(i18n.DayOf(tx.Now))
		words, err := WordsOf(ctx, tx, v.Incident)
		if err != nil {
			return err
		}
		v.Words = words[0]
		if v.Reports, err = reportsOf(ctx, tx, id); err != nil {
			return err
		}
		return v.names(ctx, tx)
	})
	return v, err
}

// names reads how the platform and the people of a view are called.
func (v *View) names(ctx context.Context, tx *db.Tx) (err error) {
	if v.Incident.Platform != "" {
		p, err := catalogue.Get(ctx, tx, v.Incident.Platform)
		if err != nil {
			return err
		}
		v.Platform = p.Name
	}
	var ids []string
	for _, w := range v.Versions {
		ids = append(ids, w.ChangedBy)
		if w.Risk != nil {
			ids = append(ids, w.Risk.By)
		}
	}
	for _, n := range v.Words.Notices {
		ids = append(ids, n.ChangedBy, n.SentBy)
	}
	for _, r := range v.Reports {
		ids = append(ids, r.By)
	}
	v.People, err = account.Names(ctx, tx, once(ids))
	return err
}

// NoticeView is a notice as its page shows it.
type NoticeView struct {
	Notice
	Number   string // of its incident
	Test     Test
	AwareOn  string
	Versions []Notice // the latest first
	People   map[string]string
	May      bool
}

// Notice answers a notice to who may read the register.
func (s *Service) Notice(ctx context.Context, actor policy.Actor, id ID, of string) (v NoticeView, err error) {
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		i, err := Get(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := actor.Allow(policy.IncidentRead, i.Scope()); err != nil {
			return err
		}
		if v.Notice, err = getNotice(ctx, tx, id, of); err != nil {
			return err
		}
		v.Number, v.Test, v.AwareOn, v.May = i.Number, i.Test, i.AwareOn, actor.Can(policy.IncidentManage, i.Scope())
		if v.Versions, err = noticeVersions(ctx, tx, of); err != nil {
			return err
		}
		ids := []string{v.SentBy}
		for _, n := range v.Versions {
			ids = append(ids, n.ChangedBy)
		}
		v.People, err = account.Names(ctx, tx, once(ids))
		return err
	})
	return v, err
}

// Listing is what the page of incidents shows.
type Listing struct {
	Incidents []Incident // the latest awareness first
	Reports   []Report   // to answer, for who may; the oldest first
	People    map[string]string
	Today     string
}

// List answers the incidents and the reports that await an answer.
func (s *Service) List(ctx context.Context, actor policy.Actor) (l Listing, err error) {
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := actor.Allow(policy.IncidentRead, policy.Scope{}); err != nil {
			return err
		}
		l.Today = i18n.DayOf(tx.Now)
		if l.Incidents, err = All(ctx, tx, "", ""); err != nil {
			return err
		}
		if !actor.Can(policy.IncidentManage, policy.Scope{}) {
			return nil
		}
		if l.Reports, err = Unanswered(ctx, tx); err != nil {
			return err
		}
		var ids []string
		for _, r := range l.Reports {
			ids = append(ids, r.By)
		}
		l.People, err = account.Names(ctx, tx, once(ids))
		return err
	})
	return l, err
}

// Choices is what the form of an entry offers.
type Choices struct {
	Platforms []catalogue.Platform
	Schools   []org.Org
}

// Choices answers it to who may enter an incident.
func (s *Service) Choices(ctx context.Context, actor policy.Actor) (c Choices, err error) {
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := actor.Allow(policy.IncidentManage, policy.Scope{}); err != nil {
			return err
		}
		if c.Platforms, err = catalogue.List(ctx, tx, catalogue.Filter{}); err != nil {
			return err
		}
		all, err := org.All(ctx, tx)
		c.Schools = slices.DeleteFunc(all, func(o org.Org) bool { return o.Kind == org.Board || o.Status != org.Active })
		return err
	})
	return c, err
}
