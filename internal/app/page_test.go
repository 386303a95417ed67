package app_test

import (
	"encoding/xml"
	"errors"
	"fmt"
	"html"
	"io"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// control is one field as it stands on a page.
type control struct {
	name, kind, value, described string
	on                           bool // ticked, or chosen
}

// page is what a browser makes of one.
type page struct {
	lang  string
	forms map[string][]control // by the address that they are sent to
	ids   map[string]bool
	texts map[string]string // of the sentences beside fields, by their id
	links []string
}

// readPage reads a page as a browser does.
func (b *board) readPage(body string) page {
	b.t.Helper()
	p := page{forms: map[string][]control{}, ids: map[string]bool{}, texts: map[string]string{}}
	d := xml.NewDecoder(strings.NewReader(body))
	d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	type element struct{ tag, id, described string }
	var stack []element
	action, choosing := "", control{}
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return p
		}
		if err != nil {
			b.t.Fatalf("the page cannot be read: %v", err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			has := map[string]string{}
			for _, a := range token.Attr {
				has[a.Name.Local] = a.Value
			}
			e := element{token.Name.Local, has["id"], has["aria-describedby"]}
			stack = append(stack, e)
			p.ids[e.id] = true
			if e.described == "" && has["type"] != "hidden" {
				for _, outer := range stack {
					if outer.tag == "fieldset" {
						e.described = outer.described
					}
				}
			}
			_, checked := has["checked"]
			c := control{name: has["name"], kind: has["type"], value: has["value"], described: e.described, on: checked}
			switch e.tag {
			case "html":
				p.lang = has["lang"]
			case "a":
				p.links = append(p.links, has["href"])
			case "form":
				action = has["action"]
			case "input":
				p.forms[action] = append(p.forms[action], c)
			case "textarea":
				c.kind = "area"
				p.forms[action] = append(p.forms[action], c)
			case "select":
				choosing = c
			case "option":
				_, c.on = has["selected"]
				c.name, c.kind, c.described = choosing.name, "option", choosing.described
				p.forms[action] = append(p.forms[action], c)
			}
		case xml.EndElement:
			if token.Name.Local == "form" {
				action = ""
			}
			if len(stack) > 0 {
				stack = stack[:len(stack)-1]
			}
		case xml.CharData:
			for i, e := range stack {
				if strings.HasSuffix(e.id, "-error") {
					p.texts[e.id] += string(token)
				}
				if e.tag == "textarea" && i == len(stack)-1 {
					all := p.forms[action]
					all[len(all)-1].value += string(token)
				}
			}
		}
	}
}

// beside is the sentence that a field of a form is described by.
func (p page) beside(action, field string) string {
	for _, c := range p.forms[action] {
		if c.name == field && slices.Contains(strings.Fields(c.described), field+"-error") {
			return p.texts[field+"-error"]
		}
	}
	return ""
}

// stillHolds says that the form that came back holds what was typed.
func (p page) stillHolds(t *testing.T, where, action, wrong string, sent url.Values, unseen []string) {
	t.Helper()
	for name, values := range sent {
		var holds []string
		plain, found := false, false
		for _, c := range p.forms[action] {
			if c.name != name {
				continue
			}
			found = true
			switch c.kind {
			case "hidden", "password", "file":
				plain, holds = true, []string{readable(values[0])} // not the person's to type, or never sent back
				if c.kind == "password" && c.value != "" {
					t.Errorf("%s: a password is sent back", where)
				}
			case "radio", "checkbox", "option":
				if c.on {
					holds = append(holds, c.value)
				}
			default:
				plain, holds = true, []string{strings.TrimPrefix(c.value, "\n")}
				if name == "secret" && holds[0] == "" { // of several lines: never sent back
					holds = []string{readable(values[0])}
				}
			}
		}
		if !found && slices.Contains(unseen, name) || name == wrong && !plain {
			continue
		}
		want := slices.Clone(values)
		for i := range want {
			want[i] = readable(want[i])
		}
		if !slices.Equal(holds, want) {
			t.Errorf("%s: %s holds %.60q, and %.60q was typed", where, name, holds, want)
		}
	}
}

// standsBeside says that the other forms of the page are as they were: nothing was
// asked of them. One that has a field of what was sent is the same by another button.
func (p page) standsBeside(t *testing.T, before page, where, action string, sent url.Values) {
	t.Helper()
	shown := func(list []control) (all []string) {
		for _, c := range list {
			if c.kind != "hidden" {
				all = append(all, fmt.Sprintf("%s %s %.60q %t", c.name, c.kind, c.value, c.on))
			}
		}
		return all
	}
	for other, controls := range p.forms {
		was, stood := before.forms[other]
		same := slices.ContainsFunc(controls, func(c control) bool { return c.kind != "hidden" && sent.Has(c.name) })
		if !stood || same || other == action {
			continue
		}
		now, kept := shown(controls), shown(was)
		for i := range min(len(now), len(kept)) {
			if now[i] != kept[i] {
				t.Errorf("%s: the form to %s shows %s, and showed %s", where, other, now[i], kept[i])
				break
			}
		}
	}
}

// readable is what a page can show of what was typed.
func readable(typed string) string {
	typed = strings.ReplaceAll(strings.ToValidUTF8(typed, "\uFFFD"), "\x00", "")
	return strings.TrimSpace(strings.ReplaceAll(typed, "\r\n", "\n"))
}

// sentences is what a page says, for a test's own words.
func sentences(body string) string {
	_, main, _ := strings.Cut(body, "<main")
	var b strings.Builder
	in := false
	for _, r := range main {
		switch {
		case r == '<':
			in = true
		case r == '>':
			in = false
			b.WriteByte(' ')
		case !in:
			b.WriteRune(r)
		}
	}
	return short(strings.Join(strings.Fields(html.UnescapeString(b.String())), " "))
}
