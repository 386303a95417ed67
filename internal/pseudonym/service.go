package pseudonym

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"sync"

	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/policy"
	"aval/internal/vault"
)

// Names are the login names of the boards. It is safe for use by several
// goroutines.
type Names struct {
	Vault *vault.Vault

	mu    sync.Mutex
	lists map[string]boardList // by board
}

// The controls of the two clauses that a name fulfils (policy A, 5.1.1 and 5.1.2).
const (
	assigned = "pseudonym.assigned"
	random   = "pseudonym.random"
)

// batch is how many people one statement speaks of.
const batch = 200

// Ready refuses (Conflict) a board that can be given no name, since it was
// shredded, its keys were deleted in the database or its master key is not here.
func (n *Names) Ready(ctx context.Context, tx *db.Tx) error {
	if err := n.Vault.Ready(ctx, tx); err != nil {
		return err
	}
	if has, err := vault.Sealed(ctx, tx); err != nil || has {
		return err
	}
	return whole(ctx, tx, nil)
}

// whole refuses a board whose names no key of it sealed. Others would be made for
// it, and every pupil would get another name.
func whole(ctx context.Context, tx *db.Tx, prefixes [][]byte) error {
	gone, err := keysGone(ctx, tx, prefixes)
	if err == nil && gone {
		err = fault.New(fault.Conflict, "pseudonym.keys_gone")
	}
	return err
}

// Lacking answers the pupils of the youth sector who have no name yet, shuffled:
// in that order they are to be given to Issue.
func (n *Names) Lacking(ctx context.Context, tx *db.Tx) ([]string, error) {
	keys, err := n.Vault.Keys(ctx, tx)
	if err != nil {
		return nil, err
	}
	pupils, err := youth(ctx, tx, nil)
	if err != nil {
		return nil, err
	}
	named, err := activeMACs(ctx, tx)
	if err != nil {
		return nil, err
	}
	var lacking []string
	for _, id := range pupils {
		macs, err := keys.MACs(ofPerson, id)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(macs, func(mac string) bool { return named[mac] }) {
			lacking = append(lacking, id)
		}
	}
	return lacking, shuffle(lacking)
}

// Issue gives a name to each of these people who is an active pupil of the
// youth sector and has none; the others are passed over. One transaction of a
// board issues at a time. A thousand people take a fraction of a second: more
// are given in several transactions.
func (n *Names) Issue(ctx context.Context, tx *db.Tx, personIDs []string) error {
	keys, err := n.begin(ctx, tx)
	if err != nil {
		return err
	}
	for some := range slices.Chunk(personIDs, batch) {
		pupils, err := youth(ctx, tx, some)
		if err != nil {
			return err
		}
		held, err := n.held(ctx, tx, keys, pupils)
		if err != nil {
			return err
		}
		pupils = slices.DeleteFunc(pupils, func(id string) bool { _, has := held[id]; return has })
		if err := n.give(ctx, tx, keys, pupils); err != nil {
			return err
		}
	}
	return nil
}

// begin answers the keys, refuses others than the names were sealed under, then waits until nobody else issues. The keys come
// first here as everywhere, so that who has looked a name up may issue in the
// same transaction: nobody holds the turn who still waits for the keys.
func (n *Names) begin(ctx context.Context, tx *db.Tx) (*vault.Keys, error) {
	keys, err := n.Vault.Keys(ctx, tx)
	if err != nil {
		return nil, err
	}
	if err := whole(ctx, tx, keys.Prefixes()); err != nil {
		return nil, err
	}
	return keys, lockIssue(ctx, tx)
}

// give draws a name for each of these people, none of whom has one.
func (n *Names) give(ctx context.Context, tx *db.Tx, keys *vault.Keys, people []string) error {
	if len(people) == 0 {
		return nil
	}
	names, err := n.draw(ctx, tx, keys, len(people))
	if err != nil {
		return err
	}
	given := make([]entry, len(people))
	subjects := make([]string, len(people))
	for i, person := range people {
		given[i] = entry{id: db.NewID()}
		if err := given[i].seal(keys, names[i].String(), person); err != nil {
			return err
		}
		subjects[i] = "person:" + person
	}
	slices.SortFunc(given, func(a, b entry) int { return strings.Compare(a.id, b.id) }) // ids are chance: so is the order
	if err := insert(ctx, tx, given, i18n.DayOf(tx.Now)); err != nil {
		return err
	}
	if err := policy.MarkAll(ctx, tx, assigned, subjects, policy.Conform); err != nil {
		return err
	}
	return policy.MarkAll(ctx, tx, random, subjects, policy.Conform)
}

