package access

import (
	"context"
	"fmt"
	"slices"

	"aval/internal/audit"
	"aval/internal/db"
	"aval/internal/guard"
	"aval/internal/licence"
	"aval/internal/policy"
)

// leaves makes the file of some accounts of a licence, as it would leave, and answers
// where the guard stops it: then it may not be handed out.
func (s *Service) leaves(ctx context.Context, tx *db.Tx, own policy.Settings, l licence.Licence, accounts []Account) ([]byte, []guard.Stop, error) {
	lines, err := s.lines(ctx, tx, l, accounts)
	if err != nil {
		return nil, nil, err
	}
	stops, err := looked(ctx, tx, own, columnsOf(l), lines)
	if err != nil {
		return nil, nil, err
	}
	text, err := written(columnsOf(l), lines)
	return text, stops, err
}

// looked is where the guard stops a file. Each of its rows is about a pupil, and about
// who else is in the class that it names.
func looked(ctx context.Context, tx *db.Tx, own policy.Settings, columns []licence.Column, lines []line) ([]guard.Stop, error) {
	roster, err := guard.Learn(ctx, tx, own)
	if err != nil {
		return nil, err
	}
	members, err := membersOf(ctx, tx, roster, lines)
	if err != nil {
		return nil, err
	}
	watch := roster.Watch()
	table := watch.Table(FileName, forGuard(columns))
	cells := make([]string, len(columns))
	var about []guard.Somebody
	for _, x := range lines {
		about = about[:0]
		if p, ok := roster.Person(x.person); ok {
			about = append(about, p)
		}
		about = append(about, members[x.class]...)
		for i, c := range columns {
			cells[i] = x.cell(c)
		}
		table.Row(about, cells)
	}
	return watch.Stops(), nil
}

// forGuard are a licence's columns for the guard. A file of accounts has a row for each
// pupil and none for a group, so that a small class does not stop it.
func forGuard(columns []licence.Column) []guard.Column {
	of := make([]guard.Column, len(columns))
	for i, c := range columns {
		of[i] = guard.Column{Title: c.Name, Login: c.Holds == licence.HoldsLogin, Drawn: c.Holds == licence.HoldsPassword}
	}
	return of
}

// membersOf answers who is in the classes of some lines, the teachers too.
func membersOf(ctx context.Context, tx *db.Tx, roster *guard.Roster, lines []line) (map[string][]guard.Somebody, error) {
	of := map[string][]guard.Somebody{}
	var classes []string
	for _, x := range lines {
		if _, met := of[x.class]; !met && x.class != "" {
			of[x.class] = nil
			classes = append(classes, x.class)
		}
	}
	for part := range slices.Chunk(classes, 500) {
		if _, err := db.All(ctx, tx, func(r db.Row) (none struct{}, err error) {
			var class, person string
			if err = r.Scan(&class, &person); err == nil {
				if p, ok := roster.Person(person); ok {
					of[class] = append(of[class], p)
				}
			}
			return none, err
		}, `SELECT class_id, person_id FROM enrollment WHERE board_id = $1 AND status = 'active' AND class_id IN `+db.In(2, len(part)),
			db.Args(part, tx.Board)...); err != nil {
			return nil, err
		}
	}
	return of, nil
}

// stopped keeps that the guard stopped a file of a licence, and refuses it (1.3 e).
func (s *Service) stopped(ctx context.Context, actor policy.Actor, id licence.ID, stops []guard.Stop) error {
	err := s.db.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		notes := []audit.Detail{audit.Under("1.3e")}
		for _, stop := range stops {
			notes = append(notes, audit.Note(fmt.Sprintf("stop=%s/%s rows=%d", stop.File, stop.Code, stop.Rows)))
		}
		return audit.Write(ctx, tx, actor, "access.file_stopped", licence.Subject(id), notes...)
	})
	if err != nil {
		return err
	}
	return guard.Refusal(stops)
}
