package provider

import (
	"cmp"
	"encoding/json"
	"strings"
	"sync"
	"time"

	"aval/internal/credential"
	"aval/internal/disclosure"
	"aval/internal/person"
)

// writer appends objects as OneRoster writes them: what has no value is left out,
// booleans are texts, and a reference is an address, a pseudonym and a type.
type writer struct {
	b       []byte
	version credential.Version
	base    string // of the addresses
	chosen  map[string]bool
	first   bool // nothing of the object is written yet
	words   words
}

// buffers keep the room of answers for those that follow.
var buffers = sync.Pool{New: func() any { return &writer{} }}

// mostKept is the largest room that is kept, in bytes.
const mostKept = 1 << 20

// newWriter is a writer to be freed once its bytes are sent.
func newWriter(v credential.Version, base string, chosen map[string]bool, words words) *writer {
	w := buffers.Get().(*writer)
	*w = writer{b: w.b[:0], version: v, base: base, chosen: chosen, words: words}
	return w
}

func (w *writer) free() {
	if cap(w.b) <= mostKept {
		buffers.Put(w)
	}
}

// words fill the names that the schema requires and the terms hold back.
type words struct{ Pupil, Teacher string }

func (w *writer) open() { w.b, w.first = append(w.b, '{'), true }

func (w *writer) end() { w.b = append(w.b, '}') }

// name begins a field, if it is wanted.
func (w *writer) name(field string) bool {
	if w.chosen != nil && !w.chosen[field] {
		return false
	}
	w.key(field)
	return true
}

func (w *writer) key(field string) {
	if !w.first {
		w.b = append(w.b, ',')
	}
	w.first = false
	w.b = append(append(append(w.b, '"'), field...), '"', ':')
}

func (w *writer) text(field, v string) {
	if v != "" && w.name(field) {
		w.quote(v)
	}
}

// quote appends a text as JSON.
func (w *writer) quote(v string) {
	for i := range len(v) {
		if c := v[i]; c < ' ' || c == '"' || c == '\\' || c >= 0x7f {
			b, _ := json.Marshal(v) // a string always marshals
			w.b = append(w.b, b...)
			return
		}
	}
	w.b = append(append(append(w.b, '"'), v...), '"')
}

func (w *writer) list(field string, list ...string) {
	if len(list) == 0 || list[0] == "" || !w.name(field) {
		return
	}
	w.b = append(w.b, '[')
	for i, v := range list {
		if i > 0 {
			w.b = append(w.b, ',')
		}
		w.quote(v)
	}
	w.b = append(w.b, ']')
}

// refTypes are the types of references, and the collection of each.
var refTypes = map[disclosure.Kind][2]string{
	disclosure.OfUser: {"user", "users"}, disclosure.OfOrg: {"org", "orgs"}, disclosure.OfSession: {"academicSession", "academicSessions"},
	disclosure.OfCourse: {"course", "courses"}, disclosure.OfClass: {"class", "classes"},
}

func (w *writer) ref(field string, kind disclosure.Kind, value string) {
	if value != "" && w.name(field) {
		w.reference(kind, value)
	}
}

// reference writes addresses and pseudonyms, in which nothing is to be quoted.
func (w *writer) reference(kind disclosure.Kind, value string) {
	t := refTypes[kind]
	w.b = append(append(append(w.b, `{"href":"`...), w.base...), '/')
	w.b = append(append(append(w.b, t[1]...), '/'), value...)
	w.b = append(append(append(w.b, `","sourcedId":"`...), value...), `","type":"`...)
	w.b = append(append(w.b, t[0]...), `"}`...)
}

func (w *writer) refs(field string, kind disclosure.Kind, values []string) {
	if len(values) == 0 || !w.name(field) {
		return
	}
	w.b = append(w.b, '[')
	for i, v := range values {
		if i > 0 {
			w.b = append(w.b, ',')
		}
		w.reference(kind, v)
	}
	w.b = append(w.b, ']')
}

// moment is a time as OneRoster writes it: UTC, to the millisecond.
const moment = "2006-01-02T15:04:05.000Z"

