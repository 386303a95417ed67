// Package portable is an evaluation that leaves its board: one signed file, which
// any board can verify without a database and begin a draft from.
//
// The file is canonical JSON: the same evaluation has one text, and a text that
// differs from it by a byte is refused. Its signature is Ed25519, by a key of the
// board; the signer is the board's name and the fingerprint of its public key. It
// holds the platform, the criteria with their ratings and notes, the location, the
// files of evidence that are not confidential, and the letter; of people it holds
// the titles of their functions.
package portable

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"aval/internal/evaluation"
	"aval/internal/fault"
	"aval/internal/policy"
)

// Format names what the file is, and its version.
const Format = "aval-evaluation/1"

// What a file may hold at most; a larger one is refused before it is read.
const (
	MaxSize     = 96 << 20
	maxContent  = 60 << 20
	maxFiles    = 100
	maxCriteria = 100
	maxWords    = 20000 // characters of one text
)

// Evaluation is what is signed.
type Evaluation struct {
	Format   string   `json:"format"`
	Board    string   `json:"board"`
	SignedOn string   `json:"signed_on"` // 2006-01-02
	Policy   Policy   `json:"policy"`
	Platform Platform `json:"platform"`
	Request  string   `json:"request"` // its number at that board
	Aspects  []Aspect `json:"aspects"`
	Letters  []Letter `json:"letters"`
	Evidence []File   `json:"evidence"`
}

// Policy is the pack that the board evaluates under.
type Policy struct {
	ID      string      `json:"id"`
	Version string      `json:"version"`
	Title   policy.Text `json:"title"`
}

// Platform is what was evaluated.
type Platform struct {
	Name   string `json:"name"`
	Vendor string `json:"vendor"`
	URL    string `json:"url"`
}

// Aspect is one side of the evaluation.
type Aspect struct {
	Aspect         string      `json:"aspect"` // use or security
	By             policy.Text `json:"by"`     // title of the function
	FinishedOn     string      `json:"finished_on"`
	Recommendation string      `json:"recommendation"`
	Summary        string      `json:"summary"`
	Location       string      `json:"location"`
	LocationReason string      `json:"location_reason"`
	Equivalents    []string    `json:"equivalents"` // names of the platforms looked at
	Criteria       []Criterion `json:"criteria"`
	Originals      []Original  `json:"originals"`   // of two who wrote apart
	Departments    []Original  `json:"departments"` // that gave their own judgement
}

// Original is what one of two evaluators had written without seeing the other's, or
// what a department judged.
type Original struct {
	By         policy.Text `json:"by"` // title of the function, or name of the department
	Conclusion string      `json:"conclusion"`
	Criteria   []Rated     `json:"criteria"`
}

// Rated is a rating among others of the same criterion.
type Rated struct {
	ID     string `json:"id"`
	Rating string `json:"rating"`
	Note   string `json:"note"`
}

// Criterion is what was looked at, and what was found.
type Criterion struct {
	ID       string      `json:"id"`
	Clause   string      `json:"clause"` // empty for one of the board's own
	Name     policy.Text `json:"name"`
	Question policy.Text `json:"question"`
	Rating   string      `json:"rating"`
	Note     string      `json:"note"`
	Reason   string      `json:"reason"` // why it is not what both of two had written
}

// Letter is the decision as it was sent, in one language, without names.
type Letter struct {
	Lang  string   `json:"lang"`
	By    string   `json:"by"` // title of the function
	Date  string   `json:"date"`
	Lines []string `json:"lines"`
}

// File is a file of evidence.
type File struct {
	Aspect    string `json:"aspect"`
	Criterion string `json:"criterion"`
	Name      string `json:"name"`
	Media     string `json:"media"`
	SHA256    string `json:"sha256"`
	Content   []byte `json:"content"`
}

// Signed is an evaluation and who signed it.
type Signed struct {
	Evaluation Evaluation `json:"evaluation"`
	PublicKey  []byte     `json:"public_key"`
	Signature  []byte     `json:"signature"`
}

// Fingerprint is how people compare a public key: 32 hexadecimal digits in groups.
func Fingerprint(key []byte) string {
	sum := sha256.Sum256(key)
	digits := hex.EncodeToString(sum[:16])
	var groups []string
	for i := 0; i < len(digits); i += 4 {
		groups = append(groups, digits[i:i+4])
	}
	return strings.Join(groups, "-")
}

