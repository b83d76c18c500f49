package connector

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
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

// ranged is a source of integer ids for step_size, and of a sorted list for offset.
type ranged struct {
	ids  func(id int64) bool // step_size: which exist
	rows int64               // offset: how many
	size int64               // an answer's
	gate func()              // called within each request

	mu      sync.Mutex
	now     int // requests under way
	most    int
	asked   int
	release int // answers given back
}

func (s *ranged) Page(ctx context.Context, params []strategies.Param) (*answer, error) {
	s.mu.Lock()
	s.now++
	s.asked++
	s.most = max(s.most, s.now)
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.now--
		s.mu.Unlock()
	}()
	if s.gate != nil {
		s.gate()
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	n := map[string]int64{}
	for _, p := range params {
		n[p.Name], _ = strconv.ParseInt(p.Value, 10, 64)
	}
	a := &answer{Page: strategies.Page{Total: -1}, URL: "ranged", Size: s.size, release: func() {
		s.mu.Lock()
		s.release++
		s.mu.Unlock()
	}}
	from, to := n["start_id"], n["end_id"]
	if s.ids == nil {
		since := n["updated_since"]
		a.Total = s.rows - since
		from, to = since+n["offset"]+1, min(since+n["offset"]+n["limit"], s.rows)
	}
	for id := from; id <= to; id++ {
		if s.ids == nil || s.ids(id) {
			text := strconv.AppendInt(nil, id, 10)
			a.Rows = append(a.Rows, strategies.Row{Key: text, Value: strategies.Value{N: id, Set: true, Raw: text}})
		}
	}
	return a, nil
}

func (s *ranged) Drift() *wire.Drift { return &wire.Drift{} }

func (s *ranged) Close() {}

// quiet reports to nobody.
func quiet() *status.Reporter {
	return status.NewReporter(Status{}, slog.New(slog.DiscardHandler), false)
}

// rulesOf are those of a stream whose topics take records of a mebibyte.
func rulesOf(s config.Stream, f strategies.Format) *admit.Rules {
	return &admit.Rules{Stream: s, Format: f, Limits: admit.Limits{Record: 1 << 20, Letter: 1 << 20}, Report: quiet()}
}

// sourced is a runner that reads whole numbers from the source, without looking back.
func sourced(t *testing.T, from source, strategy string, change func(*config.Stream)) *runner {
	t.Helper()
	stream := config.NewStream("numbers", strategy, "http://source/")
	stream.CursorFormat, stream.InitialMark, stream.Lookback = strategies.Integer.String(), "", 0
	change(&stream)
	spec, err := stream.Spec()
	if err != nil {
		t.Fatal(err)
	}
	machine, err := strategies.New(spec)
	if err != nil {
		t.Fatal(err)
	}
	return &runner{stream: stream, strategy: machine, format: spec.Format, source: from, report: quiet(), rules: rulesOf(stream, spec.Format)}
}

// sweepOf makes a fetcher over the source and a cursor with an open sweep.
func sweepOf(t *testing.T, s *ranged, strategy string, inFlight int64, change func(*config.Stream)) (*fetcher, strategies.Cursor) {
	t.Helper()
	r := sourced(t, s, strategy, func(stream *config.Stream) {
		stream.StepSize, stream.MaxID, stream.PageSize = 10, 400, 10
		if change != nil {
			change(stream)
		}
	})
	c, err := r.strategy.Begin(strategies.Cursor{}, time.Unix(1.8e9, 0))
	if err != nil {
		t.Fatal(err)
	}
	return newFetcher(r, inflight.New(inFlight, 1, 1).Share()), c
}

