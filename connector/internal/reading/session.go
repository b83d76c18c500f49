package reading

import (
	"slices"
	"time"

	"tidemark/connector/config"
	"tidemark/connector/internal/admit"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/status"
	"tidemark/connector/internal/window"
	"tidemark/connector/internal/wire"
	"tidemark/strategies"
)

// Parts are what a session is made of. Production and simulations fill the same fields.
type Parts struct {
	Stream   config.Stream
	Strategy strategies.Strategy
	Format   strategies.Format
	Rules    *admit.Rules
	Report   *status.Reporter
	Notes    *Notes             // what was said of the API so far; it outlives the session
	Drift    func() *wire.Drift // the fields of the rows so far
	Budget   Budget             // of the bytes of answers that are not committed yet
	Grow     Grow               // what the schema learns of rows; nil: it learns nothing
	Parents  *Parents           // the rows for each of which a slice is read; nil: there are none
}

// Budget bounds the bytes of answers in memory (P10). TryAcquire and Release wait for nothing.
type Budget interface {
	// TryAcquire takes n bytes where they fit; it returns what they count.
	TryAcquire(n int64) (weight int64, ok bool)
	Release(weight int64)
}

// Ask is a question that somebody has to carry to the API.
type Ask struct {
	ID     uint64
	Params []strategies.Param
	Level  int     // whom to ask: 0 the stream's API, 1 that of its parents, 2 that of theirs
	Rest   *Answer // the answer whose next piece is asked for; nil: Params are the question
}

// Need is a wait for room for an answer that is in turn and does not fit into the budget.
type Need struct {
	ID    uint64
	Bytes int64
}

// Page is an answer that was folded, and where it moves the cursor.
type Page struct {
	Answer  *Answer // nil where its rows are not delivered
	Weight  int64   // held of the budget
	Bad     int     // of the answer's rows: they cannot be written
	Next    strategies.Cursor
	Asked   bool // Next follows an answer of the API
	Ended   bool // Next stands at a sweep's end
	Reopen  bool // Next needs a window that reaches further down
	Warning string

	Question []strategies.Param // what the answer is one to, as the strategy asked it
	Listed   bool               // there is no answer: the parents were listed
	Parents  int                // that there are, where they were listed
	Listing  *Listing           // of the page that Puller.First reads: its parents; nil: it has none
	Doubt    string             // why what the sweep does not show may be there all the same; empty: there is no reason
}

// Session reads a sweep page by page: it says which questions to ask, some of them before their
// turn, and folds the answers in the order in which the strategy asks. It is a pure state
// machine: it has no clock and no goroutine, and whoever carries its questions to the API
// brings the answers back, in any order.
type Session struct {
	p     Parts
	at    strategies.Cursor // before the page in turn
	fetch prefetch
	doubt *emptiness // a first sweep without rows is looked behind; nil: none is

	family *family   // nil: the stream has no parents
	now    time.Time // of the last step

	page   Page      // folded last
	broken int       // long answers that broke off, one after the other
	until  time.Time // nothing is asked before; zero: no wait
}

// NewSession returns a session that reads nothing yet. most is how many questions it may ask ahead of the
// one in turn.
func NewSession(p Parts, most int) *Session {
	s := &Session{p: p, fetch: prefetch{budget: p.Budget, strategy: p.Strategy, most: most, depth: most}}
	s.family = newFamily(&s.p)
	return s
}

// Begin makes the session stand before the page that c stands before; c must have an open sweep. Where the stream has
// parents they are listed first.
func (s *Session) Begin(now time.Time, c strategies.Cursor) {
	s.at, s.doubt, s.now = c, nil, now
	s.first()
}

// first asks what comes first: the parents, where the stream has any.
func (s *Session) first() {
	if s.family != nil && s.at.Sweep != nil {
		if s.family.begin(s.now, s.at.Sweep.Sure); !s.family.known {
			s.fetch.drop() // a page that was kept takes room that their pages may need
		}
		return
	}
	s.next()
}

