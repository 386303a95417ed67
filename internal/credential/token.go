package credential

import (
	"context"
	"errors"
	"sync"
	"time"

	"aval/internal/db"
	"aval/internal/disclosure"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/licence"
)

// What a program is refused with. Doors say them as their protocol does.
var (
	ErrClient = errors.New("credential: no such client, or not its secret")
	ErrScope  = errors.New("credential: none of the scopes that were asked for")
	ErrToken  = errors.New("credential: no such token")
	ErrOver   = errors.New("credential: the licence discloses nothing")
)

// Grant gives a client that shows its secret a token for what it asked and may
// have; who asked for nothing gets all that it may. It refuses with ErrClient,
// ErrScope, and with ErrOver when the licence discloses nothing (it does not run,
// or its platform is refused).
func (s *Service) Grant(ctx context.Context, id, secret string, asked []Scope) (token string, scopes []Scope, err error) {
	boardID, ok := boardOf(id)
	if !ok {
		return "", nil, ErrClient
	}
	var refused error
	err = s.DB.Write(ctx, boardID, func(ctx context.Context, tx *db.Tx) error {
		c, err := get(ctx, tx, id)
		if fault.Is(err, fault.NotFound) || err == nil && !c.RevokedAt.IsZero() {
			refused = ErrClient
			return nil
		}
		if err != nil {
			return err
		}
		right, err := fits(ctx, tx, id, secret)
		if err != nil {
			return err
		}
		if !right {
			refused = ErrClient
			return addUse(ctx, tx, id, Use{Day: i18n.DayOf(tx.Now), Refused: 1, LastAt: tx.Now})
		}
		terms, err := disclosure.TermsOf(ctx, tx, c.Licence)
		if err != nil {
			if _, known := fault.As(err); known {
				refused = ErrOver
				return nil
			}
			return err
		}
		if scopes = granted(terms, asked); len(scopes) == 0 {
			refused = ErrScope
			return nil
		}
		token = newName(boardID, newSecret())
		return insertToken(ctx, tx, id, token, scopes)
	})
	if err == nil {
		err = refused
	}
	if err != nil {
		return "", nil, err
	}
	return token, scopes, nil
}

// Open answers who came with a token and under which terms. It refuses with
// ErrToken, also of a revoked credential, and with ErrOver.
func (s *Service) Open(ctx context.Context, token string) (b Bearer, err error) {
	boardID, ok := boardOf(token)
	if !ok {
		return b, ErrToken
	}
	now := s.DB.Clock()
	key := hash(token)
	found, err := db.ReadAll(ctx, s.DB, boardID, scanHeld, heldQuery, boardID, key, now)
	if err != nil {
		return b, err
	}
	if len(found) == 0 {
		return b, ErrToken
	}
	h := found[0]
	b = bearer(boardID, h, now)
	if b.Terms, b.Lang, ok = s.known.of(b, h, now); ok {
		s.known.keepToken(key, h)
		return b, nil
	}
	err = s.DB.Read(ctx, boardID, func(ctx context.Context, tx *db.Tx) error {
		if b.Terms, err = disclosure.TermsOf(ctx, tx, h.licence); err != nil {
			return err
		}
		b.Lang, err = language(ctx, tx)
		return err
	})
	if _, refused := fault.As(err); refused {
		return b, ErrOver
	}
	if err == nil {
		s.known.keep(b, h, now)
		s.known.keepToken(key, h)
	}
	return b, err
}

func bearer(boardID string, h held, now time.Time) Bearer {
	return Bearer{Board: boardID, Credential: h.credential, Scopes: ParseScopes(h.scopes), Day: i18n.DayOf(now)}
}

// Expected is who came with a token a moment ago. Whether the token still opens, and
// the same, is looked for by Check: what is read with it in one round trip may be
// told once it Holds, and otherwise is thrown away.
type Expected struct {
	Bearer
	Check db.Look

	held  held
	found []held
}

// Holds tells that the token was looked for, and opens what it did.
func (e *Expected) Holds() bool { return len(e.found) == 1 && e.found[0] == e.held }

