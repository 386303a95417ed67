package pseudonym_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"

	"aval/internal/audit"
	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/policy"
	"aval/internal/pseudonym"
)

func (w *world) service() *pseudonym.Service { return &pseudonym.Service{DB: w.DB, Names: w.Names} }

func (w *world) settings() pseudonym.Settings {
	w.t.Helper()
	is, err := w.service().Settings(w.t.Context(), w.operator())
	w.must(err)
	return is
}

func (w *world) block(words ...string) {
	w.t.Helper()
	w.must(w.service().Block(w.t.Context(), w.operator(), words, w.settings().Version))
}

func (w *world) notes() (notes []string) {
	w.t.Helper()
	records, err := (&audit.Service{DB: w.DB}).List(w.t.Context(), w.operator(), -1, 50)
	w.must(err)
	for _, r := range records {
		if r.Action == "settings.changed" {
			notes = append(notes, r.Subject+" "+r.Detail)
		}
	}
	return notes
}

func TestWhoMayNotChangeTheSettings(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		s := w.service()
		for _, role := range policy.Roles {
			actor := w.operator()
			actor = policy.Actor{ID: "a", Board: w.board, Via: "web", Pack: actor.Pack, Grants: []policy.Grant{{Role: role}}}
			if actor.Can(policy.SettingsEdit, policy.Scope{}) {
				continue
			}
			_, read := s.Settings(t.Context(), actor)
			_, replaced := s.ReplaceShown(t.Context(), actor)
			_, blocking := s.Blocking(t.Context(), actor)
			for what, err := range map[string]error{"Settings": read, "Blocking": blocking,
				"ReplaceShown": replaced, "ChooseKinds": s.ChooseKinds(t.Context(), actor, nil, 0), "Block": s.Block(t.Context(), actor, nil, 0)} {
				if !fault.Is(err, fault.Denied) {
					t.Errorf("%s by %s: %v", what, role, err)
				}
			}
		}
	})
}

func TestABoardChoosesItsKinds(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		other := found(t, w.DB, w.master)
		s := w.service()
		err := s.ChooseKinds(t.Context(), w.operator(), pseudonym.Choices{"11": pseudonym.PictureAndWord}, 0)
		if f, ok := fault.As(err); !ok || f.Fields["grade_11"].Key != "pseudonym.kind_weak" {
			t.Errorf("one that is easier to guess: %v", err)
		}
		kinds := pseudonym.Choices{"01": pseudonym.ThreeWords, "05": pseudonym.TwoWordsDigits}
		w.must(s.ChooseKinds(t.Context(), w.operator(), kinds, 0))
		if err := s.ChooseKinds(t.Context(), w.operator(), nil, 0); !fault.Is(err, fault.Conflict) {
			t.Errorf("from a page of before: %v", err)
		}
		w.must(s.ChooseKinds(t.Context(), w.operator(), kinds, 1)) // the same: no record
		is := w.settings()
		if !maps.Equal(is.Kinds, pseudonym.Choices{"01": pseudonym.ThreeWords}) || is.Version != 1 {
			t.Errorf("kept: %+v", is)
		}
		for _, c := range []struct {
			w    *world
			want pseudonym.Kind
		}{{w, pseudonym.ThreeWords}, {other, pseudonym.PictureAndWord}} {
			c.w.read(func(ctx context.Context, tx *db.Tx) error {
				chosen, err := c.w.Kinds(ctx, tx)
				if got := pseudonym.KindFor("01", chosen); got != c.want {
					t.Errorf("grade 1 gets %s, want %s", got, c.want)
				}
				return err
			})
		}
		if notes := w.notes(); !slices.Equal(notes, []string{"board:" + w.board + " password_kinds=01:three_words"}) {
			t.Errorf("the trail: %q", notes)
		}
	})
}

func TestWordsThatAreRefused(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for _, c := range []struct {
			what, key string
			line      int
			words     []string
		}{
			{"of vowels", "pseudonym.word_unspelt", 2, []string{"bkr", "aïeul"}},
			{"in syllabics", "pseudonym.word_unspelt", 3, []string{"", "bkr", "ᑭᔅᑭᓄ"}},
			{"of one sign", "pseudonym.word_unspelt", 1, []string{"b"}},
			{"with digits before letters", "pseudonym.word_unspelt", 1, []string{"=22bk"}},
			{"too long", "pseudonym.word_long", 1, []string{strings.Repeat("bé", 13)}},
			{"too many", "pseudonym.words_many", 300, many(301)},
			{"that leave too few names", "pseudonym.words_wide", 3, append([]string{"bkr"}, wide()...)},
		} {
			f, ok := fault.As(w.service().Block(t.Context(), w.operator(), c.words, 0))
			if !ok || f.Fields["words"].Key != c.key {
				t.Errorf("%s: %v", c.what, f)
				continue
			}
			args := f.Fields["words"].Args
			if c.key == "pseudonym.words_wide" {
				args = args[2:] // the line of the widest
			}
			if args[0] != c.line {
				t.Errorf("%s: said of %v, want %d", c.what, args, c.line)
			}
		}
		if is := w.settings(); is.Version != 0 || len(w.notes()) != 0 {
			t.Errorf("something was kept: %+v", is)
		}
	})
}

