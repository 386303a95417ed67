package source

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"aval/internal/db"
	"aval/internal/vault"
)

const columns = `id, name, edition, base_url, token_url, client_id, secret, every, hour, weekday, full_days, made_by, made_at, removed_at, version`

// kept is a source with its sealed secret.
type kept struct {
	Source
	sealed []byte
}

func scan(r db.Row) (k kept, err error) {
	err = r.Scan(&k.ID, &k.Name, &k.Edition, &k.BaseURL, &k.TokenURL, &k.ClientID, &k.sealed, &k.Every, &k.Hour, &k.Weekday,
		&k.FullDays, &k.MadeBy, &k.MadeAt, db.When(&k.RemovedAt), &k.Version)
	return k, err
}

func get(ctx context.Context, tx *db.Tx, id ID) (kept, error) {
	return db.One(ctx, tx, scan, `SELECT `+columns+` FROM roster_source WHERE board_id = $1 AND id = $2 AND removed_at IS NULL`,
		tx.Board, string(id))
}

func all(ctx context.Context, tx *db.Tx) ([]kept, error) {
	return db.All(ctx, tx, scan, `SELECT `+columns+` FROM roster_source WHERE board_id = $1 AND removed_at IS NULL ORDER BY name, id`, tx.Board)
}

// Names are those of the sources in use.
func Names(ctx context.Context, tx *db.Tx) (map[ID]string, error) {
	list, err := all(ctx, tx)
	names := make(map[ID]string, len(list))
	for _, k := range list {
		names[k.ID] = k.Name
	}
	return names, err
}

func insert(ctx context.Context, tx *db.Tx, s Source, sealed []byte) error {
	_, err := tx.Exec(ctx, `INSERT INTO roster_source (board_id, id, name, edition, base_url, token_url, client_id, secret, every, hour,
			weekday, full_days, made_by, made_at, version)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`, tx.Board, string(s.ID), s.Name, string(s.Edition),
		s.BaseURL, s.TokenURL, s.ClientID, sealed, string(s.Every), s.Hour, s.Weekday, s.FullDays, s.MadeBy, s.MadeAt, s.Version)
	return err
}

// update keeps a source, unless somebody was faster.
func update(ctx context.Context, tx *db.Tx, s *Source, sealed []byte) error {
	err := db.Changed(tx.Exec(ctx, `UPDATE roster_source SET name = $4, edition = $5, base_url = $6, token_url = $7, client_id = $8,
			secret = $9, every = $10, hour = $11, weekday = $12, full_days = $13, removed_at = $14, version = version + 1
		WHERE board_id = $1 AND id = $2 AND version = $3`, tx.Board, string(s.ID), s.Version, s.Name, string(s.Edition), s.BaseURL,
		s.TokenURL, s.ClientID, sealed, string(s.Every), s.Hour, s.Weekday, s.FullDays, db.Moment(s.RemovedAt)))
	if err == nil {
		s.Version++
	}
	return err
}

const pullColumns = `id, source_id, state, whole, since, as_of, started_by, started_at, touched_at, ended_at, again_at, tries, page_size,
	trouble, trouble_at, accepted_by, counts, version`

func scanPull(r db.Row) (p Pull, err error) {
	var counts string
	err = r.Scan(&p.ID, &p.SourceID, &p.State, &p.Whole, db.When(&p.Since), db.When(&p.AsOf), &p.StartedBy, &p.StartedAt, &p.TouchedAt,
		db.When(&p.EndedAt), db.When(&p.AgainAt), &p.Tries, &p.PageSize, &p.Trouble, &p.TroubleAt, &p.Accepted, &counts, &p.Version)
	if err == nil {
		err = json.Unmarshal([]byte(counts), &p.Counts)
	}
	return p, err
}

func getPull(ctx context.Context, tx *db.Tx, id string) (Pull, error) {
	return db.One(ctx, tx, scanPull, `SELECT `+pullColumns+` FROM roster_pull WHERE board_id = $1 AND id = $2`, tx.Board, id)
}

