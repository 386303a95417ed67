package web

import (
	"slices"

	"aval/internal/access"
	"aval/internal/fault"
	"aval/internal/licence"
	"aval/internal/policy"
	"aval/internal/pseudonym"
	"aval/internal/reveal"
	"aval/internal/web/assets"
	"aval/internal/web/ui"
)

func (s *Server) classRoutes() []route {
	return []route{
		{pattern: "GET /classes", need: policy.ClassRead, do: s.classList},
		{pattern: "GET /classes/{id}", need: policy.ClassRead, do: s.class},
		{pattern: "GET /classes/{id}/cards", need: policy.RevealClass, do: s.cardsForm},
		{pattern: "POST /classes/{id}/cards", need: policy.RevealClass, do: s.cardsPrint, form: s.cardsForm},
		{pattern: "POST /classes/{id}/password", need: policy.AccessReset, do: s.passwordRenew},
	}
}

func (s *Server) classList(v *visit) error {
	rooms, platforms, err := s.Access.Rooms(v.ctx(), v.actor)
	if err != nil {
		return err
	}
	return v.render(classListPage(v, rooms, platforms))
}

func (s *Server) class(v *visit) error {
	room, err := s.Access.Room(v.ctx(), v.actor, v.path("id"))
	if err != nil {
		return err
	}
	teachers, err := s.Directory.Teachers(v.ctx(), v.actor, room.Class.ID)
	if err != nil {
		return err
	}
	return v.render(classPage(v, room, teachers))
}

// cardsForm asks whose cards to print on which platform, why, and on what paper.
func (s *Server) cardsForm(v *visit) error {
	room, err := s.Access.Room(v.ctx(), v.actor, v.path("id"))
	if err != nil {
		return err
	}
	set, ok := room.Set(licence.ID(v.value("licence", v.query("licence"))))
	if !ok || !v.actor.Can(policy.RevealClass, roomScope(room)) {
		return fault.Missing()
	}
	return v.render(cardsFormPage(v, room, set))
}

// cardsPrint answers the sheet itself: what it shows has no address.
func (s *Server) cardsPrint(v *visit) error {
	room, err := s.Access.Room(v.ctx(), v.actor, v.path("id"))
	if err != nil {
		return err
	}
	set, ok := room.Set(licence.ID(v.form("licence")))
	if !ok {
		return fault.Missing()
	}
	ask := reveal.Ask{Kind: reveal.Class, Class: room.Class.ID, Licence: set.Licence.ID, Reason: v.form("reason")}
	wrong := map[string]string{}
	if account := v.form("who"); account != "" {
		if of, _, ok := room.Find(account); !ok || of.Licence.ID != set.Licence.ID {
			wrong["who"] = "card.who_unknown"
		}
		ask = reveal.Ask{Kind: reveal.Account, Account: account, Reason: v.form("reason")}
	}
	if !slices.Contains(reasonCodes(v), ask.Reason) {
		wrong["reason"] = "reveal.reason_required"
	}
	if !slices.Contains(papers, v.form("paper")) {
		wrong["paper"] = "card.paper_unknown"
	}
	if err := fault.Form(wrong); err != nil {
		return err
	}
	shown, err := s.Reveals.Reveal(v.ctx(), v.actor, ask)
	if err != nil {
		return err
	}
	return v.render(cardsPage(v, sheetOf(v, room, set, ask.Reason, v.form("paper"), shown)))
}

// renewal is the reason for which a card is shown when its password was replaced.
const renewal = "lost_password"

// passwordRenew replaces the password of one pupil, whose old card is then void, and answers the new card.
func (s *Server) passwordRenew(v *visit) error {
	room, err := s.Access.Room(v.ctx(), v.actor, v.path("id"))
	if err != nil {
		return err
	}
	account := v.form("account")
	set, _, ok := room.Find(account)
	if !ok {
		return fault.Missing()
	}
	shown, err := s.Reveals.Reveal(v.ctx(), v.actor, reveal.Ask{Kind: reveal.Account, Account: account, Renew: true, Reason: renewal})
	if err != nil {
		return err
	}
	sheet := sheetOf(v, room, set, renewal, paperLetter, shown)
	sheet.Renewed = true
	return v.render(cardsPage(v, sheet))
}

// sheetOf puts what was shown on paper.
func sheetOf(v *visit, room access.Room, set access.Set, reason, paper string, shown reveal.Shown) cardSheet {
	s := cardSheet{Platform: set.Platform, Kind: set.Licence.AccountKind, SignIn: set.Licence.SignInURL, Class: room.Class.Title, School: room.School.Name,
		Lang: room.School.Language, Paper: paper, Copy: shown.Copy, At: shown.At,
		Reason: v.actor.Pack.RevealReason(reason).Title.In(v.p.Lang), Back: classAt(room)}
	for i, c := range shown.Cards {
		p := shown.People[i]
		s.Cards = append(s.Cards, card{Given: p.GivenName, Family: p.FamilyName, Number: listNumber(room, p.ID),
			UserName: c.UserName, Password: c.Password.Text, Picture: pictureAt(c.Password)})
	}
	return s
}

// listNumber is the pupil's place on the class's list, from one.
func listNumber(room access.Room, personID string) int {
	for i, p := range room.Pupils {
		if p.ID == personID {
			return i + 1
		}
	}
	return 0
}

// pictureAt is the address of the drawing beside a password, if the build drew it.
func pictureAt(p pseudonym.Password) string {
	if !assets.HasPicture(p.Picture) {
		return ""
	}
	return assets.Picture(p.Picture)
}

func classAt(room access.Room) string { return "/classes/" + room.Class.ID }

func roomScope(room access.Room) policy.Scope {
	return policy.Scope{Org: room.Class.SchoolID, Classes: []string{room.Class.ID}}
}

// reasonCodes are the reasons for which a class's cards are printed; each is one for a single card too.
func reasonCodes(v *visit) (codes []string) {
	for _, r := range v.actor.Pack.ReasonsFor(policy.RevealClass) {
		codes = append(codes, r.Code)
	}
	return codes
}

func reasonOptions(v *visit) (options []ui.Option) {
	for _, code := range reasonCodes(v) {
		options = append(options, ui.Option{Value: code, Text: v.actor.Pack.RevealReason(code).Title.In(v.p.Lang), Chosen: v.chosen("reason", code, false)})
	}
	return options
}

func paperOptions(v *visit) (options []ui.Option) {
	for _, paper := range papers {
		options = append(options, ui.Option{Value: paper, Text: v.T("card.paper." + paper), Chosen: v.chosen("paper", paper, paper == paperLetter)})
	}
	return options
}

// whoOptions offers the whole class, then each pupil who has an account, by name.
func whoOptions(v *visit, room access.Room, set access.Set) []ui.Option {
	kept := v.value("who", v.query("account"))
	options := []ui.Option{{Text: v.p.N("card.everyone", len(set.Of)), Chosen: kept == ""}}
	for _, p := range room.Pupils {
		if account := set.Of[p.ID].AccountID; account != "" {
			options = append(options, ui.Option{Value: account, Text: p.Name(), Chosen: kept == account})
		}
	}
	return options
}

// stateLook is how the state of an account looks.
func stateLook(state access.State) (ui.Tone, string) {
	switch state {
	case access.Confirmed:
		return ui.OK, "check-circle-fill"
	case access.Sent:
		return ui.Info, "send"
	case access.Suspended, access.Retired:
		return ui.Plain, "archive"
	default:
		return ui.Wait, "hourglass-split"
	}
}
