package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"aval/internal/app"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/policy"
)

type policyCmds struct {
	Coverage policyCoverage `cmd:"" help:"List every clause with its control and live counts."`
	Matrix   policyMatrix   `cmd:"" help:"List who may do what, to what, under which clause."`
	Check    policyCheck    `cmd:"" help:"Say everything that is wrong in policy packs, with its place."`
	Diff     policyDiff     `cmd:"" help:"Say what differs between two versions of a policy pack."`
	Versions policyVersions `cmd:"" help:"List which version a board applies from which day."`
	Move     policyMove     `cmd:"" help:"Have a board apply another version from a day; shows what changes."`
	Cancel   policyCancel   `cmd:"" help:"Take back a move before its day."`
}

type policyCoverage struct{ boardFlag }

func (c policyCoverage) Run(h *house) error {
	return h.with(func(a *app.App) error {
		actor, err := c.actor(h, a)
		if err != nil {
			return err
		}
		pack, rows, err := policy.Coverage(h.ctx, a.DB, actor)
		if err != nil {
			return err
		}
		type clause struct {
			ID          string   `json:"id"`
			Pack        string   `json:"pack"`
			Control     string   `json:"control"`
			Mode        string   `json:"mode"`
			Capability  string   `json:"capability,omitempty"`
			Confidence  string   `json:"confidence,omitempty"`
			Status      string   `json:"status,omitempty"`
			Obligations []string `json:"obligations,omitempty"`
			Conform     int64    `json:"conform"`
			Exceptions  int64    `json:"exceptions"`
			Waiting     int64    `json:"waiting"`
			Before      int64    `json:"before,omitempty"`
		}
		clauses := make([]clause, 0, len(rows))
		for _, r := range rows {
			of, _ := actor.Pack.Clause(r.ID) // Coverage read it there
			clauses = append(clauses, clause{r.ID, r.Pack, r.Control, r.Mode, r.Capability, string(of.Confidence), of.Status,
				of.Obligations, r.Conform, r.Exceptions, r.Waiting, r.Before})
		}
		return h.print(map[string]any{"pack": pack, "clauses": clauses}, func(w io.Writer) {
			for _, r := range rows {
				_, _ = fmt.Fprintf(w, "%-12s %-34s %-9s %6d %6d %6d\n", r.ID, r.Control, r.Mode, r.Conform, r.Exceptions, r.Waiting)
			}
		})
	})
}

type policyMatrix struct{ boardFlag }

func (c policyMatrix) Run(h *house) error {
	return h.with(func(a *app.App) error {
		actor, err := c.actor(h, a)
		if err != nil {
			return err
		}
		type row struct {
			Role     string   `json:"role"`
			Action   string   `json:"action"`
			Relation string   `json:"relation"`
			States   []string `json:"states,omitempty"`
			Clause   string   `json:"clause"`
		}
		rows := make([]row, 0, len(actor.Pack.Permissions))
		for _, p := range actor.Pack.Permissions {
			rows = append(rows, row{string(p.Role), string(p.Do), string(p.Relation), p.States, p.Clause})
		}
		return h.print(map[string]any{"pack": actor.Pack.ID, "rows": rows}, func(w io.Writer) {
			for _, r := range rows {
				_, _ = fmt.Fprintf(w, "%-20s %-22s %-11s %-12s %s\n", r.Role, r.Action, r.Relation, r.Clause, strings.Join(r.States, " "))
			}
		})
	})
}

type policyCheck struct {
	Files []string `arg:"" name:"file" help:"Files of policy packs; those that they require are looked for beside them, then among those that ship."`
}

func (c policyCheck) Run(h *house) error {
	var found policy.Problems
	var clean []string
	p := i18n.For(h.flags.Lang)
	for _, path := range c.Files {
		pack, err := readPack(path)
		var problems policy.Problems
		switch {
		case errors.As(err, &problems):
			for _, each := range problems { // a file may be required by several
				if !slices.ContainsFunc(found, func(f policy.Problem) bool { return reflect.DeepEqual(f, each) }) {
					found = append(found, each)
				}
			}
		case err != nil:
			return err
		default:
			clean = append(clean, p.N("policy.check_clean", len(pack.Clauses), path))
		}
	}
	if h.flags.JSON {
		return h.printProblems(found)
	}
	for _, line := range clean {
		_, _ = fmt.Fprintln(h.stdout, line)
	}
	return h.sayProblems(found)
}

