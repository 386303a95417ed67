package web

import (
	"aval/internal/grade"
	"aval/internal/policy"
	"aval/internal/schoolyear"
	"aval/internal/web/ui"
)

// yearRoutes are the pages of school years, and of the words of grades.
func (s *Server) yearRoutes() []route {
	return []route{
		{pattern: "GET /roster/years", need: policy.RosterRead, do: s.years},
		{pattern: "POST /roster/years", need: policy.RosterImport, do: s.yearSet, form: s.years},
		{pattern: "GET /roster/years/{year}", need: policy.RosterRead, do: s.schoolYear},
		{pattern: "GET /settings/grades", need: policy.SettingsEdit, do: s.grades},
		{pattern: "POST /settings/grades", need: policy.SettingsEdit, do: s.gradeAdd, form: s.grades},
		{pattern: "POST /settings/grades/drop", need: policy.SettingsEdit, do: s.gradeDrop, form: s.grades},
	}
}

func yearAt(y schoolyear.Year) string { return "/roster/years/" + string(y) }

// years lists the years that the roster knows.
func (s *Server) years(v *visit) error {
	list, own, err := s.Years.Years(v.ctx(), v.actor)
	if err != nil {
		return err
	}
	return v.render(yearsPage(v, list, own))
}

func (s *Server) yearSet(v *visit) error {
	err := s.Years.Set(v.ctx(), v.actor, schoolyear.Setting{Year: schoolyear.Year(v.form("year")), Version: versionSent(v)})
	if err != nil {
		return err
	}
	v.flash("settings.kept")
	return v.redirect("/roster/years")
}

// schoolYear shows a year, its sessions and what it lacks.
func (s *Server) schoolYear(v *visit) error {
	o, err := s.Years.Overview(v.ctx(), v.actor, schoolyear.Year(v.path("year")))
	if err != nil {
		return err
	}
	return v.render(schoolYearPage(v, o))
}

func yearOptions(v *visit, list []schoolyear.Listed, own schoolyear.Setting) []ui.Option {
	options := []ui.Option{{Text: v.T("schoolyear.by_sessions"), Chosen: v.chosen("year", "", own.Year == "")}}
	for _, l := range list {
		options = append(options, ui.Option{Value: string(l.Year), Text: l.Year.String(), Chosen: v.chosen("year", string(l.Year), l.Year == own.Year)})
	}
	return options
}

// sessionDays says from when to when a session is; its end is the first day after it.
func sessionDays(v *visit, s schoolyear.Session) string {
	return v.T("schoolyear.days", v.p.Day(s.Start), v.p.Day(s.End))
}

func sessionKind(v *visit, kind string) string {
	if key := "schoolyear.kind." + kind; v.p.Has(key) {
		return v.T(key)
	}
	return kind
}

// grades shows how the board's roster writes grades.
func (s *Server) grades(v *visit) error {
	own, err := s.Grades.Words(v.ctx(), v.actor)
	if err != nil {
		return err
	}
	return v.render(gradesPage(v, own))
}

func (s *Server) gradeAdd(v *visit) error {
	if err := s.Grades.Add(v.ctx(), v.actor, v.form("written"), v.form("grade")); err != nil {
		return err
	}
	v.flash("settings.kept")
	return v.redirect("/settings/grades")
}

func (s *Server) gradeDrop(v *visit) error {
	if err := s.Grades.Drop(v.ctx(), v.actor, v.form("word")); err != nil {
		return err
	}
	v.flash("settings.kept")
	return v.redirect("/settings/grades")
}

func gradeWordOptions(v *visit) []ui.Option {
	options := []ui.Option{{Text: v.T("grade.choose"), Chosen: v.chosen("grade", "", true)}}
	for _, g := range append(grade.Youth(v.actor.Pack.Jurisdiction), "UG", "Other") {
		options = append(options, ui.Option{Value: g, Text: v.grade(g), Chosen: v.chosen("grade", g, false)})
	}
	return options
}

// schoolTeachers are the teachers of a school, by name.
type schoolTeachers struct {
	name     string
	teachers []string
}

// teachersBySchool keeps the order of the list, which is that of the schools.
func teachersBySchool(list []schoolyear.Teacher) (schools []schoolTeachers) {
	for _, t := range list {
		if n := len(schools); n == 0 || schools[n-1].name != t.School {
			schools = append(schools, schoolTeachers{name: t.School})
		}
		last := &schools[len(schools)-1]
		last.teachers = append(last.teachers, t.Name)
	}
	return schools
}
