package disclosure

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"aval/internal/db"
	"aval/internal/person"
)

// enrolments are who of the disclosed people is in which of the disclosed classes. They
// are compared class by class, so that a licence for one class does not read the
// roster; and whether somebody is disclosed is asked of what differs alone, since
// whoever leaves takes their enrolments along.
func enrolments(ctx context.Context, tx *db.Tx, r round, after string) (string, error) {
	classes, ids, last, err := r.groups(ctx, tx, after)
	if err != nil || len(ids) == 0 {
		return "", err
	}
	wanted, err := seats(ctx, tx, classes)
	if err != nil {
		return "", err
	}
	there, err := seated(ctx, tx, r, ids)
	if err != nil {
		return "", err
	}
	secret, err := seatSecret(ctx, tx, r.Sector)
	if err != nil {
		return "", err
	}
	var differs []row
	var who []string
	for _, w := range wanted {
		is := row{subject: w.id, value: seatValue(secret, classes[w.class], w.id), status: person.Active, kind: OfEnrollment, role: w.role,
			class: w.class, digest: r.digest(w.found)}
		if was := there[is.value]; was.status == is.status && was.digest == is.digest {
			delete(there, is.value)
			continue
		}
		differs, who = append(differs, is), append(who, w.who)
	}
	shown, err := disclosedAmong(ctx, tx, r, who)
	if err != nil {
		return "", err
	}
	var changed []row
	for i, is := range differs {
		if shown[who[i]] {
			changed = append(changed, is)
			delete(there, is.value)
		}
	}
	var left []string
	for value, was := range there {
		if was.status == person.Active {
			left = append(left, value)
		}
	}
	if err := leaves(ctx, tx, r.Licence.ID, OfEnrollment, left); err != nil {
		return "", err
	}
	return last, keep(ctx, tx, r.Licence.ID, changed)
}

// groups are some classes after one, in their order: those that are disclosed, with
// their pseudonyms, and the ids of these and of those of which enrolments still are.
func (r round) groups(ctx context.Context, tx *db.Tx, after string) (classes map[string]string, ids []string, last string, err error) {
	var shown []pair
	if !r.nothing && r.Fields[Groups] {
		shown, err = db.All(ctx, tx, scanPair, `SELECT subject_id, value FROM disclosed WHERE board_id = $1 AND licence_id = $2
			AND kind = 'class' AND status = 'active' AND subject_id > $3 ORDER BY subject_id LIMIT $4`,
			tx.Board, string(r.Licence.ID), after, some())
		if err != nil {
			return nil, nil, "", err
		}
	}
	ids, err = db.All(ctx, tx, word, `SELECT DISTINCT class_id FROM disclosed WHERE board_id = $1 AND licence_id = $2
		AND class_id > $3 AND class_id <> '' ORDER BY class_id LIMIT $4`, tx.Board, string(r.Licence.ID), after, some())
	for _, c := range shown {
		ids = append(ids, c.subject)
	}
	slices.Sort(ids)
	if ids = slices.Compact(ids); len(ids) >= some() {
		ids = ids[:some()]
		last = ids[some()-1]
	}
	classes = map[string]string{}
	for _, c := range shown {
		if last == "" || c.subject <= last {
			classes[c.subject] = c.value
		}
	}
	return classes, ids, last, err
}

// some is how many classes have a few pages of enrolments: rows that stand close together
// are written quickly.
func some() int { return max(page/10, 1) }

// seat is an enrolment, and who is in the class.
type seat struct {
	found
	class, who string
	role       person.Role
}

// seats are the enrolments of some classes.
func seats(ctx context.Context, tx *db.Tx, classes map[string]string) (all []seat, err error) {
	for part := range slices.Chunk(slices.Sorted(maps.Keys(classes)), chunk) {
		more, err := db.All(ctx, tx, scanSeat, `SELECT e.class_id, e.id, e.role, e.main, e.begin_date, e.end_date, e.person_id FROM enrollment e
			WHERE e.board_id = $1 AND e.status = 'active' AND e.role IN ('student', 'teacher') AND e.class_id IN `+db.In(2, len(part)),
			db.Args(part, tx.Board)...)
		if err != nil {
			return nil, err
		}
		all = append(all, more...)
	}
	return all, nil
}

