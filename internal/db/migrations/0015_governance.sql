-- +goose Up
-- What stands around the policy: its signed texts, how clauses are understood,
-- the dated acts of those who govern, and managers' yearly attestations.
-- What is recorded here is never changed: it is ended, or another comes after it.
CREATE TABLE official_version (
  board_id text NOT NULL REFERENCES board (id),
  id text NOT NULL,
  label text NOT NULL,
  lang text NOT NULL,
  in_force_on text NOT NULL,
  pages text NOT NULL DEFAULT '{}',
  name text NOT NULL,
  media text NOT NULL,
  size bigint NOT NULL,
  sha256 text NOT NULL,
  uploaded_by text NOT NULL,
  uploaded_at timestamptz NOT NULL,
  PRIMARY KEY (board_id, id),
  UNIQUE (board_id, label, lang)
);
CREATE TABLE interpretation (
  board_id text NOT NULL REFERENCES board (id),
  id text NOT NULL,
  clause text NOT NULL,
  question_fr text NOT NULL,
  question_en text NOT NULL,
  answer_fr text NOT NULL,
  answer_en text NOT NULL,
  given_on text NOT NULL,
  given_by text NOT NULL,
  given_at timestamptz NOT NULL,
  ended_by text NOT NULL DEFAULT '',
  ended_at timestamptz,
  ended_why text NOT NULL DEFAULT '',
  replaced_by text NOT NULL DEFAULT '',
  PRIMARY KEY (board_id, id)
);
CREATE INDEX interpretation_clause_idx ON interpretation (board_id, clause, given_on);
CREATE TABLE governance_act (
  board_id text NOT NULL REFERENCES board (id),
  id text NOT NULL,
  kind text NOT NULL,
  done_on text NOT NULL,
  who text NOT NULL DEFAULT '',
  reference text NOT NULL DEFAULT '',
  note text NOT NULL DEFAULT '',
  due_on text NOT NULL DEFAULT '',
  file_id text NOT NULL DEFAULT '',
  file_name text NOT NULL DEFAULT '',
  file_media text NOT NULL DEFAULT '',
  file_size bigint NOT NULL DEFAULT 0,
  file_sha256 text NOT NULL DEFAULT '',
  recorded_by text NOT NULL,
  recorded_at timestamptz NOT NULL,
  ended_on text NOT NULL DEFAULT '',
  ended_by text NOT NULL DEFAULT '',
  ended_why text NOT NULL DEFAULT '',
  PRIMARY KEY (board_id, id)
);
CREATE INDEX governance_act_kind_idx ON governance_act (board_id, kind, done_on);
CREATE TABLE attestation (
  board_id text NOT NULL REFERENCES board (id),
  id text NOT NULL,
  year bigint NOT NULL,
  org_id text NOT NULL DEFAULT '',
  exceptions text NOT NULL DEFAULT '',
  signed_by text NOT NULL,
  signed_at timestamptz NOT NULL,
  PRIMARY KEY (board_id, id),
  UNIQUE (board_id, year, org_id)
);
