package roster

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"aval/internal/db"
	"aval/internal/person"
)

// stageTables are those of people, and courses.
var stageTables = append(slices.Clone(person.Stage), db.StageTable{Name: "staged_course", Columns: "line bigint NOT NULL, " +
	"source_id text NOT NULL, id text NOT NULL, org text NOT NULL, title text NOT NULL, code text NOT NULL, status text NOT NULL, said bigint NOT NULL"})

// stagedIn are the tables of files that have a table of the stage.
var stagedIn = map[string]string{"courses": "staged_course", "classes": "staged_class", "roles": "staged_post", "enrollments": "staged_enrollment"}

// staging takes the rows of a set and puts on the stage what the board does not
// hold already just so.
type staging struct {
	ctx   context.Context
	db    *db.DB
	board string
	stage *db.Stage
	set   *Set
	whole bool // everything is staged, of people alone: for a preview

	digest  digester
	file    string // of which the digests are held
	held    *said
	posts   *said // digests of roles, where the set tells of everyone
	every   bool  // every post is staged, whether it is held or not
	early   *early
	again   map[string]bool // files in which a record stood twice
	unseen  map[string]bool // full files that may have let go of a record
	unknown int             // users who stand, of whom the set does not say what they are
	rows    int
	tick    func(rows int) error // told of the rows that were read, now and then
	ticked  time.Time
}

func boolean(b bool) string {
	if b {
		return "1"
	}
	return "0"
}

// opening lets go of what was held of the file before and reads what the board
// holds of this one. Users come last: see user.
func (s *staging) opening(file string) error {
	if s.early == nil && !s.whole && s.set.Modes["enrollments"] == Bulk {
		s.early = readEarly(s.ctx, s.db, s.board, "enrollments")
	}
	if file == "users" {
		return nil
	}
	return s.hold(file)
}

func (s *staging) hold(file string) error {
	if s.file == file {
		return nil
	}
	if err := s.settle(); err != nil || s.whole {
		return err
	}
	s.file, s.held = file, nil
	if s.set.Modes[file] != Bulk || saying[file] == "" {
		return nil
	}
	var err error
	if file == "enrollments" {
		s.held, err = s.early.wait()
		return err
	}
	s.held, err = saidOf(s.ctx, s.db, s.board, file)
	return err
}

// stop ends what is being read of the board, where nobody waited for it.
func (s *staging) stop() {
	if s.early != nil {
		s.early.stop()
	}
}

// settle stages the digests that the file did not repeat.
func (s *staging) settle() error {
	held, file := s.held, s.file
	if s.file, s.held = "", nil; held == nil || s.set.Modes[file] != Bulk {
		return nil
	}
	return s.unrepeated(file, held)
}

func (s *staging) unrepeated(file string, held *said) error {
	if err := s.stage.Put("staged_unseen", file, "0"); err != nil {
		return err
	}
	s.unseen[file] = held.unsaid
	return held.rest(func(digest uint64) error {
		s.unseen[file] = true
		return s.stage.Put("staged_unseen", file, kept64(digest))
	})
}

// row counts a row, and answers its digest as the tables keep it, or that the board
// holds it just so already.
func (s *staging) row(file string, values ...string) (digest string, held bool, err error) {
	if err := s.count(); err != nil {
		return "", false, err
	}
	digest, held = s.repeats(s.held, file, values...)
	return digest, held, nil
}

func (s *staging) count() error {
	s.rows++
	if s.rows%4096 == 0 && time.Since(s.ticked) > time.Second {
		s.ticked = time.Now()
		return s.tick(s.rows)
	}
	return nil
}

func (s *staging) repeats(held *said, file string, values ...string) (digest string, repeats bool) {
	if held == nil { // of a delta, of which nothing is said for good
		return "0", false
	}
	d := s.digest.sum(file, values...)
	return kept64(d), held.repeat(d)
}

func (s *staging) twice(file string, again bool) {
	if again {
		s.again[file] = true
	}
}

func (s *staging) course(c CourseRow, again bool) error {
	if s.whole {
		return nil
	}
	s.twice("courses", again)
	said, held, err := s.row("courses", c.SourceID, c.Org, c.Title, c.Code, status(c.Gone))
	if err != nil || held && !again {
		return err
	}
	return s.stage.Put("staged_course", line(c.Mark), c.SourceID, db.NewID(), c.Org, c.Title, c.Code, status(c.Gone), said)
}

