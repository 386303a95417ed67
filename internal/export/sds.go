package export

import (
	"context"

	"aval/internal/db"
	"aval/internal/disclosure"
	"aval/internal/guard"
)

// sdsColumns are those of Microsoft's SDS V2.1 CSV format; its files have no manifest.
// Files and columns that it may do without, and that say more of people, are not written.
var sdsColumns = map[string][]string{
	"orgs":        {"sourcedId", "name", "type", "parentSourcedId"},
	"users":       {"sourcedId", "username", "givenName", "familyName", "password", "activeDirectoryMatchId", "email", "phone", "sms"},
	"roles":       {"userSourcedId", "orgSourcedId", "role"},
	"classes":     {"sourcedId", "orgSourcedId", "title", "sessionSourcedIds", "courseSourcedId"},
	"enrollments": {"classSourcedId", "userSourcedId", "role"},
}

// sds are the three files that Microsoft wants and, where groups leave, the two of classes.
func (x *source) sds() []table {
	file := func(name string, rows func(context.Context, *db.Tx, func([]guard.Somebody, row) error) error) table {
		return x.standard(name, sdsColumns[name], rows)
	}
	return []table{file("orgs", x.orgRows), file("users", x.userRows), file("roles", x.roleRows),
		file("classes", func(ctx context.Context, tx *db.Tx, emit func([]guard.Somebody, row) error) error {
			return x.eachClass(ctx, tx, func(c disclosure.Class) error {
				x.stands(c.Value)
				return emit(x.classes[c.Value], row{"sourcedId": c.Value, "orgSourcedId": c.School, "title": c.Title})
			})
		}),
		file("enrollments", x.enrollmentRows)}
}
