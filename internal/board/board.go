// Package board is a school board of the installation: its name, the policy
// pack that it runs and its own settings. It is what must be known before
// anything else, so its table is read through the system's door.
package board

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"

	"aval/internal/audit"
	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/policy"
)

// Board is a school board.
type Board struct {
	ID          string
	Name        string
	Pack        string // of the policy that it applies today
	PackVersion string
	Settings    policy.Settings
	CreatedAt   time.Time
}

var idOK = regexp.MustCompile(`^[a-z0-9-]{1,40}$`)

// IsID says that a text has the shape of a board's id.
func IsID(id string) bool { return idOK.MatchString(id) }

// Service is what the operator and the doors do with boards.
type Service struct{ DB *db.DB }

// Create makes a board that applies a policy from today: a pack that ships or one
// of the operator's own folder, as policy.Named finds it. An empty id is made from chance.
func (s *Service) Create(ctx context.Context, id, name, pack string) (b Board, err error) {
	p, err := policy.Named(pack)
	if err != nil {
		return b, fault.New(fault.Invalid, "board.pack_unknown", pack, strings.Join(policy.ShippedIDs(), ", "))
	}
	if name = strings.TrimSpace(name); name == "" || len(name) > 200 {
		return b, fault.New(fault.Invalid, "board.name_required")
	}
	if id == "" {
		id = db.NewID()
	}
	if !IsID(id) {
		return b, fault.New(fault.Invalid, "board.id_shape")
	}
	err = s.DB.System(ctx, func(ctx context.Context, tx *db.Tx) error {
		b = Board{ID: id, Name: name, Pack: p.ID, PackVersion: p.Version, CreatedAt: tx.Now}
		n, err := tx.Exec(ctx, `INSERT INTO board (id, name, pack, pack_version, settings, created_at)
			VALUES ($1, $2, $3, $4, '{}', $5) ON CONFLICT DO NOTHING`, b.ID, b.Name, b.Pack, b.PackVersion, b.CreatedAt)
		if err == nil && n == 0 {
			return fault.New(fault.Conflict, "board.id_taken")
		}
		return err
	})
	if err != nil {
		return b, err
	}
	return b, s.DB.Write(ctx, b.ID, begin)
}

// List answers every board of the installation by name.
func (s *Service) List(ctx context.Context) (boards []Board, err error) {
	err = s.DB.SystemRead(ctx, func(ctx context.Context, tx *db.Tx) error {
		boards, err = db.All(ctx, tx, scan, `SELECT `+columns+` FROM board ORDER BY name, id`)
		return err
	})
	for i := range boards {
		if err == nil {
			err = s.DB.Read(ctx, boards[i].ID, boards[i].today)
		}
	}
	return boards, err
}

// Get reads the board of the transaction.
func Get(ctx context.Context, tx *db.Tx, id string) (b Board, err error) {
	if b, err = db.One(ctx, tx, scan, `SELECT `+columns+` FROM board WHERE id = $1`, id); err != nil {
		return b, err
	}
	return b, b.today(ctx, tx)
}

// Hold makes the next who holds the board wait until this transaction ends: for
// a rule about all of a kind, which no index can keep.
func Hold(ctx context.Context, tx *db.Tx) error {
	return db.Changed(tx.Exec(ctx, `UPDATE board SET name = name WHERE id = $1`, tx.Board))
}

// SetSettings keeps a board's own choices.
func SetSettings(ctx context.Context, tx *db.Tx, settings policy.Settings) error {
	text, err := json.Marshal(settings)
	if err != nil {
		return fmt.Errorf("settings: %w", err)
	}
	return db.Changed(tx.Exec(ctx, `UPDATE board SET settings = $1 WHERE id = $2`, string(text), tx.Board))
}

// Change keeps the actor's board's own choices; one that changes nothing leaves no record.
// It refuses (Invalid) a quota above the house's ceiling, and a time longer than the law lets.
func (s *Service) Change(ctx context.Context, actor policy.Actor, settings policy.Settings) error {
	return s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := actor.Allow(policy.SettingsEdit, policy.Scope{}); err != nil {
			return err
		}
		if err := settings.Check(actor.Pack); err != nil {
			return err
		}
		b, err := Get(ctx, tx, tx.Board)
		if err != nil || b.Settings == settings {
			return err
		}
		if err := SetSettings(ctx, tx, settings); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "settings.changed", "board:"+tx.Board,
			audit.Note(fmt.Sprintf("join_evaluator_decider=%t singles_an_hour=%d class_sets_an_hour=%d public_decisions=%t"+
				" reevaluate_months=%d reminder_days=%d authorise_days=%d acknowledge_days=%d evaluate_days=%d decide_days=%d"+
				" answer_days=%d access_days=%d retire_percent=%d smallest_group=%d plain_words=%d", settings.JoinEvaluatorDecider, settings.Singles(), settings.ClassSets(),
				settings.PublicDecisions, settings.ReevaluateMonths, settings.ReminderDays, settings.AuthoriseDays,
				settings.AcknowledgeDays, settings.EvaluateDays, settings.DecideDays, settings.AnswerDays, settings.OwnAccessDays,
				settings.Retires(), settings.SmallestGroup(), len(strings.Fields(settings.PlainWords)))))
	})
}

const columns = `id, name, pack, pack_version, settings, created_at`

func scan(row db.Row) (b Board, err error) {
	var settings string
	if err := row.Scan(&b.ID, &b.Name, &b.Pack, &b.PackVersion, &settings, &b.CreatedAt); err != nil {
		return b, err
	}
	if err := json.Unmarshal([]byte(settings), &b.Settings); err != nil {
		return b, fmt.Errorf("settings of board %s: %w", b.ID, err)
	}
	return b, nil
}
