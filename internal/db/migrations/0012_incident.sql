-- +goose Up
-- Confidentiality incidents: what an employee tells, the entry of the register
-- with each of its versions, and the notices. People concerned are counted, never named.
CREATE TABLE incident_number (
  board_id text NOT NULL REFERENCES board (id),
  year bigint NOT NULL,
  last bigint NOT NULL,
  PRIMARY KEY (board_id, year)
);
CREATE TABLE incident (
  board_id text NOT NULL REFERENCES board (id),
  id text NOT NULL,
  number text NOT NULL,
  test text NOT NULL,
  state text NOT NULL,
  happened_on text NOT NULL,
  aware_on text NOT NULL,
  opened_by text NOT NULL,
  opened_at timestamptz NOT NULL,
  closed_by text NOT NULL DEFAULT '',
  closed_at timestamptz,
  version bigint NOT NULL,
  PRIMARY KEY (board_id, id),
  UNIQUE (board_id, number)
);
CREATE INDEX incident_aware_idx ON incident (board_id, aware_on);
CREATE TABLE incident_version (
  board_id text NOT NULL REFERENCES board (id),
  incident_id text NOT NULL,
  version bigint NOT NULL,
  entry text NOT NULL,
  act text NOT NULL,
  why text NOT NULL DEFAULT '',
  changed_by text NOT NULL,
  changed_at timestamptz NOT NULL,
  PRIMARY KEY (board_id, incident_id, version),
  FOREIGN KEY (board_id, incident_id) REFERENCES incident (board_id, id)
);
CREATE TABLE incident_report (
  board_id text NOT NULL REFERENCES board (id),
  id text NOT NULL,
  reported_by text NOT NULL,
  reported_at timestamptz NOT NULL,
  noticed_on text NOT NULL,
  told text NOT NULL,
  platform text NOT NULL DEFAULT '',
  incident_id text NOT NULL DEFAULT '',
  answered_by text NOT NULL DEFAULT '',
  answered_at timestamptz,
  reason text NOT NULL DEFAULT '',
  PRIMARY KEY (board_id, id)
);
CREATE INDEX incident_report_by_idx ON incident_report (board_id, reported_by);
CREATE TABLE incident_notice (
  board_id text NOT NULL REFERENCES board (id),
  id text NOT NULL,
  incident_id text NOT NULL,
  sent_to text NOT NULL,
  reason text NOT NULL DEFAULT '',
  drafted_by text NOT NULL,
  drafted_at timestamptz NOT NULL,
  sent_on text NOT NULL DEFAULT '',
  sent_by text NOT NULL DEFAULT '',
  version bigint NOT NULL,
  PRIMARY KEY (board_id, id),
  FOREIGN KEY (board_id, incident_id) REFERENCES incident (board_id, id)
);
CREATE INDEX incident_notice_incident_idx ON incident_notice (board_id, incident_id);
CREATE TABLE incident_notice_version (
  board_id text NOT NULL REFERENCES board (id),
  notice_id text NOT NULL,
  version bigint NOT NULL,
  text_fr text NOT NULL,
  text_en text NOT NULL,
  changed_by text NOT NULL,
  changed_at timestamptz NOT NULL,
  PRIMARY KEY (board_id, notice_id, version),
  FOREIGN KEY (board_id, notice_id) REFERENCES incident_notice (board_id, id)
);
