-- +goose Up
-- How many pupils of a class a platform's file spoke of on a day. The file, and
-- whom it named, are kept nowhere.
CREATE TABLE usage_report (
  board_id text NOT NULL REFERENCES board (id),
  platform_id text NOT NULL,
  class_id text NOT NULL,
  day text NOT NULL,
  reported_by text NOT NULL,
  pupils bigint NOT NULL,
  seen bigint NOT NULL,
  PRIMARY KEY (board_id, platform_id, class_id, day)
);

-- A file that names pupils of several classes is noted for each, and counts once.
ALTER TABLE reveal ADD COLUMN file_id text NOT NULL DEFAULT '';
