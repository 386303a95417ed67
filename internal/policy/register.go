package policy

import "slices"

// Registers are the registers that a law may ask a board to keep: confidentiality
// incidents, releases of personal information, files of personal information,
// refused platforms, and the inventory of tools used with students.
var Registers = []string{"incidents", "releases", "files", "refusals", "inventory"}

// Kept lists the registers that the pack and the laws under it ask for, in the
// order of Registers.
func (p *Pack) Kept() (kept []string) {
	asked := slices.Clone(p.Registers)
	for _, law := range p.Laws {
		asked = append(asked, law.Kept()...)
	}
	for _, code := range Registers {
		if slices.Contains(asked, code) {
			kept = append(kept, code)
		}
	}
	return kept
}
