package web

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"aval/internal/i18n"
	"aval/internal/licence"
)

// classSheet is the sheet of an invented class, its pupils in the order of the list.
func classSheet(lang string, pupils int) cardSheet {
	names := [][2]string{{"Naïm", "Belloq"}, {"Marie-Christine", "Quesnay-Rocheblanche"}, {"Théo", "Lamirel"},
		{"Kanahstatsi", "Tekahionwake-Saint-Onge"}, {"Zackary", "Ouimont"}, {"Léa-Rose", "Corrivel"}, {"Maximilien-Alexandre", "d’Apremont de la Tour"}}
	secrets := []string{"ruban-tortue-52", "papillon-fromage-74", "citron-phare-84", "moulin-tambour-renard-coquille"}
	s := cardSheet{Platform: "Tabulou", SignIn: "https://connexion.tabulou.example/eleves", Class: "Groupe 401", School: "École du Grand-Pin",
		Lang: lang, Paper: paperLetter, Copy: 2, At: time.Date(2026, 11, 20, 19, 5, 0, 0, time.UTC), Reason: "Remise aux élèves", Back: "/classes/k1"}
	for i := range pupils {
		n := names[i%len(names)]
		s.Cards = append(s.Cards, card{Given: n[0], Family: n[1], Number: i + 1, UserName: fmt.Sprintf("bkrt-48%02d", i), Password: secrets[i%len(secrets)]})
	}
	return s
}

// printed is a sheet as the browser receives it, for somebody who reads a language.
func printed(t testing.TB, s cardSheet, reader string) string {
	t.Helper()
	v := &visit{r: httptest.NewRequest(http.MethodPost, "/", nil), s: &Server{}, p: i18n.For(reader), theme: "light", status: http.StatusOK}
	var page bytes.Buffer
	if err := cardsPage(v, s).Render(t.Context(), &page); err != nil {
		t.Fatal(err)
	}
	return page.String()
}

func TestASheetSpeaksTheLanguageOfTheSchool(t *testing.T) {
	for _, reader := range i18n.Languages {
		for school, words := range map[string][]string{
			"fr": {"Nom d’utilisateur", "Mot de passe", "Garde cette carte pour toi.", "copie 2, 20\u00a0nov.\u00a02026, page 1 de 3", "Détacher avant"},
			"en": {"Login name", "Password", "Keep this card to yourself.", "copy 2, 20\u00a0Nov.\u00a02026, page 1 of 3", "Tear off before"},
		} {
			contains(t, printed(t, classSheet(school, 28), reader), append(words, `<section class="av-sheet" lang="`+school+`"`, `<html lang="`+reader+`"`)...)
		}
	}
}

func TestASheetIsCutIntoPagesThatEachSayWhatTheyAre(t *testing.T) {
	for pupils, pages := range map[int]int{1: 1, 10: 1, 11: 2, 30: 3, 31: 4} {
		page := printed(t, classSheet("fr", pupils), "fr")
		if got := strings.Count(page, `class="av-sheet-head"`); got != pages {
			t.Errorf("%d pupils: %d pages, want %d", pupils, got, pages)
		}
		contains(t, page, fmt.Sprintf("page %d de %d", pages, pages))
		if got := strings.Count(page, `class="av-ticket"`); got != pupils {
			t.Errorf("%d pupils: %d cards", pupils, got)
		}
	}
}

// TestTheNameIsOnTheStubAlone looks at what a pupil keeps: who finds it learns no name.
func TestTheNameIsOnTheStubAlone(t *testing.T) {
	s := classSheet("fr", 7)
	page := printed(t, s, "fr")
	faces := regexp.MustCompile(`(?s)<div class="av-face.*?</li>`).FindAllString(page, -1)
	if len(faces) != len(s.Cards) {
		t.Fatalf("%d faces, want %d", len(faces), len(s.Cards))
	}
	for i, c := range s.Cards {
		for _, name := range []string{c.Given, c.Family, s.Class, s.School} {
			if strings.Contains(faces[i], name) {
				t.Errorf("card %d shows %q beside the secret", i+1, name)
			}
		}
		contains(t, faces[i], c.UserName, c.Password, s.Platform)
	}
	title := regexp.MustCompile(`<title>.*?</title>`).FindString(printed(t, classSheet("fr", 1), "fr"))
	if strings.Contains(title, "Belloq") || !strings.Contains(title, "Tabulou") {
		t.Errorf("the browser remembers %q", title)
	}
}

