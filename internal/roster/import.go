package roster

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"aval/internal/db"
	"aval/internal/fault"
)

// ImportID is an import's.
type ImportID string

// State is how far an import is.
type State string

// An import that is previewed waits for a person.
const (
	Looking   State = "looking"   // what it would do is being found out
	Previewed State = "previewed" // that is known
	Waiting   State = "waiting"   // it is to be done
	Staging   State = "staging"   // its rows are being read
	Merging   State = "merging"   // the roster is being brought in step
	Naming    State = "naming"    // it is; pupils are given login names
	Finished  State = "done"
	Refused   State = "refused"
	Cancelled State = "cancelled"
	Cut       State = "cut" // its program ended, and its set was not kept
)

// Over says that nothing more will happen.
func (s State) Over() bool { return s == Finished || s == Refused || s == Cancelled || s == Cut }

// Progress is how far an import is. Preview is there once it is known.
type Progress struct {
	ID      ImportID
	At      time.Time
	EndedAt time.Time // zero while it is not over
	Actor   string
	Who     string // as the account names them
	State   State
	Rows    int // that were read, or pupils who were given names
	Of      int // as many as there are; zero when that is not known yet
	Most    bool
	Preview *Preview
	Report  *Report
	Refusal *fault.Fault
	Stops   bool // it stopped, or would: too many pupils would leave
	setKey  []byte
	told    string
}

// Percent is how far it is in its stage, in hundredths.
func (p Progress) Percent() int {
	if p.Of == 0 {
		return 0
	}
	return min(100, p.Rows*100/p.Of)
}

const progressColumns = `i.id, i.at, i.ended_at, i.actor, COALESCE((SELECT a.name FROM account a WHERE a.board_id = $1 AND a.id = i.actor), i.actor),
	i.state, i.rows_done, i.rows_all, i.told, i.preview, i.counts, i.refusal, i.set_key`

func scanProgress(r db.Row) (p Progress, err error) {
	var preview, counts, refusal string
	err = r.Scan(&p.ID, &p.At, db.When(&p.EndedAt), &p.Actor, &p.Who, &p.State, &p.Rows, &p.Of, &p.told, &preview, &counts, &refusal, &p.setKey)
	if err != nil {
		return p, err
	}
	p.Most = strings.Contains(p.told, string(RetireMost))
	for text, into := range map[string]any{preview: &p.Preview, refusal: &p.Refusal} {
		if text == "" {
			continue
		}
		if err := json.Unmarshal([]byte(text), into); err != nil {
			return p, fmt.Errorf("import %s: %w", p.ID, err)
		}
	}
	p.whole()
	if p.State == Finished || p.State == Naming {
		if err := json.Unmarshal([]byte(counts), &p.Report); err != nil {
			return p, fmt.Errorf("counts of import %s: %w", p.ID, err)
		}
	}
	p.Stops = p.State == Previewed && p.Preview != nil && p.Preview.Stops
	return p, nil
}

// whole makes numbers whole again that went through JSON.
func (p *Progress) whole() {
	if p.Refusal == nil {
		return
	}
	for i, arg := range p.Refusal.Args {
		if n, ok := arg.(float64); ok {
			p.Refusal.Args[i] = int(n)
		}
	}
}

func get(ctx context.Context, tx *db.Tx, id ImportID) (Progress, error) {
	return db.One(ctx, tx, scanProgress, `SELECT `+progressColumns+` FROM roster_import i WHERE i.board_id = $1 AND i.id = $2`, tx.Board, string(id))
}

// last reads the board's imports, the last first.
func last(ctx context.Context, tx *db.Tx, limit int) ([]Progress, error) {
	return db.All(ctx, tx, scanProgress, `SELECT `+progressColumns+` FROM roster_import i
		WHERE i.board_id = $1 ORDER BY i.at DESC, i.id LIMIT `+strconv.Itoa(limit), tx.Board)
}

// waiting reads the imports that are not over.
func waiting(ctx context.Context, tx *db.Tx) ([]Progress, error) {
	return db.All(ctx, tx, scanProgress, `SELECT `+progressColumns+` FROM roster_import i
		WHERE i.board_id = $1 AND i.state IN ('looking', 'previewed', 'waiting', 'staging', 'merging', 'naming') ORDER BY i.at, i.id`, tx.Board)
}

func insert(ctx context.Context, tx *db.Tx, p Progress) error {
	_, err := tx.Exec(ctx, `INSERT INTO roster_import (board_id, id, at, actor, counts, state, told, set_key)
		VALUES ($1, $2, $3, $4, '{}', $5, $6, $7)`, tx.Board, string(p.ID), tx.Now, p.Actor, string(p.State), p.told, p.setKey)
	return err
}

