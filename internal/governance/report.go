package governance

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"aval/internal/audit"
	"aval/internal/board"
	"aval/internal/db"
	"aval/internal/i18n"
	"aval/internal/incident"
	"aval/internal/org"
	"aval/internal/policy"
)

// Report is what aval holds of a school year, for the council (policy A, 7.2):
// what was asked and decided by school and department. It tells nothing of pupils.
type Report struct {
	Board      string // name
	Year       Year
	Since      string // the day on which the board began to use aval
	Until      string // the last day that it speaks of: that of the year, or today
	MadeAt     time.Time
	Lines      []Line // by name; the whole board, for what is no school's, is last
	Total      Line
	Refused    []Refusal
	Exceptions []ClauseExceptions
}

// Line is a school or department, or the whole board where Org is empty.
type Line struct {
	Org         string
	Name        string
	Requests    int // sent in the year
	Approved    int
	Conditional int
	Refused     int
	Days        int    // by which half of the decisions of the year were made, from the sending; -1 without decisions
	Overdue     int    // conditions whose day had passed on the last day
	Licences    int    // that ran in the year
	Incidents   int    // of which the board became aware in the year
	Exceptions  int    // that stand, of those that concern one place
	Attested    string // day, or ""
	Reserves    bool   // the attestation says what was not applied
	Attests     bool   // somebody answers for the place
}

// Decided is how many requests were decided.
func (l Line) Decided() int { return l.Approved + l.Conditional + l.Refused }

// Refusal is a platform that was refused in the year, and why.
type Refusal struct {
	Platform string
	Org      string // name
	On       string
	Reasons  []string // codes of the policy's reasons, or those of the aspects that refused
}

// ClauseExceptions is a clause and how many exceptions to it stand.
type ClauseExceptions struct {
	Clause string
	Count  int64
}

// Yearly answers the report of a school year; it is for those who govern, and is
// noted in the trail. It refuses (Invalid) a year that has not begun.
func (s *Service) Yearly(ctx context.Context, actor policy.Actor, y Year) (r Report, err error) {
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := actor.Allow(policy.GovernanceRead, policy.Scope{}); err != nil {
			return err
		}
		today := i18n.DayOf(tx.Now)
		if y < firstYear || y > YearOf(today) {
			return form{"year": {Key: "governance.report_year"}}.refuse(clauseApplied)
		}
		b, err := board.Get(ctx, tx, tx.Board)
		if err != nil {
			return err
		}
		r = Report{Board: b.Name, Year: y, Since: i18n.DayOf(b.CreatedAt), Until: min(today, y.Last()), MadeAt: tx.Now}
		if err := r.fill(ctx, tx); err != nil {
			return err
		}
		if err := r.exceptions(ctx, tx, actor.Pack); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "report.made", "board:"+tx.Board, audit.Under(clauseApplied), audit.Note("year="+y.String()))
	})
	return r, err
}

// firstYear is before any year of which aval could hold something.
const firstYear = 2020

// start and end are the moments between which a year lies.
func (y Year) start() time.Time { return time.Date(int(y), time.July, 1, 0, 0, 0, 0, i18n.Zone).UTC() }

// fill reads the figures of each school and department.
func (r *Report) fill(ctx context.Context, tx *db.Tx) error {
	lines := map[string]*Line{}
	line := func(id string) *Line {
		if lines[id] == nil {
			lines[id] = &Line{Org: id, Days: -1}
		}
		return lines[id]
	}
	for _, read := range []func(context.Context, *db.Tx, func(string) *Line) error{
		r.requests, r.decisions, r.conditions, r.licences, r.incidents, r.openExceptions, r.attested,
	} {
		if err := read(ctx, tx, line); err != nil {
			return err
		}
	}
	all, err := org.All(ctx, tx)
	if err != nil {
		return err
	}
	for _, o := range all {
		l, told := lines[o.ID]
		active := o.Status == org.Active && o.Kind != org.Board && o.Covered()
		if !told && !active {
			continue
		}
		if l == nil {
			l = line(o.ID)
		}
		l.Name = o.Name
		r.Lines = append(r.Lines, *l)
	}
	slices.SortStableFunc(r.Lines, func(a, b Line) int { return strings.Compare(db.Fold(a.Name), db.Fold(b.Name)) })
	if l := lines[""]; l != nil {
		r.Lines = append(r.Lines, *l)
	}
	r.sum()
	return nil
}

