package access

import (
	"context"

	"aval/internal/db"
)

// seat is a pupil in a school or in a class of it.
type seat struct{ person, place, title, school string }

func scanSeat(r db.Row) (s seat, err error) {
	err = r.Scan(&s.person, &s.place, &s.title, &s.school)
	return s, err
}

// schoolSeats answers the schools of pupils, school by school.
func schoolSeats(ctx context.Context, tx *db.Tx) ([]seat, error) {
	return db.All(ctx, tx, scanSeat, `SELECT DISTINCT r.person_id, o.id, o.name, o.id FROM person_role r
		JOIN org o ON o.board_id = r.board_id AND o.id = r.org_id AND o.kind = 'school' AND o.status = 'active'
		WHERE r.board_id = $1 AND r.role = 'student' ORDER BY o.id`, tx.Board)
}

// classSeats answers the classes of pupils, class by class.
func classSeats(ctx context.Context, tx *db.Tx) ([]seat, error) {
	return db.All(ctx, tx, scanSeat, `SELECT DISTINCT e.person_id, c.id, c.title, c.school_id FROM enrollment e
		JOIN class c ON c.board_id = e.board_id AND c.id = e.class_id AND c.status = 'active'
		WHERE e.board_id = $1 AND e.role = 'student' AND e.status = 'active' ORDER BY c.id`, tx.Board)
}
