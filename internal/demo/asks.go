package demo

import (
	"aval/internal/decision"
	"aval/internal/licence"
)

// asks are the requests of ten months, each with what becomes of it.
var asks = []ask{
	// Decided.
	{
		platform: "Tabulou", by: "department_head", ago: 298, pace: [5]int{0, 3, 19, 5, 4}, ends: received, cents: 640000, pupils: 1900,
		usage: "Dix minutes par jour, de la 2e à la 6e année, pour automatiser les tables. Chaque élève avance à son rythme et l’enseignant voit les tables à reprendre.",
		data:  []string{"first_name", "grade", "results"}, weak: []string{"3.2.9"}, aside: []string{"3.2.12"},
		use:  approved("Les séances sont courtes, conformes à la progression des apprentissages, et l’essai mené dans quatre classes a été concluant."),
		safe: approved("Les données restent au Québec, un prénom suffit, et les comptes inactifs sont effacés au bout d’un an."),
	},
	{
		platform: "Classavoine", by: "department_head", ago: 291, pace: [5]int{0, 2, 34, 8, 3}, ends: received, cents: 1850000, pupils: 4300, split: true,
		usage: "Un même endroit pour les plans de travail, la remise des travaux et les messages aux groupes, dans toutes les écoles de la commission.",
		data:  []string{"full_name", "email", "grade", "free_text"}, weak: []string{"3.2.6", "3.2.8"},
		use:  approved("Elle remplace trois outils dispersés. Le soutien répond en français et en anglais le jour même."),
		safe: approved("L’hébergement est au Québec, sauvegardes comprises. Le chiffrement et la journalisation ont été démontrés."),
	},
	{
		platform: "Plumarel", by: "teacher", ago: 270, pace: [5]int{2, 3, 21, 6, 2}, ends: received, cents: 32000, classes: 2,
		usage: "Les élèves planifient, rédigent et révisent un texte par étape. Je commente dans la marge et ils publient un recueil en juin.",
		data:  []string{"first_name", "free_text"}, second: true, weak: []string{"3.2.8"}, aside: []string{"3.2.9"}, joins: []string{"teacher_2"},
		use:  approved("La démarche d’écriture suit le programme et la rétroaction se donne au fil du texte."),
		safe: approved("Hébergée au Québec. Les textes appartiennent à l’élève et s’effacent à la fin de l’année."),
	},
	{
		platform: "Récitou", by: "professional", ago: 262, pace: [5]int{4, 5, 26, 9, 6}, ends: received, cents: 18000, pupils: 40,
		usage: "En orthopédagogie, l’élève s’enregistre en lisant, s’écoute et choisit la lecture qu’il veut me faire entendre.",
		data:  []string{"first_name", "voice", "results"}, weak: []string{"3.3c"}, aside: []string{"3.2.9", "3.2.12"},
		use: approved("L’élève entend ses propres progrès, et l’orthopédagogue dispose d’enregistrements comparables d’un mois à l’autre."),
		safe: conditional("La voix d’un enfant est un renseignement sensible. Le service la garde au Québec, mais plus longtemps que nécessaire par défaut.",
			"Régler l’effacement des enregistrements à 60 jours.", "Ne pas inscrire le nom de famille de l’élève."),
	},
	{
		platform: "Labozine", by: "teacher_4", en: true, ago: 247, pace: [5]int{3, 4, 28, 7, 5}, ends: received, cents: 54000, classes: 3,
		usage: "Grade 9 and 10 science: we run in simulation what we cannot run at the bench, then compare with our own measurements in a lab notebook.",
		data:  []string{"pseudonym", "results"}, split: true, weak: []string{"3.2.3"}, aside: []string{"3.2.9"},
		use: approved("The simulations follow the science program and leave room for pupils to be wrong and try again."),
		safe: conditional("Servers are in Canada, outside Québec. A pseudonym is enough, so little would be lost by a leak.",
			"Create pupils’ accounts with pseudonyms only."),
	},
	{
		platform: "Zibaline", by: "teacher_2", ago: 236, pace: [5]int{2, 6, 31, 10, 3}, ends: received, cents: 27000, classes: 2,
		usage: "Des défis de calcul en direct, le vendredi, où deux élèves répondent ensemble. Le tableau du groupe m’aide à former les sous-groupes.",
		data:  []string{"full_name", "results", "cookies"}, weak: []string{"3.2.3"}, unmet: []string{"3.3b", "3.3e"},
		use:     approved("Les élèves s’y engagent volontiers et le suivi du groupe est clair."),
		safe:    no("Les données quittent le pays, des régies publicitaires déposent des témoins, et une plateforme approuvée au Québec couvre les mêmes fonctions."),
		because: []string{"data_abroad", "tracking", "equivalent"},
	},
	{
		platform: "Cartolane", by: "professional_2", ago: 224, pace: [5]int{1, 2, 15, 4, 3}, ends: received, cents: 210000, pupils: 3000,
		usage: "L’atlas servira aux cours de géographie du primaire et du secondaire, avec des cartes du territoire que les classes annotent.",
		data:  []string{"none"}, second: true, aside: []string{"3.2.8", "3.2.9", "3.2.12"},
		use:  approved("Les cartes du Nord sont à jour et annotables. Rien de ce que nous avons déjà n’en fait autant."),
		safe: approved("Aucun compte d’élève n’est nécessaire et rien n’est recueilli."),
	},
	{
		platform: "Conjugaroo", by: "teacher_5", en: true, ago: 205, pace: [5]int{3, 5, 24, 6, 4}, ends: received, cents: 15000, classes: 2,
		usage: "Short verb games at the end of the French second language period, in pairs, on the class tablets.",
		data:  []string{"pseudonym", "results"}, weak: []string{"3.2.8", "3.3e"}, unmet: []string{"3.2.1", "3.2.10"},
		use: no("Half of the verbs it drills are not in the program of these grades, and three approved platforms do the same for less."),
		safe: conditional("Servers are outside Canada. Nothing but a pseudonym is kept, and cookies can be turned off.",
			"Turn off the audience measurement cookies.", "Use pseudonyms only."),
	},
	{
		platform: "Kivudoc", by: "principal_2", en: true, ago: 193, pace: [5]int{0, 4, 41, 12, 7}, ends: received, cents: 96000, pupils: 480, split: true,
		usage: "One suite for pupils’ documents and presentations from Grade 5 on, shared with their teachers.",
		data:  []string{"full_name", "email", "free_text", "device"}, weak: []string{"3.2.3", "3.2.9"}, unmet: []string{"3.3b", "3.3c"},
		use:     approved("Pupils find their way alone, and it runs on the laptops that the school has."),
		because: []string{"data_abroad", "vendor_terms"},
		safe:    no("Pupils’ work is kept outside Canada under terms that let the vendor train its products on it. The learning management system in place already takes in documents."),
	},
	{
		platform: "Chiffrevent", by: "teacher_2", ago: 181, pace: [5]int{1, 3, 17, 4, 2}, ends: received, cents: 12500, classes: 2,
		usage: "Problèmes à étapes qui s’ajustent à l’élève, deux fois par semaine, en ateliers de mathématique.",
		data:  []string{"first_name", "results"}, second: true, weak: []string{"3.2.9"},
		use:  approved("Les problèmes sont variés, bien gradués, et l’ajustement est expliqué à l’enseignant."),
		safe: approved("Hébergée au Québec, avec le prénom pour seul renseignement."),
	},
	{
		platform: "Pagewren", by: "teacher_3", en: true, ago: 172, pace: [5]int{2, 7, 22, 9, 5}, ends: received, cents: 38000, classes: 2, joins: []string{"teacher_4"},
		usage: "Guided reading: each group gets its own shelf, and pupils who need it have the book read aloud to them.",
		data:  []string{"first_name", "grade", "results"}, weak: []string{"3.2.3", "3.3e"},
		use: approved("The shelves fit the reading levels that teachers use, and the read-aloud voice is good."),
		safe: conditional("Servers are in Ontario. One third party measures the audience.",
			"Refuse the audience cookie in the school’s settings."),
	},
	{
		platform: "Boréaphone", by: "teacher_5", en: true, ago: 160, pace: [5]int{1, 2, 13, 3, 2}, ends: received, cents: 20000, classes: 3,
		usage: "Pupils record words and short stories in Cree with elders, and the class builds its own sound dictionary.",
		data:  []string{"first_name", "voice"}, aside: []string{"3.2.12"},
		use:  approved("It is the only platform in the catalogue that serves the language of the school, and the community keeps the recordings."),
		safe: approved("Recordings rest in Québec, belong to the school, and leave no trace with the vendor."),
	},
	{
		platform: "Ditokaï", by: "professional", ago: 149, pace: [5]int{5, 4, 20, 8, 4}, ends: received, cents: 45000, pupils: 25,
		usage: "Pour les élèves dyslexiques : lecture à voix haute des textes et prédiction de mots pendant l’écriture.",
		data:  []string{"pseudonym", "health"}, split: true, weak: []string{"3.2.5"}, aside: []string{"3.2.7", "3.2.9"},
		use: approved("Les voix sont naturelles et l’aide à l’écriture suit le vocabulaire de la classe."),
		safe: conditional("Le Québec n’est pas offert; les serveurs sont en Ontario. Un plan d’intervention ne doit jamais y être joint.",
			"Ne joindre aucun plan d’intervention.", "N’utiliser que des pseudonymes."),
	},
	{
		platform: "Codecabane", by: "teacher", ago: 131, pace: [5]int{2, 3, 18, 5, 3}, ends: received, classes: 2,
		usage: "Premiers programmes par blocs, en sous-groupes, puis passage au texte pour ceux qui le veulent.",
		data:  []string{"pseudonym"}, weak: []string{"3.2.9"}, aside: []string{"3.2.12"},
		use:  approved("Gratuite, en français, et le passage des blocs au texte est bien mené."),
		safe: approved("Hébergée au Québec. Un pseudonyme suffit."),
	},
	{
		platform: "Livrophare", by: "professional_2", ago: 118, pace: [5]int{1, 4, 16, 6, 5}, ends: received, cents: 480000, pupils: 4300,
		usage: "La bibliothèque numérique de toutes les écoles, avec des sélections par cycle préparées par les bibliothécaires.",
		data:  []string{"first_name", "grade"}, second: true, weak: []string{"3.2.8"}, aside: []string{"3.2.7"},
		use:  approved("Le fonds jeunesse est riche, dans les langues d’enseignement, et le prêt hors ligne sert les élèves mal branchés."),
		safe: approved("Hébergée au Québec. L’historique de lecture n’est pas gardé."),
	},
	{
		platform: "Gribouzelle", by: "teacher", ago: 96, pace: [5]int{3, 5, 29, 7, 3}, ends: received, cents: 16000, classes: 2,
		usage: "Dessins animés image par image en arts plastiques, avec une exposition virtuelle pour les familles en fin d’étape.",
		data:  []string{"first_name", "photo"}, weak: []string{"3.3e"}, unmet: []string{"3.2.4", "3.2.10"},
		use: no("Chaque élève y suit le même parcours, et l’outil de dessin déjà approuvé fait l’essentiel sans frais."),
		safe: conditional("Les serveurs sont en Ontario et une mesure d’audience peut être refusée.",
			"Refuser les témoins de mesure.", "Ne publier aucun visage."),
	},
	{
		platform: "Evalorme", by: "principal", ago: 84, pace: [5]int{0, 3, 23, 6, 4}, ends: received, cents: 72000, pupils: 520, split: true,
		usage: "Des épreuves communes par niveau, corrigées ensemble, et un portrait des apprentissages à chaque étape.",
		data:  []string{"full_name", "grade", "results"}, weak: []string{"3.2.8", "3.3c"},
		use: approved("Les équipes-niveaux s’entendent sur les mêmes critères, et le portrait se lit d’un coup d’œil."),
		safe: conditional("Hébergée au Québec. La double authentification existe mais n’est pas imposée.",
			"Imposer la double authentification au personnel."),
	},
	{
		platform: "Vocabrille", by: "teacher_5", en: true, ago: 71, pace: [5]int{2, 3, 14, 5, 6}, ends: received, cents: 9000, classes: 2,
		usage: "Word cards that pupils make themselves, in three languages, reviewed a few minutes a day.",
		data:  []string{"pseudonym", "results"}, second: true, weak: []string{"3.2.9"},
		use:  approved("Pupils make their own cards, so the words are those of the class."),
		safe: approved("Kept in Québec under a pseudonym."),
	},
	{
		platform: "Robotruche", by: "teacher_4", en: true, ago: 58, pace: [5]int{4, 3, 25, 8, 0}, ends: decided, cents: 88000, classes: 3,
		usage: "Teams program a virtual hive of robots before they touch the real ones, so that every pupil has had a turn.",
		data:  []string{"pseudonym", "device"}, weak: []string{"3.2.6", "3.3c"},
		use: approved("Pupils test safely, then build: the unit on technology gains weeks."),
		safe: conditional("Servers are in Canada. The application asks for device identifiers that it does not need.",
			"Turn off device identifiers before the first lesson."),
	},
	{
		platform: "Camp Clavier", by: "teacher_3", en: true, ago: 44, pace: [5]int{1, 2, 15, 4, 0}, ends: decided, cents: 11000, classes: 1,
		usage: "Ten minutes of keyboarding, three mornings a week, until every pupil types without looking.",
		data:  []string{"first_name", "results"}, second: true, weak: []string{"3.2.4"}, aside: []string{"3.2.9"},
		use:  approved("Plain, quick, and it works on the school’s oldest laptops."),
		safe: approved("Kept in Québec; accounts clear themselves in July."),
	},
	{
		platform: "Jardin Virgule", by: "teacher_2", ago: 39, pace: [5]int{2, 3, 17, 5, 0}, ends: decided, cents: 14000, classes: 2,
		usage: "Un jardin qui pousse à chaque phrase bien ponctuée. Je l’emploierai en entrée de période, un quart d’heure.",
		data:  []string{"first_name", "results"}, weak: []string{"3.2.9"}, aside: []string{"3.2.12"},
		use:  approved("Les phrases s’ajustent vite et l’élève voit pourquoi il s’est trompé."),
		safe: approved("Hébergée au Québec, sans tiers."),
	},

	// Waiting for the director.
	{
		platform: "Rubricane", by: "teacher_4", en: true, ago: 33, pace: [5]int{2, 3, 20}, ends: evaluated, cents: 26000, classes: 2,
		usage: "Rubrics shared with pupils before the task, and comments tied to each criterion when the work comes back.",
		data:  []string{"full_name", "results", "free_text"}, split: true, weak: []string{"3.2.3", "3.3c"},
		use: approved(""), safe: conditional(""),
	},
	{
		platform: "Patchefeuille", by: "teacher", ago: 30, pace: [5]int{1, 4, 18}, ends: evaluated, cents: 19000, classes: 2,
		usage: "Un mur où les élèves épinglent leurs idées avant l’écriture, puis trient et regroupent ensemble.",
		data:  []string{"first_name", "free_text", "photo"}, half: true, weak: []string{"3.3b"}, unmet: []string{"3.3e"}, aside: []string{"3.2.8"},
		use: approved(""), safe: no(""),
	},

	// With the evaluators.
	{
		platform: "Francovole", by: "teacher", ago: 26, pace: [5]int{2, 3, 9}, ends: begun, cents: 22000, classes: 1,
		usage:   "Pour deux élèves arrivés cet automne : écouter, répéter et nommer, avec la voix transcrite à l’écran.",
		missing: "Aucune plateforme approuvée n’écrit à l’écran ce que dit un débutant.",
		data:    []string{"pseudonym", "voice"}, weak: []string{"3.2.8"}, use: approved(""), safe: approved(""),
	},
	{
		platform: "Terrabique", by: "teacher_4", en: true, ago: 21, pace: [5]int{3, 4}, ends: acknowledged, cents: 61000, classes: 2,
		usage: "Pupils raise a watershed in three dimensions and see what a dam changes upstream and down.",
		data:  []string{"pseudonym"},
	},
	{
		platform: "Studio Merlette", by: "professional", ago: 19, pace: [5]int{3, 3, 6}, ends: begun, cents: 24000, pupils: 60, second: true,
		usage: "Des capsules vidéo tournées par les élèves pour le journal de l’école, montées par équipes de trois.",
		data:  []string{"first_name", "photo", "voice"}, weak: []string{"3.2.6"}, use: approved(""), safe: approved(""),
	},
	{
		platform: "Votanou", by: "teacher_3", en: true, ago: 16, pace: [5]int{2, 3}, ends: acknowledged, classes: 1,
		usage: "Anonymous votes to open a discussion, and a quick check at the end of the lesson.",
		data:  []string{"none"},
	},

	// Authorised, on their way to the evaluators.
	{
		platform: "Tableau Mistral", by: "teacher_2", ago: 13, pace: [5]int{4}, ends: authorised, cents: 33000, classes: 2, joins: []string{"teacher", "professional"},
		usage:  "Un tableau blanc partagé pour résoudre à plusieurs : chaque équipe garde sa trace et la présente au groupe.",
		data:   []string{"first_name"},
		reason: "Deux collègues s’y joignent. L’école peut payer la moitié du coût.",
	},
	{
		platform: "Storywick", by: "teacher_3", en: true, ago: 9, pace: [5]int{3}, ends: authorised, cents: 13500, classes: 2,
		usage:   "Pupils write and draw a picture book for the kindergarten class, and read it to them in December.",
		missing: "Plumarel has no drawing, and the books must be printed.",
		data:    []string{"first_name", "free_text"},
	},

	// Waiting for the head of the school or department.
	{
		platform: "Géomirelle", by: "teacher", ago: 8, ends: submitted, cents: 17500, classes: 2,
		usage: "Construire des solides, les ouvrir et les mesurer, avant de les fabriquer en carton.",
		data:  []string{"pseudonym", "results"},
	},
	{
		platform: "Solfidou", by: "teacher_2", ago: 6, ends: submitted, cents: 8000, classes: 1, joins: []string{"professional"},
		usage: "Des jeux de rythme et de lecture des notes, en préparation du concert d’hiver.",
		data:  []string{"first_name", "results"},
	},
	{
		platform: "Rondecam", by: "teacher_4", en: true, ago: 5, ends: submitted, cents: 0, classes: 1,
		usage: "Monthly meetings with a partner class in another community, captioned for the pupils who need it.",
		data:  []string{"full_name", "photo", "voice"},
	},
	{
		platform: "Anglimousse", by: "teacher_5", en: true, ago: 4, ends: submitted, cents: 7000, classes: 2,
		usage: "Songs and chants to bring new English words, twice a week.",
		data:  []string{"pseudonym"},
	},
	{
		platform: "Plumarel", by: "teacher_3", en: true, ago: 3, ends: submitted, cents: 28000, classes: 2,
		usage: "My Grade 5 class would keep its writing notebook there, as the other school does.",
		data:  []string{"first_name", "free_text"},
	},

	// Sent back to their author.
	{
		platform: "Parlinote", by: "teacher", ago: 20, pace: [5]int{4}, ends: returned, cents: 9500, classes: 1,
		usage:  "Messages courts aux familles, traduits dans leur langue.",
		data:   []string{"family_contact"},
		reason: "Le portail de la commission envoie déjà des messages traduits. Dites en quoi il ne suffit pas, et combien de familles seraient jointes.",
	},
	{
		platform: "Tally Thicket", by: "teacher_3", en: true, ago: 17, pace: [5]int{5}, ends: returned, cents: 21000, classes: 2,
		usage:  "Number games for early finishers.",
		data:   []string{"first_name", "results"},
		reason: "Please compare it with Tabulou, which the board already pays for, before I sign.",
	},

	// Closed by the head of the school, or by their author.
	{
		platform: "Nutrikette", by: "teacher_2", ago: 142, pace: [5]int{6}, ends: refused, cents: 30000, classes: 1,
		usage:  "Un jeu sur les groupes alimentaires, pour la semaine de la nutrition.",
		data:   []string{"first_name", "health"},
		reason: "Une semaine d’usage ne justifie pas l’abonnement, et l’infirmière scolaire offre l’atelier en personne.",
	},
	{
		platform: "Quiet Comet", by: "teacher_4", en: true, ago: 88, pace: [5]int{5}, ends: refused, cents: 18000, classes: 2,
		usage:  "A noise meter with rewards for quiet classes.",
		data:   []string{"voice"},
		reason: "Recording the class all day is out of proportion with what we want from it.",
	},
	{
		platform: "Tracehorn", by: "professional", ago: 109, pace: [5]int{7}, ends: withdrawn, cents: 40000, pupils: 30,
		usage: "Un suivi des comportements par période, partagé avec l’équipe.",
		data:  []string{"full_name", "health"},
	},
	{
		platform: "Olagrelo", by: "teacher_4", en: true, ago: 64, pace: [5]int{9}, ends: withdrawn, cents: 6000, classes: 1,
		usage: "Spanish club at noon, for a dozen pupils.",
		data:  []string{"pseudonym"},
	},

	// Still on somebody's desk.
	{
		platform: "Petit Écho", by: "teacher", ago: 5, ends: drafted, classes: 1,
		usage: "Conscience phonologique au préscolaire : à essayer d’abord avec le groupe de soutien.",
		data:  []string{"first_name", "voice"},
	},
	{
		platform: "Atomicelle", by: "teacher_4", en: true, ago: 4, ends: drafted, classes: 1,
		usage: "Models of molecules that pupils can turn.",
	},
	{
		platform: "Signadelle", by: "professional", ago: 3, ends: drafted, pupils: 12,
		usage: "Premiers signes pour communiquer avec une élève sourde.",
	},
	{
		platform: "Respirouette", by: "teacher_2", ago: 2, ends: drafted,
	},
}

