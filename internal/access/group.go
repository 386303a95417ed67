package access

import (
	"context"
	"slices"
	"strings"

	"aval/internal/db"
	"aval/internal/licence"
)

// group is a class as a file may call it.
type group struct {
	person, class, title, code, kind string
}

// called is a class and what it is called in a file.
type called struct{ class, label string }

// groupsOf answers what the class of each of some people is called in a file:
// its title, else its code, if neither holds the name of a member of staff; else
// a label made by chance, which the class keeps.
func groupsOf(ctx context.Context, tx *db.Tx, l licence.Licence, people []string) (map[string]called, error) {
	classes, err := classesOf(ctx, tx, people)
	if err != nil {
		return nil, err
	}
	chosen := map[string]group{}
	for _, c := range classes {
		if had, ok := chosen[c.person]; !ok || c.before(had, l.Audience.Classes) {
			chosen[c.person] = c
		}
	}
	staff, err := staffNames(ctx, tx)
	if err != nil {
		return nil, err
	}
	labels, by := map[string]string{}, make(map[string]called, len(chosen))
	for person, c := range chosen {
		if _, ok := labels[c.class]; !ok {
			if labels[c.class], err = c.label(ctx, tx, staff); err != nil {
				return nil, err
			}
		}
		by[person] = called{c.class, labels[c.class]}
	}
	return by, nil
}

// before prefers a class that the licence names, then the homeroom, then the first by title.
func (c group) before(d group, named []string) bool {
	for _, first := range []func(group) bool{
		func(g group) bool { return slices.Contains(named, g.class) },
		func(g group) bool { return g.kind == "homeroom" },
	} {
		if first(c) != first(d) {
			return first(c)
		}
	}
	return c.title+c.class < d.title+d.class
}

func (c group) label(ctx context.Context, tx *db.Tx, staff map[string]bool) (string, error) {
	for _, text := range []string{c.title, c.code} {
		if text != "" && !names(text, staff) {
			return text, nil
		}
	}
	return labelOf(ctx, tx, c.class)
}

// glued is the length from which a name is looked for also within a word.
const glued = 4

// names tells whether a text holds the name of a member of staff.
func names(text string, staff map[string]bool) bool {
	words := strings.Fields(db.Fold(text))
	if slices.ContainsFunc(words, func(w string) bool { return staff[w] }) {
		return true
	}
	for name := range staff {
		if len([]rune(name)) >= glued && slices.ContainsFunc(words, func(w string) bool { return strings.Contains(w, name) }) {
			return true
		}
	}
	return false
}

// staffNames are the words of the names of everyone on the staff; an initial is none.
func staffNames(ctx context.Context, tx *db.Tx) (map[string]bool, error) {
	list, err := db.All(ctx, tx, scanText, `SELECT given_name || ' ' || family_name FROM person WHERE board_id = $1 AND kind = 'staff'`, tx.Board)
	words := map[string]bool{}
	for _, name := range list {
		for _, w := range strings.Fields(db.Fold(name)) {
			if len([]rune(w)) > 1 {
				words[w] = true
			}
		}
	}
	return words, err
}

func classesOf(ctx context.Context, tx *db.Tx, people []string) (all []group, err error) {
	for part := range slices.Chunk(people, 500) {
		some, err := db.All(ctx, tx, func(r db.Row) (g group, err error) {
			err = r.Scan(&g.person, &g.class, &g.title, &g.code, &g.kind)
			return g, err
		}, `SELECT e.person_id, c.id, c.title, c.code, c.kind FROM enrollment e
			JOIN class c ON c.board_id = e.board_id AND c.id = e.class_id AND c.status = 'active'
			WHERE e.board_id = $1 AND e.role = 'student' AND e.status = 'active' AND e.person_id IN `+db.In(2, len(part)), db.Args(part, tx.Board)...)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

// labelOf answers the label of a class, and makes one the first time.
func labelOf(ctx context.Context, tx *db.Tx, class string) (string, error) {
	if _, err := tx.Exec(ctx, `INSERT INTO group_label (board_id, class_id, label) VALUES ($1, $2, $3)
		ON CONFLICT (board_id, class_id) DO NOTHING`, tx.Board, class, "g-"+db.NewID()[:6]); err != nil {
		return "", err
	}
	return db.One(ctx, tx, scanText, `SELECT label FROM group_label WHERE board_id = $1 AND class_id = $2`, tx.Board, class)
}
