package app_test

import (
	"context"
	"fmt"
	"html"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"aval/internal/access"
	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/export"
	"aval/internal/i18n"
	"aval/internal/licence"
	"aval/internal/policy"
	"aval/internal/request"
)

// operationNeeds says which permission each operation of the API rests on, and
// the state of the request with which it is tried: the one in which it may be done.
var operationNeeds = map[string]struct {
	do policy.Action
	in []request.State
}{
	"me":                    {},
	"search-platforms":      {do: policy.CatalogueRead},
	"list-licences":         {do: policy.LicenceRead},
	"record-licence":        {do: policy.LicenceRecord},
	"read-licence":          {do: policy.LicenceRead},
	"end-licence":           {do: policy.LicenceRecord},
	"read-disclosure":       {do: policy.LicenceRead},
	"list-contracts":        {do: policy.ContractRead},
	"add-contract":          {do: policy.ContractManage},
	"read-contract":         {do: policy.ContractRead},
	"edit-contract":         {do: policy.ContractManage},
	"check-contract":        {do: policy.ContractManage},
	"accept-contract-risk":  {do: policy.ContractWaive},
	"settle-undertakings":   {do: policy.ContractManage},
	"ground-contract":       {do: policy.ContractManage},
	"mitigate-contract":     {do: policy.ContractManage},
	"conclude-contract":     {do: policy.ContractManage},
	"end-contract":          {do: policy.ContractManage},
	"attest-contract":       {do: policy.ContractManage},
	"plan-exit":             {do: policy.ContractManage},
	"attach-to-contract":    {do: policy.ContractManage},
	"plan-check":            {do: policy.ContractManage},
	"close-check":           {do: policy.ContractManage},
	"warn-contract":         {do: policy.ContractManage},
	"create-accounts":       {do: policy.AccessManage},
	"count-accounts":        {do: policy.LicenceRead},
	"read-account":          {do: policy.AccessManage},
	"suspend-account":       {do: policy.AccessManage},
	"resume-account":        {do: policy.AccessManage},
	"load-vendor-names":     {do: policy.AccessProvision},
	"read-attestation":      {do: policy.LicenceRead},
	"attest-deletion":       {do: policy.AccessManage},
	"prepare-provisioning":  {do: policy.AccessProvision},
	"approve-provisioning":  {do: policy.AccessApprove},
	"download-provisioning": {do: policy.AccessProvision},
	"confirm-provisioning":  {do: policy.AccessProvision},
	"list-requests":         {}, // a list shows what may be read
	"create-request":        {do: policy.RequestCreate},
	"read-request":          {do: policy.RequestRead, in: request.States},
	"edit-request":          {do: policy.RequestEdit, in: []request.State{request.Drafted, request.Returned}},
	"submit-request":        {do: policy.RequestSubmit, in: []request.State{request.Drafted}},
	"authorise-request":     {do: policy.RequestAuthorise, in: []request.State{request.Submitted}},
	"return-request":        {do: policy.RequestAuthorise, in: []request.State{request.Submitted}},
	"refuse-request":        {do: policy.RequestAuthorise, in: []request.State{request.Submitted}},
	"withdraw-request":      {do: policy.RequestWithdraw, in: []request.State{request.Submitted, request.Acknowledged}},
	"acknowledge-request":   {do: policy.RequestAcknowledge, in: []request.State{request.Authorised}},
	"join-request":          {do: policy.RequestJoin, in: []request.State{request.Submitted}},
	"record-privacy":        {do: policy.PrivacyRecord, in: []request.State{request.Acknowledged}},
	"write-evaluation":      {do: policy.EvaluationWrite, in: []request.State{request.Acknowledged}},
	"ask-second":            {do: policy.EvaluationSecond, in: []request.State{request.Acknowledged}},
	"invite":                {do: policy.EvaluationWrite, in: []request.State{request.Acknowledged}},
	"list-invitations":      {}, // a list shows what may be read
	"read-invitation":       {do: policy.InvitationRead},
	"judge":                 {do: policy.InvitationAnswer},
	"decline-invitation":    {do: policy.InvitationAnswer},
	"export-evaluation":     {do: policy.EvaluationExport, in: []request.State{request.Evaluated, request.Decided}},
	"reevaluate":            {do: policy.DecisionReevaluate, in: []request.State{request.Decided}},
	"list-criteria":         {do: policy.CriterionManage},
	"add-criterion":         {do: policy.CriterionManage},
	"retire-criterion":      {do: policy.CriterionManage},
	"read-evaluation":       {do: policy.EvaluationRead, in: []request.State{request.Acknowledged, request.Decided}},
	"decide":                {do: policy.DecisionDecide, in: []request.State{request.Evaluated}},
	"read-decision":         {do: policy.DecisionRead, in: []request.State{request.Decided}},
	"receive-decision":      {do: policy.DecisionAcknowledge, in: []request.State{request.Decided}},
	"contest":               {do: policy.DecisionContest, in: []request.State{request.Decided}},
	"renew":                 {do: policy.DecisionContest, in: []request.State{request.Decided}},
	"answer-contest":        {do: policy.ContestAnswer, in: []request.State{request.Decided}},
	"list-services":         {do: policy.CatalogueRead},
	"note-service":          {do: policy.InventoryNote},
	"list-found-services":   {do: policy.InventoryNote},
	"settle-service":        {do: policy.InventorySettle},
	"classify-request":      {do: policy.EvaluationWrite, in: []request.State{request.Acknowledged, request.Evaluated}},
	"acknowledge-duties":    {do: policy.DutyAcknowledge},
	"list-assessments":      {do: policy.AssessmentRead},
	"open-assessment":       {do: policy.AssessmentWrite},
	"read-assessment":       {do: policy.AssessmentRead},
	"write-assessment":      {do: policy.AssessmentWrite},
	"conclude-assessment":   {do: policy.AssessmentConclude},
	"correct-assessment":    {do: policy.AssessmentConclude},
	"consult-committee":     {do: policy.AssessmentConsult},
	"attach-vetting":        {do: policy.VettingAttach},
	"read-assessment-file":  {do: policy.VettingRead},
	"list-candidates":       {do: policy.RosterMerge},
	"list-identity-acts":    {do: policy.RosterMerge},
	"merge-records":         {do: policy.RosterMerge},
	"undo-identity-act":     {do: policy.RosterMerge},
	"list-imports":          {do: policy.RosterRead},
	"begin-import":          {do: policy.RosterImport},
	"read-import":           {do: policy.RosterRead},
	"confirm-import":        {do: policy.RosterImport},
	"cancel-import":         {do: policy.RosterImport},
	"list-exports":          {do: policy.LicenceRead},
	"ask-export":            {do: policy.AccessProvision},
	"approve-export":        {do: policy.AccessApprove},
	"download-export":       {do: policy.AccessProvision},
	"read-credential":       {do: policy.CredentialManage},
	"make-credential":       {do: policy.CredentialManage},
	"rotate-credential":     {do: policy.CredentialManage},
	"revoke-credential":     {do: policy.CredentialManage},
	"list-corrections":      {do: policy.CorrectionRead},
	"ask-correction":        {do: policy.CorrectionAsk},
	"read-correction":       {do: policy.CorrectionRead},
	"take-correction":       {do: policy.CorrectionSettle},
	"finish-correction":     {do: policy.CorrectionSettle},
	"refuse-correction":     {do: policy.CorrectionSettle},
	"list-breaches":         {do: policy.BreachRead},
	"ask-breach":            {do: policy.BreachAct},
	"read-breach":           {do: policy.BreachRead},
	"cut-breach":            {do: policy.BreachAct},
	"enter-breach":          {do: policy.BreachAct},
	"list-school-years":     {do: policy.RosterRead},
	"read-school-year":      {do: policy.RosterRead},
	"list-conditions":       {do: policy.ConditionRead},
	"read-condition":        {do: policy.ConditionRead},
	"assign-condition":      {do: policy.ConditionManage},
	"note-condition":        {do: policy.ConditionAnswer},
	"meet-condition":        {do: policy.ConditionAnswer},
	"waive-condition":       {do: policy.ConditionWaive},
	"reveal":                {do: policy.RevealName},
	"list-reveals":          {do: policy.RevealRead},
	"list-outliers":         {do: policy.RevealRead},
	"ask-approval":          {do: policy.RevealName},
	"approve-reveals":       {do: policy.RevealApprove},
	"report-incident":       {do: policy.IncidentReport},
	"list-incident-reports": {do: policy.IncidentReport},
	"set-report-aside":      {do: policy.IncidentManage},
	"list-incidents":        {do: policy.IncidentRead},
	"open-incident":         {do: policy.IncidentManage},
	"read-incident":         {do: policy.IncidentRead},
	"correct-incident":      {do: policy.IncidentManage},
	"delete-incident":       {do: policy.IncidentManage},
	"assess-incident":       {do: policy.IncidentManage},
	"add-measure":           {do: policy.IncidentManage},
	"draft-notice":          {do: policy.IncidentManage},
	"write-notice":          {do: policy.IncidentManage},
	"send-notice":           {do: policy.IncidentManage},
	"close-incident":        {do: policy.IncidentManage},
	"export-register":       {do: policy.RegisterRead},
	"list-rights":           {do: policy.RightsRead},
	"enter-right":           {do: policy.RightsManage},
	"read-right":            {do: policy.RightsRead},
	"extend-right":          {do: policy.RightsManage},
	"answer-right":          {do: policy.RightsManage},
	"close-right":           {do: policy.RightsManage},
	"export-right":          {do: policy.RightsManage},
	"list-board-notices":    {do: policy.NoticeRead},
	"begin-board-notice":    {do: policy.NoticeWrite},
	"read-board-notice":     {do: policy.NoticeRead},
	"write-board-notice":    {do: policy.NoticeWrite},
	"publish-board-notice":  {do: policy.NoticePublish},
	"give-board-notice":     {do: policy.NoticePublish},
	"list-consents":         {do: policy.ConsentRead},
	"record-consent":        {do: policy.ConsentRecord},
	"read-consent":          {do: policy.ConsentRead},
	"withdraw-consent":      {do: policy.ConsentRecord},
	"choose-basis":          {do: policy.ConsentBasis},
	"list-disposals":        {do: policy.RightsDispose},
	"set-retention-rule":    {do: policy.RightsDispose},
	"propose-disposal":      {do: policy.RightsDispose},
	"decide-disposal":       {do: policy.RightsDispose},
	"coverage":              {do: policy.CoverageRead},
	"trace":                 {do: policy.CoverageRead},
	"list-acts":             {do: policy.GovernanceRead},
	"record-act":            {do: policy.GovernanceRecord},
	"end-act":               {do: policy.GovernanceRecord},
	"list-official":         {do: policy.PolicyRead},
	"keep-official":         {do: policy.OfficialUpload},
	"list-interpretations":  {do: policy.PolicyRead},
	"interpret":             {do: policy.InterpretationWrite},
	"list-attestations":     {do: policy.AttestationRead},
	"attest":                {do: policy.AttestationSign},
	"yearly-report":         {do: policy.GovernanceRead},

	"withdraw-interpretation": {do: policy.InterpretationWrite},
	"read-audit":              {do: policy.AuditRead},
}

