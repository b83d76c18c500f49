package stream

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"

	"tidemark/connector/config"
	"tidemark/connector/internal/admit"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/kafka"
	"tidemark/connector/internal/readback"
	"tidemark/connector/internal/reading"
	"tidemark/connector/internal/status"
	"tidemark/connector/internal/window"
	"tidemark/connector/internal/wire"
	"tidemark/strategies"
)

// Opener opens one stream, again and again: it fences, reads the cursor, claims it, and reads the
// window back. It is used by one goroutine at a time.
type Opener struct {
	Stream config.Stream
	Kafka  config.Kafka
	Format strategies.Format
	Sink   Sink
	Back   *readback.Reader
	Report *status.Reporter
	Try    *Trial
	// Connect makes the inspector of the topic's records, which needs the schema's id: it
	// registers the schema.
	Connect func(ctx context.Context) (readback.Inspector, error)
	Schema  Schema // nil: it is as the configuration says

	doubted  bool         // what the registry no longer knows was said
	widened  atomic.Int64 // partitions of the topic that it was said of that they are more than are used
	standing atomic.Pointer[Standing]
}

// Schema is one that a stream writes with, which others may have taught something, and rows may. A *options.Living is one.
type Schema interface {
	// Settle asks the registry, or the state topic, what it has to say of the schema, once. It registers nothing.
	Settle(ctx context.Context) error
	// Behind reports whether an earlier worker has written with a schema that this one was not settled by, as the schema of rows in the
	// cursor says, or the registry. The schema is settled anew, then.
	Behind(ctx context.Context, rows string) (bool, error)
	// Learn makes the schema one that has grown; scans says that answers are scanned by it from now on.
	Learn(g *wire.Growth, scans bool) error
	// Subject is its name in the registry; "": it has none.
	Subject() string
}

// Standing is what the output topic must still be like, for whoever looks at it.
type Standing struct {
	Topic   *strategies.Topic
	Forgets bool // its records go by themselves
}

// Standing is what the topic must still be like; nil: the stream is not open yet.
func (o *Opener) Standing() *Standing { return o.standing.Load() }

// Prepare does what the stream needs once in a process: one page of the API is read and judged, and
// then the schema is registered (rule 26).
func (o *Opener) Prepare(ctx context.Context) error {
	if o.Back.Bodies != nil {
		return nil
	}
	if o.Schema != nil {
		if err := o.Schema.Settle(ctx); err != nil {
			return err
		}
	}
	for {
		err := o.Try.Out(ctx)
		var grown *reading.GrownError
		if errors.As(err, &grown) {
			if err := o.grows(grown.Growth, true); err != nil {
				return err
			}
			continue // by the schema of now; it is bounded, so that ends
		}
		if err != nil {
			return err
		}
		break
	}
	bodies, err := o.Connect(ctx)
	if err != nil {
		o.Try.Drop() // it would grow old until the registry is back
		return err
	}
	o.Back.Bodies = bodies
	return nil
}

// Learn makes the schema one that has grown, for the next Open to register. It comes with its compiled plan, so all that can be
// checked without the registry was checked (rule 26).
func (o *Opener) Learn(g *wire.Growth) error {
	o.Back.Bodies = nil
	return o.grows(g, false)
}

func (o *Opener) grows(g *wire.Growth, scans bool) error {
	if err := o.Schema.Learn(g, scans); err != nil {
		return fmt.Errorf("giving the schema what rows have and it does not (%s): %w", strings.Join(g.Changes, ", "), err)
	}
	says, args := "rows have what the schema does not have: it gets that", []any{"fields", strings.Join(g.Changes, ", ")}
	if subject := o.Schema.Subject(); subject != "" {
		says, args = says+", as a new version of its subject", append(args, "subject", subject)
	}
	o.Report.Log.Info(says+" (on_new_field: evolve)", args...)
	return nil
}

// Open opens the stream, and makes the change of its cursor that an operator wants; nil: he wants none.
func (o *Opener) Open(ctx context.Context, want *Change) (Event, error) {
	if want != nil && want.Delete {
		return o.remove(ctx, want.Secret)
	}
	if err := o.Prepare(ctx); err != nil {
		return Event{}, err
	}
	stored, err := o.Sink.Open(ctx)
	if err != nil {
		return Event{}, err
	}
	o.Try.Found(stored)
	if o.Schema != nil {
		if behind, err := o.Schema.Behind(ctx, stored.RowSchema()); err != nil {
			return Event{}, err
		} else if behind {
			o.Back.Bodies = nil
			return Event{}, ErrReopen
		}
	}
	for _, change := range Changed(stored, o.Stream) {
		o.Report.Warn(change)
	}
	if stored, err = Adopt(stored, o.Stream); err != nil {
		return Event{}, err
	}
	stored.PageLimit = cmp.Or(stored.PageLimit, o.Try.Allowed)
	if stored, err = o.mend(stored); err != nil {
		return Event{}, err
	}
	if stored, err = o.Speak(stored); err != nil {
		return Event{}, err
	}
	var changed *Outcome
	if want != nil {
		if stored, changed, err = o.change(ctx, stored, want); err != nil {
			return Event{}, err
		}
	}
	if stored, err = o.claim(ctx, stored); err != nil {
		return Event{}, err
	}
	o.Report.Board.Set(func(s *status.Status) { s.Transactions++; s.Mark = stored.Mark })
	if !o.doubted {
		o.doubted = true
		o.noticeDoubts(ctx)
	}
	return Event{Kind: Opened, Stored: stored, Topic: o.topic(), Kept: o.Try.Take(), Changed: changed}, nil
}

