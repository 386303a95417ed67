package inventory

import (
	"bytes"
	"encoding/json"
	"strings"

	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/policy"
	"aval/internal/sheet"
)

// File is the list in a file.
type File struct {
	Name, Media string
	Data        []byte
}

var columns = []string{"platform", "vendor", "status", "class", "owner", "conditions", "because", "decided_on"}

// File writes the list in a language as csv, xlsx or json; NotFound for another
// format. In French, the cells of a CSV stand apart by semicolons.
func (l List) File(pack *policy.Pack, lang, format string) (f File, err error) {
	p := i18n.For(lang)
	f.Name = "services." + format
	var b bytes.Buffer
	switch format {
	case "json":
		f.Media = "application/json"
		w := json.NewEncoder(&b)
		w.SetEscapeHTML(false)
		err = w.Encode(l.rows(p, pack))
	case string(sheet.CSV), string(sheet.XLSX):
		t := sheet.Table{Format: sheet.Format(format), Comma: ','}
		if p.Lang == "fr" {
			t.Comma = ';'
		}
		for _, key := range columns {
			t.Header = append(t.Header, p.T("inventory.column."+key))
		}
		for _, row := range l.rows(p, pack) {
			cells := make([]string, len(columns))
			for i, key := range columns {
				cells[i] = row[key]
			}
			t.Rows = append(t.Rows, cells)
		}
		f.Media, err = t.Format.Media(), t.Write(&b)
	default:
		return f, fault.Missing()
	}
	f.Data = b.Bytes()
	return f, err
}

func (l List) rows(p *i18n.Printer, pack *policy.Pack) []map[string]string {
	rows := make([]map[string]string, 0, len(l.Items))
	for _, i := range l.Items {
		rows = append(rows, map[string]string{"platform": i.Name, "vendor": i.Vendor, "status": p.T("catalogue.status." + string(i.Result)),
			"class": i.ClassTitle(p.Lang), "owner": i.OwnerTitle(p, pack), "conditions": strings.Join(i.Conditions, "\n"),
			"because": i.Reasons(p.Lang), "decided_on": p.Date(i.DecidedAt)})
	}
	return rows
}

// ClassTitle is the highest class that the platform may receive; "" when nobody said.
func (i Item) ClassTitle(lang string) string {
	if i.Class == nil {
		return ""
	}
	return i.Class.Title(lang)
}

// Reasons are why it was refused, one a line, each before its code.
func (i Item) Reasons(lang string) string {
	lines := make([]string, len(i.Because))
	for n, r := range i.Because {
		lines[n] = r.Title.In(lang) + " (" + r.Code + ")"
	}
	return strings.Join(lines, "\n")
}

// OwnerTitle is the function that answers for the information; a person is not named
// on a list that everyone reads.
func (i Item) OwnerTitle(p *i18n.Printer, pack *policy.Pack) string {
	for _, r := range pack.Roles {
		if string(r.Role) == i.Owner {
			return r.Title.In(p.Lang)
		}
	}
	if i.Owner != "" {
		return p.T("inventory.owner_person")
	}
	return ""
}
