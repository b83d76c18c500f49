package connector

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/config"
	"tidemark/connector/internal/admit"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/kafka"
	"tidemark/connector/internal/kit"
	"tidemark/connector/internal/stream"
	"tidemark/strategies"
)

// A row that cannot be written as what it is goes to the dead-letter topic: raw, with all
// that is known of it and no secret, once, in the transaction of the rows around it.
func TestBrokerDeadLetter(t *testing.T) {
	t.Parallel()
	for _, strategy := range following {
		t.Run(strategy, func(t *testing.T) {
			t.Parallel()
			bad := doc{"bad", at(2), fmt.Sprintf(`{"id": "bad",  "name": 7, "updatedAt": %q}`, at(2))}
			s := &script{page: 10, docs: []doc{person("a", at(1), "A"), bad, person("b", at(3), "A")}}
			h, stream := scripted(t, strategy, s)
			stream.Query = map[string]string{"api_key": "s3cr3t"}
			stream.Lookback, stream.PageSize = 10*time.Minute, 10
			for range 3 { // a dead letter that is there is not written again, nor after a restart
				h.mustOnce()
			}
			if got := brief(h.events(stream.Topic)); got != "a=A b=A" {
				t.Errorf("the topic has %s", got)
			}
			letters := h.letters(stream.Topic)
			if len(letters) != 1 {
				t.Fatalf("%d dead letters, want 1", len(letters))
			}
			l := letters[0]
			if string(l.Key) != "bad" || string(l.Value) != bad.text {
				t.Errorf("the letter is %q: %s", l.Key, l.Value)
			}
			headers := headersOf(l)
			for name, want := range map[string]string{
				"__connect.errors.topic": stream.Topic, "__connect.errors.connector.name": stream.Name,
				"__connect.errors.task.id": "0", "__connect.errors.stage": "VALUE_CONVERTER",
				"__connect.errors.exception.class.name": "tidemark.RowError", "tidemark.cursor": at(2),
			} {
				if headers[name] != want {
					t.Errorf("header %s is %q, want %q", name, headers[name], want)
				}
			}
			for name, part := range map[string]string{"__connect.errors.exception.message": "name", "tidemark.url": "api_key=***"} {
				if !strings.Contains(headers[name], part) {
					t.Errorf("header %s is %q, want %q in it", name, headers[name], part)
				}
			}
			h.noSecret(stream, "s3cr3t", nil)
			// A row that is mended is a row like others.
			s.set(person("bad", at(4), "mended"))
			h.mustOnce()
			h.mustOnce()
			if got := brief(h.events(stream.Topic)); got != "a=A b=A bad=mended" || len(h.letters(stream.Topic)) != 1 {
				t.Errorf("the topic has %s and %d dead letters", got, len(h.letters(stream.Topic)))
			}
		})
	}
}

// noSecret fails if a secret is in the logs, the error, the cursor or any record (P11).
func (h *house) noSecret(s *config.Stream, secret string, err error) {
	h.t.Helper()
	found := func(where, text string) {
		h.t.Helper()
		if strings.Contains(text, secret) {
			h.t.Errorf("the secret is in %s: %s (P11)", where, text)
		}
	}
	found("the log", h.logs.String())
	found("the error", fmt.Sprint(err))
	found("the status", fmt.Sprintf("%+v", h.status()))
	for _, topic := range []string{s.Topic, s.Topic + ".dlq", h.cfg.Kafka.StateTopic} {
		h.read(topic, func(r *kgo.Record) {
			found("a record of "+topic, fmt.Sprintf("%s %s %v", r.Key, r.Value, headersOf(r)))
		})
	}
}

// A transaction that fails takes its dead letters with it: they stand in the topic exactly
// when the rows around them do (P1).
func TestDeadLetterSharesTheTransaction(t *testing.T) {
	t.Parallel()
	s := &script{docs: []doc{person("a", at(1), "A"), {"bad", at(2), `{"id": "bad", "name": 7}`}}}
	h, stream := scripted(t, strategies.Timestamp, s)
	c, err := New(h.cfg, Options{Once: true, Logger: h.logger()})
	if err != nil {
		t.Fatal(err)
	}
	u := c.crew.Members()[0]
	u.through(&lastFails{Sink: u.driver.Opener.Sink, t: t})
	if err := u.Run(t.Context()); err == nil {
		t.Fatal("a transaction that is never committed gave no error")
	}
	if n := len(h.events(stream.Topic)) + len(h.letters(stream.Topic)); n != 0 {
		t.Errorf("%d records of a transaction that failed", n)
	}
	h.mustOnce()
	if e, l := h.events(stream.Topic), h.letters(stream.Topic); len(e) != 1 || len(l) != 1 {
		t.Errorf("%d events and %d dead letters, want one each", len(e), len(l))
	}
}

