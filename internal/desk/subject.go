package desk

import (
	"context"
	"slices"
	"strings"

	"aval/internal/account"
	"aval/internal/assessment"
	"aval/internal/catalogue"
	"aval/internal/condition"
	"aval/internal/contract"
	"aval/internal/db"
	"aval/internal/decision"
	"aval/internal/fault"
	"aval/internal/incident"
	"aval/internal/licence"
	"aval/internal/org"
	"aval/internal/policy"
	"aval/internal/request"
	"aval/internal/source"
)

// Subject is what a mark or a record of the trail is about, as this actor may
// see it: a thing they may not read has its kind alone.
type Subject struct {
	Kind   string // request, decision, platform, licence, account, org, roster, board
	Name   string // a platform's, an account's, an organisation's
	Number string // of the request
	Href   string // where it can be read, or ""
}

// Naming answers how some subjects and accounts are called.
type Naming struct {
	Subjects map[string]Subject
	Accounts map[string]string
}

// Name looks up the subjects of a page of marks or records, and the accounts
// that acted. Names of accounts are for who may read the trail.
func Name(ctx context.Context, d *db.DB, actor policy.Actor, subjects, accounts []string) (n Naming, err error) {
	n.Subjects = map[string]Subject{}
	by := map[string][]string{}
	for _, s := range subjects {
		kind, id, _ := strings.Cut(s, ":")
		if _, known := n.Subjects[s]; !known {
			n.Subjects[s] = Subject{Kind: kind}
			by[kind] = append(by[kind], id)
		}
	}
	err = d.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		for _, look := range []func(context.Context, *db.Tx, policy.Actor, map[string][]string) error{
			n.requests, n.platforms, n.orgs, n.incidents, n.assessments, n.conditions, n.contracts, n.earlier, n.governance, n.sources,
		} {
			if err := look(ctx, tx, actor, by); err != nil {
				return err
			}
		}
		if !actor.Can(policy.AuditRead, policy.Scope{}) && !actor.Can(policy.AccountManage, policy.Scope{}) {
			return nil
		}
		if n.Accounts, err = account.Names(ctx, tx, slices.Concat(accounts, by["account"])); err != nil {
			return err
		}
		for _, id := range by["account"] {
			n.Subjects["account:"+id] = Subject{Kind: "account", Name: n.Accounts[id]}
		}
		return nil
	})
	return n, err
}

// requests names requests and the decisions on them.
func (n Naming) requests(ctx context.Context, tx *db.Tx, actor policy.Actor, by map[string][]string) error {
	decided, err := decidedOn(ctx, tx, by["decision"])
	if err != nil {
		return err
	}
	var ids []request.ID
	for _, id := range by["request"] {
		ids = append(ids, request.ID(id))
	}
	for _, id := range decided {
		ids = append(ids, id)
	}
	seen, err := request.Seen(ctx, tx, actor, ids)
	if err != nil {
		return err
	}
	name := func(subject, kind string, id request.ID) {
		if i, ok := seen[id]; ok {
			n.Subjects[subject] = Subject{Kind: kind, Name: i.Platform, Number: i.Number, Href: "/requests/" + string(i.ID)}
		}
	}
	for _, id := range by["request"] {
		name("request:"+id, "request", request.ID(id))
	}
	for id, on := range decided {
		name("decision:"+id, "decision", on)
	}
	return nil
}

// decidedOn answers the requests that some decisions are on.
func decidedOn(ctx context.Context, tx *db.Tx, ids []string) (map[string]request.ID, error) {
	on := map[string]request.ID{}
	for part := range slices.Chunk(ids, 500) {
		args := []any{tx.Board}
		for _, id := range part {
			args = append(args, id)
		}
		found, err := db.All(ctx, tx, func(row db.Row) (pair [2]string, err error) {
			err = row.Scan(&pair[0], &pair[1])
			return pair, err
		}, `SELECT id, request_id FROM decision WHERE board_id = $1 AND id IN `+db.In(2, len(part)), args...)
		if err != nil {
			return nil, err
		}
		for _, pair := range found {
			on[pair[0]] = request.ID(pair[1])
		}
	}
	return on, nil
}

// platforms names platforms and the licences for them.
func (n Naming) platforms(ctx context.Context, tx *db.Tx, actor policy.Actor, by map[string][]string) error {
	licences, err := licence.Seen(ctx, tx, actor, by["licence"])
	if err != nil {
		return err
	}
	for id, l := range licences {
		n.Subjects["licence:"+id] = Subject{Kind: "licence", Name: l.Platform,
			Href: "/licences/" + id}
	}
	if !actor.Can(policy.CatalogueRead, policy.Scope{}) {
		return nil
	}
	var ids []catalogue.ID
	for _, id := range by["platform"] {
		ids = append(ids, catalogue.ID(id))
	}
	platforms, err := catalogue.ByID(ctx, tx, ids)
	if err != nil {
		return err
	}
	for id, p := range platforms {
		n.Subjects[catalogue.Subject(id)] = Subject{Kind: "platform", Name: p.Name, Href: "/platforms/" + string(id)}
	}
	return nil
}

