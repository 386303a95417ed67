package audit

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/policy"
	"aval/internal/seal"
)

func TestNoTwoRecordsEncodeAlike(t *testing.T) {
	at := time.Date(2026, 11, 20, 9, 30, 0, 123456000, time.UTC)
	base := Record{Seq: 7, At: at, Actor: "a", Role: "b", Via: "c", Action: "d", Subject: "e", Clause: "f", Detail: "g"}
	want := "12:aval-audit-1,3:pan,1:7,27:2026-11-20T09:30:00.123456Z,1:a,1:b,1:c,1:d,1:e,1:f,1:g,"
	if got := string(base.encode("pan")); got != want {
		t.Errorf("encode: %s, want %s", got, want)
	}
	base.At = at.In(time.FixedZone("", -5*3600))
	if got := string(base.encode("pan")); got != want {
		t.Errorf("encode in another zone: %s, want %s", got, want)
	}
	seen := map[string]string{want: "the base"}
	for name, change := range map[string]func(*Record){
		"another number":  func(r *Record) { r.Seq = 8 },
		"a later moment":  func(r *Record) { r.At = at.Add(time.Microsecond) },
		"another actor":   func(r *Record) { r.Actor = "z" },
		"a moved border":  func(r *Record) { r.Actor, r.Role = "a,1:b", "" },
		"a swallowed end": func(r *Record) { r.Clause, r.Detail = "", "fg" },
		"another clause":  func(r *Record) { r.Clause = "2.2b" },
	} {
		r := base
		change(&r)
		if other, taken := seen[string(r.encode("pan"))]; taken {
			t.Errorf("%s encodes as %s", name, other)
		}
		seen[string(r.encode("pan"))] = name
	}
	if bytes.Equal(base.encode("pan"), base.encode("pin")) {
		t.Error("boards encode alike")
	}
}

func TestTheFrontierIsTheTree(t *testing.T) {
	var f frontier
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		hashes := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			hashes[i] = stored[index]
		}
		return hashes, nil
	})
	for seq := range int64(300) {
		data := []byte{byte(seq), byte(seq >> 8)}
		want, err := tlog.StoredHashes(seq, data, reader)
		if err != nil {
			t.Fatal(err)
		}
		stored = append(stored, want...)
		got, err := f.add(seq, tlog.RecordHash(data))
		if err != nil || len(got) != len(want) || got[len(got)-1] != want[len(want)-1] {
			t.Fatalf("record %d: %v, %v, want %v", seq, got, err, want)
		}
		root, err := tlog.TreeHash(seq+1, reader)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := tlog.TreeHash(seq+1, &f); err != nil || got != root {
			t.Fatalf("root at %d: %v, %v, want %v", seq+1, got, err, root)
		}
		var again frontier
		for _, index := range nodes(seq + 1) {
			level, _ := tlog.SplitStoredHashIndex(index)
			again[level] = stored[index]
		}
		if got, err := tlog.TreeHash(seq+1, &again); err != nil || got != root {
			t.Fatalf("root read back at %d: %v, %v, want %v", seq+1, got, err, root)
		}
	}
}

func TestDetails(t *testing.T) {
	var r Record
	for _, add := range []Detail{Note("count=2"), Under("2.2b"),
		As(policy.Grant{Role: policy.Principal, From: "abc"}), Note("state=draft")} {
		add(&r)
	}
	if r.Role != "principal" || r.Clause != "2.2b" || r.Detail != "count=2 for account:abc state=draft" {
		t.Errorf("record: %+v", r)
	}
	whole := Record{Actor: "a", Action: "b", Subject: "c"}
	if err := whole.check(); err != nil {
		t.Errorf("a plain record: %v", err)
	}
	for name, change := range map[string]func(*Record){
		"nobody":        func(r *Record) { r.Actor = "" },
		"nothing done":  func(r *Record) { r.Action = "" },
		"to nothing":    func(r *Record) { r.Subject = "" },
		"a long text":   func(r *Record) { r.Detail = strings.Repeat("x", maxText+1) },
		"a broken text": func(r *Record) { r.Detail = "\xff" },
		"two lines":     func(r *Record) { r.Detail = "a\nb" },
	} {
		r := whole
		change(&r)
		if r.check() == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

func keys(t testing.TB) *seal.Keys {
	t.Helper()
	k, err := seal.Open(filepath.Join(t.TempDir(), "keys"))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func signed(t testing.TB, k *seal.Keys, text string) []byte {
	t.Helper()
	s, err := note.Sign(&note.Note{Text: text}, k.Signer("pan"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestParseCheckpoint(t *testing.T) {
	k := keys(t)
	c := Checkpoint{Board: "pan", Size: 12, Root: tlog.RecordHash([]byte("x")), At: time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)}
	good := signed(t, k, c.text())
	for name, data := range map[string][]byte{
		"as it was signed":          good,
		"with the lines of Windows": bytes.ReplaceAll(good, []byte("\n"), []byte("\r\n")),
	} {
		if got, err := ParseCheckpoint(k.Verifier("pan"), data); err != nil || got != c {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	for _, c := range []struct {
		name, key string
		data      []byte
	}{
		{"nothing", "audit.anchor_unreadable", nil},
		{"another file", "audit.anchor_unreadable", []byte("hello\n")},
		{"a changed size", "audit.anchor_forged", bytes.Replace(good, []byte("\n12\n"), []byte("\n13\n"), 1)},
		{"another installation's", "audit.anchor_key", signed(t, keys(t), c.text())},
		{"a signed text of another kind", "audit.anchor_unreadable", signed(t, k, "hello\n")},
		{"a size below zero", "audit.anchor_unreadable", signed(t, k, Checkpoint{Board: "pan", Size: -1}.text())},
		{"a line too many", "audit.anchor_unreadable", signed(t, k, c.text()+"more\n")},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := ParseCheckpoint(k.Verifier("pan"), c.data)
			if f, ok := fault.As(err); !ok || f.Key != c.key {
				t.Errorf("ParseCheckpoint: %v, want %s", err, c.key)
			}
		})
	}
}

func FuzzParseCheckpoint(f *testing.F) {
	k := keys(f)
	f.Add(signed(f, k, Checkpoint{Board: "pan", Size: 12}.text()))
	f.Add([]byte("aval audit checkpoint\npan\n1\n\n\n\n— aval/pan AAAA\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := ParseCheckpoint(k.Verifier("pan"), data)
		if err != nil && c != (Checkpoint{}) {
			t.Errorf("a refused checkpoint: %v, %v", c, err)
		}
		if _, refusal := fault.As(err); err != nil && !refusal {
			t.Errorf("not a refusal: %v", err)
		}
	})
}

func TestEveryFindingIsASentence(t *testing.T) {
	anchor := &Checkpoint{Size: 20, At: time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)}
	for _, problem := range []string{"", recordChanged, recordMissing, recordAdded, stretchChanged, tailCut, hashChanged,
		hashAdded, headChanged, headMissing, anchorBoard, anchorOlder, anchorRewritten} {
		for _, a := range []*Checkpoint{anchor, nil} {
			if a == nil && strings.Contains(problem, "anchor_") {
				continue
			}
			m := Report{Size: 12, FirstBad: 3, LastBad: 4, Problem: problem, Anchor: a}.Message()
			for _, lang := range i18n.Languages {
				p := i18n.For(lang)
				if got := p.Message(m); !p.Has(m.Key) || strings.Contains(got, "%") {
					t.Errorf("%s: %q", m.Key, got)
				}
			}
		}
	}
}
