package demo

import (
	"context"
	"time"

	"aval/internal/evaluation"
	"aval/internal/i18n"
	"aval/internal/policy"
)

// beside plans what others have to do with an evaluation that is under way: a
// department gives its own judgement of one, two people write the other.
func (t *teller) beside(th *thread, ago int) {
	if th.second {
		t.then(th, ago-1, 9, "second evaluation", func(ctx context.Context) error {
			return t.a.Evaluations.AskSecond(ctx, t.people["evaluation_director"], th.request, evaluation.Security, t.people["evaluator"].ID)
		})
		return
	}
	var i evaluation.Invitation
	t.then(th, ago-1, 9, "invitation", func(ctx context.Context) (err error) {
		i, err = t.a.Evaluations.Invite(ctx, t.people["evaluator"], th.request, evaluation.Security, evaluation.Invite{Org: t.places[education],
			Criteria: []string{"3.3d", "A.3"}, DueOn: t.at.In(i18n.Zone).AddDate(0, 0, 14).Format(time.DateOnly),
			Note: "Vos conseillères l’ont essayée avec des classes : qu’ont-elles vu?"})
		return err
	})
	t.then(th, ago-2, 15, "judgement", func(ctx context.Context) error {
		_, err := t.a.Evaluations.Judge(ctx, t.people["department_head"], i.ID, evaluation.Answer{
			Conclusion: "Rien dans nos essais ne sort de la classe. Nous la recommanderions.",
			Ratings: map[string]evaluation.Judgement{"3.3d": {Rating: evaluation.Met, Note: "Aucun partage vers un réseau social."},
				"A.3": {Rating: evaluation.Partly, Note: "L’enregistrement est offert; il faut le fermer dans les réglages."}},
		}, i.Version)
		return err
	})
}

// criterion adds one of the board's own, late: the evaluations that began keep theirs.
func (t *teller) criterion() {
	t.events = append(t.events, event{at: t.day(3, 9, 20), what: "criterion", do: func(ctx context.Context) error {
		_, err := t.a.Evaluations.AddCriterion(ctx, t.people["evaluation_director"], evaluation.CriterionInput{Aspect: evaluation.Use,
			Name:     policy.Text{Fr: "Langue crie", En: "Cree language"},
			Question: policy.Text{Fr: "Que peut-on y lire ou y écrire en cri, en syllabique ou non?", En: "What can be read or written there in Cree, in syllabics or not?"}})
		return err
	}})
}
