package roster

import (
	"slices"
	"strings"

	"aval/internal/fault"
)

// binding holds a set against the CSV binding to the letter: each file, each row,
// each column. Of files whose columns aval does not know it checks the first
// three, which all files have.
type binding struct {
	*reader
	t       *table
	places  []int // where each column of the table stands, or -1
	row     int
	cells   []string
	waiting []reference // to rows of the same file, which may come later
	primary hashes      // who has a primary role where
}

// reference is one that was not resolved yet.
type reference struct {
	id     uint64
	row    uint32
	column uint8
}

// maxWaiting bounds the references that wait for the end of their file.
const maxWaiting = 1 << 20

// inOrder are the files such that those referred to come first.
func (b *binding) inOrder() []string {
	first := []string{"orgs", "academicSessions", "courses", "classes", "users", "userProfiles", "roles", "enrollments"}
	return append(first, slices.DeleteFunc(slices.Clone(Files), func(f string) bool { return slices.Contains(first, f) })...)
}

func (b *binding) read() error {
	if err := b.manifest(); err != nil {
		return err
	}
	set := b.set
	b.complete()
	for _, file := range b.inOrder() {
		if set.Modes[file] == Absent {
			continue
		}
		if set.Version == "1.1" && only12[file] {
			set.notes.defect("file_version", file+".csv", 0, "")
			continue
		}
		met, err := b.file(file, func(r *row) error { return b.take(r) })
		if err != nil {
			return err
		}
		if met == 0 {
			set.notes.defect("file_empty", file+".csv", 0, "")
		}
		b.settle(file)
		if file != "users" && !refersTo(file) {
			b.known[file] = nil // nobody refers to it: its ids are let go
		}
	}
	b.count()
	return nil
}

// complete checks that a full set has the files of the minimum rostering set.
func (b *binding) complete() {
	modes := b.set.Modes
	if !slices.ContainsFunc(rostering, func(f string) bool { return modes[f] == Bulk }) {
		return
	}
	for _, file := range rostering {
		if modes[file] == Absent && (file != "roles" || b.set.Version == "1.2") {
			b.set.notes.defect("file_missing", file+".csv", 0, "")
		}
	}
}

// refersTo tells whether some file refers to this one.
func refersTo(file string) bool {
	for _, columns := range columns12 {
		if slices.ContainsFunc(columns, func(c column) bool { return c.to == file }) {
			return true
		}
	}
	return false
}

func (b *binding) defect(code, field string) {
	b.set.notes.defect(code, b.t.file+".csv", b.row, field)
}

// take checks one row.
func (b *binding) take(r *row) error {
	if b.t != r.t {
		b.begin(r.t)
	}
	b.row, b.cells = r.n, r.cells
	b.mark()
	for i := range b.t.columns {
		c := &b.t.columns[i]
		cell := b.cell(i)
		missed := c.need == vital || c.need == required && b.t.version != "1.0"
		if missed && strings.TrimSpace(cell) == "" {
			b.defect("required_missing", c.name)
			continue
		}
		if cell == "" {
			continue
		}
		if i != 1 && i != 2 {
			b.value(i, c, cell)
		}
	}
	b.together()
	if len(b.waiting) > maxWaiting {
		return fault.New(fault.Invalid, "roster.set_too_large")
	}
	return nil
}

// begin learns where the columns of a file stand.
func (b *binding) begin(t *table) {
	b.t, b.places = t, b.places[:0]
	for _, c := range t.columns {
		at, ok := t.head[c.name]
		if !ok {
			at = -1
		}
		b.places = append(b.places, at)
	}
}

// cell is that of a column of the table, or empty.
func (b *binding) cell(column int) string {
	if at := b.places[column]; at >= 0 && at < len(b.cells) {
		return b.cells[at]
	}
	return ""
}

// named is the cell of a column, by its name.
func (b *binding) named(name string) string {
	if at, ok := b.t.head[name]; ok && at < len(b.cells) {
		return b.cells[at]
	}
	return ""
}

// mark checks the three columns with which every file begins.
func (b *binding) mark() {
	id, status, modified := b.cell(0), b.cell(1), b.cell(2)
	if id != "" {
		if !b.known[b.t.file].put(id) {
			b.defect("duplicate_row", "sourcedId")
		}
	}
	switch {
	case b.t.version == "1.0":
	case b.t.mode == Delta && (status == "" || modified == ""):
		b.defect("delta_row_without_status", first(status == "", "status", "dateLastModified"))
	case b.t.mode == Bulk && (status != "" || modified != ""):
		b.defect("bulk_row_with_status", first(status != "", "status", "dateLastModified"))
		return
	}
	if _, dirt := goneOf(status); dirt != "" && (status != "inactive" || b.t.version != "1.0") {
		b.defect(dirt, "status")
	}
	if modified != "" && b.t.version != "1.0" && !isMoment(modified) {
		b.defect("datetime_form", "dateLastModified")
	}
}

func first(yes bool, a, b string) string {
	if yes {
		return a
	}
	return b
}

// isMoment tells whether a text is YYYY-MM-DDTHH:MM:SS.sssZ.
func isMoment(s string) bool {
	return len(s) == len("2006-01-02T15:04:05.000Z") && isDay(s[:10]) && s[10] == 'T' && isDigits(s[11:13]) && s[13] == ':' &&
		isDigits(s[14:16]) && s[16] == ':' && isDigits(s[17:19]) && s[19] == '.' && isDigits(s[20:23]) && s[23] == 'Z' &&
		s[11:13] < "24" && s[14:16] < "60" && s[17:19] < "61"
}

