-- +goose Up
-- What a vendor of platforms is bound to: a contract, what it says, and how it is watched.
CREATE TABLE contract (
  board_id text NOT NULL REFERENCES board (id),
  id text NOT NULL,
  platform_id text NOT NULL,
  state text NOT NULL,
  kind text NOT NULL,
  contact text NOT NULL DEFAULT '',
  reference text NOT NULL DEFAULT '',
  signed_on text NOT NULL,
  in_force_on text NOT NULL,
  ends_on text NOT NULL DEFAULT '',
  ended_on text NOT NULL DEFAULT '',
  items text NOT NULL DEFAULT '{}',
  mitigations text NOT NULL DEFAULT '[]',
  exit_plan text NOT NULL DEFAULT '{}',
  undertakings text NOT NULL DEFAULT '',
  undertakings_reason text NOT NULL DEFAULT '',
  undertakings_by text NOT NULL DEFAULT '',
  undertakings_at timestamptz,
  basis text NOT NULL DEFAULT '',
  basis_reason text NOT NULL DEFAULT '',
  basis_by text NOT NULL DEFAULT '',
  basis_at timestamptz,
  attested_on text NOT NULL DEFAULT '',
  attested_by text NOT NULL DEFAULT '',
  recorded_by text NOT NULL,
  recorded_at timestamptz NOT NULL,
  version bigint NOT NULL DEFAULT 1,
  PRIMARY KEY (board_id, id),
  FOREIGN KEY (board_id, platform_id) REFERENCES platform (board_id, id)
);
CREATE INDEX contract_platform_idx ON contract (board_id, platform_id);
CREATE TABLE contract_file (
  board_id text NOT NULL REFERENCES board (id),
  id text NOT NULL,
  contract_id text NOT NULL,
  role text NOT NULL,
  name text NOT NULL,
  media text NOT NULL,
  size bigint NOT NULL,
  sha256 text NOT NULL,
  added_by text NOT NULL,
  added_at timestamptz NOT NULL,
  PRIMARY KEY (board_id, id),
  FOREIGN KEY (board_id, contract_id) REFERENCES contract (board_id, id)
);
CREATE INDEX contract_file_idx ON contract_file (board_id, contract_id);
CREATE TABLE contract_check (
  board_id text NOT NULL REFERENCES board (id),
  id text NOT NULL,
  contract_id text NOT NULL,
  subject text NOT NULL,
  due_on text NOT NULL,
  done_on text NOT NULL DEFAULT '',
  result text NOT NULL DEFAULT '',
  findings text NOT NULL DEFAULT '',
  reviewed_by text NOT NULL DEFAULT '',
  planned_by text NOT NULL,
  planned_at timestamptz NOT NULL,
  PRIMARY KEY (board_id, id),
  FOREIGN KEY (board_id, contract_id) REFERENCES contract (board_id, id)
);
CREATE INDEX contract_check_idx ON contract_check (board_id, contract_id);
CREATE INDEX contract_check_due_idx ON contract_check (board_id, done_on, due_on);
CREATE TABLE contract_notice (
  board_id text NOT NULL REFERENCES board (id),
  id text NOT NULL,
  contract_id text NOT NULL,
  received_on text NOT NULL,
  received_by text NOT NULL,
  told text NOT NULL,
  incident_id text NOT NULL,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (board_id, id),
  FOREIGN KEY (board_id, contract_id) REFERENCES contract (board_id, id)
);
CREATE INDEX contract_notice_idx ON contract_notice (board_id, contract_id);
