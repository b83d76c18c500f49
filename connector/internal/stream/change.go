package stream

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tidemark/connector/config"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/kafka"
	"tidemark/connector/internal/window"
	"tidemark/strategies"
)

// Change is what an operator wants of the cursor of a stream that runs: to read again, to go on from the cursor of an export,
// or to remove it. It is made with the claim of the next opening, or instead of one, so the stream itself is who fences, and
// nobody else has to.
type Change struct {
	To     string    // from where on it is read again; empty: from the first mark on
	Again  bool      // what the topic has from there on is written once more
	Import *Imported // it goes on from there, instead of reading again; nil: it reads again
	Delete bool      // instead: what the state topic has of the stream is removed, and the stream ends
	Secret bool      // Delete: what the API has replaced of the stream's own credentials, too
	Now    time.Time // when it is made
}

// Outcome is what came of a change.
type Outcome struct {
	Was, Will string // marks
	From      string // the first value that is read again; empty: the first mark
	Keys      int64  // of the topic, whose last event lies there
	Deleted   bool   // the state topic has nothing of the stream any more
	Err       error  // why nothing has changed; nil: it is committed
}

// refused is what the configuration and a cursor speak against the change, before anything is opened for it; nil: nothing.
func (want *Change) refused(s config.Stream, c strategies.Cursor) error {
	switch {
	case want.Delete:
		return nil
	case want.Import != nil:
		_, err := want.Import.Fits(s)
		return err
	}
	spec, err := s.Spec()
	if err == nil {
		_, _, err = want.of(spec, c)
	}
	return err
}

// of is a cursor as it is when the stream reads again, and the first value that is read again.
func (want *Change) of(spec strategies.Spec, c strategies.Cursor) (next strategies.Cursor, from string, err error) {
	if want.To == "" {
		return c.Reset(), "", nil
	}
	next, from, err = strategies.Rewound(spec, c, want.To, want.Now)
	if err != nil {
		err = class.Errorf(class.Config, "rewinding stream %s to %q: %w", c.Stream, want.To, err)
	}
	return next, from, err
}

// change is the cursor as the operator wants it. What speaks against the change is in the Outcome, and then the stream goes on
// with the cursor that it had; the error says that it could not be tried.
func (o *Opener) change(ctx context.Context, c strategies.Cursor, want *Change) (strategies.Cursor, *Outcome, error) {
	if want.Import != nil {
		next, outcome := o.imported(c, want.Import)
		return next, outcome, nil
	}
	spec, err := o.Stream.Spec()
	if err != nil {
		return c, nil, class.Wrap(class.Config, err)
	}
	next, from, err := want.of(spec, c)
	if err != nil {
		return c, &Outcome{Err: err}, nil //nolint:nilerr // the stream goes on without the change
	}
	w, first, err := o.reread(ctx, spec, next, from, want.Now)
	if err != nil {
		return c, nil, err
	}
	if w.Forgot() > 0 {
		err := class.Errorf(class.Config, "the topic has more keys from there on than the window holds (window_rows: %d), so some would be written once more: "+
			"set window_rows to %d or more; a row takes 32 bytes", o.Stream.WindowRows, int64(w.Rows())+w.Forgot())
		return c, &Outcome{Err: err}, nil
	}
	if want.Again {
		next.Again = &strategies.Again{From: from, TopicID: o.Sink.TopicID(), Ends: o.Sink.Ends()}
	}
	return next, &Outcome{Was: c.Mark, Will: next.Mark, From: from, Keys: w.From(first)}, nil
}

// imported is the cursor of an export, made that of the topic.
func (o *Opener) imported(c strategies.Cursor, i *Imported) (strategies.Cursor, *Outcome) {
	next, err := i.Onto(c, o.Sink.Found(), o.Stream)
	if err == nil {
		next, err = o.Speak(next)
	}
	if err != nil {
		return c, &Outcome{Err: err}
	}
	i.Prepare(o.Sink, c, next)
	return next, &Outcome{Was: c.Mark, Will: next.Mark}
}

// remove removes what the state topic has of the stream; nothing else is opened or asked for that. It may have been removed by
// an earlier try, of which nobody knows what came of it.
func (o *Opener) remove(ctx context.Context, secret bool) (Event, error) {
	err := o.Sink.Forget(ctx, secret)
	if err != nil && !errors.Is(err, kafka.ErrNoState) {
		return Event{}, fmt.Errorf("removing the state of stream %s: %w", o.Stream.Name, err)
	}
	return Event{Kind: Opened, Changed: &Outcome{Deleted: true}}, nil
}

// reread is the window that the sweep to come will need, and where what it reads again begins in it.
func (o *Opener) reread(ctx context.Context, spec strategies.Spec, next strategies.Cursor, from string, now time.Time) (w *window.Window, first int64, err error) {
	strategy, err := strategies.New(spec)
	if err == nil {
		next, err = strategy.Begin(next, now)
	}
	if err != nil {
		return nil, 0, class.Wrap(class.Config, err)
	}
	start, err := window.Start(o.Format, next.Window)
	if err != nil {
		return nil, 0, err
	}
	if first, err = window.Start(o.Format, from); err != nil {
		return nil, 0, err
	}
	if w, err = o.Back.Window(ctx, min(start, first), nil, nil); err != nil {
		return nil, 0, fmt.Errorf("counting what is read again: %w", err)
	}
	return w, first, nil
}
