package readback

import (
	"context"

	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/config"
	"tidemark/connector/internal/admit"
	"tidemark/connector/internal/kafka"
	"tidemark/connector/internal/status"
	"tidemark/connector/internal/window"
	"tidemark/connector/internal/wire"
	"tidemark/strategies"
)

// Topic is an open stream's output topic, and its dead-letter topic.
type Topic interface {
	Scan(ctx context.Context, from []int64, fn func(*kgo.Record) error) error
	ScanDead(ctx context.Context, fn func(*kgo.Record) error) error
	MaxDead() int
	Ends() []int64
	TopicID() string
	Spread() int
}

// Reader reads the topic of one stream. It is used by one goroutine at a time.
type Reader struct {
	Stream config.Stream
	Format strategies.Format
	Topic  Topic
	Bodies Inspector
	Rules  *admit.Rules
	Report *status.Reporter

	foreign foreign
	astray  bool // keys outside of their partitions were met, and it was said
}

// Window is what the topic holds from a cursor value on (rules 9 and 10). from are the offsets
// behind which it has all of it; nil: the topic is read whole. again says what of it is to be written once more; nil:
// nothing.
func (r *Reader) Window(ctx context.Context, start int64, from []int64, again *strategies.Again) (*window.Window, error) {
	repeated, err := r.repeated(again)
	if err != nil {
		return nil, err
	}
	w := window.New(start, r.Stream.WindowRows)
	at := from
	if at == nil {
		at = make([]int64, len(r.Topic.Ends()))
	}
	w.Begin(at)
	r.Begin()
	spread := r.Topic.Spread()
	err = r.Topic.Scan(ctx, from, func(rec *kgo.Record) error {
		v, hash, err := r.Inspect(ctx, rec)
		if err != nil {
			return err
		}
		if repeated != nil && repeated(rec, v, hash) {
			hash = window.Again
		}
		Load(w, rec, spread, v, hash)
		return nil
	})
	if err != nil {
		return nil, err
	}
	r.NoticeForeign()
	r.Scattered(w.Settle(wire.TombstoneHash))
	w.Loaded()
	if err := r.Letters(ctx, w); err != nil {
		return nil, err
	}
	r.Report.Board.Set(func(s *status.Status) { s.Window = w.Rows() })
	return w, nil
}

// repeated says of a record whether it is to be written once more; nil: none is. Keys' records outside of their
// partitions are not: a later one of the same version would have no place.
func (r *Reader) repeated(again *strategies.Again) (func(rec *kgo.Record, v strategies.Value, hash uint64) bool, error) {
	if again == nil || again.TopicID != r.Topic.TopicID() {
		return nil, nil //nolint:nilnil // there is nothing to say
	}
	from, err := window.Start(r.Format, again.From)
	if err != nil {
		return nil, err
	}
	spread := r.Topic.Spread()
	return func(rec *kgo.Record, v strategies.Value, hash uint64) bool {
		return int(rec.Partition) < len(again.Ends) && rec.Offset < again.Ends[rec.Partition] && hash != window.Unknown &&
			(v.Set && v.N >= from || from == window.Everything) && kafka.Home(rec, spread) == rec.Partition
	}, nil
}

// Letters makes a window know the rows in the dead-letter topic.
func (r *Reader) Letters(ctx context.Context, w *window.Window) error {
	return r.Rules.LoadLetters(ctx, r.Topic, w)
}
