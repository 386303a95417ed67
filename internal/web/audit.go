package web

import (
	"cmp"
	"strconv"
	"strings"

	"aval/internal/audit"
	"aval/internal/desk"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/policy"
)

// auditPage is how many records of the trail a page shows.
const auditPage = 100

// auditLine is a record in words.
type auditLine struct {
	audit.Record
	Who     string
	For     string // on whose behalf, where the role was delegated
	Subject desk.Subject
}

func (s *Server) auditList(v *visit) error {
	var before int64
	if typed := v.query("before"); typed != "" {
		n, err := strconv.ParseInt(typed, 10, 64)
		if err != nil || n < 1 {
			return fault.Missing()
		}
		before = n
	}
	records, err := s.Audit.Latest(v.ctx(), v.actor, before, auditPage)
	if err != nil {
		return err
	}
	lines, err := s.auditLines(v, records)
	if err != nil {
		return err
	}
	newest, older := "", ""
	if before > 0 {
		newest = "/audit"
	}
	if n := len(records); n == auditPage && records[n-1].Seq > 0 {
		older = "/audit?before=" + strconv.FormatInt(records[n-1].Seq, 10)
	}
	return v.render(auditListPage(v, lines, newest, older))
}

// auditLines puts names to who acted and to what.
func (s *Server) auditLines(v *visit, records []audit.Record) ([]auditLine, error) {
	var subjects, accounts []string
	lines := make([]auditLine, len(records))
	for i, r := range records {
		lines[i].Record = r
		subjects, accounts = append(subjects, r.Subject), append(accounts, r.Actor)
		if lines[i].For = behalf(r.Detail); lines[i].For != "" {
			accounts = append(accounts, lines[i].For)
		}
	}
	naming, err := desk.Name(v.ctx(), s.DB, v.actor, subjects, accounts)
	if err != nil {
		return nil, err
	}
	for i := range lines {
		l := &lines[i]
		l.Who, l.For, l.Subject = naming.Accounts[l.Actor], naming.Accounts[l.For], naming.Subjects[l.Record.Subject]
		if key := "audit.actor." + l.Actor; l.Who == "" && v.p.Has(key) {
			l.Who = v.T(key)
		}
		l.Who = cmp.Or(l.Who, v.T("audit.actor.gone"))
	}
	return lines, nil
}

// behalf reads for whom someone acted in the details of a record.
func behalf(detail string) string {
	words := strings.Fields(detail)
	for i, w := range words {
		if id, ok := strings.CutPrefix(w, "account:"); ok && i > 0 && words[i-1] == "for" {
			return id
		}
	}
	return ""
}

// auditCheckpoint signs the trail and gives the checkpoint to keep elsewhere.
func (s *Server) auditCheckpoint(v *visit) error {
	signed, err := s.Audit.Checkpoint(v.ctx(), v.actor, s.Keys.Signer(v.actor.Board))
	if err != nil {
		return err
	}
	day := i18n.DayOf(s.DB.Clock())
	return v.send("aval-"+v.actor.Board+"-"+day+".txt", "text/plain; charset=utf-8", signed)
}

// roleTitle is the title that the board gives to the role of a record, or "".
func roleTitle(v *visit, role string) string {
	if role == "" {
		return ""
	}
	return v.actor.Pack.RoleTitle(policy.Role(role)).In(v.p.Lang)
}
