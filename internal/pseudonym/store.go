package pseudonym

import (
	"context"
	"fmt"

	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/vault"
)

// What the MACs are of.
const (
	ofName   = "login_name.name"
	ofPerson = "login_name.person"
)

// entry is a row: a name and whose it is, both sealed. A retired one whose
// person was purged has an empty person.
type entry struct {
	id                 string
	name, person       []byte
	nameMAC, personMAC string
}

func place(column, id string) vault.Place {
	return vault.Place{Table: "login_name", Column: column, Row: id}
}

// seal seals the row anew, under the newest key.
func (e *entry) seal(keys *vault.Keys, name, person string) (err error) {
	if e.name, err = keys.Seal(place("name", e.id), []byte(name)); err != nil {
		return err
	}
	if e.nameMAC, err = keys.MAC(ofName, name); err != nil {
		return err
	}
	e.person, e.personMAC = []byte{}, ""
	if person == "" {
		return nil
	}
	if e.person, err = keys.Seal(place("person", e.id), []byte(person)); err != nil {
		return err
	}
	e.personMAC, err = keys.MAC(ofPerson, person)
	return err
}

func (e *entry) open(keys *vault.Keys) (name, person string, err error) {
	text, err := keys.Open(place("name", e.id), e.name)
	if err != nil || len(e.person) == 0 {
		return string(text), "", err
	}
	whose, err := keys.Open(place("person", e.id), e.person)
	return string(text), string(whose), err
}

const columns = `id, name, person, name_mac, person_mac`

func scan(r db.Row) (e entry, err error) {
	err = r.Scan(&e.id, &e.name, &e.person, &e.nameMAC, &e.personMAC)
	return e, err
}

func word(r db.Row) (s string, err error) {
	err = r.Scan(&s)
	return s, err
}

// with are the arguments of a statement that ends with a list.
func with(list []string, first ...any) []any {
	for _, v := range list {
		first = append(first, v)
	}
	return first
}

// lockIssue makes others who would issue, retire or seal again wait until the
// transaction ends.
func lockIssue(ctx context.Context, tx *db.Tx) error {
	_, err := tx.Exec(ctx, `INSERT INTO login_issue (board_id, batches) VALUES ($1, 1)
		ON CONFLICT (board_id) DO UPDATE SET batches = login_issue.batches + 1`, tx.Board)
	if err != nil {
		return fmt.Errorf("lock login names: %w", err)
	}
	return nil
}

// youth answers the active pupils of the youth sector, of these people or (nil)
// of all: who has the pupil's role at one of its schools, or is in a class of one.
func youth(ctx context.Context, tx *db.Tx, of []string) ([]string, error) {
	query := `SELECT p.id FROM person p WHERE p.board_id = $1 AND p.kind = 'student' AND p.status = 'active'
		AND (EXISTS (SELECT 1 FROM person_role r JOIN org o ON o.board_id = r.board_id AND o.id = r.org_id
				WHERE r.board_id = p.board_id AND r.person_id = p.id AND r.role = 'student'
				AND o.kind = 'school' AND o.sector = 'youth' AND o.status = 'active')
			OR EXISTS (SELECT 1 FROM enrollment e JOIN class c ON c.board_id = e.board_id AND c.id = e.class_id
				JOIN org o ON o.board_id = c.board_id AND o.id = c.school_id
				WHERE e.board_id = p.board_id AND e.person_id = p.id AND e.role = 'student' AND e.status = 'active'
				AND c.status = 'active' AND o.kind = 'school' AND o.sector = 'youth' AND o.status = 'active'))`
	if of == nil {
		return db.All(ctx, tx, word, query, tx.Board)
	}
	return db.All(ctx, tx, word, query+` AND p.id IN `+db.In(2, len(of)), with(of, tx.Board)...)
}

// activeMACs are the MACs of everyone who has a name.
func activeMACs(ctx context.Context, tx *db.Tx) (map[string]bool, error) {
	list, err := db.All(ctx, tx, word, `SELECT person_mac FROM login_name WHERE board_id = $1 AND retired_on = ''`, tx.Board)
	named := make(map[string]bool, len(list))
	for _, mac := range list {
		named[mac] = true
	}
	return named, err
}

