package admit

import (
	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/internal/kafka"
	"tidemark/strategies"
)

// HeaderCursor is the header that holds a row's cursor value, verbatim, where no body does: in tombstones
// and dead letters.
const HeaderCursor = "tidemark.cursor"

// Tombstone is the record of a deleted row. Its cursor value goes into a header, because it
// has no body to be read back from (rule 11).
func Tombstone(row *strategies.Row) kafka.Record {
	rec := kafka.Record{Key: row.Key}
	if row.Value.Set {
		rec.Headers = []kgo.RecordHeader{{Key: HeaderCursor, Value: row.Value.Raw}}
	}
	return rec
}

// HeaderOf returns the value of a record's header; nil where it has none.
func HeaderOf(rec *kgo.Record, key string) []byte {
	for i := range rec.Headers {
		if rec.Headers[i].Key == key {
			return rec.Headers[i].Value
		}
	}
	return nil
}
