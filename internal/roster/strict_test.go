package roster_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"aval/internal/roster"
)

// later is small as version 1.2 has it: roles stand in a file of their own.
func later() map[string]string {
	set := small()
	set["users.csv"] = users12 + "u1,,,true,u1,,Zibeline,Quorvath,,P1,,,,,03,,,,,,s1,\n" +
		"t1,,,true,t1,,Orsane,Vellibrec,,E1,,,,u1,,,,,,,,\n"
	set["roles.csv"] = roles + "r1,,,u1,primary,student,,,s1,\nr2,,,t1,primary,teacher,2026-08-24,2027-06-24,s1,\n"
	set["enrollments.csv"] = enrollments + "e1,,,k1,s1,u1,student,,,\ne2,,,k1,s1,t1,teacher,true,,\n"
	set["demographics.csv"] = strings.Join(strings.Split("sourcedId,status,dateLastModified,birthDate,sex,americanIndianOrAlaskaNative,asian,"+
		"blackOrAfricanAmerican,nativeHawaiianOrOtherPacificIslander,white,demographicRaceTwoOrMoreRaces,hispanicOrLatinoEthnicity,"+
		"countryOfBirthCode,stateOfBirthAbbreviation,cityOfBirth,publicSchoolResidenceStatus", ","), ",") + "\n" +
		"u1,,,2018-02-28,unspecified,,,,,,,,,,,\n"
	manifest := "propertyName,value\nmanifest.version,1.0\noneroster.version,1.2\n"
	for _, file := range roster.Files {
		mode := "absent"
		if set[file+".csv"] != "" {
			mode = "bulk"
		}
		manifest += "file." + file + "," + mode + "\n"
	}
	set["manifest.csv"] = manifest
	return set
}

const (
	users12 = "sourcedId,status,dateLastModified,enabledUser,username,userIds,givenName,familyName,middleName,identifier,email,sms,phone," +
		"agentSourcedIds,grades,password,userMasterIdentifier,preferredGivenName,preferredMiddleName,preferredFamilyName,primaryOrgSourcedId,pronouns\n"
	roles = "sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,endDate,orgSourcedId,userProfileSourcedId\n"
)

// deltaOf is a set of changes of users.
func deltaOf(rows string) map[string]string {
	set := later()
	manifest := strings.ReplaceAll(strings.ReplaceAll(set["manifest.csv"], ",bulk", ",absent"), "file.users,absent", "file.users,delta")
	return map[string]string{"manifest.csv": manifest, "users.csv": users12 + rows}
}

// oldest is small as version 1.0 had it: without a manifest, under other names.
func oldest() map[string]string {
	set := small()
	delete(set, "manifest.csv")
	set["users.csv"] = strings.Replace(set["users.csv"], "orgSourcedIds", "orgSourcedId", 1)
	return set
}

