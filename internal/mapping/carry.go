package mapping

import (
	"strings"

	"aval/internal/person"
)

// carry adds to the set those of whom the files do not speak: what is not in a full set
// is gone.
func (c *conversion) carry() error {
	for _, p := range c.held.people {
		stay := c.stays(p)
		_, told := c.names[p.SourceID]
		if !told && (len(stay) > 0 || c.aside[p.SourceID] || p.Kind == person.Staff && c.Parts[Staff].Columns == nil) {
			c.names[p.SourceID] = seen{}
			c.r.Kept++
			if err := c.set.row("users", p.SourceID, map[string]string{"enabledUser": "true", "username": p.SourceID, "givenName": p.GivenName,
				"familyName": p.FamilyName, "email": p.Email, "identifier": p.Number, "grades": p.Grade}); err != nil {
				return err
			}
			if len(stay) == 0 {
				stay = c.held.posts[p.SourceID]
			}
		}
		for _, post := range stay {
			if _, stands := c.names[p.SourceID]; !stands {
				continue
			}
			if err := c.post(p.SourceID, post.org, c.word(post)); err != nil {
				return err
			}
		}
	}
	return c.carryClasses()
}

// stays are the posts of a person that the files do not speak of.
func (c *conversion) stays(p person.Person) (stay []post) {
	for _, post := range c.held.posts[p.SourceID] {
		staffTold := c.Parts[Staff].Columns != nil
		switch {
		case p.Kind == person.Staff && !staffTold:
			stay = append(stay, post)
		case c.Covers == Schools && !c.schools[post.org]:
			stay = append(stay, post)
		}
	}
	return stay
}

// word is the standard's for a role that the board holds.
func (c *conversion) word(p post) string {
	switch p.role {
	case person.Pupil:
		return "student"
	case person.Teacher:
		return "teacher"
	case person.Principal:
		return "principal"
	case person.DepartmentHead:
		return "ext:departmentHead"
	case person.Administrator:
		return "districtAdministrator"
	}
	return "ext:professional"
}

// carryClasses adds the classes of schools of which the files do not speak, all of them
// where no file names a group, and who is in them.
func (c *conversion) carryClasses() error {
	grouped := c.Parts[Pupils].Columns[Group] != "" || c.Parts[Staff].Columns[Group] != ""
	stays := map[string]string{} // class → school
	for _, k := range c.held.classes {
		if grouped && (c.Covers == Board || c.schools[k.school]) {
			continue
		}
		stays[k.id] = k.school
		if err := c.set.row("classes", k.id, map[string]string{"title": k.title, "grades": k.grade, "courseSourcedId": k.course,
			"classCode": k.code, "classType": k.kind, "schoolSourcedId": k.school, "subjects": strings.ReplaceAll(k.subject, ", ", ",")}); err != nil {
			return err
		}
	}
	for _, s := range c.held.seats {
		school, kept := stays[s.class]
		if k := c.classes[s.class]; k != nil && s.role != person.Pupil && c.namesNoTeacher() {
			school, kept = k.school, true
		}
		if _, stands := c.names[s.person]; !stands || !kept || c.done[s.id] {
			continue
		}
		c.done[s.id] = true
		main := "false"
		if s.main {
			main = "true"
		}
		role := map[person.Role]string{person.Pupil: "student", person.Teacher: "teacher", person.Principal: "administrator"}[s.role]
		if role == "" {
			role = "proctor"
		}
		if err := c.set.row("enrollments", s.id, map[string]string{"classSourcedId": s.class, "schoolSourcedId": school, "userSourcedId": s.person,
			"role": role, "primary": main, "beginDate": s.begin, "endDate": s.end}); err != nil {
			return err
		}
	}
	return nil
}

// namesNoTeacher says that the files do not tell who teaches whom: who did goes on.
func (c *conversion) namesNoTeacher() bool {
	return c.Parts[Pupils].Columns[Teacher] == "" && c.Parts[Staff].Columns[Group] == ""
}
