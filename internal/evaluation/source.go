package evaluation

import (
	"context"
	"encoding/json"
	"fmt"

	"aval/internal/db"
	"aval/internal/policy"
	"aval/internal/request"
)

// Source says where the judgements of an evaluation were carried over from: an
// earlier evaluation of the board, or another board's.
type Source struct {
	Request     request.ID `json:"request,omitempty"` // the earlier one, of this board
	Number      string     `json:"number,omitempty"`  // its number
	Kind        string     `json:"kind,omitempty"`    // why it is evaluated again
	Reason      string     `json:"reason,omitempty"`
	Board       string     `json:"board,omitempty"`       // another board's name, as it signed
	Fingerprint string     `json:"fingerprint,omitempty"` // of that board's key
	SignedOn    string     `json:"signed_on,omitempty"`   // as 2006-01-02
}

// Carried is true of an evaluation that began from another.
func (s Source) Carried() bool { return s != Source{} }

// Foreign is true of one that another board signed.
func (s Source) Foreign() bool { return s.Fingerprint != "" }

func readSource(text string) (s Source, err error) {
	if text == "" {
		return s, nil
	}
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		return s, fmt.Errorf("source of an evaluation: %w", err)
	}
	return s, nil
}

func writeSource(s Source) (string, error) {
	if !s.Carried() {
		return "", nil
	}
	text, err := json.Marshal(s)
	if err != nil {
		return "", fmt.Errorf("source of an evaluation: %w", err)
	}
	return string(text), nil
}

// carry takes over the judgements of the criteria that this evaluation asks too.
func (e *Evaluation) carry(of func(id string) Past) {
	for _, c := range e.Frame {
		if past := of(c.ID); past.Rating != Unrated {
			e.Criteria[c.ID] = Judgement{Rating: past.Rating, Note: past.Note, Carried: true, Before: past}
		}
	}
}

// CarryOver begins the evaluation of a request that follows another with what the
// earlier one found. Nothing of it counts until somebody confirms or changes it;
// the recommendation is always said anew. Who calls it asks the permission.
func CarryOver(ctx context.Context, tx *db.Tx, pack *policy.Pack, earlier, again request.ID, from Source) error {
	found, err := Of(ctx, tx, earlier)
	if err != nil {
		return err
	}
	if err := begin(ctx, tx, again); err != nil {
		return err
	}
	for _, aspect := range Aspects {
		e, err := get(ctx, tx, again, aspect)
		if err != nil {
			return err
		}
		was := found[aspect]
		if e.Frame, err = asked(ctx, tx, pack, e); err != nil {
			return err
		}
		e.Source, e.Location, e.LocationReason = from, was.Location, was.LocationReason
		e.carry(func(id string) Past { return Past{Rating: was.Criteria[id].Rating, Note: was.Criteria[id].Note} })
		if err := update(ctx, tx, &e); err != nil {
			return err
		}
	}
	return nil
}
