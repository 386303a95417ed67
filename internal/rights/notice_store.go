package rights

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"aval/internal/catalogue"
	"aval/internal/db"
	"aval/internal/i18n"
	"aval/internal/policy"
)

const noticeColumns = `id, kind, platform_id, number, state, fields, changes_fr, changes_en, written_by, written_at, published_by,
	published_at, sent_on, audience, channel, version`

func scanNotice(row db.Row) (n Notice, err error) {
	var fields string
	if err := row.Scan(&n.ID, &n.Kind, &n.Platform, &n.Number, &n.State, &fields, &n.Changes.Fr, &n.Changes.En, &n.WrittenBy, &n.WrittenAt,
		&n.PublishedBy, db.When(&n.PublishedAt), &n.SentOn, &n.Audience, &n.Channel, &n.Version); err != nil {
		return n, err
	}
	if err := json.Unmarshal([]byte(fields), &n.Fields); err != nil {
		return n, fmt.Errorf("fields of notice %s: %w", n.ID, err)
	}
	return n, nil
}

func getNotice(ctx context.Context, tx *db.Tx, id ID) (Notice, error) {
	return db.One(ctx, tx, scanNotice, `SELECT `+noticeColumns+` FROM board_notice WHERE board_id = $1 AND id = $2`, tx.Board, string(id))
}

// lastNotice reads the last version of a notice; the zero Notice when there is none.
func lastNotice(ctx context.Context, tx *db.Tx, k NoticeKind, platform catalogue.ID) (n Notice, err error) {
	found, err := db.All(ctx, tx, scanNotice, `SELECT `+noticeColumns+` FROM board_notice
		WHERE board_id = $1 AND kind = $2 AND platform_id = $3 ORDER BY number DESC LIMIT 1`, tx.Board, string(k), string(platform))
	if len(found) > 0 {
		n = found[0]
	}
	return n, err
}

// lastNotices reads the last version of each notice.
func lastNotices(ctx context.Context, tx *db.Tx) ([]Notice, error) {
	return db.All(ctx, tx, scanNotice, `SELECT `+noticeColumns+` FROM board_notice n WHERE board_id = $1 AND number = (SELECT max(number)
			FROM board_notice m WHERE m.board_id = n.board_id AND m.kind = n.kind AND m.platform_id = n.platform_id)
		ORDER BY kind DESC, platform_id`, tx.Board)
}

// publishedNotices reads the versions that were published, the last first.
func publishedNotices(ctx context.Context, tx *db.Tx, k NoticeKind, platform catalogue.ID) ([]Notice, error) {
	return db.All(ctx, tx, scanNotice, `SELECT `+noticeColumns+` FROM board_notice
		WHERE board_id = $1 AND kind = $2 AND platform_id = $3 AND state = 'published' ORDER BY number DESC`, tx.Board, string(k), string(platform))
}

func insertNotice(ctx context.Context, tx *db.Tx, n Notice) error {
	fields, err := json.Marshal(n.Fields)
	if err != nil {
		return fmt.Errorf("fields of a notice: %w", err)
	}
	_, err = tx.Exec(ctx, `INSERT INTO board_notice (board_id, id, kind, platform_id, number, state, fields, written_by, written_at, version)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`, tx.Board, string(n.ID), string(n.Kind), string(n.Platform), n.Number,
		string(n.State), string(fields), n.WrittenBy, n.WrittenAt, n.Version)
	return err
}

func updateNotice(ctx context.Context, tx *db.Tx, n *Notice) error {
	fields, err := json.Marshal(n.Fields)
	if err != nil {
		return fmt.Errorf("fields of a notice: %w", err)
	}
	err = db.Changed(tx.Exec(ctx, `UPDATE board_notice SET state = $4, fields = $5, changes_fr = $6, changes_en = $7, written_by = $8,
			written_at = $9, published_by = $10, published_at = $11, sent_on = $12, audience = $13, channel = $14, version = version + 1
		WHERE board_id = $1 AND id = $2 AND version = $3`, tx.Board, string(n.ID), n.Version, string(n.State), string(fields), n.Changes.Fr,
		n.Changes.En, n.WrittenBy, n.WrittenAt, n.PublishedBy, db.Moment(n.PublishedAt), n.SentOn, n.Audience, n.Channel))
	if err == nil {
		n.Version++
	}
	return err
}

