package source

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// The troubles of a pull, by their codes; each has a sentence under source.trouble.
const (
	unreachable  = "unreachable"
	refusedPlace = "private_address"
	badTLS       = "tls"
	tokenRefused = "token_refused" //nolint:gosec // a code
	scopeRefused = "scope_refused"
	tokenLost    = "token_unavailable" //nolint:gosec // a code
	unauthorised = "unauthorised"
	forbidden    = "forbidden"
	missing      = "not_found"
	refused      = "request_refused"
	busy         = "busy"
	serverError  = "server_error"
	cut          = "cut"
	tooLarge     = "page_too_large"
	unreadable   = "unreadable"
	failure      = "failure"
	redirected   = "redirected"
	standsStill  = "paging_stands_still"
	tooMany      = "too_many_records"
	tooLong      = "too_long"
	nothing      = "nothing"
	unsealable   = "pages_lost"
	setRefused   = "set_refused"
	retiresMost  = "retires_most"
)

// passing are the troubles that time may mend.
var passing = []string{unreachable, tokenLost, busy, serverError, cut, unreadable}

// smaller are those that a smaller page may mend.
var smaller = []string{unreachable, serverError, cut, tooLarge, refused}

// trouble is why something could not be fetched. Its text is a code: nothing of
// what was sent or read.
type trouble struct {
	code string
	wait time.Duration // that the source asked for
}

func (t *trouble) Error() string { return "source: " + t.code }

func stuck(code string) error { return &trouble{code: code} }

// Limits bound what is read of a source. The zero value of a field means its default.
type Limits struct {
	Page    int64         // bytes of one page, unpacked
	Size    int           // records asked for in one page
	Records int           // of one pull
	Answer  time.Duration // to wait for a page
	Pull    time.Duration // from the beginning of a pull to its last page
}

// DefaultLimits leave room for a school board of 130,000 pupils in eight classes each.
func DefaultLimits() Limits {
	return Limits{Page: 16 << 20, Size: 1000, Records: 2_000_000, Answer: 30 * time.Second, Pull: 12 * time.Hour}
}

func (l Limits) orDefault() Limits {
	d := DefaultLimits()
	if l.Page == 0 {
		l.Page = d.Page
	}
	if l.Size == 0 {
		l.Size = d.Size
	}
	if l.Records == 0 {
		l.Records = d.Records
	}
	if l.Answer == 0 {
		l.Answer = d.Answer
	}
	if l.Pull == 0 {
		l.Pull = d.Pull
	}
	return l
}

// client reads one source.
type client struct {
	terms  Terms
	limits Limits
	http   *http.Client
	token  *oauth2.Token
	style  oauth2.AuthStyle
	scopes []string // still to be tried, the first is asked for
}

// errPrivate is the guard's: the name leads to a private address.
var errPrivate = errors.New("an address that is not public")

// newClient makes a client that goes to public addresses over TLS alone; open
// lets it go to private ones.
func newClient(t Terms, l Limits, open bool) *client {
	dialer := &net.Dialer{Timeout: 10 * time.Second, Control: func(_, address string, _ syscall.RawConn) error {
		at, err := netip.ParseAddrPort(address)
		if err != nil || !open && private(at.Addr()) {
			return errPrivate
		}
		return nil
	}}
	return &client{terms: t, limits: l.orDefault(), style: oauth2.AuthStyleInHeader, scopes: scopesOf(t.Edition), http: &http.Client{
		// No proxy of the environment: it would go where the guard does not see.
		Transport: &http.Transport{DialContext: dialer.DialContext, TLSHandshakeTimeout: 10 * time.Second,
			TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true, MaxIdleConns: 4,
			IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: 256 << 10},
		CheckRedirect: func(r *http.Request, via []*http.Request) error {
			if len(via) >= 3 || origin(r.URL.String()) != origin(via[0].URL.String()) {
				return http.ErrUseLastResponse
			}
			return nil
		},
	}}
}

// close lets the connections go.
func (c *client) close() { c.http.CloseIdleConnections() }

