package notice

import (
	"context"

	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/incident"
	"aval/internal/mail"
	"aval/internal/policy"
)

// Incident is the handler of notice.incident: it tells the evaluating service and
// the privacy officers that an employee told of something, until one of them has
// answered. It says nothing of what was told, nor by whom.
func (s *Service) Incident(ctx context.Context, board, reportID string) error {
	if s.Mail.Silent() {
		return nil
	}
	var l list
	err := s.DB.Read(ctx, board, func(ctx context.Context, tx *db.Tx) error {
		r, err := incident.GetReport(ctx, tx, reportID)
		if err != nil || r.State != incident.Received {
			return err
		}
		for _, role := range []policy.Role{policy.PrivacyOfficer, policy.EvaluationDirector, policy.Evaluator} {
			if err := l.addHolders(ctx, tx, "notice.incident", role, "", r.By); err != nil {
				return err
			}
		}
		return nil
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
			Text: p.T("notice.hello") + "\n\n" + p.T(t.key+".text", s.link("/incidents")) + "\n\n-- \n" + p.T("notice.foot") + "\n"}
	}
	return s.send(ctx, board, reportID, letters)
}
