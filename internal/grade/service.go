package grade

import (
	"context"
	"fmt"

	"aval/internal/audit"
	"aval/internal/board"
	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/policy"
)

// Service is what people do with a board's vocabulary.
type Service struct{ DB *db.DB }

// Of answers the vocabulary of the transaction's board: its province's, which its
// policy names, and over it the board's own words.
func Of(ctx context.Context, tx *db.Tx) (Vocabulary, error) {
	b, err := board.Get(ctx, tx, tx.Board)
	if err != nil {
		return nil, err
	}
	jurisdiction := ""
	if pack, err := policy.Named(b.Pack); err == nil { // a board whose pack is missing has Québec's
		jurisdiction = pack.Jurisdiction
	}
	v := Usual(jurisdiction)
	own, err := words(ctx, tx)
	for _, w := range own {
		v[w.Folded] = w.Grade
	}
	return v, err
}

// Read is Of in a transaction of its own, for who reads a set outside of one.
func Read(ctx context.Context, d *db.DB, boardID string) (v Vocabulary, err error) {
	err = d.Read(ctx, boardID, func(ctx context.Context, tx *db.Tx) error {
		v, err = Of(ctx, tx)
		return err
	})
	return v, err
}

// Words answers the board's own, for who may change its settings.
func (s *Service) Words(ctx context.Context, actor policy.Actor) (own []Word, err error) {
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := actor.Allow(policy.SettingsEdit, policy.Scope{}); err != nil {
			return err
		}
		own, err = words(ctx, tx)
		return err
	})
	return own, err
}

// Add says which grade the board's roster means by a word, from the next import on;
// a word that is there gets another grade. It refuses (Invalid) what is no word or
// no grade, and (Conflict) more than 200 words.
func (s *Service) Add(ctx context.Context, actor policy.Actor, written, grade string) error {
	w := Word{Written: written, Grade: grade}
	return s.change(ctx, actor, "grade_word=added grade="+grade, func(ctx context.Context, tx *db.Tx) error {
		if err := w.check(); err != nil {
			return err
		}
		own, err := words(ctx, tx)
		if err != nil {
			return err
		}
		if len(own) >= most {
			return fault.New(fault.Conflict, "grade.words_many", most)
		}
		return save(ctx, tx, w)
	})
}

// Drop takes a word away by its folded form; one that is not there is the one NotFound.
func (s *Service) Drop(ctx context.Context, actor policy.Actor, folded string) error {
	return s.change(ctx, actor, "grade_word=dropped", func(ctx context.Context, tx *db.Tx) error { return drop(ctx, tx, folded) })
}

func (s *Service) change(ctx context.Context, actor policy.Actor, note string, f func(context.Context, *db.Tx) error) error {
	return s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := actor.Allow(policy.SettingsEdit, policy.Scope{}); err != nil {
			return err
		}
		if err := f(ctx, tx); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "settings.changed", "board:"+tx.Board, audit.Note(note))
	})
}

func words(ctx context.Context, tx *db.Tx) ([]Word, error) {
	return db.All(ctx, tx, func(r db.Row) (w Word, err error) {
		err = r.Scan(&w.Folded, &w.Written, &w.Grade)
		return w, err
	}, `SELECT folded, written, grade FROM grade_word WHERE board_id = $1 ORDER BY folded`, tx.Board)
}

func save(ctx context.Context, tx *db.Tx, w Word) error {
	_, err := tx.Exec(ctx, `INSERT INTO grade_word (board_id, folded, written, grade) VALUES ($1, $2, $3, $4)
		ON CONFLICT (board_id, folded) DO UPDATE SET written = excluded.written, grade = excluded.grade`,
		tx.Board, w.Folded, w.Written, w.Grade)
	if err != nil {
		return fmt.Errorf("keep grade word: %w", err)
	}
	return nil
}

func drop(ctx context.Context, tx *db.Tx, folded string) error {
	n, err := tx.Exec(ctx, `DELETE FROM grade_word WHERE board_id = $1 AND folded = $2`, tx.Board, folded)
	if err == nil && n == 0 {
		err = fault.Missing()
	}
	return err
}
