package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"aval/internal/app"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/mapping"
	"aval/internal/policy"
	"aval/internal/roster"
)

// plainFlags say that a file is a plain table, and how it is read.
type plainFlags struct {
	Mapping   string `help:"Name of the mapping that reads a plain CSV or XLSX of pupils."`
	Staff     string `help:"With --mapping: a file of the staff." type:"path"`
	Guardians string `help:"With --mapping: a file of the guardians." type:"path"`
}

// open opens the files of the parts; who calls closes them.
func (c plainFlags) open(pupils string) (files map[mapping.Part]mapping.Input, end func() error, err error) {
	files = map[mapping.Part]mapping.Input{}
	var errs []func() error
	end = func() error {
		var all []error
		for _, f := range errs {
			all = append(all, f())
		}
		return errors.Join(all...)
	}
	for part, path := range map[mapping.Part]string{mapping.Pupils: pupils, mapping.Staff: c.Staff, mapping.Guardians: c.Guardians} {
		if path == "" {
			continue
		}
		f, err := os.Open(path) //nolint:gosec // the path comes from the operator's own flag
		if err != nil {
			return nil, nil, errors.Join(fault.New(fault.Invalid, "mapping.file_not_found"), end())
		}
		errs = append(errs, f.Close)
		info, err := f.Stat()
		if err != nil || !info.Mode().IsRegular() {
			return nil, nil, errors.Join(fault.New(fault.Invalid, "mapping.file_not_found"), end())
		}
		files[part] = mapping.Input{ReaderAt: f, Size: info.Size()}
	}
	return files, end, nil
}

type rosterMap struct {
	boardFlag
	plainFlags
	Path   string            `arg:"" help:"CSV or XLSX of pupils."`
	Column map[string]string `help:"Save the mapping first: which header holds a field, as in pupils.number=Fiche." placeholder:"FIELD=HEADER"`
	All    map[string]string `help:"Save the mapping first: a word that stands on every row, as in pupils.school=071." placeholder:"FIELD=WORD"`
	Covers string            `help:"With --column: the file is the whole truth of the board, or of the schools it names." enum:"board,schools" default:"board"`
	Split  string            `help:"With --column: what parts several groups in one cell."`
	Digits int               `help:"With --column: a number of fewer digits is filled up with zeros."`
	Out    string            `help:"Write the OneRoster set there, as a zip." type:"path"`
}

// Run says what became of the files; never what stands in them.
func (c rosterMap) Run(h *house) error {
	return h.with(func(a *app.App) (err error) {
		actor, err := c.actor(h, a)
		if err != nil {
			return err
		}
		files, end, err := c.open(c.Path)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, end()) }()
		if len(c.Column) > 0 {
			if _, err := a.Mappings.Define(h.ctx, actor, c.mapping(), files); err != nil {
				return err
			}
		}
		report, err := c.write(h, a, actor, files)
		if err != nil {
			return err
		}
		return h.print(report, func(w io.Writer) { sayMapped(w, i18n.For(h.flags.Lang), report) })
	})
}

// write keeps the set where it is asked for.
func (c rosterMap) write(h *house, a *app.App, actor policy.Actor, files map[mapping.Part]mapping.Input) (r mapping.Report, err error) {
	if c.Out == "" {
		return a.Mappings.Write(h.ctx, actor, c.Mapping, files, io.Discard)
	}
	to, err := os.OpenFile(c.Out, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return r, fmt.Errorf("write the set: %w", err)
	}
	r, err = a.Mappings.Write(h.ctx, actor, c.Mapping, files, to)
	if err = errors.Join(err, to.Close()); err != nil {
		return r, errors.Join(err, os.Remove(c.Out))
	}
	return r, nil
}

// mapping is what the flags say.
func (c rosterMap) mapping() mapping.Mapping {
	m := mapping.Mapping{Name: c.Mapping, Body: mapping.Body{Covers: mapping.Covers(c.Covers), Split: c.Split, Digits: c.Digits,
		Parts: map[mapping.Part]mapping.Form{}}}
	form := func(name string) (mapping.Form, mapping.Part, mapping.Field) {
		part, field, _ := strings.Cut(name, ".")
		f, ok := m.Parts[mapping.Part(part)]
		if !ok {
			f = mapping.Form{Columns: map[mapping.Field]string{}, Constants: map[mapping.Field]string{}}
			m.Parts[mapping.Part(part)] = f
		}
		return f, mapping.Part(part), mapping.Field(field)
	}
	for name, header := range c.Column {
		f, _, field := form(name)
		f.Columns[field] = header
	}
	for name, word := range c.All {
		f, _, field := form(name)
		f.Constants[field] = word
	}
	return m
}

// plain previews or imports the files of a mapping.
func (c rosterImport) plain(h *house, a *app.App, actor policy.Actor) (err error) {
	files, end, err := c.open(c.Path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, end()) }()
	p := i18n.For(h.flags.Lang)
	if c.Dry {
		report, preview, err := a.Mappings.Preview(h.ctx, actor, c.Mapping, files)
		if err != nil {
			return err
		}
		return h.print(struct {
			Mapped  mapping.Report `json:"mapped"`
			Preview roster.Preview `json:"preview"`
		}{report, preview}, func(w io.Writer) {
			sayMapped(w, p, report)
			sayPreview(w, p, preview)
		})
	}
	var told []roster.Told
	if c.Retire {
		told = append(told, roster.RetireMost)
	}
	report, done, err := a.Mappings.Import(h.ctx, actor, c.Mapping, files, told...)
	if err != nil {
		return err
	}
	if err := h.print(struct {
		Mapped   mapping.Report `json:"mapped"`
		Imported roster.Report  `json:"imported"`
	}{report, done}, func(w io.Writer) {
		sayMapped(w, p, report)
		sayReport(w, done)
	}); err != nil {
		return err
	}
	if len(report.Defects)+len(done.Defects) > 0 {
		return errSaid
	}
	return nil
}

func sayMapped(w io.Writer, p *i18n.Printer, r mapping.Report) {
	for _, part := range mapping.Parts {
		if rows, ok := r.Rows[part]; ok {
			_, _ = fmt.Fprintf(w, "%s: rows %d, %s\n", part, rows, p.T("mapping.encoding."+string(r.Encodings[part])))
		}
	}
	_, _ = fmt.Fprintf(w, "pupils %d, staff %d, guardians %d, new schools %d, kept %d\n", r.Pupils, r.Staff, r.Guardians, r.NewSchools, r.Kept)
	sayDirt(w, r.Warnings, r.Defects)
}
