package access

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"aval/internal/audit"
	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/licence"
	"aval/internal/policy"
	"aval/internal/pseudonym"
)

// What is taken of a vendor's file.
const (
	mostVendorNames   = 100_000
	longestVendorName = 200 // runes
)

// LoadVendorNames keeps the names that the platform gave its accounts, from the
// vendor's own CSV: the login name, then the platform's name; a first line that
// begins with no login name is its head. Either all lines are right, or none is
// kept and the refusal says which line is wrong. It answers how many were kept.
func (s *Service) LoadVendorNames(ctx context.Context, actor policy.Actor, id licence.ID, file io.Reader) (kept int, err error) {
	var given map[string]string
	err = s.db.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		l, err := allowed(ctx, tx, actor, policy.AccessProvision, id)
		if err != nil {
			return err
		}
		if l.AccountKind != licence.VendorName {
			return fault.New(fault.Conflict, "access.vendor_names_unneeded").Under("A.0")
		}
		known, err := s.byName(ctx, tx, id)
		if err != nil {
			return err
		}
		given, err = vendorNames(file, known)
		return err
	})
	if err != nil {
		return 0, err
	}
	accounts := make([]string, 0, len(given))
	for account := range given {
		accounts = append(accounts, account)
	}
	slices.Sort(accounts)
	for some := range slices.Chunk(accounts, batch) {
		if err := s.db.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
			return s.keepNames(ctx, tx, actor, id, some, given)
		}); err != nil {
			return kept, err
		}
		kept += len(some)
	}
	return kept, nil
}

// byName answers the accounts of a licence that go on, by their login name.
func (s *Service) byName(ctx context.Context, tx *db.Tx, id licence.ID) (map[string]string, error) {
	accounts, err := ofLicence(ctx, tx, id, []State{ToCreate, Sent, Confirmed, ResetPending, Suspended})
	if err != nil {
		return nil, err
	}
	logins := make([]string, len(accounts))
	for i, a := range accounts {
		logins[i] = a.LoginID
	}
	held, err := s.Names.ByRow(ctx, tx, logins)
	known := make(map[string]string, len(accounts))
	for _, a := range accounts {
		known[held[a.LoginID].Name.String()] = a.ID
	}
	return known, err
}

// vendorNames reads the platform's names by account.
func vendorNames(file io.Reader, known map[string]string) (map[string]string, error) {
	r := csv.NewReader(file)
	r.FieldsPerRecord = -1
	given, taken := map[string]string{}, map[string]bool{}
	for n := 1; ; n++ {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil || len(row) < 2 || n > mostVendorNames {
			return nil, wrongLine("access.vendor_line", n)
		}
		login, err := pseudonym.Parse(strings.TrimPrefix(row[0], "\ufeff"))
		if err != nil && n == 1 {
			continue
		}
		account, name := known[login.String()], strings.TrimSpace(row[1])
		switch {
		case err != nil || account == "":
			return nil, wrongLine("access.vendor_login_unknown", n)
		case name == "" || len([]rune(name)) > longestVendorName || strings.ContainsFunc(name, func(c rune) bool { return c < ' ' }):
			return nil, wrongLine("access.vendor_line", n)
		case given[account] != "" || taken[name]:
			return nil, wrongLine("access.vendor_twice", n)
		}
		given[account], taken[name] = name, true
	}
	if len(given) == 0 {
		return nil, wrongLine("access.vendor_line", 1)
	}
	return given, nil
}

func wrongLine(key string, line int) error {
	return fault.FormMsg(map[string]fault.Message{"file": {Key: key, Args: []any{line}}})
}

// keepNames seals the platform's names of some accounts.
func (s *Service) keepNames(ctx context.Context, tx *db.Tx, actor policy.Actor, id licence.ID, accounts []string, given map[string]string) error {
	if err := hold(ctx, tx, id); err != nil {
		return err
	}
	keys, err := s.Names.Vault.Keys(ctx, tx)
	if err != nil {
		return err
	}
	for _, one := range accounts {
		a, err := get(ctx, tx, one)
		if err != nil {
			return err
		}
		if a.State == Retired {
			continue
		}
		plain, err := a.opened(keys)
		if err != nil {
			return err
		}
		plain.VendorName = given[one]
		if err := a.seal(keys, plain); err != nil {
			return err
		}
		if err := update(ctx, tx, &a); err != nil {
			return err
		}
	}
	return audit.Write(ctx, tx, actor, "access.vendor_names", licence.Subject(id), audit.Under("A.0"), audit.Note(fmt.Sprintf("accounts=%d", len(accounts))))
}