// value checks one value that is there.
func (b *binding) value(i int, c *column, cell string) {
	dirt := ""
	switch c.form {
	case freeText, year: // a school year is checked beside its dates
	case guid:
		b.reference(i, c, cell)
	case guidList:
		for id := range strings.SplitSeq(cell, ",") {
			if id == "" || strings.Contains(id, " ") {
				b.defect("list_form", c.name)
				return
			}
			b.reference(i, c, id)
		}
	case textList:
		if strings.HasPrefix(cell, ",") || strings.HasSuffix(cell, ",") || strings.Contains(cell, ",,") {
			dirt = "list_form"
		}
	case day:
		_, dirt = dayOf(cell)
	case userIDs:
		if !areUserIDs(cell) {
			dirt = "user_ids_form"
		}
	case word:
		if !slices.Contains(c.words, cell) && (!c.ext || b.t.version != "1.2" || !isExtension(cell)) && b.t.version != "1.0" {
			dirt = "word_unknown"
		}
	case truth:
		_, dirt = truthOf(cell)
	}
	if dirt != "" {
		b.defect(dirt, c.name)
	}
}

func isExtension(token string) bool {
	own, ok := strings.CutPrefix(token, "ext:")
	return ok && own != "" && isGUID(own)
}

// areUserIDs tells whether a text is {Type:Id},{Type:Id}.
func areUserIDs(text string) bool {
	for each := range strings.SplitSeq(text, ",") {
		inner, ok := strings.CutPrefix(each, "{")
		inner, closed := strings.CutSuffix(inner, "}")
		kind, id, parted := strings.Cut(inner, ":")
		if !ok || !closed || !parted || kind == "" || id == "" || strings.ContainsAny(inner, "{}") {
			return false
		}
	}
	return true
}

// reference checks an id, and that it leads somewhere within the set.
func (b *binding) reference(i int, c *column, id string) {
	switch {
	case len(id) > maxID:
		b.defect("id_too_long", c.name)
		return
	case b.t.version != "1.0" && !isGUID(id):
		b.defect("id_form", c.name)
	}
	if c.to == "" || b.t.mode != Bulk || b.set.Modes[c.to] == Delta {
		return
	}
	key := hash(id)
	if b.set.Modes[c.to] == Bulk {
		if b.known[c.to].seen.has(key) {
			return
		}
		if c.to == b.t.file {
			b.waiting = append(b.waiting, reference{key, uint32(b.row), uint8(i)}) //nolint:gosec // both are bounded
			return
		}
	}
	b.defect("reference_unresolved", c.name)
}

// settle checks the references to rows of the same file, now that it was read.
func (b *binding) settle(file string) {
	columns := columnsOf(b.set.Version, file)
	for _, w := range b.waiting {
		if !b.known[file].seen.has(w.id) {
			b.set.notes.defect("reference_unresolved", file+".csv", int(w.row), columns[w.column].name)
		}
	}
	b.waiting = b.waiting[:0]
	b.circles(file)
}

// together checks what columns of one row say of each other, and counts it.
func (b *binding) together() {
	switch b.t.file {
	case "orgs":
		b.under()
		if b.named("type") == "school" {
			b.counts.Schools++
		}
	case "academicSessions":
		b.under()
		b.schoolYear()
		b.order("startDate", "endDate")
	case "courses":
		b.subjects()
	case "classes":
		b.counts.Classes++
		b.subjects()
	case "users":
		b.learn(b.cell(0), standing)
		b.is(b.cell(0), b.named("role"))
	case "roles":
		b.is(b.named("userSourcedId"), b.named("role"))
		b.order("beginDate", "endDate")
		b.onePrimary()
	case "enrollments":
		b.counts.Enrollments++
		b.order("beginDate", "endDate")
	}
}

// under keeps a reference to a parent, to find who is above themselves.
func (b *binding) under() {
	if to := b.named("parentSourcedId"); to != "" {
		b.parents[b.t.file][hash(b.cell(0))] = parent{b.row, hash(to)}
	}
}

// is notes a role of a user, to count who they are.
func (b *binding) is(id, role string) {
	switch role {
	case "student":
		b.learn(id, pupil)
	case "", "guardian", "parent", "relative":
	default:
		b.learn(id, staff)
	}
}

func (b *binding) schoolYear() {
	written, start, end := b.named("schoolYear"), b.named("startDate"), b.named("endDate")
	if written == "" || b.t.version == "1.0" {
		return
	}
	if !isDay(start) || !isDay(end) {
		start, end = "0000", "0000" // said elsewhere
	}
	if _, dirt := schoolYearOf(written, b.named("type"), start, end); dirt != "" {
		b.defect(dirt, "schoolYear")
	}
}

// order checks that an end, which is exclusive, comes after its beginning.
func (b *binding) order(begin, end string) {
	from, to := b.named(begin), b.named(end)
	if from >= to && isDay(from) && isDay(to) {
		b.defect("dates_reversed", end)
	}
}

func (b *binding) subjects() {
	subjects, codes := b.named("subjects"), b.named("subjectCodes")
	if subjects != "" && codes != "" && strings.Count(subjects, ",") != strings.Count(codes, ",") {
		b.defect("subjects_differ", "subjectCodes")
	}
}

// onePrimary checks that someone has one primary role at one place.
func (b *binding) onePrimary() {
	if b.named("roleType") != "primary" || b.named("status") == "tobedeleted" {
		return
	}
	key := hash(b.named("userSourcedId")) ^ hash(b.named("orgSourcedId"))*31
	if !b.primary.add(key) {
		b.defect("primary_role_twice", "roleType")
	}
}
