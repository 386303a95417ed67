-- +goose Up
-- Who was shown what, and why. Never the login name, nor the row that holds it.
CREATE TABLE reveal (
  board_id text NOT NULL REFERENCES board (id),
  id text NOT NULL,
  at timestamptz NOT NULL,
  actor_id text NOT NULL,
  role text NOT NULL,
  kind text NOT NULL,
  reason text NOT NULL,
  note text NOT NULL DEFAULT '',
  licence_id text NOT NULL DEFAULT '',
  class_id text NOT NULL DEFAULT '',
  person_id text NOT NULL DEFAULT '',
  org_id text NOT NULL DEFAULT '',
  second_id text NOT NULL DEFAULT '',
  approval_id text NOT NULL DEFAULT '',
  count bigint NOT NULL,
  PRIMARY KEY (board_id, id)
);
CREATE INDEX reveal_actor_idx ON reveal (board_id, actor_id, at);
CREATE INDEX reveal_person_idx ON reveal (board_id, person_id, at);
CREATE INDEX reveal_class_idx ON reveal (board_id, class_id, licence_id);
CREATE INDEX reveal_at_idx ON reveal (board_id, at);

-- More than the quota, as a second person allowed it.
CREATE TABLE reveal_approval (
  board_id text NOT NULL REFERENCES board (id),
  id text NOT NULL,
  asked_by text NOT NULL,
  asked_at timestamptz NOT NULL,
  org_id text NOT NULL DEFAULT '',
  sets boolean NOT NULL,
  extra bigint NOT NULL,
  reason text NOT NULL,
  note text NOT NULL DEFAULT '',
  approved_by text NOT NULL DEFAULT '',
  approved_at timestamptz,
  PRIMARY KEY (board_id, id)
);
CREATE INDEX reveal_approval_asked_idx ON reveal_approval (board_id, asked_by, approved_at);

-- One look at a time for each person: its row is the lock.
CREATE TABLE reveal_turn (
  board_id text NOT NULL REFERENCES board (id),
  actor_id text NOT NULL,
  turns bigint NOT NULL,
  alerted_at timestamptz,
  PRIMARY KEY (board_id, actor_id)
);
