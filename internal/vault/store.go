package vault

import (
	"context"
	"time"

	"aval/internal/db"
)

// row is what is kept of a board's keyset.
type row struct {
	aead, prf []byte // wrapped
	master    string // the id of the master key that wrapped them
	created   time.Time
	rotated   time.Time // zero before the first rotation
	gone      time.Time // when it was shredded
	version   int64
}

func (r row) shredded() bool { return !r.gone.IsZero() }

const columns = `aead, prf, master, created_at, rotated_at, shredded_at, version`

func scan(r db.Row) (k row, err error) {
	err = r.Scan(&k.aead, &k.prf, &k.master, &k.created, db.When(&k.rotated), db.When(&k.gone), &k.version)
	return k, err
}

// theKeys is the board's lock that whoever seals shares, and that who changes the
// keys has alone.
const theKeys = "vault.keyset"

// read answers the keyset as it stays while a transaction that writes goes on:
// whoever seals under the newest key is waited for before another is newest.
func read(ctx context.Context, tx *db.Tx) (row, error) {
	if err := tx.Share(ctx, theKeys); err != nil {
		return row{}, err
	}
	return db.One(ctx, tx, scan, `SELECT `+columns+` FROM vault_key WHERE board_id = $1`, tx.Board)
}

// lock answers the keyset for who is about to change it: nobody else holds it.
func lock(ctx context.Context, tx *db.Tx) (row, error) {
	if err := tx.Alone(ctx, theKeys); err != nil {
		return row{}, err
	}
	return db.One(ctx, tx, scan, `UPDATE vault_key SET version = version + 1 WHERE board_id = $1 RETURNING `+columns, tx.Board)
}

// appoint makes a master key the one that wraps the keys of further boards,
// unless there is one, and answers which it is.
func appoint(ctx context.Context, tx *db.Tx, id string) (appointed string, err error) {
	if _, err := tx.Exec(ctx, `INSERT INTO vault_master (one, id) VALUES (true, $1) ON CONFLICT (one) DO NOTHING`, id); err != nil {
		return "", err
	}
	return master(ctx, tx)
}

// master is the id of the appointed master key; NotFound when there is none yet.
func master(ctx context.Context, tx *db.Tx) (string, error) {
	return db.One(ctx, tx, func(r db.Row) (id string, err error) {
		err = r.Scan(&id)
		return id, err
	}, `SELECT id FROM vault_master`)
}

// succeed appoints a master key in the place of any other.
func succeed(ctx context.Context, tx *db.Tx, id string) error {
	_, err := tx.Exec(ctx, `INSERT INTO vault_master (one, id) VALUES (true, $1)
		ON CONFLICT (one) DO UPDATE SET id = excluded.id`, id)
	return err
}

// insert keeps a first keyset unless another has.
func insert(ctx context.Context, tx *db.Tx, k row) error {
	_, err := tx.Exec(ctx, `INSERT INTO vault_key (board_id, aead, prf, master, created_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (board_id) DO NOTHING`, tx.Board, k.aead, k.prf, k.master, tx.Now)
	return err
}

// update keeps a keyset that was locked.
func update(ctx context.Context, tx *db.Tx, k row) error {
	return db.Changed(tx.Exec(ctx, `UPDATE vault_key SET aead = $1, prf = $2, master = $3, rotated_at = $4, shredded_at = $5
		WHERE board_id = $6 AND version = $7`, k.aead, k.prf, k.master, db.Moment(k.rotated), db.Moment(k.gone), tx.Board, k.version))
}
