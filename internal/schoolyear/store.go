package schoolyear

import (
	"context"

	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/policy"
)

func all(ctx context.Context, tx *db.Tx) ([]Session, error) {
	return db.All(ctx, tx, func(r db.Row) (s Session, err error) {
		var status string
		err = r.Scan(&s.ID, &s.Title, &s.Kind, &s.Start, &s.End, &s.Year, &status, &s.Classes)
		s.Gone = status != "active"
		return s, err
	}, `SELECT s.id, s.title, s.kind, s.start_date, s.end_date, s.school_year, s.status, (SELECT count(*) FROM class_term t
			WHERE t.board_id = s.board_id AND t.session_id = s.id)
		FROM academic_session s WHERE s.board_id = $1 ORDER BY s.start_date, s.end_date DESC, s.title, s.id`, tx.Board)
}

// classesByYear counts the classes given in each year, also those that are over.
func classesByYear(ctx context.Context, tx *db.Tx) (map[Year]int, error) {
	type line struct {
		year Year
		n    int
	}
	list, err := db.All(ctx, tx, func(r db.Row) (l line, err error) {
		err = r.Scan(&l.year, &l.n)
		return l, err
	}, `SELECT s.school_year, count(DISTINCT t.class_id) FROM class_term t
		JOIN academic_session s ON s.board_id = t.board_id AND s.id = t.session_id
		WHERE t.board_id = $1 GROUP BY s.school_year`, tx.Board)
	by := map[Year]int{}
	for _, l := range list {
		by[l.year] = l.n
	}
	return by, err
}

func setting(ctx context.Context, tx *db.Tx) (s Setting, err error) {
	s, err = db.One(ctx, tx, func(r db.Row) (s Setting, err error) {
		err = r.Scan(&s.Year, &s.Version)
		return s, err
	}, `SELECT year, version FROM school_year WHERE board_id = $1`, tx.Board)
	if fault.Is(err, fault.NotFound) {
		return Setting{}, nil
	}
	return s, err
}

func keep(ctx context.Context, tx *db.Tx, s Setting) error {
	if s.Version == 0 {
		return db.Changed(tx.Exec(ctx, `INSERT INTO school_year (board_id, year, version) VALUES ($1, $2, 1)
			ON CONFLICT (board_id) DO NOTHING`, tx.Board, string(s.Year)))
	}
	return db.Changed(tx.Exec(ctx, `UPDATE school_year SET year = $2, version = version + 1
		WHERE board_id = $1 AND version = $3`, tx.Board, string(s.Year), s.Version))
}

// withoutTeacher reads the classes that are there and have no teacher, of the year or of no session.
func withoutTeacher(ctx context.Context, tx *db.Tx, actor policy.Actor, y Year) ([]Room, error) {
	where, args := actor.Reach(policy.RosterRead).Where(actor, policy.Columns{Org: "c.school_id"}, 3)
	return db.All(ctx, tx, func(r db.Row) (c Room, err error) {
		err = r.Scan(&c.ID, &c.Title, &c.School)
		return c, err
	}, `SELECT c.id, c.title, o.name FROM class c JOIN org o ON o.board_id = c.board_id AND o.id = c.school_id
		WHERE c.board_id = $1 AND c.status = 'active' AND NOT EXISTS (SELECT 1 FROM enrollment e
			JOIN person p ON p.board_id = e.board_id AND p.id = e.person_id AND p.status = 'active'
			WHERE e.board_id = c.board_id AND e.class_id = c.id AND e.role = 'teacher' AND e.status = 'active')
		AND (NOT EXISTS (SELECT 1 FROM class_term t WHERE t.board_id = c.board_id AND t.class_id = c.id)
			OR EXISTS (SELECT 1 FROM class_term t JOIN academic_session s ON s.board_id = t.board_id AND s.id = t.session_id
				WHERE t.board_id = c.board_id AND t.class_id = c.id AND s.school_year = $2))
		AND `+where+` ORDER BY o.name, c.title, c.id LIMIT 500`, append([]any{tx.Board, string(y)}, args...)...)
}

// withoutAccount reads who teaches and cannot sign in.
func withoutAccount(ctx context.Context, tx *db.Tx, actor policy.Actor) ([]Teacher, error) {
	where, args := actor.Reach(policy.RosterRead).Where(actor, policy.Columns{Org: "r.org_id"}, 2)
	return db.All(ctx, tx, func(r db.Row) (t Teacher, err error) {
		var given, family string
		err = r.Scan(&given, &family, &t.School)
		t.Name = given + " " + family
		return t, err
	}, `SELECT p.given_name, p.family_name, o.name FROM person p
		JOIN person_role r ON r.board_id = p.board_id AND r.person_id = p.id AND r.role = 'teacher'
		JOIN org o ON o.board_id = r.board_id AND o.id = r.org_id
		WHERE p.board_id = $1 AND p.kind = 'staff' AND p.status = 'active'
		AND NOT EXISTS (SELECT 1 FROM account a WHERE a.board_id = p.board_id AND a.person_id = p.id AND NOT a.disabled)
		AND `+where+` ORDER BY o.name, p.search, p.id LIMIT 500`, append([]any{tx.Board}, args...)...)
}

// between counts the pupils who learn in two schools, where the actor sees one of the two.
func between(ctx context.Context, tx *db.Tx, actor policy.Actor) ([]Between, error) {
	reach := actor.Reach(policy.RosterRead)
	one, args := reach.Where(actor, policy.Columns{Org: "r.org_id"}, 2)
	other, more := reach.Where(actor, policy.Columns{Org: "q.org_id"}, 2+len(args))
	return db.All(ctx, tx, func(r db.Row) (b Between, err error) {
		err = r.Scan(&b.One, &b.Other, &b.Pupils)
		return b, err
	}, `SELECT o.name, n.name, count(*) FROM person p
		JOIN person_role r ON r.board_id = p.board_id AND r.person_id = p.id AND r.role = 'student'
		JOIN person_role q ON q.board_id = p.board_id AND q.person_id = p.id AND q.role = 'student' AND q.org_id > r.org_id
		JOIN org o ON o.board_id = r.board_id AND o.id = r.org_id AND o.kind = 'school'
		JOIN org n ON n.board_id = q.board_id AND n.id = q.org_id AND n.kind = 'school'
		WHERE p.board_id = $1 AND p.kind = 'student' AND p.status = 'active' AND (`+one+` OR `+other+`)
		GROUP BY o.name, n.name, r.org_id, q.org_id ORDER BY o.name, n.name LIMIT 500`,
		append(append([]any{tx.Board}, args...), more...)...)
}
