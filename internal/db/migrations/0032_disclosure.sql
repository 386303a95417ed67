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
