package db

import (
	"context"
	"fmt"
	"strconv"
)

// Fill runs f, which fills a table, with the table's indexes away where it holds nothing
// yet: the engine makes them sooner of all rows than row by row. On SQLite each row of a
// large set goes to another page of each index, and a page that does not fit into memory
// any more is written to the log each time. A key that is part of the table stays; one
// that is an index of its own refuses, when it is made, what breaks it. On PostgreSQL, of
// which all read meanwhile, they are the enrolments' alone: see own.go.
func (tx *Tx) Fill(ctx context.Context, table string, f func() error) error {
	if tx.lite == nil {
		return tx.fillPostgres(ctx, table, f)
	}
	var holds bool
	if err := tx.lite.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM `+quote(table)+`)`).Scan(&holds); err != nil {
		return fmt.Errorf("look into %s: %w", table, err)
	}
	if holds {
		return f()
	}
	away, err := tx.indexes(ctx, table)
	if err != nil {
		return err
	}
	for _, i := range away {
		if _, err := tx.lite.ExecContext(ctx, `DROP INDEX `+quote(i.name)); err != nil {
			return fmt.Errorf("drop %s: %w", i.name, err)
		}
	}
	if err := f(); err != nil {
		return err
	}
	return tx.remake(ctx, away)
}

func (tx *Tx) fillPostgres(ctx context.Context, table string, f func() error) error {
	if table != "enrollment" {
		return f()
	}
	away, err := One(ctx, tx, func(r Row) (away bool, err error) { err = r.Scan(&away); return away, err }, `SELECT enrollment_unindexed()`)
	if err != nil {
		return fmt.Errorf("drop indexes of %s: %w", table, err)
	}
	if err := f(); err != nil || !away {
		return err
	}
	if _, err := tx.Exec(ctx, `SELECT enrollment_indexed()`); err != nil {
		return fmt.Errorf("make indexes: %w", err)
	}
	return nil
}

// remake makes indexes. A sort takes as much memory as pages may, and more of it is no
// quicker.
func (tx *Tx) remake(ctx context.Context, indexes []index) error {
	var pages int
	if err := tx.lite.QueryRowContext(ctx, `PRAGMA cache_size`).Scan(&pages); err != nil {
		return fmt.Errorf("memory for pages: %w", err)
	}
	makes := `PRAGMA cache_size = -16000;`
	for _, i := range indexes {
		makes += i.make + `;`
	}
	if _, err := tx.lite.ExecContext(ctx, makes+`PRAGMA cache_size = `+strconv.Itoa(pages)); err != nil {
		return fmt.Errorf("make indexes: %w", err)
	}
	return nil
}

// index is one that is no part of its table, and the statement that makes it.
type index struct{ name, make string }

func (tx *Tx) indexes(ctx context.Context, table string) (list []index, err error) {
	rows, err := tx.lite.QueryContext(ctx, `SELECT name, sql FROM main.sqlite_master
		WHERE type = 'index' AND tbl_name = $1 AND sql IS NOT NULL ORDER BY name`, table)
	if err != nil {
		return nil, fmt.Errorf("indexes of %s: %w", table, err)
	}
	defer func() { _ = rows.Close() }() // read to its end
	for rows.Next() {
		var i index
		if err := rows.Scan(&i.name, &i.make); err != nil {
			return nil, err
		}
		list = append(list, i)
	}
	return list, rows.Err()
}
