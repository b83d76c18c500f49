package connector

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/config"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/kit"
	"tidemark/connector/internal/wire"
	"tidemark/strategies"
)

// tailFixture is an embedded broker with a topic "t": an Avro record of {id, at}, JSON
// and a tombstone.
func tailFixture(t *testing.T) (*Local, string) {
	t.Helper()
	dir := t.TempDir()
	l, err := StartLocal(t.Context(), LocalOptions{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	cl := kit.Client(t, l.Brokers())
	defer cl.Close()
	if _, err := kadm.NewClient(cl).CreateTopic(t.Context(), 1, 1, nil, "t"); err != nil {
		t.Fatal(err)
	}
	reg, err := wire.NewRegistry(config.Registry{URL: l.RegistryURL()})
	if err != nil {
		t.Fatal(err)
	}
	id, err := reg.Register(t.Context(), "t-value", `{"type":"record","name":"r","fields":[{"name":"id","type":"string"},
		{"name":"at","type":["null",{"type":"long","logicalType":"timestamp-micros"}],"default":null}]}`)
	if err != nil {
		t.Fatal(err)
	}
	avro := append([]byte{0, byte(id >> 24), byte(id >> 16), byte(id >> 8), byte(id)}, 2, 'x', 2, 0x80, 0x89, 0x7a) // union branch 1, 1 000 000 µs
	if err := cl.ProduceSync(t.Context(),
		&kgo.Record{Topic: "t", Key: []byte("1"), Value: avro},
		&kgo.Record{Topic: "t", Key: []byte("2"), Value: []byte(`{"a":1}`)},
		&kgo.Record{Topic: "t", Key: []byte("1"), Headers: []kgo.RecordHeader{{Key: "op", Value: []byte("d")}}},
	).FirstErr(); err != nil {
		t.Fatal(err)
	}
	return l, dir
}

func checkTail(t *testing.T, out string) {
	t.Helper()
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	want := []string{
		`{"key":"1","value":{"id":"x","at":"1970-01-01T00:00:01Z"},"partition":0,"offset":0,"timestamp":`,
		`{"key":"2","value":{"a":1},"partition":0,"offset":1,"timestamp":`,
		`{"key":"1","value":null,"partition":0,"offset":2,"timestamp":`,
	}
	if len(lines) != len(want) {
		t.Fatalf("got %d lines: %s", len(lines), out)
	}
	for i, w := range want {
		if !strings.HasPrefix(lines[i], w) || !json.Valid([]byte(lines[i])) {
			t.Errorf("line %d:\n got %s\nwant %s…", i, lines[i], w)
		}
	}
}

func TestTailFindsTheEmbeddedBroker(t *testing.T) {
	l, dir := tailFixture(t)
	for _, way := range []string{"given", "running", "closed"} {
		o := TailOptions{Topic: "t", Local: LocalOptions{Dir: dir}}
		switch way {
		case "given":
			o.Brokers, o.Registry, o.Local = l.Brokers(), config.Registry{URL: l.RegistryURL()}, LocalOptions{}
		case "closed":
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
		}
		var out bytes.Buffer
		if err := Tail(t.Context(), o, &out); err != nil {
			t.Fatalf("%s: %v", way, err)
		}
		checkTail(t, out.String())
	}
	again, err := StartLocal(t.Context(), LocalOptions{Dir: dir})
	if err != nil {
		t.Fatalf("after a tail the directory is still in use: %v", err)
	}
	_ = again.Close()
}

func TestTailLimit(t *testing.T) {
	l, _ := tailFixture(t)
	var out bytes.Buffer
	err := Tail(t.Context(), TailOptions{Topic: "t", Limit: 2, Brokers: l.Brokers(), Registry: config.Registry{URL: l.RegistryURL()}}, &out)
	if n := strings.Count(out.String(), "\n"); err != nil || n != 2 {
		t.Errorf("%d lines, %v", n, err)
	}
}

func TestTailFollow(t *testing.T) {
	l, _ := tailFixture(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, w := io.Pipe()
	done := make(chan error, 1)
	go func() {
		done <- Tail(ctx, TailOptions{Topic: "t", Part: Part{Follow: true}, Brokers: l.Brokers(), Registry: config.Registry{URL: l.RegistryURL()}}, w)
	}()
	lines := bufio.NewScanner(r)
	next := func(want string) {
		t.Helper()
		if !lines.Scan() || !strings.Contains(lines.Text(), want) {
			t.Fatalf("got %q, want %s", lines.Text(), want)
		}
	}
	next(`"offset":0`)
	next(`"offset":1`)
	next(`"offset":2`)
	cl := kit.Client(t, l.Brokers(), kgo.DefaultProduceTopic("t"))
	defer cl.Close()
	if err := cl.ProduceSync(t.Context(), kgo.StringRecord("new")).FirstErr(); err != nil {
		t.Fatal(err)
	}
	next(`"value":"new"`)
	cancel()
	if err := <-done; err != nil {
		t.Errorf("interrupted: %v", err)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

func TestTailEndsQuietlyWhenNobodyReads(t *testing.T) {
	l, _ := tailFixture(t)
	o := TailOptions{Topic: "t", Brokers: l.Brokers(), Registry: config.Registry{URL: l.RegistryURL()}}
	if err := Tail(t.Context(), o, failing{fmt.Errorf("write: %w", syscall.EPIPE)}); err != nil {
		t.Errorf("a broken pipe gave %v", err)
	}
	full := errors.New("disk full")
	if err := Tail(t.Context(), o, failing{full}); !errors.Is(err, full) {
		t.Errorf("a failing output gave %v", err)
	}
}

func TestTailSaysWhatIsMissing(t *testing.T) {
	l, _ := tailFixture(t)
	for name, c := range map[string]struct {
		o     TailOptions
		class class.Class
		want  string
	}{
		"no such topic":     {TailOptions{Topic: "tt", Brokers: l.Brokers()}, class.Broker, "did you mean t?"},
		"no data directory": {TailOptions{Topic: "t", Local: LocalOptions{Dir: filepath.Join(t.TempDir(), "x")}}, class.Config, "--brokers"},
		"no registry":       {TailOptions{Topic: "t", Brokers: l.Brokers()}, class.Config, "--registry-url"},
		"bad registry URL":  {TailOptions{Topic: "t", Brokers: l.Brokers(), Registry: config.Registry{URL: "ftp://x"}}, class.Config, "registry"},
	} {
		err := Tail(t.Context(), c.o, io.Discard)
		if class.Of(err) != c.class || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v (%v), want %s", name, err, class.Of(err), c.want)
		}
	}
}

// Records that are not what the registry says, or of which it knows nothing, are shown with the
// reason, and end nothing.
func TestTailOfForeignRecords(t *testing.T) {
	h, stream := scripted(t, strategies.Keyset, &script{docs: people(1, 2)})
	stream.Exclusive = false
	strangers := h.strangers()
	h.produce(stream.Topic, strangers...)
	h.mustOnce()
	var out bytes.Buffer
	if err := Tail(t.Context(), TailOptions{Topic: stream.Topic, Brokers: h.cfg.Kafka.Brokers, Registry: h.cfg.SchemaRegistry}, &out); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != len(strangers)+2 {
		t.Fatalf("%d lines, want %d:\n%s", len(lines), len(strangers)+2, out.String())
	}
	undecoded := map[string]string{"p4": "no schema", "p8": "ends early", "p9": "follow the Avro data"}
	for i, line := range lines {
		var got struct{ Key, Undecoded string }
		if err := json.Unmarshal([]byte(line), &got); err != nil {
			t.Fatal(err)
		}
		if got.Key == "p7" && i < len(strangers) && !strings.Contains(line, `"value":{"id":"a"}`) {
			t.Errorf("a value that is Protobuf: %s", line)
		}
		want := undecoded[got.Key]
		if i >= len(strangers) {
			want = ""
		}
		if want == "no schema" && got.Undecoded != "" { // in the registry's own words
			continue
		}
		if (got.Undecoded == "") != (want == "") || !strings.Contains(got.Undecoded, want) {
			t.Errorf("line %d, want %q: %s", i, want, line)
		}
	}
}
