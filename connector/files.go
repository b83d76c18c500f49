package connector

import (
	"golang.org/x/sys/unix"

	"tidemark/connector/internal/class"
)

// What a worker has open, as counted on one broker: a stream that is awake has three
// connections to Kafka and one to its API, one that opens six more for a while.
const (
	filesOfProcess = 48
	filesOfStream  = 4
	filesOfOpening = 6
	// The embedded broker has the other ends of the connections, and a topic's log.
	filesOfLocal = 6
)

// filesFor is how many files a worker may have open when all of its streams are awake.
func filesFor(streams int, local bool) uint64 {
	n := filesOfProcess + streams*filesOfStream + min(streams, opening)*filesOfOpening
	if local {
		n += streams*filesOfLocal + min(streams, opening)*filesOfOpening
	}
	return uint64(n)
}

// checkFiles fails where a worker would run out of files: better at once than later, one
// stream at a time. The Go runtime has raised the soft limit to the hard one already.
func checkFiles(streams int, local bool) error {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return nil //nolint:nilerr // a system that does not tell may have no limit
	}
	return enoughFiles(limit.Cur, filesFor(streams, local), streams)
}

func enoughFiles(limit, need uint64, streams int) error {
	if limit >= need {
		return nil
	}
	return class.Errorf(class.Config, "%d streams may have %d files and connections open at the same time, and this process may have %d: "+
		"raise its hard limit to %d or more (ulimit -Hn; LimitNOFILE= of a systemd unit, --ulimit nofile= of a container), or give the worker fewer streams",
		streams, need, limit, need)
}
