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
	sealed string // a field by which nothing can be found, so that nobody learns whom they guess
}

func newModel(fields []string, paths map[string]string) model {
	all := map[string]string{"sourcedId": "value", "status": "status", "dateLastModified": "changed_at"}
	for _, f := range fields {
		if _, ok := paths[f]; !ok {
			all[f] = ""
		}
	}
	for path, column := range paths {
		all[path] = column
	}
	return model{fields: append([]string{"sourcedId", "status", "dateLastModified", "metadata"}, fields...), paths: all}
}

func (m model) sealing(field string) model {
	m.sealed = field
	return m
}

var sessionModel = newModel([]string{"title", "startDate", "endDate", "type", "parent", "children", "schoolYear"},
	map[string]string{"title": "title", "startDate": "start", "endDate": "end", "type": "kind", "schoolYear": "school_year", "parent.sourcedId": "parent"})

var courseModel = newModel([]string{"title", "schoolYear", "courseCode", "grades", "subjects", "org", "subjectCodes", "resources"},
	map[string]string{"title": "title", "courseCode": "code", "org.sourcedId": "org"})

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
	"stateOfBirthAbbreviation", "cityOfBirth", "publicSchoolResidenceStatus"}, nil).sealing("birthDate")

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
		userPaths(map[string]string{"roles.role": "role", "roles.org.sourcedId": "orgs"})),
	credential.V1p1: newModel([]string{"username", "userIds", "enabledUser", "givenName", "familyName", "middleName", "role", "identifier",
		"email", "sms", "phone", "agents", "orgs", "grades", "password"},
		userPaths(map[string]string{"role": "role", "orgs.sourcedId": "orgs"})),
}

func (o op) model(v credential.Version) model {
	switch o.kind {
	case disclosure.OfUser:
		if o.birth {
			return demographicsModel
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
