package window

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"tidemark/strategies"
)

func at(n int64) strategies.Value { return strategies.Value{N: n, Set: true} }

var none strategies.Value

func TestOffer(t *testing.T) {
	type row struct {
		key  string
		v    strategies.Value
		hash uint64
		want Verdict
	}
	for name, rows := range map[string][]row{
		"a new key":                       {{"a", at(5), 1, Fresh}},
		"the same again":                  {{"a", at(5), 1, Fresh}, {"a", at(5), 1, Same}},
		"a newer version":                 {{"a", at(5), 1, Fresh}, {"a", at(6), 2, Fresh}, {"a", at(6), 2, Same}},
		"an older version (P4)":           {{"a", at(6), 2, Fresh}, {"a", at(5), 1, Stale}, {"a", at(6), 2, Same}},
		"changed without its timestamp":   {{"a", at(5), 1, Fresh}, {"a", at(5), 2, Fresh}, {"a", at(5), 1, Fresh}},
		"below the start, unknown":        {{"a", at(-1), 1, Below}},
		"below the start, known as newer": {{"a", at(3), 1, Fresh}, {"a", at(-1), 2, Stale}},
		"no value, unchanged":             {{"a", none, 1, Fresh}, {"a", none, 1, Same}, {"a", none, 2, Fresh}},
		"a value after none":              {{"a", none, 1, Fresh}, {"a", at(1), 2, Fresh}, {"a", none, 1, Fresh}},
	} {
		t.Run(name, func(t *testing.T) {
			w := New(0, 0)
			for i, r := range rows {
				if got := w.Offer(KeyHash([]byte(r.key)), r.v, r.hash); got != r.want {
					t.Errorf("row %d: verdict %d, want %d", i, got, r.want)
				}
			}
		})
	}
}

// TestRebuild is rule 10: a window rebuilt from the offsets it gave out judges rows
// as the one that lived on does.
func TestRebuild(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const partitions = 3
		type event struct {
			key  string
			n    int64
			hash uint64
		}
		topic := make([][]event, partitions)
		ends := make([]int64, partitions)
		w := New(Everything, 0)
		w.Begin(ends)
		w.Loaded()
		now := int64(0)
		for range rapid.IntRange(1, 60).Draw(t, "transactions") {
			begin := slices.Clone(ends)
			greatest := int64(Everything)
			for range rapid.IntRange(0, 8).Draw(t, "rows") {
				k := rapid.IntRange(0, 30).Draw(t, "key")
				n := max(0, now+rapid.Int64Range(-5, 3).Draw(t, "move"))
				now = max(now, n)
				key, hash := fmt.Sprint(k), uint64(rapid.IntRange(1, 3).Draw(t, "hash"))
				if w.Offer(KeyHash([]byte(key)), at(n), hash) != Fresh {
					continue
				}
				p := k % partitions
				topic[p] = append(topic[p], event{key, n, hash})
				ends[p]++
				greatest = max(greatest, n)
			}
			w.Wrote(greatest, begin)
			w.Raise(now - rapid.Int64Range(0, 10).Draw(t, "back"))
		}
		again := New(w.Start(), 0)
		from := w.ReadBack(ends)
		again.Begin(from)
		for p := range topic {
			for o := from[p]; o < ends[p]; o++ {
				e := topic[p][o]
				again.Load([]byte(e.key), at(e.n), e.hash, int32(p), o)
			}
		}
		again.Loaded()
		for k := range 31 {
			for n := w.Start(); n <= now+1; n++ {
				for hash := uint64(1); hash <= 3; hash++ {
					key := []byte(fmt.Sprint(k))
					// Offer changes the window, so each question gets copies.
					a, b := *w, *again
					a.table, b.table = w.table.copy(), again.table.copy()
					if got, want := b.Offer(KeyHash(key), at(n), hash), a.Offer(KeyHash(key), at(n), hash); got != want {
						t.Fatalf("key %d value %d hash %d: rebuilt says %d, the first %d", k, n, hash, got, want)
					}
				}
			}
		}
	})
}

