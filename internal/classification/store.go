package classification

import (
	"context"
	"encoding/json"
	"fmt"

	"aval/internal/catalogue"
	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/policy"
	"aval/internal/request"
)

// SchemeOf is the board's own scheme, or the model of its pack.
func SchemeOf(ctx context.Context, tx *db.Tx, pack *policy.Pack) (Scheme, error) {
	s, err := db.One(ctx, tx, func(row db.Row) (s Scheme, err error) {
		var levels string
		if err := row.Scan(&levels, &s.Version); err != nil {
			return s, err
		}
		if err := json.Unmarshal([]byte(levels), &s.Levels); err != nil {
			return s, fmt.Errorf("read a scheme: %w", err)
		}
		return s, nil
	}, `SELECT levels, version FROM data_scheme WHERE board_id = $1 ORDER BY version DESC LIMIT 1`, tx.Board)
	if fault.Is(err, fault.NotFound) {
		return Model(pack), nil
	}
	return s, err
}

// insertScheme keeps a scheme as the next version; of two at once, the second is a Conflict.
func insertScheme(ctx context.Context, tx *db.Tx, s *Scheme, by string) error {
	levels, err := json.Marshal(s.Levels)
	if err != nil {
		return fmt.Errorf("write a scheme: %w", err)
	}
	s.Version++
	return db.Changed(tx.Exec(ctx, `INSERT INTO data_scheme (board_id, version, levels, changed_by, changed_at)
		VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`, tx.Board, s.Version, string(levels), by, tx.Now))
}

const columns = `c.request_id, c.platform_id, c.class, c.owner, c.reason, c.tier, c.tier_reason, c.chosen_by, c.chosen_at, c.version`

func scan(row db.Row) (c Choice, err error) {
	err = row.Scan(&c.Request, &c.Platform, &c.Class, &c.Owner, &c.Reason, &c.Tier, &c.TierReason, &c.By, &c.At, &c.Version)
	return c, err
}

// Of is the last choice for a request; nil before there is one.
func Of(ctx context.Context, tx *db.Tx, id request.ID) (*Choice, error) {
	c, err := db.One(ctx, tx, scan, `SELECT `+columns+` FROM data_class c WHERE c.board_id = $1 AND c.request_id = $2
		ORDER BY c.version DESC LIMIT 1`, tx.Board, string(id))
	if fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &c, nil
}

// Ceilings answers, for each platform that was let in, the last choice for the
// request whose decision counts.
func Ceilings(ctx context.Context, tx *db.Tx) (map[catalogue.ID]Choice, error) {
	found, err := db.All(ctx, tx, scan, `SELECT `+columns+` FROM data_class c
		JOIN platform p ON p.board_id = c.board_id AND p.id = c.platform_id
		JOIN decision d ON d.board_id = c.board_id AND d.id = p.decision_id AND d.request_id = c.request_id
		WHERE c.board_id = $1 ORDER BY c.platform_id, c.version`, tx.Board)
	last := map[catalogue.ID]Choice{}
	for _, c := range found {
		last[c.Platform] = c
	}
	return last, err
}

// insert keeps a choice; of two at once, the second is a Conflict.
func insert(ctx context.Context, tx *db.Tx, c Choice) error {
	return db.Changed(tx.Exec(ctx, `INSERT INTO data_class (board_id, request_id, version, platform_id, class, owner, reason, tier, tier_reason,
		chosen_by, chosen_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING`,
		tx.Board, string(c.Request), c.Version, string(c.Platform), c.Class, c.Owner, c.Reason, string(c.Tier), c.TierReason, c.By, c.At))
}

// used tells whether a level was given to a request.
func used(ctx context.Context, tx *db.Tx, code string) (bool, error) {
	found, err := db.All(ctx, tx, scan, `SELECT `+columns+` FROM data_class c WHERE c.board_id = $1 AND c.class = $2 LIMIT 1`, tx.Board, code)
	return len(found) > 0, err
}

// candidates are the roles of the pack, then those who work for the whole board.
func candidates(ctx context.Context, tx *db.Tx, pack *policy.Pack) ([]Candidate, error) {
	var list []Candidate
	for _, r := range pack.Roles {
		if r.Role != policy.Operator {
			list = append(list, Candidate{Code: string(r.Role)})
		}
	}
	people, err := db.All(ctx, tx, func(row db.Row) (c Candidate, err error) {
		err = row.Scan(&c.Code, &c.Name)
		return c, err
	}, `SELECT a.id, a.name FROM account a WHERE a.board_id = $1 AND NOT a.disabled AND EXISTS (SELECT 1 FROM account_grant g
			WHERE g.board_id = a.board_id AND g.account_id = a.id AND g.org_id = '' AND g.role <> 'operator')
		ORDER BY a.name, a.id`, tx.Board)
	return append(list, people...), err
}

func accountName(ctx context.Context, tx *db.Tx, id string) (string, error) {
	names, err := db.All(ctx, tx, func(row db.Row) (s string, err error) {
		err = row.Scan(&s)
		return s, err
	}, `SELECT name FROM account WHERE board_id = $1 AND id = $2`, tx.Board, id)
	if err != nil || len(names) == 0 {
		return "", err
	}
	return names[0], nil
}
