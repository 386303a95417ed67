package access

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"aval/internal/audit"
	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/licence"
	"aval/internal/policy"
	"aval/internal/pseudonym"
	"aval/internal/sheet"
	"aval/internal/vault"
)

// What is taken of a vendor's file.
const (
	mostVendorNames   = 100_000
	longestVendorName = 200 // runes
	mostVendorSlips   = 20
)

// namingAnHour is how many files in which a pupil's name shows one person may have
// read in an hour. Each line says of a login name whether a word is in the name of
// whose it is: together they tell no more than the hour's look-ups (1.3 e).
const namingAnHour = policy.SinglesAnHour / mostVendorSlips

// namingFile is what the trail calls the reading of such a file.
const namingFile = "access.vendor_naming"

// VendorFile is what a vendor's file of names holds, before any of it is kept. Its
// lines are counted, not shown.
type VendorFile struct {
	Matched int // lines that give a name to an account
	Unknown int // with a login name that has no account
	Doubled int // with an account or a name that was there before
	Naming  int // with a name that shows the pupil's (5.1.2)
	Broken  int // without a login name or a name that can be kept
	Slips   []VendorSlip
	Sealed  string // what KeepVendorNames keeps; empty when a line is wrong
}

// VendorSlip is a line that is wrong, and the key of why.
type VendorSlip struct {
	Line int
	Key  string
}

// Wrong counts the lines that keep the file from being kept.
func (f VendorFile) Wrong() int { return f.Unknown + f.Doubled + f.Naming + f.Broken }

// ReadVendorNames reads the names that the platform gave its accounts, from the
// vendor's own table: the login name, then the platform's name; a first line that
// begins with no login name is its head. Nothing is kept: what was read is answered
// sealed, for the same actor to keep. A file in which a pupil's name shows is noted,
// and after namingAnHour of them no other is read (Conflict, under 1.3 e).
func (s *Service) ReadVendorNames(ctx context.Context, actor policy.Actor, id licence.ID, data []byte) (f VendorFile, err error) {
	table, err := sheet.Read(data)
	refusal, ok := fault.As(err)
	if err != nil && !ok {
		return f, err
	}
	return s.readNames(ctx, actor, id, table, refusal)
}

// readNames reads a table, or says why it could not be read.
func (s *Service) readNames(ctx context.Context, actor policy.Actor, id licence.ID, table sheet.Table, unread *fault.Fault) (f VendorFile, err error) {
	err = s.db.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		f = VendorFile{}
		l, err := s.loads(ctx, tx, actor, id)
		if err != nil {
			return err
		}
		if unread != nil {
			return fault.FormMsg(map[string]fault.Message{"file": {Key: unread.Key, Args: unread.Args}})
		}
		keys, err := s.Names.Vault.Keys(ctx, tx) // before the licence's turn: one order everywhere
		if err != nil {
			return err
		}
		if err := hold(ctx, tx, id); err != nil {
			return err
		}
		if n, err := namingBy(ctx, tx, actor.ID); err != nil || n >= namingAnHour {
			return cmp.Or(err, error(fault.New(fault.Conflict, "access.vendor_naming_often").Under("1.3e")))
		}
		known, err := s.byName(ctx, tx, l.ID)
		if err != nil {
			return err
		}
		given := f.read(table, known)
		if f.Naming > 0 {
			return audit.Write(ctx, tx, actor, namingFile, "account:"+actor.ID, audit.Under("1.3e"),
				audit.Note(licence.Subject(id)), audit.Note(fmt.Sprintf("lines=%d", f.Naming)))
		}
		if f.Wrong() > 0 {
			return nil
		}
		text, err := json.Marshal(vendorNames{By: actor.ID, Names: given})
		if err != nil {
			return fmt.Errorf("seal vendor names: %w", err)
		}
		shut, err := keys.Seal(vendorPlace(id), text)
		f.Sealed = base64.RawURLEncoding.EncodeToString(shut)
		return err
	})
	return f, err
}

// KeepVendorNames keeps the names that ReadVendorNames answered sealed, and answers
// how many.
func (s *Service) KeepVendorNames(ctx context.Context, actor policy.Actor, id licence.ID, shut string) (kept int, err error) {
	var read vendorNames
	err = s.db.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if _, err := s.loads(ctx, tx, actor, id); err != nil {
			return err
		}
		bytes, err := base64.RawURLEncoding.DecodeString(shut)
		if err != nil {
			return fault.New(fault.Conflict, "access.vendor_again")
		}
		keys, err := s.Names.Vault.Keys(ctx, tx)
		if err != nil {
			return err
		}
		text, err := keys.Open(vendorPlace(id), bytes)
		if err != nil || json.Unmarshal(text, &read) != nil || read.By != actor.ID {
			return fault.New(fault.Conflict, "access.vendor_again")
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	accounts := slices.Sorted(maps.Keys(read.Names))
	for some := range slices.Chunk(accounts, batch) {
		if err := s.db.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
			return s.keepNames(ctx, tx, actor, id, some, read.Names)
		}); err != nil {
			return kept, err
		}
		kept += len(some)
	}
	return kept, nil
}

