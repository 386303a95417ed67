package rights

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"time"

	"aval/internal/audit"
	"aval/internal/board"
	"aval/internal/catalogue"
	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/policy"
)

// NoticeKind is what a notice is about.
type NoticeKind string

// The notices: the confidentiality policy, what is said when information is
// collected, and what parents are told of a platform.
const (
	Confidentiality NoticeKind = "policy"
	Collection      NoticeKind = "collection"
	Parents         NoticeKind = "parents"
)

// NoticeState is how far a notice is.
type NoticeState string

// A draft changes until it is published; from then on another one follows it.
const (
	Draft     NoticeState = "draft"
	Published NoticeState = "published"
)

// The fields of each notice, in the order in which they are read. Those of the
// policy are the twelve of, r. 4.1, s. 2.
var (
	policyFields = []string{"body", "pi_description", "purposes", "internal_access", "means", "refusal", "consult", "rights", "third_parties",
		"outside_quebec", "security", "complaint"}
	quebecFields  = []string{"body", "purpose", "required", "refusal", "readers", "rights", "position", "address", "phone"}
	ontarioFields = []string{"authority", "purpose", "position", "address", "phone"}
	parentsFields = []string{"vendor", "data", "purpose", "place", "conditions", "contact"}
)

// NoticeKinds lists the notices that a board gives: a confidentiality policy where
// its law asks for one, and the others everywhere.
func NoticeKinds(p *policy.Pack) []NoticeKind {
	if cite(p, "QC-POL-01") == "" {
		return []NoticeKind{Collection, Parents}
	}
	return []NoticeKind{Confidentiality, Collection, Parents}
}

// Fields are those of a kind of notice under a board's law.
func (k NoticeKind) Fields(p *policy.Pack) []string {
	switch {
	case k == Confidentiality:
		return policyFields
	case k == Parents:
		return parentsFields
	case cite(p, "ON-NOT-01") != "":
		return ontarioFields
	}
	return quebecFields
}

// Clause is the clause of a board's law or policy that asks for the notice, or "".
func (k NoticeKind) Clause(p *policy.Pack) string {
	switch k {
	case Confidentiality:
		return cite(p, "QC-POL-01")
	case Collection:
		return cite(p, "QC-NOT-01", "ON-NOT-01")
	}
	return cite(p, "ON-TECH-02", "D-42")
}

// Words is a text in both languages.
type Words struct {
	Fr string `json:"fr"`
	En string `json:"en"`
}

// In is the text in a language.
func (w Words) In(lang string) string {
	if lang == "en" {
		return w.En
	}
	return w.Fr
}

// Notice is a version of a notice.
type Notice struct {
	ID          ID
	Kind        NoticeKind
	Platform    catalogue.ID // of one to parents
	Number      int64        // of the version, from 1
	State       NoticeState
	Fields      map[string]Words
	Changes     Words // what this version changes, from the second on
	WrittenBy   string
	WrittenAt   time.Time
	PublishedBy string
	PublishedAt time.Time // zero while a draft
	SentOn      string    // the day it was given
	Audience    string
	Channel     string
	Version     int64
}

// Subject names a notice in the trail and in the marks of controls.
func (n Notice) Subject() string { return "board_notice:" + string(n.ID) }

// Scope is where a notice stands, for a permission to be asked.
func (n Notice) Scope() policy.Scope { return policy.Scope{State: string(n.State)} }

// Channels lists how a notice is given.
var Channels = []string{"letter", "portal", "school", "mail"}

// NoticeText is what people write of a notice.
type NoticeText struct {
	Fields  map[string]Words
	Changes Words
}

var placeholder = regexp.MustCompile(`(?i)\[[ \x{a0}]*(à compléter|to (be )?completed?)[ \x{a0}]*\]`)

// write takes a text as a draft: incomplete, but no longer than a page in a field.
func (n *Notice) write(p *policy.Pack, t NoticeText) error {
	if n.State != Draft {
		return fault.New(fault.Conflict, "rights.published_already").Under(n.Kind.Clause(p))
	}
	f, kept := form{}, map[string]Words{}
	for _, name := range n.Kind.Fields(p) {
		w := t.Fields[name]
		tidy(&w.Fr, &w.En)
		f.text(name+"_fr", w.Fr, MaxText, "")
		f.text(name+"_en", w.En, MaxText, "")
		kept[name] = w
	}
	tidy(&t.Changes.Fr, &t.Changes.En)
	f.text("changes_fr", t.Changes.Fr, MaxText, "")
	f.text("changes_en", t.Changes.En, MaxText, "")
	if err := f.refuse(n.Kind.Clause(p)); err != nil {
		return err
	}
	n.Fields, n.Changes = kept, t.Changes
	return nil
}

