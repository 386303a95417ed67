-- +goose Up
-- The day on which a pupil was born, as the roster says it.
CREATE TABLE birth (
  board_id text NOT NULL REFERENCES board (id),
  person_id text NOT NULL,
  sealed bytea NOT NULL,
  changed_at timestamptz NOT NULL, -- when the day last became another
  PRIMARY KEY (board_id, person_id),
  FOREIGN KEY (board_id, person_id) REFERENCES person (board_id, id)
);
