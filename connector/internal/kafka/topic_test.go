package kafka

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/internal/kit"
	"tidemark/strategies"
)

// What a cursor says of its topic is held against what is found; a cursor of an older
// version says less, and what it doesn't say proves nothing.
func TestLost(t *testing.T) {
	topic := func(starts, ends []int64) strategies.Cursor {
		return strategies.Cursor{Version: 1, Topic: &strategies.Topic{ID: "a", Partitions: 2, Starts: starts, Ends: ends}}
	}
	old := strategies.Cursor{Version: 1, Mark: "m", ReadBack: &strategies.ReadBack{TopicID: "a", Offsets: []int64{3, 5}}}
	met := topic(nil, nil)
	met.Topic.Lost = "met it"
	found := Found{ID: "a", Starts: []int64{0, 2}, Ends: []int64{10, 10}}
	forgets := found
	forgets.Forgets = true
	other := found
	other.ID = "b"
	nameless := found
	nameless.ID = noID
	receded := found
	receded.Receded = "receded"
	for name, c := range map[string]struct {
		c    strategies.Cursor
		f    Found
		want string
	}{
		"nothing stored":                  {strategies.Cursor{}, other, ""},
		"as it was":                       {topic([]int64{0, 2}, []int64{10, 9}), found, ""},
		"made anew":                       {topic([]int64{0, 2}, []int64{0, 0}), other, "made anew"},
		"no ids":                          {topic([]int64{0, 2}, []int64{10, 9}), nameless, ""},
		"shorter":                         {topic([]int64{0, 2}, []int64{10, 11}), found, "partition 1 ended at offset 11"},
		"fewer partitions":                {topic(nil, []int64{1, 1, 1}), found, "had 3 partitions"},
		"more partitions":                 {topic([]int64{0}, []int64{10}), found, ""},
		"trimmed":                         {topic([]int64{0, 1}, []int64{10, 10}), found, "partition 1 began at offset 1"},
		"trimmed by its policy":           {topic([]int64{0, 1}, []int64{10, 10}), forgets, ""},
		"deleted":                         {topic(nil, nil), Found{Missing: true}, "deleted"},
		"made by another worker":          {topic(nil, []int64{10, 10}), Found{ID: "a", Missing: true, Starts: []int64{0, 0}, Ends: []int64{10, 10}}, ""},
		"deleted before the first record": {strategies.Cursor{Version: 1}, Found{Missing: true}, ""},
		"old, as it was":                  {old, found, ""},
		"old, made anew":                  {old, other, "made anew"},
		"old, shorter":                    {old, Found{ID: "a", Starts: []int64{0, 0}, Ends: []int64{10, 4}}, "ends at 4"},
		"old, trimmed":                    {old, Found{ID: "a", Starts: []int64{4, 0}, Ends: []int64{10, 10}}, "begins at 4"},
		"old, deleted":                    {strategies.Cursor{Version: 1, Mark: "m"}, Found{Missing: true}, "deleted"},
		"met in a transaction":            {met, found, "met it"},
		"met by this process":             {topic(nil, nil), receded, "receded"},
	} {
		if got := Lost(c.c, c.f); (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	if !Trimmed(old, Found{ID: "a", Forgets: true, Starts: []int64{4, 0}}) || Trimmed(old, Found{ID: "a", Forgets: true, Starts: []int64{3, 5}}) ||
		Trimmed(old, Found{ID: "a", Starts: []int64{4, 0}}) || Trimmed(old, Found{ID: "b", Forgets: true, Starts: []int64{4, 0}}) {
		t.Error("a window that retention has reached is not told from one that it has not")
	}
}

func TestSpread(t *testing.T) {
	six := Found{ID: "a", Ends: make([]int64, 6)}
	rb := &strategies.ReadBack{TopicID: "a", Offsets: make([]int64, 2)}
	for name, c := range map[string]struct {
		c    strategies.Cursor
		want int
	}{
		"new":               {strategies.Cursor{}, 6},
		"stored":            {strategies.Cursor{Topic: &strategies.Topic{ID: "a", Partitions: 2}}, 2},
		"of another topic":  {strategies.Cursor{Topic: &strategies.Topic{ID: "b", Partitions: 2}, ReadBack: rb}, 6},
		"an older cursor":   {strategies.Cursor{ReadBack: rb}, 2},
		"fewer than stored": {strategies.Cursor{Topic: &strategies.Topic{ID: "a", Partitions: 9}}, 6},
	} {
		if got := Spread(c.c, six); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}

// A transaction whose records come to stand before those that were written is the last one
// of its sink, and the cursor in it says so to whoever opens the stream next.
func TestBrokerReceded(t *testing.T) {
	o := options(t)
	s := newSink(t, o)
	c := open(t, s)
	c, err := s.Commit(t.Context(), records("a", 20), c)
	if err != nil {
		t.Fatal(err)
	}
	s.ends[1] += 1000 // as if the log had been put back
	_, err = s.Commit(t.Context(), records("b", 20), c)
	var failed *CommitError
	if !errors.As(err, &failed) || failed.Outcome != Unknown || failed.Permanent {
		t.Fatalf("got %v", err)
	}
	next := newSink(t, o)
	c, err = next.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if lost := Lost(c, next.Found()); !strings.Contains(lost, "partition 1") {
		t.Errorf("the next open finds %q", lost)
	}
	if c, err = next.Commit(t.Context(), nil, c.Forget()); err != nil {
		t.Fatal(err)
	}
	if c.Topic.Lost != "" || Lost(c, next.Found()) != "" {
		t.Errorf("behind the claim: %+v", c.Topic)
	}
	wantKeys(t, o, records("a", 20), records("b", 20))

	// The same sink goes on, once the loss is healed, and not before.
	next.ends[2] += 1000
	if _, err = next.Commit(t.Context(), records("c", 20), c); !errors.As(err, &failed) {
		t.Fatalf("got %v", err)
	}
	for range 2 { // a claim may fail, too
		if c, err = next.Open(t.Context()); err != nil || Lost(c, next.Found()) == "" {
			t.Fatalf("opened again: %v, and the topic has lost %q", err, Lost(c, next.Found()))
		}
	}
	if c, err = next.Commit(t.Context(), nil, c.Forget()); err != nil || c.Topic.Lost != "" {
		t.Fatalf("the claim behind the loss: %v, %+v", err, c.Topic)
	}
	if _, err = next.Commit(t.Context(), records("d", 20), c); err != nil {
		t.Error(err)
	}
	if c, err = next.Open(t.Context()); err != nil || Lost(c, next.Found()) != "" {
		t.Errorf("opened at last: %v, and the topic has lost %q", err, Lost(c, next.Found()))
	}
}

// A topic that is made anew between being looked up and being measured is known by its new
// id, so that its loss is found once (the simulation found it twice).
func TestBrokerMadeAnewWhileOpening(t *testing.T) {
	o := options(t)
	s := newSink(t, o)
	c, err := s.Commit(t.Context(), records("a", 20), open(t, s))
	if err != nil {
		t.Fatal(err)
	}
	reader, err := o.client()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(reader.Close)
	adm := kadm.NewClient(reader)
	other := newSink(t, o)
	if err := other.output(t.Context(), reader, adm, c); err != nil {
		t.Fatal(err)
	}
	operator, err := o.client()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(operator.Close)
	remake(t, kadm.NewClient(operator), o.Topic)
	if err := other.begin(t.Context(), reader, c); err != nil {
		t.Fatal(err)
	}
	if lost := Lost(c, other.Found()); !strings.Contains(lost, "made anew") || other.TopicID() == c.Topic.ID || other.Found().ID != other.TopicID() {
		t.Errorf("found %q in %+v", lost, other.Found())
	}
}

// A topic that is made anew between a stream's opening and its first records gets none of them: it
// would have them in the partitions of the one that was looked at (P4).
func TestBrokerMadeAnewBehindOpening(t *testing.T) {
	o := options(t)
	s := newSink(t, o)
	c := open(t, s)
	operator, err := o.client()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(operator.Close)
	remake(t, kadm.NewClient(operator), o.Topic)
	var failed *CommitError
	if _, err := s.Commit(t.Context(), records("a", 20), c); !errors.As(err, &failed) || failed.Outcome != NotWritten || failed.Permanent {
		t.Fatalf("got %v", err)
	}
	if c, err = s.Open(t.Context()); err != nil || !strings.Contains(Lost(c, s.Found()), "made anew") {
		t.Fatalf("opened again: %v, and the topic has lost %q", err, Lost(c, s.Found()))
	}
	if c, err = s.Commit(t.Context(), nil, c.Forget()); err != nil {
		t.Fatal(err)
	}
	if _, err = s.Commit(t.Context(), records("b", 20), c); err != nil {
		t.Fatal(err)
	}
	wantKeys(t, o, records("b", 20))
}

// remake deletes a topic and makes it again, and waits until the broker has let the old one go: until then it takes records into that.
func remake(t *testing.T, adm *kadm.Client, topic string) {
	t.Helper()
	if _, err := adm.DeleteTopic(t.Context(), topic); err != nil {
		t.Fatal(err)
	}
	var made kadm.CreateTopicResponse
	kit.Eventually(t, "the topic to be made anew", func() (ok bool) {
		var err error
		if made, err = adm.CreateTopic(t.Context(), 3, -1, nil, topic); err != nil && !errors.Is(err, kerr.TopicAlreadyExists) {
			t.Fatal(err)
		}
		return err == nil
	})
	kit.Eventually(t, "the new topic has leaders, and nothing in it", func() bool {
		if now, err := describe(t.Context(), adm, topic); err != nil || now.id != made.ID.String() {
			return false
		}
		ends, err := adm.ListEndOffsets(t.Context(), topic)
		if err != nil || ends.Error() != nil || len(ends[topic]) != 3 {
			return false
		}
		for _, end := range ends[topic] {
			if end.Offset > 0 {
				return false
			}
		}
		return true
	})
}

// The offsets in the cursor are those that its own records reach, and never more.
func TestBrokerEvidence(t *testing.T) {
	o := options(t)
	s := newSink(t, o)
	c := open(t, s)
	for i := range 5 {
		var err error
		if c, err = s.Commit(t.Context(), records("k", 7*i), c); err != nil {
			t.Fatal(err)
		}
		other := newSink(t, o) // it looks, and fences nobody
		reader, err := o.client()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(reader.Close)
		other.data = s.data
		other.found.ID = s.data.id
		lost := ""
		for range 100 { // it fences nobody, so the markers may still be on their way
			if err := other.span(t.Context(), reader); err != nil {
				t.Fatal(err)
			}
			if lost = Lost(c, other.Found()); lost == "" {
				break
			}
			time.Sleep(50 * time.Millisecond)
		}
		if lost != "" {
			t.Errorf("transaction %d: %s", i, lost)
		}
		for p, end := range other.Found().Ends {
			if end > c.Topic.Ends[p] {
				t.Errorf("transaction %d: partition %d ends at %d, the cursor knows of %d", i, p, end, c.Topic.Ends[p])
			}
		}
	}
}

// A key stays in its partition when the topic gets more of them, whatever the producer learns.
func TestBrokerKeysStay(t *testing.T) {
	o := options(t)
	o.Partitions = 2
	o.Client = []kgo.Opt{kgo.MetadataMinAge(10e6), kgo.MetadataMaxAge(50e6)}
	s := newSink(t, o)
	c := open(t, s)
	cl, err := o.client()
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	commit := func() {
		t.Helper()
		if c, err = s.Commit(t.Context(), records("k", 30), c); err != nil {
			t.Fatal(err)
		}
	}
	commit()
	if _, err := kadm.NewClient(cl).UpdatePartitions(t.Context(), 6, o.Topic); err != nil {
		t.Fatal(err)
	}
	s.client.ForceMetadataRefresh()
	for range 20 {
		commit()
	}
	s = newSink(t, o)
	for len(s.found.Ends) != 6 {
		if c, err = s.Open(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if s.Spread() != 2 {
		t.Errorf("the keys are spread over %d partitions", s.Spread())
	}
	commit()
	var used []int32
	if err := o.Read(t.Context(), func(r *kgo.Record) error {
		if !slices.Contains(used, r.Partition) {
			used = append(used, r.Partition)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if slices.Sort(used); !slices.Equal(used, []int32{0, 1}) {
		t.Errorf("records lie in partitions %v", used)
	}
}
