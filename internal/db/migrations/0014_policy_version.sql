-- +goose Up
-- Which version of which policy pack a board applies from which day. A row is
-- never changed; a move that is planned may be taken away before its day.
CREATE TABLE board_pack (
  board_id text NOT NULL REFERENCES board (id),
  seq bigint NOT NULL,
  id text NOT NULL,
  from_day text NOT NULL,
  pack text NOT NULL,
  version text NOT NULL,
  moved_by text NOT NULL DEFAULT '',
  moved_at timestamptz NOT NULL,
  PRIMARY KEY (board_id, seq),
  UNIQUE (board_id, id)
);
INSERT INTO board_pack (board_id, seq, id, from_day, pack, version, moved_at)
  SELECT id, 1, 'first', substr(CAST(created_at AS text), 1, 10), pack, pack_version, created_at FROM board;

-- The version that a request was submitted under, which it keeps; empty before.
ALTER TABLE request ADD COLUMN pack text NOT NULL DEFAULT '';
ALTER TABLE request ADD COLUMN pack_version text NOT NULL DEFAULT '';
UPDATE request SET pack = (SELECT b.pack FROM board b WHERE b.id = request.board_id),
  pack_version = (SELECT b.pack_version FROM board b WHERE b.id = request.board_id)
  WHERE submitted_at IS NOT NULL;

-- Who compared a pack's text with the texts themselves. digest names the text
-- that was compared: a signature does not hold for another.
CREATE TABLE pack_verification (
  board_id text NOT NULL REFERENCES board (id),
  pack text NOT NULL,
  version text NOT NULL,
  digest text NOT NULL,
  verified_by text NOT NULL,
  role text NOT NULL,
  verified_at timestamptz NOT NULL,
  PRIMARY KEY (board_id, pack, version, digest),
  FOREIGN KEY (board_id, verified_by) REFERENCES account (board_id, id)
);
