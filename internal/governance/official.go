package governance

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"aval/internal/i18n"
	"aval/internal/policy"
)

// Official is the signed text of the policy in one language, as the secretary
// keeps it (policy A, 7.1).
type Official struct {
	ID         string
	Label      string // the version's, such as "EC 2023-233"
	Lang       string
	InForceOn  string
	Pages      map[string]int // of clauses in the document, where they are known
	File       File
	UploadedBy string
	UploadedAt time.Time
}

// Subject names an official text in the trail and in the marks of controls.
func (o Official) Subject() string { return "official:" + o.ID }

// Page is where a clause stands in the document; 0 when nobody said.
func (o Official) Page(clause string) int { return o.Pages[clause] }

// Current is the text of a language that is in force on a day: of those whose
// day has come, the last; kept ones are given the newest in force first.
func Current(kept []Official, lang, today string) (Official, bool) {
	at := slices.IndexFunc(kept, func(o Official) bool { return o.Lang == lang && o.InForceOn <= today })
	if at < 0 {
		return Official{}, false
	}
	return kept[at], true
}

// maxLabel is the longest name of a version, maxPage the last page that a
// document may have.
const (
	maxLabel = 60
	maxPage  = 5000
)

// check is what an official text must say.
func (o *Official) check(p *policy.Pack, pages string, wrong form) {
	o.Label, o.InForceOn = i18n.Clean(o.Label), i18n.Clean(o.InForceOn)
	wrong.text("label", o.Label, maxLabel, true)
	if !slices.Contains(i18n.Languages, o.Lang) {
		wrong.wrong("lang", "governance.lang_required")
	}
	wrong.day("in_force_on", o.InForceOn)
	var line int
	if o.Pages, line = readPages(p, pages); line > 0 {
		wrong.wrong("pages", "governance.pages_wrong", line)
	}
}

// readPages reads lines of a clause and its page; line is the first that is none.
func readPages(p *policy.Pack, typed string) (pages map[string]int, line int) {
	pages = map[string]int{}
	for i, text := range strings.Split(i18n.Clean(typed), "\n") {
		words := strings.Fields(text)
		if len(words) == 0 {
			continue
		}
		if len(words) != 2 {
			return pages, i + 1
		}
		c, known := p.Clause(strings.TrimRight(words[0], ":"))
		page, err := strconv.Atoi(words[1])
		if !known || err != nil || page < 1 || page > maxPage {
			return pages, i + 1
		}
		pages[c.ID] = page
	}
	return pages, 0
}
