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

// ValuePosition is where keyset stands behind the value that its slice is asked from.
type ValuePosition struct {
	Token   string `json:"token,omitempty"`    // the one to follow
	Behind  string `json:"behind,omitempty"`   // the token of the page before, not followed
	Bound   string `json:"bound,omitempty"`    // what the token's pages were asked from
	Seen    string `json:"seen,omitempty"`     // an earlier token, to notice a circle (P7)
	Before  string `json:"before,omitempty"`   // a hash of the page that the token to follow came with, where the last page may come again
	Empty   int    `json:"empty,omitempty"`    // pages without rows, one behind the other
	ByToken bool   `json:"by_token,omitempty"` // pages are not sorted, so tokens are followed

	// Probe says that the next request asks what Token leads to of a page that Look stands for, by a hash of its rows: they
	// have to come again to prove the end. Own says that the token is that page's own, Nothing that it led to no row.
	Probe   bool   `json:"probe,omitempty"`
	Own     bool   `json:"own,omitempty"`
	Nothing bool   `json:"nothing,omitempty"`
	Look    string `json:"look,omitempty"`

	// Rises counts, by token, the steps up from one value to the next; -1: the rows fell somewhere. Rose is the last value.
	Rises int    `json:"rises,omitempty"`
	Rose  string `json:"rose,omitempty"`
}

func (p *ValuePosition) wrong(below func(name string, n, least int64)) {
	below("empty", int64(p.Empty), 0)
	below("rises", int64(p.Rises), -1)
}

// Token is the token that the next question of a sweep by value follows; "": none.
func (s *Sweep) Token() string { return At[ValuePosition](s).Token }

// ByToken reports whether a sweep by value goes by tokens, because its pages are not sorted.
func (s *Sweep) ByToken() bool { return At[ValuePosition](s).ByToken }

// at is the sweep's position. It can be changed where placed has made it.
func (s *keyset) at(c *Cursor) *ValuePosition { return position[ValuePosition](c.Sweep) }

func newKeyset(spec Spec) (Strategy, error) {
	k, err := newCore(spec, spec.Lookback)
	if err != nil {
		return nil, err
	}
	if spec.Params.Since == "" {
		return nil, fmt.Errorf("keyset needs the name of the parameter that filters by the cursor field (params.since)")
	}
	return &keyset{k}, nil
}

func (s *keyset) Begin(c Cursor, _ time.Time) (Cursor, error) {
	if c.Sweep != nil {
		if !s.spec.Unsorted || s.at(&c).ByToken {
			return c, nil
		}
		// Begun by value, before the configuration said that this will not do.
		c, at := placed[ValuePosition](c, byValue)
		at.ByToken = true
		s.low(&c)
		return s.restart(c), nil
	}
	c, err := s.open(c)
	if err != nil {
		return c, err
	}
	c, at := placed[ValuePosition](c, byValue)
	c.Sweep.High = c.Reached
	if c.Unsorted || s.spec.Unsorted {
		at.ByToken = true
		s.low(&c)
	}
	return c, nil
}

func (s *keyset) Query(c Cursor) Query {
	bound, at := c.Sweep.Slice().After, s.at(&c)
	if at.Token != "" {
		bound = at.Bound
	}
	var q Query
	if bound != "" {
		q.Params = append(q.Params, Param{RoleSince, bound})
	}
	if at.Token != "" {
		q.Params = append(q.Params, Param{RoleToken, at.Token})
	}
	if n := s.limit(c); n > 0 {
		q.Params = append(q.Params, Param{RoleLimit, strconv.Itoa(n)})
	}
	return q
}

