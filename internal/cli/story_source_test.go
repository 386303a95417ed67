package cli_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"aval/internal/roster/generate"
	"aval/internal/source/sourcetest"
)

type sourceKey struct{}

// services is the OneRoster service of a story.
type services struct {
	t      testing.TB
	server *sourcetest.Server
}

// oneroster is a OneRoster service beside the program.
func oneroster(ts *testscript.TestScript, neg bool, args []string) {
	s := ts.Value(sourceKey{}).(*services)
	if neg || len(args) == 0 || s.server == nil && args[0] != "serve" {
		ts.Fatalf("usage: oneroster serve | hold COLLECTION NTH | held | let | asked | rename COUNT | lose COUNT")
	}
	switch args[0] {
	case "serve":
		s.server = sourcetest.Serve(s.t, sourcetest.Manners{Most: 100})
		s.server.Fill(generate.Board(7, generate.Options{Pupils: 400}))
		ts.Setenv("SOURCE_URL", s.server.BaseURL)
		ts.Setenv("TOKEN_URL", s.server.TokenURL)
		ts.Setenv("CLIENT_ID", sourcetest.ClientID)
	case "hold":
		s.server.Hold(args[1], storyNumber(ts, args[2]))
	case "held":
		s.server.Held(s.t)
	case "let":
		s.server.Let()
	case "asked":
		_, err := ts.Stdout().Write([]byte(strings.Join(s.server.Asked(), "\n") + "\n"))
		ts.Check(err)
	case "rename":
		changePupils(s.server, storyNumber(ts, args[1]), func(o sourcetest.Object) { o["familyName"] = "Tamarinelle" })
	case "lose":
		changePupils(s.server, storyNumber(ts, args[1]), func(o sourcetest.Object) { o["status"] = "tobedeleted" })
	default:
		ts.Fatalf("oneroster %s is unknown", args[0])
	}
}

// changePupils changes so many pupils of the service.
func changePupils(s *sourcetest.Server, most int, how func(sourcetest.Object)) {
	done := 0
	s.Change("users", func(o sourcetest.Object) bool {
		if of, _ := o["roles"].([]sourcetest.Object); done == most || len(of) == 0 || of[0]["role"] != "student" {
			return false
		}
		how(o)
		done++
		return true
	})
}

func storyNumber(ts *testscript.TestScript, typed string) int {
	n, err := strconv.Atoi(typed)
	ts.Check(err)
	return n
}
