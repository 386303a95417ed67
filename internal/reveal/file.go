package reveal

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"aval/internal/audit"
	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/person"
	"aval/internal/policy"
	"aval/internal/pseudonym"
)

// File is a platform's file whose login names are joined to pupils: it comes
// through Join, within the use case that reads the file, and counts as a class set.
const File Kind = "file"

// MostNames is how many login names one file may join. A teacher of six groups
// has fewer pupils, so that her classes fit in one file; whoever sees the whole
// board is shown no more of it in an hour than such a teacher. It is a constant:
// no pack, role or setting makes a file of everyone.
const MostNames = 200

// FileAsk is what someone wants joined, and why.
type FileAsk struct {
	Names   []pseudonym.Name // each once
	Subject string           // what the file is about, for the trail: platform:id
	Reason  string           // code of the pack's reveal_reasons
	Note    string           // may stay empty
}

// check refuses what is missing, and what is too much for one file.
func (n *FileAsk) check(pack *policy.Pack) error {
	if err := CheckWhy(pack, policy.RevealFile, n.Reason, n.Note); err != nil {
		return err
	}
	if len(n.Names) > MostNames {
		return fault.FormMsg(map[string]fault.Message{"file": {Key: "reveal.file_names", Args: []any{MostNames}}})
	}
	return nil
}

// Member is a pupil of a file, and the class for which they are shown: the zero
// one for a pupil who is in none of the actor's reach.
type Member struct {
	Person
	In person.Class
}

// Joined is whose the names of a file are. A name that is nobody's, and one of a
// pupil out of the actor's reach, are both left out: nothing tells them apart.
type Joined struct {
	Of      map[pseudonym.Name]Member
	Refused error // the hour's quota, or not one of the names: nothing is shown, and the transaction is to be kept
}

// Join shows whose the names of a file are, and notes it for each class, or does
// neither. It refuses (Denied) who may read no file; (Invalid) more than MostNames;
// (Conflict, under 1.3 e) beyond the hour's quota of class sets. A file that names
// no pupil of the actor's counts too.
func (s *Service) Join(ctx context.Context, tx *db.Tx, actor policy.Actor, n FileAsk) (j Joined, err error) {
	if len(actor.Reach(policy.RevealFile).Rules) == 0 {
		return j, actor.Allow(policy.RevealFile, policy.Scope{})
	}
	if err := n.check(actor.Pack); err != nil {
		return j, err
	}
	if _, err := s.Names.Vault.Keys(ctx, tx); err != nil { // before the turn: one order everywhere
		return j, err
	}
	h, err := hourOf(ctx, tx, actor, true)
	if err != nil {
		return j, err
	}
	found, err := s.members(ctx, tx, actor, n.Names)
	if err != nil {
		return j, err
	}
	sets := inSets(found)
	leave, refusal := h.allow(oneSchool(sets))
	if refusal != nil {
		return Joined{Refused: refusal}, h.alert(ctx, tx, actor)
	}
	if len(found) == 0 {
		j.Refused = beside("file", fault.New(fault.NotFound, "reveal.file_nobody"))
		sets = []set{{}}
	}
	if err := noteSets(ctx, tx, actor, n, sets, leave); err != nil {
		return Joined{}, err
	}
	j.Of = make(map[pseudonym.Name]Member, len(found))
	for name, m := range found {
		j.Of[name] = m.Member
	}
	return j, nil
}

// reached is a pupil in the actor's reach, and where.
type reached struct {
	Member
	scope   policy.Scope
	classes []person.Class // through which the actor reaches them
}

// members are the pupils of the names whom the actor reaches; who was purged is nobody.
func (s *Service) members(ctx context.Context, tx *db.Tx, actor policy.Actor, names []pseudonym.Name) (map[pseudonym.Name]*reached, error) {
	whose, err := s.Names.WhoMany(ctx, tx, names)
	if err != nil {
		return nil, err
	}
	ids := slices.Collect(maps.Values(whose))
	people, err := person.Many(ctx, tx, ids)
	if err != nil {
		return nil, err
	}
	classes, err := person.ClassesOfMany(ctx, tx, ids)
	if err != nil {
		return nil, err
	}
	posts, err := person.PostsOfMany(ctx, tx, ids)
	if err != nil {
		return nil, err
	}
	found := make(map[pseudonym.Name]*reached, len(whose))
	for name, id := range whose {
		if p, known := people[id]; known {
			if m, within := member(actor, p, classes[id], posts[id]); within {
				found[name] = &m
			}
		}
	}
	settle(found)
	return found, nil
}

