package pseudonym

import (
	"fmt"
	"io"
)

// Kind is how a password is made.
type Kind string

// From the youngest pupils to the oldest.
const (
	PictureWord    Kind = "picture_word"
	TwoWordsDigits Kind = "two_words_digits"
	ThreeWords     Kind = "three_words"
	FourWords      Kind = "four_words"
)

// Password is what a pupil types, and the picture that stands for it on a card.
type Password struct{ Text, Picture string }

// KindFor answers how passwords of a grade are made.
func KindFor(grade string, settings map[string]Kind) Kind {
	if k, ok := settings[grade]; ok {
		return k
	}
	return TwoWordsDigits
}

// Generate draws a password.
func Generate(rand io.Reader, _ Kind, lang string) (Password, error) {
	b := make([]byte, 8)
	if _, err := io.ReadFull(rand, b); err != nil {
		return Password{}, err
	}
	return Password{Text: fmt.Sprintf("%s-%x", lang, b)}, nil
}
