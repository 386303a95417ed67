package disclosure

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"aval/internal/catalogue"
	"aval/internal/db"
	"aval/internal/i18n"
	"aval/internal/licence"
)

// chunk is how many subjects one statement names.
const chunk = 500

// pair is a pseudonym and whose it is.
type pair struct{ subject, value string }

func scanPair(r db.Row) (p pair, err error) {
	err = r.Scan(&p.subject, &p.value)
	return p, err
}

func word(r db.Row) (s string, err error) {
	err = r.Scan(&s)
	return s, err
}

// promisedFields are those for which an undertaking of the platform is in force on a day.
func promisedFields(ctx context.Context, tx *db.Tx, id catalogue.ID, day string) (map[Field]bool, error) {
	return promisedBy(ctx, tx, ` AND starts_on <= $3 AND ends_on >= $3 AND (ended_on = '' OR ended_on > $3)`, id, day)
}

// promisedEver are those for which one was, until a day.
func promisedEver(ctx context.Context, tx *db.Tx, id catalogue.ID, day string) (map[Field]bool, error) {
	return promisedBy(ctx, tx, ` AND starts_on <= $3`, id, day)
}

func promisedBy(ctx context.Context, tx *db.Tx, which string, id catalogue.ID, day string) (map[Field]bool, error) {
	texts, err := db.All(ctx, tx, word, `SELECT fields FROM undertaking WHERE board_id = $1 AND platform_id = $2`+which, tx.Board, string(id), day)
	if err != nil {
		return nil, err
	}
	promised := map[Field]bool{}
	for _, text := range texts {
		var fields []Field
		if err := json.Unmarshal([]byte(text), &fields); err != nil {
			return nil, fmt.Errorf("fields of an undertaking: %w", err)
		}
		for _, f := range fields {
			promised[f] = true
		}
	}
	return promised, nil
}

// held reads the rows of a kind and a role whose subjects come after one and, unless
// last is empty, not after another; a page of them at most, then last is brought back
// to the last subject of which all was read.
func held(ctx context.Context, tx *db.Tx, id licence.ID, like row, after, last string) (map[string][]row, string, error) {
	// (The role is no key: else the rows of a role would be sorted for each page.)
	query, args := `SELECT subject_id, value, status, digest FROM disclosed
		WHERE board_id = $1 AND licence_id = $2 AND kind = $3 AND role || '' = $4 AND subject_id > $5`,
		[]any{tx.Board, string(id), string(like.kind), string(like.role), after, 2 * page}
	if last != "" {
		query, args = query+` AND subject_id <= $7`, append(args, last)
	}
	all, err := db.All(ctx, tx, func(r db.Row) (row, error) {
		o := like
		err := r.Scan(&o.subject, &o.value, &o.status, &o.digest)
		return o, err
	}, query+` ORDER BY subject_id LIMIT $6`, args...)
	if err != nil {
		return nil, "", err
	}
	if len(all) == 2*page {
		cut := all[len(all)-1].subject
		all = all[:slices.IndexFunc(all, func(o row) bool { return o.subject == cut })]
		last = all[len(all)-1].subject
	}
	there := map[string][]row{}
	for _, o := range all {
		there[o.subject] = append(there[o.subject], o)
	}
	return there, last, nil
}

// keep writes rows that are new or that changed.
func keep(ctx context.Context, tx *db.Tx, id licence.ID, changed []row) error {
	if len(changed) == 0 {
		return nil
	}
	if err := writes(tx); err != nil {
		return err
	}
	rows := make([][]any, len(changed))
	for i, o := range changed {
		rows[i] = []any{string(id), string(o.kind), o.value, o.subject, string(o.role), o.status, o.digest, o.class, tx.Now}
	}
	return db.Bulk(ctx, tx, "disclosed", []string{"licence_id", "kind", "value", "subject_id", "role", "status", "digest", "class_id", "changed_at"},
		[]string{"licence_id", "kind", "value"}, rows)
}

// LoginsChanged tells the platforms to which login names leave that those of some people
// are others: they are sealed, and a refresh does not compare them.
func LoginsChanged(ctx context.Context, tx *db.Tx, people ...string) error {
	for part := range slices.Chunk(people, chunk) {
		if _, err := tx.Exec(ctx, `UPDATE disclosed SET changed_at = $2 WHERE board_id = $1 AND kind = 'user' AND status = 'active'
			AND licence_id IN (SELECT l.id FROM licence l WHERE l.board_id = $1 AND l.account_kind = $3)
			AND subject_id IN `+db.In(4, len(part)), db.Args(part, tx.Board, tx.Now, string(licence.LoginName))...); err != nil {
			return fmt.Errorf("tell of login names: %w", err)
		}
	}
	return nil
}

// leaves marks rows as gone.
func leaves(ctx context.Context, tx *db.Tx, id licence.ID, kind Kind, values []string) error {
	if len(values) == 0 {
		return nil
	}
	if err := writes(tx); err != nil {
		return err
	}
	slices.Sort(values)
	for part := range slices.Chunk(values, chunk) {
		if _, err := tx.Exec(ctx, `UPDATE disclosed SET status = 'tobedeleted', changed_at = $4
			WHERE board_id = $1 AND licence_id = $2 AND kind = $3 AND value IN `+db.In(5, len(part)),
			db.Args(part, tx.Board, string(id), string(kind), tx.Now)...); err != nil {
			return fmt.Errorf("mark as gone: %w", err)
		}
	}
	return nil
}

// unfinished tells whether a licence of a sector runs or is to come.
func unfinished(ctx context.Context, tx *db.Tx, sector string) (bool, error) {
	some, err := db.All(ctx, tx, word, `SELECT l.id FROM licence l
		LEFT JOIN platform_sector s ON s.board_id = l.board_id AND s.platform_id = l.platform_id
		WHERE l.board_id = $1 AND COALESCE(s.sector, l.platform_id) = $2
		AND l.ends_on >= $3 AND (l.ended_on = '' OR l.ended_on >= $3) LIMIT 1`, tx.Board, sector, i18n.DayOf(tx.Now))
	return len(some) > 0, err
}

// retireSome ends a page of the pseudonyms of a sector, then its addresses.
func retireSome(ctx context.Context, tx *db.Tx, sector, after string) (string, error) {
	if err := writes(tx); err != nil {
		return "", err
	}
	all, err := db.All(ctx, tx, word, `SELECT value FROM pairwise WHERE board_id = $1 AND sector = $2 AND value > $3
		ORDER BY value LIMIT $4`, tx.Board, sector, after, page)
	if err != nil {
		return "", err
	}
	if len(all) == 0 {
		return "", Retire(ctx, tx, sector)
	}
	last := all[len(all)-1]
	_, err = tx.Exec(ctx, `UPDATE pairwise SET retired_on = $5
		WHERE board_id = $1 AND sector = $2 AND value > $3 AND value <= $4 AND retired_on = ''`,
		tx.Board, sector, after, last, i18n.DayOf(tx.Now))
	return last, err
}
