package reading

import (
	"context"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"tidemark/connector/config"
	"tidemark/connector/internal/admit"
	"tidemark/connector/internal/inflight"
	"tidemark/connector/internal/status"
	"tidemark/connector/internal/wire"
	"tidemark/strategies"
)

// began is when the sweeps of these tests begin.
var began = time.Unix(1.8e9, 0)

// ranged is a source of integer ids for step_size, and of a sorted list for offset.
type ranged struct {
	ids  func(id int64) bool // step_size: which exist
	rows int64               // offset: how many
	size int64               // an answer's

	mu    sync.Mutex
	asked int
	freed int // answers given back
}

func (s *ranged) Page(ctx context.Context, params []strategies.Param) (*Answer, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.asked++
	s.mu.Unlock()
	n := map[string]int64{}
	for _, p := range params {
		n[string(p.Role)], _ = strconv.ParseInt(p.Value, 10, 64)
	}
	a := &Answer{Page: strategies.Page{Total: -1}, URL: "ranged", Size: s.size, Free: func() {
		s.mu.Lock()
		s.freed++
		s.mu.Unlock()
	}}
	from, to := n["start_id"], n["end_id"]
	if s.ids == nil {
		since := n["since"]
		a.Total = s.rows - since
		from, to = since+n["offset"]+1, min(since+n["offset"]+n["limit"], s.rows)
	}
	for id := from; id <= to; id++ {
		if s.ids == nil || s.ids(id) {
			a.Rows = append(a.Rows, row(id, id))
		}
	}
	return a, nil
}

func (s *ranged) Drift() *wire.Drift { return &wire.Drift{} }

func (s *ranged) Close() {}

// row is one with a number for its id and one for its cursor value.
func row(id, value int64) strategies.Row {
	return strategies.Row{Key: strconv.AppendInt(nil, id, 10),
		Value: strategies.Value{N: value, Set: true, Raw: strconv.AppendInt(nil, value, 10)}}
}

// every chooses each nth id.
func every(n int64) func(int64) bool { return func(id int64) bool { return id%n == 0 } }

// numbers are the parts of a session that reads whole numbers, without looking back.
func numbers(t *testing.T, strategy string, budget Budget, change func(*config.Stream)) Parts {
	t.Helper()
	stream := config.NewStream("numbers", strategy, "http://source/")
	stream.CursorFormat, stream.InitialMark, stream.Lookback = strategies.Integer.String(), "", 0
	stream.StepSize, stream.MaxID, stream.PageSize = 10, 400, 10
	if change != nil {
		change(&stream)
	}
	return partsOf(t, stream, budget)
}

// partsOf are those of a session of the stream, which reports to nobody.
func partsOf(t *testing.T, stream config.Stream, budget Budget) Parts {
	t.Helper()
	spec, err := stream.Spec()
	if err != nil {
		t.Fatal(err)
	}
	strategy, err := strategies.New(spec)
	if err != nil {
		t.Fatal(err)
	}
	report := status.NewReporter(status.Status{}, slog.New(slog.DiscardHandler), false)
	return Parts{Stream: stream, Strategy: strategy, Format: spec.Format, Report: report, Budget: budget,
		Rules: &admit.Rules{Stream: stream, Format: spec.Format, Limits: admit.Limits{Record: 1 << 20, Letter: 1 << 20}, Report: report},
		Notes: &Notes{}, Drift: func() *wire.Drift { return &wire.Drift{} }}
}

// room is a worker's budget that one stream has alone.
func room(bytes int64) *inflight.Share { return inflight.New(bytes, 1, 1).Share() }

// allFree fails where some of a budget was never given back.
func allFree(t *testing.T, share *inflight.Share) {
	t.Helper()
	n, ok := share.TryAcquire(share.Size())
	if !ok {
		t.Error("some of max_in_flight was never given back")
	}
	share.Release(n)
}

// sweepOf is the cursor at the beginning of a sweep behind c.
func sweepOf(t *testing.T, p *Parts, c strategies.Cursor) strategies.Cursor {
	t.Helper()
	c, err := p.Strategy.Begin(c, began)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// session is one that stands at the beginning of a first sweep, with what the strategy's
// concurrency lets it ask ahead.
func session(t *testing.T, p Parts) *Session {
	t.Helper()
	s := NewSession(p, p.Stream.Concurrency-1)
	s.Begin(began, sweepOf(t, &p, strategies.Cursor{}))
	return s
}

// asks are the questions that a session wants to ask now.
func asks(s *Session) []Ask {
	asks, _ := s.Asks(nil, nil)
	return asks
}

// answer brings the source's answer to a question back.
func answer(t *testing.T, s *Session, from Source, a Ask) {
	t.Helper()
	got, err := from.Page(t.Context(), a.Params)
	s.Arrived(a.ID, got, err)
}

// mustStep folds the page in turn, which must be there.
func mustStep(t *testing.T, s *Session) *Page {
	t.Helper()
	page, err := s.Step(began)
	if err != nil || page == nil {
		t.Fatalf("no page: %v", err)
	}
	return page
}

// noStep fails where a page is there, or an error.
func noStep(t *testing.T, s *Session) {
	t.Helper()
	if page, err := s.Step(began); err != nil || page != nil {
		t.Fatalf("a page that is not in turn: %+v, %v", page, err)
	}
}

// free gives back what a page holds.
func free(p *Page, b Budget) {
	if p.Answer != nil {
		p.Answer.Release()
		b.Release(p.Weight)
	}
}

// pull reads a whole sweep from c on, and hands each page to fn.
func pull(t *testing.T, p Parts, from Source, share *inflight.Share, c strategies.Cursor, fn func(*Page)) (strategies.Cursor, error) {
	t.Helper()
	puller := Puller{Parts: p, Source: from, Share: share, Most: p.Stream.Concurrency - 1, Once: true, Now: time.Now, Hands: Beside}
	end := sweepOf(t, &p, c)
	err := puller.Sweep(t.Context(), end, func(_ strategies.Cursor, page *Page) (bool, error) {
		fn(page)
		end = page.Next
		return true, nil
	})
	return end, err
}

// drive reads a whole sweep without a goroutine. Each question is answered at once, and of the answers
// next says which one arrives; one that was cancelled arrives all the same. It returns every key in the
// order it came, and how many questions were under way at most.
func drive(t *testing.T, s *Session, from Source, next func(underWay int) int) (keys []string, widest int) {
	t.Helper()
	type open struct {
		id  uint64
		got *Answer
		err error
	}
	var way []open
	arrive := func(at int) {
		o := way[at]
		way = slices.Delete(way, at, at+1)
		s.Arrived(o.id, o.got, o.err)
	}
	for s.At().Sweep != nil {
		fresh, cancelled := s.Asks(nil, nil)
		for _, a := range fresh {
			got, err := from.Page(t.Context(), a.Params)
			way = append(way, open{a.ID, got, err})
		}
		widest = max(widest, len(way))
		for _, id := range cancelled {
			arrive(slices.IndexFunc(way, func(o open) bool { return o.id == id }))
		}
		page, err := s.Step(began)
		switch {
		case err != nil:
			t.Fatal(err)
		case page != nil:
			if page.Answer != nil {
				for i := range page.Answer.Rows {
					keys = append(keys, string(page.Answer.Rows[i].Key))
				}
			}
			free(page, s.p.Budget)
		case len(fresh) == 0 && len(cancelled) == 0:
			arrive(next(len(way)))
		}
	}
	s.Drop()
	return keys, widest
}