// said is what a request that was decided said that was decided said of a platform.
type said struct {
	platform        catalogue.ID
	kinds           []string
	personal, usage string
}

// receivers reads the approved platforms that receive personal information, or of
// which nobody said that they do not, by name.
func receivers(ctx context.Context, tx *db.Tx, p *policy.Pack) ([]receiver, error) {
	platforms, err := catalogue.List(ctx, tx, catalogue.Filter{})
	if err != nil {
		return nil, err
	}
	rows, err := db.All(ctx, tx, func(row db.Row) (s said, err error) {
		var kinds string
		if err := row.Scan(&s.platform, &kinds, &s.personal, &s.usage); err != nil {
			return s, err
		}
		if err := json.Unmarshal([]byte(kinds), &s.kinds); err != nil {
			return s, fmt.Errorf("data kinds of a request on platform %s: %w", s.platform, err)
		}
		return s, nil
	}, `SELECT d.platform_id, r.data_kinds, r.personal, r.usage FROM decision d
		JOIN request r ON r.board_id = d.board_id AND r.id = d.request_id
		WHERE d.board_id = $1 AND d.overall <> 'refused' ORDER BY d.decided_at DESC, d.id`, tx.Board)
	if err != nil {
		return nil, err
	}
	var list []receiver
	for _, c := range platforms {
		if c.Status != catalogue.Approved && c.Status != catalogue.Conditional {
			continue
		}
		r := receiver{ID: c.ID, Name: c.Name, Vendor: c.Vendor, Hosting: c.Hosting, Conditions: c.Conditions}
		for _, s := range rows {
			if s.platform == c.ID {
				r.hears(s)
			}
		}
		if r.personal(p) {
			list = append(list, r)
		}
	}
	return list, nil
}

// hears takes from an earlier request what later ones left out.
func (r *receiver) hears(s said) {
	if len(r.Kinds) == 0 {
		r.Kinds = s.kinds
	}
	if r.Personal == "" {
		r.Personal = s.personal
	}
	if r.Usage == "" {
		r.Usage = s.usage
	}
}

// told reads, of each approved platform that receives personal information, when it
// began and when parents were told.
func told(ctx context.Context, tx *db.Tx, p *policy.Pack) ([]Told, error) {
	all, err := receivers(ctx, tx, p)
	if err != nil {
		return nil, err
	}
	runs, err := pairs(ctx, tx, `SELECT platform_id, min(starts_on) FROM licence
		WHERE board_id = $1 AND CASE WHEN ended_on <> '' THEN ended_on ELSE ends_on END >= $2 GROUP BY platform_id`, tx.Board, i18n.DayOf(tx.Now))
	if err != nil {
		return nil, err
	}
	sent, err := pairs(ctx, tx, `SELECT platform_id, min(sent_on) FROM board_notice
		WHERE board_id = $1 AND kind = 'parents' AND sent_on <> '' GROUP BY platform_id`, tx.Board)
	if err != nil {
		return nil, err
	}
	notices, err := lastNotices(ctx, tx)
	if err != nil {
		return nil, err
	}
	list := make([]Told, len(all))
	for i, r := range all {
		list[i] = Told{ID: r.ID, Name: r.Name, Runs: runs[r.ID], SentOn: sent[r.ID]}
		if at := slices.IndexFunc(notices, func(n Notice) bool { return n.Kind == Parents && n.Platform == r.ID }); at >= 0 {
			list[i].NoticeID = notices[at].ID
		}
	}
	return list, nil
}

// pairs reads a day for each platform.
func pairs(ctx context.Context, tx *db.Tx, query string, args ...any) (map[catalogue.ID]string, error) {
	type pair struct {
		id  catalogue.ID
		day string
	}
	rows, err := db.All(ctx, tx, func(row db.Row) (p pair, err error) {
		err = row.Scan(&p.id, &p.day)
		return p, err
	}, query, args...)
	days := map[catalogue.ID]string{}
	for _, p := range rows {
		days[p.id] = p.day
	}
	return days, err
}
