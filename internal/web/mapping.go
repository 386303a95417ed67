package web

import (
	"slices"
	"strconv"

	"aval/internal/fault"
	"aval/internal/mapping"
	"aval/internal/policy"
	"aval/internal/roster"
	"aval/internal/web/ui"
)

// mappingRoutes are the pages that bring in the plain file of an information system.
func (s *Server) mappingRoutes() []route {
	return []route{
		{pattern: "GET /mappings", need: policy.RosterImport, do: s.mappingList},
		{pattern: "POST /mappings", need: policy.RosterImport, do: s.mappingSend, form: s.mappingList, unread: true},
		{pattern: "GET /mappings/{id}", need: policy.RosterImport, do: s.mappingDraft},
		{pattern: "POST /mappings/{id}/file", need: policy.RosterImport, do: s.mappingAdd, form: s.mappingDraft, unread: true},
		{pattern: "POST /mappings/{id}/save", need: policy.RosterImport, do: s.mappingSave, form: s.mappingDraft},
		{pattern: "POST /mappings/{id}/forget", need: policy.RosterImport, do: s.mappingForget},
		{pattern: "GET /roster/imports/{id}/file", need: policy.RosterRead, do: s.mappingRead},
	}
}

func (s *Server) mappingList(v *visit) error {
	list, err := s.Mappings.List(v.ctx(), v.actor)
	if err != nil {
		return err
	}
	return v.render(mappingListPage(v, list))
}

// mappingSend takes the file of the pupils.
func (s *Server) mappingSend(v *visit) error {
	file, err := v.sheetSent("file")
	if err == nil && len(file) == 0 {
		err = fault.Form(map[string]string{"file": "mapping.file_required"})
	}
	if err != nil {
		return err
	}
	id, err := s.Mappings.Send(v.ctx(), v.actor, "", mapping.Pupils, file)
	if err != nil {
		return err
	}
	return v.redirect(mappingAt(id))
}

// mappingAdd takes another file beside that of the pupils, or in its place.
func (s *Server) mappingAdd(v *visit) error {
	v.order = []string{"part", "file"}
	file, err := v.sheetSent("file")
	if err == nil && len(file) == 0 {
		err = fault.Form(map[string]string{"file": "mapping.file_required"})
	}
	if err != nil {
		return err
	}
	id, err := s.Mappings.Send(v.ctx(), v.actor, v.path("id"), mapping.Part(v.form("part")), file)
	if err != nil {
		return err
	}
	return v.redirect(mappingAt(id))
}

// mappingDraft shows what was sent by its headers and shapes, and asks which column
// holds what.
func (s *Server) mappingDraft(v *visit) error {
	d, err := s.Mappings.Draft(v.ctx(), v.actor, v.path("id"))
	if err != nil {
		return err
	}
	return v.render(mappingDraftPage(v, d))
}

// mappingSave keeps the mapping, and leads to what importing by it would do.
func (s *Server) mappingSave(v *visit) error {
	id := v.path("id")
	d, err := s.Mappings.Draft(v.ctx(), v.actor, id)
	if err != nil {
		return err
	}
	m := v.mappingTyped(d)
	digits, err := strconv.Atoi(v.form("digits"))
	if err != nil && v.form("digits") != "" {
		digits = -1 // the use case says what is wrong with it
	}
	m.Digits = digits
	if m, err = s.Mappings.Save(v.ctx(), v.actor, id, m); err != nil {
		return err
	}
	r, at, err := s.Mappings.Begin(v.ctx(), v.actor, id, m.Name)
	if err != nil {
		return err
	}
	if len(r.Defects)+len(r.Warnings) > 0 {
		return v.redirect(readAt(at))
	}
	v.flash("mapping.read", m.Name, strconv.FormatInt(m.Version, 10))
	return v.redirect(importAt(at))
}

// mappingRead tells how the plain file of an import was read.
func (s *Server) mappingRead(v *visit) error {
	id := roster.ImportID(v.path("id"))
	r, err := s.Mappings.ReportOf(v.ctx(), v.actor, id)
	if err != nil {
		return err
	}
	return v.render(mappingReadPage(v, r, importAt(id)))
}

func readAt(id roster.ImportID) string { return importAt(id) + "/file" }

// mappingTyped is what the form says of the files that were sent.
func (v *visit) mappingTyped(d mapping.Draft) mapping.Mapping {
	m := mapping.Mapping{Name: v.form("name"), Body: mapping.Body{Covers: mapping.Covers(v.form("covers")), Split: splits[v.form("split")],
		Parts: map[mapping.Part]mapping.Form{}}}
	if _, known := splits[v.form("split")]; !known {
		m.Split = "?"
	}
	for part := range d.Profiles {
		f := mapping.Form{Columns: map[mapping.Field]string{}, Constants: map[mapping.Field]string{}}
		for _, field := range mapping.Fields(part) {
			if column := v.form(mapping.FieldName(part, field)); column != "" {
				f.Columns[field] = column
			}
			if word := v.form(mapping.ConstantName(part, field)); word != "" && mapping.MayBeConstant(field) {
				f.Constants[field] = word
			}
		}
		m.Parts[part] = f
	}
	return m
}

