package adoption

import (
	"context"

	"aval/internal/db"
	"aval/internal/policy"
)

// open reads the files that are not closed and stand under a version already.
func open(ctx context.Context, tx *db.Tx) ([]File, error) {
	return db.All(ctx, tx, func(row db.Row) (f File, err error) {
		err = row.Scan(&f.Number, &f.State, &f.Contest, &f.Pack, &f.Version)
		return f, err
	}, `SELECT r.number, r.state, r.state = 'decided', r.pack, r.pack_version FROM request r
		WHERE r.board_id = $1 AND r.pack <> '' AND (r.state IN ('submitted', 'authorised', 'acknowledged', 'evaluated', 'returned')
			OR EXISTS (SELECT 1 FROM decision d JOIN contest c ON c.board_id = d.board_id AND c.decision_id = d.id
				WHERE d.board_id = $1 AND d.request_id = r.id AND c.answered_at IS NULL))
		ORDER BY r.number`, tx.Board)
}

// holders counts the people who hold each role, somewhere or everywhere.
func holders(ctx context.Context, tx *db.Tx) (map[policy.Role]int, error) {
	type count struct {
		role policy.Role
		n    int
	}
	all, err := db.All(ctx, tx, func(row db.Row) (c count, err error) {
		err = row.Scan(&c.role, &c.n)
		return c, err
	}, `SELECT g.role, count(DISTINCT g.account_id) FROM account_grant g
		JOIN account a ON a.board_id = g.board_id AND a.id = g.account_id
		WHERE g.board_id = $1 AND NOT a.disabled GROUP BY g.role`, tx.Board)
	held := map[policy.Role]int{}
	for _, c := range all {
		held[c.role] = c.n
	}
	return held, err
}

// insertSignature keeps a signature, and answers false where the text was signed already.
func insertSignature(ctx context.Context, tx *db.Tx, p *policy.Pack, account string, role policy.Role) (bool, error) {
	n, err := tx.Exec(ctx, `INSERT INTO pack_verification (board_id, pack, version, digest, verified_by, role, verified_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`,
		tx.Board, p.ID, p.Version, p.Digest(), account, string(role), tx.Now)
	return n > 0, err
}

// signatures reads all that were given, the newest first.
func signatures(ctx context.Context, tx *db.Tx) ([]Signature, error) {
	return db.All(ctx, tx, func(row db.Row) (s Signature, err error) {
		err = row.Scan(&s.Pack, &s.Version, &s.digest, &s.By, &s.Role, &s.At)
		return s, err
	}, `SELECT v.pack, v.version, v.digest, a.name, v.role, v.verified_at FROM pack_verification v
		JOIN account a ON a.board_id = v.board_id AND a.id = v.verified_by
		WHERE v.board_id = $1 ORDER BY v.verified_at DESC, v.pack, v.version`, tx.Board)
}

// referred reads each version that something of the board refers to, by id and version.
func referred(ctx context.Context, tx *db.Tx) ([][2]string, error) {
	return db.All(ctx, tx, func(row db.Row) (named [2]string, err error) {
		err = row.Scan(&named[0], &named[1])
		return named, err
	}, `SELECT pack, version FROM board_pack WHERE board_id = $1
		UNION SELECT pack, pack_version FROM request WHERE board_id = $1 AND pack <> ''
		UNION SELECT pack, pack_version FROM board WHERE id = $1
		ORDER BY 1, 2`, tx.Board)
}
