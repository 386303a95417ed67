package portable_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"
	"strings"
	"testing"

	"aval/internal/blob"
	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/decision"
	"aval/internal/evaluation"
	"aval/internal/evaluation/evaluationtest"
	"aval/internal/fault"
	"aval/internal/policy"
	"aval/internal/portable"
	"aval/internal/request"
	"aval/internal/seal"
	"aval/internal/vault"
)

var key = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, 32))

// small is an evaluation with a file.
func small() portable.Evaluation {
	content := []byte("Lu avec soin.")
	sum := sha256.Sum256(content)
	return portable.Evaluation{Format: portable.Format, Board: "Conseil des Érables", SignedOn: "2026-11-20", Request: "2026-0001",
		Platform: portable.Platform{Name: "Récitou"},
		Aspects: []portable.Aspect{{Aspect: "use", Recommendation: "approve", Equivalents: []string{},
			Criteria: []portable.Criterion{{ID: "3.2.1", Clause: "3.2.1", Rating: "met", Note: "<b>Bien</b> & court."}}}},
		Letters: []portable.Letter{},
		Evidence: []portable.File{{Aspect: "use", Criterion: "3.2.1", Name: "notes.txt", Media: "text/plain",
			SHA256: hex.EncodeToString(sum[:]), Content: content}}}
}

