package guard

import (
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"aval/internal/db"
	"aval/internal/licence"
)

// Table is one that is about to leave.
type Table struct {
	guard   *Guard
	file    string
	columns []column
	row     int // the last that was looked at
}

// titles is the row in which the titles stand.
const titles = 1

// tally counts rows, and keeps the first.
type tally struct{ rows, first int }

// and is both together.
func (t tally) and(o tally) tally {
	if t.rows == 0 || o.rows > 0 && o.first < t.first {
		t.first = o.first
	}
	t.rows += o.rows
	return t
}

// or is both, of which one may count rows of the other.
func (t tally) or(o tally) tally {
	most := max(t.rows, o.rows)
	t = t.and(o)
	t.rows = most
	return t
}

// column is one of its columns, and what was seen in it.
type column struct {
	Column
	row     int // that is looked at
	stops   map[Code]tally
	own     map[uint64]tally // rows whose own people bear this word
	values  values           // all
	figures values           // those with a figure
	last    string
	words   []string // of last
}

// values counts how many different values there are, and how many are somebody's.
type values struct {
	met   map[uint64]bool
	whose int // different values that are somebody's
	rows  tally
}

// take counts a value; when there are many, those that were not met before are passed over.
func (v *values) take(value uint64, somebodys bool, row int) {
	first := !v.met[value]
	if first && len(v.met) == mostValues {
		return
	}
	if v.met == nil {
		v.met = map[uint64]bool{}
	}
	v.met[value] = true
	if somebodys {
		v.rows = v.rows.and(tally{1, row})
		if first {
			v.whose++
		}
	}
}

// half tells whether at least half of the values are somebody's.
func (v *values) half() bool { return v.whose > 0 && 2*v.whose >= len(v.met) }

// mostValues bounds how many different values of a column are counted: as many as
// tell what the column holds.
const mostValues = 4096

// Row looks at a row, which is about these people.
func (t *Table) Row(about []Somebody, cells []string) {
	r := t.guard.roster
	t.row++
	for i := range t.columns {
		if i == len(cells) {
			return
		}
		c, cell := &t.columns[i], cells[i]
		c.row = t.row
		if cell == "" || c.Drawn || slices.Contains(c.Words, cell) {
			continue
		}
		if cell != c.last {
			c.last, c.words = cell, folded(cell)
		}
		if c.Public[strings.Join(c.words, " ")] {
			continue
		}
		t.look(r, c, about, cell)
	}
}

func (t *Table) look(r *Roster, c *column, about []Somebody, cell string) {
	if strings.Contains(cell, "@") && isAddress(cell) {
		if c.Domain == "" || !strings.HasSuffix(cell, "@"+c.Domain) {
			c.stop(Email)
		}
		return
	}
	if c.Login && !isPseudonym(cell) && derives(r, about, cell) {
		c.stop(Login)
	}
	if born(cell, c.words, r.today) {
		c.stop(BirthDate)
	}
	if c.number(r, about) {
		c.stop(Number)
	}
	if c.side(r, c.words) {
		return
	}
	c.one(t.guard, about)
	c.whole(r)
}

// stop counts a row, once for each thing that it tells.
func (c *column) stop(code Code) { c.stops[code] = c.stops[code].and(tally{1, c.row}) }

// folded are the words of a cell. What aval draws by chance, in the letters of base
// 32, is one word as it stands.
func folded(cell string) []string {
	for i := range len(cell) {
		if b := cell[i]; (b < 'a' || b > 'z') && (b < '0' || b > '9') {
			return strings.Fields(db.Fold(cell))
		}
	}
	return []string{cell}
}

// civil are the words after which a family name stands.
var civil = map[string]bool{"m": true, "mr": true, "mme": true, "mlle": true, "mrs": true, "ms": true, "miss": true, "mx": true, "dr": true, "dre": true,
	"prof": true, "madame": true, "monsieur": true, "mademoiselle": true, "enseignant": true, "enseignante": true, "titulaire": true, "teacher": true}

// longestName is of how many words a whole name is at most.
const longestName = 6

// side tells whether a given and a family name stand side by side, or a family name
// after a civility.
func (c *column) side(r *Roster, words []string) bool {
	for i, word := range words {
		if civil[word] {
			next := i + 1
			for next < len(words) && particles[words[next]] {
				next++
			}
			if next < len(words) && r.families[sum(words[next])] {
				c.stop(Name)
				return true
			}
		}
		s := join(0, sum(word))
		for _, more := range words[i+1 : min(len(words), i+longestName)] {
			s = join(s, sum(more))
			if r.full[s] {
				c.stop(Name)
				return true
			}
		}
	}
	return false
}

// one counts a word of the cell that is a name of the row's own people, and elsewhere
// the words that are names of others.
func (c *column) one(g *Guard, about []Somebody) {
	for i, word := range c.words {
		if !telling(word) || slices.Contains(c.words[:i], word) {
			continue
		}
		s := sum(word)
		if !g.roster.words[s] || g.roster.plain[s] {
			continue
		}
		if slices.ContainsFunc(about, func(p Somebody) bool { return slices.Contains(g.roster.people[p].words, s) }) {
			c.own[s] = c.own[s].and(tally{1, c.row})
		} else {
			g.elsewhere[s]++
		}
	}
}

