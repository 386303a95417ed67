package guardian

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"aval/internal/db"
	"aval/internal/person"
	"aval/internal/vault"
)

// Intake is an import on its way in. Its methods join a transaction each: first the
// guardians, then the pupils, then the end.
type Intake struct {
	register *Register
	ids      map[string]string // of guardians that the set holds, by source id
	pupils   map[string]bool   // persons of whom the set speaks
}

// Begin begins an import.
func (g *Register) Begin() *Intake {
	return &Intake{register: g, ids: map[string]string{}, pupils: map[string]bool{}}
}

// held is a guardian whom the board knows.
type held struct{ id, source, digest string }

// find reads the guardians of these MACs.
func find(ctx context.Context, tx *db.Tx, macs []string) (map[string]held, error) {
	by := map[string]held{}
	for some := range slices.Chunk(macs, 500) {
		list, err := db.All(ctx, tx, func(row db.Row) (h held, err error) {
			err = row.Scan(&h.id, &h.source, &h.digest)
			return h, err
		}, `SELECT id, source_mac, digest FROM guardian WHERE board_id = $1 AND source_mac IN `+db.In(2, len(some)), db.Args(some, tx.Board)...)
		if err != nil {
			return nil, fmt.Errorf("find guardians: %w", err)
		}
		for _, h := range list {
			by[h.source] = h
		}
	}
	return by, nil
}

// Guardians keeps what the set says of some; who says the same as before is not touched.
func (i *Intake) Guardians(ctx context.Context, tx *db.Tx, rows []Row) error {
	keys, err := i.register.Vault.Keys(ctx, tx)
	if err != nil {
		return err
	}
	signs, all := make([][]string, len(rows)), []string{}
	for n, r := range rows {
		if signs[n], err = keys.MACs(bySource, r.SourceID); err != nil {
			return err
		}
		all = append(all, signs[n]...)
	}
	known, err := find(ctx, tx, all)
	if err != nil {
		return err
	}
	var gone []string
	var changed [][]any
	for n, r := range rows {
		was, ok := first(known, signs[n])
		switch {
		case r.Gone && ok:
			gone = append(gone, was.id)
			continue
		case r.Gone:
			continue
		case !ok:
			was = held{id: db.NewID()}
			known[signs[n][0]] = was // a row told twice is one guardian
		}
		i.ids[r.SourceID] = was.id
		plain, digests, err := written(keys, ofRow, r)
		if err != nil {
			return err
		}
		if slices.Contains(digests, was.digest) {
			continue
		}
		sealed, err := keys.Seal(place(was.id), plain)
		if err != nil {
			return err
		}
		changed = append(changed, []any{tx.Board, was.id, signs[n][0], sealed, digests[0], tx.Now})
	}
	if err := erase(ctx, tx, gone); err != nil {
		return err
	}
	return db.Bulk(ctx, tx, "guardian", []string{"board_id", "id", "source_mac", "sealed", "digest", "updated_at"}, []string{"board_id", "id"}, changed)
}

func first(known map[string]held, signs []string) (h held, ok bool) {
	for _, s := range signs {
		if h, ok = known[s]; ok {
			return h, true
		}
	}
	return h, false
}

// erase deletes guardians, with what they are to pupils.
func erase(ctx context.Context, tx *db.Tx, ids []string) error {
	for some := range slices.Chunk(ids, 500) {
		for _, table := range []string{
			`DELETE FROM guardian_of WHERE board_id = $1 AND guardian_id IN `,
			`DELETE FROM guardian WHERE board_id = $1 AND id IN `,
		} {
			if _, err := tx.Exec(ctx, table+db.In(2, len(some)), db.Args(some, tx.Board)...); err != nil {
				return fmt.Errorf("erase guardians: %w", err)
			}
		}
	}
	return nil
}

// Pupil is a pupil of the set, by source id, and who answers for them, likewise.
type Pupil struct {
	SourceID string
	Ties     map[string]Tie
	Partly   bool // others answer for them too, of whom the set does not speak
}

// Pupils keeps who answers for each of some pupils: those who are told, and nobody
// else unless the pupil is told partly. Whom the board does not know as a pupil, or as a guardian, is left out; it
// answers how many ties were.
func (i *Intake) Pupils(ctx context.Context, tx *db.Tx, pupils []Pupil) (lost int, err error) {
	keys, err := i.register.Vault.Keys(ctx, tx)
	if err != nil {
		return 0, err
	}
	if err := i.recall(ctx, tx, keys, pupils); err != nil {
		return 0, err
	}
	sources := make([]string, len(pupils))
	for n, p := range pupils {
		sources[n] = p.SourceID
	}
	persons, err := person.PupilsBySource(ctx, tx, sources)
	if err != nil {
		return 0, err
	}
	was, err := tiesOf(ctx, tx, persons)
	if err != nil {
		return 0, err
	}
	var changed [][]any
	partly := map[string]bool{}
	for _, p := range pupils {
		id, ok := persons[p.SourceID]
		if !ok {
			lost += len(p.Ties)
			continue
		}
		i.pupils[id] = true
		if p.Partly {
			partly[id] = true
		}
		for source, tie := range p.Ties {
			guardian, ok := i.ids[source]
			if !ok {
				lost++
				continue
			}
			row, err := tied(keys, tx, guardian, id, tie, was)
			if err != nil {
				return 0, err
			}
			if row != nil {
				changed = append(changed, row)
			}
		}
	}
	maps.DeleteFunc(was, func(at [2]string, _ string) bool { return partly[at[1]] })
	if err := untie(ctx, tx, was); err != nil {
		return 0, err
	}
	return lost, keepTies(ctx, tx, changed)
}

