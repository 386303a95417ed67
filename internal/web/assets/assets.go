// Package assets holds what pages load: style, script, fonts and icons. The
// front-end build (build.mjs, `make assets`) writes them to dist/ under names
// that change with their bytes, so that a browser may keep them for ever.
package assets

import (
	"embed"
	"encoding/json"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"sync"
)

// Prefix is where Handler expects to be mounted.
const Prefix = "/assets/"

//go:embed all:dist
var embedded embed.FS

type file struct {
	plain, gzip []byte
	media       string
}

type shelf struct {
	names map[string]string // plain name → hashed name
	files map[string]file   // by hashed name
}

var load = sync.OnceValue(func() shelf {
	dist, err := fs.Sub(embedded, "dist")
	if err != nil {
		return shelf{}
	}
	return read(dist)
})

func read(dist fs.FS) shelf {
	s := shelf{names: map[string]string{}, files: map[string]file{}}
	manifest, err := fs.ReadFile(dist, "manifest.json")
	if err != nil || json.Unmarshal(manifest, &s.names) != nil {
		return shelf{} // not built: Built says so
	}
	for _, hashed := range s.names {
		plain, err := fs.ReadFile(dist, hashed)
		if err != nil {
			return shelf{}
		}
		packed, err := fs.ReadFile(dist, hashed+".gz")
		if err != nil {
			packed = nil // fonts are compressed already
		}
		s.files[hashed] = file{plain: plain, gzip: packed, media: media(hashed)}
	}
	return s
}

// Built tells whether the front-end build ran before the program was built.
func Built() bool { return len(load().names) > 0 }

// Path is the address of an asset by its plain name, such as "app.css".
func Path(name string) string {
	if hashed, ok := load().names[name]; ok {
		return Prefix + hashed
	}
	return Prefix + name
}

// Icon is the address of an icon in the sprite.
func Icon(name string) string { return Path("icons.svg") + "#" + name }

// HasIcon tells whether the sprite holds an icon.
func HasIcon(name string) bool { return draws("icons.svg", name) }

// Picture is the address of a drawing on pupils' cards, in a sprite of its own
// that no other page loads.
func Picture(id string) string { return Path("pictures.svg") + "#" + id }

// HasPicture tells whether the sprite holds a drawing.
func HasPicture(id string) bool { return draws("pictures.svg", id) }

func draws(sprite, id string) bool {
	s := load()
	return strings.Contains(string(s.files[s.names[sprite]].plain), `<symbol id="`+id+`"`)
}

// Handler serves the assets; each may be kept for a year.
func Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !Built() {
			http.Error(w, "The front-end build was not run: `make assets`, then build the program again.",
				http.StatusServiceUnavailable)
			return
		}
		f, ok := load().files[path.Base(r.URL.Path)]
		if !ok || Prefix+path.Base(r.URL.Path) != r.URL.Path {
			http.NotFound(w, r)
			return
		}
		h := w.Header()
		h.Set("Content-Type", f.media)
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
		body := f.plain
		if f.gzip != nil {
			h.Set("Vary", "Accept-Encoding")
			if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
				h.Set("Content-Encoding", "gzip")
				body = f.gzip
			}
		}
		if r.Method != http.MethodHead {
			_, _ = w.Write(body) // the reader left: nothing to tell it
		}
	})
}

func media(name string) string {
	switch path.Ext(name) {
	case ".css":
		return "text/css; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".woff2":
		return "font/woff2"
	default:
		return "application/octet-stream"
	}
}
