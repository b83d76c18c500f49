package rest

import (
	"strings"
	"sync"
	"time"

	"tidemark/connector/config"
)

// Budgets are how many requests an API allows, several limits at once. Clients that ask the
// same API may share them.
//
// A budget of n requests holds for every span of its length, wherever that begins: the n+1st
// waits until the first is as old as the span is long. A bucket that fills while it is being
// emptied, as that of x/time/rate, would let nearly twice as many through in its first span.
type Budgets struct {
	mu    sync.Mutex
	start time.Time // what the times below count from
	all   []budget
}

// budget is one limit, with the times of the requests that took from it.
type budget struct {
	path string // a pattern; "": every request
	per  time.Duration
	most int
	sent []time.Duration // since start; a ring once it holds most of them
	next int             // where the oldest of a full ring stands
}

// NewBudgets returns the budgets with nothing taken from them; nil where there are none.
func NewBudgets(budgets []config.Budget) *Budgets {
	if len(budgets) == 0 {
		return nil
	}
	b := &Budgets{start: time.Now()}
	for _, x := range budgets {
		b.all = append(b.all, budget{path: x.Path, per: x.Per, most: x.Requests})
	}
	return b
}

// take takes a request for the path from each budget that fits, or tells how long to wait before
// one can be taken, and takes none.
func (b *Budgets) take(at time.Time, path string) (wait time.Duration) {
	if b == nil {
		return 0
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	now := at.Sub(b.start)
	for i := range b.all {
		if x := &b.all[i]; x.fits(path) {
			wait = max(wait, x.free()-now)
		}
	}
	if wait > 0 {
		return wait
	}
	for i := range b.all {
		if x := &b.all[i]; x.fits(path) {
			x.add(now)
		}
	}
	return 0
}

func (x *budget) fits(path string) bool { return x.path == "" || like(x.path, path) }

// free is when the budget has room for a request.
func (x *budget) free() time.Duration {
	if len(x.sent) < x.most {
		return 0
	}
	return x.sent[x.next] + x.per
}

func (x *budget) add(now time.Duration) {
	if len(x.sent) < x.most {
		x.sent = append(x.sent, now)
		return
	}
	x.sent[x.next] = now
	if x.next++; x.next == x.most {
		x.next = 0
	}
}

// like reports whether a path is as a pattern says, in which * stands for any characters.
func like(pattern, path string) bool {
	head, rest, more := strings.Cut(pattern, "*")
	if !strings.HasPrefix(path, head) {
		return false
	}
	path = path[len(head):]
	if !more {
		return path == ""
	}
	for {
		part, after, more := strings.Cut(rest, "*")
		if !more {
			return strings.HasSuffix(path, part)
		}
		i := strings.Index(path, part)
		if i < 0 {
			return false
		}
		path, rest = path[i+len(part):], after
	}
}
