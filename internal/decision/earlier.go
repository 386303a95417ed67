package decision

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"aval/internal/audit"
	"aval/internal/catalogue"
	"aval/internal/condition"
	"aval/internal/db"
	"aval/internal/i18n"
	"aval/internal/licence"
	"aval/internal/policy"
)

// Earlier is a decision that the board made before aval, as its own list had it: there
// is no request, no evaluation and no letter of ours behind it.
type Earlier struct {
	ID         string
	PlatformID catalogue.ID
	On         string // 2023-05-04
	Result     Result
	Conditions string            // one a line
	Hosting    catalogue.Hosting // empty where the list does not say
	By         string            // title of who decided, as the list says it
	Reference  string
	RecordedBy string
	RecordedAt time.Time
}

// EarlierSubject names such a decision in the trail and in the marks of controls.
func EarlierSubject(id string) string { return "earlier:" + id }

// same tells whether two say the same, whoever recorded them.
func (e Earlier) same(o Earlier) bool {
	o.ID, o.RecordedBy, o.RecordedAt = e.ID, e.RecordedBy, e.RecordedAt
	return e == o
}

// earlierColumns are those of a board's own list of decisions.
var earlierColumns = []catalogue.Column{
	{Code: "platform", Titles: []string{"plateforme", "nom", "name"}, Required: true},
	{Code: "date", Titles: []string{"date de la décision", "décidée le", "decided on", "decision date"}, Required: true},
	{Code: "result", Titles: []string{"résultat", "décision", "decision"}, Required: true},
	{Code: "conditions", Titles: []string{"condition"}},
	{Code: "hosting", Titles: []string{"hébergement", "lieu des données"}},
	{Code: "decided_by", Titles: []string{"décidée par", "décidé par", "instance", "decided by"}},
	{Code: "reference", Titles: []string{"référence", "résolution", "numéro", "resolution", "number"}},
}

// resultWords are the results as lists write them, folded.
var resultWords = map[Result][]string{
	Approved:    {"approved", "approuvee", "approuve", "oui", "yes", "acceptee", "accepted"},
	Conditional: {"conditional", "approuvee avec conditions", "approuve avec conditions", "approved with conditions", "conditionnelle", "avec conditions", "with conditions"},
	Refused:     {"refused", "refusee", "refuse", "non", "no", "rejected", "non approuvee", "not approved"},
}

var hostingWords = map[catalogue.Hosting][]string{
	catalogue.Quebec:    {"qc", "quebec", "au quebec", "in quebec"},
	catalogue.Canada:    {"ca", "canada", "ailleurs au canada", "elsewhere in canada"},
	catalogue.Elsewhere: {"elsewhere", "hors du canada", "outside canada", "ailleurs"},
}

// meant is the value that a word stands for.
func meant[T ~string](words map[T][]string, typed string) (T, bool) {
	for value, all := range words {
		if slices.Contains(all, db.Fold(typed)) {
			return value, true
		}
	}
	return "", false
}

// dayOf reads a day as lists write it: 2023-05-04, 2023/05/04, or the number that a
// spreadsheet keeps for it.
func dayOf(typed string) (string, bool) {
	typed, _, _ = strings.Cut(strings.ReplaceAll(typed, "/", "-"), " ")
	if len(typed) == 5 && strings.Trim(typed, "0123456789") == "" {
		days := 0
		for _, digit := range typed {
			days = days*10 + int(digit-'0')
		}
		return time.Date(1899, time.December, 30+days, 0, 0, 0, 0, time.UTC).Format(time.DateOnly), true
	}
	_, err := time.Parse(time.DateOnly, typed)
	return typed, err == nil
}

// The longest title and reference of an earlier decision.
const longestLine = 200

// earlierOf reads a line; what is wrong with it is noted.
func earlierOf(in *catalogue.Intake, l catalogue.Line, today string) (e Earlier) {
	var ok bool
	if e.On, ok = dayOf(l.Cells["date"]); !ok || e.On < "1990-01-01" {
		in.Wrong(l, "date", "earlier.day_wrong")
	} else if e.On > today {
		in.Wrong(l, "date", "earlier.day_future")
	}
	if e.Result, ok = meant(resultWords, l.Cells["result"]); !ok {
		in.Wrong(l, "result", "earlier.result_wrong")
	}
	e.Conditions = strings.Join(condition.Lines(strings.ReplaceAll(i18n.Clean(l.Cells["conditions"]), "|", "\n")), "\n")
	switch {
	case e.Result == Conditional && e.Conditions == "":
		in.Wrong(l, "conditions", "decision.conditions_required")
	case (e.Result == Approved || e.Result == Refused) && e.Conditions != "":
		in.Wrong(l, "conditions", "earlier.conditions_idle")
	}
	if typed := l.Cells["hosting"]; typed != "" {
		if e.Hosting, ok = meant(hostingWords, typed); !ok {
			in.Wrong(l, "hosting", "earlier.hosting_wrong")
		}
	}
	e.By, e.Reference = line(l.Cells["decided_by"]), line(l.Cells["reference"])
	for code, text := range map[string]string{"decided_by": e.By, "reference": e.Reference} {
		if utf8.RuneCountInString(text) > longestLine {
			in.Wrong(l, code, "earlier.text_long")
		}
	}
	return e
}

// line makes one line of a text.
func line(s string) string { return strings.Join(strings.Fields(i18n.Clean(s)), " ") }

