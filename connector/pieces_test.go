package connector

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"tidemark/connector/internal/class"
	"tidemark/connector/internal/kafka"
	"tidemark/connector/internal/stream"
	"tidemark/strategies"
)

// A page of more than max_in_flight is committed in pieces, and one that fails in the middle
// is gone on with: no row is lost and none comes twice, sorted or not (rule 8, P2, P3).
func TestBrokerPageInPieces(t *testing.T) {
	t.Parallel()
	for _, strategy := range []string{strategies.Timestamp, strategies.StepSize} {
		for _, failing := range []int{0, 2, 5} {
			t.Run(fmt.Sprintf("%s, piece %d fails", strategy, failing), func(t *testing.T) {
				t.Parallel()
				s := &script{page: 1000}
				for i := range 200 { // in no order
					s.docs = append(s.docs, person(fmt.Sprint(1+i*37%200), at(1+i*91%200), strings.Repeat("x", 500)))
				}
				s.unsorted = true
				h, stream := scripted(t, strategy, s)
				h.cfg.Kafka.MaxInFlight = 20_000
				c, err := New(h.cfg, Options{Once: true, Logger: h.logger()})
				if err != nil {
					t.Fatal(err)
				}
				h.last = c
				u := c.crew.Members()[0]
				u.through(&pieceFails{Sink: u.driver.Opener.Sink, t: t, at: failing})
				if err := u.Run(t.Context()); err != nil {
					t.Fatal(err)
				}
				if n := h.holds(stream.Topic, s); n != 200 {
					t.Errorf("%d events for 200 rows", n)
				}
				if n := h.status().Transactions; n < 5 {
					t.Errorf("%d transactions", n)
				}
				before := len(h.events(stream.Topic))
				stream.RescanInterval = 0 // a full scan writes in pieces, too
				s.do(func() {
					for i := range s.docs {
						s.docs[i].text = person(s.docs[i].id, s.docs[i].at, strings.Repeat("y", 500)).text
					}
				})
				h.mustOnce()
				h.mustOnce()
				if n := h.holds(stream.Topic, s); n != before+200 {
					t.Errorf("%d events after every row has changed, want %d", n, before+200)
				}
			})
		}
	}
}

// pieceFails loses the nth transaction that has records, and wants each to keep to
// max_in_flight.
type pieceFails struct {
	stream.Sink
	t     *testing.T
	n, at int
}

func (p *pieceFails) Commit(ctx context.Context, records []kafka.Record, next strategies.Cursor) (strategies.Cursor, error) {
	bytes := 0
	for i := range records {
		bytes += len(records[i].Key) + len(records[i].Value)
	}
	if bytes > 20_000 {
		p.t.Errorf("a transaction of %d bytes", bytes)
	}
	if len(records) > 0 {
		if p.n++; p.n == p.at {
			p.Close()
			return next, &kafka.CommitError{Outcome: kafka.NotWritten, Err: class.Wrap(class.Broker, errors.New("the broker is away"))}
		}
	}
	return p.Sink.Commit(ctx, records, next)
}
