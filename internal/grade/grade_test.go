package grade_test

import (
	"slices"
	"testing"

	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/fault"
	"aval/internal/grade"
	"aval/internal/policy"
)

func TestWordsMeanWhatTheProvinceMeans(t *testing.T) {
	for _, c := range []struct{ at, written, want string }{
		{grade.Quebec, "Maternelle 4 ans", "PK"}, {grade.Quebec, "maternelle", "KG"}, {grade.Quebec, "Primaire 6", "06"},
		{grade.Quebec, "1re secondaire", "07"}, {grade.Quebec, "Sec. 5", "11"}, {grade.Quebec, "3e année", "03"}, {grade.Quebec, "4", "04"},
		{grade.Ontario, "M", "PK"}, {grade.Ontario, "J", "KG"}, {grade.Ontario, "Maternelle", "PK"}, {grade.Ontario, "Jardin d’enfants", "KG"},
		{grade.Ontario, "JK", "PK"}, {grade.Ontario, "SK", "KG"}, {grade.Ontario, "Grade 12", "12"}, {grade.Ontario, "9e année", "09"},
		{grade.Ontario, "12", "12"}, {"", "kg", "KG"}, {"", "KG", "KG"}, {"", "Other", "Other"}, {"", "", ""},
	} {
		if got, _, ok := grade.Usual(c.at).Read(c.written); !ok || got != c.want {
			t.Errorf("%s %q is %q (%t), want %q", c.at, c.written, got, ok, c.want)
		}
	}
	for _, written := range []string{"M", "J", "Zed", "14", "secondaire 6"} {
		if got, _, ok := grade.Usual(grade.Quebec).Read(written); ok {
			t.Errorf("%q is %q in Québec", written, got)
		}
	}
}

func TestEveryWordIsAGradeThatConsumersKnow(t *testing.T) {
	for _, at := range []string{grade.Quebec, grade.Ontario} {
		for word, is := range grade.Usual(at) {
			if !slices.Contains(grade.All, is) || db.Fold(word) != word {
				t.Errorf("%s: %q is %q", at, word, is)
			}
		}
	}
	if grade.CEDS("07") != "07" || grade.CEDS("") != "" || grade.CEDS("Accueil") != "Other" {
		t.Error("CEDS")
	}
	if n := len(grade.Youth(grade.Quebec)); n != 13 {
		t.Errorf("%d grades in Québec", n)
	}
}

func TestABoardsOwnWords(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		board, ctx := dbtest.Board(t, d), t.Context()
		pack, err := policy.Shipped("csc-pan-2023")
		if err != nil {
			t.Fatal(err)
		}
		s := &grade.Service{DB: d}
		teacher := policy.Actor{ID: "t", Board: board, Pack: pack, Via: "web", Grants: []policy.Grant{{Role: policy.Teacher}}}
		if err := s.Add(ctx, teacher, "Accueil", "Other"); !fault.Is(err, fault.Denied) {
			t.Errorf("a teacher: %v", err)
		}
		by := policy.System(board, pack, "cli")
		for field, w := range map[string][2]string{"written": {" ", "Other"}, "grade": {"Accueil", "Zed"}} {
			f, _ := fault.As(s.Add(ctx, by, w[0], w[1]))
			if f == nil || f.Fields[field].Key == "" {
				t.Errorf("%v: %v", w, f)
			}
		}
		if err := s.Add(ctx, by, "Accueil", "UG"); err != nil {
			t.Fatal(err)
		}
		if err := s.Add(ctx, by, "ACCUEIL", "Other"); err != nil {
			t.Fatal(err)
		}
		own, err := s.Words(ctx, by)
		if err != nil || len(own) != 1 || own[0].Grade != "Other" {
			t.Fatalf("words: %v, %v", own, err)
		}
		v, err := grade.Read(ctx, d, board)
		if err != nil {
			t.Fatal(err)
		}
		if got, mapped, ok := v.Read("accueil"); got != "Other" || !mapped || !ok {
			t.Errorf("read as %q", got)
		}
		if err := s.Drop(ctx, by, "accueil"); err != nil {
			t.Fatal(err)
		}
		if err := s.Drop(ctx, by, "accueil"); !fault.Is(err, fault.NotFound) {
			t.Errorf("dropped twice: %v", err)
		}
	})
}
