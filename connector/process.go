package connector

import (
	"os"
	"runtime/debug"

	"tidemark/connector/config"
	"tidemark/connector/internal/class"
)

// ExitCode maps an error to the exit code of a process that stops on it: 0 none, 1
// unexpected, 2 usage or configuration, 3 the API, 4 Kafka or the registry, 5 fenced by
// another worker.
func ExitCode(err error) int {
	return int(class.Of(err))
}

// ExitCodes says what each exit code but 0 means.
func ExitCodes() map[int]string {
	all := map[int]string{}
	for _, c := range class.Classes {
		all[int(c)] = c.Means()
	}
	return all
}

// ConfigError gives err the class of usage and configuration errors.
func ConfigError(err error) error { return class.Wrap(class.Config, err) }

// TuneGC sets the garbage collector for a worker that runs cfg, unless GOGC or GOMEMLIMIT say
// what to do: it collects when the heap has grown by a third, three times as often as Go
// does on its own. A worker holds little for long, so it would come a hundred times a second
// by that, and each time throw away the buffers that are to be used again; a ballast, the
// larger the larger max_in_flight is, makes that every 9 MiB or so. It is for the program to
// call: a library does not change its process.
func TuneGC(cfg *config.Config) {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	const small, large = 4 << 20, 16 << 20
	debug.SetGCPercent(33)
	ballast = make([]byte, max(0, min(cfg.Kafka.MaxInFlight, large)-small)*3/2)
}

// ballast counts as heap to the collector. Nothing is written to it, so it takes no memory.
var ballast []byte //nolint:unused // holding it is its use
