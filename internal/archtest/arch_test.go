// Package archtest keeps the house as ARCHITECTURE.md draws it: imports go
// down, every statement on a board's table names the board, and only a known
// few come before a board.
package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "aval"

// floors gives each package its floor; an import goes to a lower floor, or
// sideways inside the domain (Go itself forbids a circle).
var floors = [][]string{
	{"fault"},
	{"i18n", "db", "mail", "blob", "seal", "sheet"},
	{"policy", "audit", "job", "vault"},
	{"board", "org", "person", "account", "roster", "source", "mapping", "guardian", "birth", "catalogue", "licence", "pseudonym", "guard", "disclosure", "export", "credential", "directory", "correction", "access", "reveal", "usage", "identity", "grade", "schoolyear", "request", "classification", "evaluation", "condition", "contract", "assessment", "decision", "inventory", "duty", "adoption", "portable", "incident", "breach", "rights", "governance", "desk", "notice", "register"},
	{"web", "api", "provider"},
	{"app", "demo"},
	{"cli"},
}

// sideways lists the floors whose packages may import each other.
var sideways = []int{1, 2, 3, 5}

func floorOf(pkg string) (int, bool) {
	name, _, _ := strings.Cut(strings.TrimPrefix(pkg, module+"/internal/"), "/")
	for i, names := range floors {
		if slices.Contains(names, name) {
			return i, true
		}
	}
	return 0, false
}

type source struct {
	path string
	pkg  string
	test bool
	file *ast.File
}

func sources(t *testing.T) []source {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	var all []source
	err = filepath.WalkDir(filepath.Join(root, "internal"), func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && d.Name() == "node_modules" {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, text, parser.ParseComments)
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(root, path) // both are absolute
		all = append(all, source{path: rel, pkg: module + "/" + filepath.ToSlash(filepath.Dir(rel)),
			test: strings.HasSuffix(path, "_test.go"), file: file})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 20 {
		t.Fatalf("read only %d files: the house must be elsewhere", len(all))
	}
	return all
}

func TestImportsGoDown(t *testing.T) {
	for _, s := range sources(t) {
		from, ok := floorOf(s.pkg)
		if strings.HasPrefix(s.pkg, module+"/internal/archtest") || s.test {
			continue
		}
		if !ok {
			t.Errorf("%s: its package has no floor; give it one here and in ARCHITECTURE.md", s.path)
			continue
		}
		for _, spec := range s.file.Imports {
			path, _ := strconv.Unquote(spec.Path.Value) // the parser accepted it
			if !strings.HasPrefix(path, module+"/internal/") {
				continue
			}
			to, ok := floorOf(path)
			if !ok {
				t.Errorf("%s imports %s, which has no floor", s.path, path)
				continue
			}
			same := strings.Split(path, "/")[2] == strings.Split(s.pkg, "/")[2]
			if to > from || to == from && !same && !slices.Contains(sideways, to) {
				t.Errorf("%s imports %s: imports go down", s.path, path)
			}
		}
	}
}

// only says which package alone may import a library.
var only = map[string][]string{
	"github.com/riverqueue/river": {"internal/job", "internal/db"},
	"github.com/jackc/pgx":        {"internal/db", "internal/job"},
	"modernc.org/sqlite":          {"internal/db"},
	"database/sql":                {"internal/db", "internal/job"},
	"net/http": {"internal/web", "internal/api", "internal/provider", "internal/app", "internal/access/accesstest", // a platform that tests sign in to
		"internal/evaluation/media.go", // it sniffs a file
		"internal/source/client.go",    // it fetches rosters
		"internal/source/sourcetest"},  // a service that tests fetch from
	"golang.org/x/oauth2":           {"internal/source/client.go"},
	"github.com/nicksnyder/go-i18n": {"internal/i18n"},
	"github.com/wneessen/go-mail":   {"internal/mail"},
	"github.com/danielgtaylor/huma": {"internal/api"},
	"github.com/pkg/sftp":           {"internal/export"},
	"golang.org/x/crypto/ssh":       {"internal/export"},
	"gocloud.dev":                   {"internal/blob"},
	"github.com/tink-crypto":        {"internal/seal", "internal/vault"},
}

func TestLibrariesStayInTheirRoom(t *testing.T) {
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		for _, spec := range s.file.Imports {
			path, _ := strconv.Unquote(spec.Path.Value) // the parser accepted it
			for library, rooms := range only {
				if path != library && !strings.HasPrefix(path, library+"/") {
					continue
				}
				if !slices.ContainsFunc(rooms, func(room string) bool { return s.path == room || strings.HasPrefix(s.path, room+"/") }) {
					t.Errorf("%s imports %s, which belongs in %s", s.path, path, strings.Join(rooms, " or "))
				}
			}
		}
	}
}

