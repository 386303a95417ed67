package source

import (
	"bytes"
	"encoding/json"
	"io"
	"slices"
	"strings"
)

// dirt counts what a source writes otherwise than the standard and that is taken all the same.
type dirt map[string]int

// record is one object of a page, read tolerantly.
type record struct {
	fields map[string]json.RawMessage
	dirt   dirt
}

// readPage finds the records of a page: the only list of its envelope. It refuses
// what is no JSON and what says that it failed.
func readPage(collection string, body []byte, d dirt) ([]record, error) {
	body = bytes.TrimPrefix(bytes.TrimSpace(body), []byte("\ufeff"))
	list, err := listOf(collection, body, d)
	if err != nil {
		return nil, err
	}
	records := make([]record, 0, len(list))
	for _, raw := range list {
		r := record{dirt: d}
		if kindOf(raw) != '{' || json.Unmarshal(raw, &r.fields) != nil {
			d["record_form"]++
			continue
		}
		if nested, ok := r.fields[singular[collection]]; ok && len(r.fields) == 1 && kindOf(nested) == '{' {
			r.fields = nil // each in an envelope of its own
			if json.Unmarshal(nested, &r.fields) != nil {
				continue
			}
			d["envelope_form"]++
		}
		records = append(records, r)
	}
	return records, nil
}

func listOf(collection string, body []byte, d dirt) (list []json.RawMessage, err error) {
	if kindOf(body) == '[' {
		d["envelope_form"]++
		return list, unreadableJSON(body, &list)
	}
	var root map[string]json.RawMessage
	if kindOf(body) != '{' {
		return nil, stuck(unreadable)
	}
	if err := unreadableJSON(body, &root); err != nil {
		return nil, err
	}
	if failed(root) {
		return nil, stuck(failure)
	}
	raw, ok := root[collection]
	if !ok {
		if raw, ok = onlyList(root); !ok {
			return nil, stuck(unreadable)
		}
		d["envelope_form"]++
	}
	switch kindOf(raw) {
	case '[':
		return list, unreadableJSON(raw, &list)
	case '{': // one record where a list is meant
		d["object_for_list"]++
		return []json.RawMessage{raw}, nil
	case 'n':
		d["null_value"]++
		return nil, nil
	}
	return nil, stuck(unreadable)
}

// unreadableJSON decodes, and tells a text that ends too soon from one that is no JSON.
func unreadableJSON(text []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	switch err := decoder.Decode(into); {
	case err == nil:
		if _, err := decoder.Token(); err != io.EOF { //nolint:errorlint // Token answers io.EOF itself
			return stuck(unreadable)
		}
		return nil
	case strings.Contains(err.Error(), "unexpected EOF"), strings.Contains(err.Error(), "unexpected end"):
		return stuck(cut)
	}
	return stuck(unreadable)
}

// failed tells a page that says it is none: version 1.1 answers some errors with 200.
func failed(root map[string]json.RawMessage) bool {
	var major string
	raw, ok := root["imsx_codeMajor"]
	return ok && json.Unmarshal(raw, &major) == nil && strings.EqualFold(major, "failure")
}

// onlyList finds the one list of an envelope of another name.
func onlyList(root map[string]json.RawMessage) (raw json.RawMessage, ok bool) {
	for name, value := range root {
		if kindOf(value) != '[' || slices.Contains([]string{"warnings", "statusInfoSet", "errors", "links"}, name) {
			continue
		}
		if ok {
			return nil, false
		}
		raw, ok = value, true
	}
	return raw, ok
}

// kindOf is the first sign of a JSON value: { [ " n t f or a digit; zero for none.
func kindOf(raw []byte) byte {
	raw = bytes.TrimLeft(raw, " \t\r\n")
	switch {
	case len(raw) == 0:
		return 0
	case raw[0] == '-' || raw[0] >= '0' && raw[0] <= '9':
		return '0'
	}
	return raw[0]
}

// text reads a field as text, however it is written.
func (r record) text(name string) string { return r.textOf(r.fields[name]) }

