package connector

import (
	"os"
	"runtime/debug"

	"tidemark/connector/config"
)

// Lean sets the garbage collector for a worker that runs cfg, unless GOGC or GOMEMLIMIT say
// what to do: it collects when the heap has grown by half, twice as often as Go does
// on its own, but not before it has grown by half of max_in_flight. A worker holds little
// for long, so a collector that only goes by that would come a hundred times a second, and each time
// throw away the buffers that are to be used again. It is for the program to call: a
// library does not change its process.
func Lean(cfg *config.Config) {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	debug.SetGCPercent(50)
	ballast = make([]byte, min(cfg.Kafka.MaxInFlight, 16<<20))
}

// ballast counts as heap to the collector. Nothing is written to it, so it takes no memory.
var ballast []byte //nolint:unused // holding it is its use