// scopesOf are those that open the roster alone, never demographics: first the one
// that every service has, then the narrower one that some insist on.
func scopesOf(e Edition) []string {
	at := "https://purl.imsglobal.org/spec/or/v1p2/scope/"
	if e == V11 {
		at = "https://purl.imsglobal.org/spec/or/v1p1/scope/"
	}
	return []string{at + "roster.readonly", at + "roster-core.readonly"}
}

// sign gives a token that opens the source, a new one when the last is over.
func (c *client) sign(ctx context.Context) (string, error) {
	if c.token.Valid() {
		return c.token.AccessToken, nil
	}
	ctx, cancel := context.WithTimeout(context.WithValue(ctx, oauth2.HTTPClient, c.http), c.limits.Answer)
	defer cancel()
	for {
		config := &clientcredentials.Config{ClientID: c.terms.ClientID, ClientSecret: c.terms.Secret, TokenURL: c.terms.TokenURL,
			Scopes: c.scopes[:1], AuthStyle: c.style}
		token, err := config.Token(ctx)
		if err == nil {
			if token.Expiry.IsZero() { // it did not say: asked again before long
				token.Expiry = time.Now().Add(10 * time.Minute)
			}
			c.token = token
			return token.AccessToken, nil
		}
		var said *oauth2.RetrieveError
		switch {
		case !errors.As(err, &said):
			return "", tokenTrouble(ctx, err)
		case said.ErrorCode == "invalid_scope" && len(c.scopes) > 1:
			c.scopes = c.scopes[1:]
		case c.style == oauth2.AuthStyleInHeader && credentialsRefused(said):
			c.style = oauth2.AuthStyleInParams // RFC 6749 2.3.1: for those that do not know Basic
		default:
			return "", tokenRefusal(said)
		}
	}
}

func credentialsRefused(said *oauth2.RetrieveError) bool {
	status := said.Response.StatusCode
	return status == http.StatusBadRequest || status == http.StatusUnauthorized || said.ErrorCode == "invalid_client"
}

func tokenRefusal(said *oauth2.RetrieveError) error {
	status := said.Response.StatusCode
	switch {
	case said.ErrorCode == "invalid_scope":
		return stuck(scopeRefused)
	case status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable:
		return &trouble{code: busy, wait: retryAfter(said.Response.Header, time.Now())}
	case status >= http.StatusInternalServerError:
		return stuck(tokenLost)
	case status >= http.StatusMultipleChoices && status < http.StatusBadRequest:
		return stuck(redirected)
	}
	return stuck(tokenRefused)
}

// tokenTrouble tells a token that could not be asked for from an answer that is none.
func tokenTrouble(ctx context.Context, err error) error {
	var of *url.Error
	if errors.As(err, &of) || ctx.Err() != nil {
		return connection(err)
	}
	return stuck(tokenLost)
}

// connection says why no answer came.
func connection(err error) error {
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	switch {
	case errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, errPrivate):
		return stuck(refusedPlace)
	case errors.As(err, &certificate), errors.As(err, &record):
		return stuck(badTLS)
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return stuck(cut)
	}
	return stuck(unreachable)
}

// answer is what a source answered.
type answer struct {
	body  []byte
	next  string // query of the next page, as Link says; "" for none
	links bool   // it has a Link header
	total int    // X-Total-Count, or -1
	at    time.Time
}

// get reads one page of a collection. A token that is over is asked for again, once.
func (c *client) get(ctx context.Context, collection, query string) (a answer, err error) {
	for again := true; ; again = false {
		token, err := c.sign(ctx)
		if err != nil {
			return a, err
		}
		a, err = c.ask(ctx, collection, query, token)
		var t *trouble
		if again && errors.As(err, &t) && t.code == unauthorised {
			c.token = nil
			continue
		}
		return a, err
	}
}

