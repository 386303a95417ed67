package web

import (
	"strings"

	"aval/internal/policy"
	"aval/internal/reveal"
)

func guardiansAt(pupil string) string { return "/pupils/" + pupil + "/guardians" }

func (s *Server) guardiansForm(v *visit) error {
	p, left, err := s.Reveals.Whose(v.ctx(), v.actor, v.path("id"))
	if err != nil {
		return err
	}
	return v.render(guardiansPage(v, p, left, nil))
}

// guardians shows its answer at once: nothing of it is kept for a later page.
func (s *Server) guardians(v *visit) error {
	shown, err := s.Reveals.Reveal(v.ctx(), v.actor,
		reveal.Ask{Kind: reveal.Guardians, Person: v.path("id"), Reason: v.form("reason"), Note: v.form("note")})
	if err != nil {
		return err
	}
	return v.render(guardiansPage(v, shown.People[0], shown.Left, &shown))
}

// pupilCrumb is the pupil's page that the visitor may open, or "".
func (v *visit) pupilCrumb(id string) string {
	switch {
	case v.may(policy.DirectoryRead):
		return directoryPupilAt(id)
	case v.mayOpenPupil():
		return "/pupils/" + id
	}
	return ""
}

// relationText is what someone is to a pupil: the standard's words in the visitor's
// language, any other as the source writes it.
func (v *visit) relationText(relation string) string {
	switch word := strings.ToLower(relation); word {
	case "parent", "guardian", "relative":
		return v.T("guardian.relation." + word)
	}
	return relation
}

// spokenText is a language, in the visitor's where its code is known.
func (v *visit) spokenText(language string) string {
	switch code := strings.ToLower(language); code {
	case "fr", "en":
		return v.T("org.language." + code)
	}
	return language
}
