-- +goose Up
-- Which classes a course has: what a licence discloses asks it for each course.
CREATE INDEX class_course_idx ON class (board_id, course_id);
