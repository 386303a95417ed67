// Package guardian is who answers for a pupil: parents, tutors, relatives, with where
// they are reached, in which language, and what a court has ordered. An import of the
// roster writes it, agreements read it, and a person sees it through reveal alone.
//
// All of it is sealed, by row; of whom a row speaks is found by a keyed MAC of the id
// that the source gives. A full set is the whole truth: a guardian that it no longer
// holds, or who has no pupil left, is erased. A set without any guardian says nothing
// of them, and they stay.
package guardian

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"aval/internal/db"
	"aval/internal/vault"
)

// Row is what a source says of someone who answers for pupils.
type Row struct {
	SourceID   string `json:"source"`
	GivenName  string `json:"given"`
	FamilyName string `json:"family"`
	Email      string `json:"email,omitempty"`
	Phone      string `json:"phone,omitempty"`
	Address    string `json:"address,omitempty"`
	Language   string `json:"language,omitempty"`
	Gone       bool   `json:"-"`
}

// Tie is what someone is to a pupil, in the words of the source. A restriction is what
// a court has ordered; it is read before anything else.
type Tie struct {
	Relation    string `json:"relation,omitempty"`
	Restriction string `json:"restriction,omitempty"`
}

// Guardian is someone who answers for one pupil.
type Guardian struct {
	ID string
	Row
	Tie
}

// Name is how a guardian is called.
func (g Guardian) Name() string { return g.GivenName + " " + g.FamilyName }

// Register keeps guardians.
type Register struct{ Vault *vault.Vault }

func place(id string) vault.Place { return vault.Place{Table: "guardian", Column: "sealed", Row: id} }

func tiePlace(guardian, pupil string) vault.Place {
	return vault.Place{Table: "guardian_of", Column: "sealed", Row: guardian + "/" + pupil}
}

// The labels of MACs.
const (
	bySource = "guardian.source"
	ofRow    = "guardian.digest"
	ofTie    = "guardian_of.digest"
)

// Of answers who answers for a pupil, by name: those whom a court restricts first.
func (g *Register) Of(ctx context.Context, tx *db.Tx, personID string) ([]Guardian, error) {
	keys, err := g.Vault.Keys(ctx, tx)
	if err != nil {
		return nil, err
	}
	rows, err := db.All(ctx, tx, func(row db.Row) (s sealedTie, err error) {
		err = row.Scan(&s.guardian, &s.row, &s.tie)
		return s, err
	}, `SELECT g.id, g.sealed, o.sealed FROM guardian_of o JOIN guardian g ON g.board_id = o.board_id AND g.id = o.guardian_id
		WHERE o.board_id = $1 AND o.person_id = $2`, tx.Board, personID)
	if err != nil {
		return nil, fmt.Errorf("read guardians: %w", err)
	}
	list := make([]Guardian, len(rows))
	for i, s := range rows {
		list[i].ID = s.guardian
		if err := open(keys, place(s.guardian), s.row, &list[i].Row); err != nil {
			return nil, err
		}
		if err := open(keys, tiePlace(s.guardian, personID), s.tie, &list[i].Tie); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(list, func(a, b Guardian) int {
		first := cmp.Compare(ordered(a), ordered(b))
		return cmp.Or(first, cmp.Compare(db.Fold(a.FamilyName+" "+a.GivenName), db.Fold(b.FamilyName+" "+b.GivenName)), cmp.Compare(a.ID, b.ID))
	})
	return list, nil
}

func ordered(g Guardian) int {
	if g.Restriction != "" {
		return 0
	}
	return 1
}

type sealedTie struct {
	guardian, pupil string
	row, tie        []byte
	digest          string
}

func open(keys *vault.Keys, p vault.Place, sealed []byte, into any) error {
	plain, err := keys.Open(p, sealed)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(plain, into); err != nil {
		return fmt.Errorf("read %s: %w", p.Table, err)
	}
	return nil
}

// written is a value as it is sealed, and the MACs by which it is seen to be the same,
// the newest key's first.
func written(keys *vault.Keys, label string, value any) (plain []byte, digests []string, err error) {
	if plain, err = json.Marshal(value); err != nil {
		return nil, nil, fmt.Errorf("write guardian: %w", err)
	}
	digests, err = keys.MACs(label, string(plain))
	return plain, digests, err
}
