package kafka

import (
	"errors"
	"sync/atomic"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/strategies"
)

// fetched counts the records that clients receive.
type fetched struct{ n atomic.Int64 }

func (f *fetched) OnFetchRecordBuffered(*kgo.Record) { f.n.Add(1) }

// A sink that opens again reads the state topic from its own last cursor on, so that a
// stream which dozes and wakes does not read all that was ever stored.
func TestBrokerOpenAgain(t *testing.T) {
	t.Parallel()
	o := options(t)
	var f fetched
	o.Client = []kgo.Opt{kgo.WithHooks(&f)}
	s := newSink(t, o)
	c := open(t, s)
	var err error
	for range 100 {
		if c, err = s.Commit(t.Context(), nil, c); err != nil {
			t.Fatal(err)
		}
	}
	s.Close()
	settled(t, o)
	again := func() {
		t.Helper()
		found, err := s.Open(t.Context())
		if err != nil || found.Seq != c.Seq || found.Owner != c.Owner {
			t.Fatalf("found seq %d of owner %s (%v), want seq %d of owner %s", found.Seq, found.Owner, err, c.Seq, c.Owner)
		}
		s.Close()
	}
	f.n.Store(0)
	again()
	if n := f.n.Load(); n == 0 || n > 10 {
		t.Errorf("%d records were read, want those behind the last cursor only", n)
	}
	// A log that is shorter than it was, as after a loss of data, is read from its start.
	s.last.offset += 1000
	again()
	if n := f.n.Load(); n < 200 {
		t.Errorf("%d records were read in all", n)
	}
	// What another worker has committed since is found.
	open(t, newSink(t, o))
	if _, err := s.Open(t.Context()); !errors.Is(err, ErrFenced) {
		t.Errorf("got %v, want ErrFenced", err)
	}
}

// untilDecided waits for the markers of what was committed: who looks without having fenced anybody goes by what was there before them.
func untilDecided(t *testing.T, o Options) {
	t.Helper()
	if _, _, err := o.States(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// A worker whose configuration does not go with the stored cursor is refused before it has
// fenced the one that does the work, and before it has made a topic (rule 19).
func TestBrokerUnfit(t *testing.T) {
	t.Parallel()
	o := options(t)
	at := newSink(t, o)
	c := open(t, at)
	untilDecided(t, o)
	wrong := o
	wrong.Topic += "-other"
	unfit := errors.New("the cursor is another topic's")
	var seen strategies.Cursor
	wrong.Fits = func(stored strategies.Cursor) error { seen = stored; return unfit }
	if _, err := newSink(t, wrong).Open(t.Context()); !errors.Is(err, unfit) {
		t.Fatalf("opened with %v", err)
	}
	if seen.Stream != o.Stream || seen.Seq != c.Seq {
		t.Errorf("judged by the cursor %+v, want %+v", seen, c)
	}
	if _, err := at.Commit(t.Context(), []Record{{Key: []byte("k"), Value: []byte("v")}}, c); err != nil {
		t.Errorf("the worker at work can no longer commit: %v", err)
	}
	cl, err := o.client()
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	if _, err := describe(t.Context(), kadm.NewClient(cl), wrong.Topic); !errors.Is(err, kerr.UnknownTopicOrPartition) {
		t.Errorf("the topic of the refused worker: %v", err)
	}
}
