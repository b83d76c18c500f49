// Package operate changes a stream's stored cursor for an operator: it rewinds, resets, removes and imports it. Each
// change is planned and shown before anybody is fenced, and is one cursor in one transaction.
package operate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/config"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/kafka"
	"tidemark/connector/internal/readback"
	"tidemark/connector/internal/stream"
	"tidemark/connector/internal/window"
	"tidemark/connector/internal/wire"
	"tidemark/strategies"
)

// Parts are the stream, and what its state and its topic are reached by.
type Parts struct {
	Stream config.Stream
	Sink   kafka.Options
	// Back knows what the topic's records hold, by a cursor's schemas; it registers nothing.
	Back func(ctx context.Context, c strategies.Cursor) (*readback.Reader, error)
}

// Change is what is to be done to a stream's state.
type Change struct {
	Stream, Strategy, Topic string
	Was, Will               string // marks
	Sweep                   bool   // an open sweep is dropped
	From                    string // the first value that is read again; empty: from the first mark on
	Keys                    int64  // of the topic, whose last event lies there
	Again                   bool   // they are written once more
	Committed               time.Time
}

// Ask decides about a change that is planned; false: nothing is done.
type Ask func(Change) (bool, error)

// now is the stream's stored cursor, as the configuration of now takes it.
func (p Parts) now(ctx context.Context) (strategies.Cursor, kafka.Found, error) {
	c, err := p.stored(ctx)
	if err != nil {
		return c, kafka.Found{}, err
	}
	if c.Version == 0 {
		return c, kafka.Found{}, fmt.Errorf("%w: %s has not run yet", kafka.ErrNoState, p.Stream.Name)
	}
	if c, err = p.adopt(c); err != nil {
		return c, kafka.Found{}, err
	}
	found, err := p.Sink.LookAt(ctx)
	return c, found, err
}

// stored is the stream's stored cursor; its Version is 0 where there is none, nor a state topic.
func (p Parts) stored(ctx context.Context) (strategies.Cursor, error) {
	c, err := p.Sink.Stored(ctx)
	if errors.Is(err, kerr.UnknownTopicOrPartition) {
		return c, nil
	}
	return c, err
}

func (p Parts) adopt(c strategies.Cursor) (strategies.Cursor, error) {
	c, err := stream.Adopt(c, p.Stream)
	if err == nil && stream.Moving(c) {
		err = stream.ErrMoving
	}
	return c, err
}

// Rewind lets the stream read again from a value on, as strategies.Rewound says. What the topic has is not written once
// more, but where again is set: then just the keys' rows are whose last event lies there.
func Rewind(ctx context.Context, p Parts, to string, again bool, ask Ask) error {
	spec, err := p.Stream.Spec()
	if err != nil {
		return err
	}
	rewound := func(c strategies.Cursor, found kafka.Found) (strategies.Cursor, string, error) {
		if lost := kafka.Lost(c, found); lost != "" {
			return c, "", class.Errorf(class.Broker, "topic %s, %s: run the stream first, which reads again what the topic has lost", p.Stream.Topic, lost)
		}
		next, from, err := strategies.Rewound(spec, c, to, time.Now())
		if err != nil {
			err = class.Errorf(class.Config, "rewinding stream %s to %q: %w", p.Stream.Name, to, err)
		}
		return next, from, err
	}
	return p.change(ctx, rewound, again, ask)
}

// Reset lets the stream begin anew on its topic, at its first mark, as if nothing was known of the API but that it does
// not sort. What the topic has is not written once more, but where again is set. It is the way on for a topic that lost records, too.
func Reset(ctx context.Context, p Parts, again bool, ask Ask) error {
	p.Sink.FailOnLoss = false
	return p.change(ctx, func(c strategies.Cursor, found kafka.Found) (strategies.Cursor, string, error) {
		if kafka.Lost(c, found) != "" {
			c = stream.Forget(c, found).Recede(found.Ends)
		}
		return c.Reset(), "", nil
	}, again, ask)
}

