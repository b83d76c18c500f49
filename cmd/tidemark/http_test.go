package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"tidemark/connector/config"
	"tidemark/connector/playground"
	"tidemark/strategies"
)

// asks asks a worker, and returns the status and the text of its answer.
func asks(t *testing.T, method, url, token string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(brief(t), method, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// switched is an API that can be switched off; it then echoes what it is sent.
type switched struct{ off atomic.Bool }

func (s *switched) wrap(api http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.off.Load() {
			api.ServeHTTP(w, r)
			return
		}
		w.WriteHeader(http.StatusInternalServerError)
		fmt.Fprintf(w, `{"error": "you sent %s and %s"}`, r.Header.Get("X-Key"), r.Header.Get("Authorization"))
	})
}

// A worker says how it is: ready once its streams are open, not ready while its API is away for longer than
// ready_after, ready again behind that. It shows no secret, neither the API's nor its own.
func TestRunSaysHowItIs(t *testing.T) {
	t.Parallel()
	var s switched
	w := newWorld(t, playground.Options{Users: 20, Middleware: s.wrap})
	file := write(t, "tidemark.yaml", `http: {token: sesame-http, ready_after: 0}
streams:
  - {name: user, strategy: keyset, url: "`+w.api+demoPaths[strategies.Keyset]+`", headers: {X-Key: sesame-header}, auth: {kind: bearer, token: sesame-bearer},
     poll_interval: 20ms, max_retries: 0, max_backoff: 20ms}
`)
	beat := t.TempDir() + "/beat.json"
	p := start(t, args("run", "-c", file, "--heartbeat", beat, "--log-level", "debug", w.servers())...)
	at := p.logs(`msg=running version=\S+ .* http=(http://127\.0\.0\.1:\d+)`)[1]
	ready := func(want int, says string) {
		t.Helper()
		defer func() {
			if t.Failed() {
				t.Log(p.err.String())
			}
		}()
		eventually(t, fmt.Sprintf("/readyz to answer %d", want), func() bool { code, _ := asks(t, "GET", at+"/readyz", ""); return code == want })
		if code, text := asks(t, "GET", at+"/livez", ""); code != 200 || text != "ok\n" {
			t.Errorf("/livez answers %d %s", code, text)
		}
		eventually(t, "/readyz to say "+says, func() bool {
			_, text := asks(t, "GET", at+"/readyz?verbose", "sesame-http")
			return strings.Contains(text, says)
		})
	}
	var shown []string
	look := func() {
		for _, path := range []string{"/status", "/metrics", "/readyz?verbose", "/readyz", "/debug/pprof/"} {
			_, text := asks(t, "GET", at+path, "sesame-http")
			shown = append(shown, text)
		}
		q := start(t, "health", "--heartbeat", beat)
		q.wait()
		shown = append(shown, q.out.String(), q.err.String())
	}
	ready(200, "[+] user: ")
	eventually(t, "a heartbeat that says where", func() bool { return start(t, "health", "--heartbeat", beat).wait() == 0 })
	if code, _ := asks(t, "GET", at+"/metrics", ""); code != 401 {
		t.Errorf("without the token /metrics answers %d", code)
	}
	look()
	s.off.Store(true)
	ready(503, "[-] user: it cannot go on")
	start(t, "health", "--heartbeat", beat).exits(1)
	look()
	s.off.Store(false)
	ready(200, "[+] user: ")
	look()

	var status struct {
		Version string
		Ready   bool
		Streams []struct {
			Stream, State, Phase, Mark, Last_error string
			Seq                                    int64
			Counts                                 map[string]int64
		}
	}
	_, text := asks(t, "GET", at+"/status", "sesame-http")
	if err := json.Unmarshal([]byte(text), &status); err != nil {
		t.Fatal(err)
	}
	if u := status.Streams[0]; !status.Ready || u.Stream != "user" || u.Phase != "running" || u.Mark == "" || u.Seq < 2 || u.Counts["written"] != 20 || !strings.Contains(u.Last_error, "500") {
		t.Errorf("/status says %s", text)
	}
	p.interrupted()
	shown = append(shown, p.err.String(), p.out.String())
	for _, text := range shown {
		if strings.Contains(text, "sesame") {
			t.Errorf("a secret is in %s", text)
		}
	}
}

