package disclosure

import (
	"context"
	"strings"

	"aval/internal/db"
	"aval/internal/person"
	"aval/internal/pseudonym"
)

// shape is how the rows of a kind are read.
type shape struct {
	kind    Kind
	from    string
	needs   Field // without which no row leaves
	only    string
	columns []column
	of      map[Kind]string // what belongs to another kind's object, :id
}

// column is one thing of a row.
type column struct {
	name   string
	sql    string
	alias  string // in place of sql where aliases of addresses leave
	many   string // a SELECT of its values as v, for what a row has several of
	lack   string // in place of many where there is none
	field  Field  // that must leave for it
	stays  bool   // also of a row that is gone
	moment bool
	unread bool // compared alone: it is the same of every row
}

func (s *shape) leaves(t Terms) bool { return s.needs == "" || t.Fields[s.needs] }

func (c column) leaves(t Terms) bool { return c.field == "" || t.Fields[c.field] }

func (s *shape) column(name string) (column, bool) {
	for _, c := range head {
		if c.name == name {
			return c, true
		}
	}
	for _, c := range s.columns {
		if c.name == name {
			return c, true
		}
	}
	return column{}, false
}

// head is what every row has.
var head = []column{
	{name: "value", sql: `d.value`, stays: true},
	{name: "status", sql: `d.status`, stays: true},
	{name: "changed_at", sql: `d.changed_at`, stays: true, moment: true},
}

// seen is the column as the platform sees it: of who is gone, no more than that.
func (b *builder) seen(c column) string {
	if c.stays {
		return c.sql
	}
	sql := c.sql
	if c.alias != "" && b.terms.Aliases != "" {
		sql = strings.ReplaceAll(c.alias, ":aliases", b.hold(b.terms.Aliases))
		sql = strings.ReplaceAll(sql, ":sector", b.hold(b.terms.Sector))
	}
	return `CASE WHEN d.status = 'active' THEN COALESCE(` + sql + `, '') ELSE '' END`
}

// read is the column as it is read: what does not leave is not even asked for.
func (b *builder) read(c column) string {
	switch {
	case !c.leaves(b.terms):
		return `''`
	case c.many != "":
		lack := c.lack
		if lack != "" {
			lack += ", "
		}
		return `COALESCE((SELECT string_agg(m.v, ',' ORDER BY m.v) FROM (` + c.many + `) m), ` + lack + `'')`
	case c.stays:
		return `COALESCE(` + c.sql + `, '')`
	}
	return b.seen(c)
}

// reference is the pseudonym of what a column points to. A row that is there points to
// the one in use; a row that is gone, to the one that was in use when it went, for the
// old and the new pseudonym of one subject must not meet in an answer. Of several
// subjects it is one that is there.
func reference(kind Kind, subject string) string {
	of := `SELECT o.value FROM disclosed o WHERE o.board_id = $1 AND o.licence_id = $2 AND o.kind = '` + string(kind) + `'
		AND o.subject_id IN (` + subject + `)`
	return `(CASE WHEN d.status = 'active' THEN (` + of + ` ORDER BY o.status, o.value LIMIT 1)
		ELSE (` + of + ` ORDER BY CASE WHEN o.status = 'active' THEN 1 WHEN o.changed_at >= d.changed_at THEN 0 ELSE 2 END,
			o.changed_at, o.value LIMIT 1) END)`
}

// district is the board, where someone is who is in no school that is disclosed.
const district = `(SELECT o.value FROM org a JOIN disclosed o ON o.board_id = a.board_id AND o.licence_id = $2
	AND o.kind = 'org' AND o.subject_id = a.id WHERE a.board_id = $1 AND a.kind = 'board' ORDER BY o.status, o.value LIMIT 1)`

const (
	visibleClass = `SELECT v.subject_id FROM disclosed v WHERE v.board_id = $1 AND v.licence_id = $2 AND v.kind = 'class' AND v.status = 'active'`
	visibleSeat  = `SELECT v.subject_id FROM disclosed v WHERE v.board_id = $1 AND v.licence_id = $2 AND v.kind = 'enrollment' AND v.status = 'active'`
)

var shapes = map[Kind]*shape{
	OfUser: userShape, OfOrg: orgShape, OfSession: sessionShape, OfCourse: courseShape, OfClass: classShape, OfEnrollment: enrollmentShape,
	OfBirth: birthShape,
}

