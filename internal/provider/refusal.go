package provider

import (
	"encoding/json"
	"net/http"

	"aval/internal/credential"
	"aval/internal/i18n"
)

// minor is the token of a refusal, as each version writes it.
type minor map[credential.Version]string

var (
	invalidData      = minor{credential.V1p2: "invaliddata", credential.V1p1: "invalid data"}
	unknownFilter    = minor{credential.V1p2: "invalid_filter_field", credential.V1p1: "invalid_filter_field"}
	unknownSelection = minor{credential.V1p2: "invalid_selection_field", credential.V1p1: "invalid_selection_field"}
	blankSelection   = minor{credential.V1p2: "invalid_selection_field", credential.V1p1: "invalid_blank_selection_field"}
	unknownSort      = minor{credential.V1p1: "invalid_sort_field"}
	unauthorised     = minor{credential.V1p2: "unauthorisedrequest", credential.V1p1: "unauthorized"}
	forbidden        = minor{credential.V1p2: "forbidden", credential.V1p1: "unauthorized"}
	unknownObject    = minor{credential.V1p2: "unknownobject", credential.V1p1: "unknown object"}
	busy             = minor{credential.V1p2: "server_busy", credential.V1p1: "server_busy"}
	mistake          = minor{credential.V1p2: "internal_server_error", credential.V1p1: "internal_server_error"}
)

// refusal is why a request is not answered. Its sentence never holds what was sent.
type refusal struct {
	status int
	key    string
	minor  minor
}

func invalid(key string) *refusal { return &refusal{http.StatusBadRequest, key, invalidData} }

var (
	noToken   = &refusal{http.StatusUnauthorized, "provider.token_needed", unauthorised}
	over      = &refusal{http.StatusForbidden, "provider.licence_over", forbidden}
	noScope   = &refusal{http.StatusForbidden, "provider.scope_needed", forbidden}
	noObject  = &refusal{http.StatusNotFound, "provider.unknown", unknownObject}
	noMethod  = &refusal{http.StatusMethodNotAllowed, "provider.read_only", invalidData}
	tooMany   = &refusal{http.StatusTooManyRequests, "provider.busy", busy}
	ourFault  = &refusal{http.StatusInternalServerError, "provider.mistake", mistake}
	forgotten = &refusal{} // the caller has gone
	unsure    = &refusal{} // is never written: the token is looked for again
)

// payload is imsx_StatusInfo, at the root of the body.
type payload struct {
	CodeMajor   string     `json:"imsx_codeMajor"`
	Severity    string     `json:"imsx_severity"`
	Description string     `json:"imsx_description"`
	CodeMinor   minorField `json:"imsx_CodeMinor"`
}

type minorField struct {
	Fields []nameValue `json:"imsx_codeMinorField"`
}

type nameValue struct {
	Name  string `json:"imsx_codeMinorFieldName"`
	Value string `json:"imsx_codeMinorFieldValue"`
}

func status(major, severity, description, token string) payload {
	return payload{major, severity, description, minorField{[]nameValue{{"TargetEndSystem", token}}}}
}

func (f *refusal) write(w http.ResponseWriter, r *http.Request, v credential.Version) {
	if f == forgotten {
		return
	}
	h := w.Header()
	switch f {
	case noToken:
		h.Set("WWW-Authenticate", `Bearer realm="aval", error="invalid_token"`)
	case noScope:
		h.Set("WWW-Authenticate", `Bearer realm="aval", error="insufficient_scope"`)
	case tooMany:
		h.Set("Retry-After", "1")
	case noMethod:
		h.Set("Allow", "GET, HEAD")
	}
	p := i18n.For(i18n.Choose(r.Header.Get("Accept-Language")))
	h.Set("Content-Type", "application/json")
	w.WriteHeader(f.status)
	_ = json.NewEncoder(w).Encode(status("failure", "error", p.T(f.key), f.minor[v])) // the caller has gone
}
