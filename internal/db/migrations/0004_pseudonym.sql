-- +goose Up
-- Login names, sealed. Nothing here follows the order of the roster, and there
-- are days, no moments: neither says which row is whose.
CREATE TABLE login_name (
  board_id text NOT NULL REFERENCES board (id),
  id text NOT NULL,
  name bytea NOT NULL,
  name_mac text NOT NULL,
  person bytea NOT NULL,
  person_mac text NOT NULL,
  issued_on text NOT NULL,
  retired_on text NOT NULL DEFAULT '',
  PRIMARY KEY (board_id, id),
  UNIQUE (board_id, name_mac)
);
CREATE UNIQUE INDEX login_name_person_idx ON login_name (board_id, person_mac) WHERE retired_on = '';

-- One that issues at a time: its row is the lock.
CREATE TABLE login_issue (
  board_id text NOT NULL PRIMARY KEY REFERENCES board (id),
  batches bigint NOT NULL
);
