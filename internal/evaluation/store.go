package evaluation

import (
	"context"

	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/request"
)

const columns = `id, request_id, aspect, evaluator_id, recommendation, summary, location, location_reason,
	finished_at, updated_at, version, frame, source, second_at`

func scan(row db.Row) (e Evaluation, err error) {
	var frame, source string
	if err := row.Scan(&e.ID, &e.RequestID, &e.Aspect, &e.EvaluatorID, &e.Recommendation, &e.Summary, &e.Location,
		&e.LocationReason, db.When(&e.FinishedAt), &e.UpdatedAt, &e.Version, &frame, &source, db.When(&e.SecondAt)); err != nil {
		return e, err
	}
	if e.Frame, err = readFrame(frame); err != nil {
		return e, err
	}
	e.Source, err = readSource(source)
	return e, err
}

// Of answers both aspects of a request; one that nobody has begun is blank.
func Of(ctx context.Context, tx *db.Tx, requestID request.ID) (map[Aspect]Evaluation, error) {
	rows, err := db.All(ctx, tx, scan, `SELECT `+columns+` FROM evaluation WHERE board_id = $1 AND request_id = $2`,
		tx.Board, string(requestID))
	if err != nil {
		return nil, err
	}
	both := map[Aspect]Evaluation{}
	for _, aspect := range Aspects {
		both[aspect] = Evaluation{RequestID: requestID, Aspect: aspect, Criteria: map[string]Judgement{}}
	}
	for _, e := range rows {
		if err := fetch(ctx, tx, &e); err != nil {
			return nil, err
		}
		both[e.Aspect] = e
	}
	return both, nil
}

// get reads one aspect, which begin has made sure of.
func get(ctx context.Context, tx *db.Tx, requestID request.ID, aspect Aspect) (Evaluation, error) {
	e, err := db.One(ctx, tx, scan, `SELECT `+columns+` FROM evaluation
		WHERE board_id = $1 AND request_id = $2 AND aspect = $3`, tx.Board, string(requestID), string(aspect))
	if err != nil {
		return e, err
	}
	err = fetch(ctx, tx, &e)
	return e, err
}

type criterionRow struct {
	id string
	Judgement
}

// fetch reads what stands in the tables beside the evaluation's own.
func fetch(ctx context.Context, tx *db.Tx, e *Evaluation) error {
	rows, err := db.All(ctx, tx, func(row db.Row) (c criterionRow, err error) {
		err = row.Scan(&c.id, &c.Rating, &c.Note, &c.Reason, &c.Carried, &c.Before.Rating, &c.Before.Note)
		return c, err
	}, `SELECT criterion, rating, note, reason, carried, before_rating, before_note FROM evaluation_criterion
		WHERE board_id = $1 AND evaluation_id = $2`,
		tx.Board, string(e.ID))
	if err != nil {
		return err
	}
	e.Criteria = map[string]Judgement{}
	for _, c := range rows {
		e.Criteria[c.id] = c.Judgement
	}
	e.Looked, err = db.All(ctx, tx, func(row db.Row) (id string, err error) {
		err = row.Scan(&id)
		return id, err
	}, `SELECT platform_id FROM evaluation_equivalent WHERE board_id = $1 AND evaluation_id = $2 ORDER BY platform_id`,
		tx.Board, string(e.ID))
	if err == nil && !e.SecondAt.IsZero() {
		e.Opinions, err = opinions(ctx, tx, e.ID)
	}
	return err
}

// begin makes sure that both aspects have their row, and holds the first until
// the transaction ends: two people may not close the two aspects without one of
// them seeing that both are closed.
func begin(ctx context.Context, tx *db.Tx, requestID request.ID) error {
	for _, aspect := range Aspects {
		if _, err := tx.Exec(ctx, `INSERT INTO evaluation (board_id, id, request_id, aspect, evaluator_id, updated_at, version)
			VALUES ($1, $2, $3, $4, '', $5, 0) ON CONFLICT DO NOTHING`,
			tx.Board, db.NewID(), string(requestID), string(aspect), tx.Now); err != nil {
			return err
		}
	}
	_, err := tx.Exec(ctx, `UPDATE evaluation SET updated_at = updated_at
		WHERE board_id = $1 AND request_id = $2 AND aspect = $3`, tx.Board, string(requestID), string(Use))
	return err
}

// addWriters remembers who wrote on an aspect, for whoever decides to be somebody else.
func addWriters(ctx context.Context, tx *db.Tx, id ID, accounts []string) error {
	for _, account := range accounts {
		if _, err := tx.Exec(ctx, `INSERT INTO evaluation_writer (board_id, evaluation_id, account_id, since)
			VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`, tx.Board, string(id), account, tx.Now); err != nil {
			return err
		}
	}
	return nil
}

// Writers answers the accounts that ever wrote on an aspect of a request, or in
// whose place somebody did.
func Writers(ctx context.Context, tx *db.Tx, requestID request.ID) ([]string, error) {
	return db.All(ctx, tx, func(row db.Row) (account string, err error) {
		err = row.Scan(&account)
		return account, err
	}, `SELECT DISTINCT w.account_id FROM evaluation_writer w
		JOIN evaluation e ON e.board_id = w.board_id AND e.id = w.evaluation_id
		WHERE w.board_id = $1 AND e.request_id = $2 ORDER BY w.account_id`, tx.Board, string(requestID))
}

