package demo

import "aval/internal/evaluation"

// said is what evaluators write: by criterion, or by "location" and a rung, or
// by an aspect and a recommendation (where %s is the platform).
type said map[string]map[evaluation.Rating][]string

func rated(met, met2, partly, unmet string) map[evaluation.Rating][]string {
	return map[evaluation.Rating][]string{
		evaluation.Met: {met, met2}, evaluation.Partly: {partly}, evaluation.Unmet: {unmet},
	}
}

func summed(approve, conditions, refuse string) map[evaluation.Rating][]string {
	return map[evaluation.Rating][]string{
		evaluation.Rating(evaluation.Approve):           {approve},
		evaluation.Rating(evaluation.ApproveConditions): {conditions},
		evaluation.Rating(evaluation.Refuse):            {refuse},
	}
}

func placed(canada, elsewhere string) map[evaluation.Rating][]string {
	return map[evaluation.Rating][]string{
		evaluation.Rating(evaluation.Canada): {canada}, evaluation.Rating(evaluation.Elsewhere): {elsewhere},
	}
}

// notes are in the language of who asked.
var notes = map[string]said{
	"fr": {
		"3.2.1":    rated("Les contenus renvoient à la progression des apprentissages, cycle par cycle.", "Vérifié avec la conseillère pédagogique : tout est au programme.", "Une partie des contenus déborde du programme du cycle.", "La moitié des contenus n’est pas au programme."),
		"3.2.2":    rated("Essai avec six élèves : tous ont commencé seuls en moins de deux minutes.", "L’enseignante a préparé une première séance sans aide.", "Les élèves s’y retrouvent, l’espace de l’enseignant demande une heure de formation.", "Les élèves de l’essai se sont perdus dans les menus."),
		"3.2.3":    rated("Offerte en français; la lecture à voix haute et les contrastes sont réglables.", "Utilisable au clavier et avec un lecteur d’écran.", "L’interface est en français, mais l’aide ne l’est pas.", "Rien n’est prévu pour l’élève qui lit autrement."),
		"3.2.4":    rated("On assigne un travail par élève ou par sous-groupe.", "Trois niveaux par séance, au choix de l’enseignant.", "Les niveaux existent, mais se règlent pour le groupe entier.", "Tous les élèves suivent le même parcours."),
		"3.2.5":    rated("Capsules de formation et soutien en français le jour même.", "Un guide clair, et une personne qui répond.", "Le soutien répond en deux jours, en anglais d’abord.", "Aucune formation, et un formulaire resté sans réponse."),
		"3.2.6":    rated("Essayée sur les portables et les tablettes de l’école, aussi avec une connexion lente.", "Fonctionne dans le navigateur, sans rien installer.", "Lente sur les plus vieux portables de l’école.", "Demande du matériel que les élèves n’ont pas."),
		"3.2.7":    rated("Commentaires écrits ou enregistrés, au fil du travail.", "La rétroaction arrive à l’élève aussitôt.", "On commente le travail fini, pas celui en cours.", "L’enseignant ne peut pas répondre au travail de l’élève."),
		"3.2.8":    rated("Le niveau suit les réussites, et l’enseignant voit pourquoi.", "L’ajustement se désactive si on préfère choisir.", "L’ajustement existe, sans qu’on voie comment il se fait.", "Rien ne s’ajuste à l’élève."),
		"3.2.9":    rated("Un parent voit les travaux de son enfant, et seulement ceux-là.", "Accès des parents par invitation de l’école.", "Les parents reçoivent un résumé, sans accès.", "Un parent peut voir les prénoms des autres élèves."),
		"3.2.10":   rated("Moins de deux dollars par élève; rien d’approuvé ne fait mieux pour ce prix.", "Le coût est raisonnable pour l’usage décrit.", "Le prix par élève n’est intéressant qu’à partir de deux classes.", "Une plateforme déjà payée par la commission fait l’essentiel."),
		"3.2.11":   rated("Abonnement d’un an, sans renouvellement automatique.", "Durée au choix, avec un rappel avant l’échéance.", "Se renouvelle seule, à moins d’un avis de 30 jours.", "Engagement de trois ans sans sortie."),
		"3.2.12":   rated("Le rapport par notion sert à former les sous-groupes.", "Rapports simples, exportables.", "Les rapports comptent du temps plutôt que des apprentissages.", "Aucun rapport."),
		"3.2.13":   rated("Fournisseur en place depuis huit ans; aucun incident connu.", "Deux commissions scolaires l’emploient et la recommandent.", "Jeune entreprise, aux références encore peu nombreuses.", "Un incident de sécurité est resté sans explication."),
		"3.3a":     rated("Serveurs et copies de secours au Québec, attesté par contrat.", "Centre de données au Québec, vu dans l’attestation.", "Serveurs ailleurs au Canada; le Québec n’est pas offert.", "Serveurs hors du Canada, copies de secours comprises."),
		"3.3b":     rated("Les conditions nomment la loi du Québec et la personne à joindre.", "Entente conforme, relue avec le secrétariat général.", "Les conditions renvoient aux lois d’un autre pays; un avenant est proposé.", "Les conditions permettent la revente de données."),
		"3.3c":     rated("Le strict nécessaire, chiffré, et effacé après un an sans usage.", "Chiffrement en transit et au repos; effacement sur demande.", "L’effacement existe, mais il faut le régler.", "Des renseignements sont demandés sans nécessité et gardés sans fin."),
		"3.3d":     rated("Aucun compte de réseau social n’est demandé.", "Le partage vers les réseaux est absent.", "Le partage existe et se désactive.", "Certaines fonctions exigent un compte de réseau social."),
		"3.3e":     rated("Aucun témoin de tiers.", "Un seul témoin, celui de la session.", "Un tiers mesure l’audience; on peut le refuser.", "Des régies publicitaires déposent des témoins."),
		"A.3":      rated("Aucune séance ne s’y enregistre.", "L’enregistrement se désactive pour tout le conseil.", "L’enseignant peut enregistrer; le fichier reste à l’école.", "Les séances sont enregistrées chez le fournisseur, sans choix."),
		"use":      summed("À l’usage, %s tient ses promesses et répond au besoin décrit.", "%s répond au besoin, si l’on s’en tient à l’usage décrit.", "%s n’apporte pas assez à l’élève pour ce qu’elle demande."),
		"security": summed("Nous n’avons rien trouvé dans %s qui expose les élèves.", "%s convient, moyennant quelques réglages faits par l’école.", "%s expose les élèves plus que l’usage ne le justifie."),
		"location": placed("Le fournisseur n’offre pas l’hébergement au Québec; il s’engage à garder les données au Canada.", "Le fournisseur n’a pas de centre de données au Canada. Les équivalents approuvés ont été regardés avec l’enseignante."),
	},
	"en": {
		"3.2.1":    rated("Content refers to the program, cycle by cycle.", "Checked with the consultant: all of it is in the program.", "Part of the content lies outside the cycle’s program.", "Half of the content is not in the program of these grades."),
		"3.2.2":    rated("Tried with six pupils: all began alone within two minutes.", "The teacher prepared a first lesson without help.", "Pupils find their way; the teacher’s side takes an hour to learn.", "Pupils of the trial got lost in the menus."),
		"3.2.3":    rated("Offered in English; reading aloud and contrast can be set.", "Works from the keyboard and with a screen reader.", "In English only, while the school also teaches in another language.", "Nothing for the pupil who reads differently."),
		"3.2.4":    rated("Work is assigned by pupil or by group.", "Three levels for each activity, at the teacher’s choice.", "Levels exist, but are set for the whole class.", "Every pupil follows the same path."),
		"3.2.5":    rated("Short training videos, and support that answers the same day.", "A clear guide, and a person who answers.", "Support takes two days to answer.", "No training, and a form that nobody answered."),
		"3.2.6":    rated("Tried on the school’s laptops and tablets, also on a slow connection.", "Runs in the browser; nothing to install.", "Slow on the school’s oldest laptops.", "Needs a device that pupils do not have."),
		"3.2.7":    rated("Written or recorded comments while the work goes on.", "Feedback reaches the pupil at once.", "Finished work can be commented on, not work under way.", "The teacher cannot respond to the pupil’s work."),
		"3.2.8":    rated("The level follows what succeeds, and the teacher sees why.", "The adjustment can be turned off.", "It adjusts, but does not show how.", "Nothing adjusts to the pupil."),
		"3.2.9":    rated("Parents see their own child’s work, and no other.", "Parents come in by the school’s invitation.", "Parents get a summary, without access.", "A parent can see other pupils’ first names."),
		"3.2.10":   rated("Under two dollars a pupil; nothing approved does better at that price.", "The cost is fair for the use described.", "The price is good only from two classes up.", "Platforms already paid for do the same for less."),
		"3.2.11":   rated("One year, without automatic renewal.", "Any length, with a reminder before it ends.", "Renews by itself unless told 30 days before.", "Three years without a way out."),
		"3.2.12":   rated("The report by notion helps to form groups.", "Plain reports that can be exported.", "Reports count time rather than learning.", "No report at all."),
		"3.2.13":   rated("A vendor of eight years’ standing; no known incident.", "Two other boards use it and recommend it.", "A young company with few references yet.", "A security incident was never explained."),
		"3.3a":     rated("Servers and backups in Québec, stated in the contract.", "Data centre in Québec, seen in the attestation.", "Servers elsewhere in Canada; Québec is not offered.", "Servers outside Canada, backups included."),
		"3.3b":     rated("The terms name Québec’s law and a person in charge.", "Terms read again with the Secretary General’s office.", "The terms refer to another country’s law; an addendum is offered.", "The terms let the vendor use pupils’ work for its own products."),
		"3.3c":     rated("What is needed and no more, encrypted, cleared after a year.", "Encrypted in transit and at rest; cleared on demand.", "Clearing exists but must be set.", "More is asked than needed, and kept without end."),
		"3.3d":     rated("No social media account is asked for.", "There is no sharing to social media.", "Sharing exists and can be turned off.", "Some functions need a social media account."),
		"3.3e":     rated("No third-party cookie.", "One cookie, for the session.", "One third party measures the audience; it can be refused.", "Advertisers set cookies."),
		"A.3":      rated("No session is recorded there.", "Recording can be turned off for the whole board.", "The teacher can record; the file stays at the school.", "Sessions are recorded at the vendor’s, without a choice."),
		"use":      summed("In use, %s keeps its promises and meets the need described.", "%s meets the need, within the use described.", "%s does not bring pupils enough for what it asks."),
		"security": summed("We found nothing in %s that exposes pupils.", "%s will do, with a few settings made by the school.", "%s exposes pupils more than its use can justify."),
		"location": placed("The vendor does not offer hosting in Québec; it undertakes to keep data in Canada.", "The vendor has no data centre in Canada. The approved equivalents were looked at with the teacher."),
	},
}
