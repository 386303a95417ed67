package disclosure

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"aval/internal/birth"
	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/person"
	"aval/internal/pseudonym"
)

// Query says which rows are read, in which order, and how many.
type Query struct {
	Limit  int      // most rows; zero is all of them
	Offset int      // rows passed over
	After  string   // only those whose pseudonym comes after this one
	Value  string   // only the one of this pseudonym
	Only   []string // roles of users and enrolments, kinds of schools and sessions; none is all
	Of     []Ref    // only what belongs to each of these
	Where  []Clause // at most a few
	Any    bool     // one clause of Where is enough
	Sort   string   // column; "" is the pseudonym
	Desc   bool
}

// Ref is an object by its pseudonym.
type Ref struct {
	Kind  Kind
	Value string
	Role  person.Role // of users in a class: as what; "" is any
}

// Clause compares what is visible of a row. What is absent fulfils no clause, so
// that nobody learns from a count what they are not shown.
type Clause struct {
	Column string // "" is one that has no value
	Op     Op
	Value  string
}

// Op is a comparison; texts are compared by their bytes.
type Op string

// The comparisons of OneRoster.
const (
	Equal    Op = "="
	Differs  Op = "!="
	Above    Op = ">"
	AtLeast  Op = ">="
	Below    Op = "<"
	AtMost   Op = "<="
	Contains Op = "~"
)

// Reader reads in a transaction or, without one, in one statement of its own, which
// takes one round trip: then a query is Of nothing, and what is sealed stays so.
type Reader struct {
	Tx    *db.Tx
	Names *pseudonym.Names // opens login names and days of birth; without it, there are none
	DB    *db.DB           // without Tx, with the board
	Board string
	First []db.Look // without Tx: read before the rows, in the same round trip
}

// Users reads the pupils of the audience and the teachers of their classes.
func (r Reader) Users(ctx context.Context, t Terms, q Query) ([]User, error) {
	if r.Tx == nil || r.Names == nil || !t.Fields[LoginName] {
		return rows(ctx, r, userShape, t, q, func(row db.Row) (User, error) {
			u, err := scanUser(row)
			return u.User, err
		})
	}
	people, err := rows(ctx, r, userShape, t, q, scanUser)
	if err != nil {
		return nil, err
	}
	list := make([]User, len(people))
	for i, p := range people {
		list[i] = p.User
	}
	return list, logins(ctx, r.Tx, r.Names, people, list)
}

// Births reads when the pupils of the audience were born, of whom that is known; none
// where it does not leave. It cannot be filtered or sorted by the day, which is sealed.
func (r Reader) Births(ctx context.Context, t Terms, q Query) ([]Birth, error) {
	if r.Tx == nil || r.Names == nil {
		return nil, nil
	}
	people, err := rows(ctx, r, birthShape, t, q, scanBirth)
	if err != nil || len(people) == 0 {
		return nil, err
	}
	ids := make([]string, len(people))
	for i, p := range people {
		ids[i] = p.subject
	}
	days, err := (&birth.Register{Vault: r.Names.Vault}).Of(ctx, r.Tx, ids)
	list := make([]Birth, len(people))
	for i, p := range people {
		list[i] = Birth{p.Mark, days[p.subject]}
	}
	return list, err
}

// Orgs reads the schools, and the board above them.
func (r Reader) Orgs(ctx context.Context, t Terms, q Query) ([]Org, error) {
	return rows(ctx, r, orgShape, t, q, scanOrg)
}

// Sessions reads the school years and their parts; none where groups do not leave.
func (r Reader) Sessions(ctx context.Context, t Terms, q Query) ([]Session, error) {
	return rows(ctx, r, sessionShape, t, q, scanSession)
}

// Courses reads what the classes are taught; none where groups do not leave.
func (r Reader) Courses(ctx context.Context, t Terms, q Query) ([]Course, error) {
	return rows(ctx, r, courseShape, t, q, scanCourse)
}

// Classes reads the groups of the audience; none where groups do not leave.
func (r Reader) Classes(ctx context.Context, t Terms, q Query) ([]Class, error) {
	return rows(ctx, r, classShape, t, q, scanClass)
}

