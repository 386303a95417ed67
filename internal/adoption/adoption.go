// Package adoption is how a board comes to apply another version of its policy,
// and who signed that a pack says what the texts say.
//
// A move is shown first: what differs, which files keep the version they began
// under, and whose rights end. Then it is made, from a day to come or from
// today, or not at all. Until its day it may be taken back.
package adoption

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"

	"aval/internal/board"
	"aval/internal/fault"
	"aval/internal/policy"
	"aval/internal/request"
)

// Clause is the article under which a policy is kept up to date, as the program
// knows it.
const Clause = "7.2"

// Ask is the move that somebody wants.
type Ask struct {
	Pack    string // id
	Version string
	On      string // the day from which the board applies it: 2026-11-22
	Shown   string // Plan.Shown of what was shown; empty: whatever it is now
}

// Plan is what a move changes.
type Plan struct {
	From, To *policy.Pack
	On       string
	Changes  []policy.Change
	LawsGone []string // that the new version does not require any more
	LawsNew  []string
	Files    []File // open, which keep the version they began under
	Lost     []Lost
	Shown    string // changes as soon as anything above does
}

// File is an open request, or a decided one whose disagreement is not answered.
type File struct {
	Number  string        `json:"number"`
	State   request.State `json:"state"`
	Contest bool          `json:"contested"` // decided, and a disagreement awaits its answer
	Pack    string        `json:"pack"`
	Version string        `json:"version"`
}

// Count is how many files stand in a state.
type Count struct {
	State   request.State `json:"state"`
	Contest bool          `json:"contested"`
	Files   int           `json:"files"`
}

// Lost is a role, or what a role may do (Do), that the new version gives nobody,
// and how many people hold the role.
type Lost struct {
	Role    policy.Role   `json:"role"`
	Do      policy.Action `json:"action,omitempty"` // empty: the role as a whole
	Holders int           `json:"holders"`
}

// Counts says how many files stand in each state, in the order of the path.
func (p Plan) Counts() (counts []Count) {
	for _, state := range request.States {
		for _, contest := range []bool{false, true} {
			n := 0
			for _, f := range p.Files {
				if f.State == state && f.Contest == contest {
					n++
				}
			}
			if n > 0 {
				counts = append(counts, Count{State: state, Contest: contest, Files: n})
			}
		}
	}
	return counts
}

// check refuses, field by field, a move that could not be made.
func (a Ask) check(all []board.Applied, today string) (to *policy.Pack, err error) {
	fields := map[string]fault.Message{}
	to, err = policy.Find(a.Pack, a.Version)
	switch f, refused := fault.As(err); {
	case refused && f.Kind == fault.Invalid:
		fields["to"] = fault.Message{Key: "adoption.unknown"}
	case err != nil:
		return nil, err
	case to.Kind != policy.OfPolicy:
		fields["to"] = fault.Message{Key: "adoption.law"}
	}
	if _, err := time.Parse(time.DateOnly, a.On); err != nil {
		fields["on"] = fault.Message{Key: "adoption.day"}
	} else if a.On < today {
		fields["on"] = fault.Message{Key: "adoption.past"}
	}
	if err := fault.FormMsg(fields); err != nil {
		return nil, fault.Under(err, Clause)
	}
	if last := all[len(all)-1]; len(all) > 1 && last.FromDay > today {
		return nil, fault.New(fault.Conflict, "adoption.planned", last.Pack, last.Version, last.FromDay).Under(Clause)
	} else if last.Pack == a.Pack && last.Version == a.Version {
		return nil, fault.Under(fault.FormMsg(map[string]fault.Message{"to": {Key: "adoption.same", Args: []any{to.Named()}}}), Clause)
	}
	return to, nil
}

// lost lists what people hold that the new version gives nobody of their role.
func lost(from, to *policy.Pack, holders map[policy.Role]int) (all []Lost) {
	for _, role := range policy.Roles {
		if holders[role] == 0 || len(mayDo(from, role)) == 0 {
			continue
		}
		after := mayDo(to, role)
		if len(after) == 0 {
			all = append(all, Lost{Role: role, Holders: holders[role]})
			continue
		}
		for _, do := range mayDo(from, role) {
			if !slices.Contains(after, do) {
				all = append(all, Lost{Role: role, Do: do, Holders: holders[role]})
			}
		}
	}
	return all
}

// mayDo lists what a role may do, anywhere, in the order of policy.Actions.
func mayDo(p *policy.Pack, role policy.Role) (list []policy.Action) {
	for _, do := range policy.Actions {
		if slices.ContainsFunc(p.Permissions, func(row policy.Permission) bool { return row.Role == role && row.Do == do }) {
			list = append(list, do)
		}
	}
	return list
}

// without lists the words that are not among others.
func without(words, others []string) (left []string) {
	for _, w := range words {
		if !slices.Contains(others, w) {
			left = append(left, w)
		}
	}
	return left
}

// seal names everything that the plan shows.
func (p *Plan) seal(all []board.Applied) error {
	text, err := json.Marshal([]any{p.From.Named(), p.To.Named(), p.To.Digest(), p.On, p.Changes, p.LawsGone, p.LawsNew,
		p.Files, p.Lost, len(all), all[len(all)-1].ID})
	sum := sha256.Sum256(text)
	p.Shown = hex.EncodeToString(sum[:])
	return err
}
