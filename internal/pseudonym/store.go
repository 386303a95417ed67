package pseudonym

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

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
	retiredOn          string
}

// place binds a value to its row and to the day on which the name was retired: a
// row that is made active again in the database opens no more.
func (e *entry) place(column string) vault.Place {
	if e.retiredOn != "" {
		column += " retired " + e.retiredOn
	}
	return vault.Place{Table: "login_name", Column: column, Row: e.id}
}

// seal seals the row anew, under the newest key.
func (e *entry) seal(keys *vault.Keys, name, person string) (err error) {
	if e.name, err = keys.Seal(e.place("name"), []byte(name)); err != nil {
		return err
	}
	if e.nameMAC, err = keys.MAC(ofName, name); err != nil {
		return err
	}
	e.person, e.personMAC = []byte{}, ""
	if person == "" {
		return nil
	}
	if e.person, err = keys.Seal(e.place("person"), []byte(person)); err != nil {
		return err
	}
	e.personMAC, err = keys.MAC(ofPerson, person)
	return err
}

func (e *entry) open(keys *vault.Keys) (name, person string, err error) {
	text, err := keys.Open(e.place("name"), e.name)
	if err != nil || len(e.person) == 0 {
		return string(text), "", err
	}
	whose, err := keys.Open(e.place("person"), e.person)
	return string(text), string(whose), err
}

const columns = `id, name, person, name_mac, person_mac, retired_on`

func scan(r db.Row) (e entry, err error) {
	err = r.Scan(&e.id, &e.name, &e.person, &e.nameMAC, &e.personMAC, &e.retiredOn)
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

// active are the rows of every active name.
func active(ctx context.Context, tx *db.Tx) ([]entry, error) {
	return db.All(ctx, tx, scan, `SELECT `+columns+` FROM login_name WHERE board_id = $1 AND retired_on = ''`, tx.Board)
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

// retire ends the active name of a person; NotFound when there is none, Conflict
// when it was changed or moved in the database.
func retire(ctx context.Context, tx *db.Tx, keys *vault.Keys, personMACs []string, on string) error {
	held, err := activeOf(ctx, tx, personMACs)
	if err == nil && len(held) == 0 {
		return fault.Missing()
	}
	for _, was := range held {
		name, person, err := was.open(keys)
		if err != nil {
			return err
		}
		is := entry{id: was.id, retiredOn: on}
		if err := is.seal(keys, name, person); err != nil {
			return err
		}
		if err := db.Changed(update(ctx, tx, is, was)); err != nil {
			return err
		}
	}
	return err
}

// forget ends the names of a person and whose they were. One that was changed or
// moved in the database is forgotten as it stands.
func forget(ctx context.Context, tx *db.Tx, keys *vault.Keys, personMACs []string, on string) error {
	theirs, err := db.All(ctx, tx, scan, `SELECT `+columns+` FROM login_name
		WHERE board_id = $1 AND person_mac IN `+db.In(2, len(personMACs)), with(personMACs, tx.Board)...)
	if err != nil {
		return err
	}
	for _, was := range theirs {
		is := was
		if is.retiredOn == "" {
			is.retiredOn = on
		}
		name, _, err := was.open(keys)
		if err == nil {
			err = is.seal(keys, name, "")
		} else {
			is.person, is.personMAC, err = []byte{}, "", nil
		}
		if err != nil {
			return err
		}
		if err := db.Changed(update(ctx, tx, is, was)); err != nil {
			return err
		}
	}
	return nil
}

// update keeps a row sealed anew, unless somebody else changed it.
func update(ctx context.Context, tx *db.Tx, is, was entry) (int64, error) {
	return tx.Exec(ctx, `UPDATE login_name SET name = $1, person = $2, name_mac = $3, person_mac = $4, retired_on = $5
		WHERE board_id = $6 AND id = $7 AND name = $8 AND person = $9`,
		is.name, is.person, is.nameMAC, is.personMAC, is.retiredOn, tx.Board, was.id, was.name, was.person)
}

// keysGone tells that the board has rows, and keys that sealed none of them: its
// own were deleted in the database, and others made since, or none.
func keysGone(ctx context.Context, tx *db.Tx, prefixes [][]byte) (bool, error) {
	args := []any{tx.Board}
	for _, p := range prefixes {
		args = append(args, p)
	}
	return db.One(ctx, tx, func(r db.Row) (gone bool, err error) {
		err = r.Scan(&gone)
		return gone, err
	}, `SELECT EXISTS (SELECT 1 FROM login_name WHERE board_id = $1)
		AND NOT EXISTS (SELECT 1 FROM login_name WHERE board_id = $1 AND substr(name, 1, 5) IN `+db.In(2, len(prefixes))+`)`, args...)
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
		is := entry{id: was.id, retiredOn: was.retiredOn}
		if err := is.seal(keys, name, person); err != nil {
			return "", err
		}
		if _, err := update(ctx, tx, is, was); err != nil {
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

// settings are the board's, as they stand.
func settings(ctx context.Context, tx *db.Tx) (is Settings, err error) {
	is, err = db.One(ctx, tx, func(r db.Row) (is Settings, err error) {
		var kinds, words string
		if err := r.Scan(&kinds, &words, &is.Version); err != nil {
			return is, err
		}
		if words != "" {
			is.Words = strings.Split(words, "\n")
		}
		if err := json.Unmarshal([]byte(kinds), &is.Kinds); err != nil {
			return is, fmt.Errorf("kinds of password of board %s: %w", tx.Board, err)
		}
		return is, nil
	}, `SELECT kinds, words, version FROM login_setting WHERE board_id = $1`, tx.Board)
	if fault.Is(err, fault.NotFound) {
		return Settings{}, nil
	}
	return is, err
}

// keepSettings keeps them, unless somebody changed them since their version.
func keepSettings(ctx context.Context, tx *db.Tx, is Settings) error {
	kinds, err := json.Marshal(is.Kinds)
	if err != nil {
		return fmt.Errorf("kinds of password: %w", err)
	}
	return db.Changed(tx.Exec(ctx, `INSERT INTO login_setting (board_id, kinds, words, version) VALUES ($1, $2, $3, 1)
		ON CONFLICT (board_id) DO UPDATE SET kinds = excluded.kinds, words = excluded.words, version = login_setting.version + 1
		WHERE login_setting.version = $4`, tx.Board, string(kinds), strings.Join(is.Words, "\n"), is.Version))
}
