-- +goose Up
-- What was repaired or left aside when a plain file was made into the set of an import.
CREATE TABLE mapping_report (
  board_id text NOT NULL REFERENCES board (id),
  import_id text NOT NULL,
  report text NOT NULL, -- codes, counts and rows; no cell of a file
  PRIMARY KEY (board_id, import_id)
);
