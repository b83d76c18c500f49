package kafka

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"

	"tidemark/connector/internal/class"
	"tidemark/connector/internal/kit"
	"tidemark/strategies"
)

// A second stream is refused the topic of another one before anybody is fenced; what an
// operator claims for it is its own, and the first is told so.
func TestBrokerOwner(t *testing.T) {
	t.Parallel()
	o := options(t)
	first := newSink(t, o)
	c := open(t, first)
	c = mustCommit(t, first, records("a", 3), c)
	two := o
	two.Stream, two.IDPrefix = kit.Name("second"), "other"
	refused := func(o Options, other string) {
		t.Helper()
		_, err := newSink(t, o).Open(t.Context())
		if class.Of(err) != class.Config {
			t.Fatalf("opened with %v, want a refusal of class config", err)
		}
		for _, w := range []string{o.Topic, o.Stream, other, "state claim"} {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("the error does not say %q: %v", w, err)
			}
		}
	}
	refused(two, o.Stream)
	c = mustCommit(t, first, records("b", 3), c) // undisturbed
	claim := two
	claim.Claim = true
	s := newSink(t, claim)
	open(t, s)
	s.Close()
	if _, err := first.Commit(t.Context(), records("c", 3), c); err == nil {
		t.Error("a stream that has lost its topic commits")
	}
	if _, err := first.Open(t.Context()); !errors.Is(err, ErrFenced) {
		t.Errorf("a stream that has lost its topic opens with %v", err)
	}
	refused(o, two.Stream)
	second := newSink(t, two)
	d := open(t, second)
	mustCommit(t, second, records("d", 3), d)
	wantKeys(t, o, records("a", 3), records("b", 3), records("d", 3))
}

// A topic that was made anew belongs to nobody.
func TestBrokerOwnerOfNewTopic(t *testing.T) {
	t.Parallel()
	o := options(t)
	s := newSink(t, o)
	open(t, s)
	s.Close()
	cl, err := o.client()
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	adm := kadm.NewClient(cl)
	was, err := describe(t.Context(), adm, o.Topic)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := adm.DeleteTopic(t.Context(), o.Topic); err != nil {
		t.Fatal(err)
	}
	kit.Eventually(t, "the topic to be gone", func() bool {
		_, err := describe(t.Context(), adm, o.Topic)
		return err != nil
	})
	two := o
	two.Stream = kit.Name("second")
	open(t, newSink(t, two))
	untilDecided(t, two)
	if now, err := describe(t.Context(), adm, o.Topic); err != nil || now.id == was.id {
		t.Fatalf("the topic is %+v (%v), and was %+v", now, err, was)
	}
	if _, err := newSink(t, o).Open(t.Context()); class.Of(err) != class.Config {
		t.Errorf("the first stream opens with %v", err)
	}
}

// With partitions added to the state topic twice, the newest cursor holds, wherever it lies;
// and no stale one holds when its partition becomes the key's own again.
func TestBrokerStateExpanded(t *testing.T) {
	t.Parallel()
	o := options(t)
	o.StatePartitions = 1
	// The key's partition: 0 of 1, then another, then 0 again.
	for o.statePartition(2) != 1 || o.statePartition(3) != 0 {
		o.Stream = kit.Name("stream")
	}
	cl, err := o.client()
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	adm := kadm.NewClient(cl)
	c := strategies.Cursor{}
	for n := 1; n <= 4; n++ {
		if n > 1 {
			if r, err := adm.UpdatePartitions(t.Context(), n, o.StateTopic); err != nil || r.Error() != nil {
				t.Fatal(err, r.Error())
			}
			kit.Eventually(t, "the new partition", func() bool {
				info, err := describe(t.Context(), adm, o.StateTopic)
				return err == nil && info.partitions == n
			})
		}
		s := newSink(t, o)
		got := open(t, s)
		if got.Seq != c.Seq+1 || got.Mark != c.Mark {
			t.Fatalf("%d partitions: found seq %d, mark %q; want what follows seq %d, mark %q", n, got.Seq, got.Mark, c.Seq, c.Mark)
		}
		got.Mark = strings.Repeat("m", n)
		c = mustCommit(t, s, nil, got)
		s.Close()
	}
}

// An owner record's key is no stream's name, and names its topic.
func TestOwnerKey(t *testing.T) {
	if topic, ok := OwnedTopic(OwnerKey("users")); !ok || topic != "users" {
		t.Errorf("%q is of topic %q", OwnerKey("users"), topic)
	}
	if _, ok := OwnedTopic("topic.users"); ok {
		t.Error("a stream's name is taken for an owner record's key")
	}
}

// The judge counts what somebody else has committed, or may yet commit.
func TestJudge(t *testing.T) {
	const own, other, third = 1, 2, 3
	data := func(at int64, producer int64) Batch {
		return Batch{First: at, Last: at, Producer: producer, Records: 1, Transactional: true}
	}
	plain := func(at int64) Batch { return Batch{First: at, Last: at, Producer: -1, Records: 1} }
	mark := func(at int64, producer int64, commit bool) Batch {
		return Batch{First: at, Last: at, Producer: producer, Records: 1, Transactional: true, Control: true, Commit: commit}
	}
	for name, c := range map[string]struct {
		log         []Batch
		stable      int64
		found, open []int64
	}{
		"nothing":               {},
		"its own":               {log: []Batch{data(1, own), mark(2, own, true), data(3, own)}},
		"others' markers":       {log: []Batch{mark(1, other, true), mark(2, third, false)}},
		"plain":                 {log: []Batch{plain(4)}, found: []int64{4}},
		"committed":             {log: []Batch{data(1, other), mark(2, other, true)}, found: []int64{1}},
		"aborted":               {log: []Batch{data(1, other), mark(2, other, false)}},
		"marker behind the end": {log: []Batch{data(1, other), data(12, own), mark(13, other, true)}, found: []int64{1}},
		"record behind the end": {log: []Batch{data(12, other), mark(13, other, true), plain(14)}},
		"open":                  {log: []Batch{data(1, other)}, stable: 1, open: []int64{1}},
		"marker compacted away": {log: []Batch{data(1, other)}, stable: 2, found: []int64{1}},
		"emptied":               {log: []Batch{{First: 1, Last: 5, Producer: other}}},
		"two":                   {log: []Batch{data(1, other), data(2, third), mark(3, other, false), mark(4, third, true)}, found: []int64{2}},
	} {
		j := Judge{Own: func(id int64) bool { return id == own }, To: 10}
		for _, b := range c.log {
			j.Take(b)
		}
		j.End(c.stable)
		offsets := func(bs []Batch) (at []int64) {
			for _, b := range bs {
				at = append(at, b.First)
			}
			return at
		}
		if got := offsets(j.Found); !slices.Equal(got, c.found) {
			t.Errorf("%s: found %v, want %v", name, got, c.found)
		}
		if got := offsets(j.Open()); !slices.Equal(got, c.open) {
			t.Errorf("%s: open %v, want %v", name, got, c.open)
		}
	}
}