// Enrollments reads who is in which group; none where groups do not leave.
func (r Reader) Enrollments(ctx context.Context, t Terms, q Query) ([]Enrollment, error) {
	return rows(ctx, r, enrollmentShape, t, q, scanEnrollment)
}

// Users is Reader.Users in a transaction.
func Users(ctx context.Context, tx *db.Tx, names *pseudonym.Names, t Terms, q Query) ([]User, error) {
	return Reader{Tx: tx, Names: names}.Users(ctx, t, q)
}

// Orgs is Reader.Orgs in a transaction.
func Orgs(ctx context.Context, tx *db.Tx, t Terms, q Query) ([]Org, error) {
	return Reader{Tx: tx}.Orgs(ctx, t, q)
}

// Sessions is Reader.Sessions in a transaction.
func Sessions(ctx context.Context, tx *db.Tx, t Terms, q Query) ([]Session, error) {
	return Reader{Tx: tx}.Sessions(ctx, t, q)
}

// Courses is Reader.Courses in a transaction.
func Courses(ctx context.Context, tx *db.Tx, t Terms, q Query) ([]Course, error) {
	return Reader{Tx: tx}.Courses(ctx, t, q)
}

// Classes is Reader.Classes in a transaction.
func Classes(ctx context.Context, tx *db.Tx, t Terms, q Query) ([]Class, error) {
	return Reader{Tx: tx}.Classes(ctx, t, q)
}

// Enrollments is Reader.Enrollments in a transaction.
func Enrollments(ctx context.Context, tx *db.Tx, t Terms, q Query) ([]Enrollment, error) {
	return Reader{Tx: tx}.Enrollments(ctx, t, q)
}

// Count answers how many rows of a kind a query has, whatever its limit.
func Count(ctx context.Context, tx *db.Tx, t Terms, kind Kind, q Query) (int, error) {
	s := shapes[kind]
	if !s.leaves(t) {
		return 0, nil
	}
	q.Limit, q.Offset, q.After, q.Sort = 0, 0, "", ""
	b := &builder{shape: s, terms: t, args: []any{tx.Board, string(t.Licence.ID), string(s.kind)}}
	if err := b.conditions(ctx, tx, q); err != nil {
		return 0, err
	}
	return db.One(ctx, tx, func(r db.Row) (n int, err error) {
		err = r.Scan(&n)
		return n, err
	}, `SELECT count(*) FROM `+s.from+` WHERE d.board_id = $1 AND d.licence_id = $2 AND d.kind = $3`+b.where, b.args...)
}

// Shows tells whether a licence shows an object: of these roles or kinds, and of
// those others.
func Shows(ctx context.Context, tx *db.Tx, t Terms, kind Kind, q Query) (bool, error) {
	n, err := Count(ctx, tx, t, kind, q)
	return n > 0, err
}

// Statement answers the SQL of a page with its arguments, for what looks at its plan
// or measures it.
func (r Reader) Statement(ctx context.Context, t Terms, kind Kind, q Query) (text string, args []any, err error) {
	return r.statement(ctx, shapes[kind], t, q)
}

func (r Reader) statement(ctx context.Context, s *shape, t Terms, q Query) (text string, args []any, err error) {
	if r.Tx != nil {
		r.Board = r.Tx.Board
	} else if len(q.Of) > 0 {
		return "", nil, errors.New("disclosure: what belongs to another object is read in a transaction")
	}
	b := &builder{shape: s, terms: t, args: []any{r.Board, string(t.Licence.ID), string(s.kind)}}
	if err := b.conditions(ctx, r.Tx, q); err != nil {
		return "", nil, err
	}
	text, err = b.page(q)
	return text, b.args, err
}

// usualPage is how many rows there is room for from the start.
const usualPage = 101

// rows reads what a query asks of a shape, in the order of the pseudonyms unless it asks for another.
func rows[T any](ctx context.Context, r Reader, s *shape, t Terms, q Query, scan func(db.Row) (T, error)) ([]T, error) {
	if !s.leaves(t) {
		return nil, nil
	}
	text, args, err := r.statement(ctx, s, t, q)
	if err != nil {
		return nil, err
	}
	if r.Tx == nil {
		list := make([]T, 0, min(q.Limit, usualPage))
		err := r.DB.ReadEach(ctx, r.Board, append(slices.Clone(r.First), db.Into(&list, scan, text, args...))...)
		return list, err
	}
	return db.All(ctx, r.Tx, scan, text, args...)
}

