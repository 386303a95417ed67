package roster

import (
	"context"
	"fmt"
	"maps"
	"strings"

	"aval/internal/db"
	"aval/internal/org"
	"aval/internal/person"
)

// merge brings the board's tables in step with what was staged, in one
// transaction. It touches what differs, and counts what cannot be resolved.
type merge struct {
	set     *Set
	twice   map[string]bool
	unseen  map[string]bool // full files that may have let go of a record
	unknown int
	id      string // of the import
	most    bool   // told to retire as many pupils as it takes
	percent int    // of the pupils, above which it stops
	lost    bool   // a class of the set is of no school that is known
	report  Report
}

func (m *merge) run(ctx context.Context, tx *db.Tx) error {
	if _, err := tx.Exec(ctx, `INSERT INTO staged_import (id, at) VALUES ($1, $2)`, m.id, tx.Now); err != nil {
		return err
	}
	steps := []func(context.Context, *db.Tx) error{
		m.once, person.LeadStaged, m.guard, m.orgs, m.sessions, m.courses, m.people, m.retirePeople, m.posts, m.classes, m.enrollments, m.retire,
	}
	for _, step := range steps {
		if err := step(ctx, tx); err != nil {
			return err
		}
	}
	m.report.Warnings, m.report.Defects = m.set.Warnings(), m.set.Defects()
	return nil
}

// once leaves of a record that stood twice what was said last.
func (m *merge) once(ctx context.Context, tx *db.Tx) error {
	for file := range m.twice {
		t := stagedIn[file]
		if _, err := tx.Exec(ctx, `DELETE FROM `+t+` WHERE EXISTS (SELECT 1 FROM `+t+` o WHERE o.source_id = `+t+`.source_id AND o.line > `+t+`.line)`); err != nil {
			return err
		}
	}
	if m.twice["classes"] {
		_, err := tx.Exec(ctx, `DELETE FROM staged_term WHERE NOT EXISTS (SELECT 1 FROM staged_class c
			WHERE c.source_id = staged_term.class AND c.line = staged_term.line)`)
		return err
	}
	return nil
}

// guard stops a full set from retiring most pupils, unless it was told to.
func (m *merge) guard(ctx context.Context, tx *db.Tx) error {
	if m.most || m.set.Modes["users"] != Bulk {
		return nil
	}
	left, active, err := person.PupilsLeaving(ctx, tx)
	if err != nil {
		return err
	}
	return most(left, active, m.percent)
}

// unresolved notes rows whose reference neither the set nor the board knows, and
// answers how many there are that are not gone.
func (m *merge) unresolved(ctx context.Context, tx *db.Tx, file, field, query string) (standing int, err error) {
	err = db.Each(ctx, tx, func(r db.Row) error {
		var row int
		var gone bool
		if err := r.Scan(&row, &gone); err != nil {
			return err
		}
		if !gone {
			standing++
		}
		m.set.notes.defect("reference_unresolved", file, row, field)
		return nil
	}, query, tx.Board)
	return standing, err
}

// orgs keeps what the board said of an organisation (its sector, its place under
// the deputy) where the file says nothing of it.
func (m *merge) orgs(ctx context.Context, tx *db.Tx) error {
	all, err := org.All(ctx, tx)
	if err != nil {
		return err
	}
	was, is, sources := map[string]org.Org{}, map[string]org.Org{}, map[string]string{}
	for _, o := range all {
		was[o.SourceID], is[o.SourceID], sources[o.ID] = o, o, o.SourceID
	}
	for _, row := range m.set.Orgs {
		if _, known := is[row.SourceID]; !known {
			is[row.SourceID] = org.Org{ID: db.NewID(), SourceID: row.SourceID, Sector: org.Youth}
		}
	}
	parents := map[string]string{}
	for _, o := range all {
		parents[o.SourceID] = sources[o.ParentID]
	}
	for _, row := range m.set.Orgs {
		parents[row.SourceID] = row.Parent
	}
	above := aboveThemselves(parents)
	told := map[string]bool{}
	var changed []org.Org
	for _, row := range m.set.Orgs {
		told[row.SourceID] = true
		if above[row.SourceID] {
			m.set.notes.defect("parent_circle", "orgs.csv", row.Row, "parentSourcedId")
			row.Parent = ""
		}
		o := m.org(row, is)
		if is[row.SourceID] = o; o != was[row.SourceID] {
			changed = append(changed, o)
		}
	}
	if err := org.SaveAll(ctx, tx, changed); err != nil || m.set.Modes["orgs"] != Bulk {
		return err
	}
	return m.retireOrgs(ctx, tx, all, told)
}

