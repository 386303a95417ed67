package incident

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"aval/internal/db"
	"aval/internal/i18n"
)

const columns = `i.id, i.number, i.test, i.state, i.opened_by, i.opened_at, i.closed_by, i.closed_at, v.version,
	v.entry, v.act, v.why, v.changed_by, v.changed_at`

func scan(row db.Row) (i Incident, err error) {
	var entry string
	if err := row.Scan(&i.ID, &i.Number, &i.Test, &i.State, &i.OpenedBy, &i.OpenedAt, &i.ClosedBy, db.When(&i.ClosedAt), &i.Version,
		&entry, &i.Act, &i.Why, &i.ChangedBy, &i.ChangedAt); err != nil {
		return i, err
	}
	if err := json.Unmarshal([]byte(entry), &i.Entry); err != nil {
		return i, fmt.Errorf("entry of incident %s: %w", i.ID, err)
	}
	return i, nil
}

// Get answers an incident as it stands, or the one NotFound.
func Get(ctx context.Context, tx *db.Tx, id ID) (Incident, error) {
	return db.One(ctx, tx, scan, `SELECT `+columns+` FROM incident i
		JOIN incident_version v ON v.board_id = i.board_id AND v.incident_id = i.id AND v.version = i.version
		WHERE i.board_id = $1 AND i.id = $2`, tx.Board, string(id))
}

// All answers the incidents of which the board became aware within some days,
// either of which may be empty, the latest first.
func All(ctx context.Context, tx *db.Tx, from, to string) ([]Incident, error) {
	return db.All(ctx, tx, scan, `SELECT `+columns+` FROM incident i
		JOIN incident_version v ON v.board_id = i.board_id AND v.incident_id = i.id AND v.version = i.version
		WHERE i.board_id = $1 AND (CAST($2 AS text) = '' OR i.aware_on >= $2) AND (CAST($3 AS text) = '' OR i.aware_on <= $3)
		ORDER BY i.aware_on DESC, i.number DESC`, tx.Board, from, to)
}

// versions answers every version of an incident, the latest first.
func versions(ctx context.Context, tx *db.Tx, id ID) ([]Incident, error) {
	return db.All(ctx, tx, scan, `SELECT `+columns+` FROM incident i
		JOIN incident_version v ON v.board_id = i.board_id AND v.incident_id = i.id
		WHERE i.board_id = $1 AND i.id = $2 ORDER BY v.version DESC`, tx.Board, string(id))
}

// insert numbers a new incident within its year and keeps it with its first version.
func insert(ctx context.Context, tx *db.Tx, i *Incident) error {
	year := i.OpenedAt.In(i18n.Zone).Year()
	last, err := db.One(ctx, tx, scanNumber, `INSERT INTO incident_number (board_id, year, last) VALUES ($1, $2, 1)
		ON CONFLICT (board_id, year) DO UPDATE SET last = incident_number.last + 1 RETURNING last`, tx.Board, year)
	if err != nil {
		return fmt.Errorf("number an incident: %w", err)
	}
	i.ID, i.Number, i.Version = ID(db.NewID()), fmt.Sprintf("INC-%d-%03d", year, last), 1
	if _, err := tx.Exec(ctx, `INSERT INTO incident (board_id, id, number, test, state, happened_on, aware_on, opened_by, opened_at, version)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`, tx.Board, string(i.ID), i.Number, string(i.Test), string(i.State),
		i.From, i.AwareOn, i.OpenedBy, i.OpenedAt, i.Version); err != nil {
		return err
	}
	return insertVersion(ctx, tx, *i)
}

// update keeps a new version of an incident, unless somebody was there first.
func update(ctx context.Context, tx *db.Tx, i *Incident) error {
	err := db.Changed(tx.Exec(ctx, `UPDATE incident SET state = $4, happened_on = $5, aware_on = $6, closed_by = $7, closed_at = $8,
		version = version + 1 WHERE board_id = $1 AND id = $2 AND version = $3`, tx.Board, string(i.ID), i.Version,
		string(i.State), i.From, i.AwareOn, i.ClosedBy, db.Moment(i.ClosedAt)))
	if err != nil {
		return err
	}
	i.Version++
	return insertVersion(ctx, tx, *i)
}

func insertVersion(ctx context.Context, tx *db.Tx, i Incident) error {
	entry, err := json.Marshal(i.Entry)
	if err != nil {
		return fmt.Errorf("entry of incident %s: %w", i.ID, err)
	}
	_, err = tx.Exec(ctx, `INSERT INTO incident_version (board_id, incident_id, version, entry, act, why, changed_by, changed_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`, tx.Board, string(i.ID), i.Version, string(entry), i.Act, i.Why, i.ChangedBy, i.ChangedAt)
	return err
}

