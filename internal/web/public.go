package web

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"aval/internal/catalogue"
	"aval/internal/decision"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/policy"
	"aval/internal/web/ui"
)

// publicRoutes are the pages that anyone may read, where the board chose so, and the
// choice itself.
func (s *Server) publicRoutes() []route {
	return []route{
		{pattern: "GET /public/{board}", need: anyone, do: s.publicList, public: true},
		{pattern: "GET /public/{board}/feed.json", need: anyone, do: s.publicFeed, public: true},
		{pattern: "GET /public/{board}/platforms/{platform}", need: anyone, do: s.publicSheet, public: true},
		{pattern: "POST /settings/public", need: policy.SettingsEdit, do: s.publicChoose, form: s.settingsForm},
	}
}

// publicKept is how long a cache may answer in our place.
const publicKept = "public, max-age=600"

// shared lets caches keep the answer, and a browser ask whether it changed.
func (v *visit) shared(h http.Header) {
	sum := sha256.Sum256(v.body.Bytes())
	tag := `W/"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
	h.Set("Cache-Control", publicKept)
	h.Set("Vary", "Accept-Language, Accept-Encoding")
	h.Set("ETag", tag)
	if v.r.Header.Get("If-None-Match") == tag {
		v.status = http.StatusNotModified
		v.body.Reset()
	}
}

// inTurn makes a public page when its turn comes.
func (v *visit) inTurn() error {
	select {
	case v.s.reading <- struct{}{}:
		defer func() { <-v.s.reading }()
	case <-v.ctx().Done():
		return v.ctx().Err()
	}
	v.speakPublic()
	return v.route.do(v)
}

// speakPublic chooses the language of a public page: that of the address, then the
// browser's; no cookie.
func (v *visit) speakPublic() {
	lang := v.query("lang")
	if !slices.Contains(i18n.Languages, lang) {
		lang = i18n.Choose(v.r.Header.Get("Accept-Language"))
	}
	v.p = i18n.For(lang)
}

// publicView is the public page as it is asked for.
type publicView struct {
	decision.Published
	Slug   string
	Filter decision.PublishedFilter
}

func (s *Server) publicRead(v *visit) (p publicView, err error) {
	p.Slug = v.path("board")
	p.Filter = decision.PublishedFilter{Typed: v.query("q"), Family: v.query("family"), Function: v.query("function"),
		Result: decision.Result(v.query("result"))}
	p.Published, err = s.Decisions.Published(v.ctx(), p.Slug, p.Filter)
	return p, err
}

// publicList lists the board's decisions, to look through by name, function and result.
func (s *Server) publicList(v *visit) error {
	p, err := s.publicRead(v)
	if err != nil {
		return err
	}
	if v.signed, err = s.Adoptions.Signatures(v.ctx(), p.Slug); err != nil {
		return err
	}
	return v.render(publicListPage(v, p))
}

// publicSheet is one platform on one page, for teachers and parents.
func (s *Server) publicSheet(v *visit) error {
	p := publicView{Slug: v.path("board")}
	var err error
	if p.Published, err = s.Decisions.PublishedOn(v.ctx(), p.Slug, catalogue.ID(v.path("platform"))); err != nil {
		return err
	}
	return v.render(publicSheetPage(v, p, p.Items[0]))
}

// at is the address of the public page in a language, as it is filtered.
func (p publicView) at(lang string) string {
	return "/public/" + url.PathEscape(p.Slug) + withQuery("lang", lang, "q", p.Filter.Typed, "family", p.Filter.Family,
		"function", p.Filter.Function, "result", string(p.Filter.Result))
}

// whole is the address without a filter.
func (p publicView) whole(lang string) string {
	return "/public/" + url.PathEscape(p.Slug) + withQuery("lang", lang)
}

// on is the address of a platform's sheet.
func (p publicView) on(id catalogue.ID, lang string) string {
	return "/public/" + url.PathEscape(p.Slug) + "/platforms/" + string(id) + withQuery("lang", lang)
}

// narrowed tells whether something is looked for.
func (p publicView) narrowed() bool { return p.Filter != decision.PublishedFilter{} }

func termOptions(v *visit, all string, terms []policy.Term, chosen string) []ui.Option {
	options := []ui.Option{{Text: v.T(all), Chosen: chosen == ""}}
	for _, t := range terms {
		options = append(options, ui.Option{Value: t.Code, Text: t.Title.In(v.p.Lang), Chosen: t.Code == chosen})
	}
	return options
}

func publicResults(v *visit, chosen decision.Result) []ui.Option {
	options := []ui.Option{{Text: v.T("public.any_result"), Chosen: chosen == ""}}
	for _, r := range decision.Results {
		options = append(options, ui.Option{Value: string(r), Text: v.T("decision.result." + string(r)), Chosen: r == chosen})
	}
	return options
}

// functionTitles are functions as a pack calls them.
func functionTitles(v *visit, pack *policy.Pack, codes []string) string {
	var titles []string
	for _, code := range codes {
		if f, known := pack.Function(code); known {
			titles = append(titles, f.Title.In(v.p.Lang))
		}
	}
	return strings.Join(titles, ", ")
}

// ---- the feed

// feedJSON is a JSON Feed 1.1 (jsonfeed.org) whose items hold the decision under _aval.
type feedJSON struct {
	Version  string     `json:"version"`
	Title    string     `json:"title"`
	HomePage string     `json:"home_page_url,omitempty"`
	Feed     string     `json:"feed_url,omitempty"`
	Language string     `json:"language"`
	Items    []feedItem `json:"items"`
}

type feedItem struct {
	ID        string       `json:"id"`
	URL       string       `json:"url,omitempty"`
	Title     string       `json:"title"`
	Text      string       `json:"content_text"`
	Published time.Time    `json:"date_published"`
	Tags      []string     `json:"tags,omitempty"`
	Decision  feedDecision `json:"_aval"`
}

type feedDecision struct {
	Platform   string   `json:"platform"`
	Vendor     string   `json:"vendor,omitempty"`
	Site       string   `json:"site,omitempty"`
	Result     string   `json:"result"`
	Conditions []string `json:"conditions,omitempty"`
	Because    []string `json:"because,omitempty"`
	Functions  []string `json:"functions,omitempty"`
	Hosting    string   `json:"hosting,omitempty"`
	DecidedOn  string   `json:"decided_on"`
	Before     bool     `json:"before_aval,omitempty"`
}

// publicFeed gives the same decisions to programs, the newest first.
func (s *Server) publicFeed(v *visit) error {
	p, err := s.publicRead(v)
	if err != nil {
		return err
	}
	slices.SortStableFunc(p.Items, func(a, b decision.PublishedItem) int { return b.DecidedAt.Compare(a.DecidedAt) })
	feed := feedJSON{Version: "https://jsonfeed.org/version/1.1", Title: v.T("public.title", p.Board), Language: v.p.Lang, Items: []feedItem{}}
	if s.BaseURL != "" {
		feed.HomePage = s.BaseURL + p.whole(v.p.Lang)
		feed.Feed = s.BaseURL + "/public/" + url.PathEscape(p.Slug) + "/feed.json" + withQuery("lang", v.p.Lang)
	}
	for _, i := range p.Items {
		feed.Items = append(feed.Items, s.feedItem(v, p, i))
	}
	text, err := json.MarshalIndent(feed, "", "  ")
	if err != nil {
		return err
	}
	v.body.Reset()
	v.w.Header().Set("Content-Type", "application/feed+json; charset=utf-8")
	v.body.Write(append(text, '\n'))
	return nil
}

func (s *Server) feedItem(v *visit, p publicView, i decision.PublishedItem) feedItem {
	item := feedItem{ID: "urn:aval:" + p.Slug + ":" + string(i.ID), Title: v.T("public.feed_title", i.Name, v.T("decision.result."+string(i.Result))),
		Text: publicSays(v, i), Published: i.DecidedAt, Decision: feedDecision{Platform: i.Name, Vendor: i.Vendor, Site: i.URL, Result: string(i.Result),
			Conditions: i.Conditions, Functions: i.Functions, DecidedOn: i18n.DayOf(i.DecidedAt), Before: i.Before}}
	if i.Hosting != catalogue.HostingUnknown {
		item.Decision.Hosting = string(i.Hosting)
	}
	if s.BaseURL != "" {
		item.URL = s.BaseURL + p.on(i.ID, v.p.Lang)
	}
	for _, reason := range i.Because {
		item.Decision.Because = append(item.Decision.Because, reason.Code)
	}
	for _, code := range i.Functions {
		if f, known := p.Pack.Function(code); known {
			item.Tags = append(item.Tags, f.Title.In(v.p.Lang))
		}
	}
	return item
}

// publicSays is a decision in plain words.
func publicSays(v *visit, i decision.PublishedItem) string {
	lines := []string{v.T("public.means." + string(i.Result))}
	lines = append(lines, i.Conditions...)
	for _, reason := range i.Because {
		lines = append(lines, reason.Title.In(v.p.Lang))
	}
	return strings.Join(lines, "\n")
}

// ---- the choice

// publicChoose keeps whether the board shows its decisions to anyone.
func (s *Server) publicChoose(v *visit) error {
	settings := v.actor.Settings
	switch v.form("public_decisions") {
	case "no":
		settings.PublicDecisions = false
	case "yes":
		settings.PublicDecisions = true
	default:
		return fault.Form(map[string]string{"public_decisions": "settings.choose"})
	}
	if err := s.Boards.Change(v.ctx(), v.actor, settings); err != nil {
		return err
	}
	v.flash("settings.kept")
	return v.redirect("/settings")
}

func publicOptions(v *visit) []ui.Option {
	shown := v.actor.Settings.PublicDecisions
	chosen := func(value string, kept bool) bool {
		if v.sentBy("public") {
			return v.form("public_decisions") == value
		}
		return kept
	}
	return []ui.Option{
		{Value: "no", Text: v.T("public.hidden"), Hint: v.T("public.hidden_hint"), Icon: "shield-check", Chosen: chosen("no", !shown)},
		{Value: "yes", Text: v.T("public.shown"), Hint: v.T("public.shown_hint"), Icon: "people", Chosen: chosen("yes", shown)},
	}
}
