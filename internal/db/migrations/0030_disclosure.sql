-- +goose Up
-- An enrolment is disclosed under a name of its class, and found by it; it needs no
-- pseudonym of its own. Whether a subject is disclosed is read from the index alone.

ALTER TABLE disclosed ADD COLUMN class_id text NOT NULL DEFAULT '';
UPDATE disclosed SET class_id = COALESCE((SELECT e.class_id FROM enrollment e
  WHERE e.board_id = disclosed.board_id AND e.id = disclosed.subject_id), '')
  WHERE kind = 'enrollment';
CREATE INDEX disclosed_class_idx ON disclosed (board_id, licence_id, class_id) WHERE class_id <> '';
DELETE FROM pairwise WHERE kind = 'enrollment';

DROP INDEX disclosed_subject_idx;
CREATE INDEX disclosed_subject_idx ON disclosed (board_id, licence_id, kind, subject_id, status, value);

-- Whom a breach concerns is written at once for a whole board; that the breach is
-- there need not be looked up for each.
ALTER TABLE breach_person RENAME TO breach_person_was;
CREATE TABLE breach_person (
  board_id text NOT NULL REFERENCES board (id),
  breach_id text NOT NULL,
  person_id text NOT NULL,
  PRIMARY KEY (board_id, breach_id, person_id)
);
INSERT INTO breach_person (board_id, breach_id, person_id) SELECT board_id, breach_id, person_id FROM breach_person_was;
DROP TABLE breach_person_was;
