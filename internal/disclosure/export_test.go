package disclosure

// So few that every test of a refresh goes through several pages.
func init() { page = 2 }
