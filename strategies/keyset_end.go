package strategies

import (
	"fmt"
	"strconv"

	"github.com/zeebo/xxh3"
)

// How an API tells its end (rule 24) has as many forms as there are APIs: its token is null,
// left out, false or 0; it comes with every page, and behind the last one there is an empty
// page, that page again, or a refusal.
//
// A null token is the end by itself. One that is left out, or blank, is where an earlier page
// had one in that place, where the page has no row, or fewer than were asked for. Without any
// of these keyset goes on by value as timestamp does, until a page shows nothing beyond the
// value it was asked from: nothing newer was there then, and such a page that is shorter than
// another one was not cut among rows of one value.
//
// Where every page has a token, such a page is held against what its token leads to. If that
// is no row, and the page comes once more as it was, it is the end too. An API that was seen
// to close a page with rows by an empty token means it where it gives one.
//
// What is not told by these is an error that names the setting (end).

// told is what the token of a page says.
type told uint8

const (
	toldMore    told = iota
	toldEnd          // there is no more
	toldNothing      // nothing: it is left out, or blank, and nobody knows what that means
)

// mostEmpty is how many pages without rows are followed, each to the next by a token of its
// own. APIs that filter behind their pages give some; others give them for ever.
const mostEmpty = 100

// says judges a page's token.
func (s *keyset) says(c *Cursor, p Page) (told, error) {
	at, t, ends := s.at(c), p.Token, s.spec.Ends
	if len(p.Rows) > 0 {
		at.Empty = 0
	}
	switch {
	case s.repeats(c, p.Rows):
		return toldEnd, nil
	case t.Present && !t.Null && !t.Blank:
		c.TokenAt = s.tokenPlace()
		if len(p.Rows) == 0 && (ends.EmptyPage || t.Text == at.Token) {
			return toldEnd, nil
		}
		return toldMore, nil
	case t.Present && t.Null || ends.Token:
	case p.More.More != "":
		return toldNothing, fmt.Errorf("the answer has %s, and says that there is more (%s): is token_path the right one? "+
			"If this is how the API shows its last page, say so (end: token)", s.tokenless(t), p.More.More)
	case c.TokenAt == s.tokenPlace(), len(p.Rows) == 0, s.short(p.Rows):
	default:
		return toldNothing, nil
	}
	c.Closes = c.Closes || len(p.Rows) > 0
	return toldEnd, nil
}

// tokenPlace is what the cursor calls the place of the token.
func (s *keyset) tokenPlace() string {
	if s.spec.TokenPlace == "" {
		return "token"
	}
	return s.spec.TokenPlace
}

// tokenless tells what a page has instead of a token.
func (s *keyset) tokenless(t Token) string {
	if t.Present {
		return t.Text + " for a token at " + strconv.Quote(s.tokenPlace())
	}
	return "no token at " + strconv.Quote(s.tokenPlace())
}

// short reports whether a page has fewer rows than the request asked for.
func (s *keyset) short(rows []Row) bool {
	return s.spec.Params.Limit != "" && len(rows) < s.spec.PageSize
}

// narrow reports whether a page was not cut for the number of its rows. A page of one row is
// taken for one that holds all: a limit of one row, on an API whose tokens pass ties by, is an
// error as soon as a greater value is there, which no page by value shows.
func (s *keyset) narrow(c *Cursor, rows []Row) bool {
	return len(rows) <= 1 || len(rows) < c.Longest || s.short(rows)
}

// repeats reports whether a page by token shows the rows of the page before, on an API that
// is configured to give its last page again behind the end.
func (s *keyset) repeats(c *Cursor, rows []Row) bool {
	at := s.at(c)
	return s.spec.Ends.RepeatedPage && at.Token != "" && at.Before == shown(rows)
}

// recall notes the rows of a page whose token is to be followed.
func (s *keyset) recall(at *ValuePosition, rows []Row) {
	if s.spec.Ends.RepeatedPage {
		at.Before = shown(rows)
	}
}

// proves reports whether the configuration takes what a token has led to for the end.
func (s *keyset) proves(p Page) bool {
	return p.refused || len(p.Rows) > 0 || s.spec.Ends.EmptyPage
}

// led stands in ValuePosition.Look for a page whose own token led to rows.
const led = "rows"

// shown is a hash of rows and their values.
func shown(rows []Row) string {
	h := uint64(len(rows))
	for i := range rows {
		h = h*0x9e3779b97f4a7c15 + xxh3.Hash(rows[i].Key)
		h = h*0x9e3779b97f4a7c15 + xxh3.Hash(rows[i].Value.Raw)
	}
	return strconv.FormatUint(h, 16)
}

