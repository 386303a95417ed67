package register

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"aval/internal/catalogue"
	"aval/internal/contract"
	"aval/internal/db"
	"aval/internal/i18n"
	"aval/internal/incident"
	"aval/internal/policy"
)

// writer writes the entries of a register in one language.
type writer struct {
	p      *i18n.Printer
	pack   *policy.Pack
	today  string
	filter Filter
}

// incidents are all that were entered, also without a serious risk.
func (w writer) incidents(ctx context.Context, tx *db.Tx) (rows []Row, err error) {
	all, err := incident.All(ctx, tx, w.filter.From, w.filter.To)
	if err != nil {
		return nil, err
	}
	spoken, err := incident.WordsOf(ctx, tx, all...)
	for _, words := range spoken {
		i := words.Incident
		words.P = w.p
		told := said(words.Told())
		if told.Text == "" && (i.Risk == nil || i.Risk.Serious()) {
			told.Missing = true
		}
		rows = append(rows, Row{Subject: i.Subject(), Cells: []Cell{said(i.Number), text(i.Information), text(i.Circumstances),
			text(words.Dates()), text(w.p.Day(i.AwareOn)), text(words.People()), text(words.Risk()), told, text(words.Measures())}})
	}
	return rows, err
}

// releases are the licences of platforms that receive personal information, past
// ones too, and what was told to who could lessen the harm of an incident.
func (w writer) releases(ctx context.Context, tx *db.Tx) (rows []Row, err error) {
	known, err := readKnown(ctx, tx)
	if err != nil {
		return nil, err
	}
	licences, err := readLicences(ctx, tx)
	if err != nil {
		return nil, err
	}
	bases, err := contract.Bases(ctx, tx)
	if err != nil {
		return nil, err
	}
	for _, l := range licences {
		k := known[l.Platform]
		if l.StartsOn > w.today || !w.filter.holds(l.StartsOn, l.Last()) || k == nil || !k.personal(w.pack) {
			continue
		}
		rows = append(rows, Row{Subject: "licence:" + l.ID, Cells: []Cell{said(k.Name), said(w.p.Day(l.StartsOn)), said(w.p.Day(l.Last())),
			text(w.kinds(k.Kinds)), text(k.Vendor), text(k.Usage), text(w.outside(k.Hosting)), text(w.ground(bases[l.Platform]))}})
	}
	incidents, err := incident.All(ctx, tx, "", "")
	if err != nil {
		return nil, err
	}
	for _, i := range incidents {
		for _, m := range i.Measures {
			if m.Recipient == "" || !w.filter.holds(m.On, m.On) {
				continue
			}
			reason := text("")
			if i.Test == incident.Serious {
				reason = said(w.p.T("register.lessen_reason"))
			}
			rows = append(rows, Row{Subject: i.Subject(), Cells: []Cell{said(i.Number), said(w.p.Day(m.On)), said(w.p.Day(m.On)), text(m.Given),
				text(m.Recipient), said(w.p.T("register.lessen")), text(""), reason}})
		}
	}
	return rows, nil
}

// ground is why the information is given, as somebody chose it with the contract.
func (w writer) ground(b contract.Basis) string {
	if b.Ground == "" {
		return ""
	}
	lines := []string{w.p.T("contract.ground." + string(b.Ground)), b.Reason}
	return strings.Join(slices.DeleteFunc(lines, func(s string) bool { return s == "" }), "\n")
}

// outside says whether pupils' data leave Québec; "" when nobody knows.
func (w writer) outside(h catalogue.Hosting) string {
	switch h {
	case catalogue.Quebec:
		return w.p.T("register.outside_no")
	case catalogue.Canada, catalogue.Elsewhere:
		return w.p.T("register.outside_yes", w.rung(h))
	}
	return ""
}

func (w writer) rung(h catalogue.Hosting) string {
	if r, ok := w.pack.Rung(string(h)); ok {
		return r.Title.In(w.p.Lang)
	}
	return ""
}

// kinds are the titles of the kinds of personal information.
func (w writer) kinds(codes []string) string {
	var titles []string
	for _, code := range codes {
		if kind, ok := w.pack.DataKind(code); ok && kind.Personal {
			titles = append(titles, kind.Title.In(w.p.Lang))
		}
	}
	return strings.Join(titles, ", ")
}

