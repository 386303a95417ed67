package roster

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"aval/internal/db"
	guard "aval/internal/guardian"
	"aval/internal/person"
)

// guardianBatch is how many guardians, or pupils with theirs, one transaction keeps:
// each is sealed.
const guardianBatch = 500

// kin is what a pass over a set finds of who answers for pupils.
type kin struct {
	words map[string]bool                 // source ids of guardians
	ties  map[string]map[string]guard.Tie // pupil → guardian → what they are
	pairs [][2]string                     // agents of a row, of which one end may be a guardian
	take  func([]guard.Row) error
	rows  []guard.Row
}

// bringGuardians keeps who answers for pupils, in short transactions after the roster
// is in step. It may be cut and done again. Without a guardian, a set says nothing of
// them.
func (s *Service) bringGuardians(ctx context.Context, boardID string, open opener, r Report) (err error) {
	if !slices.ContainsFunc(r.Warnings, func(w Warning) bool { return w.Code == "guardian_ignored" }) {
		return nil
	}
	in := (&guard.Register{Vault: s.names.Vault}).Begin()
	write := func(f func(ctx context.Context, tx *db.Tx) error) error { return s.db.Write(ctx, boardID, f) }
	k := &kin{words: map[string]bool{}, ties: map[string]map[string]guard.Tie{}, take: func(rows []guard.Row) error {
		return write(func(ctx context.Context, tx *db.Tx) error { return in.Guardians(ctx, tx, rows) })
	}}
	var set Set
	pack, err := open(s.Limits.orDefault(), &set.notes)
	if err != nil {
		return err
	}
	err = k.read(newReader(pack, &set, nil))
	if err = errors.Join(err, pack.done()); err != nil {
		return err
	}
	bulk := set.Modes["users"] == Bulk
	var own map[string]string
	if err := s.db.Read(ctx, boardID, func(ctx context.Context, tx *db.Tx) (err error) {
		own, err = person.Leads(ctx, tx)
		return err
	}); err != nil {
		return err
	}
	for some := range slices.Chunk(k.pupils(own, bulk), guardianBatch) {
		if err := write(func(ctx context.Context, tx *db.Tx) error {
			_, err := in.Pupils(ctx, tx, some)
			return err
		}); err != nil {
			return err
		}
	}
	return write(func(ctx context.Context, tx *db.Tx) error { return in.End(ctx, tx, bulk) })
}

// read goes over the roles, then over the users.
func (k *kin) read(rd *reader) error {
	if err := rd.manifest(); err != nil {
		return err
	}
	if rd.set.Modes["roles"] != Absent {
		if _, err := rd.file("roles", k.role); err != nil {
			return err
		}
	}
	if rd.set.Modes["users"] == Absent {
		return nil
	}
	if _, err := rd.file("users", k.user); err != nil {
		return err
	}
	if len(k.rows) > 0 {
		return k.take(k.rows)
	}
	return nil
}

func isGuardian(word string) bool {
	switch strings.ToLower(word) {
	case "guardian", "parent", "relative":
		return true
	}
	return false
}

// role learns who is a guardian and, where a role says of which pupil, what they are.
func (k *kin) role(r *row) error {
	word, id := r.text("role"), r.text("userSourcedId")
	if gone, _ := goneOf(r.text("status")); gone || id == "" || !isGuardian(word) {
		return nil
	}
	k.words[id] = true
	if pupil := r.text("metadata.pupilSourcedId"); pupil != "" {
		k.tie(pupil, id, guard.Tie{Relation: cmp.Or(r.text("metadata.relation"), strings.ToLower(word)), Restriction: r.text("metadata.restriction")})
	}
	return nil
}

func (k *kin) tie(pupil, id string, t guard.Tie) {
	if k.ties[pupil] == nil {
		k.ties[pupil] = map[string]guard.Tie{}
	}
	if _, told := k.ties[pupil][id]; id != "" && !told {
		k.ties[pupil][id] = t
	}
}

// user takes a guardian's row, and notes the agents of every row.
func (k *kin) user(r *row) error {
	id, word := r.text("sourcedId"), r.text("role")
	if id == "" {
		return nil
	}
	if isGuardian(word) {
		k.words[id] = true
	}
	_, listed := r.t.head["agentSourcedIds"]
	for _, agent := range r.list("agentSourcedIds") {
		k.pairs = append(k.pairs, [2]string{id, agent})
	}
	gone, _ := goneOf(r.text("status"))
	if !k.words[id] && !gone {
		if listed && r.t.mode == Delta { // a change of a pupil tells all of theirs
			k.tie(id, "", guard.Tie{})
		}
		return nil
	}
	k.rows = append(k.rows, guard.Row{SourceID: id, GivenName: r.text("givenName"), FamilyName: r.text("familyName"), Email: r.text("email"),
		Phone: cmp.Or(r.text("phone"), r.text("sms")), Address: r.text("metadata.address"), Language: r.text("metadata.language"), Gone: gone})
	if len(k.rows) < guardianBatch {
		return nil
	}
	rows := k.rows
	k.rows = nil
	return k.take(rows)
}

// pupils are those whom the set ties to someone. Agents are written at the pupil, at
// the guardian, or at both. A pupil whose records were joined is known under several
// ids, which lead to their own: what is said under each holds, and a set of changes,
// which may speak of one alone, takes nothing away.
func (k *kin) pupils(own map[string]string, bulk bool) []guard.Pupil {
	for _, p := range k.pairs {
		switch {
		case k.words[p[0]] && !k.words[p[1]]:
			k.tie(p[1], p[0], guard.Tie{})
		case !k.words[p[0]]:
			k.tie(p[0], p[1], guard.Tie{})
		}
	}
	partly := map[string]bool{}
	for id, to := range own {
		k.lead(id, to)
		partly[to] = !bulk
	}
	list := make([]guard.Pupil, 0, len(k.ties))
	for id, ties := range k.ties {
		list = append(list, guard.Pupil{SourceID: id, Ties: ties, Partly: partly[id]})
	}
	return list
}

// lead makes what is said under an id be said under another. Where both tie someone,
// the other's own word holds, but no order of a court is lost.
func (k *kin) lead(id, to string) {
	ties, told := k.ties[id]
	if !told {
		return
	}
	k.tie(to, "", guard.Tie{})
	for guardian, t := range ties {
		if is, both := k.ties[to][guardian]; !both || is.Restriction == "" && t.Restriction != "" {
			k.ties[to][guardian] = t
		}
	}
	delete(k.ties, id)
}
