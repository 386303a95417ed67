package person

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"aval/internal/db"
)

const columns = `id, source_id, kind, given_name, family_name, email, number, grade, status`

func scan(r db.Row) (Person, error) {
	var p Person
	err := r.Scan(&p.ID, &p.SourceID, &p.Kind, &p.GivenName, &p.FamilyName, &p.Email, &p.Number, &p.Grade, &p.Status)
	return p, err
}

// Get reads one person, also one who is gone.
func Get(ctx context.Context, tx *db.Tx, id string) (Person, error) {
	return db.One(ctx, tx, scan, `SELECT `+columns+` FROM person WHERE board_id = $1 AND id = $2`, tx.Board, id)
}

// Many reads some people, also who are gone, by id; an unknown one is left out.
func Many(ctx context.Context, tx *db.Tx, ids []string) (map[string]Person, error) {
	all, err := db.All(ctx, tx, scan, `SELECT `+columns+` FROM person WHERE board_id = $1 AND id IN `+db.In(2, len(ids)),
		db.Args(ids, tx.Board)...)
	by := make(map[string]Person, len(all))
	for _, p := range all {
		by[p.ID] = p
	}
	return by, err
}

// BySource reads the person whom the roster calls by this id.
func BySource(ctx context.Context, tx *db.Tx, sourceID string) (Person, error) {
	return db.One(ctx, tx, scan, `SELECT `+columns+` FROM person WHERE board_id = $1 AND source_id = $2`, tx.Board, sourceID)
}

// PupilsBySource answers the ids of the active pupils whom the roster calls by these
// ids, by those; whom it does not know is left out.
func PupilsBySource(ctx context.Context, tx *db.Tx, sourceIDs []string) (map[string]string, error) {
	ids := map[string]string{}
	for some := range slices.Chunk(sourceIDs, 500) {
		err := db.Each(ctx, tx, func(r db.Row) error {
			var source, id string
			err := r.Scan(&source, &id)
			ids[source] = id
			return err
		}, `SELECT source_id, id FROM person
			WHERE board_id = $1 AND kind = 'student' AND status = 'active' AND source_id IN `+db.In(2, len(some)), db.Args(some, tx.Board)...)
		if err != nil {
			return nil, fmt.Errorf("find pupils: %w", err)
		}
	}
	return ids, nil
}

// ByEmail reads the active member of staff who has this address, as the roster
// writes it or in lower case. Pupils are not found by their address.
func ByEmail(ctx context.Context, tx *db.Tx, email string) (Person, error) {
	email = strings.ToLower(strings.TrimSpace(email))
	if email == "" {
		return db.One(ctx, tx, scan, `SELECT `+columns+` FROM person WHERE board_id = $1 AND id = ''`, tx.Board)
	}
	return db.One(ctx, tx, scan, `SELECT `+columns+` FROM person
		WHERE board_id = $1 AND email = $2 AND kind = 'staff' AND status = 'active' ORDER BY id LIMIT 1`, tx.Board, email)
}

// Holding reads the active people who hold a role, everywhere when orgID is empty.
func Holding(ctx context.Context, tx *db.Tx, role Role, orgID string) ([]Person, error) {
	return db.All(ctx, tx, scan, `SELECT `+columns+` FROM person p
		WHERE p.board_id = $1 AND p.status = 'active' AND EXISTS (SELECT 1 FROM person_role r
			WHERE r.board_id = $2 AND r.person_id = p.id AND r.role = $3 AND (r.org_id = $4 OR $5 = ''))
		ORDER BY p.family_name, p.given_name, p.id`, tx.Board, tx.Board, string(role), orgID, orgID)
}

// Posts reads what a person is, and where.
func Posts(ctx context.Context, tx *db.Tx, personID string) ([]Post, error) {
	return db.All(ctx, tx, scanPost, `SELECT person_id, org_id, role FROM person_role
		WHERE board_id = $1 AND person_id = $2 ORDER BY role, org_id`, tx.Board, personID)
}

// PostsOfMany is Posts for some people, by person.
func PostsOfMany(ctx context.Context, tx *db.Tx, personIDs []string) (map[string][]Post, error) {
	all, err := db.All(ctx, tx, scanPost, `SELECT person_id, org_id, role FROM person_role
		WHERE board_id = $1 AND person_id IN `+db.In(2, len(personIDs))+` ORDER BY role, org_id`, db.Args(personIDs, tx.Board)...)
	by := map[string][]Post{}
	for _, p := range all {
		by[p.PersonID] = append(by[p.PersonID], p)
	}
	return by, err
}

func scanPost(r db.Row) (Post, error) {
	var p Post
	err := r.Scan(&p.PersonID, &p.OrgID, &p.Role)
	return p, err
}

// SaveAll keeps many people by their ids; the next import compares them anew.
func SaveAll(ctx context.Context, tx *db.Tx, people []Person) error {
	rows := make([][]any, len(people))
	for i, p := range people {
		rows[i] = []any{tx.Board, p.ID, p.SourceID, string(p.Kind), p.GivenName, p.FamilyName, strings.ToLower(p.Email),
			p.Number, p.Grade, p.search(), p.Status, 0, tx.Now}
	}
	err := db.Bulk(ctx, tx, "person", []string{"board_id", "id", "source_id", "kind", "given_name", "family_name", "email",
		"number", "grade", "search", "status", "said", "updated_at"}, []string{"board_id", "id"}, rows)
	if err != nil {
		return fmt.Errorf("keep people: %w", err)
	}
	return nil
}

// ClearPosts forgets what these people are, before they are told anew.
func ClearPosts(ctx context.Context, tx *db.Tx, personIDs []string) error {
	args := append(make([]any, 0, len(personIDs)+1), tx.Board)
	for _, id := range personIDs {
		args = append(args, id)
	}
	_, err := tx.Exec(ctx, `DELETE FROM person_role WHERE board_id = $1 AND person_id IN `+db.In(2, len(personIDs)), args...)
	if err != nil {
		return fmt.Errorf("clear roles: %w", err)
	}
	return nil
}

// DropPost takes one role away.
func DropPost(ctx context.Context, tx *db.Tx, p Post) error {
	_, err := tx.Exec(ctx, `DELETE FROM person_role WHERE board_id = $1 AND person_id = $2 AND org_id = $3 AND role = $4`,
		tx.Board, p.PersonID, p.OrgID, string(p.Role))
	if err != nil {
		return fmt.Errorf("drop role: %w", err)
	}
	return nil
}

// SavePosts adds roles that people hold.
func SavePosts(ctx context.Context, tx *db.Tx, posts []Post) error {
	rows := make([][]any, len(posts))
	for i, p := range posts {
		rows[i] = []any{tx.Board, p.PersonID, p.OrgID, string(p.Role)}
	}
	columns := []string{"board_id", "person_id", "org_id", "role"}
	if err := db.Bulk(ctx, tx, "person_role", columns, columns, rows); err != nil {
		return fmt.Errorf("keep roles: %w", err)
	}
	return nil
}

// Retire marks people whom the roster no longer holds.
func Retire(ctx context.Context, tx *db.Tx, ids []string) error {
	args := []any{tx.Board, tx.Now}
	for _, id := range ids {
		args = append(args, id)
	}
	_, err := tx.Exec(ctx, `UPDATE person SET status = 'tobedeleted', said = 0, updated_at = $2
		WHERE board_id = $1 AND id IN `+db.In(3, len(ids)), args...)
	if err != nil {
		return fmt.Errorf("retire people: %w", err)
	}
	return nil
}
