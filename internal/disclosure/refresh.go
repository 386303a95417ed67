package disclosure

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/job"
	"aval/internal/licence"
	"aval/internal/person"
)

// RefreshJob brings what a licence discloses to what the roster, its audience and
// its terms are. Its id is the licence's or, of one that is under way, a step's.
const RefreshJob job.Kind = "disclosure.refresh"

// RosterJob is left when anything on which every licence's part depends may have
// changed: the roster, the board's domain of addresses.
const RosterJob job.Kind = "disclosure.roster"

// RosterChanged leaves a refresh of all that the board discloses, once the
// transaction has committed.
func RosterChanged(ctx context.Context, tx *db.Tx) error {
	return job.Once(ctx, tx, RosterJob, tx.Board)
}

// page is how many rows of the roster one transaction looks at: short, since on SQLite
// who writes is alone. Tests make it shorter still.
var page = 1000

// step is how far a refresh is: a stage, and after what in its order.
type step struct {
	licence licence.ID
	stage   int
	after   string
	wrote   bool // the step of the stage before it: then this one most likely writes too
}

// String writes what parse reads.
func (s step) String() string {
	if s.stage == 0 && s.after == "" {
		return string(s.licence)
	}
	return fmt.Sprintf("%s %d %s", s.licence, s.stage, s.after)
}

func parse(id string) step {
	name, rest, _ := strings.Cut(id, " ")
	stage, after, _ := strings.Cut(rest, " ")
	n, err := strconv.Atoi(stage)
	if err != nil || n < 0 || n >= len(stages) {
		return step{licence: licence.ID(name)}
	}
	return step{licence: licence.ID(name), stage: n, after: after}
}

// Refresh makes what a licence discloses equal to its part of the roster: whom the
// licence is for, who teaches them, their schools and, where the terms let groups out,
// their classes, courses and enrolments. It works in short transactions, so that
// people work meanwhile; what did not change is not touched; done twice it is done.
// Of a licence that discloses nothing (TermsOf refuses) everything is gone; with the
// last licence of a sector its pseudonyms are retired.
func Refresh(ctx context.Context, d *db.DB, boardID string, id licence.ID) error {
	at := &step{licence: id}
	for at != nil {
		var err error
		if at, err = take(ctx, d, boardID, *at); err != nil {
			return err
		}
	}
	return nil
}

// patience is how long one job refreshes before it leaves the rest to another.
const patience = 15 * time.Second

// Run is the handler of RefreshJob.
func Run(ctx context.Context, d *db.DB, boardID, id string) error {
	began := time.Now()
	for at := parse(id); ; {
		next, err := take(ctx, d, boardID, at)
		if err != nil || next == nil {
			return err
		}
		if at = *next; time.Since(began) > patience {
			return d.Write(ctx, boardID, func(ctx context.Context, tx *db.Tx) error {
				return job.Enqueue(ctx, tx, RefreshJob, at.String())
			})
		}
	}
}

// errWrites ends a step that only reads and finds something to write.
var errWrites = errors.New("disclosure: something changed")

// wrote is the key under which a transaction remembers that it wrote.
type wrote struct{}

// writes refuses to write in a transaction that reads.
func writes(tx *db.Tx) error {
	if tx.ReadOnly {
		return errWrites
	}
	tx.SetValue(wrote{}, true)
	return nil
}

// take does one step and answers the next, nil after the last. It reads first: most of
// the time nothing changed, and who writes meanwhile need not wait for it.
func take(ctx context.Context, d *db.DB, boardID string, at step) (*step, error) {
	if !at.wrote {
		next, err := takeIn(ctx, d.Read, boardID, at)
		if !errors.Is(err, errWrites) {
			return next, err
		}
	}
	return takeIn(ctx, d.Write, boardID, at)
}

type transaction func(ctx context.Context, board string, f func(context.Context, *db.Tx) error) error

func takeIn(ctx context.Context, in transaction, boardID string, at step) (next *step, err error) {
	err = in(ctx, boardID, func(ctx context.Context, tx *db.Tx) error {
		r, err := begin(ctx, tx, at.licence)
		if err != nil {
			return err
		}
		last, err := stages[at.stage](ctx, tx, r, at.after)
		switch {
		case err != nil:
			return fmt.Errorf("refresh of licence %s, stage %d: %w", at.licence, at.stage, err)
		case last != "":
			next = &step{licence: at.licence, stage: at.stage, after: last, wrote: tx.Value(wrote{}) != nil}
		case at.stage+1 < len(stages):
			next = &step{licence: at.licence, stage: at.stage + 1}
		}
		return nil
	})
	return next, err
}

// round is what every stage knows.
type round struct {
	Terms
	nothing bool            // leaves: the licence does not disclose
	schools map[string]bool // of its reach
}

