package serve

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tidemark/connector/config"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/status"
	"tidemark/connector/internal/stream"
)

// at is a worker of these streams, and what it was told.
func at(all ...status.Status) (*Worker, *[]stream.Kind) {
	told := new([]stream.Kind)
	return &Worker{
		Version: "v1", ReadyAfter: time.Minute, Limit: 100, Held: func() int64 { return 7 }, Measures: status.NewMeasures(),
		Streams: func() (streams []Stream) {
			for _, s := range all {
				streams = append(streams, Stream{Status: s, MaxLag: time.Hour})
			}
			return streams
		},
		Tell: func(name string, what stream.Wish) error {
			for _, s := range all {
				if s.Stream == name {
					*told = append(*told, what.Kind)
					return s.Err
				}
			}
			return ErrUnknown
		},
	}, told
}

func metricsOf(w *Worker) *prometheus.Registry {
	metrics := prometheus.NewRegistry()
	Register(metrics, w)
	return metrics
}

func handlerOf(w *Worker, c config.HTTP) http.Handler {
	return Handler(w, Options{HTTP: c, Metrics: metricsOf(w)})
}

// ask asks the handler, with headers as "Name: value".
func ask(h http.Handler, method, path string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, http.NoBody)
	r.Host = "127.0.0.1:9644"
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		if name == "Host" {
			r.Host = value
		}
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// A worker is ready once each stream is open, and as long as none fails or lags for too long. What is paused, or done,
// keeps it from nothing.
func TestReady(t *testing.T) {
	t.Parallel()
	now := time.Now()
	away := errors.New("the API is away")
	ok := status.Status{Stream: "users", State: status.Idle, Opened: true, Started: now.Add(-48 * time.Hour), Upto: now.Add(-time.Second)}
	with := func(change func(*status.Status)) status.Status {
		s := ok
		change(&s)
		return s
	}
	for name, c := range map[string]struct {
		s    status.Status
		says string // "": it is ready
	}{
		"idle":             {ok, ""},
		"not open":         {with(func(s *status.Status) { s.Opened, s.State = false, status.Starting }), "it is not open yet"},
		"cannot be opened": {with(func(s *status.Status) { s.Opened, s.Cause, s.Since = false, away, now }), "it is not open yet: the API is away"},
		"fails":            {with(func(s *status.Status) { s.State, s.Since, s.Cause = status.Retrying, now.Add(-50*time.Second), away }), ""},
		"fails for long":   {with(func(s *status.Status) { s.State, s.Since, s.Cause = status.Retrying, now.Add(-70*time.Second), away }), "cannot go on, for 1m10s already (ready_after 1m0s): the API is away"},
		"lags":             {with(func(s *status.Status) { s.Upto = now.Add(-2 * time.Hour) }), "its lag is 2h0m0s, more than max_lag 1h0m0s"},
		"lags since start": {with(func(s *status.Status) { s.Upto = time.Time{} }), "its lag is 48h0m0s"},
		"paused": {with(func(s *status.Status) {
			s.State, s.Held, s.Upto, s.Since = status.Paused, true, now.Add(-2*time.Hour), now.Add(-time.Hour)
		}), ""},
		"stopped": {with(func(s *status.Status) { s.State, s.Err = status.Failed, away }), "it has stopped: the API is away"},
		"done":    {with(func(s *status.Status) { s.State, s.Upto = status.Done, time.Time{} }), ""},
	} {
		w, _ := at(ok, c.s)
		h := handlerOf(w, config.HTTP{})
		brief, verbose := ask(h, "GET", "/readyz"), ask(h, "GET", "/readyz?verbose")
		want, last := http.StatusOK, "ok\n"
		if c.says != "" {
			want, last = http.StatusServiceUnavailable, "not ready: 1 of 2 streams\n"
		}
		if brief.Code != want || verbose.Code != want || brief.Body.String() != last || !strings.Contains(verbose.Body.String(), c.says) || !strings.HasSuffix(verbose.Body.String(), last) {
			t.Errorf("%s: %d %q, and verbose %d %q", name, brief.Code, brief.Body, verbose.Code, verbose.Body)
		}
		var view workerView
		if err := json.Unmarshal(ask(h, "GET", "/status").Body.Bytes(), &view); err != nil || view.Ready != (c.says == "") || len(view.Streams) != 2 || !strings.Contains(view.Streams[1].NotReady, c.says) {
			t.Errorf("%s: /status says %+v (%v)", name, view, err)
		}
	}
}

