package rest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"runtime/debug"
	"strconv"
	"testing"

	"tidemark/connector/internal/kit"
	"tidemark/strategies"
)

// BenchmarkGet reads a page of 1,000 rows over a kept connection on the loopback. The
// server runs in the same process, so its allocations are counted too; BenchmarkGetOnly
// leaves it out.
func BenchmarkGet(b *testing.B) {
	plain := pageOf(1000)
	for encoding, body := range map[string][]byte{"identity": plain, "gzip": gzipped(b, plain), "zstd": zstded(b, plain)} {
		b.Run(encoding, func(b *testing.B) {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header()["Content-Length"] = []string{strconv.Itoa(len(body))}
				w.Header()["Content-Encoding"] = []string{encoding}
				_, _ = w.Write(body)
			}))
			defer s.Close()
			benchmarkGet(b, quick(b, Options{URL: s.URL}), len(plain))
		})
	}
}

// BenchmarkGetOnly is the client without network and server: what it costs by itself.
func BenchmarkGetOnly(b *testing.B) {
	body := pageOf(1000)
	header := http.Header{"Date": {"Sun, 06 Nov 1994 08:49:37 GMT"}}
	benchmarkGet(b, quick(b, Options{URL: "http://api.test/", Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Header: header, ContentLength: int64(len(body)), Body: &canned{rest: body}, Request: r}, nil
	})}), len(body))
}

func benchmarkGet(b *testing.B, c *Client, size int) {
	params := []strategies.Param{{Role: strategies.RoleSince, Value: "2026-11-14T20:02:39Z"}, {Role: strategies.RoleLimit, Value: "1000"}}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		r, err := c.Get(b.Context(), params, nil)
		if err != nil {
			b.Fatal(err)
		}
		if len(r.Body) != size {
			b.Fatalf("%d bytes", len(r.Body))
		}
		r.Release()
	}
}

// TestGetAllocations holds the number of allocations that a page costs, of any size:
// the body's buffer comes from the pool.
func TestGetAllocations(t *testing.T) {
	if kit.Race {
		t.Skip("the race detector makes pools forget")
	}
	body := pageOf(1000)
	header := http.Header{}
	c := quick(t, Options{URL: "http://api.test/", Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Header: header, ContentLength: int64(len(body)), Body: &canned{rest: body}, Request: r}, nil
	})})
	params := []strategies.Param{{Role: strategies.RoleSince, Value: "1"}}
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // a collection empties pools
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	const pages = 100
	n := testing.AllocsPerRun(pages, func() {
		r, err := c.Get(t.Context(), params, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Release()
	})
	runtime.ReadMemStats(&after)
	const most = 25
	if n > most {
		t.Errorf("%v allocations a page, want at most %d", n, most)
	}
	if b := (after.TotalAlloc - before.TotalAlloc) / pages; b > uint64(len(body))/4 {
		t.Errorf("%d bytes allocated for each page of %d", b, len(body))
	}
}

// canned is a body held in memory.
type canned struct{ rest []byte }

func (c *canned) Read(p []byte) (int, error) {
	n := copy(p, c.rest)
	c.rest = c.rest[n:]
	if len(c.rest) == 0 {
		return n, io.EOF
	}
	return n, nil
}

func (c *canned) Close() error { return nil }
