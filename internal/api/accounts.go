package api

import (
	"context"

	"aval/internal/access"
	"aval/internal/licence"
	"aval/internal/policy"
)

// ByAccount is a pupil's account that the address names, of a licence.
type ByAccount struct {
	ByID
	Account string `path:"account" maxLength:"64"`
}

type accountJSON struct {
	ID        string `json:"id"`
	LicenceID string `json:"licence_id"`
	PersonID  string `json:"person_id"`
	State     string `json:"state" enum:"to_create,sent,confirmed,reset_pending,suspended,retired"`
	Why       string `json:"why,omitempty" doc:"Of one that somebody suspended: exposed, misused, asked, away or unused."`
	SentOn    string `json:"sent_on,omitempty" format:"date"`
	SeenOn    string `json:"seen_on,omitempty" format:"date" doc:"Last seen in use, as a file of the platform tells."`
}

// accountRead answers an account after something was done to it.
func (s *Server) accountRead(ctx context.Context, a policy.Actor, in *ByAccount) (*answer[accountJSON], error) {
	p, err := s.Access.One(ctx, a, licence.ID(in.ID), in.Account)
	if err != nil {
		return nil, err
	}
	x := p.Accounts[0]
	return body(accountJSON{ID: x.AccountID, LicenceID: in.ID, PersonID: x.PersonID, State: string(x.State), Why: string(x.Why),
		SentOn: x.SentOn, SeenOn: x.SeenOn}, nil)
}

func (s *Server) accountSuspend(ctx context.Context, a policy.Actor, in *struct {
	ByAccount
	Body struct {
		Why string `json:"why" enum:"exposed,misused,asked,away,unused"`
	}
}) (*answer[accountJSON], error) {
	if err := s.Access.Suspend(ctx, a, licence.ID(in.ID), in.Account, access.Why(in.Body.Why)); err != nil {
		return nil, err
	}
	return s.accountRead(ctx, a, &in.ByAccount)
}

func (s *Server) accountResume(ctx context.Context, a policy.Actor, in *ByAccount) (*answer[accountJSON], error) {
	if err := s.Access.Resume(ctx, a, licence.ID(in.ID), in.Account); err != nil {
		return nil, err
	}
	return s.accountRead(ctx, a, in)
}

type keptJSON struct {
	Kept int `json:"kept" doc:"Accounts whose name was kept."`
}

func (s *Server) vendorNames(ctx context.Context, a policy.Actor, in *struct {
	ByID
	Body struct {
		Names []struct {
			LoginName  string `json:"login_name" maxLength:"64"`
			VendorName string `json:"vendor_name"`
		} `json:"names" doc:"All are right, or none is kept."`
	}
}) (*answer[keptJSON], error) {
	pairs := make([][2]string, len(in.Body.Names))
	for i, n := range in.Body.Names {
		pairs[i] = [2]string{n.LoginName, n.VendorName}
	}
	n, err := s.Access.LoadVendorNames(ctx, a, licence.ID(in.ID), pairs)
	return body(keptJSON{Kept: n}, err)
}

type deletionJSON struct {
	LicenceID  string `json:"licence_id"`
	Accounts   int    `json:"accounts" doc:"That the vendor was told of."`
	AskedOn    string `json:"asked_on" format:"date"`
	AttestedOn string `json:"attested_on,omitempty" format:"date"`
	AttestedBy string `json:"attested_by,omitempty"`
}

func (s *Server) deletion(ctx context.Context, a policy.Actor, in *ByID) (*answer[deletionJSON], error) {
	d, err := s.Access.Deletion(ctx, a, licence.ID(in.ID))
	return body(deletionJSON{LicenceID: in.ID, Accounts: d.Accounts, AskedOn: d.AskedOn, AttestedOn: d.AttestedOn, AttestedBy: d.AttestedBy}, err)
}

func (s *Server) deletionAttest(ctx context.Context, a policy.Actor, in *struct {
	ByID
	Body struct {
		On string `json:"on" doc:"Day of the vendor's word, 2027-07-15."`
		By string `json:"by" doc:"Who wrote for the vendor, in 200 characters at most."`
	}
}) (*answer[deletionJSON], error) {
	if err := s.Access.Attest(ctx, a, licence.ID(in.ID), in.Body.On, in.Body.By); err != nil {
		return nil, err
	}
	return s.deletion(ctx, a, &in.ByID)
}
