-- +goose Up
-- One SQL text for SQLite and PostgreSQL. Every table of a board begins with
-- board_id; migrate puts the wall (row-level security) on each of them.

CREATE TABLE board (
  id text NOT NULL PRIMARY KEY CHECK (id <> ''),
  name text NOT NULL,
  pack text NOT NULL,
  pack_version text NOT NULL,
  settings text NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL
);

-- Sessions come before a board is known.
CREATE TABLE session (
  token text NOT NULL PRIMARY KEY,
  data bytea NOT NULL,
  expiry timestamptz NOT NULL
);
CREATE INDEX session_expiry_idx ON session (expiry);

-- The trail: records, the hashes of their tree, and the tree's head.
CREATE TABLE audit_head (
  board_id text NOT NULL PRIMARY KEY REFERENCES board (id),
  size bigint NOT NULL,
  root text NOT NULL
);
CREATE TABLE audit_record (
  board_id text NOT NULL REFERENCES board (id),
  seq bigint NOT NULL,
  at timestamptz NOT NULL,
  actor text NOT NULL,
  role text NOT NULL,
  via text NOT NULL,
  action text NOT NULL,
  subject text NOT NULL,
  clause text NOT NULL DEFAULT '',
  detail text NOT NULL DEFAULT '',
  PRIMARY KEY (board_id, seq)
);
CREATE INDEX audit_record_subject_idx ON audit_record (board_id, subject, seq);
CREATE TABLE audit_hash (
  board_id text NOT NULL REFERENCES board (id),
  idx bigint NOT NULL,
  hash text NOT NULL,
  PRIMARY KEY (board_id, idx)
);

-- What each control of the policy saw: conform, exception or waiting, one row a subject.
CREATE TABLE control_mark (
  board_id text NOT NULL REFERENCES board (id),
  control text NOT NULL,
  subject text NOT NULL,
  outcome text NOT NULL,
  note text NOT NULL DEFAULT '',
  at timestamptz NOT NULL,
  PRIMARY KEY (board_id, control, subject)
);
CREATE INDEX control_mark_outcome_idx ON control_mark (board_id, control, outcome);

-- Organisations: the board itself, schools, departments.
CREATE TABLE org (
  board_id text NOT NULL REFERENCES board (id),
  id text NOT NULL,
  source_id text NOT NULL,
  kind text NOT NULL,
  name text NOT NULL,
  identifier text NOT NULL DEFAULT '',
  parent_id text NOT NULL DEFAULT '',
  sector text NOT NULL DEFAULT 'youth',
  language text NOT NULL DEFAULT '',
  under_deputy boolean NOT NULL DEFAULT false,
  status text NOT NULL DEFAULT 'active',
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (board_id, id),
  UNIQUE (board_id, source_id)
);

-- People of the roster: pupils and staff.
CREATE TABLE person (
  board_id text NOT NULL REFERENCES board (id),
  id text NOT NULL,
  source_id text NOT NULL,
  kind text NOT NULL,
  given_name text NOT NULL,
  family_name text NOT NULL,
  email text NOT NULL DEFAULT '',
  number text NOT NULL DEFAULT '',
  grade text NOT NULL DEFAULT '',
  search text NOT NULL DEFAULT '',
  status text NOT NULL DEFAULT 'active',
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (board_id, id),
  UNIQUE (board_id, source_id)
);
CREATE INDEX person_search_idx ON person (board_id, search);
CREATE INDEX person_email_idx ON person (board_id, email);
CREATE TABLE person_role (
  board_id text NOT NULL REFERENCES board (id),
  person_id text NOT NULL,
  org_id text NOT NULL,
  role text NOT NULL,
  PRIMARY KEY (board_id, person_id, org_id, role),
  FOREIGN KEY (board_id, person_id) REFERENCES person (board_id, id),
  FOREIGN KEY (board_id, org_id) REFERENCES org (board_id, id)
);
CREATE INDEX person_role_org_idx ON person_role (board_id, org_id, role);

