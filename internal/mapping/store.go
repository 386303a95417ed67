package mapping

import (
	"context"
	"encoding/json"
	"fmt"

	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/org"
	"aval/internal/person"
	"aval/internal/roster"
)

const columns = `m.id, m.name, m.version, m.body, m.saved_by, m.saved_at`

func scan(row db.Row) (m Mapping, err error) {
	var body string
	if err := row.Scan(&m.ID, &m.Name, &m.Version, &body, &m.SavedBy, &m.SavedAt); err != nil {
		return m, err
	}
	if err := json.Unmarshal([]byte(body), &m.Body); err != nil {
		return m, fmt.Errorf("read mapping %s: %w", m.ID, err)
	}
	return m, nil
}

// all reads the last version of each mapping, by name.
func all(ctx context.Context, tx *db.Tx) ([]Mapping, error) {
	return db.All(ctx, tx, scan, `SELECT `+columns+` FROM roster_mapping m WHERE m.board_id = $1
		AND m.version = (SELECT max(n.version) FROM roster_mapping n WHERE n.board_id = $1 AND n.name = m.name) ORDER BY m.name`, tx.Board)
}

// get reads the last version of a mapping by its name.
func get(ctx context.Context, tx *db.Tx, name string) (Mapping, error) {
	return db.One(ctx, tx, scan, `SELECT `+columns+` FROM roster_mapping m WHERE m.board_id = $1 AND m.name = $2
		ORDER BY m.version DESC LIMIT 1`, tx.Board, name)
}

// insert keeps a version, and answers whether nobody was before with the same number.
func insert(ctx context.Context, tx *db.Tx, m Mapping) (bool, error) {
	body, err := json.Marshal(m.Body)
	if err != nil {
		return false, fmt.Errorf("keep mapping: %w", err)
	}
	n, err := tx.Exec(ctx, `INSERT INTO roster_mapping (board_id, id, name, version, body, saved_by, saved_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (board_id, name, version) DO NOTHING`, tx.Board, m.ID, m.Name, m.Version, string(body), m.SavedBy, m.SavedAt)
	return n > 0, err
}

// post is what someone is somewhere, by source ids.
type post struct {
	person, org string
	role        person.Role
}

func posts(ctx context.Context, tx *db.Tx) (map[string][]post, error) {
	list, err := db.All(ctx, tx, func(row db.Row) (p post, err error) {
		err = row.Scan(&p.person, &p.org, &p.role)
		return p, err
	}, `SELECT p.source_id, o.source_id, r.role FROM person_role r JOIN person p ON p.board_id = r.board_id AND p.id = r.person_id
		JOIN org o ON o.board_id = r.board_id AND o.id = r.org_id
		WHERE r.board_id = $1 AND p.status = 'active' ORDER BY p.source_id, o.source_id, r.role`, tx.Board)
	by := map[string][]post{}
	for _, p := range list {
		by[p.person] = append(by[p.person], p)
	}
	return by, err
}

func scanPerson(row db.Row) (p person.Person, err error) {
	err = row.Scan(&p.SourceID, &p.Kind, &p.GivenName, &p.FamilyName, &p.Email, &p.Number, &p.Grade)
	return p, err
}

func people(ctx context.Context, tx *db.Tx) ([]person.Person, error) {
	return db.All(ctx, tx, scanPerson, `SELECT source_id, kind, given_name, family_name, email, number, grade FROM person
		WHERE board_id = $1 AND status = 'active' ORDER BY source_id`, tx.Board)
}

// classHeld is a class that the board holds, by source ids.
type classHeld struct{ id, school, course, title, code, grade, kind, subject string }

func classes(ctx context.Context, tx *db.Tx) ([]classHeld, error) {
	return db.All(ctx, tx, func(row db.Row) (c classHeld, err error) {
		err = row.Scan(&c.id, &c.school, &c.course, &c.title, &c.code, &c.grade, &c.kind, &c.subject)
		return c, err
	}, `SELECT c.source_id, o.source_id, COALESCE(k.source_id, ''), c.title, c.code, c.grade, c.kind, c.subject FROM class c
		JOIN org o ON o.board_id = c.board_id AND o.id = c.school_id
		LEFT JOIN course k ON k.board_id = c.board_id AND k.id = c.course_id
		WHERE c.board_id = $1 AND c.status = 'active' ORDER BY c.source_id`, tx.Board)
}

