package provider

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"aval/internal/i18n"
)

// page is what there is to say of a page beside its objects.
type page struct {
	total, objects int
	last           string // the pseudonym at its end
	more           bool   // others follow
}

// headers tell how many objects there are in all, and where the other pages are. The
// next one begins after the last object of this, so that a page far down takes no
// longer and none is missed when others come and go; sorted pages are counted.
func (p page) headers(h http.Header, address string, a asked) {
	if p.objects > 0 { // the count may be of a moment ago
		p.total = max(p.total, a.Offset+p.objects)
	}
	h.Set("X-Total-Count", strconv.Itoa(p.total))
	var links []string
	link := func(rel string, offset int, after string) {
		q := url.Values{}
		for _, name := range []string{"sort", "orderBy", "filter", "fields"} {
			if a.params.Has(name) {
				q.Set(name, a.params.Get(name))
			}
		}
		q.Set("limit", strconv.Itoa(a.Limit))
		q.Set("offset", strconv.Itoa(offset))
		if after != "" {
			q.Set("after", after)
		}
		links = append(links, `<`+address+`?`+q.Encode()+`>; rel="`+rel+`"`)
	}
	if p.more {
		after := p.last
		if a.Sort != "" {
			after = ""
		}
		link("next", a.Offset+p.objects, after)
	}
	if p.total > 0 {
		link("last", (p.total-1)/a.Limit*a.Limit, "")
	}
	link("first", 0, "")
	if a.Offset > 0 {
		link("prev", max(0, a.Offset-a.Limit), "")
	}
	h.Set("Link", strings.Join(links, ", "))
}

// totals remembers for a moment how many objects a collection has: to count some
// hundred thousand takes longer than a page of them.
type totals struct {
	mu sync.Mutex
	by map[totalOf]total
}

// totalOf is a collection under terms; the filter is in it, the page is not.
type totalOf struct{ board, credential, path, filter string }

type total struct {
	n  int
	at time.Time
}

// How long a count is remembered, and of how many collections.
const (
	totalLife  = 30 * time.Second
	mostTotals = 10_000
)

// known answers a count that was kept a moment ago.
func (t *totals) known(key totalOf, now time.Time) (int, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	found, ok := t.by[key]
	age := now.Sub(found.at)
	return found.n, ok && age >= 0 && age < totalLife
}

func (t *totals) keep(key totalOf, n int, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.by == nil || len(t.by) >= mostTotals {
		t.by = map[totalOf]total{}
	}
	t.by[key] = total{n, now}
}

// rates bounds how often each credential asks: a bucket of tokens that fills again.
type rates struct {
	mu sync.Mutex
	by map[string]bucket
}

const mostBuckets = 10_000

type bucket struct {
	tokens float64
	at     time.Time
}

func (r *rates) allow(id string, perSecond float64, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.by == nil || len(r.by) >= mostBuckets { // names that nobody has come too
		r.by = map[string]bucket{}
	}
	most := 2 * perSecond
	b, ok := r.by[id]
	if !ok {
		b = bucket{most, now}
	}
	b.tokens = min(most, b.tokens+max(0, now.Sub(b.at).Seconds())*perSecond)
	b.at = now
	allowed := b.tokens >= 1
	if allowed {
		b.tokens--
	}
	r.by[id] = b
	return allowed
}

// warn adds to a body what of the request was passed over (1.1).
func (w *writer) warn(of warning, p *i18n.Printer) {
	b, _ := json.Marshal([]payload{status("success", "warning", p.T(of.key), of.token)}) // texts always marshal
	w.b = append(append(w.b, `,"statusInfoSet":`...), b...)
}
