// Package mapping reads the plain table that a pupil-information system exports, and
// makes a OneRoster set of it: from there on, what comes in goes the one way of every
// roster (policy A, 6.3 e).
//
//	a CSV or XLSX + a mapping --Convert--> a OneRoster 1.2 set --> preview, import
//
// A mapping says, once, which column holds what. It is kept under a name, each
// change as another version, and found again by the headers of the next file.
//
// Who comes from such a file has a source id that is made of the file's own number:
// "pupil.412345678". So the same pupil is the same record at the next import, whatever
// became of their name. The number stays within the board: what a platform sees are
// its own pseudonyms.
package mapping

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/i18n"
)

// Part is what a file is about.
type Part string

// The parts: pupils are needed, the others may be added.
const (
	Pupils    Part = "pupils"
	Staff     Part = "staff"
	Guardians Part = "guardians"
)

// Parts lists them in the order shown.
var Parts = []Part{Pupils, Staff, Guardians}

// Field is what a column may hold.
type Field string

// The fields. Name is "Family, Given" in one cell; Pupil is the number of a
// guardian's pupil; Teacher is a number of the staff, or a name.
const (
	Number      Field = "number"
	Given       Field = "given"
	Family      Field = "family"
	Name        Field = "name"
	Email       Field = "email"
	Birth       Field = "birth"
	School      Field = "school"
	SchoolName  Field = "school_name"
	Grade       Field = "grade"
	Group       Field = "group"
	Teacher     Field = "teacher"
	Role        Field = "role"
	Pupil       Field = "pupil"
	Relation    Field = "relation"
	Address     Field = "address"
	Phone       Field = "phone"
	Language    Field = "language"
	Restriction Field = "restriction"
)

// fields are those of each part, in the order shown.
var fields = map[Part][]Field{
	Pupils:    {Number, Given, Family, Name, School, SchoolName, Grade, Group, Teacher, Email, Birth},
	Staff:     {Number, Given, Family, Name, School, SchoolName, Role, Group, Email},
	Guardians: {Pupil, Given, Family, Name, Number, Relation, Address, Email, Phone, Language, Restriction},
}

// Fields are what the columns of a part may hold, in the order shown.
func Fields(p Part) []Field { return fields[p] }

// constant are the fields that one word may stand for, on every row.
var constant = []Field{School, Grade, Role, Language}

// MayBeConstant says that one word may stand for a field on every row.
func MayBeConstant(f Field) bool { return slices.Contains(constant, f) }

// needed are the fields without which a row is nobody; of names, see Form.names.
var needed = map[Part][]Field{Pupils: {Number, School}, Staff: {Number, School}, Guardians: {Pupil}}

// Needed says that a part cannot be read without a field.
func Needed(p Part, f Field) bool { return slices.Contains(needed[p], f) }

// Covers is what a file is the whole truth of: who is not in it is gone.
type Covers string

// A file speaks of the whole board, or of the schools that it names.
const (
	Board   Covers = "board"
	Schools Covers = "schools"
)

// Splits are what may part several groups in one cell; none where a cell holds one.
var Splits = []string{"", ",", ";", "/", "|", " "}

// Form is how one file is read.
type Form struct {
	Columns   map[Field]string `json:"columns,omitempty"`   // the header of each
	Constants map[Field]string `json:"constants,omitempty"` // the same on every row
	Headers   []string         `json:"headers,omitempty"`   // what the file's headers are known by
}

// Mapping is how the files of one system are read.
type Mapping struct {
	ID      string
	Name    string
	Version int64
	SavedBy string
	SavedAt time.Time
	Body
}

// Body is what a mapping says.
type Body struct {
	Covers Covers        `json:"covers"`
	Split  string        `json:"split,omitempty"`
	Digits int           `json:"digits,omitempty"` // to which a number is filled up with zeros; none where 0
	Parts  map[Part]Form `json:"parts"`
}

// Subject names a mapping in the trail.
func Subject(id string) string { return "mapping:" + id }

