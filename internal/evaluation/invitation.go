package evaluation

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"aval/internal/audit"
	"aval/internal/catalogue"
	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/org"
	"aval/internal/policy"
	"aval/internal/request"
)

// InvitationState is where an invitation stands.
type InvitationState string

// The states of an invitation: open until it is answered either way.
const (
	Invited  InvitationState = "open"
	Judged   InvitationState = "given"
	Declined InvitationState = "declined"
)

// Invitation asks a department for its own judgement of one aspect of a request,
// whole or on some criteria, by a day (6.6 c).
type Invitation struct {
	ID         string
	RequestID  request.ID
	Aspect     Aspect
	OrgID      string
	Org        string             // name
	Criteria   []policy.Criterion // that it is about
	DueOn      string             // 2006-01-02
	Note       string
	State      InvitationState
	Ratings    map[string]Judgement
	Conclusion string
	Reason     string // why it was declined
	InvitedBy  string
	InvitedAt  time.Time
	AnsweredBy string
	AnsweredAt time.Time // zero until then
	Version    int64
}

// Late is true of one that is unanswered after its day.
func (i Invitation) Late(today string) bool { return i.State == Invited && i.DueOn < today }

// Subject names the invitation in the trail and in the marks of controls.
func (i Invitation) Subject() string { return "invitation:" + i.ID }

// Scope says where it stands: at the department that is invited.
func (i Invitation) Scope() policy.Scope { return policy.Scope{Org: i.OrgID, State: string(i.State)} }

const (
	controlJudged = "department.judged"
	clauseJudged  = "6.6c"
)

// Invite is what the evaluator types.
type Invite struct {
	Org      string
	Criteria []string // all of the aspect when none
	DueOn    string
	Note     string
}

// Answer is what a department types.
type Answer struct {
	Ratings    map[string]Judgement
	Conclusion string
}

// invitation makes one of what was typed.
func (w work) invitation(in Invite, departments []org.Org, now time.Time) (i Invitation, err error) {
	fields := map[string]string{}
	i = Invitation{ID: db.NewID(), RequestID: w.request.ID, OrgID: in.Org, DueOn: in.DueOn, Note: i18n.Clean(in.Note),
		State: Invited, InvitedAt: now, Version: 1}
	at := slices.IndexFunc(departments, func(o org.Org) bool { return o.ID == in.Org })
	switch {
	case in.Org == "":
		fields["org"] = "evaluation.invite_org"
	case at < 0:
		fields["org"] = "evaluation.invite_org_unknown"
	case in.Org == w.request.OrgID:
		fields["org"] = "evaluation.invite_asker"
	default:
		i.Org = departments[at].Name
	}
	for _, c := range w.Criteria {
		if len(in.Criteria) == 0 || slices.Contains(in.Criteria, c.ID) {
			i.Criteria = append(i.Criteria, c)
		}
	}
	if len(in.Criteria) > 0 && len(i.Criteria) != len(in.Criteria) {
		fields["criteria"] = "evaluation.criterion_unknown"
	}
	switch _, err := time.Parse(time.DateOnly, in.DueOn); {
	case in.DueOn == "":
		fields["due_on"] = "evaluation.invite_day"
	case err != nil:
		fields["due_on"] = "evaluation.invite_day_wrong"
	case in.DueOn < i18n.DayOf(now):
		fields["due_on"] = "evaluation.invite_day_past"
	}
	if utf8.RuneCountInString(i.Note) > maxNote {
		fields["note"] = "evaluation.note_long"
	}
	return i, fault.Form(fields)
}

// answer is the department's judgement: a rating and, where it is not met, a note
// for each criterion, and a conclusion.
func (i *Invitation) answer(a Answer, by string, now time.Time) error {
	if i.State != Invited {
		return fault.New(fault.Conflict, "evaluation.invite_answered").Under(clauseJudged)
	}
	fields := map[string]string{}
	i.Ratings = map[string]Judgement{}
	for _, c := range i.Criteria {
		j := Judgement{Rating: a.Ratings[c.ID].Rating, Note: i18n.Clean(a.Ratings[c.ID].Note)}
		switch {
		case j.Rating == Unrated:
			fields["rating."+c.ID] = "evaluation.rating_required"
		case !slices.Contains(Ratings, j.Rating):
			fields["rating."+c.ID] = "evaluation.rating_unknown"
		case (j.Rating == Unmet || j.Rating == Partly) && j.Note == "":
			fields["note."+c.ID] = "evaluation.note_required"
		case utf8.RuneCountInString(j.Note) > maxNote:
			fields["note."+c.ID] = "evaluation.note_long"
		}
		i.Ratings[c.ID] = j
	}
	switch i.Conclusion = i18n.Clean(a.Conclusion); {
	case i.Conclusion == "":
		fields["conclusion"] = "evaluation.conclusion_required"
	case utf8.RuneCountInString(i.Conclusion) > maxSummary:
		fields["conclusion"] = "evaluation.summary_long"
	}
	if err := fault.Under(fault.Form(fields), clauseJudged); err != nil {
		return err
	}
	i.State, i.AnsweredBy, i.AnsweredAt = Judged, by, now
	return nil
}

