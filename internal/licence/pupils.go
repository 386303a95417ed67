package licence

import (
	"context"
	"slices"
	"strings"

	"aval/internal/db"
	"aval/internal/fault"
)

// Pupils answers the ids of those whom a kept licence is for, sorted: the active pupils of
// the youth sector who are of its audience on this day's roster. That the licence runs, and
// how many seats it has, is for the caller to look at.
func Pupils(ctx context.Context, tx *db.Tx, l Licence) ([]string, error) {
	query, args := l.pupils(tx, `DISTINCT p.id`)
	return db.All(ctx, tx, scanText, query+` ORDER BY p.id`, args...)
}

// PupilsWithin is Pupils for those whose ids come after one and, unless last is empty, not
// after another.
func PupilsWithin(ctx context.Context, tx *db.Tx, l Licence, after, last string) ([]string, error) {
	query, args := l.pupils(tx, `DISTINCT p.id`)
	at := db.In(len(args)+1, 1)
	query, args = query+` AND p.id > `+at+` AND r.person_id > `+at, append(args, after)
	if last != "" {
		at = db.In(len(args)+1, 1)
		query, args = query+` AND p.id <= `+at+` AND r.person_id <= `+at, append(args, last)
	}
	return db.All(ctx, tx, scanText, query+` ORDER BY p.id`, args...)
}

// Size counts those whom a kept licence is for.
func Size(ctx context.Context, tx *db.Tx, l Licence) (int, error) {
	query, args := l.pupils(tx, `count(DISTINCT p.id)`)
	return db.One(ctx, tx, scanCount, query, args...)
}

// Holds tells whether a kept licence is for this person.
func Holds(ctx context.Context, tx *db.Tx, l Licence, personID string) (bool, error) {
	query, args := l.pupils(tx, `count(DISTINCT p.id)`)
	n, err := db.One(ctx, tx, scanCount, query+` AND p.id = `+db.In(len(args)+1, 1), append(args, personID)...)
	return n > 0, err
}

// Touches tells whether a kept licence is for a pupil of one of these classes or schools.
func Touches(ctx context.Context, tx *db.Tx, l Licence, classes, schools []string) (bool, error) {
	found, err := l.anyone(ctx, tx, schools, `r.org_id IN %s`)
	if err != nil || found {
		return found, err
	}
	return l.anyone(ctx, tx, classes, `p.id IN (SELECT e.person_id FROM enrollment e
		WHERE e.board_id = $1 AND e.role = 'student' AND e.status = 'active' AND e.class_id IN %s)`)
}

// anyone tells whether the licence is for somebody who stands in one of some places; %s is their list.
func (l Licence) anyone(ctx context.Context, tx *db.Tx, places []string, where string) (bool, error) {
	for part := range chunks(places) {
		query, args := l.pupils(tx, `p.id`)
		query += ` AND ` + strings.ReplaceAll(where, `%s`, db.In(len(args)+1, len(part))) + ` LIMIT 1`
		for _, id := range part {
			args = append(args, id)
		}
		found, err := db.All(ctx, tx, scanText, query, args...)
		if err != nil || len(found) > 0 {
			return len(found) > 0, err
		}
	}
	return false, nil
}

// youth joins each active pupil of the youth sector to their school.
const youth = ` FROM person p
	JOIN person_role r ON r.board_id = p.board_id AND r.person_id = p.id AND r.role = 'student'
	JOIN org o ON o.board_id = r.board_id AND o.id = r.org_id AND o.kind = 'school' AND o.sector = 'youth' AND o.status = 'active'
	WHERE p.board_id = $1 AND p.kind = 'student' AND p.status = 'active'`

// pupils asks something of those whom the licence is for, in one statement.
func (l Licence) pupils(tx *db.Tx, what string) (query string, args []any) {
	query, args = `SELECT `+what+youth, []any{tx.Board}
	if l.Scope.AtSchool() {
		args = append(args, l.OrgID)
		query += ` AND r.org_id = ` + db.In(len(args), 1)
	}
	a := l.Audience
	if a.Empty() && (l.Scope == Board || l.Scope == School) {
		return query, args
	}
	args = append(args, string(l.ID))
	named := func(kind string) string {
		return `(SELECT a.value FROM licence_audience a WHERE a.board_id = $1 AND a.licence_id = ` + db.In(len(args), 1) +
			` AND a.kind = '` + kind + `')`
	}
	ors := []string{`p.id IN ` + named("person"), `p.id IN (SELECT e.person_id FROM enrollment e
		WHERE e.board_id = $1 AND e.role = 'student' AND e.status = 'active' AND e.class_id IN ` + named("class") + `)`}
	if a.wide() {
		wide := `1 = 1`
		if len(a.Schools) > 0 {
			wide += ` AND r.org_id IN ` + named("school")
		}
		if len(a.Grades) > 0 {
			wide += ` AND p.grade IN ` + named("grade")
		}
		ors = append(ors, `(`+wide+`)`)
	}
	return query + ` AND (` + strings.Join(ors, ` OR `) + `)`, args
}

