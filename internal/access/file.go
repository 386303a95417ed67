package access

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
	"time"

	"aval/internal/audit"
	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/guard"
	"aval/internal/licence"
	"aval/internal/policy"
)

// FileID names a file of accounts within its board.
type FileID string

// File is a file of accounts for the vendor. Its bytes are kept nowhere: they
// are made as it is downloaded.
//
//	prepared --Approve, by another person--> approved --Download, once, by who prepared it--> downloaded --Confirm--> confirmed
//
// Preparing another replaces one that was not downloaded.
type File struct {
	ID           FileID
	LicenceID    licence.ID
	Kind         FileKind
	Accounts     int
	PreparedBy   string
	PreparedAt   time.Time
	ApprovedBy   string
	ApprovedAt   time.Time
	DownloadedBy string
	DownloadedAt time.Time
	ConfirmedBy  string
	ConfirmedAt  time.Time
	Version      int64
}

// approve is the rule: a second person stands behind what leaves the board.
func (f *File) approve(by policy.Actor, hands []string, now time.Time) error {
	switch {
	case !f.ApprovedAt.IsZero():
		return fault.New(fault.Conflict, "access.file_approved")
	case slices.Contains(hands, f.PreparedBy):
		return fault.New(fault.Conflict, "access.file_own").Under("6.1e")
	}
	f.ApprovedBy, f.ApprovedAt = by.ID, now
	return nil
}

// download is the rule: once, by who prepared it, with as many accounts as were approved.
func (f *File) download(by policy.Actor, accounts int, now time.Time) error {
	switch {
	case f.PreparedBy != by.ID:
		return fault.New(fault.Conflict, "access.file_other").Under("6.1e")
	case !f.DownloadedAt.IsZero():
		return fault.New(fault.Conflict, "access.file_downloaded")
	case f.ApprovedAt.IsZero():
		return fault.New(fault.Conflict, "access.file_unapproved").Under("6.1e")
	case accounts != f.Accounts:
		return fault.New(fault.Conflict, "access.file_changed")
	}
	f.DownloadedBy, f.DownloadedAt = by.ID, now
	return nil
}

// confirm is the rule: the platform takes what was downloaded.
func (f *File) confirm(by policy.Actor, now time.Time) error {
	switch {
	case f.DownloadedAt.IsZero():
		return fault.New(fault.Conflict, "access.file_not_downloaded")
	case !f.ConfirmedAt.IsZero():
		return fault.New(fault.Conflict, "access.file_confirmed")
	}
	f.ConfirmedBy, f.ConfirmedAt = by.ID, now
	return nil
}

// columnsOf are the licence's own, or what every platform needs.
func columnsOf(l licence.Licence) []licence.Column {
	if len(l.Columns) > 0 {
		return l.Columns
	}
	return []licence.Column{
		{Name: "login_name", Holds: licence.HoldsLogin},
		{Name: "password", Holds: licence.HoldsPassword},
		{Name: "group", Holds: licence.HoldsGroup},
	}
}

// line is one pupil of a file, and what stands of them in it: no name.
type line struct{ person, class, login, password, group string }

func (x line) cell(c licence.Column) string {
	switch c.Holds {
	case licence.HoldsLogin:
		return x.login
	case licence.HoldsPassword:
		return x.password
	case licence.HoldsGroup:
		return x.group
	}
	return c.Text
}

// written writes the lines by the licence's columns, as RFC 4180 has it.
func written(columns []licence.Column, lines []line) ([]byte, error) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.UseCRLF = true
	head := make([]string, len(columns))
	for i, c := range columns {
		head[i] = harmless(c.Name)
	}
	rows := [][]string{head}
	for _, x := range lines {
		row := make([]string, len(columns))
		for i, c := range columns {
			row[i] = harmless(x.cell(c))
		}
		rows = append(rows, row)
	}
	err := w.WriteAll(rows)
	return b.Bytes(), err
}

// harmless keeps a spreadsheet from taking a text for a formula.
func harmless(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}

// Prepare asks for a file of the accounts of a licence. It refuses one of which
// nothing is to be told, a licence whose pupils sign in with their address, and what
// the guard stops (1.3 e): then the refusal says where, and the trail that it was.
func (s *Service) Prepare(ctx context.Context, actor policy.Actor, id licence.ID, kind FileKind) (f File, err error) {
	var stops []guard.Stop
	err = s.db.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		l, err := allowed(ctx, tx, actor, policy.AccessProvision, id)
		if err != nil {
			return err
		}
		if !kind.known() {
			return fault.Form(map[string]string{"kind": "access.file_kind"})
		}
		if err := sendable(ctx, tx, l); err != nil {
			return err
		}
		accounts, err := ofLicence(ctx, tx, id, kind.provisioned())
		if err != nil {
			return err
		}
		if len(accounts) == 0 {
			return fault.New(fault.Conflict, "access.file_empty")
		}
		if _, stops, err = s.leaves(ctx, tx, actor.Settings, l, accounts); err != nil || len(stops) > 0 {
			return err
		}
		f = File{ID: FileID(db.NewID()), LicenceID: id, Kind: kind, Accounts: len(accounts), PreparedBy: actor.ID, PreparedAt: tx.Now, Version: 1}
		if err := replaceFile(ctx, tx, f); err != nil {
			return err
		}
		return f.write(ctx, tx, actor, "access.file_prepared")
	})
	if err == nil && len(stops) > 0 {
		err = s.stopped(ctx, actor, id, stops)
	}
	return f, err
}