func (s *keyset) Fold(c Cursor, p Page) (Verdict, error) {
	c, at := placed[ValuePosition](c, byValue)
	sweep := c.Sweep
	sweep.Pages++
	c.Longest = max(c.Longest, len(p.Rows))
	says, err := s.says(&c, p)
	if err != nil {
		return Verdict{}, err
	}
	if at.Token != "" && !at.ByToken {
		older, err := s.older(&c, p.Rows)
		if err != nil {
			return Verdict{}, err
		}
		if older > 0 && !s.repeats(&c, p.Rows) {
			return s.unsorted(c, fmt.Sprintf("row %d of a page is older than the page before its token", older))
		}
		if at.Probe {
			return s.probed(c, p, says)
		}
	}
	if at.Token == "" && !at.ByToken {
		seen, err := s.sight(&c, p.Rows)
		if err != nil {
			return Verdict{}, err
		}
		if v, again, err := s.doubt(&c, seen); err != nil || again {
			return v, err
		}
	}
	e := s.extent(p.Rows, p.Ceiling)
	if !e.sorted && !at.ByToken && sweep.Slice().After != sweep.From {
		// Earlier pages were asked for by value, which an unsorted API does not support.
		return s.unsorted(c, SaysOlder(e.at+1, "a page"))
	}
	if !e.sorted && s.spec.Params.Token != "" {
		c.Unsorted, at.ByToken = true, true
	}
	if err := s.note(&c, e.high); err != nil {
		return Verdict{}, err
	}
	if at.ByToken {
		if v, again, err := s.pass(&c, p.Rows, says); err != nil || again {
			return v, err
		}
		if err := s.rise(&c, p.Rows); err != nil {
			return Verdict{}, err
		}
	}
	text, beyond, err := s.next(&c, e.last, e)
	if err != nil {
		return Verdict{}, err
	}
	lower, err := s.unfiltered(&c, e)
	switch {
	case err != nil:
		return Verdict{}, err
	case says == toldNothing:
		return s.untold(c, p, e, beyond && !lower)
	case lower && !beyond && says == toldMore:
		return s.tokens(c, fmt.Sprintf("asked from %q the API begins at %q and comes no further than %q: %s",
			sweep.Slice().After, e.first.Raw, e.last.Raw, SaysUnfiltered(s.spec.Params.Since)))
	case !at.ByToken && at.Behind != "" && !beyond && (says == toldEnd || e.last.Set):
		// The page before said that there is more, and asking from its last value leads
		// nowhere. Its token tells whether that was a change, or rows out of order.
		return s.probe(c, p, says), nil
	case says == toldEnd:
		err := s.end(&c)
		return Verdict{Next: c, Warning: p.More.against("the token is empty, which ends the sweep")}, err
	case len(p.Rows) == 0:
		return s.onward(c, p)
	case !e.sorted && s.spec.Params.Token == "":
		return Verdict{}, fmt.Errorf("%s: %s, and no token parameter is configured to go on with (params.token)",
			SaysOlder(e.at+1, "the page"), SaysUnsorted)
	case at.ByToken:
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
	at.Nothing, at.Look = false, ""
	at.Token = ""
	if s.spec.Params.Token != "" {
		if at.Behind = p.Token.Text; len(at.Behind) > longestToken {
			at.Behind = "" // no request can ask what it leads to
		}
		s.bind(&c)
		s.recall(at, p.Rows)
	}
	return Verdict{Next: c}, s.moved(&c, e.last, e, text)
}

// note raises the greatest value read: what a request by value showed counts for the
// mark at this sweep's end, what came by token at the next one's.
func (s *keyset) note(c *Cursor, v Value) (err error) {
	if s.at(c).Token == "" {
		return s.saw(c, v, "")
	}
	c.Sweep.Ahead, err = s.greater(c.Sweep.Ahead, v)
	return err
}

// end closes the sweep. What it read by token and beyond the mark is kept for the next.
func (s *keyset) end(c *Cursor) error {
	ahead, err := s.value(c.Sweep.Ahead)
	if err != nil {
		return err
	}
	sound := s.inOrder(c)
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
func (s *keyset) older(c *Cursor, rows []Row) (int, error) {
	after, err := s.value(c.Sweep.Slice().After)
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
func (s *keyset) probed(c Cursor, p Page, says told) (Verdict, error) {
	e := s.order(p.Rows)
	_, beyond, err := s.next(&c, e.max, e)
	if err != nil {
		return Verdict{}, err
	}
	at := s.at(&c)
	nothing := len(p.Rows) == 0 || says == toldEnd && s.repeats(&c, p.Rows)
	switch {
	case says == toldMore && !beyond && (len(p.Rows) > 0 || at.Look != ""):
		next := s.follow
		switch {
		case len(p.Rows) == 0:
			next = s.onward
		case at.Own:
			at.Look = led
		default:
			at.Look = "" // the page by value may show them as well: its own token tells
		}
		v, err := next(c, p)
		v.Restarted = err == nil
		return v, err
	case nothing && at.Look != "" && at.Look != led && s.proves(p):
		err := s.end(&c)
		return Verdict{Next: c, Restarted: len(p.Rows) > 0}, err // its rows are known, and may lie below the window
	}
	if !nothing && !beyond && at.Own {
		at.Look = led
	}
	at.Token, at.Seen, at.Probe, at.Empty, at.Nothing = "", "", false, 0, nothing && at.Look != led
	return Verdict{Next: c, Restarted: true}, nil
}

// unsorted reads the sweep once more from its base, by token (rule 12).
func (s *keyset) unsorted(c Cursor, why string) (Verdict, error) {
	return s.tokens(c, why+": "+SaysUnsorted)
}

// unfiltered says whether a page by value begins below what it was asked from.
func (s *keyset) unfiltered(c *Cursor, e extent) (bool, error) {
	if at := s.at(c); at.ByToken || at.Token != "" || !e.first.Set {
		return false, nil
	}
	after, err := s.value(c.Sweep.Slice().After)
	return after.Set && s.spec.Format.Compare(e.first, after) < 0, err
}

// Rewind asks anew however often the API refuses, until the sweep is Exhausted: a page
// promised rows that no request by value shows, and to end without its token would be to
// pass them (P2, P8).
func (s *keyset) Rewind(c Cursor) Cursor { return s.restart(c) }

// restart is rewind; what was read so far was there before the pass that begins, so all
// of it counts for the mark.
func (s *keyset) restart(c Cursor) Cursor {
	ahead, err := s.value(c.Sweep.Ahead)
	byToken := s.at(&c).ByToken
	c, at := placed[ValuePosition](s.rewind(c), byValue)
	at.ByToken = byToken
	if high, err2 := s.greater(c.Sweep.High, ahead); err == nil && err2 == nil {
		c.Sweep.High = high
	}
	return c
}
