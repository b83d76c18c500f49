package kafka

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/internal/class"
	"tidemark/connector/internal/trust"
	"tidemark/strategies"
)

// Options say which stream a Sink serves and where.
type Options struct {
	Brokers         []string
	Stream          string // the key of its cursor
	Topic           string // where its records go
	StateTopic      string
	StatePartitions int               // of a state topic that is created
	Partitions      int               // of a data topic that is created
	TopicConfig     map[string]string // settings of the output topic where it is created, beside or in place of those of dataConfig
	Replication     int               // of topics that are created; -1: the broker's default
	Compression     string            // lz4, zstd, snappy, gzip, none
	IDPrefix        string            // of the transactional id
	TxnTimeout      time.Duration
	Back            time.Duration // how far behind its mark the stream reads again
	Logger          *slog.Logger
	// Shared says that others may write into the output topic too. Otherwise what somebody
	// else has written there is an error.
	Shared bool
	// Claim takes the output topic as it stands, whatever others have written into it and
	// whichever stream it belonged to.
	Claim bool
	// Fits refuses a stored cursor that the stream's configuration does not go with, before
	// anybody is fenced and before the output topic is made (rule 19). It may be nil.
	Fits func(strategies.Cursor) error
	// Agrees refuses a stored cursor that does not go with what was found of the output topic,
	// before anybody is fenced. It may be nil.
	Agrees func(strategies.Cursor, Found) error
	// FailOnLoss makes Open refuse a topic that lost records, where they would be read again
	// otherwise.
	FailOnLoss bool
	// Values makes the records that are written of those of a Commit: their values in the form that the topic has. It
	// may put records behind others, but behind none that is Ready. nil: they are written as they are.
	Values func([]Record) ([]Record, error)
	// WriteKey makes the key in the output topic of a record's key, by which its partition is told all the same, and ReadKey the
	// key of what stands there; a key that it cannot read stays as it is. nil: they are the same.
	WriteKey, ReadKey func([]byte) ([]byte, error)
	Together          *Together // of the worker's sinks; nil: this one looks for itself
	Access            *Access
	Client            []kgo.Opt // more client settings, as a test's network
}

// dialPatience bounds the waiting for a broker that does not answer at all.
const dialPatience = 10 * time.Second

// client returns a client with the settings all of tidemark's clients share.
func (o Options) client(more ...kgo.Opt) (*kgo.Client, error) {
	opts := []kgo.Opt{
		kgo.SeedBrokers(o.Brokers...),
		kgo.ClientID("tidemark"),
		kgo.DialTimeout(trust.DialTimeout),
		kgo.RetryTimeout(dialPatience),
		kgo.MetadataMinAge(100 * time.Millisecond),
		kgo.FetchMaxWait(250 * time.Millisecond), // a fetch under way keeps a new partition waiting
		kgo.DisableClientMetrics(),               // they are pushed on Close, to a broker that may be gone
	}
	opts = append(opts, o.Access.opts()...)
	opts = append(opts, o.Client...)
	cl, err := kgo.NewClient(append(opts, more...)...)
	if err != nil {
		return nil, class.Errorf(class.Config, "configuring the Kafka client: %w", err)
	}
	return cl, nil
}

// transactional returns a client that produces under the stream's transactional id.
func (o Options) transactional(more ...kgo.Opt) (*kgo.Client, error) {
	return o.transactionalAs(o.TransactionalID(), more...)
}

func (o Options) transactionalAs(id string, more ...kgo.Opt) (*kgo.Client, error) {
	return o.client(append([]kgo.Opt{
		kgo.TransactionalID(id),
		kgo.TransactionTimeout(o.TxnTimeout),
		kgo.RecordDeliveryTimeout(o.TxnTimeout),
		kgo.RequiredAcks(kgo.AllISRAcks()),
	}, more...)...)
}

// Ping reports whether a broker can be reached, within a bounded time.
func (o Options) Ping(ctx context.Context) error {
	cl, err := o.client()
	if err != nil {
		return err
	}
	defer cl.Close()
	return o.reach(ctx, cl)
}

// reach fails where no broker answers the client within a bounded time.
func (o Options) reach(ctx context.Context, cl *kgo.Client) error {
	ctx, cancel := context.WithTimeout(ctx, dialPatience)
	defer cancel()
	if err := cl.Ping(ctx); err != nil {
		var refused *AccessError
		if err = o.refused(err); errors.As(err, &refused) {
			return class.Errorf(class.Broker, "connecting to Kafka at %s: %w", strings.Join(o.Brokers, ","), err)
		}
		return class.Errorf(class.Broker, "connecting to Kafka at %s: %w (is it running, and is --brokers right?)",
			strings.Join(o.Brokers, ","), err)
	}
	return nil
}

func codec(name string) (kgo.CompressionCodec, error) {
	switch name {
	case "", "lz4":
		return kgo.Lz4Compression(), nil
	case "zstd":
		return kgo.ZstdCompression(), nil
	case "snappy":
		return kgo.SnappyCompression(), nil
	case "gzip":
		return kgo.GzipCompression(), nil
	case "none":
		return kgo.NoCompression(), nil
	}
	return kgo.CompressionCodec{}, class.Wrap(class.Config, fmt.Errorf("compression %q is not one of lz4, zstd, snappy, gzip, none", name))
}
