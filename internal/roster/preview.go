package roster

import (
	"context"
	"maps"
	"slices"
	"strings"

	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/person"
	"aval/internal/policy"
)

// Preview is what an import would do: counts and codes, nobody's name. Scripts read
// it: its JSON form is a promise.
type Preview struct {
	Report
	Pupils     Changes         `json:"pupils"`
	Others     Changes         `json:"others"` // staff
	BySchool   []SchoolChanges `json:"by_school"`
	Suspicious []Warning       `json:"suspicious"`
	Stops      bool            `json:"stops"`   // an import would stop: too many pupils would leave
	Active     int             `json:"active"`  // pupils whom the board holds now
	Percent    int             `json:"percent"` // of them that may leave without a stop
	Rows       int             `json:"rows"`
}

// Leaving is how many in a hundred pupils would leave.
func (p Preview) Leaving() int {
	if p.Active == 0 {
		return 0
	}
	return (p.Pupils.Left*100 + p.Active/2) / p.Active
}

// Changes count people. Someone who moved may have changed too.
type Changes struct {
	Added   int `json:"added"`
	Moved   int `json:"moved"` // to other schools
	Left    int `json:"left"`
	Changed int `json:"changed"` // name, number, address or grade
}

// SchoolChanges count the pupils of one school.
type SchoolChanges struct {
	School   string `json:"school"`         // as the roster calls it
	Name     string `json:"name,omitempty"` // where the set says it
	Added    int    `json:"added"`
	Arrived  int    `json:"arrived"`  // from another school
	Departed int    `json:"departed"` // to another school
	Left     int    `json:"left"`
	Changed  int    `json:"changed"`
}

// Preview reads a set as Import does and says what it would do to the board's
// people, without writing anything. Suspicious is what a person should look at
// first:
//
//   - number_other_name: a number that belonged to someone of another name
//   - number_other_birth: a number, or an id, that belonged to someone born on another day
//   - number_twice: pupils who have the number of another pupil
//   - id_changed: people known by number and name who come under another id, and
//     would be retired and added anew
//   - email_reused: an address that belonged to someone of another name
//   - username_twice: user names that another row has
//   - two_schools: pupils in several schools
//   - kind_changed: pupils who became staff, or the reverse
func (s *Service) Preview(ctx context.Context, actor policy.Actor, path string) (Preview, error) {
	if err := actor.Allow(policy.RosterImport, policy.Scope{}); err != nil {
		return Preview{}, err
	}
	return s.look(ctx, actor.Board, s.inPlace(path), func(int) error { return nil })
}

// look stages everyone of a set, and compares.
func (s *Service) look(ctx context.Context, board string, open opener, tick func(int) error) (p Preview, err error) {
	percent, err := s.percent(ctx, board)
	if err != nil {
		return p, err
	}
	c := &comparison{schools: map[string]*SchoolChanges{}, odds: map[string]int{}}
	r := &reading{open: open, limits: s.Limits.orDefault()}
	fill := func(ctx context.Context, stage *db.Stage) error {
		return r.read(&staging{ctx: ctx, db: s.db, board: board, stage: stage, whole: true, tick: tick})
	}
	err = s.db.StageAndRead(ctx, board, stageTables, fill, func(ctx context.Context, tx *db.Tx) error {
		if err := person.LeadStaged(ctx, tx); err != nil {
			return err
		}
		n, err := s.otherBirths(ctx, tx, open)
		if err != nil {
			return err
		}
		c.odd("number_other_birth", n)
		return c.compare(ctx, tx, &r.set)
	})
	if err != nil {
		return Preview{}, err
	}
	p = c.p
	p.Students, p.Staff = p.Students+r.report.Students, p.Staff+r.report.Staff
	p.Schools, p.Classes, p.Enrollments, p.Births = r.report.Schools, r.report.Classes, r.report.Enrollments, r.report.Births
	p.Warnings, p.Defects, p.Rows = r.set.Warnings(), r.set.Defects(), r.rows
	p.Percent = percent
	for i := range p.BySchool {
		p.BySchool[i].Name = nameOf(r.set.Orgs, p.BySchool[i].School)
	}
	p.Stops = r.set.Modes["users"] == Bulk && most(p.Pupils.Left, p.Active, percent) != nil
	return p, nil
}

func nameOf(orgs []OrgRow, source string) string {
	if at := slices.IndexFunc(orgs, func(o OrgRow) bool { return o.SourceID == source }); at >= 0 {
		return orgs[at].Name
	}
	return ""
}