// licences follow decisions.
var licences = []struct {
	of, by  string // the request, as "platform author"; who records it
	ago     int
	scope   licence.Reach
	ddl     bool
	seats   int64
	cents   int64
	years   int
	schools []string // names
	grades  []string
	class   string // who teaches the class that it is for
	account licence.AccountKind
	at      string // where pupils sign in
	columns []licence.Column
	opens   bool // the accounts of its pupils
	reads   bool // the platform's program reads by itself
	told    bool // the vendor took them
}{
	{of: "Tabulou department_head", by: "evaluator", ago: 262, scope: licence.Board, ddl: true, cents: 640000, years: 2,
		account: licence.LoginName, at: "https://eleves.tabulou.example", columns: accountsFile, opens: true, told: true},
	{of: "Classavoine department_head", by: "evaluator", ago: 240, scope: licence.Board, ddl: true, cents: 1850000, years: 3, reads: true},
	{of: "Cartolane professional_2", by: "evaluator_2", ago: 196, scope: licence.Board, ddl: true, cents: 210000, years: 1,
		grades: []string{"04", "05", "06", "07"}},
	{of: "Livrophare professional_2", by: "evaluator", ago: 83, scope: licence.Board, ddl: true, seats: 800, cents: 480000, years: 1,
		schools: []string{french, english, cree}, grades: []string{"01", "02", "03", "04"}, account: licence.VendorName, at: "https://livrophare.example"},
	{of: "Plumarel teacher", by: "principal", ago: 234, scope: licence.School, seats: 120, cents: 32000, years: 1,
		grades: []string{"03", "04", "05", "06"}, account: licence.LoginName, at: "https://plumarel.example/ecole", columns: accountsFile[:3], opens: true},
	{of: "Récitou professional", by: "principal", ago: 209, scope: licence.School, seats: 40, cents: 18000, years: 1},
	{of: "Labozine teacher_4", by: "principal_2", ago: 198, scope: licence.School, seats: 90, cents: 54000, years: 1},
	{of: "Boréaphone teacher_5", by: "principal_3", ago: 138, scope: licence.School, cents: 20000, years: 2},
	{of: "Codecabane teacher", by: "principal", ago: 98, scope: licence.Class, class: "teacher", years: 1},
}

