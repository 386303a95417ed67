package app_test

import (
	"context"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"aval/internal/db"
)

// kin imports who answers for a pupil of the first school: a parent, and one whom a
// court restricts. The set tells of nobody else.
func (b *board) kin() (pupil string) {
	b.t.Helper()
	folder := filepath.Join(b.t.TempDir(), "kin")
	b.must(os.Mkdir(folder, 0o700))
	mail := func(of string) string { return strings.ToLower(b.name("guardian mail "+of)) + "@maison.example" }
	for name, lines := range map[string][]string{
		"manifest": {"propertyName,value", "manifest.version,1.0", "oneroster.version,1.2", "file.users,delta", "file.roles,delta"},
		"users": {"sourcedId,status,dateLastModified,enabledUser,username,givenName,familyName,email,phone,metadata.address,metadata.language",
			"g1,active,2026-11-22T00:00:00Z,true,g1," + b.name("guardian given one") + "," + b.name("guardian family one") + "," + mail("one") +
				",555 0101," + b.name("guardian address one") + ",fr",
			"g2,active,2026-11-22T00:00:00Z,true,g2," + b.name("guardian given two") + "," + b.name("guardian family two") + "," + mail("two") +
				",," + b.name("guardian address two") + ","},
		"roles": {"sourcedId,status,dateLastModified,userSourcedId,roleType,role,orgSourcedId,metadata.pupilSourcedId,metadata.relation,metadata.restriction",
			"rg1,active,2026-11-22T00:00:00Z,g1,primary,parent,s1,e00,parent,",
			"rg2,active,2026-11-22T00:00:00Z,g2,primary,guardian,s1,e00," + b.name("guardian relation") + "," + b.name("guardian restriction")},
	} {
		b.must(os.WriteFile(filepath.Join(folder, name+".csv"), []byte(strings.Join(lines, "\n")+"\n"), 0o600))
	}
	_, err := b.Rosters.Import(b.t.Context(), b.system(), folder)
	b.must(err)
	return b.pupil("e00")
}

// guardianForms is the one that asks who answers for a pupil.
func (b *board) guardianForms(two *board) []form {
	b.t.Helper()
	return []form{{route: "POST /pupils/{id}/guardians", who: "principal", id: b.kin(), stranger: b.pupil("e20"), foreign: two.kin(), shows: true,
		good:  url.Values{"reason": {"reach_home"}, "note": {b.brackets("note on guardians")}},
		wrong: slices.Concat(required("reason"), among("reason"), wrongs("reason", "reason", "class_help"), tooLong("note"))}}
}

// asksForKin is a look at who answers for a pupil: what is shown holds the names, so that
// a test that finds them nowhere else has looked for the right ones.
func (b *board) asksForKin() answer {
	b.t.Helper()
	a := b.browse("principal", http.MethodPost, "/pupils/"+b.pupil("e00")+"/guardians", url.Values{"reason": {"reach_home"}})
	for of, name := range b.said {
		if strings.HasPrefix(of, "guardian ") && !strings.Contains(strings.ToLower(a.body), strings.ToLower(name)) {
			b.t.Errorf("the page does not tell the %s (%d)", of, a.status)
		}
	}
	return a
}

// cells are those of every table of the database, as text and as hexadecimal digits.
func (b *board) cells() (all map[string]string) {
	b.t.Helper()
	tables := `SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'`
	columns := `SELECT column_name FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = $1`
	if b.DB.Engine() == db.SQLite {
		tables = `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`
		columns = `SELECT name FROM pragma_table_info($1)`
	}
	all = map[string]string{}
	b.must(b.DB.Read(b.t.Context(), b.id, func(ctx context.Context, tx *db.Tx) error {
		names, err := db.All(ctx, tx, text, tables)
		if err != nil {
			return err
		}
		for _, table := range names {
			of, err := db.All(ctx, tx, text, columns, table)
			if err != nil {
				return err
			}
			for _, column := range of {
				var cells strings.Builder
				err := db.Each(ctx, tx, func(row db.Row) error {
					var cell any
					err := row.Scan(&cell)
					plain, ok := cell.([]byte)
					if !ok {
						plain = fmt.Append(nil, cell)
					}
					cells.WriteString(string(plain) + "\n" + hex.EncodeToString(plain) + "\n")
					return err
				}, `SELECT "`+column+`" FROM "`+table+`"`)
				if err != nil {
					return err
				}
				all[table+"."+column] = strings.ToLower(cells.String())
			}
		}
		return nil
	}))
	return all
}

// sealedAway finds fault where what is known of guardians stands in any cell, in clear or
// as digits; a pupil's name, which does, is found.
func (b *board) sealedAway() {
	b.t.Helper()
	cells := b.cells()
	for of, name := range b.said {
		name = strings.ToLower(name)
		if !strings.HasPrefix(of, "guardian ") {
			continue
		}
		for where, text := range cells {
			if strings.Contains(text, name) || strings.Contains(text, hex.EncodeToString([]byte(name))) ||
				strings.Contains(text, hex.EncodeToString([]byte(b.said[of]))) {
				b.t.Errorf("%s holds the %s", where, of)
			}
		}
	}
	if !strings.Contains(cells["person.family_name"], strings.ToLower(b.said["family e00"])) || len(cells["guardian.sealed"]) == 0 {
		b.t.Error("nothing was looked through")
	}
}
