package kafka

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/internal/kit"
)

// A reading of the state topic that goes on where it has ended finds what one from its start
// does, whatever lies in between: transactions that were committed, aborted, or are open,
// tombstones, records without a transaction, partitions that were added.
func TestBrokerLedger(t *testing.T) {
	t.Parallel()
	o := options(t)
	o.StatePartitions = 2
	cl, err := o.client()
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	adm := kadm.NewClient(cl)
	state, err := o.ensureState(t.Context(), adm)
	if err != nil {
		t.Fatal(err)
	}
	keys := []string{"a", "b", "c", "d", "e"}
	rng := rand.New(rand.NewPCG(1, 2))
	o.Together = new(Together)
	_, done, err := o.looker()
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	seq := 0
	record := func() *kgo.Record {
		seq++
		r := &kgo.Record{Topic: o.StateTopic, Key: []byte(keys[rng.IntN(len(keys))])}
		if rng.IntN(6) > 0 {
			r.Value, _ = json.Marshal(Order{int64(seq), state.partitions}) // it can be marshalled
		}
		return r
	}
	var open []*kgo.Client
	defer func() {
		for _, c := range open {
			c.Close()
		}
	}()
	for round := range 40 {
		var c *kgo.Client
		switch kind := rng.IntN(6); {
		case kind == 0: // an operator's repair
			if err := cl.ProduceSync(t.Context(), record()).FirstErr(); err != nil {
				t.Fatal(err)
			}
		case kind == 1 && len(open) > 0: // an open transaction ends
			c, open = open[0], open[1:]
			fallthrough
		default:
			if c == nil {
				if c, err = o.transactionalAs(kit.Name("txn")); err != nil {
					t.Fatal(err)
				}
				if err := c.BeginTransaction(); err != nil {
					t.Fatal(err)
				}
			}
			for range 1 + rng.IntN(3) {
				if err := errors.Join(c.ProduceSync(t.Context(), record()).FirstErr(), flush(t.Context(), c)); err != nil {
					t.Fatal(err)
				}
			}
			if rng.IntN(4) == 0 {
				open = append(open, c)
				break
			}
			if err := c.EndTransaction(t.Context(), kgo.TransactionEndTry(rng.IntN(3) > 0)); err != nil {
				t.Fatal(err)
			}
			c.Close()
		}
		if round == 20 {
			if r, err := adm.UpdatePartitions(t.Context(), 3, o.StateTopic); err != nil || r.Error() != nil {
				t.Fatal(err, r.Error())
			}
			kit.Eventually(t, "the new partition", func() bool {
				state, err = describe(t.Context(), adm, o.StateTopic)
				return err == nil && state.partitions == 3
			})
		}
		for _, key := range keys {
			// Kafka answers the end of a transaction before its markers are written: two readings
			// may differ for that while.
			var got, want string
			kit.Eventually(t, fmt.Sprintf("round %d, key %s: the same from both readings", round, key), func() bool {
				from, err := o.latest(t.Context(), cl, state.partitions, 0, key)
				if err != nil {
					t.Fatal(err)
				}
				on, err := o.Together.book().latest(t.Context(), state, key)
				if err != nil {
					t.Fatal(err)
				}
				if got, want = show(on[0]), show(from[0]); got != want {
					t.Logf("round %d, key %s: the reading that goes on finds %s, one from the start %s", round, key, got, want)
				}
				return got == want
			})
		}
	}
}

func show(e *entry) string {
	if e == nil {
		return "nothing"
	}
	return fmt.Sprintf("%s at %d/%d", e.value, e.partition, e.offset)
}

// An answer is never older than its question: what comes while a request is on its way waits
// for the next one, in which all that have come meanwhile are.
func TestGather(t *testing.T) {
	var g gather[string]
	var mu sync.Mutex
	var rounds [][]string
	begun, goOn := make(chan struct{}), make(chan struct{})
	do := func(_ context.Context, topics []string) map[string]said[string] {
		slices.Sort(topics)
		mu.Lock()
		rounds = append(rounds, topics)
		n := len(rounds)
		mu.Unlock()
		begun <- struct{}{}
		<-goOn
		all := make(map[string]said[string])
		for _, topic := range topics {
			all[topic] = said[string]{value: fmt.Sprint(topic, n)}
		}
		return all
	}
	answers := make(chan string, 10)
	ask := func(topic string) {
		s, err := g.ask(t.Context(), topic, do)
		if err != nil {
			t.Error(err)
		}
		answers <- s
	}
	go ask("a")
	<-begun
	for _, topic := range []string{"a", "b", "c", "b"} {
		go ask(topic)
	}
	kit.Eventually(t, "the questions", func() bool {
		g.mu.Lock()
		defer g.mu.Unlock()
		return g.next != nil && g.next.waiting == 4
	})
	goOn <- struct{}{}
	<-begun
	goOn <- struct{}{}
	got := map[string]int{}
	for range 5 {
		got[<-answers]++
	}
	if want := map[string]int{"a1": 1, "a2": 1, "b2": 2, "c2": 1}; !maps.Equal(got, want) || len(rounds) != 2 {
		t.Errorf("got %v in %v, want %v", got, rounds, want)
	}

	// A request that nobody waits for any more is given up, and the next one is made anew.
	ctx, cancel := context.WithCancel(t.Context())
	given := make(chan struct{})
	failed := make(chan error)
	go func() {
		_, err := g.ask(ctx, "d", func(ctx context.Context, topics []string) map[string]said[string] {
			close(given)
			<-ctx.Done()
			return of[string](topics, ctx.Err())
		})
		failed <- err
	}()
	<-given
	cancel()
	if err := <-failed; err == nil || !strings.Contains(err.Error(), "canceled") {
		t.Errorf("got %v", err)
	}
	kit.Eventually(t, "the end of the requests", func() bool {
		g.mu.Lock()
		defer g.mu.Unlock()
		return !g.asking
	})
	go ask("e")
	<-begun
	goOn <- struct{}{}
	if s := <-answers; !strings.HasPrefix(s, "e") {
		t.Errorf("got %s", s)
	}
}