func (i *Invitation) decline(reason, by string, now time.Time) error {
	if i.State != Invited {
		return fault.New(fault.Conflict, "evaluation.invite_answered").Under(clauseJudged)
	}
	switch i.Reason = i18n.Clean(reason); {
	case i.Reason == "":
		return fault.Under(fault.Form(map[string]string{"reason": "evaluation.decline_reason"}), clauseJudged)
	case utf8.RuneCountInString(i.Reason) > maxNote:
		return fault.Under(fault.Form(map[string]string{"reason": "evaluation.note_long"}), clauseJudged)
	}
	i.State, i.AnsweredBy, i.AnsweredAt = Declined, by, now
	return nil
}

// Departments answers which departments may be invited to judge an aspect.
func (s *Service) Departments(ctx context.Context, actor policy.Actor, id request.ID, aspect Aspect) (list []org.Org, err error) {
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		w, err := look(ctx, tx, actor, policy.EvaluationWrite, id, aspect)
		if err != nil {
			return err
		}
		list, err = departments(ctx, tx)
		list = slices.DeleteFunc(list, func(o org.Org) bool { return o.ID == w.request.OrgID })
		return err
	})
	return list, err
}

func departments(ctx context.Context, tx *db.Tx) ([]org.Org, error) {
	all, err := org.List(ctx, tx, org.Department)
	return slices.DeleteFunc(all, func(o org.Org) bool { return o.Status != org.Active }), err
}

// Invite asks a department for its own judgement of an aspect that is under way
// (3.1, 6.6 c). The department that asked for the platform is not invited, and a
// department has one open invitation to an aspect at a time.
func (s *Service) Invite(ctx context.Context, actor policy.Actor, id request.ID, aspect Aspect, in Invite) (i Invitation, err error) {
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		w, err := look(ctx, tx, actor, policy.EvaluationWrite, id, aspect)
		if err != nil {
			return err
		}
		if err := apart(actor, policy.EvaluationWrite, w.request); err != nil {
			return err
		}
		if w.request.State != request.Acknowledged || w.evaluation.Finished() {
			return fault.New(fault.Conflict, "evaluation.invite_closed").Under("3.1")
		}
		places, err := departments(ctx, tx)
		if err != nil {
			return err
		}
		if i, err = w.invitation(in, places, tx.Now); err != nil {
			return err
		}
		i.Aspect, i.InvitedBy = aspect, actor.ID
		all, err := invitations(ctx, tx, id, aspect)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(all, func(o Invitation) bool { return o.OrgID == i.OrgID && o.State == Invited }) {
			return fault.Form(map[string]string{"org": "evaluation.invite_twice"})
		}
		if err := insertInvitation(ctx, tx, i); err != nil {
			return err
		}
		return i.told(ctx, tx, actor, "invitation.sent", policy.Waiting)
	})
	return i, err
}

// told marks the control of 6.6 c, on boards whose policy has it, and says who did it.
func (i Invitation) told(ctx context.Context, tx *db.Tx, actor policy.Actor, act string, o policy.Outcome) error {
	if err := policy.Mark(ctx, tx, controlJudged, i.Subject(), o); err != nil {
		return err
	}
	return audit.Write(ctx, tx, actor, act, i.Subject(), audit.Under(clauseJudged),
		audit.Note(fmt.Sprintf("request=%s aspect=%s org=%s", i.RequestID, i.Aspect, i.OrgID)))
}

// InvitationView is an invitation as its page shows it: of the request, what the
// department needs to judge, and nothing of what others think of it.
type InvitationView struct {
	Invitation
	Number      string // of the request
	Platform    catalogue.Platform
	Description string
	Usage       string
	Late        bool
	MayAnswer   bool
}

