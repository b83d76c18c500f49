package stream

import (
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"tidemark/connector/internal/kit"
	"tidemark/connector/internal/kit/sim"
	"tidemark/strategies"
)

var (
	simSeeds = flag.Int("seeds", 0, "simulate so many histories a tier; 0: for ten seconds a tier")
	simSeed  = flag.Uint64("seed", 1, "the first seed")
)

// TestSimModel is the simulation's model tier: P1 to P8 over histories of an API with
// every bad habit, workers that crash, pause and fence each other, and transactions
// whose outcome is lost.
func TestSimModel(t *testing.T) {
	if testing.Short() {
		t.Skip("simulation is not short")
	}
	var (
		next  = atomic.Uint64{}
		start = time.Now()
		cpu   = cpuSeconds()
		wg    sync.WaitGroup
		mu    sync.Mutex
		total simStats
		bad   []uint64
	)
	next.Store(*simSeed)
	ctx, cancel := signal.NotifyContext(t.Context(), os.Interrupt) // a long run that is broken off says how far it came
	defer cancel()
	defer debug.SetGCPercent(debug.SetGCPercent(4000)) // windows come and go; there is little else
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			x := newWorld()
			x.traced = *simDigest
			for {
				seed := next.Add(1) - 1
				n := seed - *simSeed
				if ctx.Err() != nil || *simSeeds > 0 && n >= uint64(*simSeeds) || *simSeeds == 0 && n&63 == 0 && time.Since(start) > 10*time.Second {
					break
				}
				broken := x.run(sim.Generate(seed), none)
				if *simDigest {
					x.stats.digest += x.digest()
				}
				if broken != nil {
					mu.Lock()
					bad = append(bad, seed)
					stop := len(bad) >= 5
					mu.Unlock()
					if stop {
						break
					}
				}
			}
			mu.Lock()
			total.add(x.stats)
			mu.Unlock()
		})
	}
	wg.Wait()
	took := time.Since(start)
	t.Logf("model tier: %d seeds in %v, %.0f a second, %.0f µs of CPU each; each: %.1f requests, %.1f sweeps, %.1f records, %.1f starts; %d justified stops", total.histories, took.Round(time.Millisecond),
		float64(total.histories)/took.Seconds(), (cpuSeconds()-cpu)*1e6/float64(max(total.histories, 1)), per(total.requests, total), per(total.sweeps, total), per(total.records, total), per(total.opens, total), total.stops)
	if *simDigest {
		t.Logf("digest %016x", total.digest)
	}
	for _, seed := range bad {
		t.Error(modelFailure(seed, none))
	}
}

// cpuSeconds is the processor time this process has used so far, for a figure that
// neighbours on the machine change little.
func cpuSeconds() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return float64(u.Utime.Sec+u.Stime.Sec) + float64(u.Utime.Usec+u.Stime.Usec)/1e6
}

func per(n int64, s simStats) float64 { return float64(n) / float64(max(s.histories, 1)) }

// modelFailure is what is shown of a failing seed.
func modelFailure(seed uint64, v variant) string {
	x := newWorld()
	s := v.script(seed)
	first := x.run(s, v)
	s = sim.Shrink(s, func(c *sim.Script) bool {
		w := x.run(c, v)
		return w != nil && w.Promise == first.Promise
	})
	var b strings.Builder
	fmt.Fprintf(&b, "seed %d breaks %v\nagain: go test ./connector/internal/stream -run 'TestSimModel$' -seed %d -seeds 1\nshrunk to:\n", seed, first, seed)
	x.report(&b, s, v)
	return b.String()
}

// TestSimVariants tests the oracle: each mistake must be caught within 1,000 seeds.
func TestSimVariants(t *testing.T) {
	if testing.Short() {
		t.Skip("simulation is not short")
	}
	if kit.Race {
		t.Skip("nothing here runs beside anything, and the race detector takes minutes for it")
	}
	x := newWorld()
	for v := none + 1; v < variants; v++ {
		if v == windowKept {
			continue // TestSimMemory's
		}
		caught := uint64(0)
		var how *sim.Violation
		for seed := uint64(1); seed <= 1000; seed++ {
			if v.scans() {
				how = x.runScans(scanning(v.script(seed)), v)
			} else {
				how = x.run(v.script(seed), v)
			}
			if how != nil {
				caught = seed
				break
			}
		}
		if caught == 0 {
			t.Errorf("%s: not caught within 1,000 seeds", v)
			continue
		}
		t.Logf("%-34s %4d seeds: %v", v, caught, how)
		switch {
		case os.Getenv("SIM_SHOW") != v.String():
		case v.scans():
			t.Log(scanFailure(caught, v, how))
		default:
			t.Log(modelFailure(caught, v))
		}
	}
}

// TestSimMemory is P10 by counting: over a long sorted collection the window holds what
// can be read again, not what was read.
func TestSimMemory(t *testing.T) {
	const rows, page = 8_000, 200
	// Each of the window's 256 parts keeps up to eight rows before it tidies up.
	const bound = 256*8 + 4*page
	for _, strategy := range strategies.Own() {
		s := &sim.Script{Traits: sim.Traits{Strategy: strategy, Format: strategies.EpochSeconds, Cap: page, PageSize: page, Back: 60,
			Partitions: 1, Workers: 1, StepSize: page, MaxID: rows + 1000, Total: sim.TotalHonest}}
		if strategy == strategies.StepSize {
			s.Format, s.Back, s.Cap, s.PageSize = strategies.Integer, 0, 0, 0
		}
		for n := range rows {
			s.Initial = append(s.Initial, uint16(n+1))
		}
		x := newWorld()
		if broken := x.run(s, none); broken != nil {
			t.Errorf("%s: %v", strategy, broken)
		}
		if x.widest > bound {
			t.Errorf("%s: the window held %d rows, more than %d (P10)", strategy, x.widest, bound)
		}
		mistaken := newWorld()
		if broken := mistaken.run(s, windowKept); broken == nil && mistaken.widest <= bound {
			t.Errorf("%s: a window that is never raised held %d rows and was not caught", strategy, mistaken.widest)
		}
		t.Logf("%s: %d rows at the most; never raised, %d", strategy, x.widest, mistaken.widest)
	}
}
