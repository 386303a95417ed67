package roster

import "strings"

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

// kept are the files that aval reads, in the order in which they refer to each
// other. Birth dates, marks and resources are none of its business: unread.
var kept = []string{"orgs", "academicSessions", "courses", "classes", "users", "roles", "enrollments"}

// Layout lists a file's columns in the standard's order. A star marks what the
// standard requires, a double star what aval cannot do without.
func Layout(version, file string) []string {
	text := layout12[file]
	if version != "1.2" && file == "users" {
		text = users11
	}
	if text == "" {
		return nil
	}
	return strings.Split("sourcedId**,status,dateLastModified,"+text, ",")
}

var layout12 = map[string]string{
	"orgs":             "name**,type**,identifier,parentSourcedId",
	"academicSessions": "title**,type*,startDate**,endDate**,parentSourcedId,schoolYear*",
	"courses":          "schoolYearSourcedId,title**,courseCode,grades,orgSourcedId*,subjects,subjectCodes",
	"classes": "title**,grades,courseSourcedId*,classCode,classType*,location,schoolSourcedId**," +
		"termSourcedIds*,subjects,subjectCodes,periods",
	"users": "enabledUser*,username*,userIds,givenName**,familyName**,middleName,identifier,email,sms,phone," +
		"agentSourcedIds,grades,password,userMasterIdentifier,preferredGivenName,preferredMiddleName," +
		"preferredFamilyName,primaryOrgSourcedId,pronouns",
	"roles":       "userSourcedId**,roleType*,role**,beginDate,endDate,orgSourcedId**,userProfileSourcedId",
	"enrollments": "classSourcedId**,schoolSourcedId*,userSourcedId**,role**,primary,beginDate,endDate",
}

const users11 = "enabledUser*,orgSourcedIds*,role**,username*,userIds,givenName**,familyName**,middleName," +
	"identifier,email,sms,phone,agentSourcedIds,grades,password"

// oldNames are the columns of version 1.0 by their later names.
var oldNames = map[string]string{
	"grade": "grades", "termSourcedId": "termSourcedIds", "userId": "userIds", "agents": "agentSourcedIds",
	"orgSourcedId": "orgSourcedIds",
}
