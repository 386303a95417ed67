package roster_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/person"
	"aval/internal/roster"
)

// small is a correct set of version 1.1: a board, a school, two classes, two
// pupils, a teacher, a principal and a parent.
func small() map[string]string {
	return map[string]string{
		"manifest.csv": "propertyName,value\nmanifest.version,1.0\noneroster.version,1.1\nfile.academicSessions,bulk\n" +
			"file.categories,absent\nfile.classes,bulk\nfile.classResources,absent\nfile.courses,bulk\nfile.courseResources,absent\n" +
			"file.demographics,absent\nfile.enrollments,bulk\nfile.lineItems,absent\nfile.orgs,bulk\nfile.resources,absent\n" +
			"file.results,absent\nfile.users,bulk\n",
		"academicSessions.csv": "sourcedId,status,dateLastModified,title,type,startDate,endDate,parentSourcedId,schoolYear\n" +
			"y1,,,Year,schoolYear,2026-08-24,2027-06-24,,2027\n",
		"orgs.csv": "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId\n" +
			"b1,,,Board,district,1,\ns1,,,School,school,2,b1\n",
		"courses.csv": "sourcedId,status,dateLastModified,schoolYearSourcedId,title,courseCode,grades,orgSourcedId,subjects,subjectCodes\n" +
			"c1,,,y1,Arts,ART,03,b1,Arts,\n",
		"classes.csv": "sourcedId,status,dateLastModified,title,grades,courseSourcedId,classCode,classType,location,schoolSourcedId,termSourcedIds,subjects,subjectCodes,periods\n" +
			"k1,,,Arts A,03,c1,A,scheduled,,s1,y1,Arts,,\nk2,,,Arts B,03,c1,B,homeroom,,s1,y1,Arts,,\n",
		"users.csv": users11 + "u1,,,true,s1,student,u1,,Zibeline,Quorvath,,P1,,,,,03,\n" +
			"u2,,,true,s1,student,u2,,Zibeline,Marquenoix,,P2,,,,,03,\n" +
			"t1,,,true,s1,teacher,t1,,Orsane,Vellibrec,,E1,Orsane@ecole.example,,,,,\n" +
			"p1,,,true,s1,administrator,p1,,Ferdin,Haltebrume,,E2,,,,,,\n" +
			"g1,,,true,s1,guardian,g1,,Marga,Quorvath,,,,,,,,\n",
		"enrollments.csv": enrollments + "e1,,,k1,s1,u1,student,,,\ne2,,,k1,s1,u2,student,,,\ne3,,,k2,s1,u1,student,,,\ne4,,,k1,s1,t1,teacher,true,,\n",
	}
}

const (
	users11     = "sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,userIds,givenName,familyName,middleName,identifier,email,sms,phone,agentSourcedIds,grades,password\n"
	enrollments = "sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,primary,beginDate,endDate\n"
)

