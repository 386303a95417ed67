package credential

import (
	"context"
	"time"

	"aval/internal/db"
	"aval/internal/licence"
)

const columns = `id, licence_id, made_by, made_at, revoked_by, revoked_at, version`

func scan(r db.Row) (c Credential, err error) {
	err = r.Scan(&c.ID, &c.Licence, &c.MadeBy, &c.MadeAt, &c.RevokedBy, db.When(&c.RevokedAt), &c.Version)
	return c, err
}

func get(ctx context.Context, tx *db.Tx, id string) (Credential, error) {
	return db.One(ctx, tx, scan, `SELECT `+columns+` FROM credential WHERE board_id = $1 AND id = $2`, tx.Board, id)
}

// ofLicence reads the credential of a licence that is not revoked.
func ofLicence(ctx context.Context, tx *db.Tx, id licence.ID) (Credential, error) {
	return db.One(ctx, tx, scan, `SELECT `+columns+` FROM credential
		WHERE board_id = $1 AND licence_id = $2 AND revoked_at IS NULL`, tx.Board, string(id))
}

func insert(ctx context.Context, tx *db.Tx, c Credential) error {
	_, err := tx.Exec(ctx, `INSERT INTO credential (board_id, id, licence_id, made_by, made_at) VALUES ($1, $2, $3, $4, $5)`,
		tx.Board, c.ID, string(c.Licence), c.MadeBy, c.MadeAt)
	return err
}

func insertSecret(ctx context.Context, tx *db.Tx, id, secret, by string) error {
	_, err := tx.Exec(ctx, `INSERT INTO credential_secret (board_id, hash, credential_id, made_by, made_at) VALUES ($1, $2, $3, $4, $5)`,
		tx.Board, hash(secret), id, by, tx.Now)
	return err
}

// endSecrets lets those that are open end, none later than it would.
func endSecrets(ctx context.Context, tx *db.Tx, id string, at time.Time) error {
	_, err := tx.Exec(ctx, `UPDATE credential_secret SET ends_at = $3
		WHERE board_id = $1 AND credential_id = $2 AND (ends_at IS NULL OR ends_at > $3)`, tx.Board, id, at)
	return err
}

func secrets(ctx context.Context, tx *db.Tx, id string) ([]Secret, error) {
	return db.All(ctx, tx, func(r db.Row) (s Secret, err error) {
		err = r.Scan(&s.MadeBy, &s.MadeAt, db.When(&s.EndsAt))
		return s, err
	}, `SELECT made_by, made_at, ends_at FROM credential_secret
		WHERE board_id = $1 AND credential_id = $2 AND (ends_at IS NULL OR ends_at > $3) ORDER BY made_at DESC, hash`, tx.Board, id, tx.Now)
}

// fits tells whether a secret opens a credential at this moment.
func fits(ctx context.Context, tx *db.Tx, id, secret string) (bool, error) {
	n, err := db.One(ctx, tx, func(r db.Row) (n int, err error) {
		err = r.Scan(&n)
		return n, err
	}, `SELECT count(*) FROM credential_secret
		WHERE board_id = $1 AND hash = $2 AND credential_id = $3 AND (ends_at IS NULL OR ends_at > $4)`, tx.Board, hash(secret), id, tx.Now)
	return n > 0, err
}

func revoke(ctx context.Context, tx *db.Tx, c Credential) error {
	err := db.Changed(tx.Exec(ctx, `UPDATE credential SET revoked_by = $4, revoked_at = $5, version = version + 1
		WHERE board_id = $1 AND id = $2 AND version = $3`, tx.Board, c.ID, c.Version, c.RevokedBy, c.RevokedAt))
	if err != nil {
		return err
	}
	return endTokens(ctx, tx, c.ID)
}

func endTokens(ctx context.Context, tx *db.Tx, id string) error {
	_, err := tx.Exec(ctx, `DELETE FROM credential_token WHERE board_id = $1 AND credential_id = $2`, tx.Board, id)
	return err
}