// A stream is paused, and asks its API nothing until it is resumed; a poll is made at once.
func TestRunIsTold(t *testing.T) {
	t.Parallel()
	var requests atomic.Int64
	w := newWorld(t, playground.Options{Users: 20, Middleware: func(api http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			requests.Add(1)
			api.ServeHTTP(w, r)
		})
	}})
	p := start(t, args("run", "-c", w.seed(strategies.Keyset, `"poll_interval": "1h"`), w.servers())...)
	at := p.logs(`http=(\S+)`)[1]
	tell := func(what string, want int) {
		t.Helper()
		if code, text := asks(t, "POST", at+"/streams/user/"+what, ""); code != want {
			t.Errorf("%s answers %d %s", what, code, text)
		}
	}
	p.logs("sweep done")
	before := requests.Load()
	tell("poll", 202) // the first wait is shorter than an hour by chance, but hardly that short
	eventually(t, "a poll", func() bool { return requests.Load() > before })
	tell("pause", 202)
	p.logs("msg=paused|msg=\"paused")
	eventually(t, "the state", func() bool {
		_, text := asks(t, "GET", at+"/readyz?verbose", "")
		return strings.HasPrefix(text, "[+] user: paused\n")
	})
	tell("poll", 409)
	tell("resume", 202)
	p.logs("msg=resumed")
	before = requests.Load()
	tell("poll", 202)
	eventually(t, "another poll", func() bool { return requests.Load() > before })
	p.interrupted()
}

// An address that was asked for and is taken is an error before anything is started; of the usual one it is said. So
// is one that others can reach where nobody has to prove who he is.
func TestHTTPAddress(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	addr := taken.Addr().String()
	w := newWorld(t, playground.Options{Users: 20})
	dir := t.TempDir() + "/data"
	for addr, says := range map[string]string{addr: "address already in use", "0.0.0.0:0": "http.token", "9644": "is no host:port"} {
		p := start(t, args("run", "-c", w.seed(strategies.Keyset), "--http-addr", addr, free(dir))...).exits(2)
		has(t, "the error", p.err.String(), "--http-addr", says)
		has(t, "the demo's error", start(t, "demo", "--data-dir", dir, "--http-addr", addr).exits(2).err.String(), says)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("the embedded broker was started")
	}
	for _, c := range []struct {
		given []string
		once  bool
		says  string
		err   bool
	}{
		{nil, false, "nobody can ask this worker", false}, {nil, true, "", false}, {[]string{"--http-addr="}, false, "", false},
		{[]string{"--http-addr=" + addr}, true, "", true},
	} {
		var log strings.Builder
		cmd := newRunCmd()
		if err := cmd.ParseFlags(c.given); err != nil {
			t.Fatal(err)
		}
		h := httpFlags{addr: addr}
		if len(c.given) > 0 {
			h.addr = strings.TrimPrefix(c.given[0], "--http-addr=")
		}
		e, err := h.listen(cmd, config.HTTP{}, c.once, slog.New(slog.NewTextHandler(&log, nil)))
		if (err != nil) != c.err || err == nil && e.on() || (c.says == "") != (log.String() == "") || !strings.Contains(log.String(), c.says) {
			t.Errorf("%q, once %v: %v, and the log says %q", c.given, c.once, err, log.String())
		}
	}
}

// What a log says of durations are numbers in JSON, and the level is what was asked for.
func TestLogFlags(t *testing.T) {
	t.Parallel()
	w := newWorld(t, playground.Options{Users: 20})
	p := w.once(w.seed(strategies.Keyset), "--log-format", "json")
	var sweep map[string]any
	for line := range strings.Lines(p.err.String()) {
		if strings.Contains(line, "sweep done") {
			if err := json.Unmarshal([]byte(line), &sweep); err != nil {
				t.Fatal(err)
			}
		}
	}
	if took, ok := sweep["took_seconds"].(float64); !ok || took < 0 {
		t.Errorf("the sweep's line is %v", sweep)
	}
	if quiet := w.once(w.seed(strategies.Keyset), "--log-level", "warn").err.String(); quiet != "" {
		t.Errorf("at level warn it says %s", quiet)
	}
	has(t, "the error", start(t, "run", "-c", seedFile, "--log-level", "loud").exits(2).err.String(), `--log-level "loud" is not one of debug, info, warn, error`)
}