// tied is the row of a tie where it is new or says something else; what remains of was
// is told no longer.
func tied(keys *vault.Keys, tx *db.Tx, guardian, pupil string, tie Tie, was map[[2]string]string) ([]any, error) {
	plain, digests, err := written(keys, ofTie, tie)
	if err != nil {
		return nil, err
	}
	at := [2]string{guardian, pupil}
	digest, ok := was[at]
	delete(was, at)
	if ok && slices.Contains(digests, digest) {
		return nil, nil
	}
	sealed, err := keys.Seal(tiePlace(guardian, pupil), plain)
	return []any{tx.Board, guardian, pupil, sealed, digests[0]}, err
}

// recall finds guardians of whom an earlier set spoke.
func (i *Intake) recall(ctx context.Context, tx *db.Tx, keys *vault.Keys, pupils []Pupil) error {
	signs := map[string]string{} // MAC → source id
	var all []string
	for _, p := range pupils {
		for source := range p.Ties {
			if _, ok := i.ids[source]; ok {
				continue
			}
			macs, err := keys.MACs(bySource, source)
			if err != nil {
				return err
			}
			for _, m := range macs {
				signs[m] = source
				all = append(all, m)
			}
		}
	}
	known, err := find(ctx, tx, all)
	for mac, h := range known {
		i.ids[signs[mac]] = h.id
	}
	return err
}

// tiesOf are the digests of what is kept of these pupils, by guardian and pupil.
func tiesOf(ctx context.Context, tx *db.Tx, persons map[string]string) (map[[2]string]string, error) {
	var ids []string
	for _, id := range persons {
		ids = append(ids, id)
	}
	was := map[[2]string]string{}
	for some := range slices.Chunk(ids, 500) {
		list, err := db.All(ctx, tx, func(row db.Row) (s sealedTie, err error) {
			err = row.Scan(&s.guardian, &s.pupil, &s.digest)
			return s, err
		}, `SELECT guardian_id, person_id, digest FROM guardian_of WHERE board_id = $1 AND person_id IN `+db.In(2, len(some)), db.Args(some, tx.Board)...)
		if err != nil {
			return nil, fmt.Errorf("read who answers for pupils: %w", err)
		}
		for _, s := range list {
			was[[2]string{s.guardian, s.pupil}] = s.digest
		}
	}
	return was, nil
}

func untie(ctx context.Context, tx *db.Tx, ties map[[2]string]string) error {
	for at := range ties {
		if _, err := tx.Exec(ctx, `DELETE FROM guardian_of WHERE board_id = $1 AND guardian_id = $2 AND person_id = $3`,
			tx.Board, at[0], at[1]); err != nil {
			return fmt.Errorf("untie guardians: %w", err)
		}
	}
	return nil
}

// tiedTo is a guardian and a pupil; ours says that no source tells of the pupil.
type tiedTo struct {
	at   [2]string
	ours bool
}

// End erases, after a full set, the ties of pupils of whom it did not speak and the
// guardians that it does not hold, save those of a pupil of whom no source tells; after
// any set, what concerned pupils who are gone.
func (i *Intake) End(ctx context.Context, tx *db.Tx, bulk bool) error {
	if _, err := i.register.Vault.Keys(ctx, tx); err != nil { // one order everywhere
		return err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM guardian_of WHERE board_id = $1 AND person_id IN (
		SELECT id FROM person WHERE board_id = $1 AND status <> 'active')`, tx.Board); err != nil {
		return fmt.Errorf("untie pupils who are gone: %w", err)
	}
	if !bulk {
		return nil
	}
	ties, err := db.All(ctx, tx, func(row db.Row) (t tiedTo, err error) {
		err = row.Scan(&t.at[0], &t.at[1], &t.ours)
		return t, err
	}, `SELECT o.guardian_id, o.person_id, p.source_id LIKE '`+person.ByHand+`%' FROM guardian_of o
		JOIN person p ON p.board_id = o.board_id AND p.id = o.person_id WHERE o.board_id = $1`, tx.Board)
	if err != nil {
		return err
	}
	lost, tied := map[[2]string]string{}, map[string]bool{}
	for _, t := range ties {
		if i.pupils[t.at[1]] || t.ours {
			tied[t.at[0]] = true
		} else {
			lost[t.at] = ""
		}
	}
	if err := untie(ctx, tx, lost); err != nil {
		return err
	}
	all, err := db.All(ctx, tx, func(row db.Row) (id string, err error) {
		err = row.Scan(&id)
		return id, err
	}, `SELECT id FROM guardian WHERE board_id = $1`, tx.Board)
	if err != nil {
		return err
	}
	return erase(ctx, tx, slices.DeleteFunc(all, func(id string) bool { return tied[id] }))
}
