package licence

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"aval/internal/catalogue"
	"aval/internal/db"
	"aval/internal/policy"
)

const columns = `id, platform_id, scope, org_id, payer, seats, cost_cents, starts_on, ends_on, ended_on, account_kind,
	sign_in_url, columns, recorded_by, created_at, version`

// audience reads the rows that narrow licence l as one text: kind:value kind:value.
const audience = `COALESCE((SELECT string_agg(a.kind || ':' || a.value, ' ') FROM licence_audience a
	WHERE a.board_id = l.board_id AND a.licence_id = l.id), '')`

// read is every column of licence l.
var read = `l.` + strings.Join(strings.Fields(strings.ReplaceAll(columns, ",", "")), `, l.`) + `, ` + audience

func scan(row db.Row) (Licence, error) { return scanWith(row) }

func scanWith(row db.Row, more ...any) (l Licence, err error) {
	var template, named string
	err = row.Scan(append([]any{&l.ID, &l.PlatformID, &l.Scope, &l.OrgID, &l.Payer, &l.Seats, &l.CostCents, &l.StartsOn, &l.EndsOn,
		&l.EndedOn, &l.AccountKind, &l.SignInURL, &template, &l.RecordedBy, &l.CreatedAt, &l.Version, &named}, more...)...)
	if err != nil {
		return l, err
	}
	if err := json.Unmarshal([]byte(template), &l.Columns); err != nil {
		return l, fmt.Errorf("columns of licence %s: %w", l.ID, err)
	}
	l.Audience = audienceOf(named)
	return l, nil
}

func audienceOf(named string) (a Audience) {
	lists := a.lists()
	for _, one := range strings.Fields(named) {
		kind, value, _ := strings.Cut(one, ":")
		if list := lists[kind]; list != nil {
			*list = append(*list, value)
		}
	}
	a.Grades = inOrder(a.Grades)
	for _, list := range []*[]string{&a.Schools, &a.Classes, &a.People} {
		slices.Sort(*list)
	}
	return a
}

// lists are the parts of an audience by the kind of their rows.
func (a *Audience) lists() map[string]*[]string {
	return map[string]*[]string{"school": &a.Schools, "grade": &a.Grades, "class": &a.Classes, "person": &a.People}
}

// Get answers a licence, or the one NotFound.
func Get(ctx context.Context, tx *db.Tx, id ID) (Licence, error) {
	return db.One(ctx, tx, scan, `SELECT `+read+` FROM licence l WHERE l.board_id = $1 AND l.id = $2`, tx.Board, string(id))
}

// ForPlatform answers every licence of a platform, the one that ends last first.
func ForPlatform(ctx context.Context, tx *db.Tx, id catalogue.ID) ([]Licence, error) {
	return db.All(ctx, tx, scan, `SELECT `+read+` FROM licence l WHERE l.board_id = $1 AND l.platform_id = $2
		ORDER BY l.ends_on DESC, l.id`, tx.Board, string(id))
}

