// Package app puts the house together; it is the only one that knows all of it.
package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"time"

	"aval/internal/access"
	"aval/internal/account"
	"aval/internal/adoption"
	"aval/internal/assessment"
	"aval/internal/audit"
	"aval/internal/birth"
	"aval/internal/blob"
	"aval/internal/board"
	"aval/internal/breach"
	"aval/internal/catalogue"
	"aval/internal/classification"
	"aval/internal/condition"
	"aval/internal/contract"
	"aval/internal/correction"
	"aval/internal/credential"
	"aval/internal/db"
	"aval/internal/decision"
	"aval/internal/directory"
	"aval/internal/disclosure"
	"aval/internal/duty"
	"aval/internal/evaluation"
	"aval/internal/export"
	"aval/internal/governance"
	"aval/internal/grade"
	"aval/internal/guardian"
	"aval/internal/identity"
	"aval/internal/incident"
	"aval/internal/inventory"
	"aval/internal/job"
	"aval/internal/licence"
	"aval/internal/mail"
	"aval/internal/mapping"
	"aval/internal/notice"
	"aval/internal/org"
	"aval/internal/person"
	"aval/internal/portable"
	"aval/internal/pseudonym"
	"aval/internal/register"
	"aval/internal/request"
	"aval/internal/reveal"
	"aval/internal/rights"
	"aval/internal/roster"
	"aval/internal/schoolyear"
	"aval/internal/seal"
	"aval/internal/source"
	"aval/internal/usage"
	"aval/internal/vault"
)

// Config is what the operator decides.
type Config struct {
	DB       string // sqlite:PATH or postgres://…
	Data     string // folder of the keys and the evidence files
	BaseURL  string // address that people type, for links in mail
	SMTP     string // smtp://host:port, or "" to send nothing
	MailFrom string
	JobTime  time.Duration // that a job may take; job.DefaultTimeout when zero
	Private  bool          // sources of rosters may stand at private addresses
	Rows     int           // that a roster's set may have; the house's own number when zero
	KeyLost  bool          // nothing sealed is needed: the master key may be missing
}

// App is the whole house, open.
type App struct {
	Config Config
	DB     *db.DB
	Keys   *seal.Keys
	Vault  *vault.Service
	Blobs  *blob.Store
	Mail   *mail.Sender

	Boards         *board.Service
	Adoptions      *adoption.Service
	Orgs           *org.Service
	Accounts       *account.Service
	Rosters        *roster.Service
	Directory      *directory.Service
	Corrections    *correction.Service
	Mappings       *mapping.Service
	Sources        *source.Service
	Names          *pseudonym.Names
	Pseudonyms     *pseudonym.Service
	Reveals        *reveal.Service
	Usage          *usage.Service
	Identity       *identity.Service
	Grades         *grade.Service
	Years          *schoolyear.Service
	Incidents      *incident.Service
	Breaches       *breach.Service
	Classification *classification.Service
	Inventory      *inventory.Service
	Duties         *duty.Service
	Registers      *register.Service
	Governance     *governance.Service
	Rights         *rights.Service
	Catalogue      *catalogue.Service
	Licences       *licence.Service
	Contracts      *contract.Service
	Credentials    *credential.Service
	Disclosures    *disclosure.Service
	Access         *access.Service
	Exports        *export.Service
	Requests       *request.Service
	Evaluations    *evaluation.Service
	Decisions      *decision.Service
	Portable       *portable.Service
	Conditions     *condition.Service
	Assessments    *assessment.Service
	Audit          *audit.Service
	Notices        *notice.Service
}

// Open opens the database, the keys, the files and the post, and refuses with a
// sentence when one of them is not as it must be.
func Open(ctx context.Context, c Config) (a *App, err error) {
	a = &App{Config: c}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.Close())
		}
	}()
	if err := os.MkdirAll(filepath.Join(c.Data, "evidence"), 0o700); err != nil {
		return a, fmt.Errorf("data folder: %w", err)
	}
	if a.DB, err = db.Open(ctx, c.DB); err != nil {
		return a, err
	}
	if err := a.DB.Check(ctx); err != nil {
		return a, err
	}
	if a.Keys, err = seal.Open(filepath.Join(c.Data, "keys")); err != nil {
		return a, err
	}
	master, err := openMaster(ctx, c, a.DB)
	if err != nil {
		return a, err
	}
	if a.Blobs, err = blob.Open(filepath.Join(c.Data, "evidence")); err != nil {
		return a, err
	}
	if a.Mail, err = mail.Open(c.SMTP, c.MailFrom); err != nil {
		return a, err
	}
	return New(c, a.DB, a.Keys, master, a.Blobs, a.Mail), nil
}

