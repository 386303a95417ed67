package provider_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// schema says what an object of OneRoster may hold, written from the specification
// and not from our code: name, what it is, and a star where it is required.
var schemas = map[string]map[string]string{
	"v1p2": {
		"user": `sourcedId:id* status:status* dateLastModified:moment* metadata userMasterIdentifier:text username:text userIds enabledUser:truth* givenName:text*
			familyName:text* middleName:text preferredFirstName:text preferredMiddleName:text preferredLastName:text pronouns:text roles:roles* userProfiles
			primaryOrg:ref(org) identifier:text email:text sms:text phone:text agents:refs(user) grades:texts password:text resources`,
		"org": `sourcedId:id* status:status* dateLastModified:moment* metadata name:text* type:word(department,school,district,local,state,national)*
			identifier:text* parent:ref(org) children:refs(org)`,
		"academicSession": `sourcedId:id* status:status* dateLastModified:moment* metadata title:text* startDate:day* endDate:day*
			type:word(gradingPeriod,semester,schoolYear,term)* parent:ref(academicSession) children:refs(academicSession) schoolYear:year*`,
		"course": `sourcedId:id* status:status* dateLastModified:moment* metadata title:text* schoolYear:ref(academicSession) courseCode:text* grades:texts
			subjects:texts org:ref(org) subjectCodes:texts resources`,
		"class": `sourcedId:id* status:status* dateLastModified:moment* metadata title:text* classCode:text classType:word(homeroom,scheduled) location:text
			grades:texts subjects:texts course:ref(course)* school:ref(org)* terms:refs(academicSession)* subjectCodes:texts periods:texts resources`,
		"enrollment": `sourcedId:id* status:status* dateLastModified:moment* metadata user:ref(user)* class:ref(class)* school:ref(org)*
			role:word(administrator,proctor,student,teacher)* primary:truth beginDate:day endDate:day`,
		"demographics": `sourcedId:id* status:status* dateLastModified:moment* metadata birthDate:day sex americanIndianOrAlaskaNative:truth asian:truth
			blackOrAfricanAmerican:truth nativeHawaiianOrOtherPacificIslander:truth white:truth demographicRaceTwoOrMoreRaces:truth
			hispanicOrLatinoEthnicity:truth countryOfBirthCode:text stateOfBirthAbbreviation:text cityOfBirth:text publicSchoolResidenceStatus:text`,
	},
	"v1p1": {
		"user": `sourcedId:id* status:status* dateLastModified:moment* metadata username:text* userIds enabledUser:truth* givenName:text* familyName:text*
			middleName:text role:word(administrator,aide,guardian,parent,proctor,relative,student,teacher)* identifier:text email:text sms:text phone:text
			agents:refs(user) orgs:refs(org)* grades:texts password:text`,
		"org": `sourcedId:id* status:status* dateLastModified:moment* metadata name:text* type:word(department,school,district,local,state,national)*
			identifier:text parent:ref(org) children:refs(org)`,
		"academicSession": `sourcedId:id* status:status* dateLastModified:moment* metadata title:text* startDate:day* endDate:day*
			type:word(gradingPeriod,semester,schoolYear,term)* parent:ref(academicSession) children:refs(academicSession) schoolYear:year*`,
		"course": `sourcedId:id* status:status* dateLastModified:moment* metadata title:text* schoolYear:ref(academicSession) courseCode:text grades:texts
			subjects:texts org:ref(org) subjectCodes:texts resources`,
		"class": `sourcedId:id* status:status* dateLastModified:moment* metadata title:text* classCode:text classType:word(homeroom,scheduled)* location:text
			grades:texts subjects:texts course:ref(course)* school:ref(org)* terms:refs(academicSession)* subjectCodes:texts periods:texts resources`,
		"enrollment": `sourcedId:id* status:status* dateLastModified:moment* metadata user:ref(user)* class:ref(class)* school:ref(org)*
			role:word(administrator,aide,guardian,parent,proctor,relative,student,teacher)* primary:truth beginDate:day endDate:day`,
		"demographics": `sourcedId:id* status:status* dateLastModified:moment* metadata birthDate:day sex americanIndianOrAlaskaNative:truth asian:truth
			blackOrAfricanAmerican:truth nativeHawaiianOrOtherPacificIslander:truth white:truth demographicRaceTwoOrMoreRaces:truth
			hispanicOrLatinoEthnicity:truth countryOfBirthCode:text stateOfBirthAbbreviation:text cityOfBirth:text publicSchoolResidenceStatus:text`,
	},
}

var (
	guid = regexp.MustCompile(`^[0-9a-zA-Z._/@-]{1,255}$`)
	kind = regexp.MustCompile(`^(\w+)(?:\((.*)\))?$`)
)

// invalid answers what an object breaks of its schema.
func invalid(version, name string, o map[string]any) (wrong []string) {
	rules := map[string]string{}
	for field := range strings.FieldsSeq(schemas[version][name]) {
		field, rule, _ := strings.Cut(field, ":")
		rules[field] = rule
		if strings.HasSuffix(rule, "*") && o[field] == nil {
			wrong = append(wrong, field+" lacks")
		}
	}
	for field, v := range o {
		rule, known := rules[field]
		if !known {
			wrong = append(wrong, field+" is no field")
		} else if !fits(strings.TrimSuffix(rule, "*"), v) {
			wrong = append(wrong, fmt.Sprintf("%s is %T", field, v))
		}
	}
	return wrong
}

// fits tells whether a value is what a rule says; a rule of no kind is fulfilled by nothing.
func fits(rule string, v any) bool {
	parts := kind.FindStringSubmatch(rule)
	if parts == nil {
		return false
	}
	text, isText := v.(string)
	switch parts[1] {
	case "text":
		return text != ""
	case "id":
		return guid.MatchString(text)
	case "status":
		return text == "active" || text == "tobedeleted"
	case "truth":
		return text == "true" || text == "false"
	case "word":
		return slices.Contains(strings.Split(parts[2], ","), text)
	case "moment":
		at, err := time.Parse("2006-01-02T15:04:05.000Z", text)
		return isText && err == nil && at.Format("2006-01-02T15:04:05.000Z") == text
	case "day":
		_, err := time.Parse(time.DateOnly, text)
		return isText && err == nil
	case "year":
		_, err := time.Parse("2006", text)
		return isText && err == nil
	case "ref":
		return fitsRef(parts[2], v)
	}
	list, ok := v.([]any)
	if !ok || len(list) == 0 {
		return false
	}
	return !slices.ContainsFunc(list, func(e any) bool { return !fitsElement(parts[1], parts[2], e) })
}

func fitsElement(rule, of string, e any) bool {
	switch rule {
	case "texts":
		return fits("text", e)
	case "refs":
		return fitsRef(of, e)
	case "roles":
		o, ok := e.(map[string]any)
		return ok && len(o) == 3 && fits("word(primary,secondary)", o["roleType"]) && fitsRef("org", o["org"]) &&
			fits("word(aide,counselor,districtAdministrator,guardian,parent,principal,proctor,relative,siteAdministrator,student,systemAdministrator,teacher)", o["role"])
	}
	return false
}

func fitsRef(kind string, v any) bool {
	o, ok := v.(map[string]any)
	if !ok || len(o) != 3 || o["type"] != kind || !fits("id", o["sourcedId"]) {
		return false
	}
	href, _ := o["href"].(string)
	return strings.HasPrefix(href, base+"/ims/oneroster/") && strings.HasSuffix(href, "/"+fmt.Sprint(o["sourcedId"]))
}
