package main

import (
	"bytes"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"tidemark/connector"
	"tidemark/connector/config"
	"tidemark/connector/playground"
	"tidemark/strategies"
)

func TestVersion(t *testing.T) {
	t.Parallel()
	p := start(t, "version").exits(0)
	if !regexp.MustCompile(`^tidemark \S+ go1\S+ \w+/\w+\n$`).MatchString(p.out.String()) {
		t.Errorf("version prints %q", p.out.String())
	}
}

// The help of each command names its flags, on standard output.
func TestHelp(t *testing.T) {
	t.Parallel()
	for command, says := range map[string][]string{
		"":            {"demo", "run", "check", "tail", "state", "local", "playground", "version"},
		"demo":        {"--once", "--data-dir", "--kafka-port", "--registry-port", "--api-port", ".tidemark", "9092", "8081", "5001"},
		"run":         {"--config", "-c", "--once", "--strategy", "--brokers", "--registry-url", "--data-dir", "--kafka-port", "--registry-port", "--log-format"},
		"check":       {"--config", "-c", "--strategy", "--brokers", "--registry-url", "--output", "--data-dir"},
		"tail":        {"TOPIC", "-n", "--from-beginning", "--since", "--partition", "--key", "--limit", "--follow", "--brokers", "--registry-url", "--data-dir"},
		"verify":      {"STREAM", "--config", "--output", "--data-dir"},
		"repair":      {"STREAM", "--yes", "--dry-run", "max_delete_ratio"},
		"state":       {"show", "claim", "rewind", "reset", "delete", "export", "import"},
		"state show":  {"--config", "-c", "--history", "--output", "--brokers", "--registry-url", "--data-dir"},
		"state claim": {"--config", "-c", "--stream", "--brokers", "--data-dir"},
		"local":       {"--data-dir", "--kafka-port", "--registry-port"},
		"playground":  {"--port", "--users", "--seed", "--changes-per-second", "--rate-limit"},
		"version":     {"version"},
	} {
		t.Run(command, func(t *testing.T) {
			t.Parallel()
			p := start(t, append(strings.Fields(command), "--help")...).exits(0)
			has(t, "the help", p.out.String(), append(says, "Usage:")...)
			if p.err.String() != "" {
				t.Errorf("standard error: %s", p.err.String())
			}
		})
	}
}

// local serves until it is interrupted, then lets go of ports and directory.
func TestLocal(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	play, api := serve(t, playground.Options{Users: 20})
	w := &world{t: t, play: play, api: api}
	config := w.seed(strategies.Keyset)
	p := w.startLocal(dir)
	has(t, "what local prints", p.out.String(), "kcat -b "+w.brokers, w.registry, dir)
	w.once(config)
	w.eachOnce("user")

	_, port, err := net.SplitHostPort(w.brokers)
	if err != nil {
		t.Fatal(err)
	}
	p.signal(syscall.SIGTERM)
	p.exits(0)
	// The same port, and what was there before.
	again := start(t, "local", "--data-dir", dir, "--kafka-port", port, "--registry-port", "0")
	m := again.prints(`--brokers (\S+) --registry-url (\S+)\n`)
	if m[1] != w.brokers {
		t.Errorf("local listens on %s, asked for was %s", m[1], w.brokers)
	}
	w.registry = m[2]
	has(t, "the log of the second run", w.once(config).err.String(), "written=0")
	again.interrupted()
}

