package kafka

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/internal/class"
	"tidemark/connector/internal/kit"
	"tidemark/strategies"
)

// The broker suite: what tidemark relies on a broker for. It runs against kfake, a real
// Kafka and a container alike (see package kit), because what one of them lets pass
// another refuses.

func options(t testing.TB) Options {
	return Options{
		Brokers: kit.Brokers(t), Stream: kit.Name("stream"), Topic: kit.Name("data"), StateTopic: kit.Name("state"),
		StatePartitions: 4, Partitions: 3, Replication: -1, IDPrefix: "test", TxnTimeout: 15 * time.Second,
		Logger: slog.New(slog.DiscardHandler),
	}
}

func newSink(t testing.TB, o Options) *Sink {
	t.Helper()
	s, err := NewSink(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// open opens the sink and claims the stream as a runner does.
func open(t testing.TB, s *Sink) strategies.Cursor {
	t.Helper()
	c, err := s.Open(t.Context())
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	if c.Version == 0 {
		c = strategies.Cursor{Version: strategies.CursorVersion, Stream: s.o.Stream, Strategy: strategies.Keyset, Fingerprint: "f"}
	}
	c, err = s.Commit(t.Context(), nil, c)
	if err != nil {
		t.Fatalf("claim: %v", err)
	}
	return c
}

// settled waits until all transactions in the state topic have their markers: Kafka answers the end of one before they are
// written, and only who initialises the same transactional id waits for them.
func settled(t *testing.T, o Options) {
	t.Helper()
	cl, err := o.client()
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	adm := kadm.NewClient(cl)
	kit.Eventually(t, "the markers of all transactions", func() bool {
		all, err := adm.ListEndOffsets(t.Context(), o.StateTopic)
		stable, err2 := adm.ListCommittedOffsets(t.Context(), o.StateTopic)
		if err := errors.Join(err, err2); err != nil {
			t.Fatal(err)
		}
		return maps.EqualFunc(all.Offsets()[o.StateTopic], stable.Offsets()[o.StateTopic], func(a, b kadm.Offset) bool { return a.At == b.At })
	})
}

func records(prefix string, n int) []Record {
	rs := make([]Record, n)
	for i := range rs {
		rs[i] = Record{Key: fmt.Appendf(nil, "%s%d", prefix, i), Value: fmt.Appendf(nil, "value of %s%d", prefix, i)}
	}
	return rs
}

// committed returns the keys that a read_committed consumer sees, in order.
func committed(t *testing.T, o Options) []string {
	t.Helper()
	s := newSink(t, o)
	cl, err := o.client()
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	end, err := ends(t.Context(), cl, o.Topic)
	if err != nil {
		t.Fatal(err)
	}
	s.ends = make([]int64, len(end))
	for p, e := range end {
		s.ends[p] = e
	}
	var keys []string
	if err := s.Scan(t.Context(), nil, func(r *kgo.Record) error {
		keys = append(keys, string(r.Key))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	slices.Sort(keys)
	return keys
}

func wantKeys(t *testing.T, o Options, want ...[]Record) {
	t.Helper()
	var keys []string
	for _, rs := range want {
		for _, r := range rs {
			keys = append(keys, string(r.Key))
		}
	}
	slices.Sort(keys)
	if got := committed(t, o); !slices.Equal(got, keys) {
		t.Errorf("a read_committed consumer sees %v, want %v", got, keys)
	}
}

// P1: a record and the cursor that counts it come together, and a new worker finds both.
func TestBrokerCommit(t *testing.T) {
	t.Parallel()
	o := options(t)
	s := newSink(t, o)
	c := open(t, s)
	if c.Seq != 1 || c.Owner == "" {
		t.Errorf("the claim has seq %d and owner %q, want 1 and one", c.Seq, c.Owner)
	}
	c.Mark = "one"
	c, err := s.Commit(t.Context(), records("a", 100), c)
	if err != nil {
		t.Fatal(err)
	}
	wantKeys(t, o, records("a", 100))
	next := newSink(t, o)
	got, err := next.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got.Mark != "one" || got.Seq != 2 || got.Owner != c.Owner {
		t.Errorf("the stored cursor is %+v, want the committed one %+v", got, c)
	}
	var sum int64
	for _, e := range next.Ends() {
		sum += e
	}
	if sum < 100 {
		t.Errorf("ends %v leave no room for 100 records", next.Ends())
	}
}

// P5: the new owner fences before it reads; the old one can't commit, and is told.
func TestBrokerFencing(t *testing.T) {
	t.Parallel()
	o := options(t)
	old, young := newSink(t, o), newSink(t, o)
	c := open(t, old)
	d := open(t, young)
	c.Mark = "zombie"
	_, err := old.Commit(t.Context(), records("zombie", 10), c)
	var failed *CommitError
	if !errors.As(err, &failed) {
		t.Fatalf("a fenced worker's commit: %v, want a CommitError", err)
	}
	if _, err := old.Open(t.Context()); !errors.Is(err, ErrFenced) || class.Of(err) != class.Fenced {
		t.Fatalf("a fenced worker's second open: %v, want ErrFenced", err)
	}
	d.Mark = "young"
	if _, err := young.Commit(t.Context(), records("young", 10), d); err != nil {
		t.Fatalf("the new owner is disturbed by the old one: %v", err)
	}
	wantKeys(t, o, records("young", 10))
}

// Rule 2: after an error the client is closed, so a zombie cannot bring itself back. A
// client that is used on can "recover" on kfake, and is fenced by Kafka.
func TestBrokerZombieStaysOut(t *testing.T) {
	t.Parallel()
	o := options(t)
	old, young := newSink(t, o), newSink(t, o)
	c := open(t, old)
	open(t, young)
	for range 3 {
		if _, err := old.Commit(t.Context(), records("zombie", 3), c); err == nil {
			t.Fatal("a fenced worker committed")
		}
	}
	wantKeys(t, o)
}

// A worker that dies within a transaction leaves it open. The next one aborts it by
// fencing, and then reads exactly up to the high watermark.
func TestBrokerCrashWithinTransaction(t *testing.T) {
	t.Parallel()
	o := options(t)
	s := newSink(t, o)
	c := open(t, s)
	c.Mark = "sure"
	if _, err := s.Commit(t.Context(), records("sure", 10), c); err != nil {
		t.Fatal(err)
	}
	dangle(t, o, "half")
	got, err := newSink(t, o).Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got.Mark != "sure" {
		t.Errorf("the stored mark is %q, want the committed one", got.Mark)
	}
	wantKeys(t, o, records("sure", 10))
}

// dangle begins a transaction of o's stream, writes records and a cursor, and goes away.
func dangle(t *testing.T, o Options, prefix string) {
	t.Helper()
	cl, err := o.client(kgo.TransactionalID(o.TransactionalID()), kgo.TransactionTimeout(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	if err := cl.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	for _, r := range records(prefix, 5) {
		if err := cl.ProduceSync(t.Context(), &kgo.Record{Topic: o.Topic, Key: r.Key, Value: r.Value}).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	state := &kgo.Record{Topic: o.StateTopic, Key: []byte(o.Stream), Value: []byte(`{"version":1,"stream":"x","strategy":"keyset","mark":"half"}`)}
	if err := cl.ProduceSync(t.Context(), state).FirstErr(); err != nil {
		t.Fatal(err)
	}
}

// Rule 6: another stream's open transaction in the same state partition must not hold
// back this stream's start, nor hide its cursor.
func TestBrokerNeighbourHangs(t *testing.T) {
	t.Parallel()
	o := options(t)
	o.StatePartitions = 1
	s := newSink(t, o)
	neighbour := o
	neighbour.Stream, neighbour.Topic = kit.Name("neighbour"), kit.Name("data")
	n := newSink(t, neighbour)
	open(t, n)
	n.Close()
	dangle(t, neighbour, "n")
	c := open(t, s)
	c.Mark = "behind the neighbour"
	if _, err := s.Commit(t.Context(), records("a", 3), c); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second) // the neighbour's hangs for 60
	defer cancel()
	got, err := newSink(t, o).Open(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if got.Mark != "behind the neighbour" {
		t.Errorf("the stored mark is %q, want the one committed behind the open transaction", got.Mark)
	}
}

// Rule 1: one record that fails aborts all, and the cursor stays.
func TestBrokerRecordTooLarge(t *testing.T) {
	t.Parallel()
	o := options(t)
	s := newSink(t, o)
	c := open(t, s)
	before := c
	c.Mark = "must not be seen"
	rs := records("a", 10)
	rs[4].Value = []byte(strings.Repeat("x", 3<<20))
	_, err := s.Commit(t.Context(), rs, c)
	var failed *CommitError
	if !errors.As(err, &failed) || !failed.Permanent || failed.Outcome != NotWritten || !errors.Is(err, kerr.MessageTooLarge) {
		t.Fatalf("got %v, want a permanent failure, not written, for MESSAGE_TOO_LARGE", err)
	}
	if !strings.Contains(err.Error(), `"a4"`) {
		t.Errorf("the error does not name the record: %v", err)
	}
	got, err := newSink(t, o).Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got.Mark != before.Mark || got.Seq != before.Seq {
		t.Errorf("the cursor moved to %+v", got)
	}
	wantKeys(t, o)
}

// A stream goes on after a commit that failed, by opening again.
func TestBrokerReopen(t *testing.T) {
	t.Parallel()
	o := options(t)
	s := newSink(t, o)
	c := open(t, s)
	s.client.Close() // as if the network had gone
	if _, err := s.Commit(t.Context(), records("lost", 3), c); err == nil {
		t.Fatal("a commit on a closed client succeeded")
	}
	c = open(t, s)
	if _, err := s.Commit(t.Context(), records("kept", 3), c); err != nil {
		t.Fatal(err)
	}
	wantKeys(t, o, records("kept", 3))
}

// Scan reads what is committed from given offsets on, past an aborted tail.
func TestBrokerScan(t *testing.T) {
	t.Parallel()
	o := options(t)
	o.Partitions = 1
	s := newSink(t, o)
	c := open(t, s)
	for _, prefix := range []string{"a", "b"} {
		var err error
		if c, err = s.Commit(t.Context(), records(prefix, 5), c); err != nil {
			t.Fatal(err)
		}
	}
	s.Close()
	dangle(t, o, "aborted")
	again := newSink(t, o)
	open(t, again)
	var got []string
	if err := again.Scan(t.Context(), []int64{6}, func(r *kgo.Record) error {
		got = append(got, string(r.Key))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	// Offsets 0 to 4 hold a0 to a4, 5 the marker behind them.
	if want := []string{"b0", "b1", "b2", "b3", "b4"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestBrokerUnreachable(t *testing.T) {
	t.Parallel()
	o := options(t)
	o.Brokers = []string{"127.0.0.1:1"}
	_, err := newSink(t, o).Open(t.Context())
	if class.Of(err) != class.Broker || !strings.Contains(err.Error(), "127.0.0.1:1") {
		t.Errorf("open: %v, want a broker error that names the address", err)
	}
}
