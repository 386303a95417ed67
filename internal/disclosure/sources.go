package disclosure

import (
	"context"

	"aval/internal/db"
	"aval/internal/licence"
	"aval/internal/person"
)

// reach answers the schools of which a licence may tell: its own, those that its
// audience names, or every school with pupils of the youth sector.
func reach(ctx context.Context, tx *db.Tx, l licence.Licence) (map[string]bool, error) {
	all, err := db.All(ctx, tx, word, `SELECT o.id FROM org o
		WHERE o.board_id = $1 AND o.kind = 'school' AND o.sector = 'youth' AND o.status = 'active'`, tx.Board)
	if err != nil {
		return nil, err
	}
	named := map[string]bool{}
	for _, id := range l.Audience.Schools {
		named[id] = true
	}
	if l.Scope.AtSchool() {
		named[l.OrgID] = true
	} else if len(l.Audience.Classes) > 0 {
		if err := ofClasses(ctx, tx, l.ID, named); err != nil {
			return nil, err
		}
	}
	// Grades alone name no school.
	everywhere := len(named) == 0 || !l.Scope.AtSchool() && len(l.Audience.Schools) == 0 && len(l.Audience.Grades) > 0
	schools := map[string]bool{}
	for _, id := range all {
		if everywhere || named[id] {
			schools[id] = true
		}
	}
	return schools, nil
}

// ofClasses adds the schools of the classes that an audience names.
func ofClasses(ctx context.Context, tx *db.Tx, id licence.ID, named map[string]bool) error {
	theirs, err := db.All(ctx, tx, word, `SELECT DISTINCT c.school_id FROM licence_audience a CROSS JOIN class c
		WHERE c.board_id = $1 AND c.id = a.value AND a.board_id = $1 AND a.licence_id = $2 AND a.kind = 'class'`, tx.Board, string(id))
	for _, school := range theirs {
		named[school] = true
	}
	return err
}

// someone is a person of the roster, of whom it may be that nothing is disclosed.
type someone struct {
	id                          string
	grade, given, family, email string
	born                        string // since when the day of birth is what it is, where it leaves
	wanted                      bool
}

func scanSomeone(r db.Row) (p someone, err error) {
	err = r.Scan(&p.id, &p.grade, &p.given, &p.family, &p.email, &p.born, &p.wanted)
	return p, err
}

// pupils are those whom the licence is for.
func pupils(ctx context.Context, tx *db.Tx, r round, after string) (wanted []found, last string, err error) {
	born := `''`
	if r.Fields[BirthDate] {
		born = `COALESCE((SELECT CAST(b.changed_at AS text) FROM birth b WHERE b.board_id = p.board_id AND b.person_id = p.id), '')`
	}
	all, err := db.All(ctx, tx, scanSomeone, `SELECT p.id, p.grade, p.given_name, p.family_name, p.email, `+born+`, 1 = 0 FROM person p
		WHERE p.board_id = $1 AND p.kind = 'student' AND p.id > $2 ORDER BY p.id LIMIT $3`, tx.Board, after, page)
	if err != nil {
		return nil, "", err
	}
	if len(all) == page {
		last = all[page-1].id
	}
	audience, err := licence.PupilsWithin(ctx, tx, r.Licence, after, last)
	if err != nil {
		return nil, "", err
	}
	in := make(map[string]bool, len(audience))
	for _, id := range audience {
		in[id] = true
	}
	for i := range all {
		all[i].wanted = in[all[i].id]
	}
	wanted, err = r.people(ctx, tx, all, after, last, person.Pupil)
	return wanted, last, err
}

// teachers are those who teach a pupil of the licence.
func teachers(ctx context.Context, tx *db.Tx, r round, after string) (wanted []found, last string, err error) {
	all, err := db.All(ctx, tx, scanSomeone, `SELECT p.id, '', p.given_name, p.family_name, p.email, '',
			p.status = 'active' AND (SELECT 1 FROM enrollment t
				WHERE t.board_id = p.board_id AND t.person_id = p.id AND t.role = 'teacher' AND t.status = 'active' AND (
					SELECT 1 FROM class c WHERE c.board_id = t.board_id AND c.id = t.class_id AND `+r.holds("c")+` LIMIT 1) IS NOT NULL
				LIMIT 1) IS NOT NULL
		FROM person p WHERE p.board_id = $1 AND p.kind = 'staff' AND p.id > $3 ORDER BY p.id LIMIT $4`,
		tx.Board, string(r.Licence.ID), after, page)
	if err != nil {
		return nil, "", err
	}
	if len(all) == page {
		last = all[page-1].id
	}
	wanted, err = r.people(ctx, tx, all, after, last, person.Teacher)
	return wanted, last, err
}

