package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

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

// systemd is told when the service is ready, that it is alive, when it reloads, and that it stops.
func TestNotify(t *testing.T) {
	t.Parallel()
	w := newWorld(t, playground.Options{Users: 5})
	dir, err := os.MkdirTemp("", "n") // the path of a socket must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	address := filepath.Join(dir, "s")
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
