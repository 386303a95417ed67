package export

import (
	"net"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/licence"
	"aval/internal/policy"
)

// RouteID names a route within its board.
type RouteID string

// Every is how often a route sends by itself.
type Every string

// The rhythms.
const (
	OnDemand Every = "on_demand"
	Daily    Every = "daily"
	Weekly   Every = "weekly"
)

// Everys lists them in that order.
var Everys = []Every{OnDemand, Daily, Weekly}

// SecretKind is what a route signs in with.
type SecretKind string

// The secrets.
const (
	Password   SecretKind = "password"
	PrivateKey SecretKind = "key"
)

// Route is where the files of a licence go over SFTP, and when. It sends nothing
// before a second person approved it, and nothing else than what they read: what
// changes is recorded anew.
type Route struct {
	ID        RouteID
	LicenceID licence.ID
	Shape
	Host    string
	Port    int64
	Login   string
	HostKey string // of the server, pinned: no other is spoken to
	Folder  string // on the server
	Secret  SecretKind
	Every   Every
	Weekday int64     // of Weekly, Sunday is 0
	Hour    int64     // of the board's clock
	NextAt  time.Time // when it sends by itself; zero when it does not

	RecordedBy string
	RecordedAt time.Time
	ApprovedBy string
	ApprovedAt time.Time
	EndedBy    string
	EndedAt    time.Time
	Version    int64

	sealed []byte
}

// usual is the port of SSH.
const usual = 22

// The longest texts of a route, and the longest secret.
const (
	longestField  = 200
	longestSecret = 16_000
)

// tidy is a route without blanks around what was typed.
func (r Route) tidy() Route {
	r.Shape = r.Shape.tidy()
	for _, s := range []*string{&r.Host, &r.Login, &r.HostKey, &r.Folder} {
		*s = strings.TrimSpace(*s)
	}
	if r.Port == 0 {
		r.Port = usual
	}
	if r.Folder == "" {
		r.Folder = "."
	}
	return r
}

// check refuses, field by field, a route that leads nowhere. The key by which the
// server is known is a must: who does not pin it sends to whoever answers.
func (r *Route) check(secret string) error {
	fields := map[string]string{}
	if f, ok := fault.As(r.Shape.check()); ok {
		for name, m := range f.Fields {
			fields[name] = m.Key
		}
	}
	if r.Host == "" || len(r.Host) > longestField || strings.ContainsFunc(r.Host, func(c rune) bool {
		return c != '.' && c != '-' && c != ':' && !unicode.IsLetter(c) && !unicode.IsDigit(c)
	}) {
		fields["host"] = "export.host_required"
	}
	if r.Port < 1 || r.Port > 65535 {
		fields["port"] = "export.port_wrong"
	}
	if r.Login == "" || len(r.Login) > longestField {
		fields["login"] = "export.login_required"
	}
	if key, err := hostKey(r.HostKey); err != nil {
		fields["host_key"] = "export.host_key_required"
	} else {
		r.HostKey = key
	}
	if len(r.Folder) > longestField || slices.Contains(strings.Split(r.Folder, "/"), "..") || strings.ContainsFunc(r.Folder, unicode.IsControl) {
		fields["folder"] = "export.folder_wrong"
	}
	switch {
	case r.Secret != Password && r.Secret != PrivateKey:
		fields["secret_kind"] = "export.secret_kind_required"
	case secret == "" || len(secret) > longestSecret:
		fields["secret"] = "export.secret_required"
	case r.Secret == PrivateKey && !isPrivateKey(secret):
		fields["secret"] = "export.key_wrong"
	}
	r.checkRhythm(fields)
	return fault.Form(fields)
}

func (r *Route) checkRhythm(fields map[string]string) {
	if !slices.Contains(Everys, r.Every) {
		fields["every"] = "export.every_required"
	}
	if r.Hour < 0 || r.Hour > 23 {
		fields["hour"] = "export.hour_wrong"
	}
	if r.Weekday < 0 || r.Weekday > 6 {
		fields["weekday"] = "export.weekday_wrong"
	}
}

// approve is the rule: a second person stands behind where files go.
func (r *Route) approve(by policy.Actor, hands []string, now time.Time) error {
	switch {
	case !r.EndedAt.IsZero():
		return fault.New(fault.Conflict, "export.route_ended")
	case !r.ApprovedAt.IsZero():
		return fault.New(fault.Conflict, "export.route_approved")
	case slices.Contains(hands, r.RecordedBy):
		return fault.New(fault.Conflict, "export.own").Under("6.1e")
	}
	r.ApprovedBy, r.ApprovedAt = by.ID, now
	r.NextAt = r.Next(now)
	return nil
}

// end is the rule: a route that goes on ends, and its secret with it.
func (r *Route) end(by policy.Actor, now time.Time) error {
	if !r.EndedAt.IsZero() {
		return fault.New(fault.Conflict, "export.route_ended")
	}
	r.EndedBy, r.EndedAt, r.NextAt, r.sealed = by.ID, now, time.Time{}, []byte{}
	return nil
}

// goes refuses a route that may not send.
func (r *Route) goes() error {
	switch {
	case !r.EndedAt.IsZero():
		return fault.New(fault.Conflict, "export.route_ended")
	case r.ApprovedAt.IsZero():
		return fault.New(fault.Conflict, "export.route_unapproved").Under("6.1e")
	}
	return nil
}

// Next is the first moment after another at which the route sends by itself; zero
// of one that does not.
func (r *Route) Next(after time.Time) time.Time {
	if r.Every != Daily && r.Every != Weekly {
		return time.Time{}
	}
	local := after.In(i18n.Zone)
	at := time.Date(local.Year(), local.Month(), local.Day(), int(r.Hour), 0, 0, 0, i18n.Zone)
	for !at.After(after) || r.Every == Weekly && int64(at.Weekday()) != r.Weekday {
		at = at.AddDate(0, 0, 1)
	}
	return at.UTC()
}

// at is the address of the server.
func (r *Route) at() string { return net.JoinHostPort(r.Host, strconv.FormatInt(r.Port, 10)) }

// To is where the file goes, as people read it.
func (r *Route) To() string { return r.Host + ":" + path.Join(r.Folder, r.Name()) }
