package usage

import (
	"context"
	"fmt"

	"aval/internal/catalogue"
	"aval/internal/db"
	"aval/internal/i18n"
	"aval/internal/policy"
)

// Report is of how many pupils of a class a platform's file spoke on a day.
type Report struct {
	Class  string // id
	Title  string
	School string // name
	Day    string // 2026-11-20
	Pupils int    // of the class on that day
	Seen   int
}

func scan(row db.Row) (r Report, err error) {
	err = row.Scan(&r.Class, &r.Title, &r.School, &r.Day, &r.Pupils, &r.Seen)
	return r, err
}

// keep puts the count of a class in place of the day's earlier one.
func keep(ctx context.Context, tx *db.Tx, actor policy.Actor, id catalogue.ID, c Progress) error {
	_, err := tx.Exec(ctx, `INSERT INTO usage_report (board_id, platform_id, class_id, day, reported_by, pupils, seen)
		VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (board_id, platform_id, class_id, day)
		DO UPDATE SET reported_by = excluded.reported_by, pupils = excluded.pupils, seen = excluded.seen`,
		tx.Board, string(id), c.Class, i18n.DayOf(tx.Now), actor.ID, c.Pupils, c.Seen)
	if err != nil {
		return fmt.Errorf("keep use: %w", err)
	}
	return nil
}

// pageSize is how many reports are shown of a platform.
const pageSize = 50

func reports(ctx context.Context, tx *db.Tx, actor policy.Actor, id catalogue.ID) ([]Report, error) {
	where, args := actor.Reach(policy.RevealFile).Where(actor, policy.Columns{Org: "c.school_id", Class: "c.id"}, 4)
	return db.All(ctx, tx, scan, `SELECT c.id, c.title, o.name, u.day, u.pupils, u.seen FROM usage_report u
		JOIN class c ON c.board_id = u.board_id AND c.id = u.class_id
		JOIN org o ON o.board_id = c.board_id AND o.id = c.school_id
		WHERE u.board_id = $1 AND u.platform_id = $2 AND `+where+` ORDER BY u.day DESC, c.title, c.id LIMIT $3`,
		append([]any{tx.Board, string(id), pageSize}, args...)...)
}
