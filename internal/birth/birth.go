// Package birth is the day on which a pupil was born: what tells two children of one
// name apart, and what a platform is given where the decision on it names it (policy A,
// 3.3 c and 6.5 d).
//
//	demographics.csv --Intake--> sealed, a row a pupil --Of--> days
//
// An import of the roster writes it and nobody types it. No page shows it but what is
// gathered for a request for access: people are told whether two days are the same. It is kept of pupils alone, while they are on the
// roster; a full file is the whole truth.
package birth

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"aval/internal/db"
	"aval/internal/person"
	"aval/internal/vault"
)

// Register keeps days of birth.
type Register struct{ Vault *vault.Vault }

func place(personID string) vault.Place {
	return vault.Place{Table: "birth", Column: "sealed", Row: personID}
}

// Oldest is how many years before today a pupil may be born; adults learn too.
const Oldest = 100

// Likely says that a day, YYYY-MM-DD, may be a pupil's: not after today, and not so
// long ago that it stands for "unknown".
func Likely(day string, today time.Time) bool {
	return day <= today.Format(time.DateOnly) && day > today.AddDate(-Oldest, 0, 0).Format(time.DateOnly)
}

// Of answers the days of those of some people of whom one is known, by person.
func (g *Register) Of(ctx context.Context, tx *db.Tx, personIDs []string) (map[string]string, error) {
	keys, err := g.Vault.Keys(ctx, tx)
	if err != nil {
		return nil, err
	}
	rows, err := sealedOf(ctx, tx, personIDs)
	days := make(map[string]string, len(rows))
	for _, r := range rows {
		day, err := keys.Open(place(r.person), r.sealed)
		if err != nil {
			return nil, err
		}
		days[r.person] = string(day)
	}
	return days, err
}

type row struct {
	person string
	sealed []byte
}

func scan(r db.Row) (b row, err error) {
	err = r.Scan(&b.person, &b.sealed)
	return b, err
}

const batch = 500

func sealedOf(ctx context.Context, tx *db.Tx, personIDs []string) (rows []row, err error) {
	for some := range slices.Chunk(personIDs, batch) {
		list, err := db.All(ctx, tx, scan, `SELECT person_id, sealed FROM birth WHERE board_id = $1 AND person_id IN `+db.In(2, len(some)),
			db.Args(some, tx.Board)...)
		if err != nil {
			return nil, fmt.Errorf("read days of birth: %w", err)
		}
		rows = append(rows, list...)
	}
	return rows, nil
}

// Row is what a source says of someone: the day is YYYY-MM-DD, or empty where it says none.
type Row struct{ SourceID, Day string }

// Intake is an import on its way in. Its methods join a transaction each: rows as they
// come, then the end.
type Intake struct {
	register *Register
	leads    map[string]string // source ids of records that were joined → the survivor's
	told     map[string]bool   // persons of whom the set spoke
	late     []Row             // under such an id: the survivor's own row holds before it
	changed  bool
}

// Begin begins an import; leads are the source ids that lead to another's (person.Leads).
func (g *Register) Begin(leads map[string]string) *Intake {
	return &Intake{register: g, leads: leads, told: map[string]bool{}}
}

// Keep keeps what a set says of some. Whom the board does not know as a pupil is left
// out, and who was born on the same day as before is not touched.
func (i *Intake) Keep(ctx context.Context, tx *db.Tx, rows []Row) error {
	own := make([]Row, 0, len(rows))
	for _, r := range rows {
		if to, joined := i.leads[r.SourceID]; joined {
			i.late = append(i.late, Row{to, r.Day})
		} else {
			own = append(own, r)
		}
	}
	return i.keep(ctx, tx, own, false)
}

// keep keeps rows; late ones only of whom nothing was said.
func (i *Intake) keep(ctx context.Context, tx *db.Tx, rows []Row, late bool) error {
	sources := make([]string, len(rows))
	for n, r := range rows {
		sources[n] = r.SourceID
	}
	pupils, err := person.PupilsBySource(ctx, tx, sources)
	if err != nil {
		return err
	}
	days := map[string]string{}
	for _, r := range rows {
		if id, known := pupils[r.SourceID]; known && (!late || !i.told[id]) {
			days[id], i.told[id] = r.Day, true
		}
	}
	return i.set(ctx, tx, days)
}