// Invitation shows an invitation to the department that is invited and to those who evaluate.
func (s *Service) Invitation(ctx context.Context, actor policy.Actor, id string) (v InvitationView, err error) {
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		i, r, err := invited(ctx, tx, actor, id)
		if err != nil {
			return err
		}
		v = InvitationView{Invitation: i, Number: r.Number, Description: r.Description, Usage: r.Usage, Late: i.Late(i18n.DayOf(tx.Now))}
		v.MayAnswer = i.State == Invited && r.State == request.Acknowledged && actor.Can(policy.InvitationAnswer, i.Scope()) &&
			!r.Party(actor, policy.InvitationAnswer)
		v.Platform, err = catalogue.Get(ctx, tx, r.PlatformID)
		return err
	})
	return v, err
}

func invited(ctx context.Context, tx *db.Tx, actor policy.Actor, id string) (i Invitation, r request.Request, err error) {
	if i, err = getInvitation(ctx, tx, id); err != nil {
		return i, r, err
	}
	if err := actor.Allow(policy.InvitationRead, i.Scope()); err != nil {
		return i, r, err
	}
	r, err = request.Get(ctx, tx, i.RequestID)
	return i, r, err
}

// Judge is the department's own judgement, given once (6.6 c); it goes beside the
// evaluator's, into the file and onto the letter. Who asked for the platform does
// not judge it, and who judged does not decide.
func (s *Service) Judge(ctx context.Context, actor policy.Actor, id string, in Answer, version int64) (i Invitation, err error) {
	err = s.reply(ctx, actor, id, version, func(tx *db.Tx, got *Invitation) (string, policy.Outcome, error) {
		return "invitation.judged", policy.Conform, got.answer(in, actor.ID, tx.Now)
	}, &i)
	return i, err
}

// Decline says why the department gives no judgement; it is an exception to 6.6 c.
func (s *Service) Decline(ctx context.Context, actor policy.Actor, id, reason string, version int64) (i Invitation, err error) {
	err = s.reply(ctx, actor, id, version, func(tx *db.Tx, got *Invitation) (string, policy.Outcome, error) {
		return "invitation.declined", policy.Exception, got.decline(reason, actor.ID, tx.Now)
	}, &i)
	return i, err
}

func (s *Service) reply(
	ctx context.Context, actor policy.Actor, id string, version int64,
	say func(*db.Tx, *Invitation) (string, policy.Outcome, error), out *Invitation,
) error {
	return s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		i, r, err := invited(ctx, tx, actor, id)
		if err != nil {
			return err
		}
		if err := actor.Allow(policy.InvitationAnswer, i.Scope()); err != nil {
			return err
		}
		if r.Party(actor, policy.InvitationAnswer) {
			return fault.New(fault.Denied, "evaluation.invite_asked").Under(clauseJudged)
		}
		if r.State != request.Acknowledged && i.State == Invited {
			return fault.New(fault.Conflict, "evaluation.invite_over").Under(clauseJudged)
		}
		act, outcome, err := say(tx, &i)
		if err != nil {
			return err
		}
		if i.Version != version {
			return fault.New(fault.Conflict, "conflict.changed")
		}
		if err := updateInvitation(ctx, tx, &i); err != nil {
			return err
		}
		if err := begin(ctx, tx, i.RequestID); err != nil {
			return err
		}
		e, err := get(ctx, tx, i.RequestID, i.Aspect)
		if err != nil {
			return err
		}
		if err := addWriters(ctx, tx, e.ID, actor.Hands(policy.InvitationAnswer, i.Scope())); err != nil {
			return err
		}
		*out = i
		return i.told(ctx, tx, actor, act, outcome)
	})
}

// Awaiting answers the invitations on somebody's desk: those that their department
// has to answer and, for who evaluates, those that were declined or are late.
func (s *Service) Awaiting(ctx context.Context, actor policy.Actor) (list []InvitationView, err error) {
	if len(actor.Reach(policy.InvitationRead).Rules) == 0 {
		return nil, nil
	}
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		all, err := unsettled(ctx, tx)
		if err != nil {
			return err
		}
		for _, i := range all {
			r, err := request.Get(ctx, tx, i.RequestID)
			if err != nil {
				return err
			}
			late := i.Late(i18n.DayOf(tx.Now))
			mine := i.State == Invited && actor.Can(policy.InvitationAnswer, i.Scope())
			theirs := actor.Can(policy.EvaluationWrite, r.Scope()) && (late || i.State == Declined)
			if r.State != request.Acknowledged || !mine && !theirs {
				continue
			}
			p, err := catalogue.Get(ctx, tx, r.PlatformID)
			if err != nil {
				return err
			}
			list = append(list, InvitationView{Invitation: i, Number: r.Number, Platform: p, Late: late, MayAnswer: mine})
		}
		return nil
	})
	return list, err
}

