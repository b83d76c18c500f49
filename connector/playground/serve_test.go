package playground

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tidemark/connector/internal/class"
)

func TestRunChangesAtItsRate(t *testing.T) {
	for _, c := range []struct {
		rate float64
		ties int
		want int // after ten seconds
	}{{0, 1, 0}, {0.5, 1, 5}, {3, 1, 30}, {30, 10, 300}, {500, 1, 5000}} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			p := must[*Playground](t)(New(Options{Users: 50, ChangesPerSecond: c.rate, Ties: c.ties}))
			before := p.Users()
			done := make(chan error, 1)
			go func() { done <- p.Run(ctx) }()
			time.Sleep(10*time.Second + time.Millisecond)
			synctest.Wait()
			cancel()
			if err := <-done; err != nil {
				t.Error(err)
			}
			if got := int(p.changes); got < c.want-10 || got > c.want || c.want > 0 && got == 0 { // the last burst may be a tick away
				t.Errorf("%v a second: %d changes in 10 s, want %d", c.rate, got, c.want)
			}
			shared := map[string]int{}
			for _, u := range p.Users()[len(before):] {
				shared[u.CreatedAt]++
			}
			if inserted := len(p.Users()) - len(before); c.want >= 300 && (inserted < c.want/3 || inserted > c.want*2/3) {
				t.Errorf("%v a second: %d of %d changes are inserts", c.rate, inserted, c.want)
			}
			if c.ties > 1 && len(shared) > 11 {
				t.Errorf("bursts of %d fall into %d seconds", c.ties, len(shared))
			}
		})
	}
}

func TestServeStopsWithItsContext(t *testing.T) {
	p := must[*Playground](t)(New(Options{ChangesPerSecond: 1000, Dir: t.TempDir()}))
	ln := must[net.Listener](t)(Listen(0, "--port"))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- Serve(ctx, ln, p) }()
	base := "http://" + ln.Addr().String()
	for get(t, base, "/pagination/offset").Total <= 200 { // until live changes show
		if ctx.Err() != nil {
			t.Fatal("no live change shows")
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if _, err := net.Dial("tcp", ln.Addr().String()); err == nil {
		t.Error("still listening")
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}

	// A listener that fails ends Serve with an error.
	if err := Serve(t.Context(), ln, p); err == nil {
		t.Error("served on a closed listener")
	}
}

func TestABusyPortIsNamed(t *testing.T) {
	ln := must[net.Listener](t)(Listen(0, "--port"))
	defer func() { _ = ln.Close() }()
	addr := ln.Addr().(*net.TCPAddr)
	if !addr.IP.IsLoopback() {
		t.Errorf("listening on %v", addr)
	}
	_, err := Listen(addr.Port, "--api-port")
	if class.Of(err) != class.Config || !strings.Contains(err.Error(), "--api-port") || !strings.Contains(err.Error(), strconv.Itoa(addr.Port)) {
		t.Errorf("a busy port: %v", err)
	}
	if _, err := Listen(70000, "--port"); class.Of(err) != class.Config {
		t.Errorf("port 70000: %v", err)
	}
}

func TestBadOptionsAreRefused(t *testing.T) {
	for _, o := range []Options{
		{Users: 1e9}, {IDGap: -1}, {MaxPage: -1}, {KeysetPage: -1}, {Capacity: -1}, {ChangesPerSecond: -1},
		{DeleteShare: .6, LateShare: .6}, {LateShare: -1}, {LateBy: time.Millisecond}, {Delay: -1},
	} {
		if _, err := New(o); class.Of(err) != class.Config {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

func TestPageSizesCanBeRaised(t *testing.T) {
	_, base := start(t, Options{Users: 3000, MaxPage: 1000, KeysetPage: 700})
	if n := len(get(t, base, "/pagination/offset?limit=1000").Data); n != 1000 {
		t.Errorf("%d rows", n)
	}
	if r := ask(t, "GET", base, "/pagination/offset?limit=1001"); r.status != 400 || r.body != fault("Invalid value for 'limit'. It should be between 1 and 1000.") {
		t.Errorf("%d %s", r.status, r.body)
	}
	if n := len(get(t, base, "/pagination/keyset").Data); n != 700 {
		t.Errorf("%d rows", n)
	}
}

// TestALongAnswer is longer than one piece, so it is written in several.
func TestALongAnswer(t *testing.T) {
	p, base := start(t, Options{Users: piece / 250})
	r := ask(t, "GET", base, "/incremental/timestamp")
	if len(r.body) <= piece || r.header.Get("Content-Length") != strconv.Itoa(len(r.body)) {
		t.Fatalf("Content-Length %s for %d bytes", r.header.Get("Content-Length"), len(r.body))
	}
	if got := len(distinct(get(t, base, "/incremental/timestamp").Data)); got != p.Len() {
		t.Errorf("%d users of %d", got, p.Len())
	}
	if h := ask(t, "HEAD", base, "/incremental/timestamp"); h.header.Get("Content-Length") != strconv.Itoa(len(r.body)) {
		t.Errorf("HEAD says %s", h.header.Get("Content-Length"))
	}
}

func TestTheDateIsTheClocks(t *testing.T) {
	_, base := start(t, Options{Now: atNoon})
	if got := ask(t, "GET", base, "/pagination/offset").header.Get("Date"); got != "Fri, 20 Nov 2026 12:00:00 GMT" {
		t.Errorf("Date: %s", got)
	}
}

func TestTheBucketRefills(t *testing.T) {
	clock := noon
	_, base := start(t, Options{RateLimit: true, Capacity: 3, Now: func() time.Time { return clock }})
	status := func() int { return ask(t, "GET", base, "/pagination/offset").status }
	for _, want := range []int{200, 200, 200, 429, 429} {
		if got := status(); got != want {
			t.Fatalf("%d, want %d", got, want)
		}
	}
	clock = clock.Add(100 * time.Millisecond)
	if got := []int{status(), status()}; got[0] != 200 || got[1] != 429 {
		t.Errorf("a tenth of a second later: %v", got)
	}
	clock = clock.Add(time.Hour)
	r := ask(t, "GET", base, "/pagination/offset")
	if r.header.Get("X-RateLimit-Remaining") != "2" || r.header.Get("X-RateLimit-Reset") != "1" {
		t.Errorf("an hour later: %v", r.header)
	}
}

func TestMiddlewareWrapsEverything(t *testing.T) {
	_, base := start(t, Options{Middleware: func(api http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Query().Has("boom") {
				http.Error(w, "boom", http.StatusBadGateway)
				return
			}
			api.ServeHTTP(w, r)
		})
	}})
	if r := ask(t, "GET", base, "/nope?boom"); r.status != 502 {
		t.Errorf("%d", r.status)
	}
	get(t, base, "/pagination/offset")
}

func TestDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := must[*Playground](t)(New(Options{Delay: 20 * time.Millisecond}))
		before := time.Now()
		w := httptest.NewRecorder()
		p.ServeHTTP(w, httptest.NewRequest("GET", "/pagination/offset", nil))
		if took := time.Since(before); took != 20*time.Millisecond || w.Code != 200 {
			t.Errorf("%d after %v", w.Code, took)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		before = time.Now()
		p.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/pagination/offset", nil).WithContext(ctx))
		if took := time.Since(before); took != 0 {
			t.Errorf("waited %v for a client that had gone", took)
		}
	})
}