// begin reads the terms and, to write, holds the sector alone.
func begin(ctx context.Context, tx *db.Tx, id licence.ID) (r round, err error) {
	if err := tx.InOrder(ctx); err != nil {
		return r, err
	}
	r.Terms, err = TermsOf(ctx, tx, id)
	switch {
	case fault.Is(err, fault.Conflict):
		r.nothing = true
		if r.Licence, err = licence.Get(ctx, tx, id); err != nil {
			return r, err
		}
		r.Platform = r.Licence.PlatformID
		if r.Sector, r.rotation, err = sectorOf(ctx, tx, r.Platform); err != nil {
			return r, err
		}
	case err != nil:
		return r, err
	default:
		if err := settle(ctx, tx, r.Terms, "job"); err != nil {
			return r, err
		}
	}
	if !tx.ReadOnly {
		if err := tx.Alone(ctx, "pairwise "+r.Sector); err != nil {
			return r, err
		}
	}
	r.schools, err = reach(ctx, tx, r.Licence)
	return r, err
}

// stage does a part of a refresh, after something in its order; last is where the
// next part begins, empty when it is done.
type stage func(ctx context.Context, tx *db.Tx, r round, after string) (last string, err error)

// stages stand in the order in which each reads what those before it wrote. (They are
// told by their numbers in jobs that wait: a new one goes to the end.)
var stages = []stage{
	merging(OfUser, person.Pupil, pupils),
	merging(OfOrg, "", schools),
	merging(OfClass, "", classes),
	merging(OfUser, person.Teacher, teachers),
	merging(OfCourse, "", courses),
	merging(OfSession, "", sessions),
	enrolments,
	retirement,
}

// found is a subject that is to be disclosed, and what the platform sees of it.
type found struct {
	id   string
	seen []string
}

// source answers, in the order of their ids, those of a kind that are to be disclosed;
// it looked at every id up to last, at all there are when last is empty.
type source func(ctx context.Context, tx *db.Tx, r round, after string) (wanted []found, last string, err error)

// row is one of disclosed.
type row struct {
	subject, value, status, digest string
	kind                           Kind
	role                           person.Role
	class                          string // of an enrolment
}

// merging brings the rows of a kind and a role to what their source answers.
func merging(kind Kind, role person.Role, from source) stage {
	return func(ctx context.Context, tx *db.Tx, r round, after string) (string, error) {
		var wanted []found
		last, err := "", error(nil)
		if !r.nothing {
			if wanted, last, err = from(ctx, tx, r, after); err != nil {
				return "", err
			}
		}
		there, last, err := held(ctx, tx, r.Licence.ID, row{kind: kind, role: role}, after, last)
		if err != nil {
			return "", err
		}
		if last != "" {
			end := slices.IndexFunc(wanted, func(f found) bool { return f.id > last })
			if end >= 0 {
				wanted = wanted[:end]
			}
		}
		return last, r.merge(ctx, tx, row{kind: kind, role: role}, wanted, there)
	}
}

// merge writes what differs between what is to be disclosed and what is.
func (r round) merge(ctx context.Context, tx *db.Tx, like row, wanted []found, there map[string][]row) error {
	ids := make([]string, len(wanted))
	for i, w := range wanted {
		ids[i] = w.id
	}
	values, err := Ensure(ctx, tx, r.Sector, like.kind, ids)
	if err != nil {
		return err
	}
	if like.kind == OfUser && r.Aliases != "" && r.Fields[Email] {
		if err := ensureAddresses(ctx, tx, r.Sector, ids); err != nil {
			return err
		}
	}
	var changed []row
	for _, w := range wanted {
		is := row{subject: w.id, value: values[w.id], status: person.Active, kind: like.kind, role: like.role, digest: r.digest(w)}
		same := slices.Index(there[w.id], is)
		if same < 0 {
			changed = append(changed, is)
		}
		there[w.id] = slices.DeleteFunc(there[w.id], func(o row) bool { return o.value == is.value })
	}
	var left, who []string
	for subject, rows := range there {
		for _, o := range rows {
			if o.status == person.Active {
				left, who = append(left, o.value), append(who, subject)
			}
		}
	}
	// Those who leave go first: a pseudonym may have passed to another subject.
	if err := leaves(ctx, tx, r.Licence.ID, like.kind, left); err != nil {
		return err
	}
	if err := unseat(ctx, tx, r, like.kind, who); err != nil {
		return err
	}
	return keep(ctx, tx, r.Licence.ID, changed)
}

// digest tells whether what the platform sees of a subject is what it was.
func (r round) digest(f found) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %q", r.rotation, f.seen))
	return base64.RawURLEncoding.EncodeToString(sum[:12])
}

// visible are the values of those fields that leave.
func (r round) visible(of map[Field]string) (seen []string) {
	for _, f := range Fields {
		if value, has := of[f]; has && r.Fields[f] {
			seen = append(seen, string(f)+"="+value)
		}
	}
	return seen
}

// retirement ends the pseudonyms of a sector whose last licence is over.
func retirement(ctx context.Context, tx *db.Tx, r round, after string) (string, error) {
	if r.Licence.Last() >= i18n.DayOf(tx.Now) {
		return "", nil
	}
	if others, err := unfinished(ctx, tx, r.Sector); err != nil || others {
		return "", err
	}
	return retireSome(ctx, tx, r.Sector, after)
}