// holds is the condition on a class, in SQL (for each row its own look by key: LIMIT
// keeps PostgreSQL from joining all that there is), that a pupil of the licence, $2, is in
// it, at a school that is disclosed; of a licence for some classes it is one of them.
func (r round) holds(class string) string {
	condition := class + `.status = 'active'
		AND (SELECT 1 FROM disclosed o WHERE o.board_id = $1 AND o.licence_id = $2 AND o.kind = 'org'
			AND o.subject_id = ` + class + `.school_id AND o.status = 'active' LIMIT 1) IS NOT NULL
		AND (SELECT 1 FROM enrollment e
			WHERE e.board_id = $1 AND e.class_id = ` + class + `.id AND e.role = 'student' AND e.status = 'active' AND (
				SELECT 1 FROM disclosed d WHERE d.board_id = $1 AND d.licence_id = $2 AND d.kind = 'user'
				AND d.subject_id = e.person_id AND d.status = 'active' LIMIT 1) IS NOT NULL
			LIMIT 1) IS NOT NULL`
	a := r.Licence.Audience
	if len(a.Classes) > 0 && len(a.Schools)+len(a.Grades)+len(a.People) == 0 {
		condition += ` AND ` + class + `.id IN (SELECT a.value FROM licence_audience a
			WHERE a.board_id = $1 AND a.licence_id = $2 AND a.kind = 'class')`
	}
	return condition
}

// people are those of a page who are wanted, with what is seen of them.
func (r round) people(ctx context.Context, tx *db.Tx, all []someone, after, last string, role person.Role) ([]found, error) {
	at, err := r.places(ctx, tx, after, last, role)
	if err != nil {
		return nil, err
	}
	var wanted []found
	for _, p := range all {
		if !p.wanted {
			continue
		}
		address := p.email
		if r.Aliases != "" {
			address = "@" + r.Aliases
		}
		seen := r.visible(map[Field]string{Grade: p.grade, GivenName: p.given, FamilyName: p.family, Email: address, BirthDate: p.born})
		wanted = append(wanted, found{p.id, append(seen, at[p.id]...)})
	}
	return wanted, nil
}

// places are the schools, of the licence's reach, where people of a range are.
func (r round) places(ctx context.Context, tx *db.Tx, after, last string, role person.Role) (map[string][]string, error) {
	query, args := `SELECT person_id, org_id FROM person_role WHERE board_id = $1 AND (role = 'student') = $2 AND person_id > $3`,
		[]any{tx.Board, role == person.Pupil, after}
	if last != "" {
		query, args = query+` AND person_id <= $4`, append(args, last)
	}
	all, err := db.All(ctx, tx, scanPair, query+` ORDER BY person_id, org_id`, args...)
	at := map[string][]string{}
	for _, p := range all {
		if r.schools[p.value] {
			at[p.subject] = append(at[p.subject], p.value)
		}
	}
	return at, err
}

// schools are those where pupils of the licence are, and the board above them.
func schools(ctx context.Context, tx *db.Tx, r round, after string) (wanted []found, last string, err error) {
	all, err := db.All(ctx, tx, seenOf(3), `SELECT o.id, o.kind, o.name, o.parent_id FROM org o
		WHERE o.board_id = $1 AND o.id > $3 AND o.status = 'active' AND (o.kind = 'board' OR o.kind = 'school' AND (
			SELECT 1 FROM person_role r WHERE r.board_id = o.board_id AND r.org_id = o.id AND r.role = 'student' AND (
				SELECT 1 FROM disclosed d WHERE d.board_id = $1 AND d.licence_id = $2 AND d.kind = 'user'
				AND d.subject_id = r.person_id AND d.status = 'active' LIMIT 1) IS NOT NULL
			LIMIT 1) IS NOT NULL)
		ORDER BY o.id LIMIT $4`, tx.Board, string(r.Licence.ID), after, page)
	for _, o := range all {
		if o.seen[0] == "board" || r.schools[o.id] {
			wanted = append(wanted, o)
		}
	}
	return wanted, end(all), err
}

