// Package guard looks at a file before it leaves the board: it stops one in which
// a column tells who somebody is although nobody decided that it may (policy A,
// 1.3 e, 3.3 c and 5.2).
//
//	Learn the roster --Table--> Row, Row, … --Stops--> where, how often and what; never a value
//
// It trusts no column for what it is called: each cell is compared, without accents,
// case and punctuation, whole and word by word. A cell of a row about people (a
// pupil; the members of a class) is compared with their own names and numbers, every
// one of which stops. With everybody else's on the roster it is compared only as far
// as few false alarms come of it, for many a family name is a word too (Blanc, Roy,
// Français):
//
//   - a given and a family name side by side, or an initial and a family name;
//   - a family name after a civility (« Mme », « Mr »);
//   - a column of which half of the values are names, or numbers, of the roster:
//     one that was mistaken for another;
//   - a number of seven digits or more.
//
// And a word that is somebody's own name is yet a word where it stands in at least
// three other rows, and in more than in rows of those who bear it, as « Français »
// in the titles of classes; or where the board has said so (policy.Settings). Neither
// lets two names side by side pass.
package guard

import (
	"cmp"
	"context"
	"hash/maphash"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/policy"
)

// Code says what a column tells.
type Code string

// What stops a file.
const (
	Name       Code = "name"
	BirthDate  Code = "birth_date"
	Number     Code = "number"      // by which the board knows a pupil
	Login      Code = "login"       // a login name that derives from the name or the number
	Email      Code = "email"       // an address, which shows or leads to a name
	SmallGroup Code = "small_group" // a group so small that its members are known
)

// Codes lists them in that order.
var Codes = []Code{Name, BirthDate, Number, Login, Email, SmallGroup}

// Stop is a place where a file was stopped: which rows and how many, never what they hold.
type Stop struct {
	File   string `json:"file"`
	Column string `json:"column"` // its title; its number, from 1, where the title itself stops
	Code   Code   `json:"code"`
	Row    int    `json:"row"` // the first; the titles are row 1
	Rows   int    `json:"rows"`
}

// Message says in words where it is.
func (s Stop) Message() fault.Message {
	return fault.Message{Key: "guard.stop." + string(s.Code), Args: []any{s.File, s.Column, s.Row, fault.Message{Key: "guard.rows", Args: []any{s.Rows}}}}
}

// Refusal refuses (Conflict) a file that is stopped, and says each place; nil lets it go.
func Refusal(stops []Stop) *fault.Fault {
	if len(stops) == 0 {
		return nil
	}
	where := stops[0].Message()
	for _, s := range stops[1:] {
		where = fault.Message{Key: "guard.and", Args: []any{where, s.Message()}}
	}
	return fault.New(fault.Conflict, "guard.stopped", where).Under("1.3e")
}

// Column is a column of a table that is about to leave.
type Column struct {
	Title string
	Let   []Code // what may leave in it, under the terms
	// Domain is that of the addresses which stand for people's own, and may leave in it.
	Domain string
	// Login says that it holds login names, which may not derive from a name.
	Login bool
	// Drawn says that its cells are drawn by chance by aval itself, as passwords: not looked at.
	Drawn bool
	// Words are all that it may hold, as a role; what is none of them is looked at.
	Words []string
	// Public are folded texts that may stand in it although they are somebody's name
	// too, as the names of the board's schools.
	Public map[string]bool
}

// Somebody is a person of the roster, as Roster.Person answers them.
type Somebody int32

// Roster is what the guard knows of everybody: sums of names and numbers, and the
// names of which a login name may be made.
type Roster struct {
	people   []whose
	ids      map[string]Somebody
	full     map[uint64]bool // given and family name side by side, in either order
	single   map[uint64]bool // a given name, or a family name, whole
	families map[uint64]bool // words of family names
	words    map[uint64]bool // words of any name
	numbers  map[uint64]bool
	plain    map[uint64]bool // words that the board says are no names
	smallest int
	today    time.Time
}

type whose struct {
	given, family, number string
	words                 []uint64
}

// seed is the same for everything that is compared.
var seed = maphash.MakeSeed()

func sum(word string) uint64 { return maphash.String(seed, word) }

// join is the sum of two texts side by side.
func join(a, b uint64) uint64 { return (a^(b*0x9e3779b97f4a7c15))*0xff51afd7ed558ccd + b }

func sums(words []string) (s uint64) {
	for _, w := range words {
		s = join(s, sum(w))
	}
	return s
}

// Learn reads the roster of the transaction's board, those who are gone too.
func Learn(ctx context.Context, tx *db.Tx, s policy.Settings) (*Roster, error) {
	r := &Roster{ids: map[string]Somebody{}, full: map[uint64]bool{}, single: map[uint64]bool{}, families: map[uint64]bool{},
		words: map[uint64]bool{}, numbers: map[uint64]bool{}, plain: map[uint64]bool{}, smallest: s.SmallestGroup(), today: tx.Now}
	for word := range strings.FieldsSeq(db.Fold(s.PlainWords)) {
		r.plain[sum(word)] = true
	}
	_, err := db.All(ctx, tx, func(row db.Row) (none struct{}, err error) {
		var id, given, family, number string
		if err = row.Scan(&id, &given, &family, &number); err == nil {
			r.add(id, given, family, number)
		}
		return none, err
	}, `SELECT id, given_name, family_name, number FROM person WHERE board_id = $1`, tx.Board)
	return r, err
}