// pulls reads the last fetches of a source, the latest first.
func pulls(ctx context.Context, tx *db.Tx, id ID, limit int) ([]Pull, error) {
	return db.All(ctx, tx, scanPull, `SELECT `+pullColumns+` FROM roster_pull WHERE board_id = $1 AND source_id = $2
		ORDER BY started_at DESC, id LIMIT `+strconv.Itoa(limit), tx.Board, string(id))
}

// held reads the fetches that wait for a person.
func held(ctx context.Context, tx *db.Tx) ([]Pull, error) {
	return db.All(ctx, tx, scanPull, `SELECT `+pullColumns+` FROM roster_pull WHERE board_id = $1 AND state = 'held' ORDER BY id`, tx.Board)
}

// lastDone reads the last fetch of a source that was imported; whole: of everything.
func lastDone(ctx context.Context, tx *db.Tx, id ID, whole bool) ([]Pull, error) {
	return db.All(ctx, tx, scanPull, `SELECT `+pullColumns+` FROM roster_pull WHERE board_id = $1 AND source_id = $2
		AND state = 'done' AND (whole = $3 OR whole) ORDER BY started_at DESC, id LIMIT 1`, tx.Board, string(id), whole)
}

func insertPull(ctx context.Context, tx *db.Tx, p Pull) error {
	_, err := tx.Exec(ctx, `INSERT INTO roster_pull (board_id, id, source_id, state, whole, since, started_by, started_at, touched_at,
			page_size, version)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`, tx.Board, p.ID, string(p.SourceID), string(p.State), p.Whole,
		db.Moment(p.Since), p.StartedBy, p.StartedAt, p.TouchedAt, p.PageSize, p.Version)
	return err
}

// updatePull keeps a fetch, unless somebody else works on it.
func updatePull(ctx context.Context, tx *db.Tx, p *Pull) error {
	counts, err := json.Marshal(p.Counts)
	if err != nil {
		return fmt.Errorf("counts of pull: %w", err)
	}
	p.TouchedAt = tx.Now
	err = db.Changed(tx.Exec(ctx, `UPDATE roster_pull SET state = $4, whole = $5, since = $6, as_of = $7, touched_at = $8, ended_at = $9,
			again_at = $10, tries = $11, page_size = $12, trouble = $13, trouble_at = $14, accepted_by = $15, counts = $16,
			version = version + 1
		WHERE board_id = $1 AND id = $2 AND version = $3`, tx.Board, p.ID, p.Version, string(p.State), p.Whole, db.Moment(p.Since),
		db.Moment(p.AsOf), p.TouchedAt, db.Moment(p.EndedAt), db.Moment(p.AgainAt), p.Tries, p.PageSize, p.Trouble, p.TroubleAt,
		p.Accepted, string(counts)))
	if err == nil {
		p.Version++
	}
	return err
}

// page is a part of a collection that was read.
type page struct {
	id         string
	number     int
	collection string
	items      int
	digest     string
	sealed     []byte
}

const pageColumns = `id, number, collection, items, digest, sealed`

func scanPage(r db.Row) (p page, err error) {
	err = r.Scan(&p.id, &p.number, &p.collection, &p.items, &p.digest, &p.sealed)
	return p, err
}

func pagePlace(id string) vault.Place {
	return vault.Place{Table: "roster_page", Column: "sealed", Row: id}
}

func secretPlace(id ID) vault.Place {
	return vault.Place{Table: "roster_source", Column: "secret", Row: string(id)}
}

func insertPage(ctx context.Context, tx *db.Tx, pull string, p page) error {
	_, err := tx.Exec(ctx, `INSERT INTO roster_page (board_id, id, pull_id, number, collection, items, digest, sealed)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`, tx.Board, p.id, pull, p.number, p.collection, p.items, p.digest, p.sealed)
	return err
}

