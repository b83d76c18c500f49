package kafka

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/internal/class"
)

// Together is what the sinks of a worker with many streams use together while they open: one
// client to look at the broker with, one reading of the state topic, and one request for
// what several of them ask at the same time. By itself each sink would read the state topic
// from its start, which holds the records of all the others: time that grows with the square
// of the streams. What is kept goes when the last sink that opens is done.
//
// It is safe for concurrent use.
type Together struct {
	topics   gather[topicInfo]
	settings gather[map[string]string]
	starts   gather[map[int32]int64]
	ends     gather[map[int32]int64]
	created  gather[struct{}]
	specs    sync.Map // of the topics that are to be created

	mu     sync.Mutex
	users  int
	client *kgo.Client
	ledger *ledger
}

// looker returns a client to look at the broker with; done must be called behind its use.
func (o Options) looker() (cl *kgo.Client, done func(), err error) {
	t := o.Together
	if t == nil {
		if cl, err = o.client(); err != nil {
			return nil, nil, err
		}
		return cl, cl.Close, nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.users == 0 {
		if t.client, err = o.client(); err != nil {
			return nil, nil, err
		}
		t.ledger = &ledger{o: o, client: t.client}
	}
	t.users++
	return t.client, sync.OnceFunc(t.done), nil
}

func (t *Together) done() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.users--; t.users == 0 {
		t.client.Close()
		t.client, t.ledger = nil, nil
	}
}

// book is the reading of the state topic; the caller uses the client.
func (t *Together) book() *ledger {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.ledger
}

// ledger is the state topic as far as it was read: each reading goes on where the one before
// has ended.
type ledger struct {
	o      Options
	client *kgo.Client
	rounds gather[struct{}]

	mu     sync.Mutex // of what follows
	topic  topicInfo
	notes  *notes
	next   map[int32]int64
	stable map[int32]int64
}

// latest is Options.latest by a reading that has begun behind the call, with all partitions.
func (l *ledger) latest(ctx context.Context, topic topicInfo, keys ...string) ([]*entry, error) {
	if _, err := l.rounds.ask(ctx, l.o.StateTopic, func(ctx context.Context, topics []string) map[string]said[struct{}] {
		return of[struct{}](topics, l.read(ctx, topic))
	}); err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.notes == nil || l.topic != topic {
		return nil, class.Errorf(class.Broker, "reading the state topic %s: it was made anew, or given partitions, meanwhile", l.o.StateTopic)
	}
	last := make([]*entry, len(keys))
	for i, key := range keys {
		home := l.o.home(key, topic.partitions)
		var all []entry
		for p := range int32(topic.partitions) {
			e, ok := l.notes.committed(key, p, l.stable[p])
			switch {
			case !ok:
			case p == home && orderOf(e.value).Partitions == topic.partitions:
				last[i] = &e
			default:
				all = append(all, e)
			}
		}
		if last[i] == nil {
			last[i] = newest(all)
		}
	}
	return last, nil
}

// read reads on, up to where the topic's partitions end now.
func (l *ledger) read(ctx context.Context, topic topicInfo) error {
	// In this order: see lastCommitted.
	stable, err := stables(ctx, l.client, l.o.StateTopic)
	if err != nil {
		return err
	}
	last, err := ends(ctx, l.client, l.o.StateTopic)
	if err != nil {
		return err
	}
	first, err := starts(ctx, l.client, l.o.StateTopic)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	shorter := func(p int32) bool { return last[p] < l.next[p] }
	if l.notes == nil || l.topic != topic || slices.ContainsFunc(slices.Collect(maps.Keys(l.next)), shorter) {
		l.topic, l.notes, l.next = topic, newNotes(), make(map[int32]int64)
	}
	for p := range first {
		first[p] = max(first[p], l.next[p])
	}
	s := span{topic: l.o.StateTopic, first: first, last: last, isolation: kgo.ReadUncommitted(), markers: true}
	if err := l.o.scan(ctx, s, func(r *kgo.Record) error {
		l.notes.take(r)
		return nil
	}); err != nil {
		l.notes = nil // what was read of it may be a part
		return fmt.Errorf("reading the state topic: %w", err)
	}
	l.next, l.stable = last, stable
	return nil
}

// read is latest, by the worker's reading where the state topic has to be read from its start.
func (o Options) read(ctx context.Context, reader *kgo.Client, state topicInfo, from int64, keys ...string) ([]*entry, error) {
	if o.Together == nil || from > 0 {
		return o.latest(ctx, reader, state.partitions, from, keys...)
	}
	return o.Together.book().latest(ctx, state, keys...)
}
