package admit

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"tidemark/connector/config"
	"tidemark/connector/internal/status"
	"tidemark/connector/internal/window"
	"tidemark/strategies"
)

// now is the time by the clock of whoever admits.
var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// rules are those of a stream whose cursor values are whole numbers; what is said goes to log.
func rules(t *testing.T, log io.Writer) *Rules {
	t.Helper()
	if log == nil {
		log = io.Discard
	}
	s := config.NewStream("users", strategies.Keyset, "http://api/users")
	return &Rules{Stream: s, Format: strategies.Integer, Limits: Limits{Record: 1 << 20, Letter: 1 << 20},
		Report: status.NewReporter(status.Status{}, slog.New(slog.NewTextHandler(log, nil)), false)}
}

// admitter is one with an empty window that begins at 0, and a batch.
func admitter(r *Rules, mark string) (*Admitter, *Batch) {
	b := new(Batch)
	b.Reset()
	return New(r, window.New(0, 100), mark), b
}

func value(n int64) strategies.Value {
	return strategies.Value{N: n, Set: true, Raw: strconv.AppendInt(nil, n, 10)}
}

func record(key string, n int64, hash uint64) strategies.Row {
	return strategies.Row{Key: []byte(key), Value: value(n), Hash: hash, Body: fmt.Appendf(nil, "%s %d %d", key, n, hash), JSON: []byte(key)}
}

func keys(b *Batch) string {
	var names []string
	for _, r := range b.Records {
		name := string(r.Key)
		if r.Value == nil {
			name = "-" + name
		}
		names = append(names, name)
	}
	return strings.Join(names, " ")
}

// Each row of a page is what the window and the other rows make of it: a record, in the order of the
// values, or counted and dropped.
func TestPage(t *testing.T) {
	a, b := admitter(rules(t, nil), "")
	a.Window.Load([]byte("same"), value(3), 1, 0, 1)
	a.Window.Load([]byte("stale"), value(9), 1, 0, 2)
	gone := record("gone", 6, 1)
	gone.Deleted = true
	page := Page{Rows: []strategies.Row{record("later", 7, 1), record("stale", 8, 2), record("same", 3, 1), gone,
		record("twice", 5, 1), record("twice", 5, 2), record("first", 1, 1)}}
	if err := a.Page(b, page, now); err != nil {
		t.Fatal(err)
	}
	if got := keys(b); got != "first twice -gone later" {
		t.Errorf("the records are %s", got)
	}
	if want := (status.Counts{Read: 7, Same: 1, Stale: 2, Deleted: 1}); b.Counts != want {
		t.Errorf("counted %+v, want %+v", b.Counts, want)
	}
	if string(b.Records[1].Value) != "twice 5 2" || b.Bytes != int64(len("first 1 1")+len("twice 5 2")+len("later 7 1")) || b.Greatest != 7 {
		t.Errorf("the row that counts is %s; %d bytes, the greatest value is %d", b.Records[1].Value, b.Bytes, b.Greatest)
	}
	if err := a.Row(b, &strategies.Row{Key: []byte("timeless"), Hash: 1}, &page, now); err != nil || b.Greatest != window.NoValue {
		t.Errorf("with a row without a value the greatest is %d, %v", b.Greatest, err)
	}
	b.Reset()
	if len(b.Records) != 0 || b.Greatest != math.MinInt64 || b.Counts != (status.Counts{}) || b.Bytes != 0 {
		t.Errorf("reset, the batch is %+v", b)
	}
}

// A version older than the topic's goes to who takes such, and is counted where nobody does.
func TestOlder(t *testing.T) {
	a, b := admitter(rules(t, nil), "")
	a.Window.Load([]byte("a"), value(9), 1, 0, 1)
	var taken []string
	for n, takes := range []bool{true, false} {
		a.Older = func(row *strategies.Row) bool {
			taken = append(taken, string(row.Key))
			return takes
		}
		row := record("a", 8, 2)
		if err := a.Row(b, &row, &Page{}, now); err != nil || b.Counts.Stale != int64(n) || len(taken) != n+1 {
			t.Errorf("takes %v: %d stale rows, taken %v, %v", takes, b.Counts.Stale, taken, err)
		}
	}
	if len(b.Records) != 0 {
		t.Errorf("%d records of older versions", len(b.Records))
	}
}

