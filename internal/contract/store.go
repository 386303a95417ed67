package contract

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"aval/internal/catalogue"
	"aval/internal/db"
	"aval/internal/i18n"
	"aval/internal/licence"
)

const columns = `c.id, c.platform_id, c.state, c.kind, c.contact, c.reference, c.signed_on, c.in_force_on, c.ends_on, c.ended_on,
	c.items, c.mitigations, c.exit_plan, c.undertakings, c.undertakings_reason, c.undertakings_by, c.undertakings_at,
	c.basis, c.basis_reason, c.basis_by, c.basis_at, c.attested_on, c.attested_by, c.recorded_by, c.recorded_at, c.version`

func scan(row db.Row) (c Contract, err error) { return scanWith(row) }

func scanWith(row db.Row, more ...any) (c Contract, err error) {
	var items, mitigations, plan string
	err = row.Scan(append([]any{&c.ID, &c.PlatformID, &c.State, &c.Kind, &c.Contact, &c.Reference, &c.SignedOn, &c.InForceOn, &c.EndsOn,
		&c.EndedOn, &items, &mitigations, &plan, &c.Undertakings.Choice, &c.Undertakings.Reason, &c.Undertakings.By,
		db.When(&c.Undertakings.At), &c.Basis.Ground, &c.Basis.Reason, &c.Basis.By, db.When(&c.Basis.At), &c.Attestation.On,
		&c.Attestation.By, &c.RecordedBy, &c.RecordedAt, &c.Version}, more...)...)
	if err != nil {
		return c, err
	}
	for _, part := range []struct {
		text string
		into any
	}{{items, &c.Items}, {mitigations, &c.Mitigations}, {plan, &c.Plan}} {
		if err := json.Unmarshal([]byte(part.text), part.into); err != nil {
			return c, fmt.Errorf("contract %s: %w", c.ID, err)
		}
	}
	return c, nil
}

// Get answers a contract, or the one NotFound.
func Get(ctx context.Context, tx *db.Tx, id ID) (Contract, error) {
	return db.One(ctx, tx, scan, `SELECT `+columns+` FROM contract c WHERE c.board_id = $1 AND c.id = $2`, tx.Board, string(id))
}

// ForPlatform answers the contracts with the vendor of a platform, the latest first.
func ForPlatform(ctx context.Context, tx *db.Tx, id catalogue.ID) ([]Contract, error) {
	return db.All(ctx, tx, scan, `SELECT `+columns+` FROM contract c WHERE c.board_id = $1 AND c.platform_id = $2
		ORDER BY c.in_force_on DESC, c.id`, tx.Board, string(id))
}

// Listed is a contract and how its platform is called.
type Listed struct {
	Contract
	Platform string
	Vendor   string
}

// all reads every contract of the board, by platform, the latest first.
func all(ctx context.Context, tx *db.Tx) ([]Listed, error) {
	return db.All(ctx, tx, func(row db.Row) (l Listed, err error) {
		l.Contract, err = scanWith(row, &l.Platform, &l.Vendor)
		return l, err
	}, `SELECT `+columns+`, p.name, p.vendor FROM contract c JOIN platform p ON p.board_id = c.board_id AND p.id = c.platform_id
		WHERE c.board_id = $1 ORDER BY p.search, p.id, c.in_force_on DESC, c.id`, tx.Board)
}

