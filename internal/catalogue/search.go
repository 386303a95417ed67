package catalogue

import (
	"cmp"
	"net/url"
	"slices"
	"strings"

	"aval/internal/db"
	"aval/internal/policy"
)

// Why tells a reader what made a platform answer her search.
type Why string

// The reasons, from the surest to the least sure.
const (
	ByName     Why = "name"
	ByAlias    Why = "alias"
	ByDomain   Why = "domain"
	ByVendor   Why = "vendor"
	ByFunction Why = "function"
	BySummary  Why = "summary"
)

// Hit is a platform that answers a search.
type Hit struct {
	Platform Platform
	Score    float64 // 1 is what was typed, letter for letter
	Why      Why
}

// What a search gives at most, and the least score worth showing.
const (
	maxHits   = 20
	leastName = 0.5
	// Somebody who types a vendor's name types it rather well.
	leastVendor = 0.75
	maxTyped    = 200 // letters that are read of what was typed
)

// noise are words that people type around a name and that say nothing of it.
//
//nolint:misspell // half of them are French
var noise = words(`le la les l un une des de du d et a au aux en pour avec sur ou qui que mon ma mes son sa ses ce cette
	the an of and to in on for with my your our is
	app apps appli application applications site web www http https com ca net org io example exemple login connexion
	plateforme plateformes platform platforms logiciel logiciels software outil outils tool tools jeu jeux game games
	eleve eleves enfant enfants classe pupil pupils student students ecole school je veux cherche chercher i want`)

func words(text string) map[string]bool {
	set := map[string]bool{}
	for w := range strings.FieldsSeq(text) {
		set[w] = true
	}
	return set
}

// content drops the noise, unless nothing else was typed.
func content(tokens []string) []string {
	kept := slices.DeleteFunc(slices.Clone(tokens), func(w string) bool { return noise[w] })
	if len(kept) == 0 {
		return tokens
	}
	return kept
}

// key is one name of a platform (or what was typed), ready to be compared.
type key struct {
	why    Why
	whole  []rune   // folded, without spaces
	words  [][]rune // its words
	sound  []rune   // the whole as it is said
	sounds [][]rune // its words as they are said
	mask   uint32   // its letters
}

func newKey(why Why, tokens []string) key {
	joined := strings.Join(tokens, "")
	k := key{why: why, whole: []rune(joined), sound: []rune(sound(joined))}
	for _, r := range k.whole {
		k.mask |= 1 << (r & 31)
	}
	if len(tokens) == 1 {
		k.words, k.sounds = [][]rune{k.whole}, [][]rune{k.sound}
		return k
	}
	for _, w := range tokens {
		k.words = append(k.words, []rune(w))
		k.sounds = append(k.sounds, []rune(sound(w)))
	}
	return k
}

// keys are the ways to say one name: as written; and without its small words.
func keys(why Why, name string) []key {
	tokens := strings.Fields(db.Fold(name))
	if len(tokens) == 0 {
		return nil
	}
	out := []key{newKey(why, tokens)}
	if kept := content(tokens); len(kept) < len(tokens) {
		out = append(out, newKey(why, kept))
	}
	return out
}

// host is the host of an address as it may be typed, scheme and path or not: "" when
// what was typed is not like an address.
func host(typed string) string {
	typed = strings.TrimSpace(typed)
	if strings.ContainsAny(typed, " \t\n") || !strings.ContainsAny(typed, ".:/") {
		return ""
	}
	if _, after, found := strings.Cut(typed, "//"); found {
		typed = after
	}
	u, err := url.Parse("//" + typed)
	if err != nil {
		return ""
	}
	h := strings.Trim(strings.ToLower(u.Hostname()), ".")
	h = strings.TrimPrefix(h, "www.")
	if !strings.Contains(h, ".") {
		return ""
	}
	return h
}

// site is the part of a host that is a name: "jeux.tabulou.example" gives "jeux tabulou".
func site(h string) string {
	labels := strings.Split(h, ".")
	return strings.Join(labels[:len(labels)-1], " ")
}

// entry is a platform with its names ready.
type entry struct {
	platform Platform
	domains  []string
	keys     []key
}

func newEntry(p Platform) entry {
	e := entry{platform: p, domains: p.Domains}
	e.keys = append(e.keys, keys(ByName, p.Name)...)
	for _, alias := range p.Aliases {
		e.keys = append(e.keys, keys(ByAlias, alias)...)
	}
	for _, domain := range p.Domains {
		name := site(domain)
		if !slices.ContainsFunc(e.keys, func(k key) bool { return string(k.whole) == name }) {
			e.keys = append(e.keys, keys(ByDomain, name)...)
		}
	}
	e.keys = append(e.keys, keys(ByVendor, p.Vendor)...)
	return e
}

// weight is what a match by this reason is worth beside a match by name.
func (w Why) weight() float64 {
	switch w {
	case ByAlias:
		return 0.99
	case ByDomain:
		return 0.98
	case ByVendor:
		return 0.7
	}
	return 1
}

