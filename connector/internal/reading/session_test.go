package reading

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"tidemark/connector/config"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/rest"
	"tidemark/strategies"
)

// An answer to a question that was cancelled is released, and no page is made of it: what was read
// before the sweep went another way must not be taken for an answer of now.
func TestCancelledAnswersAreLetGo(t *testing.T) {
	from, share := &ranged{ids: every(1), size: 1}, room(1000)
	s := session(t, numbers(t, strategies.StepSize, share, nil))
	answer(t, s, from, asks(s)[0])
	free(mustStep(t, s), share)
	early := asks(s)
	s.Again()
	fresh, cancelled := s.Asks(nil, nil)
	if len(cancelled) != len(early) {
		t.Fatalf("%d of %d questions are cancelled", len(cancelled), len(early))
	}
	freed := from.freed
	for i, a := range early {
		// An API must not be asked more at once than concurrency allows.
		if fresh = append(fresh, asks(s)...); len(fresh) > 0 {
			t.Fatalf("asked anew while %d cancelled questions have not ended", len(early)-i)
		}
		if i == 0 {
			s.Arrived(a.ID, nil, context.Canceled)
			continue
		}
		answer(t, s, from, a)
		if freed++; from.freed != freed {
			t.Error("an answer that nobody wants is not released")
		}
	}
	noStep(t, s)
	again := asks(s)
	if len(again) != 1 || fmt.Sprint(again[0].Params) != fmt.Sprint(early[0].Params) {
		t.Fatalf("asked again: %v, want %v", again, early[0].Params)
	}
	answer(t, s, from, again[0])
	page := mustStep(t, s)
	if key := string(page.Answer.Rows[0].Key); key != "11" {
		t.Errorf("the page in turn begins with row %s, want 11", key)
	}
	free(page, share)
	s.Drop()
	allFree(t, share)
}

// A page that was read before the session began is the answer to its question if that is asked and
// the budget has room for it; else it is let go, and the question asked.
func TestKeep(t *testing.T) {
	for name, c := range map[string]struct {
		room   int64
		to     int // the row that the question begins with
		folded bool
	}{
		"it fits":                  {100, 1, true},
		"it does not fit":          {5, 1, false},
		"it is another question's": {100, 11, false},
	} {
		share := room(100)
		var held int64
		if c.room < 100 {
			held, _ = share.TryAcquire(100 - c.room)
		}
		p := numbers(t, strategies.StepSize, share, nil)
		cursor := sweepOf(t, &p, strategies.Cursor{})
		released, stopped := 0, 0
		a := &Answer{Page: strategies.Page{Total: -1, Rows: []strategies.Row{row(1, 1)}}, Size: 10, Free: func() { released++ }, Stop: func() { stopped++ }}
		params := p.Strategy.Query(cursor).Params
		s := NewSession(p, 3)
		s.Keep(params, a, nil)
		if c.to > 1 {
			sweep := *cursor.Sweep
			sweep.Slice().Position = &strategies.RangePosition{Next: int64(c.to)}
			cursor.Sweep = &sweep
		}
		s.Begin(began, cursor)
		asked := len(asks(s))
		page, err := s.Step(began)
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case c.folded && (page == nil || asked > 0 || released > 0):
			t.Errorf("%s: it is not used: page %v, %d questions asked, released %d times", name, page, asked, released)
		case !c.folded && (page != nil || asked != 1 || released != 1 || stopped != 1):
			t.Errorf("%s: page %v, %d questions asked, released %d and stopped %d times", name, page, asked, released, stopped)
		}
		if page != nil {
			free(page, share)
		}
		s.Drop()
		share.Release(held)
		allFree(t, share)
	}
}

// counted is a budget that counts who tries to take of it.
type counted struct {
	Budget
	tries int
}

func (c *counted) TryAcquire(n int64) (int64, bool) {
	c.tries++
	return c.Budget.TryAcquire(n)
}

// An answer in turn that does not fit waits for room, which is asked for once.
func TestNeed(t *testing.T) {
	from, share := &ranged{ids: every(1), size: 20}, room(45)
	held, _ := share.TryAcquire(30) // another page's, not committed yet
	tries := &counted{Budget: share}
	s := session(t, numbers(t, strategies.StepSize, tries, func(s *config.Stream) { s.Concurrency = 1 }))
	first := asks(s)[0]
	if s.Wants() {
		t.Error("with its question under way it wants something")
	}
	answer(t, s, from, first)
	noStep(t, s)
	if !s.Wants() {
		t.Error("it waits for room, and does not want it")
	}
	need, ok := s.Need()
	if !ok || need != (Need{first.ID, 20}) {
		t.Fatalf("needs %+v, %v", need, ok)
	}
	if _, again := s.Need(); again {
		t.Error("the same room is asked for twice")
	}
	noStep(t, s)
	if s.Granted(first.ID+1, 20) {
		t.Error("takes room that is not its own")
	}
	share.Release(held)
	weight, _ := share.TryAcquire(20)
	if !s.Granted(first.ID, weight) {
		t.Fatal("does not take the room that it waits for")
	}
	tries.tries = 0
	page := mustStep(t, s)
	if tries.tries > 0 {
		t.Error("gives back the room that was granted, and tries to take it again: another page may be quicker")
	}
	if page.Weight != 20 {
		t.Errorf("the page holds %d", page.Weight)
	}
	free(page, share)
	s.Drop()
	allFree(t, share)
}

