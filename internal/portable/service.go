package portable

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"aval/internal/audit"
	"aval/internal/blob"
	"aval/internal/board"
	"aval/internal/catalogue"
	"aval/internal/db"
	"aval/internal/decision"
	"aval/internal/evaluation"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/policy"
	"aval/internal/request"
	"aval/internal/vault"
)

// Service gives evaluations away and takes up those of other boards.
type Service struct {
	DB          *db.DB
	Blobs       *blob.Store
	Keys        *Keys
	Evaluations *evaluation.Service
	Decisions   *decision.Service
}

// Export gives the signed file of a request's evaluation, for who may give it away,
// once both aspects are finished; with the letter once it is decided. The board's
// key is made at the first.
func (s *Service) Export(ctx context.Context, actor policy.Actor, id request.ID) (name string, data []byte, err error) {
	var e Evaluation
	var files []evaluation.Evidence
	decided := false
	if err := s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		r, err := request.Get(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := may(actor, r); err != nil {
			return err
		}
		decided = r.State == request.Decided
		e, files, err = gather(ctx, tx, actor, r)
		return err
	}); err != nil {
		return "", nil, err
	}
	if decided {
		if e.Letters, err = s.letters(ctx, actor, id); err != nil {
			return "", nil, err
		}
	}
	if e.Evidence, err = s.evidence(ctx, actor.Board, files); err != nil {
		return "", nil, err
	}
	var key ed25519.PrivateKey
	if err := s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if key, err = s.Keys.signer(ctx, tx); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "evaluation.exported", "request:"+string(id), audit.Under("3.1"),
			audit.Note(fmt.Sprintf("files=%d letter=%t", len(e.Evidence), decided)))
	}); err != nil {
		return "", nil, err
	}
	data, err = Sign(e, key)
	return "evaluation-" + e.Request + ".json", data, err
}

// may lets through who may give an evaluation away, and tells those who evaluate
// that it is too early.
func may(actor policy.Actor, r request.Request) error {
	if actor.Can(policy.EvaluationExport, r.Scope()) {
		if r.State != request.Evaluated && r.State != request.Decided { // the operator's hand knows no states
			return fault.New(fault.Conflict, "portable.early").Under("3.1")
		}
		return nil
	}
	then := r.Scope()
	then.State = string(request.Decided)
	if actor.Can(policy.EvaluationExport, then) && actor.Can(policy.EvaluationRead, r.Scope()) {
		return fault.New(fault.Conflict, "portable.early").Under("3.1")
	}
	return actor.Allow(policy.EvaluationExport, r.Scope())
}

// gather reads what is given away, and which files go with it.
func gather(ctx context.Context, tx *db.Tx, actor policy.Actor, r request.Request) (e Evaluation, files []evaluation.Evidence, err error) {
	b, err := board.Get(ctx, tx, tx.Board)
	if err != nil {
		return e, nil, err
	}
	p, err := catalogue.Get(ctx, tx, r.PlatformID)
	if err != nil {
		return e, nil, err
	}
	both, err := evaluation.Of(ctx, tx, r.ID)
	if err != nil {
		return e, nil, err
	}
	e = Evaluation{Format: Format, Board: b.Name, SignedOn: tx.Now.In(i18n.Zone).Format("2006-01-02"),
		Policy:   Policy{ID: actor.Pack.ID, Version: actor.Pack.Version, Title: actor.Pack.Title},
		Platform: Platform{Name: p.Name, Vendor: p.Vendor, URL: p.URL}, Request: r.Number, Letters: []Letter{}, Evidence: []File{}}
	for _, aspect := range evaluation.Aspects {
		of := both[aspect]
		part, err := aspectOf(ctx, tx, actor.Pack, of)
		if err != nil {
			return e, nil, err
		}
		e.Aspects = append(e.Aspects, part)
		all, err := evaluation.EvidenceOf(ctx, tx, of.ID)
		if err != nil {
			return e, nil, err
		}
		for _, f := range all {
			if !f.Confidential {
				f.EvaluationID = evaluation.ID(aspect) // where it belongs, in the file
				files = append(files, f)
			}
		}
	}
	return e, files, nil
}

