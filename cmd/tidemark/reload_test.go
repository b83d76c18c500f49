package main

import (
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"tidemark/connector"
	"tidemark/connector/config"
	"tidemark/connector/playground"
)

// streams is a configuration with a stream whose polls come so often, and another one by the name.
func (w *world) streams(every, other string) string {
	text := fmt.Sprintf("kafka: {brokers: %q}\nschema_registry: {url: %q}\nstreams:\n  - {name: first, strategy: keyset, url: %q, poll_interval: %s}\n",
		w.brokers, w.registry, w.api+"/pagination/keyset", every)
	if other != "" {
		text += fmt.Sprintf("  - {name: %s, strategy: offset, url: %q}\n", other, w.api+"/pagination/offset")
	}
	return text
}

func rewrite(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// A SIGHUP has the file read again: what changed in it is done, what did not goes on, and mistakes change nothing.
func TestHangup(t *testing.T) {
	t.Parallel()
	w := newWorld(t, playground.Options{Users: 20})
	file := write(t, "tidemark.yaml", w.streams("50ms", "second"))
	p := start(t, "run", "-c", file)
	p.logs(`sweep done" stream=first`)
	p.logs(`sweep done" stream=second`)

	rewrite(t, file, w.streams("1parsec", "second"))
	p.signal(syscall.SIGHUP)
	p.logs(`level=ERROR msg="the configuration was not reloaded; everything goes on as before".*tidemark.yaml:4:`)

	rewrite(t, file, w.streams("50ms", "third"))
	p.signal(syscall.SIGHUP)
	p.logs(`msg="the configuration was reloaded".* started=third replaced="" stopped=second`)
	p.logs(`sweep done" stream=third`)

	p.signal(syscall.SIGHUP)
	p.logs(`the configuration was reloaded: no stream has changed`)
	p.interrupted()
	if n := strings.Count(p.err.String(), `sweep done" stream=first`); n != 1 {
		t.Errorf("the first stream wrote in %d sweeps:\n%s", n, p.err.String())
	}
	w.eachOnce("first")
	w.eachOnce("third")
}

// With --watch a file that has changed is read without a word; with the embedded broker, too, which stays.
func TestWatch(t *testing.T) {
	t.Parallel()
	w := newWorld(t, playground.Options{Users: 20})
	schema := `{"type": "record", "name": "User", "fields": [{"name": "id", "type": "string"}, {"name": "updatedAt", "type": ["null", "string"], "default": null}]}`
	text := fmt.Sprintf("streams:\n  - {name: first, strategy: keyset, url: %q, schema: user.avsc}\n", w.api+"/pagination/keyset")
	file := write(t, "tidemark.yaml", text)
	avsc := filepath.Join(filepath.Dir(file), "user.avsc")
	rewrite(t, avsc, schema)
	p := start(t, "run", "-c", file, "--watch", "--kafka-port", "0", "--registry-port", "0")
	p.logs(`sweep done" stream=first`)
	rewrite(t, avsc, strings.Replace(schema, `"name": "User", `, `"name": "User", "doc": "a user", `, 1))
	p.logs(`the configuration was reloaded".* replaced=first`)
	rewrite(t, file, text+fmt.Sprintf("  - {name: second, strategy: keyset, url: %q}\n", w.api+"/pagination/keyset"))
	p.logs(`the configuration was reloaded".* started=second`)
	p.logs(`sweep done" stream=second`)
	p.interrupted()
}

// taking is a worker that takes each configuration it is handed.
type taking func(*config.Config)

func (f taking) Reload(cfg *config.Config) (connector.Reloaded, error) {
	f(cfg)
	return connector.Reloaded{}, nil
}

// With --watch no change is missed, whenever it comes.
func TestWatchMissesNothing(t *testing.T) {
	t.Parallel()
	const schema = `{"type": "record", "name": "User", "fields": [{"name": "id", "type": "string"}]}`
	text := func(streams ...string) string {
		text := "kafka: {brokers: \"127.0.0.1:9\"}\nschema_registry: {url: \"http://127.0.0.1:9\"}\nstreams:\n"
		for _, s := range streams {
			text += fmt.Sprintf("  - {name: %s, strategy: keyset, url: \"http://127.0.0.1:9\"}\n", s)
		}
		return text
	}
	for _, c := range []struct {
		name   string
		behind func(t *testing.T, file string)                   // what changes between the start and the watch
		during func(t *testing.T, file string, streams int)      // what changes while the worker takes so many streams
		failed func(t *testing.T, file string, said string) bool // what changes when it has been said that nothing was reloaded
	}{
		{name: "behind the start", behind: func(t *testing.T, file string) { rewrite(t, file, text("first", "second", "third")) }},
		{name: "while the worker takes one", behind: func(t *testing.T, file string) { rewrite(t, file, text("first", "second")) },
			during: func(t *testing.T, file string, streams int) {
				if streams == 2 {
					rewrite(t, file, text("first", "second", "third"))
				}
			}},
		{name: "a schema of a file that was refused", behind: func(t *testing.T, file string) {
			rewrite(t, filepath.Join(filepath.Dir(file), "user.avsc"), " ")
			rewrite(t, file, text("first", "second", "third, schema: user.avsc"))
		}, failed: func(t *testing.T, file, said string) bool {
			if !strings.Contains(said, "was not reloaded") {
				return false
			}
			rewrite(t, filepath.Join(filepath.Dir(file), "user.avsc"), schema)
			return true
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := reloader{file: write(t, "tidemark.yaml", text("first")), watch: true}
			first, err := r.load()
			if err != nil {
				t.Fatal(err)
			}
			c.behind(t, r.file)
			var log output
			took := make(chan int, 100)
			stop := r.listen(t.Context(), taking(func(cfg *config.Config) {
				if c.during != nil {
					c.during(t, r.file, len(cfg.Streams))
				}
				took <- len(cfg.Streams)
			}), first, false, slog.New(slog.NewTextHandler(&log, nil)))
			defer stop()
			changed := c.failed == nil
			for end := time.After(hung); ; {
				select {
				case n := <-took:
					if n == 3 {
						return
					}
				case <-time.After(5 * time.Millisecond):
					if !changed {
						changed = c.failed(t, r.file, log.String())
					}
				case <-end:
					t.Fatalf("the last change was not seen:\n%s", log.String())
				}
			}
		})
	}
}

// systemd is told when the service is ready, that it is alive, when it reloads, and that it stops.
func TestNotify(t *testing.T) {
	t.Parallel()
	w := newWorld(t, playground.Options{Users: 5})
	address := filepath.Join(t.TempDir(), "s")
	l, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: address, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() //nolint:errcheck // the test is over
	p := startWith(t, []string{"NOTIFY_SOCKET=" + address, "WATCHDOG_USEC=100000"}, "run", "-c", write(t, "tidemark.yaml", w.streams("1s", "")))
	awaits := func(want string) string {
		t.Helper()
		buf := make([]byte, 1000)
		_ = l.SetReadDeadline(time.Now().Add(hung))
		for {
			n, err := l.Read(buf)
			if err != nil {
				t.Fatalf("systemd was not told %s: %v\n%s", want, err, p.err.String())
			}
			if said := string(buf[:n]); strings.HasPrefix(said, want) {
				return said
			}
		}
	}
	awaits("READY=1")
	awaits("WATCHDOG=1")
	awaits("WATCHDOG=1")
	p.signal(syscall.SIGHUP)
	if said := awaits("RELOADING=1"); !strings.HasPrefix(said, "RELOADING=1\nMONOTONIC_USEC=") {
		t.Errorf("said %q", said)
	}
	awaits("READY=1")
	p.signal(os.Interrupt)
	awaits("STOPPING=1")
	p.exits(0)
}
