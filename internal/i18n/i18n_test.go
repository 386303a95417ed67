package i18n_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"aval/internal/i18n"
)

func TestEveryTextStandsInBothLanguages(t *testing.T) {
	for key, langs := range i18n.Keys() {
		for _, lang := range i18n.Languages {
			if !langs[lang] {
				t.Errorf("%s has no text in %q", key, lang)
			}
		}
		for lang := range langs {
			if lang != "fr" && lang != "en" {
				t.Errorf("%s has a text in %q, which we do not speak", key, lang)
			}
		}
	}
}

// French typography: a no-break space before : % $ and inside « », none
// before ; ! ?, and the curly apostrophe.
func TestFrenchTypography(t *testing.T) {
	wrong := regexp.MustCompile(`[^\x{a0}]»|«[^\x{a0}]| [:$»;!?]| %(\s|$)|[\x{a0}\x{202f}][;!?]|[a-zé]:(\s|$)|\pL'\pL`)
	p := i18n.For("fr")
	for key := range i18n.Keys() {
		if text := p.T(key); wrong.MatchString(text) {
			t.Errorf("%s: %q breaks French typography at %q", key, text, wrong.FindString(text))
		}
	}
}

// One thing has one name: a pupil's record is « une fiche » (a folder is « un dossier »), and
// the roster is not the directory.
func TestAThingHasOneName(t *testing.T) {
	other := regexp.MustCompile(`(?i)dossiers? d.élèves?|dossiers? de l.élève|répertoire des élèves|(deux|premier|second) dossiers?|dossiers (réunis|à vérifier)`)
	p := i18n.For("fr")
	for key := range i18n.Keys() {
		text := p.T(key)
		if other.MatchString(text) || strings.HasPrefix(key, "identity.") && strings.Contains(strings.ToLower(text), "dossier") {
			t.Errorf("%s: %q has another word for a pupil’s record or for the roster", key, text)
		}
	}
}

func TestPrinter(t *testing.T) {
	at := time.Date(2026, 11, 20, 19, 5, 0, 0, time.UTC)
	first := time.Date(2026, 6, 1, 16, 0, 0, 0, time.UTC)
	for _, c := range []struct{ got, want string }{
		{i18n.For("fr").Int(4512), "4\u00a0512"},
		{i18n.For("en").Int(-1234567), "-1,234,567"},
		{i18n.For("fr").Money(25250), "252,50\u00a0$"},
		{i18n.For("en").Money(25200), "$252"},
		{i18n.For("fr").DateLong(at), "vendredi 20\u00a0novembre 2026"},
		{i18n.For("fr").Date(first), "1er\u00a0juin\u00a02026"},
		{i18n.For("fr").Time(at), "14\u00a0h\u00a005"},
		{i18n.For("en").Time(at), "2:05\u00a0p.m."},
		{i18n.For("fr").Clause("3.3a"), "§\u00a03.3\u00a0a"},
		{i18n.For("en").Clause("3.2.11"), "§\u00a03.2.11"},
		{i18n.For("fr").Clause("A.accept"), "§\u00a0A.accept"},
		{i18n.For("de").Lang, "fr"},
		{i18n.Choose("en-CA,fr;q=0.5"), "en"},
		{i18n.For("fr").N("days", 0), "0\u00a0jour"},
		{i18n.For("fr").N("days", 18), "18\u00a0jours"},
		{i18n.For("en").N("days", 0), "0 days"},
		{i18n.For("en").N("days", 1), "1 day"},
		{i18n.For("fr").T("nobody.wrote.this"), "nobody.wrote.this"},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
}
