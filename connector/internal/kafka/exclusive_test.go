package kafka

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/internal/class"
	"tidemark/connector/internal/kit"
	"tidemark/strategies"
)

// intrude writes a record into the output topic as some other program does.
func intrude(t *testing.T, o Options, key string, more ...kgo.Opt) {
	t.Helper()
	cl, err := o.client(append([]kgo.Opt{kgo.RecordPartitioner(partitioner)}, more...)...)
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	r := &kgo.Record{Topic: o.Topic, Key: []byte(key), Value: []byte("foreign"), Headers: []kgo.RecordHeader{{Key: "app", Value: []byte("billing")}}}
	if err := cl.ProduceSync(t.Context(), r).FirstErr(); err != nil {
		t.Fatal(err)
	}
}

// rival begins a transaction with one record in the output topic; the returned function ends it.
func rival(t *testing.T, o Options, key string) func(kgo.TransactionEndTry) {
	t.Helper()
	cl, err := o.client(kgo.RecordPartitioner(partitioner), kgo.TransactionalID(kit.Name("rival")), kgo.TransactionTimeout(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cl.Close)
	if err := cl.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	if err := cl.ProduceSync(t.Context(), &kgo.Record{Topic: o.Topic, Key: []byte(key), Value: []byte("rival's")}).FirstErr(); err != nil {
		t.Fatal(err)
	}
	if err := flush(t.Context(), cl); err != nil {
		t.Fatal(err)
	}
	return func(try kgo.TransactionEndTry) {
		if err := cl.EndTransaction(t.Context(), try); err != nil {
			t.Fatal(err)
		}
	}
}

// mustCommit commits records and returns the cursor.
func mustCommit(t *testing.T, s *Sink, rs []Record, c strategies.Cursor) strategies.Cursor {
	t.Helper()
	c, err := s.Commit(t.Context(), rs, c)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// mustStop checks the error of a stream that has found another writer.
func mustStop(t *testing.T, err error, words ...string) {
	t.Helper()
	if class.Of(err) != class.Fenced {
		t.Fatalf("got %v (class %v), want the other writer, class fenced", err, class.Of(err))
	}
	var failed *CommitError
	if errors.As(err, &failed) && (!failed.Permanent || failed.Outcome != NotWritten) {
		t.Errorf("the transaction failed with %+v, want a permanent failure, not written", failed)
	}
	for _, w := range append(words, "exclusive: false", "state claim") {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("the error does not say %q: %v", w, err)
		}
	}
}

// A record that somebody else wrote between two transactions stops the stream before it
// writes anything behind it, whoever wrote it and wherever it lies.
func TestBrokerIntruder(t *testing.T) {
	for name, write := range map[string]func(*testing.T, Options){
		"plain producer":      func(t *testing.T, o Options) { intrude(t, o, "a0", kgo.DisableIdempotentWrite()) },
		"idempotent producer": func(t *testing.T, o Options) { intrude(t, o, "a0") },
		"transaction":         func(t *testing.T, o Options) { rival(t, o, "a0")(kgo.TryCommit) },
		"open transaction":    func(t *testing.T, o Options) { rival(t, o, "a0") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := options(t)
			o.TxnTimeout = 6 * time.Second // an open transaction is waited for a third as long
			s := newSink(t, o)
			c := open(t, s)
			for range 3 { // in several partitions, each with markers of its own
				c = mustCommit(t, s, records("a", 10), c)
			}
			write(t, o)
			_, err := s.Commit(t.Context(), records("b", 10), c)
			mustStop(t, err, o.Topic, `"a0"`)
			if strings.HasSuffix(name, "producer") && !strings.Contains(err.Error(), `app="billing"`) {
				t.Errorf("the headers are not shown: %v", err)
			}
			// A supervisor starts it again, and that is no better.
			_, err = newSink(t, o).Open(t.Context())
			mustStop(t, err, `"a0"`)
		})
	}
}