// comparison holds what was staged of a set against the people of a board.
type comparison struct {
	full      bool // the set tells of everyone
	anew      bool // it tells anew where those whom it tells of learn
	schools   map[string]*SchoolChanges
	p         Preview
	odds      map[string]int
	lastMoved string
}

func (c *comparison) compare(ctx context.Context, tx *db.Tx, set *Set) error {
	c.full = set.Modes["users"] == Bulk
	c.anew = set.Version != "1.2" || set.Modes["roles"] == Bulk
	for _, step := range []func(context.Context, *db.Tx) error{c.active, c.unknown, c.changed, c.bySchool, c.moved, c.strange} {
		if err := step(ctx, tx); err != nil {
			return err
		}
	}
	c.p.BySchool, c.p.Suspicious = []SchoolChanges{}, counted(c.odds)
	for _, source := range slices.Sorted(maps.Keys(c.schools)) {
		c.p.BySchool = append(c.p.BySchool, *c.schools[source])
	}
	return nil
}

func (c *comparison) changes(kind person.Kind) *Changes {
	if kind == person.Student {
		return &c.p.Pupils
	}
	return &c.p.Others
}

func (c *comparison) at(school string) *SchoolChanges {
	if c.schools[school] == nil {
		c.schools[school] = &SchoolChanges{School: school}
	}
	return c.schools[school]
}

func (c *comparison) active(ctx context.Context, tx *db.Tx) (err error) {
	c.p.Active, err = one(ctx, tx, `SELECT count(*) FROM person WHERE board_id = $1 AND kind = 'student' AND status = 'active'`)
	return err
}

func one(ctx context.Context, tx *db.Tx, query string) (int, error) {
	return db.One(ctx, tx, func(r db.Row) (n int, err error) {
		err = r.Scan(&n)
		return n, err
	}, query, tx.Board)
}

// unknown counts those of whom the board alone knows what they are.
func (c *comparison) unknown(ctx context.Context, tx *db.Tx) error {
	return db.Each(ctx, tx, func(r db.Row) error {
		var kind person.Kind
		var n int
		err := r.Scan(&kind, &n)
		if kind == person.Student {
			c.p.Students += n
		} else {
			c.p.Staff += n
		}
		return err
	}, `SELECT p.kind, count(*) FROM staged_person s JOIN person p ON p.source_id = s.source_id
		WHERE p.board_id = $1 AND s.kind = '' AND s.status = 'active' GROUP BY p.kind`, tx.Board)
}

// met is everyone of the set and of the board, side by side: what they become (kind
// and status, ” when the set tells nothing of them) and what they were. Someone whose
// row was left aside stays.
const met = `SELECT COALESCE(s.source_id, p.source_id) AS source_id, COALESCE(NULLIF(s.kind, ''), p.kind, '') AS kind,
		CASE WHEN s.status IS NOT NULL THEN s.status WHEN a.source_id IS NOT NULL THEN 'active' ELSE '' END AS becomes,
		COALESCE(p.status, '') AS was, COALESCE(p.kind, '') AS kind_was, CASE WHEN s.source_id IS NOT NULL AND p.source_id IS NOT NULL
			AND (s.given_name, s.family_name, s.email, s.number, s.grade) <> (p.given_name, p.family_name, p.email, p.number, p.grade)
			THEN 1 ELSE 0 END AS differs
	FROM (SELECT source_id, kind, status, given_name, family_name, email, number, grade FROM person WHERE board_id = $1) p
	FULL JOIN staged_person s ON s.source_id = p.source_id
	LEFT JOIN (SELECT DISTINCT source_id FROM staged_aside WHERE file = 'users') a ON a.source_id = p.source_id`

// changed counts everyone by what becomes of them.
func (c *comparison) changed(ctx context.Context, tx *db.Tx) error {
	return db.Each(ctx, tx, func(r db.Row) error {
		var kind, was person.Kind
		var becomes, status string
		var differs, n int
		if err := r.Scan(&kind, &becomes, &status, &was, &differs, &n); err != nil {
			return err
		}
		switch event(c.full, becomes, status, string(kind)) {
		case left:
			c.changes(was).Left += n
		case added:
			c.changes(kind).Added += n
		case stays:
			if kind != was {
				c.odd("kind_changed", n)
			}
			if differs > 0 {
				c.changes(kind).Changed += n
			}
		}
		return nil
	}, `SELECT kind, becomes, was, kind_was, differs, count(*) FROM (`+met+`) m GROUP BY kind, becomes, was, kind_was, differs`, tx.Board)
}

