package roster

import (
	"slices"
	"strings"
)

// fileNames finds a file of the standard whatever the case in which it was written.
var fileNames = func() map[string]string {
	names := map[string]string{"manifest.csv": "manifest"}
	for _, file := range Files {
		names[strings.ToLower(file)+".csv"] = file
	}
	return names
}()

// Files are those that a manifest of version 1.2 must speak of.
var Files = []string{
	"academicSessions", "categories", "classes", "classResources", "courses", "courseResources", "demographics",
	"enrollments", "lineItemLearningObjectiveIds", "lineItems", "lineItemScoreScales", "orgs", "resources",
	"resultLearningObjectiveIds", "results", "resultScoreScales", "roles", "scoreScales", "userProfiles",
	"userResources", "users",
}

// only12 are the files that came with version 1.2.
var only12 = map[string]bool{
	"lineItemLearningObjectiveIds": true, "lineItemScoreScales": true, "resultLearningObjectiveIds": true,
	"resultScoreScales": true, "roles": true, "scoreScales": true, "userProfiles": true, "userResources": true,
}

// only10 are the files of version 1.0, which had no manifest.
var only10 = map[string]bool{
	"academicSessions": true, "classes": true, "courses": true, "demographics": true,
	"enrollments": true, "orgs": true, "users": true,
}

// rostering are the files without which a full set is none; roles came with version 1.2.
var rostering = []string{"academicSessions", "classes", "courses", "enrollments", "orgs", "roles", "users"}

// kept are the files that aval reads, in the order in which they refer to each
// other. Marks and resources are none of its business: unread; of demographics, but
// the birth date.
var kept = []string{"orgs", "academicSessions", "courses", "classes", "users", "roles", "enrollments", "demographics"}

// Layout lists a file's columns in the standard's order. A star marks what the
// standard requires, a double star what aval cannot do without.
func Layout(version, file string) []string {
	var names []string
	for _, c := range columnsOf(version, file) {
		names = append(names, c.name+strings.Repeat("*", int(c.need)))
	}
	return names
}

// need says how much a column is missed.
type need int

const (
	free     need = iota
	required      // by the standard
	vital         // aval cannot do without it
)

// form is how the standard has a value written.
type form int

const (
	freeText form = iota
	guid
	guidList // separated by commas, without spaces
	textList
	day
	year
	userIDs // {Type:Id},{Type:Id}
	word    // one of a list
	truth   // true or false
)

// column is one column of a file, as the CSV binding 1.2.1 has it.
type column struct {
	name  string
	need  need
	form  form
	words []string // that a word may be
	ext   bool     // or an extension's own, ext:…
	to    string   // file that a GUID refers to
}

// columnsOf are a file's columns, or none where aval does not know them.
func columnsOf(version, file string) []column {
	if version != "1.2" {
		if older, ok := columns11[file]; ok {
			return older
		}
	}
	return columns12[file]
}

// The tables below write a column as name, stars (see Layout), then :form, {words}
// (with a + where an extension's own word may stand), >file or >>file (a list).
var columns12 = columnsIn(map[string]string{
	"orgs": "name**,type**{department|school|district|local|state|national|+},identifier,parentSourcedId>orgs",
	"academicSessions": "title**,type*{gradingPeriod|semester|schoolYear|term|+},startDate**:day,endDate**:day," +
		"parentSourcedId>academicSessions,schoolYear*:year",
	"courses": "schoolYearSourcedId>academicSessions,title**,courseCode,grades:list,orgSourcedId*>orgs,subjects:list," +
		"subjectCodes:list",
	"classes": "title**,grades:list,courseSourcedId*>courses,classCode,classType*{homeroom|scheduled|+},location," +
		"schoolSourcedId**>orgs,termSourcedIds*>>academicSessions,subjects:list,subjectCodes:list,periods:list",
	"users": "enabledUser*:truth,username*,userIds:userIds,givenName**,familyName**,middleName,identifier,email,sms,phone," +
		"agentSourcedIds>>users,grades:list,password,userMasterIdentifier,preferredGivenName,preferredMiddleName," +
		"preferredFamilyName,primaryOrgSourcedId>orgs,pronouns",
	"roles": "userSourcedId**>users,roleType*{primary|secondary},role**{aide|counselor|districtAdministrator|guardian|" +
		"parent|principal|proctor|relative|siteAdministrator|student|systemAdministrator|teacher|+},beginDate:day," +
		"endDate:day,orgSourcedId**>orgs,userProfileSourcedId>userProfiles",
	"userProfiles": "userSourcedId*>users,profileType*,vendorId*,applicationId,description,credentialType*,username*,password",
	"enrollments": "classSourcedId**>classes,schoolSourcedId*>orgs,userSourcedId**>users," +
		"role**{administrator|proctor|student|teacher|+},primary:truth,beginDate:day,endDate:day",
	"demographics": "birthDate:day,sex{male|female|unspecified|other|+}" + demographics,
})

// columns11 are those of files that version 1.2 changed.
var columns11 = columnsIn(map[string]string{
	"users": "enabledUser*:truth,orgSourcedIds*>>orgs,role**{administrator|aide|guardian|parent|proctor|relative|student|" +
		"teacher},username*,userIds:userIds,givenName**,familyName**,middleName,identifier,email,sms,phone," +
		"agentSourcedIds>>users,grades:list,password",
	"demographics": "birthDate:day,sex{male|female}" + demographics,
})

const demographics = ",americanIndianOrAlaskaNative:truth,asian:truth,blackOrAfricanAmerican:truth," +
	"nativeHawaiianOrOtherPacificIslander:truth,white:truth,demographicRaceTwoOrMoreRaces:truth," +
	"hispanicOrLatinoEthnicity:truth,countryOfBirthCode,stateOfBirthAbbreviation,cityOfBirth,publicSchoolResidenceStatus"

// begin are the columns with which every file begins.
var begin = []column{{name: "sourcedId", need: vital, form: guid}, {name: "status"}, {name: "dateLastModified"}}

var forms = map[string]form{"day": day, "year": year, "list": textList, "userIds": userIDs, "truth": truth}

// columnsIn reads the tables, and puts the three columns that every file begins with before them.
func columnsIn(tables map[string]string) map[string][]column {
	all := map[string][]column{}
	for file, text := range tables {
		list := slices.Clone(begin)
		if file == "demographics" {
			list[0].to = "users"
		}
		for written := range strings.SplitSeq(text, ",") {
			list = append(list, columnIn(written))
		}
		all[file] = list
	}
	return all
}

func columnIn(written string) (c column) {
	end := strings.IndexAny(written, "*:{>")
	if end < 0 {
		end = len(written)
	}
	rest := strings.TrimLeft(written[end:], "*")
	c.name, c.need = written[:end], need(len(written)-end-len(rest))
	switch {
	case strings.HasPrefix(rest, ":"):
		c.form = forms[rest[1:]]
	case strings.HasPrefix(rest, "{"):
		c.form, c.words = word, strings.Split(strings.Trim(rest, "{}"), "|")
		if last := len(c.words) - 1; c.words[last] == "+" {
			c.words, c.ext = c.words[:last], true
		}
	case strings.HasPrefix(rest, ">>"):
		c.form, c.to = guidList, rest[2:]
	case strings.HasPrefix(rest, ">"):
		c.form, c.to = guid, rest[1:]
	}
	return c
}

// oldNames are the columns of version 1.0 by their later names.
var oldNames = map[string]string{
	"grade": "grades", "termSourcedId": "termSourcedIds", "userId": "userIds", "agents": "agentSourcedIds",
	"orgSourcedId": "orgSourcedIds",
}
