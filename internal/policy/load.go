package policy

import (
	"errors"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"

	"aval/internal/fault"
	"aval/packs"
)

// file is a pack as it is written: rows of permissions are grouped, so that a
// person can read the table aloud.
type file struct {
	Pack        `yaml:",inline"`
	Permissions []group `yaml:"permissions"`
}

// group is a family of rows: each role may do each action, in each relation.
type group struct {
	Roles     []Role     `yaml:"roles"`
	Do        []Action   `yaml:"do"`
	Relations []Relation `yaml:"relations"`
	States    []string   `yaml:"states"`
	Clause    string     `yaml:"clause"`
}

func (g group) rows() []Permission {
	var rows []Permission
	for _, role := range g.Roles {
		for _, do := range g.Do {
			for _, relation := range g.Relations {
				rows = append(rows, Permission{Role: role, Do: do, Relation: relation, States: g.States, Clause: g.Clause})
			}
		}
	}
	return rows
}

// Shipped gives a pack that ships with aval. It is read once: treat it as a constant.
func Shipped(id string) (*Pack, error) {
	load, ok := shipped()[id]
	if !ok {
		return nil, fault.New(fault.Invalid, "policy.pack_unknown", id, strings.Join(ShippedIDs(), ", "))
	}
	return load()
}

// ShippedIDs lists the packs that ship with aval, laws included.
func ShippedIDs() []string {
	files, err := fs.Glob(packs.Files, "*.yaml")
	if err != nil {
		panic(err) // the pattern is ours
	}
	for i, name := range files {
		files[i] = strings.TrimSuffix(name, ".yaml")
	}
	return files
}

var shipped = sync.OnceValue(func() map[string]func() (*Pack, error) {
	loads := map[string]func() (*Pack, error){}
	for _, id := range ShippedIDs() {
		loads[id] = sync.OnceValues(func() (*Pack, error) { return Load(packs.Files, id) })
	}
	return loads
})

// Load reads a pack, and under it the packs that it requires, from a folder of
// YAML files named after them. It refuses, with Problems, everything that Read
// does, and a file that bears another name than its pack.
func Load(folder fs.FS, id string) (*Pack, error) {
	if !isName(id) {
		return nil, fault.New(fault.Invalid, "policy.pack_missing", id)
	}
	l := loading{shelves: []fs.FS{folder}, known: map[string]*Pack{}}
	p, err := l.pack(id)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault.New(fault.Invalid, "policy.pack_missing", id)
	}
	return l.done(p, err)
}

// Read reads one file of a folder as a pack, whatever it is called; the packs
// that it requires are looked for beside it, then among those that ship. It
// refuses, with Problems: what it does not know, what stands twice or in one
// language only; a clause that nothing carries or cites; a row for a role, action,
// relation or clause that nobody knows, or that shows pupils' passwords to the
// whole board; a threshold looser than that of a law underneath.
func Read(folder fs.FS, name string) (*Pack, error) {
	l := newLoading(folder)
	data, err := readFile(folder, name)
	if err != nil {
		return nil, err
	}
	return l.done(l.parse(name, data, ""), nil)
}

// isName tells whether an id may be the name of a file in the same folder.
func isName(id string) bool {
	return id != "" && id == path.Base(id) && !strings.ContainsAny(id, `\/`) && fs.ValidPath(id)
}

// readFile reads a file, and of a file too large a little more than too much.
func readFile(folder fs.FS, name string) (data []byte, err error) {
	f, err := folder.Open(name)
	if err != nil {
		return nil, err
	}
	data, err = io.ReadAll(io.LimitReader(f, maxFile+1))
	return data, errors.Join(err, f.Close())
}

// loading is the reading of a pack with those under it.
type loading struct {
	shelves []fs.FS // looked through in turn
	above   []string
	known   map[string]*Pack // by the name of the file
	found   Problems
	fits    func(*reading, *Pack) // what else a pack must be; nil: nothing
}

// newLoading looks in a folder, then among the packs that ship.
func newLoading(folder fs.FS) *loading {
	return &loading{shelves: []fs.FS{folder, packs.Files}, known: map[string]*Pack{}}
}

func (l *loading) done(p *Pack, err error) (*Pack, error) {
	if err != nil {
		return nil, err
	}
	if len(l.found) > 0 {
		return nil, l.found
	}
	return p, nil
}

// pack finds and reads a pack by its id.
func (l *loading) pack(id string) (*Pack, error) {
	if p, known := l.known[id]; known {
		return p, nil
	}
	for _, shelf := range l.shelves {
		data, err := readFile(shelf, id+".yaml")
		if err == nil {
			l.known[id] = l.parse(id+".yaml", data, id)
			return l.known[id], nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	return nil, fs.ErrNotExist
}

// parse reads one file and what it requires; id is the pack it must hold, or "".
func (l *loading) parse(name string, data []byte, id string) *Pack {
	r := newReading(name, data)
	var f file
	if !r.read(data, &f) {
		l.found = append(l.found, r.sorted()...)
		return nil
	}
	p := &f.Pack
	if p.Kind == "" {
		p.Kind = OfPolicy
	}
	if id != "" && p.ID != id {
		r.wrong(r.at("id"), "policy.pack_misnamed", p.ID)
	}
	whole := l.require(r, p)
	for _, g := range f.Permissions {
		p.Permissions = append(p.Permissions, g.rows()...)
	}
	for i := range p.Clauses {
		p.Clauses[i].Pack = p.ID
	}
	c := checker{reading: r, file: &f, whole: whole, seen: map[string]string{}}
	c.check()
	if l.fits != nil {
		l.fits(r, p)
	}
	l.found = append(l.found, r.sorted()...)
	return p
}

// require reads the packs that a pack requires, and answers whether all are there.
func (l *loading) require(r *reading, p *Pack) bool {
	l.above = append(l.above, strings.TrimSuffix(r.file, ".yaml"))
	defer func() { l.above = l.above[:len(l.above)-1] }()
	for i, law := range p.Requires {
		at := r.at(item("requires", i))
		switch {
		case slices.Contains(l.above, law):
			r.wrong(at, "policy.pack_circle", strings.Join(append(slices.Clone(l.above), law), " > "))
			continue
		case slices.Contains(p.Requires[:i], law):
			r.wrong(at, "policy.pack_required_twice", law)
			continue
		case !isName(law):
			r.wrong(at, "policy.pack_requires", law)
			continue
		}
		under, err := l.pack(law)
		if err != nil {
			r.wrong(at, "policy.pack_requires", law)
			continue
		}
		if under != nil {
			p.Laws = append(p.Laws, under)
		}
	}
	return len(p.Laws) == len(p.Requires)
}