func TestASheetHoldsNothingThatThePolicyOfThePageRefuses(t *testing.T) {
	page := printed(t, classSheet("en", 30), "en")
	for _, inline := range []string{" style=", "<style", " onclick", "javascript:", "<script>"} {
		if strings.Contains(page, inline) {
			t.Errorf("the sheet holds %q", inline)
		}
	}
}

func TestACardWithoutAPasswordOrAPictureLeavesNoEmptyPlace(t *testing.T) {
	s := classSheet("fr", 1)
	s.Cards[0].Picture = "/assets/pictures.svg#tortue"
	contains(t, printed(t, s, "fr"), `<use href="/assets/pictures.svg#tortue">`)
	s.Cards[0].UserName = ""
	contains(t, printed(t, s, "fr"), "Nom d’utilisateur", `<dd class="av-blank">`)
	s.Cards[0].Picture, s.Cards[0].Password, s.SignIn = "", "", ""
	for _, gone := range []string{"Mot de passe", "av-picture", "av-code", "has-code"} {
		if page := printed(t, s, "fr"); strings.Contains(page, gone) {
			t.Errorf("the card still has %q", gone)
		}
	}
}

// What a pupil signs in with has its own word on the card; where the password is not
// ours, the card says so.
func TestACardSaysWhatItsPupilSignsInWith(t *testing.T) {
	for kind, words := range map[licence.AccountKind]map[string][]string{
		licence.LoginName:  {"fr": {"Nom d’utilisateur", "Mot de passe"}, "en": {"Login name", "Password"}},
		licence.VendorName: {"fr": {"Ton nom sur la plateforme", "Mot de passe"}, "en": {"Your name on the platform", "Password"}},
		licence.BoardEmail: {"fr": {"Courriel", "Celui de ton courriel de l’école."}, "en": {"E-mail", "The one for your school e-mail."}},
	} {
		for lang, want := range words {
			s := classSheet(lang, 1)
			s.Kind, s.Cards[0].UserName = kind, "k4821@eleves.example"
			if kind == licence.BoardEmail {
				s.Cards[0].Password = ""
			}
			page := printed(t, s, lang)
			contains(t, page, append(want, "k4821@eleves.example")...)
			for _, other := range []string{"Nom d’utilisateur", "Login name"} {
				if kind != licence.LoginName && strings.Contains(page, other) {
					t.Errorf("%s: the card says %q", kind, other)
				}
			}
		}
	}
}

// TestACodeHoldsTheSignInPageAndNothingElse reads the code from the page, as a phone does.
func TestACodeHoldsTheSignInPageAndNothingElse(t *testing.T) {
	for _, address := range []string{"https://a.example/", "https://connexion.tabulou.example/eleves",
		"https://connexion.tabulou.example/commission-scolaire-du-bois-clair?langue=fr-CA&ecole=12"} {
		s := classSheet("fr", 30)
		s.SignIn = address
		page := printed(t, s, "fr")
		codes := regexp.MustCompile(`class="av-code" viewBox="-4 -4 (\d+) \d+".*?<path d="([^"]+)"`).FindAllStringSubmatch(page, -1)
		if len(codes) != 30 {
			t.Fatalf("%d codes, want 30", len(codes))
		}
		for _, code := range codes {
			if got := readCode(t, code[1], code[2]); got != address {
				t.Fatalf("the code says %q, want %q", got, address)
			}
		}
	}
}

func TestAnAddressTooLongForACardHasNoCode(t *testing.T) {
	if c, ok := drawCode("https://a.example/" + strings.Repeat("x", 230)); !ok || c.box != "-4 -4 65 65" {
		t.Errorf("248 letters: %v %q, want a code of 57 modules", ok, c.box)
	}
	for _, address := range []string{"", "https://a.example/" + strings.Repeat("x", 280), strings.Repeat("é", 4000)} {
		if _, ok := drawCode(address); ok {
			t.Errorf("%.30q of %d letters has a code", address, len(address))
		}
	}
}