// builder writes one statement.
type builder struct {
	shape *shape
	terms Terms
	where string
	args  []any
}

func (b *builder) hold(v any) string {
	b.args = append(b.args, v)
	return "$" + strconv.Itoa(len(b.args))
}

func (b *builder) and(text string) { b.where += "\n\tAND " + text }

// conditions are those of the rows, without their page.
func (b *builder) conditions(ctx context.Context, tx *db.Tx, q Query) error {
	if q.Value != "" {
		b.and(`d.value = ` + b.hold(q.Value))
	}
	if len(q.Only) > 0 {
		list := make([]string, len(q.Only))
		for i, word := range q.Only {
			list[i] = b.hold(word)
		}
		b.and(b.shape.only + ` IN (` + strings.Join(list, ", ") + `)`)
	}
	for _, ref := range q.Of {
		if err := b.of(ctx, tx, ref); err != nil {
			return err
		}
	}
	clauses := make([]string, len(q.Where))
	for i, c := range q.Where {
		text, err := b.clause(c)
		if err != nil {
			return err
		}
		clauses[i] = text
	}
	if len(clauses) > 0 {
		word := " AND "
		if q.Any {
			word = " OR "
		}
		b.and(`(` + strings.Join(clauses, word) + `)`)
	}
	return nil
}

// of keeps what belongs to another object, which is visible too.
func (b *builder) of(ctx context.Context, tx *db.Tx, ref Ref) error {
	text, ok := b.shape.of[ref.Kind]
	if !ok {
		return fmt.Errorf("disclosure: %s of a %s", b.shape.kind, ref.Kind)
	}
	subject, gone, err := subjectOf(ctx, tx, b.terms, ref.Kind, ref.Value)
	if err != nil {
		return err
	}
	if gone {
		b.and(`1 = 0`)
		return nil
	}
	text = strings.ReplaceAll(text, ":id", b.hold(subject))
	if strings.Contains(text, ":role") {
		role := ""
		if ref.Role != "" {
			role = ` AND e.role = ` + b.hold(string(ref.Role))
		}
		text = strings.ReplaceAll(text, ":role", role)
	}
	b.and(text)
	return nil
}

// clause compares one column; NULL, which nothing is equal to or above, is what is absent.
func (b *builder) clause(c Clause) (string, error) {
	if c.Column == "" {
		return `1 = 0`, nil
	}
	col, ok := b.shape.column(c.Column)
	if !ok {
		return "", fmt.Errorf("disclosure: no column %q of a %s", c.Column, b.shape.kind)
	}
	switch {
	case col.moment:
		return b.moment(c)
	case !col.leaves(b.terms):
		return `1 = 0`, nil
	case col.many != "":
		return `EXISTS (SELECT 1 FROM (` + col.many + `) m WHERE ` + b.compare(`m.v`, c.Op, c.Value) + `)`, nil
	}
	return b.compare(`NULLIF(`+b.seen(col)+`, '')`, c.Op, c.Value), nil
}

func (b *builder) compare(sql string, op Op, value string) string {
	switch op {
	case Contains: // both engines' LIKE differ in case
		return `replace(` + sql + `, ` + b.hold(value) + `, '') <> ` + sql
	case Differs:
		return sql + ` <> ` + b.hold(value)
	}
	return sql + ` ` + string(op) + ` ` + b.hold(value)
}

