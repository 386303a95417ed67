package person

import (
	"context"
	"fmt"
	"strings"

	"aval/internal/db"
)

// Stage are the tables in which an import's rows wait for the functions below, by
// the roster's own identifiers. line is where a row stood in its file; said is the
// digest of a record as a full set tells it, zero in a delta. A record that says
// what the last full set said need not be staged. staged_unseen holds the digests
// that a full file did not repeat (and zero), staged_aside what it holds in rows
// that could not be read, staged_import the one import, staged_drop and staged_add
// what posts become.
var Stage = []db.StageTable{
	{Name: "staged_import", Columns: "id text NOT NULL, at timestamptz NOT NULL"},
	{Name: "staged_unseen", Columns: "file text NOT NULL, said bigint NOT NULL"},
	{Name: "staged_aside", Columns: "file text NOT NULL, source_id text NOT NULL"},
	{Name: "staged_nobody", Columns: "source_id text NOT NULL"},
	{Name: "staged_person", Columns: "line bigint NOT NULL, source_id text NOT NULL, id text NOT NULL, kind text NOT NULL, " +
		"given_name text NOT NULL, family_name text NOT NULL, email text NOT NULL, number text NOT NULL, grade text NOT NULL, " +
		"search text NOT NULL, username text NOT NULL, status text NOT NULL, said bigint NOT NULL"},
	{Name: "staged_post", Columns: "line bigint NOT NULL, source_id text NOT NULL, person text NOT NULL, org text NOT NULL, " +
		"role text NOT NULL, gone boolean NOT NULL, said bigint NOT NULL"},
	{Name: "staged_drop", Columns: "person_id text NOT NULL, org_id text NOT NULL, role text NOT NULL"},
	{Name: "staged_add", Columns: "person_id text NOT NULL, org_id text NOT NULL, role text NOT NULL, said bigint NOT NULL"},
	{Name: "staged_class", Columns: "line bigint NOT NULL, source_id text NOT NULL, id text NOT NULL, school text NOT NULL, " +
		"course text NOT NULL, title text NOT NULL, code text NOT NULL, grade text NOT NULL, kind text NOT NULL, " +
		"subject text NOT NULL, status text NOT NULL, said bigint NOT NULL"},
	{Name: "staged_term", Columns: "line bigint NOT NULL, class text NOT NULL, session text NOT NULL"},
	{Name: "staged_enrollment", Columns: "line bigint NOT NULL, source_id text NOT NULL, class text NOT NULL, " +
		"person text NOT NULL, role text NOT NULL, main boolean NOT NULL, begin_date text NOT NULL, end_date text NOT NULL, " +
		"status text NOT NULL, said bigint NOT NULL"},
}

// Staged is a row of the stage for a person, in the order of its columns.
func Staged(line, id, said, username string, p Person) []string {
	return []string{line, p.SourceID, id, string(p.Kind), p.GivenName, p.FamilyName, strings.ToLower(p.Email), p.Number, p.Grade, p.search(),
		username, p.Status, said}
}

// step is one statement, which the board's id completes.
type step struct{ what, query string }

func (s step) run(ctx context.Context, tx *db.Tx) error {
	if _, err := tx.Exec(ctx, s.query, tx.Board); err != nil {
		return fmt.Errorf("%s: %w", s.what, err)
	}
	return nil
}

func all(ctx context.Context, tx *db.Tx, steps []step) error {
	for _, s := range steps {
		if err := s.run(ctx, tx); err != nil {
			return err
		}
	}
	return nil
}

// moment is when the import is, looked up once by a statement.
const moment = `(SELECT at FROM staged_import)`

// staged is a staged row's id, written so that SQLite looks the board's record up by
// it, and not, for each record of the board, the row.
const staged = `s.source_id || ''`

// known says whether the board holds any record in a table, each of which has a text
// in column. What is added to one that holds none is not looked for in it: PostgreSQL,
// of which nobody has counted the rows, would expect to find it all.
func known(ctx context.Context, tx *db.Tx, table, column string) (bool, error) {
	first, err := db.One(ctx, tx, scanText, `SELECT COALESCE(min(`+column+`), '') FROM `+table+` WHERE board_id = $1`, tx.Board)
	if err != nil {
		return false, fmt.Errorf("look into %s: %w", table, err)
	}
	return first != "", nil
}