CREATE TABLE academic_session (
  board_id text NOT NULL REFERENCES board (id),
  id text NOT NULL,
  source_id text NOT NULL,
  title text NOT NULL,
  kind text NOT NULL,
  start_date text NOT NULL,
  end_date text NOT NULL,
  school_year text NOT NULL,
  parent_id text NOT NULL DEFAULT '',
  status text NOT NULL DEFAULT 'active',
  PRIMARY KEY (board_id, id),
  UNIQUE (board_id, source_id)
);
CREATE TABLE course (
  board_id text NOT NULL REFERENCES board (id),
  id text NOT NULL,
  source_id text NOT NULL,
  org_id text NOT NULL,
  title text NOT NULL,
  code text NOT NULL DEFAULT '',
  status text NOT NULL DEFAULT 'active',
  PRIMARY KEY (board_id, id),
  UNIQUE (board_id, source_id)
);
CREATE TABLE class (
  board_id text NOT NULL REFERENCES board (id),
  id text NOT NULL,
  source_id text NOT NULL,
  school_id text NOT NULL,
  course_id text NOT NULL DEFAULT '',
  title text NOT NULL,
  code text NOT NULL DEFAULT '',
  grade text NOT NULL DEFAULT '',
  kind text NOT NULL DEFAULT 'scheduled',
  subject text NOT NULL DEFAULT '',
  status text NOT NULL DEFAULT 'active',
  PRIMARY KEY (board_id, id),
  UNIQUE (board_id, source_id),
  FOREIGN KEY (board_id, school_id) REFERENCES org (board_id, id)
);
CREATE INDEX class_school_idx ON class (board_id, school_id);
CREATE TABLE enrollment (
  board_id text NOT NULL REFERENCES board (id),
  id text NOT NULL,
  source_id text NOT NULL,
  class_id text NOT NULL,
  person_id text NOT NULL,
  role text NOT NULL,
  main boolean NOT NULL DEFAULT false,
  begin_date text NOT NULL DEFAULT '',
  end_date text NOT NULL DEFAULT '',
  status text NOT NULL DEFAULT 'active',
  PRIMARY KEY (board_id, id),
  UNIQUE (board_id, source_id),
  FOREIGN KEY (board_id, class_id) REFERENCES class (board_id, id),
  FOREIGN KEY (board_id, person_id) REFERENCES person (board_id, id)
);
CREATE INDEX enrollment_class_idx ON enrollment (board_id, class_id, role);
CREATE INDEX enrollment_person_idx ON enrollment (board_id, person_id);
CREATE TABLE roster_import (
  board_id text NOT NULL REFERENCES board (id),
  id text NOT NULL,
  at timestamptz NOT NULL,
  actor text NOT NULL,
  counts text NOT NULL,
  PRIMARY KEY (board_id, id)
);

-- Accounts of staff who sign in, what they are, their tokens, who stands in for them.
CREATE TABLE account (
  board_id text NOT NULL REFERENCES board (id),
  id text NOT NULL,
  login text NOT NULL,
  name text NOT NULL,
  email text NOT NULL DEFAULT '',
  lang text NOT NULL DEFAULT 'fr',
  person_id text NOT NULL DEFAULT '',
  password text NOT NULL DEFAULT '',
  disabled boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL,
  version bigint NOT NULL DEFAULT 1,
  PRIMARY KEY (board_id, id),
  UNIQUE (board_id, login)
);
CREATE TABLE account_grant (
  board_id text NOT NULL REFERENCES board (id),
  account_id text NOT NULL,
  role text NOT NULL,
  org_id text NOT NULL DEFAULT '',
  PRIMARY KEY (board_id, account_id, role, org_id),
  FOREIGN KEY (board_id, account_id) REFERENCES account (board_id, id)
);
CREATE INDEX account_grant_role_idx ON account_grant (board_id, role, org_id);
CREATE TABLE account_token (
  board_id text NOT NULL REFERENCES board (id),
  hash text NOT NULL,
  account_id text NOT NULL,
  label text NOT NULL DEFAULT '',
  created_at timestamptz NOT NULL,
  revoked_at timestamptz,
  PRIMARY KEY (board_id, hash),
  FOREIGN KEY (board_id, account_id) REFERENCES account (board_id, id)
);
CREATE TABLE delegation (
  board_id text NOT NULL REFERENCES board (id),
  id text NOT NULL,
  from_id text NOT NULL,
  to_id text NOT NULL,
  role text NOT NULL,
  org_id text NOT NULL DEFAULT '',
  starts_at timestamptz NOT NULL,
  ends_at timestamptz NOT NULL,
  ended_at timestamptz,
  PRIMARY KEY (board_id, id),
  FOREIGN KEY (board_id, from_id) REFERENCES account (board_id, id),
  FOREIGN KEY (board_id, to_id) REFERENCES account (board_id, id)
);
CREATE INDEX delegation_to_idx ON delegation (board_id, to_id, ends_at);