// At is the cursor before the page in turn.
func (s *Session) At() strategies.Cursor { return s.at }

// Keep hands the session an answer that was read before it began. It counts as asked ahead. So are its parents, where it
// has any: l is those that there were then.
func (s *Session) Keep(params []strategies.Param, a *Answer, l *Listing) {
	s.fetch.keep(params, a)
	if s.family != nil {
		s.family.kept = l
	}
}

// Wake is when the session wants to be asked again for its questions; zero: it does not wait.
func (s *Session) Wake() time.Time {
	if s.lists() {
		return s.family.list.Wake()
	}
	return s.until
}

// lists reports whether the parents are being listed.
func (s *Session) lists() bool { return s.family != nil && s.family.listing }

// Tick ends a wait that is over.
func (s *Session) Tick(now time.Time) {
	if s.lists() {
		s.family.list.Tick(now)
	}
	if s.until.IsZero() || now.Before(s.until) {
		return
	}
	s.until = time.Time{}
	s.next()
}

// Drop forgets all that was asked: the sweep goes another way, or is read again.
func (s *Session) Drop() {
	s.fetch.drop()
	s.doubt = nil
	if s.family != nil {
		s.family.list.Drop()
		s.family.listing = false
	}
}

// Again asks the question in turn again, behind an error. Parents are listed anew: one of them may be the reason.
func (s *Session) Again() {
	s.Drop()
	s.broken = 0
	s.first()
}

// Forgive lets the sweep go back as often as one that has just begun. It is for a stream that
// goes on trying: how often the sweep went back is not the reason any more.
func (s *Session) Forgive() {
	if sweep := s.at.Sweep; sweep != nil && sweep.Restarts > 0 {
		fresh := *sweep
		fresh.Restarts, s.at.Sweep = 0, &fresh
	}
}

// next asks the question in turn, unless it was asked ahead.
func (s *Session) next() {
	switch {
	case !s.until.IsZero() || s.at.Sweep == nil:
	case s.doubt != nil:
		s.fetch.turn(s.doubt.params)
	default:
		s.fetch.turn(s.fetch.strategy.Query(s.at).Params)
	}
}

// Step folds the answer in turn. It returns nil and no error where that has not come yet, or
// leads to another question before anything can be said. An error leaves the session before the
// page. The page is valid until the next Step.
func (s *Session) Step(now time.Time) (*Page, error) {
	s.now = now
	if s.lists() {
		if done, err := s.family.step(now); !done || err != nil {
			return nil, err
		}
		page, err := s.listed()
		if err != nil {
			return nil, err
		}
		return s.stands(page), nil
	}
	for {
		e, ok := s.fetch.inTurn()
		if !ok {
			return nil, nil //nolint:nilnil // there is nothing to fold yet
		}
		page, again, err := s.fold(now, e)
		switch {
		case err != nil:
			return nil, err
		case page != nil:
			return s.stands(page), nil
		case !again:
			return nil, nil //nolint:nilnil // as above
		}
	}
}

// stands makes the session stand behind a page.
func (s *Session) stands(page *Page) *Page {
	if s.at = page.Next; page.Ended || page.Reopen {
		s.fetch.drop()
	} else {
		s.next()
	}
	return page
}

