package directory

import (
	"cmp"
	"context"
	"strconv"
	"strings"
	"time"

	"aval/internal/db"
	"aval/internal/org"
	"aval/internal/person"
	"aval/internal/policy"
)

// query gathers the conditions on pupils p.
type query struct {
	where []string
	args  []any
}

func (q *query) hold(v any) string {
	q.args = append(q.args, v)
	return "$" + strconv.Itoa(len(q.args))
}

func (q *query) list(values []string) string {
	marks := make([]string, len(values))
	for i, v := range values {
		marks[i] = q.hold(v)
	}
	return "(" + strings.Join(marks, ",") + ")"
}

// pupils are the active ones within a reach.
func pupils(tx *db.Tx, reach policy.Reach) *query {
	q := &query{args: []any{tx.Board}}
	var ors []string
	for _, rule := range reach.Rules {
		switch {
		case rule.Board:
			ors = append(ors, `1 = 1`)
		case len(rule.Orgs) > 0:
			ors = append(ors, inSchools(q.list(rule.Orgs)))
		case len(rule.Classes) > 0:
			ors = append(ors, `p.id IN (SELECT e.person_id FROM enrollment e WHERE e.board_id = $1 AND e.role = 'student'
				AND e.status = 'active' AND e.class_id IN `+q.list(rule.Classes)+`)`)
		}
	}
	if len(ors) == 0 {
		ors = []string{`1 = 0`}
	}
	q.where = append(q.where, `(`+strings.Join(ors, ` OR `)+`)`)
	return q
}

func inSchools(list string) string {
	return `p.id IN (SELECT r.person_id FROM person_role r WHERE r.board_id = $1 AND r.role = 'student' AND r.org_id IN ` + list + `)`
}

// named wants each word at the beginning of one of the name's, or the number. A
// folded word holds letters and digits alone: nothing of it means more to LIKE.
func (q *query) named(words []string, number string) {
	var ands []string
	for _, w := range words {
		ands = append(ands, `' ' || p.search LIKE `+q.hold("% "+w+"%"))
	}
	by := `(` + strings.Join(ands, ` AND `) + `)`
	if number != "" {
		by = `(` + by + ` OR p.number = ` + q.hold(number) + `)`
	}
	q.where = append(q.where, by)
}

func (q *query) at(school, grade string) {
	if school != "" {
		q.where = append(q.where, inSchools(`(`+q.hold(school)+`)`))
	}
	if grade != "" {
		q.where = append(q.where, `p.grade = `+q.hold(grade))
	}
}

const from = ` FROM person p WHERE p.board_id = $1 AND p.kind = 'student' AND p.status = 'active' AND `

// page reads those who come after a pupil in the order of names.
func (q *query) page(ctx context.Context, tx *db.Tx, after string) (p Page, err error) {
	where := strings.Join(q.where, ` AND `)
	if p.Total, err = db.One(ctx, tx, scanCount, `SELECT count(*)`+from+where, q.args...); err != nil || p.Total == 0 {
		return p, err
	}
	if after != "" {
		at := q.hold(after)
		where += ` AND (p.search, p.id) > (SELECT a.search, a.id FROM person a WHERE a.board_id = $1 AND a.id = ` + at + `)`
	}
	p.Found, err = db.All(ctx, tx, func(row db.Row) (f Found, err error) {
		err = row.Scan(&f.ID, &f.Kind, &f.GivenName, &f.FamilyName, &f.Grade, &f.Status)
		return f, err
	}, `SELECT p.id, p.kind, p.given_name, p.family_name, p.grade, p.status`+from+where+
		` ORDER BY p.search, p.id LIMIT `+strconv.Itoa(PageSize+1), q.args...)
	if len(p.Found) > PageSize {
		p.Found = p.Found[:PageSize]
		p.Next = p.Found[PageSize-1].ID
	}
	return p, err
}

func scanCount(row db.Row) (n int, err error) {
	err = row.Scan(&n)
	return n, err
}

func orgNames(ctx context.Context, tx *db.Tx) (map[string]string, error) {
	all, err := org.All(ctx, tx)
	names := make(map[string]string, len(all))
	for _, o := range all {
		names[o.ID] = o.Name
	}
	return names, err
}

// schoolCounts says of every school how its roster stands.
func schoolCounts(ctx context.Context, tx *db.Tx) (map[string]School, error) {
	by := map[string]School{}
	add := func(query string, put func(*School, int)) error {
		_, err := db.All(ctx, tx, func(row db.Row) (none struct{}, err error) {
			var id string
			var n int
			if err = row.Scan(&id, &n); err == nil {
				s := by[id]
				put(&s, n)
				by[id] = s
			}
			return none, err
		}, query, tx.Board)
		return err
	}
	people := func(role person.Role) string {
		return `SELECT r.org_id, count(DISTINCT r.person_id) FROM person_role r
			JOIN person p ON p.board_id = r.board_id AND p.id = r.person_id AND p.status = 'active'
			WHERE r.board_id = $1 AND r.role = '` + string(role) + `' GROUP BY r.org_id`
	}
	const classes = `SELECT c.school_id, count(*) FROM class c WHERE c.board_id = $1 AND c.status = 'active'`
	for _, each := range []struct {
		query string
		put   func(*School, int)
	}{
		{people(person.Pupil), func(s *School, n int) { s.Pupils = n }},
		{people(person.Teacher), func(s *School, n int) { s.Teachers = n }},
		{classes + ` GROUP BY c.school_id`, func(s *School, n int) { s.Classes = n }},
		{classes + ` AND NOT EXISTS (SELECT 1 FROM enrollment e JOIN person p ON p.board_id = e.board_id AND p.id = e.person_id
			AND p.status = 'active' WHERE e.board_id = $1 AND e.class_id = c.id AND e.role = 'teacher' AND e.status = 'active')
			GROUP BY c.school_id`, func(s *School, n int) { s.Untaught = n }},
	} {
		if err := add(each.query, each.put); err != nil {
			return nil, err
		}
	}
	return by, nil
}

