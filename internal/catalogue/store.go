package catalogue

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"aval/internal/db"
	"aval/internal/fault"
)

const columns = `id, name, vendor, url, summary_fr, summary_en, aliases, domains, status, hosting, conditions,
	decision_id, decided_at, before_aval, created_at, version`

func scan(row db.Row) (p Platform, err error) {
	var aliases, domains string
	err = row.Scan(&p.ID, &p.Name, &p.Vendor, &p.URL, &p.SummaryFr, &p.SummaryEn, &aliases, &domains, &p.Status,
		&p.Hosting, &p.Conditions, &p.DecisionID, db.When(&p.DecidedAt), &p.Before, &p.CreatedAt, &p.Version)
	if err != nil {
		return p, err
	}
	if p.Hosting == "" {
		p.Hosting = HostingUnknown
	}
	if p.Aliases, err = list(aliases); err != nil {
		return p, err
	}
	p.Domains, err = list(domains)
	return p, err
}

// list reads a JSON list of words.
func list(text string) (words []string, err error) {
	if text == "" || text == "[]" {
		return nil, nil
	}
	if err := json.Unmarshal([]byte(text), &words); err != nil {
		return nil, fmt.Errorf("read a list of the catalogue: %w", err)
	}
	return words, nil
}

// text writes what list reads.
func text(words []string) string {
	if len(words) == 0 {
		return "[]"
	}
	b, _ := json.Marshal(words) // strings always marshal
	return string(b)
}

// Get answers a platform with its functions, or the one NotFound.
func Get(ctx context.Context, tx *db.Tx, id ID) (Platform, error) {
	p, err := db.One(ctx, tx, scan, `SELECT `+columns+` FROM platform WHERE board_id = $1 AND id = $2`, tx.Board, string(id))
	if err != nil {
		return p, err
	}
	list := []Platform{p}
	err = withFunctions(ctx, tx, list)
	return list[0], err
}

// Filter says which platforms of the board are listed, and from where.
type Filter struct {
	Status Status // all when empty
	After  ID     // the last platform of the page before
	Limit  int
}

// List answers platforms with their functions, by name.
func List(ctx context.Context, tx *db.Tx, f Filter) ([]Platform, error) {
	query := `SELECT ` + columns + ` FROM platform WHERE board_id = $1`
	args := []any{tx.Board}
	hold := func(v any) string {
		args = append(args, v)
		return "$" + strconv.Itoa(len(args))
	}
	if f.Status != "" {
		query += ` AND status = ` + hold(string(f.Status))
	}
	if f.After != "" {
		query += ` AND (search, id) > (SELECT search, id FROM platform WHERE board_id = $1 AND id = ` + hold(string(f.After)) + `)`
	}
	query += ` ORDER BY search, id`
	if f.Limit > 0 {
		query += ` LIMIT ` + hold(f.Limit)
	}
	platforms, err := db.All(ctx, tx, scan, query, args...)
	if err != nil {
		return nil, err
	}
	return platforms, withFunctions(ctx, tx, platforms)
}

// ByID answers the platforms that have these ids, with their functions.
func ByID(ctx context.Context, tx *db.Tx, ids []ID) (map[ID]Platform, error) {
	found := map[ID]Platform{}
	for part := range slices.Chunk(ids, 500) {
		args := []any{tx.Board}
		for _, id := range part {
			args = append(args, string(id))
		}
		platforms, err := db.All(ctx, tx, scan, `SELECT `+columns+` FROM platform WHERE board_id = $1 AND id IN `+
			db.In(2, len(part)), args...)
		if err != nil {
			return nil, err
		}
		if err := withFunctions(ctx, tx, platforms); err != nil {
			return nil, err
		}
		for _, p := range platforms {
			found[p.ID] = p
		}
	}
	return found, nil
}

// all reads every platform of the board, without functions, for search to look through.
func all(ctx context.Context, tx *db.Tx) ([]Platform, error) {
	return db.All(ctx, tx, scan, `SELECT `+columns+` FROM platform WHERE board_id = $1`, tx.Board)
}

// owner is a function beside the platform that has it.
type owner struct {
	platform ID
	function string
}

func scanOwner(row db.Row) (o owner, err error) {
	err = row.Scan(&o.platform, &o.function)
	return o, err
}

// withFunctions reads the functions of many platforms at once.
func withFunctions(ctx context.Context, tx *db.Tx, platforms []Platform) error {
	at := map[ID]int{}
	ids := make([]any, len(platforms))
	for i, p := range platforms {
		at[p.ID], ids[i] = i, string(p.ID)
	}
	for part := range slices.Chunk(ids, 500) {
		owners, err := db.All(ctx, tx, scanOwner, `SELECT platform_id, function FROM platform_function
			WHERE board_id = $1 AND platform_id IN `+db.In(2, len(part))+` ORDER BY platform_id, function`,
			append([]any{tx.Board}, part...)...)
		if err != nil {
			return err
		}
		for _, o := range owners {
			p := &platforms[at[o.platform]]
			p.Functions = append(p.Functions, o.function)
		}
	}
	return nil
}

// owners reads which platforms have one of these functions.
func owners(ctx context.Context, tx *db.Tx, functions []string) ([]owner, error) {
	if len(functions) == 0 {
		return nil, nil
	}
	args := []any{tx.Board}
	for _, f := range functions {
		args = append(args, f)
	}
	return db.All(ctx, tx, scanOwner, `SELECT platform_id, function FROM platform_function
		WHERE board_id = $1 AND function IN `+db.In(2, len(functions)), args...)
}

