package kafka

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

// at are the options of somebody who looks at a topic of the cluster.
func at(c *kfake.Cluster, topic string) Options {
	return Options{Brokers: c.ListenAddrs(), Topic: topic, StateTopic: topic}
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
	if err := errors.Join(cl.ProduceSync(t.Context(), rs...).FirstErr(), flush(t.Context(), cl)); err != nil {
		t.Fatal(err)
	}
}

func record(topic string, partition int32, key, value string) *kgo.Record {
	return &kgo.Record{Topic: topic, Partition: partition, Key: []byte(key), Value: []byte(value)}
}

// tail returns what Tail reads of a topic, sorted.
func tail(t *testing.T, c *kfake.Cluster, topic string) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var got []string
	if err := at(c, topic).Tail(ctx, Part{}, func(r *kgo.Record) error {
		got = append(got, fmt.Sprintf("%d:%s", r.Partition, r.Value))
		return nil
	}, nil); err != nil {
		t.Fatal(err)
	}
	slices.Sort(got)
	return got
}

// Proves rule 7: the last offset of a transaction is a marker's, an open transaction
// holds back what is behind it, an aborted one shows nothing; and nobody is fenced.
func TestReadEndsAtTheLastStableOffset(t *testing.T) {
	defer func(d time.Duration) { lookPause = d }(lookPause)
	lookPause = time.Millisecond
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
	if got, want := tail(t, c, "a"), []string{"0:1", "1:2", "1:3"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if fenced {
		t.Error("reading initialised a producer id")
	}
}

func TestReadOfNothing(t *testing.T) {
	c := cluster(t, 3, "empty")
	if got := tail(t, c, "empty"); got != nil {
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
	if got := tail(t, c, "a"); !slices.Equal(got, []string{"0:2", "0:3"}) {
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
	go func() {
		done <- at(c, "a").Tail(ctx, Part{Follow: true}, func(r *kgo.Record) error { seen <- string(r.Value); return nil }, nil)
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

// Whoever looks at a topic is told that the broker has gone; a sink would wait for it.
func TestTailOfABrokerThatGoesAway(t *testing.T) {
	defer func(d time.Duration) { quiet = d }(quiet)
	quiet = 30 * time.Millisecond
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for _, follow := range []bool{false, true} {
		c := cluster(t, 1, "a")
		produce(t, producer(t, c), record("a", 0, "k", "1"))
		c.ControlKey(int16(kmsg.Fetch), func(kmsg.Request) (kmsg.Response, error, bool) {
			c.KeepControl()
			go c.Close()
			return nil, errors.New("gone"), true
		})
		o := at(c, "a")
		o.Client = []kgo.Opt{kgo.RetryTimeout(100 * time.Millisecond)}
		err := o.Tail(ctx, Part{Follow: follow}, func(*kgo.Record) error { return nil }, nil)
		if class.Of(err) != class.Broker {
			t.Errorf("follow %v: got %v", follow, err)
		}
	}
}

// A pause is told of when all that was at hand has been handed on.
func TestTailPauses(t *testing.T) {
	c := cluster(t, 1, "a")
	produce(t, producer(t, c), record("a", 0, "k", "1"), record("a", 0, "k", "2"))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	n, paused := 0, false
	err := at(c, "a").Tail(ctx, Part{Follow: true}, func(*kgo.Record) error { n++; return nil }, func() error {
		if n == 2 {
			paused = true
			cancel()
		}
		return nil
	})
	if err != nil || n != 2 || !paused {
		t.Errorf("%d records, paused behind them %v, %v", n, paused, err)
	}
}

func TestReadStopsWhenToldTo(t *testing.T) {
	c := cluster(t, 1, "a")
	produce(t, producer(t, c), record("a", 0, "k", "1"), record("a", 0, "k", "2"))
	n := 0
	if err := at(c, "a").Tail(t.Context(), Part{}, func(*kgo.Record) error { n++; return ErrStop }, nil); err != nil || n != 1 {
		t.Errorf("read %d records, %v", n, err)
	}
	own := errors.New("my own")
	if err := at(c, "a").Tail(t.Context(), Part{}, func(*kgo.Record) error { return own }, nil); !errors.Is(err, own) {
		t.Errorf("got %v", err)
	}
}

func TestUnreachableBrokerIsSaid(t *testing.T) {
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := ln.Addr().String()
	_ = ln.Close()
	err = Options{Brokers: []string{addr}, Topic: "a"}.Tail(t.Context(), Part{}, func(*kgo.Record) error { return nil }, nil)
	if class.Of(err) != class.Broker || !strings.Contains(err.Error(), addr) || !strings.Contains(err.Error(), "--brokers") {
		t.Errorf("got %v", err)
	}
}