// rows are the permissions of an action.
func (b *board) rows(do policy.Action) (rows []policy.Permission) {
	for _, p := range b.system().Pack.Permissions {
		if p.Do == do {
			rows = append(rows, p)
		}
	}
	return rows
}

// permitted reads the table of permissions as a person would, without the code
// that answers for it.
func (b *board) permitted(who string, do policy.Action, r *request.Request) bool {
	if do == "" {
		return true
	}
	actor := b.as(who)
	for _, p := range b.rows(do) {
		for _, g := range actor.Grants {
			if g.Role != p.Role || r != nil && len(p.States) > 0 && !slices.Contains(p.States, string(r.State)) {
				continue
			}
			switch p.Relation {
			case policy.Board:
				return true
			case policy.Own:
				if r == nil || r.AuthorID == actor.ID {
					return true
				}
			case policy.Joined:
				if r != nil && slices.Contains(r.Joiners, actor.ID) {
					return true
				}
			case policy.Class:
				if r == nil && len(actor.Classes) > 0 {
					return true
				}
			case policy.School, policy.Department:
				if r == nil || g.Org == r.OrgID {
					return true
				}
			}
		}
	}
	return false
}

func TestNobodyDoesWhatNoRowLetsThem(t *testing.T) {
	t.Parallel()
	walk(t, func(t *testing.T, b *board) {
		for _, op := range b.operations(t) {
			need, known := operationNeeds[op.id]
			switch {
			case !known:
				t.Errorf("%s %s (%s) rests on no permission", op.method, op.path, op.id)
				continue
			case need.do != "" && len(b.rows(need.do)) == 0:
				t.Errorf("%s rests on %s, which has no row", op.id, need.do)
				continue
			}
			t.Run(op.id, func(t *testing.T) {
				b.t = t
				b.nearby() // that a body names: it is there before anything is tried
				if strings.HasPrefix(op.path, "/api/v1/reveals") && !slices.Contains([]string{"list-reveals", "list-outliers", "ask-approval"}, op.id) {
					b.walkReveals(op, need.do)
					return
				}
				if strings.HasPrefix(op.path, "/api/v1/incident") && strings.Contains(op.path, "{id}") {
					b.walkIncidents(op, need.do)
					return
				}
				if strings.HasPrefix(op.path, "/api/v1/contracts/{id}") {
					b.walkContract(op, need.do)
					return
				}
				if strings.HasPrefix(op.path, "/api/v1/assessment") && op.id != "list-assessments" {
					b.walkAssessment(op, need.do)
					return
				}
				if op.id == "end-act" || op.id == "withdraw-interpretation" {
					b.walkGoverning(op, need.do)
					return
				}
				if ofRights(op.path) {
					b.walkRights(op, need.do)
					return
				}
				if op.id == "record-consent" {
					b.walkConsents(op, need.do)
					return
				}
				if strings.HasPrefix(op.path, "/api/v1/invitations/") {
					b.walkInvitation(op, need.do)
					return
				}
				if op.id == "retire-criterion" || op.id == "add-criterion" {
					b.walkCriterion(op, need.do)
					return
				}
				if strings.HasSuffix(op.id, "-condition") {
					b.walkCondition(op, need.do)
					return
				}
				if strings.HasSuffix(op.id, "-correction") || strings.Contains(op.path, "/imports/{id}") || strings.Contains(op.path, "/breaches/{id}") {
					b.walkRoster(op, need.do)
					return
				}
				if strings.HasSuffix(op.id, "-licence") || strings.Contains(op.path, "/licences/{id}/") {
					b.walkLicence(op, need.do)
					return
				}
				if op.id == "classify-request" {
					b.sorted()
				}
				if op.id == "settle-service" {
					op.path = strings.ReplaceAll(op.path, "{id}", b.foundID())
				}
				if op.id == "undo-identity-act" {
					op.path = strings.ReplaceAll(op.path, "{id}", b.actID())
				}
				if len(need.in) == 0 {
					b.walkPlain(op, need.do, map[string]*request.Request{"list-outliers": {}, "list-imports": {}, "attest": {OrgID: b.school}}[op.id]) // of the whole board, or nothing
					return
				}
				done := 0
				for _, state := range need.in {
					for _, author := range []string{"teacher", otherTeacher} {
						done += b.walk(op, need.do, author, state)
					}
				}
				if done == 0 {
					t.Errorf("%s %s: nobody can do it", op.method, op.path)
				}
			})
		}
	})
}

