package contract

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"aval/internal/account"
	"aval/internal/audit"
	"aval/internal/blob"
	"aval/internal/catalogue"
	"aval/internal/condition"
	"aval/internal/db"
	"aval/internal/evaluation"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/incident"
	"aval/internal/licence"
	"aval/internal/policy"
)

// Service is what people do with contracts.
type Service struct {
	DB    *db.DB
	Blobs *blob.Store
	Asked Asked
}

// Asked answers the measures that were found needed for a platform before its
// contract was made (A-2.1, s. 17).
type Asked func(ctx context.Context, tx *db.Tx, platform catalogue.ID) ([]string, error)

// Add records a contract with the vendor of a platform, as a draft.
func (s *Service) Add(ctx context.Context, actor policy.Actor, platform catalogue.ID, t Terms) (c Contract, err error) {
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := actor.Allow(policy.ContractManage, policy.Scope{}); err != nil {
			return err
		}
		c = Contract{ID: ID(db.NewID()), PlatformID: platform, State: Drafted, RecordedBy: actor.ID, RecordedAt: tx.Now, Version: 1}
		if platform == "" {
			return form{"platform": "contract.platform_required"}.refuse(written(actor.Pack))
		}
		if _, err := catalogue.Get(ctx, tx, platform); err != nil {
			return err
		}
		if err := c.set(t, written(actor.Pack)); err != nil {
			return err
		}
		measures, err := s.Asked(ctx, tx, platform)
		if err != nil {
			return err
		}
		c.ask(measures)
		if err := insert(ctx, tx, c); err != nil {
			return err
		}
		if err := mark(ctx, tx, c); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "contract.recorded", c.Subject(), audit.Under(written(actor.Pack)), audit.Note("kind="+string(c.Kind)))
	})
	return c, err
}

// seen is a contract to which the actor may do this.
func seen(ctx context.Context, tx *db.Tx, actor policy.Actor, do policy.Action, id ID) (Contract, error) {
	c, err := Get(ctx, tx, id)
	if err != nil {
		return c, err
	}
	return c, actor.Allow(do, c.Scope())
}

// known reads what the rules look at beside the contract.
func known(ctx context.Context, tx *db.Tx, actor policy.Actor, c Contract) (f facts, err error) {
	f.pack = actor.Pack
	p, err := catalogue.Get(ctx, tx, c.PlatformID)
	if err != nil {
		return f, err
	}
	f.outside = Outside(p.Hosting)
	f.files, err = files(ctx, tx, c.ID)
	return f, err
}

// change is what every act on a contract shares: who may, the act itself, that what
// stands still stands, and what the controls see.
func (s *Service) change(
	ctx context.Context, actor policy.Actor, id ID, do policy.Action, act string, f func(context.Context, *db.Tx, *Contract, facts) error,
) (c Contract, err error) {
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if c, err = seen(ctx, tx, actor, do, id); err != nil {
			return err
		}
		facts, err := known(ctx, tx, actor, c)
		if err != nil {
			return err
		}
		if err := f(ctx, tx, &c, facts); err != nil {
			return err
		}
		if c.State == Standing {
			if err := c.stand(facts); err != nil {
				return err
			}
		}
		if err := update(ctx, tx, &c); err != nil {
			return err
		}
		if err := mark(ctx, tx, c); err != nil {
			return err
		}
		if err := relook(ctx, tx); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "contract."+act, c.Subject(), audit.Under(written(actor.Pack)), audit.Note(version(c.Version)))
	})
	return c, err
}

// edit is change of a contract that has not ended, by who read this version of it.
func (s *Service) edit(
	ctx context.Context, actor policy.Actor, id ID, do policy.Action, act string, read int64, f func(context.Context, *db.Tx, *Contract, facts) error,
) (Contract, error) {
	return s.change(ctx, actor, id, do, act, func(ctx context.Context, tx *db.Tx, c *Contract, x facts) error {
		if err := c.open(actor.Pack); err != nil {
			return err
		}
		if err := f(ctx, tx, c, x); err != nil {
			return err
		}
		if read != anyVersion {
			c.Version = read
		}
		return nil
	})
}

