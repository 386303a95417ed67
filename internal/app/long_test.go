//go:build long

package app_test

import "aval/internal/db/dbtest"

// engines is where forms are filled in: with the tag long, on both.
var engines = dbtest.Each

// walked is on how many of the policies every door is tried.
var walked = len(policies)

// sequences is how many of them are tried on an engine under a policy.
const sequences = 500