// accountsFile is how two vendors want the accounts.
var accountsFile = []licence.Column{
	{Name: "Username", Holds: licence.HoldsLogin},
	{Name: "Password", Holds: licence.HoldsPassword},
	{Name: "Class", Holds: licence.HoldsGroup},
	{Name: "Role", Holds: licence.HoldsText, Text: "student"},
}

// contests are disagreements about use: one answered, one that waits.
var contests = []struct {
	of            string
	ago, answered int
	explanation   string
	talk          string
	next          decision.NextStep
	answer        string
}{
	{
		of: "Conjugaroo teacher_5", ago: 155, answered: 141,
		explanation: "The verbs that were found outside the program are those of the school’s own second language project, which the board approved in June. We ask that the evaluation be made against that project.",
		talk:        "The director was not aware of the school’s project. Both agree that the criterion on the program was read too narrowly.",
		next:        decision.Maintain,
		answer:      "The finding on the program is withdrawn, but three approved platforms do the same for less: the decision stands. The school will try one of them until June and may ask again.",
	},
	{
		of: "Gribouzelle teacher", ago: 40,
		explanation: "L’outil de dessin déjà approuvé ne fait pas d’animation image par image, qui est au cœur de notre projet d’arts plastiques. Deux enseignants l’ont essayé sans succès pendant un mois. Nous demandons que l’usage soit réévalué avec ce projet en main.",
	},
}

// renewal is the only request that a refused security lets through (4.1 b).
var renewal = struct {
	of, text string
	ago      int
}{
	of: "Zibaline teacher_2", ago: 11,
	text: "Depuis la décision : serveurs offerts à Montréal sur demande, retrait de toutes les régies publicitaires, et comptes d’élèves sous pseudonyme.",
}

// passed is what the IT service received by mail and passed on (6.5 a).
var passed = struct {
	platform, to, note string
	ago                int
}{
	platform: "Nuagibus", to: "teacher_2", ago: 7,
	note: "Reçu au comptoir d’assistance : une enseignante de l’école voudrait installer la station météo et ses graphiques sur les portables de la classe.",
}