// walkPlain tries an operation about nothing in particular as everybody.
func (b *board) walkPlain(op operation, do policy.Action, at *request.Request) {
	for who := range b.people {
		sent := body(b, op.id)
		if draft, ok := sent.(map[string]any); ok && op.id == "create-request" && len(b.as(who).Orgs()) == 0 {
			draft["org"] = b.department
		}
		before := b.state()
		a := b.call(who, op.method, strings.NewReplacer("{kind}", "refusals", "{year}", "2026").Replace(op.path), sent)
		switch {
		case b.permitted(who, do, at):
			if a.status/100 != 2 && a.status != http.StatusConflict {
				b.t.Errorf("%s as %s, who may: %d\n%s", op.id, who, a.status, short(a.body))
			}
		case a.status != http.StatusForbidden && a.status != http.StatusNotFound:
			b.t.Errorf("%s as %s, who may not: %d\n%s", op.id, who, a.status, short(a.body))
		default:
			if after := b.state(); after != before {
				b.t.Errorf("%s as %s was refused and changed:\n%s", op.id, who, differs(before, after))
			}
		}
	}
}

// fileFor brings a file of accounts to where an operation takes it up.
func (b *board) fileFor(operation string, id licence.ID) access.FileID {
	b.t.Helper()
	if !strings.HasSuffix(operation, "-provisioning") {
		return ""
	}
	b.make(id)
	if operation == "prepare-provisioning" {
		return ""
	}
	as := b.as("evaluator")
	if operation == "approve-provisioning" {
		as = b.system()
	}
	f, err := b.Access.Prepare(b.t.Context(), as, id, access.Delta)
	b.must(err)
	if operation != "approve-provisioning" {
		_, err = b.Access.Approve(b.t.Context(), b.as(evaluator2), id, f.ID)
		b.must(err)
	}
	if operation == "confirm-provisioning" {
		_, err = b.Access.Download(b.t.Context(), as, id, f.ID)
		b.must(err)
	}
	return f.ID
}

