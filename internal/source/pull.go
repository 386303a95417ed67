package source

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"maps"
	"math/rand/v2"
	"net/url"
	"slices"
	"strconv"
	"time"

	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/policy"
)

const (
	// spell is how long one job fetches before it leaves the rest to another: with
	// one answer more it is within the time of a job.
	spell = 20 * time.Second
	// least is the smallest page that is asked for when large ones do not come.
	least = 50
	// most is the longest wait between two tries, unless the source asks for more.
	most = 10 * time.Minute
)

// byOffset says that the next page is asked for by its place.
const byOffset = "+"

// errElsewhere: somebody else works on the same pull, who goes on.
var errElsewhere = errors.New("source: worked on elsewhere")

// fetcher is one spell of a pull.
type fetcher struct {
	*Service
	actor  policy.Actor
	pull   Pull
	terms  Terms
	client *client
	last   page    // that was kept
	then   content // what the last page says of the next
}

// work fetches until the time is up or the pull stands otherwise, and answers how
// it stands then.
func (s *Service) work(ctx context.Context, actor policy.Actor, id string, until time.Time) (Pull, error) {
	f := &fetcher{Service: s, actor: actor}
	if err := f.begin(ctx, id); err != nil {
		return f.pull, f.ended(err)
	}
	defer f.client.close()
	for f.pull.State == Fetching && time.Now().Before(until) && ctx.Err() == nil {
		if err := f.step(ctx); err != nil {
			return f.pull, f.ended(err)
		}
		if !f.pull.AgainAt.IsZero() {
			return f.pull, nil
		}
	}
	return f.pull, ctx.Err()
}

// bring imports what a pull fetched, and answers how it stands then.
func (s *Service) bring(ctx context.Context, actor policy.Actor, id string) (Pull, error) {
	f := &fetcher{Service: s, actor: actor}
	if err := f.begin(ctx, id); err != nil {
		return f.pull, f.ended(err)
	}
	defer f.client.close()
	if f.pull.State != Importing {
		return f.pull, nil
	}
	return f.pull, f.ended(f.take(ctx))
}

// ended passes over what somebody else does already.
func (f *fetcher) ended(err error) error {
	if errors.Is(err, errElsewhere) {
		f.pull.State = ""
		return nil
	}
	return err
}

// begin reads where the pull stands.
func (f *fetcher) begin(ctx context.Context, id string) error {
	var broken error
	err := f.DB.Read(ctx, f.actor.Board, func(ctx context.Context, tx *db.Tx) (err error) {
		if f.pull, err = getPull(ctx, tx, id); err != nil {
			return err
		}
		if f.terms, err = f.opened(ctx, tx, f.pull.SourceID); err != nil {
			return err
		}
		keys, err := f.Vault.Keys(ctx, tx)
		if err != nil {
			return err
		}
		last, err := lastPage(ctx, tx, id)
		if err != nil || len(last) == 0 {
			return err
		}
		f.last = last[0]
		f.then, broken = f.last.open(keys)
		return nil
	})
	f.client = newClient(f.terms, f.Limits, f.Open)
	if err != nil {
		return err
	}
	if f.pull.Counts.Records == nil {
		f.pull.Counts.Records = map[string]int{}
	}
	if f.pull.Counts.Warnings == nil {
		f.pull.Counts.Warnings = map[string]int{}
	}
	if broken != nil && f.pull.State == Fetching {
		return f.stumble(ctx, f.last.collection, broken)
	}
	return nil
}

// step reads one page and keeps it, or says why not.
func (f *fetcher) step(ctx context.Context) error {
	collection := f.collection()
	if collection == "" {
		return f.change(ctx, func(p *Pull) { p.State, p.Tries = Importing, 0 })
	}
	if f.pull.StartedAt.Before(f.DB.Clock().Add(-f.Limits.orDefault().Pull)) {
		return f.stumble(ctx, collection, stuck(tooLong))
	}
	a, err := f.client.get(ctx, collection, f.query(collection))
	if err != nil {
		return f.stumble(ctx, collection, err)
	}
	d := dirt{}
	list, err := readPage(collection, a.body, d)
	if err != nil {
		return f.stumble(ctx, collection, err)
	}
	lines := mapper{edition: f.terms.Edition, dirt: d}.records(collection, list)
	return f.keep(ctx, collection, a, lines, len(list), d)
}

