package assets

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/fstest"
)

func TestAShelfIsWholeOrEmpty(t *testing.T) {
	whole := fstest.MapFS{
		"manifest.json": {Data: []byte(`{"app.css":"app.1.css"}`)},
		"app.1.css":     {Data: []byte("a{}")},
		"app.1.css.gz":  {Data: []byte("packed")},
	}
	if s := read(whole); s.names["app.css"] != "app.1.css" || string(s.files["app.1.css"].gzip) != "packed" {
		t.Errorf("shelf %+v", s)
	}
	delete(whole, "app.1.css")
	if s := read(whole); len(s.names) != 0 {
		t.Errorf("a manifest without its file gives %+v", s)
	}
	if s := read(fstest.MapFS{"placeholder": {}}); len(s.names) != 0 {
		t.Errorf("nothing built gives %+v", s)
	}
}

func TestHandlerTakesPlainNamesOnly(t *testing.T) {
	for _, path := range []string{"/assets/", "/assets/none.css", "/assets/x/app.css", "/assets/manifest.json"} {
		w := httptest.NewRecorder()
		Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if w.Code == http.StatusOK {
			t.Errorf("%s is served", path)
		}
	}
}