// LoadVendorNames is both at once, of pairs of a login name and the platform's name: either all lines are right, or
// none is kept and the refusal says which line is wrong first.
func (s *Service) LoadVendorNames(ctx context.Context, actor policy.Actor, id licence.ID, pairs [][2]string) (kept int, err error) {
	var table sheet.Table
	for _, pair := range pairs {
		table.Rows = append(table.Rows, pair[:])
	}
	f, err := s.readNames(ctx, actor, id, table, nil)
	if err != nil {
		return 0, err
	}
	if f.Wrong() > 0 {
		slip := f.Slips[0]
		return 0, fault.FormMsg(map[string]fault.Message{"file": {Key: slip.Key, Args: []any{slip.Line}}})
	}
	return s.KeepVendorNames(ctx, actor, id, f.Sealed)
}

// namingBy counts the files in which a pupil's name showed that somebody had read
// in the last hour.
func namingBy(ctx context.Context, tx *db.Tx, actorID string) (int, error) {
	return db.One(ctx, tx, scanCount, `SELECT count(*) FROM audit_record
		WHERE board_id = $1 AND subject = $2 AND action = $3 AND at > $4`, tx.Board, "account:"+actorID, namingFile, tx.Now.Add(-time.Hour))
}

// vendorNames are a file's names by account, as they are sealed until they are kept.
type vendorNames struct {
	By    string
	Names map[string]string
}

func vendorPlace(id licence.ID) vault.Place {
	return vault.Place{Table: "vendor_file", Column: "names", Row: string(id)}
}

// loads is a licence whose platform gives the names, for who may bring them.
func (s *Service) loads(ctx context.Context, tx *db.Tx, actor policy.Actor, id licence.ID) (licence.Licence, error) {
	l, err := allowed(ctx, tx, actor, policy.AccessProvision, id)
	if err == nil && l.AccountKind != licence.VendorName {
		err = fault.New(fault.Conflict, "access.vendor_names_unneeded").Under("A.0")
	}
	return l, err
}

// owner is an account that goes on, and the pupil whose it is.
type owner struct {
	account string
	pupil
}

// byName answers the accounts of a licence that go on, by their login name.
func (s *Service) byName(ctx context.Context, tx *db.Tx, id licence.ID) (map[string]owner, error) {
	accounts, err := ofLicence(ctx, tx, id, unretired)
	if err != nil {
		return nil, err
	}
	logins := make([]string, len(accounts))
	for i, a := range accounts {
		logins[i] = a.LoginID
	}
	held, err := s.Names.ByRow(ctx, tx, logins)
	if err != nil {
		return nil, err
	}
	people := make([]string, 0, len(held))
	for _, h := range held {
		people = append(people, h.Person)
	}
	by, err := pupils(ctx, tx, people)
	known := make(map[string]owner, len(accounts))
	for _, a := range accounts {
		h := held[a.LoginID]
		known[h.Name.String()] = owner{account: a.ID, pupil: by[h.Person]}
	}
	return known, err
}

// read counts the lines of a table, and answers the platform's names by account.
func (f *VendorFile) read(t sheet.Table, known map[string]owner) map[string]string {
	given, taken := map[string]string{}, map[string]bool{}
	lines := t.Rows
	if t.Header != nil {
		lines = slices.Concat([][]string{t.Header}, t.Rows)
	}
	for n, row := range lines {
		row = append(slices.Clone(row), "", "") // two cells at least
		login, err := pseudonym.Parse(row[0])
		if err != nil && n == 0 && t.Header != nil {
			continue
		}
		name := strings.TrimSpace(row[1])
		whose, ok := known[login.String()]
		switch {
		case err != nil, name == "", len([]rune(name)) > longestVendorName, strings.ContainsFunc(name, func(c rune) bool { return c < ' ' }), n > mostVendorNames:
			f.slip(&f.Broken, n+1, "access.vendor_line")
		case !ok:
			f.slip(&f.Unknown, n+1, "access.vendor_login_unknown")
		case given[whose.account] != "" || taken[name]:
			f.slip(&f.Doubled, n+1, "access.vendor_twice")
		case licence.ShowsName(whose.Given, whose.Family, name):
			f.slip(&f.Naming, n+1, "access.vendor_shows_name")
		default:
			given[whose.account], taken[name] = name, true
			f.Matched++
		}
	}
	if f.Matched+f.Wrong() == 0 {
		f.slip(&f.Broken, 1, "access.vendor_line")
	}
	return given
}

func (f *VendorFile) slip(count *int, line int, key string) {
	*count++
	if len(f.Slips) < mostVendorSlips {
		f.Slips = append(f.Slips, VendorSlip{Line: line, Key: key})
	}
}

// keepNames seals the platform's names of some accounts.
func (s *Service) keepNames(ctx context.Context, tx *db.Tx, actor policy.Actor, id licence.ID, accounts []string, given map[string]string) error {
	keys, err := s.Names.Vault.Keys(ctx, tx)
	if err != nil {
		return err
	}
	if err := hold(ctx, tx, id); err != nil {
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
