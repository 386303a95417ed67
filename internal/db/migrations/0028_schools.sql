-- +goose Up
-- Looks at lists of pupils' names in the last hours: an hour has an end. Neither
-- what was typed nor who was found.
CREATE TABLE directory_look (
  board_id text NOT NULL REFERENCES board (id),
  id text NOT NULL,
  actor_id text NOT NULL,
  at timestamptz NOT NULL,
  PRIMARY KEY (board_id, id)
);
CREATE INDEX directory_look_actor_idx ON directory_look (board_id, actor_id, at);

-- What a school says is wrong in the roster (policy A, 6.3 e), until who keeps
-- the source has seen to it and an import shows it. Its words are sealed.
CREATE TABLE correction (
  board_id text NOT NULL REFERENCES board (id),
  id text NOT NULL,
  kind text NOT NULL,
  person_id text NOT NULL DEFAULT '',
  other_id text NOT NULL DEFAULT '',
  class_id text NOT NULL DEFAULT '',
  to_class_id text NOT NULL DEFAULT '',
  org_id text NOT NULL,
  to_org_id text NOT NULL DEFAULT '',
  sealed bytea NOT NULL, -- names, grade, what is wrong, why it was refused
  state text NOT NULL,
  asked_by text NOT NULL,
  asked_at timestamptz NOT NULL,
  due_on text NOT NULL,
  taken_by text NOT NULL DEFAULT '',
  taken_at timestamptz,
  closed_by text NOT NULL DEFAULT '',
  closed_at timestamptz,
  shown text NOT NULL DEFAULT '', -- what the roster says since it was done: yes, no, or nothing yet
  shown_at timestamptz,
  version bigint NOT NULL,
  PRIMARY KEY (board_id, id),
  FOREIGN KEY (board_id, org_id) REFERENCES org (board_id, id)
);
CREATE INDEX correction_state_idx ON correction (board_id, state, due_on);
CREATE INDEX correction_person_idx ON correction (board_id, person_id);
CREATE INDEX correction_org_idx ON correction (board_id, org_id, state);

-- What a platform knew when it was found broken into, and how far it is cut off.
-- The answer holds counts, schools and fields: nobody.
CREATE TABLE breach (
  board_id text NOT NULL REFERENCES board (id),
  id text NOT NULL,
  platform_id text NOT NULL,
  incident_id text NOT NULL DEFAULT '',
  state text NOT NULL,
  answer text NOT NULL,
  asked_by text NOT NULL,
  asked_at timestamptz NOT NULL,
  pseudonyms boolean NOT NULL DEFAULT false,
  passwords boolean NOT NULL DEFAULT false,
  names boolean NOT NULL DEFAULT false,
  reason text NOT NULL DEFAULT '',
  cut_by text NOT NULL DEFAULT '',
  cut_at timestamptz,
  step text NOT NULL DEFAULT '',
  after_id text NOT NULL DEFAULT '', -- how far the step is, in the order of ids
  done bigint NOT NULL DEFAULT 0,
  total bigint NOT NULL DEFAULT 0,
  ended_at timestamptz,
  version bigint NOT NULL,
  PRIMARY KEY (board_id, id),
  FOREIGN KEY (board_id, platform_id) REFERENCES platform (board_id, id)
);
CREATE INDEX breach_platform_idx ON breach (board_id, platform_id);

-- Whom it concerns, to count them and to give them notice.
CREATE TABLE breach_person (
  board_id text NOT NULL REFERENCES board (id),
  breach_id text NOT NULL,
  person_id text NOT NULL,
  PRIMARY KEY (board_id, breach_id, person_id),
  FOREIGN KEY (board_id, breach_id) REFERENCES breach (board_id, id)
);