func aspectOf(ctx context.Context, tx *db.Tx, pack *policy.Pack, of evaluation.Evaluation) (a Aspect, err error) {
	a = Aspect{Aspect: string(of.Aspect), By: pack.RoleTitle(policy.Evaluator), FinishedOn: of.FinishedAt.In(i18n.Zone).Format("2006-01-02"),
		Recommendation: string(of.Recommendation), Summary: of.Summary, Location: string(of.Location), LocationReason: of.LocationReason,
		Equivalents: []string{}, Criteria: []Criterion{}, Originals: []Original{}, Departments: []Original{}}
	criteria := of.Frame
	if len(criteria) == 0 {
		known, _ := pack.Aspect(string(of.Aspect))
		criteria = known.Criteria
	}
	for _, c := range criteria {
		if j := of.Criteria[c.ID]; j.Rating != evaluation.Unrated {
			a.Criteria = append(a.Criteria, Criterion{ID: c.ID, Clause: c.Clause, Name: c.Name, Question: c.Question,
				Rating: string(j.Rating), Note: j.Note, Reason: j.Reason})
		}
	}
	for _, o := range of.Opinions {
		a.Originals = append(a.Originals, Original{By: pack.RoleTitle(policy.Evaluator), Conclusion: o.Summary, Criteria: rated(criteria, o.Criteria)})
	}
	judged, err := evaluation.Judgements(ctx, tx, of.RequestID)
	if err != nil {
		return a, err
	}
	for _, i := range judged {
		if i.Aspect == of.Aspect && i.State == evaluation.Judged {
			a.Departments = append(a.Departments, Original{By: policy.Text{Fr: i.Org, En: i.Org}, Conclusion: i.Conclusion, Criteria: rated(i.Criteria, i.Ratings)})
		}
	}
	ids := make([]catalogue.ID, len(of.Looked))
	for i, id := range of.Looked {
		ids[i] = catalogue.ID(id)
	}
	looked, err := catalogue.ByID(ctx, tx, ids)
	for _, p := range looked {
		a.Equivalents = append(a.Equivalents, p.Name)
	}
	slices.Sort(a.Equivalents)
	return a, err
}

func rated(criteria []policy.Criterion, all map[string]evaluation.Judgement) []Rated {
	list := []Rated{}
	for _, c := range criteria {
		if j := all[c.ID]; j.Rating != evaluation.Unrated {
			list = append(list, Rated{ID: c.ID, Rating: string(j.Rating), Note: j.Note})
		}
	}
	return list
}

// letters are the decision's letter in both languages, its names left out.
func (s *Service) letters(ctx context.Context, actor policy.Actor, id request.ID) (all []Letter, err error) {
	v, err := s.Decisions.ForRequest(ctx, actor, id)
	if err != nil {
		return nil, err
	}
	for _, lang := range i18n.Languages {
		l, err := s.Decisions.Letter(ctx, actor, v.Decision.ID, lang)
		if err != nil {
			return nil, err
		}
		lines := []string{l.Title}
		for _, a := range l.Aspects {
			lines = append(lines, a.Name, a.ResultText, a.Reasons, a.Tally)
		}
		for _, c := range l.Conditions {
			lines = append(lines, c.Text)
		}
		all = append(all, Letter{Lang: lang, By: l.DeciderAs, Date: l.Date, Lines: lines})
	}
	return all, nil
}

// evidence reads the files that go with it.
func (s *Service) evidence(ctx context.Context, board string, files []evaluation.Evidence) ([]File, error) {
	all, size := []File{}, 0
	for _, f := range files {
		content, err := s.content(ctx, board, f.ID)
		if err != nil {
			return nil, err
		}
		if size += len(content); size > maxContent || len(all) == maxFiles {
			return nil, fault.New(fault.Conflict, "portable.many", maxFiles, maxContent>>20)
		}
		sum := sha256.Sum256(content)
		all = append(all, File{Aspect: string(f.EvaluationID), Criterion: f.Criterion, Name: f.Name, Media: f.Media,
			SHA256: hex.EncodeToString(sum[:]), Content: content})
	}
	return all, nil
}

