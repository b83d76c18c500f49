package status

import (
	"bytes"
	"errors"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"time"

	"tidemark/connector/internal/class"
	"tidemark/connector/internal/rest"
)

// The table lists every field of Counts once, in its order and under its name; adding and subtracting
// go by it.
func TestTable(t *testing.T) {
	var one, two Counts
	all := reflect.TypeFor[Counts]()
	if len(Table) != all.NumField() {
		t.Fatalf("%d counts in the table, %d in the struct", len(Table), all.NumField())
	}
	for i, n := range Table {
		if field := all.Field(i).Name; !strings.EqualFold(n.Name, field) || n.Name != strings.ToLower(n.Name) || !strings.HasSuffix(n.Help, ".") {
			t.Errorf("field %s is count %q: %q", field, n.Name, n.Help)
		}
		if want := reflect.ValueOf(&one).Elem().Field(i).Addr().Interface(); n.Of(&one) != want {
			t.Errorf("count %s is another field", n.Name)
		}
		*n.Of(&one), *n.Of(&two) = int64(i+1), int64(1000*i)
	}
	sum := two
	sum.Add(one)
	for i, n := range Table {
		if got := *n.Of(&sum); got != int64(1001*i+1) {
			t.Errorf("%s: the sum is %d", n.Name, got)
		}
	}
	if sum.Minus(one) != two || sum.Minus(two) != one {
		t.Errorf("the differences are %+v and %+v", sum.Minus(one), sum.Minus(two))
	}
}

func TestRecommendedBuffer(t *testing.T) {
	for late, want := range map[time.Duration]float64{0: 0, time.Minute: 0.1, time.Hour: 1.3, 8 * time.Hour: 10} {
		if got := (Status{Lateness: Lateness{Max: late}}).RecommendedBuffer(); got != want {
			t.Errorf("rows %v late: %v hours", late, got)
		}
	}
}

// told is a reporter with what it has logged.
func told(once bool) (*Reporter, *bytes.Buffer) {
	var log bytes.Buffer
	return NewReporter(Status{Stream: "users", State: Starting}, slog.New(slog.NewTextHandler(&log, nil)), once), &log
}

// A stream that cannot go on says so once for each cause, or each time where it is swept once, and shows
// it until it is over, whatever else it does.
func TestReporter(t *testing.T) {
	began := time.Unix(1.8e9, 0)
	down, away := class.Errorf(class.Source, "down"), class.Errorf(class.Broker, "away")
	for _, once := range []bool{false, true} {
		r, log := told(once)
		said := func(what string, want int) {
			t.Helper()
			if n := strings.Count(log.String(), what); n != want {
				t.Errorf("once %v: %q was logged %d times, want %d:\n%s", once, what, n, want, log)
			}
		}
		r.Fails(began, down, "trying again", "try", 1)
		r.Fails(began.Add(time.Second), down, "trying again", "try", 2)
		warnings := 1
		if once {
			warnings = 2
		}
		said("level=WARN", warnings)
		r.Board.Set(func(s *Status) { s.State = Reading })
		if s := r.Board.Get(); s.Stream != "users" || s.State != Retrying || s.Since != began || !errors.Is(s.Cause, down) || s.Warnings != int64(warnings) {
			t.Errorf("once %v: it fails, and its status is %+v", once, s)
		}
		r.GoesOn(began.Add(2*time.Second), false) // a transaction ends no trouble of the API
		if since, cause := r.Left(); since != began || !errors.Is(cause, down) {
			t.Errorf("left is %v since %v", cause, since)
		}
		r.Fails(began.Add(3*time.Second), away, "trying again")
		said("level=WARN", warnings+1)
		r.GoesOn(began.Add(4*time.Second), false)
		if s := r.Board.Get(); s.State != Reading || !s.Since.IsZero() || s.Cause != nil {
			t.Errorf("once %v: it goes on, and its status is %+v", once, s)
		}
		if _, cause := r.Left(); cause != nil {
			t.Errorf("left is %v", cause)
		}
		over := 1
		if once {
			over = 0
		}
		said(`"the stream goes on" after=4s waits=0`, over)
	}
}

// A wait is one of those that grow, or what the API has asked for where that is longer.
func TestBackoff(t *testing.T) {
	r, _ := told(false)
	if d := r.Backoff(time.Hour, errors.New("down")); d <= 0 || d > firstWait+1 {
		t.Errorf("the first wait is %v", d)
	}
	asked := class.Wrap(class.Source, &rest.WaitError{Wait: 3 * time.Hour, Most: 2 * time.Hour, Err: errors.New("429")})
	if d := r.Backoff(time.Hour, asked); d != 2*time.Hour {
		t.Errorf("where the API asks for more than max_wait, the wait is %v", d)
	}
}
