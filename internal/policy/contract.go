package policy

import "slices"

// ContractItem is something that the contract with a vendor must say. Without one
// that is required the contract does not stand; without another, somebody accepts
// the risk and says why.
type ContractItem struct {
	Code     string `yaml:"code"`
	Clause   string `yaml:"clause"` // that asks for it
	Required bool   `yaml:"required"`
	Title    Text   `yaml:"title"`
}

// Checklist lists what the pack and the laws under it ask of a contract.
func (p *Pack) Checklist() []ContractItem {
	list := slices.Clone(p.ContractItems)
	for _, law := range p.Laws {
		list = append(list, law.Checklist()...)
	}
	return list
}
