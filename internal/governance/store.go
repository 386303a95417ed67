package governance

import (
	"context"
	"encoding/json"
	"fmt"

	"aval/internal/db"
)

const actColumns = `id, kind, done_on, who, reference, note, due_on, file_id, file_name, file_media, file_size, file_sha256,
	recorded_by, recorded_at, ended_on, ended_by, ended_why`

func scanAct(row db.Row) (a Act, err error) {
	err = row.Scan(&a.ID, &a.Kind, &a.On, &a.Who, &a.Reference, &a.Note, &a.DueOn, &a.File.ID, &a.File.Name, &a.File.Media,
		&a.File.Size, &a.File.SHA256, &a.RecordedBy, &a.RecordedAt, &a.EndedOn, &a.EndedBy, &a.EndedWhy)
	return a, err
}

// acts answers every act of a kind, of all kinds when it is empty, the latest first.
func acts(ctx context.Context, tx *db.Tx, kind string) ([]Act, error) {
	return db.All(ctx, tx, scanAct, `SELECT `+actColumns+` FROM governance_act
		WHERE board_id = $1 AND (CAST($2 AS text) = '' OR kind = $2) ORDER BY done_on DESC, recorded_at DESC, id`, tx.Board, kind)
}

func getAct(ctx context.Context, tx *db.Tx, id ID) (Act, error) {
	return db.One(ctx, tx, scanAct, `SELECT `+actColumns+` FROM governance_act WHERE board_id = $1 AND id = $2`, tx.Board, string(id))
}

func insertAct(ctx context.Context, tx *db.Tx, a Act) error {
	_, err := tx.Exec(ctx, `INSERT INTO governance_act (board_id, id, kind, done_on, who, reference, note, due_on, file_id, file_name,
			file_media, file_size, file_sha256, recorded_by, recorded_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`, tx.Board, string(a.ID), a.Kind, a.On, a.Who, a.Reference,
		a.Note, a.DueOn, a.File.ID, a.File.Name, a.File.Media, a.File.Size, a.File.SHA256, a.RecordedBy, a.RecordedAt)
	return err
}

// endAct ends an act, unless somebody was there first.
func endAct(ctx context.Context, tx *db.Tx, a Act) error {
	return db.Changed(tx.Exec(ctx, `UPDATE governance_act SET ended_on = $3, ended_by = $4, ended_why = $5
		WHERE board_id = $1 AND id = $2 AND ended_on = ''`, tx.Board, string(a.ID), a.EndedOn, a.EndedBy, a.EndedWhy))
}

const officialColumns = `id, label, lang, in_force_on, pages, name, media, size, sha256, uploaded_by, uploaded_at`

func scanOfficial(row db.Row) (o Official, err error) {
	var pages string
	if err := row.Scan(&o.ID, &o.Label, &o.Lang, &o.InForceOn, &pages, &o.File.Name, &o.File.Media, &o.File.Size, &o.File.SHA256,
		&o.UploadedBy, &o.UploadedAt); err != nil {
		return o, err
	}
	o.File.ID = o.ID
	if err := json.Unmarshal([]byte(pages), &o.Pages); err != nil {
		return o, fmt.Errorf("pages of official text %s: %w", o.ID, err)
	}
	return o, nil
}

// officials answers every official text, the newest in force first.
func officials(ctx context.Context, tx *db.Tx) ([]Official, error) {
	return db.All(ctx, tx, scanOfficial, `SELECT `+officialColumns+` FROM official_version
		WHERE board_id = $1 ORDER BY in_force_on DESC, uploaded_at DESC, id`, tx.Board)
}

func getOfficial(ctx context.Context, tx *db.Tx, id string) (Official, error) {
	return db.One(ctx, tx, scanOfficial, `SELECT `+officialColumns+` FROM official_version WHERE board_id = $1 AND id = $2`, tx.Board, id)
}

// insertOfficial keeps a text; kept is false when its version is kept in that language already.
func insertOfficial(ctx context.Context, tx *db.Tx, o Official) (kept bool, err error) {
	pages, err := json.Marshal(o.Pages)
	if err != nil {
		return false, fmt.Errorf("pages of official text %s: %w", o.ID, err)
	}
	n, err := tx.Exec(ctx, `INSERT INTO official_version (board_id, id, label, lang, in_force_on, pages, name, media, size, sha256,
			uploaded_by, uploaded_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (board_id, label, lang) DO NOTHING`, tx.Board, o.ID, o.Label,
		o.Lang, o.InForceOn, string(pages), o.File.Name, o.File.Media, o.File.Size, o.File.SHA256, o.UploadedBy, o.UploadedAt)
	return n > 0, err
}

