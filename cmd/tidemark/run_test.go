package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"tidemark/connector/playground"
	"tidemark/strategies"
)

// The seed's file with only strategy and base_url changed reads every endpoint; what it
// prints is its log; a second run adds nothing (P3) and the state topic holds the
// stream's cursor.
func TestSeedFileReadsEveryEndpoint(t *testing.T) {
	t.Parallel()
	for _, strategy := range all {
		t.Run(strategy, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, playground.Options{})
			config := w.seed(strategy)
			for _, want := range []string{"written=200", "written=0"} {
				p := w.once(config)
				has(t, "the log", p.err.String(), "sweep done", "stream=user ", "strategy="+strategy, want)
				if p.out.String() != "" {
					t.Errorf("standard output: %s", p.out.String())
				}
				if n := len(read(t, w.brokers, "user")); n != 200 {
					t.Errorf("the topic has %d records", n)
				}
			}
			if strategy != strategies.StepSize { // there the key is the position
				w.eachOnce("user")
			}
			live := keys(read(t, w.brokers, "tidemark-state"))
			if n := keptSchemas(live); n != 1 || len(live) != 2 || live["user"] == 0 || live["topic:user"] != 1 {
				t.Errorf("the state topic has the keys %v", live)
			}
		})
	}
}

// name and topic in the flat form put the five runs side by side on one broker.
func TestFlatFormTakesStreamKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t, playground.Options{Users: 20})
	w.once(w.seed(strategies.Keyset, `"name": "first"`, `"topic": "people"`))
	w.once(w.seed(strategies.Timestamp, `"name": "second"`))
	w.eachOnce("people")
	w.eachOnce("second")
	if live := keys(read(t, w.brokers, "tidemark-state")); keptSchemas(live) != 2 || len(live) != 4 || live["first"] == 0 || live["second"] == 0 {
		t.Errorf("the state topic has the keys %v", live)
	}
}

func TestRunYAML(t *testing.T) {
	t.Parallel()
	w := newWorld(t, playground.Options{Users: 20})
	config := write(t, "tidemark.yaml", fmt.Sprintf(`
kafka:
  brokers: [%s]
  partitions: 3
schema_registry:
  url: %s
streams:
  - name: by_keyset
    strategy: keyset
    url: %s/pagination/keyset
  - name: by_offset
    strategy: offset
    url: %[3]s/pagination/offset
    page_size: "7"
    poll_interval: 1h
`, w.brokers, w.registry, w.api))
	start(t, "run", "-c", config, "--once").exits(0)
	w.eachOnce("by_keyset")
	w.eachOnce("by_offset")
	parts := map[int32]bool{}
	for _, r := range read(t, w.brokers, "by_offset") {
		parts[r.Partition] = true
	}
	if len(parts) != 3 {
		t.Errorf("the topic's records lie in partitions %v, the configuration asks for 3", parts)
	}
}

func TestStrategyFlag(t *testing.T) {
	t.Parallel()
	w := newWorld(t, playground.Options{Users: 20})
	config := seed(t, strategies.Keyset, w.api+"/incremental/timestamp")
	p := w.once(config, "--strategy", "timestamp")
	has(t, "the log", p.err.String(), "strategy=timestamp")
	w.eachOnce("user")
	// Rule 19: to step_size is refused, whoever asks for it.
	p = start(t, args("run", "-c", config, "--once", "--strategy", "step_size", w.servers())...).exits(2)
	has(t, "the refusal", p.err.String(), "step_size", "timestamp")
}

func TestLogFormatJSON(t *testing.T) {
	t.Parallel()
	w := newWorld(t, playground.Options{Users: 20})
	p := w.once(w.seed(strategies.Offset), "--log-format", "json")
	said := false
	for text := range strings.Lines(p.err.String()) {
		var entry map[string]any
		if err := json.Unmarshal([]byte(text), &entry); err != nil || entry["msg"] == nil || entry["level"] == nil {
			t.Errorf("the log has the line %q: %v", text, err)
		}
		said = said || entry["msg"] == "sweep done" && entry["written"] == float64(20) && entry["stream"] == "user"
	}
	if !said {
		t.Errorf("the log does not tell of the sweep: %s", p.err.String())
	}
	if p.out.String() != "" {
		t.Errorf("standard output: %s", p.out.String())
	}
}

// In JSON the reason for the end is a line of the log like any other, whatever it is.
func TestLogFormatJSONTellsTheEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t, playground.Options{Users: 20})
	for code, config := range map[int]string{
		2: write(t, "bad.json", `{"strategy": "keysett", "base_ur": 1}`),
		3: seed(t, strategies.Keyset, closedURL(t)+"/", `"max_retries": 1`),
	} {
		p := start(t, args("run", "--once", "--log-format", "json", "-c", config, w.servers())...).exits(code)
		var last map[string]any
		for text := range strings.Lines(p.err.String()) {
			last = nil
			if err := json.Unmarshal([]byte(text), &last); err != nil {
				t.Errorf("the log has the line %q: %v", text, err)
			}
			if wait, ok := last["wait"]; ok && !strings.HasSuffix(fmt.Sprint(wait), "s") {
				t.Errorf("a duration without its unit: %s", text)
			}
		}
		if last["level"] != "ERROR" || last["exit_code"] != float64(code) || last["error"] == nil {
			t.Errorf("exit code %d: the last line is %v", code, last)
		}
	}
}

