package web

import (
	"bytes"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"

	"aval/internal/catalogue"
	"aval/internal/fault"
	"aval/internal/policy"
	tables "aval/internal/sheet"
	"aval/internal/usage"
	"aval/internal/web/ui"
)

// usageRoutes are the pages on the files of use that platforms export.
func (s *Server) usageRoutes() []route {
	return []route{
		{pattern: "GET /usage", need: policy.RevealFile, do: s.usageForm},
		{pattern: "POST /usage", need: policy.RevealFile, do: s.usageRead, form: s.usageForm, unread: true},
		{pattern: "POST /usage/file", need: policy.RevealFile, do: s.usageFile, limit: fileLimit},
	}
}

// fileLimit bounds the file with names as the page sends it back.
const fileLimit = 4 * usage.MaxText

func (s *Server) usageForm(v *visit) error {
	platforms, err := s.Usage.Platforms(v.ctx(), v.actor)
	if err != nil {
		return err
	}
	return v.render(usageFormPage(v, platforms))
}

// usageRead shows its answer at once: nothing of it is kept for a later page.
func (s *Server) usageRead(v *visit) error {
	v.order = []string{"platform", "reason", "keep", "file"}
	file, err := v.sheetSent("file")
	if err != nil {
		return err
	}
	a, err := s.Usage.Rosetta(v.ctx(), v.actor, usage.Ask{Platform: catalogue.ID(v.form("platform")), Reason: v.form("reason"),
		Keep: v.form("keep") == "yes", File: file, Columns: [3]string{v.T("usage.family_name"), v.T("usage.given_name"), v.T("usage.class")}})
	if err != nil {
		return err
	}
	var text bytes.Buffer
	asText := a.Table
	asText.Format = tables.CSV
	if err := asText.Write(&text); err != nil {
		return err
	}
	return v.render(usageAnswerPage(v, a, text.String()))
}

// sheetSent reads a form as it comes, with one file: a form that is parsed puts
// large files on the disk, where this one is not to be.
func (v *visit) sheetSent(field string) (file []byte, err error) {
	v.r.Body = http.MaxBytesReader(v.w, v.r.Body, tables.MaxBytes+plainLimit)
	parts, err := v.r.MultipartReader()
	if err != nil { // an ordinary form, without a file
		return nil, v.read()
	}
	v.r.PostForm = url.Values{}
	left := int64(plainLimit)
	for range fieldLimit {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return file, nil
		}
		if err != nil && file != nil { // it stands last: what was typed is read
			return nil, fault.Form(map[string]string{field: "sheet.too_large"})
		}
		if err != nil {
			return nil, unreadable(err)
		}
		switch {
		case part.FormName() == field:
			file, err = allOf(part)
		default:
			err = v.hold(part, &left)
		}
		if err != nil {
			return nil, err
		}
	}
	return nil, fault.New(fault.Invalid, "error.too_large")
}

// allOf reads a file into memory; of one that is too large, enough for it to be refused.
func allOf(part *multipart.Part) ([]byte, error) {
	file, err := io.ReadAll(io.LimitReader(part, tables.MaxBytes+1))
	if err != nil {
		return nil, unreadable(err)
	}
	return file, nil
}

// usageFile gives back as a file what the answer's page holds, since nothing else
// has it any more. What is no table of ours is not there.
func (s *Server) usageFile(v *visit) error {
	t, err := tables.Read([]byte(v.form("table")))
	format := tables.Format(v.form("format"))
	if err != nil || format != tables.CSV && format != tables.XLSX {
		return fault.Missing()
	}
	t.Format = format
	var file bytes.Buffer
	if err := t.Write(&file); err != nil {
		return err
	}
	return v.send(v.T("usage.file_name")+"."+string(format), format.Media(), file.Bytes())
}

func (v *visit) usagePlatforms(platforms []catalogue.Platform) (options []ui.Option) {
	meant := v.value("platform", v.query("platform"))
	if len(platforms) > 1 {
		options = append(options, ui.Option{Text: v.T("usage.platform_choose")})
	}
	for _, p := range platforms {
		options = append(options, ui.Option{Value: string(p.ID), Text: p.Name, Chosen: meant == string(p.ID)})
	}
	return options
}

// usageAt is the address of the form, with a platform chosen.
func usageAt(id catalogue.ID) string { return "/usage" + withQuery("platform", string(id)) }

// medians are the columns of numbers of the file, for the head of its table.
func medians(classes []usage.Progress) (columns []ui.Column) {
	if len(classes) == 0 {
		return nil
	}
	for _, m := range classes[0].Measures {
		columns = append(columns, ui.Column{Text: m.Column, Number: true})
	}
	return columns
}

// median writes one, or a dash where the class has no number in the column.
func (v *visit) median(m usage.Measure) string {
	if m.Rows == 0 {
		return "–"
	}
	if m.Percent {
		return v.T("usage.percent", v.p.Decimal(m.Median))
	}
	return v.p.Decimal(m.Median)
}

// manySchools tells whether the classes are of more than one.
func manySchools(classes []usage.Progress) bool {
	for _, c := range classes {
		if c.School != classes[0].School {
			return true
		}
	}
	return false
}

func (v *visit) usageInput() ui.Input {
	f := v.input("file", "usage.file", "usage.file_hint", "")
	f.Value, f.Accept = "", ".csv,.xlsx,text/csv"
	return f
}
