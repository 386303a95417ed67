package provider

import (
	"aval/internal/credential"
	"aval/internal/disclosure"
)

// model is what an object is made of in one version: its fields as `fields` may
// name them, and the column of each path that a filter or an order may name. A
// path whose column is empty is of the model and never has a value here.
type model struct {
	fields []string
	paths  map[string]string
	sealed map[string]string // fields by which nothing can be found, so that nobody learns whom they guess, and the sentence of each
}

// parts are the paths within a field that cannot be compared by itself; references are
// found by what they point to.
var parts = map[string][]string{
	"parent": {"sourcedId"}, "children": {"sourcedId"}, "org": {"sourcedId"}, "orgs": {"sourcedId"}, "primaryOrg": {"sourcedId"},
	"course": {"sourcedId"}, "school": {"sourcedId"}, "terms": {"sourcedId"}, "resources": {"sourcedId"}, "user": {"sourcedId"},
	"class": {"sourcedId"}, "agents": {"sourcedId"}, "userIds": {"type", "identifier"},
	"roles":        {"roleType", "role", "org.sourcedId", "userProfile", "beginDate", "endDate"},
	"userProfiles": {"profileId", "profileType", "vendorId", "applicationId", "description"},
}

func newModel(fields []string, paths map[string]string) model {
	all := map[string]string{"sourcedId": "value", "status": "status", "dateLastModified": "changed_at"}
	for _, f := range fields {
		if parts[f] == nil {
			all[f] = ""
		}
		for _, part := range parts[f] {
			all[f+"."+part] = ""
		}
	}
	for path, column := range paths {
		all[path] = column
	}
	return model{fields: append([]string{"sourcedId", "status", "dateLastModified", "metadata"}, fields...), paths: all}
}

func (m model) sealing(field, why string) model {
	m.sealed = map[string]string{field: why}
	return m
}

var sessionModel = newModel([]string{"title", "startDate", "endDate", "type", "parent", "children", "schoolYear"},
	map[string]string{"title": "title", "startDate": "start", "endDate": "end", "type": "kind", "schoolYear": "school_year", "parent.sourcedId": "parent"})

var courseModel = newModel([]string{"title", "schoolYear", "courseCode", "grades", "subjects", "org", "subjectCodes", "resources"},
	map[string]string{"title": "title", "schoolYear.sourcedId": "", "courseCode": "code", "org.sourcedId": "org"})

var classModel = newModel([]string{"title", "classCode", "classType", "location", "grades", "subjects", "course", "school", "terms",
	"subjectCodes", "periods", "resources"},
	map[string]string{"title": "title", "classCode": "code", "classType": "kind", "grades": "grade", "subjects": "subject",
		"course.sourcedId": "course", "school.sourcedId": "school", "terms.sourcedId": "sessions"})

var enrollmentModel = newModel([]string{"user", "class", "school", "role", "primary", "beginDate", "endDate"},
	map[string]string{"user.sourcedId": "user", "class.sourcedId": "class", "school.sourcedId": "school", "role": "role",
		"primary": "main", "beginDate": "begin", "endDate": "end"})

var orgModel = newModel([]string{"name", "type", "identifier", "parent", "children"},
	map[string]string{"name": "name", "type": "kind", "identifier": "value", "parent.sourcedId": "parent"})

var demographicsModel = newModel([]string{"birthDate", "sex", "americanIndianOrAlaskaNative", "asian", "blackOrAfricanAmerican",
	"nativeHawaiianOrOtherPacificIslander", "white", "demographicRaceTwoOrMoreRaces", "hispanicOrLatinoEthnicity", "countryOfBirthCode",
	"stateOfBirthAbbreviation", "cityOfBirth", "publicSchoolResidenceStatus"}, nil).sealing("birthDate", "provider.filter_sealed")

// userPaths are those of both versions.
func userPaths(more map[string]string) map[string]string {
	paths := map[string]string{"enabledUser": "enabled", "givenName": "given_name", "familyName": "family_name", "email": "email", "grades": "grade"}
	for path, column := range more {
		paths[path] = column
	}
	return paths
}

var userModels = map[credential.Version]model{
	credential.V1p2: newModel([]string{"userMasterIdentifier", "username", "userIds", "enabledUser", "givenName", "familyName", "middleName",
		"preferredFirstName", "preferredMiddleName", "preferredLastName", "pronouns", "roles", "userProfiles", "primaryOrg", "identifier",
		"email", "sms", "phone", "agents", "grades", "password", "resources"},
		userPaths(map[string]string{"roles.roleType": "role_type", "roles.role": "role", "roles.org.sourcedId": "orgs"})),
	credential.V1p1: newModel([]string{"username", "userIds", "enabledUser", "givenName", "familyName", "middleName", "role", "identifier",
		"email", "sms", "phone", "agents", "orgs", "grades", "password"},
		userPaths(map[string]string{"username": "value", "role": "role", "orgs.sourcedId": "orgs"})),
}

// loginModels are those of users whose login names leave.
var loginModels = map[credential.Version]model{
	credential.V1p2: userModels[credential.V1p2].sealing("username", "provider.login_sealed"),
	credential.V1p1: userModels[credential.V1p1].sealing("username", "provider.login_sealed"),
}

func (o op) model(v credential.Version, t disclosure.Terms) model {
	switch o.kind {
	case disclosure.OfUser:
		if o.birth {
			return demographicsModel
		}
		if t.Fields[disclosure.LoginName] {
			return loginModels[v]
		}
		return userModels[v]
	case disclosure.OfOrg:
		return orgModel
	case disclosure.OfSession:
		return sessionModel
	case disclosure.OfCourse:
		return courseModel
	case disclosure.OfClass:
		return classModel
	}
	return enrollmentModel
}
