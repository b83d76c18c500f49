package reading

import (
	"slices"

	"tidemark/strategies"
)

// prefetch asks questions before their turn, as far as the strategy can guess them, so that
// an API that takes its time answers several at once. Answers are handed out in the order
// in which the strategy asks; one whose question it does not ask is dropped, unread. So
// pages, order and cursor are those of asking in turn (P4), and the strategy judges the
// seams between pages as ever.
type prefetch struct {
	budget   Budget
	strategy strategies.Strategy
	most     int // questions asked ahead of the one in turn, at the most

	queue []early            // in the order in which their turns come
	depth int                // questions to ask ahead now: halved by a wrong guess, one more by a right one
	guess []strategies.Param // the question behind the one in turn; nil: not known
	cut   *Answer            // the answer in hand, where more of it follows
	last  uint64             // the id given last

	fresh     []Ask    // to be asked
	cancelled []uint64 // asked, and no longer wanted
	ending    int      // of these, those that have not ended: nothing new is asked meanwhile
	need      Need     // room that is waited for, not told yet; ID 0: none
}

// early is a question and, once it has arrived, what came of it.
type early struct {
	id      uint64
	params  []strategies.Param
	rest    bool  // the question is the rest of a long answer
	weight  int64 // held of the budget: a guess, until the answer's own is
	turn    bool  // it is the strategy's question now
	arrived bool
	waits   bool // for room
	held    bool // weight is the answer's own
	answer  *Answer
	err     error
}

// turn makes params the question in turn; of an answer that is read in pieces the next piece is.
func (f *prefetch) turn(params []strategies.Param) {
	if f.cut != nil {
		a := f.cut
		f.cut = nil
		f.dropFrom(0)
		f.push(early{rest: true, turn: true}, a)
		return
	}
	switch {
	case len(f.queue) == 0:
		f.push(early{params: params}, nil)
	case slices.Equal(f.queue[0].params, params):
	case strategies.Later(f.queue[0].params, params):
		f.insert(0, early{params: params})
	default:
		f.wrong()
		f.push(early{params: params}, nil)
	}
	f.queue[0].turn = true
}

func (f *prefetch) push(e early, rest *Answer) {
	f.last++
	e.id = f.last
	f.queue = append(f.queue, e)
	f.fresh = append(f.fresh, Ask{ID: e.id, Params: e.params, Rest: rest})
}

// insert puts a question before others that will be asked behind it: those of the slices behind the one that
// is read, which has more pages than was guessed.
func (f *prefetch) insert(at int, e early) {
	f.push(e, nil)
	last := len(f.queue) - 1
	e = f.queue[last]
	copy(f.queue[at+1:], f.queue[at:last])
	f.queue[at] = e
}

// keep takes an answer that was read before the session began for one that was asked ahead.
func (f *prefetch) keep(params []strategies.Param, a *Answer) {
	weight, ok := f.budget.TryAcquire(a.Size)
	if !ok {
		a.LetGo()
		return
	}
	f.last++
	f.queue = append(f.queue, early{id: f.last, params: params, weight: weight, arrived: true, answer: a})
}

// continues notes that more of the answer follows.
func (f *prefetch) continues(a *Answer) { f.cut = a }

// inTurn takes what came of the question in turn, with its bytes taken from the budget; false: it
// has not come, or there is no room for it yet.
func (f *prefetch) inTurn() (early, bool) {
	if len(f.queue) == 0 || !f.queue[0].turn || !f.queue[0].arrived || f.queue[0].waits {
		return early{}, false
	}
	e := &f.queue[0]
	if !e.held {
		f.budget.Release(e.weight)
		e.weight = 0
		if e.err == nil && !f.acquire(e) {
			return early{}, false
		}
	}
	out := *e
	f.queue = slices.Delete(f.queue, 0, 1)
	return out, true
}

// acquire takes room for an answer. Room that answers behind it hold must not keep it waiting
// for ever: they are dropped.
func (f *prefetch) acquire(e *early) (ok bool) {
	size := e.answer.Size
	if e.weight, ok = f.budget.TryAcquire(size); ok {
		return true
	}
	f.dropFrom(1)
	e = &f.queue[0]
	if e.weight, ok = f.budget.TryAcquire(size); ok {
		return true
	}
	e.weight, e.waits = 0, true
	f.need = Need{e.id, size}
	return false
}

func (f *prefetch) needs() (Need, bool) {
	n := f.need
	f.need = Need{}
	return n, n.ID != 0
}