// incidents names those of the register, for who may read it.
func (n Naming) incidents(ctx context.Context, tx *db.Tx, actor policy.Actor, by map[string][]string) error {
	if !actor.Can(policy.IncidentRead, policy.Scope{}) {
		return nil
	}
	for _, id := range by["incident"] {
		i, err := incident.Get(ctx, tx, incident.ID(id))
		if fault.Is(err, fault.NotFound) {
			continue // deleted, after its years
		}
		if err != nil {
			return err
		}
		n.Subjects[i.Subject()] = Subject{Kind: "incident", Name: i.Number, Href: "/incidents/" + id}
	}
	return nil
}

// assessments names the platforms that assessments are of.
func (n Naming) assessments(ctx context.Context, tx *db.Tx, actor policy.Actor, by map[string][]string) error {
	names, err := assessment.Seen(ctx, tx, actor, by["assessment"])
	if err != nil {
		return err
	}
	for id, platform := range names {
		n.Subjects["assessment:"+id] = Subject{Kind: "assessment", Name: platform, Href: "/assessments/" + id}
	}
	return nil
}

// conditions names the platforms that conditions are on.
func (n Naming) conditions(ctx context.Context, tx *db.Tx, actor policy.Actor, by map[string][]string) error {
	names, err := condition.Seen(ctx, tx, actor, by["condition"])
	if err != nil {
		return err
	}
	for id, platform := range names {
		n.Subjects["condition:"+id] = Subject{Kind: "condition", Name: platform, Href: "/conditions/" + id}
	}
	return nil
}

// contracts names the platforms that contracts, their verifications and notices are about.
func (n Naming) contracts(ctx context.Context, tx *db.Tx, actor policy.Actor, by map[string][]string) error {
	if !actor.Can(policy.ContractRead, policy.Scope{}) {
		return nil
	}
	named, err := contract.Named(ctx, tx, by)
	for subject, l := range named {
		n.Subjects[subject] = Subject{Kind: "contract", Name: l.Platform, Href: "/contracts/" + string(l.ID)}
	}
	return err
}

// sources names the services from which the roster is fetched.
func (n Naming) sources(ctx context.Context, tx *db.Tx, actor policy.Actor, by map[string][]string) error {
	if len(by["source"]) == 0 || !actor.Can(policy.RosterImport, policy.Scope{}) {
		return nil
	}
	names, err := source.Names(ctx, tx)
	for _, id := range by["source"] {
		if name, ok := names[source.ID(id)]; ok {
			n.Subjects["source:"+id] = Subject{Kind: "source", Name: name, Href: "/roster/sources/" + id}
		}
	}
	return err
}

// earlier names the platforms that decisions from before aval are on.
func (n Naming) earlier(ctx context.Context, tx *db.Tx, actor policy.Actor, by map[string][]string) error {
	if !actor.Can(policy.CatalogueRead, policy.Scope{}) {
		return nil
	}
	on, err := decision.EarlierOn(ctx, tx, by["earlier"])
	if err != nil {
		return err
	}
	var ids []catalogue.ID
	for _, id := range on {
		ids = append(ids, id)
	}
	platforms, err := catalogue.ByID(ctx, tx, ids)
	if err != nil {
		return err
	}
	for id, p := range on {
		n.Subjects[decision.EarlierSubject(id)] = Subject{Kind: "earlier", Name: platforms[p].Name, Href: "/earlier/" + id}
	}
	return nil
}

// governance leads to what stands around the policy, for who may read it.
func (n Naming) governance(_ context.Context, _ *db.Tx, actor policy.Actor, by map[string][]string) error {
	for kind, page := range map[string]struct {
		need policy.Action
		at   func(id string) string
	}{
		"act":            {policy.GovernanceRead, func(id string) string { return "/governance/" + id }},
		"governance":     {policy.GovernanceRead, func(string) string { return "/governance" }},
		"attestation":    {policy.AttestationRead, func(id string) string { year, _, _ := strings.Cut(id, "/"); return "/attestations?year=" + year }},
		"official":       {policy.PolicyRead, func(id string) string { return "/official/" + id }},
		"interpretation": {policy.PolicyRead, func(id string) string { return "/interpretations/" + id }},
	} {
		if !actor.Can(page.need, policy.Scope{}) {
			continue
		}
		for _, id := range by[kind] {
			n.Subjects[kind+":"+id] = Subject{Kind: kind, Href: page.at(id)}
		}
	}
	return nil
}

// orgs names schools and departments.
func (n Naming) orgs(ctx context.Context, tx *db.Tx, _ policy.Actor, by map[string][]string) error {
	if len(by["org"]) == 0 {
		return nil
	}
	all, err := org.All(ctx, tx)
	if err != nil {
		return err
	}
	for _, o := range all {
		if slices.Contains(by["org"], o.ID) {
			n.Subjects["org:"+o.ID] = Subject{Kind: "org", Name: o.Name}
		}
	}
	return nil
}
