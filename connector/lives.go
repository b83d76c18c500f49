package connector

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"

	"tidemark/connector/internal/class"
	"tidemark/connector/internal/kafka"
)

// patience is how long a stream that is swept once keeps trying, while its transactions fail,
// before it gives up; a broker that restarts is back well within.
const patience = 2 * time.Minute

// run keeps the stream going until ctx ends (nil), its one sweep is done (nil), or it
// fails for good.
func (r *runner) run(ctx context.Context) error {
	defer r.sink.Close()
	if note := unsentNote(r.stream); note != "" {
		r.report.Log.Info(note)
	}
	defer r.dropKept()
	defer func() {
		if r.source != nil {
			r.source.Close()
		}
	}()
	err := r.lives(ctx)
	if ctx.Err() != nil && class.Of(err) != class.Fenced {
		err = nil
	}
	if err != nil {
		err = fmt.Errorf("stream %s: %w", r.stream.Name, err)
	}
	since, cause := r.report.Left()
	stopped := err == nil && cause != nil && !r.report.Once
	if stopped {
		r.report.Log.Warn("stopped while the stream could not go on", "since", since.UTC().Format(time.RFC3339), "error", cause)
	}
	r.report.Board.Set(func(s *Status) {
		switch {
		case err != nil:
			s.State, s.Err = Failed, err
		case stopped:
			s.State, s.Err = Failed, cause
		default:
			s.State = Done
		}
	})
	return err
}

// lives starts the stream as often as it takes. After a transaction that was not
// written, or may not have been, everything in memory is dropped and the stored cursor
// decides where to go on (rule 3).
func (r *runner) lives(ctx context.Context) error {
	var failing time.Time
	for {
		before := r.report.Board.Get().Transactions
		err := r.attempt(ctx)
		if errors.Is(err, errFull) {
			if err = r.seated(ctx, r.fullScan); err == nil && !r.report.Once {
				err = r.pause(ctx)
			}
			if err == nil && !r.report.Once {
				continue
			}
		}
		switch {
		case err == nil || ctx.Err() != nil:
			return err
		case errors.Is(err, errReopen):
			continue
		case r.final(err):
			return err
		}
		// A claim alone is no progress.
		if failing.IsZero() || r.report.Board.Get().Transactions > before+1 {
			failing = time.Now()
		}
		if r.report.Once && time.Since(failing) > patience {
			return err
		}
		if r.opened {
			r.report.Fails(time.Now(), err, "starting the stream again from its stored cursor")
		} else {
			r.report.Fails(time.Now(), err, "the stream cannot be opened; trying again until it can")
		}
		if err := r.hold(ctx, err); err != nil {
			return err
		}
	}
}

// seated does work that needs the stream's producer beside a life. What is still open
// behind it has no seat: where there are too few it is closed, for the next life opens it anew.
func (r *runner) seated(ctx context.Context, work func(context.Context) error) error {
	if err := r.worker.Seat(ctx); err != nil {
		return err
	}
	defer r.worker.Unseat()
	err := work(ctx)
	if r.worker.Scarce() {
		r.sink.Close()
	}
	return err
}

// hold waits before the next try. The stream may be stopped meanwhile.
func (r *runner) hold(ctx context.Context, err error) error {
	wait := r.report.Backoff(r.stream.MaxBackoff, err)
	if r.sleep != nil {
		return r.sleep(ctx, wait, err)
	}
	return pauses(ctx, wait)
}

// pauses waits for d, or until ctx ends.
func pauses(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// asksAgain takes note of a request that did not bring a page, and is sent once more.
func (r *runner) asksAgain(err error, args ...any) {
	r.report.Fails(time.Now(), class.Wrap(class.Source, err), "the API did not answer with a page; asking again", args...)
}

// attempt is a life, with what has to be there before the first one.
func (r *runner) attempt(ctx context.Context) error {
	if r.bodies == nil {
		source, bodies, err := r.connected(ctx)
		if err != nil {
			return err
		}
		r.source, r.bodies = source, bodies
	}
	return r.live(ctx)
}

// connected is connect in the stream's turn.
func (r *runner) connected(ctx context.Context) (source, inspector, error) {
	leave, err := r.worker.Enter(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer leave()
	return r.connect(ctx)
}

// final reports whether an error ends the stream. In continuous mode only the configuration,
// a fence and a refused start do (rule 25): whatever else is wrong may be put right while the
// stream waits, at the API and the broker too.
func (r *runner) final(err error) bool {
	switch c := class.Of(err); {
	case c == class.Config || c == class.Fenced || errors.Is(err, kafka.ErrTopicLost):
		return true
	case r.report.Once:
		return !r.passing(err)
	case r.opened:
		return false
	case c == class.Broker && !r.wait:
		return class.Refused(err) || !kafka.Passing(err)
	}
	return class.Refused(err)
}

// passing reports whether a stream that is swept once tries again after an error: a
// transaction that failed, or a broker that was there before, or is there and not ready.
func (r *runner) passing(err error) bool {
	var failed *kafka.CommitError
	switch {
	case errors.As(err, &failed) && errors.Is(err, kerr.MessageTooLarge):
		// The topic may take less than it did when it was opened. The next open tells.
		again := r.refused != r.rules.Limits.Record
		r.refused = r.rules.Limits.Record
		return again
	case errors.As(err, &failed):
		return !failed.Permanent
	}
	return class.Of(err) == class.Broker && (r.opened || kafka.Passing(err))
}