func TestEveryDeviationIsADefectToTheLetterAndDirtToTheTolerant(t *testing.T) {
	all := func(from func() map[string]string, soils ...func(*testing.T, map[string]string)) func(*testing.T) map[string]string {
		return func(t *testing.T) map[string]string {
			set := from()
			for _, soil := range soils {
				soil(t, set)
			}
			return set
		}
	}
	rename := func(from, to string) func(*testing.T, map[string]string) {
		return func(_ *testing.T, set map[string]string) { set[to] = set[from]; delete(set, from) }
	}
	const at = "2026-11-22T00:42:52.110Z"
	defect := func(code, file string, row int, field string) roster.Defect {
		return roster.Defect{Code: code, File: file, Row: row, Field: field}
	}
	cases := []struct {
		name     string
		set      func(*testing.T) map[string]string
		strict   []roster.Defect // what the strict finds
		tolerant string          // what the tolerant counts as repaired, once; a defect after a !
	}{
		{"version 1.0 without its manifest", all(oldest), nil, "manifest_missing"},
		{"a status that version 1.0 had", all(oldest, swap("courses.csv", "c1,,,", "c1,inactive,2026-08-01,")), nil, "manifest_missing status_form"},
		{"version 1.1", all(small), nil, ""},
		{"version 1.2", all(later), nil, ""},
		{"a delta", all(func() map[string]string { return deltaOf("u1,active," + at + ",true,u1,,Q,V,,,,,,,,,,,,,,\n") }), nil, ""},
		{"a byte order mark", all(later, swap("users.csv", "sourcedId,", "\ufeffsourcedId,")), nil, ""},
		{"a manifest alone says that nothing changed", func(t *testing.T) map[string]string {
			return map[string]string{"manifest.csv": strings.ReplaceAll(later()["manifest.csv"], ",bulk", ",absent")}
		}, nil, ""},
		{"an extension's own word", all(later, swap("roles.csv", "teacher", "ext:departmentHead")), nil, ""},

		{"a file in a folder of the zip", all(later, func(_ *testing.T, set map[string]string) {
			for name, text := range maps.Clone(set) {
				delete(set, name)
				set["export/"+name] = text
			}
		}), []roster.Defect{defect("folder_in_zip", "", 0, "")}, "folder_in_zip"},
		{"a file that is not of the set", all(later, func(_ *testing.T, set map[string]string) { set["notes.txt"] = "x" }),
			[]roster.Defect{defect("file_unknown", "", 0, "")}, "file_unknown"},
		{"a file name in the wrong case", all(later, rename("users.csv", "Users.csv")),
			[]roster.Defect{defect("file_name_case", "users.csv", 0, "")}, "file_name_case"},

		{"a manifest that Excel touched", all(later, swap("manifest.csv", "version,1.0", "version,1")),
			[]roster.Defect{defect("manifest_version", "manifest.csv", 2, "manifest.version")}, "manifest_version"},
		{"a version with its patch", all(later, swap("manifest.csv", "version,1.2", "version,1.2.1")),
			[]roster.Defect{defect("version_form", "manifest.csv", 3, "oneroster.version")}, "version_form"},
		{"a manifest with spaces", all(later, swap("manifest.csv", "file.users,bulk", "file.users,bulk ")),
			[]roster.Defect{defect("manifest_spaces", "manifest.csv", 24, "")}, "manifest_spaces"},
		{"a manifest with another header", all(later, swap("manifest.csv", "propertyName,value", "property,value")),
			[]roster.Defect{defect("manifest_header", "manifest.csv", 1, ""), defect("manifest_unknown", "manifest.csv", 1, "")}, "manifest_header manifest_unknown"},
		{"a file of which the manifest does not speak", all(later, swap("manifest.csv", "file.results,absent\n", "")),
			[]roster.Defect{defect("manifest_incomplete", "manifest.csv", 0, "file.results")}, "manifest_incomplete"},
		{"a mode in capitals", all(later, swap("manifest.csv", "file.users,bulk", "file.users,Bulk")),
			[]roster.Defect{defect("manifest_mode_form", "manifest.csv", 24, "file.users")}, "manifest_mode_form"},
		{"a property given twice", all(later, swap("manifest.csv", "file.users,bulk\n", "file.users,bulk\nfile.users,bulk\n")),
			[]roster.Defect{defect("manifest_twice", "manifest.csv", 25, "file.users")}, "manifest_twice"},
		{"a property that nobody knows", all(later, swap("manifest.csv", "file.users,bulk\n", "file.users,bulk\nfile.pets,bulk\n")),
			[]roster.Defect{defect("manifest_unknown", "manifest.csv", 25, "")}, "manifest_unknown"},
		{"a file of a later version", all(small, swap("manifest.csv", "file.users,bulk\n", "file.users,bulk\nfile.userProfiles,bulk\n"),
			func(_ *testing.T, set map[string]string) { set["userProfiles.csv"] = "sourcedId\nx\n" }),
			[]roster.Defect{defect("file_version", "userProfiles.csv", 0, "")}, ""},
		{"a full set without its courses", all(later, swap("manifest.csv", "file.courses,bulk", "file.courses,absent"),
			func(_ *testing.T, set map[string]string) { delete(set, "courses.csv") }),
			[]roster.Defect{defect("file_missing", "courses.csv", 0, ""), defect("reference_unresolved", "classes.csv", 2, "courseSourcedId"),
				defect("reference_unresolved", "classes.csv", 3, "courseSourcedId")}, ""},
		{"a file whose first columns stand elsewhere", all(later, swap("manifest.csv", "file.results,absent", "file.results,bulk"),
			func(_ *testing.T, set map[string]string) {
				set["results.csv"] = "comment,sourcedId,status,dateLastModified\n,x1,,\n"
			}), []roster.Defect{defect("column_order", "results.csv", 1, "sourcedId")}, ""},
		{"an extension's column before one of the standard, in a file of which the columns are not known", all(later,
			swap("manifest.csv", "file.results,absent", "file.results,bulk"), func(_ *testing.T, set map[string]string) {
				set["results.csv"] = "sourcedId,status,dateLastModified,metadata.a,comment\nx1,,,,\n"
			}), []roster.Defect{defect("column_order", "results.csv", 1, "#5")}, ""},
		{"a file of a header alone", all(later, func(_ *testing.T, set map[string]string) {
			set["demographics.csv"] = strings.SplitAfter(set["demographics.csv"], "\n")[0]
		}), []roster.Defect{defect("file_empty", "demographics.csv", 0, "")}, ""},

		{"Windows-1252", all(later, swap("orgs.csv", "School", "\xc9cole")),
			[]roster.Defect{defect("encoding_repaired", "orgs.csv", 3, "")}, "encoding_repaired"},
		{"two encodings in one file", all(later, swap("orgs.csv", "School", "\xc9cole"), swap("orgs.csv", "Board", "École")),
			[]roster.Defect{defect("encoding_repaired", "orgs.csv", 3, ""), defect("encoding_mixed", "orgs.csv", 3, "")},
			"encoding_mixed encoding_repaired"},
		{"a manifest of semicolons", all(later, swap("manifest.csv", ",", ";")), []roster.Defect{defect("semicolons", "manifest.csv", 1, "")}, "semicolons"},
		{"semicolons", all(later, swap("courses.csv", ",", ";")), []roster.Defect{defect("semicolons", "courses.csv", 1, "")}, "semicolons"},
		{"a column in the wrong case", all(later, swap("orgs.csv", "dateLastModified", "datelastmodified")),
			[]roster.Defect{defect("column_case", "orgs.csv", 1, "dateLastModified")}, "column_case"},
		{"a column that nobody knows", all(later, swap("orgs.csv", "parentSourcedId\n", "parentSourcedId,mascot\n"),
			swap("orgs.csv", "district,1,", "district,1,,"), swap("orgs.csv", "b1\n", "b1,\n")),
			[]roster.Defect{defect("column_unknown", "orgs.csv", 1, "#8")}, "column_unknown"},
		{"a column twice", all(later, swap("orgs.csv", "parentSourcedId\n", "parentSourcedId,name\n"),
			swap("orgs.csv", "district,1,", "district,1,,"), swap("orgs.csv", "b1\n", "b1,\n")),
			[]roster.Defect{defect("column_twice", "orgs.csv", 1, "name")}, "column_twice"},
		{"columns in another order", all(later, swap("orgs.csv", "name,type", "type,name"), swap("orgs.csv", "Board,district", "district,Board"),
			swap("orgs.csv", "School,school", "school,School")), []roster.Defect{defect("column_order", "orgs.csv", 1, "name")}, "column_order"},
		{"a column that is not there", all(later, swap("orgs.csv", ",identifier", ""), swap("orgs.csv", ",1,", ","), swap("orgs.csv", ",2,", ",")),
			[]roster.Defect{defect("column_missing", "orgs.csv", 1, "identifier")}, "column_missing"},

		{"a blank row", all(later, swap("orgs.csv", "s1,", "\ns1,")), []roster.Defect{defect("row_blank", "orgs.csv", 3, "")}, "row_blank"},
		{"a row that is too short", all(later, swap("orgs.csv", "district,1,", "district,1")),
			[]roster.Defect{defect("row_short", "orgs.csv", 2, "")}, "row_short"},
		{"a row that is too long", all(later, swap("orgs.csv", "district,1,", "district,1,,x")),
			[]roster.Defect{defect("row_long", "orgs.csv", 2, "")}, "row_long"},
		{"a carriage return within a cell", all(later, swap("orgs.csv", "School", "Sch\rool")),
			[]roster.Defect{defect("carriage_return", "orgs.csv", 3, "")}, "carriage_return control_character"},
		{"a quote within a cell", all(later, swap("orgs.csv", "School", `Sch"ool`)),
			[]roster.Defect{defect("quote_form", "orgs.csv", 3, "")}, "quote_form"},

		{"a quote within a header", all(later, swap("orgs.csv", "parentSourcedId\n", "parentSourcedId,metadata.a\"b\n"),
			swap("orgs.csv", "district,1,", "district,1,,"), swap("orgs.csv", "b1\n", "b1,\n")),
			[]roster.Defect{defect("quote_form", "orgs.csv", 1, "")}, "quote_form"},
		{"a NUL", all(later, swap("orgs.csv", "School", "Sch\x00ool")),
			[]roster.Defect{defect("control_character", "orgs.csv", 3, "")}, "control_character"},
		{"a tab in a column that aval does not read", all(later, swap("users.csv", "P1,,,", "P1,,,\t")),
			[]roster.Defect{defect("control_character", "users.csv", 2, "")}, ""},
		{"a line feed between quotes", all(later, swap("orgs.csv", "School", "\"Sch\nool\"")), nil, "control_character"},

		{"a required value of spaces", all(later, swap("courses.csv", ",b1,", ",  ,")),
			[]roster.Defect{defect("required_missing", "courses.csv", 2, "orgSourcedId")}, "required_missing"},
		{"an id between spaces", all(later, swap("enrollments.csv", "k1,s1,u1", "k1,s1,u1 ")),
			[]roster.Defect{defect("id_form", "enrollments.csv", 2, "userSourcedId"),
				defect("reference_unresolved", "enrollments.csv", 2, "userSourcedId")}, "spaces_removed"},
		{"a required value that is missing", all(later, swap("courses.csv", ",b1,", ",,")),
			[]roster.Defect{defect("required_missing", "courses.csv", 2, "orgSourcedId")}, "required_missing"},
		{"an id that holds a colon", all(later, swap("courses.csv", "c1,,", "urn:c1,,"), swap("classes.csv", ",c1,", ",urn:c1,")),
			[]roster.Defect{defect("id_form", "courses.csv", 2, "sourcedId"), defect("id_form", "classes.csv", 2, "courseSourcedId"),
				defect("id_form", "classes.csv", 3, "courseSourcedId")}, "id_form"},
		{"an id of 256 signs", all(later, swap("enrollments.csv", "e1", strings.Repeat("e", 256))),
			[]roster.Defect{defect("id_too_long", "enrollments.csv", 2, "sourcedId")}, "!id_too_long"},
		{"a record given twice", all(later, swap("enrollments.csv", "e2", "e1")),
			[]roster.Defect{defect("duplicate_row", "enrollments.csv", 3, "sourcedId")}, "duplicate_row"},
		{"a full file with a status", all(later, swap("orgs.csv", "s1,,", "s1,active,")),
			[]roster.Defect{defect("bulk_row_with_status", "orgs.csv", 3, "status")}, "bulk_row_with_status"},
		{"a full file with a date", all(later, swap("orgs.csv", "s1,,,", "s1,,"+at+",")),
			[]roster.Defect{defect("bulk_row_with_status", "orgs.csv", 3, "dateLastModified")}, "bulk_row_with_status"},
		{"a change without a date", all(func() map[string]string { return deltaOf("u1,active,,true,u1,,Q,V,,,,,,,,,,,,,,\n") }),
			[]roster.Defect{defect("delta_row_without_status", "users.csv", 2, "dateLastModified")}, "delta_row_without_status"},
		{"a status of older days", all(func() map[string]string { return deltaOf("u1,inactive," + at + ",true,u1,,Q,V,,,,,,,,,,,,,,\n") }),
			[]roster.Defect{defect("status_form", "users.csv", 2, "status")}, "status_form"},
		{"a status that nobody knows", all(func() map[string]string { return deltaOf("u1,asleep," + at + ",true,u1,,Q,V,,,,,,,,,,,,,,\n") }),
			[]roster.Defect{defect("status_unknown", "users.csv", 2, "status")}, "status_unknown"},
		{"a moment without its milliseconds", all(func() map[string]string {
			return deltaOf("u1,active,2026-11-22T00:42:52Z,true,u1,,Q,V,,,,,,,,,,,,,,\n")
		}), []roster.Defect{defect("datetime_form", "users.csv", 2, "dateLastModified")}, ""},
		{"a date with slashes", all(later, swap("academicSessions.csv", "2026-08-24", "2026/08/24")),
			[]roster.Defect{defect("date_form", "academicSessions.csv", 2, "startDate")}, "date_form"},
		{"a day that no month has", all(later, swap("roles.csv", "2026-08-24", "2026-02-30")),
			[]roster.Defect{defect("date_unreadable", "roles.csv", 3, "beginDate")}, ""},
		{"an end that is the beginning", all(later, swap("roles.csv", "2027-06-24", "2026-08-24")),
			[]roster.Defect{defect("dates_reversed", "roles.csv", 3, "endDate")}, ""},
		{"a session that ends before it begins", all(later, swap("academicSessions.csv", "2026-08-24,2027-06-24", "2027-06-24,2026-08-24"),
			swap("academicSessions.csv", ",,2027", ",,2026")),
			[]roster.Defect{defect("dates_reversed", "academicSessions.csv", 2, "endDate")}, "!dates_reversed"},
		{"an enrolment that ends before it begins", all(later, swap("enrollments.csv", "student,,,", "student,,2027-02-01,2027-01-31")),
			[]roster.Defect{defect("dates_reversed", "enrollments.csv", 2, "endDate")}, "!dates_reversed"},
		{"an enrolment of one day, its end written as the last", all(later, swap("enrollments.csv", "student,,,", "student,,2027-02-01,2027-02-01")),
			[]roster.Defect{defect("dates_reversed", "enrollments.csv", 2, "endDate")}, ""},
		{"true in capitals", all(later, swap("enrollments.csv", "teacher,true", "teacher,TRUE")),
			[]roster.Defect{defect("boolean_form", "enrollments.csv", 3, "primary")}, "boolean_form"},
		{"neither true nor false", all(later, swap("enrollments.csv", "teacher,true", "teacher,perhaps")),
			[]roster.Defect{defect("boolean_unreadable", "enrollments.csv", 3, "primary")}, "boolean_unreadable"},
		{"a word out of the list", all(later, swap("classes.csv", "homeroom", "Homeroom")),
			[]roster.Defect{defect("word_unknown", "classes.csv", 3, "classType")}, "class_type_form"},
		{"a role in capitals", all(later, swap("roles.csv", "teacher", "TEACHER")),
			[]roster.Defect{defect("word_unknown", "roles.csv", 3, "role")}, "word_form"},
		{"a role of an enrolment in capitals", all(later, swap("enrollments.csv", "teacher", "Teacher")),
			[]roster.Defect{defect("word_unknown", "enrollments.csv", 3, "role")}, "word_form"},
		{"a school in capitals", all(later, swap("orgs.csv", ",school,", ",School,")),
			[]roster.Defect{defect("word_unknown", "orgs.csv", 3, "type")}, "word_form"},
		{"a session in lower case", all(later, swap("academicSessions.csv", "schoolYear,2026", "schoolyear,2026")),
			[]roster.Defect{defect("word_unknown", "academicSessions.csv", 2, "type")}, "word_form"},
		{"a list with a space", all(later, swap("classes.csv", "B,homeroom,,s1,y1", `B,homeroom,,s1,"y1, y1"`)),
			[]roster.Defect{defect("list_form", "classes.csv", 3, "termSourcedIds")}, "list_form"},
		{"other identifiers without braces", all(later, swap("users.csv", "true,u1,,", "true,u1,LDAP:u1,")),
			[]roster.Defect{defect("user_ids_form", "users.csv", 2, "userIds")}, ""},
		{"a school year as a range", all(later, swap("academicSessions.csv", ",,2027", ",,2026-2027")),
			[]roster.Defect{defect("school_year_range", "academicSessions.csv", 2, "schoolYear")}, "school_year_range"},
		{"a school year by its beginning", all(later, swap("academicSessions.csv", ",,2027", ",,2026")),
			[]roster.Defect{defect("school_year_start", "academicSessions.csv", 2, "schoolYear")}, "school_year_start"},
		{"a school year of another time", all(later, swap("academicSessions.csv", ",,2027", ",,2031")),
			[]roster.Defect{defect("school_year_differs", "academicSessions.csv", 2, "schoolYear")}, "school_year_differs"},
		{"a school year that is a calendar year, its end exclusive", all(later,
			swap("academicSessions.csv", "2026-08-24,2027-06-24,,2027", "2026-01-01,2027-01-01,,2026")), nil, ""},
		{"a school year that is none", all(later, swap("academicSessions.csv", ",,2027", ",,soon")),
			[]roster.Defect{defect("school_year_unreadable", "academicSessions.csv", 2, "schoolYear")}, "school_year_unreadable"},
		{"an enrolment of nobody", all(later, swap("enrollments.csv", "k1,s1,u1", "k1,s1,u9")),
			[]roster.Defect{defect("reference_unresolved", "enrollments.csv", 2, "userSourcedId")}, "!reference_unresolved"},
		{"a parent that is nowhere", all(later, swap("orgs.csv", ",2,b1", ",2,b9")),
			[]roster.Defect{defect("reference_unresolved", "orgs.csv", 3, "parentSourcedId")}, "!reference_unresolved"},
		{"its own parent", all(later, swap("orgs.csv", ",2,b1", ",2,s1")),
			[]roster.Defect{defect("parent_circle", "orgs.csv", 3, "parentSourcedId")}, "!parent_circle"},
		{"each the parent of the other", all(later, swap("orgs.csv", "district,1,", "district,1,s1")),
			[]roster.Defect{defect("parent_circle", "orgs.csv", 2, "parentSourcedId"), defect("parent_circle", "orgs.csv", 3, "parentSourcedId")},
			"!parent_circle"},
		{"sessions in a circle, and one below them", all(later, swap("academicSessions.csv", ",,2027\n",
			",t1,2027\nt1,,,T,term,2026-08-24,2027-01-24,y1,2027\nt2,,,T,term,2026-08-24,2027-01-24,t1,2027\n")),
			[]roster.Defect{defect("parent_circle", "academicSessions.csv", 2, "parentSourcedId"),
				defect("parent_circle", "academicSessions.csv", 3, "parentSourcedId")}, "!parent_circle"},
		{"an agent who is nowhere", all(later, swap("users.csv", ",,,u1,", ",,,u9,")),
			[]roster.Defect{defect("reference_unresolved", "users.csv", 3, "agentSourcedIds")}, ""},
		{"someone's birth who is nobody", all(later, swap("demographics.csv", "u1,", "u9,")),
			[]roster.Defect{defect("reference_unresolved", "demographics.csv", 2, "sourcedId")}, "!reference_unresolved"},
		{"subjects without their codes", all(later, swap("courses.csv", ",Arts,", `,"Arts,Music",A`)),
			[]roster.Defect{defect("subjects_differ", "courses.csv", 2, "subjectCodes")}, ""},
		{"two primary roles at one school", all(later, swap("roles.csv", "r2,", "r3,,,t1,primary,aide,,,s1,\nr2,")),
			[]roster.Defect{defect("primary_role_twice", "roles.csv", 4, "roleType")}, ""},
		{"roles left in the users of 1.2", all(later, swap("users.csv", "pronouns\n", "pronouns,role\n"), swap("users.csv", "s1,\n", "s1,,student\n"),
			swap("users.csv", ",,,,,,,,\n", ",,,,,,,,,\n")), []roster.Defect{defect("column_unknown", "users.csv", 1, "#23")}, "column_unknown"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			files := c.set(t)
			path := zipped(t, files)
			strict, err := roster.Validate(path, roster.Options{Strict: true})
			if err != nil || !slices.Equal(strict.Defects, append([]roster.Defect{}, c.strict...)) || strict.Refused != (len(c.strict) > 0) {
				t.Errorf("strict: %+v, %v, want %v", strict, err, c.strict)
			}
			tolerant, err := roster.Validate(path, roster.Options{})
			if err != nil || tolerant.Refused {
				t.Fatalf("tolerant: %+v, %v, want no refusal", tolerant, err)
			}
			if got := dirt(tolerant); got != c.tolerant {
				t.Errorf("tolerant: %q, want %q", got, c.tolerant)
			}
			asImported(t, path, tolerant)
		})
	}
}

