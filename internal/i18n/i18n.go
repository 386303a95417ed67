// Package i18n keeps every sentence that a person may read, French and English
// side by side, and writes dates, numbers and money as each language does.
//
// Texts stand in text/<area>.json: a key, and per language either a sentence
// or, for counted words, its forms ("one", "other"). Arguments are put in with
// the verbs of fmt; whole numbers are grouped as the language groups them. A
// key that nobody wrote is shown as itself, so that a page never breaks.
package i18n

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"math"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // dates are read in the board's zone on any machine
	"unicode"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"

	"aval/internal/fault"
)

//go:embed text/*.json
var texts embed.FS

// Languages are those the house speaks, the first by default.
var Languages = []string{"fr", "en"}

// nbsp keeps a number and what follows it on one line.
const nbsp = "\u00a0"

// sentences are all that is written, by key and language. They are read when the first is
// asked for, and made ready one by one: a program's start is felt at each command.
var sentences = sync.OnceValue(func() map[string]map[string]sentence {
	all := map[string]map[string]sentence{}
	files, err := fs.Glob(texts, "text/*.json")
	if err != nil {
		panic(err) // the pattern is ours
	}
	for _, file := range files {
		data, err := texts.ReadFile(file)
		if err != nil {
			panic(err) // embedded
		}
		if err := json.Unmarshal(data, &all); err != nil {
			panic(fmt.Sprintf("texts of %s: %v", path.Base(file), err)) // found by every test
		}
	}
	return all
})

// sentence is a text, or its forms for one thing and for others.
type sentence struct{ One, Other string }

// UnmarshalJSON reads a text, or an object of its forms.
func (s *sentence) UnmarshalJSON(raw []byte) error {
	if raw[0] == '{' {
		type forms sentence
		return json.Unmarshal(raw, (*forms)(s))
	}
	err := json.Unmarshal(raw, &s.Other)
	s.One = s.Other
	return err
}

// message is the sentence as the library takes it. French asks for "many" (a million),
// which our sentences say as "other".
func (s sentence) message(key string) *i18n.Message {
	return &i18n.Message{ID: key, LeftDelim: "<<", RightDelim: ">>", One: s.One, Many: s.Other, Other: s.Other}
}

// Keys lists every key with the languages it is written in.
func Keys() map[string]map[string]bool {
	keys := map[string]map[string]bool{}
	for key, byLang := range sentences() {
		keys[key] = map[string]bool{}
		for lang := range byLang {
			keys[key][lang] = true
		}
	}
	return keys
}

// Printer writes in one language.
type Printer struct {
	Lang    string
	loc     *i18n.Localizer
	formats *sync.Map           // formatKey to string; keys are those of the texts alone
	cite    func(string) string // nil: each clause by the number it is asked with
}

var printers = func() map[string]*Printer {
	m := map[string]*Printer{}
	for _, lang := range Languages {
		m[lang] = &Printer{Lang: lang, loc: i18n.NewLocalizer(i18n.NewBundle(language.Make(lang)), lang), formats: &sync.Map{}}
	}
	return m
}()

// For answers the printer of a language; what we do not speak is French.
func For(lang string) *Printer {
	if p, ok := printers[lang]; ok {
		return p
	}
	return printers[Languages[0]]
}

// Citing is the same printer for a policy that numbers its clauses in its own way.
func (p *Printer) Citing(cite func(string) string) *Printer {
	citing := *p
	citing.cite = cite
	return &citing
}

// Cited is the number of a clause in the policy of the reader.
func (p *Printer) Cited(id string) string {
	if p.cite == nil {
		return id
	}
	return p.cite(id)
}

// Choose answers the first language of an Accept-Language header that we speak.
func Choose(header string) string {
	tags, _, err := language.ParseAcceptLanguage(header)
	if err != nil {
		return Languages[0]
	}
	for _, tag := range tags {
		base, _ := tag.Base()
		if slices.Contains(Languages, base.String()) {
			return base.String()
		}
	}
	return Languages[0]
}

// Other is the language of the switch.
func (p *Printer) Other() string {
	if p.Lang == "fr" {
		return "en"
	}
	return "fr"
}

// Has tells whether someone wrote this key.
func (p *Printer) Has(key string) bool {
	_, ok := sentences()[key][p.Lang]
	return ok
}

// T answers the sentence of a key. Where the first argument is an int, it is
// what the sentence counts.
func (p *Printer) T(key string, args ...any) string {
	format := p.format(key, args)
	if len(args) == 0 || !strings.Contains(format, "%") { // a form may leave its count out: "one class"
		return strings.ReplaceAll(format, "%%", "%")
	}
	written := make([]any, len(args))
	for i, arg := range args {
		written[i] = p.write(arg)
	}
	format = strings.ReplaceAll(format, "%d", "%s")
	if n := strings.Count(strings.ReplaceAll(format, "%%", ""), "%"); n < len(written) && !strings.Contains(format, "%[") {
		written = written[:n]
	}
	return fmt.Sprintf(format, written...)
}

// format answers the sentence before its arguments are put in, remembered:
// choosing it costs more than all the rest.
func (p *Printer) format(key string, args []any) string {
	config := &i18n.LocalizeConfig{}
	asked := formatKey{key: key, count: -1}
	if len(args) > 0 {
		if n, ok := args[0].(int); ok {
			config.PluralCount, asked.count = n, min(max(n, 0), 2) // both languages tell 0, 1 and more apart at most
		}
	}
	if format, ok := p.formats.Load(asked); ok {
		return format.(string)
	}
	written, ok := sentences()[key][p.Lang]
	if !ok {
		return key
	}
	config.DefaultMessage = written.message(key)
	format, err := p.loc.Localize(config)
	if err != nil {
		return key
	}
	p.formats.Store(asked, format)
	return format
}