// collection is the one that is read now, or "" when all were.
func (f *fetcher) collection() string {
	if f.last.collection == "" {
		return collections[0]
	}
	if f.then.Next != "" {
		return f.last.collection
	}
	at := slices.Index(collections, f.last.collection) + 1
	if at == len(collections) {
		return ""
	}
	return collections[at]
}

// goesOn tells whether a page of the collection was read before.
func (f *fetcher) goesOn(collection string) bool { return f.last.collection == collection }

// query asks for the next page: as the last one said, or by its place.
func (f *fetcher) query(collection string) string {
	if f.goesOn(collection) && f.then.Next != byOffset {
		return resized(f.then.Next, f.pull.PageSize)
	}
	q := url.Values{"limit": {strconv.Itoa(f.pull.PageSize)}, "offset": {strconv.Itoa(f.pull.Counts.Records[collection])}}
	if f.pull.Counts.Warnings["sort_refused"] == 0 {
		q.Set("sort", "sourcedId")
		q.Set("orderBy", "asc")
	}
	if !f.pull.Whole && !always[collection] {
		q.Set("filter", "dateLastModified>='"+f.pull.Since.UTC().Format(moment)+"'")
	}
	return q.Encode()
}

// resized makes a page smaller that asks for more than comes.
func resized(query string, size int) string {
	q, err := url.ParseQuery(query)
	if err != nil {
		return query
	}
	if n, err := strconv.Atoi(q.Get("limit")); err != nil || n <= size {
		return query
	}
	q.Set("limit", strconv.Itoa(size))
	return q.Encode()
}

// keep keeps a page with what follows it, in one transaction: a restart goes on there.
func (f *fetcher) keep(ctx context.Context, collection string, a answer, lines rows, items int, d dirt) error {
	digest := digestOf(lines[collection])
	p := page{id: db.NewID(), number: f.last.number + 1, collection: collection, items: items, digest: digest}
	was := f.pull
	was.Counts = f.pull.Counts.clone()
	var then content
	err := f.DB.Write(ctx, f.actor.Board, func(ctx context.Context, tx *db.Tx) error {
		keys, err := f.Vault.Keys(ctx, tx)
		if err != nil {
			return err
		}
		again, err := repeats(ctx, tx, f.pull.ID, collection, digest)
		if err != nil {
			return err
		}
		next, err := f.next(collection, a, items, again && len(lines[collection]) > 0, d)
		if err != nil {
			return err
		}
		f.note(collection, a, items, d, tx.Now)
		if f.total() > f.Limits.orDefault().Records {
			return stuck(tooMany)
		}
		then = content{Next: next}
		packed, err := content{Next: next, Rows: lines}.pack()
		if err != nil {
			return err
		}
		if p.sealed, err = keys.Seal(pagePlace(p.id), packed); err != nil {
			return err
		}
		if err := mine(updatePull(ctx, tx, &f.pull)); err != nil { // before the page: one of two who work on it stops here
			return err
		}
		return insertPage(ctx, tx, f.pull.ID, p)
	})
	if err != nil {
		f.pull = was
		return f.stumble(ctx, collection, err)
	}
	f.last, f.then = p, then
	return nil
}

// mine says that somebody else changed the pull meanwhile.
func mine(err error) error {
	if fault.Is(err, fault.Conflict) {
		return errElsewhere
	}
	return err
}

func (f *fetcher) total() (n int) {
	for _, of := range f.pull.Counts.Records {
		n += of
	}
	return n
}

// note counts what a page brought; a page that came mends what went wrong before.
func (f *fetcher) note(collection string, a answer, items int, d dirt, now time.Time) {
	f.pull.Counts.Pages++
	f.pull.Counts.Records[collection] += items
	for code, n := range d {
		f.pull.Counts.Warnings[code] += n
	}
	f.pull.Tries, f.pull.AgainAt, f.pull.Trouble, f.pull.TroubleAt = 0, time.Time{}, "", ""
	if f.pull.AsOf.IsZero() {
		f.pull.AsOf = now
		if !a.at.IsZero() && a.at.Before(now) { // the source's clock is behind: changes are dated by it
			f.pull.AsOf = a.at
		}
	}
}