// dirt names what a tolerant reader repaired, and after a ! what it could not.
func dirt(c roster.Check) string {
	var said []string
	for _, w := range c.Warnings {
		if w.Code != "guardian_ignored" && w.Code != "file_not_kept" && w.Code != "file_empty" {
			said = append(said, w.Code)
		}
	}
	for _, f := range c.Found {
		said = append(said, "!"+f.Code)
	}
	return strings.Join(said, " ")
}

// asImported checks that a validation finds what a reading for an import finds.
func asImported(t *testing.T, path string, c roster.Check) {
	t.Helper()
	set, err := roster.Read(path)
	if err != nil {
		t.Fatalf("Read: %v", err)
	}
	if !slices.Equal(set.Warnings(), c.Warnings) || !slices.Equal(set.Defects(), c.Defects) {
		t.Errorf("validated %v %v, read %v %v", c.Warnings, c.Defects, set.Warnings(), set.Defects())
	}
	n := [5]int{}
	for _, o := range set.Orgs {
		if o.Kind == "school" && !o.Gone {
			n[0]++
		}
	}
	for _, u := range set.Users {
		switch {
		case u.Gone:
		case u.Kind == "student":
			n[1]++
		case u.Kind == "staff":
			n[2]++
		}
	}
	n[3], n[4] = len(set.Classes), len(set.Enrollments)
	if got := [5]int{c.Schools, c.Students, c.Staff, c.Classes, c.Enrollments}; got != n {
		t.Errorf("validated %v, read %v", got, n)
	}
}

