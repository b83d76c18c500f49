package kafka

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/internal/class"
)

// KeptSecret is the record of the state topic that keeps what an API has replaced of a credential: it has to
// outlive the process. It is encrypted before it comes here (P11).
type KeptSecret struct {
	Version int    `json:"version"`
	Name    string `json:"name"`
	Sealed  []byte `json:"sealed"`
	Order
}

const secretVersion = 1

// SecretKey is the key of a secret's record; as that of an owner's, it is no stream's name.
func SecretKey(name string) string { return secretPrefix + name }

const secretPrefix = "secret:"

// OfSecret reports whether a key of the state topic is that of a secret's record.
func OfSecret(key string) bool { return strings.HasPrefix(key, secretPrefix) }

// Secrets keeps sealed secrets in the state topic, each under the name of whom it belongs to. A secret has a
// transactional id of its own, so that keeping one fences no stream, and what an earlier attempt has left on its
// way cannot come in behind a later one.
//
// It is safe for concurrent use. Errors have class Broker.
type Secrets struct{ o Options }

// Secrets returns the secrets of the state topic.
func (o Options) Secrets() Secrets { return Secrets{o} }

// of are the options for a secret's record, whose key stands in the place of a stream's name.
func (s Secrets) of(name string) Options {
	o := s.o
	o.Stream, o.Together = SecretKey(name), nil
	return o
}

// Load returns what was saved last under the name; nil: nothing was. It fences nobody, and makes no topic.
func (s Secrets) Load(ctx context.Context, name string) ([]byte, error) {
	o := s.of(name)
	if len(o.Brokers) == 0 {
		return nil, errNoBrokers
	}
	cl, err := o.client()
	if err != nil {
		return nil, err
	}
	defer cl.Close()
	if err := o.reach(ctx, cl); err != nil {
		return nil, err
	}
	state, err := describe(ctx, kadm.NewClient(cl), o.StateTopic)
	if errors.Is(err, kerr.UnknownTopicOrPartition) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	found, err := o.latest(ctx, cl, state.partitions, 0, o.Stream)
	if err != nil || found[0] == nil {
		return nil, class.Wrap(class.Broker, err)
	}
	e, kept := found[0], KeptSecret{}
	if err = json.Unmarshal(e.value, &kept); err == nil && (kept.Version != secretVersion || kept.Name != name) {
		err = fmt.Errorf("it is that of %q, of version %d", clip(kept.Name), kept.Version)
	}
	if err != nil {
		return nil, class.Refuse(class.Errorf(class.Broker, "reading the record %s in topic %s, partition %d, offset %d: %w",
			o.Stream, o.StateTopic, e.partition, e.offset, err))
	}
	return kept.Sealed, nil
}

var errNoBrokers = class.Wrap(class.Broker, errors.New("the state topic keeps it, and no brokers are named: set kafka.brokers (--brokers)"))

// Save returns once what is sealed can be loaded again. The state topic is made where it is missing.
func (s Secrets) Save(ctx context.Context, name string, sealed []byte) error {
	o := s.of(name)
	if len(o.Brokers) == 0 {
		return errNoBrokers
	}
	cl, err := o.transactional(kgo.RecordPartitioner(partitioner))
	if err != nil {
		return err
	}
	defer cl.Close()
	if err := o.reach(ctx, cl); err != nil {
		return err
	}
	state, err := o.ensureState(ctx, kadm.NewClient(cl))
	if err != nil {
		return err
	}
	// It aborts what an earlier attempt left open, and fences who still makes it.
	if _, _, err := cl.ProducerID(ctx); err != nil {
		return refusal(class.Errorf(class.Broker, "initialising the producer id %q: %w", o.TransactionalID(), toTransact.of(o.TransactionalID(), err)))
	}
	found, err := o.latest(ctx, cl, state.partitions, 0, o.Stream)
	if err != nil {
		return class.Wrap(class.Broker, err)
	}
	order := Order{1, state.partitions}
	if e := found[0]; e != nil {
		order.Seq = max(orderOf(e.value).Seq, 0) + 1
	}
	value, err := json.Marshal(KeptSecret{secretVersion, name, sealed, order})
	if err != nil {
		return fmt.Errorf("writing the record %s: %w", o.Stream, err)
	}
	if err := cl.BeginTransaction(); err != nil {
		return class.Errorf(class.Broker, "beginning the transaction: %w", err)
	}
	r := &kgo.Record{Topic: o.StateTopic, Key: []byte(o.Stream), Value: value}
	if err := cl.ProduceSync(ctx, r).FirstErr(); err != nil { // Flush would not tell (rule 1)
		_ = cl.EndTransaction(ctx, kgo.TryAbort) // the next Save aborts it for certain
		return refusal(class.Errorf(class.Broker, "producing the record %s to topic %s: %w", o.Stream, o.StateTopic, o.ofRecord(o.StateTopic, err)))
	}
	if err := commit(ctx, cl); err != nil {
		return class.Errorf(class.Broker, "committing the record %s to topic %s: %w", o.Stream, o.StateTopic, err)
	}
	return o.saved(ctx, cl, state.partitions, r)
}

// saved waits until a record that was committed can be read. The broker answers before the markers are written, and the client's
// word is not enough (rule 1).
func (o Options) saved(ctx context.Context, cl *kgo.Client, partitions int, r *kgo.Record) error {
	there := false
	err := untilSeen(ctx, func() (bool, error) {
		found, err := o.latest(ctx, cl, partitions, r.Offset, o.Stream)
		there = err == nil && found[0] != nil && orderOf(found[0].value).Seq >= orderOf(r.Value).Seq
		return there, err
	})
	if err == nil && !there {
		err = fmt.Errorf("it cannot be read at partition %d, offset %d", r.Partition, r.Offset)
	}
	if err != nil {
		return class.Errorf(class.Broker, "looking for the record %s in topic %s behind its commit: %w", o.Stream, o.StateTopic, err)
	}
	return nil
}
