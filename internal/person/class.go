package person

import (
	"context"
	"fmt"

	"aval/internal/db"
)

const classColumns = `c.id, c.source_id, c.school_id, c.course_id, c.title, c.code, c.grade, c.kind, c.subject, c.status,
	(SELECT count(*) FROM person p WHERE p.board_id = $1 AND p.status = 'active' AND p.id IN (SELECT e.person_id FROM enrollment e
	 WHERE e.board_id = $1 AND e.class_id = c.id AND e.role = 'student' AND e.status = 'active'))`

func scanClass(r db.Row) (Class, error) {
	var c Class
	err := r.Scan(&c.ID, &c.SourceID, &c.SchoolID, &c.CourseID, &c.Title, &c.Code, &c.Grade, &c.Kind, &c.Subject,
		&c.Status, &c.Pupils)
	return c, err
}

// GetClass reads one class, also one that is gone.
func GetClass(ctx context.Context, tx *db.Tx, id string) (Class, error) {
	return db.One(ctx, tx, scanClass, `SELECT `+classColumns+` FROM class c WHERE c.board_id = $1 AND c.id = $2`, tx.Board, id)
}

// ClassesOf reads the active classes in which a person is: those that a teacher
// teaches, or that a pupil follows.
func ClassesOf(ctx context.Context, tx *db.Tx, personID string) ([]Class, error) {
	return db.All(ctx, tx, scanClass, `SELECT `+classColumns+` FROM class c
		WHERE c.board_id = $1 AND c.status = 'active' AND c.id IN (SELECT e.class_id FROM enrollment e
			WHERE e.board_id = $1 AND e.person_id = $2 AND e.status = 'active')
		ORDER BY c.title, c.id`, tx.Board, personID)
}

// ClassesOfMany is ClassesOf for some people, by person.
func ClassesOfMany(ctx context.Context, tx *db.Tx, personIDs []string) (map[string][]Class, error) {
	type place struct{ person, class string }
	places, err := db.All(ctx, tx, func(r db.Row) (p place, err error) {
		err = r.Scan(&p.person, &p.class)
		return p, err
	}, `SELECT DISTINCT e.person_id, e.class_id FROM enrollment e WHERE e.board_id = $1 AND e.status = 'active'
		AND e.person_id IN `+db.In(2, len(personIDs)), db.Args(personIDs, tx.Board)...)
	if err != nil {
		return nil, err
	}
	in, ids := map[string][]string{}, []string{}
	for _, p := range places {
		if in[p.class] == nil {
			ids = append(ids, p.class)
		}
		in[p.class] = append(in[p.class], p.person)
	}
	classes, err := Classes(ctx, tx, ids)
	by := map[string][]Class{}
	for _, c := range classes {
		if c.Status != Active {
			continue
		}
		for _, id := range in[c.ID] {
			by[id] = append(by[id], c)
		}
	}
	return by, err
}

// ClassesOfSchool reads the active classes of a school.
func ClassesOfSchool(ctx context.Context, tx *db.Tx, schoolID string) ([]Class, error) {
	return db.All(ctx, tx, scanClass, `SELECT `+classColumns+` FROM class c
		WHERE c.board_id = $1 AND c.status = 'active' AND c.school_id = $2 ORDER BY c.title, c.id`, tx.Board, schoolID)
}

// Classes reads these classes, also those that are gone; an unknown id is left out.
func Classes(ctx context.Context, tx *db.Tx, ids []string) ([]Class, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	return db.All(ctx, tx, scanClass, `SELECT `+classColumns+` FROM class c
		WHERE c.board_id = $1 AND c.id IN `+db.In(2, len(ids))+` ORDER BY c.title, c.id`, db.Args(ids, tx.Board)...)
}

// PupilsIn counts the pupils of these classes, each once.
func PupilsIn(ctx context.Context, tx *db.Tx, classIDs []string) (int, error) {
	if len(classIDs) == 0 {
		return 0, nil
	}
	return db.One(ctx, tx, scanCount, `SELECT count(*) FROM person p WHERE p.board_id = $1 AND p.status = 'active' AND p.id IN (SELECT e.person_id FROM enrollment e
		WHERE e.board_id = $1 AND e.role = 'student' AND e.status = 'active'
		AND e.class_id IN `+db.In(2, len(classIDs))+`)`, db.Args(classIDs, tx.Board)...)
}

// InClass reads the active pupils of a class, by name.
func InClass(ctx context.Context, tx *db.Tx, classID string) ([]Person, error) {
	return db.All(ctx, tx, scan, `SELECT `+columns+` FROM person p
		WHERE p.board_id = $1 AND p.status = 'active' AND p.id IN (SELECT e.person_id FROM enrollment e
			WHERE e.board_id = $1 AND e.class_id = $2 AND e.role = 'student' AND e.status = 'active')
		ORDER BY p.search, p.id`, tx.Board, classID)
}

// PupilsOf counts the pupils of a school, of the whole board when orgID is empty.
func PupilsOf(ctx context.Context, tx *db.Tx, orgID string) (int, error) {
	return db.One(ctx, tx, scanCount, `SELECT count(DISTINCT p.id) FROM person p
		LEFT JOIN person_role r ON r.board_id = p.board_id AND r.person_id = p.id
		WHERE p.board_id = $1 AND p.kind = 'student' AND p.status = 'active' AND (r.org_id = $2 OR $3 = '')`,
		tx.Board, orgID, orgID)
}

func scanCount(r db.Row) (int, error) {
	var n int
	err := r.Scan(&n)
	return n, err
}

// SaveClasses keeps many classes by their ids; the next import compares them anew.
func SaveClasses(ctx context.Context, tx *db.Tx, classes []Class) error {
	rows := make([][]any, len(classes))
	for i, c := range classes {
		rows[i] = []any{tx.Board, c.ID, c.SourceID, c.SchoolID, c.CourseID, c.Title, c.Code, c.Grade, c.Kind, c.Subject, c.Status, 0}
	}
	err := db.Bulk(ctx, tx, "class", []string{"board_id", "id", "source_id", "school_id", "course_id", "title", "code",
		"grade", "kind", "subject", "status", "said"}, []string{"board_id", "id"}, rows)
	if err != nil {
		return fmt.Errorf("keep classes: %w", err)
	}
	return nil
}

// SaveEnrollments keeps many enrolments by their ids; the next import compares them anew.
func SaveEnrollments(ctx context.Context, tx *db.Tx, enrollments []Enrollment) error {
	rows := make([][]any, len(enrollments))
	for i, e := range enrollments {
		rows[i] = []any{tx.Board, e.ID, e.ClassID, e.PersonID, string(e.Role), e.Main, e.Begin, e.End, e.Status, 0}
	}
	err := db.Bulk(ctx, tx, "enrollment", []string{"board_id", "id", "class_id", "person_id", "role", "main",
		"begin_date", "end_date", "status", "said"}, []string{"board_id", "id"}, rows)
	if err != nil {
		return fmt.Errorf("keep enrolments: %w", err)
	}
	return nil
}