// aboveThemselves tells whom the parents, by source id, lead back to. The reader knows of
// circles within a file only, and a delta can close one with what the board holds.
func aboveThemselves(parents map[string]string) map[string]bool {
	above := map[string]bool{}
	for _, id := range inCircles(maps.Keys(parents), func(id string) (string, bool) { return parents[id], parents[id] != "" }) {
		above[id] = true
	}
	return above
}

func (m *merge) org(row OrgRow, is map[string]org.Org) org.Org {
	o := is[row.SourceID]
	o.Kind, o.Name, o.Identifier, o.Status = org.Kind(row.Kind), row.Name, row.Identifier, status(row.Gone)
	o.ParentID = is[row.Parent].ID
	if row.Parent != "" && o.ParentID == "" {
		m.set.notes.defect("reference_unresolved", "orgs.csv", row.Row, "parentSourcedId")
	}
	if row.Sector != "" {
		o.Sector = org.Sector(row.Sector)
	}
	if row.Language != "" {
		o.Language = row.Language
	}
	if row.UnderDeputy != "" {
		o.UnderDeputy = row.UnderDeputy == "true"
	}
	return o
}

// retireOrgs marks what a full file no longer holds. What the board added by hand
// is none of the file's business.
func (m *merge) retireOrgs(ctx context.Context, tx *db.Tx, all []org.Org, told map[string]bool) error {
	left, err := asideOf(ctx, tx, "orgs")
	if err != nil {
		return err
	}
	var ids []string
	for _, o := range all {
		if o.Status == org.Active && o.Kind != org.Board && !told[o.SourceID] && !left[o.SourceID] && !strings.HasPrefix(o.SourceID, org.ByHand) {
			ids = append(ids, o.ID)
		}
	}
	m.set.notes.warnN("absent_retired", len(ids))
	return inParts(ids, func(some []string) error { return org.Retire(ctx, tx, some) })
}

func asideOf(ctx context.Context, tx *db.Tx, file string) (map[string]bool, error) {
	left := map[string]bool{}
	err := db.Each(ctx, tx, func(r db.Row) error {
		var id string
		err := r.Scan(&id)
		left[id] = true
		return err
	}, `SELECT source_id FROM staged_aside WHERE file = $1`, file)
	return left, err
}

func (m *merge) sessions(ctx context.Context, tx *db.Tx) error {
	was, err := allSessions(ctx, tx)
	if err != nil {
		return err
	}
	ids, sources, parents := map[string]string{}, map[string]string{}, map[string]string{}
	for source, s := range was {
		ids[source], sources[s.id] = s.id, source
	}
	for source, s := range was {
		parents[source] = sources[s.parent]
	}
	for _, row := range m.set.Sessions {
		if ids[row.SourceID] == "" {
			ids[row.SourceID] = db.NewID()
		}
		parents[row.SourceID] = row.Parent
	}
	above := aboveThemselves(parents)
	told := map[string]bool{}
	var changed []session
	for _, row := range m.set.Sessions {
		told[row.SourceID] = true
		if above[row.SourceID] {
			m.set.notes.defect("parent_circle", "academicSessions.csv", row.Row, "parentSourcedId")
			row.Parent = ""
		}
		if row.Parent != "" && ids[row.Parent] == "" {
			m.set.notes.defect("reference_unresolved", "academicSessions.csv", row.Row, "parentSourcedId")
		}
		is := session{id: ids[row.SourceID], source: row.SourceID, title: row.Title, kind: row.Kind, start: row.Start, end: row.End,
			year: row.SchoolYear, parent: ids[row.Parent], status: status(row.Gone)}
		if is != was[row.SourceID] {
			changed = append(changed, is)
		}
	}
	if err := saveSessions(ctx, tx, changed); err != nil || m.set.Modes["academicSessions"] != Bulk {
		return err
	}
	left, err := asideOf(ctx, tx, "academicSessions")
	if err != nil {
		return err
	}
	var gone []string
	for source, s := range was {
		if s.status == person.Active && !told[source] && !left[source] {
			gone = append(gone, s.id)
		}
	}
	m.set.notes.warnN("absent_retired", len(gone))
	return inParts(gone, func(some []string) error { return retireSessions(ctx, tx, some) })
}