var (
	createTable = regexp.MustCompile(`(?is)CREATE TABLE (\w+) \((.*?)\n\);`)
	statement   = regexp.MustCompile(`(?i)^\s*(SELECT|INSERT INTO|UPDATE|DELETE FROM|WITH)\b`)
	word        = regexp.MustCompile(`(?i)\b(?:FROM|JOIN|INTO|UPDATE)\s+(\w+)`)
	boardBound  = regexp.MustCompile(`(?i)board_id\s*=\s*\$\d+|\(board_id\b`)
)

func tenantTables(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../db/migrations/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatalf("no migrations: %v", err)
	}
	var tables []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range createTable.FindAllStringSubmatch(string(text), -1) {
			if strings.Contains(m[2], "board_id") {
				tables = append(tables, m[1])
			}
		}
	}
	if len(tables) < 20 {
		t.Fatalf("found only %d tables of boards", len(tables))
	}
	return tables
}

// On SQLite nothing stands behind a forgotten WHERE: the statement itself must
// name the board.
func TestEveryStatementNamesTheBoard(t *testing.T) {
	tables := tenantTables(t)
	for _, s := range sources(t) {
		if s.test || strings.HasPrefix(s.path, "internal/db/") {
			continue
		}
		seen := 0
		ast.Inspect(s.file, func(n ast.Node) bool {
			// A statement may be glued from literals and constants: read the whole sum.
			var text string
			switch e := n.(type) {
			case *ast.BinaryExpr:
				if e.Op != token.ADD {
					return true
				}
				text = literals(e)
			case *ast.BasicLit:
				text = literals(e)
			default:
				return true
			}
			if !statement.MatchString(text) {
				return true
			}
			seen++
			for _, m := range word.FindAllStringSubmatch(text, -1) {
				if slices.Contains(tables, strings.ToLower(m[1])) && !boardBound.MatchString(text) {
					t.Errorf("%s: a statement on %s does not name the board:\n%s", s.path, m[1], text)
				}
			}
			return false
		})
		if strings.HasSuffix(s.path, "/store.go") && seen == 0 {
			t.Errorf("%s: no statement was found in a store; mend this test", s.path)
		}
	}
}

func literals(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind != token.STRING {
			return ""
		}
		text, err := strconv.Unquote(e.Value)
		if err != nil {
			return ""
		}
		return text
	case *ast.BinaryExpr:
		return literals(e.X) + literals(e.Y)
	}
	return " "
}

// What comes before a board is known is a short list.
var beforeABoard = []string{
	"internal/board/board.go",   // the boards themselves
	"internal/vault/service.go", // the master key, of all boards
	"internal/job/job.go",       // what is left to do, of all boards
	"internal/web/session.go",   // sessions
	"internal/app/serve.go",     // is the database there
	"internal/app/doctor.go",    // is the clock right
}

func TestSystemDoorIsRarelyOpened(t *testing.T) {
	for _, s := range sources(t) {
		if s.test || strings.HasPrefix(s.path, "internal/db/") {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if ok && (sel.Sel.Name == "SystemRead" || sel.Sel.Name == "SystemOne" || sel.Sel.Name == "System" && isDB(sel.X)) && !slices.Contains(beforeABoard, s.path) {
				t.Errorf("%s opens a transaction without a board", s.path)
			}
			return true
		})
	}
}

func isDB(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.Ident:
		return strings.EqualFold(e.Name, "db") || e.Name == "d"
	case *ast.SelectorExpr:
		return strings.EqualFold(e.Sel.Name, "db")
	}
	return false
}
