package demo

import (
	"context"
	"strings"

	"aval/internal/catalogue"
	"aval/internal/contract"
	"aval/internal/i18n"
)

// bound are the contracts that differ from what is usual: terms accepted by a click,
// one that is over, verifications that are done or late, and a plan to leave.
var bound = map[string]struct {
	click  bool
	over   bool // since ten days
	done   contract.Topic
	due    contract.Topic // awaited since a few days ago
	leaves bool
}{
	"Tabulou":     {done: "soc2", due: "pentest", leaves: true},
	"Cartolane":   {click: true},
	"Livrophare":  {due: "subprocessors"},
	"Classavoine": {done: "mfa"},
	"Récitou":     {over: true},
}

// bind records a contract with the vendor of a platform, up to where it stands.
func (t *teller) bind(ctx context.Context, p catalogue.Platform) error {
	by, day := t.people["evaluator"], i18n.DayOf(t.at)
	terms := contract.Terms{Kind: contract.Signed, Contact: "Responsable de la protection des renseignements",
		Reference: "Contrat " + strings.ToUpper(p.Name[:3]) + "-" + day[:4], SignedOn: day, InForceOn: day, EndsOn: i18n.DayOf(t.now.AddDate(3, 0, 0))}
	if bound[p.Name].click {
		terms.Kind, terms.Reference = contract.Click, ""
	}
	c, err := t.a.Contracts.Add(ctx, by, p.ID, terms)
	if err != nil {
		return err
	}
	if _, err := t.a.Contracts.Attach(ctx, by, c.ID, contract.Attachment{Role: contract.Agreed, Name: "contrat.txt", Media: "text/plain",
		Content: strings.NewReader("Contrat de services pour " + p.Name + ".\n")}); err != nil {
		return err
	}
	items := map[string]contract.Answer{}
	for _, i := range by.Pack.Checklist() {
		items[i.Code] = contract.Answer{Where: "annexe B, page 3"}
	}
	if c, err = t.a.Contracts.Check(ctx, by, c.ID, items, c.Version); err != nil {
		return err
	}
	if c, err = t.a.Contracts.Undertake(ctx, t.people["privacy_officer"], c.ID, contract.Waived,
		"Le fournisseur n’ouvre les données à personne : elles sont chiffrées avec nos clés."); err != nil {
		return err
	}
	if c, err = t.a.Contracts.Rest(ctx, by, c.ID, contract.Mission, ""); err != nil {
		return err
	}
	if c, err = t.a.Contracts.Mitigate(ctx, by, c.ID, []contract.Mitigation{
		{Text: "Chiffrement au repos et en transit", Where: "annexe C, article 2"},
		{Text: "Noms d’élèves remplacés par un nom d’utilisateur", Where: "annexe C, article 4"}}, c.Version); err != nil {
		return err
	}
	if c, err = t.a.Contracts.Conclude(ctx, by, c.ID); err != nil {
		return err
	}
	return t.watch(ctx, c, p)
}

// watch plans the verifications of a contract, and how the board would leave.
func (t *teller) watch(ctx context.Context, c contract.Contract, p catalogue.Platform) error {
	by, of := t.people["evaluator"], bound[p.Name]
	if of.done != "" {
		k, err := t.a.Contracts.Plan(ctx, by, c.ID, of.done, i18n.DayOf(t.at.AddDate(0, 1, 0)))
		if err != nil {
			return err
		}
		if _, err := t.a.Contracts.Verify(ctx, by, c.ID, k.ID, contract.Check{DoneOn: i18n.DayOf(t.at), Result: contract.Held,
			Findings: "Rapport reçu et lu : aucune réserve."}); err != nil {
			return err
		}
	}
	if of.due != "" {
		if _, err := t.a.Contracts.Plan(ctx, by, c.ID, of.due, i18n.DayOf(t.now.AddDate(0, 0, -6))); err != nil {
			return err
		}
	}
	if !of.leaves {
		return nil
	}
	_, err := t.a.Contracts.Leave(ctx, by, c.ID, contract.Plan{Format: "CSV, un fichier par groupe", TestedOn: i18n.DayOf(t.at), NoticeDays: 90,
		Reintegration: "Les résultats reviennent au portail des bulletins.", Owner: "evaluator",
		Steps: "Prévenir les écoles.\nExporter les résultats et les relire.\nFermer les comptes.\nObtenir l’attestation de destruction."}, c.Version)
	return err
}

// part ends the contracts that are over.
func (t *teller) part(ctx context.Context) error {
	l, err := t.a.Contracts.List(ctx, t.people["evaluator"])
	if err != nil {
		return err
	}
	for _, c := range l.Contracts {
		if c.State != contract.Standing || !bound[c.Platform].over {
			continue
		}
		if _, err := t.a.Contracts.End(ctx, t.people["evaluator"], c.ID, i18n.DayOf(t.at)); err != nil {
			return err
		}
	}
	return nil
}
