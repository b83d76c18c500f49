package stream

import (
	"testing"

	"tidemark/connector/internal/kit/sim"
)

// A topic that is put back has what was compacted for a record that is no longer there: a
// copy, or a broker that lags, never had that one.
func TestSimPutBackAfterCompaction(t *testing.T) {
	l := &sim.Log{}
	l.Reset(sim.Traits{Partitions: 1})
	epoch := l.Fence(false)
	for body := byte('a'); body <= 'c'; body++ {
		n, _ := l.Begin(epoch)
		l.Append(n, 0, 1, []byte{body})
		l.End(n, true)
	}
	shown := func() (bodies string) {
		err := l.Scan(nil, l.Ends(), func(_ int32, _ int64, _ int32, body []byte) error {
			bodies += string(body[:1])
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return bodies
	}
	l.Compact()
	if got := shown(); got != "c" {
		t.Errorf("compacted, the topic has %q", got)
	}
	l.Happen(sim.Event{Kind: sim.PutBack, B: 3}) // before the third, and the markers of the first two
	if got := shown(); got != "b" {
		t.Errorf("put back before the third record, the topic has %q", got)
	}
}
