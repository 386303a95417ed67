package web

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/web/ui"

	"github.com/alexedwards/scs/v2"
)

// What a session holds: whom it belongs to, and what the next page is to say.
const (
	keyBoard   = "board"
	keyAccount = "account"
	keyPlace   = "place"
	keyFlash   = "flash"
)

// newSessions keeps sessions in the session table for a working day. They are
// not touched by reading (a page writes nothing); the table holds the hash of
// the cookie, so that a copy of the database opens no session.
func newSessions(d *db.DB, secure bool) *scs.SessionManager {
	m := scs.New()
	m.Store = sessionStore{d}
	m.Codec = sessionCodec{}
	m.Lifetime = 12 * time.Hour
	m.IdleTimeout = 0
	m.HashTokenInStore = true
	m.Cookie.Name = "aval_session"
	m.Cookie.Path = "/"
	m.Cookie.HttpOnly = true
	m.Cookie.SameSite = http.SameSiteLaxMode
	m.Cookie.Secure = secure
	m.Cookie.Persist = false
	return m
}

// sessionStore keeps sessions in their table, which comes before a board is known.
type sessionStore struct{ db *db.DB }

var _ scs.CtxStore = sessionStore{}

func (s sessionStore) FindCtx(ctx context.Context, token string) (data []byte, found bool, err error) {
	data, err = db.SystemOne(ctx, s.db, scanBytes, `SELECT data FROM session WHERE token = $1 AND expiry > $2`, token, s.db.Clock())
	if fault.Is(err, fault.NotFound) {
		return nil, false, nil
	}
	return data, err == nil, err
}

func (s sessionStore) CommitCtx(ctx context.Context, token string, data []byte, expiry time.Time) error {
	return s.db.System(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO session (token, data, expiry) VALUES ($1, $2, $3)
			ON CONFLICT (token) DO UPDATE SET data = excluded.data, expiry = excluded.expiry`,
			token, data, expiry.UTC().Truncate(time.Microsecond))
		return err
	})
}

func (s sessionStore) DeleteCtx(ctx context.Context, token string) error {
	return s.db.System(ctx, func(ctx context.Context, tx *db.Tx) error {
		if _, err := tx.Exec(ctx, `DELETE FROM session WHERE token = $1`, token); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `DELETE FROM session WHERE expiry <= $1`, tx.Now)
		return err
	})
}

// The forms without a context are of the interface; scs calls the others.

func (s sessionStore) Find(token string) ([]byte, bool, error) {
	return s.FindCtx(context.Background(), token)
}

func (s sessionStore) Commit(token string, data []byte, expiry time.Time) error {
	return s.CommitCtx(context.Background(), token, data, expiry)
}

func (s sessionStore) Delete(token string) error { return s.DeleteCtx(context.Background(), token) }

func scanBytes(row db.Row) (b []byte, err error) {
	err = row.Scan(&b)
	return b, err
}

// sessionCodec writes a session as JSON: every value of ours is a text.
type sessionCodec struct{}

type sessionText struct {
	Deadline time.Time         `json:"deadline"`
	Values   map[string]string `json:"values"`
}

func (sessionCodec) Encode(deadline time.Time, values map[string]any) ([]byte, error) {
	t := sessionText{Deadline: deadline, Values: make(map[string]string, len(values))}
	for key, value := range values {
		if text, ok := value.(string); ok {
			t.Values[key] = text
		}
	}
	return json.Marshal(t)
}

func (sessionCodec) Decode(data []byte) (time.Time, map[string]any, error) {
	var t sessionText
	if err := json.Unmarshal(data, &t); err != nil {
		return time.Time{}, nil, err
	}
	values := make(map[string]any, len(t.Values))
	for key, text := range t.Values {
		values[key] = text
	}
	return t.Deadline, values, nil
}

// said is one sentence that the next page shows.
type said struct {
	Tone ui.Tone `json:"tone"`
	Text string  `json:"text"`
}

// boardNames remembers how boards are called; one that is not known is looked up again.
type boardNames struct {
	mu    sync.Mutex
	names map[string]string
}

func (b *boardNames) get(ctx context.Context, accounts Accounts, id string) (string, error) {
	b.mu.Lock()
	name, ok := b.names[id]
	b.mu.Unlock()
	if ok {
		return name, nil
	}
	boards, err := accounts.Boards(ctx)
	if err != nil {
		return "", err
	}
	names := make(map[string]string, len(boards))
	for _, one := range boards {
		names[one.ID] = one.Name
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.names = names
	return names[id], nil
}
