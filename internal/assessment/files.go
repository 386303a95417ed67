package assessment

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"aval/internal/audit"
	"aval/internal/db"
	"aval/internal/evaluation"
	"aval/internal/fault"
	"aval/internal/policy"
	"aval/internal/request"
)

// FileKind says what a file is, and so who may read it.
type FileKind string

// Outside is an assessment done without aval, for who reads assessments. Vetting is
// a confidential report on the platform by others: it is for those who evaluate and
// the privacy officer, and nobody else learns that there is one.
const (
	Outside FileKind = "outside"
	Vetting FileKind = "vetting"
)

// File is a file kept beside an assessment.
type File struct {
	ID          string
	RequestID   request.ID
	Kind        FileKind
	Name, Media string
	Size        int64
	SHA256      string
	AddedBy     string
	AddedAt     time.Time
}

// Subject names a file in the trail.
func (f File) Subject() string { return string(f.Kind) + ":" + f.ID }

// Upload is a file that is sent, of the kinds and the size that evidence may have.
type Upload struct {
	Name    string
	Media   string // as the sender says
	Content io.Reader
}

// read is the file as it will be kept, and its content.
func (u Upload) read(actor policy.Actor, kind FileKind) (f File, content []byte, err error) {
	if u.Content == nil {
		return f, nil, fault.Form(map[string]string{"file": "condition.file_required"})
	}
	if content, err = io.ReadAll(io.LimitReader(u.Content, evaluation.MaxEvidence+1)); err != nil {
		return f, nil, fmt.Errorf("read a file: %w", err)
	}
	f = File{ID: db.NewID(), Kind: kind, AddedBy: actor.ID}
	f.Name, f.Media, err = evaluation.CheckFile(content, u.Name, u.Media)
	return f, content, err
}

// keep stores a file, then writes it with what goes with it; nothing stays of a
// file whose writing is refused. may is asked first, so that who may not leaves
// nothing behind.
func (s *Service) keep(ctx context.Context, actor policy.Actor, u Upload, kind FileKind,
	may func(context.Context, *db.Tx) error, write func(context.Context, *db.Tx, File) error,
) (f File, err error) {
	if err := s.DB.Read(ctx, actor.Board, may); err != nil {
		return f, err
	}
	f, content, err := u.read(actor, kind)
	if err != nil {
		return f, err
	}
	if f.Size, f.SHA256, err = s.Blobs.Put(ctx, actor.Board, f.ID, bytes.NewReader(content), evaluation.MaxEvidence); err != nil {
		return f, err
	}
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		f.AddedAt = tx.Now
		return write(ctx, tx, f)
	})
	if err != nil {
		err = errors.Join(err, s.Blobs.Delete(context.WithoutCancel(ctx), actor.Board, f.ID))
	}
	return f, err
}

// Attach keeps a confidential report beside an assessment.
func (s *Service) Attach(ctx context.Context, actor policy.Actor, id ID, u Upload) (File, error) {
	var of request.ID
	may := func(ctx context.Context, tx *db.Tx) error {
		_, r, err := seen(ctx, tx, actor, policy.VettingAttach, id)
		of = r.ID
		return err
	}
	return s.keep(ctx, actor, u, Vetting, may, func(ctx context.Context, tx *db.Tx, f File) error {
		if err := may(ctx, tx); err != nil {
			return err
		}
		f.RequestID = of
		if err := insertFile(ctx, tx, f); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "vetting.attached", f.Subject(), audit.Under(ClauseAssessed), audit.Note("sha256="+f.SHA256))
	})
}

// RecordOutside is request.Service.RecordPrivacy with the file of an assessment done
// without aval.
func (s *Service) RecordOutside(ctx context.Context, actor policy.Actor, id request.ID, p request.Privacy, u Upload) (r request.Request, err error) {
	may := func(ctx context.Context, tx *db.Tx) error {
		r, err := request.Get(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := actor.Allow(policy.RequestRead, r.Scope()); err != nil {
			return err
		}
		return actor.Allow(policy.PrivacyRecord, r.Scope())
	}
	_, err = s.keep(ctx, actor, u, Outside, may, func(ctx context.Context, tx *db.Tx, f File) error {
		if r, err = request.WritePrivacy(ctx, tx, actor, id, p); err != nil {
			return err
		}
		f.RequestID = id
		if err := insertFile(ctx, tx, f); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "assessment.outside_attached", f.Subject(), audit.Under(ClauseAssessed), audit.Note("sha256="+f.SHA256))
	})
	return r, err
}

// File opens a file for who may read its kind; to anyone else it does not exist. The
// trail keeps each opening of a confidential report.
func (s *Service) File(ctx context.Context, actor policy.Actor, id string) (f File, content io.ReadCloser, err error) {
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if f, err = getFile(ctx, tx, id); err != nil {
			return err
		}
		r, err := request.Get(ctx, tx, f.RequestID)
		if err != nil {
			return err
		}
		if f.Kind != Vetting {
			return readable(actor, policy.AssessmentRead, r)
		}
		if err := readable(actor, policy.VettingRead, r); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "vetting.opened", f.Subject(), audit.Under(ClauseAssessed))
	})
	if err != nil {
		return File{}, nil, err
	}
	content, err = s.Blobs.Get(ctx, actor.Board, f.ID)
	return f, content, err
}