func sign(t testing.TB, change func(*portable.Evaluation)) []byte {
	t.Helper()
	e := small()
	if change != nil {
		change(&e)
	}
	data, err := portable.Sign(e, key)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestOneByteChangedAnywhereIsRefused(t *testing.T) {
	data := sign(t, nil)
	if s, err := portable.Read(data); err != nil || s.Evaluation.Board != "Conseil des Érables" || len(s.Fingerprint()) != 39 {
		t.Fatalf("Read: %+v, %v", s, err)
	}
	for i := range data {
		for _, flip := range []byte{1, 32, 128} {
			changed := bytes.Clone(data)
			changed[i] ^= flip
			if _, err := portable.Read(changed); !fault.Is(err, fault.Invalid) {
				t.Fatalf("byte %d of %d changed by %d: %v", i, len(data), flip, err)
			}
		}
	}
	for name, changed := range map[string][]byte{
		"cut": data[:len(data)-1], "cut in half": data[:len(data)/2], "empty": nil, "something more": append(bytes.Clone(data), ' '),
		"something before": append([]byte(" "), data...), "twice": append(bytes.Clone(data), data...),
		"another key": bytes.Replace(data, []byte(`"public_key":"`), []byte(`"Public_key":"`), 1),
	} {
		if _, err := portable.Read(changed); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestASignatureDoesNotMakeItWellMeant(t *testing.T) {
	for name, change := range map[string]func(*portable.Evaluation){
		"another format":         func(e *portable.Evaluation) { e.Format = "aval-evaluation/9" },
		"an aspect that is none": func(e *portable.Evaluation) { e.Aspects[0].Aspect = "price" },
		"an aspect twice":        func(e *portable.Evaluation) { e.Aspects = append(e.Aspects, e.Aspects[0]) },
		"a rating that is none":  func(e *portable.Evaluation) { e.Aspects[0].Criteria[0].Rating = "great" },
		"an endless note":        func(e *portable.Evaluation) { e.Aspects[0].Criteria[0].Note = strings.Repeat("é", 20001) },
		"criteria without end":   func(e *portable.Evaluation) { e.Aspects[0].Criteria = make([]portable.Criterion, 101) },
		"files without end":      func(e *portable.Evaluation) { e.Evidence = make([]portable.File, 101) },
		"a file that climbs":     func(e *portable.Evaluation) { e.Evidence[0].Name = "../../notes.txt" },
		"a file that is another": func(e *portable.Evaluation) { e.Evidence[0].Content = []byte("Autre chose.") },
		"a program":              func(e *portable.Evaluation) { e.Evidence[0].Content = []byte("\x7fELF\x02\x01") },
		"a file of no aspect":    func(e *portable.Evaluation) { e.Evidence[0].Aspect = "security" },
		"a board of two lines":   func(e *portable.Evaluation) { e.Board = "Conseil\ndes Érables" },
		"a board without a name": func(e *portable.Evaluation) { e.Board = " " },
		"a day that is none":     func(e *portable.Evaluation) { e.SignedOn = "hier" },
		"three letters":          func(e *portable.Evaluation) { e.Letters = make([]portable.Letter, 3) },
	} {
		if _, err := portable.Read(sign(t, change)); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(sign(f, nil))
	f.Add([]byte(`{"evaluation":{}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := portable.Read(data)
		if err != nil {
			if _, refused := fault.As(err); !refused {
				t.Fatalf("Read: %v", err)
			}
			return
		}
		if s.Evaluation.Format != portable.Format {
			t.Errorf("taken: %q", s.Evaluation.Format)
		}
	})
}

func service(t *testing.T, w *evaluationtest.World) *portable.Service {
	t.Helper()
	master, err := seal.OpenMaster(filepath.Join(t.TempDir(), "keys"))
	if err != nil {
		t.Fatal(err)
	}
	files, err := blob.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = files.Close() }) // the folder goes with the test
	w.Evaluations.Blobs = files
	v := vault.New(master)
	if err := (&vault.Service{Vault: v, DB: w.DB}).Appoint(t.Context(), master); err != nil {
		t.Fatal(err)
	}
	return &portable.Service{DB: w.DB, Blobs: files, Keys: &portable.Keys{Vault: v}, Evaluations: w.Evaluations,
		Decisions: &decision.Service{DB: w.DB}}
}

func TestAnEvaluationTravels(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := evaluationtest.New(t, d)
		ctx, s := t.Context(), service(t, w)
		r := w.Acknowledged()
		for _, secret := range []bool{false, true} {
			if _, err := w.Evaluations.AddEvidence(ctx, w.Evaluator, r.ID, evaluation.Use, "3.2.1", evaluation.File{Name: "notes.txt",
				Content: strings.NewReader("Lu avec soin."), Confidential: secret}); err != nil {
				t.Fatal(err)
			}
		}
		_, _, err := s.Export(ctx, w.Evaluator, r.ID)
		w.Refused("before it is finished", err, fault.Conflict, "3.1")
		w.Evaluate(w.Evaluator, r.ID)
		_, _, err = s.Export(ctx, w.PrivacyOfficer, r.ID)
		w.Refused("by the privacy officer", err, fault.Denied, "3.1")
		_, _, err = s.Export(ctx, w.OtherPrincipal, r.ID)
		w.Refused("by another school", err, fault.NotFound, "")

		name, data, err := s.Export(ctx, w.Evaluator, r.ID)
		if err != nil || !strings.HasSuffix(name, ".json") {
			t.Fatalf("Export: %q, %v", name, err)
		}
		signed, err := portable.Read(data)
		if err != nil || len(signed.Evaluation.Evidence) != 1 || len(signed.Evaluation.Aspects) != 2 {
			t.Fatalf("Read: %+v, %v", signed.Evaluation, err)
		}
		for _, person := range []string{"Compte", `"eva"`, `"maude"`} {
			if bytes.Contains(data, []byte(person)) {
				t.Errorf("it names %s", person)
			}
		}
		if _, again, err := s.Export(ctx, w.Evaluator, r.ID); err != nil || !bytes.Equal(again, data) {
			t.Errorf("again: another text, or another key: %v", err)
		}

		_, err = s.Import(ctx, w.Evaluator, r.ID, data)
		w.Refused("into one that is finished", err, fault.Conflict, "3.1")
		other := secondRequest(w)
		_, err = s.Import(ctx, w.Teacher, other, data)
		w.Refused("by a teacher", err, fault.NotFound, "")
		if _, err = s.Import(ctx, w.Evaluator, other, data[1:]); !fault.Is(err, fault.Invalid) {
			t.Errorf("one that was changed: %v", err)
		}
		if _, err := s.Import(ctx, w.Evaluator, other, data); err != nil {
			t.Fatal(err)
		}
		v, err := w.Evaluations.View(ctx, w.Evaluator, other, evaluation.Use)
		if err != nil || !v.Evaluation.Source.Foreign() || v.Evaluation.Finished() || !v.Rows[0].Carried || len(v.Rows[0].Evidence) != 1 {
			t.Errorf("taken up: %+v, %v", v.Rows[0], err)
		}

		fingerprint := signed.Fingerprint()
		w.Refused("known by an evaluator's word", s.Trust(ctx, w.Evaluator, fingerprint, "Érables"), fault.Denied, "3.1")
		w.Refused("without a key", s.Trust(ctx, w.Director, "abcd", ""), fault.Invalid, "")
		if err := s.Trust(ctx, w.Director, strings.ToUpper(fingerprint), "Érables"); err != nil {
			t.Fatal(err)
		}
		if known, err := s.Known(ctx, w.Evaluator, fingerprint); err != nil || known != "Érables" {
			t.Errorf("Known: %q, %v", known, err)
		}
		if list, err := s.Signers(ctx, w.Director); err != nil || len(list) != 2 || !list[0].Own {
			t.Errorf("Signers: %+v, %v", list, err)
		}
		if err := s.Forget(ctx, w.Director, fingerprint); err != nil {
			t.Fatal(err)
		}
		w.Refused("forgotten twice", s.Forget(ctx, w.Director, fingerprint), fault.NotFound, "")
	})
}

// secondRequest is a request of the department, ready to be evaluated.
func secondRequest(w *evaluationtest.World) request.ID {
	w.T.Helper()
	ctx := w.T.Context()
	r, err := w.Requests.Create(ctx, w.Head, request.Draft{PlatformID: w.Platform.ID, Description: "Lecture.",
		Usage: "Au service.", DataKinds: []string{"first_name"}, Pupils: 3})
	if err == nil {
		r, err = w.Requests.Submit(ctx, w.Head, r.ID)
	}
	if err == nil {
		r, err = w.Requests.Acknowledge(ctx, w.Evaluator, r.ID)
	}
	if err != nil {
		w.T.Fatal(err)
	}
	return r.ID
}

// TestKeysAreResealed shows that a board's signing key outlives its vault's.
func TestKeysAreResealed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := evaluationtest.New(t, d)
		s := service(t, w)
		r := w.Acknowledged()
		w.Evaluate(w.Evaluator, r.ID)
		_, before, err := s.Export(t.Context(), w.Evaluator, r.ID)
		if err != nil {
			t.Fatal(err)
		}
		v := &vault.Service{Vault: s.Keys.Vault, DB: d, Rows: []vault.Resealer{s.Keys}}
		operator := policy.System(w.Board, w.Pack, "cli")
		if err := v.Rotate(t.Context(), operator); err != nil {
			t.Fatal(err)
		}
		if st, err := v.Status(t.Context(), operator); err != nil || st.Older != 1 {
			t.Fatalf("rotated: %+v, %v", st, err)
		}
		if err := v.Reseal(context.WithoutCancel(t.Context()), w.Board, ""); err != nil {
			t.Fatal(err)
		}
		if st, err := v.Status(t.Context(), operator); err != nil || st.Older != 0 || len(st.Keys) != 1 {
			t.Errorf("resealed: %+v, %v", st, err)
		}
		if _, after, err := s.Export(t.Context(), w.Evaluator, r.ID); err != nil || !bytes.Equal(before, after) {
			t.Errorf("another key signs: %v", err)
		}
	})
}
