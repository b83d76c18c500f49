package sim

import (
	"math/rand/v2"

	"tidemark/strategies"
)

// Generate is the script of a seed. Traits that no promise covers together are not put
// together; see legal. In a third of the scripts the stream goes by a configured pager.
func Generate(seed uint64) *Script { return generate(seed, (*Script).walks) }

// GenerateOwn is the script of a seed whose stream pages in a way of its strategy's own. Where Generate's
// does so, too, they are the same.
func GenerateOwn(seed uint64) *Script { return generate(seed, func(*Script) {}) }

func generate(seed uint64, walks func(*Script)) *Script {
	g := gen{rand.New(rand.NewPCG(seed, 0x7469646d61726b))}
	s := &Script{Seed: seed}
	s.Traits = g.traits()
	walks(s)
	s.Concurrency = 1 + int(seed>>1)%4
	top := 0
	for range 1 + g.n(16) {
		switch {
		case s.Distinct || s.Strategy == strategies.StepSize:
			top += 1 + g.n(4)
		default:
			top += g.n(4) // 0: a tie
		}
		s.Initial = append(s.Initial, uint16(1+top))
	}
	if g.one(12) && s.Cap > 0 && !s.Distinct && s.Strategy != strategies.StepSize { // a tie as wide as a page, or wider
		v := s.Initial[g.n(len(s.Initial))]
		for range s.Cap + g.n(2) {
			s.Initial = append(s.Initial, v)
		}
	}
	n := 10 + g.n(50)
	s.Events = make([]Event, 0, n)
	storm := g.one(3) // much goes wrong at once
	for range n {
		s.Events = append(s.Events, g.event(&s.Traits, storm))
	}
	goingBack(s)
	s.wholeness()
	s.observe(gen{rand.New(rand.NewPCG(seed, 0x6f627365727665))})
	s.offsetTraits()
	s.ends()
	s.topicTraits(seed)
	s.rival()
	s.registry(gen{rand.New(rand.NewPCG(seed, 0x7265676973747279))})
	s.outages()
	s.stills()
	s.parents()
	s.grows()
	return s
}

type gen struct{ *rand.Rand }

func (g gen) n(n int) int          { return int(g.Uint32N(uint32(n))) }
func (g gen) one(in int) bool      { return g.Uint32N(uint32(in)) == 0 }
func (g gen) u(n int) uint16       { return uint16(g.Uint32N(uint32(n))) }
func pick[T any](g gen, of ...T) T { return of[g.n(len(of))] }

func (g gen) traits() Traits {
	t := Traits{
		Strategy:   pick(g, strategies.Own()...),
		Format:     pick(g, strategies.RFC3339, strategies.Integer, strategies.EpochSeconds, strategies.EpochMillis),
		Strict:     g.one(3),
		Order:      pick(g, Ascending, Ascending, Ascending, Descending, Shuffled),
		Partitions: 1 + g.n(3),
		Workers:    pick(g, 1, 1, 2, 3),
		Compact:    g.one(4),
		RoundTrip:  g.one(16),
	}
	if g.one(2) && t.Format.Temporal() {
		t.Back = int64(1 + g.n(12))
	}
	t.Cap = 2 + g.n(5)
	switch t.Strategy {
	case strategies.Keyset:
		t.ByValue = t.Order == Ascending && g.one(2)
		t.Distinct = g.one(4)
	case strategies.Offset:
		t.PageSize = t.Cap + g.n(4)
		if g.one(2) {
			t.PageSize, t.Cap = t.Cap, 0
		}
		t.Total = pick(g, TotalHonest, TotalHonest, TotalAbsent, TotalHigh, TotalLow)
		if !g.one(20) {
			t.Order = Ascending // it is asked for
		}
		t.Leak = int64(g.n(3) * g.n(2))
	case strategies.Timestamp, strategies.Replay:
		switch g.n(3) {
		case 0: // the API tells nobody of its limit, which it reaches with rows that differ
			t.Distinct, t.Order = true, Ascending
			t.Cap += 2
		case 1:
			t.PageSize = t.Cap
			if !g.one(6) {
				t.Order = Ascending
			}
		default:
			t.Cap = 0
			t.PageSize = g.n(2) * (5 + g.n(8))
			t.Leak = int64(g.n(3) * g.n(2))
		}
		if t.Strategy == strategies.Replay {
			if !t.Format.Temporal() {
				t.Format = strategies.RFC3339
			}
			t.Back = int64(g.n(14))
		}
	case strategies.StepSize:
		t.Format, t.Strict, t.Back, t.Order, t.Cap = strategies.Integer, false, 0, Order(g.n(3)), 0
		t.StepSize, t.MaxID = int64(3+g.n(30)), int64(60+g.n(60))
	}
	return t
}

// event draws what happens next. The weights make most histories get somewhere.
func (g gen) event(t *Traits, storm bool) Event {
	e := Event{W: uint8(g.n(t.Workers))}
	roll := g.n(100)
	bad := 88
	if storm {
		bad = 76
	}
	switch {
	case roll < 48:
		e.Kind, e.A = Step, g.u(1<<16)
	case roll < 60:
		e.Kind, e.A = Commit, g.u(1<<16)
	case roll < bad:
		e.Kind, e.A, e.B = g.change(t)
	default:
		e.Kind, e.A = g.trouble(t)
	}
	return e
}

func (g gen) change(t *Traits) (Kind, uint16, uint16) {
	ahead := g.u(3)
	switch k := pick(g, Insert, Insert, Update, Update, Update, Touch, Restore, Delete, Late, Null, Compaction, Far, Spoil, Retire); k {
	case Insert:
		return k, ahead, 0
	case Late:
		return k, g.u(16), 0
	case Far:
		if !t.Format.Temporal() || t.Step > 0 || !g.one(4) {
			return Insert, ahead, 0
		}
		return k, 0, 0
	case Spoil:
		if !g.one(3) {
			return Update, g.u(1 << 16), ahead
		}
		return k, g.u(1 << 16), 0
	case Null:
		unknown := t.Distinct && t.Strategy != strategies.Keyset // a limit nobody knows of may be reached with them alone
		if t.ByValue || t.Strategy == strategies.StepSize || unknown {
			return Insert, ahead, 0
		}
		return k, 0, 0
	default:
		return k, g.u(1 << 16), ahead
	}
}

func (g gen) trouble(t *Traits) (Kind, uint16) {
	for {
		switch k := pick(g, Crash, Crash, Pause, Pause, Snapshot, Snapshot, Lag, Lag, Double, Fail, Broken, Refuse, Loop, Short, Blank, Fault, Fault, Fault); k {
		case Pause:
			if t.Workers > 1 {
				return k, 1 + g.u(8)
			}
		case Fault:
			return k, g.u(faults)
		case Refuse:
			return k, g.u(2)
		case Blank:
			// An empty page ends every other sweep; only a count gives it away.
			if t.Strategy == strategies.Offset && t.Total == TotalHonest || t.counted() {
				return k, 0
			}
		case Loop, Short, Double, Lag:
			if t.Strategy != strategies.StepSize || k == Lag || k == Double {
				return k, g.u(1 << 16)
			}
		default:
			return k, 0
		}
	}
}
