-- +goose Up
-- What a board chooses for its pupils: kinds of password by grade, and words that
-- no login name may show.
CREATE TABLE login_setting (
  board_id text NOT NULL PRIMARY KEY REFERENCES board (id),
  kinds text NOT NULL,
  words text NOT NULL,
  version bigint NOT NULL
);
