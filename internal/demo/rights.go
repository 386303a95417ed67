package demo

import (
	"context"

	"aval/internal/catalogue"
	"aval/internal/db"
	"aval/internal/person"
	"aval/internal/rights"
)

// rights plans what people ask of the board, what it tells them and what they consent
// to: a request that was answered, one to answer, the confidentiality policy, and the
// answers of two families.
func (t *teller) rights() {
	c := &course{teller: t}
	officer, service := t.people["privacy_officer"], t.a.Rights
	var first, policy rights.ID
	c.on(71, 10, "request of rights", func(ctx context.Context) error {
		r, err := service.Enter(ctx, officer, rights.Request{Kind: rights.Correction, ReceivedOn: c.date(72), Private: rights.Private{
			Asker: "Personne inventée pour la démonstration", About: "Un ancien membre du personnel", Wanted: "Corriger l’adresse gardée au dossier."}})
		first = r.ID
		return err
	})
	c.on(60, 9, "request of rights answered", func(ctx context.Context) error {
		_, err := service.Answer(ctx, officer, first, rights.Answer{Outcome: "granted", On: c.date(60)})
		return err
	})
	c.on(9, 9, "request of rights", func(ctx context.Context) error {
		_, err := service.Enter(ctx, officer, rights.Request{Kind: rights.Access, ReceivedOn: c.date(10), Private: rights.Private{
			Asker: "Personne inventée pour la démonstration", About: "Son enfant, au primaire", Wanted: "Voir ce que les plateformes gardent."}})
		return err
	})
	c.on(58, 10, "confidentiality policy begun", func(ctx context.Context) error {
		n, err := service.Begin(ctx, officer, rights.Confidentiality, "")
		if err != nil {
			return err
		}
		policy = n.ID
		text := rights.NoticeText{Fields: n.Fields}
		for name, w := range policyTexts {
			text.Fields[name] = w
		}
		_, err = service.Write(ctx, officer, n.ID, text, n.Version)
		return err
	})
	c.on(57, 11, "confidentiality policy published", func(ctx context.Context) error {
		_, err := service.Publish(ctx, officer, policy)
		return err
	})
	(&course{teller: t}).consents()
}

// policyTexts are what aval does not know of the board, in both languages.
var policyTexts = map[string]rights.Words{
	"pi_description":  {Fr: "Nom, niveau et groupe des élèves; nom et fonction du personnel.", En: "Students’ name, grade and class; staff members’ name and duties."},
	"purposes":        {Fr: "Donner accès aux plateformes approuvées et suivre ce que la politique demande.", En: "To give access to approved platforms and follow what the policy asks."},
	"internal_access": {Fr: "L’enseignant de l’élève, la direction de son école et le service qui évalue les plateformes.", En: "The student’s teacher, the principal of their school and the service that evaluates platforms."},
	"means":           {Fr: "Le fichier des élèves, et ce que le personnel saisit.", En: "The roster, and what staff members type."},
	"refusal":         {Fr: "Écrivez au responsable; l’élève fait alors une autre activité.", En: "Write to the person in charge; the student then does another activity."},
	"consult":         {Fr: "Aucun moyen en ligne : écrivez au responsable.", En: "No means online: write to the person in charge."},
	"rights":          {Fr: "Vous pouvez voir et faire corriger vos renseignements : Secrétariat général, poste 2140.", En: "You may see your information and have it corrected: Secretary General, extension 2140."},
	"third_parties":   {Fr: "Les fournisseurs des plateformes approuvées, pour l’usage décrit au catalogue.", En: "The vendors of approved platforms, for the use described in the catalogue."},
	"outside_quebec":  {Fr: "Le catalogue dit où chaque plateforme garde les renseignements.", En: "The catalogue says where each platform keeps the information."},
	"complaint":       {Fr: "Écrivez au Secrétariat général, qui répond par écrit.", En: "Write to the Secretary General, who answers in writing."},
}

// consents plans the answers of two families of a class about one platform.
func (c *course) consents() {
	c.on(30, 10, "consents", func(ctx context.Context) error {
		var pupils []person.Person
		var platform catalogue.Platform
		if err := c.a.DB.Read(ctx, c.operator.Board, func(ctx context.Context, tx *db.Tx) (err error) {
			if pupils, err = person.InClass(ctx, tx, c.people["teacher"].Classes[0]); err != nil {
				return err
			}
			platform, _, err = catalogue.FindByName(ctx, tx, "Plumarel", "")
			return err
		}); err != nil {
			return err
		}
		for i, answer := range []string{"yes", "no"} {
			t := rights.Consenting{Pupil: pupils[i].ID, Platform: string(platform.ID), Purpose: "Faire entendre sa lecture à son enseignante", Instrument: "privacy",
				Answer: answer, Band: "0", Capacity: "parent", Signer: "Parent inventé pour la démonstration", Method: "paper", TextVersion: "Formulaire A, 2026",
				GivenOn: c.date(30)}
			if answer == "yes" {
				t.ExpiresOn = c.date(-200)
			} else {
				t.Alternative = "L’élève lit à voix haute à son enseignante."
			}
			if _, err := c.a.Rights.Consent(ctx, c.people["privacy_officer"], t); err != nil {
				return err
			}
		}
		_, err := c.a.Rights.Choose(ctx, c.people["privacy_officer"], rights.Basis{Platform: platform.ID, Basis: "consent"})
		return err
	})
}
