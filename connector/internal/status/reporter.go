package status

import (
	"errors"
	"log/slog"
	"time"

	"tidemark/connector/internal/rest"
)

// Reporter tells a stream's operator what the stream does: in the log, and on the board.
type Reporter struct {
	Board *Board
	Log   *slog.Logger
	Once  bool // the stream is swept once: its end says what it came to

	Measures *Measures // of the worker's streams; nil: nobody asks for them

	trouble Trouble
}

// NewReporter returns the reporter of a stream that shows s.
func NewReporter(s Status, log *slog.Logger, once bool) *Reporter {
	return &Reporter{Board: &Board{s: s}, Log: log, Once: once}
}

// Warn says something for the operator and counts it.
func (r *Reporter) Warn(what string, args ...any) {
	r.Log.Warn(what, args...)
	r.Board.Set(func(s *Status) { s.Warnings++ })
}

// Fails says that the stream cannot go on, once for each cause, and shows it. Where the stream is
// swept once it is said each time, and ends with the sweep.
func (r *Reporter) Fails(now time.Time, err error, what string, args ...any) {
	since, fresh := r.trouble.Met(now, err)
	r.Board.Set(func(s *Status) { s.State, s.Since, s.Cause, s.Last, s.LastAt = Retrying, since, err, err, now })
	if fresh || r.Once {
		r.Warn(what, append([]any{"error", err}, args...)...)
	}
}

// GoesOn says that the trouble is over which a page of the API (source), or else a transaction,
// ends.
func (r *Reporter) GoesOn(now time.Time, source bool) {
	lasted, waits, was := r.trouble.Over(now, source)
	if !was {
		return
	}
	r.Board.Set(func(s *Status) {
		s.Since, s.Cause = time.Time{}, nil
		if s.State == Retrying {
			s.State = Reading
		}
	})
	if !r.Once {
		r.Log.Info("the stream goes on", "after", lasted.Round(time.Millisecond), "waits", waits)
	}
}

// Drop forgets the trouble of a stream that ends, and is not to go on.
func (r *Reporter) Drop(now time.Time) {
	r.trouble.Over(now, true)
	r.trouble.Over(now, false)
	r.Board.Set(func(s *Status) { s.Since, s.Cause = time.Time{}, nil })
}

// Left is why the stream cannot go on, and since when; nil: it can.
func (r *Reporter) Left() (since time.Time, cause error) { return r.trouble.Left() }

// Backoff is how long to wait before the next try after err: a wait that grows up to most, or more where
// the API has asked for more.
func (r *Reporter) Backoff(most time.Duration, err error) time.Duration {
	wait := r.trouble.Wait(most)
	var long *rest.WaitError
	if errors.As(err, &long) {
		wait = max(wait, long.Most)
	}
	return wait
}