// next says what follows a page: what its Link says; where there is none, the next
// place, until a page is empty. How many there are said to be ends nothing by itself.
func (f *fetcher) next(collection string, a answer, items int, again bool, d dirt) (string, error) {
	seen := f.pull.Counts.Records[collection] + items
	switch {
	case items == 0:
		return f.finished(a, seen, d), nil
	case again && (a.total >= 0 && seen >= a.total || a.total < 0 && items < f.pull.PageSize && a.next == ""):
		d["offset_ignored"]++ // the whole collection came at once
		return "", nil
	case again:
		return "", stuck(standsStill)
	case a.next != "":
		return a.next, nil
	case a.links && a.total <= seen:
		return f.finished(a, seen, d), nil
	}
	return byOffset, nil
}

func (f *fetcher) finished(a answer, seen int, d dirt) string {
	if a.total >= 0 && a.total != seen {
		d["total_differs"]++
	}
	return ""
}

// digestOf is what a page's records are known by.
func digestOf(lines []row) string {
	h := sha256.New()
	for _, line := range lines {
		h.Write([]byte(line["sourcedId"] + "\x00"))
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// stumble keeps what went wrong, and says what to do: something else, the same
// again later, or nothing more.
func (f *fetcher) stumble(ctx context.Context, collection string, err error) error {
	var t *trouble
	if !errors.As(err, &t) {
		return err
	}
	if f.around(t.code, collection) {
		if !f.goesOn(collection) && t.code == missing {
			return f.absent(ctx, collection)
		}
		return f.change(ctx, func(*Pull) {})
	}
	wait := f.backoff(f.pull.Tries, t.wait)
	if slices.Contains(passing, t.code) && f.pull.Tries < maxTries {
		return f.change(ctx, func(p *Pull) {
			p.Tries++
			p.Trouble, p.TroubleAt = t.code, collection
			p.AgainAt = f.DB.Clock().Add(wait)
		})
	}
	return f.fail(ctx, t.code, collection)
}

// around finds another way to ask for the same, if there is one.
func (f *fetcher) around(code, collection string) bool {
	p := &f.pull
	switch {
	case code == missing && optional[collection] && !f.goesOn(collection):
		return true
	case code == refused && !f.goesOn(collection) && p.Counts.Warnings["sort_refused"] == 0:
		p.Counts.Warnings["sort_refused"] = 1
		return true
	case code == refused && !f.goesOn(collection) && !p.Whole && !always[collection] && p.Counts.Warnings["changes_refused"] == 0:
		// It does not tell changes: everything is asked for, from here and from what came before.
		p.Counts.Warnings["changes_refused"] = 1
		p.Whole, p.Since, p.Counts.Records, p.Counts.Pages = true, time.Time{}, map[string]int{}, 0
		f.last, f.then = page{}, content{}
		return true
	case slices.Contains(smaller, code) && p.PageSize > least:
		p.PageSize = max(p.PageSize/2, least)
		p.Counts.Warnings["page_smaller"]++
		return code == tooLarge || code == refused // the others wait before they ask again
	}
	return false
}

// absent keeps a collection that a source does not have as one without records.
func (f *fetcher) absent(ctx context.Context, collection string) error {
	return f.keep(ctx, collection, answer{total: -1}, rows{}, 0, dirt{"collection_absent": 1})
}

// backoff is how long to wait before the next try: longer each time, not with all
// others at once, and at least as long as the source asks.
func (f *fetcher) backoff(tries int, asked time.Duration) time.Duration {
	base := f.Patience
	if base == 0 {
		base = 2 * time.Second
	}
	wait := min(base<<min(tries, 20), most)
	wait = wait/2 + rand.N(wait/2+1) //nolint:gosec // not a secret
	return max(wait, asked)
}

// change keeps what was changed of the pull. Pages of before go when it begins anew.
func (f *fetcher) change(ctx context.Context, how func(*Pull)) error {
	return f.DB.Write(ctx, f.actor.Board, func(ctx context.Context, tx *db.Tx) error {
		how(&f.pull)
		if err := mine(updatePull(ctx, tx, &f.pull)); err != nil {
			return err
		}
		if f.pull.Counts.Pages == 0 || !f.pull.State.Open() && f.pull.State != Failed {
			return deletePages(ctx, tx, f.pull.ID)
		}
		return nil
	})
}

func (c Counts) clone() Counts {
	c.Records, c.Warnings = maps.Clone(c.Records), maps.Clone(c.Warnings)
	return c
}
