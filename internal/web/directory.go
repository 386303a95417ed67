package web

import (
	"strings"

	"aval/internal/correction"
	"aval/internal/directory"
	"aval/internal/grade"
	"aval/internal/person"
	"aval/internal/policy"
	"aval/internal/web/ui"
)

// directoryRoutes are the pages on the roster's pupils and schools. A name is
// looked for by a form that is posted: it stands in no address.
func (s *Server) directoryRoutes() []route {
	return []route{
		{pattern: "GET /directory", need: policy.DirectoryRead, do: s.directoryForm},
		{pattern: "POST /directory", need: policy.DirectoryRead, do: s.directorySearch, form: s.directoryForm},
		{pattern: "GET /directory/schools", need: policy.DirectoryRead, do: s.directorySchools},
		{pattern: "GET /directory/schools/{id}", need: policy.DirectoryRead, do: s.directorySchool},
		{pattern: "GET /directory/pupils/{id}", need: policy.DirectoryRead, do: s.directoryPupil},
	}
}

func directoryPupilAt(id string) string { return "/directory/pupils/" + id }

func directorySchoolAt(id string) string { return "/directory/schools/" + id }

// searched is what the page of a search shows.
type searched struct {
	Typed, School, Grade string
	Schools              []directory.School
	Page                 *directory.Page // nil before a search
}

func (s *Server) directoryForm(v *visit) error {
	f := searched{Typed: v.form("name"), School: v.form("school"), Grade: v.form("grade")}
	if directory.Whole(v.actor) {
		list, err := s.Directory.Schools(v.ctx(), v.actor)
		if err != nil {
			return err
		}
		f.Schools = list
	}
	return v.render(directoryPage(v, f))
}

func (s *Server) directorySearch(v *visit) error {
	f := searched{Typed: v.form("name"), School: v.form("school"), Grade: v.form("grade")}
	page, err := s.Directory.Search(v.ctx(), v.actor, directory.Ask{Typed: f.Typed, School: f.School, Grade: f.Grade, After: v.form("after")})
	if err != nil {
		return err
	}
	f.Page = &page
	if directory.Whole(v.actor) {
		if f.Schools, err = s.Directory.Schools(v.ctx(), v.actor); err != nil {
			return err
		}
	}
	return v.render(directoryPage(v, f))
}

func (s *Server) directorySchools(v *visit) error {
	list, err := s.Directory.Schools(v.ctx(), v.actor)
	if err != nil {
		return err
	}
	return v.render(schoolListPage(v, list))
}

func (s *Server) directorySchool(v *visit) error {
	school, err := s.Directory.School(v.ctx(), v.actor, v.path("id"))
	if err != nil {
		return err
	}
	return v.render(schoolPage(v, school))
}

func (s *Server) directoryPupil(v *visit) error {
	p, err := s.Directory.Pupil(v.ctx(), v.actor, v.path("id"))
	if err != nil {
		return err
	}
	var wrong []correction.Listed
	if v.reaches(policy.CorrectionRead) {
		if wrong, err = s.Corrections.List(v.ctx(), v.actor, correction.Filter{Person: p.ID}); err != nil {
			return err
		}
	}
	return v.render(directoryPupilPage(v, p, wrong))
}

// searchSchools are the schools among which a search may choose, all of them first.
func searchSchools(v *visit, f searched) []ui.Option {
	options := []ui.Option{{Text: v.T("directory.every_school"), Chosen: f.School == ""}}
	for _, s := range f.Schools {
		options = append(options, ui.Option{Value: s.ID, Text: s.Name, Chosen: s.ID == f.School})
	}
	return options
}

// searchGrades are the grades among which a search may choose, all of them first.
func searchGrades(v *visit, f searched) []ui.Option {
	options := []ui.Option{{Text: v.T("directory.every_grade"), Chosen: f.Grade == ""}}
	for _, g := range grade.Youth(v.actor.Pack.Jurisdiction) {
		options = append(options, ui.Option{Value: g, Text: v.grade(g), Chosen: g == f.Grade})
	}
	return options
}

// nameInput is what is looked for; it stays in the form that was posted.
func nameInput(v *visit, f searched) ui.Input {
	hint := "directory.name_hint"
	if directory.Numbers(v.actor) {
		hint = "directory.number_hint"
	}
	in := kindOf(v.input("name", "directory.name", hint, ""), "search", 100)
	in.Value = f.Typed
	return in
}

// wrongsOf are the kinds of what may be said of a pupil.
func wrongsOf() (kinds []correction.Kind) {
	for _, k := range correction.Kinds {
		if k != correction.Missing {
			kinds = append(kinds, k)
		}
	}
	return kinds
}

// titles names classes in a line.
func titles(classes []person.Class) string {
	names := make([]string, len(classes))
	for i, c := range classes {
		names[i] = c.Title
	}
	return strings.Join(names, ", ")
}
