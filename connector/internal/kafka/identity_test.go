package kafka

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/internal/kit"
	"tidemark/strategies"
)

// No two streams have one transactional id, and the id of a stream without dots in its names is
// what it always was.
func TestTransactionalIDs(t *testing.T) {
	names := []string{"a", "b", "c", "a.b", "b.c", "a.b.c", "a.", ".a", "a..b", "a.b.", "1", "1.1", "a.b.a"}
	prefixes := append([]string{"", ":", "a:1:1", "a:1:1.b", "a.b:3:1", ":1:1"}, names...)
	seen := map[string]Options{}
	for _, prefix := range prefixes {
		for _, state := range names {
			for _, stream := range names {
				o := Options{IDPrefix: prefix, StateTopic: state, Stream: stream}
				id := o.TransactionalID()
				if other, twice := seen[id]; twice {
					t.Errorf("%q %q %q and %q %q %q have the id %s", prefix, state, stream, other.IDPrefix, other.StateTopic, other.Stream, id)
				}
				seen[id] = o
				if !strings.HasPrefix(id, prefix+"."+state+"."+stream) {
					t.Errorf("the id %s does not begin as it did, which access rules may rely on", id)
				}
			}
		}
	}
	if id := (Options{IDPrefix: "tidemark", StateTopic: "tidemark-state", Stream: "user"}).TransactionalID(); id != "tidemark.tidemark-state.user" {
		t.Errorf("the id of a stream without dots is %s", id)
	}
}

// Two streams whose names give one id if they are put together with dots leave each other alone.
func TestBrokerDots(t *testing.T) {
	t.Parallel()
	one := options(t)
	two := one
	two.Topic = kit.Name("output")
	one.IDPrefix, one.StateTopic = "p", "q."+one.StateTopic
	two.IDPrefix = "p.q"
	a, b := newSink(t, one), newSink(t, two)
	c, d := open(t, a), open(t, b)
	for range 3 {
		c = mustCommit(t, a, records("a", 3), c)
		d = mustCommit(t, b, records("b", 3), d)
	}
	wantKeys(t, one, records("a", 3), records("a", 3), records("a", 3))
}

// A worker of an earlier version has an id that is put together with dots: it is fenced, whether
// the cursor names the id or is older than that.
func TestBrokerFormerID(t *testing.T) {
	t.Parallel()
	for name, named := range map[string]bool{"named": true, "not named": false} {
		t.Run(name, func(t *testing.T) {
			o := options(t)
			o.Stream = "a." + o.Stream
			former := o.IDPrefix + "." + o.StateTopic + "." + o.Stream
			s := newSink(t, o)
			c := mustCommit(t, s, records("a", 3), open(t, s))
			s.Close()
			// As the earlier version left it.
			c.Seq++
			c.TransactionalID = ""
			if named {
				c.TransactionalID = former
			}
			value, err := json.Marshal(c)
			if err != nil {
				t.Fatal(err)
			}
			plain, err := o.client(kgo.RecordPartitioner(partitioner))
			if err != nil {
				t.Fatal(err)
			}
			defer plain.Close()
			if err := plain.ProduceSync(t.Context(), &kgo.Record{Topic: o.StateTopic, Key: []byte(o.Stream), Value: value}).FirstErr(); err != nil {
				t.Fatal(err)
			}
			old, err := o.client(kgo.TransactionalID(former), kgo.TransactionTimeout(time.Minute))
			if err != nil {
				t.Fatal(err)
			}
			defer old.Close()
			if err := old.BeginTransaction(); err != nil {
				t.Fatal(err)
			}
			r := &kgo.Record{Topic: o.Topic, Key: []byte("half"), Value: []byte("v")}
			if err := errors.Join(old.ProduceSync(t.Context(), r).FirstErr(), flush(t.Context(), old)); err != nil {
				t.Fatal(err)
			}
			s = newSink(t, o)
			c = mustCommit(t, s, records("b", 1), open(t, s))
			if c.TransactionalID != o.TransactionalID() {
				t.Errorf("the cursor is written under %s", c.TransactionalID)
			}
			if err := old.EndTransaction(t.Context(), kgo.TryCommit); err == nil {
				t.Error("the earlier version's worker commits")
			}
			wantKeys(t, o, records("a", 3), records("b", 1))
		})
	}
}

// A worker's first claim of which no marker says yet whether it is committed names the id that it was written under, and that is
// fenced: else two workers would begin the stream, each by itself (P5).
func TestBrokerFirstClaimOnItsWay(t *testing.T) {
	t.Parallel()
	o := options(t)
	reader, done, err := o.looker()
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	state, err := o.ensureState(t.Context(), kadm.NewClient(reader))
	if err != nil {
		t.Fatal(err)
	}
	value, err := json.Marshal(strategies.Cursor{Version: strategies.CursorVersion, Stream: o.Stream, Seq: 1, Owner: "old", TransactionalID: o.TransactionalID()})
	if err != nil {
		t.Fatal(err)
	}
	old, err := o.client(kgo.TransactionalID(o.TransactionalID()), kgo.TransactionTimeout(time.Minute), kgo.RecordPartitioner(partitioner))
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	if err := old.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	r := &kgo.Record{Topic: o.StateTopic, Key: []byte(o.Stream), Value: value}
	if err := errors.Join(old.ProduceSync(t.Context(), r).FirstErr(), flush(t.Context(), old)); err != nil {
		t.Fatal(err)
	}
	if p := o.statePartition(state.partitions); r.Partition != p {
		t.Fatalf("the claim lies in partition %d, not in %d", r.Partition, p)
	}
	other := o
	other.IDPrefix = "another"
	young := newSink(t, other)
	c := open(t, young)
	if err := old.EndTransaction(t.Context(), kgo.TryCommit); err == nil {
		t.Error("the worker that was on its way commits its claim")
	}
	if c = mustCommit(t, young, records("a", 1), c); c.Seq != 2 { // behind its own claim
		t.Errorf("the stream begins at seq %d", c.Seq)
	}
	wantKeys(t, other, records("a", 1))
}

// A worker that was replaced says by whom, as far as the cursor tells.
func TestBrokerFencedBy(t *testing.T) {
	t.Parallel()
	o := options(t)
	old := newSink(t, o)
	c := open(t, old)
	other := o
	other.IDPrefix = "another"
	young := newSink(t, other)
	d := open(t, young)
	if _, err := old.Commit(t.Context(), records("a", 1), c); err == nil {
		t.Fatal("a fenced worker commits")
	}
	_, err := old.Open(t.Context())
	if !errors.Is(err, ErrFenced) {
		t.Fatal(err)
	}
	host, _ := os.Hostname()
	for _, word := range []string{d.Owner, other.TransactionalID(), host} {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("the error does not name %q: %v", word, err)
		}
	}
	// A cursor of an earlier version does not tell so much.
	if err := fencedBy(strategies.Cursor{Owner: "o", Seq: 3}); !errors.Is(err, ErrFenced) || strings.Contains(err.Error(), "  ") || strings.Contains(err.Error(), `""`) {
		t.Error(err)
	}
}
