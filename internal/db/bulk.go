package db

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Bulk inserts many rows at once. A row whose key columns are already taken
// is updated in the rest of its columns; with a nil key it is a plain insert,
// and a row already there is a failed statement. Of several rows with one key
// the last is kept. In a board's transaction, board_id goes before the columns
// and the key by itself unless the columns name it.
func Bulk(ctx context.Context, tx *Tx, table string, columns, key []string, rows [][]any) error {
	if len(rows) == 0 {
		return nil
	}
	b := bulk{table: table, columns: columns, key: key}
	if err := b.gather(tx, rows); err != nil {
		return tx.Doom(fmt.Errorf("bulk %s: %w", table, err))
	}
	if err := b.write(ctx, tx); err != nil {
		return tx.Doom(fmt.Errorf("bulk %s: %w", table, err))
	}
	return nil
}

type bulk struct {
	table        string
	columns, key []string
	rows         [][]any
}

// gather makes the rows plain, gives them their board and keeps the last of each key.
func (b *bulk) gather(tx *Tx, rows [][]any) error {
	own := tx.Board != "" && !slices.Contains(b.columns, "board_id")
	width := len(b.columns)
	if own {
		b.columns = append([]string{"board_id"}, b.columns...)
		if b.key != nil {
			b.key = append([]string{"board_id"}, b.key...)
		}
	}
	keys := make([]int, len(b.key))
	for i, k := range b.key {
		if keys[i] = slices.Index(b.columns, k); keys[i] < 0 {
			return fmt.Errorf("the key column %s is not among the columns", k)
		}
	}
	at := make(map[string]int, len(rows))
	for i, r := range rows {
		if len(r) != width {
			return fmt.Errorf("row %d has %d values for %d columns", i, len(r), width)
		}
		same, err := tx.ready(r)
		if err != nil {
			return err
		}
		if own {
			same = append([]any{tx.Board}, same...)
		}
		if b.key != nil {
			name := keyOf(same, keys)
			if j, ok := at[name]; ok {
				b.rows[j] = same
				continue
			}
			at[name] = len(b.rows)
		}
		b.rows = append(b.rows, same)
	}
	return nil
}

// keyOf is a row's key as one text that no other key has.
func keyOf(row []any, keys []int) string {
	var b strings.Builder
	for _, k := range keys {
		s := fmt.Sprint(row[k])
		b.WriteString(strconv.Itoa(len(s)))
		b.WriteByte(':')
		b.WriteString(s)
	}
	return b.String()
}

// write sends the rows the way that is quick on the engine.
func (b *bulk) write(ctx context.Context, tx *Tx) error {
	if tx.pg != nil && len(b.rows) > copyFrom {
		return b.copy(ctx, tx)
	}
	const most = 30_000 // SQLite takes 32,766 arguments, PostgreSQL 65,535
	size := max(1, min(most/len(b.columns), copyFrom))
	for chunk := range slices.Chunk(b.rows, size) {
		args := make([]any, 0, len(chunk)*len(b.columns))
		for _, r := range chunk {
			args = append(args, r...)
		}
		if _, err := tx.q.ExecContext(ctx, b.values(tx, len(chunk))+b.conflict(), args...); err != nil {
			return err
		}
	}
	return nil
}

// copyFrom is the number of rows from which a temporary table is worth its making.
const copyFrom = 500

// copy goes through a temporary table: COPY into a table behind the wall is refused.
func (b *bulk) copy(ctx context.Context, tx *Tx) error {
	names := b.names(b.columns)
	const temp = "aval_bulk"
	err := b.exec(ctx, tx, `CREATE TEMPORARY TABLE `+temp+` ON COMMIT DROP AS SELECT `+names+` FROM `+quote(b.table)+` LIMIT 0`)
	if err != nil {
		return err
	}
	n, err := tx.pg.CopyFrom(ctx, pgx.Identifier{temp}, b.columns, pgx.CopyFromRows(b.rows))
	if err != nil {
		return err
	}
	if n != int64(len(b.rows)) {
		return errors.New("not every row was copied")
	}
	merge := `INSERT INTO ` + quote(b.table) + ` (` + names + `) SELECT ` + names + ` FROM ` + temp
	if b.key != nil {
		merge += ` ORDER BY ` + b.names(b.key) // two imports lock rows in one order
	}
	if err := b.exec(ctx, tx, merge+b.conflict()); err != nil {
		return err
	}
	return b.exec(ctx, tx, `DROP TABLE `+temp)
}

// exec goes around the cache of prepared statements: the temporary table is another one each time.
func (b *bulk) exec(ctx context.Context, tx *Tx, query string) error {
	_, err := tx.pg.Exec(ctx, query, pgx.QueryExecModeExec)
	return err
}

func (b *bulk) values(tx *Tx, rows int) string {
	var s strings.Builder
	s.WriteString(`INSERT INTO ` + quote(b.table) + ` (` + b.names(b.columns) + `) VALUES `)
	for i := range rows {
		if i > 0 {
			s.WriteByte(',')
		}
		s.WriteString(tx.placeholders(i*len(b.columns), len(b.columns)))
	}
	return s.String()
}

func (b *bulk) conflict() string {
	if b.key == nil {
		return ""
	}
	var set []string
	for _, c := range b.columns {
		if !slices.Contains(b.key, c) {
			set = append(set, quote(c)+` = excluded.`+quote(c))
		}
	}
	if set == nil {
		return ` ON CONFLICT (` + b.names(b.key) + `) DO NOTHING`
	}
	return ` ON CONFLICT (` + b.names(b.key) + `) DO UPDATE SET ` + strings.Join(set, `, `)
}

func (b *bulk) names(columns []string) string {
	quoted := make([]string, len(columns))
	for i, c := range columns {
		quoted[i] = quote(c)
	}
	return strings.Join(quoted, ", ")
}

// quote is a name as both engines read it.
func quote(name string) string { return pgx.Identifier{name}.Sanitize() }
