package export

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"aval/internal/db"
	"aval/internal/disclosure"
	"aval/internal/licence"
)

const columns = `id, licence_id, route_id, profile, columns, state, fields, counts, size, digest, stops, why, asked_by, asked_at,
	approved_by, approved_at, sent_by, sent_at, sent_to, tries, version`

func scan(r db.Row) (e Export, err error) {
	var shape, fields, counts, stops string
	if err = r.Scan(&e.ID, &e.LicenceID, &e.Route, &e.Profile, &shape, &e.State, &fields, &counts, &e.Size, &e.Digest, &stops, &e.Why,
		&e.AskedBy, &e.AskedAt, &e.ApprovedBy, db.When(&e.ApprovedAt), &e.SentBy, db.When(&e.SentAt), &e.SentTo, &e.Tries, &e.Version); err != nil {
		return e, err
	}
	for _, part := range []struct {
		text string
		into any
	}{{shape, &e.Columns}, {fields, &e.Fields}, {counts, &e.Counts}, {stops, &e.Stops}} {
		if err := json.Unmarshal([]byte(part.text), part.into); err != nil {
			return e, fmt.Errorf("export %s: %w", e.ID, err)
		}
	}
	return e, nil
}

// list writes a list as its column keeps it.
func list[T any](of []T) (string, error) {
	if len(of) == 0 {
		return "[]", nil
	}
	text, err := json.Marshal(of)
	return string(text), err
}

func get(ctx context.Context, tx *db.Tx, id ID) (Export, error) {
	return db.One(ctx, tx, scan, `SELECT `+columns+` FROM export WHERE board_id = $1 AND id = $2`, tx.Board, string(id))
}

// mostListed bounds what a page lists.
const mostListed = 50

func ofLicence(ctx context.Context, tx *db.Tx, id licence.ID) ([]Export, error) {
	return db.All(ctx, tx, scan, `SELECT `+columns+` FROM export WHERE board_id = $1 AND licence_id = $2
		ORDER BY asked_at DESC, id LIMIT $3`, tx.Board, string(id), mostListed)
}

// SentFor answers the last export that left for one of these licences, nil when none
// did, and the fields of all that ever left for them.
func SentFor(ctx context.Context, tx *db.Tx, licences []licence.ID) (last *Export, fields []disclosure.Field, err error) {
	of, args := db.In(2, len(licences)), []any{tx.Board}
	for _, id := range licences {
		args = append(args, string(id))
	}
	found, err := db.All(ctx, tx, scan, `SELECT `+columns+` FROM export WHERE board_id = $1 AND licence_id IN `+of+` AND state = 'sent'
		ORDER BY sent_at DESC, id LIMIT 1`, args...)
	if err != nil || len(found) == 0 {
		return nil, nil, err
	}
	texts, err := db.All(ctx, tx, func(r db.Row) (text string, err error) {
		err = r.Scan(&text)
		return text, err
	}, `SELECT DISTINCT fields FROM export WHERE board_id = $1 AND licence_id IN `+of+` AND state = 'sent'`, args...)
	for _, text := range texts {
		var more []disclosure.Field
		if err := json.Unmarshal([]byte(text), &more); err != nil {
			return nil, nil, fmt.Errorf("fields of exports: %w", err)
		}
		fields = append(fields, more...)
	}
	return &found[0], fields, err
}

