package strategies

import (
	"fmt"
	"strconv"
	"time"
)

// keyset reads rows changed since the mark, page after page. The API's token is
// strictly greater than the page's last value, so following it would skip rows that
// share that value; keyset asks from the last value instead, lets the window drop the
// rows it knows, and takes the token only as the word on whether there is more (rule
// 15). Pages that are not sorted by the cursor leave no other way than the token.
//
// Pages by token have no order: behind the reader, rows with values up to the greatest
// there is may appear unseen. What was there before the sweep began is another matter: a
// row that changed since then has a value at or above it, so everything below it stood
// still and was read. So the mark moves to what the first page showed, and to what the
// sweep before had reached (P2).
//
// A whole sweep by token that was in order throughout ends this: the next one goes by value.
//
// That the API does not sort shows in a page whose rows fall, in a token that leads to
// older rows, or in a token that promised more where a request by value finds none. An
// API whose pages happen to rise, each of them and at each page's end, cannot be told
// from one that sorts; rescans are for that.
type keyset struct{ core }

func newKeyset(spec Spec) (Strategy, error) {
	k, err := newCore(spec, spec.Lookback)
	if err != nil {
		return nil, err
	}
	if spec.Params.Since == "" {
		return nil, fmt.Errorf("keyset needs the name of the parameter that filters by the cursor field (params.since)")
	}
	return keyset{k}, nil
}

func (s keyset) Begin(c Cursor, _ time.Time) (Cursor, error) {
	if c.Sweep != nil {
		if !s.spec.Unsorted || c.Sweep.ByToken {
			return c, nil
		}
		// Begun by value, before the configuration said that this will not do.
		c = c.clone()
		c.Sweep.ByToken = true
		s.low(c)
		return s.restart(c), nil
	}
	c, err := s.open(c)
	if err != nil {
		return c, err
	}
	c.Sweep.High = c.Reached
	if c.Unsorted || s.spec.Unsorted {
		c.Sweep.ByToken = true
		s.low(c)
	}
	return c, nil
}

// low lets a sweep by token begin where the mark's row comes even if the filter is strict:
// it may come on any of its pages, or on none, so that nothing tells.
func (s keyset) low(c Cursor) {
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
			sweep.From, sweep.After = from, from
		}
	}
}

func (s keyset) Query(c Cursor) Query {
	bound := c.Sweep.After
	if c.Sweep.Token != "" {
		bound = c.Sweep.Bound
	}
	var q Query
	if bound != "" {
		q.Params = append(q.Params, Param{s.spec.Params.Since, bound})
	}
	if c.Sweep.Token != "" {
		q.Params = append(q.Params, Param{s.spec.Params.Token, c.Sweep.Token})
	}
	if n := s.limit(c); n > 0 {
		q.Params = append(q.Params, Param{s.spec.Params.Limit, strconv.Itoa(n)})
	}
	return q
}