// member is a pupil, and whether the actor reaches them.
func member(actor policy.Actor, p person.Person, classes []person.Class, posts []person.Post) (m reached, within bool) {
	if p.Status != person.Active {
		classes = nil
	}
	all := stands(p, classes, posts)
	at := slices.IndexFunc(all, func(scope policy.Scope) bool { return actor.Can(policy.RevealFile, scope) })
	if at < 0 {
		return m, false
	}
	m = reached{Member: Member{Person: personOf(p, classes)}, scope: all[at]}
	for _, c := range classes {
		if actor.Can(policy.RevealFile, scopeOf(c)) {
			m.classes = append(m.classes, c)
		}
	}
	return m, true
}

func scopeOf(c person.Class) policy.Scope {
	return policy.Scope{Org: c.SchoolID, Classes: []string{c.ID}}
}

// settle puts each pupil in one class: of theirs, the one that most of the file is in.
func settle(found map[pseudonym.Name]*reached) {
	in := map[string]int{}
	for _, m := range found {
		for _, c := range m.classes {
			in[c.ID]++
		}
	}
	for _, m := range found {
		if len(m.classes) == 0 {
			continue
		}
		m.In = slices.MinFunc(m.classes, func(a, b person.Class) int {
			return cmp.Or(in[b.ID]-in[a.ID], cmp.Compare(a.Title, b.Title), cmp.Compare(a.ID, b.ID))
		})
		m.scope = scopeOf(m.In)
	}
}

// set is what one note of a file speaks of: the pupils of a class, or one who is in none.
type set struct {
	scope         policy.Scope
	class, person string
	count         int
}

func inSets(found map[pseudonym.Name]*reached) []set {
	by := map[string]*set{}
	for _, m := range found {
		one := set{scope: m.scope, class: m.In.ID}
		if one.class == "" {
			one.person = m.ID
		}
		if by[one.class+one.person] == nil {
			by[one.class+one.person] = &one
		}
		by[one.class+one.person].count++
	}
	var sets []set
	for _, one := range by {
		sets = append(sets, *one)
	}
	slices.SortFunc(sets, func(a, b set) int { return cmp.Or(cmp.Compare(a.class, b.class), cmp.Compare(a.person, b.person)) })
	return sets
}

// oneSchool is the school of all these pupils, or "" when they are of several.
func oneSchool(sets []set) (school string) {
	for i, one := range sets {
		if i > 0 && one.scope.Org != school {
			return ""
		}
		school = one.scope.Org
	}
	return school
}

// noteSets keeps that a file was shown, for each class. Its first note counts in
// the quota; the others name it.
func noteSets(ctx context.Context, tx *db.Tx, actor policy.Actor, n FileAsk, sets []set, leave Approval) error {
	first := db.NewID()
	for i, one := range sets {
		grant := actor.GrantFor(policy.RevealFile, one.scope)
		look := Look{ID: first, At: tx.Now, Actor: actor.ID, Role: grant.Role, Kind: File, Reason: n.Reason, Note: n.Note,
			Class: one.class, Person: one.person, Org: one.scope.Org, Second: leave.ApprovedBy, Approval: leave.ID, Count: one.count}
		if i > 0 {
			look.ID, look.File, look.Approval = db.NewID(), first, ""
		}
		if err := insert(ctx, tx, look); err != nil {
			return err
		}
		details := []audit.Detail{audit.Under(File.clause()), audit.As(grant), audit.Note(n.Subject),
			audit.Note(fmt.Sprintf("kind=%s reason=%s count=%d", File, n.Reason, one.count))}
		if leave.ID != "" {
			details = append(details, audit.Note("approval="+leave.ID))
		}
		do, subject := "reveal.shown", "class:"+one.class
		switch {
		case one.count == 0:
			do, subject = "reveal.missed", "reveal:"+look.ID
		case one.class == "":
			subject = "person:" + one.person
		}
		if err := audit.Write(ctx, tx, actor, do, subject, details...); err != nil {
			return err
		}
	}
	return nil
}
