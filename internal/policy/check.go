package policy

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"aval/internal/fault"
)

// checker finds what a pack must be beyond its form.
type checker struct {
	*reading
	file  *file
	whole bool              // all that the pack requires was read
	seen  map[string]string // "clause 2.2b" to where it stands
}

// item is the path of a part in a list.
func item(list string, i int) string { return fmt.Sprintf("%s[%d]", list, i) }

func (c *checker) fail(path, key string, args ...any) { c.wrong(c.at(path), key, args...) }

// kind is the word for a kind of entry.
func kind(of string) fault.Message {
	return fault.Message{Key: "policy.kind." + strings.ReplaceAll(of, " ", "_")}
}

// check looks at every part of the pack.
func (c *checker) check() {
	p := &c.file.Pack
	if p.ID == "" {
		c.fail("id", "policy.pack_nameless", kind("pack"))
	}
	c.known("kind", "kind", string(p.Kind), []string{string(OfPolicy), string(OfLaw)})
	c.text("title", p.Title)
	c.day("in_force", p.InForce)
	c.day("verified_on", p.VerifiedOn)
	if (p.VerifiedBy == "") != (p.VerifiedOn == "") {
		c.fail("verified_by", "policy.pack_half_verified")
	}
	for i, s := range p.Sections {
		c.entry("section", item("sections", i), "id", s.ID, s.Title)
	}
	c.clauses()
	for i, r := range p.Roles {
		at := item("roles", i)
		c.entry("role", at, "role", string(r.Role), r.Title)
		if r.Role != "" && !slices.Contains(Roles, r.Role) {
			c.fail(at+".role", "policy.pack_nobody", string(r.Role), list(Roles))
		}
	}
	c.words()
	c.aspects()
	for i, g := range c.file.Permissions {
		c.group(item("permissions", i), g)
	}
	c.thresholds()
}

// entry is what each part of a list has: a name of its own, and a title.
func (c *checker) entry(of, at, key, id string, title Text) {
	c.once(of, at, key, id)
	c.text(at+".title", title)
}

// once refuses a name that is missing or taken.
func (c *checker) once(of, at, key, id string) {
	if id == "" {
		c.fail(at, "policy.pack_nameless", kind(of))
		return
	}
	if where, taken := c.seen[of+" "+id]; taken {
		c.fail(at+"."+key, "policy.pack_twice", kind(of), id, where)
		return
	}
	c.seen[of+" "+id] = fmt.Sprintf("%s:%d", c.reading.file, c.at(at+"."+key).line)
}

func (c *checker) text(at string, t Text) {
	for _, each := range []struct{ lang, text string }{{"fr", t.Fr}, {"en", t.En}} {
		if strings.TrimSpace(each.text) == "" {
			c.fail(at, "policy.pack_text_"+each.lang, at)
		}
	}
}

func (c *checker) day(at, day string) {
	if _, err := time.Parse(time.DateOnly, day); day != "" && err != nil {
		c.fail(at, "policy.pack_day", day)
	}
}

// lacks refuses a word that is not there.
func (c *checker) lacks(of, at, word string) bool {
	if word == "" {
		c.fail(at, "policy.pack_lacks", kind(of))
	}
	return word == ""
}

// known refuses a word that is none of those known.
func (c *checker) known(of, at, word string, words []string) {
	if c.lacks(of, at, word) {
		return
	}
	if !slices.Contains(words, word) {
		c.fail(at, "policy.pack_reference", kind(of), word, strings.Join(near(word, words), ", "))
	}
}

// near are the words to choose from: of a long list, those of the same area.
func near(word string, words []string) []string {
	if len(words) < 20 {
		return words
	}
	area, _, _ := strings.Cut(word, ".")
	var same, areas []string
	for _, w := range words {
		of, _, _ := strings.Cut(w, ".")
		if of == area {
			same = append(same, w)
		}
		if !slices.Contains(areas, of+".…") {
			areas = append(areas, of+".…")
		}
	}
	if len(same) > 0 {
		return same
	}
	return areas
}

// refers refuses a word that no entry of the pack bears.
func (c *checker) refers(of, at, word string) {
	if c.lacks(of, at, word) {
		return
	}
	if _, ok := c.seen[of+" "+word]; !ok {
		c.fail(at, "policy.pack_refers", kind(of), word)
	}
}

func (c *checker) cites(at, clause string) {
	if c.lacks("clause", at+".clause", clause) {
		return
	}
	if _, ok := c.file.Clause(clause); !ok && c.whole {
		c.fail(at+".clause", "policy.pack_cites", clause)
	}
}