// whole counts values that are a name from their beginning to their end.
func (c *column) whole(r *Roster) {
	s := sums(c.words)
	c.values.take(s, r.single[s] && !slices.ContainsFunc(c.words, func(w string) bool { return r.plain[sum(w)] }), c.row)
}

// The length from which a number is one: of whom a row is about alone; of one of
// several, in a login name, or where half of a column is such; of anybody in any text.
const (
	loneNumber = 3
	someNumber = 5
	anyNumber  = 7
)

// number tells whether somebody's number stands in the cell.
func (c *column) number(r *Roster, about []Somebody) bool {
	if !strings.ContainsAny(c.last, "0123456789") {
		return false
	}
	joined, shortest := strings.Join(c.words, ""), someNumber
	if len(about) == 1 && !c.Login { // a login name is drawn with figures
		shortest = loneNumber
	}
	for _, p := range about {
		if n := r.people[p].number; len(n) >= shortest && (joined == n || slices.Contains(c.words, n)) {
			return true
		}
	}
	for _, word := range c.words {
		if len(word) >= anyNumber && len(c.words) > 1 && r.numbers[sum(word)] {
			return true
		}
	}
	if len(joined) >= someNumber {
		c.figures.take(sum(joined), r.numbers[sum(joined)], c.row)
	}
	return false
}

// fewest are the different names from which a column is one of names.
const fewest = 3

// found are the rows that stop, by what they tell.
func (c *column) found(g *Guard) map[Code]tally {
	found := maps.Clone(c.stops)
	for word, n := range c.own {
		if away := g.elsewhere[word]; away < 3 || away < n.rows {
			found[Name] = found[Name].and(n)
		}
	}
	if c.values.whose >= fewest && c.values.half() {
		found[Name] = found[Name].or(c.values.rows)
	}
	if c.figures.half() {
		found[Number] = found[Number].or(c.figures.rows)
	}
	for _, code := range c.Let {
		delete(found, code)
	}
	return found
}

// isAddress tells whether a text is, or holds, an e-mail address.
func isAddress(cell string) bool {
	local, domain, _ := strings.Cut(cell, "@")
	return strings.TrimSpace(local) != "" && strings.Contains(domain, ".")
}

// isPseudonym tells whether a text is as db.NewID makes them: what stands in it is chance.
func isPseudonym(cell string) bool {
	return len(cell) == len("aaaaaaaaaaaaaaaaaaaaaaaaaa") && !strings.ContainsFunc(cell, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '2' || r > '7')
	})
}

// prefix are the letters of a name with which a login name that derives from it begins.
const prefix = 4

// derives tells whether a login name is made of its owner's name or number: of whom the row is about first.
func derives(r *Roster, about []Somebody, login string) bool {
	plain := letters(login)
	begin := strings.TrimRight(plain, "0123456789")
	for _, p := range about[:min(1, len(about))] {
		w := r.people[p]
		if licence.ShowsName(w.given, w.family, login) || len(w.number) >= someNumber && strings.Contains(plain, w.number) {
			return true
		}
		for _, name := range []string{letters(w.given), letters(w.family)} {
			if n := []rune(name); len(n) >= prefix && strings.HasPrefix(begin, string(n[:prefix])) {
				return true
			}
		}
	}
	return false
}

// youngest are the years before which whoever is at school was born; oldest those
// after which anybody was.
const (
	youngest = 3
	oldest   = 100
)

// months are how a date in letters names them.
var months = map[string]time.Month{"janvier": 1, "fevrier": 2, "mars": 3, "avril": 4, "mai": 5, "juin": 6, "juillet": 7, "aout": 8, "septembre": 9,
	"octobre": 10, "novembre": 11, "decembre": 12, "january": 1, "february": 2, "march": 3, "april": 4, "may": 5, "june": 6, "july": 7, "august": 8,
	"september": 9, "october": 10, "november": 11, "december": 12}

// born tells whether a cell holds a day on which somebody at school may be born.
func born(cell string, words []string, today time.Time) bool {
	if !strings.ContainsAny(cell, "0123456789") {
		return false
	}
	for _, word := range words {
		if len(word) == len("20150823") && then(word[:4], word[4:6], word[6:], today) {
			return true
		}
	}
	for i := 0; i+3 <= len(words); i++ {
		a, b, c := words[i], words[i+1], words[i+2]
		if month, ok := months[b]; ok {
			b = month.String()
		}
		if month, ok := months[a]; ok { // August 23, 2015
			a, b = b, month.String()
		}
		if then(a, b, c, today) || then(c, b, a, today) || then(c, a, b, today) {
			return true
		}
	}
	return false
}

// then tells whether year, month and day are one on which somebody at school may be born.
func then(year, month, day string, today time.Time) bool {
	if len(year) != 4 || len(day) > 2 || utf8.RuneCountInString(month) < 1 {
		return false
	}
	for _, layout := range []string{"2006-1-2", "2006-January-2"} {
		if at, err := time.Parse(layout, year+"-"+month+"-"+day); err == nil {
			return at.After(today.AddDate(-oldest, 0, 0)) && at.Before(today.AddDate(-youngest, 0, 0))
		}
	}
	return false
}