// lastFails spoils the first transaction that has a dead letter: by a row over the limit,
// which the broker refuses alone (rule 1).
type lastFails struct {
	stream.Sink
	t *testing.T
}

func (l *lastFails) Commit(ctx context.Context, records []kafka.Record, next strategies.Cursor) (strategies.Cursor, error) {
	if len(records) > 0 {
		records = append(records, kafka.Record{Key: []byte("x"), Value: make([]byte, 8<<20)})
	}
	return l.Sink.Commit(ctx, records, next)
}

// A row over the topic's limit is a dead letter that is cut, with its true length and hash.
func TestBrokerRowOverTheLimit(t *testing.T) {
	t.Parallel()
	for _, limit := range []int{1_000_012, 3000} { // Kafka's default, and hardly enough for the headers
		t.Run(strconv.Itoa(limit), func(t *testing.T) {
			t.Parallel()
			large := person("large", at(2), strings.Repeat("long ", limit/4))
			s := &script{docs: []doc{person("a", at(1), "A"), large, person("b", at(3), "A"), person("last", at(4), strings.Repeat("x", limit))}}
			h, stream := scripted(t, strategies.Replay, s)
			h.limit(stream.Topic, limit)
			for range 2 {
				h.mustOnce()
			}
			if got := brief(h.events(stream.Topic)); got != "a=A b=A" {
				t.Errorf("the topic has %s", got)
			}
			letters := h.letters(stream.Topic)
			if len(letters) != 2 {
				t.Fatalf("%d dead letters, want 2", len(letters))
			}
			headers := headersOf(letters[0])
			sum := sha256.Sum256([]byte(large.text))
			if headers["tidemark.length"] != strconv.Itoa(len(large.text)) || headers["tidemark.sha256"] != hex.EncodeToString(sum[:]) {
				t.Errorf("the letter says length %s and hash %s", headers["tidemark.length"], headers["tidemark.sha256"])
			}
			if v := letters[0].Value; len(v) < limit/10 && len(v) < 1<<16 || !bytes.HasPrefix([]byte(large.text), v) {
				t.Errorf("the letter holds %d bytes that are not the row's first", len(v))
			}
			if headers["__connect.errors.exception.class.name"] != "tidemark.RecordTooLarge" {
				t.Errorf("the letter's exception is %q", headers["__connect.errors.exception.class.name"])
			}
			if m := h.cursor(stream.Name).Mark; m != at(4) {
				t.Errorf("the mark is %s: a row that is a dead letter is delivered", m)
			}
		})
	}
}

// limit sets the size of the batches that a topic takes.
func (h *house) limit(topic string, bytes int) {
	h.t.Helper()
	cl := kit.Client(h.t, h.cfg.Kafka.Brokers)
	defer cl.Close()
	text := strconv.Itoa(bytes)
	set := []kadm.AlterConfig{{Op: kadm.SetConfig, Name: "max.message.bytes", Value: &text}}
	altered, err := kadm.NewClient(cl).AlterTopicConfigs(h.t.Context(), set, topic)
	if err == nil {
		_, err = altered.On(topic, nil)
	}
	if err != nil {
		h.t.Fatal(err)
	}
	kit.Eventually(h.t, "the new limit", func() bool { // a real broker learns of it from its controller
		configs, err := kadm.NewClient(cl).DescribeTopicConfigs(h.t.Context(), topic)
		if err != nil || len(configs) != 1 {
			return false
		}
		return slices.ContainsFunc(configs[0].Configs, func(c kadm.Config) bool {
			return c.Key == "max.message.bytes" && c.Value != nil && *c.Value == text
		})
	})
}

// many are n rows, of which every nth cannot be written.
func many(n, nth int) []doc {
	docs := people(1, n)
	for i := nth - 1; i < n; i += nth {
		docs[i].text = fmt.Sprintf(`{"id": "p%d", "name": 7, "updatedAt": %q}`, i+1, docs[i].at)
	}
	return docs
}

// on_bad_row: fail stops at the first bad row and names it; skip leaves it out.
func TestBrokerOnBadRow(t *testing.T) {
	t.Parallel()
	for _, on := range []string{admit.OnBadFail, admit.OnBadSkip} {
		t.Run(on, func(t *testing.T) {
			t.Parallel()
			s := &script{docs: many(9, 5)}
			h, stream := scripted(t, strategies.Keyset, s)
			stream.OnBadRow = on
			err := h.once()
			if n := len(h.letters(stream.Topic)); n != 0 {
				t.Errorf("%d dead letters", n)
			}
			if on == admit.OnBadSkip {
				if got := brief(h.events(stream.Topic)); err != nil || strings.Contains(got, "p5=") || len(h.events(stream.Topic)) != 8 || h.status().Skipped == 0 {
					t.Errorf("got %v, the topic has %s, %d skipped", err, got, h.status().Skipped)
				}
				return
			}
			if class.Of(err) != class.Source || !strings.Contains(err.Error(), `"p5"`) || !strings.Contains(err.Error(), "name") {
				t.Errorf("got %v, want an error that names p5 and its field", err)
			}
			if got := brief(h.events(stream.Topic)); got != "p1=A p2=A p3=A" {
				t.Errorf("the topic has %s", got)
			}
		})
	}
}

