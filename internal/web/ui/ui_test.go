package ui_test

import (
	"bytes"
	"context"
	"io"
	"regexp"
	"strings"
	"testing"

	"aval/internal/i18n"
	"aval/internal/web/assets"
	"aval/internal/web/ui"

	"github.com/a-h/templ"
)

// word stands for what a page puts inside a piece.
var word = templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
	_, err := io.WriteString(w, "<p>mot</p>")
	return err
})

func render(t *testing.T, c templ.Component) string {
	t.Helper()
	var b bytes.Buffer
	if err := c.Render(templ.WithChildren(t.Context(), word), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func pieces(p *i18n.Printer) map[string]templ.Component {
	f := ui.Input{Name: "usage", Label: "Usage", Hint: "Deux phrases.", Error: "Dites comment.", Value: `a "b" <i>`,
		Clause: "2.2a", Optional: true, Max: 200}
	options := []ui.Option{{Value: "a", Text: "A", Chosen: true, Icon: "people"}, {Value: "b", Text: "B", Hint: "plus"}}
	long := ui.Time{Days: 18, Holder: "au DDL", Half: 24, Most: 52, Closed: 37, Enough: true}
	lines := ui.Lines("t2", []ui.Column{{Text: "Nom"}, {Text: `L"école`}, {Text: "État"}}, []ui.Line{
		{Href: "/requests/a&b", Name: "<Un>", Entries: []ui.Entry{{Text: "A & B"}, {Text: "<Fait>", Tone: ui.OK, Icon: "check-lg"}}},
		{Href: "javascript:alert(1)", Name: "Deux", Entries: []ui.Entry{{Text: "<2026-0001>", Whole: true}, {}}},
	})
	return map[string]templ.Component{
		"badge": ui.Badge(ui.OK, "check-lg", "Fait"), "count": ui.Count(p, 4512),
		"clause": ui.Clause(p, "3.3a"), "clause text": ui.ClauseText(p, "3.3a"),
		"head": ui.Head("Titre", "Phrase"), "crumb": ui.Crumb("/platforms", "Catalogue"),
		"note": ui.Note(ui.Stop, ""), "quiet note": ui.Note(ui.Info, "people"), "toast": ui.Toast("Enregistré"),
		"empty": ui.Empty("inbox", "Rien", "Tout va"), "facts": ui.Facts(), "fact": ui.Fact("Coût"), "sure": ui.Sure(p, "Révoquer…"), "fact text": ui.FactText("Coût", "252"),
		"task":    ui.Task(p, ui.Card{Days: 1, Late: true, Href: "/requests/1", Title: "Titre", Text: "x", Tone: ui.Wait, Icon: "alarm", Badge: "À relancer", Clause: "6.4"}),
		"filters": ui.Filters(p, "Filtrer", []ui.Filter{{Href: "/requests?state=draft", Text: "Brouillons", Count: 2, Current: true}, {Href: "/requests", Text: "Toutes", Count: -1}}),
		"pager":   ui.Pager(p, "/a?page=1", "/a?page=3", "2 sur 9"), "progress": ui.Progress(p, "pu", "Critères", 9, 13),
		"errors": ui.Errors(p, []ui.Wrong{{Field: "usage", Text: "Dites comment."}}),
		"text":   ui.Text(p, f), "area": ui.Area(p, f), "file": ui.File(p, f), "select": ui.Select(p, f, options),
		"checks": ui.Checks(p, f, options), "check": ui.Check(p, f, true), "choice": ui.Choice(p, f, options), "hidden": ui.Hidden("a", "b"),
		"table":  ui.Table("t1", []ui.Column{{Text: "Nom"}, {Text: "Élèves", Number: true}, {Text: "Outils", Hidden: true}}),
		"lines":  lines,
		"counts": ui.Counts("t1", []ui.Column{{Text: "Nom"}}), "row": ui.Row(), "group": ui.GroupRow("Groupe", 3),
		"row head": ui.RowHead(), "cell": ui.Cell("Nom"), "num": ui.Num("Élèves", "22"),
		"path":  ui.Path(),
		"done":  ui.StepItem(p, ui.Step{State: ui.Done, Title: "Demandée", Clause: "2.2a", Text: "hier"}),
		"now":   ui.StepItem(p, ui.Step{State: ui.Now, Title: "Autorisée"}),
		"back":  ui.StepItem(p, ui.Step{State: ui.Back, Title: "Retournée"}),
		"next":  ui.StepItem(p, ui.Step{State: ui.Next, Title: "Décision", Number: 5}),
		"clock": ui.Clock(p, long), "short clock": ui.Clock(p, ui.Time{Days: 1, Closed: 9}),
	}
}

// leak is a message key that nobody wrote, or a verb without its value.
var leak = regexp.MustCompile(`\b(ui|form|nav)[._][a-z_]+\b|%!`)

func TestEveryPieceSpeaksBothLanguages(t *testing.T) {
	for _, lang := range i18n.Languages {
		for name, piece := range pieces(i18n.For(lang)) {
			html := render(t, piece)
			if found := leak.FindString(html); found != "" {
				t.Errorf("%s in %s shows %q:\n%s", name, lang, found, html)
			}
			if strings.Contains(html, " style=") || strings.Contains(html, "<script") || regexp.MustCompile(` on[a-z]+=`).MatchString(html) {
				t.Errorf("%s carries a style or a script:\n%s", name, html)
			}
			for _, m := range regexp.MustCompile(`#([a-z0-9-]+)"></use>`).FindAllStringSubmatch(html, -1) {
				if assets.Built() && !assets.HasIcon(m[1]) {
					t.Errorf("%s: the sprite lacks %q", name, m[1])
				}
			}
		}
	}
}

func TestFieldTiesItsWordsToItsControl(t *testing.T) {
	html := render(t, pieces(i18n.For("fr"))["text"])
	for _, want := range []string{`for="usage"`, `id="usage"`, `aria-describedby="usage-hint usage-error"`, `id="usage-hint"`,
		`id="usage-error"`, `aria-invalid="true"`, `maxlength="200"`, `value="a &#34;b&#34; &lt;i&gt;"`, "(facultatif)", "Erreur\u00a0:",
		`href="/policy#2.2a"`, "§\u00a02.2\u00a0a"} {
		if !strings.Contains(html, want) {
			t.Errorf("the field lacks %q:\n%s", want, html)
		}
	}
}

func TestLinesAreWrittenLikeRows(t *testing.T) {
	html := render(t, pieces(i18n.For("fr"))["lines"])
	for _, want := range []string{`aria-labelledby="t2"`, `>Nom</th>`,
		`<th role="rowheader" scope="row"><a href="/requests/a&amp;b"><b>&lt;Un&gt;</b></a></th>`,
		`<td role="cell" data-label="L&#34;école"><div>A &amp; B</div></td>`,
		`<td role="cell" data-label="État"><div><span class="av-badge is-ok"><svg `, `#check-lg"></use></svg>&lt;Fait&gt;</span></div></td></tr>`,
		`<div><span class="text-nowrap">&lt;2026-0001&gt;</span></div>`} {
		if !strings.Contains(html, want) {
			t.Errorf("the lines lack %q:\n%s", want, html)
		}
	}
	if strings.Contains(html, "javascript:") {
		t.Errorf("a script is an address:\n%s", html)
	}
}

func TestClockSaysWhatHappened(t *testing.T) {
	p := pieces(i18n.For("fr"))
	html := render(t, p["clock"])
	for _, want := range []string{"La demande a 18\u00a0jours.", "Elle est au DDL.", "Des 37 ", "pris 24\u00a0jours ou moins",
		"52\u00a0jours ou moins", "pas une promesse", `width="90.0%"`, `width="41.5%"`} {
		if !strings.Contains(html, want) {
			t.Errorf("the clock lacks %q:\n%s", want, html)
		}
	}
	if html = render(t, p["short clock"]); strings.Contains(html, "<svg") || !strings.Contains(html, "trop peu pour dire") {
		t.Errorf("nine requests draw a scale:\n%s", html)
	}
}
