package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"

	"tidemark/connector/playground"
	"tidemark/strategies"
)

// killsEnv is how often TestKills kills; the test runs only where it is set, with a real
// broker and registry named as for the broker suite, because it takes minutes.
const killsEnv = "TIDEMARK_TEST_KILLS"

// TestKills loads 200,000 users, a page of 50 each 20 ms, and kills the loading process at
// random moments. It shows that kill -9 loses nothing (P2), repeats nothing (P3) and
// tears no transaction (P1) for one worker on a broker that stays up. It does not show
// what a broker's own death does, or a machine's.
func TestKills(t *testing.T) {
	const brokersEnv, registryEnv = "TIDEMARK_TEST_BROKERS", "TIDEMARK_TEST_REGISTRY"
	kills, err := strconv.Atoi(os.Getenv(killsEnv))
	if err != nil || os.Getenv(brokersEnv) == "" || os.Getenv(registryEnv) == "" {
		t.Skipf("takes minutes and a real broker: set %s to a number, %s and %s", killsEnv, brokersEnv, registryEnv)
	}
	if !strings.HasPrefix(os.Getenv(brokersEnv), "127.") {
		t.Fatalf("%s is not on loopback", brokersEnv)
	}
	users := 1000 * kills
	w := &world{t: t, brokers: os.Getenv(brokersEnv), registry: os.Getenv(registryEnv)}
	w.play, w.api = serve(t, playground.Options{Users: users, Seed: 9, Delay: 20 * time.Millisecond})
	topic := fmt.Sprintf("kills-%d", time.Now().UnixNano())
	config := w.seed(strategies.Keyset, `"name": "`+topic+`"`)
	run := args("run", "-c", config, "--once", w.servers())

	cl := client(t, w.brokers)
	defer cl.Close()
	adm := kadm.NewClient(cl)
	visible := func() int64 { // what a read_committed consumer can reach
		ends, err := adm.ListCommittedOffsets(context.Background(), topic)
		if err != nil || ends.Error() != nil {
			return 0
		}
		o, _ := ends.Lookup(topic, 0)
		return o.Offset
	}
	var first []time.Duration // from a start to the first row that it makes visible
	early := 0
	for range kills {
		before, began := visible(), time.Now()
		p := start(t, run...)
		life := 100*time.Millisecond + time.Duration(rand.Int64N(int64(500*time.Millisecond)))
		seen := false
		for time.Since(began) < life {
			if !seen && visible() > before+1 { // the first is the marker of a transaction aborted
				first, seen = append(first, time.Since(began)), true
			}
			time.Sleep(2 * time.Millisecond)
		}
		if !seen {
			early++
		}
		p.killed()
	}
	done := visible()
	start(t, run...).awaitsEnd(10 * time.Minute)
	slices.Sort(first)
	if len(first) > 0 {
		t.Logf("%d kills, %d of them before a first row; start to first visible row: median %v, greatest %v; %d of %d offsets used when the kills were over",
			kills, early, first[len(first)/2].Round(time.Millisecond), first[len(first)-1].Round(time.Millisecond), done, visible())
	}
	eventually(t, "the last transaction's markers", func() bool {
		ends, err := adm.ListEndOffsets(context.Background(), topic)
		if err != nil {
			return false
		}
		o, _ := ends.Lookup(topic, 0)
		return o.Offset == visible()
	})
	records := read(t, w.brokers, topic)
	if n := len(keys(records)); n != users || len(records) != users {
		t.Errorf("%d records with %d distinct keys for %d users", len(records), n, users)
	}
}

// awaitsEnd waits longer than exits does, and wants exit code 0.
func (p *process) awaitsEnd(limit time.Duration) {
	p.t.Helper()
	select {
	case <-p.done:
		p.exits(0)
	case <-time.After(limit):
		p.t.Fatalf("tidemark %s has not ended after %v: %s", p.args, limit, p.err.String())
	}
}