// change plans a change of the cursor, asks, and makes it.
func (p Parts) change(ctx context.Context, becomes func(strategies.Cursor, kafka.Found) (strategies.Cursor, string, error), again bool, ask Ask) error {
	c, found, err := p.now(ctx)
	if err != nil {
		return err
	}
	next, from, err := becomes(c, found)
	if err != nil {
		return err
	}
	keys, err := p.keys(ctx, c, next, found, from)
	if err != nil {
		return err
	}
	plan := Change{Stream: p.Stream.Name, Strategy: p.Stream.Strategy, Topic: p.Stream.Topic, Was: c.Mark, Will: next.Mark, Sweep: c.Sweep != nil, From: from, Keys: keys, Again: again}
	if yes, err := ask(plan); err != nil || !yes {
		return err
	}
	return p.commit(ctx, true, func(stored strategies.Cursor, sink *kafka.Sink) (strategies.Cursor, error) {
		next, from, err := becomes(stored, sink.Found()) // its worker may have gone on meanwhile
		if err == nil && again {
			next.Again = &strategies.Again{From: from, TopicID: sink.TopicID(), Ends: sink.Ends()}
		}
		return next, err
	})
}

// commit fences the stream's workers, and commits what the stored cursor becomes. has says that there has to be one.
func (p Parts) commit(ctx context.Context, has bool, becomes func(strategies.Cursor, *kafka.Sink) (strategies.Cursor, error)) error {
	sink, err := kafka.NewSink(p.Sink)
	if err != nil {
		return err
	}
	defer sink.Close()
	stored, err := sink.Open(ctx)
	switch {
	case err != nil:
		return err
	case stored.Version == 0 && has:
		return fmt.Errorf("%w: %s", kafka.ErrNoState, p.Stream.Name)
	}
	if stored, err = p.adopt(stored); err != nil {
		return err
	}
	next, err := becomes(stored, sink)
	if err != nil {
		return err
	}
	_, err = sink.Commit(ctx, nil, next)
	return err
}

// keys counts the keys whose last event the sweep to come reads again from the value on. It fails where the window of that
// sweep could not hold them, for then rows would come twice.
func (p Parts) keys(ctx context.Context, c, next strategies.Cursor, found kafka.Found, from string) (int64, error) {
	if found.Missing || !stream.Holds(found.Starts, found.Ends) {
		return 0, nil
	}
	back, err := p.Back(ctx, c)
	if err != nil {
		return 0, err
	}
	start, err := p.reach(back.Format, next)
	if err != nil {
		return 0, err
	}
	first, err := window.Start(back.Format, from)
	if err != nil {
		return 0, err
	}
	w, spread := window.New(min(start, first), 0), kafka.Spread(c, found)
	err = p.Sink.Read(ctx, func(rec *kgo.Record) error {
		v, hash, err := back.Inspect(ctx, rec)
		if err == nil {
			readback.Load(w, rec, spread, v, hash)
		}
		return err
	})
	if err != nil {
		return 0, err
	}
	w.Settle(wire.TombstoneHash)
	if w.Rows() > p.Stream.WindowRows {
		return 0, class.Errorf(class.Config, "the topic has %d keys from there on, more than the window holds (window_rows: %d), so some would be written once more: "+
			"set window_rows to %d or more; a row takes 32 bytes", w.Rows(), p.Stream.WindowRows, w.Rows())
	}
	return w.From(first), nil
}

// reach is where the window of the next sweep begins.
func (p Parts) reach(f strategies.Format, next strategies.Cursor) (int64, error) {
	spec, err := p.Stream.Spec()
	if err != nil {
		return 0, err
	}
	strategy, err := strategies.New(spec)
	if err == nil {
		next, err = strategy.Begin(next, time.Now())
	}
	if err != nil {
		return 0, class.Wrap(class.Config, err)
	}
	return window.Start(f, next.Window)
}

// Delete removes the stream's cursor, and that the topic is the stream's. The topic stays. secret also removes what
// the API has replaced of the stream's own credentials.
func Delete(ctx context.Context, o kafka.Options, c strategies.Cursor, at time.Time, secret bool, ask Ask) error {
	yes, err := ask(Change{Stream: o.Stream, Strategy: c.Strategy, Topic: o.Topic, Was: c.Mark, Sweep: c.Sweep != nil, Committed: at})
	if err != nil || !yes {
		return err
	}
	if err := o.Forget(ctx, secret); err != nil {
		return fmt.Errorf("removing the state of stream %s: %w", o.Stream, err)
	}
	return nil
}