-- Catalogue.
CREATE TABLE platform (
  board_id text NOT NULL REFERENCES board (id),
  id text NOT NULL,
  name text NOT NULL,
  vendor text NOT NULL DEFAULT '',
  url text NOT NULL DEFAULT '',
  summary_fr text NOT NULL DEFAULT '',
  summary_en text NOT NULL DEFAULT '',
  aliases text NOT NULL DEFAULT '[]',
  domains text NOT NULL DEFAULT '[]',
  search text NOT NULL DEFAULT '',
  status text NOT NULL DEFAULT 'unknown',
  hosting text NOT NULL DEFAULT '',
  conditions text NOT NULL DEFAULT '',
  decision_id text NOT NULL DEFAULT '',
  decided_at timestamptz,
  created_at timestamptz NOT NULL,
  version bigint NOT NULL DEFAULT 1,
  PRIMARY KEY (board_id, id)
);
CREATE INDEX platform_search_idx ON platform (board_id, search);
CREATE TABLE platform_function (
  board_id text NOT NULL REFERENCES board (id),
  platform_id text NOT NULL,
  function text NOT NULL,
  PRIMARY KEY (board_id, platform_id, function),
  FOREIGN KEY (board_id, platform_id) REFERENCES platform (board_id, id)
);

-- Licences: who may use an approved platform, until when.
CREATE TABLE licence (
  board_id text NOT NULL REFERENCES board (id),
  id text NOT NULL,
  platform_id text NOT NULL,
  scope text NOT NULL,
  org_id text NOT NULL DEFAULT '',
  payer text NOT NULL,
  seats bigint NOT NULL DEFAULT 0,
  cost_cents bigint NOT NULL DEFAULT 0,
  starts_on text NOT NULL,
  ends_on text NOT NULL,
  recorded_by text NOT NULL,
  created_at timestamptz NOT NULL,
  version bigint NOT NULL DEFAULT 1,
  PRIMARY KEY (board_id, id),
  FOREIGN KEY (board_id, platform_id) REFERENCES platform (board_id, id)
);
CREATE INDEX licence_platform_idx ON licence (board_id, platform_id, ends_on);

-- Requests.
CREATE TABLE request_number (
  board_id text NOT NULL REFERENCES board (id),
  year bigint NOT NULL,
  last bigint NOT NULL,
  PRIMARY KEY (board_id, year)
);
CREATE TABLE request (
  board_id text NOT NULL REFERENCES board (id),
  id text NOT NULL,
  number text NOT NULL,
  platform_id text NOT NULL,
  org_id text NOT NULL,
  author_id text NOT NULL,
  author_role text NOT NULL,
  kind text NOT NULL DEFAULT 'full',
  description text NOT NULL DEFAULT '',
  usage text NOT NULL DEFAULT '',
  missing text NOT NULL DEFAULT '',
  data_kinds text NOT NULL DEFAULT '[]',
  cost_cents bigint NOT NULL DEFAULT 0,
  pupils bigint NOT NULL DEFAULT 0,
  new_security text NOT NULL DEFAULT '',
  follows_id text NOT NULL DEFAULT '',
  state text NOT NULL,
  state_at timestamptz NOT NULL,
  reason text NOT NULL DEFAULT '',
  created_at timestamptz NOT NULL,
  submitted_at timestamptz,
  authorised_at timestamptz,
  authorised_by text NOT NULL DEFAULT '',
  acknowledged_at timestamptz,
  acknowledged_by text NOT NULL DEFAULT '',
  evaluated_at timestamptz,
  decided_at timestamptz,
  closed_at timestamptz,
  redirected_by text NOT NULL DEFAULT '',
  personal text NOT NULL DEFAULT '',
  pia_on text NOT NULL DEFAULT '',
  committee_on text NOT NULL DEFAULT '',
  privacy_by text NOT NULL DEFAULT '',
  version bigint NOT NULL DEFAULT 1,
  PRIMARY KEY (board_id, id),
  UNIQUE (board_id, number),
  FOREIGN KEY (board_id, platform_id) REFERENCES platform (board_id, id),
  FOREIGN KEY (board_id, org_id) REFERENCES org (board_id, id),
  FOREIGN KEY (board_id, author_id) REFERENCES account (board_id, id)
);
CREATE INDEX request_state_idx ON request (board_id, state, state_at);
CREATE INDEX request_org_idx ON request (board_id, org_id, state);
CREATE INDEX request_author_idx ON request (board_id, author_id);
CREATE INDEX request_platform_idx ON request (board_id, platform_id);
CREATE INDEX request_created_idx ON request (board_id, created_at, id);
CREATE TABLE request_class (
  board_id text NOT NULL REFERENCES board (id),
  request_id text NOT NULL,
  class_id text NOT NULL,
  PRIMARY KEY (board_id, request_id, class_id),
  FOREIGN KEY (board_id, request_id) REFERENCES request (board_id, id),
  FOREIGN KEY (board_id, class_id) REFERENCES class (board_id, id)
);
CREATE TABLE request_joiner (
  board_id text NOT NULL REFERENCES board (id),
  request_id text NOT NULL,
  account_id text NOT NULL,
  joined_at timestamptz NOT NULL,
  PRIMARY KEY (board_id, request_id, account_id),
  FOREIGN KEY (board_id, request_id) REFERENCES request (board_id, id),
  FOREIGN KEY (board_id, account_id) REFERENCES account (board_id, id)
);

