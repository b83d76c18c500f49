package sim

import (
	"slices"

	"tidemark/strategies"
)

// Shrink drops events, rows and traits from a failing script for as long as it goes on
// failing.
func Shrink(s *Script, fails func(*Script) bool) *Script {
	best := *s
	best.Events, best.Initial = slices.Clone(s.Events), slices.Clone(s.Initial)
	try := func(change func(*Script)) bool {
		c := best
		c.Events, c.Initial = slices.Clone(best.Events), slices.Clone(best.Initial)
		change(&c)
		if !fails(&c) {
			return false
		}
		best = c
		return true
	}
	for again := true; again; {
		again = false
		for size := max(len(best.Events)/2, 1); size > 0; size /= 2 {
			for at := 0; at+size <= len(best.Events); {
				if try(func(c *Script) { c.Events = slices.Delete(c.Events, at, at+size) }) {
					again = true
				} else {
					at += size
				}
			}
		}
		for at := 0; at < len(best.Initial); {
			if try(func(c *Script) { c.Initial = slices.Delete(c.Initial, at, at+1) }) {
				again = true
			} else {
				at++
			}
		}
		for _, plain := range []func(*Script){
			func(c *Script) { c.Workers = 1 },
			func(c *Script) { c.Partitions = 1 },
			func(c *Script) { c.Concurrency = 1 },
			func(c *Script) { c.Back = 0 },
			func(c *Script) { c.Leak = 0 },
			func(c *Script) { c.Strict, c.Believed = false, false },
			func(c *Script) { c.Believed = false },
			func(c *Script) { c.Bound, c.Repeat = BoundKept, false },
			func(c *Script) { c.Compact = false },
			func(c *Script) { c.Alone() },
			func(c *Script) { c.Remembers() },
			func(c *Script) { c.Learnt() },
			func(c *Script) { c.Backfill = false },
			func(c *Script) { c.RoundTrip = false },
			func(c *Script) { c.Order = Ascending },
			func(c *Script) { c.Total = TotalHonest },
			func(c *Script) {
				if c.Pager != strategies.Unpaged || c.Cap == 0 { // an answer that is cut has to say so
					c.Says = SaysNothing
				}
			},
			func(c *Script) { c.Unpaged = false },
			func(c *Script) { c.Ties = TiesStand },
			func(c *Script) { c.Busy = 0 },
			func(c *Script) { c.Deep = 0 },
			func(c *Script) { c.EndSaid = c.End == EndRefused && c.Strategy == strategies.Keyset },
			func(c *Script) { c.End, c.EndSaid = EndNull, false },
		} {
			before := best.Traits
			try(plain)
			again = again || best.Traits != before
		}
	}
	return &best
}