// Room that comes when nobody waits for it any more is the giver's; room that was taken is given
// back with the answer.
func TestGrantedTooLate(t *testing.T) {
	from, share := &ranged{ids: every(1), size: 20}, room(45)
	for _, late := range []bool{true, false} {
		held, _ := share.TryAcquire(30)
		s := session(t, numbers(t, strategies.StepSize, share, nil))
		first := asks(s)[0]
		answer(t, s, from, first)
		noStep(t, s)
		if _, ok := s.Need(); !ok {
			t.Fatal("needs nothing")
		}
		freed := from.freed
		share.Release(held)
		weight, _ := share.TryAcquire(20)
		if late {
			s.Drop()
		}
		if took := s.Granted(first.ID, weight); took == late {
			t.Fatalf("late: %v, and the room is taken: %v", late, took)
		} else if !took {
			share.Release(weight)
		}
		s.Drop()
		if from.freed != freed+1 {
			t.Error("the answer is not released")
		}
		allFree(t, share)
	}
}

// A wait for room that was not told yet ends with its answer.
func TestNeedIsDropped(t *testing.T) {
	from, share := &ranged{ids: every(1), size: 20}, room(45)
	share.TryAcquire(30)
	s := session(t, numbers(t, strategies.StepSize, share, nil))
	answer(t, s, from, asks(s)[0])
	noStep(t, s)
	s.Drop()
	if need, ok := s.Need(); ok {
		t.Errorf("waits for %+v, and has dropped its answer", need)
	}
}

// pieces is a long answer of timestamp's, whose first piece is read.
func pieces(from int64, stopped *int) *Answer {
	return &Answer{Page: strategies.Page{Total: -1, Cut: true, Rows: []strategies.Row{row(from, from), row(from+1, from+1)}}, URL: "long", Size: 1,
		Rest: func(context.Context) (*Answer, error) { return nil, errors.New("carried by the test") }, Stop: func() { *stopped++ }}
}

// A long answer that breaks off is asked for again behind a wait, from where the cursor stands, and
// max_retries times in a row; what comes whole begins the count anew.
func TestAnswerInPiecesBreaksOff(t *testing.T) {
	const retries = 2
	share := room(1000)
	p := numbers(t, strategies.Timestamp, share, func(s *config.Stream) { s.MaxRetries, s.InitialMark, s.PageSize = retries, "1", 0 })
	s := session(t, p)
	now, stopped := began, 0
	broken := class.Errorf(class.Source, "%w: reset", rest.ErrBroken)
	question := fmt.Sprint(p.Strategy.Query(s.At()).Params)
	// head reads the first piece, and returns the question for the next one.
	head := func() Ask {
		t.Helper()
		whole := asks(s)
		if len(whole) != 1 || whole[0].Rest != nil || fmt.Sprint(whole[0].Params) != question {
			t.Fatalf("asks %+v, want %s", whole, question)
		}
		a := pieces(1, &stopped)
		s.Arrived(whole[0].ID, a, nil)
		page := mustStep(t, s)
		free(page, share)
		more := asks(s)
		if len(more) != 1 || more[0].Rest != a {
			t.Fatalf("asks %+v, want the rest of the answer", more)
		}
		return more[0]
	}
	breakOff := func(n int) {
		t.Helper()
		s.Arrived(head().ID, nil, broken)
		if page, err := s.Step(now); err != nil || page != nil {
			t.Fatalf("it breaks off: %+v, %v", page, err)
		}
		wake := s.Wake()
		if wait := wake.Sub(now); wait != rest.DefaultInitialBackoff<<n || len(asks(s)) != 0 || !s.Wants() {
			t.Fatalf("it is asked for again behind a wait of %v, wanted: %v", wait, s.Wants())
		}
		s.Tick(wake.Add(-1))
		if len(asks(s)) != 0 {
			t.Fatal("it is asked for before the wait is over")
		}
		now = wake
		s.Tick(now)
	}
	for n := range retries {
		breakOff(n)
	}
	s.Arrived(head().ID, &Answer{Page: strategies.Page{Total: -1, Continued: true, Rows: []strategies.Row{row(3, 3)}}, URL: "long", Size: 1}, nil)
	free(mustStep(t, s), share)
	if s.At().Sweep == nil || s.At().Sweep.Slice().After != "3" {
		t.Fatalf("behind the whole answer the sweep stands at %+v", s.At().Sweep)
	}
	question = fmt.Sprint(p.Strategy.Query(s.At()).Params)
	for n := range retries {
		breakOff(n)
	}
	s.Arrived(head().ID, nil, broken)
	if _, err := s.Step(now); !errors.Is(err, rest.ErrBroken) || !strings.Contains(err.Error(), "after 3 tries (max_retries is 2") {
		t.Errorf("it breaks off once more: %v", err)
	}
	s.Again() // in continuous mode, behind a wait of the stream's: as often once more
	breakOff(0)
	s.Drop()
	allFree(t, share)
	if stopped != 0 {
		t.Errorf("%d answers were given up, which their requests ended", stopped)
	}
}