func (s keyset) Fold(c Cursor, p Page) (Verdict, error) {
	c = c.clone()
	sweep := c.Sweep
	sweep.Pages++
	c.Longest = max(c.Longest, len(p.Rows))
	says, err := s.says(&c, p)
	if err != nil {
		return Verdict{}, err
	}
	if sweep.Token != "" && !sweep.ByToken {
		older, err := s.older(c, p.Rows)
		if err != nil {
			return Verdict{}, err
		}
		if older > 0 && !s.repeats(c, p.Rows) {
			return s.unsorted(c, fmt.Sprintf("row %d of a page is older than the page before its token", older))
		}
		if sweep.Probe {
			return s.probed(c, p, says)
		}
	}
	if sweep.Token == "" && !sweep.ByToken {
		seen, err := s.sight(c, p.Rows)
		if err != nil {
			return Verdict{}, err
		}
		if v, again, err := s.doubt(&c, seen); err != nil || again {
			return v, err
		}
	}
	e := s.extent(p.Rows, p.Ceiling)
	if !e.sorted && !sweep.ByToken && sweep.After != sweep.From {
		// Earlier pages were asked for by value, which an unsorted API does not support.
		return s.unsorted(c, fmt.Sprintf("row %d of a page is older than the row before it", e.at+1))
	}
	if !e.sorted && s.spec.Params.Token != "" {
		c.Unsorted, sweep.ByToken = true, true
	}
	if err := s.note(&c, e.high); err != nil {
		return Verdict{}, err
	}
	if sweep.ByToken {
		if v, again, err := s.pass(&c, p.Rows, says); err != nil || again {
			return v, err
		}
		if err := s.rise(&c, p.Rows); err != nil {
			return Verdict{}, err
		}
	}
	_, beyond, err := s.next(c, e.last, e)
	if err != nil {
		return Verdict{}, err
	}
	lower, err := s.unfiltered(c, e)
	switch {
	case err != nil:
		return Verdict{}, err
	case says == toldNothing:
		return s.untold(c, p, e, beyond && !lower)
	case lower && !beyond && says == toldMore:
		return s.tokens(c, fmt.Sprintf("asked from %q the API begins at %q and comes no further than %q: it does not honour the parameter %s, "+
			"or compares more coarsely than it writes", sweep.After, e.first.Raw, e.last.Raw, s.spec.Params.Since))
	case !sweep.ByToken && sweep.Behind != "" && !beyond && (says == toldEnd || e.last.Set):
		// The page before said that there is more, and asking from its last value leads
		// nowhere. Its token tells whether that was a change, or rows out of order.
		return s.probe(c, p, says), nil
	case says == toldEnd:
		err := s.end(&c)
		return Verdict{Next: c, Warning: p.More.against("the token is empty, which ends the sweep")}, err
	case len(p.Rows) == 0:
		return s.onward(c, p)
	case !e.sorted && s.spec.Params.Token == "":
		return Verdict{}, fmt.Errorf("row %d of the page is older than the row before it: the API does not sort by the cursor field, "+
			"and no token parameter is configured to go on with (params.token)", e.at+1)
	case sweep.ByToken:
		if s.spec.Params.Token == "" {
			return Verdict{}, fmt.Errorf("the API does not sort by the cursor field, and no token parameter is configured " +
				"to go on with (params.token)")
		}
		return s.follow(c, p)
	case !e.last.Set:
		if s.spec.Params.Token == "" {
			return Verdict{}, fmt.Errorf("none of the page's %d rows has a cursor value to go on from, and no token parameter is configured "+
				"to go on with (params.token)", len(p.Rows))
		}
		return s.follow(c, p)
	case !beyond:
		return s.stands(c, p, e)
	}
	sweep.Nothing, sweep.Look = false, ""
	sweep.Token = ""
	if s.spec.Params.Token != "" {
		if sweep.Behind = p.Token.Text; len(sweep.Behind) > longestToken {
			sweep.Behind = "" // no request can ask what it leads to
		}
		s.bind(sweep)
		s.recall(sweep, p.Rows)
	}
	return Verdict{Next: c}, s.passed(&c, e.last, e)
}

// note raises the greatest value read: what a request by value showed counts for the
// mark at this sweep's end, what came by token at the next one's.
func (s keyset) note(c *Cursor, v Value) (err error) {
	if c.Sweep.Token == "" {
		return s.saw(c, v)
	}
	c.Sweep.Ahead, err = s.greater(c.Sweep.Ahead, v)
	return err
}

// end closes the sweep. What it read by token and beyond the mark is kept for the next.
func (s keyset) end(c *Cursor) error {
	ahead, err := s.value(c.Sweep.Ahead)
	if err != nil {
		return err
	}
	sound := inOrder(c.Sweep)
	if err := s.core.end(c); err != nil {
		return err
	}
	mark, err := s.value(c.Mark)
	if err != nil {
		return err
	}
	c.Reached = ""
	if sound {
		c.Unsorted = false
	}
	if ahead.Set && (!mark.Set || s.spec.Format.Compare(ahead, mark) > 0) {
		c.Reached = string(ahead.Raw)
	}
	return nil
}

