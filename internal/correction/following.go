package correction

import "aval/internal/person"

// Following are the tables whose rows follow a pupil whose two records become one.
func Following() []person.Rows { return []person.Rows{{Table: "correction"}} }
