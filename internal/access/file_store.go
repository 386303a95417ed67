package access

import (
	"context"

	"aval/internal/db"
	"aval/internal/i18n"
	"aval/internal/licence"
)

const fileColumns = `id, licence_id, kind, accounts, prepared_by, prepared_at, approved_by, approved_at, downloaded_by, downloaded_at,
	confirmed_by, confirmed_at, version`

func scanFile(r db.Row) (f File, err error) {
	err = r.Scan(&f.ID, &f.LicenceID, &f.Kind, &f.Accounts, &f.PreparedBy, &f.PreparedAt, &f.ApprovedBy, db.When(&f.ApprovedAt),
		&f.DownloadedBy, db.When(&f.DownloadedAt), &f.ConfirmedBy, db.When(&f.ConfirmedAt), &f.Version)
	return f, err
}

func getFile(ctx context.Context, tx *db.Tx, id licence.ID, file FileID) (File, error) {
	return db.One(ctx, tx, scanFile, `SELECT `+fileColumns+` FROM provisioning WHERE board_id = $1 AND licence_id = $2 AND id = $3`,
		tx.Board, string(id), string(file))
}

// mostFiles bounds what a page lists.
const mostFiles = 20

func filesOf(ctx context.Context, tx *db.Tx, id licence.ID) ([]File, error) {
	return db.All(ctx, tx, scanFile, `SELECT `+fileColumns+` FROM provisioning WHERE board_id = $1 AND licence_id = $2
		ORDER BY prepared_at DESC, id LIMIT $3`, tx.Board, string(id), mostFiles)
}

// replaceFile keeps a new file in place of one that was not downloaded.
func replaceFile(ctx context.Context, tx *db.Tx, f File) error {
	if _, err := tx.Exec(ctx, `DELETE FROM provisioning WHERE board_id = $1 AND licence_id = $2 AND downloaded_at IS NULL`,
		tx.Board, string(f.LicenceID)); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO provisioning (board_id, id, licence_id, kind, accounts, prepared_by, prepared_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`, tx.Board, string(f.ID), string(f.LicenceID), string(f.Kind), f.Accounts, f.PreparedBy, f.PreparedAt)
	return err
}

func updateFile(ctx context.Context, tx *db.Tx, f *File) error {
	err := db.Changed(tx.Exec(ctx, `UPDATE provisioning SET approved_by = $4, approved_at = $5, downloaded_by = $6, downloaded_at = $7,
		confirmed_by = $8, confirmed_at = $9, version = version + 1 WHERE board_id = $1 AND id = $2 AND version = $3`,
		tx.Board, string(f.ID), f.Version, f.ApprovedBy, db.Moment(f.ApprovedAt), f.DownloadedBy, db.Moment(f.DownloadedAt),
		f.ConfirmedBy, db.Moment(f.ConfirmedAt)))
	if err == nil {
		f.Version++
	}
	return err
}

// send makes what the platform did not know yet sent, in a file.
func send(ctx context.Context, tx *db.Tx, f File) error {
	day := i18n.DayOf(tx.Now)
	_, err := tx.Exec(ctx, `UPDATE pupil_account SET state = 'sent', provisioning_id = $3, changed_on = $4,
			sent_on = CASE WHEN sent_on = '' THEN $5 ELSE sent_on END, version = version + 1
		WHERE board_id = $1 AND licence_id = $2 AND state IN ('to_create', 'reset_pending')`,
		tx.Board, string(f.LicenceID), string(f.ID), day, day)
	return err
}

// confirmSent makes what was sent in a file confirmed, also where the account is stopped meanwhile.
func confirmSent(ctx context.Context, tx *db.Tx, f File) error {
	_, err := tx.Exec(ctx, `UPDATE pupil_account SET state = CASE WHEN state = 'sent' THEN 'confirmed' ELSE state END,
			was = CASE WHEN state = 'sent' THEN was ELSE 'confirmed' END, changed_on = $4, version = version + 1
		WHERE board_id = $1 AND licence_id = $2 AND provisioning_id = $3 AND (state = 'sent' OR state = 'suspended' AND was = 'sent')`,
		tx.Board, string(f.LicenceID), string(f.ID), i18n.DayOf(tx.Now))
	return err
}
