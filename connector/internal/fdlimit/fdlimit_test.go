package fdlimit

import (
	"testing"

	"tidemark/connector/internal/class"
	"tidemark/connector/internal/inflight"
)

func TestEnoughFiles(t *testing.T) {
	for _, c := range []struct {
		limit          uint64
		streams, seats int
		local          bool
	}{
		{Files(1000, 1000, false), 1000, 1000, false},
		{Files(1000, 1000, false) - 1, 1000, 999, false},
		{1 << 62, 1000, 1000, true},
		{Files(10_000, 500, false), 10_000, 500, false},
		{Files(10_000, 500, true) + 5, 10_000, 500, true},
		{Files(10_000, inflight.Opening, true), 10_000, inflight.Opening, true},
		{Files(2, 2, true), 2, 2, true},
	} {
		if got, err := enoughSeats(c.limit, c.streams, c.local); err != nil || got != c.seats {
			t.Errorf("%+v: %d seats, %v", c, got, err)
		}
	}
	_, err := enoughSeats(1024, 1000, false)
	if class.Of(err) != class.Config || err.Error() != "1000 streams may have 1336 files and connections open at the same time even in turns, and this process may have 1024: "+
		"raise its hard limit to 4240 or more (ulimit -Hn; LimitNOFILE= of a systemd unit, --ulimit nofile= of a container), or give the worker fewer streams" {
		t.Errorf("got %v", err)
	}
	if n := Files(1, 1, true); n > 128 {
		t.Errorf("a single stream asks for %d files", n)
	}
	if _, err := Seats(1, true); err != nil {
		t.Error(err)
	}
	if _, err := Seats(1<<40, false); class.Of(err) != class.Config {
		t.Errorf("a million million streams: %v", err)
	}
}
