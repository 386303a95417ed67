package correction

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"aval/internal/db"
	"aval/internal/i18n"
	"aval/internal/org"
	"aval/internal/person"
	"aval/internal/policy"
	"aval/internal/vault"
)

const columns = `c.id, c.kind, c.person_id, c.other_id, c.class_id, c.to_class_id, c.org_id, c.to_org_id, c.state, c.asked_by,
	c.asked_at, c.due_on, c.taken_by, c.taken_at, c.closed_by, c.closed_at, c.shown, c.shown_at, c.version`

func (c *Correction) into() []any {
	return []any{&c.ID, &c.Kind, &c.PersonID, &c.OtherID, &c.ClassID, &c.ToClassID, &c.OrgID, &c.ToOrgID, &c.State, &c.AskedBy,
		&c.AskedAt, &c.DueOn, &c.TakenBy, db.When(&c.TakenAt), &c.ClosedBy, db.When(&c.ClosedAt), &c.Shown, db.When(&c.ShownAt), &c.Version}
}

// row is a correction as it is kept, its words sealed.
type row struct {
	Correction
	sealed []byte
}

func get(ctx context.Context, tx *db.Tx, keys *vault.Keys, id ID) (Correction, error) {
	r, err := db.One(ctx, tx, func(in db.Row) (r row, err error) {
		err = in.Scan(append(r.into(), &r.sealed)...)
		return r, err
	}, `SELECT `+columns+`, c.sealed FROM correction c WHERE c.board_id = $1 AND c.id = $2`, tx.Board, string(id))
	if err != nil {
		return Correction{}, err
	}
	r.Words, err = open(keys, id, r.sealed)
	return r.Correction, err
}

func insert(ctx context.Context, tx *db.Tx, keys *vault.Keys, c Correction) error {
	sealed, err := seal(keys, c.ID, c.Words)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO correction (board_id, id, kind, person_id, other_id, class_id, to_class_id, org_id, to_org_id,
			sealed, state, asked_by, asked_at, due_on, version)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
		tx.Board, string(c.ID), string(c.Kind), c.PersonID, c.OtherID, c.ClassID, c.ToClassID, c.OrgID, c.ToOrgID,
		sealed, string(c.State), c.AskedBy, c.AskedAt, c.DueOn, c.Version)
	return err
}

// update keeps what became of a correction, unless somebody was faster.
func update(ctx context.Context, tx *db.Tx, keys *vault.Keys, c *Correction) error {
	sealed, err := seal(keys, c.ID, c.Words)
	if err != nil {
		return err
	}
	err = db.Changed(tx.Exec(ctx, `UPDATE correction SET sealed = $4, state = $5, taken_by = $6, taken_at = $7, closed_by = $8,
			closed_at = $9, shown = $10, shown_at = $11, version = version + 1
		WHERE board_id = $1 AND id = $2 AND version = $3`, tx.Board, string(c.ID), c.Version, sealed, string(c.State), c.TakenBy,
		db.Moment(c.TakenAt), c.ClosedBy, db.Moment(c.ClosedAt), string(c.Shown), db.Moment(c.ShownAt)))
	if err == nil {
		c.Version++
	}
	return err
}

// Filter narrows a list.
type Filter struct {
	State   State // all when empty
	Overdue bool
	Person  string
	ID      ID
}

// Listed is a correction with the names that a list shows; its words stay sealed.
type Listed struct {
	Correction
	Pupil string // name; empty for one who is missing
	Class string // titles
	To    string
	Org   string
	ToOrg string
	Asker string
	Late  bool
}

// most is how many corrections a list shows.
const most = 200

var reach = policy.Columns{Owner: "c.asked_by", Org: "c.org_id", State: "c.state"}

