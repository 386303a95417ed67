package rights

import "aval/internal/person"

// Following are the tables whose rows follow a pupil whose two records become one.
func Following() []person.Rows { return []person.Rows{{Table: "consent"}, {Table: "rights_request"}} }
