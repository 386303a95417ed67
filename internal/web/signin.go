package web

import (
	"context"
	"math"
	"net/http"
	"net/url"
	"slices"
	"time"

	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/policy"
)

// What a visitor chose for their browser, kept a year.
const (
	cookieLanguage = "aval_language"
	cookieTheme    = "aval_appearance"
)

func (s *Server) home(v *visit) error {
	if v.actor.ID == "" {
		return v.redirect("/sign-in")
	}
	return v.redirect("/desk")
}

// signInFor is the sign-in page that leads back to what was asked for.
func signInFor(r *http.Request) string {
	if r.Method != http.MethodGet || r.URL.Path == "/desk" {
		return "/sign-in"
	}
	return "/sign-in?" + url.Values{"next": {r.URL.RequestURI()}}.Encode()
}

func (s *Server) signInForm(v *visit) error {
	if v.actor.ID != "" && v.refused == nil {
		return v.redirect("/desk")
	}
	boards, err := s.Accounts.Boards(v.ctx())
	if err != nil {
		return err
	}
	return v.render(signInPage(v, boards, v.value("next", v.query("next"))))
}

// signIn opens a session. A login that does not exist, a wrong password and a
// closed account are one refusal, which takes the same time.
func (s *Server) signIn(v *visit) error {
	login, password := v.form("login"), v.r.PostForm.Get("password")
	boardID, err := s.boardOf(v)
	if err != nil {
		return err
	}
	fields := map[string]string{}
	if boardID == "" {
		fields["board"] = "signin.board_required"
	}
	if login == "" {
		fields["login"] = "signin.login_required"
	}
	if password == "" {
		fields["password"] = "signin.password_required"
	}
	if err := fault.Form(fields); err != nil {
		return err
	}

	floor := time.NewTimer(s.SignInTakes)
	defer floor.Stop()
	actor, err := s.tryPassword(v, boardID, login, password)
	if err != nil {
		select {
		case <-floor.C:
		case <-v.ctx().Done():
		}
		return err
	}
	if err := s.openSession(v, actor); err != nil {
		return err
	}
	return v.redirect(local(v.form("next"), "/desk"))
}

func (s *Server) tryPassword(v *visit, boardID, login, password string) (policy.Actor, error) {
	if wait := s.attempts.wait(boardID, login); wait > 0 {
		return policy.Actor{}, fault.FormMsg(map[string]fault.Message{
			"login": {Key: "signin.wait", Args: []any{int(math.Ceil(wait.Minutes()))}}})
	}
	select {
	case s.hashing <- struct{}{}:
		defer func() { <-s.hashing }()
	case <-v.ctx().Done():
		return policy.Actor{}, v.ctx().Err()
	}
	actor, err := s.Accounts.SignIn(v.ctx(), boardID, login, password)
	if _, refused := fault.As(err); refused {
		s.attempts.failed(boardID, login)
		return policy.Actor{}, fault.Form(map[string]string{"login": "signin.refused"})
	}
	if err == nil {
		s.attempts.succeeded(boardID, login)
	}
	return actor, err
}

// boardOf is the board chosen, or the only one; "" when it is not one of ours.
func (s *Server) boardOf(v *visit) (string, error) {
	boards, err := s.Accounts.Boards(v.ctx())
	if err != nil {
		return "", err
	}
	chosen := v.form("board")
	for _, b := range boards {
		if b.ID == chosen || len(boards) == 1 {
			return b.ID, nil
		}
	}
	return "", nil
}

// openSession gives the session a new token, so that one known before is worth nothing.
func (s *Server) openSession(v *visit, actor policy.Actor) error {
	ctx := v.ctx()
	if err := s.sessions.Clear(ctx); err != nil {
		return err
	}
	if err := s.sessions.RenewToken(ctx); err != nil {
		return err
	}
	place, err := s.placeOf(ctx, actor)
	if err != nil {
		return err
	}
	s.sessions.Put(ctx, keyBoard, actor.Board)
	s.sessions.Put(ctx, keyAccount, actor.ID)
	s.sessions.Put(ctx, keyPlace, place)
	return nil
}

func (s *Server) placeOf(ctx context.Context, actor policy.Actor) (string, error) {
	if s.Place == nil {
		return "", nil
	}
	return s.Place(ctx, actor)
}

func (s *Server) signOut(v *visit) error {
	if v.actor.ID != "" {
		if err := s.sessions.Clear(v.ctx()); err != nil {
			return err
		}
		if err := s.sessions.RenewToken(v.ctx()); err != nil {
			return err
		}
		v.flash("signin.out")
	}
	return v.redirect("/sign-in")
}

func (s *Server) setLanguage(v *visit) error {
	lang := v.form("to")
	if !slices.Contains(i18n.Languages, lang) {
		return fault.Missing()
	}
	v.prefer(cookieLanguage, lang)
	return v.redirect(local(v.form("back"), "/"))
}

func (s *Server) setAppearance(v *visit) error {
	theme := v.form("to")
	if theme != "light" && theme != "dark" {
		return fault.Missing()
	}
	v.prefer(cookieTheme, theme)
	return v.redirect(local(v.form("back"), "/"))
}

func (v *visit) prefer(name, value string) {
	//nolint:gosec // Secure follows the installation: a demo is served over plain HTTP
	http.SetCookie(v.w, &http.Cookie{Name: name, Value: value, Path: "/", MaxAge: 365 * 24 * 3600,
		HttpOnly: true, Secure: v.s.Secure, SameSite: http.SameSiteLaxMode})
}
