-- +goose Up
-- What people may ask of a board about themselves, what the board tells them, what they
-- consent to, and what is destroyed when its time has come.
CREATE TABLE rights_number (
  board_id text NOT NULL REFERENCES board (id),
  year bigint NOT NULL,
  last bigint NOT NULL,
  PRIMARY KEY (board_id, year)
);
CREATE TABLE rights_request (
  board_id text NOT NULL REFERENCES board (id),
  id text NOT NULL,
  number text NOT NULL,
  kind text NOT NULL,
  state text NOT NULL,
  person_id text NOT NULL DEFAULT '',
  sealed bytea NOT NULL, -- who asks, about whom, what, and the answer's reasons
  received_on text NOT NULL,
  due_on text NOT NULL DEFAULT '',
  extended_on text NOT NULL DEFAULT '',
  outcome text NOT NULL DEFAULT '',
  answered_on text NOT NULL DEFAULT '',
  closed_on text NOT NULL DEFAULT '',
  entered_by text NOT NULL,
  entered_at timestamptz NOT NULL,
  version bigint NOT NULL,
  PRIMARY KEY (board_id, id),
  UNIQUE (board_id, number)
);
CREATE INDEX rights_request_state_idx ON rights_request (board_id, state, due_on);
CREATE TABLE board_notice (
  board_id text NOT NULL REFERENCES board (id),
  id text NOT NULL,
  kind text NOT NULL,
  platform_id text NOT NULL DEFAULT '',
  number bigint NOT NULL,
  state text NOT NULL,
  fields text NOT NULL,
  changes_fr text NOT NULL DEFAULT '',
  changes_en text NOT NULL DEFAULT '',
  written_by text NOT NULL,
  written_at timestamptz NOT NULL,
  published_by text NOT NULL DEFAULT '',
  published_at timestamptz,
  sent_on text NOT NULL DEFAULT '',
  audience text NOT NULL DEFAULT '',
  channel text NOT NULL DEFAULT '',
  version bigint NOT NULL,
  PRIMARY KEY (board_id, id),
  UNIQUE (board_id, kind, platform_id, number)
);
CREATE TABLE consent (
  board_id text NOT NULL REFERENCES board (id),
  id text NOT NULL,
  person_id text NOT NULL,
  org_id text NOT NULL,
  platform_id text NOT NULL,
  purpose text NOT NULL,
  instrument text NOT NULL,
  answer text NOT NULL,
  age_from bigint NOT NULL,
  capacity text NOT NULL,
  signer bytea NOT NULL, -- sealed
  method text NOT NULL,
  text_version text NOT NULL,
  rule text NOT NULL,
  given_on text NOT NULL,
  expires_on text NOT NULL DEFAULT '',
  alternative text NOT NULL DEFAULT '',
  withdrawn_on text NOT NULL DEFAULT '',
  recorded_by text NOT NULL,
  recorded_at timestamptz NOT NULL,
  version bigint NOT NULL,
  PRIMARY KEY (board_id, id),
  FOREIGN KEY (board_id, person_id) REFERENCES person (board_id, id),
  FOREIGN KEY (board_id, platform_id) REFERENCES platform (board_id, id)
);
CREATE INDEX consent_person_idx ON consent (board_id, person_id, platform_id, given_on);
CREATE TABLE collection_basis (
  board_id text NOT NULL REFERENCES board (id),
  platform_id text NOT NULL,
  basis text NOT NULL,
  reason text NOT NULL DEFAULT '',
  chosen_by text NOT NULL,
  chosen_at timestamptz NOT NULL,
  PRIMARY KEY (board_id, platform_id),
  FOREIGN KEY (board_id, platform_id) REFERENCES platform (board_id, id)
);
CREATE TABLE retention_rule (
  board_id text NOT NULL REFERENCES board (id),
  kind text NOT NULL,
  code text NOT NULL,
  years bigint NOT NULL,
  set_by text NOT NULL,
  set_at timestamptz NOT NULL,
  PRIMARY KEY (board_id, kind)
);
-- A batch names what it holds only until it is destroyed.
CREATE TABLE disposal (
  board_id text NOT NULL REFERENCES board (id),
  id text NOT NULL,
  kind text NOT NULL,
  code text NOT NULL,
  years bigint NOT NULL,
  ended_before text NOT NULL,
  count bigint NOT NULL,
  state text NOT NULL,
  proposed_by text NOT NULL,
  proposed_at timestamptz NOT NULL,
  approved_by text NOT NULL DEFAULT '',
  approved_at timestamptz,
  PRIMARY KEY (board_id, id)
);
CREATE TABLE disposal_item (
  board_id text NOT NULL REFERENCES board (id),
  disposal_id text NOT NULL,
  item_id text NOT NULL,
  PRIMARY KEY (board_id, disposal_id, item_id),
  FOREIGN KEY (board_id, disposal_id) REFERENCES disposal (board_id, id)
);
