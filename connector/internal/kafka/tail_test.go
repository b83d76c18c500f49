package kafka

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/internal/class"
	"tidemark/connector/internal/kit"
)

// Tail shows the part of a topic that is asked for, whatever gaps its log has: markers and aborted records stand between
// those that count.
func TestBrokerTailPart(t *testing.T) {
	t.Parallel()
	topic := kit.Name("tail")
	o := Options{Brokers: kit.Brokers(t), Topic: topic}
	cl, err := o.client()
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	if _, err := kadm.NewClient(cl).CreateTopic(t.Context(), 3, -1, nil, topic); err != nil {
		t.Fatal(err)
	}
	writer, err := o.client(kgo.TransactionalID(topic), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		t.Fatal(err)
	}
	defer writer.Close()
	began := time.UnixMilli(time.Now().UnixMilli() - 1e6)
	put := func(n int, end kgo.TransactionEndTry) {
		t.Helper()
		if err := writer.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
		// Minute n, in partitions by turns, the key the partition's but for each tenth.
		key := fmt.Sprint("k", n%3)
		if n%10 == 0 {
			key = "rare"
		}
		r := &kgo.Record{Topic: topic, Partition: int32(n % 3), Key: []byte(key), Value: fmt.Appendf(nil, "%02d", n), Timestamp: began.Add(time.Duration(n) * time.Second)}
		if err := writer.ProduceSync(t.Context(), r).FirstErr(); err != nil {
			t.Fatal(err)
		}
		if err := writer.EndTransaction(t.Context(), end); err != nil {
			t.Fatal(err)
		}
	}
	const all = 60
	for n := range all {
		put(n, kgo.TryCommit)
		if n%2 == 0 {
			put(1000+n, kgo.TryAbort)
		}
	}
	numbers := func(from, to, step int) string {
		var out []string
		for n := from; n < to; n += step {
			out = append(out, fmt.Sprintf("%02d", n))
		}
		return strings.Join(out, " ")
	}
	for name, c := range map[string]struct {
		part   Part
		want   string
		sorted bool // by the test: partitions are read side by side
	}{
		"all":                        {Part{}, numbers(0, all, 1), true},
		"the last":                   {Part{Last: 7}, numbers(53, all, 1), false},
		"more than there are":        {Part{Last: 500}, numbers(0, all, 1), false},
		"of a partition":             {Part{Last: 4, Partitions: []int32{1}}, numbers(49, all, 3), false},
		"two partitions":             {Part{Last: 4, Partitions: []int32{1, 2}}, "55 56 58 59", false},
		"a key that is rare":         {Part{Last: 3, Key: []byte("rare")}, "30 40 50", false},
		"a key that nobody has":      {Part{Last: 3, Key: []byte("none")}, "", false},
		"since":                      {Part{Since: began.Add(50 * time.Second)}, numbers(50, all, 1), true},
		"since, the last":            {Part{Since: began.Add(50 * time.Second), Last: 3}, numbers(57, all, 1), false},
		"since, with fewer":          {Part{Since: began.Add(58 * time.Second), Last: 10}, "58 59", false},
		"since the end":              {Part{Since: began.Add(time.Hour)}, "", false},
		"since, a key, of partition": {Part{Since: began.Add(15 * time.Second), Key: []byte("rare"), Partitions: []int32{2}}, "20 50", false},
	} {
		t.Run(name, func(t *testing.T) {
			got := tailed(t, o, c.part)
			if c.sorted {
				slices.Sort(got)
			}
			if text := strings.Join(got, " "); text != c.want {
				t.Errorf("got %s, want %s", text, c.want)
			}
		})
	}
	if err := o.Tail(t.Context(), Part{Partitions: []int32{3}}, nil, nil); class.Of(err) != class.Config {
		t.Errorf("a partition that is not there: %v", err)
	}
	for _, c := range []struct {
		name string
		part Part
		want []string // before what comes next
	}{ // in this order: what comes stays
		{"the last two, and what comes", Part{Last: 2, Follow: true, Key: []byte("rare")}, []string{"40", "50"}},
		{"what comes", Part{New: true, Follow: true, Key: []byte("rare")}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			seen, done := make(chan string, 100), make(chan error, 1)
			go func() {
				done <- o.Tail(ctx, c.part, func(r *kgo.Record) error { seen <- string(r.Value); return nil }, nil)
			}()
			for _, want := range c.want {
				if got := <-seen; got != want {
					t.Errorf("got %s, want %s", got, want)
				}
			}
			for come := false; !come; { // when it has looked where the topic ends cannot be told from here
				put(90, kgo.TryCommit)
				select {
				case got := <-seen:
					if come = true; got != "90" {
						t.Errorf("got %s, want 90", got)
					}
				case <-time.After(50 * time.Millisecond):
				}
			}
			cancel()
			if err := <-done; err != nil {
				t.Error(err)
			}
		})
	}
}

func tailed(t *testing.T, o Options, part Part) (got []string) {
	t.Helper()
	if err := o.Tail(t.Context(), part, func(r *kgo.Record) error {
		got = append(got, string(r.Value))
		return nil
	}, nil); err != nil {
		t.Fatal(err)
	}
	return got
}