func scanSeat(r db.Row) (s seat, err error) {
	var main bool
	var begin, end string
	err = r.Scan(&s.class, &s.id, &s.role, &main, &begin, &end, &s.who)
	s.seen = []string{s.class, string(s.role), strconv.FormatBool(main), begin, end, s.who}
	return s, err
}

// seated are the rows of enrolments of some classes, by their values.
func seated(ctx context.Context, tx *db.Tx, r round, classes []string) (map[string]row, error) {
	there := map[string]row{}
	for part := range slices.Chunk(classes, chunk) {
		rows, err := db.All(ctx, tx, func(r db.Row) (o row, err error) {
			err = r.Scan(&o.value, &o.status, &o.digest)
			return o, err
		}, `SELECT value, status, digest FROM disclosed WHERE board_id = $1 AND licence_id = $2 AND class_id <> '' AND class_id IN `+
			db.In(3, len(part)), db.Args(part, tx.Board, string(r.Licence.ID))...)
		if err != nil {
			return nil, err
		}
		for _, o := range rows {
			there[o.value] = o
		}
	}
	return there, nil
}

// disclosedAmong tells who of these people is disclosed.
func disclosedAmong(ctx context.Context, tx *db.Tx, r round, people []string) (map[string]bool, error) {
	shown := map[string]bool{}
	for part := range slices.Chunk(slices.Compact(slices.Sorted(slices.Values(people))), chunk) {
		found, err := db.All(ctx, tx, word, `SELECT subject_id FROM disclosed WHERE board_id = $1 AND licence_id = $2
			AND kind = 'user' AND status = 'active' AND subject_id IN `+db.In(3, len(part)), db.Args(part, tx.Board, string(r.Licence.ID))...)
		if err != nil {
			return nil, err
		}
		for _, id := range found {
			shown[id] = true
		}
	}
	return shown, nil
}

// ofSeats is the kind of the secret of a sector after which it calls enrolments.
const ofSeats Kind = "seats"

// seatSecret is 128 bits of chance that never leave, made anew with the sector's
// pseudonyms. An enrolment's id is the roster's own, which others may know or guess:
// without the secret, who knows the pseudonym of a class could try ids until one fits.
func seatSecret(ctx context.Context, tx *db.Tx, sector string) ([]byte, error) {
	values, err := Ensure(ctx, tx, sector, ofSeats, []string{sector})
	return []byte(values[sector]), err
}

// seatValue is what a platform calls an enrolment: 64 bits after the pseudonym of its
// class, which is chance, and as many after its own id too. Those of a class stand
// beside each other; they are made anew with the class's pseudonym.
func seatValue(secret []byte, class, id string) string {
	group, seat := after(secret, "class", class), after(secret, "enrollment", class, id)
	return db.IDOf([16]byte(append(group[:8:8], seat[:8]...)))
}

func after(secret []byte, words ...string) []byte {
	mac := hmac.New(sha256.New, secret)
	for _, w := range words {
		_, _ = mac.Write(binary.AppendUvarint(nil, uint64(len(w)))) // a hash takes all
		_, _ = mac.Write([]byte(w))
	}
	return mac.Sum(nil)
}

// unseat marks the enrolments of some people, or in some classes, as gone together with
// them: who reads a row that is gone looks for what was there at that moment (reference).
func unseat(ctx context.Context, tx *db.Tx, r round, kind Kind, gone []string) error {
	var of string
	switch kind {
	case OfUser:
		of = `subject_id IN (SELECT e.id FROM enrollment e WHERE e.board_id = $1 AND e.person_id IN `
	case OfClass:
		of = `class_id <> '' AND (class_id IN `
	default:
		return nil
	}
	for part := range slices.Chunk(gone, chunk) {
		if _, err := tx.Exec(ctx, `UPDATE disclosed SET status = 'tobedeleted', changed_at = $3
			WHERE board_id = $1 AND licence_id = $2 AND kind = 'enrollment' AND status = 'active' AND `+of+db.In(4, len(part))+`)`,
			db.Args(part, tx.Board, string(r.Licence.ID), tx.Now)...); err != nil {
			return fmt.Errorf("mark enrolments as gone: %w", err)
		}
	}
	return nil
}