// many are so many words that a name may show.
func many(count int) (words []string) {
	for i := range count {
		words = append(words, "=bkr"+string("bcdfghjkmnpqrstvwxz"[i%19])+string("23456789"[i/19%8])+string("23456789"[i/152]))
	}
	return words
}

// wide are pairs of digits that stand in about half of all names.
func wide() (words []string) {
	for _, a := range "2345678" {
		words = append(words, "="+string(a)+"2", "="+string(a)+"3", "="+string(a)+"4")
	}
	return words
}

// What a board blocks, nobody there is given, whichever program gives it; another
// board's pupils may be. The names of before are counted.
func TestABoardsWordsAreItsOwn(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		other := found(t, w.DB, w.master)
		before := w.pupils(w.school, 120)
		w.issue(before)
		pairs := []string{"=24", "=42", "=35", "=53", "=79", "=97"} // in a quarter of all names
		w.block(append([]string{"  BKR ", "bkr", "", "Mîskaw # not for children"}, pairs...)...)
		if is := w.settings(); !slices.Equal(is.Words, append([]string{"BKR", "Mîskaw"}, pairs...)) {
			t.Errorf("kept: %q", is.Words)
		}
		shows := func(names map[string]string) (n int) {
			for _, name := range names {
				if slices.ContainsFunc(pairs, func(pair string) bool { return strings.Contains(name, pair[1:]) }) {
					n++
				}
			}
			return n
		}
		old := shows(w.named(before))
		b, err := w.service().Blocking(t.Context(), w.operator())
		if err != nil || b.Share < b.House+0.15 || b.Share > pseudonym.MostBlocked || old == 0 || b.Held < old || b.Held > old+5 {
			t.Errorf("%+v, %v, want %d held, or few more that show a word", b, err, old)
		}
		replica, _ := w.program()
		for _, names := range []*pseudonym.Names{w.Names, replica} {
			ids := w.pupils(w.school, 120)
			w.write(func(ctx context.Context, tx *db.Tx) error { return names.Issue(ctx, tx, ids) })
			if n := shows(w.named(ids)); n != 0 {
				t.Errorf("%d of 120 names show what is blocked", n)
			}
		}
		ids := other.pupils(other.school, 120)
		other.write(func(ctx context.Context, tx *db.Tx) error { return w.Issue(ctx, tx, ids) }) // the same program
		if shows(other.named(ids)) == 0 {
			t.Error("another board's words block for all")
		}

		w.block("bkr") // that chance alone put in few names
		if b, err := w.service().Blocking(t.Context(), w.operator()); err != nil || b.Held > 5 || len(b.Words) != 1 {
			t.Errorf("with one word: %+v, %v", b, err)
		}
		want := "board:" + w.board + " blocked_words="
		if notes := w.notes(); !slices.Equal(notes, []string{want + "8", want + "1"}) {
			t.Errorf("the trail: %q", notes)
		}
		w.must(w.keys.Shred(t.Context(), w.operator()))
		if b, err := w.service().Blocking(t.Context(), w.operator()); err != nil || b.Held != 0 {
			t.Errorf("of a shredded board: %+v, %v", b, err)
		}
	})
}

// Who has a name that shows a word is given another, some at a time and nobody else.
func TestNamesThatShowAWordAreReplaced(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ids := w.pupils(w.school, 1200)
		w.issue(ids)
		before := w.named(ids)
		refused := func() {
			t.Helper()
			_, err := w.service().ReplaceShown(t.Context(), w.operator())
			if f, ok := fault.As(err); !ok || f.Key != "pseudonym.none_shown" {
				t.Errorf("with nothing to replace: %v", err)
			}
		}
		refused()
		w.block("=24", "=42", "=35", "=53", "=79", "=97")
		b, err := w.service().Blocking(t.Context(), w.operator())
		if w.must(err); b.Held <= 200 || b.Held > 400 {
			t.Fatalf("%d of 1200 names show a pair", b.Held)
		}
		for _, want := range []int{200, b.Held - 200} {
			if n, err := w.service().ReplaceShown(t.Context(), w.operator()); err != nil || n != want {
				t.Errorf("%d replaced, %v, want %d", n, err, want)
			}
		}
		refused()
		changed := 0
		for id, name := range w.named(ids) {
			if name != before[id] {
				changed++
			}
		}
		if rows := w.count(`SELECT count(*) FROM login_name WHERE board_id = $1`); changed != b.Held || rows != 1200+b.Held || w.unsound() != 0 {
			t.Errorf("%d names are others, of %d; %d rows", changed, b.Held, rows)
		}
	})
}
