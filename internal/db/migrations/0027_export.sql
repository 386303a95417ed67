-- +goose Up
-- Where files of a licence go by themselves, and when. A second person approves it.
CREATE TABLE export_route (
  board_id text NOT NULL REFERENCES board (id),
  id text NOT NULL,
  licence_id text NOT NULL,
  profile text NOT NULL,
  columns text NOT NULL DEFAULT '[]',
  host text NOT NULL,
  port bigint NOT NULL,
  login text NOT NULL,
  host_key text NOT NULL,
  folder text NOT NULL,
  secret_kind text NOT NULL,
  secret bytea NOT NULL,
  every text NOT NULL,
  weekday bigint NOT NULL DEFAULT 0,
  hour bigint NOT NULL DEFAULT 0,
  next_at timestamptz,
  recorded_by text NOT NULL,
  recorded_at timestamptz NOT NULL,
  approved_by text NOT NULL DEFAULT '',
  approved_at timestamptz,
  ended_by text NOT NULL DEFAULT '',
  ended_at timestamptz,
  version bigint NOT NULL DEFAULT 1,
  PRIMARY KEY (board_id, id),
  FOREIGN KEY (board_id, licence_id) REFERENCES licence (board_id, id)
);
CREATE INDEX export_route_licence_idx ON export_route (board_id, licence_id);

-- What left for a platform in a file, or was stopped before: how much and which
-- fields, never what was in it.
CREATE TABLE export (
  board_id text NOT NULL REFERENCES board (id),
  id text NOT NULL,
  licence_id text NOT NULL,
  route_id text NOT NULL DEFAULT '',
  profile text NOT NULL,
  columns text NOT NULL DEFAULT '[]',
  state text NOT NULL,
  fields text NOT NULL DEFAULT '[]',
  counts text NOT NULL DEFAULT '[]',
  size bigint NOT NULL DEFAULT 0,
  digest text NOT NULL DEFAULT '',
  stops text NOT NULL DEFAULT '[]',
  why text NOT NULL DEFAULT '',
  asked_by text NOT NULL,
  asked_at timestamptz NOT NULL,
  approved_by text NOT NULL DEFAULT '',
  approved_at timestamptz,
  sent_by text NOT NULL DEFAULT '',
  sent_at timestamptz,
  sent_to text NOT NULL DEFAULT '',
  tries bigint NOT NULL DEFAULT 0,
  version bigint NOT NULL DEFAULT 1,
  PRIMARY KEY (board_id, id),
  FOREIGN KEY (board_id, licence_id) REFERENCES licence (board_id, id)
);
CREATE INDEX export_licence_idx ON export (board_id, licence_id, asked_at);
