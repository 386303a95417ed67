package archtest

import (
	"os/exec"
	"strings"
	"testing"
)

// modernc.org/sqlite is translated against one version of modernc.org/libc;
// another beside it has corrupted databases. The two must move together.
func TestLibcIsTheOneThatSQLiteWasMadeWith(t *testing.T) {
	list := func(args ...string) string {
		t.Helper()
		out, err := exec.Command("go", append([]string{"list", "-m", "-f"}, args...)...).Output()
		if err != nil {
			t.Fatalf("go list: %v", err)
		}
		return strings.TrimSpace(string(out))
	}
	ours := list("{{.Version}}", "modernc.org/libc")
	out, err := exec.Command("go", "mod", "graph").Output()
	if err != nil {
		t.Fatalf("go mod graph: %v", err)
	}
	want := "modernc.org/sqlite@" + list("{{.Version}}", "modernc.org/sqlite") + " modernc.org/libc@"
	for line := range strings.Lines(string(out)) {
		if theirs, ok := strings.CutPrefix(strings.TrimSpace(line), want); ok {
			if theirs != ours {
				t.Errorf("modernc.org/libc is %s, sqlite was made with %s", ours, theirs)
			}
			return
		}
	}
	t.Error("modernc.org/sqlite asks for no libc: mend this test")
}
