-- +goose Up
-- Privacy assessments: what the law under a board's policy asks before a platform is
-- approved, in versions; the committee's opinions; files, some of them confidential.
CREATE TABLE assessment (
  board_id text NOT NULL REFERENCES board (id),
  id text NOT NULL,
  request_id text NOT NULL,
  platform_id text NOT NULL,
  edition bigint NOT NULL,
  corrects_id text NOT NULL DEFAULT '',
  why text NOT NULL DEFAULT '',
  state text NOT NULL,
  answers text NOT NULL DEFAULT '{}',
  risks text NOT NULL DEFAULT '[]',
  started_by text NOT NULL,
  started_at timestamptz NOT NULL,
  written_by text NOT NULL,
  written_at timestamptz NOT NULL,
  concluded_by text NOT NULL DEFAULT '',
  concluded_at timestamptz,
  version bigint NOT NULL DEFAULT 1,
  PRIMARY KEY (board_id, id),
  UNIQUE (board_id, request_id, edition),
  FOREIGN KEY (board_id, request_id) REFERENCES request (board_id, id),
  FOREIGN KEY (board_id, platform_id) REFERENCES platform (board_id, id)
);
CREATE INDEX assessment_written_idx ON assessment (board_id, written_at);
CREATE TABLE consultation (
  board_id text NOT NULL REFERENCES board (id),
  id text NOT NULL,
  request_id text NOT NULL,
  held_on text NOT NULL,
  present text NOT NULL,
  opinion text NOT NULL,
  measures text NOT NULL DEFAULT '',
  recorded_by text NOT NULL,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (board_id, id),
  FOREIGN KEY (board_id, request_id) REFERENCES request (board_id, id)
);
CREATE INDEX consultation_request_idx ON consultation (board_id, request_id, held_on);
CREATE TABLE assessment_file (
  board_id text NOT NULL REFERENCES board (id),
  id text NOT NULL,
  request_id text NOT NULL,
  kind text NOT NULL,
  name text NOT NULL,
  media text NOT NULL,
  size bigint NOT NULL,
  sha256 text NOT NULL,
  added_by text NOT NULL,
  added_at timestamptz NOT NULL,
  PRIMARY KEY (board_id, id),
  FOREIGN KEY (board_id, request_id) REFERENCES request (board_id, id)
);
CREATE INDEX assessment_file_request_idx ON assessment_file (board_id, request_id, kind);

-- What an assessment says of what leaves Québec, and which one; none for one done elsewhere.
ALTER TABLE request ADD COLUMN transfer text NOT NULL DEFAULT '';
ALTER TABLE request ADD COLUMN assessment_id text NOT NULL DEFAULT '';