// anyVersion is of an act that replaces nothing that somebody else may have typed.
const anyVersion = 0

// Edit corrects the terms; version is the one that was read.
func (s *Service) Edit(ctx context.Context, actor policy.Actor, id ID, t Terms, version int64) (Contract, error) {
	return s.edit(ctx, actor, id, policy.ContractManage, "edited", version, func(_ context.Context, _ *db.Tx, c *Contract, _ facts) error {
		return c.set(t, written(actor.Pack))
	})
}

// Check says where each item of the checklist is found in the contract, or that it is
// absent; version is the one that was read.
func (s *Service) Check(ctx context.Context, actor policy.Actor, id ID, items map[string]Answer, version int64) (Contract, error) {
	return s.edit(ctx, actor, id, policy.ContractManage, "checked", version, func(_ context.Context, _ *db.Tx, c *Contract, _ facts) error {
		return c.answer(items, actor.Pack)
	})
}

// Accept takes upon the actor the risk of an item that is absent, with the reason.
func (s *Service) Accept(ctx context.Context, actor policy.Actor, id ID, code, reason string) (Contract, error) {
	return s.edit(ctx, actor, id, policy.ContractWaive, "risk_accepted", anyVersion, func(_ context.Context, tx *db.Tx, c *Contract, _ facts) error {
		return c.accept(code, reason, actor.ID, tx.Now, actor.Pack)
	})
}

// Undertake settles secrecy: undertakings that are attached, a waiver with its reason
// (only by who may waive), or a vendor of whom none is asked.
func (s *Service) Undertake(ctx context.Context, actor policy.Actor, id ID, choice Choice, reason string) (Contract, error) {
	do := policy.ContractManage
	if choice == Waived {
		do = policy.ContractWaive
	}
	return s.edit(ctx, actor, id, do, "undertaken", anyVersion, func(_ context.Context, tx *db.Tx, c *Contract, f facts) error {
		return c.undertake(Undertakings{Choice: choice, Reason: reason, By: actor.ID, At: tx.Now}, f)
	})
}

// Rest chooses the ground on which personal information is given to the vendor.
func (s *Service) Rest(ctx context.Context, actor policy.Actor, id ID, g Ground, reason string) (Contract, error) {
	return s.edit(ctx, actor, id, policy.ContractManage, "grounded", anyVersion, func(_ context.Context, tx *db.Tx, c *Contract, _ facts) error {
		return c.rest(Basis{Ground: g, Reason: reason, By: actor.ID, At: tx.Now}, actor.Pack)
	})
}

// Mitigate replaces the measures that a transfer asks for, each with the clause of the
// contract that carries it; version is the one that was read.
func (s *Service) Mitigate(ctx context.Context, actor policy.Actor, id ID, list []Mitigation, version int64) (Contract, error) {
	return s.edit(ctx, actor, id, policy.ContractManage, "mitigated", version, func(_ context.Context, _ *db.Tx, c *Contract, _ facts) error {
		return c.mitigate(list, actor.Pack)
	})
}

// Conclude lets a contract stand, once it holds all that the board's law asks for.
func (s *Service) Conclude(ctx context.Context, actor policy.Actor, id ID) (Contract, error) {
	return s.edit(ctx, actor, id, policy.ContractManage, "concluded", anyVersion, func(_ context.Context, _ *db.Tx, c *Contract, _ facts) error {
		if c.State != Drafted {
			return fault.New(fault.Conflict, "contract.stands").Under(written(actor.Pack))
		}
		c.State = Standing
		return nil
	})
}