func list[T ~string](words []T) string {
	all := make([]string, len(words))
	for i, w := range words {
		all[i] = string(w)
	}
	return strings.Join(all, ", ")
}

func (c *checker) clauses() {
	for _, law := range c.file.Laws {
		for _, clause := range law.All() {
			c.seen["clause "+clause.ID] = clause.Pack + ".yaml"
		}
	}
	for i, clause := range c.file.Clauses {
		at := item("clauses", i)
		c.entry("clause", at, "id", clause.ID, clause.Title)
		c.text(at+".text", clause.Text)
		if len(c.file.Sections) > 0 {
			c.refers("section", at+".section", clause.Section)
		}
		c.control(at, clause)
		c.source(at, clause)
	}
	for i, clause := range c.file.Clauses {
		for j, id := range clause.KnownAs {
			at := fmt.Sprintf("clauses[%d].known_as[%d]", i, j)
			if where, taken := c.seen["clause "+id]; taken {
				c.fail(at, "policy.pack_twice", kind("clause"), id, where)
			}
			c.seen["clause "+id] = fmt.Sprintf("%s:%d", c.reading.file, c.at(at).line)
		}
	}
}

// control refuses a clause that nothing carries, now or later.
func (c *checker) control(at string, clause Clause) {
	_, carried := Controls[clause.Control]
	switch {
	case clause.Control == "":
		c.fail(at, "policy.pack_no_control", clause.ID)
	case clause.Mode == Planned && carried:
		c.fail(at+".mode", "policy.pack_not_planned", clause.ID, clause.Control)
	case clause.Mode != Planned && !carried:
		c.fail(at+".control", "policy.pack_control", clause.ID, clause.Control)
	}
	switch clause.Mode {
	case Planned:
		c.known("capability", at+".capability", clause.Capability, Capabilities)
	case Defines, Enforces, Monitors, Records:
		if clause.Capability != "" {
			c.fail(at+".capability", "policy.pack_carried", clause.ID)
		}
	default:
		c.known("mode", at+".mode", string(clause.Mode), modes)
	}
}

var modes = []string{string(Defines), string(Enforces), string(Monitors), string(Records), string(Planned)}

// source refuses a clause of a law that does not say where it comes from.
func (c *checker) source(at string, clause Clause) {
	law := c.file.Kind == OfLaw
	if law && clause.Cite == (Text{}) {
		c.fail(at, "policy.pack_cite", clause.ID)
	} else if clause.Cite != (Text{}) {
		c.text(at+".cite", clause.Cite)
	}
	if law || clause.Confidence != "" {
		c.known("confidence", at+".confidence", string(clause.Confidence), []string{string(High), string(Medium), string(Low)})
	}
	if clause.Status != "" {
		c.known("status", at+".status", clause.Status, []string{ToVerify})
	}
}

func (c *checker) words() {
	p := &c.file.Pack
	terms := func(of, name string, list []Term) {
		for i, t := range list {
			c.entry(of, item(name, i), "code", t.Code, t.Title)
		}
	}
	terms("name", "names", p.Names)
	terms("family", "families", p.Families)
	terms("function", "functions", p.Functions)
	terms("refusal reason", "refusal_reasons", p.RefusalReasons)
	for i, f := range p.Functions {
		c.refers("family", item("functions", i)+".family", f.Family)
	}
	for i, r := range p.RevealReasons {
		at := item("reveal_reasons", i)
		c.entry("reveal reason", at, "code", r.Code, r.Title)
		for j, do := range r.For {
			c.known("action", item(at+".for", j), string(do), []string{string(RevealName), string(RevealAccount), string(RevealClass),
				string(RevealFile), string(RevealGuardians), string(RosterMerge)})
		}
	}
	for i, q := range p.Assessment {
		at := item("assessment", i)
		if q.Kind != "" {
			c.known("question kind", at+".kind", q.Kind, QuestionKinds)
		}
		if q.Clause != "" {
			c.cites(at, q.Clause)
		}
		for j, code := range q.When {
			c.refers("question", item(at+".when", j), code) // an earlier one
		}
		c.entry("question", at, "code", q.Code, q.Title)
	}
	for i, code := range p.Registers {
		at := item("registers", i)
		c.once("register", at, "", code)
		c.known("register", at, code, Registers)
	}
	for i, x := range p.ContractItems {
		at := item("contract_items", i)
		c.entry("contract item", at, "code", x.Code, x.Title)
		c.cites(at, x.Clause)
	}
	for i, k := range p.DataKinds {
		c.entry("data kind", item("data_kinds", i), "code", k.Code, k.Title)
	}
	terms("data subject", "data_subjects", p.DataSubjects)
	c.classes()
	for i, d := range p.Duties {
		c.entry("duty", item("duties", i), "code", d.Code, d.Title)
	}
	if len(p.Duties) > 0 && p.DutiesVersion == "" {
		c.fail("duties", "policy.pack_lacks", kind("duties version"))
	}
	for i, r := range p.Ladder {
		at := item("ladder", i)
		c.entry("rung", at, "code", r.Code, r.Title)
		c.text(at+".requires", r.Requires)
	}
}

