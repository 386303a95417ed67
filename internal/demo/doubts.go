package demo

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"time"

	"aval/internal/grade"
	"aval/internal/roster/generate"
)

// doubts brings the source's changes of the next night, in which it contradicts itself
// about five pupils, one in each way: who keeps the roster has records to check.
func (t *teller) doubts(ctx context.Context, first generate.Set) error {
	t.at = t.at.Add(20 * time.Hour)
	c := changes{users: table{first, "users"}, roles: table{first, "roles"}, at: t.at.UTC().Format("2006-01-02T15:04:05.000Z")}
	pupils := c.pupils()
	last := len(pupils) - 1
	c.again(pupils[last], "double", nil)
	c.born(pupils[last][0], "2016-03-14")
	c.born("double", "2016-03-14")
	c.again(pupils[last-40], "numero", map[string]string{"givenName": "Ondine", "familyName": "Vallerault"})
	c.born(pupils[last-40][0], "2016-10-02")
	c.born("numero", "2017-05-21")
	c.user(pupils[last-80], map[string]string{"givenName": "Loïcia", "familyName": "Brisemont"})
	c.user(pupils[last-120], map[string]string{"status": "tobedeleted"})
	c.again(pupils[last-120], "retour", nil)
	c.role(pupils[last-160], "ailleurs", c.roles.cell(c.roles.of(pupils[0]), "orgSourcedId"))

	dir, err := os.MkdirTemp("", "aval-demo-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }() // a leftover in a temporary place harms nothing
	path := filepath.Join(dir, "oneroster.zip")
	if err := c.set(first).SaveZip(path); err != nil {
		return err
	}
	_, err = t.a.Rosters.Import(ctx, t.operator, path)
	return err
}

// table is a file of a set.
type table struct {
	set  generate.Set
	name string
}

func (t table) file() generate.File {
	return t.set.Files[slices.IndexFunc(t.set.Files, func(f generate.File) bool { return f.Name == t.name })]
}

func (t table) cell(row []string, column string) string {
	return row[slices.Index(t.file().Columns, column)]
}

// of is a person's role.
func (t table) of(user []string) []string {
	rows := t.file().Rows
	return rows[slices.IndexFunc(rows, func(r []string) bool { return t.cell(r, "userSourcedId") == user[0] })]
}

// with is a row with other words in some columns.
func (t table) with(row []string, words map[string]string) []string {
	row = slices.Clone(row)
	for column, word := range words {
		row[slices.Index(t.file().Columns, column)] = word
	}
	return row
}

// changes are rows of a set of changes only.
type changes struct {
	users, roles               table
	at                         string
	changedUsers, changedRoles [][]string
	births                     [][]string
}

// born tells when someone was.
func (c *changes) born(id, day string) {
	c.births = append(c.births, []string{id, "active", c.at, day})
}

// pupils are the children of the first set, in its order.
func (c *changes) pupils() (list [][]string) {
	students := map[string]bool{}
	for _, r := range c.roles.file().Rows {
		if c.roles.cell(r, "role") == "student" {
			students[c.roles.cell(r, "userSourcedId")] = true
		}
	}
	for _, u := range c.users.file().Rows {
		if students[u[0]] && slices.Contains(grade.Youth(grade.Quebec), c.users.cell(u, "grades")) {
			list = append(list, u)
		}
	}
	return list
}

func (c *changes) user(of []string, words map[string]string) {
	changed := map[string]string{"status": "active", "dateLastModified": c.at}
	for column, word := range words {
		changed[column] = word
	}
	c.changedUsers = append(c.changedUsers, c.users.with(of, changed))
}

func (c *changes) role(of []string, id, school string) {
	c.changedRoles = append(c.changedRoles, c.roles.with(c.roles.of(of), map[string]string{"sourcedId": id, "status": "active", "dateLastModified": c.at,
		"userSourcedId": of[0], "roleType": "secondary", "orgSourcedId": school}))
}

// again is a pupil under one more id of the source.
func (c *changes) again(of []string, id string, words map[string]string) {
	user := c.users.with(of, map[string]string{"sourcedId": id, "username": id})
	c.user(user, words)
	c.changedRoles = append(c.changedRoles, c.roles.with(c.roles.of(of), map[string]string{"sourcedId": id + "-1", "status": "active",
		"dateLastModified": c.at, "userSourcedId": id}))
}

// set is the zip's content: two files of changes, and the manifest that says so.
func (c *changes) set(first generate.Set) generate.Set {
	manifest := table{first, "manifest"}.file()
	manifest.Rows = slices.Clone(manifest.Rows)
	for i, row := range manifest.Rows {
		switch row[0] {
		case "file.users", "file.roles", "file.demographics":
			manifest.Rows[i] = []string{row[0], "delta"}
		default:
			if row[1] == "bulk" {
				manifest.Rows[i] = []string{row[0], "absent"}
			}
		}
	}
	return generate.Set{Files: []generate.File{manifest,
		{Name: "users", Columns: c.users.file().Columns, Rows: c.changedUsers},
		{Name: "demographics", Columns: []string{"sourcedId", "status", "dateLastModified", "birthDate"}, Rows: c.births}, {Name: "roles", Columns: c.roles.file().Columns, Rows: c.changedRoles}}}
}
