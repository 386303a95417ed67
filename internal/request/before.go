package request

import (
	"context"
	"slices"

	"aval/internal/catalogue"
	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/licence"
	"aval/internal/org"
	"aval/internal/person"
	"aval/internal/policy"
)

// accept refuses what could not be kept of what was typed, and counts the pupils
// of the classes it names: a teacher's own, any of the school, any of the board
// for a department.
func accept(ctx context.Context, tx *db.Tx, actor policy.Actor, r Request, d *Draft) error {
	err := d.check(func(code string) bool {
		_, known := actor.Pack.DataKind(code)
		return known || code == NoData
	})
	if err := with(err, knownSubjects(actor.Pack, d.Subjects)); err != nil {
		return err
	}
	if len(d.Classes) == 0 {
		return nil
	}
	place, err := org.Get(ctx, tx, r.OrgID)
	if err != nil {
		return err
	}
	found, err := person.Classes(ctx, tx, d.Classes)
	if err != nil {
		return err
	}
	stranger := func(c person.Class) bool {
		return c.Status != person.Active || place.Kind != org.Department && c.SchoolID != r.OrgID ||
			r.AuthorRole == policy.Teacher && !slices.Contains(actor.Classes, c.ID)
	}
	if len(found) != len(d.Classes) || slices.ContainsFunc(found, stranger) {
		return fault.Form(map[string]string{"classes": "request.class_unknown"})
	}
	pupils, err := person.PupilsIn(ctx, tx, d.Classes)
	d.Pupils = int64(pupils)
	return err
}

// teaches tells whether the author is a teacher with classes in that school, who
// must say which would use the platform.
func teaches(ctx context.Context, tx *db.Tx, actor policy.Actor, r Request) (bool, error) {
	if r.AuthorRole != policy.Teacher || !r.AboutPupils(actor.Pack) {
		return false, nil
	}
	classes, err := person.Classes(ctx, tx, actor.Classes)
	return slices.ContainsFunc(classes, func(c person.Class) bool {
		return c.SchoolID == r.OrgID && c.Status == person.Active
	}), err
}

// named answers the platform that a draft is about: of the catalogue by its id,
// its name or its site, or else added to it.
func named(ctx context.Context, tx *db.Tx, actor policy.Actor, d Draft) (catalogue.Platform, error) {
	if d.PlatformID != "" {
		return catalogue.Get(ctx, tx, d.PlatformID)
	}
	if db.Fold(d.PlatformName) == "" {
		return catalogue.Platform{}, fault.Form(map[string]string{"platform": "request.platform_required"})
	}
	p, err := catalogue.FindOrAdd(ctx, tx, actor, catalogue.Draft{Name: d.PlatformName, URL: d.URL})
	return p, renamed(err, map[string]string{"name": "platform"})
}

// renamed gives the fields of a form's refusal the names that this form has.
func renamed(err error, names map[string]string) error {
	f, ok := fault.As(err)
	if !ok || f.Fields == nil {
		return err
	}
	fields := map[string]fault.Message{}
	for field, message := range f.Fields {
		if name, ok := names[field]; ok {
			field = name
		}
		fields[field] = message
	}
	return fault.FormMsg(fields)
}

// Speaks tells whether a policy speaks of a school or department: of all of them, or
// of those that it covers (policy A, 1.3 b and 2.1).
func Speaks(pack *policy.Pack, o org.Org) bool {
	return o.Kind != org.Board && pack.Everywhere() || o.Covered()
}

// outside refuses a school or department of which the policy does not speak: one
// of another sector (2.1), or not under the deputy director general (1.3 b).
func outside(ctx context.Context, tx *db.Tx, pack *policy.Pack, id string) (refusal, err error) {
	o, err := org.Get(ctx, tx, id)
	switch {
	case err != nil || Speaks(pack, o):
		return nil, err
	case o.Kind == org.Department:
		return fault.New(fault.Conflict, "request.not_under_deputy").Under("1.3b"), nil
	}
	return fault.New(fault.Conflict, "request.other_sector").Under("2.1"), nil
}

// before is what is looked at before anyone asks. It refuses whoever the policy
// does not speak of, a platform that is approved and licensed for this school or department (2.1), and one for which a
// request already stands there. Approved for others, the request is short; after
// a decision that did not approve its security, it follows that request (4.1 b).
//
// The refusal is apart from the error: the mark that 2.1 leaves must be kept.
func before(ctx context.Context, tx *db.Tx, actor policy.Actor, r *Request, p catalogue.Platform) (refusal, err error) {
	if refusal, err := outside(ctx, tx, actor.Pack, r.OrgID); err != nil || refusal != nil {
		return refusal, err
	}
	r.Kind = Full
	if p.Status.Usable() {
		r.Kind = Short
		groups, err := licence.Groups(ctx, tx, r.Classes, []string{r.OrgID})
		if err != nil {
			return nil, err
		}
		_, covered, err := licence.Covers(ctx, tx, p.ID, groups, i18n.DayOf(tx.Now))
		if err != nil {
			return nil, err
		}
		if covered {
			return fault.New(fault.Conflict, "request.preapproved", p.Name).Under("2.1"),
				policy.Mark(ctx, tx, "catalogue.preapproved", catalogue.Subject(p.ID), policy.Conform)
		}
	}
	switch other, err := standing(ctx, tx, p.ID, r.OrgID, actor.ID, r.ID); {
	case err == nil && other.AuthorID == actor.ID:
		return fault.New(fault.Conflict, "request.yours_exists", string(other.ID), other.Number), nil
	case err == nil:
		return fault.New(fault.Conflict, "request.open_exists", string(other.ID), other.Number), nil
	case !fault.Is(err, fault.NotFound):
		return nil, err
	}
	if r.FollowsID == "" {
		r.FollowsID, err = disputed(ctx, tx, p.ID, r.OrgID)
	}
	return nil, err
}

// follows accepts an earlier request of the same school or department for the same
// platform, decided since.
func follows(ctx context.Context, tx *db.Tx, r Request, earlier ID) (ID, error) {
	e, err := Get(ctx, tx, earlier)
	if err != nil {
		return "", err
	}
	if e.OrgID != r.OrgID || e.PlatformID != r.PlatformID || e.State != Decided {
		return "", fault.Missing()
	}
	return e.ID, nil
}
