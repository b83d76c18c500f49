package kafka

import (
	"encoding/binary"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"tidemark/connector/internal/kit"
)

// A broker that answers slowly must not pass for a topic without records: the window would
// be rebuilt empty, and everything written again (P3).
func TestScanOfASlowBroker(t *testing.T) {
	defer func(d time.Duration) { quiet = d }(quiet)
	quiet = 30 * time.Millisecond
	slow := 5 * quiet // read here: the broker may sleep on when the test has ended
	cluster := kit.Fake(t)
	o := options(t)
	o.Brokers, o.Partitions = cluster.ListenAddrs(), 1
	s := newSink(t, o)
	c := open(t, s)
	if _, err := s.Commit(t.Context(), records("a", 20), c); err != nil {
		t.Fatal(err)
	}
	var fetches atomic.Int32
	cluster.ControlKey(int16(kmsg.Fetch), func(kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		if fetches.Add(1) <= 6 {
			cluster.SleepControl(func() { time.Sleep(slow) })
		}
		return nil, nil, false
	})
	again := newSink(t, o)
	got := open(t, again)
	if got.Seq != 3 {
		t.Errorf("seq %d after the claim, want 3: the stored cursor was not found", got.Seq)
	}
	n := 0
	if err := again.Scan(t.Context(), nil, func(*kgo.Record) error { n++; return nil }); err != nil {
		t.Fatal(err)
	}
	if n != 20 {
		t.Errorf("%d of 20 records read back", n)
	}
}

// empty tells a partition whose records are gone from one that has some.
func TestBrokerEmpty(t *testing.T) {
	t.Parallel()
	o := options(t)
	o.Partitions = 1
	s := newSink(t, o)
	c := open(t, s)
	if _, err := s.Commit(t.Context(), records("a", 5), c); err != nil {
		t.Fatal(err)
	}
	cl, err := o.client()
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	for _, c := range []struct {
		from, last int64
		want       bool
	}{{0, 5, false}, {4, 6, false}, {5, 6, false}, {6, 6, true}, {6, 7, false}} { // 5 is the marker
		got, err := empty(t.Context(), cl, o.Topic, 0, c.from, c.last, true)
		if err != nil || got != c.want {
			t.Errorf("from %d to %d: %v, %v, want %v", c.from, c.last, got, err, c.want)
		}
	}
}

func TestNoRecords(t *testing.T) {
	batch := func(first int64, count uint32, extra int) string {
		b := make([]byte, 61+extra)
		binary.BigEndian.PutUint64(b, uint64(first))
		binary.BigEndian.PutUint32(b[8:], uint32(len(b)-12))
		b[16] = 2
		binary.BigEndian.PutUint32(b[57:], count)
		return string(b)
	}
	for name, c := range map[string]struct {
		batches string
		want    bool
	}{
		"nothing":                          {"", true},
		"an emptied batch":                 {batch(3, 0, 0), true},
		"a batch with records":             {batch(3, 2, 40), false},
		"records behind emptied batches":   {batch(3, 0, 0) + batch(5, 0, 0) + batch(7, 1, 9), false},
		"records behind the end":           {batch(3, 0, 0) + batch(10, 4, 99), true},
		"a batch cut within its header":    {batch(3, 0, 0) + batch(5, 1, 9)[:30], false},
		"a batch of another format":        {strings.Repeat("\x00", 70), false},
		"a length that leads out of bytes": {"\x00\x00\x00\x00\x00\x00\x00\x01\x7f\xff\xff\xff" + batch(3, 0, 0)[12:], false},
	} {
		if got := noRecords([]byte(c.batches), 10); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
