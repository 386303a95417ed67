package roster

// Limits bound what is read of a stranger's set, while it is read: what a set
// declares of itself is not trusted. The zero value of a field means its default.
type Limits struct {
	Members int   // files in a zip, of the set or not
	Member  int64 // bytes of one file, unpacked
	Total   int64 // bytes of the whole set, unpacked
	Ratio   int64 // unpacked to packed, of a file above one mebibyte
	Line    int   // bytes of one row
	Columns int   // cells of one row
	Rows    int   // rows of the whole set; one of which more is remembered counts for several
	Listed  int   // defects that a report lists; all are counted
}

// weights say for how many rows one counts, by what is remembered of it.
var weights = map[string]int{"users": 3, "classes": 3, "roles": 2, "orgs": 8, "academicSessions": 8}

// DefaultLimits leave room for a school board of 130,000 pupils in eight classes
// each.
func DefaultLimits() Limits {
	return Limits{Members: 64, Member: 512 << 20, Total: 1 << 30, Ratio: 200, Line: 256 << 10, Columns: 1000,
		Rows: 2_000_000, Listed: 1000}
}

// LimitsOf leave room for a set of so many rows, counted as above.
func LimitsOf(rows int) Limits {
	l := DefaultLimits()
	if rows > l.Rows {
		bytes := int64(rows) * 160 // a row of a set is about as long
		l.Rows, l.Member, l.Total = rows, max(l.Member, bytes), max(l.Total, bytes)
	}
	return l
}

const smallMember = 1 << 20 // bytes below which no ratio is alarming

// orDefault fills in what was left at zero.
func (l Limits) orDefault() Limits {
	d := DefaultLimits()
	fill(&l.Members, d.Members)
	fill(&l.Member, d.Member)
	fill(&l.Total, d.Total)
	fill(&l.Ratio, d.Ratio)
	fill(&l.Line, d.Line)
	fill(&l.Columns, d.Columns)
	fill(&l.Rows, d.Rows)
	fill(&l.Listed, d.Listed)
	return l
}

func fill[N int | int64](v *N, by N) {
	if *v == 0 {
		*v = by
	}
}

// Memory is what the program should let its own memory grow to before it is collected
// more often: reading a million pupils again takes 250 MB. What SQLite keeps of its
// file is not of it.
const Memory = 320 << 20