// accountFor makes the accounts of a licence and brings them to where an operation
// takes them up; it answers one of them.
func (b *board) accountFor(operation string, id licence.ID) (account string) {
	b.t.Helper()
	switch operation {
	case "read-attestation", "attest-deletion":
		b.over(id)
	case "load-vendor-names":
		b.make(id)
	case "read-credential", "rotate-credential", "revoke-credential":
		_, _, err := b.Credentials.Make(b.t.Context(), b.as("evaluator"), id)
		b.must(err)
	case "read-account", "suspend-account", "resume-account":
		b.make(id)
		b.must(b.DB.Read(b.t.Context(), b.id, func(ctx context.Context, tx *db.Tx) (err error) {
			account, err = db.One(ctx, tx, text, `SELECT min(id) FROM pupil_account WHERE board_id = $1 AND licence_id = $2`, b.id, string(id))
			return err
		}))
		if operation == "resume-account" {
			b.must(b.Access.Suspend(b.t.Context(), b.as("evaluator"), id, account, access.Asked))
		}
	}
	return account
}

// over ends a licence whose accounts the vendor knows.
func (b *board) over(id licence.ID) {
	b.t.Helper()
	b.fileFor("confirm-provisioning", id)
	dbtest.OwnerExec(b.t, b.DB, `UPDATE licence SET ends_on = '2026-01-02' WHERE id = '`+string(id)+`'`)
	b.must(b.Access.Sweep(b.t.Context(), b.id))
}