// query is what was typed, ready to be compared in each way it may have been meant.
type query struct {
	host  string
	forms []key    // the whole; without small words; the site of an address
	parts []key    // neighbouring words, in case a name was cut or drowned in others
	terms []string // roots of the words that say something
}

func newQuery(typed string) query {
	if r := []rune(typed); len(r) > maxTyped {
		typed = string(r[:maxTyped])
	}
	q := query{host: host(typed)}
	tokens := strings.Fields(db.Fold(typed))
	if len(tokens) == 0 {
		return q
	}
	q.forms = append(q.forms, newKey("", tokens))
	kept := content(tokens)
	if q.host != "" {
		kept = content(strings.Fields(db.Fold(site(q.host))))
	}
	if len(kept) > 0 && len(kept) < len(tokens) {
		q.forms = append(q.forms, newKey("", kept))
	}
	for _, w := range kept {
		if !noise[w] && len(w) > 2 {
			q.terms = append(q.terms, stem(w))
		}
	}
	if len(kept) > 1 && len(kept) <= 5 {
		for i := range kept {
			for j := i + 2; j <= min(len(kept), i+3); j++ {
				if j-i < len(kept) {
					q.parts = append(q.parts, newKey("", kept[i:j]))
				}
			}
		}
		if len(kept) == 2 {
			q.parts = append(q.parts, newKey("", []string{kept[1], kept[0]}))
		}
	}
	return q
}

// score is how well a platform answers what was typed, by its names alone; zero is not at all.
func (q query) score(e entry) (best float64, why Why) {
	for _, d := range e.domains {
		if q.host == d || strings.HasSuffix(q.host, "."+d) {
			return 1, ByDomain
		}
	}
	take := func(s float64, w Why) {
		if w == ByVendor && s < leastVendor {
			return
		}
		if s *= w.weight(); s > best {
			best, why = s, w
		}
	}
	for _, k := range e.keys {
		for _, form := range q.forms {
			take(alike(form, k, true), k.why)
			if len(form.words) > 1 || len(k.words) > 1 {
				take(byWords(form, k), k.why)
			}
		}
		for _, part := range q.parts {
			take(0.9*alike(part, k, false), k.why)
		}
	}
	if best < leastName*why.weight() {
		return 0, ""
	}
	return best, why
}

// allowed is what the slips in a word of n letters may cost: one slip in three or four
// letters, two from five, three from ten.
func allowed(n int) int {
	switch {
	case n < 3:
		return 0
	case n < 5:
		return 1 * slip
	case n < 10:
		return 2 * slip
	}
	return 3 * slip
}

// alike is how near what was typed is to a name, both without spaces: the same, its
// beginning, a slip or two away, or said the same. start says whether a beginning will do.
func alike(typed, name key, start bool) float64 {
	return closeness(typed.whole, name.whole, typed.sound, name.sound, start, typed.mask&^name.mask)
}

// closeness compares two words and their sounds. foreign are the letters of the first that the
// second has not.
func closeness(typed, name, said, sounds []rune, start bool, foreign uint32) float64 {
	n, m := len(typed), len(name)
	if n == 0 || m == 0 {
		return 0
	}
	cover := min(1, float64(n)/float64(m))
	if n <= m && slices.Equal(typed, name[:n]) {
		if n == m {
			return 1
		}
		if start && n >= 2 {
			return 0.8 + 0.19*cover
		}
	}
	best := 0.0
	limit := allowed(max(n, m))
	if n > m+4 || limit == 0 || many(foreign) {
		return 0
	}
	if m <= n+4 || start {
		whole, beginning := distance(typed, name, limit)
		if whole <= limit && whole <= 4*max(n, m) {
			best = 1 - float64(whole)/float64(slip*max(n, m))
		}
		if start && n >= 4 && beginning <= min(limit, allowed(n-1), 3*n) {
			best = max(best, (1-float64(beginning)/float64(slip*n))*(0.6+0.3*cover))
		}
	}
	if s := len(sounds); s >= 3 && len(said) >= 3 && max(s, len(said)) <= 2*min(s, len(said)) {
		limit := min(slip, allowed(s))
		whole, beginning := distance(said, sounds, limit)
		if whole <= limit {
			best = max(best, 1-float64(4+whole)/float64(slip*max(n, m)))
		}
		if start && len(said) >= 4 && beginning <= limit {
			best = max(best, (1-float64(4+beginning)/float64(slip*n))*(0.6+0.3*cover))
		}
	}
	return best
}

// many says that more than four bits are set: too many foreign letters for a few slips.
func many(mask uint32) bool {
	for range 4 {
		mask &= mask - 1
		if mask == 0 {
			return false
		}
	}
	return true
}