// folder writes a set as a folder.
func folder(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// zipped writes a set as a zip.
func zipped(t testing.TB, files map[string]string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "set.zip")
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		w, err := z.Create(name)
		if err == nil {
			_, err = w.Write([]byte(files[name]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func codes(list []roster.Warning) map[string]int {
	found := map[string]int{}
	for _, w := range list {
		found[w.Code] = w.Count
	}
	return found
}

// swap replaces a text of one file of the set; it must be there.
func swap(file, from, to string) func(*testing.T, map[string]string) {
	return func(t *testing.T, set map[string]string) {
		if !strings.Contains(set[file], from) {
			t.Fatalf("%s does not hold %q", file, from)
		}
		set[file] = strings.ReplaceAll(set[file], from, to)
	}
}

func TestDirtIsRepairedAndCounted(t *testing.T) {
	cases := []struct {
		name   string
		soil   func(*testing.T, map[string]string)
		want   map[string]int
		check  func(roster.Set) bool
		defect roster.Defect
	}{
		{name: "a clean set has only its parent left aside", want: map[string]int{}},
		{name: "rows of a bulk file that carry a status", soil: swap("enrollments.csv", "e1,,", "e1,active,2026-11-22T00:42:52.110Z"),
			want: map[string]int{"bulk_row_with_status": 1}},
		{name: "a school year written as a range", soil: swap("academicSessions.csv", ",,2027", ",,2026-2027"),
			want: map[string]int{"school_year_range": 1}, check: func(s roster.Set) bool { return s.Sessions[0].SchoolYear == "2027" }},
		{name: "a school year named after its beginning", soil: swap("academicSessions.csv", ",,2027", ",,2026"),
			want: map[string]int{"school_year_start": 1}, check: func(s roster.Set) bool { return s.Sessions[0].SchoolYear == "2027" }},
		{name: "a byte order mark", soil: swap("users.csv", "sourcedId,", "\ufeffsourcedId,"), want: map[string]int{}},
		{name: "columns in another order", soil: swap("orgs.csv", "identifier,parentSourcedId\nb1,,,Board,district,1,\ns1,,,School,school,2,b1",
			"parentSourcedId,identifier\nb1,,,Board,district,,1\ns1,,,School,school,b1,2"),
			want: map[string]int{"column_order": 1}, check: func(s roster.Set) bool { return s.Orgs[1].Parent == "b1" && s.Orgs[1].Identifier == "2" }},
		{name: "grades as schools say them", soil: swap("users.csv", ",03,", ",Primaire 3,"),
			want: map[string]int{"grade_mapped": 2}, check: func(s roster.Set) bool { return s.Users[0].Grade == "03" }},
		{name: "a grade that nobody knows", soil: swap("users.csv", ",P1,,,,,03,", ",P1,,,,,Zed,"), want: map[string]int{"grade_unmapped": 1}},
		{name: "true in capitals", soil: swap("enrollments.csv", "teacher,true", "teacher,TRUE"),
			want: map[string]int{"boolean_form": 1}, check: func(s roster.Set) bool { return s.Enrollments[3].Main }},
		{name: "a date with slashes", soil: swap("academicSessions.csv", "2026-08-24", "2026/08/24"),
			want: map[string]int{"date_form": 1}, check: func(s roster.Set) bool { return s.Sessions[0].Start == "2026-08-24" }},
		{name: "a file in the encoding of an old system", soil: swap("orgs.csv", "School", "\xc9cole"),
			want: map[string]int{"encoding_repaired": 1}, check: func(s roster.Set) bool { return s.Orgs[1].Name == "École" }},
		{name: "a manifest separated by semicolons", soil: swap("manifest.csv", ",", ";"), want: map[string]int{"semicolons": 1}},
		{name: "a file separated by semicolons", soil: swap("orgs.csv", ",", ";"), want: map[string]int{"semicolons": 1}},
		{name: "a record given twice", soil: swap("orgs.csv", "s1,,,School", "s1,,,Old,school,2,b1\ns1,,,School"),
			want: map[string]int{"duplicate_row": 1}, check: func(s roster.Set) bool { return s.Orgs[1].Name == "School" }},
		{name: "files in a wrong case", soil: func(_ *testing.T, m map[string]string) { m["Users.CSV"] = m["users.csv"]; delete(m, "users.csv") },
			want: map[string]int{"file_name_case": 1}},
		{name: "an empty file does not empty the board", soil: func(_ *testing.T, m map[string]string) { m["enrollments.csv"] = enrollments },
			want: map[string]int{"file_empty": 1}, check: func(s roster.Set) bool { return s.Modes["enrollments"] == roster.Absent }},
		{name: "a manifest that Excel touched", soil: swap("manifest.csv", "manifest.version,1.0", "manifest.version,1"),
			want: map[string]int{"manifest_version": 1}},
		{name: "a set without a manifest", soil: func(_ *testing.T, m map[string]string) { delete(m, "manifest.csv") },
			want: map[string]int{"manifest_missing": 1}, check: func(s roster.Set) bool { return s.Version == "1.0" }},
		{name: "version 1.2 with the roles among the users", soil: swap("manifest.csv", "version,1.1", "version,1.2"),
			want: map[string]int{"roles_in_users": 1, "manifest_incomplete": 8}},
		{name: "an enrolment of nobody", soil: swap("enrollments.csv", "k1,s1,u2", "k1,s1,u9"), want: map[string]int{},
			defect: roster.Defect{Code: "reference_unresolved", File: "enrollments.csv", Row: 3, Field: "userSourcedId"},
			check:  func(s roster.Set) bool { return len(s.Enrollments) == 3 }},
		{name: "a course that is nowhere leaves the class standing", soil: swap("classes.csv", "Arts A,03,c1", "Arts A,03,c9"), want: map[string]int{},
			defect: roster.Defect{Code: "reference_unresolved", File: "classes.csv", Row: 2, Field: "courseSourcedId"},
			check:  func(s roster.Set) bool { return len(s.Classes) == 2 }},
		{name: "a pupil without a family name", soil: func(t *testing.T, m map[string]string) {
			swap("users.csv", "Marquenoix", "")(t, m)
			swap("enrollments.csv", "e2,,,k1,s1,u2,student,,,\n", "")(t, m)
		}, want: map[string]int{}, defect: roster.Defect{Code: "required_missing", File: "users.csv", Row: 3, Field: "familyName"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			files := small()
			if c.soil != nil {
				c.soil(t, files)
			}
			c.want["guardian_ignored"] = 1
			for _, path := range []string{folder(t, files), zipped(t, files)} {
				set, err := roster.Read(path)
				if err != nil {
					t.Fatalf("Read: %v", err)
				}
				if got := codes(set.Warnings()); !maps.Equal(got, c.want) {
					t.Errorf("warnings %v, want %v", got, c.want)
				}
				var want []roster.Defect
				if c.defect.Code != "" {
					want = []roster.Defect{c.defect}
				}
				if got := set.Defects(); !slices.Equal(got, want) {
					t.Errorf("defects %v, want %v", got, want)
				}
				if c.check != nil && !c.check(set) {
					t.Errorf("not repaired: %+v", set)
				}
			}
		})
	}
}

func TestWhoAdministersASchoolIsItsPrincipal(t *testing.T) {
	set, err := roster.Read(folder(t, small()))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]person.Role{"u1": person.Pupil, "u2": person.Pupil, "t1": person.Teacher, "p1": person.Principal}
	got := map[string]person.Role{}
	for _, r := range set.Roles {
		got[r.User] = r.Role
	}
	if !maps.Equal(got, want) {
		t.Errorf("roles %v, want %v", got, want)
	}
}

// Whoever points at the folder in which the zip lies means the zip, if it is plain which.
func TestAFolderThatHoldsAZip(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(zipped(t, small()))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		names []string
		key   string
	}{
		{[]string{"set.zip"}, ""},
		{[]string{"Set.ZIP", "README.md"}, ""},
		{[]string{"a.zip", "b.zip"}, "roster.set_empty"},
		{[]string{"set.zip", "notes.csv"}, "roster.set_empty"},
	} {
		dir := t.TempDir()
		for _, name := range c.names {
			if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		r, err := roster.Validate(dir, roster.Options{})
		var refused *fault.Fault
		if c.key == "" && (err != nil || r.Students == 0) || c.key != "" && (!errors.As(err, &refused) || refused.Key != c.key) {
			t.Errorf("%v: %d pupils, %v", c.names, r.Students, err)
		}
	}
}

func TestUnsafeAndForeignSetsAreRefused(t *testing.T) {
	without := func(file string) map[string]string { m := small(); delete(m, file); return m }
	with := func(name, text string) map[string]string { m := small(); m[name] = text; return m }
	bomb := strings.Repeat("0", 8<<20)
	cases := []struct{ name, path, key string }{
		{"a file that is not there", filepath.Join(t.TempDir(), "none.zip"), "roster.set_not_found"},
		{"a name that climbs", zipped(t, with("../users.csv", "x")), "roster.set_unsafe"},
		{"an absolute name", zipped(t, with("/etc/users.csv", "x")), "roster.set_unsafe"},
		{"a name with a backslash", zipped(t, with(`..\users.csv`, "x")), "roster.set_unsafe"},
		{"a file packed too tightly", zipped(t, with("results.csv", bomb)), "roster.set_too_large"},
		{"the same file twice", zipped(t, with("Users.csv", "x")), "roster.file_twice"},
		{"a file that the manifest lists and is not there", folder(t, without("users.csv")), "roster.manifest_differs"},
		{"a file that the manifest calls absent", folder(t, with("results.csv", "x")), "roster.manifest_differs"},
		{"a column that we cannot do without", folder(t, with("orgs.csv", "sourcedId,type\nb1,school\n")), "roster.column_missing"},
		{"a version of the future", folder(t, with("manifest.csv", "propertyName,value\noneroster.version,9\n")), "roster.version_unknown"},
		{"a folder without a set", t.TempDir(), "roster.set_empty"},
		{"a folder of later files without a manifest", folder(t, map[string]string{"roles.csv": "x"}), "roster.manifest_missing"},
	}
	junk := filepath.Join(t.TempDir(), "junk.zip")
	if err := os.WriteFile(junk, []byte("not a zip"), 0o600); err != nil {
		t.Fatal(err)
	}
	cases = append(cases, struct{ name, path, key string }{"a file that is no zip", junk, "roster.set_unreadable"})
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := roster.Read(c.path)
			f, ok := fault.As(err)
			if !ok || f.Key != c.key || f.Kind != fault.Invalid {
				t.Errorf("Read: %v, want %s", err, c.key)
			}
		})
	}
}

