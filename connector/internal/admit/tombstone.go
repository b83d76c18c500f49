package admit

import (
	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/internal/format"
	"tidemark/connector/internal/kafka"
	"tidemark/strategies"
)

// HeaderCursor is the header that holds a row's cursor value, verbatim, where no body does: in tombstones,
// in dead letters, and in all records of a stream whose cursor field is further down in its rows (rule 11).
const HeaderCursor = format.HeaderCursor

// Tombstone is the record of a deleted row. Its cursor value goes into a header, because it
// has no body to be read back from (rule 11).
func Tombstone(row *strategies.Row) kafka.Record {
	rec := kafka.Record{Key: row.Key, Op: kafka.OpDelete}
	if row.Value.Set {
		rec.Headers = []kgo.RecordHeader{{Key: HeaderCursor, Value: row.Value.Raw}}
	}
	return rec
}

// cursorHeader makes the header of a row's cursor value in the batch's memory. Of records that were made
// before it has grown, the headers stay where they were.
func (b *Batch) cursorHeader(row *strategies.Row) []kgo.RecordHeader {
	n := len(b.headers)
	b.headers = append(b.headers, kgo.RecordHeader{Key: HeaderCursor, Value: row.Value.Raw})
	return b.headers[n : n+1 : n+1]
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
