package demo

import (
	"context"
	"strings"
	"time"

	"aval/internal/i18n"
	"aval/internal/incident"
)

// incidents plans two confidentiality incidents: one that a teacher told of, of
// which notice was given and which is closed, and one that is still followed.
func (t *teller) incidents() {
	(&course{teller: t}).closed()
	(&course{teller: t}).open()
}

// course is what is done about one incident, in order.
type course struct {
	*teller
	last time.Time
}

// on plans the next thing on a day so many days ago, after the one before.
func (c *course) on(ago, hour int, what string, do func(ctx context.Context) error) {
	at := c.day(ago, hour, 12)
	if !at.After(c.last) {
		at = c.last.Add(23 * time.Minute)
	}
	c.last = at
	c.events = append(c.events, event{at: at, what: what, do: do})
}

// date is that day as people write it.
func (t *teller) date(ago int) string { return t.day(ago, 12, 0).In(i18n.Zone).Format(time.DateOnly) }

func (c *course) closed() {
	var report incident.Report
	var id incident.ID
	c.on(64, 10, "incident told", func(ctx context.Context) (err error) {
		report, err = c.a.Incidents.Report(ctx, c.people["teacher"], incident.Told{NoticedOn: c.date(64), Platform: "un diaporama partagé",
			Text: "Le diaporama de la rencontre de parents, avec les prénoms et les difficultés de lecture de mon groupe, était ouvert à toute personne qui avait le lien."})
		return err
	})
	c.on(64, 14, "incident entered", func(ctx context.Context) error {
		i, err := c.a.Incidents.Open(ctx, c.people["privacy_officer"], incident.Entry{
			Kind: "access", Information: "Prénoms, niveau de lecture et mesures d’aide de 22 élèves d’un groupe.",
			Circumstances: "Un diaporama de rencontre de parents a été partagé par un lien sans restriction. Deux familles d’un autre groupe l’ont ouvert.",
			Cause:         "Le partage par défaut du fichier était « toute personne qui a le lien ».",
			From:          c.date(69), Until: c.date(64), AwareOn: c.date(64), Count: 22, Groups: []incident.Group{"students"},
			Schools: []string{c.places[french]}, Advice: "Supprimer la copie du diaporama si vous l’avez reçue, et en parler avec votre enfant s’il en a eu connaissance.",
			Contact: "Secrétariat général, protection des renseignements personnels, poste 2140",
		}, report.ID)
		id = i.ID
		return err
	})
	c.on(64, 15, "incident measure", func(ctx context.Context) error {
		_, err := c.a.Incidents.Measure(ctx, c.people["privacy_officer"], id, incident.Measure{On: c.date(64),
			Text: "Le lien est coupé et le fichier n’est plus ouvert qu’à l’équipe de l’école."}, 0)
		return err
	})
	c.on(63, 9, "incident risk", func(ctx context.Context) error {
		_, err := c.a.Incidents.Assess(ctx, c.people["privacy_officer"], id, incident.Risk{
			Sensitivity:  "Élevée : on y lit les difficultés d’enfants que leur entourage reconnaît.",
			Misuse:       "Moqueries, étiquette qui suit l’enfant à l’école.",
			Consequences: "Gêne et perte de confiance des élèves et de leurs familles.",
			Likelihood:   "Moyenne : deux familles ont ouvert le fichier et l’ont signalé.",
			Answer:       "yes", Reasons: "Les renseignements touchent aux apprentissages d’enfants et ont été lus par d’autres familles."})
		return err
	})
	for n, to := range []incident.To{incident.Commission, incident.People} {
		c.on(62, 10+n, "incident notice", func(ctx context.Context) error { return c.notify(ctx, id, to) })
	}
	c.on(55, 11, "incident measure", func(ctx context.Context) error {
		_, err := c.a.Incidents.Measure(ctx, c.people["privacy_officer"], id, incident.Measure{On: c.date(55),
			Text: "Le partage par défaut est limité à l’école; un rappel d’une page est remis à tout le personnel."}, 0)
		return err
	})
	c.on(50, 16, "incident closed", func(ctx context.Context) error {
		_, err := c.a.Incidents.Close(ctx, c.people["privacy_officer"], id,
			"Les familles ont été rencontrées par la direction; aucune copie ne reste en circulation.")
		return err
	})
}

// notify drafts a notice, completes it and sends it.
func (c *course) notify(ctx context.Context, id incident.ID, to incident.To) error {
	officer := c.people["privacy_officer"]
	n, err := c.a.Incidents.Draft(ctx, officer, id, to)
	if err != nil {
		return err
	}
	fr := n.Fr
	for _, said := range []string{"Vingt-deux.", "La direction de l’école téléphone à chaque famille, puis lui remet cet avis, le jour même.", "Aucune."} {
		fr = strings.Replace(fr, i18n.For("fr").T("incident.draft.to_complete"), said, 1)
	}
	en := "Notice of a confidentiality incident\n\nA slide show for a parents’ meeting was shared through a link that anyone could open. It showed first names, " +
		"reading levels and help measures of 22 students of one class. The link was closed the same day.\n\n" +
		"To learn more: Secretary General, privacy, extension 2140."
	if n, err = c.a.Incidents.Write(ctx, officer, id, n.ID, fr, en, n.Version); err != nil {
		return err
	}
	_, err = c.a.Incidents.Sent(ctx, officer, id, n.ID, c.date(62), "")
	return err
}

func (c *course) open() {
	var id incident.ID
	c.on(9, 13, "incident entered", func(ctx context.Context) error {
		i, err := c.a.Incidents.Open(ctx, c.people["evaluator"], incident.Entry{
			Kind: "release", Information: "Adresses de courriel scolaires et noms d’utilisateur; le fournisseur vérifie s’il y a autre chose.",
			Circumstances: "Le fournisseur nous écrit qu’un fichier de comptes d’essai est resté lisible pendant une nuit sur un de ses serveurs.",
			From:          c.date(12), DaysAbout: true, AwareOn: c.date(9), Count: 60, CountAbout: true, Groups: []incident.Group{"students", "staff"},
			Schools: []string{c.places[english]},
		}, "")
		id = i.ID
		return err
	})
	c.on(8, 9, "incident measure", func(ctx context.Context) error {
		_, err := c.a.Incidents.Measure(ctx, c.people["evaluator"], id, incident.Measure{On: c.date(8),
			Text: "Les mots de passe des comptes touchés sont remplacés."}, 0)
		return err
	})
	c.on(2, 10, "incident told", func(ctx context.Context) error {
		_, err := c.a.Incidents.Report(ctx, c.people["teacher_2"], incident.Told{NoticedOn: c.date(2),
			Text: "Une feuille de cartes de connexion est restée sur la photocopieuse de la salle du personnel pendant la récréation."})
		return err
	})
}