// take changes what the board knows of a table and adds what it does not.
func take(ctx context.Context, tx *db.Tx, table, key string, change []step, add step) error {
	holds, err := known(ctx, tx, table, "id")
	if err != nil {
		return err
	}
	if !holds {
		return tx.Fill(ctx, table, func() error { return add.run(ctx, tx) })
	}
	add.query += ` WHERE NOT EXISTS (SELECT 1 FROM ` + table + ` t WHERE t.board_id = $1 AND t.` + key + ` = s.source_id)`
	if err := all(ctx, tx, change); err != nil {
		return err
	}
	return add.run(ctx, tx)
}

// history are the attributes of which it is kept what they were.
var history = []string{"given_name", "family_name", "number", "grade", "kind"}

// TakePeople brings people in step with the stage, where every row says what
// someone is. Who is new gets the staged id; who is not keeps theirs.
func TakePeople(ctx context.Context, tx *db.Tx) error {
	var change []step
	for _, attribute := range history {
		change = append(change, step{"keep what people were", `INSERT INTO person_was (board_id, person_id, attribute, was, until_at, import_id)
			SELECT p.board_id, p.id, '` + attribute + `', p.` + attribute + `, ` + moment + `, (SELECT id FROM staged_import)
			FROM staged_person s JOIN person p ON p.source_id = ` + staged + `
			WHERE p.board_id = $1 AND p.` + attribute + ` <> s.` + attribute + ` AND p.` + attribute + ` <> ''`})
	}
	change = append(change,
		step{"change people", `UPDATE person SET kind = s.kind, given_name = s.given_name, family_name = s.family_name, email = s.email,
			number = s.number, grade = s.grade, search = s.search, status = s.status, said = s.said, updated_at = ` + moment + `
			FROM staged_person s WHERE person.board_id = $1 AND person.source_id = ` + staged + `
			AND (person.kind, person.given_name, person.family_name, person.email, person.number, person.grade, person.search, person.status) <>
				(s.kind, s.given_name, s.family_name, s.email, s.number, s.grade, s.search, s.status)`},
		step{"note people", `UPDATE person SET said = s.said FROM staged_person s
			WHERE person.board_id = $1 AND person.source_id = ` + staged + ` AND person.said <> s.said`})
	return take(ctx, tx, "person", "source_id", change,
		step{"add people", `INSERT INTO person (board_id, id, source_id, kind, given_name, family_name, email, number, grade, search, status,
				said, updated_at)
			SELECT CAST($1 AS text), s.id, s.source_id, s.kind, s.given_name, s.family_name, s.email, s.number, s.grade, s.search, s.status,
				s.said, ` + moment + ` FROM staged_person s`})
}

// Telling is how a stage tells of posts.
type Telling int

// Of whom a stage tells.
const (
	Everyone Telling = iota // of everybody whom the set holds
	Kept                    // the same, and the set repeats each post that the board holds
	Anew                    // of those whom it names, all that they are
	Changes                 // of the named posts alone
)

// ofPost resolves whom and where a staged post is of, once where several rows say it.
const ofPost = `SELECT p.id AS person_id, o.id AS org_id, s.role, max(s.said) AS said
	FROM staged_post s JOIN person p ON p.source_id = s.person JOIN org o ON o.source_id = s.org
	WHERE p.board_id = $1 AND o.board_id = $1 AND NOT s.gone GROUP BY p.id, o.id, s.role`

const samePost = `r.person_id = s.person_id AND r.org_id = s.org_id AND r.role = s.role`