func TestEveryCodeHasItsSentence(t *testing.T) {
	sources, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	warned := regexp.MustCompile(`warnN?\("([a-z_]+)"`)
	spoiled := regexp.MustCompile(`(?:defect|spoil|inOrder)\("([a-z_]+)"`)
	soiled := regexp.MustCompile(`(?:dirt\("([a-z_]+)"|(?:dirt = |return .*, )"([a-z]+_[a-z_]+)"\n)`)
	refused := regexp.MustCompile(`fault\.[A-Z][a-z]+, "(roster\.[a-z_]+)"`)
	keys := map[string]bool{}
	for _, name := range sources {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range warned.FindAllSubmatch(text, -1) {
			keys["roster.warning."+string(m[1])] = true
		}
		for _, m := range spoiled.FindAllSubmatch(text, -1) {
			keys["roster.defect."+string(m[1])] = true
		}
		for _, m := range soiled.FindAllSubmatch(text, -1) {
			keys["roster.defect."+string(m[1])+string(m[2])] = true
		}
		for _, m := range regexp.MustCompile(`odd\["([a-z_]+)"\]`).FindAllSubmatch(text, -1) {
			keys["roster.suspicious."+string(m[1])] = true
		}
		for _, m := range refused.FindAllSubmatch(text, -1) {
			keys[string(m[1])] = true
		}
	}
	for key := range keys {
		for _, lang := range []string{"fr", "en"} {
			if said := i18n.For(lang).T(key, "x.csv", "y.csv"); said == "" || strings.Contains(said, key) {
				t.Errorf("%s has no sentence in %s", key, lang)
			}
		}
	}
	if len(keys) < 85 {
		t.Errorf("only %d codes found in the source", len(keys))
	}
}