func listed(ctx context.Context, tx *db.Tx, actor policy.Actor, f Filter) ([]Listed, error) {
	args := []any{tx.Board}
	hold := func(v any) string {
		args = append(args, v)
		return "$" + strconv.Itoa(len(args))
	}
	query := `SELECT ` + columns + `, COALESCE(p.given_name, ''), COALESCE(p.family_name, ''), COALESCE(k.title, ''), COALESCE(t.title, ''),
			o.name, COALESCE(s.name, ''), COALESCE(a.name, '')
		FROM correction c
		LEFT JOIN person p ON p.board_id = c.board_id AND p.id = c.person_id
		LEFT JOIN class k ON k.board_id = c.board_id AND k.id = c.class_id
		LEFT JOIN class t ON t.board_id = c.board_id AND t.id = c.to_class_id
		JOIN org o ON o.board_id = c.board_id AND o.id = c.org_id
		LEFT JOIN org s ON s.board_id = c.board_id AND s.id = c.to_org_id
		LEFT JOIN account a ON a.board_id = c.board_id AND a.id = c.asked_by
		WHERE c.board_id = $1`
	if f.State != "" {
		query += ` AND c.state = ` + hold(string(f.State))
	}
	if f.Overdue {
		query += ` AND c.state IN ('open', 'taken') AND c.due_on < ` + hold(i18n.DayOf(tx.Now))
	}
	if f.Person != "" {
		query += ` AND c.person_id = ` + hold(f.Person)
	}
	if f.ID != "" {
		query += ` AND c.id = ` + hold(string(f.ID))
	}
	where, more := actor.Reach(policy.CorrectionRead).Where(actor, reach, len(args)+1)
	args = append(args, more...)
	query += ` AND ` + where + ` ORDER BY CASE WHEN c.state IN ('open', 'taken') THEN 0 ELSE 1 END, c.due_on, c.asked_at, c.id LIMIT ` + hold(most)
	return db.All(ctx, tx, func(in db.Row) (l Listed, err error) {
		var who person.Person
		err = in.Scan(append(l.into(), &who.GivenName, &who.FamilyName, &l.Class, &l.To, &l.Org, &l.ToOrg, &l.Asker)...)
		l.Pupil = who.Name()
		l.Late = l.Overdue(i18n.DayOf(tx.Now))
		return l, err
	}, query, args...)
}

func waiting(ctx context.Context, tx *db.Tx) (n Count, err error) {
	_, err = db.All(ctx, tx, func(in db.Row) (none struct{}, err error) {
		var due string
		var at time.Time
		if err = in.Scan(&due, &at); err == nil {
			n.Waiting++
			n.Days = max(n.Days, int(tx.Now.Sub(at).Hours()/24))
			if due < i18n.DayOf(tx.Now) {
				n.Overdue++
			}
		}
		return none, err
	}, `SELECT due_on, asked_at FROM correction WHERE board_id = $1 AND state IN ('open', 'taken')`, tx.Board)
	return n, err
}

// Asker answers who asked for a correction, whether it waits, for the letters.
func Asker(ctx context.Context, tx *db.Tx, id ID) (account string, waits bool, err error) {
	c, err := db.One(ctx, tx, func(in db.Row) (c Correction, err error) {
		err = in.Scan(c.into()...)
		return c, err
	}, `SELECT `+columns+` FROM correction c WHERE c.board_id = $1 AND c.id = $2`, tx.Board, string(id))
	return c.AskedBy, c.Waits(), err
}

func scanID(in db.Row) (id ID, err error) {
	err = in.Scan(&id)
	return id, err
}

// unseen are those that wait, and those that are done and that the roster does not show.
func unseen(ctx context.Context, tx *db.Tx, after ID, limit int) ([]ID, error) {
	return db.All(ctx, tx, scanID, `SELECT id FROM correction WHERE board_id = $1 AND id > $2
		AND (state IN ('open', 'taken') OR state = 'done' AND shown <> 'yes') ORDER BY id LIMIT $3`, tx.Board, string(after), limit)
}

func closedBefore(ctx context.Context, tx *db.Tx, at time.Time) ([]ID, error) {
	return db.All(ctx, tx, scanID, `SELECT id FROM correction WHERE board_id = $1 AND closed_at < $2 ORDER BY id`, tx.Board, at)
}

func remove(ctx context.Context, tx *db.Tx, id ID) error {
	_, err := tx.Exec(ctx, `DELETE FROM correction WHERE board_id = $1 AND id = $2`, tx.Board, string(id))
	return err
}

