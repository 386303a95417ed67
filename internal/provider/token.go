package provider

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"aval/internal/credential"
)

// mostForm is the largest request for a token that is read.
const mostForm = 16 << 10

// tokenError is a refusal as RFC 6749, 5.2, writes it.
type tokenError struct {
	status int
	code   string
}

var (
	badRequest  = &tokenError{http.StatusBadRequest, "invalid_request"}
	badClient   = &tokenError{http.StatusUnauthorized, "invalid_client"}
	badGrant    = &tokenError{http.StatusBadRequest, "unsupported_grant_type"}
	badScope    = &tokenError{http.StatusBadRequest, "invalid_scope"}
	notAllowed  = &tokenError{http.StatusBadRequest, "unauthorized_client"}
	tooOften    = &tokenError{http.StatusTooManyRequests, "temporarily_unavailable"}
	notAnswered = &tokenError{http.StatusInternalServerError, "server_error"}
)

// token gives a client a bearer token (RFC 6749, 4.4).
func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Pragma", "no-cache")
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		writeJSON(w, http.StatusMethodNotAllowed, map[string]string{"error": badRequest.code})
		return
	}
	answer, refused := s.grant(w, r)
	if refused != nil {
		if refused == badClient {
			w.Header().Set("WWW-Authenticate", `Basic realm="aval", charset="UTF-8"`)
		}
		if refused == tooOften {
			w.Header().Set("Retry-After", "1")
		}
		writeJSON(w, refused.status, map[string]string{"error": refused.code})
		return
	}
	writeJSON(w, http.StatusOK, answer)
}

type tokenAnswer struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	ExpiresIn   int    `json:"expires_in"`
	Scope       string `json:"scope"`
}

func (s *Server) grant(w http.ResponseWriter, r *http.Request) (answer tokenAnswer, refused *tokenError) {
	form, refused := tokenForm(w, r)
	if refused != nil {
		return answer, refused
	}
	id, secret, refused := client(r, form)
	if refused != nil {
		return answer, refused
	}
	if form.Get("grant_type") != "client_credentials" {
		if form.Get("grant_type") == "" {
			return answer, badRequest
		}
		return answer, badGrant
	}
	asked := credential.Scopes()
	if form.Get("scope") != "" {
		asked = credential.ParseScopes(form.Get("scope"))
	}
	token, scopes, err := s.Credentials.Grant(r.Context(), id, secret, asked)
	switch {
	case errors.Is(err, credential.ErrClient):
		return answer, badClient
	case errors.Is(err, credential.ErrScope):
		return answer, badScope
	case errors.Is(err, credential.ErrOver):
		return answer, notAllowed
	case err != nil:
		s.wrong(r.Context(), err)
		return answer, notAnswered
	}
	return tokenAnswer{token, "Bearer", int(credential.Life.Seconds()), credential.JoinScopes(scopes)}, nil
}

// tokenForm reads the parameters; one that comes twice is refused.
func tokenForm(w http.ResponseWriter, r *http.Request) (url.Values, *tokenError) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" {
		return nil, badRequest
	}
	r.Body = http.MaxBytesReader(w, r.Body, mostForm)
	if err := r.ParseForm(); err != nil {
		return nil, badRequest
	}
	for _, values := range r.PostForm {
		if len(values) > 1 {
			return nil, badRequest
		}
	}
	return r.PostForm, nil
}

// client reads who asks: from the Basic header, where both words are encoded as in a
// form (RFC 6749, 2.3.1), or from the form; not from both.
func client(r *http.Request, form url.Values) (id, secret string, refused *tokenError) {
	header := r.Header.Get("Authorization")
	if header == "" {
		if form.Get("client_id") == "" || form.Get("client_secret") == "" {
			return "", "", badClient
		}
		return form.Get("client_id"), form.Get("client_secret"), nil
	}
	if form.Has("client_secret") {
		return "", "", badRequest
	}
	scheme, text, _ := strings.Cut(header, " ")
	plain, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil || !strings.EqualFold(scheme, "Basic") {
		return "", "", badClient
	}
	id, secret, _ = strings.Cut(string(plain), ":")
	for _, word := range []*string{&id, &secret} {
		if *word, err = url.QueryUnescape(*word); err != nil {
			return "", "", badClient
		}
	}
	if named := form.Get("client_id"); named != "" && named != id {
		return "", "", badRequest
	}
	return id, secret, nil
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the caller has gone
}
