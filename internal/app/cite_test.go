package app_test

import (
	"net/http"
	"strings"
	"testing"
)

// Whatever page cites a clause leads to it: the numbers are those of the board's
// own policy, though the program was written with another's.
func TestEveryCitedClauseStandsOnThePolicyPage(t *testing.T) {
	t.Parallel()
	walk(t, func(t *testing.T, b *board) {
		b.fill()
		ids := b.ids()
		stands := b.readPage(b.browse("secretary", http.MethodGet, "/policy", nil).body).ids
		seen := map[string]bool{}
		for _, op := range patterns(t) {
			if op.method != http.MethodGet {
				continue
			}
			for who := range b.people {
				for _, path := range with(op.path, ids) {
					a := b.browse(who, op.method, path, nil)
					if !strings.HasPrefix(a.header.Get("Content-Type"), "text/html") {
						continue
					}
					for _, link := range b.readPage(a.body).links {
						clause, cites := strings.CutPrefix(link, "/policy#")
						if cites && !seen[clause] && !stands[clause] {
							t.Errorf("%s as %s (%d) cites %s, which the policy does not hold", path, who, a.status, clause)
						}
						if cites {
							seen[clause] = true
						}
					}
				}
			}
		}
		if len(seen) < 15 {
			t.Errorf("only %d clauses are cited", len(seen))
		}
	})
}
