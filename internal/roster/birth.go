package roster

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"aval/internal/birth"
	"aval/internal/db"
	"aval/internal/job"
	"aval/internal/person"
)

// birthBatch is how many days of birth one transaction keeps: each is sealed.
const birthBatch = 500

// bornOn reads the day of a row of demographics.csv; one that no pupil may be born on
// stands for "unknown".
func (rd *reader) bornOn(r *row) string {
	day := r.date("birthDate")
	if day != "" && !birth.Likely(day, rd.today) {
		r.warn("birth_unlikely")
		return ""
	}
	return day
}

// birth checks a row; who keeps the day reads it in a pass of its own.
func (rd *reader) birth(r *row) {
	id := r.text("sourcedId")
	if about := rd.about(id); about.is(leftAside) || about.is(guardians) && !about.is(pupil|staff) {
		r.warn("guardian_ignored")
		return
	}
	m := r.mark()
	if id != "" && !rd.resolves("users", id) {
		r.spoil("reference_unresolved", "sourcedId")
	}
	day := rd.bornOn(r)
	if stands, first := rd.put(r, m.SourceID); stands && first && day != "" && !m.Gone {
		rd.counts.Births++
	}
}

// births hands on what demographics.csv says of each, some rows at a time, and answers
// what the file is. Nothing of it is kept on the way: not even on the stage.
func (s *Service) births(ctx context.Context, boardID string, open opener, take func([]birth.Row) error) (mode Mode, err error) {
	var set Set
	pack, err := open(s.Limits.orDefault(), &set.notes)
	if err != nil {
		return Absent, err
	}
	defer func() { err = errors.Join(err, pack.done()) }()
	rd := newReader(pack, &set, nil)
	if err := rd.manifest(); err != nil || set.Modes["demographics"] == Absent {
		return Absent, err
	}
	rows := make([]birth.Row, 0, birthBatch)
	hand := func() error {
		err := take(rows)
		rows = rows[:0]
		return err
	}
	met, err := rd.file("demographics", func(r *row) error {
		id := r.text("sourcedId")
		if id == "" || len(id) > maxID {
			return nil
		}
		day := rd.bornOn(r)
		if gone, _ := goneOf(r.text("status")); gone {
			day = ""
		}
		if rows = append(rows, birth.Row{SourceID: id, Day: day}); len(rows) < birthBatch {
			return nil
		}
		return hand()
	})
	if err != nil {
		return Absent, err
	}
	if met == 0 { // an empty file must not read as "nobody was born"
		return Absent, nil
	}
	return set.Modes["demographics"], hand()
}

// bringBirths keeps the days on which pupils were born, in short transactions after the
// roster is in step. It may be cut and done again. A set without the file says nothing
// of them.
func (s *Service) bringBirths(ctx context.Context, boardID string, id ImportID, open opener) error {
	write := func(f func(ctx context.Context, tx *db.Tx) error) error { return s.db.Write(ctx, boardID, f) }
	var in *birth.Intake
	err := s.db.Read(ctx, boardID, func(ctx context.Context, tx *db.Tx) error {
		leads, err := person.Leads(ctx, tx)
		in = s.born().Begin(leads)
		return err
	})
	if err != nil {
		return err
	}
	mode, err := s.births(ctx, boardID, open, func(rows []birth.Row) error {
		return write(func(ctx context.Context, tx *db.Tx) error { return in.Keep(ctx, tx, rows) })
	})
	if err != nil {
		return err
	}
	return write(func(ctx context.Context, tx *db.Tx) error {
		changed, err := in.End(ctx, tx, mode == Bulk)
		if err == nil && !changed {
			changed, err = bornSince(ctx, tx, id)
		}
		if err != nil || !changed {
			return err
		}
		return job.Once(ctx, tx, Imported, string(id)) // what leaves may hold them
	})
}

// bornSince tells whether a day became another since an import brought the roster in
// step: by itself, before it was cut and went on.
func bornSince(ctx context.Context, tx *db.Tx, id ImportID) (bool, error) {
	n, err := db.One(ctx, tx, func(r db.Row) (n int, err error) {
		err = r.Scan(&n)
		return n, err
	}, `SELECT count(*) FROM birth WHERE board_id = $1 AND changed_at >= (SELECT at FROM roster_import WHERE board_id = $1 AND id = $2)`,
		tx.Board, string(id))
	return n > 0, err
}

func (s *Service) born() *birth.Register { return &birth.Register{Vault: s.names.Vault} }

// numbered are pupils whom the board knows by the number, or by the id, of someone of
// the set, whose ids are to follow twice.
const numbered = `SELECT s.source_id, p.id FROM staged_person s JOIN person p ON p.board_id = $1 AND p.number = s.number
		WHERE p.kind = 'student' AND s.status = 'active' AND s.number <> '' AND s.source_id IN %s
	UNION SELECT s.source_id, p.id FROM staged_person s JOIN person p ON p.board_id = $1 AND p.source_id = s.source_id
		WHERE p.kind = 'student' AND s.status = 'active' AND s.source_id IN %s`

// otherBirths counts those of whom the board knows, by their number or id, another day
// of birth than the set.
func (s *Service) otherBirths(ctx context.Context, tx *db.Tx, open opener) (n int, err error) {
	_, err = s.births(ctx, tx.Board, open, func(rows []birth.Row) error {
		days := map[string]string{}
		for _, r := range rows {
			if r.Day != "" {
				days[r.SourceID] = r.Day
			}
		}
		some := slices.Sorted(maps.Keys(days))
		in := db.In(2, len(some))
		known := map[string][]string{}
		var ids []string
		err := db.Each(ctx, tx, func(r db.Row) error {
			var source, id string
			err := r.Scan(&source, &id)
			known[source], ids = append(known[source], id), append(ids, id)
			return err
		}, fmt.Sprintf(numbered, in, in), db.Args(some, tx.Board)...)
		if err != nil {
			return err
		}
		was, err := s.born().Of(ctx, tx, ids)
		for source, ids := range known {
			if slices.ContainsFunc(ids, func(id string) bool { return was[id] != "" && was[id] != days[source] }) {
				n++
			}
		}
		return err
	})
	return n, err
}
