package connector

import (
	"fmt"
	"math"
	"os"
	"os/signal"
	"runtime/debug"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"tidemark/connector/internal/kit/sim"
)

// TestSimFull is the simulation's full tier: the real HTTP client, codec, Kafka client
// and broker in virtual time.
func TestSimFull(t *testing.T) {
	if testing.Short() {
		t.Skip("simulation is not short")
	}
	var next atomic.Uint64
	next.Store(*simSeed)
	ctx, cancel := signal.NotifyContext(t.Context(), os.Interrupt) // a long run that is broken off says how far it came
	defer cancel()
	defer debug.SetGCPercent(debug.SetGCPercent(1000)) // a seed is gone as a whole
	start, cpu := time.Now(), cpuSeconds()
	var done, requests, starts, sweeps, records, wakes atomic.Int64
	t.Run("seeds", func(t *testing.T) {
		for worker := range simFullWorkers {
			t.Run(strconv.Itoa(worker), func(t *testing.T) {
				t.Parallel()
				for !t.Failed() {
					seed := next.Add(1) - 1
					n := seed - *simSeed
					if ctx.Err() != nil || *simSeeds > 0 && n >= uint64(*simSeeds) || *simSeeds == 0 && time.Since(start) > 10*time.Second {
						return
					}
					broken, c := inBubble(t, sim.Generate(seed).AsUsers(), false)
					if broken != nil {
						t.Error(fullFailure(t, seed, broken))
					}
					done.Add(1)
					requests.Add(int64(c.api.API.H.Requests))
					sweeps.Add(int64(c.ends))
					starts.Add(int64(c.starts))
					records.Add(int64(c.records))
					wakes.Add(int64(c.wakes))
				}
			})
		}
	})
	took := time.Since(start)
	n := math.Max(float64(done.Load()), 1)
	t.Logf("full tier: %d seeds in %v, %.1f a second, %.1f ms of CPU each; each: %.1f requests, %.1f sweeps, %.1f records, %.1f starts, %.1f wakes", done.Load(), took.Round(time.Millisecond), n/took.Seconds(), (cpuSeconds()-cpu)*1e3/n,
		float64(requests.Load())/n, float64(sweeps.Load())/n, float64(records.Load())/n, float64(starts.Load())/n, float64(wakes.Load())/n)
}

const simFullWorkers = 2

// inBubble runs the script in a bubble of its own.
func inBubble(t *testing.T, s *sim.Script, traced bool) (broken *sim.Violation, ran *city) {
	synctest.Test(t, func(t *testing.T) {
		v, c, err := runFull(s, traced)
		if err != nil {
			t.Errorf("seed %d: %v", s.Seed, err)
		}
		broken, ran = v, c
		time.Sleep(time.Second) // an answer may still be on its way, and the bubble's clock ends with it
		synctest.Wait()
	})
	return broken, ran
}

// fullFailure is what is shown of a failing seed. Goroutines run in an order that no
// seed decides, so it says how often the script fails again.
func fullFailure(t *testing.T, seed uint64, broken *sim.Violation) string {
	again := func(s *sim.Script, times int) (failures int, lines []string) {
		for range times {
			if v, c := inBubble(t, s, true); v != nil && v.Promise == broken.Promise {
				failures, lines = failures+1, c.lines
			}
		}
		return failures, lines
	}
	s := sim.Generate(seed).AsUsers()
	rate, lines := again(s, 100)
	shown := s
	if rate >= 30 { // a rarer failure would be lost at the first step
		shown = sim.Shrink(s, func(c *sim.Script) bool {
			n, _ := again(c, 3)
			return n > 0
		})
		if _, l := again(shown, 20); l != nil {
			lines = l
		}
	}
	return fmt.Sprintf("seed %d breaks %v\nagain: go test ./connector -run 'TestSimFull$' -seed %d -seeds 1\nfails %d times in 100\n%s\n%s",
		seed, broken, seed, rate, shown, strings.Join(lines, "\n"))
}
