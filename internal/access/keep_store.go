package access

import (
	"context"

	"aval/internal/db"
	"aval/internal/i18n"
	"aval/internal/licence"
	"aval/internal/policy"
)

func scanLicence(r db.Row) (id licence.ID, err error) {
	err = r.Scan(&id)
	return id, err
}

// withAccounts lists the licences that have accounts which are not retired.
func withAccounts(ctx context.Context, tx *db.Tx) ([]licence.ID, error) {
	return db.All(ctx, tx, scanLicence, `SELECT DISTINCT licence_id FROM pupil_account
		WHERE board_id = $1 AND state <> 'retired' ORDER BY licence_id`, tx.Board)
}

// retiredNames lists the login names of a licence's accounts that were retired.
func retiredNames(ctx context.Context, tx *db.Tx, id licence.ID) (map[string]bool, error) {
	list, err := db.All(ctx, tx, scanText, `SELECT n.id FROM login_name n
		JOIN pupil_account a ON a.board_id = n.board_id AND a.login_id = n.id
		WHERE n.board_id = $1 AND a.licence_id = $2 AND a.state <> 'retired' AND n.retired_on <> ''`, tx.Board, string(id))
	gone := make(map[string]bool, len(list))
	for _, id := range list {
		gone[id] = true
	}
	return gone, err
}

// everSent counts the accounts of a licence that its vendor was ever told of. An
// address of the board is known to the platform without a file.
func everSent(ctx context.Context, tx *db.Tx, id licence.ID) (int, error) {
	return db.One(ctx, tx, scanCount, `SELECT count(*) FROM pupil_account a
		JOIN licence l ON l.board_id = a.board_id AND l.id = a.licence_id
		WHERE a.board_id = $1 AND a.licence_id = $2 AND (a.sent_on <> '' OR l.account_kind = 'board_email')`, tx.Board, string(id))
}

func scanDeletion(r db.Row) (d Deletion, err error) {
	err = r.Scan(&d.Accounts, &d.AskedOn, &d.AttestedOn, &d.AttestedBy)
	return d, err
}

func deletionOf(ctx context.Context, tx *db.Tx, id licence.ID) (Deletion, error) {
	return db.One(ctx, tx, scanDeletion, `SELECT accounts, asked_on, attested_on, attested_by FROM account_deletion
		WHERE board_id = $1 AND licence_id = $2`, tx.Board, string(id))
}

// askDeletion begins to wait, once.
func askDeletion(ctx context.Context, tx *db.Tx, id licence.ID, accounts int) (bool, error) {
	n, err := tx.Exec(ctx, `INSERT INTO account_deletion (board_id, licence_id, accounts, asked_on) VALUES ($1, $2, $3, $4)
		ON CONFLICT (board_id, licence_id) DO NOTHING`, tx.Board, string(id), accounts, i18n.DayOf(tx.Now))
	return n > 0, err
}

func attested(ctx context.Context, tx *db.Tx, id licence.ID, d Deletion, by string) error {
	return db.Changed(tx.Exec(ctx, `UPDATE account_deletion SET attested_on = $3, attested_by = $4, recorded_by = $5
		WHERE board_id = $1 AND licence_id = $2 AND attested_on = ''`, tx.Board, string(id), d.AttestedOn, d.AttestedBy, by))
}

// overdue makes each deletion that was asked for before a day an exception.
func overdue(ctx context.Context, tx *db.Tx, before string) error {
	late, err := db.All(ctx, tx, scanLicence, `SELECT licence_id FROM account_deletion
		WHERE board_id = $1 AND attested_on = '' AND asked_on < $2 ORDER BY licence_id`, tx.Board, before)
	if err != nil {
		return err
	}
	subjects := make([]string, len(late))
	for i, id := range late {
		subjects[i] = licence.Subject(id)
	}
	return policy.MarkAll(ctx, tx, ControlDeletion, subjects, policy.Exception)
}