// Named answers the contracts that some subjects are of, by the subject: by lists ids
// of contracts, their verifications and notices under the word of each.
func Named(ctx context.Context, tx *db.Tx, by map[string][]string) (map[string]Listed, error) {
	named := map[string]Listed{}
	for kind, of := range map[string]string{"contract": `x.id`, "contract_check": `x.contract_id`, "contract_notice": `x.contract_id`} {
		for part := range slices.Chunk(by[kind], 500) {
			args := []any{tx.Board}
			for _, id := range part {
				args = append(args, id)
			}
			found, err := db.All(ctx, tx, func(row db.Row) (pair [3]string, err error) {
				err = row.Scan(&pair[0], &pair[1], &pair[2])
				return pair, err
			}, `SELECT x.id, c.id, p.name FROM `+kind+` x JOIN contract c ON c.board_id = x.board_id AND c.id = `+of+`
				JOIN platform p ON p.board_id = c.board_id AND p.id = c.platform_id
				WHERE x.board_id = $1 AND x.id IN `+db.In(2, len(part)), args...)
			if err != nil {
				return nil, err
			}
			for _, f := range found {
				named[kind+":"+f[0]] = Listed{Contract: Contract{ID: ID(f[1])}, Platform: f[2]}
			}
		}
	}
	return named, nil
}

func (c *Contract) texts() (items, mitigations, plan string, err error) {
	var parts [3]string
	for i, part := range []any{c.Items, c.Mitigations, c.Plan} {
		text, err := json.Marshal(part)
		if err != nil {
			return "", "", "", fmt.Errorf("contract %s: %w", c.ID, err)
		}
		parts[i] = string(text)
	}
	return parts[0], parts[1], parts[2], nil
}

func insert(ctx context.Context, tx *db.Tx, c Contract) error {
	_, err := tx.Exec(ctx, `INSERT INTO contract (board_id, id, platform_id, state, kind, contact, reference, signed_on, in_force_on,
			ends_on, recorded_by, recorded_at, version)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`, tx.Board, string(c.ID), string(c.PlatformID), string(c.State),
		string(c.Kind), c.Contact, c.Reference, c.SignedOn, c.InForceOn, c.EndsOn, c.RecordedBy, c.RecordedAt, c.Version)
	return err
}

// update keeps a contract, unless somebody was faster.
func update(ctx context.Context, tx *db.Tx, c *Contract) error {
	items, mitigations, plan, err := c.texts()
	if err != nil {
		return err
	}
	err = db.Changed(tx.Exec(ctx, `UPDATE contract SET state = $4, kind = $5, contact = $6, reference = $7, signed_on = $8,
			in_force_on = $9, ends_on = $10, ended_on = $11, items = $12, mitigations = $13, exit_plan = $14, undertakings = $15,
			undertakings_reason = $16, undertakings_by = $17, undertakings_at = $18, basis = $19, basis_reason = $20, basis_by = $21,
			basis_at = $22, attested_on = $23, attested_by = $24, version = version + 1
		WHERE board_id = $1 AND id = $2 AND version = $3`, tx.Board, string(c.ID), c.Version, string(c.State), string(c.Kind), c.Contact,
		c.Reference, c.SignedOn, c.InForceOn, c.EndsOn, c.EndedOn, items, mitigations, plan, string(c.Undertakings.Choice),
		c.Undertakings.Reason, c.Undertakings.By, db.Moment(c.Undertakings.At), string(c.Basis.Ground), c.Basis.Reason, c.Basis.By,
		db.Moment(c.Basis.At), c.Attestation.On, c.Attestation.By))
	if err == nil {
		c.Version++
	}
	return err
}

const fileColumns = `id, contract_id, role, name, media, size, sha256, added_by, added_at`

func scanFile(row db.Row) (f File, err error) {
	err = row.Scan(&f.ID, &f.ContractID, &f.Role, &f.Name, &f.Media, &f.Size, &f.SHA256, &f.AddedBy, &f.AddedAt)
	return f, err
}

func insertFile(ctx context.Context, tx *db.Tx, f File) error {
	_, err := tx.Exec(ctx, `INSERT INTO contract_file (board_id, id, contract_id, role, name, media, size, sha256, added_by, added_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`, tx.Board, f.ID, string(f.ContractID), string(f.Role), f.Name, f.Media, f.Size,
		f.SHA256, f.AddedBy, f.AddedAt)
	return err
}

func getFile(ctx context.Context, tx *db.Tx, id string) (File, error) {
	return db.One(ctx, tx, scanFile, `SELECT `+fileColumns+` FROM contract_file WHERE board_id = $1 AND id = $2`, tx.Board, id)
}