// older is the number of the first row that a request by value would not have returned;
// 0: none.
func (s keyset) older(c Cursor, rows []Row) (int, error) {
	after, err := s.value(c.Sweep.After)
	if err != nil || !after.Set {
		return 0, err
	}
	for i := range rows {
		v := rows[i].Value
		if !v.Set {
			continue
		}
		if d := s.spec.Format.Compare(v, after); d < 0 || d == 0 && (s.spec.Strict || c.Filter == FilterStrict) {
			return i + 1, nil
		}
	}
	return 0, nil
}

// probed goes on behind a page by token that shows nothing older. Rows of the very value that
// was asked from tell nothing of the order; what their page's own token leads to does.
// Otherwise what the token promised was deleted, or changed in between: on by value, for
// the token skips rows that share its value.
//
// No row at all is an end only where the page by value comes once more as it was, or where
// the configuration says so.
func (s keyset) probed(c Cursor, p Page, says told) (Verdict, error) {
	e := s.order(p.Rows)
	_, beyond, err := s.next(c, e.max, e)
	if err != nil {
		return Verdict{}, err
	}
	sweep := c.Sweep
	nothing := len(p.Rows) == 0 || says == toldEnd && s.repeats(c, p.Rows)
	switch {
	case says == toldMore && !beyond && (len(p.Rows) > 0 || sweep.Look != ""):
		next := s.follow
		switch {
		case len(p.Rows) == 0:
			next = s.onward
		case sweep.Own:
			sweep.Look = led
		default:
			sweep.Look = "" // the page by value may show them as well: its own token tells
		}
		v, err := next(c, p)
		v.Restarted = err == nil
		return v, err
	case nothing && sweep.Look != "" && sweep.Look != led && s.proves(p):
		err := s.end(&c)
		return Verdict{Next: c, Restarted: len(p.Rows) > 0}, err // its rows are known, and may lie below the window
	}
	if !nothing && !beyond && sweep.Own {
		sweep.Look = led
	}
	sweep.Token, sweep.TokenSeen, sweep.Probe, sweep.Empty, sweep.Nothing = "", "", false, 0, nothing && sweep.Look != led
	return Verdict{Next: c, Restarted: true}, nil
}

// unsorted reads the sweep once more from its base, by token (rule 12).
func (s keyset) unsorted(c Cursor, why string) (Verdict, error) {
	return s.tokens(c, why+": the API does not sort by the cursor field")
}

// tokens gives up asking by value.
func (s keyset) tokens(c Cursor, why string) (Verdict, error) {
	if s.spec.Params.Token == "" {
		return Verdict{}, fmt.Errorf("%s, and no token parameter is configured to go on with (params.token)", why)
	}
	c.Unsorted, c.Sweep.ByToken = true, true
	v := Verdict{Next: s.restart(c), Restarted: true,
		Warning: fmt.Sprintf("%s; reading the sweep again from %q by token", why, c.Sweep.From)}
	if err := v.Next.Exhausted(); err != nil {
		return Verdict{}, err
	}
	return v, nil
}

// longestToken is the longest token that is followed. Longer ones fit neither a request nor, with
// what else is in it, a cursor.
const longestToken = 32 << 10

