package catalogue

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// shelf is a small catalogue of invented platforms.
func shelf() []Platform {
	var platforms []Platform
	for _, line := range strings.Split(strings.TrimSpace(`
Tabulou|Ateliers Bricolune|tabulou.example|Tabulou Classe
Zibaline|Zibaline inc.|zibaline.example|
Plumarel|Encre douce|plumarel.example|
Récitou|Voix du Nord|recitou.example|Récitou Lecture
Labozine|Éprouvette|labozine.example|
Fractignole|Bricolune|fractignole.example|
Géomirelle|Compas d’or|geomirelle.example|
Chiffrelune|Compas d’or|chiffrelune.example|
Devinouche|Rébus|devinouche.example|
Vocabrille|Encre douce|vocabrille.example|
Dictaronde|Encre douce|dictaronde.example|
Conjugaroo|Hopscotch Lane|conjugaroo.example|
Storywick|Lantern Yard|storywick.example|
Pagewren|Lantern Yard|pagewren.example|
Gribouzelle|Pinceau vif|gribouzelle.example|
Codecabane|Octet rural|codecabane.example|Code Cabane junior
Respirouette|Souffle|respirouette.example|
Brave Beaver Books|Lodge House|bbb.example|BBB
Café Syntaxe|Encre douce|cafe-syntaxe.example|
Boîte à Volcans|Éprouvette|boite-volcans.example|
Class Dodu|Dodu|classdodu.example|
Nuagibus|Éprouvette|nuagibus.example|
Philoquette|Agora|philoquette.example|
Kéopi|Kéopi|keopi.example|
Cap Boussole|Nord magnétique|cap-boussole.example|
Pont des Histoires|Passerelle|pont-histoires.example|
`), "\n") {
		f := strings.Split(line, "|")
		p := Platform{ID: ID(f[2]), Draft: Draft{Name: f[0], Vendor: f[1], Domains: []string{f[2]}}, Status: Unknown}
		if f[3] != "" {
			p.Aliases = []string{f[3]}
		}
		platforms = append(platforms, p)
	}
	return platforms
}

func TestSearchForgives(t *testing.T) {
	platforms := shelf()
	cases := []struct{ typed, want string }{
		// As it is, in other clothes.
		{"Tabulou", "Tabulou"}, {"TABULOU", "Tabulou"}, {"recitou", "Récitou"}, {"rÉcItOu", "Récitou"},
		{"cafe syntaxe", "Café Syntaxe"}, {"cafésyntaxe", "Café Syntaxe"}, {"café-syntaxe", "Café Syntaxe"},
		{"classdodu", "Class Dodu"}, {"code cabane", "Codecabane"}, {"boite a volcan", "Boîte à Volcans"},
		{"boîte volcans", "Boîte à Volcans"}, {"la boîte à volcans", "Boîte à Volcans"}, {"  gribouzelle! ", "Gribouzelle"},
		// While typing.
		{"ta", "Tabulou"}, {"frac", "Fractignole"}, {"gribouz", "Gribouzelle"}, {"brave b", "Brave Beaver Books"},
		{"pont des h", "Pont des Histoires"}, {"vocabt", "Vocabrille"},
		// Addresses.
		{"https://www.tabulou.example/login", "Tabulou"}, {"tabulou.example", "Tabulou"}, {"www.zibaline.example", "Zibaline"},
		{"http://jeux.recitou.example/a?b=c", "Récitou"}, {"tabulu.example", "Tabulou"}, {"cafe-syntaxe.example/", "Café Syntaxe"},
		{"htps://labozne.exemple/eleve", "Labozine"},
		// One slip.
		{"tabulu", "Tabulou"}, {"tabuluo", "Tabulou"}, {"tbulou", "Tabulou"}, {"zibalin", "Zibaline"}, {"zivaline", "Zibaline"},
		{"plumarelle", "Plumarel"}, {"plumareil", "Plumarel"}, {"labozzine", "Labozine"}, {"keopy", "Kéopi"}, {"kepi", "Kéopi"},
		// Two slips.
		{"tablou", "Tabulou"}, {"rezitu", "Récitou"}, {"fragtinole", "Fractignole"}, {"zybalinne", "Zibaline"},
		{"vocaprile", "Vocabrille"}, {"devnouhce", "Devinouche"}, {"stoyrwik", "Storywick"}, {"pgaewern", "Pagewren"},
		{"nugaibsu", "Nuagibus"}, {"conjugarou", "Conjugaroo"},
		// As it sounds.
		{"filoquette", "Philoquette"}, {"philokete", "Philoquette"}, {"resirouette", "Respirouette"},
		{"shiffrelune", "Chiffrelune"}, {"jéomirel", "Géomirelle"}, {"diktarronde", "Dictaronde"}, {"gribousel", "Gribouzelle"},
		{"respirouaite", "Respirouette"}, {"kap bousole", "Cap Boussole"}, {"labozeen", "Labozine"}, {"nuajibusse", "Nuagibus"},
		{"kafé sintax", "Café Syntaxe"}, {"tabouloo", "Tabulou"},
		// Words in any order, too many, too few, cut elsewhere.
		{"syntaxe café", "Café Syntaxe"}, {"books beaver", "Brave Beaver Books"}, {"beaver", "Brave Beaver Books"},
		{"histoires pont", "Pont des Histoires"}, {"tabulou pour les maths", "Tabulou"}, {"l’application tabulou", "Tabulou"},
		{"tabu lou", "Tabulou"}, {"jeu de maths tabulu", "Tabulou"}, {"boussole", "Cap Boussole"}, {"classe dodu", "Class Dodu"},
		{"recitou lectrue", "Récitou"}, {"bbb", "Brave Beaver Books"}, {"volcan", "Boîte à Volcans"},
		{"bricolune", "Tabulou"}, {"récitou - voix du nord", "Récitou"},
	}
	for _, c := range cases {
		t.Run(c.typed, func(t *testing.T) {
			hits := newQuery(c.typed).among(platforms, nil)
			hits = hits[:min(3, len(hits))]
			if !slices.ContainsFunc(hits, func(h Hit) bool { return h.Platform.Name == c.want }) {
				t.Errorf("Search(%q): %s, want %s in the first three", c.typed, names(hits), c.want)
			}
		})
	}
}

