package stream

import (
	"log/slog"
	"testing"
	"time"

	"tidemark/connector/config"
	"tidemark/connector/internal/reading"
	"tidemark/connector/internal/window"
	"tidemark/strategies"
)

// TestAnswersBeforeTheirTurn: while a transaction is under way, an answer that comes before its turn is nothing to wake the
// driver for, and one that others have waited for leads to as many questions as there is room for, which hands take over.
func TestAnswersBeforeTheirTurn(t *testing.T) {
	const rows, concurrency = 50, 4
	from := config.NewStream("user", strategies.Offset, "http://127.0.0.1/")
	from.Concurrency, from.PageSize = concurrency, rows
	set := settingsOf(t, from, false, slog.New(slog.DiscardHandler))
	now := at0
	m := NewMachine(now, set)

	var open []uint64 // questions under way, in the order in which they were asked
	ready := func() (c *Commit) {
		for r := m.Ready(); !r.Empty(); r = m.Ready() {
			for _, a := range r.Asks {
				open = append(open, a.ID)
			}
			if r.Commit != nil {
				c = r.Commit
			}
		}
		return c
	}
	next := 0
	page := func() *reading.Answer {
		p := &benchPage{Answer: reading.Answer{Page: strategies.Page{Rows: make([]strategies.Row, rows), Total: 100 * rows}, Size: 1 << 14}}
		p.free = func() {}
		p.fill(int64(next), make([]byte, 100))
		next += rows - 2 // each begins at the row before the last one of the page before
		return &p.Answer
	}
	arrive := func(id uint64, a *reading.Answer) {
		now = now.Add(time.Millisecond)
		m.Step(now, Event{Kind: Arrived, ID: id, Answer: a})
	}
	for _, e := range []Event{{Kind: Opened, Topic: topicOf(0)}, {Kind: Loaded, Topic: topicOf(0), Window: window.New(window.Everything, 1000)}} {
		m.Step(now, e)
		ready()
	}
	if len(open) != 1 {
		t.Fatalf("%d questions at first", len(open))
	}
	first := open[0]
	open = open[:0]
	arrive(first, page())
	if !m.Presses() {
		t.Error("nothing is under way, and the driver is not called")
	}
	if ready() == nil || len(open) != concurrency {
		t.Fatalf("behind the first page %d questions are under way", len(open))
	}

	inTurn, early := page(), page()
	arrive(open[1], early)
	if a, ok := m.First(); ok || m.Presses() {
		t.Errorf("an answer before its turn leads to %+v, %v, and calls the driver: %v", a, ok, m.Presses())
	}
	arrive(open[0], inTurn)
	var asked []uint64
	for a, ok := m.First(); ok; a, ok = m.First() {
		asked = append(asked, a.ID)
	}
	if len(asked) != 2 || m.Presses() {
		t.Errorf("two answers lead to %d questions, and call the driver: %v", len(asked), m.Presses())
	}
	if open = open[:0]; ready() != nil || len(open) != 0 {
		t.Errorf("questions %v are handed out twice", open)
	}
}
