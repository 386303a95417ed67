// Package classification sorts information by how sensitive it is, and says who
// answers for it (model directives D-02 and D-11 of policy B; in Québec, the
// government's model, QC-SEC-02).
//
// A scheme is data: its levels, the most open first. A pack may ship a model; a
// board puts its own in place of it. A person gives each request its level, its
// owner and its tier of risk, with the reasons: software only says which level the
// kinds of information make one think of. Where there is no scheme nothing is
// held up.
package classification

import (
	"slices"
	"time"
	"unicode/utf8"

	"aval/internal/catalogue"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/policy"
	"aval/internal/request"
)

// The clauses that ask for a class, policy B's model first.
const (
	clauseModel  = "D-02"
	clauseQuebec = "QC-SEC-02"
	clauseOther  = "2.1"
	clauseDecide = "4.1"
)

// The controls that a class carries.
const (
	controlModel  = "data.classified"
	controlQuebec = "security.classified"
)

// Clause is what asks a board for a class; the catalogue's where nothing does.
func Clause(p *policy.Pack) string { return p.First(clauseModel, clauseQuebec, clauseOther) }

// Tier is how much risk a person finds in what is asked.
type Tier string

// The tiers.
const (
	Low    Tier = "low"
	Medium Tier = "medium"
	High   Tier = "high"
)

// Tiers lists them, the least first.
var Tiers = []Tier{Low, Medium, High}

// Level is a class of information.
type Level struct {
	Code    string               `json:"code"`
	TitleFr string               `json:"title_fr"`
	TitleEn string               `json:"title_en"`
	AboutFr string               `json:"about_fr,omitempty"`
	AboutEn string               `json:"about_en,omitempty"`
	Colour  string               `json:"colour"`
	Kinds   []string             `json:"kinds,omitempty"` // that make one think of it
	Owner   string               `json:"owner"`           // a role or an account
	Keeper  string               `json:"keeper"`          // likewise
	Decides map[Tier]policy.Role `json:"decides,omitempty"`
}

// Title is how the level is called.
func (l Level) Title(lang string) string { return policy.Text{Fr: l.TitleFr, En: l.TitleEn}.In(lang) }

// About is what the level covers.
func (l Level) About(lang string) string { return policy.Text{Fr: l.AboutFr, En: l.AboutEn}.In(lang) }

// Colours are the words a level may be told apart by, beside its name.
var Colours = []string{"green", "blue", "amber", "red", "grey"}

// Scheme is the levels of a board, the most open first.
type Scheme struct {
	Levels  []Level
	Version int64 // 0 for the pack's model, or for none
}

// Model is the scheme that a pack ships; empty where it ships none.
func Model(p *policy.Pack) (s Scheme) {
	for _, d := range p.DataClasses {
		s.Levels = append(s.Levels, Level{Code: d.Code, TitleFr: d.Title.Fr, TitleEn: d.Title.En, AboutFr: d.About.Fr, AboutEn: d.About.En,
			Colour: d.Colour, Kinds: d.Kinds, Owner: string(d.Owner), Keeper: string(d.Keeper),
			Decides: map[Tier]policy.Role{Low: d.Low, Medium: d.Medium, High: d.High}})
	}
	return s
}

// Place is where a level stands, from zero; -1 when the scheme does not have it.
func (s Scheme) Place(code string) int {
	return slices.IndexFunc(s.Levels, func(l Level) bool { return l.Code == code })
}

// Level finds a level.
func (s Scheme) Level(code string) (Level, bool) {
	if at := s.Place(code); at >= 0 {
		return s.Levels[at], true
	}
	return Level{}, false
}

// Holds tells whether what may hold one level may hold another.
func (s Scheme) Holds(ceiling, code string) bool {
	top, at := s.Place(ceiling), s.Place(code)
	return top >= 0 && at >= 0 && at <= top
}

// Suggested is the highest level that some kinds of information make one think
// of; "" for none. Nothing follows from it.
func (s Scheme) Suggested(kinds []string) (code string) {
	for _, l := range s.Levels {
		if slices.ContainsFunc(kinds, func(kind string) bool { return slices.Contains(l.Kinds, kind) }) {
			code = l.Code
		}
	}
	return code
}

// most levels a scheme may have, and the longest texts.
const (
	most    = 8
	maxLine = 120
	maxText = 2000
)

