package licence

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"aval/internal/catalogue"
	"aval/internal/db"
	"aval/internal/policy"
)

const columns = `id, platform_id, scope, org_id, payer, seats, cost_cents, starts_on, ends_on, recorded_by, created_at, version`

func scan(row db.Row) (l Licence, err error) {
	err = row.Scan(&l.ID, &l.PlatformID, &l.Scope, &l.OrgID, &l.Payer, &l.Seats, &l.CostCents, &l.StartsOn, &l.EndsOn,
		&l.RecordedBy, &l.CreatedAt, &l.Version)
	return l, err
}

// Get answers a licence, or the one NotFound.
func Get(ctx context.Context, tx *db.Tx, id ID) (Licence, error) {
	return db.One(ctx, tx, scan, `SELECT `+columns+` FROM licence WHERE board_id = $1 AND id = $2`, tx.Board, string(id))
}

// ForPlatform answers every licence of a platform, the one that ends last first.
func ForPlatform(ctx context.Context, tx *db.Tx, id catalogue.ID) ([]Licence, error) {
	return db.All(ctx, tx, scan, `SELECT `+columns+` FROM licence WHERE board_id = $1 AND platform_id = $2
		ORDER BY ends_on DESC, id`, tx.Board, string(id))
}

// Listed is a licence with the names that a list shows; PayerName is empty where the
// evaluating service pays.
type Listed struct {
	Licence
	Platform  string
	Org       string
	PayerName string
}

// pageSize is how many licences a list shows at once.
const pageSize = 100

// standsAt is place as SQL.
const standsAt = `(CASE WHEN l.scope <> 'board' THEN l.org_id WHEN l.payer <> '` + DDL + `' THEN l.payer ELSE '' END)`

var listedColumns = `l.` + strings.ReplaceAll(columns, ", ", ", l.") + `, p.name, COALESCE(o.name, ''), COALESCE(y.name, '')`

const listedFrom = ` FROM licence l
	JOIN platform p ON p.board_id = l.board_id AND p.id = l.platform_id
	LEFT JOIN org o ON o.board_id = l.board_id AND o.id = l.org_id
	LEFT JOIN org y ON y.board_id = l.board_id AND y.id = l.payer`

func scanListed(row db.Row) (x Listed, err error) {
	l := &x.Licence
	err = row.Scan(&l.ID, &l.PlatformID, &l.Scope, &l.OrgID, &l.Payer, &l.Seats, &l.CostCents, &l.StartsOn, &l.EndsOn,
		&l.RecordedBy, &l.CreatedAt, &l.Version, &x.Platform, &x.Org, &x.PayerName)
	return x, err
}

// Seen answers those of some licences that the actor may read, for a page that names them.
func Seen(ctx context.Context, tx *db.Tx, actor policy.Actor, ids []string) (map[string]Listed, error) {
	seen := map[string]Listed{}
	for part := range slices.Chunk(ids, 500) {
		reach, args := actor.Reach(policy.LicenceRead).Where(actor, policy.Columns{Org: standsAt}, 2)
		args = append([]any{tx.Board}, args...)
		in := db.In(len(args)+1, len(part))
		for _, id := range part {
			args = append(args, id)
		}
		found, err := db.All(ctx, tx, scanListed, `SELECT `+listedColumns+listedFrom+`
			WHERE l.board_id = $1 AND `+reach+` AND l.id IN `+in, args...)
		if err != nil {
			return nil, err
		}
		for _, l := range found {
			seen[string(l.ID)] = l
		}
	}
	return seen, nil
}

// listed reads one more than a page, so that it is known whether another follows.
func listed(ctx context.Context, tx *db.Tx, actor policy.Actor, id catalogue.ID, skip int) ([]Listed, error) {
	reach, args := actor.Reach(policy.LicenceRead).Where(actor, policy.Columns{Org: standsAt}, 2)
	args = append([]any{tx.Board}, args...)
	hold := func(v any) string {
		args = append(args, v)
		return "$" + strconv.Itoa(len(args))
	}
	where := ` WHERE l.board_id = $1 AND ` + reach
	if id != "" {
		where += ` AND l.platform_id = ` + hold(string(id))
	}
	where += ` ORDER BY p.search, p.id, l.ends_on DESC, l.id LIMIT ` + hold(pageSize+1) + ` OFFSET ` + hold(skip)
	return db.All(ctx, tx, scanListed, `SELECT `+listedColumns+listedFrom+where, args...)
}

// Covers answers the licence that covers every pupil of these schools on a day (2026-11-20),
// the board's own before a school's, and whether there is one. With no school, only the
// whole board's will do.
func Covers(ctx context.Context, tx *db.Tx, id catalogue.ID, schools []string, day string) (Licence, bool, error) {
	found, err := covering(ctx, tx, []catalogue.ID{id}, schools, day)
	l, ok := found[id]
	return l, ok, err
}

// covering is Covers for many platforms at once.
func covering(ctx context.Context, tx *db.Tx, ids []catalogue.ID, schools []string, day string) (map[catalogue.ID]Licence, error) {
	found := map[catalogue.ID]Licence{}
	for part := range slices.Chunk(ids, 500) {
		args := []any{tx.Board, day}
		for _, id := range part {
			args = append(args, string(id))
		}
		licences, err := db.All(ctx, tx, scan, `SELECT `+columns+` FROM licence
			WHERE board_id = $1 AND starts_on <= $2 AND ends_on >= $2 AND platform_id IN `+db.In(3, len(part))+`
			ORDER BY ends_on, id`, args...)
		if err != nil {
			return nil, err
		}
		for _, l := range licences {
			if l.covers(schools, day) && found[l.PlatformID].Scope != Board || l.Scope == Board {
				found[l.PlatformID] = l
			}
		}
	}
	return found, nil
}

func insert(ctx context.Context, tx *db.Tx, l Licence) error {
	_, err := tx.Exec(ctx, `INSERT INTO licence (board_id, id, platform_id, scope, org_id, payer, seats, cost_cents,
		starts_on, ends_on, recorded_by, created_at, version)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
		tx.Board, string(l.ID), string(l.PlatformID), string(l.Scope), l.OrgID, l.Payer, l.Seats, l.CostCents,
		l.StartsOn, l.EndsOn, l.RecordedBy, l.CreatedAt, l.Version)
	return err
}

// places reads the organisations that a licence names.
func places(ctx context.Context, tx *db.Tx, l Licence) ([]org, error) {
	return db.All(ctx, tx, func(row db.Row) (o org, err error) {
		err = row.Scan(&o.ID, &o.Kind)
		return o, err
	}, `SELECT id, kind FROM org WHERE board_id = $1 AND status = 'active' AND id IN ($2, $3)`, tx.Board, l.OrgID, l.Payer)
}

// schoolsOf reads the schools of some classes.
func schoolsOf(ctx context.Context, tx *db.Tx, classes []string) ([]string, error) {
	args := []any{tx.Board}
	for _, c := range classes {
		args = append(args, c)
	}
	return db.All(ctx, tx, func(row db.Row) (s string, err error) {
		err = row.Scan(&s)
		return s, err
	}, `SELECT DISTINCT school_id FROM class WHERE board_id = $1 AND id IN `+db.In(2, len(classes))+` ORDER BY school_id`, args...)
}
