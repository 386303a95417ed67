package source

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
	"time"
)

// collections are what is read of a source, in the order in which files refer to
// each other. Everything stands in these six: no other operation is asked for.
var collections = []string{"orgs", "academicSessions", "courses", "classes", "users", "enrollments"}

// singular is what one record of a collection is called.
var singular = map[string]string{"orgs": "org", "academicSessions": "academicSession", "courses": "course",
	"classes": "class", "users": "user", "enrollments": "enrollment"}

// optional are those without which a roster still stands.
var optional = map[string]bool{"academicSessions": true, "courses": true}

// always are those that are read whole even when only changes are asked for: they
// are few, and what refers to them is read by what they are.
var always = map[string]bool{"orgs": true, "academicSessions": true}

// row is a line of a CSV file by its columns.
type row map[string]string

// rows are lines by their file.
type rows map[string][]row

// mapper makes lines of OneRoster 1.2 of the records of either version. What aval
// does not keep (passwords, telephones, middle names, other identifiers) is left
// where it is.
type mapper struct {
	edition Edition
	dirt    dirt
}

// records maps the records of a collection. One without an identifier is nothing.
func (m mapper) records(collection string, list []record) rows {
	all := rows{}
	for _, r := range list {
		id := r.text("sourcedId")
		if id == "" {
			m.dirt["id_missing"]++
			continue
		}
		line := row{"sourcedId": id, "status": m.status(r), "dateLastModified": m.modified(r)}
		switch collection {
		case "orgs":
			m.org(r, line)
		case "academicSessions":
			m.session(r, line)
		case "courses":
			m.course(r, line)
		case "classes":
			m.class(r, line)
		case "users":
			all["roles"] = append(all["roles"], m.user(r, line)...)
		case "enrollments":
			m.enrollment(r, line)
		}
		all[collection] = append(all[collection], line)
	}
	return all
}

// status is active or tobedeleted: version 1.1 also had inactive, which is gone.
func (m mapper) status(r record) string {
	switch said := strings.ToLower(r.text("status")); said {
	case "active":
	case "tobedeleted":
		return gone
	case "inactive", "deleted":
		m.dirt["status_form"]++
		return gone
	case "":
		m.dirt["status_missing"]++
	default:
		m.dirt["status_form"]++
	}
	return active
}

const (
	active = "active"
	gone   = "tobedeleted"
)

const moment = "2006-01-02T15:04:05.000Z"

// modified is the moment of the last change as the standard writes it, or "".
func (m mapper) modified(r record) string {
	said := r.text("dateLastModified")
	for _, form := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05", time.DateOnly} {
		at, err := time.Parse(form, said)
		if err != nil {
			continue
		}
		written := at.UTC().Format(moment)
		if written != said {
			m.dirt["moment_form"]++
		}
		return written
	}
	m.dirt["moment_missing"]++
	return ""
}

func (m mapper) org(r record, line row) {
	line["name"], line["type"], line["identifier"] = r.text("name"), r.text("type"), r.text("identifier")
	line["parentSourcedId"] = r.ref("parent")
	if said := (record{dirt: m.dirt}); json.Unmarshal(r.fields["metadata"], &said.fields) == nil {
		for _, name := range orgMetadata {
			line[name] = said.text(strings.TrimPrefix(name, "metadata."))
		}
	}
}

// orgMetadata is what aval reads of an organisation beyond the standard.
var orgMetadata = []string{"metadata.language", "metadata.sector", "metadata.underDeputy"}

func (m mapper) session(r record, line row) {
	line["title"], line["type"], line["schoolYear"] = r.text("title"), r.text("type"), r.text("schoolYear")
	line["startDate"], line["endDate"], line["parentSourcedId"] = r.day("startDate"), r.day("endDate"), r.ref("parent")
}

func (m mapper) course(r record, line row) {
	line["title"], line["courseCode"], line["orgSourcedId"] = r.text("title"), r.text("courseCode"), r.ref("org")
	line["schoolYearSourcedId"], line["grades"] = r.ref("schoolYear"), joined(r.list("grades"))
	line["subjects"], line["subjectCodes"] = joined(r.list("subjects")), joined(r.list("subjectCodes"))
}