// Expect answers what a token opened a moment ago; nil where that is not known.
func (s *Service) Expect(token string) *Expected {
	boardID, ok := boardOf(token)
	if !ok {
		return nil
	}
	now, key := s.DB.Clock(), hash(token)
	h, ok := s.known.token(key)
	if !ok {
		return nil
	}
	e := &Expected{Bearer: bearer(boardID, h, now), held: h}
	if e.Terms, e.Lang, ok = s.known.of(e.Bearer, h, now); !ok {
		return nil
	}
	e.Check = db.Into(&e.found, scanHeld, heldQuery, boardID, key, now)
	return e
}

// termsLife bounds how long terms are remembered, were the stamp to miss a change.
const termsLife = 5 * time.Second

// mostTokens is how many tokens are remembered; more than programs use at once.
const mostTokens = 1000

// knownTerms remembers the terms of licences as long as nothing changed that they
// are made from, and of tokens, by their hash, what was found of them last.
type knownTerms struct {
	mu     sync.Mutex
	by     map[boardLicence]stamped
	tokens map[string]held
}

type boardLicence struct {
	board   string
	licence licence.ID
}

type stamped struct {
	stamp string
	day   string
	at    time.Time
	terms disclosure.Terms
	lang  string
}

func (k *knownTerms) of(b Bearer, h held, now time.Time) (t disclosure.Terms, lang string, ok bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	found, ok := k.by[boardLicence{b.Board, h.licence}]
	age := now.Sub(found.at)
	return found.terms, found.lang, ok && found.stamp == h.stamp && found.day == b.Day && age >= 0 && age < termsLife
}

func (k *knownTerms) keep(b Bearer, h held, now time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.by == nil {
		k.by = map[boardLicence]stamped{}
	}
	k.by[boardLicence{b.Board, h.licence}] = stamped{h.stamp, b.Day, now, b.Terms, b.Lang}
}

func (k *knownTerms) token(hash string) (h held, ok bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	h, ok = k.tokens[hash]
	return h, ok
}

func (k *knownTerms) keepToken(hash string, h held) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.tokens == nil || len(k.tokens) >= mostTokens {
		k.tokens = map[string]held{}
	}
	k.tokens[hash] = h
}

// counts gathers what was read, so that a request does not wait for a row that
// all requests of a client write.
type counts struct {
	mu    sync.Mutex
	by    map[counted]Use
	since time.Time
}

type counted struct{ board, credential, day string }

// countEvery is how long counts are gathered at most while requests come.
const countEvery = 10 * time.Second

// Count adds a request and the objects that it answered, or a refusal.
func (s *Service) Count(ctx context.Context, b Bearer, objects int, refused bool) error {
	now := s.DB.Clock()
	if s.counts.add(b, now, objects, refused) {
		return s.Flush(ctx, "")
	}
	return nil
}

// add answers whether it is time to write them.
func (c *counts) add(b Bearer, now time.Time, objects int, refused bool) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.by == nil {
		c.by, c.since = map[counted]Use{}, now
	}
	key := counted{b.Board, b.Credential, b.Day}
	u := c.by[key]
	u.Day, u.LastAt = b.Day, now
	if refused {
		u.Refused++
	} else {
		u.Requests++
		u.Objects += int64(objects)
	}
	c.by[key] = u
	return now.Sub(c.since) >= countEvery
}

// take gives what was gathered for a board, for all when it is empty.
func (c *counts) take(boardID string) map[counted]Use {
	c.mu.Lock()
	defer c.mu.Unlock()
	taken := map[counted]Use{}
	for key, u := range c.by {
		if boardID == "" || key.board == boardID {
			taken[key] = u
			delete(c.by, key)
		}
	}
	if len(c.by) == 0 {
		c.by = nil
	}
	return taken
}

// Flush writes what was counted for a board, for all when it is empty: before a
// page shows it, and when the house closes.
func (s *Service) Flush(ctx context.Context, boardID string) error {
	byBoard := map[string]map[string][]Use{}
	for key, u := range s.counts.take(boardID) {
		if byBoard[key.board] == nil {
			byBoard[key.board] = map[string][]Use{}
		}
		byBoard[key.board][key.credential] = append(byBoard[key.board][key.credential], u)
	}
	for id, of := range byBoard {
		err := s.DB.Write(ctx, id, func(ctx context.Context, tx *db.Tx) error {
			for credential, days := range of {
				for _, u := range days {
					if err := addUse(ctx, tx, credential, u); err != nil {
						return err
					}
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