// sum adds the lines up; the time taken is that of all decisions together.
func (r *Report) sum() {
	days := r.Total.Days
	for _, l := range r.Lines {
		t := &r.Total
		t.Requests, t.Approved, t.Conditional, t.Refused = t.Requests+l.Requests, t.Approved+l.Approved, t.Conditional+l.Conditional, t.Refused+l.Refused
		t.Overdue, t.Licences, t.Exceptions = t.Overdue+l.Overdue, t.Licences+l.Licences, t.Exceptions+l.Exceptions
	}
	r.Total.Days = days
}

type orgCount struct {
	org string
	n   int
}

func counted(ctx context.Context, tx *db.Tx, query string, args ...any) ([]orgCount, error) {
	return db.All(ctx, tx, func(row db.Row) (c orgCount, err error) {
		err = row.Scan(&c.org, &c.n)
		return c, err
	}, query, args...)
}

func (r *Report) requests(ctx context.Context, tx *db.Tx, line func(string) *Line) error {
	sent, err := counted(ctx, tx, `SELECT org_id, count(*) FROM request
		WHERE board_id = $1 AND submitted_at >= $2 AND submitted_at < $3 GROUP BY org_id`, tx.Board, r.Year.start(), (r.Year + 1).start())
	for _, c := range sent {
		line(c.org).Requests = c.n
	}
	return err
}

type decided struct {
	org, platform, name, overall, reasons string
	use, useWhy, security, securityWhy    string
	sent, at                              time.Time
}

// decisions counts what was decided, and how long half of it took at most.
func (r *Report) decisions(ctx context.Context, tx *db.Tx, line func(string) *Line) error {
	all, err := db.All(ctx, tx, func(row db.Row) (d decided, err error) {
		err = row.Scan(&d.org, &d.platform, &d.name, &d.overall, &d.reasons, &d.use, &d.useWhy, &d.security, &d.securityWhy, db.When(&d.sent), &d.at)
		return d, err
	}, `SELECT d.org_id, p.name, COALESCE(o.name, ''), d.overall, d.refusal_reasons, d.use_result, d.use_reasons, d.security_result,
			d.security_reasons, q.submitted_at, d.decided_at
		FROM decision d JOIN platform p ON p.board_id = d.board_id AND p.id = d.platform_id
			JOIN request q ON q.board_id = d.board_id AND q.id = d.request_id
			LEFT JOIN org o ON o.board_id = d.board_id AND o.id = d.org_id
		WHERE d.board_id = $1 AND d.decided_at >= $2 AND d.decided_at < $3 ORDER BY d.decided_at, d.id`,
		tx.Board, r.Year.start(), (r.Year + 1).start())
	if err != nil {
		return err
	}
	took := map[string][]int{}
	var whole []int
	for _, d := range all {
		l := line(d.org)
		switch d.overall {
		case "approved":
			l.Approved++
		case "conditional":
			l.Conditional++
		default:
			l.Refused++
			r.Refused = append(r.Refused, d.refusal())
		}
		days := max(int(d.at.Sub(d.sent).Hours()/24), 0)
		took[d.org], whole = append(took[d.org], days), append(whole, days)
	}
	for id, days := range took {
		line(id).Days = half(days)
	}
	r.Total.Days = half(whole)
	return nil
}

func (d decided) refusal() Refusal {
	refusal := Refusal{Platform: d.platform, Org: d.name, On: i18n.DayOf(d.at)}
	if err := json.Unmarshal([]byte(d.reasons), &refusal.Reasons); err == nil && len(refusal.Reasons) > 0 {
		return refusal
	}
	if d.use == "refused" {
		refusal.Reasons = append(refusal.Reasons, d.useWhy)
	}
	if d.security == "refused" {
		refusal.Reasons = append(refusal.Reasons, d.securityWhy)
	}
	return refusal
}