func activeOf(ctx context.Context, tx *db.Tx, personMACs []string) ([]entry, error) {
	return db.All(ctx, tx, scan, `SELECT `+columns+` FROM login_name
		WHERE board_id = $1 AND retired_on = '' AND person_mac IN `+db.In(2, len(personMACs)), with(personMACs, tx.Board)...)
}

func activeNamed(ctx context.Context, tx *db.Tx, nameMACs []string) ([]entry, error) {
	return db.All(ctx, tx, scan, `SELECT `+columns+` FROM login_name
		WHERE board_id = $1 AND retired_on = '' AND name_mac IN `+db.In(2, len(nameMACs)), with(nameMACs, tx.Board)...)
}

// givenNames are those of some MACs that are there, active or retired.
func givenNames(ctx context.Context, tx *db.Tx, nameMACs []string) ([]string, error) {
	return db.All(ctx, tx, word, `SELECT name_mac FROM login_name
		WHERE board_id = $1 AND name_mac IN `+db.In(2, len(nameMACs)), with(nameMACs, tx.Board)...)
}

func insert(ctx context.Context, tx *db.Tx, given []entry, on string) error {
	rows := make([][]any, len(given))
	for i, e := range given {
		rows[i] = []any{e.id, e.name, e.person, e.nameMAC, e.personMAC, on}
	}
	err := db.Bulk(ctx, tx, "login_name", []string{"id", "name", "person", "name_mac", "person_mac", "issued_on"}, nil, rows)
	if err != nil {
		return fmt.Errorf("keep login names: %w", err)
	}
	return nil
}

// retire ends the active name of a person; NotFound when there is none.
func retire(ctx context.Context, tx *db.Tx, personMACs []string, on string) error {
	n, err := tx.Exec(ctx, `UPDATE login_name SET retired_on = $2
		WHERE board_id = $1 AND retired_on = '' AND person_mac IN `+db.In(3, len(personMACs)), with(personMACs, tx.Board, on)...)
	if err == nil && n == 0 {
		return fault.Missing()
	}
	return err
}

// forget ends the names of a person and whose they were.
func forget(ctx context.Context, tx *db.Tx, personMACs []string, on string) error {
	_, err := tx.Exec(ctx, `UPDATE login_name SET person = $2, person_mac = '',
			retired_on = CASE WHEN retired_on = '' THEN $3 ELSE retired_on END
		WHERE board_id = $1 AND person_mac IN `+db.In(4, len(personMACs)), with(personMACs, tx.Board, []byte{}, on)...)
	return err
}

// Reseal implements vault.Resealer.
func (n *Names) Reseal(ctx context.Context, tx *db.Tx, keys *vault.Keys, after string, limit int) (last string, err error) {
	if err := lockIssue(ctx, tx); err != nil { // who changes several rows does it alone
		return "", err
	}
	old, err := db.All(ctx, tx, scan, `SELECT `+columns+` FROM login_name
		WHERE board_id = $1 AND id > $2 AND substr(name, 1, 5) <> $3 ORDER BY id LIMIT $4`, tx.Board, after, keys.Prefix(), limit)
	if err != nil {
		return "", err
	}
	for _, was := range old {
		last = was.id
		name, person, err := was.open(keys)
		if err != nil {
			continue // changed or moved: Older counts it
		}
		is := entry{id: was.id}
		if err := is.seal(keys, name, person); err != nil {
			return "", err
		}
		_, err = tx.Exec(ctx, `UPDATE login_name SET name = $1, person = $2, name_mac = $3, person_mac = $4
			WHERE board_id = $5 AND id = $6 AND name = $7 AND person = $8`,
			is.name, is.person, is.nameMAC, is.personMAC, tx.Board, was.id, was.name, was.person)
		if err != nil {
			return "", err
		}
	}
	return last, nil
}

// Older implements vault.Resealer.
func (n *Names) Older(ctx context.Context, tx *db.Tx, keys *vault.Keys) (int, error) {
	return db.One(ctx, tx, func(r db.Row) (n int, err error) {
		err = r.Scan(&n)
		return n, err
	}, `SELECT count(*) FROM login_name WHERE board_id = $1 AND substr(name, 1, 5) <> $2`, tx.Board, keys.Prefix())
}