var userShape = &shape{
	kind: OfUser,
	from: `disclosed d LEFT JOIN person p ON p.board_id = d.board_id AND p.id = d.subject_id`,
	only: `d.role`,
	columns: []column{
		{name: "role", sql: `d.role`, stays: true},
		{name: "role_type", sql: `'primary'`, stays: true, unread: true},
		{name: "given_name", sql: `p.given_name`, field: GivenName},
		{name: "family_name", sql: `p.family_name`, field: FamilyName},
		{name: "email", sql: `p.email`, alias: `(SELECT a.local_part || '@' || :aliases FROM pairwise_address a
			WHERE a.board_id = $1 AND a.sector = :sector AND a.person_id = d.subject_id)`, field: Email},
		{name: "grade", sql: `CASE WHEN d.role = 'student' THEN p.grade END`, field: Grade},
		{name: "enabled", sql: `CASE WHEN d.status = 'active' THEN 'true' ELSE 'false' END`, stays: true},
		{name: "orgs", lack: district, many: `SELECT o.value AS v FROM person_role r JOIN disclosed o ON o.board_id = r.board_id AND o.licence_id = $2
			AND o.kind = 'org' AND o.subject_id = r.org_id AND o.status = 'active'
			WHERE r.board_id = $1 AND r.person_id = d.subject_id AND d.status = 'active'`},
	},
	of: map[Kind]string{
		OfClass: `d.subject_id IN (SELECT e.person_id FROM enrollment e WHERE e.board_id = $1 AND e.class_id = :id
			AND e.status = 'active' AND e.id IN (` + visibleSeat + `):role)`,
		OfOrg: `d.status = 'active' AND d.subject_id IN (SELECT r.person_id FROM person_role r WHERE r.board_id = $1 AND r.org_id = :id)`,
	},
}

// birthShape is a row a pupil who is there and whose day is kept: of who left, nothing is.
var birthShape = &shape{
	kind:  OfUser,
	needs: BirthDate,
	from:  `disclosed d JOIN birth b ON b.board_id = d.board_id AND b.person_id = d.subject_id AND d.status = 'active'`,
	only:  `d.role`,
}

var orgShape = &shape{
	kind: OfOrg,
	from: `disclosed d LEFT JOIN org o1 ON o1.board_id = d.board_id AND o1.id = d.subject_id`,
	only: `o1.kind`,
	columns: []column{
		{name: "kind", sql: `CASE WHEN o1.kind = 'board' THEN 'district' ELSE o1.kind END`, stays: true},
		{name: "name", sql: `o1.name`, stays: true},
		{name: "parent", sql: reference(OfOrg, `o1.parent_id`)},
	},
}

var sessionShape = &shape{
	kind:  OfSession,
	needs: Groups,
	from:  `disclosed d LEFT JOIN academic_session s ON s.board_id = d.board_id AND s.id = d.subject_id`,
	only:  `s.kind`,
	columns: []column{
		{name: "title", sql: `s.title`, stays: true},
		{name: "kind", sql: `s.kind`, stays: true},
		{name: "start", sql: `s.start_date`, stays: true},
		{name: "end", sql: `s.end_date`, stays: true},
		{name: "school_year", sql: `s.school_year`, stays: true},
		{name: "parent", sql: reference(OfSession, `s.parent_id`)},
	},
	of: map[Kind]string{
		OfSession: `s.parent_id = :id`,
		OfOrg:     `EXISTS (SELECT 1 FROM class c WHERE c.board_id = $1 AND c.school_id = :id AND c.status = 'active' AND c.id IN (` + visibleClass + `))`,
	},
}

// courseShape is a row a course; a class without one is its own (courses).
var courseShape = &shape{
	kind: OfCourse,
	from: `disclosed d LEFT JOIN course k ON k.board_id = d.board_id AND k.id = d.subject_id
		LEFT JOIN class g ON g.board_id = d.board_id AND g.id = d.subject_id`,
	needs: Groups,
	columns: []column{
		{name: "title", sql: `COALESCE(k.title, CASE WHEN d.status = 'active' THEN g.title END)`, stays: true},
		{name: "code", sql: `k.code`, stays: true},
		{name: "org", sql: reference(OfOrg, `k.org_id, g.school_id`)},
	},
	of: map[Kind]string{
		OfOrg: `(k.org_id = :id OR g.school_id = :id OR k.id IN (SELECT c.course_id FROM class c WHERE c.board_id = $1 AND c.school_id = :id
			AND c.status = 'active' AND c.id IN (` + visibleClass + `)))`,
	},
}

// classSessions are those in which a class is given; of a class of which that is not
// known, or whose sessions are all gone, the school years. A class that is gone was given
// in what may have gone with it.
var classSessions = `SELECT o.value AS v FROM academic_session y JOIN disclosed o ON o.board_id = y.board_id AND o.licence_id = $2
	AND o.kind = 'session' AND o.subject_id = y.id AND o.status = 'active'
	WHERE y.board_id = $1 AND (d.status = 'active' OR NOT EXISTS (` + classTerms + `))
	AND (EXISTS (` + classTerms + ` AND x.session_id = y.id)
		OR y.kind = 'schoolYear' AND NOT EXISTS (` + classTerms + ` AND x.session_id IN (SELECT z.id FROM academic_session z
			WHERE z.board_id = $1 AND z.status = 'active')))
	UNION ALL SELECT ` + reference(OfSession, `x.session_id`) + ` AS v FROM class_term x
	WHERE x.board_id = $1 AND x.class_id = c.id AND d.status <> 'active'`

const classTerms = `SELECT 1 FROM class_term x WHERE x.board_id = $1 AND x.class_id = c.id`

