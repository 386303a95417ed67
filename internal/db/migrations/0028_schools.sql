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
