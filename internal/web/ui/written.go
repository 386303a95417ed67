package ui

import (
	"context"
	"html"
	"io"

	"aval/internal/web/assets"

	"github.com/a-h/templ"
)

// The pieces of this file stand a hundred times on a page. They are written by
// hand, texts escaped: a template takes several times as long for each.

// Icon is one of the icons of bootstrap-icons. It says nothing by itself: a word stands beside it.
func Icon(name string) templ.Component {
	return piece(func(m *markup) { m.icon(name) })
}

// Badge is a state: icon, word and colour.
func Badge(tone Tone, icon, text string) templ.Component {
	return piece(func(m *markup) { m.badge(tone, icon, text) })
}

// written are the lines of Lines.
func written(columns []Column, lines []Line) templ.Component {
	return piece(func(m *markup) {
		for _, line := range lines {
			m.line(columns, line)
		}
	})
}

func piece(write func(m *markup)) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		m := markup{w: w}
		write(&m)
		return m.err
	})
}

type markup struct {
	w   io.Writer
	err error // the first
}

// add writes tags as they stand.
func (m *markup) add(tags ...string) {
	for _, s := range tags {
		if m.err == nil {
			_, m.err = io.WriteString(m.w, s)
		}
	}
}

func (m *markup) text(s string) { m.add(html.EscapeString(s)) }

func (m *markup) icon(name string) {
	m.add(`<svg class="icon" aria-hidden="true" focusable="false"><use href="`)
	m.text(assets.Icon(name))
	m.add(`"></use></svg>`)
}

func (m *markup) badge(tone Tone, icon, text string) {
	m.add(`<span class="`, tone.class("av-badge"), `">`)
	m.icon(icon)
	m.text(text)
	m.add(`</span>`)
}

func (m *markup) line(columns []Column, line Line) {
	m.add(`<tr role="row"><th role="rowheader" scope="row"><a href="`)
	m.text(string(templ.URL(line.Href)))
	m.add(`"><b>`)
	m.text(line.Name)
	m.add(`</b></a></th>`)
	for i, entry := range line.Entries {
		m.add(`<td role="cell" data-label="`)
		m.text(columns[i+1].Text)
		m.add(`"><div>`)
		m.entry(entry)
		m.add(`</div></td>`)
	}
	m.add(`</tr>`)
}

func (m *markup) entry(e Entry) {
	switch {
	case e.Icon != "":
		m.badge(e.Tone, e.Icon, e.Text)
	case e.Whole:
		m.add(`<span class="text-nowrap">`)
		m.text(e.Text)
		m.add(`</span>`)
	default:
		m.text(e.Text)
	}
}
