package demo

import (
	"context"
	"time"

	"aval/internal/assessment"
)

// weighed is the assessment, made in aval, of the one platform hosted in Ontario that
// was approved.
var weighed = struct {
	platform string
	answers  map[string]string
	risks    []assessment.Risk
}{
	platform: "Labozine",
	answers: map[string]string{
		"audience": "Trois groupes de 3e et de 4e secondaire", "sensitivity": "low", "finality": "low", "quantity": "low",
		"distribution": "medium", "medium": "low", "depth": "short",
		"depth_reason": "Un pseudonyme et des résultats d’exercices, pour trois groupes.",
		"retention":    "Effacés le 30 juin, ou à la demande de l’école.",
		"portable":     "yes", "portable_format": "Un fichier CSV par élève, téléchargé pendant l’essai.",
		"place_hosting": "ca", "place_backup": "ca", "place_support": "qc", "place_subprocessors": "none",
		"transfer_places":      "Toronto (Ontario), pour l’hébergement et les copies de secours.",
		"transfer_sensitivity": "Faible : un pseudonyme ne dit rien à l’hébergeur.",
		"transfer_purpose":     "Offrir les simulations et garder les résultats de l’année.",
		"transfer_protections": "Chiffrement en transit et au repos; le contrat limite l’usage aux fins de la commission.",
		"transfer_law":         "La loi fédérale sur le secteur privé s’applique au fournisseur.",
		"transfer_adequate":    "yes", "transfer_reason": "Ce qui sort ne permet pas de reconnaître un élève.",
		"identifies": "no", "locates": "no", "profiles": "no",
		"public": "yes", "settings": "Partage des cahiers désactivé\nMesure d’audience désactivée", "decides_alone": "no",
		"conclusion": "Le projet peut aller de l’avant avec des pseudonymes seulement.",
	},
	risks: []assessment.Risk{
		{Text: "Un élève inscrit son vrai nom dans un cahier.", Likelihood: "possible", Consequence: "serious",
			Mitigation: "Consigne donnée au début, et vérification du premier cahier.", Owner: "evaluator"},
		{Text: "Un mot de passe circule dans un groupe.", Likelihood: "likely", Consequence: "minor", Mitigation: "Nouveau mot de passe sur demande."},
	},
}

// assess makes the assessment in aval: whole, with the committee's opinion, or only
// begun.
func (t *teller) assess(ctx context.Context, th *thread) error {
	officer := t.people["privacy_officer"]
	a, err := t.a.Assessments.Open(ctx, officer, th.request)
	if err != nil {
		return err
	}
	if th.platform != weighed.platform {
		_, err = t.a.Assessments.Write(ctx, officer, a.ID, assessment.Input{Version: a.Version,
			Answers: map[string]string{"sensitivity": "medium", "finality": "low", "quantity": "medium"}})
		return err
	}
	if _, err := t.a.Assessments.Consult(ctx, officer, a.ID, assessment.Consultation{HeldOn: t.at.AddDate(0, 0, -6).Format(time.DateOnly),
		Present: "Trois membres du comité et la personne responsable", Opinion: "Favorable, avec des pseudonymes.",
		Measures: "Vérifier les cahiers après un mois."}); err != nil {
		return err
	}
	if a, err = t.a.Assessments.Write(ctx, officer, a.ID, assessment.Input{Version: a.Version, Answers: weighed.answers, Risks: weighed.risks}); err != nil {
		return err
	}
	_, err = t.a.Assessments.Conclude(ctx, officer, a.ID, assessment.Input{Version: a.Version})
	return err
}