// walkLicence tries an operation on a school's licence as everybody; who may not read it hears
// what they would of an id that nobody has.
func (b *board) walkLicence(op operation, do policy.Action) {
	l := b.accounted()
	if op.id == "load-vendor-names" {
		l.AccountKind = licence.VendorName
	}
	l, err := b.Licences.Record(b.t.Context(), b.as("principal"), l)
	b.must(err)
	file, account := b.fileFor(op.id, l.ID), b.accountFor(op.id, l.ID)
	var export export.ID
	if strings.HasSuffix(op.id, "-export") {
		l.ID, export = b.exported(op.id == "download-export")
	}
	at := request.Request{OrgID: l.OrgID}
	done := 0
	for who := range b.people {
		sent := body(b, op.id)
		before := b.state()
		a := b.call(who, op.method, strings.NewReplacer("{id}", string(l.ID), "{pid}", string(file), "{account}", account, "{export}", string(export)).Replace(op.path), sent)
		switch {
		case b.permitted(who, do, &at):
			if a.status/100 != 2 && a.status != http.StatusConflict {
				b.t.Errorf("%s as %s, who may: %d\n%s", op.id, who, a.status, short(a.body))
			}
			if a.status/100 == 2 {
				done++
			}
			continue
		case a.status != http.StatusForbidden && a.status != http.StatusNotFound:
			b.t.Errorf("%s as %s, who may not: %d\n%s", op.id, who, a.status, short(a.body))
		case !b.permitted(who, policy.LicenceRead, &at):
			nobody := b.call(who, op.method, strings.ReplaceAll(op.path, "{id}", strings.Repeat("a", 26)), sent)
			if nobody.body != a.body {
				b.t.Errorf("%s as %s: not the answer of an id that nobody has\n%s\n%s", op.id, who, short(a.body), short(nobody.body))
			}
		}
		if after := b.state(); after != before {
			b.t.Errorf("%s as %s was refused and changed:\n%s", op.id, who, differs(before, after))
		}
	}
	if done == 0 {
		b.t.Errorf("%s %s: nobody can do it", op.method, op.path)
	}
}

