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
				w.err = w.look(ctx)
				return
			case <-tick.C:
				w.err = w.look(ctx)
			}
		}
	}()
	return w
}

func (w *watcher) look(ctx context.Context) error {
	end, err := stable(ctx, w.cl, w.topic)
	if err != nil {
		return err
	}
	if n := len(w.samples); n == 0 && end > 0 || n > 0 && end > w.samples[n-1].end {
		w.samples = append(w.samples, sample{time.Now(), end})
	}
	return nil
}

// finish looks for the last time.
func (w *watcher) finish() ([]sample, error) {
	close(w.stop)
	<-w.done
	return w.samples, w.err
}

// stable is the topic's last stable offset.
func stable(ctx context.Context, cl *kgo.Client, topic string) (int64, error) {
	part := kmsg.NewListOffsetsRequestTopicPartition()
	part.Timestamp = -1 // the end
	t := kmsg.NewListOffsetsRequestTopic()
	t.Topic, t.Partitions = topic, []kmsg.ListOffsetsRequestTopicPartition{part}
	req := kmsg.NewPtrListOffsetsRequest()
	req.ReplicaID, req.IsolationLevel, req.Topics = -1, 1, []kmsg.ListOffsetsRequestTopic{t}
	resp, err := req.RequestWith(ctx, cl)
	if err == nil && (len(resp.Topics) != 1 || len(resp.Topics[0].Partitions) != 1) {
		err = fmt.Errorf("an answer for %d topics", len(resp.Topics))
	}
	if err == nil {
		err = kerr.ErrorForCode(resp.Topics[0].Partitions[0].ErrorCode)
	}
	if err != nil {
		return 0, fmt.Errorf("asking for the last stable offset of topic %s: %w", topic, err)
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
