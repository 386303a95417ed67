-- +goose Up
-- Enrolments, posts and the sessions of classes are nearly all rows of a roster.
-- An import makes each of them by a join with what it refers to, and nothing takes
-- away a person, a class or a school: so no foreign key looks each up again. What
-- the source calls an enrolment is its id. The indexes of its class and its person
-- differ by engine: see internal/db/own.go.
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
  updated_at timestamptz NOT NULL DEFAULT '2000-01-01 00:00:00+00:00',
  PRIMARY KEY (board_id, id)
);
INSERT INTO enrollment_new (board_id, id, class_id, person_id, role, main, begin_date, end_date, status, said, updated_at)
  SELECT board_id, source_id, class_id, person_id, role, main, begin_date, end_date, status, said, updated_at FROM enrollment;
DROP TABLE enrollment;
ALTER TABLE enrollment_new RENAME TO enrollment;

CREATE TABLE person_role_new (
  board_id text NOT NULL,
  person_id text NOT NULL,
  org_id text NOT NULL,
  role text NOT NULL,
  PRIMARY KEY (board_id, person_id, org_id, role)
);
INSERT INTO person_role_new (board_id, person_id, org_id, role) SELECT board_id, person_id, org_id, role FROM person_role;
DROP TABLE person_role;
ALTER TABLE person_role_new RENAME TO person_role;
CREATE INDEX person_role_org_idx ON person_role (board_id, org_id, role);

CREATE TABLE class_term_new (
  board_id text NOT NULL,
  class_id text NOT NULL,
  session_id text NOT NULL,
  PRIMARY KEY (board_id, class_id, session_id)
);
INSERT INTO class_term_new (board_id, class_id, session_id) SELECT board_id, class_id, session_id FROM class_term;
DROP TABLE class_term;
ALTER TABLE class_term_new RENAME TO class_term;
CREATE INDEX class_term_session_idx ON class_term (board_id, session_id);
