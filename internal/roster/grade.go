package roster

import "aval/internal/grade"

// grades reads a list of grades into the house's words.
func (r *row) grades(words grade.Vocabulary) []string {
	var all []string
	for _, written := range r.list("grades") {
		word, mapped, ok := words.Read(written)
		switch {
		case !ok:
			r.warn("grade_unmapped")
			continue
		case mapped:
			r.warn("grade_mapped")
		}
		all = append(all, word)
	}
	return all
}
