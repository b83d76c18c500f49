package reading

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tidemark/connector/config"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/wire"
	"tidemark/strategies"
)

// bounded is a list sorted by value as a database does it that keeps only the rows up to
// offset + limit: rows of one value stand in an order that hangs on that sum.
type bounded struct {
	values  []int64 // of the rows 0, 1, 2...
	most    int     // rows in an answer; 0: as many as are asked for
	counts  bool    // it says how many rows match
	sorted  bool    // by the row's number within a value
	latency time.Duration
	change  func(*bounded) // called before each answer

	mu     sync.Mutex
	now    int // requests under way
	widest int
	asked  int
	top    int64
}

// order is the list as one request finds it.
func (b *bounded) order(since int64, upTo int) []int {
	var rows []int
	for row, v := range b.values {
		if v >= since {
			rows = append(rows, row)
		}
	}
	slices.SortFunc(rows, func(x, y int) int {
		if b.sorted && b.values[x] == b.values[y] {
			return cmp.Compare(x, y)
		}
		return cmp.Or(cmp.Compare(b.values[x], b.values[y]), cmp.Compare(shuffled(uint64(x), upTo), shuffled(uint64(y), upTo)))
	})
	return rows
}

// shuffled is a row's place among rows of its value.
func shuffled(row uint64, upTo int) uint64 {
	return (row*0x9e3779b97f4a7c15 ^ uint64(upTo)*0xd6e8feb86659fd93) * 0xff51afd7ed558ccd
}

func (b *bounded) Page(ctx context.Context, params []strategies.Param) (*Answer, error) {
	n := map[string]int{}
	for _, p := range params {
		n[string(p.Role)], _ = strconv.Atoi(p.Value)
	}
	b.mu.Lock()
	b.now++
	b.asked++
	b.widest = max(b.widest, b.now)
	b.mu.Unlock()
	time.Sleep(b.latency)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now--
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if b.change != nil {
		b.change(b)
	}
	rows := b.order(int64(n["since"]), n["offset"]+n["limit"])
	a := &Answer{Page: strategies.Page{Total: -1}, URL: "bounded", Size: 1}
	if b.counts {
		a.Total = int64(len(rows))
	}
	rows = rows[min(n["offset"], len(rows)):]
	rows = rows[:min(len(rows), n["limit"], cmp.Or(b.most, len(rows)))]
	for _, at := range rows {
		a.Rows = append(a.Rows, row(int64(at), b.values[at]))
	}
	return a, nil
}

func (b *bounded) Drift() *wire.Drift { return &wire.Drift{} }

func (b *bounded) Close() {}

// sweepThrough reads one sweep of the list, and returns the value it saw last of each row.
func sweepThrough(t *testing.T, b *bounded, c strategies.Cursor, change func(*config.Stream)) (map[string]int64, strategies.Cursor, error) {
	t.Helper()
	share, seen := room(1000), map[string]int64{}
	end, err := pull(t, numbers(t, strategies.Offset, share, change), b, share, c, func(page *Page) {
		if page.Warning != "" {
			t.Errorf("a warning: %s", page.Warning)
		}
		if page.Answer == nil {
			return
		}
		for _, row := range page.Answer.Rows {
			seen[string(row.Key)] = row.Value.N
		}
	})
	allFree(t, share)
	return seen, end, err
}

