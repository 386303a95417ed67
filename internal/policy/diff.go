package policy

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// How says what became of a part of a pack.
type How string

// What may become of a part.
const (
	Added    How = "added"
	Removed  How = "removed"
	Reworded How = "reworded" // its words in one language, nothing else
	Changed  How = "changed"
)

// Change is one difference between two packs.
type Change struct {
	How   How    `json:"change"`
	What  string `json:"what"` // pack, clause, criterion, permission, threshold, …
	ID    string `json:"id"`
	Field string `json:"field,omitempty"` // of what was reworded or changed, as the file calls it
	Lang  string `json:"lang,omitempty"`  // fr or en, of what was reworded
	Old   string `json:"old,omitempty"`
	New   string `json:"new,omitempty"`
}

// Diff lists what differs from one pack to another: what the new one changed or
// added, part by part in its order, then what it lacks. The packs they require
// are not looked into.
func Diff(before, after *Pack) []Change {
	olds, news := partsOf(before), partsOf(after)
	var changes []Change
	for _, n := range news {
		at := slices.IndexFunc(olds, n.same)
		if at < 0 {
			changes = append(changes, Change{How: Added, What: n.what, ID: n.id})
			continue
		}
		of := n.since(olds[at])
		for i := range of {
			if n.what == "pack" {
				of[i].ID = after.ID
			}
		}
		changes = append(changes, of...)
	}
	for _, o := range olds {
		if !slices.ContainsFunc(news, o.same) {
			changes = append(changes, Change{How: Removed, What: o.what, ID: o.id})
		}
	}
	return changes
}

// part is an entry of a pack, its fields in their order.
type part struct {
	what, id string
	fields   []field
}

type field struct{ name, lang, value string }

func (p part) same(q part) bool { return p.what == q.what && p.id == q.id }

// since lists the fields that differ from those of the same part before.
func (p part) since(old part) (changes []Change) {
	for i, f := range p.fields {
		if was := old.fields[i].value; was != f.value {
			c := Change{How: Changed, What: p.what, ID: p.id, Field: f.name, Lang: f.lang, Old: was, New: f.value}
			if f.lang != "" {
				c.How = Reworded
			}
			changes = append(changes, c)
		}
	}
	return changes
}

// partsOf lists a pack's parts: itself, then the entries of its lists.
func partsOf(p *Pack) []part {
	parts := []part{{what: "pack", fields: fieldsIn(reflect.ValueOf(*p))}}
	add := func(what string, list any) {
		entries := reflect.ValueOf(list)
		for i := range entries.Len() {
			fields := fieldsIn(entries.Index(i))
			parts = append(parts, part{what: what, id: fields[0].value, fields: fields[1:]}) // each begins with its name
		}
	}
	add("section", p.Sections)
	add("clause", p.Clauses)
	add("name", p.Names)
	add("role", p.Roles)
	add("function", p.Functions)
	add("family", p.Families)
	add("data_kind", p.DataKinds)
	add("data_subject", p.DataSubjects)
	add("data_class", p.DataClasses)
	add("duty", p.Duties)
	add("aspect", p.Aspects)
	for _, a := range p.Aspects {
		for _, c := range a.Criteria {
			fields := append(fieldsIn(reflect.ValueOf(c)), field{name: "aspect", value: a.ID})
			parts = append(parts, part{what: "criterion", id: c.ID, fields: fields[1:]})
		}
	}
	for i, r := range p.Ladder {
		fields := append(fieldsIn(reflect.ValueOf(r)), field{name: "order", value: strconv.Itoa(i + 1)})
		parts = append(parts, part{what: "rung", id: r.Code, fields: fields[1:]})
	}
	add("threshold", p.Thresholds)
	add("reveal_reason", p.RevealReasons)
	add("question", p.Assessment)
	return append(parts, rowsOf(p)...)
}

// rowsOf are the permissions; rows for the same thing in other states are told apart.
func rowsOf(p *Pack) (parts []part) {
	seen := map[string]int{}
	for _, r := range p.Permissions {
		id := fmt.Sprintf("%s %s %s", r.Role, r.Do, r.Relation)
		if seen[id]++; seen[id] > 1 {
			id += " " + strconv.Itoa(seen[id])
		}
		parts = append(parts, part{what: "permission", id: id, fields: []field{
			{name: "states", value: strings.Join(r.States, ", ")}, {name: "clause", value: r.Clause}}})
	}
	return parts
}

// fieldsIn are the fields of an entry by the keys of the file, without the lists
// of further entries.
func fieldsIn(v reflect.Value) (fields []field) {
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("yaml"), ",")
		if name == "" || name == "-" {
			continue
		}
		switch f := v.Field(i); f.Kind() {
		case reflect.Struct:
			text := f.Interface().(Text) // no entry holds another
			fields = append(fields, field{name, "fr", text.Fr}, field{name, "en", text.En})
		case reflect.Slice:
			if f.Type().Elem().Kind() != reflect.String {
				continue
			}
			words := make([]string, f.Len())
			for i := range words {
				words[i] = f.Index(i).String()
			}
			fields = append(fields, field{name: name, value: strings.Join(words, ", ")})
		default:
			fields = append(fields, field{name: name, value: fmt.Sprint(f.Interface())})
		}
	}
	return fields
}
