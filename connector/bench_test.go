package connector

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/config"
	"tidemark/connector/internal/inflight"
	"tidemark/connector/internal/kafka"
	"tidemark/connector/internal/window"
	"tidemark/strategies"
)

// blackHole is a sink that takes everything and keeps nothing.
type blackHole struct{ seq int64 }

func (*blackHole) Open(context.Context) (strategies.Cursor, error) { return strategies.Cursor{}, nil }
func (b *blackHole) Commit(_ context.Context, _ []kafka.Record, next strategies.Cursor) (strategies.Cursor, error) {
	b.seq++
	next.Seq = b.seq
	return next, nil
}
func (*blackHole) Scan(context.Context, []int64, func(*kgo.Record) error) error { return nil }
func (*blackHole) ScanDead(context.Context, func(*kgo.Record) error) error      { return nil }
func (*blackHole) MaxRecord() int                                               { return 1 << 20 }
func (*blackHole) MaxDead() int                                                 { return 1 << 20 }
func (*blackHole) Ends() []int64                                                { return []int64{0} }
func (*blackHole) TopicID() string                                              { return "" }
func (*blackHole) Spread() int                                                  { return 1 }
func (*blackHole) Found() kafka.Found                                           { return kafka.Found{} }
func (*blackHole) Keep(string, string)                                          {}
func (*blackHole) Close()                                                       {}

// BenchmarkCommitter takes pages of 1,000 new rows through the window into transactions of
// eight pages: all of the pipeline but fetching, scanning and the broker.
func BenchmarkCommitter(b *testing.B) {
	const size, pages = 1000, 8
	stream := config.NewStream("user", strategies.Keyset, "http://127.0.0.1/")
	spec, err := stream.Spec()
	if err != nil {
		b.Fatal(err)
	}
	strategy, err := strategies.New(spec)
	if err != nil {
		b.Fatal(err)
	}
	r := &runner{stream: stream, strategy: strategy, format: spec.Format, report: quiet(), rules: rulesOf(stream, spec.Format), sink: &blackHole{}}
	r.kafka.MaxInFlight = 16 << 20
	share := inflight.New(r.kafka.MaxInFlight, 1, 1).Share()
	c := newCommitter(r, share, window.New(window.Everything, stream.WindowRows), strategies.Cursor{})

	body, key, raw := make([]byte, 188), make([]byte, 0, 16), make([]byte, 0, 20*size)
	rows := make([]strategies.Row, size)
	next, err := strategy.Begin(strategies.Cursor{}, time.Time{})
	if err != nil {
		b.Fatal(err)
	}
	n := int64(0)
	b.ReportAllocs()
	for b.Loop() {
		for range pages {
			key, raw = key[:0], raw[:0]
			for i := range rows {
				n++
				from := len(key)
				key = strconv.AppendInt(key, n, 10)
				text, at := time.Unix(n, 0).UTC(), len(raw)
				raw = text.AppendFormat(raw, time.RFC3339)
				rows[i] = strategies.Row{Key: key[from:len(key):len(key)], Hash: uint64(n), Body: body,
					Value: strategies.Value{N: text.UnixMicro(), Set: true, Raw: raw[at:len(raw):len(raw)]}}
			}
			v, err := strategy.Fold(next, strategies.Page{Rows: rows, Token: strategies.Token{Present: true, Text: "next"}})
			if err != nil {
				b.Fatal(err)
			}
			next = v.Next
			weight, err := share.Acquire(b.Context(), 1<<20)
			if err != nil {
				b.Fatal(err)
			}
			if err := c.take(&fetched{answer: &answer{Page: strategies.Page{Rows: rows}}, weight: weight, next: next}); err != nil {
				b.Fatal(err)
			}
		}
		if err := c.leave(b.Context()); err != nil {
			b.Fatal(err)
		}
		if err := c.await(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "rows/s")
}
