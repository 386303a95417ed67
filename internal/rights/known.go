package rights

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"aval/internal/board"
	"aval/internal/catalogue"
	"aval/internal/db"
	"aval/internal/i18n"
	"aval/internal/policy"
)

// known begins a notice with what aval knows, in both languages; the rest is empty.
func known(ctx context.Context, tx *db.Tx, p *policy.Pack, k NoticeKind, platform catalogue.ID) (map[string]Words, error) {
	b, err := board.Get(ctx, tx, tx.Board)
	if err != nil {
		return nil, err
	}
	all, err := receivers(ctx, tx, p)
	if err != nil {
		return nil, err
	}
	fields := map[string]Words{"body": {b.Name, b.Name}}
	switch k {
	case Confidentiality:
		fields["third_parties"] = each(all, func(in *i18n.Printer, r receiver) string {
			return in.T("rights.known.third_party", r.called(), r.kinds(p, in), r.purpose(in))
		})
		fields["outside_quebec"] = each(slices.DeleteFunc(slices.Clone(all), func(r receiver) bool { return r.Hosting == catalogue.Quebec }),
			func(in *i18n.Printer, r receiver) string { return in.T("rights.known.outside", r.Name, r.place(in)) })
		fields["security"] = both(func(in *i18n.Printer) string { return in.T("rights.known.security") })
	case Parents:
		at := slices.IndexFunc(all, func(r receiver) bool { return r.ID == platform })
		if at < 0 {
			c, err := catalogue.Get(ctx, tx, platform)
			if err != nil {
				return nil, err
			}
			all, at = []receiver{{ID: c.ID, Name: c.Name, Vendor: c.Vendor, Hosting: c.Hosting, Conditions: c.Conditions}}, 0
		}
		r := all[at]
		fields = map[string]Words{"vendor": {r.called(), r.called()},
			"data":    both(func(in *i18n.Printer) string { return r.kinds(p, in) }),
			"purpose": both(r.purpose),
			"place":   both(r.place),
			"conditions": both(func(in *i18n.Printer) string {
				if strings.TrimSpace(r.Conditions) == "" {
					return in.T("rights.known.no_conditions")
				}
				return r.Conditions
			})}
	}
	for name, w := range fields {
		fields[name] = Words{shortened(w.Fr), shortened(w.En)}
	}
	return fields, nil
}

// shortened is a text that fits in a field.
func shortened(s string) string {
	if utf8.RuneCountInString(s) <= MaxText {
		return s
	}
	return string([]rune(s)[:MaxText-1]) + "…"
}

func both(say func(*i18n.Printer) string) Words {
	return Words{say(i18n.For("fr")), say(i18n.For("en"))}
}

// each is a line for each platform.
func each(all []receiver, say func(*i18n.Printer, receiver) string) Words {
	return both(func(in *i18n.Printer) string {
		lines := make([]string, len(all))
		for i, r := range all {
			lines[i] = say(in, r)
		}
		return strings.Join(lines, "\n")
	})
}

// receiver is an approved platform that receives personal information, or of which
// nobody said that it does not.
type receiver struct {
	ID           catalogue.ID
	Name, Vendor string
	Hosting      catalogue.Hosting
	Conditions   string
	Kinds        []string // codes of the data that it was said to want
	Personal     string   // yes, no, or "" when nobody said
	Usage        string
}

// personal says that it receives personal information, or that nobody knows.
func (r receiver) personal(p *policy.Pack) bool {
	for _, code := range r.Kinds {
		if kind, ok := p.DataKind(code); ok && kind.Personal {
			return true
		}
	}
	return r.Personal == "yes" || r.Personal == "" && len(r.Kinds) == 0
}

func (r receiver) called() string {
	if r.Vendor == "" || r.Vendor == r.Name {
		return r.Name
	}
	return r.Name + " (" + r.Vendor + ")"
}

// kinds are the data, as the board's policy calls them; to be completed when nobody said.
func (r receiver) kinds(p *policy.Pack, in *i18n.Printer) string {
	var titles []string
	for _, code := range r.Kinds {
		if kind, ok := p.DataKind(code); ok && kind.Personal {
			titles = append(titles, kind.Title.In(in.Lang))
		}
	}
	if len(titles) == 0 {
		return in.T("register.to_complete")
	}
	return strings.Join(titles, ", ")
}

func (r receiver) purpose(in *i18n.Printer) string {
	if strings.TrimSpace(r.Usage) == "" {
		return in.T("register.to_complete")
	}
	return strings.TrimSpace(r.Usage)
}

func (r receiver) place(in *i18n.Printer) string {
	if r.Hosting == "" || r.Hosting == catalogue.HostingUnknown {
		return in.T("register.to_complete")
	}
	return in.T("catalogue.hosting." + string(r.Hosting))
}