const (
	longestName     = 80
	longestConstant = 200
	mostDigits      = 20
)

// key is what a header is compared by.
func key(header string) string { return db.Fold(strings.TrimSpace(header)) }

// sign is what a header is known by where its words are not kept: a file without a
// header begins with someone's name.
func sign(header string) string {
	sum := sha256.Sum256([]byte(key(header)))
	return hex.EncodeToString(sum[:8])
}

func signs(header []string) []string {
	list := make([]string, 0, len(header))
	for _, h := range header {
		if key(h) != "" {
			list = append(list, sign(h))
		}
	}
	slices.Sort(list)
	return list
}

// check refuses a mapping that says too little to read a file, beside its fields.
// Headers are those of the files, by part.
func (m *Mapping) check(headers map[Part][]string) error {
	wrong := map[string]string{}
	m.Name = i18n.Clean(m.Name)
	switch {
	case m.Name == "":
		wrong["name"] = "mapping.name_required"
	case len(m.Name) > longestName:
		wrong["name"] = "mapping.name_long"
	}
	if m.Covers != Board && m.Covers != Schools {
		wrong["covers"] = "mapping.covers_required"
	}
	if !slices.Contains(Splits, m.Split) {
		wrong["split"] = "mapping.split_unknown"
	}
	if m.Digits < 0 || m.Digits > mostDigits {
		wrong["digits"] = "mapping.digits_wrong"
	}
	for part, form := range m.Parts {
		form.check(part, headers[part], wrong)
	}
	return fault.Form(wrong)
}

// FieldName is how a form calls a field of a part, and its constant.
func FieldName(p Part, f Field) string { return string(p) + "." + string(f) }

// ConstantName is how a form calls the word that stands for a field on every row.
func ConstantName(p Part, f Field) string { return FieldName(p, f) + ".all" }

func (f Form) check(part Part, header []string, wrong map[string]string) {
	maps.DeleteFunc(f.Columns, func(field Field, column string) bool { return column == "" || !slices.Contains(fields[part], field) })
	used := map[string]bool{}
	for _, field := range fields[part] {
		column := f.Columns[field]
		if column == "" {
			continue
		}
		switch at, times := find(header, column); {
		case used[key(column)]:
			wrong[FieldName(part, field)] = "mapping.column_used"
		case times > 1:
			wrong[FieldName(part, field)] = "mapping.column_twice"
		case at < 0:
			wrong[FieldName(part, field)] = "mapping.column_gone"
		}
		used[key(column)] = true
	}
	for field, word := range f.Constants {
		if !slices.Contains(fields[part], field) || !MayBeConstant(field) || word == "" {
			delete(f.Constants, field)
		} else if len(word) > longestConstant {
			wrong[ConstantName(part, field)] = "mapping.constant_long"
		}
	}
	for _, field := range needed[part] {
		if f.Columns[field] == "" && f.Constants[field] == "" {
			wrong[FieldName(part, field)] = "mapping.field_required"
		}
	}
	if f.Columns[Name] == "" {
		for _, field := range []Field{Given, Family} {
			if f.Columns[field] == "" {
				wrong[FieldName(part, field)] = "mapping.names_required"
			}
		}
	}
}

// find answers where a header stands, and how often it does.
func find(header []string, column string) (at, times int) {
	at = -1
	for i, h := range header {
		if key(h) != key(column) {
			continue
		}
		if times++; at < 0 {
			at = i
		}
	}
	return at, times
}

// Change is how the headers of a file differ from those that a mapping knows.
type Change struct {
	Gone []string // headers that the mapping reads and the file lacks
	New  []string // headers of the file that the mapping has never seen
}

// Same says that the headers are those that the mapping knows, in whatever order.
func (c Change) Same() bool { return len(c.Gone) == 0 && len(c.New) == 0 }

// change compares a file's headers with those of a form.
func (f Form) change(header []string) (c Change) {
	for _, h := range header {
		if key(h) != "" && !slices.Contains(f.Headers, sign(h)) {
			c.New = append(c.New, h)
		}
	}
	for _, column := range f.Columns {
		if at, _ := find(header, column); at < 0 {
			c.Gone = append(c.Gone, column)
		}
	}
	slices.Sort(c.Gone)
	return c
}