func (f *prefetch) granted(id uint64, weight int64) bool {
	if len(f.queue) == 0 || f.queue[0].id != id || !f.queue[0].waits {
		return false
	}
	e := &f.queue[0]
	e.weight, e.held, e.waits = weight, true, false
	return true
}

func (f *prefetch) arrived(id uint64, a *Answer, err error) {
	for i := range f.queue {
		if e := &f.queue[i]; e.id == id {
			e.arrived, e.answer, e.err = true, a, err
			return
		}
	}
	f.ending = max(f.ending-1, 0)
	if a != nil {
		a.LetGo()
	}
}

// look asks what comes behind c, where the sweep stands now. The page before had so many
// rows and said so of their total; the next ones are expected to be of its size. Where the
// strategy cannot guess it asks nothing: the question in turn is asked next anyway.
func (f *prefetch) look(c *strategies.Cursor, rows int, total, size int64) {
	if f.most == 0 {
		return
	}
	at, ok := *c, true
	for n := 0; ok && n <= max(f.depth, 1); n++ {
		asked := at
		if at, ok = f.strategy.Guess(at, rows, total); n == 0 && !ok && f.guess == nil {
			return
		}
		params := f.strategy.Query(asked).Params
		switch n {
		case 0:
			if f.learn(params); !ok {
				return
			}
		case 1:
			f.guess = params
		}
		before := n < len(f.queue) && strategies.Later(f.queue[n].params, params)
		switch {
		case !before && n != len(f.queue):
		case f.depth > 0 && len(f.queue) <= f.depth:
			weight, fits := f.budget.TryAcquire(size)
			if !fits {
				return
			}
			f.insert(n, early{params: params, weight: weight})
		case before:
			return
		}
	}
}

// learn holds the last guess against the question that is in turn.
func (f *prefetch) learn(params []strategies.Param) {
	switch {
	case f.guess == nil:
	case slices.Equal(f.guess, params):
		f.depth = min(f.depth+1, f.most)
	case strategies.Later(f.guess, params): // it will be asked
	default:
		f.wrong()
	}
	f.guess = nil
}

// wrong makes less of guesses that go wrong: they cost the API requests.
func (f *prefetch) wrong() {
	f.drop()
	f.depth /= 2
}

// drop forgets what was asked: the sweep goes another way, and what was read before it did
// must not be taken for an answer of now.
func (f *prefetch) drop() {
	if f.cut != nil {
		f.cut.GiveUp()
		f.cut = nil
	}
	f.guess = nil
	f.dropFrom(0)
}

// dropFrom forgets the questions from a place in the queue on.
func (f *prefetch) dropFrom(from int) {
	for i := from; i < len(f.queue); i++ {
		e := &f.queue[i]
		f.budget.Release(e.weight)
		switch at := slices.IndexFunc(f.fresh, func(a Ask) bool { return a.ID == e.id }); {
		case e.arrived && e.answer != nil:
			e.answer.LetGo()
		case e.arrived:
		case at >= 0: // nobody has carried it yet
			if rest := f.fresh[at].Rest; rest != nil {
				rest.GiveUp()
			}
			f.fresh = slices.Delete(f.fresh, at, at+1)
		default:
			f.cancelled = append(f.cancelled, e.id)
			f.ending++
		}
		if f.need.ID == e.id {
			f.need = Need{}
		}
	}
	f.queue = f.queue[:from]
}

// detach leaves the rest of a long answer to whoever has the answer.
func (f *prefetch) detach() {
	f.cut = nil
	for i := range f.fresh {
		f.fresh[i].Rest = nil
	}
}

// first hands out the first question to be asked, where nothing has to end before.
func (f *prefetch) first() (Ask, bool) {
	if len(f.fresh) == 0 || len(f.cancelled) > 0 || f.ending > 0 {
		return Ask{}, false
	}
	a := f.fresh[0]
	f.fresh = slices.Delete(f.fresh, 0, 1)
	return a, true
}

// wants reports whether anything is to be asked, cancelled or waited for.
func (f *prefetch) wants() bool { return len(f.fresh) > 0 || len(f.cancelled) > 0 || f.need.ID != 0 }

// asks hands out what is to be asked and what is to be cancelled. An API must not be asked more
// at once than concurrency allows: what was cancelled has to end first.
func (f *prefetch) asks(fresh []Ask, cancelled []uint64) ([]Ask, []uint64) {
	cancelled = append(cancelled, f.cancelled...)
	f.cancelled = f.cancelled[:0]
	if f.ending == 0 {
		fresh = append(fresh, f.fresh...)
		f.fresh = f.fresh[:0]
	}
	return fresh, cancelled
}