// publish refuses a notice with a field that is empty or still to be completed, and
// a new version that does not say what it changes.
func (n *Notice) publish(p *policy.Pack) error {
	if n.State != Draft {
		return fault.New(fault.Conflict, "rights.published_already").Under(n.Kind.Clause(p))
	}
	f := form{}
	look := func(name string, w Words) {
		for lang, text := range map[string]string{"fr": w.Fr, "en": w.En} {
			switch field := name + "_" + lang; {
			case text == "":
				f[field] = "rights.field_empty"
			case placeholder.MatchString(text):
				f[field] = "rights.field_unfinished"
			case name == "phone" && digits(text) < 10:
				f[field] = "rights.phone_wrong"
			case name == "address" && digits(text) == 0:
				f[field] = "rights.address_wrong"
			}
		}
	}
	for _, name := range n.Kind.Fields(p) {
		look(name, n.Fields[name])
	}
	if n.Number > 1 {
		look("changes", n.Changes)
	}
	return f.refuse(n.Kind.Clause(p))
}

func digits(s string) (n int) {
	for _, r := range s {
		if r >= '0' && r <= '9' {
			n++
		}
	}
	return n
}

// Giving is how and when a notice was given.
type Giving struct{ On, Audience, Channel string }

// give dates a notice that was published.
func (n *Notice) give(p *policy.Pack, g Giving, today string) error {
	clause := n.Kind.Clause(p)
	switch {
	case n.State != Published:
		return fault.New(fault.Conflict, "rights.publish_first").Under(clause)
	case n.SentOn != "":
		return fault.New(fault.Conflict, "rights.sent_already").Under(clause)
	}
	tidy(&g.On, &g.Audience)
	f := form{}
	f.past("sent_on", g.On, "", today, "")
	f.text("audience", g.Audience, MaxLine, "rights.audience_required")
	if !slices.Contains(Channels, g.Channel) {
		f["channel"] = "rights.channel_required"
	}
	if err := f.refuse(clause); err != nil {
		return err
	}
	n.SentOn, n.Audience, n.Channel = g.On, g.Audience, g.Channel
	return nil
}

// Begin makes the draft of the next version of a notice, from the one before or from
// what aval knows; where there is a draft already, it answers that one.
func (s *Service) Begin(ctx context.Context, actor policy.Actor, k NoticeKind, platform catalogue.ID) (n Notice, err error) {
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := actor.Allow(policy.NoticeWrite, policy.Scope{}); err != nil {
			return err
		}
		if !slices.Contains(NoticeKinds(actor.Pack), k) {
			return form{"kind": "rights.notice_kind"}.refuse("")
		}
		if (k == Parents) != (platform != "") {
			return form{"platform": "rights.platform_required"}.refuse(k.Clause(actor.Pack))
		}
		last, err := lastNotice(ctx, tx, k, platform)
		if err != nil || last.State == Draft {
			n = last
			return err
		}
		n = Notice{ID: ID(db.NewID()), Kind: k, Platform: platform, Number: last.Number + 1, State: Draft, Fields: last.Fields,
			WrittenBy: actor.ID, WrittenAt: tx.Now, Version: 1}
		if last.Number == 0 {
			if n.Fields, err = known(ctx, tx, actor.Pack, k, platform); err != nil {
				return err
			}
		}
		if err := insertNotice(ctx, tx, n); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "notice.begun", n.Subject(), audit.Under(k.Clause(actor.Pack)), audit.Note(n.note()))
	})
	return n, err
}

// note says which version it is, for the trail.
func (n Notice) note() string {
	return fmt.Sprintf("kind=%s platform=%s number=%d", n.Kind, n.Platform, n.Number)
}

