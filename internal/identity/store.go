package identity

import (
	"context"
	"fmt"
	"time"

	"aval/internal/db"
)

const columns = `id, kind, first_id, second_id, done_by, done_at, undone_by, undone_at`

func scan(r db.Row) (a Act, err error) {
	err = r.Scan(&a.ID, &a.Kind, &a.First, &a.Second, &a.DoneBy, &a.DoneAt, &a.UndoneBy, db.When(&a.UndoneAt))
	return a, err
}

func scanText(r db.Row) (s string, err error) {
	err = r.Scan(&s)
	return s, err
}

func scanCount(r db.Row) (n int, err error) {
	err = r.Scan(&n)
	return n, err
}

// Get reads an act, also one that was undone.
func Get(ctx context.Context, tx *db.Tx, id string) (Act, error) {
	return db.One(ctx, tx, scan, `SELECT `+columns+` FROM identity_act WHERE board_id = $1 AND id = $2`, tx.Board, id)
}

func insert(ctx context.Context, tx *db.Tx, a Act, items []moved) error {
	_, err := tx.Exec(ctx, `INSERT INTO identity_act (board_id, id, kind, first_id, second_id, done_by, done_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`, tx.Board, a.ID, string(a.Kind), a.First, a.Second, a.DoneBy, a.DoneAt)
	if err != nil {
		return fmt.Errorf("keep act: %w", err)
	}
	rows := make([][]any, len(items))
	for i, m := range items {
		rows[i] = []any{a.ID, string(m.Item), m.ID, m.Was}
	}
	return db.Bulk(ctx, tx, "identity_moved", []string{"act_id", "kind", "item_id", "was"}, []string{"act_id", "kind", "item_id"}, rows)
}

// keepUndone changes no row, which is a conflict, when somebody was faster.
func keepUndone(ctx context.Context, tx *db.Tx, a Act) error {
	return db.Changed(tx.Exec(ctx, `UPDATE identity_act SET undone_by = $1, undone_at = $2
		WHERE board_id = $3 AND id = $4 AND undone_by = ''`, a.UndoneBy, a.UndoneAt, tx.Board, a.ID))
}

// itemsOf reads what an act moved.
func itemsOf(ctx context.Context, tx *db.Tx, act string) (items, error) {
	list, err := db.All(ctx, tx, func(r db.Row) (m moved, err error) {
		err = r.Scan(&m.Item, &m.ID, &m.Was)
		return m, err
	}, `SELECT kind, item_id, was FROM identity_moved WHERE board_id = $1 AND act_id = $2 ORDER BY kind, item_id`, tx.Board, act)
	of := items{}
	for _, m := range list {
		of[m.Item] = append(of[m.Item], m)
	}
	return of, err
}

// items are what an act moved, by kind.
type items map[Item][]moved

// ids are those of a kind, all or those that had this before.
func (i items) ids(of Item) (ids []string) {
	for _, m := range i[of] {
		ids = append(ids, m.ID)
	}
	return ids
}

// laterActs counts the acts that stand, came after one and are about one of its records.
func laterActs(ctx context.Context, tx *db.Tx, a Act) (int, error) {
	return db.One(ctx, tx, scanCount, `SELECT count(*) FROM identity_act WHERE board_id = $1 AND undone_by = '' AND kind <> 'part'
		AND id <> $2 AND done_at >= $3 AND (first_id IN ($4, $5) OR second_id IN ($4, $5))`,
		tx.Board, a.ID, a.DoneAt, a.First, a.Second)
}

// pageSize is how many acts, or candidates, a page holds.
const pageSize = 100

// acts reads some, the last first.
func acts(ctx context.Context, tx *db.Tx, before time.Time) ([]Act, error) {
	return db.All(ctx, tx, scan, `SELECT `+columns+` FROM identity_act WHERE board_id = $1 AND done_at < $2
		ORDER BY done_at DESC, id DESC LIMIT $3`, tx.Board, before, pageSize)
}

// counted answers how many of each the acts moved, by act.
func counted(ctx context.Context, tx *db.Tx, ids []string) (map[string]map[Item]int, error) {
	args := []any{tx.Board}
	for _, id := range ids {
		args = append(args, id)
	}
	type line struct {
		act  string
		item Item
		n    int
	}
	list, err := db.All(ctx, tx, func(r db.Row) (l line, err error) {
		err = r.Scan(&l.act, &l.item, &l.n)
		return l, err
	}, `SELECT act_id, kind, count(*) FROM identity_moved WHERE board_id = $1 AND act_id IN `+db.In(2, len(ids))+`
		GROUP BY act_id, kind`, args...)
	by := map[string]map[Item]int{}
	for _, l := range list {
		if by[l.act] == nil {
			by[l.act] = map[Item]int{}
		}
		by[l.act][l.item] = l.n
	}
	return by, err
}