// update keeps an aspect whole, unless someone has changed it since.
func update(ctx context.Context, tx *db.Tx, e *Evaluation) error {
	if e.Opinion != "" {
		return updateOpinion(ctx, tx, e)
	}
	frame, err := writeFrame(e.Frame)
	if err != nil {
		return err
	}
	source, err := writeSource(e.Source)
	if err != nil {
		return err
	}
	if err := db.Changed(tx.Exec(ctx, `UPDATE evaluation SET evaluator_id = $4, recommendation = $5, summary = $6,
			location = $7, location_reason = $8, finished_at = $9, updated_at = $10, frame = $11, source = $12,
			second_at = $13, version = version + 1
		WHERE board_id = $1 AND id = $2 AND version = $3`,
		tx.Board, string(e.ID), e.Version, e.EvaluatorID, string(e.Recommendation), e.Summary, string(e.Location),
		e.LocationReason, db.Moment(e.FinishedAt), tx.Now, frame, source, db.Moment(e.SecondAt))); err != nil {
		return err
	}
	e.Version, e.UpdatedAt = e.Version+1, tx.Now
	for id, j := range e.Criteria {
		if _, err := tx.Exec(ctx, `INSERT INTO evaluation_criterion (board_id, evaluation_id, criterion, rating, note,
				reason, carried, before_rating, before_note)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (board_id, evaluation_id, criterion)
			DO UPDATE SET rating = excluded.rating, note = excluded.note, reason = excluded.reason,
				carried = excluded.carried, before_rating = excluded.before_rating, before_note = excluded.before_note`,
			tx.Board, string(e.ID), id, string(j.Rating), j.Note, j.Reason, j.Carried, string(j.Before.Rating),
			j.Before.Note); err != nil {
			return err
		}
	}
	if _, err := tx.Exec(ctx, `DELETE FROM evaluation_equivalent WHERE board_id = $1 AND evaluation_id = $2`,
		tx.Board, string(e.ID)); err != nil {
		return err
	}
	for _, platform := range e.Looked {
		if _, err := tx.Exec(ctx, `INSERT INTO evaluation_equivalent (board_id, evaluation_id, platform_id, looked_at)
			VALUES ($1, $2, $3, $4)`, tx.Board, string(e.ID), platform, tx.Now); err != nil {
			return err
		}
	}
	return nil
}

const evidenceColumns = `id, evaluation_id, criterion, name, media, size, sha256, added_by, added_at, confidential`

func scanEvidence(row db.Row) (v Evidence, err error) {
	err = row.Scan(&v.ID, &v.EvaluationID, &v.Criterion, &v.Name, &v.Media, &v.Size, &v.SHA256, &v.AddedBy, &v.AddedAt,
		&v.Confidential)
	return v, err
}

// EvidenceOf lists the files that support an aspect, oldest first. It asks nobody's permission.
func EvidenceOf(ctx context.Context, tx *db.Tx, id ID) ([]Evidence, error) {
	return db.All(ctx, tx, scanEvidence, `SELECT `+evidenceColumns+` FROM evidence
		WHERE board_id = $1 AND evaluation_id = $2 AND withdrawn_at IS NULL ORDER BY added_at, id`, tx.Board, string(id))
}

func insertEvidence(ctx context.Context, tx *db.Tx, v Evidence) error {
	_, err := tx.Exec(ctx, `INSERT INTO evidence (board_id, id, evaluation_id, criterion, name, media, size, sha256, added_by,
			added_at, confidential)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`, tx.Board, v.ID, string(v.EvaluationID), v.Criterion, v.Name,
		v.Media, v.Size, v.SHA256, v.AddedBy, v.AddedAt, v.Confidential)
	return err
}

// setAside withdraws a file of an aspect, once.
func setAside(ctx context.Context, tx *db.Tx, of ID, id, by string) (Evidence, error) {
	return db.One(ctx, tx, scanEvidence, `UPDATE evidence SET withdrawn_by = $4, withdrawn_at = $5
		WHERE board_id = $1 AND evaluation_id = $2 AND id = $3 AND withdrawn_at IS NULL RETURNING `+evidenceColumns,
		tx.Board, string(of), id, by, tx.Now)
}

// evidence reads a file's record and the evaluation it speaks of.
func evidence(ctx context.Context, tx *db.Tx, id string) (v Evidence, e Evaluation, err error) {
	v, err = db.One(ctx, tx, scanEvidence, `SELECT `+evidenceColumns+` FROM evidence
		WHERE board_id = $1 AND id = $2 AND withdrawn_at IS NULL`, tx.Board, id)
	if err != nil {
		return v, e, err
	}
	e, err = db.One(ctx, tx, scan, `SELECT `+columns+` FROM evaluation WHERE board_id = $1 AND id = $2`,
		tx.Board, string(v.EvaluationID))
	if err == nil {
		err = fetch(ctx, tx, &e)
	}
	return v, e, err
}

// accountName reads the name of who evaluated; "" for nobody.
func accountName(ctx context.Context, tx *db.Tx, id string) (string, error) {
	if id == "" {
		return "", nil
	}
	name, err := db.One(ctx, tx, func(row db.Row) (name string, err error) {
		err = row.Scan(&name)
		return name, err
	}, `SELECT name FROM account WHERE board_id = $1 AND id = $2`, tx.Board, id)
	if fault.Is(err, fault.NotFound) { // the command line has no account
		return id, nil
	}
	return name, err
}
