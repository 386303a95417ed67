package disclosure

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/i18n"
)

// aDomain is a name of at least two labels, as mail is sent to.
var aDomain = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$`)

// cleanDomain is a domain as it is kept; it refuses one that cannot receive mail.
func cleanDomain(typed string) (string, error) {
	domain := strings.ToLower(strings.TrimPrefix(i18n.Clean(typed), "@"))
	if domain != "" && (len(domain) > 200 || !aDomain.MatchString(domain)) {
		return "", fault.Form(map[string]string{"catch_all": "disclosure.domain_wrong"})
	}
	return domain, nil
}

// locals are the parts before the @ that stand for people in a sector, by person; they are
// chance, and nothing of them is derived. Who has none yet is left out.
func locals(ctx context.Context, tx *db.Tx, sector string, people []string) (map[string]string, error) {
	by := map[string]string{}
	for part := range slices.Chunk(people, chunk) {
		found, err := db.All(ctx, tx, scanPair, `SELECT person_id, local_part FROM pairwise_address
			WHERE board_id = $1 AND sector = $2 AND person_id IN `+db.In(3, len(part)), db.Args(part, tx.Board, sector)...)
		if err != nil {
			return nil, err
		}
		for _, p := range found {
			by[p.subject] = p.value
		}
	}
	return by, nil
}

// ensureAddresses makes an address for each of these people who has none; the sector
// is held alone.
func ensureAddresses(ctx context.Context, tx *db.Tx, sector string, people []string) error {
	there, err := locals(ctx, tx, sector, people)
	if err != nil {
		return err
	}
	lack := lacking(people, there)
	if len(lack) == 0 {
		return nil
	}
	if err := writes(tx); err != nil {
		return err
	}
	rows := make([][]any, len(lack))
	for i, id := range lack {
		rows[i] = []any{sector, id, db.NewID()}
	}
	if err := db.Bulk(ctx, tx, "pairwise_address", []string{"sector", "person_id", "local_part"}, nil, rows); err != nil {
		return fmt.Errorf("make addresses: %w", err)
	}
	return nil
}