// Import records decisions that the board made before aval, from its own list: all of
// them or, where a row is wrong, none; dry only says what it would do. The last of a
// platform's counts in the catalogue, unless aval has decided since; its conditions are
// followed from then. One that is recorded already stays as it is.
func (s *Service) Import(ctx context.Context, actor policy.Actor, data []byte, dry bool) (catalogue.Report, error) {
	in, err := catalogue.ReadTable(data, earlierColumns)
	if err != nil {
		return catalogue.Report{}, err
	}
	return in.Done(s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := actor.Allow(policy.CatalogueEdit, policy.Scope{}); err != nil {
			return err
		}
		touched := map[catalogue.ID]bool{}
		for _, l := range in.Lines {
			if err := recordLine(ctx, tx, actor, in, l, touched); err != nil {
				return err
			}
		}
		if err := in.Close(dry); err != nil {
			return err
		}
		for id := range touched {
			if err := showEarlier(ctx, tx, id); err != nil {
				return err
			}
		}
		return nil
	}))
}

// recordLine records one line.
func recordLine(ctx context.Context, tx *db.Tx, actor policy.Actor, in *catalogue.Intake, l catalogue.Line, touched map[catalogue.ID]bool) error {
	wrong := len(in.Defects)
	e := earlierOf(in, l, i18n.DayOf(tx.Now))
	p, err := platformOf(ctx, tx, actor, in, l)
	if err != nil || len(in.Defects) > wrong {
		return err
	}
	e.ID, e.PlatformID, e.RecordedBy, e.RecordedAt = db.NewID(), p, actor.ID, tx.Now
	ours, err := firstOn(ctx, tx, p)
	if err != nil {
		return err
	}
	if ours != "" && ours <= e.On {
		in.Wrong(l, "date", "earlier.after_aval", ours)
		return nil
	}
	known, found, err := recorded(ctx, tx, e)
	switch {
	case err != nil:
		return err
	case found && known.same(e):
		in.Unchanged++
		return nil
	case found:
		in.Wrong(l, "result", "earlier.otherwise")
		return nil
	}
	if err := insertEarlier(ctx, tx, e); err != nil {
		return err
	}
	in.Added++
	touched[p] = true
	if err := policy.Mark(ctx, tx, controlMade, EarlierSubject(e.ID), policy.Before); err != nil {
		return err
	}
	return audit.Write(ctx, tx, actor, "decision.recorded", EarlierSubject(e.ID), audit.Note("on="+e.On+" result="+string(e.Result)))
}

// platformOf finds the platform that a line names.
func platformOf(ctx context.Context, tx *db.Tx, actor policy.Actor, in *catalogue.Intake, l catalogue.Line) (catalogue.ID, error) {
	name := l.Cells["platform"]
	if name == "" {
		in.Wrong(l, "platform", "catalogue.name_required")
		return "", nil
	}
	p, found, err := catalogue.FindByName(ctx, tx, name, "")
	if err != nil || found {
		return p.ID, err
	}
	hits, err := catalogue.Search(ctx, tx, actor.Pack, name)
	if err != nil {
		return "", err
	}
	if len(hits) > 0 && (hits[0].Why == catalogue.ByName || hits[0].Why == catalogue.ByAlias) {
		in.Wrong(l, "platform", "earlier.platform_near", hits[0].Platform.Name)
		return "", nil
	}
	in.Wrong(l, "platform", "earlier.platform_unknown")
	return "", nil
}

// showEarlier shows the last of a platform's earlier decisions in the catalogue and to its
// licences, unless it is shown already or aval has decided since.
func showEarlier(ctx context.Context, tx *db.Tx, id catalogue.ID) error {
	ours, err := firstOn(ctx, tx, id)
	if err != nil || ours != "" {
		return err
	}
	p, err := catalogue.Get(ctx, tx, id)
	if err != nil {
		return err
	}
	e, err := lastEarlier(ctx, tx, id)
	if err != nil || e.ID == p.DecisionID {
		return err
	}
	if err := catalogue.SetEarlier(ctx, tx, id, catalogue.Status(e.Result), e.Conditions, e.Hosting, e.ID, noon(e.On)); err != nil {
		return err
	}
	asked := []condition.Asked{}
	for _, text := range condition.Lines(e.Conditions) {
		asked = append(asked, condition.Asked{Text: text})
	}
	if err := condition.Follow(ctx, tx, condition.Begin{PlatformID: id, DecisionID: e.ID, At: noon(e.On), Asked: asked}); err != nil {
		return err
	}
	return licence.AfterDecision(ctx, tx, id)
}

// EarlierView is an earlier decision as its page shows it.
type EarlierView struct {
	Earlier
	Platform catalogue.Platform
}

// Counts tells whether it is the decision that the catalogue shows.
func (v EarlierView) Counts() bool { return v.Platform.DecisionID == v.ID }

// Earlier shows a decision from before aval to whoever may read the catalogue.
func (s *Service) Earlier(ctx context.Context, actor policy.Actor, id string) (v EarlierView, err error) {
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := actor.Allow(policy.CatalogueRead, policy.Scope{}); err != nil {
			return err
		}
		if v.Earlier, err = getEarlier(ctx, tx, id); err != nil {
			return err
		}
		v.Platform, err = catalogue.Get(ctx, tx, v.PlatformID)
		return err
	})
	return v, err
}