// What follows of a long answer whose first piece cannot be used is given up.
func TestAnswerInPiecesThatCannotBeUsed(t *testing.T) {
	share, stopped := room(1000), 0
	s := session(t, numbers(t, strategies.Timestamp, share, func(s *config.Stream) { s.InitialMark, s.PageSize, s.OnBadRow = "1", 0, "fail" }))
	a := pieces(1, &stopped)
	a.Rows[1].Err = errors.New("no such type")
	s.Arrived(asks(s)[0].ID, a, nil)
	if _, err := s.Step(began); class.Of(err) != class.Source || !strings.Contains(err.Error(), "reading page 1 of the sweep, long: ") {
		t.Errorf("got %v", err)
	}
	s.Again()
	if again := asks(s); stopped != 1 || len(again) != 1 || again[0].Rest != nil {
		t.Errorf("given up %d times, and asks %+v", stopped, again)
	}
	s.Drop()
	allFree(t, share)
}

// What follows of a long answer is given up with the sweep, carried or not.
func TestAnswerInPiecesIsGivenUp(t *testing.T) {
	for _, carried := range []bool{false, true} {
		share, stopped := room(1000), 0
		s := session(t, numbers(t, strategies.Timestamp, share, func(s *config.Stream) { s.InitialMark, s.PageSize = "1", 0 }))
		s.Arrived(asks(s)[0].ID, pieces(1, &stopped), nil)
		free(mustStep(t, s), share)
		if carried {
			rest := asks(s)[0]
			s.Drop()
			s.Arrived(rest.ID, pieces(3, &stopped), nil)
		} else {
			s.Drop()
		}
		if stopped != 1 {
			t.Errorf("carried: %v, and it was given up %d times", carried, stopped)
		}
		if left, cancelled := s.Asks(nil, nil); len(left) != 0 || (len(cancelled) == 1) != carried {
			t.Errorf("carried: %v, and asks %v, cancels %v", carried, left, cancelled)
		}
	}
}

// A sweep that goes back too often ends with an error, unless it is forgiven: of a stream that goes on
// trying, how often it went back is not the reason any more.
func TestForgive(t *testing.T) {
	share := room(1000)
	p := numbers(t, strategies.Keyset, share, nil)
	c := sweepOf(t, &p, strategies.Cursor{})
	refuse := func(s *Session) (*Page, error) {
		t.Helper()
		sweep := *s.At().Sweep
		sweep.Slice().Position = &strategies.ValuePosition{Token: "token"}
		at := s.At()
		at.Sweep = &sweep
		s.Drop()
		s.Begin(began, at)
		s.Arrived(asks(s)[0].ID, nil, class.Wrap(class.Source, &rest.StatusError{Status: http.StatusGone, Message: "gone"}))
		return s.Step(began)
	}
	s := NewSession(p, 0)
	s.Begin(began, c)
	times := 0
	var err error
	for ; err == nil && times < 100; times++ {
		var page *Page
		if page, err = refuse(s); err == nil && !page.Reopen {
			t.Fatalf("a refused token leads to %+v", page)
		}
	}
	if class.Of(err) != class.Source || times < 2 {
		t.Fatalf("refused %d times: %v", times, err)
	}
	before := s.At()
	if _, err = refuse(s); err == nil {
		t.Error("goes back once more, unforgiven")
	}
	s.Forgive()
	if before.Sweep.Restarts == 0 {
		t.Error("the cursor that was handed out is changed")
	}
	if _, err = refuse(s); err != nil {
		t.Errorf("forgiven, and refused: %v", err)
	}
}
