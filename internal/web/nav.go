package web

import (
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

// places lists where one may go, the daily ones first; need is the permission
// that a role must have for the line to be shown.
var places = []struct {
	href, icon, key string
	need            policy.Action
	apart           bool // under the line
}{
	{href: "/desk", icon: "house", key: "nav.desk", need: signedIn},
	{href: "/platforms", icon: "grid", key: "nav.catalogue", need: policy.CatalogueRead},
	{href: "/services", icon: "journal-check", key: "nav.services", need: policy.CatalogueRead},
	{href: "/requests", icon: "send", key: "nav.requests", need: policy.RequestRead},
	{href: "/evaluations", icon: "clipboard-check", key: "nav.evaluations", need: policy.EvaluationWrite},
	{href: "/assessments", icon: "journal-check", key: "nav.assessments", need: policy.AssessmentRead},
	{href: "/conditions", icon: "list-check", key: "nav.conditions", need: policy.ConditionManage},
	{href: "/licences", icon: "card-checklist", key: "nav.licences", need: policy.LicenceRead},
	{href: "/contracts", icon: "journal-check", key: "nav.contracts", need: policy.ContractRead},
	{href: "/redirect", icon: "reply", key: "redirect.nav", need: policy.RequestRedirect},
	{href: "/classes", icon: "people", key: "nav.classes", need: policy.ClassRead},
	{href: "/reveals", icon: "person-badge", key: "nav.reveals", need: policy.RevealName},
	{href: "/roster", icon: "building", key: "nav.roster", need: policy.RosterRead},
	{href: "/incidents/report", icon: "megaphone", key: "nav.incident_report", need: policy.IncidentReport, apart: true},
	{href: "/incidents", icon: "shield-exclamation", key: "nav.incidents", need: policy.IncidentRead, apart: true},
	{href: "/registers", icon: "journals", key: "nav.registers", need: policy.RegisterRead, apart: true},
	{href: "/rights", icon: "inbox", key: "nav.rights", need: policy.RightsRead, apart: true},
	{href: "/notices", icon: "chat-square-text", key: "nav.notices", need: policy.NoticeRead, apart: true},
	{href: "/consents", icon: "clipboard-check", key: "nav.consents", need: policy.ConsentRead, apart: true},
	{href: "/disposal", icon: "archive", key: "nav.disposal", need: policy.RightsDispose, apart: true},
	{href: "/policy", icon: "journal-text", key: "nav.policy", need: policy.PolicyRead, apart: true},
	{href: "/policy/coverage", icon: "clipboard-data", key: "nav.coverage", need: policy.CoverageRead, apart: true},
	{href: "/governance", icon: "journal-check", key: "nav.governance", need: policy.GovernanceRead, apart: true},
	{href: "/attestations", icon: "clipboard-check", key: "nav.attestations", need: policy.AttestationRead, apart: true},
	{href: "/policy/versions", icon: "calendar-event", key: "nav.versions", need: policy.PolicyMove, apart: true},
	{href: "/audit", icon: "shield-check", key: "nav.audit", need: policy.AuditRead, apart: true},
	{href: "/approvals", icon: "person-check", key: "nav.approvals", need: policy.RevealApprove, apart: true},
	{href: "/looks", icon: "clock-history", key: "nav.looks", need: policy.RevealRead, apart: true},
	{href: "/delegations", icon: "person-up", key: "nav.delegations", need: policy.DelegationCreate, apart: true},
	{href: "/accounts", icon: "person-gear", key: "nav.accounts", need: policy.AccountManage, apart: true},
	{href: "/settings/criteria", icon: "clipboard-check", key: "nav.criteria", need: policy.CriterionManage, apart: true},
	{href: "/settings/signers", icon: "person-check", key: "nav.signers", need: policy.SignerManage, apart: true},
	{href: "/settings/classes", icon: "columns", key: "nav.classification", need: policy.ClassificationManage, apart: true},
	{href: "/settings", icon: "gear", key: "nav.settings", need: policy.SettingsEdit, apart: true},
}

// nav is the navigation of this visitor, in two parts: what their roles reach,
// the longest address that leads here being where they are.
func (v *visit) nav() [2][]NavItem {
	here := ""
	for _, place := range places {
		if at := v.r.URL.Path; (at == place.href || strings.HasPrefix(at, place.href+"/")) && len(place.href) > len(here) {
			here = place.href
		}
	}
	var parts [2][]NavItem
	for _, place := range places {
		if !v.s.pages["GET "+place.href] || !v.reaches(place.need) {
			continue
		}
		item := NavItem{Href: place.href, Icon: place.icon, Key: v.ours(place.key), Current: place.href == here}
		part := 0
		if place.apart {
			part = 1
		}
		parts[part] = append(parts[part], item)
	}
	return parts
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