// Where a token is wanted it has to be shown, but for whether the worker lives and is ready; where none is, a browser's
// page reads nothing and changes nothing, by whatever name it comes.
func TestGuard(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte("hunter2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	w, told := at(status.Status{Stream: "users", State: status.Idle, Opened: true, Upto: time.Now()})
	plain, token := handlerOf(w, config.HTTP{}), handlerOf(w, config.HTTP{Token: "hunter2"})
	fromFile := handlerOf(w, config.HTTP{TokenFile: config.File{Path: file, Shown: "token"}})
	gone := handlerOf(w, config.HTTP{TokenFile: config.File{Path: file + ".gone", Shown: "token"}})
	const pause, right = "/streams/users/pause", "Authorization: Bearer hunter2"
	for _, c := range []struct {
		h            http.Handler
		method, path string
		headers      []string
		want         int
	}{
		{plain, "GET", "/livez", nil, 200}, {plain, "GET", "/metrics", nil, 200}, {plain, "GET", "/status", nil, 200},
		{plain, "GET", "/status", []string{"Host: localhost:9644"}, 200}, {plain, "GET", "/status", []string{"Host: [::1]:9644"}, 200},
		{plain, "GET", "/status", []string{"Host: evil.example"}, 403}, {plain, "GET", "/readyz", []string{"Host: evil.example:9644"}, 403},
		{plain, "POST", pause, nil, 202},
		{plain, "POST", pause, []string{"Sec-Fetch-Site: cross-site"}, 403},
		{plain, "POST", pause, []string{"Origin: https://evil.example"}, 403},
		{plain, "POST", pause, []string{"Origin: https://evil.example", "Host: evil.example"}, 403},
		{plain, "GET", pause, nil, 405}, {plain, "POST", "/status", nil, 405}, {plain, "GET", "/", nil, 404}, {plain, "GET", "/debug/pprof/", nil, 404},
		{plain, "POST", "/streams/users/eat", nil, 404}, {plain, "POST", "/streams/nobody/pause", nil, 404},

		{token, "GET", "/livez", nil, 200}, {token, "GET", "/readyz", nil, 200}, {token, "GET", "/livez", []string{"Host: tidemark:9644"}, 200},
		{token, "GET", "/metrics", nil, 401}, {token, "GET", "/status", nil, 401}, {token, "POST", pause, nil, 401},
		{token, "GET", "/metrics", []string{right}, 200}, {token, "GET", "/status", []string{"Authorization: bearer hunter2", "Host: tidemark:9644"}, 200},
		{token, "POST", pause, []string{right}, 202}, {token, "POST", pause, []string{right, "Sec-Fetch-Site: cross-site"}, 403},
		{token, "GET", "/status", []string{"Authorization: Bearer hunter"}, 401}, {token, "GET", "/status", []string{"Authorization: Basic hunter2"}, 401}, {token, "GET", "/status", []string{"Authorization: Bearer "}, 401},

		{fromFile, "GET", "/status", []string{right}, 200}, {fromFile, "GET", "/status", nil, 401},
		{gone, "GET", "/status", []string{right}, 401}, {gone, "GET", "/status", []string{"Authorization: Bearer "}, 401}, {gone, "GET", "/livez", nil, 200},
	} {
		if got := ask(c.h, c.method, c.path, c.headers...); got.Code != c.want {
			t.Errorf("%s %s with %q: %d %s, want %d", c.method, c.path, c.headers, got.Code, got.Body, c.want)
		}
	}
	if len(*told) != 2 || (*told)[0] != stream.Pause {
		t.Errorf("told %v, want two pauses", *told)
	}
	if got := ask(token, "GET", "/readyz?verbose"); got.Body.String() != "ok\n" {
		t.Errorf("without a token /readyz?verbose says %q", got.Body)
	}
}

// What an operator wants is left for the stream; where it cannot be done that is said.
func TestTold(t *testing.T) {
	t.Parallel()
	for err, want := range map[error]int{nil: 202, ErrEnded: 409, ErrPaused: 409, ErrBusy: 503} {
		w, told := at(status.Status{Stream: "users", Err: err})
		for what, kind := range wishes {
			got := ask(handlerOf(w, config.HTTP{}), "POST", "/streams/users/"+what)
			if got.Code != want || (*told)[len(*told)-1] != kind || err != nil && !strings.Contains(got.Body.String(), err.Error()) {
				t.Errorf("%s, which ends with %v: %d %s, told %v", what, err, got.Code, got.Body, *told)
			}
		}
	}
}

// Addresses that other machines can reach need a proof of who asks, and files have to be of use.
func TestListen(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		addr string
		http config.HTTP
		ok   bool
	}{
		{"127.0.0.1:0", config.HTTP{}, true}, {"localhost:0", config.HTTP{}, true},
		{"0.0.0.0:0", config.HTTP{}, false}, {":0", config.HTTP{}, false}, {"example.com:0", config.HTTP{}, false}, {"9644", config.HTTP{}, false},
		{"127.0.0.1:99999", config.HTTP{}, false},
		{"127.0.0.1:0", config.HTTP{TokenFile: config.File{Path: "/nowhere/token", Shown: "token"}}, false},
		{"127.0.0.1:0", config.HTTP{CertFile: config.File{Path: "/nowhere/cert", Shown: "cert.pem"}}, false},
	} {
		l, err := Listen(c.addr, c.http)
		if err == nil {
			_ = l.Close()
		}
		if (err == nil) != c.ok || err != nil && class.Of(err) != class.Config {
			t.Errorf("%s: %v", c.addr, err)
		}
	}
	if !secured(config.HTTP{Token: "t"}) || !secured(config.HTTP{ClientCAFile: config.File{Path: "ca"}}) || secured(config.HTTP{CertFile: config.File{Path: "cert"}}) {
		t.Error("a token and a client's certificate prove who asks, the server's own does not")
	}
}