// put adds a level at a place, or puts it in place of the one with its code.
func (s *Scheme) put(l Level, place int, pack *policy.Pack, owners []string) error {
	for _, t := range []*string{&l.TitleFr, &l.TitleEn, &l.AboutFr, &l.AboutEn} {
		*t = i18n.Clean(*t)
	}
	fields := map[string]string{}
	for field, text := range map[string]string{"title_fr": l.TitleFr, "title_en": l.TitleEn} {
		switch {
		case text == "":
			fields[field] = "classification.title_required"
		case utf8.RuneCountInString(text) > maxLine:
			fields[field] = "classification.text_long"
		}
	}
	for field, text := range map[string]string{"about_fr": l.AboutFr, "about_en": l.AboutEn} {
		if utf8.RuneCountInString(text) > maxText {
			fields[field] = "classification.text_long"
		}
	}
	if !slices.Contains(Colours, l.Colour) {
		fields["colour"] = "classification.colour_unknown"
	}
	for field, who := range map[string]string{"owner": l.Owner, "keeper": l.Keeper} {
		if !slices.Contains(owners, who) {
			fields[field] = "classification.owner_unknown"
		}
	}
	for _, t := range Tiers {
		if !slices.Contains(pack.Authorities, l.Decides[t]) {
			fields["decides_"+string(t)] = "classification.decides_unknown"
		}
	}
	at := s.Place(l.Code)
	others := len(s.Levels)
	if at >= 0 {
		others--
	}
	if place < 1 || place > others+1 {
		fields["place"] = "classification.place_wrong"
	}
	if err := fault.Form(fields); err != nil {
		return fault.Under(err, Clause(pack))
	}
	if at >= 0 {
		l.Kinds = s.Levels[at].Kinds
		s.Levels = slices.Delete(slices.Clone(s.Levels), at, at+1)
	} else if others >= most {
		return fault.New(fault.Conflict, "classification.many", most).Under(Clause(pack))
	}
	s.Levels = slices.Insert(slices.Clone(s.Levels), place-1, l)
	return nil
}

// Choice is the class that a person gave to what a request would hold, who answers
// for that information, and the tier of risk, with the reasons.
type Choice struct {
	Request    request.ID
	Platform   catalogue.ID
	Class      string
	Owner      string // a role or an account
	Reason     string
	Tier       Tier
	TierReason string
	By         string
	At         time.Time
	Version    int64
}

// Input is what the person typed.
type Input struct {
	Class      string
	Owner      string
	Reason     string
	Tier       Tier
	TierReason string
}

// check refuses what does not say everything, field by field.
func (in *Input) check(s Scheme, pack *policy.Pack, owners []string) error {
	in.Reason, in.TierReason = i18n.Clean(in.Reason), i18n.Clean(in.TierReason)
	fields := map[string]string{}
	if s.Place(in.Class) < 0 {
		fields["class"] = "classification.class_required"
	}
	if !slices.Contains(owners, in.Owner) {
		fields["owner"] = "classification.owner_unknown"
	}
	if !slices.Contains(Tiers, in.Tier) {
		fields["tier"] = "classification.tier_required"
	}
	for field, text := range map[string]string{"reason": in.Reason, "tier_reason": in.TierReason} {
		switch {
		case text == "":
			fields[field] = "classification.reason_required"
		case utf8.RuneCountInString(text) > maxText:
			fields[field] = "classification.text_long"
		}
	}
	return fault.Under(fault.Form(fields), Clause(pack))
}

// choose refuses a class where there is no scheme, by who asked for the platform,
// and one that would let in more than what was decided.
func choose(s Scheme, r request.Request, was *Choice, in Input, party bool, pack *policy.Pack) error {
	switch {
	case len(s.Levels) == 0:
		return fault.New(fault.Conflict, "classification.no_scheme").Under(Clause(pack))
	case party:
		return fault.New(fault.Denied, "classification.asked").Under(Clause(pack))
	case r.State == request.Authorised:
		return fault.New(fault.Conflict, "classification.early").Under("2.2c")
	case r.State == request.Decided && was != nil && (s.Place(in.Class) > s.Place(was.Class) || in.Tier != was.Tier):
		return fault.New(fault.Conflict, "classification.decided").Under(Clause(pack))
	}
	return nil
}

// decider is the role to which a decision belongs.
func (s Scheme) decider(p *policy.Pack, c *Choice) policy.Role {
	if c != nil {
		if level, known := s.Level(c.Class); known && level.Decides[c.Tier] != "" {
			return level.Decides[c.Tier]
		}
	}
	if len(p.Authorities) > 0 {
		return p.Authorities[0]
	}
	return policy.EvaluationDirector
}

// decides refuses a decision below the authority that the scheme asks for.
func decides(actor policy.Actor, s Scheme, c Choice) error {
	level, known := s.Level(c.Class)
	from := slices.Index(actor.Pack.Authorities, level.Decides[c.Tier])
	if !known || from < 0 || actor.Has(actor.Pack.Authorities[from:]...) {
		return nil
	}
	title := actor.Pack.RoleTitle(level.Decides[c.Tier])
	return fault.New(fault.Denied, "classification.authority",
		fault.Message{Key: "classification.tier." + string(c.Tier)}, title.In(actor.Lang)).Under(clauseDecide)
}
