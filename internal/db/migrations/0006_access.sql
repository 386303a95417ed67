-- +goose Up
-- Pupils' accounts on the platforms of licences. Whose one is, only its login
-- name tells, which is sealed: nothing here names a person or follows the order
-- of the roster, and there are days, no moments.
CREATE TABLE pupil_account (
  board_id text NOT NULL REFERENCES board (id),
  id text NOT NULL,
  licence_id text NOT NULL,
  login_id text NOT NULL,
  state text NOT NULL,
  was text NOT NULL DEFAULT '',
  by_hand boolean NOT NULL DEFAULT false,
  password bytea NOT NULL,
  vendor_name bytea NOT NULL,
  provisioning_id text NOT NULL DEFAULT '',
  sent_on text NOT NULL DEFAULT '',
  changed_on text NOT NULL,
  version bigint NOT NULL DEFAULT 1,
  PRIMARY KEY (board_id, id),
  FOREIGN KEY (board_id, licence_id) REFERENCES licence (board_id, id),
  FOREIGN KEY (board_id, login_id) REFERENCES login_name (board_id, id)
);
CREATE UNIQUE INDEX pupil_account_one_idx ON pupil_account (board_id, licence_id, login_id) WHERE state <> 'retired';
CREATE INDEX pupil_account_login_idx ON pupil_account (board_id, login_id);

-- One at a time gives or takes the seats of a licence: its row is the lock.
CREATE TABLE account_batch (
  board_id text NOT NULL REFERENCES board (id),
  licence_id text NOT NULL,
  batches bigint NOT NULL,
  PRIMARY KEY (board_id, licence_id)
);

-- A file of accounts for the vendor: prepared by one, approved by another,
-- downloaded once. What it held is kept nowhere.
CREATE TABLE provisioning (
  board_id text NOT NULL REFERENCES board (id),
  id text NOT NULL,
  licence_id text NOT NULL,
  kind text NOT NULL,
  accounts bigint NOT NULL,
  prepared_by text NOT NULL,
  prepared_at timestamptz NOT NULL,
  approved_by text NOT NULL DEFAULT '',
  approved_at timestamptz,
  downloaded_by text NOT NULL DEFAULT '',
  downloaded_at timestamptz,
  confirmed_by text NOT NULL DEFAULT '',
  confirmed_at timestamptz,
  version bigint NOT NULL DEFAULT 1,
  PRIMARY KEY (board_id, id),
  FOREIGN KEY (board_id, licence_id) REFERENCES licence (board_id, id)
);
CREATE INDEX provisioning_licence_idx ON provisioning (board_id, licence_id, prepared_at);

-- What a class is called in those files, where its own title would name someone.
CREATE TABLE group_label (
  board_id text NOT NULL REFERENCES board (id),
  class_id text NOT NULL,
  label text NOT NULL,
  PRIMARY KEY (board_id, class_id)
);

-- The vendor's word that the accounts of a licence that is over are deleted.
CREATE TABLE account_deletion (
  board_id text NOT NULL REFERENCES board (id),
  licence_id text NOT NULL,
  accounts bigint NOT NULL,
  asked_on text NOT NULL,
  attested_on text NOT NULL DEFAULT '',
  attested_by text NOT NULL DEFAULT '',
  recorded_by text NOT NULL DEFAULT '',
  PRIMARY KEY (board_id, licence_id),
  FOREIGN KEY (board_id, licence_id) REFERENCES licence (board_id, id)
);