// Fingerprint is that of who signed.
func (s Signed) Fingerprint() string { return Fingerprint(s.PublicKey) }

// Sign gives the one text of an evaluation, signed.
func Sign(e Evaluation, key ed25519.PrivateKey) ([]byte, error) {
	message, err := canonical(e)
	if err != nil {
		return nil, err
	}
	public, _ := key.Public().(ed25519.PublicKey)
	return canonical(Signed{Evaluation: e, PublicKey: public, Signature: ed25519.Sign(key, signed(message))})
}

// signed is what a signature speaks of: no other text of the house begins so.
func signed(message []byte) []byte { return append([]byte(Format+"\n"), message...) }

func canonical(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("canonical text: %w", err)
	}
	return b.Bytes(), nil
}

// Read reads and verifies a file. It refuses (Invalid) one that is too large, is
// not of this format, holds more than it may, or was changed by a byte since it was
// signed. It needs no database and no network; whether the signer is known is
// another question.
func Read(data []byte) (s Signed, err error) {
	if len(data) > MaxSize {
		return s, fault.New(fault.Invalid, "portable.large", MaxSize>>20)
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&s); err != nil {
		return Signed{}, fault.New(fault.Invalid, "portable.unreadable")
	}
	if _, err := dec.Token(); err != io.EOF {
		return Signed{}, fault.New(fault.Invalid, "portable.unreadable")
	}
	if s.Evaluation.Format != Format {
		return Signed{}, fault.New(fault.Invalid, "portable.format", Format)
	}
	again, err := canonical(s)
	if err != nil {
		return Signed{}, err
	}
	message, err := canonical(s.Evaluation)
	if err != nil {
		return Signed{}, err
	}
	if len(s.PublicKey) != ed25519.PublicKeySize || !bytes.Equal(again, data) ||
		!ed25519.Verify(s.PublicKey, signed(message), s.Signature) {
		return Signed{}, fault.New(fault.Invalid, "portable.changed")
	}
	if !s.Evaluation.bounded() {
		return Signed{}, fault.New(fault.Invalid, "portable.bounds")
	}
	return s, nil
}

// bounded is true of an evaluation that holds what one may: a signature says who
// wrote it, not that it is well meant.
func (e Evaluation) bounded() bool {
	if len(e.Aspects) > len(evaluation.Aspects) || len(e.Evidence) > maxFiles || len(e.Letters) > 2 || !words(e.Board, 200) ||
		!words(e.Platform.Name, 200) || !words(e.Request, 40) || !day(e.SignedOn) {
		return false
	}
	seen := map[string]bool{}
	for _, a := range e.Aspects {
		if seen[a.Aspect] || !a.bounded() {
			return false
		}
		seen[a.Aspect] = true
	}
	size := 0
	for _, f := range e.Evidence {
		if size += len(f.Content); size > maxContent || !seen[f.Aspect] || !f.bounded() {
			return false
		}
	}
	return true
}

func (a Aspect) bounded() bool {
	if _, err := evaluation.ParseAspect(a.Aspect); err != nil || len(a.Criteria) > maxCriteria || len(a.Originals) > 2 || len(a.Departments) > maxCriteria ||
		utf8.RuneCountInString(a.LocationReason) > maxWords || utf8.RuneCountInString(a.Summary) > maxWords {
		return false
	}
	return !slices.ContainsFunc(a.Criteria, func(c Criterion) bool {
		return !words(c.ID, 64) || utf8.RuneCountInString(c.Note) > maxWords ||
			c.Rating != "" && !slices.Contains(evaluation.Ratings, evaluation.Rating(c.Rating))
	})
}

func (f File) bounded() bool {
	sum := sha256.Sum256(f.Content)
	name, media, err := evaluation.CheckFile(f.Content, f.Name, f.Media)
	return err == nil && name == f.Name && media == f.Media && hex.EncodeToString(sum[:]) == f.SHA256
}

// words is true of a text of one line that says something.
func words(s string, most int) bool {
	return strings.TrimSpace(s) != "" && utf8.RuneCountInString(s) <= most && !strings.ContainsAny(s, "\r\n\t\x00")
}

func day(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}