// Recognise finds the mapping whose part knows these headers: all of them, or else
// most. It answers none where the file is another.
func Recognise(known []Mapping, part Part, header []string) (m Mapping, ok bool) {
	best, mine := 0.5, signs(header)
	for _, k := range known {
		form, has := k.Parts[part]
		if !has || len(form.Headers) == 0 || len(mine) == 0 {
			continue
		}
		both := 0
		for _, s := range mine {
			if slices.Contains(form.Headers, s) {
				both++
			}
		}
		if share := float64(both) / float64(max(len(mine), len(form.Headers))); share > best {
			best, m, ok = share, k, true
		}
	}
	return m, ok
}

// words are how systems of Québec and Ontario call a column.
var words = map[Field][]string{
	Number: {"fiche", "no fiche", "numero de fiche", "numero fiche", "numero", "no", "matricule", "code permanent", "student number", "number",
		"oen", "numero d eleve", "no eleve", "employee number"},
	Pupil:       {"fiche", "no fiche", "numero de fiche", "fiche eleve", "fiche de l eleve", "student number", "numero d eleve", "pupil"},
	Given:       {"prenom", "prenom eleve", "given name", "first name", "firstname", "legal first name"},
	Family:      {"nom", "nom de famille", "nom eleve", "family name", "last name", "lastname", "surname", "legal surname"},
	Name:        {"nom complet", "nom, prenom", "nom et prenom", "full name"},
	Email:       {"courriel", "adresse courriel", "email", "e-mail", "mail"},
	Birth:       {"date de naissance", "date naissance", "naissance", "ne le", "date of birth", "birth date", "birthdate", "dob"},
	School:      {"ecole", "code ecole", "no ecole", "batiment", "etablissement", "school", "school code", "school number"},
	SchoolName:  {"nom ecole", "nom de l ecole", "nom batiment", "school name"},
	Grade:       {"niveau", "annee", "degre", "classement", "grade"},
	Group:       {"groupe", "groupe repere", "foyer", "classe", "group", "homeroom", "class"},
	Teacher:     {"titulaire", "enseignant", "enseignante", "tuteur", "teacher", "homeroom teacher"},
	Role:        {"fonction", "role", "corps d emploi", "position"},
	Relation:    {"lien", "lien de parente", "parente", "repondant", "relation", "relationship"},
	Address:     {"adresse", "address"},
	Phone:       {"telephone", "tel", "cellulaire", "phone"},
	Language:    {"langue", "langue de correspondance", "language"},
	Restriction: {"restriction", "ordonnance", "garde", "court order", "custody"},
}

// called are the words for a field of a part. What is a parent's may say so.
func called(part Part, field Field) []string {
	words := words[field]
	if part != Guardians || field == Pupil {
		return words
	}
	all := slices.Clone(words)
	for _, whose := range []string{"parent", "du parent", "repondant", "du repondant", "tuteur", "du tuteur"} {
		for _, word := range words {
			all = append(all, word+" "+whose)
		}
	}
	for _, word := range words {
		all = append(all, "parent "+word, "guardian "+word)
	}
	return all
}

// Suggest is what the columns of a file are by their headers, where they say it.
func Suggest(part Part, header []string) map[Field]string {
	columns, used := map[Field]string{}, map[int]bool{}
	for _, field := range fields[part] {
		for _, word := range called(part, field) {
			if at, times := find(header, word); times == 1 && !used[at] {
				columns[field], used[at] = header[at], true
				break
			}
		}
	}
	if columns[Given] != "" && columns[Family] != "" {
		delete(columns, Name)
	}
	return columns
}

// same says that two mappings read files alike.
func same(a, b Body) bool {
	one, err := json.Marshal(a)
	other, err2 := json.Marshal(b)
	return err == nil && err2 == nil && bytes.Equal(one, other)
}