func (t *table) copy() table {
	c := *t
	for i := range c.parts {
		c.parts[i].slots = slices.Clone(c.parts[i].slots)
	}
	return c
}

func TestMemory(t *testing.T) {
	w := New(0, 0)
	r := rand.New(rand.NewPCG(1, 2))
	const rows = 200_000
	var key [16]byte
	for i := range rows {
		for j := range key {
			key[j] = byte(r.Uint32())
		}
		w.Offer(KeyHash(key[:]), at(int64(i)), r.Uint64())
	}
	if perRow := float64(w.Bytes()) / rows; perRow > 32 {
		t.Errorf("%.1f bytes a row, want 32 at the most (P10)", perRow)
	}
	// A window that rises with its rows stays as small as what it must hold.
	for i := range rows {
		for j := range key {
			key[j] = byte(r.Uint32())
		}
		w.Raise(int64(rows + i - 1000))
		w.Offer(KeyHash(key[:]), at(int64(rows+i)), r.Uint64())
	}
	if w.Rows() > 20_000 {
		t.Errorf("%d rows kept, want about 1000", w.Rows())
	}
}

func TestLimit(t *testing.T) {
	w := New(0, 100)
	for i := range 150 {
		w.Offer(KeyHash([]byte(fmt.Sprint(i))), at(int64(i)), 1)
	}
	if w.Rows() != 100 || w.Forgot() != 50 {
		t.Fatalf("holds %d rows and forgot %d, want 100 and 50", w.Rows(), w.Forgot())
	}
	if got := w.Offer(KeyHash([]byte("10")), at(10), 1); got != Same {
		t.Errorf("a row held: %d, want Same", got)
	}
	if got := w.Offer(KeyHash([]byte("140")), at(140), 1); got != Fresh {
		t.Errorf("a row forgotten: %d, want Fresh: repeated, never lost", got)
	}
	w.Raise(90)
	if got := w.Offer(KeyHash([]byte("new")), at(200), 1); got != Fresh || w.Rows() > 11 {
		t.Errorf("after rising: verdict %d with %d rows, want Fresh and 11", got, w.Rows())
	}
}

func BenchmarkOffer(b *testing.B) {
	w := New(0, 0)
	keys := make([][]byte, 100_000)
	for i := range keys {
		keys[i] = fmt.Appendf(nil, "063928bd-d32e-4cc0-af86-%012d", i)
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		w.Offer(KeyHash(keys[i%len(keys)]), at(int64(i)), uint64(i))
		i++
	}
}

// Rows that are sought together are judged as each by itself, in a window of any size.
func TestSeek(t *testing.T) {
	w := New(0, 0)
	rows := make([]strategies.Row, SeekRows)
	for i := range rows {
		rows[i].Key = fmt.Append(nil, i)
	}
	for _, want := range []Verdict{Fresh, Same} {
		for i, id := range w.Seek(rows) {
			if got := w.Offer(id, at(int64(i)), 1); id != KeyHash(rows[i].Key) || got != want {
				t.Fatalf("row %d has id %x and verdict %d, want %d", i, id, got, want)
			}
		}
	}
	if n := testing.AllocsPerRun(10, func() { w.Seek(rows) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// BenchmarkSeek offers rows to a window that has them among a million others, so many at once as are sought at once.
func BenchmarkSeek(b *testing.B) {
	w := New(0, 0)
	rows := make([]strategies.Row, 4096*SeekRows)
	for i := range rows {
		rows[i].Key = fmt.Appendf(nil, "063928bd-d32e-4cc0-af86-%012d", i)
		w.Offer(KeyHash(rows[i].Key), at(1), 1)
	}
	next := func(i int) []strategies.Row {
		from := i * SeekRows % len(rows)
		return rows[from : from+SeekRows]
	}
	b.Run("together", func(b *testing.B) {
		for i := range b.N {
			for _, id := range w.Seek(next(i)) {
				w.Offer(id, at(1), 1)
			}
		}
	})
	b.Run("one by one", func(b *testing.B) {
		for i := range b.N {
			page := next(i)
			for j := range page {
				w.Offer(KeyHash(page[j].Key), at(1), 1)
			}
		}
	})
}
