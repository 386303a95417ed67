package licence

import "aval/internal/catalogue"

// Standing is the answer that a person has before she asks.
type Standing string

// The answers. Whether a request is already open is for who reads requests to add.
const (
	Licensed          Standing = "licensed"           // approved, under a licence that covers her pupils: nothing to ask (2.1)
	ApprovedElsewhere Standing = "approved_elsewhere" // approved, but no licence covers her pupils: a short request
	Refused           Standing = "refused"            // refused, on the day that the platform tells
	Unknown           Standing = "unknown"            // never decided: a full request
)

// Answer is what the catalogue and the licences say of a platform to one person.
type Answer struct {
	Standing Standing
	Platform catalogue.Platform // with its conditions and the day of its decision
	Licence  Licence            // the licence that covers her pupils, when Licensed
	Similar  []catalogue.Match  // approved platforms that do some of the same, each with its own standing
}

// Clause is the clause that answers, when one does.
func (a Answer) Clause() string {
	if a.Standing == Licensed {
		return "2.1"
	}
	return ""
}

// standing is the rule of 2.1.
func standing(p catalogue.Platform, licensed bool) Standing {
	switch {
	case p.Status.Usable() && licensed:
		return Licensed
	case p.Status.Usable():
		return ApprovedElsewhere
	case p.Status == catalogue.Refused:
		return Refused
	}
	return Unknown
}
