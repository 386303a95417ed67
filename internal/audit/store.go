package audit

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"aval/internal/db"
	"aval/internal/fault"
)

const columns = `seq, at, actor, role, via, action, subject, clause, detail`

func scan(row db.Row) (r Record, err error) {
	err = row.Scan(&r.Seq, &r.At, &r.Actor, &r.Role, &r.Via, &r.Action, &r.Subject, &r.Clause, &r.Detail)
	r.At = r.At.UTC()
	return r, err
}

// ForSubject answers what was done to one thing, oldest first. Who asks has
// already been allowed to read the thing.
func ForSubject(ctx context.Context, tx *db.Tx, subject string) ([]Record, error) {
	return db.All(ctx, tx, scan, `SELECT `+columns+` FROM audit_record
		WHERE board_id = $1 AND subject = $2 ORDER BY seq`, tx.Board, subject)
}

func recordsAfter(ctx context.Context, tx *db.Tx, after int64, limit int) ([]Record, error) {
	return db.All(ctx, tx, scan, `SELECT `+columns+` FROM audit_record
		WHERE board_id = $1 AND seq > $2 ORDER BY seq LIMIT `+strconv.Itoa(limit), tx.Board, after)
}

func recordsBefore(ctx context.Context, tx *db.Tx, before int64, limit int) ([]Record, error) {
	if before <= 0 {
		before = math.MaxInt64
	}
	return db.All(ctx, tx, scan, `SELECT `+columns+` FROM audit_record
		WHERE board_id = $1 AND seq < $2 ORDER BY seq DESC LIMIT `+strconv.Itoa(limit), tx.Board, before)
}

// scanAnyhow is scan for rows that someone may have spoilt: what cannot be read
// as a record is an empty one, which the trail never holds.
func scanAnyhow(row db.Row) (Record, error) {
	r, err := scan(row)
	if err == nil {
		return r, nil
	}
	var rest [8]any
	var seq int64
	err = row.Scan(&seq, &rest[0], &rest[1], &rest[2], &rest[3], &rest[4], &rest[5], &rest[6], &rest[7])
	return Record{Seq: seq}, err
}

func recordsToVerify(ctx context.Context, tx *db.Tx, after int64, limit int) ([]Record, error) {
	return db.All(ctx, tx, scanAnyhow, `SELECT `+columns+` FROM audit_record
		WHERE board_id = $1 AND seq > $2 ORDER BY seq LIMIT `+strconv.Itoa(limit), tx.Board, after)
}

type head struct {
	size int64
	root string
}

func scanHead(row db.Row) (h head, err error) {
	err = row.Scan(&h.size, &h.root)
	return h, err
}

// readHead answers the empty tree's head for a board that has none yet.
func readHead(ctx context.Context, tx *db.Tx) (h head, found bool, err error) {
	h, err = db.One(ctx, tx, scanHead, `SELECT size, root FROM audit_head WHERE board_id = $1`, tx.Board)
	if fault.Is(err, fault.NotFound) {
		empty, err := tlog.TreeHash(0, new(frontier))
		return head{root: empty.String()}, false, err
	}
	return h, err == nil, err
}

// growHead locks the head until the transaction ends and answers its new size.
func growHead(ctx context.Context, tx *db.Tx, n int64) (int64, error) {
	h, err := db.One(ctx, tx, scanHead, `INSERT INTO audit_head (board_id, size, root) VALUES ($1, $2, '')
		ON CONFLICT (board_id) DO UPDATE SET size = audit_head.size + excluded.size RETURNING size, root`, tx.Board, n)
	return h.size, err
}

func setRoot(ctx context.Context, tx *db.Tx, root string) error {
	_, err := tx.Exec(ctx, `UPDATE audit_head SET root = $2 WHERE board_id = $1`, tx.Board, root)
	return err
}

// storedHash is a node of the tree, in base64.
type storedHash struct {
	index int64
	hash  string
}

func scanHash(row db.Row) (h storedHash, err error) {
	err = row.Scan(&h.index, &h.hash)
	return h, err
}

func hashesAfter(ctx context.Context, tx *db.Tx, after int64, limit int) ([]storedHash, error) {
	return db.All(ctx, tx, scanHash, `SELECT idx, hash FROM audit_hash
		WHERE board_id = $1 AND idx > $2 ORDER BY idx LIMIT `+strconv.Itoa(limit), tx.Board, after)
}

// errHashes says that the tree cannot grow: Verify tells more.
var errHashes = errors.New("the trail's hashes are not whole: run aval audit verify")

// readFrontier reads what the next record's hashes are made of.
func readFrontier(ctx context.Context, tx *db.Tx, size int64) (*frontier, error) {
	f := new(frontier)
	indexes := nodes(size)
	if len(indexes) == 0 {
		return f, nil
	}
	args := []any{tx.Board}
	for _, i := range indexes {
		args = append(args, i)
	}
	found, err := db.All(ctx, tx, scanHash, `SELECT idx, hash FROM audit_hash
		WHERE board_id = $1 AND idx IN `+db.In(2, len(indexes)), args...)
	if err != nil {
		return nil, fmt.Errorf("read hashes: %w", err)
	}
	if len(found) != len(indexes) {
		return nil, errHashes
	}
	for _, s := range found {
		level, _ := tlog.SplitStoredHashIndex(s.index)
		if f[level], err = tlog.ParseHash(s.hash); err != nil {
			return nil, errHashes
		}
	}
	return f, nil
}

// rowsPerInsert: SQLite's driver takes far longer over statements of many placeholders.
const rowsPerInsert = 20

func insertRecords(ctx context.Context, tx *db.Tx, records []Record) error {
	rows := make([][]any, len(records))
	for i, r := range records {
		rows[i] = []any{r.Seq, r.At, r.Actor, r.Role, r.Via, r.Action, r.Subject, r.Clause, r.Detail}
	}
	return insert(ctx, tx, `INSERT INTO audit_record (board_id, `+columns+`) VALUES `, rows)
}

func insertHashes(ctx context.Context, tx *db.Tx, hashes []storedHash) error {
	rows := make([][]any, len(hashes))
	for i, h := range hashes {
		rows[i] = []any{h.index, h.hash}
	}
	return insert(ctx, tx, `INSERT INTO audit_hash (board_id, idx, hash) VALUES `, rows)
}

// insert adds rows of the transaction's board in as few statements as it can.
func insert(ctx context.Context, tx *db.Tx, into string, rows [][]any) error {
	for len(rows) > 0 {
		n := min(len(rows), rowsPerInsert)
		var values strings.Builder
		args := []any{tx.Board}
		for i, row := range rows[:n] {
			if i > 0 {
				values.WriteString(", ")
			}
			values.WriteString("($1")
			for _, v := range row {
				args = append(args, v)
				values.WriteString(", $" + strconv.Itoa(len(args)))
			}
			values.WriteString(")")
		}
		if _, err := tx.Exec(ctx, into+values.String(), args...); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}
