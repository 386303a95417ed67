package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"

	"aval/internal/fault"
)

// stock are the packs of the operator's own folder, beside those that ship.
var stock struct {
	sync.RWMutex
	packs []*Pack
}

// Stock reads each YAML file of the operator's own folder and keeps the packs
// beside those that ship: another version of one that ships, or another policy.
// It refuses, with Problems, what Read does, a pack without a version, and one
// whose id and version another pack bears with other content; then it keeps none.
// What is kept already may be kept again.
func Stock(dir string) error {
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return fault.New(fault.Invalid, "policy.folder_missing", dir)
	}
	folder := os.DirFS(dir)
	files, err := fs.Glob(folder, "*.yaml")
	if err != nil {
		return err
	}
	stock.Lock()
	defer stock.Unlock()
	kept := slices.Clone(stock.packs)
	var found Problems
	for _, name := range files {
		p, err := readOwn(folder, name, &kept)
		var problems Problems
		switch {
		case errors.As(err, &problems):
			for _, each := range problems {
				each.File = filepath.Join(dir, each.File)
				if !slices.ContainsFunc(found, func(f Problem) bool { return reflect.DeepEqual(f, each) }) {
					found = append(found, each)
				}
			}
		case err != nil:
			return err
		case find(kept, p.ID, p.Version) == nil:
			kept = append(kept, p)
		}
	}
	if len(found) > 0 {
		return found
	}
	stock.packs = kept
	return nil
}

// readOwn reads a file of the operator's own folder.
func readOwn(folder fs.FS, name string, kept *[]*Pack) (*Pack, error) {
	data, err := readFile(folder, name)
	if err != nil {
		return nil, err
	}
	l := newLoading(folder)
	l.fits = func(r *reading, p *Pack) {
		switch other := find(*kept, p.ID, p.Version); {
		case p.ID == "":
		case p.Version == "" || strings.ContainsAny(p.Version, " \t@"):
			r.wrong(r.at("version"), "policy.pack_version")
		case other != nil && !reflect.DeepEqual(p, other):
			r.wrong(r.at("version"), "policy.pack_version_taken", p.ID, p.Version)
		}
	}
	return l.done(l.parse(name, data, ""), nil)
}

// find looks for a version among those that ship and some others.
func find(own []*Pack, id, version string) *Pack {
	if load, ships := shipped()[id]; ships {
		if p, err := load(); err == nil && p.Version == version {
			return p
		}
	}
	for _, p := range own {
		if p.ID == id && p.Version == version {
			return p
		}
	}
	return nil
}

// Find gives a version of a pack, shipped or of the operator's own folder: treat
// it as a constant. It refuses (Invalid) one that is in neither.
func Find(id, version string) (*Pack, error) {
	stock.RLock()
	defer stock.RUnlock()
	if p := find(stock.packs, id, version); p != nil {
		return p, nil
	}
	return nil, fault.New(fault.Invalid, "policy.version_missing", id, version)
}

// Named finds a pack by what a person types: its id, or its id and version
// (csc-pan-2023@2). An id alone is the version that ships, else the only one there is.
func Named(typed string) (*Pack, error) {
	id, version, versioned := strings.Cut(typed, "@")
	if versioned {
		return Find(id, version)
	}
	if slices.Contains(ShippedIDs(), id) {
		return Shipped(id)
	}
	var of []*Pack
	for _, p := range Stocked() {
		if p.ID == id {
			of = append(of, p)
		}
	}
	if len(of) == 1 {
		return of[0], nil
	}
	names := make([]string, 0, len(of))
	for _, p := range of {
		names = append(names, p.Named())
	}
	if len(names) == 0 {
		for _, p := range Stocked() {
			names = append(names, p.Named())
		}
	}
	return nil, fault.New(fault.Invalid, "policy.pack_unknown", typed, strings.Join(names, ", "))
}

// Named is a pack's id and version as a person types them.
func (p *Pack) Named() string { return p.ID + "@" + p.Version }

// Stocked lists every pack that may be found, laws included: those that ship,
// then those of the operator's own folder.
func Stocked() []*Pack {
	var all []*Pack
	for _, id := range ShippedIDs() {
		if p, err := Shipped(id); err == nil {
			all = append(all, p)
		}
	}
	stock.RLock()
	defer stock.RUnlock()
	return append(all, stock.packs...)
}

// Digest names the text of the pack as a person compares it with the policy or
// the law: its clauses with their sources, its criteria, its places and figures.
// What carries a clause in the program, and the laws under it, are not in it.
func (p *Pack) Digest() string {
	type text struct{ ID, Of, Title, Text, Cite any }
	all := []any{p.ID, p.Title, p.OfficialVersion, p.Resolution, p.InForce, p.Requires, p.Sections, p.Ladder, p.Thresholds}
	for _, c := range p.Clauses {
		all = append(all, text{c.ID, c.Section, c.Title, c.Text, c.Cite})
	}
	for _, a := range p.Aspects {
		all = append(all, a)
	}
	written, err := json.Marshal(all)
	if err != nil {
		panic(err) // texts and numbers always marshal
	}
	sum := sha256.Sum256(written)
	return hex.EncodeToString(sum[:])
}
