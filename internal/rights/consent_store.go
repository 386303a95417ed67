package rights

import (
	"context"

	"aval/internal/db"
	"aval/internal/policy"
	"aval/internal/vault"
)

const consentColumns = `c.id, c.person_id, c.org_id, c.platform_id, c.purpose, c.instrument, c.answer, c.age_from, c.capacity, c.method,
	c.text_version, c.rule, c.given_on, c.expires_on, c.alternative, c.withdrawn_on, c.recorded_by, c.recorded_at, c.version`

func (c *Consent) into() []any {
	return []any{&c.ID, &c.PersonID, &c.OrgID, &c.Platform, &c.Purpose, &c.Instrument, &c.Answer, &c.Band.From, &c.Capacity, &c.Method,
		&c.TextVersion, &c.Rule, &c.GivenOn, &c.ExpiresOn, &c.Alternative, &c.WithdrawnOn, &c.RecordedBy, &c.RecordedAt, &c.Version}
}

func scanConsent(row db.Row) (c Consent, err error) {
	err = row.Scan(c.into()...)
	return c, err
}

func getConsent(ctx context.Context, tx *db.Tx, id ID) (Consent, error) {
	return db.One(ctx, tx, scanConsent, `SELECT `+consentColumns+` FROM consent c WHERE c.board_id = $1 AND c.id = $2`, tx.Board, string(id))
}

// openConsent reads a consent with its signer.
func openConsent(ctx context.Context, tx *db.Tx, keys *vault.Keys, id ID) (Consent, error) {
	c, err := getConsent(ctx, tx, id)
	if err != nil {
		return c, err
	}
	sealed, err := db.One(ctx, tx, func(row db.Row) (b []byte, err error) {
		err = row.Scan(&b)
		return b, err
	}, `SELECT signer FROM consent WHERE board_id = $1 AND id = $2`, tx.Board, string(id))
	if err != nil {
		return c, err
	}
	plain, err := keys.Open(consentPlace(id), sealed)
	c.Signer = string(plain)
	return c, err
}

// reach are the columns that a permission compares.
var reach = policy.Columns{Org: "c.org_id"}

// consents reads those that the actor may read, the last first.
func consents(ctx context.Context, tx *db.Tx, actor policy.Actor) ([]ConsentRow, error) {
	where, more := actor.Reach(policy.ConsentRead).Where(actor, reach, 2)
	return db.All(ctx, tx, func(row db.Row) (r ConsentRow, err error) {
		var given, family string
		err = row.Scan(append(r.into(), &given, &family, &r.Title)...)
		r.Pupil = given + " " + family
		return r, err
	}, `SELECT `+consentColumns+`, p.given_name, p.family_name, f.name FROM consent c
		JOIN person p ON p.board_id = c.board_id AND p.id = c.person_id
		JOIN platform f ON f.board_id = c.board_id AND f.id = c.platform_id
		WHERE c.board_id = $1 AND `+where+` ORDER BY c.recorded_at DESC, c.id LIMIT 500`, append([]any{tx.Board}, more...)...)
}

// consentsInClass reads those of the pupils of a class, in the order in which they were given.
func consentsInClass(ctx context.Context, tx *db.Tx, class string) ([]Consent, error) {
	return db.All(ctx, tx, scanConsent, `SELECT `+consentColumns+` FROM consent c WHERE c.board_id = $1 AND c.person_id IN (
			SELECT e.person_id FROM enrollment e WHERE e.board_id = $1 AND e.class_id = $2 AND e.role = 'student' AND e.status = 'active')
		ORDER BY c.given_on, c.recorded_at, c.id`, tx.Board, class)
}

func insertConsent(ctx context.Context, tx *db.Tx, keys *vault.Keys, c Consent) error {
	signer, err := keys.Seal(consentPlace(c.ID), []byte(c.Signer))
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO consent (board_id, id, person_id, org_id, platform_id, purpose, instrument, answer, age_from, capacity,
			signer, method, text_version, rule, given_on, expires_on, alternative, recorded_by, recorded_at, version)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)`,
		tx.Board, string(c.ID), c.PersonID, c.OrgID, string(c.Platform), c.Purpose, string(c.Instrument), c.Answer, c.Band.From,
		string(c.Capacity), signer, c.Method, c.TextVersion, c.Rule, c.GivenOn, c.ExpiresOn, c.Alternative, c.RecordedBy, c.RecordedAt, c.Version)
	return err
}

func withdrawConsent(ctx context.Context, tx *db.Tx, c *Consent) error {
	err := db.Changed(tx.Exec(ctx, `UPDATE consent SET withdrawn_on = $4, version = version + 1 WHERE board_id = $1 AND id = $2 AND version = $3`,
		tx.Board, string(c.ID), c.Version, c.WithdrawnOn))
	if err == nil {
		c.Version++
	}
	return err
}

func saveBasis(ctx context.Context, tx *db.Tx, b Basis) error {
	_, err := tx.Exec(ctx, `INSERT INTO collection_basis (board_id, platform_id, basis, reason, chosen_by, chosen_at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (board_id, platform_id) DO UPDATE SET basis = excluded.basis, reason = excluded.reason, chosen_by = excluded.chosen_by,
			chosen_at = excluded.chosen_at`, tx.Board, string(b.Platform), b.Basis, b.Reason, b.ChosenBy, b.ChosenAt)
	return err
}

func bases(ctx context.Context, tx *db.Tx) ([]Basis, error) {
	return db.All(ctx, tx, func(row db.Row) (b Basis, err error) {
		err = row.Scan(&b.Platform, &b.Basis, &b.Reason, &b.ChosenBy, &b.ChosenAt)
		return b, err
	}, `SELECT b.platform_id, b.basis, b.reason, b.chosen_by, b.chosen_at FROM collection_basis b
		JOIN platform p ON p.board_id = b.board_id AND p.id = b.platform_id WHERE b.board_id = $1 ORDER BY p.search, p.id`, tx.Board)
}