// sendable is check, for accounts of which the platform is told in a file.
func sendable(ctx context.Context, tx *db.Tx, l licence.Licence) error {
	if err := check(ctx, tx, l); err != nil {
		return err
	}
	if !ours(l.AccountKind) {
		return fault.New(fault.Conflict, "access.file_unneeded").Under("A.0")
	}
	return nil
}

// write says what was done with a file: how many, never who.
func (f File) write(ctx context.Context, tx *db.Tx, actor policy.Actor, action string) error {
	return audit.Write(ctx, tx, actor, action, licence.Subject(f.LicenceID), audit.Under("6.1e"),
		audit.Note(fmt.Sprintf("file:%s accounts=%d", f.ID, f.Accounts)))
}

// Approve is a second person's word that the file may leave.
func (s *Service) Approve(ctx context.Context, actor policy.Actor, id licence.ID, file FileID) (File, error) {
	return s.step(ctx, actor, policy.AccessApprove, id, file, "access.file_approved",
		func(_ context.Context, tx *db.Tx, l licence.Licence, f *File) error {
			return f.approve(actor, actor.Hands(policy.AccessApprove, l.Place()), tx.Now)
		})
}

// Confirm says that the platform took the file: what was sent in it is confirmed.
func (s *Service) Confirm(ctx context.Context, actor policy.Actor, id licence.ID, file FileID) (File, error) {
	return s.step(ctx, actor, policy.AccessProvision, id, file, "access.file_confirmed",
		func(ctx context.Context, tx *db.Tx, _ licence.Licence, f *File) error {
			if err := f.confirm(actor, tx.Now); err != nil {
				return err
			}
			return confirmSent(ctx, tx, *f)
		})
}

// Download makes the file, once, for who prepared it and after another approved
// it. In the same transaction its accounts are sent, and the trail says so. What the
// guard stops is refused (1.3 e), and waits as it did.
func (s *Service) Download(ctx context.Context, actor policy.Actor, id licence.ID, file FileID) (text []byte, err error) {
	var stops []guard.Stop
	_, err = s.step(ctx, actor, policy.AccessProvision, id, file, "access.file_downloaded",
		func(ctx context.Context, tx *db.Tx, l licence.Licence, f *File) error {
			if err := sendable(ctx, tx, l); err != nil {
				return err
			}
			accounts, err := ofLicence(ctx, tx, id, f.Kind.provisioned())
			if err != nil {
				return err
			}
			if err := f.download(actor, len(accounts), tx.Now); err != nil {
				return err
			}
			if text, stops, err = s.leaves(ctx, tx, actor.Settings, l, accounts); err != nil {
				return err
			}
			if len(stops) > 0 {
				return guard.Refusal(stops) // nothing of this is kept
			}
			return send(ctx, tx, *f)
		})
	if len(stops) > 0 {
		return nil, s.stopped(ctx, actor, id, stops)
	}
	if err != nil {
		return nil, err
	}
	return text, nil
}

// FileName is what a downloaded file is called: it names nobody.
const FileName = "comptes.csv"

// step does one thing with a file of a licence.
func (s *Service) step(ctx context.Context, actor policy.Actor, do policy.Action, id licence.ID, file FileID, action string,
	rule func(context.Context, *db.Tx, licence.Licence, *File) error) (f File, err error) {
	err = s.db.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		l, err := allowed(ctx, tx, actor, do, id)
		if err != nil {
			return err
		}
		if _, err := s.Names.Vault.Keys(ctx, tx); err != nil { // before the licence's turn: one order everywhere
			return err
		}
		if err := hold(ctx, tx, id); err != nil {
			return err
		}
		if f, err = getFile(ctx, tx, id, file); err != nil {
			return err
		}
		if err := rule(ctx, tx, l, &f); err != nil {
			return err
		}
		if err := updateFile(ctx, tx, &f); err != nil {
			return err
		}
		return f.write(ctx, tx, actor, action)
	})
	return f, err
}

// lines are what a file says of accounts, in the order of their ids, which is chance.
func (s *Service) lines(ctx context.Context, tx *db.Tx, l licence.Licence, accounts []Account) ([]line, error) {
	logins := make([]string, len(accounts))
	for i, a := range accounts {
		logins[i] = a.LoginID
	}
	held, err := s.Names.ByRow(ctx, tx, logins)
	if err != nil {
		return nil, err
	}
	keys, err := s.Names.Vault.Keys(ctx, tx)
	if err != nil {
		return nil, err
	}
	people := make([]string, 0, len(held))
	for _, h := range held {
		people = append(people, h.Person)
	}
	groups, err := groupsOf(ctx, tx, l, people)
	if err != nil {
		return nil, err
	}
	lines := make([]line, len(accounts))
	for i, a := range accounts {
		plain, err := a.opened(keys)
		if err != nil {
			return nil, err
		}
		h := held[a.LoginID]
		g := groups[h.Person]
		lines[i] = line{person: h.Person, class: g.class, login: h.Name.String(), password: plain.Password.Text, group: g.label}
	}
	return lines, nil
}

// Files answers the files of a licence, the newest first, for who may read the licence.
func (s *Service) Files(ctx context.Context, actor policy.Actor, id licence.ID) (files []File, err error) {
	err = s.db.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if _, err := seen(ctx, tx, actor, id); err != nil {
			return err
		}
		files, err = filesOf(ctx, tx, id)
		return err
	})
	return files, err
}
