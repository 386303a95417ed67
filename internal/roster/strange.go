package roster

import (
	"context"
	"slices"
	"strings"

	"aval/internal/db"
	"aval/internal/person"
)

// strange looks for one person taken for another.
func (c *comparison) strange(ctx context.Context, tx *db.Tx) error {
	for _, odd := range []struct{ code, query string }{
		{"number_twice", `SELECT COALESCE(sum(n - 1), 0) FROM (SELECT count(*) AS n FROM staged_person s LEFT JOIN person p
			ON p.board_id = $1 AND p.source_id = s.source_id WHERE s.status = 'active' AND s.number <> ''
			AND COALESCE(NULLIF(s.kind, ''), p.kind) = 'student' GROUP BY s.number HAVING count(*) > 1) t`},
		{"username_twice", `SELECT COALESCE(sum(n - 1), 0) FROM (SELECT count(*) AS n FROM staged_person
			WHERE status = 'active' AND username <> '' AND $1 <> '' GROUP BY username HAVING count(*) > 1) t`},
		{"two_schools", `SELECT count(*) FROM (SELECT l.source_id FROM (` + learns + `) l JOIN staged_person s ON s.source_id = l.source_id
			LEFT JOIN person p ON p.board_id = $1 AND p.source_id = s.source_id
			WHERE s.status = 'active' AND COALESCE(NULLIF(s.kind, ''), p.kind) = 'student' GROUP BY l.source_id HAVING count(*) > 1) t`},
	} {
		n, err := one(ctx, tx, odd.query)
		if err != nil {
			return err
		}
		c.odd(odd.code, n)
	}
	if err := c.pairs(ctx, tx, "number", c.number); err != nil {
		return err
	}
	return c.pairs(ctx, tx, "email", func(p pair) {
		if p.was.SourceID != p.is.SourceID && !p.sameName() {
			c.odd("email_reused", 1)
		}
	})
}

// pair is someone of the set beside whom the board knows by the same sign.
type pair struct {
	is, was person.Person
	leaves  bool // who was known would be retired
}

// pairs hands on those who share a sign with someone of the board: the active one,
// if any, before one who is gone. Who has kept their own sign and their name is left out.
func (c *comparison) pairs(ctx context.Context, tx *db.Tx, sign string, f func(pair)) error {
	full := "0"
	if c.full {
		full = "1"
	}
	return db.Each(ctx, tx, func(r db.Row) error {
		var p pair
		var leaves int
		err := r.Scan(&p.is.SourceID, &p.is.GivenName, &p.is.FamilyName, &p.was.SourceID, &p.was.GivenName, &p.was.FamilyName,
			&p.was.Kind, &p.was.Status, &leaves)
		if err == nil {
			p.leaves = leaves > 0
			f(p)
		}
		return err
	}, `SELECT s.source_id, s.given_name, s.family_name, p.source_id, p.given_name, p.family_name, p.kind, p.status,
			CASE WHEN t.status = 'tobedeleted' THEN 1 WHEN t.status IS NULL AND a.source_id IS NULL THEN `+full+` ELSE 0 END
		FROM staged_person s JOIN (SELECT source_id, given_name, family_name, kind, status, `+sign+`, row_number() OVER (PARTITION BY `+sign+`
				ORDER BY CASE WHEN status = 'active' THEN 0 ELSE 1 END, source_id) AS rank FROM person
			WHERE board_id = $1 AND `+sign+` <> '') p ON p.`+sign+` = s.`+sign+` AND p.rank = 1
		LEFT JOIN staged_person t ON t.source_id = p.source_id
		LEFT JOIN (SELECT DISTINCT source_id FROM staged_aside WHERE file = 'users') a ON a.source_id = p.source_id
		WHERE s.status = 'active' AND (s.source_id <> p.source_id OR s.given_name <> p.given_name OR s.family_name <> p.family_name)`, tx.Board)
}

// number looks at who had the number of a row before.
func (c *comparison) number(p pair) {
	gone := p.was.Status != person.Active || p.leaves
	switch {
	case p.sameName():
		if p.was.SourceID != p.is.SourceID && gone {
			c.odd("id_changed", 1)
		}
	case p.was.SourceID == p.is.SourceID || gone:
		c.odd("number_other_name", 1)
	case !c.full && p.was.Kind == person.Student:
		c.odd("number_twice", 1)
	}
}

// sameName tells whether two names may be one person's: a given and a family
// name have a word in common, whatever their accents.
func (p pair) sameName() bool {
	return shares(p.is.GivenName, p.was.GivenName) && shares(p.is.FamilyName, p.was.FamilyName)
}

func shares(a, b string) bool {
	words := strings.Fields(db.Fold(b))
	return slices.ContainsFunc(strings.Fields(db.Fold(a)), func(w string) bool { return slices.Contains(words, w) })
}
