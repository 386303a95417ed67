package roster_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/roster"
)

// two is small with a second school.
func two() map[string]string {
	set := small()
	set["orgs.csv"] += "s2,,,Other,school,3,b1\n"
	return set
}

func (h house) preview(set map[string]string) roster.Preview {
	h.t.Helper()
	p, err := h.Preview(h.t.Context(), h.it, folder(h.t, set))
	if err != nil {
		h.t.Fatalf("Preview: %v", err)
	}
	return p
}

func TestOnlyWhoMayImportsSeesAPreview(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		if _, err := h.Preview(t.Context(), h.teacher, "nowhere"); !fault.Is(err, fault.Denied) && !fault.Is(err, fault.NotFound) {
			t.Errorf("Preview by a teacher: %v", err)
		}
		if _, err := h.Preview(t.Context(), h.it, "nowhere"); !fault.Is(err, fault.Invalid) {
			t.Errorf("Preview of nothing: %v, want Invalid", err)
		}
	})
}

func TestAPreviewSaysWhatWouldChangeAndWritesNothing(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		first := h.preview(two())
		if first.Pupils != (roster.Changes{Added: 2}) || first.Others != (roster.Changes{Added: 2}) || first.Students != 2 || first.Stops {
			t.Errorf("before the first import: %+v", first)
		}
		h.read(func(ctx context.Context, tx *db.Tx) error {
			if done, err := roster.History(ctx, tx, 1); err != nil || len(done) != 0 {
				t.Errorf("a preview was recorded as an import: %v %v", done, err)
			}
			return nil
		})
		h.bring(folder(t, two()))
		if again := h.preview(two()); again.Pupils != (roster.Changes{}) || again.Others != (roster.Changes{}) || len(again.BySchool)+len(again.Suspicious) > 0 {
			t.Errorf("of the same set again: %+v", again)
		}
		set := two()
		swap("users.csv", "u1,,,true,s1,student", "u1,,,true,s2,student")(t, set)
		swap("users.csv", "u2,,,true,s1,student,u2,,Zibeline,Marquenoix,,P2,,,,,03,\n",
			"u3,,,true,s1,student,u3,,Ursande,Follebruine,,P3,,,,,03,\n")(t, set)
		swap("users.csv", "Haltebrume", "Haltebrume-Noé")(t, set)
		swap("enrollments.csv", "u2", "u3")(t, set)
		got := h.preview(set)
		if got.Pupils != (roster.Changes{Added: 1, Moved: 1, Left: 1}) || got.Others != (roster.Changes{Changed: 1}) {
			t.Errorf("pupils %+v, others %+v", got.Pupils, got.Others)
		}
		want := []roster.SchoolChanges{{School: "s1", Name: "School", Added: 1, Departed: 1, Left: 1}, {School: "s2", Name: "Other", Arrived: 1}}
		if !slices.Equal(got.BySchool, want) || len(got.Suspicious) != 0 {
			t.Errorf("by school %+v, want %+v; suspicious %v", got.BySchool, want, got.Suspicious)
		}
		said, err := json.Marshal(got)
		if err != nil || strings.Contains(string(said), "Follebruine") || strings.Contains(string(said), "Marquenoix") {
			t.Errorf("it says a name: %s %v", said, err)
		}
	})
}

func TestAPreviewSuspectsOneTakenForAnother(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		h.bring(folder(t, two()))
		cases := []struct {
			name string
			soil []func(*testing.T, map[string]string)
			want map[string]int
		}{
			{"a number that goes to another child", []func(*testing.T, map[string]string){swap("users.csv", "Zibeline,Marquenoix", "Ursande,Follebruine")},
				map[string]int{"number_other_name": 1}},
			{"a name with another accent or a second family name is no other", []func(*testing.T, map[string]string){
				swap("users.csv", "Zibeline,Marquenoix", "Zibéline,Marquenoix Quorvath")}, map[string]int{}},
			{"two pupils of one number", []func(*testing.T, map[string]string){swap("users.csv", "Marquenoix,,P2", "Marquenoix,,P1")},
				map[string]int{"number_twice": 1}},
			{"a pupil who comes under another id", []func(*testing.T, map[string]string){swap("users.csv", "u2,,,true", "n2,,,true"),
				swap("enrollments.csv", "k1,s1,u2", "k1,s1,n2")}, map[string]int{"id_changed": 1}},
			{"a user name that another has", []func(*testing.T, map[string]string){swap("users.csv", "student,u2", "student,u1")},
				map[string]int{"username_twice": 1}},
			{"an address that was another's", []func(*testing.T, map[string]string){
				swap("users.csv", "Ferdin,Haltebrume,,E2,", "Ferdin,Haltebrume,,E2,orsane@ecole.example")}, map[string]int{"email_reused": 1}},
			{"a pupil in two schools", []func(*testing.T, map[string]string){swap("users.csv", "true,s1,student,u1", `true,"s1,s2",student,u1`)},
				map[string]int{"two_schools": 1}},
			{"a pupil who became a teacher", []func(*testing.T, map[string]string){swap("users.csv", "s1,student,u2", "s1,teacher,u2")},
				map[string]int{"kind_changed": 1}},
		}
		for _, c := range cases {
			set := two()
			for _, soil := range c.soil {
				soil(t, set)
			}
			if got := codes(h.preview(set).Suspicious); !maps.Equal(got, c.want) {
				t.Errorf("%s: %v, want %v", c.name, got, c.want)
			}
		}
	})
}

// crowd is a set of n more pupils.
func crowd(n int) map[string]string {
	set := small()
	for i := range n {
		set["users.csv"] += fmt.Sprintf("x%d,,,true,s1,student,x%d,,Ursande,Follebruine,,X%d,,,,,03,\n", i, i, i)
	}
	return set
}

func TestAFullSetThatWouldRetireManyStopsUnlessTold(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		h.bring(folder(t, crowd(198))) // and two
		kept, cut := folder(t, crowd(188)), folder(t, crowd(187))
		if p, err := h.Preview(t.Context(), h.it, kept); err != nil || p.Stops || p.Pupils.Left != 10 {
			t.Errorf("one in twenty: %+v %v", p, err)
		}
		if p, err := h.Preview(t.Context(), h.it, cut); err != nil || !p.Stops || p.Pupils.Left != 11 {
			t.Errorf("more than one in twenty: %+v %v", p, err)
		}
		_, err := h.Import(t.Context(), h.it, cut)
		if f, ok := fault.As(err); !ok || f.Key != "roster.retires_most" || f.Kind != fault.Conflict {
			t.Fatalf("Import: %v", err)
		}
		if h.person("x197").Status != "active" {
			t.Error("an import that stopped wrote something")
		}
		h.bring(kept)
		if _, err := h.Import(t.Context(), h.it, folder(t, crowd(100)), roster.RetireMost); err != nil {
			t.Fatalf("told to go on: %v", err)
		}
		if h.person("x150").Status == "active" {
			t.Error("told to go on, it retired nobody")
		}
	})
}