func TestACheckSaysPlacesAndNeverValues(t *testing.T) {
	set := later()
	swap("users.csv", "true,u1,,Zibeline,Quorvath", "Zibeline,Quorvath,Zibeline,,Quorvath")(t, set)
	swap("orgs.csv", "sourcedId,", "Quorvath,")(t, set)
	for _, strict := range []bool{true, false} {
		path := folder(t, set)
		check, err := roster.Validate(path, roster.Options{Strict: strict})
		said, jerr := json.Marshal(check)
		if jerr != nil {
			t.Fatal(jerr)
		}
		if strict && (len(check.Defects) < 3 || err != nil) || !strict && err == nil {
			t.Errorf("strict %v: %+v %v", strict, check, err)
		}
		if err != nil {
			said = append(said, err.Error()...)
		}
		for _, secret := range []string{"Quorvath", "Zibeline", filepath.Base(path)} {
			if strings.Contains(string(said), secret) {
				t.Errorf("strict %v says %q: %s", strict, secret, said)
			}
		}
	}
}

func TestTheRepositorysOwnGeneratorIsStrict(t *testing.T) {
	path := filepath.Join(t.TempDir(), "set.zip")
	save(t, path, 900)
	for _, strict := range []bool{true, false} {
		check, err := roster.Validate(path, roster.Options{Strict: strict})
		if err != nil || check.Refused || len(check.Found)+len(check.Warnings) > 0 || check.Schools != 9 || check.Students < 800 {
			t.Errorf("strict %v: %+v %v", strict, check, err)
		}
	}
	if err := os.Rename(path, path+".bin"); err != nil {
		t.Fatal(err)
	}
	check, err := roster.Validate(path+".bin", roster.Options{Strict: true})
	if want := []roster.Defect{{Code: "zip_name"}}; err != nil || !slices.Equal(check.Defects, want) {
		t.Errorf("a zip under another name: %+v %v", check, err)
	}
}
