package readback

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/internal/format"
	"tidemark/connector/internal/wire"
	"tidemark/strategies"
)

// Other is an inspector of values that are not Avro. They name their fields, or number them, so the schema of now reads
// what earlier ones wrote, and nothing has to be known of the ids in them.
type Other struct {
	codec    *format.Codec
	registry Registry
	lexicon  *Lexicon
}

// Lexicon is what it knows of the records' schema ids.
func (o *Other) Lexicon() *Lexicon { return o.lexicon }

// Inspect reads a record's value back.
func (o *Other) Inspect(_ context.Context, rec *kgo.Record) (strategies.Value, uint64, error) {
	return foreignUnless(o.codec.Inspect(rec.Value))
}

// Doubts says which ids the registry no longer knows; "": none, or it does not answer.
func (o *Other) Doubts(ctx context.Context) string {
	var all []string
	for i, s := range o.lexicon.Known {
		if !asked(o.lexicon.Known, i, o.lexicon.Own.ID) {
			continue
		}
		if _, err := o.registry.TypedByID(ctx, s.ID); errors.As(err, new(*wire.NoSchemaError)) {
			all = append(all, fmt.Sprintf("%d (unknown there, %.12s here)", s.ID, s.Fingerprint))
		}
	}
	return strings.Join(all, ", ")
}
