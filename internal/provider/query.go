package provider

import (
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"aval/internal/credential"
	"aval/internal/disclosure"
)

// Pages hold as many objects as OneRoster says when nobody asks, and at most.
const (
	usualLimit = 100
	mostLimit  = 10_000
)

// asked is what a request asks of a collection.
type asked struct {
	disclosure.Query
	chosen map[string]bool // the fields; nil is all of them
	filter string          // as it was sent: it names the count
	warns  warning         // 1.1 answers one with the objects
	params url.Values
}

// warning is a sentence and its token.
type warning struct{ key, token string }

// parameters reads an address as clients send it: encoded, or with the signs of a
// filter as they are. Of a name that comes twice the first counts.
func parameters(raw string) url.Values {
	values := url.Values{}
	for pair := range strings.SplitSeq(raw, "&") {
		name, value, _ := strings.Cut(pair, "=")
		if plain, err := url.QueryUnescape(name); err == nil {
			name = plain
		}
		if plain, err := url.QueryUnescape(value); err == nil {
			value = plain
		}
		if name != "" {
			values.Add(name, value)
		}
	}
	return values
}

// isText tells what a table may hold.
func isText(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }

// read understands what was asked of an operation under some terms, or answers why not.
func read(o op, v credential.Version, t disclosure.Terms, params url.Values) (a asked, refused *refusal) {
	m := o.model(v, t)
	a.params = params
	for name, values := range params {
		if !isText(name) || slices.ContainsFunc(values, func(value string) bool { return !isText(value) }) {
			return a, invalid("provider.unreadable")
		}
	}
	if refused = a.choose(m, v, params); refused != nil || o.one {
		return a, refused
	}
	if a.Limit, refused = number(params, "limit", usualLimit, 1); refused != nil {
		return a, refused
	}
	a.Limit = min(a.Limit, mostLimit)
	if a.Offset, refused = number(params, "offset", 0, 0); refused != nil {
		return a, refused
	}
	if o.only != "" {
		a.Only = []string{o.only}
	}
	if refused = a.order(m, v, params); refused != nil {
		return a, refused
	}
	if a.After = params.Get("after"); a.After != "" && (!cursor.MatchString(a.After) || a.Sort != "") {
		return a, invalid("provider.cursor_wrong")
	}
	if a.filter = params.Get("filter"); a.filter != "" {
		a.Where, a.Any, refused = parseFilter(m, a.filter)
	}
	return a, refused
}

// cursor is a pseudonym, the last of the page before.
var cursor = regexp.MustCompile(`^[a-zA-Z0-9._@/-]{1,255}$`)

func number(params url.Values, name string, usual, least int) (int, *refusal) {
	text := params.Get(name)
	if text == "" {
		return usual, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > 1<<31-1 {
		return 0, invalid("provider.number_wrong")
	}
	return n, nil
}

// choose reads which fields are wanted. What is no field is refused by 1.2; 1.1
// warns, and shows everything.
func (a *asked) choose(m model, v credential.Version, params url.Values) *refusal {
	if !params.Has("fields") {
		return nil
	}
	chosen := map[string]bool{}
	for word := range strings.SplitSeq(params.Get("fields"), ",") {
		word = strings.TrimSpace(word)
		if word == "" {
			return &refusal{status: 400, key: "provider.fields_blank", minor: blankSelection}
		}
		if !slices.Contains(m.fields, word) {
			if v == credential.V1p1 {
				a.warns = warning{"provider.fields_passed_over", unknownSelection[v]}
				return nil
			}
			return &refusal{status: 400, key: "provider.field_unknown", minor: unknownSelection}
		}
		chosen[word] = true
	}
	a.chosen = chosen
	return nil
}

// order reads by what the objects are sorted; by nothing that is a field, the
// order is the usual one.
func (a *asked) order(m model, v credential.Version, params url.Values) *refusal {
	switch params.Get("orderBy") {
	case "", "asc":
	case "desc":
		a.Desc = true
	default:
		return invalid("provider.order_wrong")
	}
	if sort := params.Get("sort"); sort != "" {
		column, known := m.paths[sort]
		if !known && v == credential.V1p1 {
			a.warns = warning{"provider.passed_over", unknownSort[v]}
		}
		if column != "value" {
			a.Sort = column
		}
	}
	return nil
}

var clause = regexp.MustCompile(`^([A-Za-z0-9_]+(?:\.[A-Za-z0-9_]+)*)\s*(!=|>=|<=|=|>|<|~)\s*'`)

// comparison begins another clause: in a value, it was joined by no word of OneRoster,
// and what the value then is nobody has.
var comparison = regexp.MustCompile(`[=<>~]\s*'`)

// parseFilter reads one clause, or two with AND or OR between them. A value ends
// at the quote that the end, or one of those words, follows.
func parseFilter(m model, text string) (clauses []disclosure.Clause, either bool, refused *refusal) {
	text = strings.TrimSpace(text)
	for {
		head := clause.FindStringSubmatch(text)
		if head == nil || len(clauses) == 2 {
			return nil, false, invalid("provider.filter_wrong")
		}
		column, known := m.paths[head[1]]
		if why, sealed := m.sealed[head[1]]; sealed {
			return nil, false, &refusal{status: 400, key: why, minor: unknownFilter}
		}
		if !known {
			return nil, false, &refusal{status: 400, key: "provider.filter_field", minor: unknownFilter}
		}
		value, rest, word, ok := cutValue(text[len(head[0]):])
		if !ok || comparison.MatchString(value) {
			return nil, false, invalid("provider.filter_wrong")
		}
		c := disclosure.Clause{Column: column, Op: disclosure.Op(head[2]), Value: value}
		if column == "changed_at" {
			if c.Value, ok = momentOf(value); !ok || c.Op == disclosure.Contains {
				return nil, false, invalid("provider.moment_wrong")
			}
		}
		clauses = append(clauses, c)
		if word == "" {
			return clauses, either, nil
		}
		either, text = word == "OR", rest
	}
}

// cutValue cuts a value at its closing quote.
func cutValue(text string) (value, rest, word string, ok bool) {
	for at := 0; ; {
		i := strings.IndexByte(text[at:], '\'')
		if i < 0 {
			return "", "", "", false
		}
		at += i
		after := text[at+1:]
		if strings.TrimSpace(after) == "" {
			return text[:at], "", "", true
		}
		for _, w := range []string{"AND", "OR"} {
			if next, found := strings.CutPrefix(after, " "+w+" "); found {
				return text[:at], strings.TrimLeft(next, " "), w, true
			}
		}
		at++
	}
}

// momentOf reads a moment or a day; a plus sign that came as a blank is one again.
func momentOf(text string) (string, bool) {
	text = strings.ReplaceAll(text, " ", "+")
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", time.DateOnly} {
		if at, err := time.Parse(layout, text); err == nil {
			return at.UTC().Format(time.RFC3339Nano), true
		}
	}
	return "", false
}
