package access

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"aval/internal/db"
	"aval/internal/i18n"
	"aval/internal/licence"
	"aval/internal/pseudonym"
	"aval/internal/vault"
)

const columns = `id, licence_id, login_id, state, was, by_hand, password, vendor_name, sent_on, changed_on, version, seen_on, why`

func scan(r db.Row) (a Account, err error) {
	err = r.Scan(&a.ID, &a.LicenceID, &a.LoginID, &a.State, &a.Was, &a.ByHand, &a.password, &a.vendorName, &a.SentOn,
		&a.ChangedOn, &a.Version, &a.SeenOn, &a.Why)
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

func place(column, id string) vault.Place {
	return vault.Place{Table: "pupil_account", Column: column, Row: id}
}

// sealed is what an account keeps sealed; both columns are always under one key.
type sealed struct {
	Password   pseudonym.Password
	VendorName string
}

func (a *Account) seal(keys *vault.Keys, s sealed) error {
	text, err := json.Marshal([2]string{s.Password.Text, s.Password.Picture})
	if err != nil {
		return fmt.Errorf("seal account: %w", err)
	}
	if a.password, err = keys.Seal(place("password", a.ID), text); err != nil {
		return err
	}
	a.vendorName, err = keys.Seal(place("vendor_name", a.ID), []byte(s.VendorName))
	return err
}

// opened answers what is sealed; nothing of a retired account.
func (a Account) opened(keys *vault.Keys) (s sealed, err error) {
	if len(a.password) == 0 {
		return s, nil
	}
	text, err := keys.Open(place("password", a.ID), a.password)
	if err != nil {
		return s, err
	}
	var pair [2]string
	if err := json.Unmarshal(text, &pair); err != nil {
		return s, fmt.Errorf("open account %s: what was sealed has another shape", a.ID)
	}
	name, err := keys.Open(place("vendor_name", a.ID), a.vendorName)
	return sealed{Password: pseudonym.Password{Text: pair[0], Picture: pair[1]}, VendorName: string(name)}, err
}

// hold makes others who would give or take seats of the licence wait.
func hold(ctx context.Context, tx *db.Tx, id licence.ID) error {
	_, err := tx.Exec(ctx, `INSERT INTO account_batch (board_id, licence_id, batches) VALUES ($1, $2, 1)
		ON CONFLICT (board_id, licence_id) DO UPDATE SET batches = account_batch.batches + 1`, tx.Board, string(id))
	return err
}

func get(ctx context.Context, tx *db.Tx, id string) (Account, error) {
	return db.One(ctx, tx, scan, `SELECT `+columns+` FROM pupil_account WHERE board_id = $1 AND id = $2`, tx.Board, id)
}

// ofLicence answers the accounts of a licence in some states, by id.
func ofLicence(ctx context.Context, tx *db.Tx, id licence.ID, states []State) ([]Account, error) {
	return db.All(ctx, tx, scan, `SELECT `+columns+` FROM pupil_account
		WHERE board_id = $1 AND licence_id = $2 AND state IN `+db.In(3, len(states))+` ORDER BY id`, db.Args(states, tx.Board, string(id))...)
}

// byLogin answers the accounts of some login names on a licence that are not retired.
func byLogin(ctx context.Context, tx *db.Tx, id licence.ID, loginIDs []string) (all []Account, err error) {
	for part := range slices.Chunk(loginIDs, 500) {
		some, err := db.All(ctx, tx, scan, `SELECT `+columns+` FROM pupil_account
			WHERE board_id = $1 AND licence_id = $2 AND state <> 'retired' AND login_id IN `+db.In(3, len(part)), db.Args(part, tx.Board, string(id))...)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

// loginsOf answers the login names that have an account on a licence that is not retired.
func loginsOf(ctx context.Context, tx *db.Tx, id licence.ID) (map[string]bool, error) {
	list, err := db.All(ctx, tx, scanText, `SELECT login_id FROM pupil_account
		WHERE board_id = $1 AND licence_id = $2 AND state <> 'retired'`, tx.Board, string(id))
	has := make(map[string]bool, len(list))
	for _, id := range list {
		has[id] = true
	}
	return has, err
}

func insert(ctx context.Context, tx *db.Tx, made []Account) error {
	rows := make([][]any, len(made))
	for i, a := range made {
		rows[i] = []any{a.ID, string(a.LicenceID), a.LoginID, string(a.State), a.password, a.vendorName, a.ChangedOn}
	}
	return db.Bulk(ctx, tx, "pupil_account",
		[]string{"id", "licence_id", "login_id", "state", "password", "vendor_name", "changed_on"}, nil, rows)
}

// update keeps an account, unless somebody was there first.
func update(ctx context.Context, tx *db.Tx, a *Account) error {
	a.ChangedOn = i18n.DayOf(tx.Now)
	err := db.Changed(tx.Exec(ctx, `UPDATE pupil_account SET state = $4, was = $5, by_hand = $6, password = $7, vendor_name = $8,
		sent_on = $9, changed_on = $10, why = $11, version = version + 1 WHERE board_id = $1 AND id = $2 AND version = $3`,
		tx.Board, a.ID, a.Version, string(a.State), string(a.Was), a.ByHand, a.password, a.vendorName, a.SentOn, a.ChangedOn, string(a.Why)))
	if err == nil {
		a.Version++
	}
	return err
}

// counted reads how the accounts of a licence stand.
func counted(ctx context.Context, tx *db.Tx, l licence.Licence) (Counts, error) {
	c := Counts{By: map[State]int{}, Seats: l.Seats}
	type line struct {
		state  State
		byHand bool
		n      int
	}
	lines, err := db.All(ctx, tx, func(r db.Row) (x line, err error) {
		err = r.Scan(&x.state, &x.byHand, &x.n)
		return x, err
	}, `SELECT state, by_hand, count(*) FROM pupil_account WHERE board_id = $1 AND licence_id = $2 GROUP BY state, by_hand`,
		tx.Board, string(l.ID))
	if err != nil {
		return c, err
	}
	for _, x := range lines {
		c.By[x.state] += x.n
		if x.state == Suspended && !x.byHand {
			c.Left += x.n
		}
	}
	c.Pupils, err = licence.Size(ctx, tx, l)
	return c, err
}

// pupil is the little of a person that an account is made from.
type pupil struct {
	ID, Grade, Email, Given, Family, Lang string
}

func pupils(ctx context.Context, tx *db.Tx, ids []string) (map[string]pupil, error) {
	by := make(map[string]pupil, len(ids))
	for part := range slices.Chunk(ids, 500) {
		some, err := db.All(ctx, tx, func(r db.Row) (p pupil, err error) {
			err = r.Scan(&p.ID, &p.Grade, &p.Email, &p.Given, &p.Family, &p.Lang)
			return p, err
		}, `SELECT p.id, p.grade, p.email, p.given_name, p.family_name, COALESCE((SELECT min(o.language) FROM person_role r
				JOIN org o ON o.board_id = r.board_id AND o.id = r.org_id AND o.kind = 'school' AND o.status = 'active'
				WHERE r.board_id = p.board_id AND r.person_id = p.id AND r.role = 'student'), '')
			FROM person p WHERE p.board_id = $1 AND p.id IN `+db.In(2, len(part)), db.Args(part, tx.Board)...)
		if err != nil {
			return nil, err
		}
		for _, p := range some {
			by[p.ID] = p
		}
	}
	return by, nil
}

// older is the accounts that keep something sealed under another key than the newest.
const older = ` FROM pupil_account WHERE board_id = $1 AND length(password) > 0 AND substr(password, 1, 5) <> $2`

// Reseal implements vault.Resealer.
func (s *Accounts) Reseal(ctx context.Context, tx *db.Tx, keys *vault.Keys, after string, limit int) (last string, err error) {
	old, err := db.All(ctx, tx, scan, `SELECT `+columns+older+` AND id > $3 ORDER BY id LIMIT $4`, tx.Board, keys.Prefix(), after, limit)
	if err != nil {
		return "", err
	}
	for _, was := range old {
		last = was.ID
		plain, err := was.opened(keys)
		if err != nil {
			continue // changed or moved: Older counts it
		}
		is := was
		if err := is.seal(keys, plain); err != nil {
			return "", err
		}
		if _, err := tx.Exec(ctx, `UPDATE pupil_account SET password = $1, vendor_name = $2
			WHERE board_id = $3 AND id = $4 AND password = $5 AND vendor_name = $6`,
			is.password, is.vendorName, tx.Board, was.ID, was.password, was.vendorName); err != nil {
			return "", err
		}
	}
	return last, nil
}

// Older implements vault.Resealer.
func (s *Accounts) Older(ctx context.Context, tx *db.Tx, keys *vault.Keys) (int, error) {
	return db.One(ctx, tx, scanCount, `SELECT count(*)`+older, tx.Board, keys.Prefix())
}
