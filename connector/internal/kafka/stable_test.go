package kafka

import (
	"encoding/json"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"tidemark/connector/internal/kit"
	"tidemark/strategies"
)

// afterOffsets does something behind the first answer that says where a topic ends or begins.
type afterOffsets struct {
	armed atomic.Bool
	do    func()
}

func (a *afterOffsets) OnBrokerRead(_ kgo.BrokerMetadata, key int16, _ int, _, _ time.Duration, _ error) {
	if key == kmsg.ListOffsets.Int16() && a.armed.CompareAndSwap(true, false) {
		a.do()
	}
}

// fourth does something behind the fourth such answer.
type fourth struct {
	seen atomic.Int32
	do   func()
}

func (f *fourth) OnBrokerRead(_ kgo.BrokerMetadata, key int16, _ int, _, _ time.Duration, _ error) {
	if key == kmsg.ListOffsets.Int16() && f.seen.Add(1) == 4 {
		f.do()
	}
}

// Who looks for a cursor while its markers are on their way waits for them.
func TestBrokerStoredWaits(t *testing.T) {
	t.Parallel()
	o := options(t)
	cl, done, err := o.looker()
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	if _, err := o.ensureState(t.Context(), kadm.NewClient(cl)); err != nil {
		t.Fatal(err)
	}
	value, err := json.Marshal(strategies.Cursor{Version: strategies.CursorVersion, Strategy: strategies.Keyset, Stream: o.Stream, Seq: 7, Owner: "a", TransactionalID: "b"})
	if err != nil {
		t.Fatal(err)
	}
	o = decidedLate(t, o, &kgo.Record{Topic: o.StateTopic, Key: []byte(o.Stream), Value: value})
	if c, err := o.Stored(t.Context()); err != nil || c.Seq != 7 {
		t.Errorf("the cursor has seq %d, %v", c.Seq, err)
	}
}

// decidedLate produces a record, whose transaction is committed behind the fourth look of the options' client at a topic's offsets.
func decidedLate(t *testing.T, o Options, r *kgo.Record) Options {
	t.Helper()
	txn, err := o.transactionalAs(kit.Name("txn"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(txn.Close)
	if err := txn.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(txn.ProduceSync(t.Context(), r).FirstErr(), flush(t.Context(), txn)); err != nil {
		t.Fatal(err)
	}
	o.Client = append(o.Client, kgo.WithHooks(&fourth{do: func() {
		if err := txn.EndTransaction(t.Context(), kgo.TryCommit); err != nil {
			t.Error(err)
		}
	}}))
	return o
}

// Who reads a topic while the markers of its last records are on their way waits for them.
func TestBrokerTailWaits(t *testing.T) {
	t.Parallel()
	o := options(t)
	s := newSink(t, o)
	mustCommit(t, s, records("a", 2), open(t, s))
	s.Close()
	o = decidedLate(t, o, &kgo.Record{Topic: o.Topic, Key: []byte("late")})
	var keys []string
	if err := o.Tail(t.Context(), Part{Key: []byte("late")}, func(r *kgo.Record) error {
		keys = append(keys, string(r.Key))
		return nil
	}, nil); err != nil || len(keys) != 1 {
		t.Errorf("tail shows %q, %v", keys, err)
	}
}

// A transaction that is aborted while the state topic is read is not taken for a committed one
// whose marker is gone: that it is below the last stable offset must not be known before the
// end is up to which markers are looked for.
func TestBrokerAbortedMeanwhile(t *testing.T) {
	t.Parallel()
	for name, together := range map[string]*Together{"from the start": nil, "going on": new(Together)} {
		t.Run(name, func(t *testing.T) {
			o := options(t)
			o.StatePartitions, o.Together = 1, together
			txn, err := o.transactionalAs(kit.Name("txn"))
			if err != nil {
				t.Fatal(err)
			}
			defer txn.Close()
			hook := &afterOffsets{}
			o.Client = append(o.Client, kgo.WithHooks(hook))
			cl, done, err := o.looker()
			if err != nil {
				t.Fatal(err)
			}
			defer done()
			state, err := o.ensureState(t.Context(), kadm.NewClient(cl))
			if err != nil {
				t.Fatal(err)
			}
			if err := txn.BeginTransaction(); err != nil {
				t.Fatal(err)
			}
			r := &kgo.Record{Topic: o.StateTopic, Key: []byte("k"), Value: []byte(`{"seq":7,"state_partitions":1}`)}
			if err := errors.Join(txn.ProduceSync(t.Context(), r).FirstErr(), flush(t.Context(), txn)); err != nil {
				t.Fatal(err)
			}
			watch, err := Options{Brokers: o.Brokers}.client()
			if err != nil {
				t.Fatal(err)
			}
			defer watch.Close()
			hook.do = func() {
				if err := txn.EndTransaction(t.Context(), kgo.TryAbort); err != nil {
					t.Error(err)
				}
				kit.Eventually(t, "the marker", func() bool {
					stable, err := kadm.NewClient(watch).ListCommittedOffsets(t.Context(), o.StateTopic)
					at, ok := stable.Lookup(o.StateTopic, 0)
					return err == nil && ok && at.Offset == 2
				})
			}
			hook.armed.Store(true)
			var found []*entry
			if together == nil {
				found, err = o.latest(t.Context(), cl, 1, 0, "k")
			} else {
				found, err = together.book().latest(t.Context(), state, "k")
			}
			if err != nil {
				t.Fatal(err)
			}
			if hook.armed.Load() {
				t.Fatal("nothing was asked")
			}
			if found[0] != nil {
				t.Errorf("found %s, which was aborted", show(found[0]))
			}
		})
	}
}
