package kafka

import (
	"reflect"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"unsafe"

	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/internal/kit"
)

// P1: a transaction that the client ended without a word to the broker, as it does where it
// knows of no partition in it, was not written, though EndTransaction returns nil.
func TestBrokerEndsWithoutCommit(t *testing.T) {
	t.Parallel()
	s := newSink(t, options(t))
	c := open(t, s)
	if err := s.client.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	if outcome, err := s.end(t.Context()); err == nil || outcome != NotWritten {
		t.Errorf("a transaction that was not committed: outcome %v, error %v", outcome, err)
	}
	if got := mustCommit(t, s, records("a", 1), c); got.Seq != c.Seq+1 {
		t.Errorf("the next transaction: %+v", got)
	}
	wantKeys(t, s.o, records("a", 1))
}

// A flush is not over while the client still takes down a topic that it met for the first time:
// it holds a lock of its own meanwhile, which nothing outside of it can be made to hold, and
// so this test takes it.
func TestBrokerFlushWaitsForTheClient(t *testing.T) {
	t.Parallel()
	o := options(t)
	cl, err := o.transactionalAs(kit.Name("txn"))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	busy := reflect.ValueOf(cl).Elem().FieldByName("producer").FieldByName("unknownTopicsMu")
	mu := (*sync.Mutex)(unsafe.Pointer(busy.UnsafeAddr()))
	mu.Lock()
	release := sync.OnceFunc(mu.Unlock)
	defer release() // before Close, which takes it too
	done := make(chan error, 1)
	go func() { done <- flush(t.Context(), cl) }()
	const waiterShift = 3 // of sync.Mutex: above it its first word counts who waits
	for waits := false; !waits; waits = atomic.LoadInt32((*int32)(unsafe.Pointer(mu)))>>waiterShift > 0 {
		select {
		case err := <-done:
			t.Fatalf("the flush has ended (%v), and the client is not through", err)
		default:
			runtime.Gosched()
		}
	}
	release()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if err := cl.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	if err := cl.EndTransaction(t.Context(), kgo.TryAbort); err != nil {
		t.Error(err)
	}
}