// More than 1% and more than max_bad_rows of a sweep's rows are bad: it stops, and what was
// committed before stands.
func TestBrokerMaxBadRows(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		docs []doc
		most int
		ok   bool
	}{
		"all of many":                 {many(300, 2), 100, false},
		"many, but less than 1%":      {many(2000, 200), 5, true},
		"more than 1%, but a few":     {many(100, 10), 100, true},
		"over 1% and over the number": {many(1000, 50), 10, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, stream := scripted(t, strategies.Keyset, &script{page: 20, docs: c.docs})
			stream.MaxBadRows = c.most
			err := h.once()
			events, letters := len(h.events(stream.Topic)), len(h.letters(stream.Topic))
			if c.ok {
				if err != nil || events+letters != len(c.docs) {
					t.Errorf("got %v, %d events and %d dead letters", err, events, letters)
				}
				return
			}
			if class.Of(err) != class.Source || !strings.Contains(err.Error(), "max_bad_rows") {
				t.Fatalf("got %v, want an error that names max_bad_rows", err)
			}
			// The page that went too far is not committed; those before are.
			if letters > c.most || letters == 0 || events == 0 {
				t.Errorf("%d events and %d dead letters, at most %d of them allowed", events, letters, c.most)
			}
			again := h.once()
			if class.Of(again) != class.Source || !strings.Contains(again.Error(), "max_bad_rows") {
				t.Errorf("the next run gives %v", again)
			}
			if n := len(h.letters(stream.Topic)); n > c.most {
				t.Errorf("%d dead letters after another run", n)
			}
			// The count is the sweep's, kept in the cursor, and the operator decides.
			stream.MaxBadRows = 100_000
			h.mustOnce()
			if n := len(h.events(stream.Topic)) + len(h.letters(stream.Topic)); n != len(c.docs) {
				t.Errorf("%d events and dead letters for %d rows", n, len(c.docs))
			}
		})
	}
}

// A stream whose bad rows fill a page's end goes on all the same.
func TestBrokerPageOfBadRows(t *testing.T) {
	t.Parallel()
	for _, strategy := range []string{strategies.Keyset, strategies.Offset} {
		t.Run(strategy, func(t *testing.T) {
			t.Parallel()
			docs := people(1, 12)
			for i := 3; i < 9; i++ {
				docs[i].text = fmt.Sprintf(`{"id": "p%d", "name": 7, "updatedAt": %q}`, i+1, docs[i].at)
			}
			h, stream := scripted(t, strategy, &script{docs: docs})
			stream.PageSize = 3
			h.mustOnce()
			h.mustOnce()
			if e, l := len(h.events(stream.Topic)), len(h.letters(stream.Topic)); e != 6 || l != 6 {
				t.Errorf("%d events and %d dead letters, want 6 each", e, l)
			}
			if m := h.cursor(stream.Name).Mark; m != at(12) {
				t.Errorf("the mark is %s", m)
			}
		})
	}
}

// While a stream polls, too, a letter is written once.
func TestBrokerDeadLetterWhilePolling(t *testing.T) {
	t.Parallel()
	s := &script{docs: []doc{person("a", at(1), "A"), {"bad", at(2), fmt.Sprintf(`{"name": "no id", "updatedAt": %q}`, at(2))}}}
	h, stream := scripted(t, strategies.Replay, s)
	stream.PollInterval = time.Millisecond
	c, stop := h.start(Options{})
	polled(t, c, 4)
	s.set(doc{"bad", at(2), fmt.Sprintf(`{"name": "still no id", "updatedAt": %q}`, at(2))})
	polled(t, c, 4)
	st := c.Status()[0]
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if n := len(h.letters(stream.Topic)); n != 2 || st.Dead != 2 {
		t.Errorf("%d dead letters, %d counted, want 2", n, st.Dead)
	}
	if st.Transactions > 5 {
		t.Errorf("%d transactions, want the claim, and for each letter its own and perhaps its sweep's end", st.Transactions)
	}
	kit.Eventually(t, "the state", func() bool { return c.Status()[0].State == Done })
}
