package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"aval/internal/i18n"
)

// legible is JSON whose texts hold no zero byte, which no database keeps: it is
// dropped, as the pages drop it.
var legible = huma.Format{
	Marshal: huma.DefaultJSONFormat.Marshal,
	Unmarshal: func(data []byte, v any) error {
		if bytes.Contains(data, []byte(zero)) {
			data = escape.ReplaceAllFunc(data, func(e []byte) []byte {
				if string(e) == zero {
					return nil
				}
				return e
			})
		}
		return json.Unmarshal(data, v)
	},
}

const zero = `\u0000`

var escape = regexp.MustCompile(`(?s)\\(?:u0000|.)`)

func init() {
	// What huma itself refuses (a body that is not the schema's) reads as our own refusals do.
	huma.NewError = func(status int, msg string, errs ...error) huma.StatusError {
		return misshapen(i18n.For(""), status, msg, errs)
	}
	huma.NewErrorWithContext = func(ctx huma.Context, status int, msg string, errs ...error) huma.StatusError {
		return misshapen(printer(ctx.Context()), status, msg, errs)
	}
}

// misshapen makes the answer of what is not the schema's. What huma says of it in
// English is said again in the caller's language, as far as it is known.
func misshapen(p *i18n.Printer, status int, _ string, errs []error) *Problem {
	key := "api.shape"
	switch status {
	case http.StatusRequestEntityTooLarge:
		key = "api.too_large"
	case http.StatusUnsupportedMediaType:
		key = "api.media"
	}
	for _, err := range errs {
		var own *Problem // of a body that is not JSON
		if errors.As(err, &own) {
			key = own.Code
		}
	}
	out := &Problem{Title: http.StatusText(status), Status: status, Detail: p.T(key), Code: key}
	for _, err := range errs {
		var detail *huma.ErrorDetail
		if errors.As(err, &detail) { // the value itself is not said back
			out.Errors = append(out.Errors, FieldProblem{Field: location(detail), Code: "api.shape", Detail: sentence(p, detail.Message)})
		}
	}
	slices.SortFunc(out.Errors, func(a, b FieldProblem) int { return strings.Compare(a.Field+a.Detail, b.Field+b.Detail) })
	return out
}

// shapes are huma's hints that are known, each with the key of our sentence; what
// the hint names goes into it.
var shapes = []struct {
	hint *regexp.Regexp
	key  string
}{
	{regexp.MustCompile(`^expected required property \S+ to be present$`), "api.needed"},
	{regexp.MustCompile(`^unexpected property$`), "api.unexpected"},
	{regexp.MustCompile(`^expected string$`), "api.text"},
	{regexp.MustCompile(`^expected boolean$`), "api.boolean"},
	{regexp.MustCompile(`^(?:expected (?:integer|number)|invalid integer)$`), "api.number"},
	{regexp.MustCompile(`^expected array$`), "api.array"},
	{regexp.MustCompile(`^expected object$`), "api.object"},
	{regexp.MustCompile(`^expected value to be one of "(?:, )?(.*)"$`), "api.one_of"},
	{regexp.MustCompile(`^expected length <= (\d+)$`), "api.longest"},
	{regexp.MustCompile(`^expected number >= (\S+)$`), "api.least"},
	{regexp.MustCompile(`^expected number <= (\S+)$`), "api.most"},
}

// sentence is a hint of huma's in the caller's language.
func sentence(p *i18n.Printer, hint string) string {
	for _, s := range shapes {
		if m := s.hint.FindStringSubmatch(hint); m != nil {
			args := make([]any, len(m)-1)
			for i := range args {
				args[i] = m[i+1]
			}
			return p.T(s.key, args...)
		}
	}
	return p.T("api.field", hint)
}

var (
	absent    = regexp.MustCompile(`^expected required property (\S+) to be present$`)
	criterion = regexp.MustCompile(`(\d+\.\d+(?:\.\d+|[a-z])?(?:\.(?:rating|note))?)$`)
)

// location names the field at fault, one that is not there included. huma loses
// its place after a key with dots, as the numbers of criteria are.
func location(d *huma.ErrorDetail) string {
	at := strings.TrimPrefix(strings.TrimPrefix(d.Location, "body"), ".")
	if m := absent.FindStringSubmatch(d.Message); m != nil {
		at = strings.TrimPrefix(at+"."+m[1], ".")
	}
	if in, ok := strings.CutPrefix(at, "criteria."); ok {
		if m := criterion.FindString(in); m != "" {
			return "criteria." + m
		}
		if strings.Trim(in[:1], "0123456789") != "" {
			return in
		}
	}
	return at
}
