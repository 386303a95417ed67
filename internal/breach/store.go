package breach

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"aval/internal/catalogue"
	"aval/internal/db"
	"aval/internal/licence"
)

const columns = `b.id, b.platform_id, b.incident_id, b.state, b.answer, b.asked_by, b.asked_at, b.pseudonyms, b.passwords, b.names,
	b.reason, b.cut_by, b.cut_at, b.step, b.after_id, b.done, b.total, b.ended_at, b.version`

func scan(row db.Row) (Breach, error) { return scanWith(row) }

func scanWith(row db.Row, more ...any) (b Breach, err error) {
	var answer string
	err = row.Scan(append([]any{&b.ID, &b.Platform, &b.Incident, &b.State, &answer, &b.AskedBy, &b.AskedAt, &b.Pseudonyms, &b.Passwords,
		&b.Names, &b.Reason, &b.CutBy, db.When(&b.CutAt), &b.Step, &b.After, &b.Done, &b.Total, db.When(&b.EndedAt), &b.Version}, more...)...)
	if err != nil {
		return b, err
	}
	if err := json.Unmarshal([]byte(answer), &b.Answer); err != nil {
		return b, fmt.Errorf("answer of breach %s: %w", b.ID, err)
	}
	return b, nil
}

func get(ctx context.Context, tx *db.Tx, id ID) (Breach, error) {
	return db.One(ctx, tx, scan, `SELECT `+columns+` FROM breach b WHERE b.board_id = $1 AND b.id = $2`, tx.Board, string(id))
}

func ofPlatform(ctx context.Context, tx *db.Tx, platform catalogue.ID, s State) ([]Breach, error) {
	return db.All(ctx, tx, scan, `SELECT `+columns+` FROM breach b WHERE b.board_id = $1 AND b.platform_id = $2 AND b.state = $3
		ORDER BY b.asked_at DESC, b.id`, tx.Board, string(platform), string(s))
}

// Listed is a breach with the platform's name.
type Listed struct {
	Breach
	Called string
}

// most is how many breaches a list shows.
const most = 100

func listed(ctx context.Context, tx *db.Tx) ([]Listed, error) {
	return db.All(ctx, tx, func(row db.Row) (l Listed, err error) {
		l.Breach, err = scanWith(row, &l.Called)
		return l, err
	}, `SELECT `+columns+`, p.name FROM breach b JOIN platform p ON p.board_id = b.board_id AND p.id = b.platform_id
		WHERE b.board_id = $1 ORDER BY b.asked_at DESC, b.id LIMIT `+strconv.Itoa(most), tx.Board)
}

func insert(ctx context.Context, tx *db.Tx, b Breach) error {
	_, err := tx.Exec(ctx, `INSERT INTO breach (board_id, id, platform_id, state, answer, asked_by, asked_at, version)
		VALUES ($1, $2, $3, $4, '{}', $5, $6, $7)`, tx.Board, string(b.ID), string(b.Platform), string(b.State), b.AskedBy, b.AskedAt, b.Version)
	return err
}

// update keeps what became of a breach, unless somebody was faster.
func update(ctx context.Context, tx *db.Tx, b *Breach) error {
	answer, err := json.Marshal(b.Answer)
	if err != nil {
		return fmt.Errorf("answer of a breach: %w", err)
	}
	err = db.Changed(tx.Exec(ctx, `UPDATE breach SET incident_id = $4, state = $5, answer = $6, asked_by = $7, asked_at = $8, pseudonyms = $9,
			passwords = $10, names = $11, reason = $12, cut_by = $13, cut_at = $14, step = $15, after_id = $16, done = $17, total = $18,
			ended_at = $19, version = version + 1
		WHERE board_id = $1 AND id = $2 AND version = $3`, tx.Board, string(b.ID), b.Version, string(b.Incident), string(b.State), string(answer),
		b.AskedBy, b.AskedAt, b.Pseudonyms, b.Passwords, b.Names, b.Reason, b.CutBy, db.Moment(b.CutAt), string(b.Step), b.After, b.Done,
		b.Total, db.Moment(b.EndedAt)))
	if err == nil {
		b.Version++
	}
	return err
}

func forget(ctx context.Context, tx *db.Tx, id ID) error {
	_, err := tx.Exec(ctx, `DELETE FROM breach_person WHERE board_id = $1 AND breach_id = $2`, tx.Board, string(id))
	return err
}

func forgetBefore(ctx context.Context, tx *db.Tx, at time.Time) error {
	_, err := tx.Exec(ctx, `DELETE FROM breach_person WHERE board_id = $1 AND breach_id IN (SELECT b.id FROM breach b
		WHERE b.board_id = $1 AND b.asked_at < $2 AND b.state <> 'cutting')`, tx.Board, at)
	return err
}