// A row from before the window's start ends the page: only a longer window can tell whether the topic has
// it. A row that the window knows needs none.
func TestBelow(t *testing.T) {
	a, b := admitter(rules(t, nil), "")
	a.Window.Load([]byte("known"), value(2), 1, 0, 1)
	a.Window.Raise(5)
	if err := a.Page(b, Page{Rows: []strategies.Row{record("known", 2, 1), record("new", 5, 1)}}, now); err != nil || keys(b) != "new" {
		t.Errorf("the records are %s, %v", keys(b), err)
	}
	err := a.Page(b, Page{Rows: []strategies.Row{record("below", 4, 1)}}, now)
	var below *BelowError
	if !errors.As(err, &below) || *below != (BelowError{4, "below", "4"}) || !strings.Contains(err.Error(), `"below"`) {
		t.Errorf("got %v", err)
	}
}

// A row beyond the ceiling is delivered and counted, and said once in a sweep, however often the stream
// starts again meanwhile.
func TestFuture(t *testing.T) {
	var log bytes.Buffer
	r := rules(t, &log)
	for life := range 3 {
		a, b := admitter(r, "")
		page := Page{Rows: []strategies.Row{record("a", 10, 1), record("b", 11, 1), record("c", 12, 1)}, Ceiling: value(10)}
		if err := a.Page(b, page, now); err != nil || b.Counts.Future != 2 || len(b.Records) != 3 {
			t.Errorf("%d rows of the future, %d records, %v", b.Counts.Future, len(b.Records), err)
		}
		said := 1
		if life == 2 {
			said = 2
		}
		if n := strings.Count(log.String(), "further in the future"); n != said || b.Counts.Warnings != int64(1-life%2) {
			t.Errorf("life %d: said %d times, %d warnings counted", life, n, b.Counts.Warnings)
		}
		if life == 1 {
			a.SweepEnded()
		}
	}
}

// A new row behind the mark is late: by the API's clock or, where that is not known, the caller's, and by no
// less than the mark says.
func TestLate(t *testing.T) {
	at := func(s string) strategies.Value {
		v, err := strategies.RFC3339.ParseString(s)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	const mark = "2026-03-01T10:00:00Z"
	for name, c := range map[string]struct {
		mark, row string
		date      time.Time
		by        time.Duration // 0: it is not late
	}{
		"no mark":                {"", "2026-03-01T09:00:00Z", time.Time{}, 0},
		"at the mark":            {mark, mark, time.Time{}, 0},
		"by the API's clock":     {mark, "2026-03-01T09:00:00Z", now.Add(-time.Hour), 2 * time.Hour},
		"by the caller's":        {mark, "2026-03-01T09:00:00Z", time.Time{}, 3 * time.Hour},
		"by the mark":            {mark, "2026-03-01T09:00:00Z", now.Add(-24 * time.Hour), time.Hour},
		"the mark is unreadable": {"soon", "2026-03-01T09:00:00Z", now, 0},
	} {
		r := rules(t, nil)
		r.Format = strategies.RFC3339
		a, b := admitter(r, c.mark)
		row := strategies.Row{Key: []byte("a"), Value: at(c.row), Hash: 1, Body: []byte("a")}
		if err := a.Page(b, Page{Rows: []strategies.Row{row}, Date: c.date}, now); err != nil {
			t.Fatal(err)
		}
		if b.Lateness.Max != c.by || b.Counts.Late > 1 || (b.Counts.Late == 1) != (c.by > 0) || len(b.Records) != 1 {
			t.Errorf("%s: %d late rows, by %v, want %v", name, b.Counts.Late, b.Lateness.Max, c.by)
		}
	}
	a, b := admitter(rules(t, nil), "9") // numbers are no times
	if err := a.Page(b, Page{Rows: []strategies.Row{record("a", 5, 1)}}, now); err != nil || b.Counts.Late != 0 {
		t.Errorf("%d late rows by number, %v", b.Counts.Late, err)
	}
}

// Rows that a full window has no room for are counted once each, and said once.
func TestCrowded(t *testing.T) {
	var log bytes.Buffer
	r := rules(t, &log)
	r.Stream.WindowRows = 2
	for life := range 2 {
		a := New(r, window.New(0, r.Stream.WindowRows), "")
		var counts status.Counts
		for n := range 5 {
			var b Batch
			b.Reset()
			row := record(strconv.Itoa(n), int64(n), 1)
			if err := a.Row(&b, &row, &Page{}, now); err != nil || len(b.Records) != 1 {
				t.Fatalf("%d records, %v", len(b.Records), err)
			}
			before := counts
			if a.Crowded(&counts); counts.Forgot != int64(min(max(n-1, 0), 1)) || counts.Warnings-before.Warnings > 1 {
				t.Errorf("row %d: %d more are forgotten", n, counts.Forgot)
			}
		}
		if counts.Warnings != int64(1-life) || strings.Count(log.String(), "window_rows=2") != 1 {
			t.Errorf("life %d: %d warnings:\n%s", life, counts.Warnings, &log)
		}
	}
}
