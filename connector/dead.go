package connector

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"

	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/internal/kafka"
	"tidemark/connector/internal/window"
	"tidemark/connector/internal/wire"
	"tidemark/strategies"
)

// The headers of a dead letter. Those of Kafka Connect's dead-letter queues keep their
// names, so that tools which know them read tidemark's too.
const (
	headerTopic     = "__connect.errors.topic"
	headerConnector = "__connect.errors.connector.name"
	headerTask      = "__connect.errors.task.id"
	headerStage     = "__connect.errors.stage"
	headerException = "__connect.errors.exception.class.name"
	headerMessage   = "__connect.errors.exception.message"
	headerURL       = "tidemark.url"    // of the page, secrets replaced
	headerCursor    = "tidemark.cursor" // the row's cursor value, verbatim; tombstones carry it too
	headerHash      = "tidemark.hash"   // what the row is known by
	headerLength    = "tidemark.length" // of a row that was cut
	headerSHA256    = "tidemark.sha256" // of a row that was cut
)

// What on_bad_row says; its third value, dlq, is the default.
const (
	onBadFail = "fail"
	onBadSkip = "skip"
)

// deadBytes is how much of a row a dead letter holds at the most.
const deadBytes = 64 << 10

// errTooLarge is why a row that could be encoded is a dead letter all the same.
type errTooLarge struct{ size, limit int }

func (e *errTooLarge) Error() string {
	return fmt.Sprintf("the record has %d bytes, the topic takes %d (max.message.bytes)", e.size, e.limit)
}

// cause is why a row cannot be written as what it is; nil: it can.
func (r *runner) cause(row *strategies.Row) error {
	if row.Err != nil {
		return row.Err
	}
	size := len(row.Key) + len(row.Body)
	if row.Deleted && row.Value.Set {
		size += len(headerCursor) + len(row.Value.Raw) + 8
	}
	if size > r.maxRecord {
		return &errTooLarge{size, r.maxRecord}
	}
	return nil
}

// cut is the beginning of a text.
func cut[T string | []byte](text T, most int) T { return text[:min(len(text), max(most, 0))] }

// deadLetter makes the record that keeps a row which cannot be written as what it is.
// It fits into the dead-letter topic whatever the row's size.
func (r *runner) deadLetter(row *strategies.Row, cause error, url string) kafka.Record {
	header := func(key, value string) kgo.RecordHeader { return kgo.RecordHeader{Key: key, Value: []byte(value)} }
	stage, exception := "VALUE_CONVERTER", "tidemark.Error"
	var bad *wire.RowError
	var large *errTooLarge
	switch {
	case errors.As(cause, &bad):
		exception = "tidemark.RowError"
		if bad.Field == r.stream.IDField {
			stage = "KEY_CONVERTER"
		}
	case errors.As(cause, &large):
		stage, exception = "KAFKA_PRODUCE", "tidemark.RecordTooLarge"
	}
	limit := r.maxLetter
	rec := kafka.Record{Key: cut(row.Key, min(deadBytes, limit/8)), Value: row.JSON, Dead: true, Headers: []kgo.RecordHeader{
		header(headerTopic, r.stream.Topic),
		header(headerConnector, r.stream.Name),
		header(headerTask, "0"),
		header(headerStage, stage),
		header(headerException, exception),
		header(headerMessage, cut(cause.Error(), limit/8)),
		header(headerURL, cut(url, limit/8)),
		header(headerHash, strconv.FormatUint(window.DeadHash(row.JSON), 16)),
	}}
	if row.Value.Raw != nil {
		rec.Headers = append(rec.Headers, header(headerCursor, string(cut(row.Value.Raw, limit/8))))
	}
	room := limit - len(rec.Key) - len(headerLength) - len(headerSHA256) - 2*sha256.Size - 32
	for _, h := range rec.Headers {
		room -= len(h.Key) + len(h.Value) + 8
	}
	if most := min(deadBytes, room); len(row.JSON) > most {
		sum := sha256.Sum256(row.JSON)
		rec.Value = cut(row.JSON, most)
		rec.Headers = append(rec.Headers, header(headerLength, strconv.Itoa(len(row.JSON))), header(headerSHA256, hex.EncodeToString(sum[:])))
	}
	return rec
}

// tombstone is the record of a deleted row. Its cursor value goes into a header, because it
// has no body to be read back from (rule 11).
func tombstone(row *strategies.Row) kafka.Record {
	rec := kafka.Record{Key: row.Key}
	if row.Value.Set {
		rec.Headers = []kgo.RecordHeader{{Key: headerCursor, Value: row.Value.Raw}}
	}
	return rec
}

// headerOf returns the value of a record's header; nil where it has none.
func headerOf(rec *kgo.Record, key string) []byte {
	for i := range rec.Headers {
		if rec.Headers[i].Key == key {
			return rec.Headers[i].Value
		}
	}
	return nil
}

// loadDead makes the window know the letters in the dead-letter topic.
func (r *runner) loadDead(ctx context.Context, w *window.Window) error {
	if r.stream.OnBadRow == onBadFail || r.stream.OnBadRow == onBadSkip {
		return nil
	}
	err := r.sink.ScanDead(ctx, func(rec *kgo.Record) error {
		if hash, err := strconv.ParseUint(string(headerOf(rec, headerHash)), 16, 64); err == nil {
			w.LoadDead(hash)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if r.maxLetter = r.sink.MaxDead(); r.maxLetter < r.maxRecord && !r.cutSaid {
		r.cutSaid = true
		r.report.Warn(kafka.Options{Topic: r.stream.Topic, Brokers: r.kafka.Brokers}.SmallDead(r.maxLetter, r.maxRecord))
	}
	return nil
}
