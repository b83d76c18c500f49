package main

import (
	"bytes"
	"maps"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/playground"
	"tidemark/strategies"
)

// produce writes records as another program would, in one transaction that commits or
// does not.
func produce(t *testing.T, brokers string, end kgo.TransactionEndTry, records ...*kgo.Record) {
	t.Helper()
	cl := client(t, brokers, kgo.TransactionalID(t.Name()+time.Now().String()))
	defer cl.Close()
	if err := cl.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	if err := cl.ProduceSync(brief(t), records...).FirstErr(); err != nil {
		t.Fatal(err)
	}
	// The client may still be taking down topics that are new to it, and would end the
	// transaction without them: package connector/internal/kafka, flush.
	if err := cl.AbortBufferedRecords(brief(t)); err != nil {
		t.Fatal(err)
	}
	if err := cl.EndTransaction(brief(t), end); err != nil {
		t.Fatal(err)
	}
}

// What tail prints of users are the API's rows, key and all: no union wrappers,
// timestamps in RFC 3339.
func TestTailDecodes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, playground.Options{Users: 30})
	w.once(w.seed(strategies.Keyset))
	want := map[string]playground.User{}
	for _, u := range w.play.Users() {
		u.StepID = 0
		want[u.ID] = u
	}
	all := tail(t, args("user", w.servers())...)
	got := map[string]playground.User{}
	for i, l := range all {
		got[*l.Key] = l.user(t)
		if _, err := time.Parse(time.RFC3339, l.Timestamp); err != nil {
			t.Errorf("timestamp: %v", err)
		}
		if *l.Offset != int64(i) || *l.Partition != 0 || l.Headers == nil {
			t.Errorf("line %d: partition %d, offset %d, headers %v", i, *l.Partition, *l.Offset, l.Headers)
		}
	}
	if !maps.Equal(got, want) || len(all) != 30 {
		t.Errorf("tail printed %d lines of %d users, not the API's 30", len(all), len(got))
	}
	if n := len(tail(t, args("user", "-n", "7", w.servers())...)); n != 7 {
		t.Errorf("-n 7 printed %d lines", n)
	}
	if n := len(lines(t, start(t, args("tail", "user", w.servers())...).exits(0).out.String())); n != 10 {
		t.Errorf("without a flag it printed %d lines", n)
	}
	if got := tail(t, args("user", "--key", *all[3].Key, "--partition", "0", w.servers())...); len(got) != 1 || *got[0].Offset != *all[3].Offset {
		t.Errorf("of a key it printed %d lines", len(got))
	}
	if n := len(tail(t, args("user", "-n", "50", "--since", "1h", w.servers())...)); n != 30 {
		t.Errorf("of the last hour it printed %d lines", n)
	}
	// The state is for people, too.
	state := tail(t, args("tidemark-state", w.servers())...)
	for _, line := range state {
		if key := *line.Key; key != "user" && key != "topic:user" && !strings.HasPrefix(key, "schema:") || !bytes.Contains(line.Value, []byte(`"version":`)) {
			t.Errorf("the state topic prints %s: %s", key, line.Value)
		}
	}
	if len(state) < 3 {
		t.Errorf("the state topic prints %d lines", len(state))
	}
}

