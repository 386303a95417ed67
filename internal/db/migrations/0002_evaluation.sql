-- +goose Up
-- Everybody who ever wrote on an aspect: none of them decides, unless the board
-- lets them.
CREATE TABLE evaluation_writer (
  board_id text NOT NULL REFERENCES board (id),
  evaluation_id text NOT NULL,
  account_id text NOT NULL,
  since timestamptz NOT NULL,
  PRIMARY KEY (board_id, evaluation_id, account_id),
  FOREIGN KEY (board_id, evaluation_id) REFERENCES evaluation (board_id, id)
);
INSERT INTO evaluation_writer (board_id, evaluation_id, account_id, since)
  SELECT board_id, id, evaluator_id, updated_at FROM evaluation WHERE evaluator_id <> '';
INSERT INTO evaluation_writer (board_id, evaluation_id, account_id, since)
  SELECT board_id, evaluation_id, added_by, min(added_at) FROM evidence WHERE added_by <> ''
  GROUP BY board_id, evaluation_id, added_by
  ON CONFLICT DO NOTHING;

-- A file that was withdrawn stays, and is shown no more.
ALTER TABLE evidence ADD COLUMN withdrawn_by text NOT NULL DEFAULT '';
ALTER TABLE evidence ADD COLUMN withdrawn_at timestamptz;