func insert(ctx context.Context, tx *db.Tx, p Platform) error {
	_, err := tx.Exec(ctx, `INSERT INTO platform (board_id, id, name, vendor, url, summary_fr, summary_en, aliases,
		domains, search, status, hosting, created_at, version)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
		tx.Board, string(p.ID), p.Name, p.Vendor, p.URL, p.SummaryFr, p.SummaryEn, text(p.Aliases), text(p.Domains),
		compact(p.Name), string(p.Status), string(p.Hosting), p.CreatedAt, p.Version)
	if err != nil {
		return err
	}
	return setFunctions(ctx, tx, p)
}

// update keeps what people wrote, unless somebody else did since it was read.
func update(ctx context.Context, tx *db.Tx, p *Platform) error {
	err := db.Changed(tx.Exec(ctx, `UPDATE platform SET name = $3, vendor = $4, url = $5, summary_fr = $6, summary_en = $7,
		aliases = $8, domains = $9, search = $10, version = version + 1
		WHERE board_id = $1 AND id = $2 AND version = $11`,
		tx.Board, string(p.ID), p.Name, p.Vendor, p.URL, p.SummaryFr, p.SummaryEn, text(p.Aliases), text(p.Domains),
		compact(p.Name), p.Version))
	if err != nil {
		return err
	}
	p.Version++
	return setFunctions(ctx, tx, *p)
}

func setFunctions(ctx context.Context, tx *db.Tx, p Platform) error {
	if _, err := tx.Exec(ctx, `DELETE FROM platform_function WHERE board_id = $1 AND platform_id = $2`,
		tx.Board, string(p.ID)); err != nil {
		return err
	}
	for _, f := range p.Functions {
		if _, err := tx.Exec(ctx, `INSERT INTO platform_function (board_id, platform_id, function) VALUES ($1, $2, $3)`,
			tx.Board, string(p.ID), f); err != nil {
			return err
		}
	}
	return nil
}

// Hold makes the next who holds the platform wait until this transaction ends.
func Hold(ctx context.Context, tx *db.Tx, id ID) error {
	return db.Changed(tx.Exec(ctx, `UPDATE platform SET version = version WHERE board_id = $1 AND id = $2`, tx.Board, string(id)))
}

// SetResult shows a decision in the catalogue: the overall result, its conditions, where
// the data rest. It joins the transaction in which the decision is made.
func SetResult(ctx context.Context, tx *db.Tx, id ID, status Status, conditions string, hosting Hosting, decisionID string) error {
	return setResult(ctx, tx, id, Platform{Status: status, Conditions: conditions, Hosting: hosting, DecisionID: decisionID, DecidedAt: tx.Now})
}

// SetEarlier shows a decision that was made before aval, on the day it was made. Where it
// does not say where the data rest, what the catalogue says of it stays.
func SetEarlier(ctx context.Context, tx *db.Tx, id ID, status Status, conditions string, hosting Hosting, decisionID string, at time.Time) error {
	if hosting == "" {
		p, err := Get(ctx, tx, id)
		if err != nil {
			return err
		}
		hosting = p.Hosting
	}
	return setResult(ctx, tx, id, Platform{Status: status, Conditions: conditions, Hosting: hosting, DecisionID: decisionID, DecidedAt: at, Before: true})
}

func setResult(ctx context.Context, tx *db.Tx, id ID, p Platform) error {
	if !p.Status.Valid() || !p.Hosting.Valid() {
		return fault.New(fault.Invalid, "catalogue.result_wrong")
	}
	n, err := tx.Exec(ctx, `UPDATE platform SET status = $3, conditions = $4, hosting = $5, decision_id = $6, decided_at = $7,
		before_aval = $8, version = version + 1 WHERE board_id = $1 AND id = $2`,
		tx.Board, string(id), string(p.Status), strings.TrimSpace(p.Conditions), string(p.Hosting), p.DecisionID, p.DecidedAt, p.Before)
	if err == nil && n == 0 {
		return fault.Missing()
	}
	return err
}

// Similar answers the approved platforms that share at least one of the wanted functions,
// except one, on the given rungs of the ladder (all when none is given): the equivalents
// of policy A, 3.3 a, when the rungs are Quebec and Canada.
func Similar(ctx context.Context, tx *db.Tx, wanted []string, except ID, rungs ...Hosting) ([]Match, error) {
	have, err := owners(ctx, tx, wanted)
	if err != nil {
		return nil, err
	}
	var ids []ID
	for _, o := range have {
		if o.platform != except && !slices.Contains(ids, o.platform) {
			ids = append(ids, o.platform)
		}
	}
	platforms, err := ByID(ctx, tx, ids)
	if err != nil {
		return nil, err
	}
	var matches []Match
	for _, p := range platforms {
		if p.Status.Usable() && (len(rungs) == 0 || slices.Contains(rungs, p.Hosting)) {
			matches = append(matches, match(p, wanted))
		}
	}
	slices.SortFunc(matches, rank)
	return matches, nil
}

// FindByName answers the platform that bears exactly this name or alias (accents, case,
// spaces and punctuation aside), or whose site this address is.
func FindByName(ctx context.Context, tx *db.Tx, name, address string) (Platform, bool, error) {
	platforms, err := all(ctx, tx)
	if err != nil {
		return Platform{}, false, err
	}
	name, h := compact(name), host(address)
	for _, p := range platforms {
		if p.is(name, h) {
			p, err = Get(ctx, tx, p.ID)
			return p, err == nil, err
		}
	}
	return Platform{}, false, nil
}