// Every metric of the table is in the exposition, in both formats, with its kind and help, and no other of ours.
func TestMetrics(t *testing.T) {
	t.Parallel()
	s := status.Status{Stream: "users", State: status.Retrying, Since: time.Now(), Swept: time.Now()}
	s.Written, s.Transactions = 5, 2
	s.Lateness.Observe(3 * time.Second)
	s.Lateness.Observe(72 * time.Hour)
	w, _ := at(s)
	w.Measures.Answered("users", 200)
	w.Measures.Answered("users", 0)
	w.Measures.Committed(time.Second)
	h := handlerOf(w, config.HTTP{})
	text := ask(h, "GET", "/metrics").Body.String()
	for _, want := range []string{
		`tidemark_rows_total{stream="users",verdict="written"} 5`, `tidemark_transactions_total{outcome="committed",stream="users"} 2`,
		`tidemark_stream_state{state="retrying",stream="users"} 1`, `tidemark_stream_state{state="idle",stream="users"} 0`,
		`tidemark_requests_total{status="200",stream="users"} 1`, `tidemark_requests_total{status="error",stream="users"} 1`,
		`tidemark_lateness_seconds_bucket{stream="users",le="5"} 1`, `tidemark_lateness_seconds_bucket{stream="users",le="172800"} 1`, `tidemark_lateness_seconds_count{stream="users"} 2`,
		`tidemark_commit_duration_seconds_count 1`, `tidemark_in_flight_bytes 7`, `tidemark_in_flight_limit_bytes 100`, `tidemark_build_info{version="v1"} 1`,
	} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("the exposition lacks %s", want)
		}
	}
	kinds := map[string]string{}
	for _, f := range status.Families() {
		kinds[f.Name] = f.Kind
		if !strings.Contains(text, "# HELP "+f.Name+" "+f.Help+"\n# TYPE "+f.Name+" "+f.Kind+"\n") {
			t.Errorf("the exposition lacks %s, a %s: %s", f.Name, f.Kind, f.Help)
		}
	}
	for line := range strings.Lines(text) {
		if name, is := strings.CutPrefix(line, "# TYPE tidemark_"); is && kinds["tidemark_"+strings.Fields(name)[0]] == "" {
			t.Errorf("the table lacks tidemark_%s", name)
		}
	}
	if open := ask(h, "GET", "/metrics", "Accept: application/openmetrics-text;version=1.0.0").Body.String(); !strings.HasSuffix(open, "# EOF\n") {
		t.Errorf("what is to be OpenMetrics ends with %q", open[max(0, len(open)-40):])
	}
	all, err := metricsOf(w).Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range all {
		if h := f.GetMetric()[0].GetHistogram(); f.GetName() == "tidemark_commit_duration_seconds" && (len(h.GetPositiveSpan()) == 0 || len(h.GetBucket()) == 0) {
			t.Errorf("how long commits take is no histogram of both kinds: %v", h)
		}
	}
	// A native histogram comes with the protobuf format only.
	if binary := ask(h, "GET", "/metrics", "Accept: application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"); !strings.Contains(binary.Header().Get("Content-Type"), "protobuf") {
		t.Errorf("asked for protobuf, it is %s", binary.Header().Get("Content-Type"))
	}
}

// The server ends with its context, and gives its address back.
func TestServe(t *testing.T) {
	t.Parallel()
	l, err := Listen("127.0.0.1:0", config.HTTP{})
	if err != nil {
		t.Fatal(err)
	}
	w, _ := at()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- Serve(ctx, l, handlerOf(w, config.HTTP{}), slog.New(slog.DiscardHandler)) }()
	resp, err := http.Get("http://" + l.Addr().String() + "/livez")
	if err != nil {
		t.Fatal(err)
	}
	text, _ := io.ReadAll(resp.Body)
	resp.Body.Close()
	if string(text) != "ok\n" {
		t.Errorf("it says %q", text)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if again, err := Listen(l.Addr().String(), config.HTTP{}); err != nil {
		t.Error(err)
	} else {
		_ = again.Close()
	}
}