// classes looks at the scheme of information, and at who decides.
func (c *checker) classes() {
	roles, authorities := strings.Split(list(Roles), ", "), strings.Split(list(c.file.Authorities), ", ")
	for i, role := range c.file.Authorities {
		c.known("role", item("authorities", i), string(role), roles)
	}
	for i, d := range c.file.DataClasses {
		at := item("data_classes", i)
		c.entry("data class", at, "code", d.Code, d.Title)
		c.text(at+".about", d.About)
		for j, code := range d.Kinds {
			c.refers("data kind", item(at+".kinds", j), code)
		}
		c.known("role", at+".owner", string(d.Owner), roles)
		c.known("role", at+".keeper", string(d.Keeper), roles)
		c.known("role", at+".low", string(d.Low), authorities)
		c.known("role", at+".medium", string(d.Medium), authorities)
		c.known("role", at+".high", string(d.High), authorities)
	}
}

func (c *checker) aspects() {
	for i, a := range c.file.Aspects {
		at := item("aspects", i)
		c.entry("aspect", at, "id", a.ID, a.Title)
		c.cites(at, a.Clause)
		for j, criterion := range a.Criteria {
			at := item(at+".criteria", j)
			c.once("criterion", at, "id", criterion.ID)
			c.text(at+".name", criterion.Name)
			c.text(at+".question", criterion.Question)
			c.cites(at, criterion.Clause)
		}
	}
	for i, a := range c.file.Aspects {
		if a.Conclusion != "" {
			c.refers("aspect", item("aspects", i)+".conclusion", a.Conclusion)
		}
	}
}

func (c *checker) group(at string, g group) {
	if len(g.rows()) == 0 {
		c.fail(at, "policy.pack_row_empty")
	}
	for i, role := range g.Roles {
		if slices.Contains(Roles, role) {
			c.refers("role", item(at+".roles", i), string(role))
		} else {
			c.fail(item(at+".roles", i), "policy.pack_nobody", string(role), list(Roles))
		}
	}
	for i, relation := range g.Relations {
		c.known("relation", item(at+".relations", i), string(relation), strings.Split(list(Relations), ", "))
	}
	for i, do := range g.Do {
		c.known("action", item(at+".do", i), string(do), strings.Split(list(Actions), ", "))
		if slices.Contains(g.Relations, Board) && slices.Contains(schoolsOnly, do) {
			c.fail(item(at+".do", i), "policy.pack_ceiling", list(g.Roles), string(do))
		}
	}
	c.cites(at, g.Clause)
}

// thresholds refuses a figure looser than that of a law underneath.
func (c *checker) thresholds() {
	for i, t := range c.file.Thresholds {
		at := item("thresholds", i)
		c.once("threshold", at, "code", t.Code)
		c.cites(at, t.Clause)
		c.known("unit", at+".unit", t.Unit, Units)
		c.known("bound", at+".bound", string(t.Bound), []string{string(AtLeast), string(AtMost)})
		if t.Value < 1 {
			c.fail(at+".value", "policy.pack_value")
		}
		for _, law := range c.file.Laws {
			for _, of := range law.Thresholds {
				if of.Code == t.Code && t.loosens(of) {
					c.fail(at+".value", "policy.pack_loosens", t.Code, fault.Message{Key: "policy.bound." + string(of.Bound)},
						of.Value, fault.Message{Key: "policy.unit." + of.Unit}, of.Clause)
				}
			}
		}
	}
}

// loosens tells whether a threshold lets through what that of a law does not.
// Figures in different units cannot be compared, and are not let through.
func (t Threshold) loosens(law Threshold) bool {
	if t.Unit != law.Unit || t.Bound != law.Bound {
		return true
	}
	if law.Bound == AtLeast {
		return t.Value < law.Value
	}
	return t.Value > law.Value
}