func (c *client) ask(ctx context.Context, collection, query, token string) (a answer, err error) {
	ctx, cancel := context.WithTimeout(ctx, c.limits.Answer)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.terms.BaseURL+"/"+collection+"?"+query, nil)
	if err != nil {
		return a, stuck(refused)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Accept", "application/json")
	response, err := c.http.Do(r)
	if err != nil {
		return a, connection(err)
	}
	defer func() { _ = response.Body.Close() }() // read whole, or refused
	if err := statusTrouble(response); err != nil {
		return a, err
	}
	a.body, err = io.ReadAll(io.LimitReader(response.Body, c.limits.Page+1))
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return a, stuck(unreachable)
	case errors.Is(err, context.Canceled):
		return a, err
	case err != nil:
		return a, stuck(cut)
	case int64(len(a.body)) > c.limits.Page:
		return a, stuck(tooLarge)
	}
	a.total = -1
	if n, err := strconv.Atoi(strings.TrimSpace(response.Header.Get("X-Total-Count"))); err == nil && n >= 0 {
		a.total = n
	}
	a.at, _ = http.ParseTime(response.Header.Get("Date")) // zero when it does not say
	a.next, a.links = nextOf(response.Header.Values("Link"))
	return a, nil
}

func statusTrouble(r *http.Response) error {
	switch status := r.StatusCode; {
	case status == http.StatusOK:
		media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
		if err == nil && strings.Contains(media, "html") { // a page of a proxy or of a sign-in
			return stuck(unreadable)
		}
		return nil
	case status == http.StatusUnauthorized:
		return stuck(unauthorised)
	case status == http.StatusForbidden:
		return stuck(forbidden)
	case status == http.StatusNotFound:
		return stuck(missing)
	case status == http.StatusTooManyRequests, status == http.StatusServiceUnavailable:
		return &trouble{code: busy, wait: retryAfter(r.Header, time.Now())}
	case status == http.StatusRequestEntityTooLarge:
		return stuck(tooLarge)
	case status == http.StatusRequestTimeout, status >= http.StatusInternalServerError:
		return &trouble{code: serverError, wait: retryAfter(r.Header, time.Now())}
	case status >= http.StatusMultipleChoices && status < http.StatusBadRequest:
		return stuck(redirected)
	}
	return stuck(refused)
}

// retryAfter is how long the source asks us to stay away, in seconds or until a moment.
func retryAfter(h http.Header, now time.Time) time.Duration {
	said := strings.TrimSpace(h.Get("Retry-After"))
	if seconds, err := strconv.Atoi(said); err == nil {
		return min(time.Duration(max(0, min(seconds, 1<<20)))*time.Second, longestWait)
	}
	at, err := http.ParseTime(said)
	if err != nil {
		return 0
	}
	return min(max(0, at.Sub(now)), longestWait)
}

// nextOf finds the next page in Link headers. Its query alone counts: where it
// leads is ours to say, so that nobody is sent elsewhere with our token.
func nextOf(headers []string) (query string, any bool) {
	for _, header := range headers {
		for header != "" {
			_, rest, found := strings.Cut(header, "<")
			if !found {
				break
			}
			target, rest, found := strings.Cut(rest, ">")
			if !found {
				break
			}
			params, after := linkParams(rest)
			header, any = after, true
			if !isNext(params) {
				continue
			}
			if u, err := url.Parse(target); err == nil && u.RawQuery != "" {
				return u.RawQuery, true
			}
		}
	}
	return "", any
}

// linkParams cuts the parameters of one link from those that follow: a comma
// within quotes parts nothing.
func linkParams(s string) (params, rest string) {
	quoted := false
	for i := range len(s) {
		switch {
		case s[i] == '"':
			quoted = !quoted
		case s[i] == ',' && !quoted:
			return s[:i], s[i+1:]
		}
	}
	return s, ""
}

func isNext(params string) bool {
	for part := range strings.SplitSeq(params, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		if strings.EqualFold(strings.TrimSpace(name), "rel") {
			for rel := range strings.FieldsSeq(strings.Trim(strings.TrimSpace(value), `"`)) {
				if strings.EqualFold(rel, "next") {
					return true
				}
			}
		}
	}
	return false
}