// half is the number of days by which half of them were done; -1 of none.
func half(days []int) int {
	if len(days) == 0 {
		return -1
	}
	slices.Sort(days)
	return days[(len(days)-1)/2]
}

// conditions counts those whose day had passed, and that were open, on the last day.
func (r *Report) conditions(ctx context.Context, tx *db.Tx, line func(string) *Line) error {
	last, err := time.ParseInLocation(time.DateOnly, r.Until, i18n.Zone)
	if err != nil {
		return err
	}
	late, err := counted(ctx, tx, `SELECT org_id, count(*) FROM condition
		WHERE board_id = $1 AND due_on <> '' AND due_on < $2 AND made_at < $3 AND (closed_at IS NULL OR closed_at >= $3) GROUP BY org_id`,
		tx.Board, r.Until, last.AddDate(0, 0, 1).UTC())
	for _, c := range late {
		line(c.org).Overdue = c.n
	}
	return err
}

// licences counts those that ran on some day of the year.
func (r *Report) licences(ctx context.Context, tx *db.Tx, line func(string) *Line) error {
	ran, err := counted(ctx, tx, `SELECT org_id, count(*) FROM licence
		WHERE board_id = $1 AND starts_on <= $2 AND CASE WHEN ended_on <> '' THEN ended_on ELSE ends_on END >= $3 GROUP BY org_id`, tx.Board, r.Until, r.Year.First())
	for _, c := range ran {
		line(c.org).Licences = c.n
	}
	return err
}

// incidents counts those of each school that they concern; the total counts each once.
func (r *Report) incidents(ctx context.Context, tx *db.Tx, line func(string) *Line) error {
	all, err := incident.All(ctx, tx, r.Year.First(), r.Year.Last())
	for _, i := range all {
		r.Total.Incidents++
		for _, id := range i.Schools {
			line(id).Incidents++
		}
		if len(i.Schools) == 0 {
			line("").Incidents++
		}
	}
	return err
}

// openExceptions counts the exceptions that stand, where they are those of a
// request, a decision, a condition or a licence.
func (r *Report) openExceptions(ctx context.Context, tx *db.Tx, line func(string) *Line) error {
	found, err := counted(ctx, tx, `SELECT COALESCE(q.org_id, d.org_id, c.org_id, l.org_id), count(*) FROM control_mark m
			LEFT JOIN request q ON q.board_id = m.board_id AND m.subject = 'request:' || q.id
			LEFT JOIN decision d ON d.board_id = m.board_id AND m.subject = 'decision:' || d.id
			LEFT JOIN condition c ON c.board_id = m.board_id AND m.subject = 'condition:' || c.id
			LEFT JOIN licence l ON l.board_id = m.board_id AND m.subject = 'licence:' || l.id
		WHERE m.board_id = $1 AND m.outcome = 'exception' AND COALESCE(q.org_id, d.org_id, c.org_id, l.org_id) IS NOT NULL
		GROUP BY COALESCE(q.org_id, d.org_id, c.org_id, l.org_id)`, tx.Board)
	for _, c := range found {
		line(c.org).Exceptions = c.n
	}
	return err
}

// attested says which places attested the year.
func (r *Report) attested(ctx context.Context, tx *db.Tx, line func(string) *Line) error {
	places, err := placesOf(ctx, tx, r.Year)
	for _, p := range places {
		l := line(p.Org)
		l.Attests = len(p.Managers) > 0
		if p.Said != nil {
			l.Attested, l.Reserves = i18n.DayOf(p.Said.SignedAt), p.Said.Exceptions != ""
		}
	}
	return err
}

// exceptions counts, by clause, those that stand.
func (r *Report) exceptions(ctx context.Context, tx *db.Tx, p *policy.Pack) error {
	found, err := counted(ctx, tx, `SELECT control, count(*) FROM control_mark
		WHERE board_id = $1 AND outcome = 'exception' GROUP BY control`, tx.Board)
	if err != nil {
		return err
	}
	for _, c := range p.All() {
		for _, each := range found {
			if each.org == c.Control && c.Mode != policy.Planned {
				r.Exceptions = append(r.Exceptions, ClauseExceptions{Clause: c.ID, Count: int64(each.n)})
			}
		}
	}
	return nil
}
