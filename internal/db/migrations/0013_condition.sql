-- +goose Up
-- What an approval asks for: who sees to it, by when, and how it ended.
CREATE TABLE condition (
  board_id text NOT NULL REFERENCES board (id),
  id text NOT NULL,
  platform_id text NOT NULL,
  decision_id text NOT NULL,
  request_id text NOT NULL DEFAULT '',
  org_id text NOT NULL DEFAULT '',
  aspect text NOT NULL DEFAULT '',
  place bigint NOT NULL,
  text text NOT NULL,
  state text NOT NULL,
  owner_id text NOT NULL DEFAULT '',
  owner_role text NOT NULL DEFAULT '',
  due_on text NOT NULL DEFAULT '',
  made_at timestamptz NOT NULL,
  closed_by text NOT NULL DEFAULT '',
  closed_at timestamptz,
  reason text NOT NULL DEFAULT '',
  version bigint NOT NULL DEFAULT 1,
  PRIMARY KEY (board_id, id),
  UNIQUE (board_id, decision_id, place),
  FOREIGN KEY (board_id, platform_id) REFERENCES platform (board_id, id)
);
CREATE INDEX condition_platform_idx ON condition (board_id, platform_id, due_on);
CREATE INDEX condition_due_idx ON condition (board_id, state, due_on);
CREATE TABLE condition_note (
  board_id text NOT NULL REFERENCES board (id),
  id text NOT NULL,
  condition_id text NOT NULL,
  at timestamptz NOT NULL,
  author_id text NOT NULL,
  text text NOT NULL,
  PRIMARY KEY (board_id, id),
  FOREIGN KEY (board_id, condition_id) REFERENCES condition (board_id, id)
);
CREATE INDEX condition_note_idx ON condition_note (board_id, condition_id, at);
CREATE TABLE condition_file (
  board_id text NOT NULL REFERENCES board (id),
  id text NOT NULL,
  condition_id text NOT NULL,
  name text NOT NULL,
  media text NOT NULL,
  size bigint NOT NULL,
  sha256 text NOT NULL,
  added_by text NOT NULL,
  added_at timestamptz NOT NULL,
  PRIMARY KEY (board_id, id),
  FOREIGN KEY (board_id, condition_id) REFERENCES condition (board_id, id)
);
CREATE INDEX condition_file_idx ON condition_file (board_id, condition_id);

-- The day by which conditions were asked for, and why a platform was refused, in the decision itself.
ALTER TABLE decision ADD COLUMN due_on text NOT NULL DEFAULT '';
ALTER TABLE decision ADD COLUMN refusal_reasons text NOT NULL DEFAULT '[]';

-- What the board had decided before aval: no request, no evaluation, no letter.
CREATE TABLE earlier_decision (
  board_id text NOT NULL REFERENCES board (id),
  id text NOT NULL,
  platform_id text NOT NULL,
  decided_on text NOT NULL,
  result text NOT NULL,
  conditions text NOT NULL DEFAULT '',
  hosting text NOT NULL DEFAULT '',
  decided_by text NOT NULL DEFAULT '',
  reference text NOT NULL DEFAULT '',
  recorded_by text NOT NULL,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (board_id, id),
  UNIQUE (board_id, platform_id, decided_on, reference),
  FOREIGN KEY (board_id, platform_id) REFERENCES platform (board_id, id)
);
ALTER TABLE platform ADD COLUMN before_aval boolean NOT NULL DEFAULT FALSE;