// byWords compares word by word, in any order: each word of the name takes the typed word
// that is nearest. Words that find no partner cost, more on the name's side.
func byWords(typed, name key) float64 {
	used := make([]bool, len(typed.words))
	nearest, covered, spent, total := 0.0, 0.0, 0.0, 0.0
	for i, w := range name.words {
		best, at := 0.0, -1
		for j, t := range typed.words {
			if used[j] {
				continue
			}
			s := closeness(t, w, typed.sounds[j], name.sounds[i], len(t) > 2, 0)
			if noise[string(w)] {
				s *= 0.5
			}
			if s > best {
				best, at = s, j
			}
		}
		if at >= 0 && best >= 0.6 {
			used[at] = true
			n := float64(len(w))
			nearest += best * n
			covered += n
			spent += float64(len(typed.words[at]))
		}
	}
	if covered < 3 {
		return 0
	}
	for _, t := range typed.words {
		total += float64(len(t))
	}
	of := covered / float64(len(name.whole))
	if spent < total/2 && of < 0.8 || of < 0.4 {
		return 0
	}
	return nearest / covered * (0.5 + 0.5*of) * (0.7 + 0.3*spent/total)
}

// stem is the root of a word, roughly, in both languages.
func stem(w string) string {
	for _, end := range endings {
		if len(w)-len(end) >= 4 && strings.HasSuffix(w, end) {
			return w[:len(w)-len(end)]
		}
	}
	return w
}

var endings = strings.Fields("ements ement ations ation tions tion iers ings ing ees ers ent er ir re es ee s e")

// stems are the roots of the words that say something.
func stems(text string) []string {
	var out []string
	for w := range strings.FieldsSeq(db.Fold(text)) {
		if len(w) > 2 && !noise[w] {
			out = append(out, stem(w))
		}
	}
	return out
}

// functions are the functions of the vocabulary that say at least half of what was typed,
// in either language, and how much of it.
func (q query) functions(vocabulary []policy.Term) map[string]float64 {
	does := map[string]float64{}
	if len(q.terms) == 0 {
		return does
	}
	for _, f := range vocabulary {
		if said := max(q.saidBy(stems(f.Title.Fr)), q.saidBy(stems(f.Title.En))); said >= 0.5 {
			does[f.Code] = said
		}
	}
	return does
}

// saidBy is the part of what was typed that some words say: the same root, its beginning,
// or one slip in a longer word.
func (q query) saidBy(text []string) float64 {
	sum := 0.0
	for _, t := range q.terms {
		found := 0.0
		for _, w := range text {
			switch {
			case t == w:
				found = 1
			case len(t) >= 4 && strings.HasPrefix(w, t), len(w) >= 4 && strings.HasPrefix(t, w):
				found = max(found, 0.8)
			case len(t) >= 5 && len(w) >= 5 && found < 0.6:
				if whole, _ := distance([]rune(t), []rune(w), slip); whole <= slip {
					found = 0.6
				}
			}
		}
		sum += found
	}
	return sum / float64(len(q.terms))
}

// toldBy is the part of what was typed that stands in a summary.
func (q query) toldBy(p Platform) float64 {
	if len(q.terms) == 0 {
		return 0
	}
	text, found := " "+db.Fold(p.SummaryFr+" "+p.SummaryEn), 0
	for _, t := range q.terms {
		if strings.Contains(text, " "+t) {
			found++
		}
	}
	return float64(found) / float64(len(q.terms))
}

// Beyond this score the name was found, and summaries need not be read.
const sure = 0.9

// among finds the platforms that were meant. doing says how much of what was typed is a
// function of which platform. A platform found by what it does stands behind every
// platform found by its name.
func (q query) among(platforms []Platform, doing map[ID]float64) []Hit {
	var hits []Hit
	var rest []Platform
	top := 0.0
	for _, p := range platforms {
		score, why := q.score(newEntry(p))
		if score == 0 {
			rest = append(rest, p)
			continue
		}
		top = max(top, score)
		hits = append(hits, Hit{Platform: p, Score: score, Why: why})
	}
	for _, p := range rest {
		does, told := doing[p.ID], 0.0
		if top < sure {
			told = q.toldBy(p)
		}
		switch {
		case does >= 0.5:
			hits = append(hits, Hit{Platform: p, Score: 0.3*does + 0.04*told, Why: ByFunction})
		case told >= 0.5:
			hits = append(hits, Hit{Platform: p, Score: 0.28 * told, Why: BySummary})
		}
	}
	return first(hits)
}

// is says that a compact name or a host is exactly this platform's.
func (p Platform) is(name, h string) bool {
	if name != "" {
		if name == compact(p.Name) || slices.ContainsFunc(p.Aliases, func(a string) bool { return name == compact(a) }) {
			return true
		}
	}
	return h != "" && slices.ContainsFunc(p.Domains, func(d string) bool { return h == d || strings.HasSuffix(h, "."+d) })
}

// first orders hits: the score, then what may be used, then the name; and keeps the first few.
func first(hits []Hit) []Hit {
	slices.SortFunc(hits, func(a, b Hit) int {
		return cmp.Or(
			cmp.Compare(b.Score, a.Score),
			cmp.Compare(slices.Index(Statuses, a.Platform.Status), slices.Index(Statuses, b.Platform.Status)),
			cmp.Compare(compact(a.Platform.Name), compact(b.Platform.Name)),
		)
	})
	return hits[:min(len(hits), maxHits)]
}