// fold takes what came of the question in turn. again says that another answer may have come
// that is in turn now.
func (s *Session) fold(now time.Time, e early) (page *Page, again bool, err error) {
	switch {
	case s.doubt != nil:
		return s.doubted(e)
	case e.err != nil && e.rest:
		return nil, true, s.breaksOff(now, e.err)
	case e.err != nil:
		page, err := s.refused(e.err)
		return page, false, err
	}
	if e.answer.Cut {
		s.fetch.continues(e.answer)
	} else {
		s.broken = 0
	}
	answer := e.answer
	if answer.Grows && s.p.Grow != nil {
		if err := s.grows(answer); err != nil {
			s.letGo(answer, e.weight)
			return nil, false, err
		}
	}
	s.p.Notes.answer(&s.p, &s.at, answer)
	answer.Ceiling = s.ceiling(now, answer.Date)
	v, err := s.fetch.strategy.Fold(s.at, answer.Page)
	if err != nil {
		err = s.wrong(answer, err)
		s.letGo(answer, e.weight)
		return nil, false, err
	}
	if s.family == nil && s.p.Notes.mayDoubt(&s.at, &v.Next, answer) {
		// It has no rows, and what it holds of the budget the answers behind it may need.
		s.letGo(answer, e.weight)
		if s.doubt, err = newEmptiness(&s.p, now, s.at, v, answer); err != nil {
			s.doubt = nil
			return nil, false, err
		}
		s.fetch.drop()
		if s.doubt.params != nil {
			s.next()
			return nil, true, nil
		}
		return s.believed(), false, nil
	}
	if page, err = s.made(answer, e.weight, &v); err == nil {
		page.Question = e.params
	}
	return page, false, err
}

// made is what a verdict makes of an answer.
func (s *Session) made(answer *Answer, weight int64, v *strategies.Verdict) (*Page, error) {
	s.page = Page{Answer: answer, Weight: weight, Asked: true, Next: v.Next, Warning: v.Warning, Ended: v.Next.Sweep == nil}
	page := &s.page
	if v.From.Set {
		answer.Rows = slices.DeleteFunc(answer.Rows, func(r strategies.Row) bool { return r.Value.Set && s.p.Format.Compare(r.Value, v.From) < 0 })
	}
	if err := s.countBad(page, v.Restarted); err != nil {
		s.letGo(answer, weight)
		return nil, err
	}
	if v.Restarted {
		s.letGo(answer, weight)
		page.Answer, page.Weight = nil, 0
		lower, err := window.Lower(s.p.Format, v.Next.Window, s.at.Window)
		if err != nil {
			return nil, err
		}
		page.Reopen = lower
	}
	switch {
	case v.Restarted || page.Ended:
		s.fetch.drop()
	case !answer.Cut:
		s.fetch.look(&v.Next, len(answer.Rows), answer.Total, answer.Size)
	}
	return page, nil
}

// wrong says to which page an error belongs.
func (s *Session) wrong(a *Answer, err error) error {
	return class.Errorf(class.Source, "reading page %d of the sweep, %s: %w", pageNumber(s.at), a.URL, err)
}

// letGo frees an answer that is not delivered.
func (s *Session) letGo(a *Answer, weight int64) {
	a.Release()
	s.p.Budget.Release(weight)
}

// countBad counts the answer's rows and those that cannot be written, and fails where they are
// too many. The cursor stays before the page.
func (s *Session) countBad(page *Page, restarted bool) error {
	if restarted || page.Answer == nil {
		return nil // rows come again: the strategy says what of the count stands
	}
	sweep := s.at.Sweep
	rows := page.Answer.Rows
	bad, err := s.p.Rules.TooMany(rows, sweep.Rows, sweep.Bad)
	if err != nil {
		return s.wrong(page.Answer, err)
	}
	page.Bad = bad
	if next := page.Next.Sweep; next != nil { // Fold has made it
		next.Rows, next.Bad = sweep.Rows+int64(len(rows)), sweep.Bad+int64(bad)
	}
	return nil
}

// ceiling is the greatest value that may move the mark (rule 13). It goes by the API's
// own clock where it tells it.
func (s *Session) ceiling(now, date time.Time) strategies.Value {
	if s.p.Stream.MaxFuture == 0 || !s.p.Format.Temporal() {
		return strategies.Value{}
	}
	if date.IsZero() {
		date = now
	}
	return strategies.Value{N: date.Add(s.p.Stream.MaxFuture).UnixMicro(), Set: true}
}

func pageNumber(c strategies.Cursor) int64 { return c.Sweep.Pages + 1 }
