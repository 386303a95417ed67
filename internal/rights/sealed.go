package rights

import "aval/internal/vault"

// Sealed are the tables with sealed columns, for the keys to be replaced.
func Sealed() []vault.Resealer {
	return []vault.Resealer{vault.Column{Table: "rights_request", Name: "sealed"}, vault.Column{Table: "consent", Name: "signer"}}
}