// givenIn is what a class's sessions are made from (classSessions), in SQL.
const givenIn = `COALESCE((SELECT string_agg(y.id, ',' ORDER BY y.id) FROM class_term x
		JOIN academic_session y ON y.board_id = x.board_id AND y.id = x.session_id AND y.status = 'active'
		WHERE x.board_id = $1 AND x.class_id = c.id),
	(SELECT string_agg(y.id, ',' ORDER BY y.id) FROM academic_session y
		WHERE y.board_id = $1 AND y.kind = 'schoolYear' AND y.status = 'active'), '')`

// classes are the groups in which pupils of the licence are.
func classes(ctx context.Context, tx *db.Tx, r round, after string) (wanted []found, last string, err error) {
	if !r.Fields[Groups] {
		return nil, "", nil
	}
	type group struct {
		found
		wanted bool
	}
	all, err := db.All(ctx, tx, func(row db.Row) (g group, err error) {
		g.seen = make([]string, 8)
		s := g.seen
		err = row.Scan(&g.id, &s[0], &s[1], &s[2], &s[3], &s[4], &s[5], &s[6], &s[7], &g.wanted)
		return g, err
	}, `SELECT c.id, c.title, c.code, c.grade, c.kind, c.subject, `+taught+`, c.school_id, `+givenIn+`, `+r.holds("c")+`
		FROM class c WHERE c.board_id = $1 AND c.id > $3 ORDER BY c.id LIMIT $4`, tx.Board, string(r.Licence.ID), after, page)
	for _, g := range all {
		if g.wanted {
			wanted = append(wanted, g.found)
		}
	}
	if len(all) == page {
		last = all[page-1].id
	}
	return wanted, last, err
}

// taught is the course of a class, in SQL. One that has none, or whose course is gone,
// is its own: OneRoster requires a course of every class (1.2 information model, Class).
const taught = `COALESCE((SELECT k.id FROM course k WHERE k.board_id = c.board_id AND k.id = c.course_id AND k.status = 'active'), c.id)`

// courses are what the classes are taught.
func courses(ctx context.Context, tx *db.Tx, r round, after string) (wanted []found, last string, err error) {
	if !r.Fields[Groups] {
		return nil, "", nil
	}
	wanted, err = db.All(ctx, tx, seenOf(3), `SELECT o.id, o.title, o.code, o.org_id FROM course o
		WHERE o.board_id = $1 AND o.status = 'active' AND o.id > $3 AND (SELECT 1 FROM class c CROSS JOIN disclosed d
			WHERE c.board_id = $1 AND c.course_id = o.id
			AND d.board_id = $1 AND d.licence_id = $2 AND d.kind = 'class' AND d.subject_id = c.id
			AND d.status = 'active' LIMIT 1) IS NOT NULL
		UNION ALL SELECT c.id, c.title, '', c.school_id FROM disclosed d CROSS JOIN class c
		WHERE d.board_id = $1 AND d.licence_id = $2 AND d.kind = 'class' AND d.status = 'active' AND d.subject_id > $3
			AND c.board_id = $1 AND c.id = d.subject_id AND c.id = `+taught+`
		ORDER BY 1 LIMIT $4`, tx.Board, string(r.Licence.ID), after, page)
	return wanted, end(wanted), err
}

// sessions are the school years and their parts: they tell of nobody.
func sessions(ctx context.Context, tx *db.Tx, r round, after string) (wanted []found, last string, err error) {
	if !r.Fields[Groups] {
		return nil, "", nil
	}
	wanted, err = db.All(ctx, tx, seenOf(6), `SELECT id, title, kind, start_date, end_date, school_year, parent_id FROM academic_session
		WHERE board_id = $1 AND status = 'active' AND id > $2 ORDER BY id LIMIT $3`, tx.Board, after, page)
	return wanted, end(wanted), err
}

// seenOf reads an id and so many texts.
func seenOf(n int) func(db.Row) (found, error) {
	return func(r db.Row) (f found, err error) {
		f.seen = make([]string, n)
		into := []any{&f.id}
		for i := range f.seen {
			into = append(into, &f.seen[i])
		}
		err = r.Scan(into...)
		return f, err
	}
}

// end is the last id of a full page.
func end(all []found) string {
	if len(all) < page {
		return ""
	}
	return all[len(all)-1].id
}
