package decision

import (
	"context"

	"aval/internal/catalogue"
	"aval/internal/classification"
	"aval/internal/db"
	"aval/internal/policy"
)

// The controls that everyone's list of platforms carries.
const (
	controlInventoried = "services.inventoried"
	controlAllowed     = "data.allowed"
	controlPublished   = "notice.refused"
)

// inventoried says what the list of platforms shows of a decision: the platform, the
// class of information that it may receive, the reasons of a refusal.
func inventoried(ctx context.Context, tx *db.Tx, pack *policy.Pack, p Preparation, d Decision) error {
	if err := classification.Decided(ctx, tx, pack, p.Request); err != nil {
		return err
	}
	platform := catalogue.Subject(d.PlatformID)
	if err := policy.Mark(ctx, tx, controlInventoried, platform, policy.Conform); err != nil {
		return err
	}
	if d.Overall != Refused {
		c, err := classification.Of(ctx, tx, d.RequestID)
		if err != nil || c == nil {
			return err
		}
		return policy.Mark(ctx, tx, controlAllowed, platform, policy.Conform)
	}
	published := policy.Conform
	if len(d.Because) == 0 {
		published = policy.Exception
	}
	if err := policy.Mark(ctx, tx, controlPublished, d.Subject(), published); err != nil {
		return err
	}
	return policy.Unmark(ctx, tx, controlAllowed, platform)
}
