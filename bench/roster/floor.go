package main

import (
	"archive/zip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// plain is one column of the floor: what it may hold, written as one would.
type plain struct {
	name     string
	required bool
	check    func(cell string) bool
	to       string // file of the reference
}

func anything(string) bool { return true }

func guid(s string) bool {
	if len(s) > 255 {
		return false
	}
	for _, c := range s {
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && !strings.ContainsRune(".-_/@", c) {
			return false
		}
	}
	return true
}

func day(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}

func one(words ...string) func(string) bool {
	return func(s string) bool { return slices.Contains(words, s) }
}

// bound are the files of the generated set in the order of their references.
var bound = []struct {
	file    string
	columns []plain
}{
	{"orgs", []plain{{"name", true, anything, ""}, {"type", true, one("department", "school", "district", "local", "state", "national"), ""},
		{"identifier", false, anything, ""}, {"parentSourcedId", false, guid, "orgs"}}},
	{"academicSessions", []plain{{"title", true, anything, ""}, {"type", true, one("gradingPeriod", "semester", "schoolYear", "term"), ""},
		{"startDate", true, day, ""}, {"endDate", true, day, ""}, {"parentSourcedId", false, guid, ""}, {"schoolYear", true, anything, ""}}},
	{"courses", []plain{{"schoolYearSourcedId", false, guid, "academicSessions"}, {"title", true, anything, ""}, {"courseCode", false, anything, ""},
		{"grades", false, anything, ""}, {"orgSourcedId", true, guid, "orgs"}, {"subjects", false, anything, ""}, {"subjectCodes", false, anything, ""}}},
	{"classes", []plain{{"title", true, anything, ""}, {"grades", false, anything, ""}, {"courseSourcedId", true, guid, "courses"},
		{"classCode", false, anything, ""}, {"classType", true, one("homeroom", "scheduled"), ""}, {"location", false, anything, ""},
		{"schoolSourcedId", true, guid, "orgs"}, {"termSourcedIds", true, guid, "academicSessions"}, {"subjects", false, anything, ""},
		{"subjectCodes", false, anything, ""}, {"periods", false, anything, ""}}},
	{"users", []plain{{"enabledUser", true, one("true", "false"), ""}, {"username", true, anything, ""}, {"userIds", false, anything, ""},
		{"givenName", true, anything, ""}, {"familyName", true, anything, ""}, {"middleName", false, anything, ""}, {"identifier", false, anything, ""},
		{"email", false, anything, ""}, {"sms", false, anything, ""}, {"phone", false, anything, ""}, {"agentSourcedIds", false, guid, ""},
		{"grades", false, anything, ""}, {"password", false, anything, ""}, {"userMasterIdentifier", false, anything, ""},
		{"preferredGivenName", false, anything, ""}, {"preferredMiddleName", false, anything, ""}, {"preferredFamilyName", false, anything, ""},
		{"primaryOrgSourcedId", false, guid, "orgs"}, {"pronouns", false, anything, ""}}},
	{"roles", []plain{{"userSourcedId", true, guid, "users"}, {"roleType", true, one("primary", "secondary"), ""},
		{"role", true, one("aide", "counselor", "districtAdministrator", "guardian", "parent", "principal", "proctor", "relative",
			"siteAdministrator", "student", "systemAdministrator", "teacher"), ""},
		{"beginDate", false, day, ""}, {"endDate", false, day, ""}, {"orgSourcedId", true, guid, "orgs"}, {"userProfileSourcedId", false, guid, ""}}},
	{"enrollments", []plain{{"classSourcedId", true, guid, "classes"}, {"schoolSourcedId", true, guid, "orgs"}, {"userSourcedId", true, guid, "users"},
		{"role", true, one("administrator", "proctor", "student", "teacher"), ""}, {"primary", false, one("true", "false"), ""},
		{"beginDate", false, day, ""}, {"endDate", false, day, ""}}},
}

var errFloor = errors.New("the floor finds the set wrong")

// floor reads and checks the set, hands its rows on, and answers how many it has.
func floor(path string, take func(file string, cells []string) error) (rows int, err error) {
	z, err := zip.OpenReader(path)
	if err != nil {
		return 0, err
	}
	defer func() { _ = z.Close() }() // only read
	known := map[string]map[string]struct{}{}
	primary := map[[2]string]struct{}{}
	for _, b := range bound {
		known[b.file] = map[string]struct{}{}
		n, err := floorFile(z, b.file, b.columns, known, primary, take)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", b.file, err)
		}
		rows += n
	}
	return rows, nil
}

func floorFile(z *zip.ReadCloser, file string, columns []plain, known map[string]map[string]struct{}, primary map[[2]string]struct{},
	take func(file string, cells []string) error) (int, error) {
	f, err := z.Open(file + ".csv")
	if err != nil {
		return 0, err
	}
	defer func() { _ = f.Close() }() // only read
	r := csv.NewReader(f)
	r.ReuseRecord = true
	header, err := r.Read()
	if err != nil {
		return 0, err
	}
	for i, c := range columns {
		if header[i+3] != c.name {
			return 0, errFloor
		}
	}
	for n := 0; ; n++ {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		if err != nil {
			return 0, err
		}
		if !floorRow(file, cells, columns, known, primary) {
			return 0, errFloor
		}
		if take != nil {
			if err := take(file, cells); err != nil {
				return 0, err
			}
		}
	}
}

func floorRow(file string, cells []string, columns []plain, known map[string]map[string]struct{}, primary map[[2]string]struct{}) bool {
	id := cells[0]
	if _, twice := known[file][id]; twice || id == "" || !guid(id) || cells[1] != "" || cells[2] != "" {
		return false
	}
	known[file][strings.Clone(id)] = struct{}{}
	for i, c := range columns {
		cell := cells[i+3]
		if strings.ContainsRune(cell, '\r') || !utf8.ValidString(cell) {
			return false
		}
		if cell == "" {
			if c.required {
				return false
			}
			continue
		}
		if !c.check(cell) {
			return false
		}
		if c.to != "" {
			if _, ok := known[c.to][cell]; !ok {
				return false
			}
		}
	}
	switch file {
	case "roles":
		key := [2]string{strings.Clone(cells[3]), strings.Clone(cells[8])}
		if _, twice := primary[key]; twice {
			return false
		}
		primary[key] = struct{}{}
		return cells[6] < cells[7]
	case "enrollments":
		return cells[8] < cells[9]
	}
	return true
}
