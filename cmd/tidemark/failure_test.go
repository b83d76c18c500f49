package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"tidemark/connector/playground"
	"tidemark/strategies"
)

// closedURL is a URL on which nobody listens.
func closedURL(t *testing.T) string {
	t.Helper()
	return "http://" + closedAddress(t)
}

// closedAddress refuses connections. Its port is kept until the test ends, so that no server
// which a test beside it starts gets it.
func closedAddress(t *testing.T) string {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal("making a socket: ", err)
	}
	t.Cleanup(func() { syscall.Close(fd) }) //nolint:errcheck // nothing was sent
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal("taking a port: ", err)
	}
	at, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal("looking at the port: ", err)
	}
	return fmt.Sprintf("127.0.0.1:%d", at.(*syscall.SockaddrInet4).Port)
}

// Each class of failure has its exit code, and its message says what and where.
func TestExitCodes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, playground.Options{Users: 20})
	refusing := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		http.Error(rw, `{"error": "your key has expired"}`, http.StatusUnauthorized)
	}))
	t.Cleanup(refusing.Close)
	small := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		http.Error(rw, `{"error": "that is too much"}`, http.StatusBadRequest)
	}))
	t.Cleanup(small.Close)
	good, closed := w.seed(strategies.Keyset), closedAddress(t)
	noRetry := `"max_retries": 0`
	for name, c := range map[string]struct {
		args []string
		code int
		says []string
	}{
		"API down":               {args("-c", seed(t, "keyset", "http://"+closed, noRetry, `"name": "down"`), w.servers()), 3, []string{"stream down", closed, "refused"}},
		"API says 401":           {args("-c", seed(t, "keyset", refusing.URL, `"name": "refused"`), w.servers()), 3, []string{"stream refused", "401", "your key has expired", refusing.URL}},
		"page_size too large":    {args("-c", seed(t, "offset", small.URL, `"name": "large"`), w.servers()), 3, []string{"400", "that is too much", "page_size"}},
		"API lacks the endpoint": {args("-c", seed(t, "replay", w.api+"/incremental/replay", `"name": "lacking"`), w.servers()), 3, []string{"404", "/incremental/replay"}},
		"strategy of another":    {args("-c", seed(t, "keyset", w.api+"/incremental/timestamp", `"name": "other"`), w.servers()), 3, []string{"400", "Unexpected query parameters"}},
		"broker down":            {args("-c", good, "--brokers", closed, "--registry-url", w.registry), 4, []string{"Kafka", closed, "--brokers"}},
		"registry down":          {args("-c", good, "--brokers", w.brokers, "--registry-url", "http://"+closed), 4, []string{"registry", closed}},
		"brokers, no registry":   {args("-c", good, "--brokers", w.brokers), 2, []string{"schema_registry"}},
		"no such file":           {args("-c", filepath.Join(t.TempDir(), "nowhere.json")), 2, []string{"nowhere.json", "-c"}},
		"a folder":               {args("-c", t.TempDir()), 2, []string{"directory"}},
		"busy port":              {args("-c", good, free(t.TempDir()), "--kafka-port", w.brokers[strings.LastIndex(w.brokers, ":")+1:]), 2, []string{"--kafka-port"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t, args("run", "--once", c.args)...).exits(c.code)
			has(t, "the error", p.err.String(), c.says...)
			if p.out.String() != "" {
				t.Errorf("standard output: %s", p.out.String())
			}
		})
	}
}

// An answer that is no page is no end of data: it is asked for again, and if that does
// not help the run fails, with the cursor where it was (P8).
func TestAnswersThatAreNoPage(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"empty object": `{}`,
		"half a JSON":  `{"data": [{"id": "1", "upda`,
		"HTML":         `<html>maintenance</html>`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var bad atomic.Int64 // answers that are no page, from now on
			w := newWorld(t, playground.Options{Users: 20, Middleware: func(api http.Handler) http.Handler {
				return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
					if bad.Add(-1) >= 0 {
						_, _ = rw.Write([]byte(body)) // a client that has gone is no matter
						return
					}
					api.ServeHTTP(rw, r)
				})
			}})
			config := w.seed(strategies.Keyset, `"max_retries": 1`)
			bad.Store(2)
			p := start(t, args("run", "--once", "-c", config, w.servers())...).exits(3)
			has(t, "the error", p.err.String(), "stream user", w.api+"/pagination/keyset")
			bad.Store(1)
			p = w.once(config)
			has(t, "the log", p.err.String(), "asking again", "written=20")
			w.eachOnce("user")
		})
	}
}

// What is wrong on the command line is exit code 2, the word in question and where to
// look.
func TestUsageErrors(t *testing.T) {
	t.Parallel()
	for line, says := range map[string][]string{
		"bogus":                        {`"bogus"`, "--help"},
		"rum -c x":                     {"rum", "run", "--help"},
		"--bogus":                      {"--bogus", "--help"},
		"run":                          {"config", "--help"},
		"check":                        {"config", "--help"},
		"state show":                   {"config", "--help"},
		"state bogus":                  {`"bogus"`, "--help"},
		"run -c":                       {"-c", "--help"},
		"run -c x --bogus":             {"--bogus", "--help"},
		"run -c x y":                   {`run takes no argument "y"`, "--help"},
		"playground --rate-limit true": {"--flag=true", "playground --help"},
		"run -c x --log-format xml":    {"--log-format", "xml", "text", "json"},
		"run -c " + absSeed(t) + " --strategy scan":  {"--strategy", "scan", "keyset"},
		"run -c " + absSeed(t) + " --brokers nohost": {"--brokers", "port"},
		"tail":                           {"arg", "--help"},
		"tail a b":                       {"arg", "--help"},
		"tail t --limit x":               {"--limit", "--help"},
		"tail t --limit -1":              {"--limit", "-1"},
		"tail t --data-dir nowhere":      {"nowhere", "--brokers", "--data-dir"},
		"demo --kafka-port x":            {"--kafka-port", "--help"},
		"demo --once --kafka-port 70000": {"--kafka-port", "70000"},
		"demo --once --kafka-port 0 --registry-port 0 --api-port 70000": {"--api-port", "70000"},
		"local extra":                    {"extra", "--help"},
		"playground --port 0 --users -3": {"users"},
		"version now":                    {"now", "--help"},
	} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			p := start(t, strings.Fields(line)...).exits(2)
			has(t, "the error", p.err.String(), says...)
			if p.out.String() != "" {
				t.Errorf("standard output: %s", p.out.String())
			}
		})
	}
}

func absSeed(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs(seedFile)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// Proves P5: of two workers on one stream the first can't commit once the second has
// claimed it, and ends with a code of its own.
func TestFenced(t *testing.T) {
	t.Parallel()
	w := newWorld(t, playground.Options{Users: 20})
	config := w.seed(strategies.Keyset, `"poll_interval": "20ms"`)
	first := start(t, args("run", "-c", config, w.servers())...)
	first.logs(`sweep done.* written=20 `)
	was := w.owner("user")
	second := start(t, args("run", "-c", config, w.servers())...)
	eventually(t, "the second worker's claim", func() bool { return w.owner("user") != was })
	if _, err := w.play.Insert(); err != nil {
		t.Fatal(err)
	}
	first.exits(5)
	has(t, "the first worker's error", first.err.String(), "stream user", "another worker")
	second.logs(`sweep done.* written=1 `)
	second.interrupted()
	w.eachOnce("user")
}
