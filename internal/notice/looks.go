package notice

import (
	"context"
	"slices"
	"strings"

	"aval/internal/account"
	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/mail"
	"aval/internal/policy"
	"aval/internal/reveal"
)

// Reveals is the handler of notice.reveals: it tells the evaluating service and
// the privacy officers whose quota of look-ups is reached. It names the account
// that looked, and no pupil.
func (s *Service) Reveals(ctx context.Context, board, accountID string) error {
	if s.Mail.Silent() {
		return nil
	}
	var who account.Account
	var l list
	err := s.DB.Read(ctx, board, func(ctx context.Context, tx *db.Tx) (err error) {
		who, err = account.Get(ctx, tx, accountID)
		if fault.Is(err, fault.NotFound) {
			who.Name, err = accountID, nil // the operator's own hand
		}
		if err != nil {
			return err
		}
		return l.addAnywhere(ctx, tx, "notice.reveals", watchers...)
	})
	if err != nil {
		return err
	}
	return s.send(ctx, board, accountID, l.letters(func(*i18n.Printer) []any { return []any{oneLine(who.Name), s.link("/looks")} }))
}

// watchers are told of looks: the evaluating service and the privacy officers.
var watchers = []policy.Role{policy.EvaluationDirector, policy.Evaluator, policy.PrivacyOfficer}

// Weekly leaves the letters about the outliers of the last week that is over,
// one each for the watchers: for the clock, as often as it comes by. Nobody is
// the only one to read about themselves: the secretaries are told too of whom
// no other watcher could be. A week without outliers has no letter.
func (s *Service) Weekly(ctx context.Context, actor policy.Actor) error {
	if s.Mail.Silent() {
		return nil
	}
	return s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		week := reveal.LastWeek(tx.Now)
		outliers, err := reveal.OutliersOf(ctx, tx, week)
		if err != nil || len(outliers) == 0 {
			return err
		}
		var l list
		if err := l.addAnywhere(ctx, tx, "notice.outliers", watchers...); err != nil {
			return err
		}
		if slices.ContainsFunc(outliers, func(o reveal.Outlier) bool { return !l.hasBut(o.Actor) }) {
			if err := l.addAnywhere(ctx, tx, "notice.outliers", policy.Secretary); err != nil {
				return err
			}
		}
		var readers []string
		for _, t := range l.tell {
			if len(others(outliers, t.account.ID)) > 0 {
				readers = append(readers, t.account.ID)
			}
		}
		return reveal.Write(ctx, tx, actor, week, readers)
	})
}

// others are the outliers without oneself.
func others(outliers []reveal.Outlier, accountID string) []reveal.Outlier {
	return slices.DeleteFunc(slices.Clone(outliers), func(o reveal.Outlier) bool { return o.Actor == accountID })
}

// Outliers is the handler of notice.outliers: it sends one person their letter
// about a week. It names who looked, how often and which signs there are: no
// pupil, no login name, nothing that someone wrote.
func (s *Service) Outliers(ctx context.Context, board, id string) error {
	var l list
	var left reveal.Letter
	var outliers []reveal.Outlier
	err := s.DB.Read(ctx, board, func(ctx context.Context, tx *db.Tx) (err error) {
		if left, err = reveal.GetLetter(ctx, tx, id); err != nil {
			return err
		}
		if outliers, err = reveal.OutliersOf(ctx, tx, left.Week); err != nil {
			return err
		}
		return l.add(ctx, tx, "notice.outliers", left.Account)
	})
	outliers = others(outliers, left.Account)
	if err != nil || len(outliers) == 0 {
		return err
	}
	return s.send(ctx, board, id, l.letters(func(p *i18n.Printer) []any {
		return []any{p.DateLetter(left.Week.From), p.DateLetter(left.Week.LastDay()), signs(p, outliers), s.link("/looks")}
	}))
}

