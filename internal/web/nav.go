package web

import (
	"slices"
	"strconv"
	"strings"

	"aval/internal/policy"
)

// NavItem is one line of the navigation.
type NavItem struct {
	Href    string
	Icon    string
	Key     string // of its word
	Count   int    // shown when above zero
	Current bool
}

// NavPart is a part of the navigation under its title; the daily part has none.
type NavPart struct {
	Key   string
	Items []NavItem
}

// navParts are the titles of the parts, in their order.
var navParts = [...]string{"", "nav.part_protection", "nav.part_policy", "nav.part_administration"}

// The parts.
const (
	daily = iota
	protection
	rules
	administration
)

// places lists where one may go, part by part; need is the permission that a role
// must have for the line to be shown.
var places = []struct {
	href, icon, key string
	need            policy.Action
	part            int
}{
	{href: "/desk", icon: "house", key: "nav.desk", need: signedIn},
	{href: "/platforms", icon: "grid", key: "nav.catalogue", need: policy.CatalogueRead},
	{href: "/services", icon: "check2-square", key: "nav.services", need: policy.CatalogueRead},
	{href: "/requests", icon: "send", key: "nav.requests", need: policy.RequestRead},
	{href: "/evaluations", icon: "clipboard-check", key: "nav.evaluations", need: policy.EvaluationWrite},
	{href: "/conditions", icon: "list-check", key: "nav.conditions", need: policy.ConditionManage},
	{href: "/licences", icon: "card-checklist", key: "nav.licences", need: policy.LicenceRead},
	{href: "/redirect", icon: "reply", key: "redirect.nav", need: policy.RequestRedirect},
	{href: "/classes", icon: "people", key: "nav.classes", need: policy.ClassRead},
	{href: "/directory", icon: "search", key: "nav.directory", need: policy.DirectoryRead},
	{href: "/corrections", icon: "pencil", key: "nav.corrections", need: policy.CorrectionRead},
	{href: "/reveals", icon: "person-badge", key: "nav.reveals", need: policy.RevealName},
	{href: "/roster", icon: "building", key: "nav.roster", need: policy.RosterImport},
	{href: "/roster/years", icon: "calendar-event", key: "nav.years", need: policy.RosterRead},
	{href: "/roster/people", icon: "person-check", key: "nav.identity", need: policy.RosterMerge},
	{href: "/roster/sources", icon: "download", key: "nav.sources", need: policy.RosterImport},
	{href: "/incidents/report", icon: "megaphone", key: "nav.incident_report", need: policy.IncidentReport, part: protection},
	{href: "/incidents", icon: "shield-exclamation", key: "nav.incidents", need: policy.IncidentRead, part: protection},
	{href: "/breaches", icon: "x-octagon-fill", key: "nav.breaches", need: policy.BreachRead, part: protection},
	{href: "/assessments", icon: "shield-lock", key: "nav.assessments", need: policy.AssessmentRead, part: protection},
	{href: "/contracts", icon: "file-earmark-text", key: "nav.contracts", need: policy.ContractRead, part: protection},
	{href: "/registers", icon: "journals", key: "nav.registers", need: policy.RegisterRead, part: protection},
	{href: "/rights", icon: "inbox", key: "nav.rights", need: policy.RightsRead, part: protection},
	{href: "/notices", icon: "chat-square-text", key: "nav.notices", need: policy.NoticeRead, part: protection},
	{href: "/consents", icon: "pen", key: "nav.consents", need: policy.ConsentRead, part: protection},
	{href: "/disposal", icon: "archive", key: "nav.disposal", need: policy.RightsDispose, part: protection},
	{href: "/policy", icon: "journal-text", key: "nav.policy", need: policy.PolicyRead, part: rules},
	{href: "/policy/coverage", icon: "clipboard-data", key: "nav.coverage", need: policy.CoverageRead, part: rules},
	{href: "/governance", icon: "bank", key: "nav.governance", need: policy.GovernanceRead, part: rules},
	{href: "/attestations", icon: "patch-check", key: "nav.attestations", need: policy.AttestationRead, part: rules},
	{href: "/policy/versions", icon: "calendar-event", key: "nav.versions", need: policy.PolicyMove, part: rules},
	{href: "/audit", icon: "shield-check", key: "nav.audit", need: policy.AuditRead, part: rules},
	{href: "/approvals", icon: "person-check", key: "nav.approvals", need: policy.RevealApprove, part: administration},
	{href: "/looks", icon: "clock-history", key: "nav.looks", need: policy.RevealRead, part: administration},
	{href: "/delegations", icon: "person-up", key: "nav.delegations", need: policy.DelegationCreate, part: administration},
	{href: "/accounts", icon: "person-gear", key: "nav.accounts", need: policy.AccountManage, part: administration},
	{href: "/settings/criteria", icon: "sliders", key: "nav.criteria", need: policy.CriterionManage, part: administration},
	{href: "/settings/signers", icon: "person-check", key: "nav.signers", need: policy.SignerManage, part: administration},
	{href: "/settings/classes", icon: "columns", key: "nav.classification", need: policy.ClassificationManage, part: administration},
	{href: "/settings", icon: "gear", key: "nav.settings", need: policy.SettingsEdit, part: administration},
}

func navPartID(n int) string { return "nav-" + strconv.Itoa(n) }

// nav is the navigation of this visitor: what their roles reach, the longest
// address that leads here being where they are.
func (v *visit) nav() []NavPart {
	here := ""
	for _, place := range places {
		if at := v.r.URL.Path; (at == place.href || strings.HasPrefix(at, place.href+"/")) && len(place.href) > len(here) {
			here = place.href
		}
	}
	var parts [len(navParts)]NavPart
	for _, place := range places {
		if !v.s.pages["GET "+place.href] || !v.reaches(place.need) {
			continue
		}
		part := &parts[place.part]
		part.Key = navParts[place.part]
		part.Items = append(part.Items, NavItem{Href: place.href, Icon: place.icon, Key: v.ours(place.key), Current: place.href == here})
	}
	return slices.DeleteFunc(parts[:], func(p NavPart) bool { return len(p.Items) == 0 })
}

// reaches says that the visitor's roles let them do it somewhere: one who teaches
// no class is not led to what is for classes.
func (v *visit) reaches(need policy.Action) bool {
	return v.may(need) && (need == signedIn || len(v.actor.Reach(need).Rules) > 0)
}

// role is the title that the board gives to the visitor's main role, and where they hold it.
func (v *visit) role() string {
	main := v.actor.Main()
	title := string(main)
	if v.actor.Pack != nil {
		for _, r := range v.actor.Pack.Roles {
			if r.Role == main {
				title = r.Title.In(v.p.Lang)
			}
		}
	}
	if v.place != "" {
		return title + ", " + v.place
	}
	return title
}
