package strategies

import "fmt"

// Where the API does not sort by the cursor field, keyset follows tokens instead of values,
// until a sweep shows that it sorts after all.

// low lets a sweep by token begin where the mark's row comes even if the filter is strict:
// it may come on any of its pages, or on none, so that nothing tells.
func (s *keyset) low(c *Cursor) {
	sweep := c.Sweep
	if s.spec.Format == Opaque {
		return // it cannot begin lower; the sweep as a whole has to show the row
	}
	sweep.Expect = ""
	if c.Mark == "" || sweep.From != c.Mark {
		return
	}
	if v, err := s.value(c.Mark); err == nil {
		if from, err := s.careful(c, v, 0); err == nil {
			sweep.From, sweep.Slice().After = from, from
		}
	}
}

// tokens gives up asking by value, once in a sweep: how often it went back before is no reason any
// more.
func (s *keyset) tokens(c Cursor, why string) (Verdict, error) {
	if s.spec.Params.Token == "" {
		return Verdict{}, fmt.Errorf("%s, and no token parameter is configured to go on with (params.token)", why)
	}
	c.Unsorted, s.at(&c).ByToken, c.Sweep.Restarts = true, true, 0
	return Verdict{Next: s.restart(c), Restarted: true,
		Warning: fmt.Sprintf("%s; reading the sweep again from %q by token", why, c.Sweep.From)}, nil
}

// longestToken is the longest token that is followed. Longer ones fit neither a request nor, with
// what else is in it, a cursor.
const longestToken = 32 << 10

// follow goes on by token: the pages are not sorted by the cursor, or this one holds no
// cursor value to go on from.
func (s *keyset) follow(c Cursor, p Page) (Verdict, error) {
	sweep, at, token := c.Sweep, s.at(&c), p.Token.Text
	if len(token) > longestToken {
		return Verdict{}, fmt.Errorf("the token has %d bytes, more than a request can carry (%d), and nothing else leads to the next page", len(token), longestToken)
	}
	// A token that leads to itself, or round in a circle, never ends. Every page's token is
	// held against one earlier token, and that one is taken anew at each power of two
	// (Brent), so that circles of any length are found in constant memory.
	again := token == at.Token || token == at.Seen
	if s.spec.Ends.RepeatedPage && again { // the last page, and it has changed, or what lay behind it has gone
		sweep.Restarts++
		at.Token = token
		s.recall(at, p.Rows)
		if err := c.Exhausted(); err != nil {
			return Verdict{}, err
		}
		return Verdict{Next: c}, nil
	}
	if again {
		return Verdict{}, fmt.Errorf("the API repeats the token %q after %d pages: following it would never end; "+
			"if it gives its last page again behind the end, say so (end: repeated_page)", token, sweep.Pages)
	}
	if sweep.Pages&(sweep.Pages-1) == 0 {
		at.Seen = token
	}
	if at.Token == "" {
		s.bind(&c)
	}
	at.Token = token
	s.recall(at, p.Rows)
	return Verdict{Next: c}, nil
}

// bind notes what the token in hand was asked from, where pages by token repeat it: alone
// it would be another question on most APIs.
func (s *keyset) bind(c *Cursor) {
	if s.spec.Repeat {
		s.at(c).Bound = c.Sweep.Slice().After
	}
}

// pass doubts what a sweep by token as a whole does not show.
func (s *keyset) pass(c *Cursor, rows []Row, says told) (Verdict, bool, error) {
	seen, err := s.sight(c, rows)
	if err != nil || !seen.shown && says != toldEnd {
		return Verdict{}, false, err
	}
	v, again, err := s.doubt(c, sight{shown: seen.shown})
	if again {
		at := s.at(&v.Next) // a pass of its own
		at.Token, at.Seen, at.Bound, at.Rises, at.Rose = "", "", "", 0, ""
	}
	return v, again, err
}

// inOrder says whether the sweep shows that the API sorts: by token through three pages at
// least, it never fell and rose often enough that no other order does so by chance: 17
// values do once in 300,000,000,000,000 times. A sweep that went back was out of order.
func (s *keyset) inOrder(c *Cursor) bool {
	sweep, at := c.Sweep, s.at(c)
	return at.ByToken && sweep.Pages >= 3 && at.Rises >= 16 && sweep.Restarts == 0
}

// rise counts the steps up in a sweep by token, across its pages. A row from below what the
// sweep asks from speaks against going by value as one that falls.
func (s *keyset) rise(c *Cursor, rows []Row) error {
	sweep, at := c.Sweep, s.at(c)
	if at.Rises < 0 {
		return nil
	}
	from, err := s.value(sweep.From)
	if err != nil {
		return err
	}
	last, err := s.value(at.Rose)
	if err != nil {
		return err
	}
	for i := range rows {
		v := rows[i].Value
		if !v.Set {
			continue
		}
		d := 1
		if last.Set {
			d = s.spec.Format.Compare(v, last)
		}
		if d < 0 || from.Set && s.spec.Format.Compare(v, from) < 0 {
			at.Rises, at.Rose = -1, ""
			return nil
		}
		if d > 0 && last.Set {
			at.Rises++
		}
		last = v
	}
	at.Rose = string(last.Raw)
	return nil
}