const interpretationColumns = `id, clause, question_fr, question_en, answer_fr, answer_en, given_on, given_by, given_at, ended_by, ended_at,
	ended_why, replaced_by`

func scanInterpretation(row db.Row) (i Interpretation, err error) {
	err = row.Scan(&i.ID, &i.Clause, &i.QuestionFr, &i.QuestionEn, &i.AnswerFr, &i.AnswerEn, &i.GivenOn, &i.GivenBy, &i.GivenAt,
		&i.EndedBy, db.When(&i.EndedAt), &i.EndedWhy, &i.ReplacedBy)
	return i, err
}

// interpretations answers all, ended ones too, the latest first.
func interpretations(ctx context.Context, tx *db.Tx) ([]Interpretation, error) {
	return db.All(ctx, tx, scanInterpretation, `SELECT `+interpretationColumns+` FROM interpretation
		WHERE board_id = $1 ORDER BY given_on DESC, given_at DESC, id`, tx.Board)
}

func getInterpretation(ctx context.Context, tx *db.Tx, id string) (Interpretation, error) {
	return db.One(ctx, tx, scanInterpretation, `SELECT `+interpretationColumns+` FROM interpretation WHERE board_id = $1 AND id = $2`, tx.Board, id)
}

func insertInterpretation(ctx context.Context, tx *db.Tx, i Interpretation) error {
	_, err := tx.Exec(ctx, `INSERT INTO interpretation (board_id, id, clause, question_fr, question_en, answer_fr, answer_en, given_on,
			given_by, given_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`, tx.Board, i.ID, i.Clause, i.QuestionFr, i.QuestionEn, i.AnswerFr, i.AnswerEn,
		i.GivenOn, i.GivenBy, i.GivenAt)
	return err
}

// endInterpretation ends one that stands, unless somebody was there first.
func endInterpretation(ctx context.Context, tx *db.Tx, i Interpretation) error {
	return db.Changed(tx.Exec(ctx, `UPDATE interpretation SET ended_by = $3, ended_at = $4, ended_why = $5, replaced_by = $6
		WHERE board_id = $1 AND id = $2 AND ended_at IS NULL`, tx.Board, i.ID, i.EndedBy, i.EndedAt, i.EndedWhy, i.ReplacedBy))
}

func scanAttestation(row db.Row) (a Attestation, err error) {
	err = row.Scan(&a.ID, &a.Year, &a.Org, &a.Exceptions, &a.SignedBy, &a.SignedAt)
	return a, err
}

// attestations answers those of a year.
func attestations(ctx context.Context, tx *db.Tx, y Year) ([]Attestation, error) {
	return db.All(ctx, tx, scanAttestation, `SELECT id, year, org_id, exceptions, signed_by, signed_at FROM attestation
		WHERE board_id = $1 AND year = $2 ORDER BY signed_at, id`, tx.Board, int(y))
}

// insertAttestation keeps one; kept is false when the place attested already.
func insertAttestation(ctx context.Context, tx *db.Tx, a Attestation) (kept bool, err error) {
	n, err := tx.Exec(ctx, `INSERT INTO attestation (board_id, id, year, org_id, exceptions, signed_by, signed_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (board_id, year, org_id) DO NOTHING`, tx.Board, a.ID, int(a.Year), a.Org, a.Exceptions,
		a.SignedBy, a.SignedAt)
	return n > 0, err
}

// manager is who answers for a place; the place is empty for the evaluating service.
type manager struct{ Org, Name string }

// managers answers who answers for each place, by name.
func managers(ctx context.Context, tx *db.Tx) ([]manager, error) {
	return db.All(ctx, tx, func(row db.Row) (m manager, err error) {
		err = row.Scan(&m.Org, &m.Name)
		return m, err
	}, `SELECT DISTINCT g.org_id, a.name FROM account_grant g JOIN account a ON a.board_id = g.board_id AND a.id = g.account_id
		WHERE g.board_id = $1 AND NOT a.disabled AND (g.role IN ('principal', 'department_head') AND g.org_id <> ''
			OR g.role = 'evaluation_director' AND g.org_id = '')
		ORDER BY a.name`, tx.Board)
}