// walkCondition tries an operation on conditions of a decision that a teacher asked for, and that
// the professional of the school sees to, as everybody.
func (b *board) walkCondition(op operation, do policy.Action) {
	done := 0
	for who := range b.people {
		c := b.condition("teacher", "professional")
		at := request.Request{OrgID: c.OrgID, AuthorID: c.Owner.Account, Joiners: []string{b.as("teacher").ID}}
		sent := body(b, op.id)
		before := b.state()
		a := b.call(who, op.method, strings.ReplaceAll(op.path, "{id}", string(c.ID)), sent)
		switch {
		case b.permitted(who, do, &at):
			if a.status/100 != 2 {
				b.t.Errorf("%s as %s, who may: %d\n%s", op.id, who, a.status, short(a.body))
			}
			done++
			continue
		case a.status != http.StatusForbidden && a.status != http.StatusNotFound:
			b.t.Errorf("%s as %s, who may not: %d\n%s", op.id, who, a.status, short(a.body))
		case !b.permitted(who, policy.ConditionRead, &at):
			nobody := b.call(who, op.method, strings.ReplaceAll(op.path, "{id}", strings.Repeat("a", 26)), sent)
			if nobody.body != a.body {
				b.t.Errorf("%s as %s: not the answer of an id that nobody has\n%s\n%s", op.id, who, short(a.body), short(nobody.body))
			}
		}
		if after := b.state(); after != before {
			b.t.Errorf("%s as %s was refused and changed:\n%s", op.id, who, differs(before, after))
		}
	}
	if done == 0 {
		b.t.Errorf("%s %s: nobody can do it", op.method, op.path)
	}
}

// walk tries an operation on a request of an author's as everybody, and counts
// those who did it.
func (b *board) walk(op operation, do policy.Action, author string, state request.State) (done int) {
	var r request.Request
	var path, nobody string // and the answer for an id that nobody has
	fresh := func() {
		r = b.toBy(author, state)
		id := string(r.ID)
		if op.id == "answer-contest" {
			of := map[string]string{"teacher": "principal", otherTeacher: otherPrincipal}[author]
			c, err := b.Decisions.Contest(b.t.Context(), b.as(of), b.decisionOf(r.ID).ID, "use", "L’exercice d’écriture à deux n’a pas été regardé.")
			b.must(err)
			id = c.ID
		}
		path = strings.NewReplacer("{id}", id, "{aspect}", "use").Replace(op.path)
	}
	fresh()
	before := b.state()
	for who := range b.people {
		a := b.call(who, op.method, path, body(b, op.id))
		after := b.state()
		changed := after != before
		where := fmt.Sprintf("%s as %s, on a %s request of the %s", op.id, who, state, author)
		switch {
		case a.status >= http.StatusInternalServerError:
			b.t.Errorf("%s: %d", where, a.status)
		case b.permitted(who, do, &r):
			if a.status/100 != 2 && a.status != http.StatusConflict {
				b.t.Errorf("%s, who may: %d\n%s", where, a.status, short(a.body))
			}
			if a.status/100 == 2 {
				done++
			}
		case a.status != http.StatusForbidden && a.status != http.StatusNotFound:
			b.t.Errorf("%s, who may not: %d\n%s", where, a.status, short(a.body))
		default:
			if changed {
				b.t.Errorf("%s was refused and changed:\n%s", where, differs(before, after))
			}
			if a.status == http.StatusNotFound {
				if nobody == "" {
					none := strings.NewReplacer("{id}", strings.Repeat("a", 26), "{aspect}", "use").Replace(op.path)
					nobody = b.call(who, op.method, none, body(b, op.id)).body
				}
				if nobody != a.body {
					b.t.Errorf("%s: not the answer of an id that nobody has\n%s\n%s", where, short(a.body), short(nobody))
				}
			}
		}
		if changed {
			fresh()
			before = b.state()
		}
	}
	return done
}

