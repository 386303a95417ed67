package assets

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/fstest"

	"aval/internal/pseudonym"
)

// The build draws each picture of the passwords, from one colour and without a
// name that another drawing could take.
func TestEveryPictureIsDrawn(t *testing.T) {
	if !Built() {
		t.Fatal("the front-end build was not run: make assets")
	}
	for _, id := range pseudonym.Pictures() {
		if !HasPicture(id) {
			t.Errorf("the picture %s is not drawn", id)
		}
	}
	if HasPicture("nothing") || HasPicture("") {
		t.Error("a picture that does not exist is drawn")
	}
	sprite := load().files[load().names["pictures.svg"]]
	if size := len(sprite.gzip); size > 50_000 {
		t.Errorf("the sprite weighs %d bytes", size)
	}
	if !bytes.Contains(sprite.plain, []byte("Permission is hereby granted")) {
		t.Error("the licence of the drawings does not travel with them")
	}
}

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
