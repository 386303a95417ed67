package db

// own are statements in which the engines differ. Migrating runs them each time it
// had something to do, so that each is one that may be run again.
//
// A roster has eight enrolments for each pupil, of which one wants those of a class
// or of a person. The ids are unique over all boards: on PostgreSQL, where the board's
// wall stands beside, a tree of one text does, which is made in a third of the time
// that a hash takes, and has a third of its size. What a source calls an enrolment need
// not be unique: its tree begins with what differs from row to row, so that each step
// down compares one text, not two. What a person or a class refers to is known by the
// join that makes them; SQLite cannot let go of a key without making the table anew.
//
// Of an empty table the app may take the indexes away while it fills it (Fill), for
// which it needs the owner: the two functions do just that and nothing that is theirs
// to choose. A page that reads enrolments meanwhile waits; who would have to wait a
// second for such a page fills the table with its indexes.
var own = map[Engine][]string{
	SQLite: {
		`CREATE UNIQUE INDEX IF NOT EXISTS enrollment_key ON enrollment (board_id, id)`,
		`CREATE INDEX IF NOT EXISTS enrollment_class_idx ON enrollment (board_id, class_id, role)`,
		`CREATE INDEX IF NOT EXISTS enrollment_person_idx ON enrollment (board_id, person_id)`,
	},
	Postgres: {
		enrollmentIndexes,
		asOwner("enrollment_unindexed", "boolean", "lock_timeout = '1s'", `BEGIN
			IF pg_relation_size('enrollment') > 0 THEN RETURN false; END IF;
			LOCK TABLE enrollment IN ACCESS EXCLUSIVE MODE;
			IF pg_relation_size('enrollment') > 0 THEN RETURN false; END IF;
			DROP INDEX IF EXISTS enrollment_key, enrollment_class_idx, enrollment_person_idx;
			RETURN true;
			EXCEPTION WHEN lock_not_available THEN RETURN false;
		END`),
		asOwner("enrollment_indexed", "void", "maintenance_work_mem = '128MB'", `BEGIN `+enrollmentIndexes+`; END`),
		`ALTER TABLE person DROP CONSTRAINT IF EXISTS person_board_id_fkey`,
		`ALTER TABLE class DROP CONSTRAINT IF EXISTS class_board_id_fkey`,
		`ALTER TABLE class DROP CONSTRAINT IF EXISTS class_board_id_school_id_fkey`,
	},
}

const enrollmentIndexes = `CREATE INDEX IF NOT EXISTS enrollment_class_idx ON enrollment (class_id);
	CREATE INDEX IF NOT EXISTS enrollment_person_idx ON enrollment (person_id);
	CREATE UNIQUE INDEX IF NOT EXISTS enrollment_key ON enrollment (id, board_id)`

// asOwner makes a function that the app may call (see admitApp) and that runs as the
// owner of the tables, who finds no other tables than these.
func asOwner(name, returns, set, body string) string {
	return `DO $make$ BEGIN EXECUTE format($text$
		CREATE OR REPLACE FUNCTION ` + name + `() RETURNS ` + returns + ` LANGUAGE plpgsql SECURITY DEFINER
			SET search_path = %1$I, pg_temp SET client_min_messages = warning SET ` + set + ` AS $body$` + body + `$body$;
		REVOKE EXECUTE ON FUNCTION ` + name + `() FROM PUBLIC$text$, current_schema());
		END $make$`
}