// changeNotice is what every act on a notice shares.
func (s *Service) changeNotice(
	ctx context.Context, actor policy.Actor, id ID, need policy.Action, act string, do func(ctx context.Context, tx *db.Tx, n *Notice) error,
) (n Notice, err error) {
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if n, err = getNotice(ctx, tx, id); err != nil {
			return err
		}
		if err := actor.Allow(need, n.Scope()); err != nil {
			return err
		}
		if err := do(ctx, tx, &n); err != nil {
			return err
		}
		if err := updateNotice(ctx, tx, &n); err != nil {
			return err
		}
		if n.Kind == Parents {
			if err := markParents(ctx, tx, actor.Pack, n.Platform); err != nil {
				return err
			}
		}
		return audit.Write(ctx, tx, actor, "notice."+act, n.Subject(), audit.Under(n.Kind.Clause(actor.Pack)), audit.Note(n.note()))
	})
	return n, err
}

// Write changes a draft, which may be incomplete. The version is the one that was
// read: of two who write at once the second is told (Conflict).
func (s *Service) Write(ctx context.Context, actor policy.Actor, id ID, t NoticeText, version int64) (Notice, error) {
	return s.changeNotice(ctx, actor, id, policy.NoticeWrite, "written", func(_ context.Context, tx *db.Tx, n *Notice) error {
		n.Version, n.WrittenBy, n.WrittenAt = version, actor.ID, tx.Now
		return n.write(actor.Pack, t)
	})
}

// Publish makes a draft the notice that counts: a person approves it. It refuses,
// beside each, a field that is empty or still to be completed.
func (s *Service) Publish(ctx context.Context, actor policy.Actor, id ID) (Notice, error) {
	return s.changeNotice(ctx, actor, id, policy.NoticePublish, "published", func(ctx context.Context, tx *db.Tx, n *Notice) error {
		if err := n.publish(actor.Pack); err != nil {
			return err
		}
		n.State, n.PublishedBy, n.PublishedAt = Published, actor.ID, tx.Now
		if control := map[NoticeKind]string{Confidentiality: ControlPolicy, Collection: ControlCollection}[n.Kind]; control != "" {
			return policy.Mark(ctx, tx, control, n.Subject(), policy.Conform)
		}
		return nil
	})
}

// Give keeps when, to whom and how a published notice was given.
func (s *Service) Give(ctx context.Context, actor policy.Actor, id ID, g Giving) (Notice, error) {
	return s.changeNotice(ctx, actor, id, policy.NoticePublish, "given", func(_ context.Context, tx *db.Tx, n *Notice) error {
		return n.give(actor.Pack, g, i18n.DayOf(tx.Now))
	})
}

// NoticeView is a notice as its page shows it.
type NoticeView struct {
	Notice
	Names    []string // of its fields, in their order
	Title    string   // of the platform
	Board    string
	Clause   string
	Today    string
	May      NoticeMay
	Versions []Notice // that were published, the last first
}

// NoticeMay is what the page offers to who reads it.
type NoticeMay struct{ Write, Publish, Give bool }

// Notice answers one version of a notice.
func (s *Service) Notice(ctx context.Context, actor policy.Actor, id ID) (v NoticeView, err error) {
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if v.Notice, err = getNotice(ctx, tx, id); err != nil {
			return err
		}
		if err := actor.Allow(policy.NoticeRead, v.Scope()); err != nil {
			return err
		}
		v.Names, v.Clause, v.Today = v.Kind.Fields(actor.Pack), v.Kind.Clause(actor.Pack), i18n.DayOf(tx.Now)
		v.May = NoticeMay{Write: v.State == Draft && actor.Can(policy.NoticeWrite, v.Scope()),
			Publish: v.State == Draft && actor.Can(policy.NoticePublish, v.Scope()),
			Give:    v.State == Published && v.SentOn == "" && actor.Can(policy.NoticePublish, v.Scope())}
		if v.Platform != "" {
			p, err := catalogue.Get(ctx, tx, v.Platform)
			if err != nil {
				return err
			}
			v.Title = p.Name
		}
		b, err := board.Get(ctx, tx, tx.Board)
		if err != nil {
			return err
		}
		v.Board = b.Name
		v.Versions, err = publishedNotices(ctx, tx, v.Kind, v.Platform)
		return err
	})
	return v, err
}

