-- +goose Up
-- How the plain files of a board's system are read: each change is another version.
CREATE TABLE roster_mapping (
  board_id text NOT NULL REFERENCES board (id),
  id text NOT NULL,
  name text NOT NULL,
  version bigint NOT NULL,
  body text NOT NULL, -- which header holds what; no cell of a file
  saved_by text NOT NULL,
  saved_at timestamptz NOT NULL,
  PRIMARY KEY (board_id, id),
  UNIQUE (board_id, name, version)
);
-- A file that was sent and not yet imported; for a day at most.
CREATE TABLE roster_upload (
  board_id text NOT NULL REFERENCES board (id),
  id text NOT NULL,
  part text NOT NULL,
  sealed bytea NOT NULL,
  sent_by text NOT NULL,
  sent_at timestamptz NOT NULL,
  PRIMARY KEY (board_id, id, part)
);
-- Who answers for a pupil, as the roster says.
CREATE TABLE guardian (
  board_id text NOT NULL REFERENCES board (id),
  id text NOT NULL,
  source_mac text NOT NULL, -- finds one by the id that its source gives
  sealed bytea NOT NULL,    -- name, address, e-mail, telephone, language
  digest text NOT NULL,     -- keyed: says whether what is sealed changed
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (board_id, id)
);
CREATE INDEX guardian_source_idx ON guardian (board_id, source_mac);
CREATE TABLE guardian_of (
  board_id text NOT NULL REFERENCES board (id),
  guardian_id text NOT NULL,
  person_id text NOT NULL,
  sealed bytea NOT NULL, -- relation, restriction of a court
  digest text NOT NULL,
  PRIMARY KEY (board_id, person_id, guardian_id),
  FOREIGN KEY (board_id, guardian_id) REFERENCES guardian (board_id, id),
  FOREIGN KEY (board_id, person_id) REFERENCES person (board_id, id)
);
CREATE INDEX guardian_of_guardian_idx ON guardian_of (board_id, guardian_id);
