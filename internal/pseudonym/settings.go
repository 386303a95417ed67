package pseudonym

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"aval/internal/audit"
	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/policy"
	"aval/internal/vault"
)

// Settings are a board's own choices about names and passwords. The zero value
// is that of a board that chose nothing.
type Settings struct {
	Kinds   Choices
	Words   []string // that no login name may show, as they were typed
	Version int64
}

// Service is what people do with the settings of a board.
type Service struct {
	DB    *db.DB
	Names *Names
}

// Settings answers the board's choices, for who may change them.
func (s *Service) Settings(ctx context.Context, actor policy.Actor) (is Settings, err error) {
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := actor.Allow(policy.SettingsEdit, policy.Scope{}); err != nil {
			return err
		}
		is, err = settings(ctx, tx)
		return err
	})
	return is, err
}

// ChooseKinds keeps the kinds of password by grade, for passwords that are made
// from now on. A grade that is left out gets the house's kind. It refuses what
// Choices.Check refuses, and (Conflict) settings that changed since that version.
func (s *Service) ChooseKinds(ctx context.Context, actor policy.Actor, kinds Choices, version int64) error {
	if err := kinds.Check(); err != nil {
		return err
	}
	var chosen []string
	own := kinds.own()
	for _, grade := range slices.Sorted(maps.Keys(own)) {
		chosen = append(chosen, grade+":"+string(own[grade]))
	}
	return s.change(ctx, actor, version, "password_kinds="+strings.Join(chosen, ","), func(is *Settings) { is.Kinds = own })
}

// Block keeps the words that no login name of the board may show from now on,
// beside the house's own. It refuses (Invalid, with the line) a word that no name
// could show, and words that would leave too few names; and (Conflict) settings
// that changed since that version. The trail is told how many, not which.
func (s *Service) Block(ctx context.Context, actor policy.Actor, lines []string, version int64) error {
	words, err := checkWords(lines)
	if err != nil {
		return err
	}
	return s.change(ctx, actor, version, fmt.Sprintf("blocked_words=%d", len(words)), func(is *Settings) { is.Words = words })
}

// change keeps the settings; what changes nothing leaves no record.
func (s *Service) change(ctx context.Context, actor policy.Actor, version int64, note string, f func(*Settings)) error {
	return s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := actor.Allow(policy.SettingsEdit, policy.Scope{}); err != nil {
			return err
		}
		was, err := settings(ctx, tx)
		if err != nil {
			return err
		}
		if was.Version != version {
			return fault.New(fault.Conflict, "conflict.changed")
		}
		is := was
		f(&is)
		if is.same(was) {
			return nil
		}
		if err := keepSettings(ctx, tx, is); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "settings.changed", "board:"+tx.Board, audit.Note(note))
	})
}

// same tells that the choices are the same, whatever their version.
func (is Settings) same(other Settings) bool {
	return maps.Equal(is.Kinds, other.Kinds) && slices.Equal(is.Words, other.Words)
}

const (
	// mostWords and longestWord bound a board's list.
	mostWords   = 300
	longestWord = 24
	// MostBlocked is the share of all names that lists may block, from 0 to 1: at
	// least every other name drawn may be given.
	MostBlocked = 0.5
)

// checkWords answers the words of some lines, each once, as they were typed.
func checkWords(lines []string) (words []string, err error) {
	seen := map[string]bool{}
	var at []int
	for i, line := range lines {
		line, _, _ = strings.Cut(line, "#")
		if line = strings.Join(strings.Fields(line), " "); line == "" {
			continue
		}
		form := normal(line)
		if seen[form] {
			continue
		}
		seen[form] = true
		switch {
		case len(words) == mostWords:
			return nil, refuseWords("pseudonym.words_many", mostWords)
		case utf8.RuneCountInString(form) > longestWord:
			return nil, refuseWords("pseudonym.word_long", i+1, longestWord)
		case !spelt(form):
			return nil, refuseWords("pseudonym.word_unspelt", i+1)
		}
		words, at = append(words, line), append(at, i+1)
	}
	if share := NewBlocklist(words).Share(); share > MostBlocked {
		widest, most := 0, 0.0
		for i, word := range words {
			if own := blocklistOf([]string{word}).Share(); own > most {
				widest, most = at[i], own
			}
		}
		return nil, refuseWords("pseudonym.words_wide", percent(share), percent(MostBlocked), widest, percent(most))
	}
	return words, nil
}

func refuseWords(key string, args ...any) error {
	return fault.FormMsg(map[string]fault.Message{"words": {Key: key, Args: args}})
}

