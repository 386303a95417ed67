package demo

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"aval/internal/account"
	"aval/internal/db"
	"aval/internal/org"
	"aval/internal/person"
	"aval/internal/policy"
)

// The places where the people of the demonstration work.
const (
	french    = "École Kapashtin"
	english   = "Wiyashkun School"
	cree      = "Nutamesh Chiskutamaachewin"
	digital   = "Service de l’apprentissage numérique"
	education = "Services éducatifs"
	computing = "Service des technologies de l’information"
	general   = "Secrétariat général"
)

// part is an account to make: somebody of the roster and what they are here.
type part struct {
	login string // also the key in the sheet
	role  policy.Role
	at    string      // a place's name; empty for the whole board
	here  bool        // the role is held at that place
	post  person.Role // what the roster says they are there
	class string      // a code with which one of their classes begins
	nth   int         // among those who fit
	lang  string
}

var parts = []part{
	{login: "teacher", role: policy.Teacher, at: french, here: true, post: person.Teacher, class: "TIT-04", lang: "fr"},
	{login: "professional", role: policy.Professional, at: french, here: true, post: person.Professional, lang: "fr"},
	{login: "principal", role: policy.Principal, at: french, here: true, post: person.Principal, lang: "fr"},
	{login: "department_head", role: policy.DepartmentHead, at: education, here: true, post: person.DepartmentHead, lang: "fr"},
	{login: "evaluator", role: policy.Evaluator, at: digital, post: person.Professional, lang: "fr"},
	{login: "evaluation_director", role: policy.EvaluationDirector, at: digital, post: person.DepartmentHead, lang: "fr"},
	{login: "appeal_authority", role: policy.AppealAuthority, post: person.Administrator, lang: "fr"},
	{login: "it", role: policy.IT, at: computing, post: person.Professional, lang: "fr"},
	{login: "privacy_officer", role: policy.PrivacyOfficer, at: general, post: person.Professional, lang: "fr"},
	{login: "secretary", role: policy.Secretary, at: general, post: person.DepartmentHead, lang: "fr"},

	{login: "operator", role: policy.Operator, at: computing, post: person.Professional, nth: 1, lang: "fr"},
	{login: "vice_principal", role: policy.Principal, at: french, here: true, post: person.Principal, nth: 1, lang: "fr"},
	{login: "teacher_2", role: policy.Teacher, at: french, here: true, post: person.Teacher, class: "TIT-03", lang: "fr"},
	{login: "teacher_3", role: policy.Teacher, at: english, here: true, post: person.Teacher, class: "TIT-05", lang: "en"},
	{login: "teacher_4", role: policy.Teacher, at: english, here: true, post: person.Teacher, class: "SCT-", lang: "en"},
	{login: "teacher_5", role: policy.Teacher, at: cree, here: true, post: person.Teacher, class: "TIT-02", lang: "en"},
	{login: "principal_2", role: policy.Principal, at: english, here: true, post: person.Principal, lang: "en"},
	{login: "principal_3", role: policy.Principal, at: cree, here: true, post: person.Principal, lang: "en"},
	{login: "professional_2", role: policy.Professional, at: education, here: true, post: person.Professional, lang: "fr"},
	{login: "evaluator_2", role: policy.Evaluator, at: digital, post: person.Professional, nth: 1, lang: "en"},
}

// hire makes the accounts and their tokens, and knows what each may do.
func (t *teller) hire(ctx context.Context) (Sheet, error) {
	sheet := Sheet{Board: BoardID, Roles: map[string]Login{}, Others: map[string]Login{}}
	cast := make([]person.Person, len(parts))
	err := t.a.DB.Read(ctx, BoardID, func(ctx context.Context, tx *db.Tx) error {
		orgs, err := org.List(ctx, tx, "")
		if err != nil {
			return err
		}
		for _, o := range orgs {
			t.places[o.Name] = o.ID
		}
		for i, p := range parts {
			if cast[i], err = find(ctx, tx, p, t.places[p.at]); err != nil {
				return fmt.Errorf("%s: %w", p.login, err)
			}
		}
		return nil
	})
	if err != nil {
		return sheet, err
	}
	for i, p := range parts {
		grant := policy.Grant{Role: p.role}
		if p.here {
			grant.Org = t.places[p.at]
		}
		made, password, err := t.a.Accounts.Create(ctx, t.operator, account.New{
			Login: p.login, Name: cast[i].Name(), Email: cast[i].Email, Lang: p.lang, Person: cast[i].ID, Grants: []policy.Grant{grant},
		})
		if err != nil {
			return sheet, fmt.Errorf("%s: %w", p.login, err)
		}
		token, err := t.a.Accounts.CreateToken(ctx, t.operator, p.login, "demo")
		if err != nil {
			return sheet, fmt.Errorf("%s: %w", p.login, err)
		}
		if t.people[p.login], err = t.a.Accounts.Actor(ctx, BoardID, made.ID); err != nil {
			return sheet, fmt.Errorf("%s: %w", p.login, err)
		}
		if _, taken := t.authorisers[grant.Org]; !taken && (p.role == policy.Principal || p.role == policy.DepartmentHead) {
			t.authorisers[grant.Org] = p.login
		}
		login := Login{Login: p.login, Password: password, Token: token}
		if string(p.role) == p.login && p.role != policy.Operator {
			sheet.Roles[p.login] = login
		} else {
			sheet.Others[p.login] = login
		}
	}
	return sheet, nil
}

// find is the roster's person for a part.
func find(ctx context.Context, tx *db.Tx, p part, place string) (person.Person, error) {
	fit, err := person.Holding(ctx, tx, p.post, place)
	if err != nil {
		return person.Person{}, err
	}
	nth := p.nth
	for _, who := range fit {
		if p.class != "" {
			classes, err := person.ClassesOf(ctx, tx, who.ID)
			if err != nil {
				return person.Person{}, err
			}
			if !slices.ContainsFunc(classes, func(c person.Class) bool { return strings.HasPrefix(c.Code, p.class) }) {
				continue
			}
		}
		if nth == 0 {
			return who, nil
		}
		nth--
	}
	return person.Person{}, fmt.Errorf("the generated roster has no %s at %q", p.post, p.at)
}