// follow goes on by token: the pages are not sorted by the cursor, or this one holds no
// cursor value to go on from.
func (s keyset) follow(c Cursor, p Page) (Verdict, error) {
	sweep, token := c.Sweep, p.Token.Text
	if len(token) > longestToken {
		return Verdict{}, fmt.Errorf("the token has %d bytes, more than a request can carry (%d), and nothing else leads to the next page", len(token), longestToken)
	}
	// A token that leads to itself, or round in a circle, never ends. Every page's token is
	// held against one earlier token, and that one is taken anew at each power of two
	// (Brent), so that circles of any length are found in constant memory.
	if s.spec.Ends.RepeatedPage && token == sweep.Token { // the last page, and it has changed
		sweep.Restarts++
		s.recall(sweep, p.Rows)
		if err := c.Exhausted(); err != nil {
			return Verdict{}, err
		}
		return Verdict{Next: c}, nil
	}
	if token == sweep.Token || token == sweep.TokenSeen {
		return Verdict{}, fmt.Errorf("the API repeats the token %q after %d pages: following it would never end (P7); "+
			"if it gives its last page again behind the end, say so (end: repeated_page)", token, sweep.Pages)
	}
	if sweep.Pages&(sweep.Pages-1) == 0 {
		sweep.TokenSeen = token
	}
	if sweep.Token == "" {
		s.bind(sweep)
	}
	sweep.Token = token
	s.recall(sweep, p.Rows)
	return Verdict{Next: c}, nil
}

// bind notes what the token in hand was asked from, where pages by token repeat it: alone
// it would be another question on most APIs.
func (s keyset) bind(sweep *Sweep) {
	if s.spec.Repeat {
		sweep.Bound = sweep.After
	}
}

// unfiltered says whether a page by value begins below what it was asked from.
func (s keyset) unfiltered(c Cursor, e extent) (bool, error) {
	if c.Sweep.ByToken || c.Sweep.Token != "" || !e.first.Set {
		return false, nil
	}
	after, err := s.value(c.Sweep.After)
	return after.Set && s.spec.Format.Compare(e.first, after) < 0, err
}

// pass doubts what a sweep by token as a whole does not show.
func (s keyset) pass(c *Cursor, rows []Row, says told) (Verdict, bool, error) {
	seen, err := s.sight(*c, rows)
	if err != nil || !seen.shown && says != toldEnd {
		return Verdict{}, false, err
	}
	v, again, err := s.doubt(c, sight{shown: seen.shown})
	if again {
		sweep := v.Next.Sweep // a pass of its own
		sweep.Token, sweep.TokenSeen, sweep.Bound, sweep.Rises, sweep.Rose = "", "", "", 0, ""
	}
	return v, again, err
}

// inOrder says whether the sweep shows that the API sorts: by token through three pages at
// least, it never fell and rose often enough that no other order does so by chance: 17
// values do once in 300,000,000,000,000 times. A sweep that went back was out of order.
func inOrder(s *Sweep) bool { return s.ByToken && s.Pages >= 3 && s.Rises >= 16 && s.Restarts == 0 }

// rise counts the steps up in a sweep by token, across its pages. A row from below what the
// sweep asks from speaks against going by value as one that falls.
func (s keyset) rise(c *Cursor, rows []Row) error {
	sweep := c.Sweep
	if sweep.Rises < 0 {
		return nil
	}
	from, err := s.value(sweep.From)
	if err != nil {
		return err
	}
	last, err := s.value(sweep.Rose)
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
			sweep.Rises, sweep.Rose = -1, ""
			return nil
		}
		if d > 0 && last.Set {
			sweep.Rises++
		}
		last = v
	}
	sweep.Rose = string(last.Raw)
	return nil
}

// Rewind asks anew however often the API refuses, until the sweep is Exhausted: a page
// promised rows that no request by value shows, and to end without its token would be to
// pass them (P2, P8).
func (s keyset) Rewind(c Cursor) Cursor { return s.restart(c) }

// restart is rewind; what was read so far was there before the pass that begins, so all
// of it counts for the mark.
func (s keyset) restart(c Cursor) Cursor {
	ahead, err := s.value(c.Sweep.Ahead)
	c = s.rewind(c)
	if high, err2 := s.greater(c.Sweep.High, ahead); err == nil && err2 == nil {
		c.Sweep.High = high
	}
	return c
}