func (m mapper) class(r record, line row) {
	line["title"], line["classCode"], line["classType"] = r.text("title"), r.text("classCode"), r.text("classType")
	line["courseSourcedId"], line["schoolSourcedId"] = r.ref("course"), r.ref("school")
	line["termSourcedIds"], line["grades"] = joined(r.refs("terms")), joined(r.list("grades"))
	line["subjects"], line["subjectCodes"] = joined(r.list("subjects")), joined(r.list("subjectCodes"))
	line["periods"], line["location"] = joined(r.list("periods")), r.text("location")
}

func (m mapper) enrollment(r record, line row) {
	line["classSourcedId"], line["schoolSourcedId"], line["userSourcedId"] = r.ref("class"), r.ref("school"), r.ref("user")
	line["role"], line["primary"] = r.text("role"), r.truth("primary")
	line["beginDate"], line["endDate"] = r.day("beginDate"), r.day("endDate")
}

// user maps a person, and answers the lines of their roles.
func (m mapper) user(r record, line row) (roles []row) {
	line["enabledUser"], line["username"], line["email"] = r.truth("enabledUser"), r.text("username"), r.text("email")
	line["givenName"], line["familyName"], line["identifier"] = r.text("givenName"), r.text("familyName"), r.text("identifier")
	line["agentSourcedIds"], line["grades"] = joined(r.refs("agents")), joined(r.list("grades"))
	line["preferredGivenName"], line["preferredFamilyName"] = r.text("preferredFirstName"), r.text("preferredLastName")
	line["primaryOrgSourcedId"] = r.ref("primaryOrg")
	if line["enabledUser"] == "" {
		line["enabledUser"] = "true"
	}
	if _, has := r.fields["roles"]; has || m.edition == V12 {
		if m.edition == V11 {
			m.dirt["roles_form"]++ // of a later version
		}
		return m.roles12(r, line)
	}
	return m.roles11(r, line)
}

// roles12 are those of version 1.2: each at an organisation of its own.
func (m mapper) roles12(r record, line row) (roles []row) {
	for _, role := range r.objects("roles") {
		kind := strings.ToLower(role.text("roleType"))
		if kind != "primary" && kind != "secondary" {
			m.dirt["role_type_missing"]++
			kind = "primary"
		}
		made := role.text("role")
		one := roleRow(line, made, role.ref("org"))
		one["roleType"], one["beginDate"], one["endDate"] = kind, role.day("beginDate"), role.day("endDate")
		roles = append(roles, one)
	}
	if len(roles) == 0 && line["status"] == active {
		if _, old := r.fields["role"]; old { // of an earlier version
			m.dirt["roles_form"]++
			return m.roles11(r, line)
		}
		m.dirt["roles_missing"]++
	}
	return roles
}

// roles11 give the one role of version 1.1 in each organisation of the user.
func (m mapper) roles11(r record, line row) (roles []row) {
	role := r.text("role")
	if strings.EqualFold(role, "administrator") { // of a school; roster reads it by what the organisation is
		role = "siteAdministrator"
	}
	orgs := r.refs("orgs")
	for _, org := range orgs {
		one := roleRow(line, role, org)
		one["roleType"] = "primary"
		roles = append(roles, one)
	}
	if len(orgs) > 0 && line["primaryOrgSourcedId"] == "" {
		line["primaryOrgSourcedId"] = orgs[0]
	}
	return roles
}

// roleRow is a role as a line: REST has no identifier for it, so it is made of what
// the role is, the same each time.
func roleRow(user row, role, org string) row {
	sum := sha256.Sum256([]byte(user["sourcedId"] + "\x00" + org + "\x00" + strings.ToLower(role)))
	return row{"sourcedId": "r-" + hex.EncodeToString(sum[:16]), "status": user["status"], "dateLastModified": user["dateLastModified"],
		"userSourcedId": user["sourcedId"], "role": role, "orgSourcedId": org}
}

func joined(list []string) string { return strings.Join(list, ",") }
