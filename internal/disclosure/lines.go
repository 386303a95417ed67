package disclosure

// Passage says whether something of a person leaves.
type Passage string

// The passages.
const (
	Leaves Passage = "leaves"
	Stays  Passage = "withheld" // the decision names it, and yet it stays
	Unsaid Passage = "unasked"  // the decision does not name it
)

// Line is one thing of a person, whether it leaves, why, and the clause that says so.
type Line struct {
	Field   Field // empty for the pseudonym
	Passage Passage
	Why     string // key of a sentence
	Clause  string
}

// Lines lists all that might leave, from the least to what tells most.
func (v View) Lines() []Line {
	list := []Line{{Passage: Leaves, Why: "disclosure.why.pseudonym", Clause: "1.3e"}}
	if v.Refusal != nil {
		list[0] = Line{Passage: Unsaid, Why: "disclosure.why.nothing", Clause: v.Refusal.Clause}
	}
	for _, f := range Fields {
		list = append(list, v.line(f))
	}
	return list
}

func (v View) line(f Field) Line {
	l := Line{Field: f, Passage: Leaves, Clause: "3.3c"}
	switch {
	case v.Refusal != nil:
		l.Passage, l.Why, l.Clause = Unsaid, "disclosure.why.nothing", v.Refusal.Clause
	case f == LoginName && v.Terms.Fields[f]:
		l.Why, l.Clause = "disclosure.why.login", "5.1.1"
	case f == LoginName:
		l.Passage, l.Why, l.Clause = Unsaid, "disclosure.why.no_login", "5.1.1"
	case f == Email && v.Terms.Fields[f] && v.Terms.Aliases != "":
		l.Why, l.Clause = "disclosure.why.alias", clause
	case v.Terms.Fields[f] && f.Shows():
		l.Why, l.Clause = "disclosure.why.promised", clause
	case v.Terms.Fields[f]:
		l.Why = "disclosure.why.named"
	case v.Named[f]:
		l.Passage, l.Why, l.Clause = Stays, needsUndertaking, clause
	case !v.Known:
		l.Passage, l.Why = Unsaid, "disclosure.why.unknown"
	default:
		l.Passage, l.Why = Unsaid, "disclosure.why.unnamed"
	}
	return l
}
