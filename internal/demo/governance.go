package demo

import (
	"context"
	"strings"
	"time"

	"aval/internal/governance"
)

// signed stands for the signed text of the policy.
const signed = "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n" +
	"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]>>endobj\n" +
	"trailer<</Root 1 0 R>>\n%%EOF\n"

// acts are what those who govern did, days ago.
var acts = []struct {
	ago int
	act governance.Act
}{
	{88, governance.Act{Kind: "officer", Who: "La personne qui dirige le secrétariat général", Reference: "CC-2026-118",
		Note: "La direction générale lui confie par écrit la protection des renseignements personnels."}},
	{86, governance.Act{Kind: "member", Who: "Secrétariat général, présidence", Reference: "CC-2026-119"}},
	{86, governance.Act{Kind: "member", Who: "Direction de l’apprentissage numérique", Reference: "CC-2026-119"}},
	{86, governance.Act{Kind: "member", Who: "Service des TI, sécurité de l’information", Reference: "CC-2026-119"}},
	{74, governance.Act{Kind: "schedule", Reference: "Calendrier de 2013, règles 04-210 et 04-340"}},
	{60, governance.Act{Kind: "meeting", Who: "Trois membres", Note: "Deux plateformes de lecture examinées; rien à redire sur la première."}},
	{59, governance.Act{Kind: "opinion", Note: "Le comité recommande d’exiger un serveur au Canada pour tout outil qui garde des textes d’élèves."}},
	{33, governance.Act{Kind: "review", Who: "Direction de l’apprentissage numérique", Note: "Relue avec le comité; aucun changement proposé au conseil."}},
}

// governance plans what stands around the policy: its signed text, an
// interpretation, the acts of those who govern, one whose next is overdue.
func (t *teller) governance() {
	c := &course{teller: t}
	director, secretary := t.people["evaluation_director"], t.people["secretary"]
	c.on(89, 9, "official text", func(ctx context.Context) error {
		_, err := t.a.Governance.KeepOfficial(ctx, secretary, governance.Official{Label: "EC 2023-233", Lang: "fr", InForceOn: "2023-06-08"},
			"2.1 3\n2.2b 4\n3.3a 7\n4.1 9", governance.Upload{Name: "politique-signee.pdf", Content: strings.NewReader(signed)})
		return err
	})
	for _, planned := range acts {
		c.on(planned.ago, 10, "act of those who govern", func(ctx context.Context) error {
			planned.act.On = t.date(planned.ago)
			_, err := t.a.Governance.Record(ctx, secretary, planned.act, governance.Upload{})
			return err
		})
	}
	c.on(32, 11, "review of security", func(ctx context.Context) error {
		_, err := t.a.Governance.Record(ctx, t.people["privacy_officer"], governance.Act{Kind: "security", On: t.date(400),
			Note: "Accès des anciens employés retirés; copies de secours essayées."}, governance.Upload{})
		return err
	})
	c.on(30, 14, "interpretation", func(ctx context.Context) error {
		_, err := t.a.Governance.Interpret(ctx, director, governance.Interpretation{Clause: "2.1", GivenOn: t.date(30),
			QuestionFr: "Faut-il une demande pour un site que la classe consulte sans compte?", QuestionEn: "Is a request needed for a site that the class reads without an account?",
			AnswerFr: "Non, si aucun élève n’y entre de renseignement et qu’on n’y voit pas de publicité ciblée. Sinon, oui.",
			AnswerEn: "No, if no student enters information there and it shows no targeted advertising. Otherwise, yes."}, "")
		return err
	})
	c.on(29, 9, "attestation", func(ctx context.Context) error {
		_, err := t.a.Governance.Attest(ctx, director, governance.Attestation{Year: governance.Attestable(t.at.Format(time.DateOnly))[0],
			Exceptions: "Deux outils d’essai ont servi à l’automne avant la fin de leur évaluation."})
		return err
	})
}