// Without brokers the embedded ones run, on the ports that are given, in --data-dir;
// others find them there.
func TestRunEmbedded(t *testing.T) {
	t.Parallel()
	play, api := serve(t, playground.Options{Users: 20})
	dir := t.TempDir()
	config := seed(t, strategies.Keyset, api+"/pagination/keyset", `"poll_interval": "50ms"`)
	p := start(t, args("run", "-c", config, free(dir))...)
	p.logs(`sweep done.* written=20 `)
	if n := len(tail(t, "user", "--data-dir", dir)); n != 20 {
		t.Errorf("tail found %d records while the worker runs", n)
	}
	if _, err := play.Insert(); err != nil {
		t.Fatal(err)
	}
	p.logs(`sweep done.* written=1 `)
	p.signal(syscall.SIGTERM)
	p.exits(0)
	if n := len(tail(t, "user", "--data-dir", dir)); n != 21 {
		t.Errorf("tail found %d records after the end", n)
	}
}

// The seed's file with a misspelt key, a wrong type and an unknown strategy: three
// located errors in one run.
func TestConfigErrorsAreLocated(t *testing.T) {
	t.Parallel()
	path := write(t, "configuration.json", `{
  "strategy": "keysett", // or "offset", "timestamp", "step_size", "replay"
  "base_url": "http://127.0.0.1:5001/pagination/keyset",
  "page_sise": 100,
  "initial_id": 1,
  "step_size": [1000],
  "max_id": 100000,
  "buffer_hours": 2
}
`)
	for _, command := range []string{"run", "check", "state show"} {
		p := start(t, args(strings.Fields(command), "-c", path)...).exits(2)
		has(t, command, p.err.String(), path+":2:15: ", "keysett", "keyset", path+":4:3: ", "page_sise", "page_size", path+":6:16: ", "step_size")
		if n := strings.Count("\n"+p.err.String(), "\n"+path+":"); n != 3 {
			t.Errorf("%s begins %d lines with a place:\n%s", command, n, p.err.String())
		}
	}
}

// Proves P11: a secret from the environment is in no output, in either format, however
// the run ends.
func TestSecretsAreNotPrinted(t *testing.T) {
	t.Parallel()
	const secret, name = "s3cr3t-of-the-test", "TIDEMARK_TEST_TOKEN"
	var refuse atomic.Bool
	w := newWorld(t, playground.Options{Users: 20, Middleware: func(api http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			if got := r.Header.Get("Authorization"); got != "Bearer "+secret || r.URL.Query().Get("key") != secret {
				http.Error(rw, "no credentials", http.StatusForbidden)
			} else if refuse.Load() { // an API that tells what it was sent
				http.Error(rw, fmt.Sprintf(`{"error": "bad credentials %s for %s"}`, got, r.URL), http.StatusUnauthorized)
			} else {
				q := r.URL.Query()
				q.Del("key")
				r.URL.RawQuery = q.Encode()
				api.ServeHTTP(rw, r)
			}
		})
	}})
	keys := `"headers": {"Authorization": "Bearer ${` + name + `}"}, "query": {"key": "${` + name + `}"}, "max_retries": 0`
	config := w.seed(strategies.Keyset, keys)
	down := seed(t, strategies.Keyset, closedURL(t)+"/", keys)
	inURL := seed(t, strategies.Keyset, "ftp://user:${"+name+"}@host/", keys)
	do := func(code int, a ...string) {
		t.Helper()
		p := startWith(t, []string{name + "=" + secret}, a...).exits(code)
		if text := p.out.String() + p.err.String(); strings.Contains(text, secret) {
			t.Errorf("%v prints the secret: %s", a, text)
		}
	}
	for _, format := range []string{"text", "json"} {
		refuse.Store(false)
		do(0, args("run", "--once", "--log-format", format, "-c", config, w.servers())...)
		refuse.Store(true)
		do(3, args("run", "--once", "--log-format", format, "-c", config, w.servers())...)
		do(3, args("run", "--once", "--log-format", format, "-c", down, w.servers())...)
		do(2, args("run", "--once", "--log-format", format, "-c", inURL, w.servers())...)
	}
	do(3, args("check", "-c", config, w.servers())...)
	do(0, args("state", "show", "-c", config, w.servers())...)
	for _, r := range read(t, w.brokers, "tidemark-state") {
		if strings.Contains(string(r.Value), secret) {
			t.Errorf("the state holds the secret: %s", r.Value)
		}
	}
	// Unset, it is an error with its place, and nothing is asked of the API.
	p := start(t, args("run", "--once", "-c", config, w.servers())...).exits(2)
	has(t, "an unset variable", p.err.String(), name, config+":2:")
}