// End closes a contract that stands; from then the vendor's word is awaited that
// nothing is kept.
func (s *Service) End(ctx context.Context, actor policy.Actor, id ID, on string) (Contract, error) {
	return s.change(ctx, actor, id, policy.ContractManage, "ended", func(_ context.Context, tx *db.Tx, c *Contract, _ facts) error {
		return c.end(on, i18n.DayOf(tx.Now), actor.Pack)
	})
}

// Attest keeps the vendor's word that nothing is kept. Where the vendor knew accounts,
// it is given for each licence (access.Attest), and not here.
func (s *Service) Attest(ctx context.Context, actor policy.Actor, id ID, a Attestation) (Contract, error) {
	return s.change(ctx, actor, id, policy.ContractManage, "attested", func(ctx context.Context, tx *db.Tx, c *Contract, _ facts) error {
		list, err := deletions(ctx, tx, c.PlatformID)
		if err != nil {
			return err
		}
		if len(list) > 0 {
			return fault.New(fault.Conflict, "contract.attest_at_licence").Under(written(actor.Pack))
		}
		return c.attest(a, i18n.DayOf(tx.Now), actor.Pack)
	})
}

// Leave keeps the plan by which the board would leave; version is the one that was read.
func (s *Service) Leave(ctx context.Context, actor policy.Actor, id ID, x Plan, version int64) (Contract, error) {
	return s.edit(ctx, actor, id, policy.ContractManage, "exit_planned", version, func(ctx context.Context, tx *db.Tx, c *Contract, _ facts) error {
		there, err := catalogue.ByID(ctx, tx, x.Alternatives)
		if err != nil {
			return err
		}
		owners, err := condition.Candidates(ctx, tx, "")
		if err != nil {
			return err
		}
		knows := func(id catalogue.ID) bool { _, ok := there[id]; return ok && id != c.PlatformID }
		return c.plan(x, knows, owners, i18n.DayOf(tx.Now), actor.Pack)
	})
}

// Plan sets a day by which something about the vendor is verified.
func (s *Service) Plan(ctx context.Context, actor policy.Actor, id ID, topic Topic, due string) (k Check, err error) {
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		c, err := seen(ctx, tx, actor, policy.ContractManage, id)
		if err != nil {
			return err
		}
		if err := c.open(actor.Pack); err != nil {
			return err
		}
		k = Check{ID: db.NewID(), ContractID: id, Topic: topic, DueOn: due, PlannedBy: actor.ID, PlannedAt: tx.Now}
		if err := k.check(i18n.DayOf(tx.Now), actor.Pack); err != nil {
			return err
		}
		if err := insertCheck(ctx, tx, k); err != nil {
			return err
		}
		if err := see(ctx, tx, k.Subject(), policy.Waiting); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "contract.check_planned", c.Subject(), audit.Under(under(actor.Pack, clauseVerified, clauseOverseen)),
			audit.Note("check="+k.ID))
	})
	return k, err
}

// Verify keeps the result of a verification that was planned.
func (s *Service) Verify(ctx context.Context, actor policy.Actor, id ID, check string, done Check) (k Check, err error) {
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		c, err := seen(ctx, tx, actor, policy.ContractManage, id)
		if err != nil {
			return err
		}
		if k, err = getCheck(ctx, tx, id, check); err != nil {
			return err
		}
		if err := k.close(done, actor.ID, i18n.DayOf(tx.Now), actor.Pack); err != nil {
			return err
		}
		if err := updateCheck(ctx, tx, k); err != nil {
			return err
		}
		if err := see(ctx, tx, k.Subject(), policy.Conform); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "contract.verified", c.Subject(), audit.Under(under(actor.Pack, clauseVerified, clauseOverseen)),
			audit.Note("check="+k.ID+" result="+k.Result))
	})
	return k, err
}

// see marks what the board sees of a vendor, in Québec and in Ontario.
func see(ctx context.Context, tx *db.Tx, subject string, o policy.Outcome) error {
	for _, control := range []string{ControlVerified, ControlOverseen} {
		if err := policy.Mark(ctx, tx, control, subject, o); err != nil {
			return err
		}
	}
	return nil
}

