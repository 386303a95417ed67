package notice

import (
	"context"

	"aval/internal/correction"
	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/mail"
	"aval/internal/policy"
)

// keepers are the roles that may keep the source of the roster.
var keepers = []policy.Role{policy.IT, policy.Operator}

// Correction is the handler of notice.correction: it tells who keeps the source
// that a school found something wrong in the roster, until it is closed. It names
// no pupil and no school.
func (s *Service) Correction(ctx context.Context, board, id string) error {
	return s.correct(ctx, board, id, func(ctx context.Context, tx *db.Tx, l *list, asker string, waits bool) error {
		if !waits {
			return nil
		}
		for _, role := range keepers {
			if err := l.addHolders(ctx, tx, "notice.correction", role, "", asker); err != nil {
				return err
			}
		}
		return nil
	})
}

// Corrected is the handler of notice.corrected: it tells who asked that it is closed.
func (s *Service) Corrected(ctx context.Context, board, id string) error {
	return s.correct(ctx, board, id, func(ctx context.Context, tx *db.Tx, l *list, asker string, waits bool) error {
		if waits {
			return nil
		}
		return l.add(ctx, tx, "notice.corrected", asker)
	})
}

func (s *Service) correct(
	ctx context.Context, board, id string, whom func(ctx context.Context, tx *db.Tx, l *list, asker string, waits bool) error,
) error {
	if s.Mail.Silent() {
		return nil
	}
	var l list
	err := s.DB.Read(ctx, board, func(ctx context.Context, tx *db.Tx) error {
		asker, waits, err := correction.Asker(ctx, tx, correction.ID(id))
		if err != nil {
			return err
		}
		return whom(ctx, tx, &l, asker, waits)
	})
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	letters := make([]mail.Message, len(l.tell))
	for i, t := range l.tell {
		p := i18n.For(t.account.Lang)
		letters[i] = mail.Message{To: t.account.Email, Subject: p.T(t.key + ".subject"),
			Text: p.T("notice.hello") + "\n\n" + p.T(t.key+".text", s.link("/corrections/"+id)) + "\n\n-- \n" + p.T("notice.foot") + "\n"}
	}
	return s.send(ctx, board, id, letters)
}
