package main

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"

	"tidemark/connector/playground"
	"tidemark/strategies"
)

// state repartition says what it did, and exits 2 where there is nothing to do, or no such
// stream.
func TestStateRepartition(t *testing.T) {
	t.Parallel()
	w := newWorld(t, playground.Options{Users: 80})
	config := w.seed(strategies.Keyset)
	repartition := func(code int, more ...string) *process {
		t.Helper()
		return start(t, args("state", "repartition", "-c", config, w.servers(), more)...).exits(code)
	}
	w.once(config)
	has(t, "nothing to do", repartition(2).err.String(), "nothing to move")
	has(t, "no such stream", repartition(2, "--stream", "nobody").err.String(), `no stream "nobody"`)
	cl := client(t, w.brokers)
	defer cl.Close()
	if _, err := kadm.NewClient(cl).UpdatePartitions(brief(t), 4, "user"); err != nil {
		t.Fatal(err)
	}
	has(t, "the move", repartition(0, "--stream", "user").out.String(), "over 4 partitions, and were over 1")
	has(t, "a second one", repartition(2).err.String(), "nothing to move")
	w.once(config)
	live := map[string]int{}
	for _, r := range read(t, w.brokers, "user") {
		if r.Value != nil {
			live[string(r.Key)]++
		} else {
			live[string(r.Key)]--
		}
	}
	for key, n := range live {
		if n != 1 {
			t.Errorf("user %s has %d rows more than tombstones", key, n)
		}
	}
	if len(live) != 80 {
		t.Errorf("%d users of 80", len(live))
	}
}