func (s *Service) content(ctx context.Context, board, id string) (data []byte, err error) {
	r, err := s.Blobs.Get(ctx, board, id)
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }() // read whole, or not given
	return io.ReadAll(io.LimitReader(r, evaluation.MaxEvidence+1))
}

// Import begins the evaluation of a request with another board's: a draft that says
// whose it is, never a decision. It refuses what Read refuses, and an evaluation
// that is begun.
func (s *Service) Import(ctx context.Context, actor policy.Actor, id request.ID, data []byte) (Signed, error) {
	signed, err := Read(data)
	if err != nil {
		return signed, err
	}
	found := map[evaluation.Aspect]evaluation.Found{}
	for _, a := range signed.Evaluation.Aspects {
		of := evaluation.Found{Criteria: map[string]evaluation.Past{}, Location: evaluation.Location(a.Location), LocationReason: a.LocationReason}
		for _, c := range a.Criteria {
			of.Criteria[c.ID] = evaluation.Past{Rating: evaluation.Rating(c.Rating), Note: c.Note}
		}
		for _, f := range signed.Evaluation.Evidence {
			if f.Aspect == a.Aspect {
				of.Files = append(of.Files, evaluation.FoundFile{Criterion: f.Criterion, Name: f.Name, Media: f.Media, Content: f.Content})
			}
		}
		found[evaluation.Aspect(a.Aspect)] = of
	}
	return signed, s.Evaluations.TakeUp(ctx, actor, id, evaluation.Source{Board: signed.Evaluation.Board,
		Fingerprint: signed.Fingerprint(), SignedOn: signed.Evaluation.SignedOn}, found)
}

// Numbered finds a request by its number, for who may read it.
func (s *Service) Numbered(ctx context.Context, actor policy.Actor, number string) (id request.ID, err error) {
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		id, err = db.One(ctx, tx, func(row db.Row) (id request.ID, err error) {
			err = row.Scan(&id)
			return id, err
		}, `SELECT id FROM request WHERE board_id = $1 AND number = $2`, tx.Board, number)
		if err != nil {
			return err
		}
		r, err := request.Get(ctx, tx, id)
		if err != nil {
			return err
		}
		return actor.Allow(policy.RequestRead, r.Scope())
	})
	return id, err
}

// Signer is a public key that a board knows by name.
type Signer struct {
	Fingerprint string
	Name        string
	Own         bool // the board's own
}

// Signers lists whom the board knows, its own key first once it has one.
func (s *Service) Signers(ctx context.Context, actor policy.Actor) (list []Signer, err error) {
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := actor.Allow(policy.SignerManage, policy.Scope{}); err != nil {
			return err
		}
		own, err := db.All(ctx, tx, func(row db.Row) (s Signer, err error) {
			s.Own = true
			err = row.Scan(&s.Fingerprint, &s.Name)
			return s, err
		}, `SELECT s.public_key, b.name FROM evaluation_signer s JOIN board b ON b.id = s.board_id WHERE s.board_id = $1`, tx.Board)
		if err != nil {
			return err
		}
		known, err := db.All(ctx, tx, func(row db.Row) (s Signer, err error) {
			err = row.Scan(&s.Fingerprint, &s.Name)
			return s, err
		}, `SELECT public_key, name FROM trusted_signer WHERE board_id = $1 ORDER BY name, public_key`, tx.Board)
		list = slices.Concat(own, known)
		return err
	})
	return list, err
}

