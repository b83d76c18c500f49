package local

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sr"

	"tidemark/connector/internal/class"
)

func open(t *testing.T, dir string) *Local {
	t.Helper()
	l, err := Start(t.Context(), Options{Dir: dir, Logger: slog.New(slog.NewTextHandler(t.Output(), nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func client(t *testing.T, brokers []string, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	cl, err := kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(brokers...), kgo.MetadataMinAge(10 * time.Millisecond), kgo.DisableClientMetrics(), kgo.FetchMaxWait(200 * time.Millisecond)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cl.Close)
	return cl
}

func makeTopics(t *testing.T, brokers []string, partitions int32, topics ...string) {
	t.Helper()
	cl := client(t, brokers)
	resp, err := kadm.NewClient(cl).CreateTopics(t.Context(), partitions, 1, map[string]*string{"cleanup.policy": kadm.StringPtr("compact")}, topics...)
	if err == nil {
		err = resp.Error()
	}
	if err != nil {
		t.Fatal(err)
	}
}

// committed returns every value that a read_committed consumer sees, each as
// topic/key=value, in the order of each partition.
func committed(t *testing.T, brokers []string, topics ...string) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	cl := client(t, brokers, kgo.ConsumeTopics(topics...), kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.KeepControlRecords())
	ends, err := kadm.NewClient(cl).ListEndOffsets(ctx, topics...)
	if err == nil {
		err = ends.Error()
	}
	if err != nil {
		t.Fatal(err)
	}
	left := map[string]int64{}
	ends.Each(func(o kadm.ListedOffset) {
		if o.Offset > 0 {
			left[fmt.Sprint(o.Topic, o.Partition)] = o.Offset
		}
	})
	var out []string
	for len(left) > 0 {
		fs := cl.PollFetches(ctx)
		if err := fs.Err(); err != nil {
			t.Fatalf("reading to the high watermark: %v; still missing %v", err, left)
		}
		fs.EachRecord(func(r *kgo.Record) {
			if !r.Attrs.IsControl() {
				out = append(out, fmt.Sprintf("%s/%s=%s", r.Topic, r.Key, r.Value))
			}
			p := fmt.Sprint(r.Topic, r.Partition)
			if r.Offset+1 >= left[p] {
				delete(left, p)
			}
		})
	}
	return out
}

func TestRecordsAndSubjectsOutliveAClose(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	makeTopics(t, l.Brokers(), 1, "a")
	cl := client(t, l.Brokers())
	if err := cl.ProduceSync(t.Context(), &kgo.Record{Topic: "a", Key: []byte("k"), Value: []byte("v")}).FirstErr(); err != nil {
		t.Fatal(err)
	}
	reg := registryClient(t, l)
	one := register(t, reg, "one", `"string"`)
	two := register(t, reg, "two", `"long"`)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}

	l = open(t, dir)
	if got := committed(t, l.Brokers(), "a"); len(got) != 1 || got[0] != "a/k=v" {
		t.Errorf("after a restart the topic holds %q", got)
	}
	reg = registryClient(t, l)
	if id := register(t, reg, "two", `"long"`); id != two {
		t.Errorf("the schema of two had id %d, after a restart it has %d", two, id)
	}
	if id := register(t, reg, "three", `"boolean"`); id == one || id == two {
		t.Errorf("a new schema got the id %d of another", id)
	}
	if s, err := reg.SchemaByID(t.Context(), one); err != nil || s.Schema != `"string"` {
		t.Errorf("schema %d: %v, %v", one, s.Schema, err)
	}
	level := reg.Compatibility(t.Context())
	if len(level) != 1 || level[0].Level != sr.CompatBackward {
		t.Errorf("the compatibility is %v, want BACKWARD", level)
	}
}

func registryClient(t *testing.T, l *Local) *sr.Client {
	t.Helper()
	c, err := sr.NewClient(sr.URLs(l.RegistryURL()))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func register(t *testing.T, c *sr.Client, subject, schema string) int {
	t.Helper()
	s, err := c.CreateSchema(t.Context(), subject, sr.Schema{Schema: schema})
	if err != nil {
		t.Fatal(err)
	}
	return s.ID
}

func TestRegistryWritesOnlyChanges(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	c := registryClient(t, l)
	register(t, c, "s", `{"type":"string"}`)
	read := func() (all string) {
		files, err := filepath.Glob(filepath.Join(dir, "registry*"))
		if err != nil || len(files) != 2 {
			t.Fatalf("%v, %v", files, err)
		}
		for _, file := range files {
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			all += string(b)
		}
		return all
	}
	before := read()
	for range 3 {
		register(t, c, "s", `{"type": "string"}`)
	}
	if got := read(); got != before {
		t.Errorf("registering a known schema changed the files:\n%s", got)
	}
	register(t, c, "s", `"long"`)
	if read() == before {
		t.Error("a new version is not in the files")
	}
	if _, err := c.DeleteSubject(t.Context(), "s", sr.SoftDelete); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	c = registryClient(t, open(t, dir))
	if subjects, err := c.Subjects(t.Context()); err != nil || len(subjects) != 0 {
		t.Errorf("after a restart the deleted subject is back: %v, %v", subjects, err)
	}
}

// An id that was given out must be on disk; where it can't be, it is not given out.
func TestRegistryRefusesWhatItCannotKeep(t *testing.T) {
	dir := t.TempDir()
	r, err := openRegistry(filepath.Join(dir, "gone", "registry.json"))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time it must not be known from the first
		status, answer := serve(r, change{Method: "POST", Path: "/subjects/s/versions", Body: json.RawMessage(`{"schema":"\"string\""}`)})
		if status != 500 || !strings.Contains(string(answer), "registry.json") {
			t.Errorf("got %d %s", status, answer)
		}
	}
}

func TestSecondProcessIsToldWhereTheFirstListens(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	_, err := Start(t.Context(), Options{Dir: dir})
	var locked *LockedError
	if !errors.As(err, &locked) || class.Of(err) != class.Config {
		t.Fatalf("got %v (%v)", err, class.Of(err))
	}
	for _, want := range []string{strconv.Itoa(os.Getpid()), "--brokers " + l.Brokers()[0], "--registry-url " + l.RegistryURL(), dir} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not tell %q", err, want)
		}
	}
	a, err := Attach(t.Context(), Options{Dir: dir})
	if err != nil || a.Brokers()[0] != l.Brokers()[0] || a.RegistryURL() != l.RegistryURL() {
		t.Fatalf("attached to %+v, %v", a, err)
	}
	if err := a.Close(); err != nil {
		t.Error(err)
	}
	if err := client(t, l.Brokers()).Ping(t.Context()); err != nil {
		t.Errorf("closing an attached broker stopped it: %v", err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	a, err = Attach(t.Context(), Options{Dir: dir})
	if err != nil {
		t.Fatalf("attaching to a directory nobody has open: %v", err)
	}
	if err := a.Close(); err != nil {
		t.Error(err)
	}
}

func TestAttachMakesNothing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "none")
	_, err := Attach(t.Context(), Options{Dir: dir})
	if class.Of(err) != class.Config || !strings.Contains(err.Error(), "--data-dir") {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("the directory was made")
	}
}