// files are the approved platforms that hold personal information: one line each,
// the draft of the inventory of, s. 76.
func (w writer) files(ctx context.Context, tx *db.Tx) (rows []Row, err error) {
	known, err := readKnown(ctx, tx)
	if err != nil {
		return nil, err
	}
	for _, k := range byName(known) {
		if !k.Status.Usable() || !k.personal(w.pack) {
			continue
		}
		security := strings.Join(slices.DeleteFunc([]string{w.rung(k.Hosting), k.Conditions}, func(s string) bool { return s == "" }), "\n")
		rows = append(rows, Row{Subject: "platform:" + string(k.ID), Cells: []Cell{said(k.Name), text(w.kinds(k.Kinds)), text(k.Usage), text(""),
			text(""), said(w.p.T("register.students")), text(""), text(security)}})
	}
	return rows, nil
}

// refusals are the decisions that refused a platform, with their reasons.
func (w writer) refusals(ctx context.Context, tx *db.Tx) (rows []Row, err error) {
	known, err := readKnown(ctx, tx)
	if err != nil {
		return nil, err
	}
	decisions, err := readDecisions(ctx, tx)
	if err != nil {
		return nil, err
	}
	for _, d := range decisions {
		k, on := known[d.Platform], d.DecidedAt.In(i18n.Zone).Format("2006-01-02")
		if d.Overall != string(catalogue.Refused) || k == nil || !w.filter.holds(on, on) {
			continue
		}
		var aspects, reasons []string
		for _, v := range []verdict{d.Use, d.Security} {
			if v.Result == string(catalogue.Refused) {
				aspects, reasons = append(aspects, w.p.T("evaluation.aspect."+v.Aspect)), append(reasons, v.Reasons)
			}
		}
		rows = append(rows, Row{Subject: "decision:" + d.ID, Cells: []Cell{said(k.Name), text(k.Vendor), said(w.p.Day(on)), said(d.Org),
			said(strings.Join(aspects, ", ")), text(strings.Join(reasons, "\n")), text(w.codes(d.Because)),
			said(w.p.T("catalogue.status." + string(k.Status)))}})
	}
	return rows, nil
}

// codes are the reasons that anyone may read, each with its code in the pack.
func (w writer) codes(because []string) string {
	lines := make([]string, 0, len(because))
	for _, code := range because {
		reason, _ := w.pack.RefusalReason(code)
		lines = append(lines, code+"\u00a0: "+reason.Title.In(w.p.Lang))
	}
	return strings.Join(lines, "\n")
}

// inventory is every tool that was decided on or is licensed, refused ones too.
func (w writer) inventory(ctx context.Context, tx *db.Tx) (rows []Row, err error) {
	known, err := readKnown(ctx, tx)
	if err != nil {
		return nil, err
	}
	licences, err := readLicences(ctx, tx)
	if err != nil {
		return nil, err
	}
	users := map[catalogue.ID][]string{}
	for _, l := range licences {
		if l.StartsOn > w.today || l.Last() < w.today {
			continue
		}
		whom := cmp.Or(l.Org, w.p.T("licence.scope."+l.Scope))
		if !slices.Contains(users[l.Platform], whom) {
			users[l.Platform] = append(users[l.Platform], whom)
		}
	}
	for _, k := range byName(known) {
		if k.Status == catalogue.Unknown && len(users[k.ID]) == 0 {
			continue
		}
		whom := text(strings.Join(users[k.ID], ", "))
		if !k.Status.Usable() {
			whom.Missing = false
		}
		rows = append(rows, Row{Subject: "platform:" + string(k.ID), Cells: []Cell{said(k.Name), text(k.Vendor),
			said(w.p.T("catalogue.status." + string(k.Status))), text(w.dataOf(k)), text(k.Usage), whom, text(""), text(""), text("")}})
	}
	return rows, nil
}

// dataOf is what a tool is given of students, "no information" included.
func (w writer) dataOf(k *platform) string {
	if len(k.Kinds) > 0 && !k.personal(w.pack) {
		return w.p.T("register.no_data")
	}
	return w.kinds(k.Kinds)
}
