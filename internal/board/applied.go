package board

import (
	"context"
	"slices"
	"time"

	"aval/internal/db"
	"aval/internal/i18n"
	"aval/internal/policy"
)

// Applied is a version of a policy pack that a board applies from a day.
type Applied struct {
	ID      string
	Seq     int64  // its place in the order of the moves
	FromDay string // 2026-11-22
	Pack    string
	Version string
	MovedBy string // account; empty for the board's first, "cli" from a terminal
	MovedAt time.Time
}

// Policies answers each version that the board applied, applies and is to apply,
// in the order of their days and moves; the one it was made with is always among them.
func Policies(ctx context.Context, tx *db.Tx) ([]Applied, error) {
	all, err := kept(ctx, tx, tx.Board)
	if err != nil || len(all) > 0 {
		return all, err
	}
	b, err := db.One(ctx, tx, scan, `SELECT `+columns+` FROM board WHERE id = $1`, tx.Board)
	return []Applied{{FromDay: i18n.DayOf(b.CreatedAt), Pack: b.Pack, Version: b.PackVersion, MovedAt: b.CreatedAt}}, err
}

func kept(ctx context.Context, tx *db.Tx, boardID string) ([]Applied, error) {
	return db.All(ctx, tx, scanApplied, `SELECT id, seq, from_day, pack, version, moved_by, moved_at FROM board_pack
		WHERE board_id = $1 ORDER BY from_day, seq`, boardID)
}

// On is the place in a list of Policies of the one that applies on a day; the
// first applies before its day too, and -1 is that of no list.
func On(all []Applied, day string) int {
	at := -1
	for i, a := range all {
		if i == 0 || a.FromDay <= day {
			at = i
		}
	}
	return at
}

// Apply keeps from which day the board applies a version, after the one that it
// was made with.
func Apply(ctx context.Context, tx *db.Tx, a Applied) error {
	all, err := Policies(ctx, tx)
	if err != nil {
		return err
	}
	a.MovedAt = tx.Now
	if all[0].Seq == 0 {
		if err := insertApplied(ctx, tx, 1, all[0]); err != nil {
			return err
		}
	}
	return insertApplied(ctx, tx, max(all[len(all)-1].Seq, 1)+1, a)
}

// begin keeps the version that the board is made with.
func begin(ctx context.Context, tx *db.Tx) error {
	all, err := Policies(ctx, tx)
	if err != nil {
		return err
	}
	return insertApplied(ctx, tx, 1, all[0])
}

func insertApplied(ctx context.Context, tx *db.Tx, seq int64, a Applied) error {
	_, err := tx.Exec(ctx, `INSERT INTO board_pack (board_id, seq, id, from_day, pack, version, moved_by, moved_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`, tx.Board, seq, db.NewID(), a.FromDay, a.Pack, a.Version, a.MovedBy, a.MovedAt)
	return err
}

// Unplan takes away what the board was to apply from a day to come; it is a
// Conflict when there is no such plan any more.
func Unplan(ctx context.Context, tx *db.Tx, id string) error {
	return db.Changed(tx.Exec(ctx, `DELETE FROM board_pack WHERE board_id = $1 AND id = $2 AND from_day > $3`,
		tx.Board, id, i18n.DayOf(tx.Now)))
}

// Earlier are the packs that the board applied before today's, each once.
func Earlier(ctx context.Context, tx *db.Tx) (earlier []*policy.Pack, err error) {
	all, err := Policies(ctx, tx)
	at := On(all, i18n.DayOf(tx.Now))
	if err != nil || at < 0 {
		return nil, err
	}
	for _, a := range all[:at] {
		p, err := policy.Find(a.Pack, a.Version)
		if err != nil {
			return nil, err
		}
		if same := a.Pack == all[at].Pack && a.Version == all[at].Version; !same && !slices.Contains(earlier, p) {
			earlier = append(earlier, p)
		}
	}
	return earlier, nil
}

// Policy is the pack that the board applies today.
func (b Board) Policy() (*policy.Pack, error) { return policy.Find(b.Pack, b.PackVersion) }

// today reads which version the board applies today.
func (b *Board) today(ctx context.Context, tx *db.Tx) error {
	all, err := kept(ctx, tx, b.ID)
	if at := On(all, i18n.DayOf(tx.Now)); err == nil && at >= 0 {
		b.Pack, b.PackVersion = all[at].Pack, all[at].Version
	}
	return err
}

func scanApplied(row db.Row) (a Applied, err error) {
	err = row.Scan(&a.ID, &a.Seq, &a.FromDay, &a.Pack, &a.Version, &a.MovedBy, &a.MovedAt)
	return a, err
}
