-- +goose Up
-- What leaves for a platform. The sector of a platform says whose pseudonyms it
-- sees: its own, unless it was given another platform's before anything left.
CREATE TABLE platform_sector (
  board_id text NOT NULL REFERENCES board (id),
  platform_id text NOT NULL,
  sector text NOT NULL,
  chosen_by text NOT NULL,
  chosen_at timestamptz NOT NULL,
  rotation bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (board_id, platform_id),
  FOREIGN KEY (board_id, platform_id) REFERENCES platform (board_id, id)
);

-- The pairwise pseudonyms of people, classes, schools and the rest: random,
-- stored, never used twice. Of a subject one is in use; an alias leads a
-- platform that still knows it to whom the subject was merged with.
CREATE TABLE pairwise (
  board_id text NOT NULL REFERENCES board (id),
  sector text NOT NULL,
  value text NOT NULL,
  kind text NOT NULL,
  subject_id text NOT NULL,
  alias boolean NOT NULL DEFAULT false,
  issued_on text NOT NULL,
  retired_on text NOT NULL DEFAULT '',
  PRIMARY KEY (board_id, sector, value)
);
CREATE UNIQUE INDEX pairwise_subject_idx ON pairwise (board_id, sector, kind, subject_id) WHERE retired_on = '' AND NOT alias;
CREATE INDEX pairwise_person_idx ON pairwise (board_id, kind, subject_id);

-- Which pseudonyms changed hands when two subjects were found to be one, so that
-- a merge is undone to the letter.
CREATE TABLE pairwise_move (
  board_id text NOT NULL REFERENCES board (id),
  kind text NOT NULL,
  from_id text NOT NULL,
  to_id text NOT NULL,
  sector text NOT NULL,
  value text NOT NULL,
  alias boolean NOT NULL,
  PRIMARY KEY (board_id, kind, from_id, to_id, sector, value)
);

-- The addresses that a platform is given in place of people's own: chance too.
CREATE TABLE pairwise_address (
  board_id text NOT NULL REFERENCES board (id),
  sector text NOT NULL,
  person_id text NOT NULL,
  local_part text NOT NULL,
  PRIMARY KEY (board_id, sector, person_id),
  UNIQUE (board_id, local_part)
);

-- What a licence lets its platform know, a row an object: made again when the
-- roster, the audience or the decision changes, so that a page of it is read in
-- the order of its pseudonyms and a platform can ask what changed since.
CREATE TABLE disclosed (
  board_id text NOT NULL REFERENCES board (id),
  licence_id text NOT NULL,
  kind text NOT NULL,
  value text NOT NULL,
  subject_id text NOT NULL,
  role text NOT NULL DEFAULT '',
  status text NOT NULL DEFAULT 'active',
  digest text NOT NULL DEFAULT '',
  changed_at timestamptz NOT NULL,
  PRIMARY KEY (board_id, licence_id, kind, value),
  FOREIGN KEY (board_id, licence_id) REFERENCES licence (board_id, id)
);
CREATE INDEX disclosed_subject_idx ON disclosed (board_id, licence_id, kind, subject_id);
CREATE INDEX disclosed_changed_idx ON disclosed (board_id, licence_id, kind, changed_at, value);

-- Why a name or an address may leave for a platform that insists (policy A, 5.2).
CREATE TABLE undertaking (
  board_id text NOT NULL REFERENCES board (id),
  id text NOT NULL,
  platform_id text NOT NULL,
  kind text NOT NULL,
  text text NOT NULL,
  fields text NOT NULL,
  conditions text NOT NULL DEFAULT '',
  starts_on text NOT NULL,
  ends_on text NOT NULL,
  ended_on text NOT NULL DEFAULT '',
  recorded_by text NOT NULL,
  recorded_at timestamptz NOT NULL,
  version bigint NOT NULL DEFAULT 1,
  PRIMARY KEY (board_id, id),
  FOREIGN KEY (board_id, platform_id) REFERENCES platform (board_id, id)
);
CREATE INDEX undertaking_platform_idx ON undertaking (board_id, platform_id, ends_on);
