package register

import (
	"context"

	"aval/internal/audit"
	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/incident"
	"aval/internal/policy"
)

// Service reads the registers.
type Service struct{ db *db.DB }

// New reads from every board in the database.
func New(d *db.DB) *Service { return &Service{db: d} }

// Kinds lists the registers that the board's law asks for and the actor may read.
// It refuses (Denied) who may read none.
func (s *Service) Kinds(actor policy.Actor) (kinds []Kind, err error) {
	if err := actor.Allow(policy.RegisterRead, policy.Scope{}); err != nil {
		return nil, err
	}
	for _, code := range actor.Pack.Kept() {
		if k := Kind(code); may(actor, k) == nil {
			kinds = append(kinds, k)
		}
	}
	return kinds, nil
}

// may asks the permission of a register; that of incidents asks both. A refusal
// cites the clause that asks for the register.
func may(actor policy.Actor, k Kind) error {
	err := actor.Allow(policy.RegisterRead, policy.Scope{})
	if err == nil && k == Incidents {
		err = actor.Allow(policy.IncidentRead, policy.Scope{})
	}
	if refusal, ok := fault.As(err); ok && k.Clause(actor.Pack) != "" {
		return refusal.Under(k.Clause(actor.Pack))
	}
	return err
}

// Read answers a register in a language. One that the board's law does not ask
// for is NotFound.
func (s *Service) Read(ctx context.Context, actor policy.Actor, k Kind, f Filter, lang string) (t Table, err error) {
	err = s.db.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		t, err = read(ctx, tx, actor, k, f, lang)
		return err
	})
	return t, err
}

// Export is Read for what leaves in a file: it is noted in the trail.
func (s *Service) Export(ctx context.Context, actor policy.Actor, k Kind, f Filter, lang string, format Format) (t Table, err error) {
	err = s.db.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if t, err = read(ctx, tx, actor, k, f, lang); err != nil {
			return err
		}
		switch format {
		case CSV, XLSX, JSON, PDF:
		default:
			return fault.Form(map[string]string{"format": "register.format_unknown"})
		}
		if err := policy.Mark(ctx, tx, incident.ControlKept, t.subject(), policy.Conform); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "register.exported", t.subject(), audit.Under(k.Clause(actor.Pack)),
			audit.Note("format="+string(format)))
	})
	return t, err
}

// subject names a register in the trail and in the marks of controls.
func (t Table) subject() string { return "register:" + string(t.Kind) }

func read(ctx context.Context, tx *db.Tx, actor policy.Actor, k Kind, f Filter, lang string) (t Table, err error) {
	if err := may(actor, k); err != nil {
		return t, err
	}
	if err := kept(actor.Pack, k); err != nil {
		return t, err
	}
	if err := f.check(); err != nil {
		return t, err
	}
	w := writer{p: i18n.For(lang), pack: actor.Pack, today: tx.Now.In(i18n.Zone).Format("2006-01-02"), filter: f}
	t = Table{Kind: k, Lang: w.p.Lang, Filter: f, MadeAt: tx.Now, Columns: columns[k]}
	if t.Board, err = boardName(ctx, tx); err != nil {
		return t, err
	}
	write := map[Kind]func(context.Context, *db.Tx) ([]Row, error){
		Incidents: w.incidents, Releases: w.releases, Files: w.files, Refusals: w.refusals, Inventory: w.inventory,
	}[k]
	t.Rows, err = write(ctx, tx)
	return t, err
}
