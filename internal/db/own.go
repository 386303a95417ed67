package db

// own are statements in which the engines differ. Migrating runs them each time it
// had something to do, so that each is one that may be run again.
//
// A roster has eight enrolments for each pupil, of which one wants those of a class
// or of a person, never a range of them: PostgreSQL's hash of one column costs an
// import a third of what a tree of two texts does, and a tenth of its place. The
// ids are unique over all boards. What a source calls an enrolment need not be: its
// tree begins with what differs from row to row, so that each step down compares one
// text, not two. What a person or a class refers to is known by the
// join that makes them; SQLite cannot let go of a key without making the table anew.
var own = map[Engine][]string{
	SQLite: {
		`CREATE INDEX IF NOT EXISTS enrollment_class_idx ON enrollment (board_id, class_id, role)`,
		`CREATE INDEX IF NOT EXISTS enrollment_person_idx ON enrollment (board_id, person_id)`,
	},
	Postgres: {
		`CREATE INDEX IF NOT EXISTS enrollment_class_idx ON enrollment USING hash (class_id)`,
		`CREATE INDEX IF NOT EXISTS enrollment_person_idx ON enrollment USING hash (person_id)`,
		`CREATE UNIQUE INDEX IF NOT EXISTS enrollment_key ON enrollment (id, board_id)`,
		`ALTER TABLE enrollment DROP CONSTRAINT IF EXISTS enrollment_new_pkey`,
		`ALTER TABLE person DROP CONSTRAINT IF EXISTS person_board_id_fkey`,
		`ALTER TABLE class DROP CONSTRAINT IF EXISTS class_board_id_fkey`,
		`ALTER TABLE class DROP CONSTRAINT IF EXISTS class_board_id_school_id_fkey`,
	},
}