// remove deletes an incident with its versions, its notices and what was told of it.
func remove(ctx context.Context, tx *db.Tx, id ID) error {
	for _, statement := range []string{
		`DELETE FROM incident_notice_version WHERE board_id = $1 AND notice_id IN
			(SELECT n.id FROM incident_notice n WHERE n.board_id = $1 AND n.incident_id = $2)`,
		`DELETE FROM incident_notice WHERE board_id = $1 AND incident_id = $2`,
		`DELETE FROM incident_report WHERE board_id = $1 AND incident_id = $2`,
		`DELETE FROM incident_version WHERE board_id = $1 AND incident_id = $2`,
		`DELETE FROM incident WHERE board_id = $1 AND id = $2`,
	} {
		if _, err := tx.Exec(ctx, statement, tx.Board, string(id)); err != nil {
			return err
		}
	}
	return nil
}

const reportColumns = `r.id, r.reported_by, r.reported_at, r.noticed_on, r.told, r.platform, r.incident_id, r.answered_by,
	r.answered_at, r.reason, COALESCE(i.state, '')`

const reportFrom = ` FROM incident_report r LEFT JOIN incident i ON i.board_id = r.board_id AND i.id = r.incident_id`

func scanReport(row db.Row) (r Report, err error) {
	var state State
	err = row.Scan(&r.ID, &r.By, &r.At, &r.Told.NoticedOn, &r.Told.Text, &r.Told.Platform, &r.Incident, &r.AnsweredBy,
		db.When(&r.AnsweredAt), &r.Reason, &state)
	switch {
	case state == Closed:
		r.State = Done
	case state == Opened:
		r.State = Taken
	case r.AnsweredBy != "":
		r.State = Aside
	default:
		r.State = Received
	}
	return r, err
}

// GetReport answers a report, or the one NotFound.
func GetReport(ctx context.Context, tx *db.Tx, id string) (Report, error) {
	return db.One(ctx, tx, scanReport, `SELECT `+reportColumns+reportFrom+` WHERE r.board_id = $1 AND r.id = $2`, tx.Board, id)
}

// Unanswered answers the reports that nobody has taken up, the oldest first.
func Unanswered(ctx context.Context, tx *db.Tx) ([]Report, error) {
	return db.All(ctx, tx, scanReport, `SELECT `+reportColumns+reportFrom+` WHERE r.board_id = $1 AND r.answered_by = ''
		ORDER BY r.reported_at, r.id`, tx.Board)
}

func reportsBy(ctx context.Context, tx *db.Tx, accountID string) ([]Report, error) {
	return db.All(ctx, tx, scanReport, `SELECT `+reportColumns+reportFrom+` WHERE r.board_id = $1 AND r.reported_by = $2
		ORDER BY r.reported_at DESC, r.id LIMIT 50`, tx.Board, accountID)
}

func reportsOf(ctx context.Context, tx *db.Tx, id ID) ([]Report, error) {
	return db.All(ctx, tx, scanReport, `SELECT `+reportColumns+reportFrom+` WHERE r.board_id = $1 AND r.incident_id = $2
		ORDER BY r.reported_at, r.id`, tx.Board, string(id))
}

func insertReport(ctx context.Context, tx *db.Tx, r Report) error {
	_, err := tx.Exec(ctx, `INSERT INTO incident_report (board_id, id, reported_by, reported_at, noticed_on, told, platform)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`, tx.Board, r.ID, r.By, r.At, r.Told.NoticedOn, r.Told.Text, r.Told.Platform)
	return err
}

// answerReport keeps what became of a report, unless somebody was there first.
func answerReport(ctx context.Context, tx *db.Tx, r Report) error {
	return db.Changed(tx.Exec(ctx, `UPDATE incident_report SET incident_id = $3, answered_by = $4, answered_at = $5, reason = $6
		WHERE board_id = $1 AND id = $2 AND answered_by = ''`, tx.Board, r.ID, string(r.Incident), r.AnsweredBy, r.AnsweredAt, r.Reason))
}

const noticeColumns = `n.id, n.incident_id, n.sent_to, v.text_fr, v.text_en, n.reason, n.drafted_by, n.drafted_at, n.sent_on,
	n.sent_by, v.changed_by, v.changed_at, v.version`

func scanNotice(row db.Row) (n Notice, err error) {
	err = row.Scan(&n.ID, &n.Incident, &n.To, &n.Fr, &n.En, &n.Reason, &n.DraftedBy, &n.DraftedAt, &n.SentOn, &n.SentBy,
		&n.ChangedBy, &n.ChangedAt, &n.Version)
	return n, err
}

