package status

import (
	"fmt"
	"math"
	"regexp"
	"testing"
	"time"
)

// Each count has a metric or shares one with others by another value, and its line of the log a name of its own.
func TestNames(t *testing.T) {
	t.Parallel()
	metrics, lines := map[string]bool{}, map[string]bool{}
	good := regexp.MustCompile(`^[a-z]+(_[a-z]+)*$`)
	for _, c := range Table {
		name := c.Metric + "{" + c.Value + "}"
		if metrics[name] || c.Line != "" && lines[c.Line] || !good.MatchString(c.Metric) || (labels[c.Metric].name == "") != (c.Value == "") {
			t.Errorf("count %s is the metric %s, and %q in a line", c.Name, name, c.Line)
		}
		metrics[name], lines[c.Line] = true, true
	}
	families := map[string]bool{}
	for _, f := range Families() {
		if families[f.Name] || f.Help == "" || !good.MatchString(f.Name) || (f.Kind == "counter") != regexp.MustCompile(`_total$`).MatchString(f.Name) {
			t.Errorf("there is the metric %+v", f)
		}
		families[f.Name] = true
	}
}

// The line of a sweep has the counts that are not zero, and those that it is to have always.
func TestLine(t *testing.T) {
	t.Parallel()
	c := Counts{Read: 5, Dead: 2, Transactions: 3}
	if got := fmt.Sprint(c.Line("pages", "written")); got != "[pages 0 rows 5 written 0 dead_letters 2]" {
		t.Errorf("the line is %s", got)
	}
}

// Late rows are in the first bucket whose bound they do not exceed.
func TestLateness(t *testing.T) {
	t.Parallel()
	var one, both Lateness
	for _, d := range []time.Duration{0, time.Second, time.Second + 1, 48 * time.Hour, 1000 * time.Hour} {
		one.Observe(d)
	}
	if one.Max != 1000*time.Hour || one.Sum != 1048*time.Hour+2*time.Second+1 || one.Counts[0] != 2 || one.Counts[1] != 1 ||
		one.Counts[len(LateBounds)-1] != 1 || one.Counts[len(LateBounds)] != 1 {
		t.Errorf("it holds %+v", one)
	}
	both.Observe(time.Minute)
	both.Add(&one)
	if both.Max != one.Max || both.Sum != one.Sum+time.Minute || both.Counts[0] != 2 || both.Counts[5] != 1 {
		t.Errorf("together they hold %+v", both)
	}
}

// Lag is measured from the beginning of the last sweep that has ended, or else from the start.
func TestLag(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for _, c := range []struct {
		s    Status
		want time.Duration
	}{
		{Status{}, 0}, {Status{Started: now.Add(-time.Hour)}, time.Hour},
		{Status{Started: now.Add(-time.Hour), Upto: now.Add(-time.Minute)}, time.Minute}, {Status{Upto: now.Add(time.Minute)}, 0},
	} {
		if got := c.s.Lag(now); got != c.want {
			t.Errorf("%+v lags by %v, want %v", c.s, got, c.want)
		}
	}
	for _, g := range Gauges {
		if v := g.Of(&Status{}, now); g.Metric == "last_success_timestamp_seconds" != math.IsNaN(v) {
			t.Errorf("%s of a stream that has just begun is %v", g.Metric, v)
		}
	}
}

// A stream that is paused shows that, whatever else it is at, until it is resumed or has ended.
func TestHeld(t *testing.T) {
	t.Parallel()
	r, _ := told(false)
	r.Board.Set(func(s *Status) { s.Held, s.Since = true, time.Now() })
	for _, state := range []State{Starting, Reading, Idle, Retrying} {
		r.Board.Set(func(s *Status) { s.State = state })
		if got := r.Board.Get().State; got != Paused {
			t.Errorf("%s while it is paused, it shows %s", state, got)
		}
	}
	r.Board.Set(func(s *Status) { s.Held, s.State = false, Reading })
	if got := r.Board.Get().State; got != Retrying {
		t.Errorf("resumed, and it cannot go on: it shows %s", got)
	}
	r.Board.Set(func(s *Status) { s.Held, s.State = true, Failed })
	if got := r.Board.Get().State; got != Failed {
		t.Errorf("one that has stopped shows %s", got)
	}
}