// Sign is what in the data says that records may not be who they seem.
type Sign string

// The signs. The first three are of two records, the others of one.
const (
	SameNumber Sign = "number"   // two pupils, one number
	Known      Sign = "known"    // one number and one name under two source ids
	Returned   Sign = "returned" // gone, and there again under another source id
	Renamed    Sign = "renamed"  // one import changed both names
	TwoSchools Sign = "schools"  // learns in two schools
)

// Signs lists them, from the surest.
var Signs = []Sign{Known, SameNumber, Returned, Renamed, TwoSchools}

// whole leaves out records that were merged into another, and settled pairs.
const whole = ` AND NOT EXISTS (SELECT 1 FROM person_alias x WHERE x.board_id = $1 AND x.source_id IN (p.source_id, q.source_id))
	AND NOT EXISTS (SELECT 1 FROM identity_act t WHERE t.board_id = $1 AND t.undone_by = ''
		AND (t.first_id = p.id AND t.second_id = q.id OR t.first_id = q.id AND t.second_id = p.id))`

// "= true" keeps SQLite from going through all ids rather than those of the number.
const twoRecords = ` FROM person p JOIN person q ON q.board_id = p.board_id AND q.number = p.number AND (q.id > p.id) = true
	AND q.kind = 'student' AND q.status = 'active'
	WHERE p.board_id = $1 AND p.kind = 'student' AND p.status = 'active' AND p.number <> ''`

// signed says which records bear a sign: p and q, the same twice where it is one.
var signed = map[Sign]string{
	Known:      twoRecords + ` AND q.search = p.search` + whole,
	SameNumber: twoRecords + ` AND q.search <> p.search` + whole,
	Returned: ` FROM person p JOIN person q ON q.board_id = p.board_id AND q.search = p.search AND q.kind = 'student' AND q.status = 'active'
		WHERE p.board_id = $1 AND p.kind = 'student' AND p.status <> 'active' AND p.search <> ''
		AND (p.number = q.number OR p.number = '' OR q.number = '')` + whole,
	Renamed: ` FROM person p JOIN person q ON q.board_id = p.board_id AND q.id = p.id
		WHERE p.board_id = $1 AND p.kind = 'student' AND p.status = 'active' AND EXISTS (SELECT 1 FROM person_was g
			JOIN person_was f ON f.board_id = g.board_id AND f.person_id = g.person_id AND f.import_id = g.import_id AND f.attribute = 'family_name'
			WHERE g.board_id = p.board_id AND g.person_id = p.id AND g.attribute = 'given_name')` + oneSettled,
	TwoSchools: ` FROM person p JOIN person q ON q.board_id = p.board_id AND q.id = p.id
		WHERE p.board_id = $1 AND p.kind = 'student' AND p.status = 'active' AND (SELECT count(DISTINCT r.org_id) FROM person_role r
			JOIN org o ON o.board_id = r.board_id AND o.id = r.org_id AND o.kind = 'school'
			WHERE r.board_id = p.board_id AND r.person_id = p.id AND r.role = 'student') > 1` + oneSettled,
}

const oneSettled = ` AND NOT EXISTS (SELECT 1 FROM identity_act t WHERE t.board_id = $1 AND t.undone_by = ''
	AND t.first_id = p.id AND (t.second_id = p.id OR t.kind = 'split'))`

type pair struct{ first, second string }

// bearing reads some. They are found before they are sorted: a sort in sight makes SQLite
// go through all pairs in that order.
func bearing(ctx context.Context, tx *db.Tx, s Sign) ([]pair, error) {
	return db.All(ctx, tx, func(r db.Row) (p pair, err error) {
		err = r.Scan(&p.first, &p.second)
		return p, err
	}, `WITH found (first_id, second_id) AS MATERIALIZED (SELECT p.id, q.id`+signed[s]+`)
		SELECT first_id, second_id FROM found ORDER BY first_id, second_id LIMIT $2`, tx.Board, pageSize)
}

func countBearing(ctx context.Context, tx *db.Tx, s Sign) (int, error) {
	return db.One(ctx, tx, scanCount, `SELECT count(*)`+signed[s], tx.Board)
}