// Trust gives a fingerprint the name of the board that it is known to be of; again,
// another name.
func (s *Service) Trust(ctx context.Context, actor policy.Actor, fingerprint, name string) error {
	fingerprint, name = strings.ToLower(strings.TrimSpace(fingerprint)), strings.TrimSpace(name)
	return s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := actor.Allow(policy.SignerManage, policy.Scope{}); err != nil {
			return err
		}
		fields := map[string]string{}
		if digits, err := hex.DecodeString(strings.ReplaceAll(fingerprint, "-", "")); err != nil || len(digits) != 16 || len(fingerprint) != 39 {
			fields["fingerprint"] = "portable.fingerprint"
		}
		switch {
		case name == "":
			fields["name"] = "portable.name_required"
		case utf8.RuneCountInString(name) > 200 || !words(name, 200):
			fields["name"] = "portable.name_long"
		}
		if err := fault.Form(fields); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO trusted_signer (board_id, public_key, name, added_by, added_at) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (board_id, public_key) DO UPDATE SET name = excluded.name, added_by = excluded.added_by, added_at = excluded.added_at`,
			tx.Board, fingerprint, name, actor.ID, tx.Now); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "signer.added", "signer:"+fingerprint, audit.Under("3.1"))
	})
}

// Forget takes a signer's name back.
func (s *Service) Forget(ctx context.Context, actor policy.Actor, fingerprint string) error {
	return s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := actor.Allow(policy.SignerManage, policy.Scope{}); err != nil {
			return err
		}
		n, err := tx.Exec(ctx, `DELETE FROM trusted_signer WHERE board_id = $1 AND public_key = $2`, tx.Board, fingerprint)
		if err == nil && n == 0 {
			return fault.Missing()
		}
		if err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "signer.removed", "signer:"+fingerprint, audit.Under("3.1"))
	})
}

// Known answers the name that the board gave to a signer; "" for one it does not know.
func (s *Service) Known(ctx context.Context, actor policy.Actor, fingerprint string) (name string, err error) {
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		found, err := db.All(ctx, tx, func(row db.Row) (name string, err error) {
			err = row.Scan(&name)
			return name, err
		}, `SELECT name FROM trusted_signer WHERE board_id = $1 AND public_key = $2`, tx.Board, fingerprint)
		if len(found) > 0 {
			name = found[0]
		}
		return err
	})
	return name, err
}

// Keys are the signing keys of boards, sealed under each board's own keys.
type Keys struct{ Vault *vault.Vault }

func place(board string) vault.Place {
	return vault.Place{Table: "evaluation_signer", Column: "sealed", Row: board}
}

// signer opens the board's key, and makes it when there is none.
func (k *Keys) signer(ctx context.Context, tx *db.Tx) (ed25519.PrivateKey, error) {
	keys, err := k.Vault.Keys(ctx, tx)
	if err != nil {
		return nil, err
	}
	found, err := sealed(ctx, tx)
	if err != nil {
		return nil, err
	}
	if len(found) > 0 {
		seed, err := keys.Open(place(tx.Board), found[0])
		if err != nil {
			return nil, err
		}
		return ed25519.NewKeyFromSeed(seed), nil
	}
	public, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		return nil, fmt.Errorf("make a signing key: %w", err)
	}
	text, err := keys.Seal(place(tx.Board), key.Seed())
	if err != nil {
		return nil, err
	}
	return key, db.Changed(tx.Exec(ctx, `INSERT INTO evaluation_signer (board_id, public_key, sealed, made_at)
		VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`, tx.Board, Fingerprint(public), text, tx.Now))
}

func sealed(ctx context.Context, tx *db.Tx) ([][]byte, error) {
	return db.All(ctx, tx, func(row db.Row) (text []byte, err error) {
		err = row.Scan(&text)
		return text, err
	}, `SELECT sealed FROM evaluation_signer WHERE board_id = $1`, tx.Board)
}

// Reseal implements vault.Resealer.
func (k *Keys) Reseal(ctx context.Context, tx *db.Tx, keys *vault.Keys, after string, _ int) (last string, err error) {
	found, err := sealed(ctx, tx)
	if err != nil || len(found) == 0 || after != "" || keys.Current(found[0]) {
		return "", err
	}
	last = tx.Board
	if seed, refused := keys.Open(place(tx.Board), found[0]); refused == nil { // else changed or moved: Older counts it
		text, err := keys.Seal(place(tx.Board), seed)
		if err != nil {
			return "", err
		}
		if _, err := tx.Exec(ctx, `UPDATE evaluation_signer SET sealed = $2 WHERE board_id = $1 AND sealed = $3`,
			tx.Board, text, found[0]); err != nil {
			return "", err
		}
	}
	return last, nil
}

// Older implements vault.Resealer.
func (k *Keys) Older(ctx context.Context, tx *db.Tx, keys *vault.Keys) (int, error) {
	found, err := sealed(ctx, tx)
	if err != nil || len(found) == 0 || keys.Current(found[0]) {
		return 0, err
	}
	return 1, nil
}
