package reader

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"tidemark/connector/internal/class"
)

func cluster(t *testing.T, partitions int32, topics ...string) *kfake.Cluster {
	t.Helper()
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(partitions, topics...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func connect(t *testing.T, c *kfake.Cluster) *kgo.Client {
	t.Helper()
	cl, err := Connect(t.Context(), c.ListenAddrs())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cl.Close)
	return cl
}

func producer(t *testing.T, c *kfake.Cluster, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	cl, err := kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(c.ListenAddrs()...), kgo.RecordPartitioner(kgo.ManualPartitioner())}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cl.Close)
	return cl
}

func produce(t *testing.T, cl *kgo.Client, rs ...*kgo.Record) {
	t.Helper()
	if err := cl.ProduceSync(t.Context(), rs...).FirstErr(); err != nil {
		t.Fatal(err)
	}
}

func record(topic string, partition int32, key, value string) *kgo.Record {
	return &kgo.Record{Topic: topic, Partition: partition, Key: []byte(key), Value: []byte(value)}
}

func read(t *testing.T, cl *kgo.Client, topic string) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var got []string
	if err := Read(ctx, cl, topic, false, func(r *kgo.Record) error {
		got = append(got, fmt.Sprintf("%d:%s", r.Partition, r.Value))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	slices.Sort(got)
	return got
}

// Proves rule 7: the last offset of a transaction is a marker's, an open transaction
// holds back what is behind it, an aborted one shows nothing; and nobody is fenced.
func TestReadEndsAtTheLastStableOffset(t *testing.T) {
	c := cluster(t, 2, "a")
	fenced := false
	c.ControlKey(int16(kmsg.InitProducerID), func(kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		fenced = true
		return nil, nil, false
	})
	tx := producer(t, c, kgo.TransactionalID("tx"))
	step := func(end kgo.TransactionEndTry, rs ...*kgo.Record) {
		t.Helper()
		if err := tx.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
		produce(t, tx, rs...)
		if err := tx.EndTransaction(t.Context(), end); err != nil {
			t.Fatal(err)
		}
	}
	step(kgo.TryCommit, record("a", 0, "k", "1"), record("a", 1, "k", "2"))
	step(kgo.TryAbort, record("a", 0, "k", "aborted"))
	if err := tx.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	produce(t, tx, record("a", 0, "k", "open"))
	produce(t, producer(t, c), record("a", 0, "k", "behind it"), record("a", 1, "k", "3"))

	fenced = false
	if got, want := read(t, connect(t, c), "a"), []string{"0:1", "1:2", "1:3"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if fenced {
		t.Error("reading initialised a producer id")
	}
}

func TestReadOfNothing(t *testing.T) {
	c := cluster(t, 3, "empty")
	if got := read(t, connect(t, c), "empty"); got != nil {
		t.Errorf("got %q", got)
	}
}

// Offsets that compaction took away are not waited for. (kfake keeps the last batch.)
func TestReadOfACompactedTopic(t *testing.T) {
	c := cluster(t, 1)
	cl := producer(t, c)
	if _, err := kadm.NewClient(cl).CreateTopic(t.Context(), 1, 1, map[string]*string{"cleanup.policy": kadm.StringPtr("compact")}, "a"); err != nil {
		t.Fatal(err)
	}
	for _, v := range []string{"1", "2", "3"} {
		produce(t, cl, record("a", 0, "k", v))
	}
	c.Compact()
	if got := read(t, connect(t, c), "a"); !slices.Equal(got, []string{"0:2", "0:3"}) {
		t.Errorf("got %q", got)
	}
}

func TestFollowGoesOnUntilCancelled(t *testing.T) {
	c := cluster(t, 2, "a")
	p := producer(t, c)
	produce(t, p, record("a", 0, "k", "1"))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	seen := make(chan string)
	done := make(chan error, 1)
	cl := connect(t, c)
	go func() {
		done <- Read(ctx, cl, "a", true, func(r *kgo.Record) error { seen <- string(r.Value); return nil })
	}()
	if got := <-seen; got != "1" {
		t.Errorf("got %q", got)
	}
	produce(t, p, record("a", 1, "k", "2")) // a partition that was empty
	if got := <-seen; got != "2" {
		t.Errorf("got %q", got)
	}
	cancel()
	if err := <-done; err != nil {
		t.Errorf("a cancelled follow gave %v", err)
	}
}

func TestReadStopsWhenToldTo(t *testing.T) {
	c := cluster(t, 1, "a")
	produce(t, producer(t, c), record("a", 0, "k", "1"), record("a", 0, "k", "2"))
	n := 0
	if err := Read(t.Context(), connect(t, c), "a", false, func(*kgo.Record) error { n++; return ErrStop }); err != nil || n != 1 {
		t.Errorf("read %d records, %v", n, err)
	}
	own := errors.New("my own")
	if err := Read(t.Context(), connect(t, c), "a", false, func(*kgo.Record) error { return own }); !errors.Is(err, own) {
		t.Errorf("got %v", err)
	}
}

func TestMissingTopicNamesThoseLikeIt(t *testing.T) {
	for _, c := range []struct {
		topics []string
		ask    string
		want   string
	}{
		{[]string{"user_keyset", "user_offset", "orders"}, "user_kyset", "did you mean user_keyset?"},
		{[]string{"user_keyset", "user_offset", "orders"}, "user", "did you mean user_keyset, user_offset?"},
		{[]string{"orders"}, "user", "there are orders"},
		{strings.Split("a1 a2 a3 a4 a5 a6 a7 a8 a9 b1 b2 b3", " "), "nothing", "and 2 more"},
		{nil, "user", "no topics yet"},
	} {
		cl := cluster(t, 1, c.topics...)
		err := Read(t.Context(), connect(t, cl), c.ask, false, func(*kgo.Record) error { return nil })
		if class.Of(err) != class.Broker || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q among %q: got %v, want %q", c.ask, c.topics, err, c.want)
		}
		left, err := kadm.NewClient(connect(t, cl)).ListTopics(t.Context())
		if err != nil || left.Has(c.ask) {
			t.Errorf("asking for %q made it: %v", c.ask, err)
		}
	}
}

func TestUnreachableBrokerIsSaid(t *testing.T) {
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := ln.Addr().String()
	_ = ln.Close()
	_, err = Connect(t.Context(), []string{addr})
	if class.Of(err) != class.Broker || !strings.Contains(err.Error(), addr) || !strings.Contains(err.Error(), "--brokers") {
		t.Errorf("got %v", err)
	}
}

func TestStates(t *testing.T) {
	c := cluster(t, 4, "state")
	if got, err := States(t.Context(), c.ListenAddrs(), "no-such-topic"); err != nil || got != nil {
		t.Errorf("before the first run: %v, %v", got, err)
	}
	tx := producer(t, c, kgo.TransactionalID("tx"))
	begin := func() {
		t.Helper()
		if err := tx.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
	}
	cursor := func(stream, mark string, seq int) string {
		return fmt.Sprintf(`{"version":1,"stream":%q,"strategy":"keyset","fingerprint":"f","mark":%q,"seq":%d,"owner":"o"}`, stream, mark, seq)
	}
	begin()
	produce(t, tx, record("state", 1, "b", cursor("b", "old", 1)), record("state", 0, "a", cursor("a", "x", 1)), record("state", 2, "gone", cursor("gone", "x", 1)))
	produce(t, tx, record("state", 1, "b", cursor("b", "new", 2)), &kgo.Record{Topic: "state", Partition: 2, Key: []byte("gone")})
	produce(t, tx, record("state", 3, "later", `{"version":99,"stream":"later"}`), record("state", 3, "other", cursor("another", "x", 1)), record("state", 3, "torn", `{"version":1,`))
	if err := tx.EndTransaction(t.Context(), kgo.TryCommit); err != nil {
		t.Fatal(err)
	}
	begin()
	produce(t, tx, record("state", 1, "b", cursor("b", "open", 3)))

	got, err := States(t.Context(), c.ListenAddrs(), "state")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range got {
		names = append(names, s.Stream)
		if bad := slices.Contains([]string{"later", "other", "torn"}, s.Stream); bad != (s.Err != nil) {
			t.Errorf("%s: error %v", s.Stream, s.Err)
		}
	}
	if want := []string{"a", "b", "later", "other", "torn"}; !slices.Equal(names, want) {
		t.Fatalf("got %q, want %q", names, want)
	}
	if b := got[1]; b.Cursor.Mark != "new" || b.Cursor.Seq != 2 || b.Partition != 1 || b.Offset != 1 || b.At.IsZero() || string(b.Raw) != cursor("b", "new", 2) {
		t.Errorf("got %+v", b)
	}
}

// Where partitions were added to the state topic, a stream has a live record in several: the
// greatest seq holds, whichever is read last. What says whose a topic is, is no state.
func TestStatesOfSeveralPartitions(t *testing.T) {
	c := cluster(t, 4, "state")
	tx := producer(t, c)
	cursor := func(seq int) string {
		return fmt.Sprintf(`{"version":1,"stream":"a","strategy":"keyset","fingerprint":"f","mark":"m%d","seq":%d,"owner":"o"}`, seq, seq)
	}
	produce(t, tx, record("state", 0, "a", cursor(3)), record("state", 1, "a", cursor(40)), record("state", 2, "a", cursor(21)), record("state", 3, "a", cursor(5)),
		record("state", 3, "topic:data", `{"version":1,"topic":"data","topic_id":"x","stream":"a","transactional_id":"t","seq":1,"state_partitions":4,"later":true}`))
	got, owners, err := Stored(t.Context(), c.ListenAddrs(), "state")
	if err != nil || len(got) != 1 || got[0].Cursor.Seq != 40 || got[0].Partition != 1 {
		t.Errorf("got %+v, %v; want the cursor with seq 40", got, err)
	}
	if owners["data"].Stream != "a" {
		t.Errorf("the owners are %+v", owners)
	}
}
