package source

import "aval/internal/vault"

// Sealed are the tables with sealed columns, for the keys to be replaced.
func Sealed() []vault.Resealer {
	return []vault.Resealer{vault.Column{Table: "roster_source", Name: "secret"}, vault.Column{Table: "roster_page", Name: "sealed"}}
}