// readPack reads a file; its problems, and those of files beside it, name their
// folder as the command did.
func readPack(path string) (*policy.Pack, error) {
	folder, name := filepath.Split(path)
	pack, err := policy.Read(os.DirFS(filepath.Clean(folder)), name)
	var problems policy.Problems
	var unread *fs.PathError
	switch {
	case errors.As(err, &unread):
		return nil, fault.New(fault.Invalid, "policy.file_missing", path)
	case errors.As(err, &problems):
		for i := range problems {
			problems[i].File = folder + problems[i].File
		}
	}
	return pack, err
}

// sayProblems prints each with its line, and a caret under the place.
func (h *house) sayProblems(found policy.Problems) error {
	if len(found) == 0 {
		return nil
	}
	p := i18n.For(h.flags.Lang)
	for _, each := range found {
		_, _ = fmt.Fprintln(h.stderr, p.Message(each.Message()))
		if strings.TrimSpace(each.Excerpt) != "" {
			number := strconv.Itoa(each.Line)
			_, _ = fmt.Fprintf(h.stderr, "  %s | %s\n  %s | %s^\n", number, each.Excerpt,
				strings.Repeat(" ", len(number)), strings.Repeat(" ", each.Mark))
		}
	}
	return errSaid
}

func (h *house) printProblems(found policy.Problems) error {
	type problem struct {
		File     string `json:"file"`
		Line     int    `json:"line"`
		Column   int    `json:"column"`
		Code     string `json:"code"`
		Sentence string `json:"sentence"`
		Excerpt  string `json:"excerpt"`
	}
	problems := make([]problem, 0, len(found))
	for _, f := range found {
		problems = append(problems, problem{f.File, f.Line, f.Column, f.Key, i18n.For(h.flags.Lang).Message(f.Message()), f.Excerpt})
	}
	if err := h.print(map[string]any{"problems": problems}, nil); err != nil {
		return err
	}
	if len(found) > 0 {
		return errSaid
	}
	return nil
}

type policyDiff struct {
	Old string `arg:"" help:"File of a policy pack, or the id of one that ships."`
	New string `arg:"" help:"The same, for the newer."`
}

func (c policyDiff) Run(h *house) error {
	var both [2]*policy.Pack
	for i, of := range []string{c.Old, c.New} {
		pack, err := named(of)
		var problems policy.Problems
		if errors.As(err, &problems) {
			return h.sayProblems(problems)
		}
		if err != nil {
			return err
		}
		both[i] = pack
	}
	changes := policy.Diff(both[0], both[1])
	if changes == nil {
		changes = []policy.Change{}
	}
	return h.print(map[string]any{"changes": changes}, func(w io.Writer) { h.sayChanges(w, changes) })
}

// sayChanges prints what differs, a line for each and its words before and after.
func (h *house) sayChanges(w io.Writer, changes []policy.Change) {
	p := i18n.For(h.flags.Lang)
	if len(changes) == 0 {
		_, _ = fmt.Fprintln(w, p.T("policy.diff.none"))
	}
	for _, change := range changes {
		_, _ = fmt.Fprintln(w, p.T("policy.diff."+string(change.How), p.T("policy.kind."+change.What), change.ID,
			p.T("policy.field."+change.Field), change.Lang))
		for _, side := range []struct{ mark, text string }{{"- ", change.Old}, {"+ ", change.New}} {
			if side.text != "" {
				_, _ = fmt.Fprintln(w, "    "+side.mark+side.text)
			}
		}
	}
}

// named is the pack of a file, or the one known by that id or id@version.
func named(of string) (*policy.Pack, error) {
	if p, err := policy.Named(of); err == nil {
		return p, nil
	}
	return readPack(of)
}
