-- +goose Up
-- The keys of a board's sealed columns, wrapped by the master key, which is
-- not in the database. A board that was shredded keeps its row, without keys.
CREATE TABLE vault_key (
  board_id text NOT NULL PRIMARY KEY REFERENCES board (id),
  aead bytea NOT NULL,
  prf bytea NOT NULL,
  master text NOT NULL,
  created_at timestamptz NOT NULL,
  rotated_at timestamptz,
  shredded_at timestamptz,
  version bigint NOT NULL DEFAULT 1
);

-- The master key under which the keys of further boards are made: one row.
CREATE TABLE vault_master (
  one boolean NOT NULL PRIMARY KEY CHECK (one),
  id text NOT NULL
);
