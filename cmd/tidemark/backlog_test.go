package main

import (
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/playground"
	"tidemark/strategies"
)

// held is a reader of the log that takes nothing until it is let.
type held struct {
	let  chan struct{}
	mu   sync.Mutex
	text strings.Builder
}

func (h *held) Write(p []byte) (int, error) {
	<-h.let
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.text.Write(p)
}

// A log that nobody reads keeps nobody waiting. What it has room for comes in order when it
// is read again, and how much it had none for is said.
func TestBacklog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &held{let: make(chan struct{})}
		b := newBacklog(out)
		log, err := newBacklogLogger(b, "json", slog.LevelInfo)
		if err != nil {
			t.Fatal(err)
		}
		long := strings.Repeat("x", maxBacklog/100)
		for i := range 200 {
			log.Info(fmt.Sprintf("line %d", i), "long", long)
		}
		start := time.Now()
		b.flush(flushWithin)
		if d := time.Since(start); d != flushWithin {
			t.Errorf("flush of a log that nobody reads took %v", d)
		}
		close(out.let)
		b.flush(time.Hour)
		lines := strings.Split(strings.TrimSpace(out.text.String()), "\n")
		next, lost := 0, 0
		for _, line := range lines {
			switch {
			case strings.Contains(line, fmt.Sprintf(`"msg":"line %d"`, next)):
				next++
			case strings.Contains(line, `"level":"WARN","msg":"lines of this log were left out: nobody read it"`):
				var n int
				_, count, _ := strings.Cut(line, `"lines":`)
				if _, err := fmt.Sscanf(count, "%d}", &n); err != nil {
					t.Error(err)
				}
				lost += n
			default:
				t.Fatalf("behind %d lines: %.200s", next, line)
			}
		}
		if next < 90 || next+lost != 200 {
			t.Errorf("%d lines came and %d are said to be lost, of 200", next, lost)
		}
		log.Info("line " + fmt.Sprint(next))
		b.flush(time.Hour)
		if !strings.Contains(out.text.String(), fmt.Sprintf(`"msg":"line %d"`, next)) {
			t.Error("behind lines that were lost none comes")
		}
		b.close(time.Hour)
	})
}

// A full pipe for a standard error stops neither the streams nor the process's end.
func TestStuckStandardError(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		more   []string
		signal bool
		exits  int
	}{
		"--once":                 {[]string{"--once"}, false, 0},
		"a signal":               {nil, true, 0},
		"an error":               {[]string{"--strategy", "none"}, false, 2},
		"an error's line of log": {[]string{"--strategy", "none", "--log-format", "json"}, false, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, playground.Options{Users: 20})
			read, full, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer read.Close() //nolint:errcheck // nothing is lost with it
			defer full.Close() //nolint:errcheck // likewise
			fill(t, full)
			p := prepare(t, args("run", "-c", w.seed(strategies.Keyset), w.servers(), c.more)...)
			p.cmd.Stderr = full
			p.launch()
			if c.signal {
				eventually(t, "the users in the topic", func() bool { return len(w.written("user")) == 20 })
				p.signal(syscall.SIGTERM)
			}
			p.exits(c.exits)
			if c.exits == 0 {
				w.eachOnce("user")
			}
		})
	}
}

// fill writes into a pipe until it takes no more.
func fill(t *testing.T, pipe *os.File) {
	t.Helper()
	raw, err := pipe.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	if err := raw.Write(func(fd uintptr) bool {
		for _, size := range []int{4096, 1} {
			for n := size; n > 0; { // a full pipe says so, for ours do not block
				n, _ = syscall.Write(int(fd), make([]byte, size))
			}
		}
		return true
	}); err != nil {
		t.Fatal(err)
	}
}

// written are the records of a topic that may not be there yet.
func (w *world) written(topic string) []*kgo.Record {
	w.t.Helper()
	cl := client(w.t, w.brokers)
	defer cl.Close()
	topics, err := kadm.NewClient(cl).ListTopics(brief(w.t), topic)
	if err != nil {
		w.t.Fatal(err)
	}
	if !topics.Has(topic) {
		return nil
	}
	return read(w.t, w.brokers, topic)
}
