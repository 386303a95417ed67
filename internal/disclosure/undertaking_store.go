package disclosure

import (
	"context"
	"encoding/json"
	"fmt"

	"aval/internal/catalogue"
	"aval/internal/db"
	"aval/internal/i18n"
	"aval/internal/licence"
)

const undertakingColumns = `u.id, u.platform_id, u.kind, u.text, u.fields, u.conditions, u.starts_on, u.ends_on, u.ended_on,
	u.recorded_by, u.recorded_at, u.version`

func scanUndertaking(r db.Row, more ...any) (u Undertaking, err error) {
	var fields string
	into := []any{&u.ID, &u.PlatformID, &u.Form, &u.Text, &fields, &u.Conditions, &u.StartsOn, &u.EndsOn, &u.EndedOn,
		&u.RecordedBy, &u.RecordedAt, &u.Version}
	if err := r.Scan(append(into, more...)...); err != nil {
		return u, err
	}
	if err := json.Unmarshal([]byte(fields), &u.Fields); err != nil {
		return u, fmt.Errorf("fields of undertaking %s: %w", u.ID, err)
	}
	return u, nil
}

func undertaking(ctx context.Context, tx *db.Tx, platform catalogue.ID, id UndertakingID) (Undertaking, error) {
	return db.One(ctx, tx, func(r db.Row) (Undertaking, error) { return scanUndertaking(r) },
		`SELECT `+undertakingColumns+` FROM undertaking u WHERE u.board_id = $1 AND u.id = $2 AND u.platform_id = $3`,
		tx.Board, string(id), string(platform))
}

// undertakings are those of a platform, the one that ends last first.
func undertakings(ctx context.Context, tx *db.Tx, id catalogue.ID) ([]Recorded, error) {
	return db.All(ctx, tx, func(r db.Row) (u Recorded, err error) {
		u.Undertaking, err = scanUndertaking(r, &u.By)
		return u, err
	}, `SELECT `+undertakingColumns+`, COALESCE(a.name, '') FROM undertaking u
		LEFT JOIN account a ON a.board_id = u.board_id AND a.id = u.recorded_by
		WHERE u.board_id = $1 AND u.platform_id = $2 ORDER BY u.ends_on DESC, u.id`, tx.Board, string(id))
}

func insertUndertaking(ctx context.Context, tx *db.Tx, u Undertaking) error {
	fields, err := json.Marshal(u.Fields)
	if err != nil {
		return fmt.Errorf("fields of an undertaking: %w", err)
	}
	_, err = tx.Exec(ctx, `INSERT INTO undertaking (board_id, id, platform_id, kind, text, fields, conditions, starts_on, ends_on,
		recorded_by, recorded_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		tx.Board, string(u.ID), string(u.PlatformID), string(u.Form), u.Text, string(fields), u.Conditions, u.StartsOn, u.EndsOn,
		u.RecordedBy, u.RecordedAt)
	return err
}

// updateUndertaking keeps the day on which one ended, unless somebody was there first.
func updateUndertaking(ctx context.Context, tx *db.Tx, u *Undertaking) error {
	err := db.Changed(tx.Exec(ctx, `UPDATE undertaking SET ended_on = $4, version = version + 1
		WHERE board_id = $1 AND id = $2 AND version = $3`, tx.Board, string(u.ID), u.Version, u.EndedOn))
	if err == nil {
		u.Version++
	}
	return err
}

// namedFields are those that the decision on a platform says it needs.
func namedFields(ctx context.Context, tx *db.Tx, p catalogue.Platform) (map[Field]bool, error) {
	kinds, err := decided(ctx, tx, p.DecisionID)
	named := map[Field]bool{}
	for _, kind := range kinds {
		for _, f := range lets[kind] {
			named[f] = true
		}
	}
	return named, err
}

// disclosing are the licences that run, and those that are over and of which not all is
// taken back.
func disclosing(ctx context.Context, tx *db.Tx) ([]string, error) {
	return db.All(ctx, tx, word, `SELECT l.id FROM licence l WHERE l.board_id = $1 AND l.starts_on <= $2
		AND (l.ends_on >= $2 AND (l.ended_on = '' OR l.ended_on >= $2) OR EXISTS (SELECT 1 FROM disclosed d
			WHERE d.board_id = l.board_id AND d.licence_id = l.id AND d.status = 'active'))
		ORDER BY l.id`, tx.Board, i18n.DayOf(tx.Now))
}

// promising are the platforms of which an undertaking was ever recorded.
func promising(ctx context.Context, tx *db.Tx) ([]catalogue.ID, error) {
	return db.All(ctx, tx, func(r db.Row) (id catalogue.ID, err error) {
		err = r.Scan(&id)
		return id, err
	}, `SELECT DISTINCT platform_id FROM undertaking WHERE board_id = $1`, tx.Board)
}

// counts says how many of each kind, and of users of each role, a licence discloses.
func counts(ctx context.Context, tx *db.Tx, id licence.ID) (map[string]int, error) {
	type line struct {
		name string
		n    int
	}
	lines, err := db.All(ctx, tx, func(r db.Row) (l line, err error) {
		var role string
		if err = r.Scan(&l.name, &role, &l.n); l.name == string(OfUser) {
			l.name = role
		}
		return l, err
	}, `SELECT kind, role, count(*) FROM disclosed WHERE board_id = $1 AND licence_id = $2 AND status = 'active'
		GROUP BY kind, role`, tx.Board, string(id))
	all := map[string]int{}
	for _, l := range lines {
		all[l.name] += l.n
	}
	return all, err
}
