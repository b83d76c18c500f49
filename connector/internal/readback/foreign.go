package readback

import (
	"context"
	"errors"

	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/internal/admit"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/status"
	"tidemark/connector/internal/window"
	"tidemark/connector/internal/wire"
	"tidemark/strategies"
)

// The output topic may hold records that are none of the stream's rows: they were there before
// the stream was, somebody else writes into it (exclusive: false), an operator has claimed it,
// or nobody knows their schema any more. Such a record stops nothing. It makes the version of
// its key unknown: whatever row of the key comes next is written behind it.

// ForeignError is the error of a record that was read back and is none of the stream's rows.
type ForeignError struct{ Err error }

func (e *ForeignError) Error() string { return e.Err.Error() }
func (e *ForeignError) Unwrap() error { return e.Err }

// foreignUnless makes an error that of a record which is none of the stream's rows.
func foreignUnless(v strategies.Value, hash uint64, err error) (strategies.Value, uint64, error) {
	if err != nil {
		err = &ForeignError{err}
	}
	return v, hash, err
}

// foreign counts the foreign records of one reading of the topic.
type foreign struct {
	records int64
	first   kgo.Record // its place and key
	why     error
	said    bool // that there are any
}

// Inspect returns what the window compares of a record read back; of a foreign one, the hash is
// window.Unknown, of a tombstone wire.TombstoneHash. An error says where the record stands.
func (r *Reader) Inspect(ctx context.Context, rec *kgo.Record) (strategies.Value, uint64, error) {
	v, hash, err := r.content(ctx, rec)
	var stranger *ForeignError
	switch {
	case err == nil:
		return v, hash, nil
	case !errors.As(err, &stranger):
		return v, hash, class.Errorf(class.Broker, "reading back topic %s, partition %d, offset %d: %w", rec.Topic, rec.Partition, rec.Offset, err)
	}
	if r.foreign.records++; r.foreign.records == 1 {
		r.foreign.first = kgo.Record{Partition: rec.Partition, Offset: rec.Offset, Key: rec.Key}
		r.foreign.why = stranger.Err
	}
	return strategies.Value{}, window.Unknown, nil
}

func (r *Reader) content(ctx context.Context, rec *kgo.Record) (strategies.Value, uint64, error) {
	v, hash := strategies.Value{}, wire.TombstoneHash
	var err error
	if rec.Value != nil {
		if v, hash, err = r.Bodies.Inspect(ctx, rec); err != nil || v.Set {
			return v, hash, err
		}
	}
	raw := admit.HeaderOf(rec, admit.HeaderCursor) // of a tombstone, or where the body does not hold it
	if raw == nil {
		return v, hash, nil
	}
	v, err = r.Format.Parse(raw)
	return foreignUnless(v, hash, err)
}

// Begin begins to count foreign records anew, for a reading of the whole topic.
func (r *Reader) Begin() { r.foreign.records = 0 }

// NoticeForeign says once that the topic holds foreign records, after it was read.
func (r *Reader) NoticeForeign() {
	f := &r.foreign
	r.Report.Board.Set(func(s *status.Status) { s.Foreign = f.records })
	if f.records == 0 || f.said {
		return
	}
	f.said = true
	r.Report.Warn("the topic holds records that are not of the stream's schema; they are left where they are, and a row with the key of one is written behind it",
		"topic", r.Stream.Topic, "records", f.records, "partition", f.first.Partition, "offset", f.first.Offset, "key", string(f.first.Key), "why", f.why)
}
