-- +goose Up
-- The day on which an account was last seen in use, as the file of a platform
-- tells, and why somebody stopped one.
ALTER TABLE pupil_account ADD COLUMN seen_on text NOT NULL DEFAULT '';
ALTER TABLE pupil_account ADD COLUMN why text NOT NULL DEFAULT '';