// claim commits a cursor alone.
func (o *Opener) claim(ctx context.Context, c strategies.Cursor) (strategies.Cursor, error) {
	stored, err := o.Sink.Commit(ctx, nil, c)
	if err == nil {
		o.stand(stored)
	}
	return stored, err
}

// Load rebuilds the window of a stream that is open.
func (o *Opener) Load(ctx context.Context, l *Load) (Event, error) {
	stored := l.Stored
	start, err := window.Start(o.Format, l.Cursor.Window)
	if err != nil {
		return Event{}, err
	}
	var from []int64
	if l.Floor != nil && *l.Floor < start {
		start = *l.Floor
	} else if from, err = o.Back.Offsets(l.Cursor.ReadBack, start); err != nil {
		return Event{}, err
	}
	w, err := o.Back.Window(ctx, start, from, l.Cursor.Again)
	if err != nil {
		return Event{}, err
	}
	if len(o.Back.Bodies.Lexicon().Fresh) > 0 { // a stream that has nothing to write keeps them, too
		if stored, err = o.claim(ctx, o.Learnt(stored)); err != nil {
			return Event{}, err
		}
	}
	return Event{Kind: Loaded, Stored: stored, Topic: o.topic(), Window: w}, nil
}

// Commit makes a transaction; a stream that was idle is opened for it.
func (o *Opener) Commit(ctx context.Context, c *Commit) (Event, error) {
	stored, err := o.Sink.Commit(ctx, c.Records, c.Next)
	if err != nil {
		return Event{}, err
	}
	o.stand(stored)
	return Event{Kind: Written, Stored: stored, Topic: o.topic()}, nil
}

// Reopen opens the sink of a stream that is idle. Like every open that fences, and a worker that
// lost the stream meanwhile is told so without disturbing the one that has it now (P5).
//
// The window and the pages in hand serve on if the topic is as this worker's last
// transaction left it. That is so if the stored cursor is the one which that transaction
// stored, for each has an owner and a seq of its own (rule 4). Otherwise the stream takes
// a full start. The transaction that follows is the claim.
func (o *Opener) Reopen(ctx context.Context, e *Expected) error {
	found, err := o.Sink.Open(ctx)
	switch {
	case class.Of(err) == class.Fenced:
		return err
	case err != nil:
		// As if the transaction had been begun: tried again while the broker is on its way.
		return &kafka.CommitError{Outcome: kafka.NotWritten, Err: fmt.Errorf("opening the producer of an idle stream: %w", err)}
	case found.Seq != e.Stored.Seq || found.Owner != e.Stored.Owner, kafka.Lost(found, o.Sink.Found()) != "",
		o.Sink.TopicID() != e.Topic.ID, shorter(o.Sink.Ends(), e.Topic.Ends), o.Sink.MaxRecord() != e.Topic.Limits.Record:
		return ErrReopen
	}
	return nil
}

// stand notes what a cursor that was committed says of the output topic, for the look.
func (o *Opener) stand(c strategies.Cursor) {
	o.standing.Store(&Standing{c.Topic, o.Sink.Found().Forgets})
}

func (o *Opener) topic() Topic {
	limits := admit.Limits{Record: o.Sink.MaxRecord(), Letter: o.Sink.MaxRecord()}
	if o.Back.Rules.Limits.Letter > 0 {
		limits.Letter = o.Back.Rules.Limits.Letter
	}
	return Topic{ID: o.Sink.TopicID(), Ends: o.Sink.Ends(), Limits: limits}
}

// Adopt makes a stored cursor the stream's, or says why it cannot be (rule 19).
func Adopt(stored strategies.Cursor, s config.Stream) (strategies.Cursor, error) {
	c, err := strategies.Adopt(stored, s.Name, s.Strategy, s.Fingerprint(), s.Settings())
	return c, class.Wrap(class.Config, err)
}

// Changed says what has changed since the cursor was written without making it another stream's, and what that
// means for it. The claim that follows stores the settings of now, so a start says it once.
func Changed(stored strategies.Cursor, s config.Stream) (notes []string) {
	if stored.Mark == "" && stored.Sweep == nil {
		return nil
	}
	settings := s.Settings()
	for _, change := range stored.Changed(settings, strategies.SettingFirst) {
		notes = append(notes, fmt.Sprintf("the first mark has changed, %s: only a stream's first sweep begins there, and this one goes on from its mark %q; "+
			"tidemark state reset lets it begin there again, state rewind --to at any other place", change, stored.Mark))
	}
	for _, change := range stored.Changed(settings, strategies.SettingOrigin) {
		notes = append(notes, fmt.Sprintf("the API has another address, %s: the mark %q holds if it is the same collection; "+
			"if it is another one, give the stream a new name and topic", change, stored.Mark))
	}
	return notes
}