// percent is a share in whole percent, never less than it is.
func percent(share float64) int { return int(math.Ceil(100 * share)) }

// normal is a word as the list reads it: two that are the same block the same.
func normal(word string) string {
	word, exact := strings.CutPrefix(word, "=")
	folded := strings.ReplaceAll(db.Fold(word), " ", "")
	if exact {
		return "=" + folded
	}
	return folded
}

// spelt tells whether some name could show the word.
func spelt(word string) bool {
	found := false
	spell(word, func([]byte) { found = true })
	return found
}

// Blocking says what the words of a board do.
type Blocking struct {
	Settings
	Share float64 // of all names that are blocked, from 0 to 1
	House float64 // by the house's own words alone
	Held  int     // active names that show a word, given before it was blocked
}

// Blocking answers it, for who may change the settings. A shredded board holds no names.
func (s *Service) Blocking(ctx context.Context, actor policy.Actor) (b Blocking, err error) {
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := actor.Allow(policy.SettingsEdit, policy.Scope{}); err != nil {
			return err
		}
		if b.Settings, err = settings(ctx, tx); err != nil {
			return err
		}
		blocked, err := s.Names.blocklist(ctx, tx)
		if err != nil {
			return err
		}
		b.Share, b.House = blocked.Share(), house().Share()
		held, err := s.Names.showing(ctx, tx, blocked)
		b.Held = len(held)
		return err
	})
	return b, err
}

// ReplaceShown gives another name to those whose active name shows a word, at most
// 200 of them at a time, and answers how many. Their accounts end and are made
// again, and their cards must be printed again. It refuses (Conflict) when nobody's
// name shows one. The trail is told how many, not whose.
func (s *Service) ReplaceShown(ctx context.Context, actor policy.Actor) (replaced int, err error) {
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := actor.Allow(policy.SettingsEdit, policy.Scope{}); err != nil {
			return err
		}
		if _, err := s.Names.begin(ctx, tx); err != nil { // before looking: nobody else issues
			return err
		}
		blocked, err := s.Names.blocklist(ctx, tx)
		if err != nil {
			return err
		}
		people, err := s.Names.showing(ctx, tx, blocked)
		if err != nil {
			return err
		}
		if len(people) == 0 {
			return fault.New(fault.Conflict, "pseudonym.none_shown")
		}
		if err := shuffle(people); err != nil {
			return err
		}
		people = people[:min(batch, len(people))]
		if err := s.Names.replace(ctx, tx, people); err != nil {
			return err
		}
		replaced = len(people)
		return audit.Write(ctx, tx, actor, "pseudonym.replaced", "board:"+tx.Board, audit.Note(fmt.Sprintf("names=%d", replaced)))
	})
	return replaced, err
}

// showing answers who has an active name that a list blocks. A row that was
// changed in the database is passed over: the doctor tells of it.
func (n *Names) showing(ctx context.Context, tx *db.Tx, blocked *Blocklist) (people []string, err error) {
	if at, err := vault.ShreddedAt(ctx, tx); err != nil || !at.IsZero() {
		return nil, err
	}
	keys, err := n.Vault.Keys(ctx, tx)
	if err != nil {
		return nil, err
	}
	rows, err := active(ctx, tx)
	for _, e := range rows {
		text, person, err := e.open(keys)
		if err != nil {
			continue
		}
		if name, err := Parse(text); err == nil && blocked.Blocks(name) {
			people = append(people, person)
		}
	}
	return people, err
}

// Kinds answers the board's kinds of password by grade.
func (n *Names) Kinds(ctx context.Context, tx *db.Tx) (Choices, error) {
	is, err := settings(ctx, tx)
	return is.Kinds, err
}

// boardList is the list of a board, by the words that it was made of.
type boardList struct {
	words string
	list  *Blocklist
}

// maxLists bounds how many boards' lists are held in memory.
const maxLists = 64

// blocklist answers what no name of the transaction's board may show.
func (n *Names) blocklist(ctx context.Context, tx *db.Tx) (*Blocklist, error) {
	is, err := settings(ctx, tx)
	if err != nil || len(is.Words) == 0 {
		return house(), err
	}
	words := strings.Join(is.Words, "\n")
	n.mu.Lock()
	defer n.mu.Unlock()
	if kept, ok := n.lists[tx.Board]; ok && kept.words == words {
		return kept.list, nil
	}
	if n.lists == nil || len(n.lists) >= maxLists {
		n.lists = map[string]boardList{}
	}
	list := NewBlocklist(is.Words)
	n.lists[tx.Board] = boardList{words, list}
	return list, nil
}