-- Evaluations: one an aspect (use, security), a row a criterion, files of evidence.
CREATE TABLE evaluation (
  board_id text NOT NULL REFERENCES board (id),
  id text NOT NULL,
  request_id text NOT NULL,
  aspect text NOT NULL,
  evaluator_id text NOT NULL,
  recommendation text NOT NULL DEFAULT '',
  summary text NOT NULL DEFAULT '',
  location text NOT NULL DEFAULT '',
  location_reason text NOT NULL DEFAULT '',
  finished_at timestamptz,
  updated_at timestamptz NOT NULL,
  version bigint NOT NULL DEFAULT 1,
  PRIMARY KEY (board_id, id),
  UNIQUE (board_id, request_id, aspect),
  FOREIGN KEY (board_id, request_id) REFERENCES request (board_id, id)
);
CREATE TABLE evaluation_criterion (
  board_id text NOT NULL REFERENCES board (id),
  evaluation_id text NOT NULL,
  criterion text NOT NULL,
  rating text NOT NULL DEFAULT '',
  note text NOT NULL DEFAULT '',
  PRIMARY KEY (board_id, evaluation_id, criterion),
  FOREIGN KEY (board_id, evaluation_id) REFERENCES evaluation (board_id, id)
);
CREATE TABLE evaluation_equivalent (
  board_id text NOT NULL REFERENCES board (id),
  evaluation_id text NOT NULL,
  platform_id text NOT NULL,
  looked_at timestamptz NOT NULL,
  PRIMARY KEY (board_id, evaluation_id, platform_id),
  FOREIGN KEY (board_id, evaluation_id) REFERENCES evaluation (board_id, id),
  FOREIGN KEY (board_id, platform_id) REFERENCES platform (board_id, id)
);
CREATE TABLE evidence (
  board_id text NOT NULL REFERENCES board (id),
  id text NOT NULL,
  evaluation_id text NOT NULL,
  criterion text NOT NULL,
  name text NOT NULL,
  media text NOT NULL,
  size bigint NOT NULL,
  sha256 text NOT NULL,
  added_by text NOT NULL,
  added_at timestamptz NOT NULL,
  PRIMARY KEY (board_id, id),
  FOREIGN KEY (board_id, evaluation_id) REFERENCES evaluation (board_id, id)
);
CREATE INDEX evidence_evaluation_idx ON evidence (board_id, evaluation_id, criterion);

-- Decisions and disagreements.
CREATE TABLE decision (
  board_id text NOT NULL REFERENCES board (id),
  id text NOT NULL,
  request_id text NOT NULL,
  platform_id text NOT NULL,
  org_id text NOT NULL,
  use_result text NOT NULL,
  use_reasons text NOT NULL,
  use_conditions text NOT NULL DEFAULT '',
  security_result text NOT NULL,
  security_reasons text NOT NULL,
  security_conditions text NOT NULL DEFAULT '',
  overall text NOT NULL,
  findings text NOT NULL DEFAULT '{}',
  exception text NOT NULL DEFAULT '',
  decided_by text NOT NULL,
  decided_at timestamptz NOT NULL,
  received_by text NOT NULL DEFAULT '',
  received_at timestamptz,
  version bigint NOT NULL DEFAULT 1,
  PRIMARY KEY (board_id, id),
  UNIQUE (board_id, request_id),
  FOREIGN KEY (board_id, request_id) REFERENCES request (board_id, id),
  FOREIGN KEY (board_id, platform_id) REFERENCES platform (board_id, id)
);
CREATE INDEX decision_platform_idx ON decision (board_id, platform_id, decided_at);
CREATE TABLE contest (
  board_id text NOT NULL REFERENCES board (id),
  id text NOT NULL,
  decision_id text NOT NULL,
  explanation text NOT NULL,
  opened_by text NOT NULL,
  opened_at timestamptz NOT NULL,
  talk_on text NOT NULL DEFAULT '',
  talk_note text NOT NULL DEFAULT '',
  next_step text NOT NULL DEFAULT '',
  follow_up_id text NOT NULL DEFAULT '',
  answer text NOT NULL DEFAULT '',
  answered_by text NOT NULL DEFAULT '',
  answered_at timestamptz,
  version bigint NOT NULL DEFAULT 1,
  PRIMARY KEY (board_id, id),
  FOREIGN KEY (board_id, decision_id) REFERENCES decision (board_id, id)
);
CREATE INDEX contest_decision_idx ON contest (board_id, decision_id);