// Every kind of record has its line, exactly; what was aborted has none.
func TestTailPrintsEveryKindOfRecord(t *testing.T) {
	t.Parallel()
	w := newWorld(t, playground.Options{Users: 1})
	w.once(w.seed(strategies.Keyset))
	avro := read(t, w.brokers, "user")[0]
	if err := w.kafka.CreateTopic("mixed", 1, nil); err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 1, 2, 3, 4, 5, 678e6, time.UTC)
	rec := func(key, value []byte, headers ...kgo.RecordHeader) *kgo.Record {
		return &kgo.Record{Topic: "mixed", Timestamp: at, Key: key, Value: value, Headers: headers}
	}
	h := func(key, value string) kgo.RecordHeader { return kgo.RecordHeader{Key: key, Value: []byte(value)} }
	key := []byte("k")
	produce(t, w.brokers, kgo.TryCommit,
		rec(key, avro.Value),
		rec(key, nil, h("op", "d")),
		rec(key, []byte(`{"a": [1, null]}`)),
		rec(key, []byte("plain <text>\n")),
		rec(nil, []byte{}),
		rec([]byte{0xff}, []byte{0xfe, 1}),
		rec(key, []byte{0, 0, 0, 99, 99, 2}), // like Avro, of a schema that nobody has
		rec(key, nil, h("a", "1"), h("a", "2"), h("b", "\xff"), kgo.RecordHeader{Key: "c"}),
	)
	produce(t, w.brokers, kgo.TryAbort, rec(key, []byte("never happened")))
	produce(t, w.brokers, kgo.TryCommit, rec(key, []byte(`"last"`)))

	p := start(t, args("tail", "mixed", "--from-beginning", w.servers())...).exits(0)
	// Offset 8 is a marker's, 9 and 10 are the aborted record and its marker.
	want := []string{
		`"k","value":{"id":"` + w.play.Users()[0].ID + `",`, // the rest is TestTailDecodes'
		`"k","value":null,"partition":0,"offset":1,"timestamp":"2026-01-02T03:04:05.678Z","headers":{"op":"d"}}`,
		`"k","value":{"a":[1,null]},"partition":0,"offset":2,"timestamp":"2026-01-02T03:04:05.678Z","headers":{}}`,
		`"k","value":"plain <text>\n","partition":0,"offset":3,"timestamp":"2026-01-02T03:04:05.678Z","headers":{}}`,
		`null,"value":"","partition":0,"offset":4,"timestamp":"2026-01-02T03:04:05.678Z","headers":{}}`,
		`"base64:/w==","value":"base64:/gE=","partition":0,"offset":5,"timestamp":"2026-01-02T03:04:05.678Z","headers":{}}`,
		`"k","value":"\u0000\u0000\u0000cc\u0002","undecoded":"reading schema 25443 at the schema registry `, // in the registry's words
		`"k","value":null,"partition":0,"offset":7,"timestamp":"2026-01-02T03:04:05.678Z","headers":{"a":["1","2"],"b":"base64:/w==","c":null}}`,
		`"k","value":"last","partition":0,"offset":11,"timestamp":"2026-01-02T03:04:05.678Z","headers":{}}`,
	}
	got := strings.Split(strings.TrimSuffix(p.out.String(), "\n"), "\n")
	if len(got) != len(want) {
		t.Fatalf("%d lines, want %d:\n%s", len(got), len(want), p.out.String())
	}
	for i, text := range got {
		if !strings.HasPrefix(text, `{"key":`+want[i]) {
			t.Errorf("line %d is\n%s\nwant\n{\"key\":%s", i, text, want[i])
		}
	}
	lines(t, p.out.String())
}

func TestTailFollows(t *testing.T) {
	t.Parallel()
	w := newWorld(t, playground.Options{Users: 5})
	config := w.seed(strategies.Timestamp)
	w.once(config)
	p := start(t, args("tail", "user", "--follow", w.servers())...)
	for _, u := range w.play.Users() { // their offsets are others where a transaction had to be repeated
		p.prints(`"key":"` + u.ID + `"`)
	}
	u, err := w.play.Insert()
	if err != nil {
		t.Fatal(err)
	}
	w.once(config)
	p.prints(`"key":"` + u.ID + `"`)
	if n := len(lines(t, p.interrupted().out.String())); n != 6 {
		t.Errorf("%d lines, want 6", n)
	}
	// It ends by itself when it has enough, too.
	start(t, args("tail", "user", "--from-beginning", "--follow", "--limit", "6", w.servers())...).exits(0)
}

// A reader that has gone, as in `tidemark tail | head`, is no error, and the log that
// tail has opened for itself is closed in order.
func TestTailIntoAClosedPipe(t *testing.T) {
	t.Parallel()
	_, api := serve(t, playground.Options{Users: 5})
	dir := t.TempDir()
	start(t, args("run", "--once", "-c", seed(t, strategies.Keyset, api+"/pagination/keyset"), free(dir))...).exits(0)
	r, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	p := prepare(t, "tail", "user", "--data-dir", dir)
	p.cmd.Stdout = out
	p.launch().exits(0)
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	if p.err.String() != "" {
		t.Errorf("standard error: %s", p.err.String())
	}
}

func TestTailSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, playground.Options{Users: 5})
	w.once(w.seed(strategies.Keyset))
	closed := closedAddress(t)
	for name, c := range map[string]struct {
		args []string
		code int
		says []string
	}{
		"unknown topic":    {args("usr", w.servers()), 4, []string{`"usr"`, "did you mean user?"}},
		"broker down":      {args("user", "--brokers", closed, "--registry-url", w.registry), 4, []string{closed, "--brokers"}},
		"registry down":    {args("user", "--brokers", w.brokers, "--registry-url", "http://"+closed), 4, []string{closed}},
		"no registry":      {args("user", "--brokers", w.brokers), 2, []string{"--registry-url"}},
		"a part and all":   {args("user", "--from-beginning", "-n", "3", w.servers()), 2, []string{"-n"}},
		"no time":          {args("user", "--since", "noon", w.servers()), 2, []string{"--since", "90m"}},
		"no partition":     {args("user", "--partition", "7", w.servers()), 2, []string{"no partition 7"}},
		"nothing anywhere": {args("user", "--data-dir", t.TempDir()), 2, []string{"--data-dir", "--brokers"}},
	} {
		p := start(t, args("tail", c.args)...).exits(c.code)
		has(t, name, p.err.String(), c.says...)
		if p.out.String() != "" {
			t.Errorf("%s: standard output: %s", name, p.out.String())
		}
	}
}
