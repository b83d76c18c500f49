// Package fdlimit decides how many streams of a worker may be awake at the same time, by how many files the
// process may have open.
package fdlimit

import (
	"golang.org/x/sys/unix"

	"tidemark/connector/config"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/inflight"
)

// What a worker has open, as counted on one broker: each stream has a connection to its API
// when it polls; one that is awake has three to Kafka, and one that opens six more for a
// while.
const (
	filesOfProcess = 48
	filesOfStream  = 1
	filesOfAwake   = 3
	filesOfOpening = 6
	// The embedded broker has the other ends of the connections, and a topic's log.
	filesOfLog = 3
)

// Files is how many files a worker may have open when so many of its streams are awake.
func Files(streams, awake int, local bool) uint64 {
	ends, logs := 1, 0
	if local {
		ends, logs = 2, filesOfLog
	}
	return uint64(filesOfProcess + streams*(filesOfStream+logs) + ends*(awake*filesOfAwake+min(streams, inflight.Opening)*filesOfOpening))
}

// Seats is how many streams may be awake at the same time, by how many files the process
// may have open. It fails where not even those may be that open together: better at once
// than later, one stream at a time. The Go runtime has raised the soft limit to the hard one
// already.
func Seats(streams int, local bool) (int, error) {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return streams, nil //nolint:nilerr // a system that does not tell may have no limit
	}
	return enoughSeats(limit.Cur, streams, local)
}

// enoughSeats is how many streams may be awake under a limit.
func enoughSeats(limit uint64, streams int, local bool) (int, error) {
	few := min(streams, inflight.Opening)
	if need := Files(streams, few, local); limit < need {
		return 0, class.Errorf(class.Config, "%d streams may have %d files and connections open at the same time even in turns, and this process may have %d: "+
			"raise its hard limit to %d or more (ulimit -Hn; LimitNOFILE= of a systemd unit, --ulimit nofile= of a container), or give the worker fewer streams",
			streams, need, limit, Files(streams, streams, local))
	}
	one := Files(streams, 1, local) - Files(streams, 0, local)
	return int(min(uint64(streams), uint64(few)+(limit-Files(streams, few, local))/one)), nil
}

// Sleepless is how many of the streams never close their producers.
func Sleepless(streams []config.Stream) (n int) {
	for i := range streams {
		if streams[i].IdleAfter == 0 {
			n++
		}
	}
	return n
}