// Running answers every licence that runs on a day (2026-11-20).
func Running(ctx context.Context, tx *db.Tx, day string) ([]Licence, error) {
	return db.All(ctx, tx, scan, `SELECT `+read+` FROM licence l WHERE l.board_id = $1 AND l.starts_on <= $2 AND l.ends_on >= $2
		AND (l.ended_on = '' OR l.ended_on >= $2) ORDER BY l.id`, tx.Board, day)
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

// standsAt is Place as SQL.
const standsAt = `(CASE WHEN l.scope <> 'board' THEN l.org_id WHEN l.payer <> '` + DDL + `' THEN l.payer ELSE '' END)`

var listedColumns = read + `, p.name, COALESCE(o.name, ''), COALESCE(y.name, '')`

const listedFrom = ` FROM licence l
	JOIN platform p ON p.board_id = l.board_id AND p.id = l.platform_id
	LEFT JOIN org o ON o.board_id = l.board_id AND o.id = l.org_id
	LEFT JOIN org y ON y.board_id = l.board_id AND y.id = l.payer`

func scanListed(row db.Row) (x Listed, err error) {
	x.Licence, err = scanWith(row, &x.Platform, &x.Org, &x.PayerName)
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

// Covers answers the licence that covers every pupil of these groups on a day (2026-11-20),
// the board's own before a school's, and whether there is one. Without a group, only one for
// everyone will do.
func Covers(ctx context.Context, tx *db.Tx, id catalogue.ID, groups []Group, day string) (Licence, bool, error) {
	found, err := covering(ctx, tx, []catalogue.ID{id}, groups, day)
	l, ok := found[id]
	return l, ok, err
}

// covering is Covers for many platforms at once.
func covering(ctx context.Context, tx *db.Tx, ids []catalogue.ID, groups []Group, day string) (map[catalogue.ID]Licence, error) {
	found := map[catalogue.ID]Licence{}
	for part := range slices.Chunk(ids, 500) {
		args := []any{tx.Board, day}
		for _, id := range part {
			args = append(args, string(id))
		}
		licences, err := db.All(ctx, tx, scan, `SELECT `+read+` FROM licence l
			WHERE l.board_id = $1 AND l.starts_on <= $2 AND l.ends_on >= $2 AND (l.ended_on = '' OR l.ended_on >= $2)
			AND l.platform_id IN `+db.In(3, len(part))+` ORDER BY l.ends_on, l.id`, args...)
		if err != nil {
			return nil, err
		}
		for _, l := range licences {
			if l.covers(groups, day) && (l.Scope == Board || found[l.PlatformID].Scope != Board) {
				found[l.PlatformID] = l
			}
		}
	}
	return found, nil
}

func insert(ctx context.Context, tx *db.Tx, l Licence) error {
	template, err := json.Marshal(l.Columns)
	if err != nil {
		return fmt.Errorf("columns of licence %s: %w", l.ID, err)
	}
	if l.Columns == nil {
		template = []byte("[]")
	}
	if _, err := tx.Exec(ctx, `INSERT INTO licence (board_id, id, platform_id, scope, org_id, payer, seats, cost_cents,
		starts_on, ends_on, account_kind, sign_in_url, columns, recorded_by, created_at, version)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`,
		tx.Board, string(l.ID), string(l.PlatformID), string(l.Scope), l.OrgID, l.Payer, l.Seats, l.CostCents,
		l.StartsOn, l.EndsOn, string(l.AccountKind), l.SignInURL, string(template), l.RecordedBy, l.CreatedAt, l.Version); err != nil {
		return err
	}
	var rows [][]any
	for kind, list := range l.Audience.lists() {
		for _, value := range *list {
			rows = append(rows, []any{string(l.ID), kind, value})
		}
	}
	return db.Bulk(ctx, tx, "licence_audience", []string{"licence_id", "kind", "value"}, nil, rows)
}

// updateEnd keeps the day on which a licence ended, unless somebody was there first.
func updateEnd(ctx context.Context, tx *db.Tx, l *Licence) error {
	err := db.Changed(tx.Exec(ctx, `UPDATE licence SET ended_on = $4, version = version + 1
		WHERE board_id = $1 AND id = $2 AND version = $3`, tx.Board, string(l.ID), l.Version, l.EndedOn))
	if err == nil {
		l.Version++
	}
	return err
}

// overButMarked lists the licences that are over and still an exception.
func overButMarked(ctx context.Context, tx *db.Tx, day string) ([]ID, error) {
	return db.All(ctx, tx, func(row db.Row) (id ID, err error) {
		err = row.Scan(&id)
		return id, err
	}, `SELECT l.id FROM licence l JOIN control_mark m ON m.board_id = l.board_id AND m.subject = 'licence:' || l.id AND m.control = $2
		WHERE l.board_id = $1 AND (l.ends_on < $3 OR l.ended_on <> '' AND l.ended_on < $3) ORDER BY l.id`,
		tx.Board, ControlAbided, day)
}

// marked tells whether the licence is an exception.
func marked(ctx context.Context, tx *db.Tx, id ID) (bool, error) {
	n, err := db.One(ctx, tx, scanCount, `SELECT count(*) FROM control_mark
		WHERE board_id = $1 AND control = $2 AND subject = $3 AND outcome = 'exception'`, tx.Board, ControlAbided, Subject(id))
	return n > 0, err
}

// places reads the organisations that a licence names as its own and as its payer.
func places(ctx context.Context, tx *db.Tx, l Licence) ([]org, error) {
	return orgsBy(ctx, tx, []string{l.OrgID, l.Payer})
}

func orgsBy(ctx context.Context, tx *db.Tx, ids []string) (found []org, err error) {
	for part := range chunks(ids) {
		some, err := db.All(ctx, tx, func(row db.Row) (o org, err error) {
			err = row.Scan(&o.ID, &o.Kind, &o.Youth)
			return o, err
		}, `SELECT id, kind, sector = 'youth' FROM org WHERE board_id = $1 AND status = 'active' AND id IN `+db.In(2, len(part)),
			listArgs(tx.Board, part)...)
		if err != nil {
			return nil, err
		}
		found = append(found, some...)
	}
	return found, nil
}

// chunks cuts a list into what one statement takes.
func chunks(list []string) func(func([]string) bool) { return slices.Chunk(list, 500) }

func listArgs(first string, rest []string) []any {
	args := append(make([]any, 0, len(rest)+2), first)
	for _, v := range rest {
		args = append(args, v)
	}
	return args
}

func scanText(row db.Row) (s string, err error) {
	err = row.Scan(&s)
	return s, err
}

func scanCount(row db.Row) (n int, err error) {
	err = row.Scan(&n)
	return n, err
}

// before are the grades before the first year, in order.
var before = []string{"IT", "PR", "PK", "TK", "KG"}

// inOrder sorts grades as pupils pass through them: before the first year, the years, the rest.
func inOrder(list []string) []string {
	rank := func(g string) int {
		if i := slices.Index(before, g); i >= 0 {
			return i
		}
		return len(before)
	}
	slices.SortFunc(list, func(a, b string) int { return cmp.Or(rank(a)-rank(b), strings.Compare(a, b)) })
	return list
}
