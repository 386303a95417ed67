-- +goose Up
-- What a source calls an enrolment is the key of its row by an index of its own name,
-- not by one that is part of the table: so that it may be made after a table is filled,
-- in order, instead of row by row at random. It is made in internal/db/own.go.
CREATE TABLE enrollment_new (
  board_id text NOT NULL,
  id text NOT NULL,
  class_id text NOT NULL,
  person_id text NOT NULL,
  role text NOT NULL,
  main boolean NOT NULL DEFAULT false,
  begin_date text NOT NULL DEFAULT '',
  end_date text NOT NULL DEFAULT '',
  status text NOT NULL DEFAULT 'active',
  said bigint NOT NULL DEFAULT 0,
  updated_at timestamptz NOT NULL DEFAULT '2000-01-01 00:00:00+00:00'
);
INSERT INTO enrollment_new (board_id, id, class_id, person_id, role, main, begin_date, end_date, status, said, updated_at)
  SELECT board_id, id, class_id, person_id, role, main, begin_date, end_date, status, said, updated_at FROM enrollment;
DROP TABLE enrollment;
ALTER TABLE enrollment_new RENAME TO enrollment;