func files(ctx context.Context, tx *db.Tx, id ID) ([]File, error) {
	return db.All(ctx, tx, scanFile, `SELECT `+fileColumns+` FROM contract_file WHERE board_id = $1 AND contract_id = $2
		ORDER BY added_at, id`, tx.Board, string(id))
}

const checkColumns = `k.id, k.contract_id, k.subject, k.due_on, k.done_on, k.result, k.findings, k.reviewed_by, k.planned_by, k.planned_at`

func scanCheck(row db.Row) (k Check, err error) {
	err = row.Scan(&k.ID, &k.ContractID, &k.Topic, &k.DueOn, &k.DoneOn, &k.Result, &k.Findings, &k.ReviewedBy, &k.PlannedBy, &k.PlannedAt)
	return k, err
}

func insertCheck(ctx context.Context, tx *db.Tx, k Check) error {
	_, err := tx.Exec(ctx, `INSERT INTO contract_check (board_id, id, contract_id, subject, due_on, planned_by, planned_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`, tx.Board, k.ID, string(k.ContractID), string(k.Topic), k.DueOn, k.PlannedBy, k.PlannedAt)
	return err
}

// updateCheck keeps the result of a verification, unless somebody was there first.
func updateCheck(ctx context.Context, tx *db.Tx, k Check) error {
	return db.Changed(tx.Exec(ctx, `UPDATE contract_check SET done_on = $3, result = $4, findings = $5, reviewed_by = $6
		WHERE board_id = $1 AND id = $2 AND done_on = ''`, tx.Board, k.ID, k.DoneOn, k.Result, k.Findings, k.ReviewedBy))
}

func getCheck(ctx context.Context, tx *db.Tx, id ID, check string) (Check, error) {
	return db.One(ctx, tx, scanCheck, `SELECT `+checkColumns+` FROM contract_check k
		WHERE k.board_id = $1 AND k.contract_id = $2 AND k.id = $3`, tx.Board, string(id), check)
}

func checks(ctx context.Context, tx *db.Tx, id ID) ([]Check, error) {
	return db.All(ctx, tx, scanCheck, `SELECT `+checkColumns+` FROM contract_check k
		WHERE k.board_id = $1 AND k.contract_id = $2 ORDER BY k.due_on, k.id`, tx.Board, string(id))
}

// overdue reads the verifications of the board whose day has passed; one of a contract
// that has ended is no longer awaited.
func overdue(ctx context.Context, tx *db.Tx, today string) ([]Check, error) {
	return db.All(ctx, tx, scanCheck, `SELECT `+checkColumns+` FROM contract_check k
		JOIN contract c ON c.board_id = k.board_id AND c.id = k.contract_id
		WHERE k.board_id = $1 AND k.done_on = '' AND k.due_on < $2 AND c.state <> 'ended' ORDER BY k.due_on, k.id`, tx.Board, today)
}

func insertNotice(ctx context.Context, tx *db.Tx, n Notice) error {
	_, err := tx.Exec(ctx, `INSERT INTO contract_notice (board_id, id, contract_id, received_on, received_by, told, incident_id, recorded_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`, tx.Board, n.ID, string(n.ContractID), n.ReceivedOn, n.ReceivedBy, n.Told,
		string(n.Incident), n.RecordedAt)
	return err
}

func notices(ctx context.Context, tx *db.Tx, id ID) ([]Notice, error) {
	return db.All(ctx, tx, func(row db.Row) (n Notice, err error) {
		err = row.Scan(&n.ID, &n.ContractID, &n.ReceivedOn, &n.ReceivedBy, &n.Told, &n.Incident, &n.Number, &n.RecordedAt)
		return n, err
	}, `SELECT n.id, n.contract_id, n.received_on, n.received_by, n.told, n.incident_id, COALESCE(i.number, ''), n.recorded_at
		FROM contract_notice n LEFT JOIN incident i ON i.board_id = n.board_id AND i.id = n.incident_id
		WHERE n.board_id = $1 AND n.contract_id = $2 ORDER BY n.received_on DESC, n.id`, tx.Board, string(id))
}

