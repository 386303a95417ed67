-- +goose Up
-- For whom a licence is within its reach, how its pupils sign in, and its end
-- before the day that was foreseen.

ALTER TABLE licence ADD COLUMN account_kind text NOT NULL DEFAULT 'none';
ALTER TABLE licence ADD COLUMN sign_in_url text NOT NULL DEFAULT '';
ALTER TABLE licence ADD COLUMN columns text NOT NULL DEFAULT '[]';
ALTER TABLE licence ADD COLUMN ended_on text NOT NULL DEFAULT '';

CREATE TABLE licence_audience (
  board_id text NOT NULL REFERENCES board (id),
  licence_id text NOT NULL,
  kind text NOT NULL,
  value text NOT NULL,
  PRIMARY KEY (board_id, licence_id, kind, value),
  FOREIGN KEY (board_id, licence_id) REFERENCES licence (board_id, id)
);
