package fault_test

import (
	"fmt"
	"testing"

	"aval/internal/fault"
)

func TestFault(t *testing.T) {
	err := fmt.Errorf("submit: %w", fault.New(fault.Conflict, "request.not_draft").Under("2.2b"))
	f, ok := fault.As(err)
	if !ok || f.Clause != "2.2b" || !fault.Is(err, fault.Conflict) || fault.Is(err, fault.Denied) {
		t.Errorf("As: %v, %v; want the conflict under 2.2b", f, ok)
	}
	if got, want := err.Error(), "submit: conflict: request.not_draft (2.2b)"; got != want {
		t.Errorf("Error: %q, want %q", got, want)
	}
	if err := fault.Form(nil); err != nil {
		t.Errorf("Form without fields: %v, want nil", err)
	}
	err = fault.Form(map[string]string{"usage": "b", "cost": "a"})
	if got, want := err.Error(), "invalid: form_invalid cost=a usage=b"; got != want {
		t.Errorf("Form: %q, want %q", got, want)
	}
}
