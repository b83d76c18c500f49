package stream

import (
	"log/slog"
	"strconv"
	"testing"
	"time"

	"tidemark/connector/config"
	"tidemark/connector/internal/reading"
	"tidemark/connector/internal/window"
	"tidemark/strategies"
)

// benchPage is a page of new rows, and the buffers it lies in, which serve again when it is released.
type benchPage struct {
	reading.Answer
	key, raw []byte
	free     func()
}

const benchRows = 1000

// fill makes the page one of the rows from n on.
func (p *benchPage) fill(n int64, body []byte) {
	key, raw := p.key[:0], p.raw[:0]
	for i := range p.Rows {
		from := len(key)
		key = strconv.AppendInt(key, n, 10)
		text, at := time.Unix(n, 0).UTC(), len(raw)
		raw = text.AppendFormat(raw, time.RFC3339)
		p.Rows[i] = strategies.Row{Key: key[from:len(key):len(key)], Hash: uint64(n), Body: body,
			Value: strategies.Value{N: text.UnixMicro(), Set: true, Raw: raw[at:len(raw):len(raw)]}}
		n++
	}
	p.key, p.raw, p.Free = key, raw, p.free
}

// BenchmarkMachine takes pages of 1,000 rows, of which all but the first are new, through the machine
// into transactions of eight pages: all of the pipeline but fetching, scanning and the broker. A
// transaction is answered when eight more pages have arrived.
func BenchmarkMachine(b *testing.B) {
	const pages = 8
	set := settingsOf(b, config.NewStream("user", strategies.Keyset, "http://127.0.0.1/"), false, slog.New(slog.DiscardHandler))
	now := at0
	m := NewMachine(now, set)

	var pool []*benchPage
	body, n, seq, commits := make([]byte, 188), int64(0), int64(0), 0
	page := func() *reading.Answer {
		if len(pool) == 0 {
			p := &benchPage{Answer: reading.Answer{Page: strategies.Page{Rows: make([]strategies.Row, benchRows), Token: strategies.Token{Present: true, Text: "next"}}, Size: 1 << 20}}
			p.free = func() { pool = append(pool, p) }
			pool = append(pool, p)
		}
		p := pool[len(pool)-1]
		pool = pool[:len(pool)-1]
		p.fill(n, body)
		n += benchRows - 1 // the next one is asked from the last value on
		return &p.Answer
	}
	var ask, last uint64 // the question under way, and the last one of a page
	var flight *Commit
	step := func(e Event) {
		now = now.Add(time.Second)
		m.Step(now, e)
		for r := m.Ready(); !r.Empty(); r = m.Ready() {
			switch {
			case r.Done || r.Rescan != nil || len(r.Cancel) > 0 || r.Need.ID != 0 || len(r.Asks) > 1:
				b.Fatalf("wants %+v", r)
			case len(r.Asks) == 1:
				ask = r.Asks[0].ID
			}
			if r.Commit != nil {
				flight = r.Commit
			}
		}
	}
	step(Event{Kind: Opened, Topic: topicOf(0)})
	step(Event{Kind: Loaded, Topic: topicOf(0), Window: window.New(window.Everything, set.Reading.Stream.WindowRows)})
	b.ReportAllocs()
	for b.Loop() {
		for range pages {
			if ask == last {
				b.Fatal("the next page is not asked for")
			}
			last = ask
			step(Event{Kind: Arrived, ID: ask, Answer: page()})
		}
		if flight == nil {
			b.Fatal("there is no transaction")
		}
		seq++
		stored := flight.Next
		stored.Seq = seq
		commits += len(flight.Records)
		flight = nil
		step(Event{Kind: Written, Stored: stored, Topic: topicOf(n)})
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "rows/s")
	if n-int64(commits) > 2*pages*benchRows {
		b.Fatalf("of %d rows %d are in transactions", n, commits)
	}
}
