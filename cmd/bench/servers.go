package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector"
)

// The places a broker can be at.
const (
	embedded = "embedded" // tidemark's own broker, in the process that writes to it
	outside  = "outside"  // the same broker in another process
	kafka    = "kafka"    // the broker that --brokers names
)

// brokerAt is a broker and a registry, or a directory to start the embedded ones in.
type brokerAt struct {
	Dir      string   `json:"dir,omitempty"` // embedded: where they keep their data
	Brokers  []string `json:"brokers,omitempty"`
	Registry string   `json:"registry,omitempty"`

	local *connector.Local
}

// open starts the embedded broker where there is to be one.
func (b *brokerAt) open(ctx context.Context) error {
	if b.Dir == "" {
		return nil
	}
	local, err := connector.StartLocal(ctx, connector.LocalOptions{Dir: b.Dir})
	if err != nil {
		return fmt.Errorf("starting the embedded broker: %w", err)
	}
	b.local, b.Brokers = local, local.Brokers()
	if b.Registry == "" {
		b.Registry = local.RegistryURL()
	}
	return nil
}

func (b *brokerAt) shut() error {
	if b.local == nil {
		return nil
	}
	return b.local.Close()
}

// brokerPart is the embedded broker and registry by themselves.
type brokerPart struct{ brokerAt }

func (b *brokerPart) prepare(ctx context.Context) (any, error) { return &b.brokerAt, b.open(ctx) }
func (b *brokerPart) run(context.Context) (any, error) {
	return nil, errors.New("the broker only serves")
}
func (b *brokerPart) close() error { return b.shut() }

// place readies the broker for one run. What it returns as end takes all away again.
func (b *bench) place(ctx context.Context, where string) (at brokerAt, end func() error, err error) {
	if where == kafka {
		return brokerAt{Brokers: b.brokers, Registry: b.registry}, func() error { return nil }, nil
	}
	dir, err := os.MkdirTemp(b.dir, "broker-")
	if err != nil {
		return at, nil, fmt.Errorf("making a directory for the broker: %w", err)
	}
	clean := func() error { return os.RemoveAll(dir) }
	if where == embedded {
		return brokerAt{Dir: dir}, clean, nil
	}
	c, err := startChild(ctx, partBroker, &brokerPart{brokerAt{Dir: dir}}, profiles{}, &at)
	if err != nil {
		return at, nil, errors.Join(err, clean())
	}
	at.Dir = ""
	return at, func() error { return errors.Join(c.stop(), clean()) }, nil
}

// topics are a run's own, so that each begins with empty ones.
type topics struct{ data, state string }

// makeTopics creates the topics before the run, so that no run waits for that. The data
// topic is not compacted, which it would be in real use: compaction would take away
// the records that a run has written twice.
func makeTopics(ctx context.Context, cl *kgo.Client, t topics) error {
	adm := kadm.NewClient(cl)
	policy := func(p string) map[string]*string { return map[string]*string{"cleanup.policy": &p} }
	if _, err := adm.CreateTopic(ctx, 1, -1, policy("delete"), t.data); err != nil {
		return fmt.Errorf("creating topic %s: %w", t.data, err)
	}
	if _, err := adm.CreateTopic(ctx, 16, -1, policy("compact"), t.state); err != nil {
		return fmt.Errorf("creating topic %s: %w", t.state, err)
	}
	// A new topic takes a moment to get its leaders.
	for wait := 5 * time.Millisecond; ; wait *= 2 {
		ends, err := adm.ListCommittedOffsets(ctx, t.data, t.state)
		if err == nil {
			err = ends.Error()
		}
		if err == nil || wait > 3*time.Second {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
}

func dropTopics(ctx context.Context, cl *kgo.Client, t topics) error {
	if _, err := kadm.NewClient(cl).DeleteTopics(ctx, t.data, t.state); err != nil {
		return fmt.Errorf("deleting the topics of a run: %w", err)
	}
	return nil
}

// drop deletes topics that a worker has made.
func (b *bench) drop(ctx context.Context, brokers []string, names ...string) error {
	cl, err := kgo.NewClient(kgo.SeedBrokers(brokers...), kgo.DisableClientMetrics())
	if err != nil {
		return fmt.Errorf("making a client: %w", err)
	}
	defer cl.Close()
	if _, err := kadm.NewClient(cl).DeleteTopics(ctx, names...); err != nil {
		return fmt.Errorf("deleting the topics of a worker: %w", err)
	}
	return nil
}

// stored is how many bytes the topic takes on the broker's disk.
func stored(ctx context.Context, cl *kgo.Client, topic string) (int64, error) {
	dirs, err := kadm.NewClient(cl).DescribeAllLogDirs(ctx, kadm.TopicsSet{topic: {0: {}}})
	if err != nil {
		return 0, fmt.Errorf("asking for the size of topic %s: %w", topic, err)
	}
	var size int64
	dirs.Each(func(d kadm.DescribedLogDir) {
		d.Topics.Each(func(p kadm.DescribedLogDirPartition) {
			if p.Topic == topic {
				size += p.Size
			}
		})
	})
	return size, nil
}