// FuzzRead feeds a stranger's users and enrolments to the reader: it never
// panics, keeps only text that a database takes, and says no value in a report.
func FuzzRead(f *testing.F) {
	f.Add(small()["users.csv"], small()["enrollments.csv"], small()["manifest.csv"])
	f.Add("\ufeff"+users11+"u1,active,,TRUE,\"s1,s2\",parent,x,,\"a\nb\",\"c\"\"d\",,,a@b@c,,,,Sec 4,", "sourcedId;classSourcedId;userSourcedId;role\n", "x")
	f.Add(users11+"u\x00,\xff,,,,student,,,Q,Z\n", enrollments+",,,,,\n\n\"", "propertyName,value\noneroster.version,1.2\nfile.roles,delta\n")
	f.Fuzz(func(t *testing.T, users, enrol, manifest string) {
		files := small()
		files["users.csv"], files["enrollments.csv"], files["manifest.csv"] = users, enrol, manifest
		path := folder(t, files)
		set, err := roster.Read(path)
		if _, ok := fault.As(err); err != nil && !ok {
			t.Fatalf("Read: %v, want a refusal", err)
		}
		check, same := roster.Validate(path, roster.Options{})
		if (err == nil) != (same == nil) || err == nil && (!slices.Equal(set.Warnings(), check.Warnings) || !slices.Equal(set.Defects(), check.Defects)) {
			t.Fatalf("validated %+v %v, read %v %v %v", check, same, set.Warnings(), set.Defects(), err)
		}
		if err != nil {
			return
		}
		for _, u := range set.Users {
			for _, s := range []string{u.SourceID, u.Given, u.Family, u.Email, u.Number, u.Grade} {
				if strings.ToValidUTF8(s, "") != s || strings.ContainsRune(s, 0) {
					t.Fatalf("a text that no database keeps: %q", s)
				}
			}
		}
		said, err := json.Marshal(struct {
			W []roster.Warning
			D []roster.Defect
		}{set.Warnings(), set.Defects()})
		if err != nil || bytes.Contains(said, []byte("Quorvath")) {
			t.Fatalf("the report says a name: %s %v", said, err)
		}
	})
}