// Warn records what the vendor tells of a violation, and enters it in the register of
// incidents, of which the board became aware that day; both or neither.
func (s *Service) Warn(ctx context.Context, actor policy.Actor, id ID, w Warning) (n Notice, err error) {
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		c, err := seen(ctx, tx, actor, policy.ContractManage, id)
		if err != nil {
			return err
		}
		i, err := incident.Open(ctx, tx, actor, w.entry(c), "")
		if err != nil {
			return asTyped(err)
		}
		n = Notice{ID: db.NewID(), ContractID: id, ReceivedOn: i.AwareOn, ReceivedBy: actor.ID, Told: i.Circumstances, Incident: i.ID,
			Number: i.Number, RecordedAt: tx.Now}
		if err := insertNotice(ctx, tx, n); err != nil {
			return err
		}
		if err := see(ctx, tx, "contract_notice:"+n.ID, policy.Conform); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "contract.warned", c.Subject(), audit.Under(under(actor.Pack, clauseVerified, clauseOverseen)),
			audit.Note("notice="+n.ID+" incident="+string(i.ID)))
	})
	return n, err
}

// asTyped gives the fields of an incident the names that they have in a vendor's notice.
func asTyped(err error) error {
	f, ok := fault.As(err)
	if !ok || len(f.Fields) == 0 {
		return err
	}
	said := *f
	said.Fields = map[string]fault.Message{}
	for name, m := range f.Fields {
		switch name {
		case "circumstances":
			name = "told"
		case "aware_on":
			name = "received_on"
		}
		said.Fields[name] = m
	}
	return &said
}

// Attachment is a file as it is sent: of the kinds and the size that evidence may have.
type Attachment struct {
	Role    Role
	Name    string
	Media   string // as the sender says
	Content io.Reader
}

// Attach keeps a file with the contract: what was agreed, undertakings, or what a
// verification rests on.
func (s *Service) Attach(ctx context.Context, actor policy.Actor, id ID, a Attachment) (f File, err error) {
	// Who may not leaves nothing in the files.
	if err := s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		_, err := seen(ctx, tx, actor, policy.ContractManage, id)
		return err
	}); err != nil {
		return f, err
	}
	f, content, err := a.check(actor, id)
	if err != nil {
		return f, err
	}
	if f.Size, f.SHA256, err = s.Blobs.Put(ctx, actor.Board, f.ID, bytes.NewReader(content), evaluation.MaxEvidence); err != nil {
		return f, err
	}
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		c, err := seen(ctx, tx, actor, policy.ContractManage, id)
		if err != nil {
			return err
		}
		f.AddedAt = tx.Now
		if err := insertFile(ctx, tx, f); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "contract.attached", c.Subject(), audit.Under(written(actor.Pack)),
			audit.Note("file="+f.ID+" role="+string(f.Role)+" sha256="+f.SHA256))
	})
	if err != nil {
		return f, errors.Join(err, s.Blobs.Delete(context.WithoutCancel(ctx), actor.Board, f.ID))
	}
	return f, nil
}

func (a Attachment) check(actor policy.Actor, id ID) (f File, content []byte, err error) {
	if !slices.Contains(FileRoles, a.Role) {
		return f, nil, form{"role": "contract.role_required"}.refuse(written(actor.Pack))
	}
	if a.Content == nil {
		return f, nil, form{"file": "contract.file_required"}.refuse(written(actor.Pack))
	}
	if content, err = io.ReadAll(io.LimitReader(a.Content, evaluation.MaxEvidence+1)); err != nil {
		return f, nil, fmt.Errorf("read a file: %w", err)
	}
	f = File{ID: db.NewID(), ContractID: id, Role: a.Role, AddedBy: actor.ID}
	f.Name, f.Media, err = evaluation.CheckFile(content, a.Name, a.Media)
	return f, content, err
}

