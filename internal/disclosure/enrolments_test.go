package disclosure

import "testing"

func TestAnEnrolmentIsNotCalledAfterWhatOthersKnow(t *testing.T) {
	known := seatValue([]byte("secret"), "class", "roster-id")
	for what, other := range map[string]string{
		"another secret": seatValue([]byte("other"), "class", "roster-id"),
		"another class":  seatValue([]byte("secret"), "other", "roster-id"),
		"another id":     seatValue([]byte("secret"), "class", "other"),
		"the same text":  seatValue([]byte("secret"), "clas", "sroster-id"),
	} {
		if other == known || len(other) != 26 {
			t.Errorf("%s: %s", what, other)
		}
	}
	if again := seatValue([]byte("secret"), "class", "roster-id"); again != known {
		t.Errorf("%s, then %s", known, again)
	}
}