// readCode decodes a drawn QR code of versions 1 to 6 at level M that holds bytes (ISO/IEC 18004).
func readCode(t *testing.T, box, path string) string {
	t.Helper()
	wide, err := strconv.Atoi(box)
	if err != nil {
		t.Fatal(err)
	}
	side := wide - 8
	dark := make([][]bool, side)
	for y := range dark {
		dark[y] = make([]bool, side)
	}
	for _, run := range regexp.MustCompile(`M(\d+) (\d+)h(\d+)v1h-\d+z`).FindAllStringSubmatch(path, -1) {
		x, _ := strconv.Atoi(run[1])
		y, _ := strconv.Atoi(run[2])
		n, _ := strconv.Atoi(run[3])
		for i := range n {
			dark[y][x+i] = true
		}
	}
	words := unmask(t, dark)
	version := (side - 17) / 4
	blocks := []int{1, 1, 1, 2, 2, 4}[version-1]
	size := []int{16, 28, 44, 32, 43, 27}[version-1]
	data := make([]byte, 0, blocks*size)
	for b := range blocks {
		for i := range size {
			data = append(data, words[i*blocks+b])
		}
	}
	if data[0]>>4 != 0b0100 {
		t.Fatalf("mode %b, want bytes", data[0]>>4)
	}
	for i := range len(data) - 1 { // what follows the four bits of the mode
		data[i] = data[i]<<4 | data[i+1]>>4
	}
	return string(data[1 : 1+int(data[0])])
}

// unmask reads the words of a code in their zigzag, its mask taken off.
func unmask(t *testing.T, dark [][]bool) []byte {
	t.Helper()
	side := len(dark)
	format := 0
	for _, x := range []int{0, 1, 2, 3, 4} {
		format <<= 1
		if dark[8][x] {
			format |= 1
		}
	}
	format ^= 0b10101
	if format>>3 != 0 {
		t.Fatalf("level %b, want M", format>>3)
	}
	masks := []func(x, y int) bool{
		func(x, y int) bool { return (x+y)%2 == 0 }, func(_, y int) bool { return y%2 == 0 },
		func(x, _ int) bool { return x%3 == 0 }, func(x, y int) bool { return (x+y)%3 == 0 },
		func(x, y int) bool { return (y/2+x/3)%2 == 0 }, func(x, y int) bool { return x*y%2+x*y%3 == 0 },
		func(x, y int) bool { return (x*y%2+x*y%3)%2 == 0 }, func(x, y int) bool { return ((x+y)%2+x*y%3)%2 == 0 }}
	reserved := func(x, y int) bool {
		near := side - 7 // of the one alignment pattern, from version 2
		return x == 6 || y == 6 || x < 9 && y < 9 || x < 9 && y > side-9 || x > side-9 && y < 9 ||
			side > 21 && max(x-near, near-x) < 3 && max(y-near, near-y) < 3
	}
	var bits []byte
	up := true
	for right := side - 1; right > 0; right -= 2 {
		if right == 6 {
			right--
		}
		for i := range side {
			y := i
			if up {
				y = side - 1 - i
			}
			for _, x := range []int{right, right - 1} {
				if reserved(x, y) {
					continue
				}
				bit := byte(0)
				if dark[y][x] != masks[format&7](x, y) {
					bit = 1
				}
				bits = append(bits, bit)
			}
		}
		up = !up
	}
	var words []byte
	for eight := range slices.Chunk(bits, 8) {
		var w byte
		for _, bit := range eight {
			w = w<<1 | bit
		}
		words = append(words, w)
	}
	return words
}

// BenchmarkSheetOfThirty is the page of a class of 30, ready to print.
func BenchmarkSheetOfThirty(b *testing.B) {
	s := classSheet("fr", 30)
	for b.Loop() {
		b.ReportMetric(float64(len(printed(b, s, "fr"))), "bytes")
	}
}
