package catalogue_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"

	"aval/internal/audit"
	"aval/internal/catalogue"
	"aval/internal/catalogue/samples"
	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/fault"
	"aval/internal/policy"
)

func actor(t testing.TB, board string, grants ...policy.Grant) policy.Actor {
	t.Helper()
	pack, err := policy.Shipped("csc-pan-2023")
	if err != nil {
		t.Fatal(err)
	}
	return policy.Actor{ID: "a1", Board: board, Lang: "fr", Via: "web", Grants: grants, Pack: pack}
}

func TestUseCases(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		board, other := dbtest.Board(t, d), dbtest.Board(t, d)
		s := catalogue.New(d)
		teacher := actor(t, board, policy.Grant{Role: policy.Teacher, Org: "s1"})
		evaluator := actor(t, board, policy.Grant{Role: policy.Evaluator})
		elsewhere := actor(t, other, policy.Grant{Role: policy.Evaluator})

		ids := map[string]catalogue.ID{}
		for _, sample := range samples.All() {
			p, err := s.AddPlatform(ctx, evaluator, sample.Draft)
			if err != nil {
				t.Fatalf("AddPlatform %s: %v", sample.Name, err)
			}
			ids[p.Name] = p.ID
			if err := d.Write(ctx, board, func(ctx context.Context, tx *db.Tx) error {
				if p.Name == "Zibaline" {
					return nil
				}
				return catalogue.SetResult(ctx, tx, p.ID, catalogue.Approved, "", sample.Hosting, "d1")
			}); err != nil {
				t.Fatal(err)
			}
		}
		hidden, err := s.AddPlatform(ctx, elsewhere, catalogue.Draft{Name: "Tabulou"})
		if err != nil {
			t.Fatal(err)
		}

		t.Run("a teacher adds and edits nothing", func(t *testing.T) {
			if _, err := s.AddPlatform(ctx, teacher, catalogue.Draft{Name: "Nouvelle"}); !fault.Is(err, fault.Denied) {
				t.Errorf("AddPlatform: %v, want Denied", err)
			}
			if _, err := s.Edit(ctx, teacher, ids["Tabulou"], 1, catalogue.Draft{Name: "Autre"}); !fault.Is(err, fault.Denied) {
				t.Errorf("Edit: %v, want Denied", err)
			}
		})
		t.Run("what is wrong is said beside its field", func(t *testing.T) {
			long := strings.Repeat("é", 121)
			for field, draft := range map[string]catalogue.Draft{
				"name":       {Name: " "},
				"vendor":     {Name: "Nouvelle", Vendor: long},
				"url":        {Name: "Nouvelle", URL: "javascript://x.example/%0aalert(1)"},
				"summary_fr": {Name: "Nouvelle", SummaryFr: strings.Repeat("a", 1001)},
				"functions":  {Name: "Nouvelle", Functions: []string{"flying"}},
				"aliases":    {Name: "Nouvelle", Aliases: []string{long}},
			} {
				_, err := s.AddPlatform(ctx, evaluator, draft)
				if f, ok := fault.As(err); !ok || f.Fields[field].Key == "" || len(f.Fields) != 1 {
					t.Errorf("AddPlatform with a wrong %s: %v", field, err)
				}
			}
			for _, same := range []string{"TABULOU", "tabu lou", "Virgule"} {
				_, err := s.AddPlatform(ctx, evaluator, catalogue.Draft{Name: same})
				if f, ok := fault.As(err); !ok || f.Fields["name"].Key != "catalogue.exists" {
					t.Errorf("AddPlatform(%s): %v, want catalogue.exists", same, err)
				}
			}
		})
		t.Run("search finds names, sites and functions, on this board alone", func(t *testing.T) {
			for typed, want := range map[string]string{
				"tabulu": "Tabulou", "https://app.tabulou.example/entrer": "Tabulou", "recitou lecture": "Récitou",
				"pratiquer les fractions": "Fractignole", "robotique": "Robotruche", "touch typing": "Camp Clavier",
				"langue autochtone": "Boréaphone",
			} {
				hits, err := s.Search(ctx, teacher, typed)
				if err != nil || len(hits) == 0 || hits[0].Platform.Name != want {
					t.Errorf("Search(%q): %v %v, want %s first", typed, err, hits, want)
				} else if len(hits[0].Platform.Functions) == 0 {
					t.Errorf("Search(%q): no functions", typed)
				}
				for _, h := range hits {
					if h.Platform.ID == hidden.ID {
						t.Errorf("Search(%q) shows another board's platform", typed)
					}
				}
			}
			if hits, err := s.Search(ctx, elsewhere, "Zibaline"); err != nil || len(hits) != 0 {
				t.Errorf("Search on the other board: %v %v", err, hits)
			}
		})
		t.Run("a platform of another board does not exist", func(t *testing.T) {
			if _, err := s.Platform(ctx, teacher, hidden.ID); !fault.Is(err, fault.NotFound) {
				t.Errorf("Platform: %v, want NotFound", err)
			}
			if _, err := s.Edit(ctx, evaluator, hidden.ID, 1, catalogue.Draft{Name: "Autre"}); !fault.Is(err, fault.NotFound) {
				t.Errorf("Edit: %v, want NotFound", err)
			}
		})
		t.Run("pages follow each other", func(t *testing.T) {
			var names []string
			for f := (catalogue.Filter{Limit: 25}); ; {
				page, err := s.Page(ctx, teacher, f)
				if err != nil {
					t.Fatal(err)
				}
				for _, p := range page.Platforms {
					names = append(names, p.Name)
				}
				if f.After = page.Next; f.After == "" {
					break
				}
			}
			seen := slices.Clone(names)
			slices.Sort(seen)
			if len(names) != 60 || len(slices.Compact(seen)) != 60 || names[0] != "Anglimousse" || names[59] != "Zibaline" {
				t.Errorf("Page: %d names from %v to %v", len(names), names[0], names[len(names)-1])
			}
			page, err := s.Page(ctx, teacher, catalogue.Filter{Status: catalogue.Unknown})
			if err != nil || len(page.Platforms) != 1 || page.Platforms[0].Name != "Zibaline" {
				t.Errorf("Page of unknown: %v %v", err, page)
			}
			if _, err := s.Page(ctx, teacher, catalogue.Filter{Status: "good"}); !fault.Is(err, fault.Invalid) {
				t.Errorf("Page of a wrong status: %v", err)
			}
		})
		t.Run("similar platforms are approved and share functions", func(t *testing.T) {
			matches, err := s.Similar(ctx, teacher, ids["Zibaline"])
			if err != nil || len(matches) < 3 {
				t.Fatalf("Similar: %v %v", err, matches)
			}
			best := matches[0]
			if best.Platform.Name != "Tabulou" || len(best.Shared) != 3 || best.Total != 4 || !slices.Equal(best.Missing, []string{"educational_games"}) {
				t.Errorf("Similar: %s shares %v of %d, misses %v", best.Platform.Name, best.Shared, best.Total, best.Missing)
			}
			near, err := s.Similar(ctx, teacher, ids["Zibaline"], catalogue.Quebec, catalogue.Canada)
			if err != nil || len(near) == 0 || len(near) >= len(matches) {
				t.Errorf("Similar in Québec or Canada: %v, %d of %d", err, len(near), len(matches))
			}
			for _, m := range near {
				if m.Platform.Hosting != catalogue.Quebec && m.Platform.Hosting != catalogue.Canada {
					t.Errorf("Similar in Québec or Canada: %s is hosted in %s", m.Platform.Name, m.Platform.Hosting)
				}
			}
		})
		t.Run("an edit keeps the result, and the second of two is told", func(t *testing.T) {
			before, err := s.Platform(ctx, teacher, ids["Plumarel"])
			if err != nil {
				t.Fatal(err)
			}
			draft := before.Draft
			draft.Vendor, draft.Functions = "Encre\x00 vive", []string{"text_editing"}
			after, err := s.Edit(ctx, evaluator, before.ID, before.Version, draft)
			if err != nil {
				t.Fatal(err)
			}
			read, err := s.Platform(ctx, teacher, before.ID)
			if err != nil || read.Vendor != "Encre vive" || read.Status != catalogue.Approved || len(read.Functions) != 1 ||
				read.Version != after.Version || read.DecidedAt.IsZero() || !slices.Equal(read.Domains, before.Domains) {
				t.Errorf("after Edit: %v %+v", err, read)
			}
			if _, err := s.Edit(ctx, evaluator, before.ID, before.Version, draft); !fault.Is(err, fault.Conflict) {
				t.Errorf("second Edit: %v, want Conflict", err)
			}
		})
		t.Run("a name, an alias or a site is recognised", func(t *testing.T) {
			err := d.Read(ctx, board, func(ctx context.Context, tx *db.Tx) error {
				for _, c := range []struct{ name, address, want string }{
					{"recitou", "", "Récitou"}, {"Code-Cabane Junior", "", "Codecabane"}, {"Autre nom", "http://tabulou.example/x", "Tabulou"},
					{"Tabulu", "", ""}, {"", "", ""},
				} {
					p, found, err := catalogue.FindByName(ctx, tx, c.name, c.address)
					if err != nil || found != (c.want != "") || p.Name != c.want {
						t.Errorf("FindByName(%q, %q): %s %v %v, want %q", c.name, c.address, p.Name, found, err, c.want)
					}
				}
				trail, err := audit.ForSubject(ctx, tx, catalogue.Subject(ids["Plumarel"]))
				if err != nil || len(trail) != 2 {
					t.Errorf("the trail of Plumarel: %v %v", err, trail)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		})
		t.Run("a result for no platform is refused", func(t *testing.T) {
			err := d.Write(ctx, board, func(ctx context.Context, tx *db.Tx) error {
				return catalogue.SetResult(ctx, tx, hidden.ID, catalogue.Approved, "", catalogue.Quebec, "d1")
			})
			if !fault.Is(err, fault.NotFound) {
				t.Errorf("SetResult: %v, want NotFound", err)
			}
		})
	})
}

func TestManyAddAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		pack, err := policy.Shipped("csc-pan-2023")
		if err != nil {
			t.Fatal(err)
		}
		s := catalogue.New(d)
		actor := policy.System(dbtest.Board(t, d), pack, "cli")
		var wait sync.WaitGroup
		errs := make([]error, 6)
		for i := range errs {
			wait.Go(func() {
				_, errs[i] = s.AddPlatform(t.Context(), actor, catalogue.Draft{Name: []string{"Zibaline", "ZIBALINÉ"}[i%2]})
			})
		}
		wait.Wait()
		done := 0
		for _, err := range errs {
			if err == nil {
				done++
			} else if f, ok := fault.As(err); !ok || f.Fields["name"].Key != "catalogue.exists" {
				t.Errorf("AddPlatform: %v, want catalogue.exists", err)
			}
		}
		if done != 1 {
			t.Errorf("added %d times", done)
		}
	})
}
