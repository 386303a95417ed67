// Package packs holds the policy packs that ship with aval: a law pack under
// each policy pack. A pack's words are ours, in plain language; a board loads
// its official text as a document.
package packs

import "embed"

// Files are the shipped packs, one YAML file each.
//
//go:embed *.yaml
var Files embed.FS
