package mapping

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"aval/internal/audit"
	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/policy"
	"aval/internal/roster"
	"aval/internal/sheet"
	"aval/internal/vault"
)

// Service is what people do with mappings.
type Service struct {
	DB      *db.DB
	Vault   *vault.Vault
	Rosters *roster.Service
	Limits  sheet.Limits
}

func refuse(key string, args ...any) error { return fault.New(fault.Invalid, key, args...) }

func noRows(n int) error {
	if n == 0 {
		return refuse("sheet.no_rows")
	}
	return nil
}

func hashed(texts ...string) string {
	sum := sha256.Sum256([]byte(db.Fold(strings.Join(texts, "|"))))
	return hex.EncodeToString(sum[:16])
}

// List answers the mappings of the board by name, the last version of each, to whoever
// may import the roster.
func (s *Service) List(ctx context.Context, actor policy.Actor) (list []Mapping, err error) {
	if err := actor.Allow(policy.RosterImport, policy.Scope{}); err != nil {
		return nil, err
	}
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		list, err = all(ctx, tx)
		return err
	})
	return list, err
}

// Get answers the last version of a mapping by its name.
func (s *Service) Get(ctx context.Context, actor policy.Actor, name string) (m Mapping, err error) {
	if err := actor.Allow(policy.RosterImport, policy.Scope{}); err != nil {
		return m, err
	}
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		m, err = get(ctx, tx, name)
		return err
	})
	return m, err
}

// save keeps a mapping under its name, as another version where it says something else.
func save(ctx context.Context, tx *db.Tx, actor policy.Actor, m *Mapping, headers map[Part][]string) error {
	if err := m.check(headers); err != nil {
		return err
	}
	for part, form := range m.Parts {
		if h, sent := headers[part]; sent {
			form.Headers = signs(h)
			m.Parts[part] = form
		}
	}
	was, err := get(ctx, tx, m.Name)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return err
	}
	for part, form := range was.Parts { // a file that was not sent this time is read as before
		if _, said := m.Parts[part]; !said {
			m.Parts[part] = form
		}
	}
	if err == nil && same(was.Body, m.Body) {
		*m = was
		return nil
	}
	m.ID, m.Version, m.SavedBy, m.SavedAt = db.NewID(), was.Version+1, actor.ID, tx.Now
	kept, err := insert(ctx, tx, *m)
	if err != nil {
		return err
	}
	if !kept {
		return fault.New(fault.Conflict, "mapping.saved_meanwhile")
	}
	return audit.Write(ctx, tx, actor, "mapping.saved", Subject(m.ID), audit.Under(clause(actor.Pack)),
		audit.Note(fmt.Sprintf("version=%d parts=%d", m.Version, len(m.Parts))))
}

// clause is what asks for the roster to be kept.
func clause(p *policy.Pack) string { return p.First("6.3e", "D-28") }

// Upload is a file that was sent, until it is imported or a day has passed.
type Upload struct {
	ID   string
	Part Part
	By   string
}

func uploadPlace(id string, p Part) vault.Place {
	return vault.Place{Table: "roster_upload", Column: "sealed", Row: id + "/" + string(p)}
}

// kept is how long a file waits to be imported.
const kept = 24 * time.Hour

// Send keeps a file of a part, sealed, beside those that the same account sent under
// the id, or under another where it is "". It refuses (Invalid) what Look refuses.
func (s *Service) Send(ctx context.Context, actor policy.Actor, id string, part Part, data []byte) (string, error) {
	may := actor.Allow(policy.RosterImport, policy.Scope{})
	if id != "" {
		may = actor.Find(policy.RosterImport)
	}
	if may != nil {
		return "", may
	}
	if !slices.Contains(Parts, part) {
		return "", fault.Form(map[string]string{"part": "mapping.part_required"})
	}
	if _, err := Look(bytes.NewReader(data), int64(len(data)), s.Limits); err != nil {
		return "", beside("file", err)
	}
	err := s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if id == "" {
			id = db.NewID()
		} else if files, err := s.openUpload(ctx, tx, id, actor.ID); err != nil || len(files) == 0 {
			return errors.Join(err, fault.Missing())
		}
		if err := drop(ctx, tx, tx.Now.Add(-kept)); err != nil {
			return err
		}
		return s.keepUpload(ctx, tx, Upload{ID: id, Part: part, By: actor.ID}, data)
	})
	return id, err
}

