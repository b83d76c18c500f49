package admit

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
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
	headerHash      = "tidemark.hash"   // what the row is known by
	headerLength    = "tidemark.length" // of a row that was cut
	headerSHA256    = "tidemark.sha256" // of a row that was cut
)

// mostOfRow is how much of a row a dead letter holds at the most.
const mostOfRow = 64 << 10

// cut is the beginning of a text.
func cut[T string | []byte](text T, most int) T { return text[:min(len(text), max(most, 0))] }

// deadLetter makes the record that keeps a row which cannot be written as what it is.
// It fits into the dead-letter topic whatever the row's size.
func (r *Rules) deadLetter(row *strategies.Row, cause error, url string) kafka.Record {
	header := func(key, value string) kgo.RecordHeader { return kgo.RecordHeader{Key: key, Value: []byte(value)} }
	stage, exception := "VALUE_CONVERTER", "tidemark.Error"
	var bad *wire.RowError
	var large *tooLargeError
	switch {
	case errors.As(cause, &bad):
		exception = "tidemark.RowError"
		if r.Stream.Identifies(bad.Field) {
			stage = "KEY_CONVERTER"
		}
	case errors.As(cause, &large):
		stage, exception = "KAFKA_PRODUCE", "tidemark.RecordTooLarge"
	}
	limit := r.Limits.Letter
	rec := kafka.Record{Key: cut(row.Key, min(mostOfRow, limit/8)), Value: row.JSON, Dead: true, Headers: []kgo.RecordHeader{
		header(headerTopic, r.Stream.Topic),
		header(headerConnector, r.Stream.Name),
		header(headerTask, "0"),
		header(headerStage, stage),
		header(headerException, exception),
		header(headerMessage, cut(cause.Error(), limit/8)),
		header(headerURL, cut(url, limit/8)),
		header(headerHash, strconv.FormatUint(window.DeadHash(row.JSON), 16)),
	}}
	if row.Value.Raw != nil {
		rec.Headers = append(rec.Headers, header(HeaderCursor, string(cut(row.Value.Raw, limit/8))))
	}
	left := limit - len(rec.Key) - len(headerLength) - len(headerSHA256) - 2*sha256.Size - 32
	for _, h := range rec.Headers {
		left -= len(h.Key) + len(h.Value) + 8
	}
	if most := min(mostOfRow, left); len(row.JSON) > most {
		sum := sha256.Sum256(row.JSON)
		rec.Value = cut(row.JSON, most)
		rec.Headers = append(rec.Headers, header(headerLength, strconv.Itoa(len(row.JSON))), header(headerSHA256, hex.EncodeToString(sum[:])))
	}
	return rec
}

// letters reports whether the stream may write dead letters.
func (r *Rules) letters() bool {
	return r.Stream.OnBadRow != OnBadFail && r.Stream.OnBadRow != OnBadSkip ||
		r.Stream.OnNewField == OnDriftLetter || r.Stream.OnMissingField == OnDriftLetter
}

// Letters reads dead letters back.
type Letters interface {
	// ScanDead calls fn with every record of the dead-letter topic.
	ScanDead(ctx context.Context, fn func(*kgo.Record) error) error
	// MaxDead is what the topic takes, in bytes of a record, once it was read.
	MaxDead() int
}

// LoadLetters makes the window know the rows in the dead-letter topic, and the rules what the topic
// takes.
func (r *Rules) LoadLetters(ctx context.Context, from Letters, w *window.Window) error {
	if !r.letters() {
		return nil
	}
	err := from.ScanDead(ctx, func(rec *kgo.Record) error {
		if hash, err := strconv.ParseUint(string(HeaderOf(rec, headerHash)), 16, 64); err == nil {
			w.LoadDead(hash)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if r.Limits.Letter = from.MaxDead(); r.Limits.Letter < r.Limits.Record && !r.cutSaid {
		r.cutSaid = true
		r.Report.Warn(kafka.Options{Topic: r.Stream.Topic, Brokers: r.Brokers}.SmallDead(r.Limits.Letter, r.Limits.Record))
	}
	return nil
}
