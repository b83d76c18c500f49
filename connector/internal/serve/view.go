package serve

import (
	"time"

	"tidemark/connector/internal/status"
)

// workerView is the JSON of /status.
type workerView struct {
	Version  string       `json:"version"`
	Ready    bool         `json:"ready"`
	InFlight int64        `json:"in_flight_bytes"`
	Streams  []streamView `json:"streams"`
}

// streamView is one stream of it. Times are in UTC; what is empty or unknown is left out.
type streamView struct {
	Stream   string       `json:"stream"`
	Strategy string       `json:"strategy"`
	Topic    string       `json:"topic"`
	State    status.State `json:"state"`
	Phase    string       `json:"phase,omitempty"`
	NotReady string       `json:"not_ready,omitempty"` // why

	Mark      string     `json:"mark,omitempty"`
	Sweep     string     `json:"open_sweep,omitempty"`
	WrittenAt *time.Time `json:"written,omitempty"` // when the cursor was
	Seq       int64      `json:"seq,omitempty"`

	Lag         float64    `json:"lag_seconds"`
	LastSuccess *time.Time `json:"last_success,omitempty"`
	SweepRows   int64      `json:"sweep_rows,omitempty"`  // read of the open sweep, or of the last one
	Total       int64      `json:"sweep_total,omitempty"` // of them all, by the API's own count
	Since       *time.Time `json:"failing_since,omitempty"`
	Cause       string     `json:"cause,omitempty"`
	Last        string     `json:"last_error,omitempty"`
	LastAt      *time.Time `json:"last_error_at,omitempty"`
	Error       string     `json:"error,omitempty"` // why it has stopped

	Window      int              `json:"window_rows"`
	Foreign     int64            `json:"foreign_records,omitempty"`
	MaxLateness float64          `json:"max_lateness_seconds,omitempty"`
	Buffer      float64          `json:"recommended_buffer_hours,omitempty"`
	Counts      map[string]int64 `json:"counts"`
}

// view is the worker as it is now.
func (w *Worker) view(now time.Time) workerView {
	v := workerView{Version: w.Version, Ready: true, InFlight: w.Held()}
	streams := w.Streams()
	for i := range streams {
		s := w.viewOf(&streams[i], now)
		v.Ready = v.Ready && s.NotReady == ""
		v.Streams = append(v.Streams, s)
	}
	return v
}

func (w *Worker) viewOf(s *Stream, now time.Time) streamView {
	v := streamView{
		Stream: s.Stream, Strategy: s.Strategy, Topic: s.Topic, State: s.State, Phase: s.Phase, NotReady: w.unready(s, now),
		Mark: s.Mark, Sweep: s.Stored.Sweep, WrittenAt: utc(s.Stored.At), Seq: s.Stored.Seq,
		Lag: s.Lag(now).Seconds(), LastSuccess: utc(s.Swept), SweepRows: s.SweepRows, Total: s.Total, Since: utc(s.Since), Cause: textOf(s.Cause),
		Last: textOf(s.Last), LastAt: utc(s.LastAt), Error: textOf(s.Err),
		Window: s.Window, Foreign: s.Foreign, MaxLateness: s.Lateness.Max.Seconds(), Buffer: s.RecommendedBuffer(),
		Counts: make(map[string]int64, len(status.Table)),
	}
	for _, c := range status.Table {
		v.Counts[c.Name] = *c.Of(&s.Counts)
	}
	return v
}

func utc(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

func textOf(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
