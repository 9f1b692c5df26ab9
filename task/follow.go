package task

// Follow opens the run of a directory as Reopen does, for a process that makes it together with the one that has the directory's lock: nothing is written
// there, neither by the Run nor by a trainer that isn't the first rank.
func Follow(c Config) (*Run, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	r := &Run{Config: c, follows: true}
	if err := r.reopen(); err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}