// New puts the subjects together over what is open already.
func New(c Config, d *db.DB, keys *seal.Keys, master seal.Master, blobs *blob.Store, post *mail.Sender) *App {
	v := vault.New(master)
	names := &pseudonym.Names{Vault: v}
	pupils := &access.Accounts{Names: names}
	reveals := &reveal.Service{DB: d, Names: names, Cards: pupils, Kin: &guardian.Register{Vault: v}}
	evaluations, decisions := &evaluation.Service{DB: d, Blobs: blobs}, &decision.Service{DB: d}
	births := &birth.Register{Vault: v}
	signers, rosters := &portable.Keys{Vault: v}, roster.New(d, names)
	rosters.Folder, rosters.Limits = filepath.Join(c.Data, "rosters"), roster.LimitsOf(c.Rows)
	exports := &export.Service{DB: d, Names: names}
	return &App{
		Config: c, DB: d, Keys: keys, Blobs: blobs, Mail: post,
		Vault: &vault.Service{Vault: v, DB: d, Rows: slices.Concat(rights.Sealed(), guardian.Sealed(), mapping.Sealed(), source.Sealed(),
			[]vault.Resealer{names, pupils, signers, correction.Sealed(), roster.Sealed(), birth.Sealed(), export.Sealed()})},
		Names:   names,
		Reveals: reveals,
		Usage:   &usage.Service{DB: d, Reveals: reveals, Accounts: pupils},
		Identity: &identity.Service{DB: d, Names: names, Reveals: reveals,
			Rows: slices.Concat(person.Following(), rights.Following(), reveal.Following(), correction.Following()),
			Also: []identity.Follower{reveals.Kin, births}},
		Grades:         &grade.Service{DB: d},
		Years:          &schoolyear.Service{DB: d},
		Pseudonyms:     &pseudonym.Service{DB: d, Names: names},
		Incidents:      &incident.Service{DB: d},
		Breaches:       &breach.Service{DB: d, Accounts: pupils, Names: names},
		Classification: &classification.Service{DB: d},
		Inventory:      &inventory.Service{DB: d},
		Duties:         &duty.Service{DB: d},
		Registers:      register.New(d),
		Governance:     &governance.Service{DB: d, Blobs: blobs, Agenda: []governance.Source{governance.OpenIncidents}},
		Rights:         &rights.Service{DB: d, Vault: v, Reveals: reveals},
		Boards:         &board.Service{DB: d},
		Adoptions:      &adoption.Service{DB: d},
		Orgs:           org.New(d),
		Accounts:       &account.Service{DB: d},
		Rosters:        rosters,
		Directory:      &directory.Service{DB: d},
		Corrections:    &correction.Service{DB: d, Vault: v},
		Mappings:       &mapping.Service{DB: d, Vault: v, Rosters: rosters},
		Sources:        &source.Service{DB: d, Vault: v, Rosters: rosters, Folder: filepath.Join(c.Data, "sets"), Open: c.Private},
		Catalogue:      catalogue.New(d),
		Licences:       licence.New(d, contract.Gate),
		Contracts:      &contract.Service{DB: d, Blobs: blobs, Asked: assessment.Measures},
		Credentials:    &credential.Service{DB: d},
		Disclosures:    &disclosure.Service{DB: d},
		Access:         access.New(d, pupils),
		Exports:        exports,
		Requests:       request.New(d),
		Evaluations:    evaluations,
		Decisions:      decisions,
		Portable:       &portable.Service{DB: d, Blobs: blobs, Keys: signers, Evaluations: evaluations, Decisions: decisions},
		Conditions:     &condition.Service{DB: d, Blobs: blobs},
		Assessments:    &assessment.Service{DB: d, Blobs: blobs},
		Audit:          &audit.Service{DB: d},
		Notices:        &notice.Service{DB: d, Mail: post, BaseURL: c.BaseURL},
	}
}

// Close waits for what runs and closes everything.
func (a *App) Close() error {
	var errs []error
	if a.Blobs != nil {
		errs = append(errs, a.Blobs.Close())
	}
	if a.DB != nil {
		errs = append(errs, a.DB.Close())
	}
	return errors.Join(errs...)
}

// handlers lists what the clock's door works on; nothing registers itself.
func (a *App) handlers() map[job.Kind]job.Handler {
	return map[job.Kind]job.Handler{
		"notice.request":      a.Notices.Request,
		"notice.contest":      a.Notices.Contest,
		reveal.Alert:          a.Notices.Reveals,
		reveal.Asking:         a.Notices.Asked,
		reveal.Allowed:        a.Notices.Allowed,
		reveal.Weekly:         a.Notices.Outliers,
		incident.Reported:     a.Notices.Incident,
		correction.Asked:      a.Notices.Correction,
		correction.Answered:   a.Notices.Corrected,
		roster.Imported:       a.rosterImported,
		resuming:              a.ResumeImports,
		correcting:            a.FollowCorrections,
		breach.CutJob:         a.Breaches.Run,
		reviewing:             a.ReviewLooks,
		vault.ResealJob:       a.Vault.Reseal,
		access.CreateJob:      a.Access.Run,
		export.MakeJob:        a.Exports.Make,
		export.HourlyJob:      a.SendExports,
		daily:                 a.Daily,
		sweeping:              a.SweepLicences,
		keeping:               a.KeepAccounts,
		fetching:              a.FetchRosters,
		source.PullJob:        a.PullRoster,
		source.ImportJob:      a.BringRoster,
		licence.Changed:       a.Disclosures.Refresh,
		disclosure.RefreshJob: a.Disclosures.Refresh,
		disclosure.RosterJob:  a.Disclosures.Sweep,
		disclosing:            a.SweepDisclosures,
		following:             a.FollowConditions,
		governing:             a.SweepGovernance,
		minding:               a.MindRights,
		mailing:               a.mailCheckpoint,
		roster.WorkJob:        a.Rosters.Work,
	}
}

// version is set by the build.
var version = ""

// Version names the build: a release, or the commit it was made from.
func Version() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" && len(s.Value) >= 12 {
				return s.Value[:12]
			}
		}
	}
	return "dev"
}
