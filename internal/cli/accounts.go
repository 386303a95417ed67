package cli

import (
	"fmt"
	"io"
	"strings"
	"time"

	"aval/internal/app"
)

type userList struct{ boardFlag }

func (c userList) Run(h *house) error {
	return h.with(func(a *app.App) error {
		actor, err := c.actor(h, a)
		if err != nil {
			return err
		}
		all, err := a.Accounts.List(h.ctx, actor)
		if err != nil {
			return err
		}
		type user struct {
			ID        string    `json:"id"`
			Login     string    `json:"login"`
			Name      string    `json:"name"`
			Email     string    `json:"email"`
			Language  string    `json:"language"`
			Roles     []string  `json:"roles"` // role, or role@organisation's id
			Disabled  bool      `json:"disabled"`
			CreatedAt time.Time `json:"created_at"`
		}
		users := make([]user, len(all))
		for i, u := range all {
			roles := make([]string, len(u.Grants))
			for j, g := range u.Grants {
				roles[j] = strings.TrimSuffix(string(g.Role)+"@"+g.Org, "@")
			}
			users[i] = user{u.ID, u.Login, u.Name, u.Email, u.Lang, roles, u.Disabled, u.CreatedAt}
		}
		return h.print(map[string]any{"users": users}, func(w io.Writer) {
			for _, u := range users {
				_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", u.Login, u.Name, strings.Join(u.Roles, ","), off(u.Disabled, "disabled"))
			}
		})
	})
}

// off is a word for what is no longer good, else a dash.
func off(is bool, word string) string {
	if is {
		return word
	}
	return "-"
}

type tokenList struct{ boardFlag }

func (c tokenList) Run(h *house) error {
	return h.with(func(a *app.App) error {
		actor, err := c.actor(h, a)
		if err != nil {
			return err
		}
		all, err := a.Accounts.Tokens(h.ctx, actor)
		if err != nil {
			return err
		}
		type token struct {
			ID        string    `json:"id"`
			Login     string    `json:"login"`
			Label     string    `json:"label"`
			CreatedAt time.Time `json:"created_at"`
			RevokedAt time.Time `json:"revoked_at,omitzero"`
		}
		tokens := make([]token, len(all))
		for i, t := range all {
			tokens[i] = token(t)
		}
		return h.print(map[string]any{"tokens": tokens}, func(w io.Writer) {
			for _, t := range tokens {
				_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", t.ID, t.Login, t.Label, t.CreatedAt.Format(time.DateOnly),
					off(!t.RevokedAt.IsZero(), "revoked"))
			}
		})
	})
}

type tokenRevoke struct {
	boardFlag
	ID string `arg:"" help:"The token's number, as token list gives it."`
}

func (c tokenRevoke) Run(h *house) error {
	return h.with(func(a *app.App) error {
		actor, err := c.actor(h, a)
		if err != nil {
			return err
		}
		return a.Accounts.RevokeToken(h.ctx, actor, c.ID)
	})
}
