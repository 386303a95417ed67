package roster_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"aval/internal/db/dbtest"
	"aval/internal/identity"
)

// posts are what the active people of the board are, and where.
func (h house) posts() string {
	return strings.Join(h.lines(`SELECT p.source_id || ' ' || o.source_id || ' ' || r.role FROM person_role r
		JOIN person p ON p.board_id = r.board_id AND p.id = r.person_id JOIN org o ON o.board_id = r.board_id AND o.id = r.org_id
		WHERE r.board_id = $1 AND p.status = 'active' ORDER BY 1`), "\n")
}

const (
	manyOrgs = "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId\n" +
		"b1,,,Board,district,1,\ns1,,,One,school,2,b1\ns2,,,Two,school,3,b1\ns3,,,Three,school,4,b1\n"
	onlyPeople = "propertyName,value\nmanifest.version,1.0\noneroster.version,%s\nfile.orgs,bulk\nfile.users,%s\nfile.roles,%s\n"
)

// roleSet is a set of people with these rows of roles.csv: id, user, school, role.
func roleSet(mode string, users []string, rows ...string) map[string]string {
	status := map[string]string{"bulk": ",,", "delta": "active,2026-11-22T00:00:00Z,"}[mode]
	people, posts := users12, roles
	for _, u := range users {
		people += u + "," + status + "true," + u + ",,Zibeline,Nom" + u + ",,P" + u + ",,,,,03,,,,,,,\n"
	}
	for _, row := range rows {
		cells := strings.Fields(row)
		said := status
		if strings.HasSuffix(row, " gone") {
			said = "tobedeleted,2026-11-22T00:00:00Z,"
		}
		posts += cells[0] + "," + said + cells[1] + ",primary," + cells[3] + ",,," + cells[2] + ",\n"
	}
	return map[string]string{"manifest.csv": fmt.Sprintf(onlyPeople, "1.2", mode, mode), "orgs.csv": manyOrgs, "users.csv": people, "roles.csv": posts}
}

func TestARoleThatStandsTwiceIsWhatItSaysLast(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		h.bring(folder(t, roleSet("bulk", []string{"u1", "u2"}, "r1 u1 s1 student", "r2 u2 s1 student")))
		h.bring(folder(t, roleSet("bulk", []string{"u1", "u2"}, "r1 u1 s1 student", "r2 u2 s1 student", "r1 u1 s2 student")))
		if got, want := h.posts(), "u1 s2 student\nu2 s1 student"; got != want {
			t.Errorf("posts:\n%s\nwant\n%s", got, want)
		}
	})
}

// What a joined pupil's other id says is theirs, as often as the set says it, and its own again once that is undone.
func TestPostsFollowWhoWasJoined(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		set := folder(t, roleSet("bulk", []string{"u1", "u2"}, "r1 u1 s1 student", "r2 u2 s2 student", "r3 u2 s1 student"))
		expect := func(when, want string) {
			t.Helper()
			for range 3 {
				h.bring(set)
				if got := h.posts(); got != want {
					t.Fatalf("%s:\n%s\nwant\n%s", when, got, want)
				}
			}
		}
		const apart = "u1 s1 student\nu2 s1 student\nu2 s2 student"
		expect("apart", apart)
		a, err := h.identities().Merge(t.Context(), h.it, identity.Merge{First: h.person("u1").ID, Second: h.person("u2").ID,
			Login: identity.OfFirst, Other: identity.Keep})
		if err != nil {
			t.Fatal(err)
		}
		expect("joined", "u1 s1 student\nu1 s2 student")
		h.bring(folder(t, roleSet("bulk", []string{"u1", "u2"}, "r1 u1 s1 student", "r2 u2 s3 student")))
		if got, want := h.posts(), "u1 s1 student\nu1 s3 student"; got != want {
			t.Errorf("once the other id moves:\n%s\nwant\n%s", got, want)
		}
		expect("joined again", "u1 s1 student\nu1 s2 student")
		if _, err := h.identities().Undo(t.Context(), h.it, a.ID); err != nil {
			t.Fatal(err)
		}
		expect("undone", apart)
	})
}

// Whatever came before, a full set leaves the people whom it names just the posts
// that it leaves on a board that never saw another.
func TestAFullSetTellsPostsWhateverCameBefore(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		for seed := range uint64(12) {
			chance := rand.New(rand.NewPCG(seed, 34)) //nolint:gosec // to be drawn again
			for range 5 {
				h.bring(folder(t, chanceSet(chance, "bulk")))
				if chance.IntN(2) == 0 {
					h.bring(folder(t, chanceSet(chance, "delta")))
				}
			}
			last := folder(t, chanceSet(chance, "bulk"))
			h.bring(last)
			fresh := h
			fresh.board = dbtest.Board(t, h.DB)
			fresh.it.Board = fresh.board
			fresh.bring(last)
			got, want := strings.Split(h.posts(), "\n"), strings.Split(fresh.posts(), "\n")
			got = slices.DeleteFunc(got, func(post string) bool { // who is in no row of roles stays as they were
				who, _, _ := strings.Cut(post, " ")
				return !slices.ContainsFunc(want, func(w string) bool { return strings.HasPrefix(w, who+" ") })
			})
			if !slices.Equal(got, want) {
				t.Fatalf("seed %d: posts\n%s\nwant\n%s", seed, strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		}
	})
}

// chanceSet draws a few people with a few roles; now and then one row stands for another's.
func chanceSet(chance *rand.Rand, mode string) map[string]string {
	var users, rows []string
	for i := range 6 {
		u := fmt.Sprint("u", i)
		if chance.IntN(6) == 0 {
			continue
		}
		users = append(users, u)
		for range 1 + chance.IntN(3) {
			id := len(rows)
			if chance.IntN(12) == 0 {
				id = chance.IntN(len(rows) + 1)
			}
			row := fmt.Sprintf("r%d %s s%d %s", id, u, 1+chance.IntN(3), []string{"student", "student", "teacher"}[chance.IntN(3)])
			if mode == "delta" && chance.IntN(3) == 0 {
				row += " gone"
			}
			rows = append(rows, row)
		}
	}
	return roleSet(mode, users, rows...)
}
