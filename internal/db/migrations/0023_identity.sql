-- +goose Up
-- Under which other ids the source knows someone: a record of the roster that was
-- merged with another leads to who survives at the next import.
CREATE TABLE person_alias (
  board_id text NOT NULL REFERENCES board (id),
  source_id text NOT NULL,
  person_id text NOT NULL,
  PRIMARY KEY (board_id, source_id),
  FOREIGN KEY (board_id, person_id) REFERENCES person (board_id, id)
);
CREATE INDEX person_alias_person_idx ON person_alias (board_id, person_id);

-- What people decided about records of the roster: that two are one child, that
-- one is two children, that two are two. first_id survives a merge, and was there
-- before a split.
CREATE TABLE identity_act (
  board_id text NOT NULL REFERENCES board (id),
  id text NOT NULL,
  kind text NOT NULL,
  first_id text NOT NULL,
  second_id text NOT NULL,
  done_by text NOT NULL,
  done_at timestamptz NOT NULL,
  undone_by text NOT NULL DEFAULT '',
  undone_at timestamptz,
  PRIMARY KEY (board_id, id),
  FOREIGN KEY (board_id, first_id) REFERENCES person (board_id, id),
  FOREIGN KEY (board_id, second_id) REFERENCES person (board_id, id)
);
CREATE INDEX identity_act_first_idx ON identity_act (board_id, first_id);
CREATE INDEX identity_act_second_idx ON identity_act (board_id, second_id);

-- What exactly an act moved, by its id, and what stood there before. Never a login
-- name nor the row that holds it.
CREATE TABLE identity_moved (
  board_id text NOT NULL REFERENCES board (id),
  act_id text NOT NULL,
  kind text NOT NULL,
  item_id text NOT NULL,
  was text NOT NULL DEFAULT '',
  PRIMARY KEY (board_id, act_id, kind, item_id),
  FOREIGN KEY (board_id, act_id) REFERENCES identity_act (board_id, id)
);

-- The acts that gave a line of someone's history to another record, the last first.
ALTER TABLE person_was ADD COLUMN moved_by text NOT NULL DEFAULT '';

-- How a board's roster writes grades where that is not its province's usual word.
CREATE TABLE grade_word (
  board_id text NOT NULL REFERENCES board (id),
  folded text NOT NULL,
  written text NOT NULL,
  grade text NOT NULL,
  PRIMARY KEY (board_id, folded)
);

-- The school year that a board says is the current one, where its sessions do not
-- or say otherwise: the year in which it ends.
CREATE TABLE school_year (
  board_id text NOT NULL PRIMARY KEY REFERENCES board (id),
  year text NOT NULL,
  version bigint NOT NULL
);