// rounds bounds the drawing: with names for millions, the first is nearly always free.
const rounds = 100

// draw draws names that the board has never given, under whatever key.
func (n *Names) draw(ctx context.Context, tx *db.Tx, keys *vault.Keys, count int) ([]Name, error) {
	blocked, err := n.blocklist(ctx, tx)
	if err != nil {
		return nil, err
	}
	var names []Name
	drawn := map[string]bool{}
	for range rounds {
		var fresh []Name
		for range count - len(names) {
			name, err := Draw(rand.Reader, blocked)
			if err != nil {
				return nil, fmt.Errorf("draw login name: %w", err)
			}
			if !drawn[name.String()] {
				drawn[name.String()] = true
				fresh = append(fresh, name)
			}
		}
		taken, err := n.taken(ctx, tx, keys, fresh)
		if err != nil {
			return nil, err
		}
		for _, name := range fresh {
			if !taken[name.String()] {
				names = append(names, name)
			}
		}
		if len(names) == count {
			return names, nil
		}
	}
	return nil, errors.New("draw login names: the board has nearly all of them")
}

// taken are those of some names that the board has given before.
func (n *Names) taken(ctx context.Context, tx *db.Tx, keys *vault.Keys, names []Name) (map[string]bool, error) {
	of, macs, err := macsOf(keys, ofName, texts(names))
	if err != nil {
		return nil, err
	}
	found, err := givenNames(ctx, tx, macs)
	taken := map[string]bool{}
	for _, mac := range found {
		taken[of[mac]] = true
	}
	return taken, err
}

// macsOf are the MACs of values under every key, and whose each is.
func macsOf(keys *vault.Keys, label string, values []string) (of map[string]string, macs []string, err error) {
	of = map[string]string{}
	for _, value := range values {
		some, err := keys.MACs(label, value)
		if err != nil {
			return nil, nil, err
		}
		for _, mac := range some {
			of[mac] = value
		}
		macs = append(macs, some...)
	}
	return of, macs, nil
}

// held are the active entries of some people.
func (n *Names) held(ctx context.Context, tx *db.Tx, keys *vault.Keys, people []string) (map[string]entry, error) {
	of, macs, err := macsOf(keys, ofPerson, people)
	if err != nil {
		return nil, err
	}
	found, err := activeOf(ctx, tx, macs)
	held := make(map[string]entry, len(found))
	for _, e := range found {
		held[of[e.personMAC]] = e
	}
	return held, err
}

// Of answers a person's name, or the one NotFound.
func (n *Names) Of(ctx context.Context, tx *db.Tx, personID string) (Name, error) {
	names, err := n.OfMany(ctx, tx, []string{personID})
	if err != nil {
		return Name{}, err
	}
	name, ok := names[personID]
	if !ok {
		return Name{}, fault.Missing()
	}
	return name, nil
}

// OfMany answers the names of those of some people who have one, by person. It
// refuses (Conflict) when one of them was changed or moved in the database.
func (n *Names) OfMany(ctx context.Context, tx *db.Tx, personIDs []string) (map[string]Name, error) {
	keys, err := n.Vault.Keys(ctx, tx)
	if err != nil {
		return nil, err
	}
	names := make(map[string]Name, len(personIDs))
	for some := range slices.Chunk(personIDs, batch) {
		held, err := n.held(ctx, tx, keys, some)
		if err != nil {
			return nil, err
		}
		for person, e := range held {
			text, whose, err := e.open(keys)
			if err != nil {
				return nil, err
			}
			if whose != person { // the MAC was given to another's row
				return nil, fault.New(fault.Conflict, "vault.unreadable")
			}
			if names[person], err = Parse(text); err != nil {
				return nil, errors.New("a login name was kept that is none") // which it is, nobody is told
			}
		}
	}
	return names, nil
}

