package policy

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/goccy/go-yaml"

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
// YAML files. It refuses what it does not know, with the line and column; a
// clause, criterion or word written twice or in one language only; a permission
// for a role, action, relation or clause that nobody knows; one that shows
// pupils' passwords to the whole board; a clause that no control and no later
// capability carries.
func Load(folder fs.FS, id string) (*Pack, error) {
	return load(folder, id, nil)
}

func load(folder fs.FS, id string, above []string) (*Pack, error) {
	if slices.Contains(above, id) {
		return nil, fault.New(fault.Invalid, "policy.pack_circle", strings.Join(append(above, id), " > "))
	}
	if id == "" || id != path.Base(id) {
		return nil, fault.New(fault.Invalid, "policy.pack_missing", id)
	}
	data, err := fs.ReadFile(folder, id+".yaml")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault.New(fault.Invalid, "policy.pack_missing", id)
	}
	if err != nil {
		return nil, err
	}
	p, err := parse(id+".yaml", data)
	if err != nil {
		return nil, err
	}
	if p.ID != id {
		return nil, fault.New(fault.Invalid, "policy.pack_misnamed", id+".yaml", p.ID)
	}
	for _, law := range p.Requires {
		under, err := load(folder, law, append(above, id))
		if err != nil {
			return nil, err
		}
		p.Laws = append(p.Laws, under)
	}
	if err := p.check(); err != nil {
		return nil, err
	}
	return p, nil
}

// parse reads one file, strictly.
func parse(name string, data []byte) (*Pack, error) {
	var f file
	if err := yaml.UnmarshalWithOptions(data, &f, yaml.Strict()); err != nil {
		return nil, unreadable(name, err)
	}
	p := f.Pack
	for _, g := range f.Permissions {
		p.Permissions = append(p.Permissions, g.rows()...)
	}
	for i := range p.Clauses {
		p.Clauses[i].Pack = p.ID
	}
	return &p, nil
}

// unreadable says where the file is wrong.
func unreadable(name string, err error) error {
	var at yaml.Error
	if !errors.As(err, &at) || at.GetToken() == nil || at.GetToken().Position == nil {
		return fault.New(fault.Invalid, "policy.pack_syntax", name, 1, 1, err.Error())
	}
	pos := at.GetToken().Position
	var unknown *yaml.UnknownFieldError
	if errors.As(err, &unknown) {
		return fault.New(fault.Invalid, "policy.pack_key", name, pos.Line, pos.Column, at.GetToken().Value)
	}
	return fault.New(fault.Invalid, "policy.pack_syntax", name, pos.Line, pos.Column, at.GetMessage())
}

// check is what a pack must be beyond its form.
func (p *Pack) check() error {
	c := checker{pack: p, seen: map[string]bool{}}
	c.text("title", p.Title)
	for _, s := range p.Sections {
		c.once("section", s.ID)
		c.text("section "+s.ID, s.Title)
	}
	for _, clause := range p.All() {
		c.once("clause", clause.ID)
	}
	for _, clause := range p.Clauses {
		c.clause(clause)
	}
	for _, r := range p.Roles {
		c.known("role", string(r.Role), slices.Contains(Roles, r.Role))
		c.once("role", string(r.Role))
		c.text("role "+string(r.Role), r.Title)
	}
	c.words()
	for _, a := range p.Aspects {
		c.aspect(a)
	}
	for _, row := range p.Permissions {
		c.permission(row)
	}
	for _, d := range p.Deadlines {
		c.once("deadline", d.Code)
		c.cites("deadline "+d.Code, d.Clause)
	}
	return c.err
}

// checker keeps the first thing found wrong.
type checker struct {
	pack *Pack
	seen map[string]bool
	err  error
}

func (c *checker) fail(key string, args ...any) {
	if c.err == nil {
		c.err = fault.New(fault.Invalid, key, append([]any{c.pack.ID + ".yaml"}, args...)...)
	}
}

func (c *checker) once(kind, id string) {
	if id == "" {
		c.fail("policy.pack_nameless", kind)
	}
	if c.seen[kind+" "+id] {
		c.fail("policy.pack_twice", kind, id)
	}
	c.seen[kind+" "+id] = true
}

func (c *checker) text(of string, t Text) {
	if strings.TrimSpace(t.Fr) == "" || strings.TrimSpace(t.En) == "" {
		c.fail("policy.pack_text", of)
	}
}

func (c *checker) known(kind, id string, ok bool) {
	if !ok {
		c.fail("policy.pack_reference", kind, id)
	}
}

func (c *checker) cites(of, clause string) {
	if _, ok := c.pack.Clause(clause); !ok {
		c.fail("policy.pack_cites", of, clause)
	}
}

func (c *checker) clause(clause Clause) {
	of := "clause " + clause.ID
	c.text(of, clause.Title)
	c.text(of, clause.Text)
	if len(c.pack.Sections) > 0 {
		c.known("section", clause.Section, c.seen["section "+clause.Section])
	}
	switch clause.Mode {
	case Planned:
		c.known("capability", clause.Capability, slices.Contains(Capabilities, clause.Capability))
	case Defines, Enforces, Monitors, Records:
		if _, ok := Controls[clause.Control]; !ok {
			c.fail("policy.pack_control", clause.ID, clause.Control)
		}
	default:
		c.known("mode", string(clause.Mode), false)
	}
}

func (c *checker) words() {
	terms := func(kind string, list []Term) {
		for _, t := range list {
			c.once(kind, t.Code)
			c.text(kind+" "+t.Code, t.Title)
		}
	}
	terms("name", c.pack.Names)
	terms("family", c.pack.Families)
	terms("function", c.pack.Functions)
	terms("refusal reason", c.pack.RefusalReasons)
	for _, r := range c.pack.RevealReasons {
		c.once("reveal reason", r.Code)
		c.text("reveal reason "+r.Code, r.Title)
		for _, do := range r.For {
			c.known("action", string(do), slices.Contains([]Action{RevealName, RevealAccount, RevealClass, RevealFile}, do))
		}
	}
	for _, f := range c.pack.Functions {
		c.known("family", f.Family, c.seen["family "+f.Family])
	}
	for _, k := range c.pack.DataKinds {
		c.once("data kind", k.Code)
		c.text("data kind "+k.Code, k.Title)
	}
	for _, r := range c.pack.Ladder {
		c.once("rung", r.Code)
		c.text("rung "+r.Code, r.Title)
		c.text("rung "+r.Code, r.Requires)
	}
}

func (c *checker) aspect(a Aspect) {
	c.once("aspect", a.ID)
	c.text("aspect "+a.ID, a.Title)
	c.cites("aspect "+a.ID, a.Clause)
	for _, criterion := range a.Criteria {
		c.once("criterion", criterion.ID)
		c.text("criterion "+criterion.ID, criterion.Name)
		c.text("criterion "+criterion.ID, criterion.Question)
		c.cites("criterion "+criterion.ID, criterion.Clause)
	}
}

func (c *checker) permission(row Permission) {
	c.known("role", string(row.Role), c.seen["role "+string(row.Role)])
	c.known("action", string(row.Do), slices.Contains(Actions, row.Do))
	c.known("relation", string(row.Relation), slices.Contains(Relations, row.Relation))
	c.cites("permission "+string(row.Role)+" "+string(row.Do), row.Clause)
	if row.Relation == Board && slices.Contains(schoolsOnly, row.Do) {
		c.fail("policy.pack_ceiling", string(row.Role), string(row.Do))
	}
}