// beside puts what a refusal says at a field.
func beside(field string, err error) error {
	f, ok := fault.As(err)
	if !ok || len(f.Fields) > 0 {
		return err
	}
	return fault.FormMsg(map[string]fault.Message{field: {Key: f.Key, Args: f.Args}})
}

func drop(ctx context.Context, tx *db.Tx, before time.Time) error {
	_, err := tx.Exec(ctx, `DELETE FROM roster_upload WHERE board_id = $1 AND sent_at < $2`, tx.Board, before)
	return err
}

// Forget takes away what the account sent under an id.
func (s *Service) Forget(ctx context.Context, actor policy.Actor, id string) error {
	if err := actor.Find(policy.RosterImport); err != nil {
		return err
	}
	return s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error { return forget(ctx, tx, id, actor.ID) })
}

// Sweep takes away the files of a board that nobody imported within a day.
func (s *Service) Sweep(ctx context.Context, board string) error {
	return s.DB.Write(ctx, board, func(ctx context.Context, tx *db.Tx) error { return drop(ctx, tx, tx.Now.Add(-kept)) })
}

// Draft is what was sent, and how it would be read.
type Draft struct {
	Upload   string
	Profiles map[Part]Profile
	Mapping  Mapping         // recognised by the headers, or guessed from them where Name is ""
	Changes  map[Part]Change // of a mapping that was recognised
}

// Draft answers what the account sent, with the mapping that knows its headers.
func (s *Service) Draft(ctx context.Context, actor policy.Actor, id string) (d Draft, err error) {
	if err := actor.Find(policy.RosterImport); err != nil {
		return d, err
	}
	var known []Mapping
	var files map[Part][]byte
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if files, err = s.openUpload(ctx, tx, id, actor.ID); err != nil {
			return err
		}
		known, err = all(ctx, tx)
		return err
	})
	if err == nil && len(files) == 0 {
		err = fault.Missing()
	}
	if err != nil {
		return d, err
	}
	d = Draft{Upload: id, Profiles: map[Part]Profile{}, Changes: map[Part]Change{}}
	for part, data := range files {
		if d.Profiles[part], err = Look(bytes.NewReader(data), int64(len(data)), s.Limits); err != nil {
			return d, err
		}
	}
	d.read(known)
	return d, nil
}

// read finds how what was sent is read.
func (d *Draft) read(known []Mapping) {
	for _, part := range Parts {
		if p, sent := d.Profiles[part]; sent && d.Mapping.Name == "" {
			d.Mapping, _ = Recognise(known, part, p.Header())
		}
	}
	found := d.Mapping.Parts
	d.Mapping.Parts = map[Part]Form{}
	if d.Mapping.Covers == "" {
		d.Mapping.Covers = Board
	}
	for part, p := range d.Profiles {
		form, ok := found[part]
		if !ok {
			form = Form{Columns: Suggest(part, p.Header()), Constants: map[Field]string{}}
		} else if c := form.change(p.Header()); !c.Same() {
			d.Changes[part] = c
		}
		d.Mapping.Parts[part] = form
	}
}

// Save keeps a mapping for what the account sent. It refuses (Invalid), field by field,
// what cannot be read by it.
func (s *Service) Save(ctx context.Context, actor policy.Actor, id string, m Mapping) (Mapping, error) {
	files, err := s.Sent(ctx, actor, id)
	if err != nil {
		return m, err
	}
	return s.Define(ctx, actor, m, files)
}

// Define keeps a mapping for files, as Save does.
func (s *Service) Define(ctx context.Context, actor policy.Actor, m Mapping, files map[Part]Input) (Mapping, error) {
	if err := actor.Allow(policy.RosterImport, policy.Scope{}); err != nil {
		return m, err
	}
	if _, sent := files[Pupils]; !sent {
		return m, refuse("mapping.pupils_required")
	}
	headers := map[Part][]string{}
	for part, in := range files {
		p, err := Look(in, in.Size, s.Limits)
		if err != nil {
			return m, err
		}
		headers[part] = p.Header()
		if _, said := m.Parts[part]; !said {
			m.Parts[part] = Form{}
		}
	}
	err := s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error { return save(ctx, tx, actor, &m, headers) })
	return m, err
}