func (s *staging) class(c ClassRow, again bool) error {
	if s.whole {
		return nil
	}
	s.twice("classes", again)
	said, held, err := s.row("classes", c.SourceID, c.School, c.Course, c.Title, c.Code, c.Grade, c.Kind, c.Subject, status(c.Gone),
		strings.Join(c.Terms, ","))
	if err != nil || held && !again {
		return err
	}
	for _, term := range c.Terms {
		if err := s.stage.Put("staged_term", line(c.Mark), c.SourceID, term); err != nil {
			return err
		}
	}
	return s.stage.Put("staged_class", line(c.Mark), c.SourceID, db.NewID(), c.School, c.Course, c.Title, c.Code, c.Grade, c.Kind,
		c.Subject, status(c.Gone), said)
}

// errRoleTwice says that a role stands twice in a set. What it said first no longer
// counts, and may have been passed over as held: every post is to be staged.
var errRoleTwice = errors.New("roster: a role stands twice")

// role tells a post by whom, where and as what: of two rows that say the same, which
// is which is not kept.
func (s *staging) role(r RoleRow, again bool) error {
	s.twice("roles", again)
	if err := s.count(); err != nil {
		return err
	}
	if err := s.holdPosts(); err != nil {
		return err
	}
	if again && s.posts != nil && !s.every {
		return errRoleTwice
	}
	said, held := s.post(r.User, r.Org, string(r.Role), status(r.Gone))
	if held {
		return nil
	}
	return s.stage.Put("staged_post", line(r.Mark), r.SourceID, r.User, r.Org, string(r.Role), boolean(r.Gone), said)
}

func (s *staging) post(values ...string) (digest string, held bool) {
	if s.every {
		return kept64(s.digest.sum("roles", values...)), false
	}
	return s.repeats(s.posts, "roles", values...)
}

// holdPosts reads what the board holds of posts, once it is known of whom the set tells.
func (s *staging) holdPosts() (err error) {
	if s.posts == nil && !s.whole && s.set.tells() == person.Everyone {
		s.posts, err = saidOf(s.ctx, s.db, s.board, "posts")
	}
	return err
}

func (s *staging) enrollment(e EnrollmentRow, again bool) error {
	if s.whole {
		return nil
	}
	s.twice("enrollments", again)
	said, held, err := s.row("enrollments", e.SourceID, e.Class, e.User, string(e.Role), boolean(e.Main), e.Begin, e.End, status(e.Gone))
	if err != nil || held && !again {
		return err
	}
	return s.stage.Put("staged_enrollment", line(e.Mark), e.SourceID, e.Class, e.User, string(e.Role), boolean(e.Main),
		e.Begin, e.End, status(e.Gone), said)
}

func (s *staging) user(u UserRow) error {
	if err := s.hold("users"); err != nil {
		return err
	}
	if u.Kind == "" && !u.Gone {
		s.unknown++
	}
	said, held, err := s.row("users", u.SourceID, string(u.Kind), u.Given, u.Family, strings.ToLower(u.Email), u.Number, u.Grade, status(u.Gone))
	if err != nil || held {
		return err
	}
	return s.stage.Put("staged_person", person.Staged(line(u.Mark), db.NewID(), said, u.Username, person.Person{SourceID: u.SourceID,
		Kind: u.Kind, GivenName: u.Given, FamilyName: u.Family, Email: u.Email, Number: u.Number, Grade: u.Grade, Status: status(u.Gone)})...)
}

func (s *staging) aside(file, id string) error {
	if id == "" {
		return nil
	}
	return s.stage.Put("staged_aside", file, id)
}

func (s *staging) nobody(id string) error { return s.stage.Put("staged_nobody", id) }

// end settles the last file, and makes quick to find what the merge looks for.
func (s *staging) end() error {
	if err := s.hold("users"); err != nil { // also of a file that has no user to hand on
		return err
	}
	if err := errors.Join(s.settle(), s.settlePosts()); err != nil {
		return err
	}
	for _, key := range [][2]string{{"staged_course", "source_id"}, {"staged_class", "source_id"}, {"staged_person", "source_id"},
		{"staged_enrollment", "source_id"}, {"staged_post", "person"}, {"staged_term", "class"}, {"staged_aside", "source_id"}} {
		if err := s.stage.Key(key[0], key[1]); err != nil {
			return err
		}
	}
	return nil
}

func (s *staging) settlePosts() error {
	if err := s.holdPosts(); err != nil || s.posts == nil {
		return err
	}
	posts := s.posts
	s.posts = nil
	return s.unrepeated("posts", posts)
}

func line(m Mark) string { return strconv.Itoa(m.Row) }

func status(gone bool) string {
	if gone {
		return person.Gone
	}
	return person.Active
}
