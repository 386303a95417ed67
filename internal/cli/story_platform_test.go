package cli_test

import (
	"context"
	"os"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"aval/internal/app"
	"aval/internal/db"
)

// export writes what a platform would: the login names of some pupils and a
// number beside each. The story speaks of them as $PUPIL (the family name of the
// first) and $LOGIN_NAME.
func export(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: export FILE COUNT")
	}
	count, err := strconv.Atoi(args[1])
	ts.Check(err)
	ctx := context.Background()
	a, err := app.Open(ctx, app.Config{DB: ts.Getenv("AVAL_DB"), Data: ts.Getenv("AVAL_DATA")})
	ts.Check(err)
	defer func() { ts.Check(a.Close()) }()
	var file strings.Builder
	file.WriteString("User,Minutes\n")
	ts.Check(a.DB.Read(ctx, "lac", func(ctx context.Context, tx *db.Tx) error {
		var family string
		pupils, err := db.All(ctx, tx, func(r db.Row) (id string, err error) {
			var name string
			if err = r.Scan(&id, &name); family == "" {
				family = name
			}
			return id, err
		}, `SELECT DISTINCT p.id, p.family_name FROM person p
			JOIN enrollment e ON e.board_id = p.board_id AND e.person_id = p.id AND e.role = 'student' AND e.status = 'active'
			JOIN class c ON c.board_id = e.board_id AND c.id = e.class_id
			JOIN org o ON o.board_id = c.board_id AND o.id = c.school_id AND o.sector = 'youth'
			WHERE p.board_id = $1 AND p.kind = 'student' AND p.status = 'active' ORDER BY p.id LIMIT $2`, tx.Board, count)
		if err != nil {
			return err
		}
		names, err := a.Names.OfMany(ctx, tx, pupils)
		if err != nil {
			return err
		}
		for i, id := range pupils {
			file.WriteString(names[id].String() + "," + strconv.Itoa(10*i) + "\n")
		}
		ts.Setenv("PUPIL", family)
		ts.Setenv("LOGIN_NAME", names[pupils[0]].String())
		return nil
	}))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(file.String()), 0o600))
}