// TestPagesAreSnapshots reads while users change: every page is sorted and names no
// user twice. With -race it also watches the locks.
func TestPagesAreSnapshots(t *testing.T) {
	p, base := start(t, Options{Users: 300, DeleteShare: .2, LateShare: .1})
	stop := make(chan struct{})
	done := make(chan error, 1)
	go func() {
		for {
			select {
			case <-stop:
				done <- nil
				return
			default:
				if _, err := p.Change(); err != nil {
					done <- errors.Join(errors.New("changing"), err)
					return
				}
			}
		}
	}()
	for i := range 25 {
		l := get(t, base, []string{
			"/pagination/keyset", "/pagination/offset?order_type=desc&limit=50", "/incremental/timestamp?since=2020-01-01T00:00:00Z",
			"/incremental/step?start_id=1&end_id=500", "/pagination/offset?order_by=createdAt&limit=50&updated_since=2026-01-01T00:00:00Z",
		}[i%5])
		if len(distinct(l.Data)) != len(l.Data) {
			t.Errorf("request %d names a user twice", i)
		}
		for j := 1; i%5%2 == 0 && i%5 < 4 && j < len(l.Data); j++ {
			if l.Data[j].UpdatedAt < l.Data[j-1].UpdatedAt {
				t.Errorf("request %d is not sorted at %d", i, j)
			}
		}
	}
	close(stop)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func BenchmarkStart(b *testing.B) {
	for _, users := range []int{200, 1_000_000} {
		b.Run(fmt.Sprint(users), func(b *testing.B) {
			for b.Loop() {
				if _, err := New(Options{Users: users}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// nowhere is a ResponseWriter that costs nothing.
type nowhere struct{ h http.Header }

func (n nowhere) Header() http.Header         { return n.h }
func (n nowhere) WriteHeader(int)             {}
func (n nowhere) Write(b []byte) (int, error) { return io.Discard.Write(b) }

// BenchmarkPage is the cost of one answer without the network, in a collection of a
// million users.
func BenchmarkPage(b *testing.B) {
	p, err := New(Options{Users: 1_000_000, MaxPage: 1000, KeysetPage: 1000})
	if err != nil {
		b.Fatal(err)
	}
	mid := p.rows[500_000].updated
	for _, c := range []struct {
		name, target string
		rows         int
	}{
		{"keyset", "/pagination/keyset?updated_since=" + string(appendTime(nil, mid)), 1000},
		{"offset", "/pagination/offset?limit=1000&offset=700000", 1000},
		{"offset50", "/pagination/offset?limit=50&offset=700000", 50},
		{"offset50desc", "/pagination/offset?limit=50&offset=700000&order_type=desc", 50},
		{"step", "/incremental/step?start_id=400001&end_id=401000", 1000},
	} {
		b.Run(c.name, func(b *testing.B) {
			r := httptest.NewRequest("GET", c.target, nil)
			for b.Loop() {
				p.ServeHTTP(nowhere{http.Header{}}, r)
			}
			b.ReportMetric(float64(c.rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

// BenchmarkChange is one live change among a million users.
func BenchmarkChange(b *testing.B) {
	for _, dir := range []string{"", b.TempDir()} {
		b.Run(map[bool]string{true: "memory", false: "disk"}[dir == ""], func(b *testing.B) {
			p, err := New(Options{Users: 1_000_000, Dir: dir})
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if _, err := p.Change(); err != nil {
					b.Fatal(err)
				}
			}
			if err := p.Close(); err != nil {
				b.Fatal(err)
			}
		})
	}
}