func (w *writer) mark(m disclosure.Mark) {
	w.open()
	w.text("sourcedId", m.Value)
	w.text("status", m.Status)
	if w.name("dateLastModified") {
		w.b = append(m.ChangedAt.UTC().Truncate(time.Millisecond).AppendFormat(append(w.b, '"'), moment), '"')
	}
}

func truth(b bool) string {
	if b {
		return "true"
	}
	return "false"
}

// short is so much of a pseudonym as stands for a name or a title that is required and
// that nobody is told.
func short(value string) string { return strings.ToUpper(value[:min(8, len(value))]) }

// names are those of a user: the ones that leave, or words that name nobody.
func (w *writer) names(u disclosure.User) (given, family string) {
	given, family = u.GivenName, u.FamilyName
	if given == "" {
		given = w.words.Pupil
		if u.Role == person.Teacher {
			given = w.words.Teacher
		}
	}
	if family == "" {
		family = short(u.Value)
	}
	return given, family
}

func (w *writer) user(u disclosure.User) {
	given, family := w.names(u)
	w.mark(u.Mark)
	login := u.Login
	if login == "" && w.version == credential.V1p1 { // which requires one
		login = u.Value
	}
	w.text("username", login)
	w.text("enabledUser", truth(u.Status == person.Active))
	w.text("givenName", given)
	w.text("familyName", family)
	if w.version == credential.V1p1 {
		w.text("role", string(u.Role))
		w.refs("orgs", disclosure.OfOrg, u.Orgs)
	} else {
		w.roles(u)
	}
	w.text("email", u.Email)
	w.list("grades", u.Grade)
	w.end()
}

func (w *writer) roles(u disclosure.User) {
	if !w.name("roles") {
		return
	}
	w.b = append(w.b, '[')
	for i, org := range u.Orgs {
		if i > 0 {
			w.b = append(w.b, ',')
		}
		w.b = append(w.b, `{"roleType":"primary","role":`...)
		w.quote(string(u.Role))
		w.b = append(w.b, `,"org":`...)
		w.reference(disclosure.OfOrg, org)
		w.b = append(w.b, '}')
	}
	w.b = append(w.b, ']')
}

func (w *writer) birth(b disclosure.Birth) {
	w.mark(b.Mark)
	w.text("birthDate", b.Day)
	w.end()
}

func (w *writer) org(o disclosure.Org) {
	w.mark(o.Mark)
	w.text("name", o.Name)
	w.text("type", o.Kind)
	w.text("identifier", o.Value) // required by 1.2; the school's own code is not the platform's to know
	w.ref("parent", disclosure.OfOrg, o.Parent)
	w.end()
}

func (w *writer) session(s disclosure.Session) {
	w.mark(s.Mark)
	w.text("title", s.Title)
	w.text("startDate", s.Start)
	w.text("endDate", s.End)
	w.text("type", s.Kind)
	w.ref("parent", disclosure.OfSession, s.Parent)
	w.text("schoolYear", s.SchoolYear)
	w.end()
}

func (w *writer) course(c disclosure.Course) {
	w.mark(c.Mark)
	w.text("title", cmp.Or(c.Title, short(c.Value)))
	w.text("courseCode", cmp.Or(c.Code, short(c.Value))) // required by 1.2
	w.ref("org", disclosure.OfOrg, c.Org)
	w.end()
}

func (w *writer) class(c disclosure.Class) {
	w.mark(c.Mark)
	w.text("title", cmp.Or(c.Title, short(c.Value)))
	w.text("classCode", c.Code)
	w.text("classType", c.Kind)
	w.list("grades", c.Grade)
	w.list("subjects", c.Subject)
	w.ref("course", disclosure.OfCourse, c.Course)
	w.ref("school", disclosure.OfOrg, c.School)
	w.refs("terms", disclosure.OfSession, c.Sessions)
	w.end()
}

func (w *writer) enrollment(e disclosure.Enrollment) {
	w.mark(e.Mark)
	w.ref("user", disclosure.OfUser, e.User)
	w.ref("class", disclosure.OfClass, e.Class)
	w.ref("school", disclosure.OfOrg, e.School)
	w.text("role", string(e.Role))
	w.text("primary", truth(e.Main))
	w.text("beginDate", e.Begin)
	w.text("endDate", e.End)
	w.end()
}