func TestPlayground(t *testing.T) {
	t.Parallel()
	people := func(more ...string) (map[string]playground.User, http.Header) {
		t.Helper()
		p := start(t, args("playground", "--port", "0", more)...)
		url := p.prints(`on (http://127\.0\.0\.1:\d+)`)[1]
		users := get(t, url+"/incremental/timestamp")
		resp, err := http.Get(url + "/pagination/keyset")
		if err != nil {
			t.Fatal(err)
		}
		if err := resp.Body.Close(); err != nil {
			t.Fatal(err)
		}
		p.interrupted()
		return users, resp.Header
	}
	ids := func(users map[string]playground.User) map[string]string {
		names := map[string]string{}
		for id, u := range users {
			names[id] = u.Name
		}
		return names
	}
	seven, limits := people("--users", "7")
	if len(seven) != 7 || limits.Get("X-RateLimit-Limit") != "" {
		t.Errorf("%d users, rate limit %q", len(seven), limits.Get("X-RateLimit-Limit"))
	}
	same, limits := people("--users", "7", "--rate-limit", "--capacity", "9")
	if !maps.Equal(ids(same), ids(seven)) || limits.Get("X-RateLimit-Limit") != "9" {
		t.Errorf("the same seed gives other people, or the rate limit is %q", limits.Get("X-RateLimit-Limit"))
	}
	if others, _ := people("--users", "7", "--seed", "2"); maps.Equal(ids(others), ids(seven)) {
		t.Error("another seed gives the same people")
	}
	if none, _ := people("--users", "0"); len(none) != 0 {
		t.Errorf("%d users, asked for 0", len(none))
	}
	p := start(t, "playground", "--port", "0", "--users", "3", "--changes-per-second", "50")
	url := p.prints(`on (http://127\.0\.0\.1:\d+)`)[1]
	eventually(t, "a change", func() bool { return len(get(t, url+"/incremental/timestamp")) > 3 })
	p.interrupted()

	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close() //nolint:errcheck // nothing was sent
	_, port, err := net.SplitHostPort(ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	has(t, "a busy port", start(t, "playground", "--port", port).exits(2).err.String(), "--port", port)
}

// On a terminal the demo draws a table, and draws the next one over it.
func TestProgressTable(t *testing.T) {
	t.Parallel()
	cfg := config.Default()
	cfg.Kafka.Brokers, cfg.SchemaRegistry.URL = []string{"127.0.0.1:1"}, "http://127.0.0.1:1"
	for _, s := range all {
		cfg.Streams = append(cfg.Streams, config.NewStream(topicOf(s), s, "http://127.0.0.1:1"+demoPaths[s]))
	}
	c, err := connector.New(cfg, connector.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	p := &progress{out: &out, live: true}
	p.draw(c, false)
	first := out.String()
	for _, s := range all {
		has(t, "the table", first, topicOf(s), s, "starting")
	}
	has(t, "the table", first, "STREAM", "STRATEGY", "ROWS", "ROWS/S", "MARK", "STATE")
	if strings.Contains(first, "\x1b") || strings.Count(first, "\n") != 6 {
		t.Errorf("the first table is %q", first)
	}
	out.Reset()
	p.sweep(connector.Sweep{Stream: "x"}) // the table tells it
	p.draw(c, false)
	if want := "\r\x1b[6A\x1b[K\x1b[B\x1b[J\x1b[A" + first; out.String() != want {
		t.Errorf("the second table is %q, want %q", out.String(), want)
	}
	// The log is written in the table's place, and the next table below it.
	out.Reset()
	fmt.Fprintln(p.beside(&out), "a warning")
	p.draw(c, false)
	if want := "\r\x1b[6A\x1b[K\x1b[B\x1b[J\x1b[Aa warning\n" + first; out.String() != want {
		t.Errorf("beside the log the table is %q, want %q", out.String(), want)
	}
	// A narrow terminal gets fewer columns, and the lines' beginnings where even those are too
	// wide: none may wrap.
	for width, want := range map[int]string{
		200: "STREAM STRATEGY ROWS ROWS/S MARK STATE", 80: "STREAM STRATEGY ROWS ROWS/S MARK STATE", 55: "STREAM STRATEGY ROWS ROWS/S MARK STATE",
		50: "STREAM ROWS ROWS/S MARK STATE", 38: "STREAM ROWS MARK STATE", 30: "STREAM ROWS STATE", 20: "STREAM ROWS",
	} {
		p = &progress{out: &out, live: true, size: func() (int, int) { return width, 0 }}
		out.Reset()
		p.draw(c, false)
		narrow := out.String()
		head, _, _ := strings.Cut(narrow, "\n")
		if got := strings.Join(strings.Fields(head), " "); !strings.HasPrefix(got, want) {
			t.Errorf("%d columns are given %q, want %q", width, got, want)
		}
		for text := range strings.Lines(narrow) {
			if len(text) > width+1 {
				t.Errorf("%d columns are given the line %q", width, text)
			}
		}
		if strings.Count(narrow, "\n") != 6 {
			t.Errorf("the table of %d columns is %q", width, narrow)
		}
	}
	// Lines that have wrapped since, because the terminal has become narrower, go as well.
	columns := 200
	p = &progress{out: &out, live: true, size: func() (int, int) { return columns, 0 }}
	p.draw(c, false)
	widest := 0
	for _, n := range p.lines {
		widest = max(widest, n)
	}
	columns = widest - 1
	wrapped := 6
	for _, n := range p.lines {
		if n > columns {
			wrapped++
		}
	}
	out.Reset()
	p.draw(c, false)
	if want := fmt.Sprintf("\r\x1b[%dA\x1b[K\x1b[B\x1b[J\x1b[A", wrapped); wrapped == 6 || !strings.HasPrefix(out.String(), want) {
		t.Errorf("behind a narrower terminal %d lines are %q", wrapped, out.String())
	}
	// A low one gets fewer lines, down to one, and the last table is whole whatever its size.
	for rows, want := range map[int]string{8: "", 7: "", 6: "and 2 more streams", 4: "and 4 more streams", 3: "and 5 more streams", 2: "and 5 more streams", 1: "and 5 more streams"} {
		p = &progress{out: &out, live: true, size: func() (int, int) { return 100, rows }}
		out.Reset()
		p.draw(c, false)
		text := out.String()
		if n := strings.Count(text, "\n"); n != min(6, max(rows-1, 1)) || want != "" && !strings.HasSuffix(text, "\n"+want+"\n") && text != want+"\n" || want == "" && strings.Contains(text, "more") {
			t.Errorf("%d rows are given %q", rows, text)
		}
		out.Reset()
		p.draw(c, true)
		if n := strings.Count(out.String(), "\n"); n != 6 {
			t.Errorf("the last table on %d rows is %q", rows, out.String())
		}
	}
}
