package rights

import (
	"context"
	"fmt"

	"aval/internal/db"
	"aval/internal/i18n"
	"aval/internal/vault"
)

const requestColumns = `id, number, kind, state, person_id, received_on, due_on, extended_on, outcome, answered_on, closed_on,
	entered_by, entered_at, version`

func (r *Request) into() []any {
	return []any{&r.ID, &r.Number, &r.Kind, &r.State, &r.PersonID, &r.ReceivedOn, &r.DueOn, &r.ExtendedOn, &r.Outcome, &r.AnsweredOn,
		&r.ClosedOn, &r.EnteredBy, &r.EnteredAt, &r.Version}
}

func scanRequest(row db.Row) (r Request, err error) {
	err = row.Scan(r.into()...)
	return r, err
}

type sealedRequest struct {
	Request
	sealed []byte
}

func getRequest(ctx context.Context, tx *db.Tx, keys *vault.Keys, id ID) (Request, error) {
	r, err := db.One(ctx, tx, func(row db.Row) (r sealedRequest, err error) {
		err = row.Scan(append(r.into(), &r.sealed)...)
		return r, err
	}, `SELECT `+requestColumns+`, sealed FROM rights_request WHERE board_id = $1 AND id = $2`, tx.Board, string(id))
	if err != nil {
		return Request{}, err
	}
	r.Private, err = openPrivate(keys, id, r.sealed)
	return r.Request, err
}

func requests(ctx context.Context, tx *db.Tx) ([]Request, error) {
	return db.All(ctx, tx, scanRequest, `SELECT `+requestColumns+` FROM rights_request WHERE board_id = $1
		ORDER BY CASE state WHEN 'open' THEN 0 WHEN 'answered' THEN 1 ELSE 2 END, due_on, number`, tx.Board)
}

func lateRequests(ctx context.Context, tx *db.Tx, today string) ([]ID, error) {
	return db.All(ctx, tx, scanID, `SELECT id FROM rights_request
		WHERE board_id = $1 AND state = 'open' AND due_on <> '' AND due_on < $2 ORDER BY id`, tx.Board, today)
}

func scanID(row db.Row) (id ID, err error) {
	err = row.Scan(&id)
	return id, err
}

// nextNumber gives the next number of the year.
func nextNumber(ctx context.Context, tx *db.Tx) (string, error) {
	year := tx.Now.In(i18n.Zone).Year()
	last, err := db.One(ctx, tx, func(row db.Row) (n int64, err error) {
		err = row.Scan(&n)
		return n, err
	}, `INSERT INTO rights_number (board_id, year, last) VALUES ($1, $2, 1)
		ON CONFLICT (board_id, year) DO UPDATE SET last = rights_number.last + 1 RETURNING last`, tx.Board, year)
	return fmt.Sprintf("R-%d-%03d", year, last), err
}

func insertRequest(ctx context.Context, tx *db.Tx, keys *vault.Keys, r *Request) error {
	sealed, err := sealPrivate(keys, r.ID, r.Private)
	if err != nil {
		return err
	}
	if r.Number, err = nextNumber(ctx, tx); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO rights_request (board_id, `+requestColumns+`, sealed)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`,
		tx.Board, string(r.ID), r.Number, string(r.Kind), string(r.State), r.PersonID, r.ReceivedOn, r.DueOn, r.ExtendedOn, string(r.Outcome),
		r.AnsweredOn, r.ClosedOn, r.EnteredBy, r.EnteredAt, r.Version, sealed)
	return err
}

func updateRequest(ctx context.Context, tx *db.Tx, keys *vault.Keys, r *Request) error {
	sealed, err := sealPrivate(keys, r.ID, r.Private)
	if err != nil {
		return err
	}
	err = db.Changed(tx.Exec(ctx, `UPDATE rights_request SET state = $4, due_on = $5, extended_on = $6, outcome = $7, answered_on = $8,
			closed_on = $9, sealed = $10, version = version + 1
		WHERE board_id = $1 AND id = $2 AND version = $3`,
		tx.Board, string(r.ID), r.Version, string(r.State), r.DueOn, r.ExtendedOn, string(r.Outcome), r.AnsweredOn, r.ClosedOn, sealed))
	if err == nil {
		r.Version++
	}
	return err
}

func pupilID(ctx context.Context, tx *db.Tx, typed string) (string, error) {
	return db.One(ctx, tx, func(row db.Row) (id string, err error) {
		err = row.Scan(&id)
		return id, err
	}, `SELECT id FROM person WHERE board_id = $1 AND kind = 'student' AND (id = $2 OR number = $2) ORDER BY status, id`, tx.Board, typed)
}