// seat is who is in a class, by source ids.
type seat struct {
	id, class, person string
	role              person.Role
	main              bool
	begin, end        string
}

func seats(ctx context.Context, tx *db.Tx) ([]seat, error) {
	return db.All(ctx, tx, func(row db.Row) (s seat, err error) {
		err = row.Scan(&s.id, &s.class, &s.person, &s.role, &s.main, &s.begin, &s.end)
		return s, err
	}, `SELECT e.id, c.source_id, p.source_id, e.role, e.main, e.begin_date, e.end_date FROM enrollment e
		JOIN class c ON c.board_id = e.board_id AND c.id = e.class_id JOIN person p ON p.board_id = e.board_id AND p.id = e.person_id
		WHERE e.board_id = $1 AND e.status = 'active' AND c.status = 'active' AND p.status = 'active' ORDER BY e.id`, tx.Board)
}

// held is what the board has before the file: of whom the file does not speak stays.
type held struct {
	orgs    []org.Org
	people  []person.Person
	posts   map[string][]post
	classes []classHeld
	seats   []seat
}

func heldOf(ctx context.Context, tx *db.Tx) (h held, err error) {
	if h.orgs, err = org.All(ctx, tx); err != nil {
		return h, err
	}
	if h.people, err = people(ctx, tx); err != nil {
		return h, err
	}
	if h.posts, err = posts(ctx, tx); err != nil {
		return h, err
	}
	if h.classes, err = classes(ctx, tx); err != nil {
		return h, err
	}
	h.seats, err = seats(ctx, tx)
	return h, err
}

// keepUpload seals a file until it is imported, or a day has passed.
func (s *Service) keepUpload(ctx context.Context, tx *db.Tx, u Upload, data []byte) error {
	keys, err := s.Vault.Keys(ctx, tx)
	if err != nil {
		return err
	}
	sealed, err := keys.Seal(uploadPlace(u.ID, u.Part), data)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO roster_upload (board_id, id, part, sealed, sent_by, sent_at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (board_id, id, part) DO UPDATE SET sealed = excluded.sealed, sent_at = excluded.sent_at`,
		tx.Board, u.ID, string(u.Part), sealed, u.By, tx.Now)
	return err
}

type sealedFile struct {
	part   Part
	sealed []byte
}

// openUpload opens the files that an account sent together.
func (s *Service) openUpload(ctx context.Context, tx *db.Tx, id, by string) (map[Part][]byte, error) {
	list, err := db.All(ctx, tx, func(row db.Row) (f sealedFile, err error) {
		err = row.Scan(&f.part, &f.sealed)
		return f, err
	}, `SELECT part, sealed FROM roster_upload WHERE board_id = $1 AND id = $2 AND sent_by = $3`, tx.Board, id, by)
	if err != nil {
		return nil, err
	}
	keys, err := s.Vault.Keys(ctx, tx)
	if err != nil {
		return nil, err
	}
	files := map[Part][]byte{}
	for _, f := range list {
		if files[f.part], err = keys.Open(uploadPlace(id, f.part), f.sealed); err != nil {
			return nil, err
		}
	}
	return files, nil
}

// forget removes the files that an account sent together.
func forget(ctx context.Context, tx *db.Tx, id, by string) error {
	n, err := tx.Exec(ctx, `DELETE FROM roster_upload WHERE board_id = $1 AND id = $2 AND sent_by = $3`, tx.Board, id, by)
	if err == nil && n == 0 {
		return fault.Missing()
	}
	return err
}

func keepReport(ctx context.Context, tx *db.Tx, id roster.ImportID, r Report) error {
	text, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("keep how a file was read: %w", err)
	}
	_, err = tx.Exec(ctx, `INSERT INTO mapping_report (board_id, import_id, report) VALUES ($1, $2, $3)`, tx.Board, string(id), string(text))
	return err
}

func reportOf(ctx context.Context, tx *db.Tx, id roster.ImportID) (Report, error) {
	return db.One(ctx, tx, func(row db.Row) (r Report, err error) {
		var text string
		if err := row.Scan(&text); err != nil {
			return r, err
		}
		return r, json.Unmarshal([]byte(text), &r)
	}, `SELECT report FROM mapping_report WHERE board_id = $1 AND import_id = $2`, tx.Board, string(id))
}