func (s *Server) mappingForget(v *visit) error {
	if err := s.Mappings.Forget(v.ctx(), v.actor, v.path("id")); err != nil {
		return err
	}
	v.flash("mapping.forgotten")
	return v.redirect("/mappings")
}

func mappingAt(id string) string { return "/mappings/" + id }

// splits are what may part several groups, by a name that a form can hold.
var splits = map[string]string{"none": "", "comma": ",", "semicolon": ";", "slash": "/", "bar": "|", "space": " "}

var splitNames = []string{"none", "comma", "semicolon", "slash", "bar", "space"}

func splitOptions(v *visit, kept string) (options []ui.Option) {
	for _, name := range splitNames {
		options = append(options, ui.Option{Value: name, Text: v.T("mapping.split." + name), Chosen: v.chosen("split", name, splits[name] == kept)})
	}
	return options
}

func coversOptions(v *visit, kept mapping.Covers) (options []ui.Option) {
	for _, c := range []mapping.Covers{mapping.Board, mapping.Schools} {
		options = append(options, ui.Option{Value: string(c), Text: v.T("mapping.covers." + string(c)), Chosen: v.chosen("covers", string(c), c == kept)})
	}
	return options
}

// partOptions are the files that may still be added, or sent again.
func partOptions(v *visit) (options []ui.Option) {
	for _, p := range mapping.Parts {
		options = append(options, ui.Option{Value: string(p), Text: v.T("mapping.part." + string(p)),
			Chosen: v.chosen("part", string(p), p == mapping.Staff)})
	}
	return options
}

// columnOptions are the columns of a file that a field may be in.
func columnOptions(v *visit, part mapping.Part, field mapping.Field, p mapping.Profile, kept string) []ui.Option {
	name := mapping.FieldName(part, field)
	options := []ui.Option{{Text: v.T("mapping.column_none")}}
	var seen []string
	for _, c := range p.Columns {
		if c.Header == "" || slices.Contains(seen, c.Header) {
			continue
		}
		seen = append(seen, c.Header)
		options = append(options, ui.Option{Value: c.Header, Text: v.T("mapping.column_option", c.Header, v.shape(c)),
			Chosen: v.chosen(name, c.Header, c.Header == kept)})
	}
	return options
}

// shape says what stands in a column, without a word of it.
func (v *visit) shape(c mapping.Column) string {
	filled := v.p.N("mapping.filled", c.Filled)
	switch {
	case c.Filled == 0:
		return v.T("mapping.shape.nothing")
	case c.Shape == mapping.Digits && c.Min == c.Max:
		return v.T("mapping.shape_of", filled, v.p.N("mapping.shape.digits", c.Max))
	case c.Shape == mapping.Digits:
		return v.T("mapping.shape_of", filled, v.T("mapping.shape.digits_range", c.Min, c.Max))
	case c.Shape == mapping.Text:
		return v.T("mapping.shape_of", filled, v.p.N("mapping.shape.text", c.Max))
	}
	return v.T("mapping.shape_of", filled, v.T("mapping.shape."+string(c.Shape)))
}

// howWritten says what was recognised of a file.
func (v *visit) howWritten(p mapping.Profile) string {
	if p.Comma == 0 {
		return v.T("mapping.written_sheet", v.p.N("mapping.rows", p.Rows))
	}
	return v.T("mapping.written", v.p.N("mapping.rows", p.Rows), v.T("mapping.encoding."+string(p.Encoding)), v.T("mapping.comma."+string(p.Comma)))
}

func columnInput(v *visit, part mapping.Part, field mapping.Field) ui.Input {
	f := v.input(mapping.FieldName(part, field), "mapping.field."+string(field), "", "")
	f.Optional = !mapping.Needed(part, field) && field != mapping.Given && field != mapping.Family
	return f
}

func constantInput(v *visit, part mapping.Part, field mapping.Field, form mapping.Form) ui.Input {
	f := optional(v.input(mapping.ConstantName(part, field), "mapping.field."+string(field), "", form.Constants[field]))
	f.Label = v.T("mapping.constant", v.T("mapping.field."+string(field)))
	f.Max = 200
	return f
}

func plainFileInput(v *visit) ui.Input {
	f := v.input("file", "mapping.file", "mapping.file_hint", "")
	f.Accept = ".csv,.txt,.tsv,.xlsx"
	return f
}

func digitsInput(v *visit, kept int) ui.Input {
	text := ""
	if kept > 0 {
		text = strconv.Itoa(kept)
	}
	return optional(kindOf(v.input("digits", "mapping.digits", "mapping.digits_hint", text), "number", 2))
}

// constants are the fields of a part for which one word may stand on every row.
func constants(part mapping.Part) (list []mapping.Field) {
	for _, f := range mapping.Fields(part) {
		if mapping.MayBeConstant(f) {
			list = append(list, f)
		}
	}
	return list
}