// NoticesOf answers the notices of some incidents as they stand, in the order in
// which they were drafted.
func NoticesOf(ctx context.Context, tx *db.Tx, ids ...ID) (map[ID][]Notice, error) {
	all := map[ID][]Notice{}
	for len(ids) > 0 {
		part := ids[:min(len(ids), 500)]
		ids = ids[len(part):]
		args := []any{tx.Board}
		for _, id := range part {
			args = append(args, string(id))
		}
		found, err := db.All(ctx, tx, scanNotice, `SELECT `+noticeColumns+` FROM incident_notice n
			JOIN incident_notice_version v ON v.board_id = n.board_id AND v.notice_id = n.id AND v.version = n.version
			WHERE n.board_id = $1 AND n.incident_id IN `+db.In(2, len(part))+` ORDER BY n.drafted_at, n.id`, args...)
		if err != nil {
			return nil, err
		}
		for _, n := range found {
			all[n.Incident] = append(all[n.Incident], n)
		}
	}
	return all, nil
}

func getNotice(ctx context.Context, tx *db.Tx, id ID, notice string) (Notice, error) {
	return db.One(ctx, tx, scanNotice, `SELECT `+noticeColumns+` FROM incident_notice n
		JOIN incident_notice_version v ON v.board_id = n.board_id AND v.notice_id = n.id AND v.version = n.version
		WHERE n.board_id = $1 AND n.incident_id = $2 AND n.id = $3`, tx.Board, string(id), notice)
}

func noticeVersions(ctx context.Context, tx *db.Tx, notice string) ([]Notice, error) {
	return db.All(ctx, tx, scanNotice, `SELECT `+noticeColumns+` FROM incident_notice n
		JOIN incident_notice_version v ON v.board_id = n.board_id AND v.notice_id = n.id
		WHERE n.board_id = $1 AND n.id = $2 ORDER BY v.version DESC`, tx.Board, notice)
}

func insertNotice(ctx context.Context, tx *db.Tx, n Notice) error {
	if _, err := tx.Exec(ctx, `INSERT INTO incident_notice (board_id, id, incident_id, sent_to, drafted_by, drafted_at, version)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`, tx.Board, n.ID, string(n.Incident), string(n.To), n.DraftedBy, n.DraftedAt, n.Version); err != nil {
		return err
	}
	return insertNoticeVersion(ctx, tx, n)
}

func insertNoticeVersion(ctx context.Context, tx *db.Tx, n Notice) error {
	_, err := tx.Exec(ctx, `INSERT INTO incident_notice_version (board_id, notice_id, version, text_fr, text_en, changed_by, changed_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`, tx.Board, n.ID, n.Version, n.Fr, n.En, n.ChangedBy, n.ChangedAt)
	return err
}

// updateText keeps a new version of the texts, unless somebody was there first.
func updateText(ctx context.Context, tx *db.Tx, n *Notice) error {
	if err := db.Changed(tx.Exec(ctx, `UPDATE incident_notice SET version = version + 1
		WHERE board_id = $1 AND id = $2 AND version = $3 AND sent_on = ''`, tx.Board, n.ID, n.Version)); err != nil {
		return err
	}
	n.Version++
	return insertNoticeVersion(ctx, tx, *n)
}

// updateSent keeps the day on which a notice went out, once.
func updateSent(ctx context.Context, tx *db.Tx, n Notice) error {
	return db.Changed(tx.Exec(ctx, `UPDATE incident_notice SET sent_on = $4, sent_by = $5, reason = $6
		WHERE board_id = $1 AND id = $2 AND version = $3 AND sent_on = ''`, tx.Board, n.ID, n.Version, n.SentOn, n.SentBy, n.Reason))
}

// boardName is how the board is called.
func boardName(ctx context.Context, tx *db.Tx) (string, error) {
	return db.One(ctx, tx, func(row db.Row) (name string, err error) {
		err = row.Scan(&name)
		return name, err
	}, `SELECT name FROM board WHERE id = $1`, tx.Board)
}

func scanNumber(row db.Row) (n int64, err error) {
	err = row.Scan(&n)
	return n, err
}

// detail says versions and counts in the trail.
func detail(pairs ...string) string {
	var b strings.Builder
	for i := 0; i+1 < len(pairs); i += 2 {
		b.WriteString(pairs[i] + "=" + pairs[i+1] + " ")
	}
	return strings.TrimSpace(b.String())
}

func version(n int64) string { return strconv.FormatInt(n, 10) }