// Five rows share each value, and their order is another one for each page: none is lost,
// and questions asked ahead are those that are asked.
func TestOffsetTiesInAnotherOrderEachTime(t *testing.T) {
	for _, page := range []int{12, 20, 33, 50, 64, 100, 200} {
		for _, counts := range []bool{true, false} {
			t.Run(fmt.Sprintf("%d rows a page, counted %v", page, counts), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					b := &bounded{counts: counts, latency: 100 * time.Millisecond}
					for n := range 1500 {
						b.values = append(b.values, int64(1+n/5))
					}
					run := func(concurrency int) (took time.Duration) {
						began := time.Now()
						seen, c, err := sweepThrough(t, b, strategies.Cursor{}, func(s *config.Stream) { s.PageSize, s.Concurrency = page, concurrency })
						if err != nil || len(seen) != 1500 || c.Mark != "300" {
							t.Fatalf("%d of 1,500 rows, mark %q, %v", len(seen), c.Mark, err)
						}
						return time.Since(began)
					}
					turn := run(1)
					inTurn := b.asked
					b.asked, b.widest = 0, 0
					ahead := run(4)
					// The first page and the last few are asked alone.
					if bound := turn/4 + 800*time.Millisecond; b.widest != 4 || ahead > bound || b.asked > inTurn+12 {
						t.Errorf("ahead: %d at once, %v and %d requests; in turn %v and %d", b.widest, ahead, b.asked, turn, inTurn)
					}
				})
			})
		}
	}
}

// 400 rows share one value, more than a page holds: they are read in longer answers where
// the API gives them, and counted where order_by orders them; else the error tells why not.
func TestOffsetManyRowsOnOneValue(t *testing.T) {
	for page := 24; page <= 100; page += 19 {
		list := func(most int) *bounded {
			b := &bounded{counts: true, most: most}
			for n := range 800 {
				v := int64(1 + n)
				if n >= 200 && n < 600 {
					v = 201
				}
				b.values = append(b.values, v)
			}
			return b
		}
		set := func(s *config.Stream) { s.PageSize = page }
		for _, most := range []int{0, 500} {
			seen, c, err := sweepThrough(t, list(most), strategies.Cursor{}, set)
			if err != nil || len(seen) != 800 || c.Mark != "800" {
				t.Errorf("%d rows a page, at most %d: %d of 800 rows, mark %q, %v", page, most, len(seen), c.Mark, err)
			}
		}
		counted := list(page)
		counted.sorted = true
		seen, c, err := sweepThrough(t, counted, strategies.Cursor{}, func(s *config.Stream) { set(s); s.OrderBy = "updatedAt,id" })
		if err != nil || len(seen) != 800 || c.Mark != "800" {
			t.Errorf("%d rows a page, in the order of ids: %d of 800 rows, mark %q, %v", page, len(seen), c.Mark, err)
		}
		_, _, err = sweepThrough(t, list(page), strategies.Cursor{}, set)
		if want := fmt.Sprintf(`%d rows or more share the value "201", and the API gives no more than %[1]d in one answer`, page); class.Of(err) != class.Source || !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("%d rows a page: %v", page, err)
		}
	}
}

// A source that changes twenty times a second and takes a tenth of a second for an answer:
// each one brings something newer. The sweep ends all the same, with all that there was
// when it began, and the mark follows.
func TestOffsetSourceFasterThanItsAnswers(t *testing.T) {
	for _, counts := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			b := &bounded{counts: counts, latency: 100 * time.Millisecond}
			for n := range 2000 {
				b.values = append(b.values, int64(1+n))
			}
			b.top = 2000
			began, changes := time.Now(), 0
			b.change = func(b *bounded) {
				for ; changes < int(time.Since(began)/(50*time.Millisecond)); changes++ {
					b.top++
					b.values[changes*7919%2000] = b.top
				}
			}
			var c strategies.Cursor
			for sweep := range 4 {
				before, start := slices.Clone(b.values), time.Now()
				seen, next, err := sweepThrough(t, b, c, func(s *config.Stream) { s.PageSize = 100 })
				if err != nil {
					t.Fatal(err)
				}
				c = next
				if took := time.Since(start); took > 20*time.Second {
					t.Errorf("sweep %d took %v", sweep, took)
				}
				mark, _ := strconv.ParseInt(c.Mark, 10, 64)
				if mark < b.top-10 {
					t.Errorf("sweep %d: mark %d, the newest row is at %d", sweep, mark, b.top)
				}
				for row, v := range before {
					if got, ok := seen[strconv.Itoa(row)]; sweep == 0 && b.values[row] == v && (!ok || got != v) {
						t.Errorf("row %d at %d stood there all the time, and was not read", row, v)
					}
				}
			}
		})
	}
}
