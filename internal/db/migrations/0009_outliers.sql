-- +goose Up
-- Who was left a letter about the unusual looks of which week (its Monday): one
-- letter each, however often the clock comes by. What it says is read when it is sent.
CREATE TABLE outlier_letter (
  board_id text NOT NULL REFERENCES board (id),
  id text NOT NULL,
  week text NOT NULL,
  account_id text NOT NULL,
  left_at timestamptz NOT NULL,
  PRIMARY KEY (board_id, id)
);
CREATE UNIQUE INDEX outlier_letter_one_idx ON outlier_letter (board_id, week, account_id);