// FuzzStrict holds a stranger's file of any name against the letter of the
// binding: it never panics, and says places that are.
func FuzzStrict(f *testing.F) {
	for name, text := range later() {
		f.Add(name, text)
	}
	f.Add("userProfiles.csv", "sourcedId,status\n,,\n")
	f.Add("results.csv", "\ufeffdateLastModified,sourcedId,metadata.x,status\nx\n")
	f.Fuzz(func(t *testing.T, name, text string) {
		if !slices.Contains(roster.Files, strings.TrimSuffix(name, ".csv")) && name != "manifest.csv" {
			return
		}
		files := later()
		files["manifest.csv"] = strings.ReplaceAll(files["manifest.csv"], "file."+strings.TrimSuffix(name, ".csv")+",absent",
			"file."+strings.TrimSuffix(name, ".csv")+",bulk")
		files[name] = text
		check, err := roster.Validate(folder(t, files), roster.Options{Strict: true})
		if _, ok := fault.As(err); err != nil && !ok {
			t.Fatalf("Validate: %v, want a refusal", err)
		}
		rows := strings.Count(text, "\n") + 2
		for _, d := range check.Defects {
			if d.File == name && (d.Row < 0 || d.Row > rows) {
				t.Fatalf("%+v of %d rows", d, rows)
			}
		}
	})
}

// FuzzZip opens a stranger's bytes as a zip.
func FuzzZip(f *testing.F) {
	data, err := os.ReadFile(zipped(f, small()))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte("PK\x05\x06" + strings.Repeat("\x00", 18)))
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "set.zip")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		_, read := roster.Read(path)
		_, validated := roster.Validate(path, roster.Options{Strict: true})
		for _, err := range []error{read, validated} {
			if _, ok := fault.As(err); err != nil && !ok {
				t.Fatalf("%v, want a refusal", err)
			}
		}
	})
}
