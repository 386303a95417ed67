-- +goose Up
-- The systems from which a board's roster is fetched, what was fetched of them,
-- and the pages that were read so far of what is being fetched.
CREATE TABLE roster_source (
  board_id text NOT NULL REFERENCES board (id),
  id text NOT NULL,
  name text NOT NULL,
  edition text NOT NULL,
  base_url text NOT NULL,
  token_url text NOT NULL,
  client_id text NOT NULL,
  secret bytea NOT NULL, -- sealed
  every text NOT NULL,
  hour bigint NOT NULL,
  weekday bigint NOT NULL,
  full_days bigint NOT NULL,
  made_by text NOT NULL,
  made_at timestamptz NOT NULL,
  removed_at timestamptz,
  version bigint NOT NULL DEFAULT 1,
  PRIMARY KEY (board_id, id)
);
CREATE TABLE roster_pull (
  board_id text NOT NULL REFERENCES board (id),
  id text NOT NULL,
  source_id text NOT NULL,
  state text NOT NULL,
  whole boolean NOT NULL,
  since timestamptz,
  as_of timestamptz,
  started_by text NOT NULL,
  started_at timestamptz NOT NULL,
  touched_at timestamptz NOT NULL,
  ended_at timestamptz,
  again_at timestamptz,
  tries bigint NOT NULL DEFAULT 0,
  page_size bigint NOT NULL,
  trouble text NOT NULL DEFAULT '',
  trouble_at text NOT NULL DEFAULT '',
  accepted_by text NOT NULL DEFAULT '',
  counts text NOT NULL DEFAULT '{}',
  version bigint NOT NULL DEFAULT 1,
  PRIMARY KEY (board_id, id),
  FOREIGN KEY (board_id, source_id) REFERENCES roster_source (board_id, id)
);
CREATE INDEX roster_pull_source_idx ON roster_pull (board_id, source_id, started_at);
CREATE INDEX roster_pull_state_idx ON roster_pull (board_id, state);
CREATE TABLE roster_page (
  board_id text NOT NULL REFERENCES board (id),
  id text NOT NULL,
  pull_id text NOT NULL,
  number bigint NOT NULL,
  collection text NOT NULL,
  items bigint NOT NULL,
  digest text NOT NULL,
  sealed bytea NOT NULL,
  PRIMARY KEY (board_id, id),
  UNIQUE (board_id, pull_id, number),
  FOREIGN KEY (board_id, pull_id) REFERENCES roster_pull (board_id, id)
);
