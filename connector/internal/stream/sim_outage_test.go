package stream

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"

	"tidemark/connector/internal/class"
	"tidemark/connector/internal/kit/sim"
)

// holds judges a wait that has just begun.
func (x *world) holds(w *simWorker) {
	m := w.m
	var until time.Time
	switch {
	case m.phase == running && m.reading == holding:
		until = m.until
	case m.phase == waiting && m.dying != nil:
		until = m.reopenAt
	}
	if until.IsZero() || until.Equal(w.judged) {
		return
	}
	if w.judged = until; m.paused { // its cause may be over when the stream is resumed
		return
	}
	if m.p.Report.Board.Get().Cause == nil {
		x.fail("P7", "the stream waits until %v, and does not say why", until)
		return
	}
	if x.waits(w, m.p.Report.Board.Get().Cause) {
		x.kill(w)
	}
}

// waits judges a wait of a worker whose stream cannot go on: it is entitled to wait where the API, or
// the broker, left it no other way. It reports whether the operators stop it: where there are outages, they
// have patience with them; with what an API does wrong for good, they have little.
func (x *world) waits(w *simWorker, cause error) (stop bool) {
	x.trace(func() string { return fmt.Sprintf("worker %d waits: %v", w.id, cause) })
	switch {
	case x.met(w, cause), class.Of(cause) == class.Broker:
		return false
	}
	outage := errors.Is(cause, errInjected)
	if !outage && !sim.Excused(x.api, cause, w.watch.tied) {
		x.fail("P7", "the stream waits without a reason: %v", cause)
	}
	w.stuck++
	stop = x.wrong != nil || w.stuck > 20 || outage && !x.script.HasOutages() || !outage && (w.stuck > 2 || x.scanning || x.at >= len(x.script.Events))
	if stop && !outage {
		x.stats.stops++
	}
	return stop
}

// backoff is how long a stream waits that cannot go on: the same in each run of a seed, as the chance of
// status.Trouble would not be.
func (x *world) backoff(most time.Duration, _ error) time.Duration {
	chance := rand.New(&x.chance)
	return 1 + time.Duration(chance.Int64N(int64(min(time.Second<<chance.IntN(10), most))))
}

// nextOpen is the error of the next opens of a worker whose broker is not there, or not ready; nil:
// it is.
func (w *simWorker) nextOpen() error {
	if w.away == 0 {
		return nil
	}
	w.away--
	if w.away%2 == 0 {
		return class.Wrap(class.Broker, errInjected) // nobody answers
	}
	return class.Wrap(class.Broker, fmt.Errorf("%w: %w", errInjected, kerr.NotLeaderForPartition))
}
