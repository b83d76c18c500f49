package status

import (
	"math"
	"time"

	"tidemark/connector/internal/class"
)

// Gauge is something of a stream that rises and falls, as a metric shows it.
type Gauge struct {
	Metric string // what it is called behind tidemark_
	Help   string
	Of     func(s *Status, now time.Time) float64 // NaN: there is none
}

// Gauges are all gauges of a stream but its state. A new one is a line here.
var Gauges = []Gauge{
	{"lag_seconds", "Age of what the topic holds: time since the last sweep that ended was begun, or since the start where none has ended.",
		func(s *Status, now time.Time) float64 { return s.Lag(now).Seconds() }},
	{"last_success_timestamp_seconds", "When the last sweep ended and was committed, in Unix time; absent before the first one.",
		func(s *Status, _ time.Time) float64 { return unix(s.Swept) }},
	{"failing_seconds", "For how long the stream cannot go on; 0: it can.",
		func(s *Status, now time.Time) float64 { return s.Failing(now).Seconds() }},
	{"broker_failing_seconds", "For how long it cannot go on, where Kafka or the schema registry is why; 0: it can, or the reason is another one.",
		func(s *Status, now time.Time) float64 {
			return s.Failing(now).Seconds() * yes(class.Of(s.Cause) == class.Broker)
		}},
	{"fenced", "1 where the stream has ended because another worker took it over, or somebody else writes into its topic.",
		func(s *Status, _ time.Time) float64 { return yes(class.Of(s.Err) == class.Fenced) }},
	{"window_rows", "Rows of the topic that the window knows.",
		func(s *Status, _ time.Time) float64 { return float64(s.Window) }},
	{"foreign_records", "Records of the topic that are none of the stream's rows, where it was read back last.",
		func(s *Status, _ time.Time) float64 { return float64(s.Foreign) }},
}

// unix is a time in seconds; that of no time is NaN.
func unix(t time.Time) float64 {
	if t.IsZero() {
		return math.NaN()
	}
	return float64(t.UnixMicro()) / 1e6
}

func yes(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

// Lag is how old what the topic holds is at the most: all that the API showed so long ago is in it. Before the
// first sweep of the process has ended it is counted from the start.
func (s *Status) Lag(now time.Time) time.Duration {
	since := s.Upto
	if since.IsZero() {
		since = s.Started
	}
	if since.IsZero() {
		return 0
	}
	return max(now.Sub(since), 0)
}

// Failing is for how long the stream cannot go on; 0: it can.
func (s *Status) Failing(now time.Time) time.Duration {
	if s.Since.IsZero() {
		return 0
	}
	return max(now.Sub(s.Since), 0)
}