// move takes an import from a state to another; it is a Conflict when it is in
// neither: somebody cancelled it.
func move(ctx context.Context, tx *db.Tx, id ImportID, to State, from ...State) error {
	states := []any{tx.Board, string(id), string(to), string(to)}
	for _, s := range from {
		states = append(states, string(s))
	}
	n, err := tx.Exec(ctx, `UPDATE roster_import SET state = $3, rows_done = 0 WHERE board_id = $1 AND id = $2
		AND state IN `+db.In(4, len(from)+1), states...)
	if err == nil && n == 0 {
		return fault.New(fault.Conflict, "roster.import_over")
	}
	return err
}

// advance keeps how many rows of how many are done; it is a Conflict when somebody
// cancelled the import.
func advance(ctx context.Context, tx *db.Tx, id ImportID, in State, done, all int) error {
	n, err := tx.Exec(ctx, `UPDATE roster_import SET rows_done = $1, rows_all = CASE WHEN $2 > 0 THEN $2 ELSE rows_all END
		WHERE board_id = $3 AND id = $4 AND state = $5`, done, all, tx.Board, string(id), string(in))
	if err == nil && n == 0 {
		return fault.New(fault.Conflict, "roster.import_over")
	}
	return err
}

// keepPreview keeps what an import would do.
func keepPreview(ctx context.Context, tx *db.Tx, id ImportID, p Preview) error {
	text, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("preview: %w", err)
	}
	return db.Changed(tx.Exec(ctx, `UPDATE roster_import SET state = 'previewed', preview = $1, rows_all = $2, rows_done = 0
		WHERE board_id = $3 AND id = $4 AND state = 'looking'`, string(text), p.Rows, tx.Board, string(id)))
}

// keepReport keeps what an import did, in the transaction that did it.
func keepReport(ctx context.Context, tx *db.Tx, id ImportID, r Report) error {
	counts, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("counts of import: %w", err)
	}
	return db.Changed(tx.Exec(ctx, `UPDATE roster_import SET state = 'naming', counts = $1, at = $2, rows_done = 0, rows_all = 0
		WHERE board_id = $3 AND id = $4 AND state = 'merging'`, string(counts), tx.Now, tx.Board, string(id)))
}

// end keeps how an import ended, and forgets the key of its set.
func end(ctx context.Context, tx *db.Tx, id ImportID, as State, refusal *fault.Fault) error {
	text := ""
	if refusal != nil {
		said, err := json.Marshal(refusal)
		if err != nil {
			return fmt.Errorf("refusal: %w", err)
		}
		text = string(said)
	}
	_, err := tx.Exec(ctx, `UPDATE roster_import SET state = $1, refusal = $2, ended_at = $3, set_key = NULL
		WHERE board_id = $4 AND id = $5 AND state NOT IN ('done', 'refused', 'cancelled', 'cut')`, string(as), text, tx.Now, tx.Board, string(id))
	return err
}

// forget drops the key of a set that was not imported.
func forget(ctx context.Context, tx *db.Tx, id ImportID) error {
	_, err := tx.Exec(ctx, `UPDATE roster_import SET set_key = NULL, ended_at = $1 WHERE board_id = $2 AND id = $3`, tx.Now, tx.Board, string(id))
	return err
}

// tell keeps what an import is told beside its set.
func tell(ctx context.Context, tx *db.Tx, id ImportID, told string) error {
	return db.Changed(tx.Exec(ctx, `UPDATE roster_import SET told = $1 WHERE board_id = $2 AND id = $3`, told, tx.Board, string(id)))
}

// Done is one import that was made.
type Done struct {
	ID     string
	At     time.Time
	Actor  string
	Report Report
}

// History reads the imports that the board's roster took in, the last first.
func History(ctx context.Context, tx *db.Tx, limit int) ([]Done, error) {
	return db.All(ctx, tx, func(r db.Row) (d Done, err error) {
		var counts string
		if err := r.Scan(&d.ID, &d.At, &d.Actor, &counts); err != nil {
			return d, err
		}
		if err := json.Unmarshal([]byte(counts), &d.Report); err != nil {
			return d, fmt.Errorf("counts of import %s: %w", d.ID, err)
		}
		return d, nil
	}, `SELECT id, at, actor, counts FROM roster_import
		WHERE board_id = $1 AND state IN ('done', 'naming') ORDER BY at DESC, id LIMIT `+strconv.Itoa(limit), tx.Board)
}
