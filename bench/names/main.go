// Command names measures a million login names with their passwords: drawn,
// checked, told apart, sealed and made findable by the house, against a bare loop
// over the standard library that draws as much, checks the same code, keeps the
// same set and seals and hashes as many texts of the same length.
//
//	go run ./bench/names [-n 1000000] [-rounds 3]
package main

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"slices"
	"time"

	"aval/internal/board"
	"aval/internal/db"
	"aval/internal/pseudonym"
	"aval/internal/seal"
	"aval/internal/vault"
)

var (
	count  = flag.Int("n", 1_000_000, "how many names")
	rounds = flag.Int("rounds", 3, "turns of each")
)

func main() {
	flag.Parse()
	if err := run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	keys, err := keysOfABoard(ctx)
	if err != nil {
		return err
	}
	var ratios []float64
	for range *rounds {
		start := time.Now()
		if err := bare(*count); err != nil {
			return err
		}
		floor := time.Since(start)
		start = time.Now()
		if err := house(keys, *count); err != nil {
			return err
		}
		ours := time.Since(start)
		ratio := ours.Seconds() / floor.Seconds()
		ratios = append(ratios, ratio)
		fmt.Printf("%d names  bare %8v  house %8v  ×%.2f\n", *count, floor.Round(time.Millisecond), ours.Round(time.Millisecond), ratio)
	}
	slices.Sort(ratios)
	fmt.Printf("median: ×%.2f (goal 2.00)\n", ratios[len(ratios)/2])
	return nil
}

// keysOfABoard makes the keys of a board that lives as long as this program.
func keysOfABoard(ctx context.Context) (keys *vault.Keys, err error) {
	dir, err := os.MkdirTemp("", "aval-bench-names-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	dsn := "sqlite:" + filepath.Join(dir, "aval.db")
	if err := db.Migrate(ctx, dsn, ""); err != nil {
		return nil, err
	}
	d, err := db.Open(ctx, dsn)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	master, err := seal.OpenMaster(dir)
	if err != nil {
		return nil, err
	}
	boards := &board.Service{DB: d}
	if _, err := boards.Create(ctx, "bench", "Bench", "csc-pan-2023"); err != nil {
		return nil, err
	}
	err = d.Write(ctx, "bench", func(ctx context.Context, tx *db.Tx) error {
		keys, err = vault.New(master).Keys(ctx, tx)
		return err
	})
	return keys, err
}

// house is what issuing a name and an account does, but for the database.
func house(keys *vault.Keys, n int) error {
	taken := make(map[pseudonym.Name]bool, n)
	for range n {
		name, err := pseudonym.Draw(rand.Reader, nil)
		for err == nil && taken[name] {
			name, err = pseudonym.Draw(rand.Reader, nil)
		}
		if err != nil {
			return err
		}
		taken[name] = true
		password, err := pseudonym.Generate(rand.Reader, pseudonym.TwoWordsDigits, "fr")
		if err != nil {
			return err
		}
		person, row := db.NewID(), db.NewID()
		for _, s := range []struct{ column, text string }{{"name", name.String()}, {"person", person}, {"password", password.Text}} {
			if _, err := keys.Seal(vault.Place{Table: "login_name", Column: s.column, Row: row}, []byte(s.text)); err != nil {
				return err
			}
		}
		for _, s := range []struct{ label, text string }{{"login_name.name", name.String()}, {"login_name.person", person}} {
			if _, err := keys.MAC(s.label, s.text); err != nil {
				return err
			}
		}
	}
	return nil
}

const (
	letters = "bcdfghjkmnpqrstvwxz"
	digits  = "23456789"
)

// bare does the same with the standard library alone.
func bare(n int) error {
	var secret [32]byte
	if _, err := rand.Read(secret[:]); err != nil {
		return err
	}
	block, err := aes.NewCipher(secret[:])
	if err != nil {
		return err
	}
	box, err := cipher.NewGCM(block)
	if err != nil {
		return err
	}
	words := make([]string, 1024)
	for i := range words {
		words[i] = fmt.Sprintf("mot%03d", i%1000)
	}
	taken := make(map[[8]byte]bool, n)
	for range n {
		name := draw()
		for taken[name] {
			name = draw()
		}
		taken[name] = true
		password := words[below(1024)] + "-" + words[below(1024)] + "-" + fmt.Sprint(10+below(90))
		person, row := hex.EncodeToString(random(13)), hex.EncodeToString(random(13))
		for _, s := range []struct{ column, text string }{{"name", string(name[:])}, {"person", person}, {"password", password}} {
			nonce := random(box.NonceSize())
			box.Seal(nonce, nonce, []byte(s.text), []byte("login_name."+s.column+".bench."+row))
		}
		for _, s := range []struct{ label, text string }{{"login_name.name", string(name[:])}, {"login_name.person", person}} {
			mac := hmac.New(sha256.New, secret[:])
			mac.Write([]byte(s.label + s.text))
			hex.EncodeToString(mac.Sum(nil))
		}
	}
	return nil
}

// draw draws seven signs, and the fourth letter that makes them add up.
func draw() (name [8]byte) {
	sum := 0
	for i := range name {
		set := letters
		if i >= 4 {
			set = digits
		}
		if i != 3 {
			v := below(len(set))
			sum += (i + 1) * v
			name[i] = set[v]
		}
	}
	name[3] = letters[(19-sum%19)*5%19] // 4, its weight, times 5 is 1 modulo 19
	return name
}

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // it never fails: the program would end
	return b
}

// below draws a number, each as likely, a byte or two at a time.
func below(n int) int {
	if n <= 256 {
		for most := 256 - 256%n; ; {
			if v := int(random(1)[0]); v < most {
				return v % n
			}
		}
	}
	b := random(2)
	return (int(b[0])<<8 | int(b[1])) % n // a power of two
}
