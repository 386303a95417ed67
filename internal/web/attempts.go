package web

import (
	"crypto/sha256"
	"strings"
	"sync"
	"time"
)

// Five tries are free; each further one makes its login wait twice as long,
// from half a minute to a quarter of an hour. An hour without a try forgets.
const (
	freeTries    = 5
	firstWait    = 30 * time.Second
	longestWait  = 15 * time.Minute
	forgetAfter  = time.Hour
	mostAttempts = 20_000
)

// attempts counts the sign-ins refused, per board and login, in memory: known
// and unknown logins alike, so that the wait tells nothing.
type attempts struct {
	now func() time.Time

	mu sync.Mutex
	by map[[32]byte]attempt
}

type attempt struct {
	fails int
	last  time.Time
	until time.Time
}

func newAttempts(now func() time.Time) *attempts {
	if now == nil {
		now = time.Now
	}
	return &attempts{now: now, by: map[[32]byte]attempt{}}
}

func attemptKey(board, login string) [32]byte {
	return sha256.Sum256([]byte(board + "\x00" + strings.ToLower(strings.TrimSpace(login))))
}

// wait is how long this login must wait before another try.
func (a *attempts) wait(board, login string) time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	return max(a.by[attemptKey(board, login)].until.Sub(a.now()), 0)
}

// failed counts a refusal.
func (a *attempts) failed(board, login string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.now()
	if len(a.by) >= mostAttempts {
		a.forget(now)
	}
	key := attemptKey(board, login)
	one := a.by[key]
	if now.Sub(one.last) > forgetAfter {
		one = attempt{}
	}
	one.fails, one.last = one.fails+1, now
	if over := one.fails - freeTries; over >= 0 {
		one.until = now.Add(min(firstWait<<min(over, 10), longestWait))
	}
	a.by[key] = one
}

// succeeded forgets what was counted.
func (a *attempts) succeeded(board, login string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.by, attemptKey(board, login))
}

// forget makes room: the old ones first, then any that does not wait.
func (a *attempts) forget(now time.Time) {
	for key, one := range a.by {
		if now.Sub(one.last) > forgetAfter || len(a.by) >= mostAttempts && !one.until.After(now) {
			delete(a.by, key)
		}
	}
	for key := range a.by {
		if len(a.by) < mostAttempts {
			return
		}
		delete(a.by, key)
	}
}
