package web

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/evaluation"
	"aval/internal/fault"
	"aval/internal/policy"
	"aval/internal/roster"
)

// A file that is kept never lies on the disk as it came, and one that is too large to
// be kept is removed with the answer.
func TestNoUploadStaysOnTheDisk(t *testing.T) {
	met := map[string]int{}
	rts := []route{{pattern: "POST /file", need: policy.RequestCreate, limit: proofLimit, do: func(v *visit) error {
		file, _, err := v.r.FormFile("file")
		if err != nil {
			return err
		}
		left, err := os.ReadDir(os.TempDir())
		met[v.r.FormValue("which")] = len(left)
		if err := file.Close(); err != nil {
			return err
		}
		if v.r.FormValue("which") == "lost" {
			panic("on the way")
		}
		return err
	}}}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := open(t, d, rts...)
		c := h.signedIn(t)
		t.Setenv("TMPDIR", t.TempDir())
		for which, size := range map[string]int{"kept": evaluation.MaxEvidence, "large": 2 * evaluation.MaxEvidence, "lost": 2 * evaluation.MaxEvidence} {
			var form bytes.Buffer
			w := multipart.NewWriter(&form)
			if err := w.WriteField("which", which); err != nil {
				t.Fatal(err)
			}
			part, err := w.CreateFormFile("file", "a.pdf")
			if err == nil {
				_, err = part.Write(make([]byte, size))
			}
			if err != nil || w.Close() != nil {
				t.Fatal(err)
			}
			r, err := http.NewRequest(http.MethodPost, h.at.URL+"/file", &form)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Content-Type", w.FormDataContentType())
			r.Header.Set("Sec-Fetch-Site", "same-origin")
			answer(t, c, r)
		}
		if met["kept"] != 0 || met["large"] != 1 || met["lost"] != 1 {
			t.Errorf("files on the disk meanwhile: %v", met)
		}
		if left, err := os.ReadDir(os.TempDir()); err != nil || len(left) != 0 {
			t.Errorf("%d files stay (%v)", len(left), err)
		}
	})
}

// wire is the connection of a request, as net/http lets a handler have it.
type wire struct {
	*httptest.ResponseRecorder
	read, write time.Time
}

func (l *wire) SetReadDeadline(until time.Time) error  { l.read = until; return nil }
func (l *wire) SetWriteDeadline(until time.Time) error { l.write = until; return nil }

// A set of hundreds of megabytes is not cut like a form that takes a minute to come in.
func TestASetMayComeInSlowly(t *testing.T) {
	pack, err := policy.Shipped("csc-pan-2023")
	if err != nil {
		t.Fatal(err)
	}
	l := &wire{ResponseRecorder: httptest.NewRecorder()}
	v := &visit{w: l, r: httptest.NewRequest(http.MethodPost, "/roster/import", nil), actor: policy.System("erables", pack, "test")}
	if err := (&Server{Rosters: &roster.Service{}}).rosterUpload(v); !fault.Is(err, fault.Invalid) {
		t.Errorf("%v, want a refusal of what is no form", err)
	}
	for _, until := range []time.Time{l.read, l.write} {
		if time.Until(until) < roster.UploadTime-time.Minute {
			t.Errorf("it is cut at %v", until)
		}
	}
}
