package connector

import (
	"context"
	"errors"

	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/internal/window"
	"tidemark/strategies"
)

// strangeError is the error of a record that was read back and is not of the stream's schema.
type strangeError struct{ error }

func (e *strangeError) Unwrap() error { return e.error }

func strange(v strategies.Value, hash uint64, err error) (strategies.Value, uint64, error) {
	if err != nil {
		err = &strangeError{err}
	}
	return v, hash, err
}

// body returns what the window compares of a record with a value. In a topic that others
// write into, or have written into before it was claimed, a record of another kind is an
// event that no row is equal to: the next row of its key is written behind it. In any other
// topic it is an error.
func (r *runner) body(ctx context.Context, rec *kgo.Record) (strategies.Value, uint64, error) {
	v, hash, err := r.bodies.Inspect(ctx, rec.Value)
	if err == nil || !r.lenient || !errors.As(err, new(*strangeError)) {
		return v, hash, err
	}
	if !r.met {
		r.met = true
		r.log.Warn("the topic holds records that are not of the stream's schema; a row with the key of one is written behind it",
			"partition", rec.Partition, "offset", rec.Offset, "key", string(rec.Key), "why", err)
	}
	return strategies.Value{}, window.DeadHash(rec.Value), nil
}