// bearing answers the active pupils of a school whose folded name is this one.
func bearing(ctx context.Context, tx *db.Tx, school, folded string) ([]string, error) {
	return db.All(ctx, tx, func(in db.Row) (id string, err error) {
		err = in.Scan(&id)
		return id, err
	}, `SELECT p.id FROM person p WHERE p.board_id = $1 AND p.kind = 'student' AND p.status = 'active' AND p.search = $2
		AND p.id IN (SELECT r.person_id FROM person_role r WHERE r.board_id = $1 AND r.role = 'student' AND r.org_id = $3)`,
		tx.Board, folded, school)
}

// Choice is something that the form offers.
type Choice struct{ ID, Name string }

// Offer is what the form of a kind offers.
type Offer struct {
	In      []Choice // the pupil's classes
	Classes []Choice // the school's
	Schools []Choice // of the board, the pupil's aside
	Others  []Choice // pupils of the school with the same family name
	Grades  []string
}

// offered is what a correction of a kind may name.
func offered(ctx context.Context, tx *db.Tx, kind Kind, personID, school string) (o Offer, err error) {
	switch kind {
	case Class:
		in, err := person.ClassesOf(ctx, tx, personID)
		if err != nil {
			return o, err
		}
		o.In = rooms(in)
		all, err := person.ClassesOfSchool(ctx, tx, school)
		o.Classes = rooms(all)
		return o, err
	case School:
		all, err := org.List(ctx, tx, org.School)
		for _, each := range all {
			if each.ID != school {
				o.Schools = append(o.Schools, Choice{each.ID, each.Name})
			}
		}
		return o, err
	case Twice:
		o.Others, err = alike(ctx, tx, personID, school)
	case Grade:
		o.Grades, err = grades(ctx, tx)
	}
	return o, err
}

func rooms(classes []person.Class) (list []Choice) {
	for _, c := range classes {
		list = append(list, Choice{c.ID, c.Title})
	}
	return list
}

// alike are the other pupils of a school with the same family name, by name.
func alike(ctx context.Context, tx *db.Tx, personID, school string) ([]Choice, error) {
	p, err := person.Get(ctx, tx, personID)
	if err != nil {
		return nil, err
	}
	family := db.Fold(p.FamilyName)
	if family == "" {
		return nil, nil
	}
	return db.All(ctx, tx, func(in db.Row) (c Choice, err error) {
		var given, family, grade string
		err = in.Scan(&c.ID, &given, &family, &grade)
		c.Name = strings.TrimSpace(given + " " + family)
		return c, err
	}, `SELECT p.id, p.given_name, p.family_name, p.grade FROM person p WHERE p.board_id = $1 AND p.kind = 'student'
		AND p.status = 'active' AND p.id <> $2 AND p.search LIKE $3
		AND p.id IN (SELECT r.person_id FROM person_role r WHERE r.board_id = $1 AND r.role = 'student' AND r.org_id = $4)
		ORDER BY p.search, p.id LIMIT 100`, tx.Board, personID, family+" %", school)
}

func grades(ctx context.Context, tx *db.Tx) ([]string, error) {
	return db.All(ctx, tx, func(in db.Row) (g string, err error) {
		err = in.Scan(&g)
		return g, err
	}, `SELECT DISTINCT grade FROM person WHERE board_id = $1 AND kind = 'student' AND status = 'active' AND grade <> '' ORDER BY grade`, tx.Board)
}

func place(id ID) vault.Place {
	return vault.Place{Table: "correction", Column: "sealed", Row: string(id)}
}

func seal(keys *vault.Keys, id ID, w Words) ([]byte, error) {
	plain, err := json.Marshal(w)
	if err != nil {
		return nil, fmt.Errorf("words of a correction: %w", err)
	}
	return keys.Seal(place(id), plain)
}

func open(keys *vault.Keys, id ID, sealed []byte) (w Words, err error) {
	plain, err := keys.Open(place(id), sealed)
	if err != nil {
		return w, err
	}
	if err := json.Unmarshal(plain, &w); err != nil {
		return w, fmt.Errorf("words of correction %s: %w", id, err)
	}
	return w, nil
}