// What becomes of someone.
const (
	nothing = iota
	added
	stays
	left
)

// event says what becomes of someone by their status in the set and on the board.
func event(full bool, becomes, was, kind string) int {
	switch {
	case was == person.Active && (becomes == person.Gone || becomes == "" && full):
		return left
	case becomes != person.Active || kind == "":
		return nothing
	case was == person.Active:
		return stays
	}
	return added
}

func (c *comparison) odd(code string, n int) {
	if n > 0 {
		c.odds[code] += n
	}
}

// Where pupils learn: as the set says it, and as the board holds it.
const (
	learns = `SELECT DISTINCT person AS source_id, org FROM staged_post WHERE role = 'student' AND NOT gone`
	learnt = `SELECT p.source_id, o.source_id AS org FROM person_role r JOIN person p ON p.id = r.person_id JOIN org o ON o.id = r.org_id
		WHERE r.board_id = $1 AND p.board_id = $1 AND o.board_id = $1 AND r.role = 'student'`
)

// bySchool counts who comes to a school, changes in it and leaves the board from it.
func (c *comparison) bySchool(ctx context.Context, tx *db.Tx) error {
	count := func(of string, f func(at *SchoolChanges, event, differs int, kind person.Kind, n int)) error {
		return db.Each(ctx, tx, func(r db.Row) error {
			var org, becomes, was string
			var kind person.Kind
			var differs, n int
			err := r.Scan(&org, &kind, &becomes, &was, &differs, &n)
			if e := event(c.full, becomes, was, string(kind)); err == nil && e != nothing {
				f(c.at(org), e, differs, kind, n)
			}
			return err
		}, `SELECT l.org, m.kind, m.becomes, m.was, m.differs, count(*) FROM (`+met+`) m JOIN (`+of+`) l ON l.source_id = m.source_id
			GROUP BY l.org, m.kind, m.becomes, m.was, m.differs`, tx.Board)
	}
	err := count(learns, func(at *SchoolChanges, event, differs int, kind person.Kind, n int) {
		switch {
		case event == added:
			at.Added += n
		case event == stays && differs > 0 && kind == person.Student:
			at.Changed += n
		}
	})
	if err != nil {
		return err
	}
	err = count(learnt, func(at *SchoolChanges, event, _ int, _ person.Kind, n int) {
		if event == left {
			at.Left += n
		}
	})
	maps.DeleteFunc(c.schools, func(source string, at *SchoolChanges) bool { return *at == SchoolChanges{School: source} })
	return err
}

// moved counts pupils who learn elsewhere than before, school by school.
func (c *comparison) moved(ctx context.Context, tx *db.Tx) error {
	const pupils = `SELECT s.source_id FROM staged_person s JOIN person p ON p.source_id = s.source_id
		WHERE p.board_id = $1 AND s.status = 'active' AND p.status = 'active' AND COALESCE(NULLIF(s.kind, ''), p.kind) = 'student'`
	query := `SELECT n.source_id, n.org, 1 FROM (` + learns + `) n JOIN (` + pupils + `) u ON u.source_id = n.source_id
		LEFT JOIN (` + learnt + `) w ON w.source_id = n.source_id AND w.org = n.org WHERE w.org IS NULL`
	if c.anew {
		query += ` UNION ALL SELECT w.source_id, w.org, 0 FROM (` + learnt + `) w JOIN (` + pupils + `) u ON u.source_id = w.source_id
			LEFT JOIN (` + learns + `) n ON n.source_id = w.source_id AND n.org = w.org WHERE n.org IS NULL`
	}
	return db.Each(ctx, tx, func(r db.Row) error {
		var who, org string
		var arrived int
		if err := r.Scan(&who, &org, &arrived); err != nil {
			return err
		}
		if who != c.lastMoved {
			c.lastMoved = who
			c.p.Pupils.Moved++
		}
		if arrived > 0 {
			c.at(org).Arrived++
		} else {
			c.at(org).Departed++
		}
		return nil
	}, `SELECT source_id, org, arrived FROM (`+strings.Replace(query, "n.org, 1", "n.org AS org, 1 AS arrived", 1)+`) m ORDER BY source_id`, tx.Board)
}

// handful is not remarkable in a small board.
const handful = 10

// most refuses to retire more pupils than so many in a hundred without being told
// to: a full set that would is rather one that was cut than the end of a school.
func most(left, active, percent int) error {
	if left < handful || left*100 <= active*percent {
		return nil
	}
	return fault.New(fault.Conflict, "roster.retires_most", left, active)
}
