package disclosure

import (
	"context"
	"strconv"
	"strings"

	"aval/internal/db"
	"aval/internal/person"
)

// place is an enrolment that is to be disclosed, and the row that is there of it.
type place struct {
	class string
	found
	is row
}

// enrolments are who of the disclosed people is in which of the disclosed classes. They
// are read class by class, so that a licence for one class does not read the roster.
func enrolments(ctx context.Context, tx *db.Tx, r round, after string) (string, error) {
	if r.nothing || !r.Fields[Groups] {
		return "", nil
	}
	class, id, _ := strings.Cut(after, "/")
	all, err := db.All(ctx, tx, scanPlace, `SELECT c.subject_id, e.id, e.role, e.main, e.begin_date, e.end_date, e.person_id,
			COALESCE(w.value, ''), COALESCE(d.status, ''), COALESCE(d.digest, '')
		FROM disclosed c CROSS JOIN enrollment e CROSS JOIN disclosed u
		LEFT JOIN pairwise w ON w.board_id = $1 AND w.sector = $3 AND w.kind = 'enrollment' AND w.subject_id = e.id
			AND w.retired_on = '' AND NOT w.alias
		LEFT JOIN disclosed d ON d.board_id = $1 AND d.licence_id = $2 AND d.kind = 'enrollment' AND d.value = w.value
		WHERE c.board_id = $1 AND c.licence_id = $2 AND c.kind = 'class' AND c.status = 'active'
			AND c.subject_id >= $4 AND (c.subject_id > $4 OR e.id > $5)
			AND e.board_id = $1 AND e.class_id = c.subject_id AND e.status = 'active' AND e.role IN ('student', 'teacher')
			AND u.board_id = $1 AND u.licence_id = $2 AND u.kind = 'user' AND u.subject_id = e.person_id AND u.status = 'active'
		ORDER BY c.subject_id, e.id LIMIT $6`, tx.Board, string(r.Licence.ID), r.Sector, class, id, page)
	if err != nil {
		return "", err
	}
	var wanted []string
	for _, p := range all {
		if p.is.value == "" {
			wanted = append(wanted, p.id)
		}
	}
	made := make(map[string]string, len(wanted))
	if err := mint(ctx, tx, r.Sector, OfEnrollment, wanted, made); err != nil {
		return "", err
	}
	var changed []row
	for _, p := range all {
		is := row{subject: p.id, value: p.is.value, status: person.Active, kind: OfEnrollment, role: p.is.role, digest: r.digest(p.found)}
		if is.value == "" {
			is.value = made[p.id]
		}
		if p.is.status != is.status || p.is.digest != is.digest {
			changed = append(changed, is)
		}
	}
	if err := keep(ctx, tx, r.Licence.ID, changed); err != nil || len(all) < page {
		return "", err
	}
	last := all[page-1]
	return last.class + "/" + last.id, nil
}

func scanPlace(r db.Row) (p place, err error) {
	var main bool
	var begin, end, who string
	err = r.Scan(&p.class, &p.id, &p.is.role, &main, &begin, &end, &who, &p.is.value, &p.is.status, &p.is.digest)
	p.seen = []string{p.class, string(p.is.role), strconv.FormatBool(main), begin, end, who}
	return p, err
}

// unenrolled are the enrolments that are disclosed and are not to be, any more.
func unenrolled(ctx context.Context, tx *db.Tx, r round, after string) (string, error) {
	type standing struct {
		value string
		holds bool
	}
	all, err := db.All(ctx, tx, func(row db.Row) (s standing, err error) {
		err = row.Scan(&s.value, &s.holds)
		return s, err
	}, `SELECT d.value, EXISTS (SELECT 1 FROM enrollment e CROSS JOIN disclosed c CROSS JOIN disclosed u CROSS JOIN pairwise w
			WHERE e.board_id = $1 AND e.id = d.subject_id AND e.status = 'active' AND e.role IN ('student', 'teacher')
			AND c.board_id = $1 AND c.licence_id = $2 AND c.kind = 'class' AND c.subject_id = e.class_id AND c.status = 'active'
			AND u.board_id = $1 AND u.licence_id = $2 AND u.kind = 'user' AND u.subject_id = e.person_id AND u.status = 'active'
			AND w.board_id = $1 AND w.sector = $3 AND w.value = d.value AND w.retired_on = '' AND NOT w.alias)
		FROM disclosed d WHERE d.board_id = $1 AND d.licence_id = $2 AND d.kind = 'enrollment' AND d.status = 'active' AND d.value > $4
		ORDER BY d.value LIMIT $5`, tx.Board, string(r.Licence.ID), r.Sector, after, page)
	if err != nil {
		return "", err
	}
	var left []string
	for _, s := range all {
		if r.nothing || !r.Fields[Groups] || !s.holds {
			left = append(left, s.value)
		}
	}
	if err := leaves(ctx, tx, r.Licence.ID, OfEnrollment, left); err != nil || len(all) < page {
		return "", err
	}
	return all[page-1].value, nil
}