// Convert makes a set of files by a mapping, in a folder that is empty, as Mapping.convert
// says. Files must hold that of the pupils, and only parts that the mapping reads.
func (s *Service) Convert(ctx context.Context, actor policy.Actor, name string, files map[Part]Input, dir string) (r Report, err error) {
	if err := actor.Allow(policy.RosterImport, policy.Scope{}); err != nil {
		return r, err
	}
	var m Mapping
	var h held
	var now time.Time
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		now = tx.Now
		if m, err = get(ctx, tx, name); err != nil {
			if fault.Is(err, fault.NotFound) {
				err = fault.New(fault.NotFound, "mapping.unknown")
			}
			return err
		}
		h, err = heldOf(ctx, tx)
		return err
	})
	if err != nil {
		return r, err
	}
	if _, sent := files[Pupils]; !sent {
		return r, refuse("mapping.pupils_required")
	}
	for part := range files {
		if _, said := m.Parts[part]; !said {
			return r, refuse("mapping.part_not_read", name)
		}
	}
	for part := range m.Parts { // a file that is not there says nothing
		if _, sent := files[part]; !sent {
			delete(m.Parts, part)
		}
	}
	return m.convert(dir, files, h, now, s.Limits)
}

// within makes a set of files and hands its folder to f; nothing is left of it.
func (s *Service) within(ctx context.Context, actor policy.Actor, name string, files map[Part]Input, f func(dir string) error) (r Report, err error) {
	dir, err := os.MkdirTemp("", "aval-set-")
	if err != nil {
		return r, fmt.Errorf("make a folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if r, err = s.Convert(ctx, actor, name, files, dir); err != nil {
		return r, err
	}
	return r, f(dir)
}

// Write makes a set of files by a mapping, as a zip.
func (s *Service) Write(ctx context.Context, actor policy.Actor, name string, files map[Part]Input, to io.Writer) (Report, error) {
	return s.within(ctx, actor, name, files, func(dir string) error { return Zip(dir, to) })
}

// Preview says what importing files by a mapping would do.
func (s *Service) Preview(ctx context.Context, actor policy.Actor, name string, files map[Part]Input) (r Report, p roster.Preview, err error) {
	r, err = s.within(ctx, actor, name, files, func(dir string) error {
		p, err = s.Rosters.Preview(ctx, actor, dir)
		return err
	})
	return r, p, err
}

// Import imports files by a mapping, as roster.Service.Import does their set.
func (s *Service) Import(ctx context.Context, actor policy.Actor, name string, files map[Part]Input, told ...roster.Told) (r Report, done roster.Report, err error) {
	r, err = s.within(ctx, actor, name, files, func(dir string) error {
		done, err = s.Rosters.Import(ctx, actor, dir, told...)
		return err
	})
	return r, done, err
}

// Begin makes a set of what the account sent by a mapping, and hands it on as
// roster.Service.Upload does: from there on it is an import like another, what was
// sent is forgotten, and ReportOf tells how it was read.
func (s *Service) Begin(ctx context.Context, actor policy.Actor, id, name string) (r Report, at roster.ImportID, err error) {
	files, err := s.Sent(ctx, actor, id)
	if err != nil {
		return r, "", err
	}
	r, err = s.within(ctx, actor, name, files, func(dir string) error {
		at, err = s.Rosters.Upload(ctx, actor, dir)
		return err
	})
	if err != nil {
		return r, "", err
	}
	return r, at, s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		return errors.Join(keepReport(ctx, tx, at, r), forget(ctx, tx, id, actor.ID))
	})
}

// ReportOf is how the plain file of an import was read, for whom may read the roster.
// It is not found where the import was of a set.
func (s *Service) ReportOf(ctx context.Context, actor policy.Actor, id roster.ImportID) (r Report, err error) {
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := actor.Find(policy.RosterRead); err != nil {
			return err
		}
		r, err = reportOf(ctx, tx, id)
		return err
	})
	return r, err
}

// Sent opens what the account sent, to be previewed or imported.
func (s *Service) Sent(ctx context.Context, actor policy.Actor, id string) (files map[Part]Input, err error) {
	if err := actor.Find(policy.RosterImport); err != nil {
		return nil, err
	}
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		open, err := s.openUpload(ctx, tx, id, actor.ID)
		files = map[Part]Input{}
		for part, data := range open {
			files[part] = Input{bytes.NewReader(data), int64(len(data))}
		}
		return err
	})
	if err == nil && len(files) == 0 {
		err = fault.Missing()
	}
	return files, err
}