// insertToken keeps a token, and forgets those of the credential that are over.
func insertToken(ctx context.Context, tx *db.Tx, id, token string, scopes []Scope) error {
	if _, err := tx.Exec(ctx, `DELETE FROM credential_token WHERE board_id = $1 AND credential_id = $2 AND expires_at <= $3`,
		tx.Board, id, tx.Now); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO credential_token (board_id, hash, credential_id, scopes, expires_at) VALUES ($1, $2, $3, $4, $5)`,
		tx.Board, hash(token), id, JoinScopes(scopes), tx.Now.Add(Life))
	return err
}

// held is a token with all that its terms depend on.
type held struct {
	credential, scopes string
	licence            licence.ID
	stamp              string
}

// heldQuery finds a token by its hash, in one round trip. The stamp changes with
// what the terms are made from.
const heldQuery = `SELECT t.credential_id, t.scopes, k.licence_id,
		CAST(l.version AS text) || ' ' || p.status || ' ' || p.decision_id || ' ' || CAST(p.version AS text) || ' ' ||
		(SELECT CAST(count(*) AS text) || ' ' || CAST(COALESCE(sum(u.version), 0) AS text) FROM undertaking u
			WHERE u.board_id = $1 AND u.platform_id = l.platform_id) || ' ' ||
		COALESCE((SELECT s.sector || ' ' || CAST(s.rotation AS text) FROM platform_sector s
			WHERE s.board_id = $1 AND s.platform_id = l.platform_id), '') || ' ' ||
		(SELECT b.settings FROM board b WHERE b.id = t.board_id)
	FROM credential_token t
	JOIN credential k ON k.board_id = t.board_id AND k.id = t.credential_id AND k.revoked_at IS NULL
	JOIN licence l ON l.board_id = k.board_id AND l.id = k.licence_id
	JOIN platform p ON p.board_id = l.board_id AND p.id = l.platform_id
	WHERE t.board_id = $1 AND t.hash = $2 AND t.expires_at > $3`

func scanHeld(r db.Row) (h held, err error) {
	err = r.Scan(&h.credential, &h.scopes, &h.licence, &h.stamp)
	return h, err
}

// addUse adds to the day's counts.
func addUse(ctx context.Context, tx *db.Tx, id string, u Use) error {
	_, err := tx.Exec(ctx, `INSERT INTO credential_use (board_id, credential_id, day, requests, objects, refused, last_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (board_id, credential_id, day) DO UPDATE SET requests = credential_use.requests + excluded.requests,
			objects = credential_use.objects + excluded.objects, refused = credential_use.refused + excluded.refused,
			last_at = CASE WHEN credential_use.last_at > excluded.last_at THEN credential_use.last_at ELSE excluded.last_at END`,
		tx.Board, id, u.Day, u.Requests, u.Objects, u.Refused, u.LastAt)
	return err
}

func scanUse(r db.Row) (u Use, err error) {
	err = r.Scan(&u.Day, &u.Requests, &u.Objects, &u.Refused, &u.LastAt)
	return u, err
}

// usedDays is how many days of use are shown.
const usedDays = 14

func uses(ctx context.Context, tx *db.Tx, id string) ([]Use, error) {
	return db.All(ctx, tx, scanUse, `SELECT day, requests, objects, refused, last_at FROM credential_use
		WHERE board_id = $1 AND credential_id = $2 ORDER BY day DESC LIMIT $3`, tx.Board, id, usedDays)
}

// LastRead answers the last day on which something was read with a credential of one of
// these licences, nil when nothing ever was.
func LastRead(ctx context.Context, tx *db.Tx, licences []licence.ID) (*Use, error) {
	args := []any{tx.Board}
	for _, id := range licences {
		args = append(args, string(id))
	}
	found, err := db.All(ctx, tx, scanUse, `SELECT u.day, u.requests, u.objects, u.refused, u.last_at FROM credential c
		JOIN credential_use u ON u.board_id = c.board_id AND u.credential_id = c.id
		WHERE c.board_id = $1 AND c.licence_id IN `+db.In(2, len(licences))+` AND u.objects > 0
		ORDER BY u.last_at DESC LIMIT 1`, args...)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return &found[0], nil
}

// language is the board's own, "" where the roster does not tell.
func language(ctx context.Context, tx *db.Tx) (string, error) {
	found, err := db.All(ctx, tx, func(r db.Row) (lang string, err error) {
		err = r.Scan(&lang)
		return lang, err
	}, `SELECT language FROM org WHERE board_id = $1 AND kind = 'board' AND status = 'active' ORDER BY id LIMIT 1`, tx.Board)
	if err != nil || len(found) == 0 {
		return "", err
	}
	return found[0], nil
}
