package connector

// notices are the things about an API's rows that a stream says once.
type notices struct {
	rounded bool
}

// notice says what the scanner had to do to a page's rows so that the schema takes them.
func (f *fetcher) notice(a *answer) {
	if a.Rounded.Count > 0 && !f.said.rounded {
		f.said.rounded = true
		f.log.Warn("timestamps have more digits than microseconds: they are rounded down",
			"first", a.Rounded.First, "rows", a.Rounded.Count)
		f.board.set(func(s *Status) { s.Warnings++ })
	}
}