// particles are words of names that tell nothing of who bears them.
var particles = map[string]bool{"de": true, "la": true, "le": true, "les": true, "du": true, "des": true, "van": true, "von": true, "der": true,
	"el": true, "al": true, "di": true, "da": true, "dos": true, "st": true, "ste": true, "saint": true, "sainte": true, "mc": true, "mac": true, "et": true}

// shortest are the letters from which a word is a name.
const shortest = 2

func telling(word string) bool {
	return utf8.RuneCountInString(word) >= shortest && !particles[word] && strings.ContainsFunc(word, isLetter)
}

func isLetter(r rune) bool { return r < '0' || r > '9' }

func (r *Roster) add(id, given, family, number string) {
	g, f := strings.Fields(db.Fold(given)), strings.Fields(db.Fold(family))
	w := whose{given: given, family: family, number: letters(number)}
	for _, word := range slices.Concat(g, f) {
		if telling(word) {
			w.words = append(w.words, sum(word))
			r.words[sum(word)] = true
		}
	}
	for _, word := range f {
		if telling(word) {
			r.families[sum(word)] = true
		}
	}
	if w.number != "" {
		r.numbers[sum(w.number)] = true
	}
	r.sideBySide(g, f)
	r.ids[id] = Somebody(len(r.people)) //nolint:gosec // a roster has fewer people than that
	r.people = append(r.people, w)
}

// sideBySide learns the ways in which a whole name is written.
func (r *Roster) sideBySide(g, f []string) {
	for _, whole := range [][]string{g, f} {
		if len(whole) > 0 && len(strings.Join(whole, "")) > shortest {
			r.single[sums(whole)] = true
		}
	}
	if len(g) == 0 || len(f) == 0 || len(g[0]) < shortest && len(f) < 2 {
		return
	}
	for _, first := range [][]string{g, g[:1]} {
		for _, last := range [][]string{f, f[:1], f[len(f)-1:]} {
			if telling(last[len(last)-1]) && len(strings.Join(first, ""))+len(strings.Join(last, "")) > 2*shortest {
				r.full[sums(slices.Concat(first, last))] = true
				r.full[sums(slices.Concat(last, first))] = true
			}
		}
	}
	if initial, _ := utf8.DecodeRuneInString(g[0]); len(strings.Join(f, "")) > 3 {
		r.full[sums(slices.Concat([]string{string(initial)}, f))] = true
	}
}

// Person answers somebody by id, if the roster has them.
func (r *Roster) Person(id string) (Somebody, bool) {
	p, ok := r.ids[id]
	return p, ok
}

// letters is a folded text without its spaces.
func letters(s string) string { return strings.ReplaceAll(db.Fold(s), " ", "") }

// Guard looks at the tables of one file, or of one package of files.
type Guard struct {
	roster *Roster
	tables []*Table
	small  map[Stop]tally // by place
	// elsewhere counts the rows in which a word that is a name stands and nobody of the row bears it.
	elsewhere map[uint64]int
}

// Watch begins to look at what leaves together.
func (r *Roster) Watch() *Guard {
	return &Guard{roster: r, small: map[Stop]tally{}, elsewhere: map[uint64]int{}}
}

// Table begins to look at a table; its titles are looked at too.
func (g *Guard) Table(file string, columns []Column) *Table {
	t := &Table{guard: g, file: file, columns: make([]column, len(columns)), row: titles}
	for i, c := range columns {
		t.columns[i] = column{Column: c, stops: map[Code]tally{}, own: map[uint64]tally{}, row: titles}
		if t.columns[i].side(g.roster, folded(c.Title)) {
			t.columns[i].Title = strconv.Itoa(i + 1)
		}
	}
	g.tables = append(g.tables, t)
	return t
}

// Group tells of a group that a row describes, and of how many pupils it has: one
// smaller than the board's smallest stops. A group of nobody describes nobody.
func (g *Guard) Group(file, column string, row, pupils int) {
	if pupils > 0 && pupils < g.roster.smallest {
		at := Stop{File: file, Column: column, Code: SmallGroup}
		g.small[at] = g.small[at].and(tally{1, row})
	}
}

// Stops answers where the file is stopped; none lets it go.
func (g *Guard) Stops() (stops []Stop) {
	for _, t := range g.tables {
		for i := range t.columns {
			c := &t.columns[i]
			found := c.found(g)
			for _, code := range Codes {
				if n := found[code]; n.rows > 0 {
					stops = append(stops, Stop{File: t.file, Column: c.Title, Code: code, Row: n.first, Rows: n.rows})
				}
			}
		}
	}
	var small []Stop
	for s, n := range g.small {
		s.Row, s.Rows = n.first, n.rows
		small = append(small, s)
	}
	slices.SortFunc(small, func(a, b Stop) int { return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Column, b.Column)) })
	return append(stops, small...)
}
