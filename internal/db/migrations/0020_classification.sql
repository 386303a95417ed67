-- +goose Up
-- Whose data a request is about: the board's, its schools', its pupils', its staff's.
CREATE TABLE request_subject (
  board_id text NOT NULL REFERENCES board (id),
  request_id text NOT NULL,
  subject text NOT NULL,
  PRIMARY KEY (board_id, request_id, subject),
  FOREIGN KEY (board_id, request_id) REFERENCES request (board_id, id)
);

-- The board's own scheme by which information is sorted; the last version holds.
CREATE TABLE data_scheme (
  board_id text NOT NULL REFERENCES board (id),
  version bigint NOT NULL,
  levels text NOT NULL,
  changed_by text NOT NULL,
  changed_at timestamptz NOT NULL,
  PRIMARY KEY (board_id, version)
);

-- The class, the owner and the tier of risk that a person gave; the last one holds.
CREATE TABLE data_class (
  board_id text NOT NULL REFERENCES board (id),
  request_id text NOT NULL,
  version bigint NOT NULL,
  platform_id text NOT NULL,
  class text NOT NULL,
  owner text NOT NULL,
  reason text NOT NULL,
  tier text NOT NULL,
  tier_reason text NOT NULL,
  chosen_by text NOT NULL,
  chosen_at timestamptz NOT NULL,
  PRIMARY KEY (board_id, request_id, version),
  FOREIGN KEY (board_id, request_id) REFERENCES request (board_id, id),
  FOREIGN KEY (board_id, platform_id) REFERENCES platform (board_id, id)
);
CREATE INDEX data_class_platform_idx ON data_class (board_id, platform_id);

-- Platforms found in use that nobody had asked for, and what became of it.
CREATE TABLE found_platform (
  board_id text NOT NULL REFERENCES board (id),
  id text NOT NULL,
  platform_id text NOT NULL,
  noted_by text NOT NULL,
  noted_at timestamptz NOT NULL,
  seen_on text NOT NULL,
  text text NOT NULL,
  personal boolean NOT NULL,
  class text NOT NULL DEFAULT '',
  state text NOT NULL,
  request_id text NOT NULL DEFAULT '',
  reason text NOT NULL DEFAULT '',
  settled_by text NOT NULL DEFAULT '',
  settled_at timestamptz,
  PRIMARY KEY (board_id, id),
  FOREIGN KEY (board_id, platform_id) REFERENCES platform (board_id, id)
);
CREATE INDEX found_platform_state_idx ON found_platform (board_id, state, noted_at);

-- Who acknowledged the users' duties, in which school year, in which words.
CREATE TABLE duty (
  board_id text NOT NULL REFERENCES board (id),
  account_id text NOT NULL,
  year text NOT NULL,
  wording text NOT NULL,
  at timestamptz NOT NULL,
  PRIMARY KEY (board_id, account_id, year),
  FOREIGN KEY (board_id, account_id) REFERENCES account (board_id, id)
);