// over finds the posts that the stage does not tell of, among those of whom it tells.
// Of everyone, SQLite reads posts as they lie.
var over = map[Telling]string{
	Everyone: `SELECT r.person_id, r.org_id, r.role FROM person_role r CROSS JOIN person p CROSS JOIN org o
		WHERE (r.board_id = $1) IS TRUE AND r.said IN (SELECT said FROM staged_unseen WHERE file = 'posts')
		AND p.board_id = $1 AND p.id = r.person_id AND o.board_id = $1 AND o.id = r.org_id AND ` + untold + `
		AND p.status = 'active' AND p.source_id NOT LIKE '` + ByHand + `%'
		AND NOT EXISTS (SELECT 1 FROM staged_aside a WHERE a.file = 'users' AND a.source_id = p.source_id)`,
	Anew: `SELECT r.person_id, r.org_id, r.role FROM person_role r JOIN person p ON p.id = r.person_id JOIN org o ON o.id = r.org_id
		WHERE r.board_id = $1 AND p.board_id = $1 AND o.board_id = $1 AND ` + untold + `
		AND p.source_id IN (SELECT source_id FROM staged_person UNION SELECT person FROM staged_post WHERE NOT gone)`,
	Changes: `SELECT DISTINCT r.person_id, r.org_id, r.role FROM staged_post s JOIN person p ON p.source_id = s.person
		JOIN org o ON o.source_id = s.org JOIN person_role r ON r.person_id = p.id AND r.org_id = o.id AND r.role = s.role
		WHERE r.board_id = $1 AND p.board_id = $1 AND o.board_id = $1 AND s.gone`,
}

const untold = `NOT EXISTS (SELECT 1 FROM staged_post s WHERE s.person = p.source_id AND s.org = o.source_id AND s.role = r.role AND NOT s.gone)`

const touch = `UPDATE person SET updated_at = ` + moment + ` WHERE person.board_id = $1
	AND person.updated_at <> ` + moment + ` AND person.id IN `

// TakePosts brings in step what people are and where.
func TakePosts(ctx context.Context, tx *db.Tx, telling Telling) error {
	holds, err := known(ctx, tx, "person_role", "person_id")
	if err != nil {
		return err
	}
	add := step{"add roles", `INSERT INTO person_role (board_id, person_id, org_id, role, said)
		SELECT CAST($1 AS text), s.person_id, s.org_id, s.role, s.said FROM `}
	if !holds {
		add.query += `(` + ofPost + `) s`
		if err := tx.Fill(ctx, "person_role", func() error { return add.run(ctx, tx) }); err != nil {
			return err
		}
		return step{"touch whose roles are new", touch + `(SELECT person_id FROM person_role WHERE board_id = $1)`}.run(ctx, tx)
	}
	add.query += `staged_add s`
	steps := []step{{"find new roles", `INSERT INTO staged_add (person_id, org_id, role, said)
		SELECT s.person_id, s.org_id, s.role, s.said FROM (` + ofPost + `) s
		WHERE NOT EXISTS (SELECT 1 FROM person_role r WHERE r.board_id = $1 AND ` + samePost + `)`}}
	if query, lets := over[telling]; lets {
		steps = append(steps, step{"find roles that are over", `INSERT INTO staged_drop (person_id, org_id, role) ` + query})
	}
	return all(ctx, tx, append(steps,
		step{"note roles", `UPDATE person_role AS r SET said = s.said FROM (` + ofPost + `) s
			WHERE r.board_id = $1 AND ` + samePost + ` AND s.said <> 0 AND r.said <> s.said`},
		step{"keep where pupils were", `INSERT INTO person_was (board_id, person_id, attribute, was, until_at, import_id)
			SELECT p.board_id, p.id, 'school', d.org_id, ` + moment + `, (SELECT id FROM staged_import)
			FROM staged_drop d JOIN person p ON p.id = d.person_id WHERE p.board_id = $1 AND d.role = 'student'`},
		step{"touch whose roles change", touch + `(SELECT person_id FROM staged_add UNION SELECT person_id FROM staged_drop)`},
		step{"take roles away", `DELETE FROM person_role WHERE board_id = $1
			AND (person_id, org_id, role) IN (SELECT person_id, org_id, role FROM staged_drop)`},
		add,
	))
}

