-- +goose Up
-- What a platform's program signs in with to read what its licence lets it know:
-- one client of a licence, its secrets (two while one takes the other's place)
-- and the tokens that it was given for an hour. Only hashes are kept.
CREATE TABLE credential (
  board_id text NOT NULL REFERENCES board (id),
  id text NOT NULL,
  licence_id text NOT NULL,
  made_by text NOT NULL,
  made_at timestamptz NOT NULL,
  revoked_by text NOT NULL DEFAULT '',
  revoked_at timestamptz,
  version bigint NOT NULL DEFAULT 1,
  PRIMARY KEY (board_id, id),
  FOREIGN KEY (board_id, licence_id) REFERENCES licence (board_id, id)
);
CREATE UNIQUE INDEX credential_licence_idx ON credential (board_id, licence_id) WHERE revoked_at IS NULL;
CREATE TABLE credential_secret (
  board_id text NOT NULL REFERENCES board (id),
  hash text NOT NULL,
  credential_id text NOT NULL,
  made_by text NOT NULL,
  made_at timestamptz NOT NULL,
  ends_at timestamptz,
  PRIMARY KEY (board_id, hash),
  FOREIGN KEY (board_id, credential_id) REFERENCES credential (board_id, id)
);
CREATE INDEX credential_secret_idx ON credential_secret (board_id, credential_id, made_at);
CREATE TABLE credential_token (
  board_id text NOT NULL REFERENCES board (id),
  hash text NOT NULL,
  credential_id text NOT NULL,
  scopes text NOT NULL,
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (board_id, hash),
  FOREIGN KEY (board_id, credential_id) REFERENCES credential (board_id, id)
);
CREATE INDEX credential_token_idx ON credential_token (board_id, credential_id, expires_at);

-- How much was read with it, a row a day.
CREATE TABLE credential_use (
  board_id text NOT NULL REFERENCES board (id),
  credential_id text NOT NULL,
  day text NOT NULL,
  requests bigint NOT NULL,
  objects bigint NOT NULL,
  refused bigint NOT NULL,
  last_at timestamptz NOT NULL,
  PRIMARY KEY (board_id, credential_id, day),
  FOREIGN KEY (board_id, credential_id) REFERENCES credential (board_id, id)
);

-- The teachers among many pupils are found without reading them all.
CREATE INDEX disclosed_role_idx ON disclosed (board_id, licence_id, kind, role, value);