// set keeps the days, by person, that differ from what is kept, and erases the empty
// ones. What cannot be opened any more is sealed anew.
func (i *Intake) set(ctx context.Context, tx *db.Tx, days map[string]string) error {
	keys, err := i.register.Vault.Keys(ctx, tx)
	if err != nil {
		return err
	}
	was, err := sealedOf(ctx, tx, slices.Sorted(maps.Keys(days)))
	if err != nil {
		return err
	}
	var gone []string
	for _, r := range was {
		if days[r.person] == "" {
			gone = append(gone, r.person)
			continue
		}
		if day, err := keys.Open(place(r.person), r.sealed); err == nil && string(day) == days[r.person] {
			delete(days, r.person)
		}
	}
	maps.DeleteFunc(days, func(_, day string) bool { return day == "" })
	i.changed = i.changed || len(days)+len(gone) > 0
	if err := erase(ctx, tx, gone); err != nil {
		return err
	}
	return put(ctx, tx, keys, days)
}

func put(ctx context.Context, tx *db.Tx, keys *vault.Keys, days map[string]string) error {
	rows := make([][]any, 0, len(days))
	for _, id := range slices.Sorted(maps.Keys(days)) {
		sealed, err := keys.Seal(place(id), []byte(days[id]))
		if err != nil {
			return err
		}
		rows = append(rows, []any{tx.Board, id, sealed, tx.Now})
	}
	return db.Bulk(ctx, tx, "birth", []string{"board_id", "person_id", "sealed", "changed_at"}, []string{"board_id", "person_id"}, rows)
}

// End erases, after a full set, the days of whom it did not tell one, save of a pupil of
// whom no source tells; after any set, those of pupils who are gone. It answers whether
// the import changed anything.
func (i *Intake) End(ctx context.Context, tx *db.Tx, bulk bool) (changed bool, err error) {
	if _, err := i.register.Vault.Keys(ctx, tx); err != nil { // one order everywhere
		return false, err
	}
	for some := range slices.Chunk(i.late, batch) {
		if err := i.keep(ctx, tx, some, true); err != nil {
			return false, err
		}
	}
	gone, err := ids(ctx, tx, `SELECT b.person_id FROM birth b JOIN person p ON p.board_id = b.board_id AND p.id = b.person_id
		WHERE b.board_id = $1 AND p.status <> 'active'`)
	if err != nil {
		return false, err
	}
	if bulk {
		all, err := ids(ctx, tx, `SELECT b.person_id FROM birth b JOIN person p ON p.board_id = b.board_id AND p.id = b.person_id
			WHERE b.board_id = $1 AND p.status = 'active' AND p.source_id NOT LIKE '`+person.ByHand+`%'`)
		if err != nil {
			return false, err
		}
		gone = append(gone, slices.DeleteFunc(all, func(id string) bool { return i.told[id] })...)
	}
	return i.changed || len(gone) > 0, erase(ctx, tx, gone)
}

func ids(ctx context.Context, tx *db.Tx, query string) ([]string, error) {
	list, err := db.All(ctx, tx, func(r db.Row) (id string, err error) {
		err = r.Scan(&id)
		return id, err
	}, query, tx.Board)
	if err != nil {
		return nil, fmt.Errorf("find days of birth: %w", err)
	}
	return list, nil
}

func erase(ctx context.Context, tx *db.Tx, personIDs []string) error {
	for some := range slices.Chunk(personIDs, batch) {
		if _, err := tx.Exec(ctx, `DELETE FROM birth WHERE board_id = $1 AND person_id IN `+db.In(2, len(some)), db.Args(some, tx.Board)...); err != nil {
			return fmt.Errorf("erase days of birth: %w", err)
		}
	}
	return nil
}