// File opens a file for whoever may read its contract; who calls closes it.
func (s *Service) File(ctx context.Context, actor policy.Actor, id string) (f File, content io.ReadCloser, err error) {
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if f, err = getFile(ctx, tx, id); err != nil {
			return err
		}
		_, err = seen(ctx, tx, actor, policy.ContractRead, f.ContractID)
		return err
	})
	if err != nil {
		return File{}, nil, err
	}
	content, err = s.Blobs.Get(ctx, actor.Board, f.ID)
	return f, content, err
}

// Mitigations puts measures that a transfer assessment asks for on the contracts of a
// platform that have not ended, in the assessment's transaction or another; one that a
// contract has already, by its words, keeps its clause. A contract that stands goes
// back to a draft until a clause carries each.
func Mitigations(ctx context.Context, tx *db.Tx, actor policy.Actor, platform catalogue.ID, measures []string) error {
	list, err := ForPlatform(ctx, tx, platform)
	if err != nil {
		return err
	}
	for _, c := range list {
		if c.State == Ended || !c.ask(measures) {
			continue
		}
		if err := update(ctx, tx, &c); err != nil {
			return err
		}
		if err := mark(ctx, tx, c); err != nil {
			return err
		}
		err := audit.Write(ctx, tx, actor, "contract.mitigated", c.Subject(), audit.Under(under(actor.Pack, clauseTransfer, clauseTerms)), audit.Note(version(c.Version)))
		if err != nil {
			return err
		}
	}
	return relook(ctx, tx)
}

// Bases answers the ground that was chosen for each platform: that of the contract that
// stands, or of the latest.
func Bases(ctx context.Context, tx *db.Tx) (map[catalogue.ID]Basis, error) {
	list, err := all(ctx, tx)
	by, standing := map[catalogue.ID]Basis{}, map[catalogue.ID]bool{}
	for _, l := range list {
		if _, had := by[l.PlatformID]; l.Basis.Ground == "" || had && (standing[l.PlatformID] || l.State != Standing) {
			continue
		}
		by[l.PlatformID], standing[l.PlatformID] = l.Basis, l.State == Standing
	}
	return by, err
}

// Listing is what the page of contracts shows.
type Listing struct {
	Contracts []Listed // by platform, the latest first
	Tasks     []Task   // for who keeps contracts
	Today     string
	May       bool
}

// List answers every contract to who may read them.
func (s *Service) List(ctx context.Context, actor policy.Actor) (l Listing, err error) {
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := actor.Allow(policy.ContractRead, policy.Scope{}); err != nil {
			return err
		}
		l.Today, l.May = i18n.DayOf(tx.Now), actor.Can(policy.ContractManage, policy.Scope{})
		if l.Contracts, err = all(ctx, tx); err != nil {
			return err
		}
		l.Tasks, err = Waiting(ctx, tx, actor)
		return err
	})
	return l, err
}

// OfPlatform answers the contracts with the vendor of a platform, the latest first;
// none to who reads no contracts.
func (s *Service) OfPlatform(ctx context.Context, actor policy.Actor, id catalogue.ID) (list []Contract, err error) {
	if !actor.Can(policy.ContractRead, policy.Scope{}) {
		return nil, nil
	}
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		list, err = ForPlatform(ctx, tx, id)
		return err
	})
	return list, err
}

// Platforms answers those with whose vendor a contract may be recorded, by name.
func (s *Service) Platforms(ctx context.Context, actor policy.Actor) (list []catalogue.Platform, err error) {
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := actor.Allow(policy.ContractManage, policy.Scope{}); err != nil {
			return err
		}
		list, err = catalogue.List(ctx, tx, catalogue.Filter{})
		return err
	})
	return list, err
}

