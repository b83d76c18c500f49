package status

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"

	"tidemark/connector/internal/class"
)

// The waits grow up to max_backoff, and each is drawn from all up to its limit.
func TestWaitsGrow(t *testing.T) {
	greatest, sum := map[int]time.Duration{}, time.Duration(0)
	for range 300 {
		var tr Trouble
		tr.Met(time.Now(), errors.New("down"))
		for n := range 20 {
			d := tr.Wait(5 * time.Minute)
			if limit := min(firstWait<<n, 5*time.Minute); d <= 0 || d > limit+1 {
				t.Fatalf("wait %d is %v, beyond %v", n, d, limit)
			}
			greatest[n] = max(greatest[n], d)
			if n == 19 {
				sum += d
			}
		}
	}
	for n, limit := range map[int]time.Duration{0: firstWait, 4: 16 * firstWait, 19: 5 * time.Minute} {
		if greatest[n] < limit*9/10 {
			t.Errorf("of 300 waits number %d the longest is %v, and %v is its limit", n, greatest[n], limit)
		}
	}
	if mean := sum / 300; mean < 2*time.Minute || mean > 3*time.Minute {
		t.Errorf("the mean of the longest waits is %v", mean)
	}
}

// What is one cause, and what are two.
func TestCauses(t *testing.T) {
	down := func(port int) error {
		return class.Errorf(class.Source, "GET http://127.0.0.1:1/?offset=%d: dial tcp 127.0.0.1:%d: %w", port, port, kerr.NotLeaderForPartition)
	}
	if a, b := causeOf(down(1)), causeOf(down(2)); a != b {
		t.Errorf("%q and %q are two causes", a, b)
	}
	late := func(n int) error {
		return class.Wrap(class.Source, fmt.Errorf("GET http://127.0.0.1:1/?offset=%d: no answer within request_timeout %ds", n, n))
	}
	if a, b := causeOf(late(1)), causeOf(late(2)); a != b {
		t.Errorf("%q and %q are two causes", a, b)
	}
	if a, b := causeOf(late(1)), causeOf(down(1)); a == b {
		t.Errorf("%q is the cause of a late answer and of none", a)
	}
	if a, b := causeOf(class.Wrap(class.Broker, kerr.NotLeaderForPartition)), causeOf(class.Wrap(class.Broker, kerr.CoordinatorNotAvailable)); a == b {
		t.Errorf("%q is the cause of two errors", a)
	}
}

// Trouble with the API ends with a page and not with a transaction, any other the other way round; what
// comes behind its end is new.
func TestTroubleEnds(t *testing.T) {
	began := time.Unix(1.8e9, 0)
	for _, source := range []bool{false, true} {
		var tr Trouble
		err := class.Errorf(class.Broker, "it is away")
		if source {
			err = class.Errorf(class.Source, "it is down")
		}
		for n, fresh := range []bool{true, false} {
			if since, told := tr.Met(began.Add(time.Duration(n)*time.Minute), err); since != began || told != fresh {
				t.Errorf("met %d times: since %v, fresh: %v", n+1, since, told)
			}
			tr.Wait(time.Hour)
		}
		if since, cause := tr.Left(); since != began || !errors.Is(cause, err) {
			t.Errorf("left is %v since %v", cause, since)
		}
		if _, _, was := tr.Over(began, !source); was {
			t.Errorf("source %v: ended by what does not end it", source)
		}
		if lasted, waits, was := tr.Over(began.Add(time.Hour), source); lasted != time.Hour || waits != 2 || !was {
			t.Errorf("source %v: lasted %v, %d waits, was: %v", source, lasted, waits, was)
		}
		if _, cause := tr.Left(); cause != nil {
			t.Errorf("left is %v", cause)
		}
		if _, _, was := tr.Over(began, source); was {
			t.Error("what has ended ends again")
		}
		if since, fresh := tr.Met(began.Add(2*time.Hour), err); since != began.Add(2*time.Hour) || !fresh {
			t.Errorf("met anew: since %v, fresh: %v", since, fresh)
		}
	}
}
