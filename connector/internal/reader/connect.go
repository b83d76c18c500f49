package reader

import (
	"context"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/internal/class"
)

// patience bounds the waiting for a broker that does not answer.
const patience = 5 * time.Second

// Connect returns a read_committed client after a broker has answered, or an error of
// class Broker within some seconds. It consumes nothing yet.
func Connect(ctx context.Context, brokers []string, opts ...kgo.Opt) (*kgo.Client, error) {
	cl, err := kgo.NewClient(append([]kgo.Opt{
		kgo.SeedBrokers(brokers...),
		kgo.ClientID("tidemark-reader"),
		kgo.DialTimeout(patience),
		kgo.RetryTimeout(2 * patience),
		kgo.MetadataMinAge(100 * time.Millisecond),
		kgo.DisableClientMetrics(), // the last push of them takes a second if the broker is gone
		// A partition whose offset is known a moment after the others waits for their
		// fetch to come back.
		kgo.FetchMaxWait(500 * time.Millisecond),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.KeepControlRecords(), // the last offset of a transaction is a marker's
	}, opts...)...)
	if err != nil {
		return nil, class.Errorf(class.Config, "configuring the Kafka client: %w", err)
	}
	ping, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := cl.Ping(ping); err != nil {
		cl.Close()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, class.Errorf(class.Broker, "connecting to Kafka at %s: %w (is it running, and is --brokers right?)", strings.Join(brokers, ","), err)
	}
	return cl, nil
}
