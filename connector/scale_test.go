package connector

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/config"
	"tidemark/strategies"
)

// scaled is a size of what an operator does to large topics: a fiftieth of it, or with TIDEMARK_TEST_SCALE all of it.
func scaled(n int) int {
	if os.Getenv("TIDEMARK_TEST_SCALE") != "" {
		return n
	}
	return n / 50
}

// crowd is a collection of any size that is made as it is asked for: row i has id "r<i>", and changed a minute after the one
// before. While it is damaged, some rows are others, some are gone, and some are there that never were.
type crowd struct {
	rows, page  int
	changed     int // every so many rows one is another while it is damaged
	gone, added int // so many of the first rows, and rows beside them
	damaged     atomic.Bool
}

// firstRow is the first row's time; the collection is of one clock, however large it is.
var firstRow = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)

func (c *crowd) at(i int) string {
	return firstRow.Add(time.Duration(i) * time.Minute).Format(time.RFC3339)
}

func (c *crowd) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	from := 0
	if since, err := time.Parse(time.RFC3339, r.URL.Query().Get("updated_since")); err == nil && since.After(firstRow) {
		from = int((since.Sub(firstRow) + time.Minute - 1) / time.Minute)
	}
	if token, err := strconv.Atoi(r.URL.Query().Get("scroll_param")); err == nil {
		from = token
	}
	damaged := c.damaged.Load()
	var text strings.Builder
	text.WriteString(`{"data": [`)
	n := 0
	row := func(id, name string, i int) {
		if n++; n > 1 {
			text.WriteString(",")
		}
		fmt.Fprintf(&text, `{"id": "%s", "name": "%s", "updatedAt": "%s"}`, id, name, c.at(i))
	}
	i := from
	for ; i < c.rows && n < c.page; i++ {
		switch {
		case damaged && i < c.gone:
		case damaged && i >= c.gone && (i-c.gone)%c.changed == 0:
			row(fmt.Sprint("r", i), "damaged", i)
		default:
			row(fmt.Sprint("r", i), "A", i)
		}
		if damaged && i < c.added {
			row(fmt.Sprint("x", i), "added", i)
		}
	}
	token := "null"
	if i < c.rows {
		token = fmt.Sprintf("%q", fmt.Sprint(i))
	}
	fmt.Fprintf(&text, `], "scroll_param": %s}`, token)
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprint(w, text.String())
}

// crowded is a house with one stream that reads a crowd.
func crowded(t *testing.T, c *crowd) (*house, *config.Stream) {
	t.Helper()
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	h := emptyHouse(t, server.URL)
	s := h.add(strategies.Keyset)
	s.Schema = personSchema
	h.topics(s.Topic)
	return h, s
}

// A thousand rows that are damaged on purpose in a topic of a million are found, just these; a repair writes them, and then
// nothing is found.
func TestBrokerVerifyAtScale(t *testing.T) {
	t.Parallel()
	rows, wrong := scaled(1_000_000), scaled(1000)
	c := &crowd{rows: rows, page: 5000, gone: wrong * 3 / 10, added: wrong * 3 / 10}
	c.changed = (rows-c.gone-1)/(wrong-c.gone-c.added) + 1
	h, s := crowded(t, c)
	h.mustOnce()
	s.ReconcileInterval, s.MaxDeleteRatio = 0, 1 // a worker that believes the damaged API
	c.damaged.Store(true)
	h.mustOnce()
	c.damaged.Store(false)
	s.ReconcileInterval = config.Never

	took := time.Now()
	found := h.verify(s.Name)
	if found.Missing != int64(c.gone) || found.Extra != int64(c.added) || found.Stale != int64(wrong-c.gone-c.added) || found.Keys != int64(rows) {
		t.Fatalf("of %d rows damaged in %d: %+v", wrong, rows, found)
	}
	t.Logf("%d keys verified in %v: %d missing, %d stale, %d extra", found.Keys, time.Since(took).Round(time.Millisecond), found.Missing, found.Stale, found.Extra)
	took = time.Now()
	if fixed := h.repair(s.Name); fixed.Written+fixed.Deleted != int64(wrong) || fixed.Err() != nil {
		t.Fatalf("repaired %+v", fixed)
	}
	t.Logf("repaired in %v", time.Since(took).Round(time.Millisecond))
	if found := h.verify(s.Name); found.Err() != nil || found.Keys != int64(rows) {
		t.Errorf("behind the repair: %+v", found)
	}
}

// A stream of 200,000 rows that is rewound by a day repeats none of them; with replay it repeats just that day's rows, each once.
func TestBrokerRewindAtScale(t *testing.T) {
	t.Parallel()
	c := &crowd{rows: scaled(200_000), page: 5000, changed: 1}
	h, s := crowded(t, c)
	h.mustOnce()
	last := c.rows - 1
	to := c.at(last - 24*60)
	day := 24*60 + 1 // the first minute and the last one, too
	records := func() (n int, keys map[string]int) {
		keys = map[string]int{}
		h.read(s.Topic, func(r *kgo.Record) { n++; keys[string(r.Key)]++ })
		return n, keys
	}
	for _, replay := range []bool{false, true} {
		change, err := h.rewind(s.Name, to, replay)
		if err != nil || change.Keys != int64(day) {
			t.Fatalf("%+v, %v", change, err)
		}
		h.mustOnce()
		want := c.rows
		if replay {
			want += day
		}
		n, keys := records()
		if n != want || len(keys) != c.rows {
			t.Fatalf("replay %v: %d records of %d keys, want %d of %d", replay, n, len(keys), want, c.rows)
		}
		for i := range c.rows {
			times := 1
			if replay && i >= last-24*60 {
				times = 2
			}
			if key := fmt.Sprint("r", i); keys[key] != times {
				t.Fatalf("replay %v: %s is in the topic %d times, want %d", replay, key, keys[key], times)
			}
		}
		t.Logf("%d rows rewound to %s, replay %v: %d records", c.rows, to, replay, n-c.rows)
	}
}