func (m *merge) courses(ctx context.Context, tx *db.Tx) error {
	_, err := m.unresolved(ctx, tx, "courses.csv", "orgSourcedId", `SELECT s.line, s.status <> 'active' FROM staged_course s
		WHERE s.org <> '' AND NOT EXISTS (SELECT 1 FROM org o WHERE o.board_id = $1 AND o.source_id = s.org) ORDER BY s.line`)
	if err != nil {
		return err
	}
	return takeCourses(ctx, tx)
}

// people says of those of whom the set does not what they are what the board knows.
func (m *merge) people(ctx context.Context, tx *db.Tx) error {
	if m.unknown > 0 {
		if err := m.unknownPeople(ctx, tx); err != nil {
			return err
		}
	}
	if m.set.Modes["users"] == Delta || m.unknown > 0 {
		_, err := tx.Exec(ctx, `UPDATE staged_person SET kind = (SELECT p.kind FROM person p WHERE p.board_id = $1 AND p.source_id = staged_person.source_id)
			WHERE kind = '' AND EXISTS (SELECT 1 FROM person p WHERE p.board_id = $1 AND p.source_id = staged_person.source_id)`, tx.Board)
		if err != nil {
			return err
		}
		err = db.Each(ctx, tx, func(r db.Row) error {
			var row int
			err := r.Scan(&row)
			m.set.notes.defect("role_missing", "users.csv", row, "role")
			return err
		}, `SELECT line FROM staged_person WHERE kind = '' AND status = 'active' ORDER BY line`)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM staged_person WHERE kind = ''`); err != nil {
			return err
		}
	}
	return person.TakePeople(ctx, tx)
}

// unknownPeople counts those of whom the board knows what they are.
func (m *merge) unknownPeople(ctx context.Context, tx *db.Tx) error {
	return db.Each(ctx, tx, func(r db.Row) error {
		var kind person.Kind
		var n int
		if err := r.Scan(&kind, &n); err != nil {
			return err
		}
		if kind == person.Student {
			m.report.Students += n
		} else {
			m.report.Staff += n
		}
		return nil
	}, `SELECT p.kind, count(*) FROM staged_person s JOIN person p ON p.source_id = s.source_id
		WHERE p.board_id = $1 AND s.kind = '' AND s.status = 'active' GROUP BY p.kind`, tx.Board)
}

func (m *merge) retirePeople(ctx context.Context, tx *db.Tx) error {
	return m.retireFrom(ctx, tx, "users", person.RetireAbsent)
}

func (m *merge) retireFrom(ctx context.Context, tx *db.Tx, file string, retire func(context.Context, *db.Tx) (int, error)) error {
	if !m.unseen[file] {
		return nil
	}
	n, err := retire(ctx, tx)
	m.set.notes.warnN("absent_retired", n)
	return err
}

// posts tells anew what everyone of the set is, or, from a delta of roles, adds and takes away.
func (m *merge) posts(ctx context.Context, tx *db.Tx) error {
	if _, err := tx.Exec(ctx, `DELETE FROM staged_post WHERE person IN (SELECT source_id FROM staged_nobody)`); err != nil {
		return err
	}
	file := "roles"
	if m.set.Version != "1.2" {
		file = "users"
	}
	for _, to := range []struct{ refers, field, query string }{
		{"users", "userSourcedId", `SELECT s.line, s.gone FROM staged_post s WHERE NOT EXISTS (SELECT 1 FROM person p
			WHERE p.board_id = $1 AND p.source_id = s.person) ORDER BY s.line`},
		{"orgs", "orgSourcedId", `SELECT s.line, s.gone FROM staged_post s WHERE EXISTS (SELECT 1 FROM person p
			WHERE p.board_id = $1 AND p.source_id = s.person) AND NOT EXISTS (SELECT 1 FROM org o
			WHERE o.board_id = $1 AND o.source_id = s.org) ORDER BY s.line`},
	} {
		if m.set.Modes[to.refers] == Bulk { // the reading saw to it
			continue
		}
		if _, err := m.unresolved(ctx, tx, file+".csv", to.field, to.query); err != nil {
			return err
		}
	}
	telling := m.set.tells()
	if telling == person.Everyone && !m.unseen["posts"] {
		telling = person.Kept
	}
	return person.TakePosts(ctx, tx, telling)
}

func (m *merge) classes(ctx context.Context, tx *db.Tx) error {
	const lost = `NOT EXISTS (SELECT 1 FROM org o WHERE o.board_id = $1 AND o.source_id = staged_class.school)`
	n, err := m.unresolved(ctx, tx, "classes.csv", "schoolSourcedId", `SELECT line, status <> 'active' FROM staged_class WHERE `+lost+` ORDER BY line`)
	m.report.Classes, m.lost = m.report.Classes-n, n > 0
	if err == nil && n > 0 {
		_, err = tx.Exec(ctx, `DELETE FROM staged_class WHERE `+lost, tx.Board)
	}
	if err != nil {
		return err
	}
	_, err = m.unresolved(ctx, tx, "classes.csv", "courseSourcedId", `SELECT s.line, s.status <> 'active' FROM staged_class s
		WHERE s.course <> '' AND NOT EXISTS (SELECT 1 FROM course c WHERE c.board_id = $1 AND c.source_id = s.course) ORDER BY s.line`)
	if err != nil {
		return err
	}
	return person.TakeClasses(ctx, tx)
}

func (m *merge) enrollments(ctx context.Context, tx *db.Tx) error {
	n, err := tx.Exec(ctx, `DELETE FROM staged_enrollment WHERE person IN (SELECT source_id FROM staged_nobody)`)
	if err != nil {
		return err
	}
	m.report.Enrollments -= int(n)
	for _, to := range []struct {
		resolved    bool // by the reading
		field, lost string
	}{
		{m.set.Modes["classes"] == Bulk && !m.lost, "classSourcedId", `NOT EXISTS (SELECT 1 FROM class c WHERE c.board_id = $1 AND c.source_id = staged_enrollment.class)`},
		{m.set.Modes["users"] == Bulk, "userSourcedId", `NOT EXISTS (SELECT 1 FROM person p WHERE p.board_id = $1 AND p.source_id = staged_enrollment.person)`},
	} {
		if to.resolved {
			continue
		}
		n, err := m.unresolved(ctx, tx, "enrollments.csv", to.field, `SELECT line, status <> 'active' FROM staged_enrollment WHERE `+to.lost+` ORDER BY line`)
		m.report.Enrollments -= n
		if err == nil {
			_, err = tx.Exec(ctx, `DELETE FROM staged_enrollment WHERE `+to.lost, tx.Board)
		}
		if err != nil {
			return err
		}
	}
	return person.TakeEnrollments(ctx, tx)
}

// retire marks what full files no longer hold.
func (m *merge) retire(ctx context.Context, tx *db.Tx) error {
	for file, retire := range map[string]func(context.Context, *db.Tx) (int, error){
		"enrollments": person.RetireAbsentEnrollments, "classes": person.RetireAbsentClasses, "courses": retireCourses,
	} {
		if err := m.retireFrom(ctx, tx, file, retire); err != nil {
			return fmt.Errorf("retire: %w", err)
		}
	}
	return nil
}