// ofClass resolves what a staged class refers to. A course that is not known is none.
const ofClass = `(SELECT c.source_id, c.id, o.id AS school_id, COALESCE(k.id, '') AS course_id, c.title, c.code, c.grade, c.kind,
	c.subject, c.status, c.said FROM staged_class c JOIN org o ON o.board_id = $1 AND o.source_id = c.school
	LEFT JOIN course k ON k.board_id = $1 AND k.source_id = c.course) s`

// TakeClasses brings classes and their sessions in step with the stage, where
// every row's school is known.
func TakeClasses(ctx context.Context, tx *db.Tx) error {
	err := take(ctx, tx, "class", "source_id", []step{
		{"change classes", `UPDATE class SET school_id = s.school_id, course_id = s.course_id, title = s.title, code = s.code,
			grade = s.grade, kind = s.kind, subject = s.subject, status = s.status, said = s.said, updated_at = ` + moment + `
			FROM ` + ofClass + ` WHERE class.board_id = $1 AND class.source_id = ` + staged + `
			AND (class.school_id, class.course_id, class.title, class.code, class.grade, class.kind, class.subject, class.status) <>
				(s.school_id, s.course_id, s.title, s.code, s.grade, s.kind, s.subject, s.status)`},
		{"note classes", `UPDATE class SET said = s.said FROM staged_class s
			WHERE class.board_id = $1 AND class.source_id = ` + staged + ` AND class.said <> s.said`},
	}, step{"add classes", `INSERT INTO class (board_id, id, source_id, school_id, course_id, title, code, grade, kind, subject, status,
			said, updated_at)
		SELECT CAST($1 AS text), s.id, s.source_id, s.school_id, s.course_id, s.title, s.code, s.grade, s.kind, s.subject, s.status,
			s.said, ` + moment + ` FROM ` + ofClass})
	if err != nil {
		return err
	}
	return all(ctx, tx, []step{
		{"touch classes of other sessions", `UPDATE class SET updated_at = ` + moment + ` WHERE class.board_id = $1
			AND class.updated_at <> ` + moment + ` AND class.source_id IN (SELECT source_id FROM staged_class) AND (
			EXISTS (SELECT 1 FROM staged_term t JOIN academic_session a ON a.source_id = t.session
				WHERE a.board_id = $1 AND t.class = class.source_id AND NOT EXISTS (SELECT 1 FROM class_term h
					WHERE h.board_id = $1 AND h.class_id = class.id AND h.session_id = a.id))
			OR EXISTS (SELECT 1 FROM class_term h JOIN academic_session a ON a.id = h.session_id
				WHERE h.board_id = $1 AND a.board_id = $1 AND h.class_id = class.id AND NOT EXISTS (SELECT 1 FROM staged_term t
					WHERE t.class = class.source_id AND t.session = a.source_id)))`},
		{"forget sessions of classes", `DELETE FROM class_term WHERE board_id = $1 AND class_id IN (SELECT c.id FROM class c
			JOIN staged_class s ON s.source_id = c.source_id WHERE c.board_id = $1)`},
		{"keep sessions of classes", `INSERT INTO class_term (board_id, class_id, session_id)
			SELECT DISTINCT c.board_id, c.id, a.id FROM staged_term t JOIN class c ON c.source_id = t.class
			JOIN academic_session a ON a.source_id = t.session WHERE c.board_id = $1 AND a.board_id = $1`},
	})
}

// ofEnrollment resolves what a staged enrolment refers to.
const ofEnrollment = `(SELECT e.source_id, c.id AS class_id, p.id AS person_id, e.role, e.main, e.begin_date, e.end_date,
	e.status, e.said FROM staged_enrollment e JOIN class c ON c.board_id = $1 AND c.source_id = e.class
	JOIN person p ON p.board_id = $1 AND p.source_id = e.person) s`