// What somebody else writes while a transaction is on its way is found by the next one, or
// by the next start.
func TestBrokerIntruderWithin(t *testing.T) {
	t.Parallel()
	o := options(t)
	o.Partitions = 1
	s := newSink(t, o)
	open(t, s)
	if err := s.client.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	s.acks.reset(1, &s.o)
	produce := func(key string) {
		t.Helper()
		r := &kgo.Record{Topic: o.Topic, Key: []byte(key), Value: []byte("v")}
		s.client.Produce(t.Context(), r, s.acks.ack)
		if err := flush(t.Context(), s.client); err != nil {
			t.Fatal(err)
		}
	}
	produce("a")
	if err := s.alone(t.Context()); err != nil {
		t.Fatalf("nobody else is there: %v", err)
	}
	intrude(t, o, "between")
	produce("b")
	mustStop(t, s.alone(t.Context()), `"between"`)
	// Behind the last record, before the marker: the marker lies where the next record
	// would, and one more place is taken.
	s = newSink(t, o)
	s.o.Claim = true
	c, err := s.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c = mustCommit(t, s, nil, c)
	s.o.Claim = false
	s.client.Close()
	s.client = mustIntrudeBeforeMarker(t, s)
	c = mustCommit(t, s, records("c", 2), c)
	_, err = s.Commit(t.Context(), records("d", 2), c)
	mustStop(t, err, `"sneaked in"`)
}

// mustIntrudeBeforeMarker is the sink's client made anew, with a record of somebody else
// written just before its next transaction ends.
func mustIntrudeBeforeMarker(t *testing.T, s *Sink) *kgo.Client {
	t.Helper()
	const endTxn = 26
	var done atomic.Bool
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := (&net.Dialer{}).DialContext(ctx, network, address)
		return &hookedConn{c, func(key int) {
			if key == endTxn && done.CompareAndSwap(false, true) {
				intrude(t, s.o, "sneaked in")
			}
		}}, err
	}
	plain := s.o.Client
	s.o.Client = slices.Concat(plain, []kgo.Opt{kgo.Dialer(dial)})
	defer func() { s.o.Client = plain }()
	if err := s.fence(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s.client
}

// hookedConn says which request is written.
type hookedConn struct {
	net.Conn
	before func(key int)
}

func (c *hookedConn) Write(b []byte) (int, error) {
	if len(b) >= 6 {
		c.before(int(b[4])<<8 | int(b[5]))
	}
	return c.Conn.Write(b)
}

// asked counts the requests of a kind that clients make.
type asked struct {
	key int16
	n   atomic.Int64
}

func (a *asked) OnBrokerWrite(_ kgo.BrokerMetadata, key int16, _ int, _, _ time.Duration, _ error) {
	if key == a.key {
		a.n.Add(1)
	}
}

// A stream that has its topic for itself is never taken for one that has not: not behind
// aborted transactions, its own or others', nor by idle partitions, dead letters, or starts.
// And nothing is asked of the broker to know it.
func TestBrokerAlone(t *testing.T) {
	t.Parallel()
	o := options(t)
	const fetchKey = 1
	reads := asked{key: fetchKey}
	o.Client = []kgo.Opt{kgo.WithHooks(&reads)}
	s := newSink(t, o)
	c := open(t, s)
	sizes := []int{1, 40, 1, 0, 1, 500, 3, 1}
	for round := range 3 {
		reads.n.Store(0)
		for i, n := range sizes {
			rs := records("a", n)
			if i%3 == 2 {
				rs[0].Dead = true
			}
			c = mustCommit(t, s, rs, c)
		}
		if n := reads.n.Load(); n > 0 {
			t.Errorf("round %d: %d fetches for %d transactions", round, n, len(sizes))
		}
		switch round {
		case 0: // what failed, or was left open, is aborted when it opens again
			rs := records("big", 10)
			rs[4].Value = []byte(strings.Repeat("x", 3<<20))
			if _, err := s.Commit(t.Context(), rs, c); err == nil {
				t.Fatal("a record that is too large was written")
			}
			dangle(t, o, "half")
			c = open(t, s)
		case 1: // a worker that died within its transaction, and another process
			s.Close()
			dangle(t, o, "half")
			rival(t, o, "a0")(kgo.TryAbort)
			s = newSink(t, o)
			c = open(t, s)
		}
	}
	// Asleep and woken.
	s.Close()
	if _, err := s.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	rival(t, o, "a0")(kgo.TryAbort)
	mustCommit(t, s, records("a", 30), c)
}