// gather keeps whom the platform's licences let it know: those whom aval disclosed,
// also who is gone since, and the audience of those under which it disclosed nobody.
// It answers which disclosed.
func gather(ctx context.Context, tx *db.Tx, id ID, all []licence.Licence) (map[licence.ID]bool, error) {
	disclosed := map[licence.ID]bool{}
	for _, l := range all {
		has, err := hasDisclosed(ctx, tx, l.ID)
		if err != nil {
			return nil, err
		}
		if disclosed[l.ID] = has; has {
			if _, err := tx.Exec(ctx, `INSERT INTO breach_person (board_id, breach_id, person_id)
				SELECT DISTINCT d.board_id, CAST($2 AS text), d.subject_id FROM disclosed d
				WHERE d.board_id = $1 AND d.licence_id = $3 AND d.kind = 'user' AND d.role = 'student'
				ON CONFLICT DO NOTHING`, tx.Board, string(id), string(l.ID)); err != nil {
				return nil, fmt.Errorf("gather who was disclosed: %w", err)
			}
			continue
		}
		_, args := l.Select(tx, ``)
		query, args := l.Select(tx, `DISTINCT p.board_id, CAST($`+strconv.Itoa(len(args)+1)+` AS text), p.id`)
		if _, err := tx.Exec(ctx, `INSERT INTO breach_person (board_id, breach_id, person_id) `+query+` ON CONFLICT DO NOTHING`,
			append(args, string(id))...); err != nil {
			return nil, fmt.Errorf("gather an audience: %w", err)
		}
	}
	return disclosed, nil
}

func hasDisclosed(ctx context.Context, tx *db.Tx, id licence.ID) (bool, error) {
	return db.One(ctx, tx, func(row db.Row) (has bool, err error) {
		err = row.Scan(&has)
		return has, err
	}, `SELECT EXISTS (SELECT 1 FROM disclosed WHERE board_id = $1 AND licence_id = $2 AND kind = 'user')`, tx.Board, string(id))
}

// count fills in the numbers of those who were gathered.
func (a *Answer) count(ctx context.Context, tx *db.Tx, id ID, platform catalogue.ID) (err error) {
	if a.Pupils, err = db.One(ctx, tx, scanCount, `SELECT count(*) FROM breach_person WHERE board_id = $1 AND breach_id = $2`, tx.Board, string(id)); err != nil {
		return err
	}
	if a.Teachers, err = db.One(ctx, tx, scanCount, `SELECT count(DISTINCT d.subject_id) FROM disclosed d
		JOIN licence l ON l.board_id = d.board_id AND l.id = d.licence_id
		WHERE d.board_id = $1 AND l.platform_id = $2 AND d.kind = 'user' AND d.role = 'teacher'`, tx.Board, string(platform)); err != nil {
		return err
	}
	classes, err := classes(ctx, tx, id)
	if err != nil {
		return err
	}
	for _, n := range classes {
		a.Classes += n
	}
	if a.Schools, err = schools(ctx, tx, id, classes); err != nil {
		return err
	}
	changed, err := db.All(ctx, tx, func(row db.Row) (at time.Time, err error) {
		err = row.Scan(&at)
		return at, err
	}, `SELECT d.changed_at FROM disclosed d JOIN licence l ON l.board_id = d.board_id AND l.id = d.licence_id
		WHERE d.board_id = $1 AND l.platform_id = $2 AND d.kind = 'user' ORDER BY d.changed_at DESC LIMIT 1`, tx.Board, string(platform))
	if len(changed) > 0 {
		a.Changed = changed[0]
	}
	return err
}

// classes are how many of each school the pupils are in. A class is asked for one of them,
// not each of them for all their classes: there are twenty times fewer. (A LIMIT is a look
// by key on both engines: PostgreSQL knows nothing yet of who was gathered a moment ago.)
func classes(ctx context.Context, tx *db.Tx, id ID) (map[string]int, error) {
	counts := map[string]int{}
	_, err := db.All(ctx, tx, func(row db.Row) (none struct{}, err error) {
		var school string
		var n int
		err = row.Scan(&school, &n)
		counts[school] = n
		return none, err
	}, `SELECT c.school_id, count(*) FROM class c WHERE c.board_id = $1 AND (
			SELECT 1 FROM enrollment e WHERE e.board_id = $1 AND e.class_id = c.id AND e.role = 'student' AND e.status = 'active' AND (
				SELECT 1 FROM breach_person x WHERE x.board_id = $1 AND x.breach_id = $2 AND x.person_id = e.person_id LIMIT 1) IS NOT NULL
			LIMIT 1) IS NOT NULL
		GROUP BY c.school_id`, tx.Board, string(id))
	return counts, err
}

// schools are those of the pupils, by their number, with how many classes these are in there.
func schools(ctx context.Context, tx *db.Tx, id ID, classes map[string]int) ([]School, error) {
	list, err := db.All(ctx, tx, func(row db.Row) (s School, err error) {
		err = row.Scan(&s.ID, &s.Pupils)
		return s, err
	}, `SELECT r.org_id, count(DISTINCT x.person_id) FROM breach_person x
		JOIN person_role r ON r.board_id = x.board_id AND r.person_id = x.person_id AND r.role = 'student'
		WHERE x.board_id = $1 AND x.breach_id = $2 GROUP BY r.org_id ORDER BY 2 DESC, r.org_id`, tx.Board, string(id))
	for i, s := range list {
		list[i].Classes = classes[s.ID]
	}
	return list, err
}

// concerned are some of those whom a breach concerns, in the order of ids after one.
func concerned(ctx context.Context, tx *db.Tx, id ID, after string, limit int) ([]string, error) {
	return db.All(ctx, tx, func(row db.Row) (s string, err error) {
		err = row.Scan(&s)
		return s, err
	}, `SELECT person_id FROM breach_person WHERE board_id = $1 AND breach_id = $2 AND person_id > $3 ORDER BY person_id LIMIT $4`,
		tx.Board, string(id), after, limit)
}

func scanCount(row db.Row) (n int, err error) {
	err = row.Scan(&n)
	return n, err
}
