-- +goose Up
-- What a board looks at beside its policy's criteria: never rewritten, retired and kept.
CREATE TABLE criterion (
  board_id text NOT NULL REFERENCES board (id),
  id text NOT NULL,
  aspect text NOT NULL,
  name_fr text NOT NULL,
  name_en text NOT NULL,
  question_fr text NOT NULL,
  question_en text NOT NULL,
  made_by text NOT NULL,
  made_at timestamptz NOT NULL,
  retired_by text NOT NULL DEFAULT '',
  retired_at timestamptz,
  PRIMARY KEY (board_id, id)
);

-- The criteria that an evaluation began with, where it was carried over from, and
-- the second evaluator that the direction asked for.
ALTER TABLE evaluation ADD COLUMN frame text NOT NULL DEFAULT '';
ALTER TABLE evaluation ADD COLUMN source text NOT NULL DEFAULT '';
ALTER TABLE evaluation ADD COLUMN second_at timestamptz;
ALTER TABLE evaluation_criterion ADD COLUMN carried boolean NOT NULL DEFAULT FALSE;
ALTER TABLE evaluation_criterion ADD COLUMN before_rating text NOT NULL DEFAULT '';
ALTER TABLE evaluation_criterion ADD COLUMN before_note text NOT NULL DEFAULT '';
ALTER TABLE evaluation_criterion ADD COLUMN reason text NOT NULL DEFAULT '';
ALTER TABLE evidence ADD COLUMN confidential boolean NOT NULL DEFAULT FALSE;

-- What each of two evaluators wrote without seeing the other's.
CREATE TABLE evaluation_opinion (
  board_id text NOT NULL REFERENCES board (id),
  evaluation_id text NOT NULL,
  evaluator_id text NOT NULL,
  place bigint NOT NULL,
  content text NOT NULL,
  finished_at timestamptz,
  updated_at timestamptz NOT NULL,
  version bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (board_id, evaluation_id, evaluator_id),
  UNIQUE (board_id, evaluation_id, place),
  FOREIGN KEY (board_id, evaluation_id) REFERENCES evaluation (board_id, id)
);

-- A department asked for its own judgement of one aspect.
CREATE TABLE invitation (
  board_id text NOT NULL REFERENCES board (id),
  id text NOT NULL,
  request_id text NOT NULL,
  aspect text NOT NULL,
  org_id text NOT NULL,
  criteria text NOT NULL,
  due_on text NOT NULL,
  note text NOT NULL DEFAULT '',
  state text NOT NULL,
  ratings text NOT NULL DEFAULT '{}',
  conclusion text NOT NULL DEFAULT '',
  reason text NOT NULL DEFAULT '',
  invited_by text NOT NULL,
  invited_at timestamptz NOT NULL,
  answered_by text NOT NULL DEFAULT '',
  answered_at timestamptz,
  version bigint NOT NULL DEFAULT 1,
  PRIMARY KEY (board_id, id),
  FOREIGN KEY (board_id, request_id) REFERENCES request (board_id, id),
  FOREIGN KEY (board_id, org_id) REFERENCES org (board_id, id)
);
CREATE INDEX invitation_request_idx ON invitation (board_id, request_id, aspect);
CREATE INDEX invitation_state_idx ON invitation (board_id, state, due_on);

-- Why a decided platform is evaluated again: the decision that stands until the next.
CREATE TABLE reevaluation (
  board_id text NOT NULL REFERENCES board (id),
  request_id text NOT NULL,
  decision_id text NOT NULL,
  kind text NOT NULL,
  reason text NOT NULL,
  opened_by text NOT NULL,
  opened_at timestamptz NOT NULL,
  PRIMARY KEY (board_id, request_id),
  FOREIGN KEY (board_id, request_id) REFERENCES request (board_id, id),
  FOREIGN KEY (board_id, decision_id) REFERENCES decision (board_id, id)
);
CREATE INDEX reevaluation_decision_idx ON reevaluation (board_id, decision_id);

-- The key by which a board signs the evaluations that it gives away, wrapped under
-- the master key, and the signers that it knows by name.
CREATE TABLE evaluation_signer (
  board_id text PRIMARY KEY REFERENCES board (id),
  public_key text NOT NULL,
  sealed bytea NOT NULL,
  made_at timestamptz NOT NULL
);
CREATE TABLE trusted_signer (
  board_id text NOT NULL REFERENCES board (id),
  public_key text NOT NULL,
  name text NOT NULL,
  added_by text NOT NULL,
  added_at timestamptz NOT NULL,
  PRIMARY KEY (board_id, public_key)
);