// Who answers whose an active name is, or the one NotFound.
func (n *Names) Who(ctx context.Context, tx *db.Tx, name Name) (personID string, err error) {
	whose, err := n.WhoMany(ctx, tx, []Name{name})
	if err != nil {
		return "", err
	}
	personID, ok := whose[name]
	if !ok {
		return "", fault.Missing()
	}
	return personID, nil
}

// WhoMany answers whose those of some names are that are active, by name. It
// refuses (Conflict) when one of them was changed or moved in the database.
func (n *Names) WhoMany(ctx context.Context, tx *db.Tx, names []Name) (map[Name]string, error) {
	keys, err := n.Vault.Keys(ctx, tx)
	if err != nil {
		return nil, err
	}
	whose := make(map[Name]string, len(names))
	for some := range slices.Chunk(names, batch) {
		of, macs, err := macsOf(keys, ofName, texts(some))
		if err != nil {
			return nil, err
		}
		found, err := activeNamed(ctx, tx, macs)
		if err != nil {
			return nil, err
		}
		for _, e := range found {
			text, person, err := e.open(keys)
			if err == nil && (text != of[e.nameMAC] || person == "") { // an active name is somebody's
				err = fault.New(fault.Conflict, "vault.unreadable")
			}
			if err != nil {
				return nil, err
			}
			name, err := Parse(text)
			if err != nil {
				return nil, errors.New("a login name was kept that is none") // which it is, nobody is told
			}
			whose[name] = person
		}
	}
	return whose, nil
}

// texts are names as they are sealed.
func texts(names []Name) []string {
	all := make([]string, len(names))
	for i, name := range names {
		all[i] = name.String()
	}
	return all
}

// Retire ends a person's name for good, and forgets whose it and their earlier
// ones were: it is for the day on which the person is purged. It refuses
// (Conflict, under 5.1.1) for an active pupil of the youth sector, who must
// have one: Replace gives another.
func (n *Names) Retire(ctx context.Context, tx *db.Tx, personID string) error {
	pupil, err := youth(ctx, tx, []string{personID})
	if err != nil {
		return err
	}
	if len(pupil) > 0 {
		return fault.New(fault.Conflict, "pseudonym.still_needed").Under("5.1.1")
	}
	keys, err := n.begin(ctx, tx)
	if err != nil {
		return err
	}
	macs, err := keys.MACs(ofPerson, personID)
	if err != nil {
		return err
	}
	if err := forget(ctx, tx, keys, macs, i18n.DayOf(tx.Now)); err != nil {
		return err
	}
	for _, control := range []string{assigned, random} {
		if err := policy.Unmark(ctx, tx, control, "person:"+personID); err != nil {
			return err
		}
	}
	return nil
}

// Replace gives a person another name, as after a breach, and retires the one
// they have. It refuses (NotFound) who has none.
func (n *Names) Replace(ctx context.Context, tx *db.Tx, personID string) (Name, error) {
	if err := n.replace(ctx, tx, []string{personID}); err != nil {
		return Name{}, err
	}
	return n.Of(ctx, tx, personID)
}

// replace is Replace for some people, at most a batch.
func (n *Names) replace(ctx context.Context, tx *db.Tx, people []string) error {
	keys, err := n.begin(ctx, tx)
	if err != nil {
		return err
	}
	for _, id := range people {
		macs, err := keys.MACs(ofPerson, id)
		if err != nil {
			return err
		}
		if err := retire(ctx, tx, keys, macs, i18n.DayOf(tx.Now)); err != nil {
			return err
		}
	}
	return n.give(ctx, tx, keys, people)
}

// shuffle puts ids in an order of chance.
func shuffle(ids []string) error {
	for i := len(ids) - 1; i > 0; i-- {
		j, err := rand.Int(rand.Reader, big.NewInt(int64(i)+1))
		if err != nil {
			return fmt.Errorf("shuffle: %w", err)
		}
		ids[i], ids[j.Int64()] = ids[j.Int64()], ids[i]
	}
	return nil
}