// moment compares when a row changed as it is shown, to the millisecond, and so
// that the index serves.
func (b *builder) moment(c Clause) (string, error) {
	at, err := time.Parse(time.RFC3339Nano, c.Value)
	if err != nil {
		if at, err = time.Parse(time.DateOnly, c.Value); err != nil {
			return "", fault.New(fault.Invalid, "provider.moment_wrong")
		}
	}
	floor := at.UTC().Truncate(time.Millisecond)
	next, exact := floor.Add(time.Millisecond), floor.Equal(at)
	ceil := floor
	if !exact {
		ceil = next
	}
	switch {
	case c.Op == Equal && exact:
		return `d.changed_at >= ` + b.hold(floor) + ` AND d.changed_at < ` + b.hold(next), nil
	case c.Op == Differs && exact:
		return `(d.changed_at < ` + b.hold(floor) + ` OR d.changed_at >= ` + b.hold(next) + `)`, nil
	case c.Op == Equal:
		return `1 = 0`, nil
	case c.Op == Differs:
		return `1 = 1`, nil
	case c.Op == Above:
		return `d.changed_at >= ` + b.hold(next), nil
	case c.Op == AtLeast:
		return `d.changed_at >= ` + b.hold(ceil), nil
	case c.Op == Below:
		return `d.changed_at < ` + b.hold(ceil), nil
	case c.Op == AtMost:
		return `d.changed_at < ` + b.hold(next), nil
	}
	return "", fault.New(fault.Invalid, "provider.moment_wrong")
}

// page is the whole statement.
func (b *builder) page(q Query) (string, error) {
	order, by := ` ASC`, `d.value`
	if q.Desc {
		order = ` DESC`
	}
	if q.Sort != "" {
		col, ok := b.shape.column(q.Sort)
		if !ok {
			return "", fmt.Errorf("disclosure: no column %q of a %s", q.Sort, b.shape.kind)
		}
		if col.leaves(b.terms) && col.many == "" && !col.unread && col.sql != `d.value` {
			by = b.seen(col) + order + `, d.value`
		}
	}
	if q.After != "" {
		than := ` > `
		if q.Desc {
			than = ` < `
		}
		b.and(`d.value` + than + b.hold(q.After))
	}
	var text strings.Builder
	text.WriteString(`SELECT d.value, d.status, d.changed_at, d.subject_id`)
	for _, c := range b.shape.columns {
		if !c.unread {
			text.WriteString(`, `)
			text.WriteString(b.read(c))
		}
	}
	text.WriteString("\nFROM " + b.shape.from + "\nWHERE d.board_id = $1 AND d.licence_id = $2 AND d.kind = $3" + b.where)
	text.WriteString("\nORDER BY " + by + order)
	if q.Limit > 0 {
		text.WriteString(` LIMIT ` + strconv.Itoa(q.Limit)) // told to the planner, whose plan may be kept
		if q.Offset > 0 && q.After == "" {
			text.WriteString(` OFFSET ` + b.hold(q.Offset))
		}
	}
	return text.String(), nil
}

// subjectOf answers what a pseudonym stands for, if the licence shows it: the one
// NotFound for all others. To one that is gone nothing belongs any more: it would lead
// to what the subject is today.
func subjectOf(ctx context.Context, tx *db.Tx, t Terms, kind Kind, value string) (subject string, gone bool, err error) {
	if s := shapes[kind]; !s.leaves(t) {
		return "", false, fault.Missing()
	}
	found, err := db.One(ctx, tx, scanPair, `SELECT d.subject_id, d.status FROM disclosed d
		WHERE d.board_id = $1 AND d.licence_id = $2 AND d.kind = $3 AND d.value = $4`, tx.Board, string(t.Licence.ID), string(kind), value)
	return found.subject, found.value != string(person.Active), err
}

// Survivor answers the pseudonym that took the place of one after a merge, if the
// licence shows it: the one NotFound for all others.
func Survivor(ctx context.Context, tx *db.Tx, t Terms, kind Kind, value string) (string, error) {
	return db.One(ctx, tx, func(r db.Row) (s string, err error) {
		err = r.Scan(&s)
		return s, err
	}, `SELECT d.value FROM pairwise w JOIN disclosed d ON d.board_id = w.board_id AND d.licence_id = $2 AND d.kind = w.kind
			AND d.subject_id = w.subject_id AND d.status = 'active'
		WHERE w.board_id = $1 AND w.sector = $3 AND w.value = $4 AND w.kind = $5 AND w.alias AND w.retired_on = ''`,
		tx.Board, string(t.Licence.ID), t.Sector, value, string(kind))
}

// Columns lists what a kind can be filtered and sorted by.
func Columns(kind Kind) []string {
	names := []string{"value", "status", "changed_at"}
	for _, c := range shapes[kind].columns {
		names = append(names, c.name)
	}
	slices.Sort(names)
	return names
}
