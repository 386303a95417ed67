// Package fault holds what the house says no with.
//
// A refusal is part of the domain: it has a kind, a message key that a door
// turns into a sentence of the user's language and, where a rule of the policy
// refused, the clause. Anything else that goes wrong is our mistake: a plain
// error, logged and never shown.
package fault

import (
	"errors"
	"maps"
	"slices"
	"strings"
)

// Kind says what sort of refusal it is. Doors alone know what it means in HTTP.
type Kind int

const (
	// Invalid: what was typed cannot be taken as it is.
	Invalid Kind = iota + 1
	// Denied: this person may not do this to what they can see.
	Denied
	// NotFound: there is no such thing, or not for this person.
	NotFound
	// Conflict: the thing is not in a state in which this can be done.
	Conflict
)

func (k Kind) String() string {
	switch k {
	case Invalid:
		return "invalid"
	case Denied:
		return "denied"
	case NotFound:
		return "not_found"
	case Conflict:
		return "conflict"
	}
	return "unknown"
}

// Message is a key of the texts and what goes into its sentence.
type Message struct {
	Key  string
	Args []any
}

// Fault is a refusal. Fields names the form fields that must be mended, each
// with its own message.
type Fault struct {
	Kind   Kind
	Key    string
	Args   []any
	Clause string
	Fields map[string]Message
}

// New makes a refusal with the message of the given key.
func New(kind Kind, key string, args ...any) *Fault {
	return &Fault{Kind: kind, Key: key, Args: args}
}

// Missing is the one answer for what does not exist, or does not exist for
// this person: the two must not be told apart.
func Missing() *Fault { return New(NotFound, "not_found") }

// Under gives the clause of the policy that refused, such as "2.2b".
func (f *Fault) Under(clause string) *Fault {
	f.Clause = clause
	return f
}

// Error names the keys, never what a person typed.
func (f *Fault) Error() string {
	var b strings.Builder
	b.WriteString(f.Kind.String() + ": " + f.Key)
	for _, field := range slices.Sorted(maps.Keys(f.Fields)) {
		b.WriteString(" " + field + "=" + f.Fields[field].Key)
	}
	if f.Clause != "" {
		b.WriteString(" (" + f.Clause + ")")
	}
	return b.String()
}

// Form refuses a form whose fields (name to message key) must be mended, or
// answers nil when there are none.
func Form(fields map[string]string) error {
	messages := make(map[string]Message, len(fields))
	for field, key := range fields {
		messages[field] = Message{Key: key}
	}
	return FormMsg(messages)
}

// FormMsg is Form for messages that carry arguments.
func FormMsg(fields map[string]Message) error {
	if len(fields) == 0 {
		return nil
	}
	return &Fault{Kind: Invalid, Key: "form_invalid", Args: []any{len(fields)}, Fields: fields}
}

// Under gives the refusal in an error, where there is one, the clause that refused.
func Under(err error, clause string) error {
	if f, ok := As(err); ok {
		return f.Under(clause)
	}
	return err
}

// As finds the refusal in an error.
func As(err error) (*Fault, bool) {
	var f *Fault
	ok := errors.As(err, &f)
	return f, ok
}

// Is tells whether an error is a refusal of that kind.
func Is(err error, kind Kind) bool {
	f, ok := As(err)
	return ok && f.Kind == kind
}