// Groups tells which pupils to ask about: those of some classes, each grade apart; without a
// class, all those of some schools.
func Groups(ctx context.Context, tx *db.Tx, classes, schools []string) ([]Group, error) {
	if len(classes) == 0 {
		groups := make([]Group, len(schools))
		for i, s := range schools {
			groups[i].School = s
		}
		return groups, nil
	}
	return db.All(ctx, tx, func(row db.Row) (g Group, err error) {
		err = row.Scan(&g.School, &g.Class, &g.Grade)
		return g, err
	}, `SELECT DISTINCT c.school_id, c.id, COALESCE(p.grade, c.grade) FROM class c
		LEFT JOIN (enrollment e JOIN person p ON p.board_id = e.board_id AND p.id = e.person_id AND p.status = 'active')
			ON e.board_id = c.board_id AND e.class_id = c.id AND e.role = 'student' AND e.status = 'active'
		WHERE c.board_id = $1 AND c.id IN `+db.In(2, len(classes)), listArgs(tx.Board, classes)...)
}

// grades lists those of the youth pupils of a school, of the board when it is empty.
func grades(ctx context.Context, tx *db.Tx, school string) ([]string, error) {
	query, args := `SELECT DISTINCT p.grade`+youth+` AND p.grade <> ''`, []any{tx.Board}
	if school != "" {
		query, args = query+` AND r.org_id = $2`, append(args, school)
	}
	found, err := db.All(ctx, tx, scanText, query, args...)
	return inOrder(found), err
}

// belongs refuses an audience that is not of the licence's reach, each part beside its own
// field, and answers it with people's ids. What the board does not have is the one NotFound,
// save a person: a number is typed by hand.
func (l Licence) belongs(ctx context.Context, tx *db.Tx) (Audience, error) {
	a, fields := l.Audience, map[string]fault.Message{}
	for _, look := range []func(context.Context, *db.Tx, *Audience, map[string]fault.Message) error{
		l.schoolsBelong, l.gradesBelong, l.classesBelong, l.peopleBelong,
	} {
		if err := look(ctx, tx, &a, fields); err != nil {
			return a, err
		}
	}
	return a, fault.FormMsg(fields)
}

func (l Licence) schoolsBelong(ctx context.Context, tx *db.Tx, a *Audience, fields map[string]fault.Message) error {
	found, err := orgsBy(ctx, tx, a.Schools)
	if err != nil {
		return err
	}
	if len(found) < len(a.Schools) {
		return fault.Missing()
	}
	for _, o := range found {
		if o.Kind != "school" || !o.Youth {
			fields["schools"] = fault.Message{Key: "licence.school_not_youth"}
		}
	}
	return nil
}

func (l Licence) gradesBelong(ctx context.Context, tx *db.Tx, a *Audience, fields map[string]fault.Message) error {
	if len(a.Grades) == 0 {
		return nil
	}
	school := ""
	if l.Scope.AtSchool() {
		school = l.OrgID
	}
	known, err := grades(ctx, tx, school)
	for _, g := range a.Grades {
		if !slices.Contains(known, g) {
			fields["grades"] = fault.Message{Key: "licence.grade_unknown"}
		}
	}
	return err
}

func (l Licence) classesBelong(ctx context.Context, tx *db.Tx, a *Audience, fields map[string]fault.Message) error {
	found := 0
	for part := range chunks(a.Classes) {
		classes, err := db.All(ctx, tx, func(row db.Row) (c struct {
			school string
			ok     bool
		}, err error) {
			err = row.Scan(&c.school, &c.ok)
			return c, err
		}, `SELECT c.school_id, c.status = 'active' AND o.sector = 'youth' FROM class c
			JOIN org o ON o.board_id = c.board_id AND o.id = c.school_id
			WHERE c.board_id = $1 AND c.id IN `+db.In(2, len(part)), listArgs(tx.Board, part)...)
		if err != nil {
			return err
		}
		found += len(classes)
		for _, c := range classes {
			if !c.ok || l.Scope.AtSchool() && c.school != l.OrgID {
				fields["classes"] = fault.Message{Key: "licence.class_elsewhere"}
			}
		}
	}
	if found < len(a.Classes) {
		return fault.Missing()
	}
	return nil
}

// peopleBelong turns what was typed, ids or numbers, into ids.
func (l Licence) peopleBelong(ctx context.Context, tx *db.Tx, a *Audience, fields map[string]fault.Message) error {
	ids := map[string]string{}
	for part := range chunks(a.People) {
		args := append(listArgs(tx.Board, part), l.OrgID)
		in := db.In(2, len(part))
		pairs, err := db.All(ctx, tx, func(row db.Row) (pair [2]string, err error) {
			err = row.Scan(&pair[0], &pair[1])
			return pair, err
		}, `SELECT p.id, p.number`+youth+` AND (p.id IN `+in+` OR p.number IN `+in+`) AND r.org_id = `+db.In(len(args), 1), args...)
		if err != nil {
			return err
		}
		for _, pair := range pairs {
			ids[pair[0]], ids[pair[1]] = pair[0], pair[0]
		}
	}
	var people []string
	for i, typed := range a.People {
		id, ok := ids[typed]
		if !ok {
			fields["people"] = fault.Message{Key: "licence.person_unknown", Args: []any{i + 1}}
			return nil
		}
		people = append(people, id)
	}
	a.People = tidy(people)
	return nil
}

// addressesShow counts the pupils of a kept licence whose address tells their name (5.1.2).
func (l Licence) addressesShow(ctx context.Context, tx *db.Tx) (n int, err error) {
	query, args := l.pupils(tx, `DISTINCT p.id, p.given_name, p.family_name, p.email`)
	_, err = db.All(ctx, tx, func(row db.Row) (none struct{}, err error) {
		var id, given, family, email string
		if err = row.Scan(&id, &given, &family, &email); err == nil && ShowsName(given, family, email) {
			n++
		}
		return none, err
	}, query+` AND p.email <> ''`, args...)
	return n, err
}