// SweepInvitations shows as exceptions to 6.6 c the invitations of a board that
// are unanswered after their day.
func (s *Service) SweepInvitations(ctx context.Context, board string) error {
	return s.DB.Write(ctx, board, func(ctx context.Context, tx *db.Tx) error {
		all, err := unsettled(ctx, tx)
		if err != nil {
			return err
		}
		for _, i := range all {
			if i.Late(i18n.DayOf(tx.Now)) {
				if err := policy.Mark(ctx, tx, controlJudged, i.Subject(), policy.Exception); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

const invitationColumns = `i.id, i.request_id, i.aspect, i.org_id, o.name, i.criteria, i.due_on, i.note, i.state, i.ratings,
	i.conclusion, i.reason, i.invited_by, i.invited_at, i.answered_by, i.answered_at, i.version`

func scanInvitation(row db.Row) (i Invitation, err error) {
	var criteria, ratings string
	if err := row.Scan(&i.ID, &i.RequestID, &i.Aspect, &i.OrgID, &i.Org, &criteria, &i.DueOn, &i.Note, &i.State, &ratings,
		&i.Conclusion, &i.Reason, &i.InvitedBy, &i.InvitedAt, &i.AnsweredBy, db.When(&i.AnsweredAt), &i.Version); err != nil {
		return i, err
	}
	if i.Criteria, err = readFrame(criteria); err != nil {
		return i, err
	}
	var texts map[string]judged
	if err := json.Unmarshal([]byte(ratings), &texts); err != nil {
		return i, fmt.Errorf("ratings of an invitation: %w", err)
	}
	i.Ratings = unkept(texts)
	return i, nil
}

func getInvitation(ctx context.Context, tx *db.Tx, id string) (Invitation, error) {
	return db.One(ctx, tx, scanInvitation, `SELECT `+invitationColumns+` FROM invitation i
		JOIN org o ON o.board_id = i.board_id AND o.id = i.org_id WHERE i.board_id = $1 AND i.id = $2`, tx.Board, id)
}

// Judgements answers the invitations of both aspects of a request, oldest first.
func Judgements(ctx context.Context, tx *db.Tx, id request.ID) ([]Invitation, error) {
	var all []Invitation
	for _, aspect := range Aspects {
		list, err := invitations(ctx, tx, id, aspect)
		if err != nil {
			return nil, err
		}
		all = append(all, list...)
	}
	return all, nil
}

func invitations(ctx context.Context, tx *db.Tx, id request.ID, aspect Aspect) ([]Invitation, error) {
	return db.All(ctx, tx, scanInvitation, `SELECT `+invitationColumns+` FROM invitation i
		JOIN org o ON o.board_id = i.board_id AND o.id = i.org_id
		WHERE i.board_id = $1 AND i.request_id = $2 AND i.aspect = $3 ORDER BY i.invited_at, i.id`,
		tx.Board, string(id), string(aspect))
}

// unsettled reads the invitations that are open or declined, of requests that are still evaluated.
func unsettled(ctx context.Context, tx *db.Tx) ([]Invitation, error) {
	return db.All(ctx, tx, scanInvitation, `SELECT `+invitationColumns+` FROM invitation i
		JOIN org o ON o.board_id = i.board_id AND o.id = i.org_id
		JOIN request r ON r.board_id = i.board_id AND r.id = i.request_id AND r.state = 'acknowledged'
		WHERE i.board_id = $1 AND i.state IN ('open', 'declined') ORDER BY i.due_on, i.id`, tx.Board)
}

func insertInvitation(ctx context.Context, tx *db.Tx, i Invitation) error {
	criteria, err := writeFrame(i.Criteria)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO invitation (board_id, id, request_id, aspect, org_id, criteria, due_on, note, state,
			invited_by, invited_at, version)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`, tx.Board, i.ID, string(i.RequestID), string(i.Aspect), i.OrgID,
		criteria, i.DueOn, i.Note, string(i.State), i.InvitedBy, i.InvitedAt, i.Version)
	return err
}

func updateInvitation(ctx context.Context, tx *db.Tx, i *Invitation) error {
	ratings, err := json.Marshal(kept(i.Ratings))
	if err != nil {
		return fmt.Errorf("ratings of an invitation: %w", err)
	}
	err = db.Changed(tx.Exec(ctx, `UPDATE invitation SET state = $4, ratings = $5, conclusion = $6, reason = $7, answered_by = $8,
			answered_at = $9, version = version + 1
		WHERE board_id = $1 AND id = $2 AND version = $3`, tx.Board, i.ID, i.Version, string(i.State), string(ratings),
		i.Conclusion, i.Reason, i.AnsweredBy, db.Moment(i.AnsweredAt)))
	if err == nil {
		i.Version++
	}
	return err
}