func TestBusyPortNamesItsFlag(t *testing.T) {
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close() //nolint:errcheck // a test's listener
	port := ln.Addr().(*net.TCPAddr).Port
	for flag, o := range map[string]Options{"--kafka-port": {KafkaPort: port}, "--registry-port": {RegistryPort: port}} {
		o.Dir = t.TempDir()
		_, err := Start(t.Context(), o)
		if class.Of(err) != class.Config || !strings.Contains(err.Error(), flag) || !strings.Contains(err.Error(), strconv.Itoa(port)) {
			t.Errorf("got %v, want it to name %s and %d", err, flag, port)
		}
		open(t, o.Dir) // nothing of the failed start is left locked
	}
}

// Ports that cannot be, before anything is made.
func TestImpossiblePortsAreSaid(t *testing.T) {
	for want, o := range map[string]Options{
		"--kafka-port and --registry-port are both 9": {KafkaPort: 9, RegistryPort: 9},
		"port 70000 (--kafka-port)":                   {KafkaPort: 70000},
		"port -1 (--registry-port)":                   {RegistryPort: -1},
	} {
		o.Dir = filepath.Join(t.TempDir(), "data")
		if _, err := Start(t.Context(), o); class.Of(err) != class.Config || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
		if _, err := os.Stat(o.Dir); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: the data directory was made: %v", want, err)
		}
	}
}

func TestDamagedFilesAreNamed(t *testing.T) {
	for _, name := range []string{"registry.json", "kafka/meta.json", "kafka/topics.json"} {
		dir := t.TempDir()
		l := open(t, dir)
		register(t, registryClient(t, l), "s", `"string"`)
		makeTopics(t, l.Brokers(), 1, "a")
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(`{"version":1,`), 0o644); err != nil {
			t.Fatal(err)
		}
		_, err := Start(t.Context(), Options{Dir: dir})
		if class.Of(err) != class.Config || !strings.Contains(err.Error(), filepath.Base(name)) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestFullDiskRefusesRecordsAndSaysSo(t *testing.T) {
	dir := t.TempDir()
	_, err := Start(t.Context(), Options{Dir: dir, reserve: 1 << 62})
	if class.Of(err) != class.Config || !strings.Contains(err.Error(), "full") {
		t.Errorf("got %v", err)
	}
	l := open(t, dir)
	makeTopics(t, l.Brokers(), 1, "a")
	cl := client(t, l.Brokers())
	g := &guard{cluster: l.cluster, journal: l.journal, dir: dir, reserve: 1 << 62, log: slog.New(slog.DiscardHandler)}
	g.stand()
	// The guard of Start stands first and lets the request pass; this one refuses it.
	r := kgo.StringRecord("v")
	r.Topic = "a"
	if err := cl.ProduceSync(t.Context(), r).FirstErr(); !errors.Is(err, kerr.PolicyViolation) {
		t.Errorf("got %v", err)
	}
}

func serve(r *registry, c change) (int, []byte) {
	rec := httptest.NewRecorder()
	r.ServeHTTP(rec, httptest.NewRequest(c.Method, c.Path, bytes.NewReader(c.Body)))
	return rec.Code, rec.Body.Bytes()
}