// TakeEnrollments brings enrolments in step with the stage, where every row's
// class and person are known.
func TakeEnrollments(ctx context.Context, tx *db.Tx) error {
	return take(ctx, tx, "enrollment", "id", []step{
		{"change enrolments", `UPDATE enrollment SET class_id = s.class_id, person_id = s.person_id, role = s.role, main = s.main,
			begin_date = s.begin_date, end_date = s.end_date, status = s.status, said = s.said, updated_at = ` + moment + `
			FROM ` + ofEnrollment + ` WHERE enrollment.board_id = $1 AND enrollment.id = ` + staged + `
			AND (enrollment.class_id, enrollment.person_id, enrollment.role, enrollment.main, enrollment.begin_date, enrollment.end_date,
				enrollment.status) <> (s.class_id, s.person_id, s.role, s.main, s.begin_date, s.end_date, s.status)`},
		{"note enrolments", `UPDATE enrollment SET said = s.said FROM staged_enrollment s
			WHERE enrollment.board_id = $1 AND enrollment.id = ` + staged + ` AND enrollment.said <> s.said`},
	}, step{"add enrolments", `INSERT INTO enrollment (board_id, id, class_id, person_id, role, main, begin_date, end_date, status,
			said, updated_at)
		SELECT CAST($1 AS text), s.source_id, s.class_id, s.person_id, s.role, s.main, s.begin_date, s.end_date, s.status, s.said, ` + moment + `
		FROM ` + ofEnrollment})
}

// absent is the condition of a record that a full file no longer holds; key is what
// holds the source's id. Beside it the board is named so that SQLite reads the table as
// it lies.
func absent(table, key, staged, file string) string {
	return table + `.status = 'active' AND ` + table + `.said IN (SELECT said FROM staged_unseen WHERE file = '` + file + `')
		AND NOT EXISTS (SELECT 1 FROM ` + staged + ` s WHERE s.source_id = ` + table + `.` + key + `)
		AND NOT EXISTS (SELECT 1 FROM staged_aside a WHERE a.file = '` + file + `' AND a.source_id = ` + table + `.` + key + `)
		AND ` + table + `.` + key + ` NOT LIKE '` + ByHand + `%'`
}

func retire(ctx context.Context, tx *db.Tx, table, key, staged, file string) (int, error) {
	n, err := tx.Exec(ctx, `UPDATE `+table+` SET status = 'tobedeleted', said = 0, updated_at = $2 WHERE (`+table+`.board_id = $1) IS TRUE AND `+
		absent(table, key, staged, file), tx.Board, tx.Now)
	if err != nil {
		return 0, fmt.Errorf("retire what %s no longer hold: %w", file, err)
	}
	return int(n), nil
}

// RetireAbsent marks the people whom a full file no longer holds, and says how many.
func RetireAbsent(ctx context.Context, tx *db.Tx) (int, error) {
	return retire(ctx, tx, "person", "source_id", "staged_person", "users")
}

// RetireAbsentClasses marks the classes that a full file no longer holds, and says how many.
func RetireAbsentClasses(ctx context.Context, tx *db.Tx) (int, error) {
	return retire(ctx, tx, "class", "source_id", "staged_class", "classes")
}

// RetireAbsentEnrollments marks the enrolments that a full file no longer holds, and says how many.
func RetireAbsentEnrollments(ctx context.Context, tx *db.Tx) (int, error) {
	return retire(ctx, tx, "enrollment", "id", "staged_enrollment", "enrollments")
}

// PupilsLeaving counts the active pupils, and those of them whom the stage would
// retire: told gone, or absent from a full file.
func PupilsLeaving(ctx context.Context, tx *db.Tx) (left, active int, err error) {
	n, err := db.One(ctx, tx, func(r db.Row) (n [3]int, err error) {
		err = r.Scan(&n[0], &n[1], &n[2])
		return n, err
	}, `SELECT (SELECT count(*) FROM person WHERE (board_id = $1) IS TRUE AND kind = 'student' AND status = 'active'),
		(SELECT count(*) FROM staged_person s JOIN person ON person.source_id = `+staged+`
			WHERE person.board_id = $1 AND person.kind = 'student' AND person.status = 'active' AND s.status <> 'active'),
		(SELECT count(*) FROM person WHERE (person.board_id = $1) IS TRUE AND person.kind = 'student' AND `+
		absent("person", "source_id", "staged_person", "users")+`)`, tx.Board)
	if err != nil {
		return 0, 0, fmt.Errorf("count who leaves: %w", err)
	}
	return n[1] + n[2], n[0], nil
}
