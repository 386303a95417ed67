package decision

import (
	"context"
	"slices"
	"strings"
	"time"

	"aval/internal/board"
	"aval/internal/catalogue"
	"aval/internal/condition"
	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/policy"
)

// Published is what anyone may read of a board's decisions, where the board chose so:
// the last one on each platform, and nothing of who asked, evaluated or decided.
type Published struct {
	Board string // its name
	Pack  *policy.Pack
	Items []PublishedItem
	Total int // before anything was looked for
}

// PublishedItem is a platform and the board's decision on it.
type PublishedItem struct {
	ID                   catalogue.ID
	Name, Vendor, URL    string
	SummaryFr, SummaryEn string
	Functions            []string
	Hosting              catalogue.Hosting
	Result               Result
	Conditions           []string // those that are still asked for, or were met
	Because              []policy.Term
	DecidedAt            time.Time
	Before               bool // decided before aval
}

// Summary is the summary in a language, or in the other one where there is none.
func (i PublishedItem) Summary(lang string) string {
	return catalogue.Platform{Draft: catalogue.Draft{SummaryFr: i.SummaryFr, SummaryEn: i.SummaryEn}}.Summary(lang)
}

// PublishedFilter is what is looked for among them.
type PublishedFilter struct {
	Typed    string // a name, or what it does
	Family   string // of functions
	Function string
	Result   Result
}

// Published answers a board's decisions to anyone, by name or, where something is typed,
// the nearest first. It is NotFound, the same, for a board that is not there and for
// one that did not choose to show them.
func (s *Service) Published(ctx context.Context, boardID string, f PublishedFilter) (p Published, err error) {
	err = s.published(ctx, boardID, func(ctx context.Context, tx *db.Tx, b board.Board, pack *policy.Pack) error {
		p.Board, p.Pack = b.Name, pack
		decided, err := decidedPlatforms(ctx, tx)
		if err != nil {
			return err
		}
		p.Total = len(decided)
		if f.Typed != "" {
			if decided, err = searched(ctx, tx, pack, f.Typed); err != nil {
				return err
			}
		}
		decided = slices.DeleteFunc(decided, func(c catalogue.Platform) bool { return !f.takes(pack, c) })
		p.Items, err = Items(ctx, tx, pack, decided)
		return err
	})
	return p, err
}

// PublishedOn answers the board's decision on one platform to anyone; NotFound before
// there is one, and as for Published.
func (s *Service) PublishedOn(ctx context.Context, boardID string, id catalogue.ID) (p Published, err error) {
	err = s.published(ctx, boardID, func(ctx context.Context, tx *db.Tx, b board.Board, pack *policy.Pack) error {
		p.Board, p.Pack = b.Name, pack
		c, err := catalogue.Get(ctx, tx, id)
		if err != nil {
			return err
		}
		if c.Status == catalogue.Unknown {
			return fault.Missing()
		}
		p.Items, err = Items(ctx, tx, pack, []catalogue.Platform{c})
		return err
	})
	return p, err
}

// published reads a board that shows its decisions.
func (s *Service) published(
	ctx context.Context, id string, f func(context.Context, *db.Tx, board.Board, *policy.Pack) error,
) error {
	if !board.IsID(id) {
		return fault.Missing()
	}
	return s.DB.Read(ctx, id, func(ctx context.Context, tx *db.Tx) error {
		b, err := board.Get(ctx, tx, id)
		if err != nil {
			return err
		}
		if !b.Settings.PublicDecisions {
			return fault.Missing()
		}
		pack, err := b.Policy()
		if err != nil {
			return err
		}
		return f(ctx, tx, b, pack)
	})
}

func decidedPlatforms(ctx context.Context, tx *db.Tx) ([]catalogue.Platform, error) {
	all, err := catalogue.List(ctx, tx, catalogue.Filter{})
	return slices.DeleteFunc(all, func(c catalogue.Platform) bool { return c.Status == catalogue.Unknown }), err
}

func searched(ctx context.Context, tx *db.Tx, pack *policy.Pack, typed string) (list []catalogue.Platform, err error) {
	hits, err := catalogue.Search(ctx, tx, pack, typed)
	for _, h := range hits {
		if h.Platform.Status != catalogue.Unknown {
			list = append(list, h.Platform)
		}
	}
	return list, err
}

// takes tells whether a platform is among what is looked for.
func (f PublishedFilter) takes(pack *policy.Pack, c catalogue.Platform) bool {
	if f.Result != "" && string(f.Result) != string(c.Status) || f.Function != "" && !slices.Contains(c.Functions, f.Function) {
		return false
	}
	return f.Family == "" || slices.ContainsFunc(c.Functions, func(code string) bool {
		of, _ := pack.Function(code)
		return of.Family == f.Family
	})
}

// Items reads what the decisions of some platforms ask for, and why they refuse, as
// anyone may know it.
func Items(ctx context.Context, tx *db.Tx, pack *policy.Pack, platforms []catalogue.Platform) ([]PublishedItem, error) {
	ids := make([]string, len(platforms))
	for i, c := range platforms {
		ids[i] = c.DecisionID
	}
	because, err := becauseOf(ctx, tx, ids)
	if err != nil {
		return nil, err
	}
	asked, err := condition.OfDecisions(ctx, tx, ids)
	if err != nil {
		return nil, err
	}
	list := make([]PublishedItem, len(platforms))
	for i, c := range platforms {
		list[i] = PublishedItem{ID: c.ID, Name: c.Name, Vendor: c.Vendor, URL: c.URL, SummaryFr: c.SummaryFr, SummaryEn: c.SummaryEn,
			Functions: c.Functions, Hosting: c.Hosting, Result: Result(c.Status), DecidedAt: c.DecidedAt, Before: c.Before}
		if c.Status == catalogue.Conditional {
			list[i].Conditions = asks(asked[c.DecisionID], c.Conditions)
		}
		for _, code := range because[c.DecisionID] {
			if reason, known := pack.RefusalReason(code); known && c.Status == catalogue.Refused {
				list[i].Because = append(list[i].Because, reason)
			}
		}
	}
	return list, nil
}

// asks are the conditions that stand: of those that are followed, not the ones that were
// waived; else the lines of the decision.
func asks(followed []condition.Condition, written string) (list []string) {
	if len(followed) == 0 {
		return condition.Lines(written)
	}
	for _, c := range followed {
		if c.State == condition.Open || c.State == condition.Met {
			list = append(list, strings.TrimSpace(c.Text))
		}
	}
	return list
}