var classShape = &shape{
	kind:  OfClass,
	from:  `disclosed d LEFT JOIN class c ON c.board_id = d.board_id AND c.id = d.subject_id`,
	needs: Groups,
	only:  `c.kind`,
	columns: []column{
		{name: "title", sql: `c.title`},
		{name: "code", sql: `c.code`},
		{name: "grade", sql: `c.grade`, field: Grade},
		{name: "kind", sql: `c.kind`, stays: true},
		{name: "subject", sql: `c.subject`},
		{name: "course", sql: reference(OfCourse, `c.course_id, c.id`), stays: true},
		{name: "school", sql: reference(OfOrg, `c.school_id`), stays: true},
		{name: "sessions", many: classSessions},
	},
	of: map[Kind]string{
		OfOrg:    `c.school_id = :id`,
		OfCourse: `(c.course_id = :id OR c.id = :id)`,
		OfSession: `(EXISTS (SELECT 1 FROM class_term x WHERE x.board_id = $1 AND x.class_id = c.id AND x.session_id = :id)
			OR EXISTS (SELECT 1 FROM academic_session y WHERE y.board_id = $1 AND y.id = :id AND y.kind = 'schoolYear')
			AND NOT EXISTS (SELECT 1 FROM class_term x WHERE x.board_id = $1 AND x.class_id = c.id))`,
		OfUser: `c.id IN (SELECT e.class_id FROM enrollment e WHERE e.board_id = $1 AND e.person_id = :id
			AND e.status = 'active' AND e.id IN (` + visibleSeat + `):role)`,
	},
}

var enrollmentShape = &shape{
	kind: OfEnrollment,
	from: `disclosed d LEFT JOIN enrollment e ON e.board_id = d.board_id AND e.id = d.subject_id
		LEFT JOIN class c ON c.board_id = e.board_id AND c.id = e.class_id`,
	needs: Groups,
	only:  `e.role`,
	columns: []column{
		{name: "class", sql: reference(OfClass, `e.class_id`), stays: true},
		{name: "school", sql: reference(OfOrg, `c.school_id`), stays: true},
		{name: "user", sql: reference(OfUser, `e.person_id`), stays: true},
		{name: "role", sql: `e.role`, stays: true},
		{name: "main", sql: `CASE WHEN e.main THEN 'true' ELSE 'false' END`},
		{name: "begin", sql: `e.begin_date`},
		{name: "end", sql: `e.end_date`},
	},
	of: map[Kind]string{
		OfOrg:   `c.school_id = :id`,
		OfClass: `e.class_id = :id`,
	},
}

// someUser is a user with whom it is, for the login name to be found.
type someUser struct {
	User
	subject string
}

func scanUser(r db.Row) (u someUser, err error) {
	var enabled, orgs string
	err = r.Scan(&u.Value, &u.Status, &u.ChangedAt, &u.subject, &u.Role, &u.GivenName, &u.FamilyName, &u.Email, &u.Grade, &enabled, &orgs)
	u.Orgs = split(orgs)
	return u, err
}

// someBirth is a row whose day is still to be opened.
type someBirth struct {
	Mark
	subject string
}

func scanBirth(r db.Row) (b someBirth, err error) {
	err = r.Scan(&b.Value, &b.Status, &b.ChangedAt, &b.subject)
	return b, err
}

func scanOrg(r db.Row) (o Org, err error) {
	var subject string
	err = r.Scan(&o.Value, &o.Status, &o.ChangedAt, &subject, &o.Kind, &o.Name, &o.Parent)
	return o, err
}

func scanSession(r db.Row) (s Session, err error) {
	var subject string
	err = r.Scan(&s.Value, &s.Status, &s.ChangedAt, &subject, &s.Title, &s.Kind, &s.Start, &s.End, &s.SchoolYear, &s.Parent)
	return s, err
}

func scanCourse(r db.Row) (c Course, err error) {
	var subject string
	err = r.Scan(&c.Value, &c.Status, &c.ChangedAt, &subject, &c.Title, &c.Code, &c.Org)
	return c, err
}

func scanClass(r db.Row) (c Class, err error) {
	var subject, sessions string
	err = r.Scan(&c.Value, &c.Status, &c.ChangedAt, &subject, &c.Title, &c.Code, &c.Grade, &c.Kind, &c.Subject,
		&c.Course, &c.School, &sessions)
	c.Sessions = split(sessions)
	return c, err
}

func scanEnrollment(r db.Row) (e Enrollment, err error) {
	var subject, main string
	err = r.Scan(&e.Value, &e.Status, &e.ChangedAt, &subject, &e.Class, &e.School, &e.User, &e.Role, &main, &e.Begin, &e.End)
	e.Main = main == "true"
	return e, err
}

func split(list string) []string {
	if list == "" {
		return nil
	}
	return strings.Split(list, ",")
}

// logins opens the login names of the pupils who are still there.
func logins(ctx context.Context, tx *db.Tx, names *pseudonym.Names, people []someUser, list []User) error {
	var ids []string
	for _, p := range people {
		if p.Status == person.Active && p.Role == person.Pupil {
			ids = append(ids, p.subject)
		}
	}
	of, err := names.OfMany(ctx, tx, ids)
	for i, p := range people {
		if name, ok := of[p.subject]; ok {
			list[i].Login = name.String()
		}
	}
	return err
}
