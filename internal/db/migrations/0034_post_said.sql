-- +goose Up
-- A post keeps the digest of what the last full set said of it, as people, classes and
-- enrolments do: one that is repeated is not compared. Zero: compare it.
ALTER TABLE person_role ADD COLUMN said bigint NOT NULL DEFAULT 0;
