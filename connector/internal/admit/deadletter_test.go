package admit

import (
	"bytes"
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/internal/kafka"
	"tidemark/connector/internal/window"
	"tidemark/connector/internal/wire"
	"tidemark/strategies"
)

// A deleted row's record has its cursor value in a header, which counts too.
func TestTombstoneTooLarge(t *testing.T) {
	r := &Rules{Limits: Limits{Record: 1000}}
	v, err := strategies.RFC3339.ParseString("2026-01-01T00:01:00Z")
	if err != nil {
		t.Fatal(err)
	}
	for n, fits := range map[int]bool{940: true, 990: false} {
		row := strategies.Row{Key: []byte(strings.Repeat("k", n)), Value: v, Deleted: true}
		if err := r.Cause(&row); (err == nil) != fits {
			t.Errorf("a key of %d bytes: %v", n, err)
		}
	}
}

// A tombstone carries its row's cursor value, where it has one.
func TestTombstone(t *testing.T) {
	rec := Tombstone(&strategies.Row{Key: []byte("a"), Value: value(7), Body: []byte("body"), Deleted: true})
	if got := HeaderOf(&kgo.Record{Headers: rec.Headers}, HeaderCursor); string(rec.Key) != "a" || rec.Value != nil || string(got) != "7" {
		t.Errorf("got %+v", rec)
	}
	if rec := Tombstone(&strategies.Row{Key: []byte("a")}); len(rec.Headers) != 0 || HeaderOf(&kgo.Record{}, HeaderCursor) != nil {
		t.Errorf("without a value: %+v", rec)
	}
}

// A letter says why its row could not be written and where it came from, and fits into the topic
// whatever the sizes are: what is cut has its length and hash.
func TestLetterFits(t *testing.T) {
	long := bytes.Repeat([]byte("x"), 100_000)
	for _, limit := range []int{2000, 5000, 1 << 20} {
		r := rules(t, nil)
		r.Limits.Letter = limit
		row := strategies.Row{Key: long, Value: strategies.Value{N: 1, Set: true, Raw: long}, JSON: long}
		for what, c := range map[string]struct {
			cause            error
			stage, exception string
		}{
			"the id":      {&wire.RowError{Field: r.Stream.IDField, Reason: "is missing"}, "KEY_CONVERTER", "tidemark.RowError"},
			"a field":     {&wire.RowError{Field: "name", Reason: string(long)}, "VALUE_CONVERTER", "tidemark.RowError"},
			"the size":    {&tooLargeError{9, 8}, "KAFKA_PRODUCE", "tidemark.RecordTooLarge"},
			"another one": {errors.New("else"), "VALUE_CONVERTER", "tidemark.Error"},
		} {
			rec := r.deadLetter(&row, c.cause, string(long))
			size := len(rec.Key) + len(rec.Value)
			for _, h := range rec.Headers {
				size += len(h.Key) + len(h.Value)
			}
			header := func(name string) string { return string(HeaderOf(&kgo.Record{Headers: rec.Headers}, name)) }
			if size > limit || len(rec.Value) == 0 || !rec.Dead {
				t.Errorf("%s: a letter of %d bytes with %d of the row, where %d fit; dead: %v", what, size, len(rec.Value), limit, rec.Dead)
			}
			if header(headerStage) != c.stage || header(headerException) != c.exception || header(headerLength) != strconv.Itoa(len(long)) || len(header(headerSHA256)) != 64 {
				t.Errorf("%s: stage %s, exception %s, length %s", what, header(headerStage), header(headerException), header(headerLength))
			}
		}
	}
}

// letters is a dead-letter topic.
type letters struct {
	records []kafka.Record
	most    int
	err     error
	scans   int
}

func (l *letters) ScanDead(_ context.Context, fn func(*kgo.Record) error) error {
	l.scans++
	for _, r := range l.records {
		if err := fn(&kgo.Record{Key: r.Key, Value: r.Value, Headers: r.Headers}); err != nil {
			return err
		}
	}
	return l.err
}

func (l *letters) MaxDead() int { return l.most }

// What is read back from the dead-letter topic is known to the window, be the letter cut or not a letter
// at all; that the topic takes less than the output topic is said once.
func TestLoadLetters(t *testing.T) {
	var log bytes.Buffer
	r := rules(t, &log)
	r.Brokers = []string{"broker:9092"}
	row := strategies.Row{Key: []byte("a"), JSON: bytes.Repeat([]byte("x"), 10_000)}
	topic := &letters{records: []kafka.Record{r.deadLetter(&row, errBad, "url"), {Key: []byte("somebody's")}}, most: 700}
	for range 2 {
		w := window.New(window.Everything, 0)
		if err := r.LoadLetters(t.Context(), topic, w); err != nil {
			t.Fatal(err)
		}
		if !w.KnowsDead(row.JSON) || w.KnowsDead([]byte("y")) {
			t.Error("the window does not know the letter's row, or knows another")
		}
	}
	if r.Limits.Letter != 700 {
		t.Errorf("letters may have %d bytes", r.Limits.Letter)
	}
	if n := strings.Count(log.String(), "dead letters are cut"); n != 1 || !strings.Contains(log.String(), "--bootstrap-server broker:9092") {
		t.Errorf("said %d times that letters are cut:\n%s", n, &log)
	}
	topic.err = errors.New("away")
	if err := r.LoadLetters(t.Context(), topic, window.New(window.Everything, 0)); !errors.Is(err, topic.err) {
		t.Errorf("got %v", err)
	}
	before := topic.scans
	for _, on := range []string{OnBadFail, OnBadSkip} { // there are no letters
		r.Stream.OnBadRow = on
		if err := r.LoadLetters(t.Context(), topic, window.New(window.Everything, 0)); err != nil || topic.scans != before {
			t.Errorf("%s: %v, read %d times", on, err, topic.scans-before)
		}
	}
}