type formatKey struct {
	key   string
	count int
}

// N is T for n things: n is the first argument.
func (p *Printer) N(key string, n int, args ...any) string {
	return p.T(key, append([]any{n}, args...)...)
}

// Fault answers the sentence of a refusal.
func (p *Printer) Fault(f *fault.Fault) string { return p.T(f.Key, f.Args...) }

// Message answers the sentence of a field that must be mended.
func (p *Printer) Message(m fault.Message) string { return p.T(m.Key, m.Args...) }

func (p *Printer) write(arg any) any {
	switch v := arg.(type) {
	case int:
		return p.Int(int64(v))
	case int64:
		return p.Int(v)
	case time.Time:
		return p.Date(v)
	case fault.Message: // a word of its own
		return p.Message(v)
	default:
		return fmt.Sprint(v)
	}
}

// Int groups the digits: 4 512 in French (no-break space), 4,512 in English.
func (p *Printer) Int(n int64) string {
	s := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, s = "-", s[1:]
	}
	sep := ","
	if p.Lang == "fr" {
		sep = nbsp
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + sep + s[i:]
	}
	return sign + s
}

// Decimal writes a number with one digit after the mark, when it has some: 12,5 in
// French, 12.5 in English.
func (p *Printer) Decimal(n float64) string {
	tenths := int64(math.Round(math.Abs(n) * 10))
	text := p.Int(tenths / 10)
	if tenths%10 != 0 {
		mark := "."
		if p.Lang == "fr" {
			mark = ","
		}
		text += mark + strconv.FormatInt(tenths%10, 10)
	}
	if n < 0 && tenths > 0 {
		text = "-" + text
	}
	return text
}

// Money writes an amount of cents in dollars: 252 $, or $252; cents only when there are some.
func (p *Printer) Money(cents int64) string {
	whole, rest := p.Int(cents/100), cents%100
	if p.Lang == "fr" {
		if rest != 0 {
			whole += fmt.Sprintf(",%02d", rest)
		}
		return whole + nbsp + "$"
	}
	if rest != 0 {
		whole += fmt.Sprintf(".%02d", rest)
	}
	return "$" + whole
}

var months = map[string][12]string{
	"fr": {"janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"},
	"en": {"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"},
}
var shortMonths = map[string][12]string{
	"fr": {"janv.", "févr.", "mars", "avr.", "mai", "juin", "juill.", "août", "sept.", "oct.", "nov.", "déc."},
	"en": {"Jan.", "Feb.", "Mar.", "Apr.", "May", "June", "July", "Aug.", "Sept.", "Oct.", "Nov.", "Dec."},
}
var days = map[string][7]string{
	"fr": {"dimanche", "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi"},
	"en": {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"},
}

// DayOf is a moment's calendar day where the boards are, as 2026-11-20.
func DayOf(at time.Time) string { return at.In(Zone).Format(time.DateOnly) }

// Clean trims a text that a person typed, and drops what no keyboard types and no
// database keeps.
func Clean(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t' {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "")))
}

// Zone is where dates are read; boards of the two provinces share it.
var Zone = func() *time.Location {
	z, err := time.LoadLocation("America/Toronto")
	if err != nil {
		return time.UTC
	}
	return z
}()

// Date is the short date of lists: 20 nov. 2026, 20 Nov. 2026.
func (p *Printer) Date(t time.Time) string {
	t = t.In(Zone)
	return p.day(t) + nbsp + shortMonths[p.Lang][t.Month()-1] + nbsp + strconv.Itoa(t.Year())
}

// DateLong is the date of a head or a letter: vendredi 20 novembre 2026.
func (p *Printer) DateLong(t time.Time) string {
	t = t.In(Zone)
	return days[p.Lang][t.Weekday()] + " " + p.DateLetter(t)
}

// DateLetter is the date of a letter: 20 novembre 2026, 1er juin 2026.
func (p *Printer) DateLetter(t time.Time) string {
	t = t.In(Zone)
	return p.day(t) + nbsp + months[p.Lang][t.Month()-1] + " " + strconv.Itoa(t.Year())
}

// Day writes a calendar day kept as 2006-01-02; what is not one is left as it is.
func (p *Printer) Day(s string) string {
	t, err := time.ParseInLocation(time.DateOnly, s, Zone)
	if err != nil {
		return s
	}
	return p.Date(t)
}

func (p *Printer) day(t time.Time) string {
	if p.Lang == "fr" && t.Day() == 1 {
		return "1er"
	}
	return strconv.Itoa(t.Day())
}

// Time is the hour of the day: 14 h 05, 2:05 p.m.
func (p *Printer) Time(t time.Time) string {
	t = t.In(Zone)
	if p.Lang == "fr" {
		return fmt.Sprintf("%d"+nbsp+"h"+nbsp+"%02d", t.Hour(), t.Minute())
	}
	half := "a.m."
	if t.Hour() >= 12 {
		half = "p.m."
	}
	return fmt.Sprintf("%d:%02d"+nbsp+"%s", (t.Hour()+11)%12+1, t.Minute(), half)
}

// Clause writes the number of a clause as the policy does: § 2.2 b.
func (p *Printer) Clause(id string) string {
	if id == "" {
		return ""
	}
	id = p.Cited(id)
	n := len(id)
	if last := id[n-1]; n > 1 && last >= 'a' && last <= 'z' && id[n-2] >= '0' && id[n-2] <= '9' {
		id = id[:n-1] + nbsp + id[n-1:]
	}
	return "§" + nbsp + id
}