// taught puts beside classes who teaches them, by name.
func taught(ctx context.Context, tx *db.Tx, classes []person.Class) ([]Group, error) {
	groups := make([]Group, len(classes))
	at := make(map[string]int, len(classes))
	args := []any{tx.Board}
	for i, c := range classes {
		groups[i].Class, at[c.ID] = c, i
		args = append(args, c.ID)
	}
	if len(classes) == 0 {
		return nil, nil
	}
	_, err := db.All(ctx, tx, func(row db.Row) (none struct{}, err error) {
		var class string
		var p person.Person
		if err = row.Scan(&class, &p.GivenName, &p.FamilyName); err == nil {
			g := &groups[at[class]]
			g.Teachers = append(g.Teachers, p.Name())
		}
		return none, err
	}, `SELECT e.class_id, p.given_name, p.family_name FROM enrollment e
		JOIN person p ON p.board_id = e.board_id AND p.id = e.person_id AND p.status = 'active'
		WHERE e.board_id = $1 AND e.role = 'teacher' AND e.status = 'active' AND e.class_id IN `+db.In(2, len(classes))+`
		GROUP BY e.class_id, p.id, p.given_name, p.family_name, p.search ORDER BY p.search, p.id`, args...)
	return groups, err
}

// staff are the teachers of a school, by name.
func staff(ctx context.Context, tx *db.Tx, school string) ([]Member, error) {
	return db.All(ctx, tx, func(row db.Row) (m Member, err error) {
		var p person.Person
		err = row.Scan(&m.ID, &p.GivenName, &p.FamilyName, &m.Classes, &m.Account)
		m.Name = p.Name()
		return m, err
	}, `SELECT p.id, p.given_name, p.family_name,
			(SELECT count(DISTINCT c.id) FROM enrollment e JOIN class c ON c.board_id = e.board_id AND c.id = e.class_id
				AND c.status = 'active' AND c.school_id = $2
				WHERE e.board_id = $1 AND e.person_id = p.id AND e.role = 'teacher' AND e.status = 'active'),
			EXISTS (SELECT 1 FROM account a WHERE a.board_id = $1 AND a.person_id = p.id AND NOT a.disabled)
		FROM person p WHERE p.board_id = $1 AND p.status = 'active' AND p.id IN (SELECT r.person_id FROM person_role r
			WHERE r.board_id = $1 AND r.role = 'teacher' AND r.org_id = $2)
		ORDER BY p.search, p.id`, tx.Board, school)
}

// gradeCounts counts the pupils of a school by grade.
func gradeCounts(ctx context.Context, tx *db.Tx, school string) ([]GradeCount, error) {
	return db.All(ctx, tx, func(row db.Row) (g GradeCount, err error) {
		err = row.Scan(&g.Grade, &g.Pupils)
		return g, err
	}, `SELECT p.grade, count(*) FROM person p WHERE p.board_id = $1 AND p.kind = 'student' AND p.status = 'active'
		AND `+inSchools(`($2)`)+` GROUP BY p.grade ORDER BY p.grade`, tx.Board, school)
}

// looks counts those of the last hour, and says when the oldest was.
func looks(ctx context.Context, tx *db.Tx, actor string) (int, time.Time, error) {
	all, err := db.All(ctx, tx, func(row db.Row) (at time.Time, err error) {
		err = row.Scan(&at)
		return at, err
	}, `SELECT at FROM directory_look WHERE board_id = $1 AND actor_id = $2 AND at > $3 ORDER BY at`, tx.Board, actor, tx.Now.Add(-window))
	if err != nil || len(all) == 0 {
		return 0, tx.Now, err
	}
	return len(all), all[max(0, len(all)-AnHour)], nil
}

// forget drops the looks that no bound counts any more.
func forget(ctx context.Context, tx *db.Tx, actor string) error {
	_, err := tx.Exec(ctx, `DELETE FROM directory_look WHERE board_id = $1 AND actor_id = $2 AND at <= $3`, tx.Board, actor, tx.Now.Add(-window))
	return err
}

func insertLook(ctx context.Context, tx *db.Tx, actor string) error {
	_, err := tx.Exec(ctx, `INSERT INTO directory_look (board_id, id, actor_id, at) VALUES ($1, $2, $3, $4)`, tx.Board, db.NewID(), actor, tx.Now)
	return err
}

func compare(a, b, thenA, thenB string) int {
	return cmp.Or(cmp.Compare(db.Fold(a), db.Fold(b)), cmp.Compare(thenA, thenB))
}