// signs lists the outliers, each with what is unusual.
func signs(p *i18n.Printer, outliers []reveal.Outlier) string {
	var b strings.Builder
	for _, o := range outliers {
		name := oneLine(o.By)
		if name == "" {
			name = p.T("reveal.by_operator")
		}
		b.WriteString("\n" + p.N("notice.outliers.who", o.Looks, name) + "\n")
		for _, sign := range o.Signs {
			b.WriteString("  - " + p.Message(sign.Message()) + "\n")
		}
	}
	return b.String()
}

// Asked is the handler of notice.asked: it tells who may allow more look-ups
// that somebody asks for them. What was allowed meanwhile asks nobody.
func (s *Service) Asked(ctx context.Context, board, id string) error {
	return s.approval(ctx, board, id, func(ctx context.Context, tx *db.Tx, a reveal.Approval, l *list) error {
		if a.ApprovedBy != "" {
			return nil
		}
		if a.Org != "" {
			if err := l.addHolders(ctx, tx, "notice.asked", policy.Principal, a.Org, a.AskedBy); err != nil || len(l.tell) > 0 {
				return err
			}
		}
		for _, role := range []policy.Role{policy.EvaluationDirector, policy.PrivacyOfficer} {
			if err := l.addHolders(ctx, tx, "notice.asked", role, "", a.AskedBy); err != nil {
				return err
			}
		}
		return nil
	}, func(_ *i18n.Printer, asker string, _ reveal.Approval) []any {
		return []any{asker, s.link("/approvals")}
	})
}

// Allowed is the handler of notice.allowed: it tells who asked for more look-ups
// that they have them, and until when.
func (s *Service) Allowed(ctx context.Context, board, id string) error {
	return s.approval(ctx, board, id, func(ctx context.Context, tx *db.Tx, a reveal.Approval, l *list) error {
		return l.add(ctx, tx, "notice.allowed", a.AskedBy)
	}, func(p *i18n.Printer, _ string, a reveal.Approval) []any {
		to := "/reveals"
		if a.Sets {
			to = "/classes"
		}
		return []any{p.Time(a.Until()), s.link(to)}
	})
}

// approval tells of what somebody asks for beyond their quota.
func (s *Service) approval(ctx context.Context, board, id string, whom func(context.Context, *db.Tx, reveal.Approval, *list) error,
	args func(p *i18n.Printer, asker string, a reveal.Approval) []any) error {
	if s.Mail.Silent() {
		return nil
	}
	var a reveal.Approval
	var l list
	asker := ""
	err := s.DB.Read(ctx, board, func(ctx context.Context, tx *db.Tx) (err error) {
		if a, err = reveal.GetApproval(ctx, tx, id); err != nil {
			return err
		}
		names, err := account.Names(ctx, tx, []string{a.AskedBy})
		if err != nil {
			return err
		}
		asker = oneLine(names[a.AskedBy])
		return whom(ctx, tx, a, &l)
	})
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return s.send(ctx, board, id, l.letters(func(p *i18n.Printer) []any { return args(p, asker, a) }))
}

// addAnywhere adds those who hold one of some roles, wherever.
func (l *list) addAnywhere(ctx context.Context, tx *db.Tx, key string, roles ...policy.Role) error {
	for _, role := range roles {
		if err := l.addHolders(ctx, tx, key, role, ""); err != nil {
			return err
		}
	}
	return nil
}

// hasBut tells whether anybody is told but one.
func (l *list) hasBut(accountID string) bool {
	return slices.ContainsFunc(l.tell, func(t told) bool { return t.account.ID != accountID })
}

// letters writes to each what they are told, of no request.
func (l *list) letters(args func(*i18n.Printer) []any) []mail.Message {
	letters := make([]mail.Message, len(l.tell))
	for i, t := range l.tell {
		p := i18n.For(t.account.Lang)
		letters[i] = mail.Message{To: t.account.Email, Subject: p.T(t.key + ".subject"),
			Text: p.T("notice.hello") + "\n\n" + p.T(t.key+".text", args(p)...) + "\n\n-- \n" + p.T("notice.foot_looks") + "\n"}
	}
	return letters
}

func oneLine(name string) string { return strings.Join(strings.Fields(name), " ") }
