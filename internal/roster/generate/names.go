package generate

// The names are put together from invented pieces, in the manner of the three
// languages of instruction. They are nobody's.

var given = map[string][]string{
	"fr": {
		"Alizéa", "Bastien", "Clorinde", "Doriane", "Édouin", "Florimond", "Gaëlla", "Hélori", "Isaline", "Jovien",
		"Léopoldine", "Mahaut", "Nolwen", "Océlie", "Perrine", "Quentelle", "Romarin", "Solveige", "Thélio", "Ursanne",
		"Valmont", "Wilhelma", "Yvanelle", "Zéphirin", "Amandor", "Brunelle", "Célimène", "Désirance", "Eudoxie", "Fabiola",
	},
	"en": {
		"Aldric", "Bryony", "Corbin", "Delphia", "Ellowyn", "Fenwick", "Greta", "Harlan", "Ivory", "Jessamy",
		"Kendrick", "Linnet", "Merrin", "Nerida", "Orson", "Posy", "Quillon", "Rowena", "Sorrel", "Tamsin",
		"Upton", "Verity", "Wilder", "Xanthe", "Yarrow", "Zinnia", "Ansel", "Briar", "Clover", "Dunstan",
	},
	"cr": {
		"Wapush", "Niskesh", "Mikwan", "Pipunesh", "Siipii", "Tapwesh", "Nipiish", "Wastaw", "Kaanuk", "Mashtaan",
		"Uschinish", "Piyesh", "Atimush", "Chiyaan", "Maskush", "Nuutaam", "Shaapesh", "Wiipun", "Aniskesh", "Kuunesh",
		"Miinesh", "Pisimush", "Taanis", "Waaskan", "Iskuutesh", "Minish", "Nataaw", "Pakush", "Sakaan", "Yuutin",
	},
}

var familyHead = map[string][]string{
	"fr": {"Beau", "Clair", "Mont", "Font", "Val", "Roche", "Boisse", "Belle", "Haute", "Franc", "Grand", "Neuve"},
	"en": {"Ash", "Birch", "Stone", "Loon", "Frost", "Hazel", "Marsh", "Thistle", "Raven", "Willow", "Amber", "Cinder"},
	"cr": {"Wapi", "Miski", "Niska", "Atihka", "Shiwa", "Kapa", "Nuta", "Mista", "Pishu", "Wasa", "Chisha", "Tipi"},
}

var familyTail = map[string][]string{
	"fr": {"maraise", "rivette", "lunaire", "champot", "brisac", "nouet", "saulaie", "pinard", "gerbeau", "loutrin", "vernois", "quenard"},
	"en": {"wickett", "meredale", "holtby", "combeley", "thwaiter", "garrick", "lockley", "fernby", "strander", "mossop", "burrell", "tarnley"},
	"cr": {"kanesh", "napuut", "shkumin", "teshuk", "mushkan", "winaat", "panush", "shiishuk", "kushaan", "tanuut", "pimesh", "wataau"},
}

// place is one community: its school, the language of instruction, its sector.
type place struct {
	name, language, sector string
}

var places = []place{
	{"École Kapashtin", "fr", "youth"},
	{"École Miskwanu", "fr", "youth"},
	{"École Atikush", "fr", "youth"},
	{"Wiyashkun School", "en", "youth"},
	{"Shiyapun School", "en", "youth"},
	{"Wapunesh School", "en", "youth"},
	{"Nutamesh Chiskutamaachewin", "cr", "youth"},
	{"Apishtakw Chiskutamaachewin", "cr", "youth"},
	{"Centre d’éducation des adultes Tishiwan", "fr", "other"},
}

// service is a department and how many professionals work there.
type service struct {
	name        string
	underDeputy bool
	staff       int
}

var services = []service{
	{"Service de l’apprentissage numérique", true, 5},
	{"Services éducatifs", true, 6},
	{"Services aux élèves", true, 4},
	{"Service des programmes cris", true, 4},
	{"Service des technologies de l’information", false, 5},
	{"Service des ressources matérielles", false, 3},
	{"Secrétariat général", false, 2},
}

// subject is a course in the language of the school.
type subject struct {
	code, fr, en, cr string
}

func (s subject) in(language string) string {
	switch language {
	case "fr":
		return s.fr
	case "cr":
		return s.cr
	}
	return s.en
}

var homeroom = subject{"TIT", "Titulariat", "Homeroom", "Homeroom"}

// primary subjects: the first two are the homeroom teacher's.
var primary = []subject{
	{"LAN", "Langue d’enseignement", "Language of instruction", "Iiyiyuu ayimuwin"},
	{"MAT", "Mathématique", "Mathematics", "Mathematics"},
	{"LA2", "Langue seconde", "Second language", "Second language"},
	{"EPS", "Éducation physique", "Physical education", "Physical education"},
}

var secondary = []subject{
	{"LAN", "Langue d’enseignement", "Language of instruction", "Iiyiyuu ayimuwin"},
	{"MAT", "Mathématique", "Mathematics", "Mathematics"},
	{"SCT", "Science et technologie", "Science and technology", "Science and technology"},
	{"LA2", "Langue seconde", "Second language", "Second language"},
	{"HIS", "Histoire", "History", "Iiyiyuu history"},
	{"ART", "Arts", "Arts", "Arts"},
	{"EPS", "Éducation physique", "Physical education", "Physical education"},
}

var adult = []subject{
	{"FRA", "Français", "French", "French"},
	{"MAT", "Mathématique", "Mathematics", "Mathematics"},
	{"INF", "Informatique", "Computing", "Computing"},
}