// The sheet of /policy/matrix holds each row of the table by which the routes
// above are tried, and no other.
func TestTheMatrixIsTheTableOfTheRoutes(t *testing.T) {
	t.Parallel()
	eachPolicy(t, func(t *testing.T, b *board) {
		page := b.browse("teacher", http.MethodGet, "/policy/matrix", nil)
		cell := regexp.MustCompile(`(?s)<td[^>]* id="([^"]+)--([^"]+)"[^>]*>(.*?)</td>`)
		found := 0
		for _, m := range cell.FindAllStringSubmatch(page.body, -1) {
			do, role := policy.Action(m[1]), policy.Role(m[2])
			text := m[3]
			for _, row := range b.rows(do) {
				if row.Role != role {
					continue
				}
				found++
				relation := i18n.For("fr").T("policy.relation." + string(row.Relation))
				if !strings.Contains(text, relation) || !strings.Contains(text, `href="/policy#`+row.Clause+`"`) {
					t.Errorf("%s %s lacks %q under %s: %s", role, do, relation, row.Clause, text)
				}
				for _, state := range row.States {
					if word := i18n.For("fr").T("request.state." + state); !strings.Contains(text, html.EscapeString(word)) {
						t.Errorf("%s %s %s does not say when it is %q", role, do, relation, word)
					}
				}
				text = strings.Replace(text, "av-clause", "", 1)
			}
			if strings.Contains(text, "av-clause") {
				t.Errorf("%s %s shows more than the table: %s", role, do, m[3])
			}
		}
		if all := len(b.system().Pack.Permissions); found != all || all < 100 {
			t.Errorf("the sheet shows %d rows of %d (status %d)", found, all, page.status)
		}
	})
}

// Each page and form needs a permission that the pack gives to somebody; who
// has no row of it is refused, and nothing changes.
func TestEveryPageRestsOnARow(t *testing.T) {
	t.Parallel()
	walk(t, func(t *testing.T, b *board) {
		b.fill()
		ids := b.ids()
		for _, op := range patterns(t) {
			need, written := pageNeed(t, op)
			switch {
			case !written:
				t.Errorf("%s %s says no need", op.method, op.path)
				continue
			case need == "":
				continue
			case len(b.rows(need)) == 0:
				t.Errorf("%s %s needs %s, which has no row", op.method, op.path, need)
				continue
			}
			for who := range b.people {
				actor := b.as(who)
				if slices.ContainsFunc(b.rows(need), func(p policy.Permission) bool { return actor.Has(p.Role) }) {
					continue
				}
				before := b.state()
				for _, path := range with(op.path, ids) {
					a := b.browse(who, op.method, path, everyField(b))
					back := op.method == http.MethodGet && a.status == http.StatusSeeOther && strings.HasPrefix(path, a.header.Get("Location"))
					if !back && a.status != http.StatusForbidden && a.status != http.StatusNotFound { // or back to what may be read
						t.Errorf("%s %s as %s, who has no row of %s: %d to %q", op.method, path, who, need, a.status, a.header.Get("Location"))
					}
				}
				if after := b.state(); after != before {
					t.Errorf("%s %s as %s was refused and changed:\n%s", op.method, op.path, who, differs(before, after))
				}
			}
		}
	})
}

var constants = regexp.MustCompile(`(?m)^\t(\w+)\s+Action = "([^"]+)"`)

// pageNeed reads the need of a route where it is written; "" for those that
// everybody, or everybody with an account, has.
func pageNeed(t *testing.T, op operation) (need policy.Action, written bool) {
	t.Helper()
	text, err := os.ReadFile("../policy/actor.go")
	if err != nil {
		t.Fatal(err)
	}
	if op.need == "anyone" || op.need == "signedIn" {
		return "", true
	}
	for _, m := range constants.FindAllStringSubmatch(string(text), -1) {
		if op.need == "policy."+m[1] {
			return policy.Action(m[2]), true
		}
	}
	return "", false
}
