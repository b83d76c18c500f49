package connector

import (
	"context"
	"log/slog"
	"net"
	"net/http"

	"tidemark/connector/config"
	"tidemark/connector/internal/operate"
	"tidemark/connector/internal/serve"
	"tidemark/connector/internal/status"
	"tidemark/connector/internal/stream"
	"tidemark/strategies"
)

// Status is what a stream shows of itself.
type Status = status.Status

// Counts are totals since the process started.
type Counts = status.Counts

// Sweep reports a sweep that ended and is committed.
type Sweep = status.Sweep

// State is what a stream is doing.
type State = status.State

// The states.
const (
	Starting = status.Starting
	Reading  = status.Reading  // a sweep is open
	Idle     = status.Idle     // waiting for the next poll
	Retrying = status.Retrying // it cannot go on, and tries again until it can: see Status.Since and Cause
	Paused   = status.Paused   // an operator has paused it
	Done     = status.Done
	Failed   = status.Failed
)

// Metric is one of the metrics that Handler shows.
type Metric = status.Family

// Metrics are all metrics that Handler shows, but those of Go, of the process and of the Kafka clients.
func Metrics() []Metric { return status.Families() }

// HandlerOptions say who may ask, and for what.
type HandlerOptions struct {
	HTTP    config.HTTP
	Version string // of the program
	Pprof   bool   // Go's profiles, too
}

// toldMost is how many wishes of an operator may wait until a stream takes them up.
const toldMost = 8

// Handler answers over HTTP how the worker is, and takes what an operator wants of its streams; package serve has
// the paths. It is made once, of a Connector with Options.Measure.
func (c *Connector) Handler(o HandlerOptions) http.Handler {
	w := &serve.Worker{Version: o.Version, Held: c.worker.Held, Limit: c.limit, ReadyAfter: o.HTTP.ReadyAfter, Measures: c.measures,
		Streams: c.shown, Tell: c.tell, Exported: operate.Exported}
	serve.Register(c.metrics, w)
	return serve.Handler(w, serve.Options{HTTP: o.HTTP, Metrics: c.metrics, Pprof: o.Pprof})
}

// ListenHTTP listens at host:port, over TLS where the configuration has a certificate. Errors have class Config: an
// address that other machines can reach with neither token nor client certificates, a port that is taken.
func ListenHTTP(addr string, c config.HTTP) (net.Listener, error) { return serve.Listen(addr, c) }

// ServeHTTP answers on the listener until ctx ends, and closes it.
func ServeHTTP(ctx context.Context, l net.Listener, h http.Handler, log *slog.Logger) error {
	return serve.Serve(ctx, l, h, log)
}

// shown is what is shown of all streams.
func (c *Connector) shown() []serve.Stream {
	all := make([]serve.Stream, len(c.crew.Members()))
	for i, u := range c.crew.Members() {
		all[i] = serve.Stream{Status: u.report.Board.Get(), MaxLag: u.config.MaxLag}
		if last := u.sink.Last(); last != nil {
			all[i].Stored = serve.Stored{Seq: last.Cursor.Seq, Sweep: strategies.SaysSweep(last.Cursor), At: last.At}
		}
	}
	return all
}

// tell leaves word of what an operator wants of a stream.
func (c *Connector) tell(name string, what stream.Wish) error {
	for _, u := range c.crew.Members() {
		if u.config.Name != name {
			continue
		}
		switch s := u.report.Board.Get(); {
		case s.State == Done || s.State == Failed:
			return serve.ErrEnded
		case s.Held && what.Kind == stream.Poll:
			return serve.ErrPaused
		}
		select {
		case u.driver.Told <- what:
			return nil
		default:
			return serve.ErrBusy
		}
	}
	return serve.ErrUnknown
}