// deletions reads what is awaited of the vendor for the accounts of a platform's licences.
func deletions(ctx context.Context, tx *db.Tx, id catalogue.ID) ([]Deletion, error) {
	return db.All(ctx, tx, func(row db.Row) (d Deletion, err error) {
		err = row.Scan(&d.Licence, &d.AskedOn, &d.AttestedOn)
		return d, err
	}, `SELECT d.licence_id, d.asked_on, d.attested_on FROM account_deletion d
		JOIN licence l ON l.board_id = d.board_id AND l.id = d.licence_id
		WHERE d.board_id = $1 AND l.platform_id = $2 ORDER BY d.asked_on, d.licence_id`, tx.Board, string(id))
}

// personal tells whether the request on which a platform was last decided says that
// it touches personal information.
func personal(ctx context.Context, tx *db.Tx, id catalogue.ID) (bool, error) {
	said, err := texts(ctx, tx, `SELECT r.personal FROM decision d JOIN request r ON r.board_id = d.board_id AND r.id = d.request_id
		WHERE d.board_id = $1 AND d.platform_id = $2 AND r.personal <> '' ORDER BY d.decided_at DESC, d.id LIMIT 1`, tx.Board, string(id))
	return slices.Equal(said, []string{"yes"}), err
}

// without is a licence that runs, touches personal information and has no contract.
type without struct {
	Licence    licence.ID
	PlatformID string
	Platform   string // name
	Since      string
}

// lacking lists the licences that run today and lack a contract that stands, the first
// to begin first.
func lacking(ctx context.Context, tx *db.Tx) ([]without, error) {
	return db.All(ctx, tx, func(row db.Row) (l without, err error) {
		err = row.Scan(&l.Licence, &l.PlatformID, &l.Platform, &l.Since)
		return l, err
	}, `SELECT l.id, l.platform_id, p.name, l.starts_on FROM licence l
		JOIN platform p ON p.board_id = l.board_id AND p.id = l.platform_id
		WHERE l.board_id = $1 AND l.starts_on <= $2 AND l.ends_on >= $2 AND (l.ended_on = '' OR l.ended_on >= $2)
		AND NOT EXISTS (SELECT 1 FROM contract c WHERE c.board_id = l.board_id AND c.platform_id = l.platform_id
			AND c.state = 'standing' AND c.in_force_on <= $2 AND (c.ends_on = '' OR c.ends_on >= $2))
		AND (SELECT r.personal FROM decision d JOIN request r ON r.board_id = d.board_id AND r.id = d.request_id
			WHERE d.board_id = l.board_id AND d.platform_id = l.platform_id AND r.personal <> ''
			ORDER BY d.decided_at DESC, d.id LIMIT 1) = 'yes'
		ORDER BY l.starts_on, l.id`, tx.Board, i18n.DayOf(tx.Now))
}

// marked lists the licences that are an exception for want of a contract.
func marked(ctx context.Context, tx *db.Tx) ([]string, error) {
	return texts(ctx, tx, `SELECT subject FROM control_mark WHERE board_id = $1 AND control = $2 AND subject LIKE 'licence:%'
		ORDER BY subject`, tx.Board, ControlWritten)
}

func texts(ctx context.Context, tx *db.Tx, query string, args ...any) ([]string, error) {
	return db.All(ctx, tx, func(row db.Row) (s string, err error) {
		err = row.Scan(&s)
		return s, err
	}, query, args...)
}

func boardName(ctx context.Context, tx *db.Tx) (string, error) {
	return db.One(ctx, tx, func(row db.Row) (name string, err error) {
		err = row.Scan(&name)
		return name, err
	}, `SELECT name FROM board WHERE id = $1`, tx.Board)
}

func version(n int64) string { return "version=" + strconv.FormatInt(n, 10) }