func (r record) textOf(raw json.RawMessage) string {
	var s string
	switch kindOf(raw) {
	case 0:
		return ""
	case '"':
		if json.Unmarshal(raw, &s) != nil {
			r.dirt["value_form"]++
			return ""
		}
		return strings.TrimSpace(s)
	case '0':
		r.dirt["number_for_text"]++
		return strings.TrimSpace(string(raw))
	case 't', 'f':
		r.dirt["boolean_for_text"]++
		return strings.TrimSpace(string(raw))
	case 'n':
		r.dirt["null_value"]++
		return ""
	case '[':
		if list := r.items(raw); len(list) == 1 && kindOf(list[0]) != '[' {
			r.dirt["list_for_value"]++
			return r.textOf(list[0])
		}
	}
	r.dirt["value_form"]++
	return ""
}

func (r record) items(raw json.RawMessage) (list []json.RawMessage) {
	if json.Unmarshal(raw, &list) != nil {
		r.dirt["value_form"]++
		return nil
	}
	return list
}

// each reads a field as a list of values; one that stands alone is a list of one.
func (r record) each(name string) []json.RawMessage {
	switch raw := r.fields[name]; kindOf(raw) {
	case 0:
		return nil
	case 'n':
		r.dirt["null_value"]++
		return nil
	case '[':
		return r.items(raw)
	default:
		r.dirt["value_for_list"]++
		return []json.RawMessage{raw}
	}
}

// list reads a field as texts; a comma would part one in a CSV cell.
func (r record) list(name string) (all []string) {
	for _, raw := range r.each(name) {
		s := r.textOf(raw)
		if strings.Contains(s, ",") {
			r.dirt["comma_in_list"]++
			s = strings.ReplaceAll(s, ",", " ")
		}
		if s != "" {
			all = append(all, s)
		}
	}
	return all
}

// ref reads a field as a reference to another record.
func (r record) ref(name string) string {
	raw := r.fields[name]
	if kindOf(raw) == '[' {
		list := r.items(raw)
		r.dirt["list_for_object"]++
		if len(list) == 0 {
			return ""
		}
		raw = list[0]
	}
	return r.refOf(raw)
}

func (r record) refOf(raw json.RawMessage) string {
	switch kindOf(raw) {
	case 0:
		return ""
	case 'n':
		r.dirt["null_value"]++
		return ""
	case '{':
		at := record{dirt: r.dirt}
		if json.Unmarshal(raw, &at.fields) != nil {
			r.dirt["value_form"]++
			return ""
		}
		return at.text("sourcedId")
	case '"', '0':
		r.dirt["reference_form"]++
		return r.textOf(raw)
	}
	r.dirt["value_form"]++
	return ""
}

// refs reads a field as references.
func (r record) refs(name string) (ids []string) {
	for _, raw := range r.each(name) {
		if id := r.refOf(raw); id != "" && !strings.Contains(id, ",") && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// objects reads a field as records.
func (r record) objects(name string) (all []record) {
	for _, raw := range r.each(name) {
		o := record{dirt: r.dirt}
		if kindOf(raw) != '{' || json.Unmarshal(raw, &o.fields) != nil {
			r.dirt["value_form"]++
			continue
		}
		all = append(all, o)
	}
	return all
}

// truth reads a field as true or false, written as text or not; "" when it says nothing.
func (r record) truth(name string) string {
	raw := r.fields[name]
	if k := kindOf(raw); k == 't' || k == 'f' { // version 1.1, and many of 1.2
		return strings.TrimSpace(string(raw))
	}
	switch said := strings.ToLower(r.text(name)); said {
	case "true", "1", "yes":
		return "true"
	case "false", "0", "no":
		return "false"
	case "":
		return ""
	default:
		r.dirt["value_form"]++
		return ""
	}
}

// day reads a field as a day; a moment is that of its day.
func (r record) day(name string) string {
	s := r.text(name)
	if len(s) > 10 && s[10] == 'T' {
		r.dirt["moment_for_day"]++
		return s[:10]
	}
	return s
}
