package connector

import (
	"context"
	"errors"

	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/internal/admit"
	"tidemark/connector/internal/window"
	"tidemark/connector/internal/wire"
	"tidemark/strategies"
)

// The output topic may hold records that are none of the stream's rows: they were there before
// the stream was, somebody else writes into it (exclusive: false), an operator has claimed it,
// or nobody knows their schema any more. Such a record stops nothing. It makes the version of
// its key unknown: whatever row of the key comes next is written behind it.

// foreignError is the error of a record that was read back and is none of the stream's rows.
type foreignError struct{ error }

func (e *foreignError) Unwrap() error { return e.error }

func foreignUnless(v strategies.Value, hash uint64, err error) (strategies.Value, uint64, error) {
	if err != nil {
		err = &foreignError{err}
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

// inspect returns what the window compares of a record read back; of a foreign one, the hash is
// window.Unknown.
func (r *runner) inspect(ctx context.Context, rec *kgo.Record) (strategies.Value, uint64, error) {
	v, hash, err := r.content(ctx, rec)
	var foreign *foreignError
	if !errors.As(err, &foreign) {
		return v, hash, err
	}
	if r.foreign.records++; r.foreign.records == 1 {
		r.foreign.first = kgo.Record{Partition: rec.Partition, Offset: rec.Offset, Key: rec.Key}
		r.foreign.why = foreign.error
	}
	return strategies.Value{}, window.Unknown, nil
}

func (r *runner) content(ctx context.Context, rec *kgo.Record) (strategies.Value, uint64, error) {
	if rec.Value != nil {
		return r.bodies.Inspect(ctx, rec)
	}
	raw := admit.HeaderOf(rec, admit.HeaderCursor)
	if raw == nil {
		return strategies.Value{}, wire.TombstoneHash, nil
	}
	v, err := r.format.Parse(raw)
	return foreignUnless(v, wire.TombstoneHash, err)
}

// noticeForeign says once that the topic holds foreign records, after it was read.
func (r *runner) noticeForeign() {
	f := &r.foreign
	r.report.Board.Set(func(s *Status) { s.Foreign = f.records })
	if f.records == 0 || f.said {
		return
	}
	f.said = true
	r.report.Warn("the topic holds records that are not of the stream's schema; they are left where they are, and a row with the key of one is written behind it",
		"topic", r.stream.Topic, "records", f.records, "partition", f.first.Partition, "offset", f.first.Offset, "key", string(f.first.Key), "why", f.why)
}