// What was written while the stream stood still is found when it starts, and the word of an
// operator is needed to go on. A stream that shares its topic starts with a full window.
func TestBrokerIntruderMeanwhile(t *testing.T) {
	t.Parallel()
	o := options(t)
	s := newSink(t, o)
	c := open(t, s)
	mustCommit(t, s, records("a", 10), c)
	s.Close()
	intrude(t, o, "meanwhile")
	_, err := newSink(t, o).Open(t.Context())
	mustStop(t, err, `"meanwhile"`)
	if _, err := s.Open(t.Context()); class.Of(err) != class.Fenced { // one that dozed
		t.Errorf("woken with %v", err)
	}
	claim := o
	claim.Claim = true
	c = open(t, newSink(t, claim))
	s = newSink(t, o)
	if got := open(t, s); got.Seq != c.Seq+1 {
		t.Errorf("opened at %+v, want the claim's %+v", got, c)
	}
	s.Close()
	intrude(t, o, "once more")
	shared := o
	shared.Shared = true
	s = newSink(t, shared)
	c = open(t, s)
	mustCommit(t, s, records("b", 10), c)
	s.Close()
	intrude(t, o, "in its sleep")
	if _, err := s.Open(t.Context()); err == nil || class.Of(err) != class.Broker {
		t.Errorf("woken with a window that lacks a record: %v", err)
	}
	c = open(t, s)
	intrude(t, o, "b0")
	var failed *CommitError
	if _, err := s.Commit(t.Context(), records("b", 1), c); !errors.As(err, &failed) || failed.Permanent || failed.Outcome != NotWritten {
		t.Errorf("got %v, want a transaction that is tried again with a new window", err)
	}
	c = open(t, s)
	mustCommit(t, s, records("b", 1), c)
}

// P7: a stream gets on beside somebody who writes all the time, as long as their keys differ;
// the window is read back before the next transaction.
func TestBrokerSharedGetsOn(t *testing.T) {
	t.Parallel()
	o := options(t)
	o.Partitions, o.Shared = 1, true
	s := newSink(t, o)
	c := open(t, s)
	c = mustCommit(t, s, records("a", 3), c)
	intrude(t, o, "theirs")
	c = mustCommit(t, s, records("b", 3), c)
	var failed *CommitError
	if _, err := s.Commit(t.Context(), records("c", 3), c); !errors.As(err, &failed) || failed.Permanent || failed.Outcome != NotWritten {
		t.Errorf("the transaction behind it: %v, want one that is tried again with a new window", err)
	}
	if _, err := s.Open(t.Context()); err == nil {
		t.Error("woken with a window that lacks a record")
	}
	c = open(t, s)
	mustCommit(t, s, records("c", 3), c)
	wantKeys(t, o, records("a", 3), records("b", 3), records("c", 3), []Record{{Key: []byte("theirs")}})
}

// P5: a worker with another transactional_id_prefix fences the one at work by the id in the
// cursor, before it reads the cursor that counts.
func TestBrokerOtherPrefix(t *testing.T) {
	t.Parallel()
	o := options(t)
	old := newSink(t, o)
	c := open(t, old)
	c.Mark = "one"
	c = mustCommit(t, old, records("a", 3), c)
	other := o
	other.IDPrefix = "other"
	young := newSink(t, other)
	d := open(t, young)
	if d.Mark != "one" {
		t.Errorf("the second worker starts at %+v", d)
	}
	c.Mark = "two"
	if _, err := old.Commit(t.Context(), records("zombie", 3), c); err == nil {
		t.Fatal("two workers commit under two transactional ids")
	}
	if _, err := old.Open(t.Context()); !errors.Is(err, ErrFenced) {
		t.Errorf("the first worker opens again with %v, want ErrFenced", err)
	}
	mustCommit(t, young, records("b", 3), d)
	wantKeys(t, o, records("a", 3), records("b", 3))
	// And back, with a transaction left open by the one that goes.
	young.Close()
	dangle(t, other, "half")
	again := newSink(t, o)
	if back := open(t, again); back.TransactionalID != o.TransactionalID() {
		t.Errorf("claimed as %+v", back)
	}
	wantKeys(t, o, records("a", 3), records("b", 3))
}
