package correction

import "aval/internal/vault"

// Sealed is the table with a sealed column, for the keys to be replaced.
func Sealed() vault.Resealer { return vault.Column{Table: "correction", Name: "sealed"} }