// View is a contract as its page shows it.
type View struct {
	Contract
	Board      string
	Platform   catalogue.Platform
	Outside    bool
	Checklist  []policy.ContractItem
	Files      []File
	Checks     []Check
	Notices    []Notice
	Licences   []licence.Licence // of the platform
	Deletions  []Deletion
	Destroyed  bool
	Lacks      error             // why a draft does not stand yet
	People     map[string]string // names of accounts
	Similar    []catalogue.Platform
	Candidates []condition.Candidate
	Today      string
	May        May
}

// May is what the page offers to who reads it.
type May struct{ Manage, Waive bool }

// View answers a contract to who may read it.
func (s *Service) View(ctx context.Context, actor policy.Actor, id ID) (v View, err error) {
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if v.Contract, err = seen(ctx, tx, actor, policy.ContractRead, id); err != nil {
			return err
		}
		v.Today, v.Checklist = i18n.DayOf(tx.Now), actor.Pack.Checklist()
		v.May = May{Manage: actor.Can(policy.ContractManage, v.Scope()), Waive: actor.Can(policy.ContractWaive, v.Scope())}
		for _, read := range []func(context.Context, *db.Tx) error{v.place, v.watch, v.leave, v.names} {
			if err := read(ctx, tx); err != nil {
				return err
			}
		}
		v.Lacks = v.stand(facts{pack: actor.Pack, outside: v.Outside, files: v.Files})
		return nil
	})
	return v, err
}

func (v *View) place(ctx context.Context, tx *db.Tx) (err error) {
	if v.Board, err = boardName(ctx, tx); err != nil {
		return err
	}
	if v.Platform, err = catalogue.Get(ctx, tx, v.PlatformID); err != nil {
		return err
	}
	v.Outside = Outside(v.Platform.Hosting)
	if v.Files, err = files(ctx, tx, v.ID); err != nil {
		return err
	}
	v.Licences, err = licence.ForPlatform(ctx, tx, v.PlatformID)
	return err
}

func (v *View) watch(ctx context.Context, tx *db.Tx) (err error) {
	if v.Checks, err = checks(ctx, tx, v.ID); err != nil {
		return err
	}
	if v.Notices, err = notices(ctx, tx, v.ID); err != nil {
		return err
	}
	if v.Deletions, err = deletions(ctx, tx, v.PlatformID); err != nil {
		return err
	}
	v.Destroyed, err = destroyed(ctx, tx, v.Contract)
	return err
}

// leave reads what the plan to leave may name: approved platforms that do some of the
// same, those that it names already, and who may see to it.
func (v *View) leave(ctx context.Context, tx *db.Tx) error {
	similar, err := catalogue.Similar(ctx, tx, v.Platform.Functions, v.PlatformID)
	if err != nil {
		return err
	}
	for _, m := range similar {
		v.Similar = append(v.Similar, m.Platform)
	}
	named, err := catalogue.ByID(ctx, tx, v.Plan.Alternatives)
	if err != nil {
		return err
	}
	for _, id := range v.Plan.Alternatives {
		if !slices.ContainsFunc(v.Similar, func(p catalogue.Platform) bool { return p.ID == id }) {
			v.Similar = append(v.Similar, named[id])
		}
	}
	v.Candidates, err = condition.Candidates(ctx, tx, "")
	return err
}

func (v *View) names(ctx context.Context, tx *db.Tx) (err error) {
	ids := []string{v.Undertakings.By, v.Basis.By, v.RecordedBy, condition.OwnerOf(v.Plan.Owner).Account}
	for _, a := range v.Items {
		ids = append(ids, a.RiskBy)
	}
	for _, k := range v.Checks {
		ids = append(ids, k.ReviewedBy)
	}
	for _, n := range v.Notices {
		ids = append(ids, n.ReceivedBy)
	}
	slices.Sort(ids)
	ids = slices.DeleteFunc(slices.Compact(ids), func(id string) bool { return id == "" })
	v.People, err = account.Names(ctx, tx, ids)
	return err
}
