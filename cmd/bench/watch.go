package main

import (
	"context"
	"fmt"
	"sort"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// watchEvery is how often the broker is asked, and so how exact a run's time is.
const watchEvery = 5 * time.Millisecond

// watcher writes down how far a read_committed consumer can read, and since when: the
// topic's last stable offset. That costs the machine next to nothing, where a
// consumer that reads along would take its share from what is measured. The records
// are read and counted when the run is over; see count.
type watcher struct {
	cl      *kgo.Client
	topic   string
	samples []sample
	stop    chan struct{}
	done    chan struct{}
	err     error
}

// sample says that offsets below end were visible at a time, and not at the sample before.
type sample struct {
	at  time.Time
	end int64
}

func watch(ctx context.Context, cl *kgo.Client, topic string) *watcher {
	w := &watcher{cl: cl, topic: topic, stop: make(chan struct{}), done: make(chan struct{})}
	go func() {
		defer close(w.done)
		tick := time.NewTicker(watchEvery)
		defer tick.Stop()
		for w.err == nil {
			select {
			case <-w.stop:
				w.err = w.settle(ctx, tick.C)
				return
			case <-tick.C:
				w.err = w.look(ctx)
			}
		}
	}()
	return w
}

func (w *watcher) look(ctx context.Context) error {
	end, err := endOf(ctx, w.cl, w.topic, readCommitted)
	if err != nil {
		return err
	}
	if n := len(w.samples); n == 0 && end > 0 || n > 0 && end > w.samples[n-1].end {
		w.samples = append(w.samples, sample{time.Now(), end})
	}
	return nil
}

// settle looks until all there is can be read. Kafka writes a transaction's marker when
// its end has been acknowledged already, so what is written last is not visible at once.
func (w *watcher) settle(ctx context.Context, tick <-chan time.Time) error {
	limit := time.Now().Add(settlePatience)
	for {
		all, err := endOf(ctx, w.cl, w.topic, readUncommitted)
		if err == nil {
			err = w.look(ctx)
		}
		n := len(w.samples)
		if err != nil || all == 0 || n > 0 && w.samples[n-1].end >= all {
			return err
		}
		if time.Now().After(limit) {
			return fmt.Errorf("the end of topic %s has not become visible within %v", w.topic, settlePatience)
		}
		<-tick
	}
}

// settlePatience is longer than an abandoned transaction lasts.
const settlePatience = time.Minute

// finish waits until all that was written is visible.
func (w *watcher) finish() ([]sample, error) {
	close(w.stop)
	<-w.done
	return w.samples, w.err
}

// The isolation levels of the protocol.
const (
	readUncommitted int8 = iota
	readCommitted
)

// endOf is how far a consumer can read: for a read_committed one the last stable offset,
// for another one the high watermark.
func endOf(ctx context.Context, cl *kgo.Client, topic string, isolation int8) (int64, error) {
	part := kmsg.NewListOffsetsRequestTopicPartition()
	part.Timestamp = -1 // the end
	t := kmsg.NewListOffsetsRequestTopic()
	t.Topic, t.Partitions = topic, []kmsg.ListOffsetsRequestTopicPartition{part}
	req := kmsg.NewPtrListOffsetsRequest()
	req.ReplicaID, req.IsolationLevel, req.Topics = -1, isolation, []kmsg.ListOffsetsRequestTopic{t}
	resp, err := req.RequestWith(ctx, cl)
	if err == nil && (len(resp.Topics) != 1 || len(resp.Topics[0].Partitions) != 1) {
		err = fmt.Errorf("an answer for %d topics", len(resp.Topics))
	}
	if err == nil {
		err = kerr.ErrorForCode(resp.Topics[0].Partitions[0].ErrorCode)
	}
	if err != nil {
		return 0, fmt.Errorf("asking for the end of topic %s: %w", topic, err)
	}
	return resp.Topics[0].Partitions[0].Offset, nil
}

// visible is when the record at offset could be read first.
func visible(samples []sample, offset int64) (time.Time, bool) {
	i := sort.Search(len(samples), func(i int) bool { return samples[i].end > offset })
	if i == len(samples) {
		return time.Time{}, false
	}
	return samples[i].at, true
}
