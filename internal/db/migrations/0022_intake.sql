-- +goose Up
-- An import brings the roster in step in one transaction, and touches only what
-- differs. said is the digest of a record as the last full set told it: a row of
-- the next set that says the same is known without being compared. Zero is a record
-- of which that is not known.
ALTER TABLE person ADD COLUMN said bigint NOT NULL DEFAULT 0;
ALTER TABLE class ADD COLUMN said bigint NOT NULL DEFAULT 0;
ALTER TABLE course ADD COLUMN said bigint NOT NULL DEFAULT 0;
ALTER TABLE enrollment ADD COLUMN said bigint NOT NULL DEFAULT 0;

-- When what a record says last changed; of those before this migration, long ago.
ALTER TABLE class ADD COLUMN updated_at timestamptz NOT NULL DEFAULT '2000-01-01 00:00:00+00:00';
ALTER TABLE enrollment ADD COLUMN updated_at timestamptz NOT NULL DEFAULT '2000-01-01 00:00:00+00:00';
ALTER TABLE course ADD COLUMN updated_at timestamptz NOT NULL DEFAULT '2000-01-01 00:00:00+00:00';
ALTER TABLE academic_session ADD COLUMN updated_at timestamptz NOT NULL DEFAULT '2000-01-01 00:00:00+00:00';

CREATE INDEX person_number_idx ON person (board_id, number);

-- The sessions in which a class is given.
CREATE TABLE class_term (
  board_id text NOT NULL REFERENCES board (id),
  class_id text NOT NULL,
  session_id text NOT NULL,
  PRIMARY KEY (board_id, class_id, session_id),
  FOREIGN KEY (board_id, class_id) REFERENCES class (board_id, id),
  FOREIGN KEY (board_id, session_id) REFERENCES academic_session (board_id, id)
);
CREATE INDEX class_term_session_idx ON class_term (board_id, session_id);

-- What someone's attributes were (given_name, family_name, number, grade, kind,
-- and school: the id of one in which a pupil learnt), until an import changed them.
CREATE TABLE person_was (
  board_id text NOT NULL REFERENCES board (id),
  person_id text NOT NULL,
  attribute text NOT NULL,
  was text NOT NULL,
  until_at timestamptz NOT NULL,
  import_id text NOT NULL,
  PRIMARY KEY (board_id, person_id, attribute, import_id, was),
  FOREIGN KEY (board_id, person_id) REFERENCES person (board_id, id)
);
CREATE INDEX person_was_import_idx ON person_was (board_id, import_id);
CREATE INDEX person_was_value_idx ON person_was (board_id, attribute, was);

-- An import on its way: what it would do, how far it is, and the key of the set
-- that is kept sealed on disk until it is in.
ALTER TABLE roster_import ADD COLUMN state text NOT NULL DEFAULT 'done';
ALTER TABLE roster_import ADD COLUMN rows_done bigint NOT NULL DEFAULT 0;
ALTER TABLE roster_import ADD COLUMN rows_all bigint NOT NULL DEFAULT 0;
ALTER TABLE roster_import ADD COLUMN told text NOT NULL DEFAULT '';
ALTER TABLE roster_import ADD COLUMN preview text NOT NULL DEFAULT '';
ALTER TABLE roster_import ADD COLUMN refusal text NOT NULL DEFAULT '';
ALTER TABLE roster_import ADD COLUMN set_key bytea;
ALTER TABLE roster_import ADD COLUMN ended_at timestamptz;
CREATE INDEX roster_import_state_idx ON roster_import (board_id, state);
