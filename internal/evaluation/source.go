package evaluation

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"aval/internal/audit"
	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/i18n"
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

// Found is what an evaluation of another board found of an aspect.
type Found struct {
	Criteria       map[string]Past
	Location       Location
	LocationReason string
	Files          []FoundFile
}

// FoundFile is a file of evidence that came with it.
type FoundFile struct {
	Criterion, Name, Media string
	Content                []byte
}

// TakeUp begins the evaluation of a request with what another board found: a draft,
// each judgement to be confirmed or changed, and never a decision. It is refused
// (Conflict) once an aspect is begun. What the request's evaluation does not ask is
// left aside.
func (s *Service) TakeUp(ctx context.Context, actor policy.Actor, id request.ID, from Source, found map[Aspect]Found) error {
	asked := map[string]bool{}
	err := s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		for _, aspect := range Aspects {
			e, _, err := open(ctx, tx, actor, id, aspect, request.Acknowledged)
			if err != nil {
				return err
			}
			if e.Version > 0 || e.Opinion != "" {
				return fault.New(fault.Conflict, "evaluation.begun").Under("3.1")
			}
			of := found[aspect]
			e.Source = from
			e.carry(func(id string) Past { return of.Criteria[id] })
			for _, c := range e.Frame {
				asked[c.ID] = true
			}
			if aspect == Security && slices.ContainsFunc(actor.Pack.Ladder, func(r policy.Rung) bool { return r.Code == string(of.Location) }) {
				e.Location, e.LocationReason = of.Location, i18n.Clean(of.LocationReason)
			}
			if err := update(ctx, tx, &e); err != nil {
				return err
			}
		}
		return audit.Write(ctx, tx, actor, "evaluation.imported", "request:"+string(id), audit.Under("3.1"),
			audit.Note("signer="+from.Fingerprint))
	})
	if err != nil {
		return err
	}
	for _, aspect := range Aspects {
		for _, f := range found[aspect].Files {
			if !asked[f.Criterion] {
				continue
			}
			if _, err := s.AddEvidence(ctx, actor, id, aspect, f.Criterion,
				File{Name: f.Name, Media: f.Media, Content: bytes.NewReader(f.Content)}); err != nil {
				return err
			}
		}
	}
	return nil
}