// lastPage reads the last page that was kept of a pull, or none.
func lastPage(ctx context.Context, tx *db.Tx, pull string) ([]page, error) {
	return db.All(ctx, tx, scanPage, `SELECT `+pageColumns+` FROM roster_page WHERE board_id = $1 AND pull_id = $2
		ORDER BY number DESC LIMIT 1`, tx.Board, pull)
}

func numbered(ctx context.Context, tx *db.Tx, pull string, number int) ([]page, error) {
	return db.All(ctx, tx, scanPage, `SELECT `+pageColumns+` FROM roster_page WHERE board_id = $1 AND pull_id = $2 AND number = $3`,
		tx.Board, pull, number)
}

// repeats tells whether a page of a collection has the very records of an earlier one.
func repeats(ctx context.Context, tx *db.Tx, pull, collection, digest string) (bool, error) {
	n, err := db.One(ctx, tx, scanCount, `SELECT count(*) FROM roster_page WHERE board_id = $1 AND pull_id = $2 AND collection = $3
		AND digest = $4`, tx.Board, pull, collection, digest)
	return n > 0, err
}

func deletePages(ctx context.Context, tx *db.Tx, pull string) error {
	_, err := tx.Exec(ctx, `DELETE FROM roster_page WHERE board_id = $1 AND pull_id = $2`, tx.Board, pull)
	return err
}

func scanCount(r db.Row) (n int, err error) {
	err = r.Scan(&n)
	return n, err
}

// heldRoles reads what people, by their source ids, are and where.
func heldRoles(ctx context.Context, tx *db.Tx, users []string) (list []heldRole, err error) {
	for some := range slices.Chunk(users, 500) {
		args := []any{tx.Board}
		for _, u := range some {
			args = append(args, u)
		}
		part, err := db.All(ctx, tx, func(r db.Row) (h heldRole, err error) {
			err = r.Scan(&h.user, &h.org, &h.role)
			return h, err
		}, `SELECT p.source_id, o.source_id, r.role FROM person_role r
			JOIN person p ON p.board_id = r.board_id AND p.id = r.person_id
			JOIN org o ON o.board_id = r.board_id AND o.id = r.org_id
			WHERE r.board_id = $1 AND p.source_id IN `+db.In(2, len(some)), args...)
		if err != nil {
			return nil, err
		}
		list = append(list, part...)
	}
	return list, nil
}

// content is what a page keeps: its lines, and what follows it.
type content struct {
	Next string // query of the next page, byOffset, or "" where the collection ends
	Rows rows
}

// pack makes a page small before it is sealed.
func (c content) pack() ([]byte, error) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if err := json.NewEncoder(z).Encode(c); err != nil {
		return nil, fmt.Errorf("pack page: %w", err)
	}
	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("pack page: %w", err)
	}
	return b.Bytes(), nil
}

// open reads what a page keeps. It refuses (a trouble) what the board's keys do not open any more.
func (p page) open(keys *vault.Keys) (c content, err error) {
	plain, err := keys.Open(pagePlace(p.id), p.sealed)
	if err != nil {
		return c, stuck(unsealable)
	}
	z, err := gzip.NewReader(bytes.NewReader(plain))
	if err != nil {
		return c, stuck(unsealable)
	}
	text, err := io.ReadAll(z)
	if err != nil || json.Unmarshal(text, &c) != nil {
		return c, stuck(unsealable)
	}
	return c, nil
}

// forget deletes the pulls of a source that ended before a day.
func forget(ctx context.Context, tx *db.Tx, id ID, before time.Time) error {
	_, err := tx.Exec(ctx, `DELETE FROM roster_pull WHERE board_id = $1 AND source_id = $2 AND ended_at < $3
		AND state IN ('done', 'failed', 'dropped')
		AND NOT EXISTS (SELECT 1 FROM roster_page g WHERE g.board_id = roster_pull.board_id AND g.pull_id = roster_pull.id)`,
		tx.Board, string(id), before)
	return err
}