// read folds pages until the sweep ends, and returns every key in the order it came.
func read(t *testing.T, f *fetcher, c strategies.Cursor) (keys []string, end strategies.Cursor) {
	t.Helper()
	defer f.ahead.drop()
	for c.Sweep != nil {
		item, err := f.page(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		if item.answer != nil {
			for i := range item.answer.Rows {
				keys = append(keys, string(item.answer.Rows[i].Key))
			}
			item.answer.Release()
			f.share.Release(item.weight)
		}
		c = item.next
	}
	return keys, c
}

// What is read ahead comes out as if it had been asked in turn, rows and cursor.
func TestAheadReadsAsInTurn(t *testing.T) {
	every := func(n int64) func(int64) bool { return func(id int64) bool { return id%n == 0 } }
	for _, strategy := range []string{strategies.StepSize, strategies.Offset} {
		for name, ids := range map[string]func(int64) bool{"dense": every(1), "half": every(2), "sparse": every(37), "none": every(1000)} {
			t.Run(strategy+" "+name, func(t *testing.T) {
				source := func() *ranged {
					s := &ranged{ids: ids, size: 1}
					if strategy == strategies.Offset {
						s.ids, s.rows = nil, map[string]int64{"dense": 395, "half": 200, "sparse": 11, "none": 0}[name]
					}
					return s
				}
				turn := func(s *config.Stream) { s.Concurrency = 1 }
				f, c := sweepOf(t, source(), strategy, 1000, turn)
				want, wantEnd := read(t, f, c)
				early := source()
				f, c = sweepOf(t, early, strategy, 1000, nil)
				got, end := read(t, f, c)
				if fmt.Sprint(got) != fmt.Sprint(want) || end.Mark != wantEnd.Mark || end.Window != wantEnd.Window {
					t.Errorf("read %v to %+v,\nin turn %v to %+v", got, end, want, wantEnd)
				}
				if n, ok := f.share.TryAcquire(1000); !ok || n != 1000 {
					t.Error("some of max_in_flight was never given back")
				}
			})
		}
	}
}

// Four requests are under way at once: each waits for the others to be there too.
func TestAheadAsksAtOnce(t *testing.T) {
	for _, strategy := range []string{strategies.StepSize, strategies.Offset} {
		t.Run(strategy, func(t *testing.T) {
			s := &ranged{size: 1, rows: 400}
			if strategy == strategies.StepSize {
				s.ids = func(int64) bool { return true }
			}
			var all sync.WaitGroup
			all.Add(4)
			var first sync.Once
			s.gate = func() {
				alone := false
				first.Do(func() { alone = true }) // nothing can be guessed before its answer
				if !alone {
					all.Done()
					all.Wait()
				}
			}
			f, c := sweepOf(t, s, strategy, 1000, nil)
			if _, err := f.page(t.Context(), c); err != nil {
				t.Fatal(err)
			}
			for _, e := range f.ahead.queue {
				<-e.done
			}
			if s.most != 4 {
				t.Errorf("%d requests at once, want 4", s.most)
			}
		})
	}
}

// Early answers that are never used must not keep the one in turn from its share (P10).
func TestAheadGivesWayWhereBytesAreShort(t *testing.T) {
	s := &ranged{ids: func(int64) bool { return true }, size: 10}
	f, c := sweepOf(t, s, strategies.StepSize, 45, nil)
	item, err := f.page(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if len(f.ahead.queue) != 3 { // 10 are taken, 30 more fit
		t.Errorf("%d questions asked ahead, want the 3 that fit", len(f.ahead.queue))
	}
	item.answer.Release()
	f.share.Release(item.weight)
	for _, e := range f.ahead.queue {
		<-e.done
	}
	f.ahead.queue[0].answer.Size = 40 // more than expected: 15 are free, 10 its own
	item, err = f.page(t.Context(), item.next)
	if err != nil || item.weight != 40 {
		t.Fatalf("weight %d, %v", item.weight, err)
	}
	if len(f.ahead.queue) != 0 || s.release != 3 {
		t.Errorf("%d questions are still ahead and %d answers given back, want 0 and 3", len(f.ahead.queue), s.release)
	}
}

// A collection whose ranges never end with an id makes every guess wrong; that must not
// multiply the requests.
func TestAheadStopsGuessingWrong(t *testing.T) {
	gaps := func(id int64) bool { return id%10 != 0 && id%9 != 0 }
	requests := func(concurrency int) int {
		s := &ranged{ids: gaps, size: 1}
		f, c := sweepOf(t, s, strategies.StepSize, 1000, func(st *config.Stream) { st.Concurrency, st.MaxID = concurrency, 4000 })
		read(t, f, c)
		return s.asked
	}
	turn, early := requests(1), requests(4)
	if early > turn+turn/2 {
		t.Errorf("%d requests ahead, %d in turn", early, turn)
	}
}

// A question that failed when it was asked ahead has failed: its error comes in its turn.
func TestAheadErrorInItsTurn(t *testing.T) {
	wrong := errors.New("no more")
	s := &ranged{ids: func(int64) bool { return true }, size: 1}
	f, c := sweepOf(t, s, strategies.StepSize, 1000, nil)
	item, err := f.page(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range f.ahead.queue {
		<-e.done
	}
	f.ahead.queue[1].err = wrong
	if item, err = f.page(t.Context(), item.next); err != nil {
		t.Fatalf("the page before the one that failed: %v", err)
	}
	if _, err = f.page(t.Context(), item.next); !errors.Is(err, wrong) {
		t.Errorf("got %v", err)
	}
	f.ahead.drop()
}