// untold goes on behind a page that says nothing of whether there is more: by value, until a
// page shows nothing beyond the value it was asked from.
func (s *keyset) untold(c Cursor, p Page, e extent, beyond bool) (Verdict, error) {
	at := s.at(&c)
	var why string
	switch {
	case !e.sorted || at.ByToken:
		why = "the API does not sort by the cursor field, so that no request by value shows what lies behind"
	case !e.last.Set:
		why = "none of its rows has a cursor value to go on from"
	case beyond:
		at.Behind = ""
		return Verdict{Next: c}, s.passed(&c, e.last, e)
	case s.narrow(&c, p.Rows):
		err := s.end(&c)
		return Verdict{Next: c}, err
	default:
		why = fmt.Sprintf("all of its rows are at or before %q, the value it was asked from, so that more of them may lie behind", c.Sweep.Slice().After)
	}
	return Verdict{}, fmt.Errorf("the answer of %d rows has %s, so it does not say whether there is more, and %s: give the path of the token "+
		"(token_path), or, if the page without one is the last, say so (end: token)", len(p.Rows), s.tokenless(p.Token), why)
}

// probe asks what the token leads to of a page by value that shows nothing beyond the value it
// was asked from: that of the page before where there is one, for it tells of rows out of order.
func (s *keyset) probe(c Cursor, p Page, says told) Verdict {
	at := s.at(&c)
	token := at.Behind
	if at.Own = token == ""; at.Own {
		token = p.Token.Text
		s.bind(&c)
		s.recall(at, p.Rows)
	}
	at.Token, at.Behind, at.Probe, at.Nothing, at.Look = token, "", true, false, ""
	if says == toldMore {
		at.Look = shown(p.Rows)
	}
	return Verdict{Next: c}
}

// stands judges a page by value that shows nothing beyond the value it was asked from, and
// whose token says that there is more: the end of an API that gives a token with every page,
// or more rows of one value than a page holds.
func (s *keyset) stands(c Cursor, p Page, e extent) (Verdict, error) {
	sweep, at, ends := c.Sweep, s.at(&c), s.spec.Ends
	believed := !c.Closes && s.narrow(&c, p.Rows)
	configured := ends.EmptyPage || ends.RepeatedPage || len(ends.Statuses) > 0
	again := at.Nothing && at.Look == shown(p.Rows)
	moved := at.Look != "" && !again // it has changed, or its token led to rows which it does not show: they may have gone since
	if moved {
		sweep.Restarts++
	}
	switch {
	case unitOf(&c).filter != "" && sweep.Restarts < maxRestarts:
		// Replicas that lag, rows that come and go, may have made it look so.
		u := s.Rewind(c)
		u.Filter, u.Gone = "", ""
		return Verdict{Next: u, Restarted: true}, nil
	case unitOf(&c).filter != "":
		return Verdict{}, fmt.Errorf("a page of %d rows ends at %q, and the API, whose filter compares whole %s, cannot be asked for what lies behind it: "+
			"raise the API's page size (page_size, with its name in params.limit), or read this collection with offset or timestamp", len(p.Rows), e.last.Raw, unitOf(&c).name)
	case s.spec.Params.Token == "" || moved && c.Exhausted() != nil || again && !believed || !believed && !configured:
		return Verdict{}, fmt.Errorf("a page of %d rows ends at %q, the value it was asked from, and the API says there is more: "+
			"more rows share that value than a page holds, and no request can reach the ones behind; "+
			"raise the API's page size (page_size, with its name in params.limit), or read this collection with offset or timestamp; "+
			"if each of its pages has a token, say what stands behind the last one (end)", len(p.Rows), e.last.Raw)
	case again:
		err := s.end(&c)
		return Verdict{Next: c}, err
	}
	return s.probe(c, p, toldMore), nil
}

// onward follows the token of a page without rows.
func (s *keyset) onward(c Cursor, p Page) (Verdict, error) {
	at := s.at(&c)
	if at.Empty++; at.Empty > mostEmpty && !s.spec.Ends.Token {
		return Verdict{}, fmt.Errorf("%d pages without rows follow each other, each with a token of its own: if an empty page is the end, say so "+
			"(end: empty_page); if only a page without a token is, end: token", at.Empty)
	}
	return s.follow(c, p)
}

// Refused takes a refusal of a token for an empty page behind the last one, where the
// configuration says that the API ends so.
func (s *keyset) Refused(c Cursor, status int) (Verdict, bool, error) {
	if s.at(&c).Token == "" || !s.spec.Ends.status(status) {
		return Verdict{}, false, nil
	}
	v, err := s.Fold(c, Page{Total: -1, Token: Token{Present: true, Null: true}, refused: true})
	return v, true, err
}