func names(hits []Hit) string {
	var out []string
	for _, h := range hits {
		out = append(out, fmt.Sprintf("%s %.2f %s", h.Platform.Name, h.Score, h.Why))
	}
	return "[" + strings.Join(out, ", ") + "]"
}

func TestSearchFindsNothing(t *testing.T) {
	for _, typed := range []string{"", "  ", "?!", "xyzzy", "mathématiques", "qqqqqqqq", "windmill", "le", "photosynthèse en 6e année"} {
		if hits := newQuery(typed).among(shelf(), nil); len(hits) != 0 {
			t.Errorf("Search(%q): %s, want nothing", typed, names(hits))
		}
	}
}

func TestSearchPutsTheSameNameFirst(t *testing.T) {
	for _, p := range shelf() {
		hits := newQuery(p.Name).among(shelf(), nil)
		if len(hits) == 0 || hits[0].Platform.Name != p.Name || hits[0].Score != 1 {
			t.Errorf("Search(%q): %s", p.Name, names(hits))
		}
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		typed, name string
		most        int
	}{
		{"abcd", "abcd", 0}, {"abdc", "abcd", 8}, {"abd", "abcd", 10}, {"abbcd", "abcd", 3}, {"syntaxe", "sintaxe", 3},
		{"casa", "caza", 3}, {"rame", "tame", 7},
	} {
		if whole, _ := distance([]rune(c.typed), []rune(c.name), 30); whole != c.most {
			t.Errorf("distance(%s, %s): %d, want %d", c.typed, c.name, whole, c.most)
		}
	}
	if whole, start := distance([]rune("gribx"), []rune("gribouzelle"), 20); start > slip || whole <= 20 {
		t.Errorf("distance of a beginning: %d whole, %d start", whole, start)
	}
}

func TestSound(t *testing.T) {
	for _, c := range []struct{ a, b string }{
		{"philoquette", "filokete"}, {"chapeau", "chapo"}, {"syntaxe", "sintakse"}, {"aller", "alle"},
		{"geomirelle", "jeomirel"}, {"voix", "voi"}, {"bateaux", "bato"},
	} {
		if sound(c.a) != sound(c.b) {
			t.Errorf("sound(%s) = %s, sound(%s) = %s", c.a, sound(c.a), c.b, sound(c.b))
		}
	}
}

func BenchmarkSearch2000(b *testing.B) {
	var platforms []Platform
	parts := strings.Fields("ta bu lou zi ba line plu ma rel re ci tou la bo zine frac ti gnole geo mi relle")
	for i := range 2000 {
		name := parts[i%len(parts)] + parts[i/7%len(parts)] + parts[i/31%len(parts)] + parts[i/211%len(parts)]
		platforms = append(platforms, Platform{ID: ID(fmt.Sprint(i)), Draft: Draft{Name: name, Vendor: "Atelier " + parts[i%5],
			SummaryFr: "Pratiquer les fractions avec des jeux courts et voir ses progrès.",
			SummaryEn: "Practise fractions with short games and see progress.",
			Aliases:   []string{name + " junior"}, Domains: []string{name + ".example"}}})
	}
	for _, typed := range []string{"tabu", "tabulouzi", "pratiquer les fractions", "introuvable"} {
		b.Run(typed, func(b *testing.B) {
			for b.Loop() {
				newQuery(typed).among(platforms, nil)
			}
		})
	}
}
