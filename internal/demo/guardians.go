package demo

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"aval/internal/db"
	"aval/internal/guardian"
)

// at a time, for one transaction.
const families = 500

// guardians gives every pupil of a grade a parent, and each third a second one, whom a
// court sometimes restricts: as a source's roster would.
func (t *teller) guardians(ctx context.Context) error {
	var pupils [][2]string // source id, family name
	err := t.a.DB.Read(ctx, BoardID, func(ctx context.Context, tx *db.Tx) (err error) {
		pupils, err = db.All(ctx, tx, func(row db.Row) (p [2]string, err error) {
			err = row.Scan(&p[0], &p[1])
			return p, err
		}, `SELECT source_id, family_name FROM person WHERE board_id = $1 AND kind = 'student' AND status = 'active' AND grade <> ''
			ORDER BY source_id`, tx.Board)
		return err
	})
	if err != nil {
		return err
	}
	in, done := (&guardian.Register{Vault: t.a.Vault.Vault}).Begin(), 0
	for some := range slices.Chunk(pupils, families) {
		var rows []guardian.Row
		var tied []guardian.Pupil
		for i, p := range some {
			of, ties := family(done+i, p[0], p[1])
			rows, tied = append(rows, of...), append(tied, guardian.Pupil{SourceID: p[0], Ties: ties})
		}
		done += len(some)
		if err := t.a.DB.Write(ctx, BoardID, func(ctx context.Context, tx *db.Tx) error {
			if err := in.Guardians(ctx, tx, rows); err != nil {
				return err
			}
			_, err := in.Pupils(ctx, tx, tied)
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}

// family is who answers for the nth pupil.
func family(n int, source, name string) (rows []guardian.Row, ties map[string]guardian.Tie) {
	given := []string{"Solange", "Aurélien", "Mireille", "Cédric", "Fabienne", "Thierry", "Josiane", "Ludovic", "Carmelle", "Gérald", "Noëlla"}
	streets := []string{"rue des Outardes", "chemin du Portage", "avenue des Trembles", "rang du Moulin", "rue de la Fonderie"}
	ties = map[string]guardian.Tie{}
	add := func(of string, at int, t guardian.Tie) {
		id := of + "." + source
		rows = append(rows, guardian.Row{SourceID: id, GivenName: given[at%len(given)], FamilyName: name,
			Email:   fmt.Sprintf("%s%d@maison.example", strings.ToLower(db.Fold(given[at%len(given)])), n),
			Phone:   fmt.Sprintf("555 01%02d", at%100),
			Address: fmt.Sprintf("%d, %s", 3+at%180, streets[at%len(streets)]), Language: []string{"fr", "fr", "en"}[n%3]})
		ties[id] = t
	}
	add("parent", n, guardian.Tie{Relation: "parent"})
	switch {
	case n%12 == 0:
		add("other", n+5, guardian.Tie{Relation: "parent", Restriction: "Remise de l’élève à l’autre parent seulement, selon l’ordonnance de garde."})
	case n%3 == 0:
		add("other", n+5, guardian.Tie{Relation: []string{"guardian", "relative", "Grand-mère"}[n/3%3]})
	}
	return rows, ties
}
