package register

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"aval/internal/catalogue"
	"aval/internal/db"
	"aval/internal/policy"
)

// platform is what the house knows of one: of the catalogue, and of the last
// decision that let it in.
type platform struct {
	ID         catalogue.ID
	Name       string
	Vendor     string
	Status     catalogue.Status
	Hosting    catalogue.Hosting
	Kinds      []string // codes of the data that it was said to want
	Personal   string   // yes, no, or "" when nobody said
	Usage      string
	Conditions string // of its security
}

// personal says that it receives personal information, or that nobody knows.
func (k *platform) personal(p *policy.Pack) bool {
	for _, code := range k.Kinds {
		if kind, ok := p.DataKind(code); ok && kind.Personal {
			return true
		}
	}
	return k.Personal == "yes" || k.Personal == "" && len(k.Kinds) == 0
}

// verdict is an aspect of a decision.
type verdict struct{ Aspect, Result, Reasons string }

type decision struct {
	ID            string
	Platform      catalogue.ID
	Org           string
	Overall       string
	Use, Security verdict
	Conditions    string
	DecidedAt     time.Time
	Kinds         []string
	Personal      string
	Usage         string
	Because       []string // codes of the reasons of a refusal
}

func scanDecision(row db.Row) (d decision, err error) {
	var kinds, because string
	d.Use.Aspect, d.Security.Aspect = "use", "security"
	if err := row.Scan(&d.ID, &d.Platform, &d.Org, &d.Overall, &d.Use.Result, &d.Use.Reasons, &d.Security.Result, &d.Security.Reasons,
		&d.Conditions, &d.DecidedAt, &kinds, &d.Personal, &d.Usage, &because); err != nil {
		return d, err
	}
	if err := json.Unmarshal([]byte(kinds), &d.Kinds); err != nil {
		return d, fmt.Errorf("data kinds of decision %s: %w", d.ID, err)
	}
	if err := json.Unmarshal([]byte(because), &d.Because); err != nil {
		return d, fmt.Errorf("reasons of decision %s: %w", d.ID, err)
	}
	return d, nil
}

// readDecisions answers every decision with its request, the latest first.
func readDecisions(ctx context.Context, tx *db.Tx) ([]decision, error) {
	return db.All(ctx, tx, scanDecision, `SELECT d.id, d.platform_id, o.name, d.overall, d.use_result, d.use_reasons, d.security_result,
			d.security_reasons, d.security_conditions, d.decided_at, r.data_kinds, r.personal, r.usage,
			d.refusal_reasons
		FROM decision d
		JOIN request r ON r.board_id = d.board_id AND r.id = d.request_id
		JOIN org o ON o.board_id = d.board_id AND o.id = d.org_id
		WHERE d.board_id = $1 ORDER BY d.decided_at DESC, d.id`, tx.Board)
}

// readKnown gathers what is known of each platform; of decisions, the last that
// let it in, and for what a short one left out the one before.
func readKnown(ctx context.Context, tx *db.Tx) (map[catalogue.ID]*platform, error) {
	all, err := catalogue.List(ctx, tx, catalogue.Filter{})
	if err != nil {
		return nil, err
	}
	known := map[catalogue.ID]*platform{}
	for _, p := range all {
		known[p.ID] = &platform{ID: p.ID, Name: p.Name, Vendor: p.Vendor, Status: p.Status, Hosting: p.Hosting}
	}
	decisions, err := readDecisions(ctx, tx)
	if err != nil {
		return nil, err
	}
	for _, d := range decisions {
		k := known[d.Platform]
		if k == nil || d.Overall == string(catalogue.Refused) && k.Status != catalogue.Refused {
			continue
		}
		if len(k.Kinds) == 0 {
			k.Kinds = d.Kinds
		}
		for _, s := range []struct {
			of *string
			is string
		}{{&k.Personal, d.Personal}, {&k.Usage, d.Usage}, {&k.Conditions, d.Conditions}} {
			if *s.of == "" {
				*s.of = s.is
			}
		}
	}
	return known, nil
}

// byName lists platforms as people read them.
func byName(known map[catalogue.ID]*platform) []*platform {
	list := make([]*platform, 0, len(known))
	for _, k := range known {
		list = append(list, k)
	}
	slices.SortFunc(list, func(a, b *platform) int {
		return strings.Compare(db.Fold(a.Name)+" "+string(a.ID), db.Fold(b.Name)+" "+string(b.ID))
	})
	return list
}

type licence struct {
	ID       string
	Platform catalogue.ID
	Scope    string
	Org      string // name; "" for the whole board
	StartsOn string
	EndsOn   string
	EndedOn  string
}

// Last is the last day on which it runs.
func (l licence) Last() string {
	if l.EndedOn != "" {
		return l.EndedOn
	}
	return l.EndsOn
}

func scanLicence(row db.Row) (l licence, err error) {
	err = row.Scan(&l.ID, &l.Platform, &l.Scope, &l.Org, &l.StartsOn, &l.EndsOn, &l.EndedOn)
	return l, err
}

// readLicences answers every licence, the one that begins last first.
func readLicences(ctx context.Context, tx *db.Tx) ([]licence, error) {
	return db.All(ctx, tx, scanLicence, `SELECT l.id, l.platform_id, l.scope, COALESCE(o.name, ''), l.starts_on, l.ends_on, l.ended_on
		FROM licence l LEFT JOIN org o ON o.board_id = l.board_id AND o.id = l.org_id
		WHERE l.board_id = $1 ORDER BY l.starts_on DESC, l.id`, tx.Board)
}

func boardName(ctx context.Context, tx *db.Tx) (string, error) {
	return db.One(ctx, tx, func(row db.Row) (name string, err error) {
		err = row.Scan(&name)
		return name, err
	}, `SELECT name FROM board WHERE id = $1`, tx.Board)
}