func insert(ctx context.Context, tx *db.Tx, e Export) error {
	shape, err := list(e.Columns)
	if err != nil {
		return fmt.Errorf("export columns: %w", err)
	}
	_, err = tx.Exec(ctx, `INSERT INTO export (board_id, id, licence_id, route_id, profile, columns, state, asked_by, asked_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		tx.Board, string(e.ID), string(e.LicenceID), string(e.Route), string(e.Profile), shape, string(e.State), e.AskedBy, e.AskedAt)
	return err
}

func update(ctx context.Context, tx *db.Tx, e *Export) error {
	fields, err1 := list(e.Fields)
	counts, err2 := list(e.Counts)
	stops, err3 := list(e.Stops)
	for _, err := range []error{err1, err2, err3} {
		if err != nil {
			return fmt.Errorf("export %s: %w", e.ID, err)
		}
	}
	err := db.Changed(tx.Exec(ctx, `UPDATE export SET state = $4, fields = $5, counts = $6, size = $7, digest = $8, stops = $9, why = $10,
			approved_by = $11, approved_at = $12, sent_by = $13, sent_at = $14, sent_to = $15, tries = $16, version = version + 1
		WHERE board_id = $1 AND id = $2 AND version = $3`,
		tx.Board, string(e.ID), e.Version, string(e.State), fields, counts, e.Size, e.Digest, stops, e.Why,
		e.ApprovedBy, db.Moment(e.ApprovedAt), e.SentBy, db.Moment(e.SentAt), e.SentTo, e.Tries))
	if err == nil {
		e.Version++
	}
	return err
}

// replaced forgets what was asked of a licence before and was not handed out.
func replaced(ctx context.Context, tx *db.Tx, id licence.ID) error {
	_, err := tx.Exec(ctx, `DELETE FROM export WHERE board_id = $1 AND licence_id = $2 AND route_id = '' AND state IN ('asked', 'ready', 'approved')`,
		tx.Board, string(id))
	return err
}

// forgetBefore forgets what was handed out before a moment, and the rest that was asked before another.
func forgetBefore(ctx context.Context, tx *db.Tx, sent, other time.Time) error {
	_, err := tx.Exec(ctx, `DELETE FROM export WHERE board_id = $1 AND (state = 'sent' AND asked_at < $2 OR state <> 'sent' AND asked_at < $3)`,
		tx.Board, sent, other)
	return err
}

const routeColumns = `id, licence_id, profile, columns, host, port, login, host_key, folder, secret_kind, secret, every, weekday, hour, next_at,
	recorded_by, recorded_at, approved_by, approved_at, ended_by, ended_at, version`

func scanRoute(r db.Row) (x Route, err error) {
	var shape string
	if err = r.Scan(&x.ID, &x.LicenceID, &x.Profile, &shape, &x.Host, &x.Port, &x.Login, &x.HostKey, &x.Folder, &x.Secret, &x.sealed, &x.Every,
		&x.Weekday, &x.Hour, db.When(&x.NextAt), &x.RecordedBy, &x.RecordedAt, &x.ApprovedBy, db.When(&x.ApprovedAt), &x.EndedBy,
		db.When(&x.EndedAt), &x.Version); err != nil {
		return x, err
	}
	if err := json.Unmarshal([]byte(shape), &x.Columns); err != nil {
		return x, fmt.Errorf("route %s: %w", x.ID, err)
	}
	return x, nil
}

func getRoute(ctx context.Context, tx *db.Tx, id RouteID) (Route, error) {
	return db.One(ctx, tx, scanRoute, `SELECT `+routeColumns+` FROM export_route WHERE board_id = $1 AND id = $2`, tx.Board, string(id))
}

// routesOf answers the routes of a licence, those that go on first.
func routesOf(ctx context.Context, tx *db.Tx, id licence.ID) ([]Route, error) {
	return db.All(ctx, tx, scanRoute, `SELECT `+routeColumns+` FROM export_route WHERE board_id = $1 AND licence_id = $2
		ORDER BY CASE WHEN ended_at IS NULL THEN 0 ELSE 1 END, recorded_at DESC, id LIMIT $3`, tx.Board, string(id), mostListed)
}

// due answers the routes whose hour has come.
func due(ctx context.Context, tx *db.Tx) ([]Route, error) {
	return db.All(ctx, tx, scanRoute, `SELECT `+routeColumns+` FROM export_route WHERE board_id = $1 AND next_at <= $2 ORDER BY next_at, id`,
		tx.Board, tx.Now)
}

func insertRoute(ctx context.Context, tx *db.Tx, r Route) error {
	shape, err := list(r.Columns)
	if err != nil {
		return fmt.Errorf("export columns: %w", err)
	}
	_, err = tx.Exec(ctx, `INSERT INTO export_route (board_id, id, licence_id, profile, columns, host, port, login, host_key, folder,
			secret_kind, secret, every, weekday, hour, recorded_by, recorded_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`,
		tx.Board, string(r.ID), string(r.LicenceID), string(r.Profile), shape, r.Host, r.Port, r.Login, r.HostKey, r.Folder,
		string(r.Secret), r.sealed, string(r.Every), r.Weekday, r.Hour, r.RecordedBy, r.RecordedAt)
	return err
}

func updateRoute(ctx context.Context, tx *db.Tx, r *Route) error {
	err := db.Changed(tx.Exec(ctx, `UPDATE export_route SET secret = $4, next_at = $5, approved_by = $6, approved_at = $7, ended_by = $8,
			ended_at = $9, version = version + 1 WHERE board_id = $1 AND id = $2 AND version = $3`,
		tx.Board, string(r.ID), r.Version, r.sealed, db.Moment(r.NextAt), r.ApprovedBy, db.Moment(r.ApprovedAt), r.EndedBy, db.Moment(r.EndedAt)))
	if err == nil {
		r.Version++
	}
	return err
}