// Listing is the board's notices and the platforms of which parents are to be told.
type Listing struct {
	Notices   []Notice                // the last version of each
	Names     map[catalogue.ID]string // of platforms
	Platforms []Told                  // that receive personal information and are approved, by name
	Kinds     []NoticeKind
	Clause    string // that asks for a notice to parents; empty where none does
	ToVerify  bool   // nobody has read the text in force of that clause yet
}

// Told is a platform that receives personal information, and whether parents were
// told of it.
type Told struct {
	ID       catalogue.ID
	Name     string
	Runs     string // the first day of a licence that is not over; empty for none
	SentOn   string // the day of the notice; empty while there is none
	NoticeID ID     // the last version, a draft perhaps
}

// Late tells whether a licence began before parents were told.
func (t Told) Late(today string) bool {
	return t.Runs != "" && (t.SentOn == "" && t.Runs <= today || t.SentOn > t.Runs)
}

// Notices lists the notices and the platforms.
func (s *Service) Notices(ctx context.Context, actor policy.Actor) (l Listing, err error) {
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := actor.Allow(policy.NoticeRead, policy.Scope{}); err != nil {
			return err
		}
		l.Kinds, l.Clause = NoticeKinds(actor.Pack), Parents.Clause(actor.Pack)
		if c, ok := actor.Pack.Clause(l.Clause); ok {
			l.ToVerify = c.Status == policy.ToVerify
		}
		if l.Notices, err = lastNotices(ctx, tx); err != nil {
			return err
		}
		if l.Platforms, err = told(ctx, tx, actor.Pack); err != nil {
			return err
		}
		l.Names = map[catalogue.ID]string{}
		all, err := catalogue.List(ctx, tx, catalogue.Filter{})
		for _, p := range all {
			l.Names[p.ID] = p.Name
		}
		return err
	})
	return l, err
}

// ToldOf answers whether parents were told of a platform; the zero Told where the
// board's law and policy do not ask for it, or the platform receives nothing personal.
func (s *Service) ToldOf(ctx context.Context, actor policy.Actor, id catalogue.ID) (t Told, err error) {
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := actor.Allow(policy.CatalogueRead, policy.Scope{}); err != nil {
			return err
		}
		if Parents.Clause(actor.Pack) == "" {
			return nil
		}
		all, err := told(ctx, tx, actor.Pack)
		if i := slices.IndexFunc(all, func(t Told) bool { return t.ID == id }); i >= 0 {
			t = all[i]
		}
		return err
	})
	return t, err
}

// PublicPolicy is the confidentiality policy as anyone reads it.
type PublicPolicy struct {
	Board    string
	Current  Notice
	Names    []string
	Versions []Notice // the last first; from the second on each says what it changed
	List     bool     // the board shows its decisions on platforms too
}

// PublicPolicy answers the confidentiality policy to anyone; NotFound, the same, for a
// board that is not there and for one that has published none.
func (s *Service) PublicPolicy(ctx context.Context, boardID string) (p PublicPolicy, err error) {
	if !board.IsID(boardID) {
		return p, fault.Missing()
	}
	err = s.DB.Read(ctx, boardID, func(ctx context.Context, tx *db.Tx) error {
		b, err := board.Get(ctx, tx, boardID)
		if err != nil {
			return err
		}
		p.Board, p.List, p.Names = b.Name, b.Settings.PublicDecisions, policyFields
		if p.Versions, err = publishedNotices(ctx, tx, Confidentiality, ""); err != nil {
			return err
		}
		if len(p.Versions) == 0 {
			return fault.Missing()
		}
		p.Current = p.Versions[0]
		return nil
	})
	return p, err
}

// markParents says of each platform that parents are to be told of, or of one alone,
// whether they were before it began; a board whose law and policy do not ask for it has
// no mark.
func markParents(ctx context.Context, tx *db.Tx, p *policy.Pack, alone catalogue.ID) error {
	if Parents.Clause(p) == "" {
		return nil
	}
	all, err := told(ctx, tx, p)
	if err != nil {
		return err
	}
	for _, t := range all {
		if alone != "" && t.ID != alone {
			continue
		}
		as := policy.Conform
		switch {
		case t.Late(i18n.DayOf(tx.Now)):
			as = policy.Exception
		case t.SentOn == "":
			as = policy.Waiting
		}
		if err := policy.Mark(ctx, tx, ControlParents, catalogue.Subject(t.ID), as); err != nil {
			return err
		}
	}
	return nil
}
