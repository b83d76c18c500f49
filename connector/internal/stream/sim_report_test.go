package stream

import (
	"strings"
	"testing"

	"tidemark/connector/internal/kit/sim"
)

// What is shown of a failing seed has the one command that replays it, a script shrunk to
// what the failure needs, and the log of its events.
func TestSimReport(t *testing.T) {
	x := newWorld()
	for seed := uint64(1); ; seed++ {
		broken := x.run(sim.Generate(seed), windowNotRebuilt)
		if broken == nil {
			continue
		}
		text := modelFailure(seed, windowNotRebuilt)
		for _, part := range []string{
			broken.Error(), "go test ./connector/internal/stream -run 'TestSimModel$' -seed ", " -seeds 1\n", "rows at the start:",
			"--- step worker", " asks ", " commits transaction ", "violation: " + broken.Promise,
		} {
			if !strings.Contains(text, part) {
				t.Errorf("the report lacks %q:\n%s", part, text)
			}
		}
		shrunk := sim.Shrink(sim.Generate(seed), func(c *sim.Script) bool {
			v := x.run(c, windowNotRebuilt)
			return v != nil && v.Promise == broken.Promise
		})
		if n := len(sim.Generate(seed).Events); len(shrunk.Events) >= n {
			t.Errorf("%d events of %d are left", len(shrunk.Events), n)
		}
		if v := x.run(shrunk, windowNotRebuilt); v == nil || v.Promise != broken.Promise {
			t.Errorf("the shrunk script breaks %v, the seed %v", v, broken)
		}
		return
	}
}
