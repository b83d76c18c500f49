package kafka

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/internal/class"
)

// ErrNoState is the error of a stream of which the state topic has nothing.
var ErrNoState = class.Wrap(class.Config, errors.New("the state topic has nothing of the stream"))

// Forget removes the stream's cursor from the state topic, and with it the record by which the output topic belongs to the
// stream; with secret, also what the API has replaced of the stream's own credentials. Whoever serves the stream is
// fenced before. The tombstones are written in one transaction, to every partition that has a record of the key.
func (o Options) Forget(ctx context.Context, secret bool) error { return o.forget(ctx, secret, nil) }

// Forget is Options.Forget by a worker of the stream. One that has lost the stream removes nothing, and disturbs nobody
// (P5): the error is ErrFenced then. The sink is closed.
func (s *Sink) Forget(ctx context.Context, secret bool) error {
	s.Close()
	return s.o.forget(ctx, secret, s.owners)
}

// forget is Forget where the cursor has to be of one of these owners; of anybody, where there are none.
func (o Options) forget(ctx context.Context, secret bool, owners map[string]bool) error {
	reader, err := o.client()
	if err != nil {
		return err
	}
	defer reader.Close()
	if err := o.reach(ctx, reader); err != nil {
		return err
	}
	state, err := describe(ctx, kadm.NewClient(reader), o.StateTopic)
	if errors.Is(err, kerr.UnknownTopicOrPartition) {
		return ErrNoState
	}
	if err != nil {
		return class.Errorf(class.Broker, "describing topic %s: %w", o.StateTopic, err)
	}
	if err := o.fenceAll(ctx, reader, state, owners); err != nil {
		return err
	}
	client, err := o.transactional(kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		return err
	}
	defer client.Close()
	patience, cancel := context.WithTimeout(ctx, o.TxnTimeout+dialPatience)
	defer cancel()
	if _, _, err := client.ProducerID(patience); err != nil {
		return refusal(class.Errorf(class.Broker, "initialising the producer id %q: %w", o.TransactionalID(), err))
	}
	records, err := o.tombs(ctx, reader, state, secret, owners)
	if err != nil {
		return err
	}
	return bury(ctx, client, records)
}

// fenceAll bars the workers that may have written the cursor under another transactional id than this process would.
func (o Options) fenceAll(ctx context.Context, reader *kgo.Client, state topicInfo, owners map[string]bool) error {
	found, err := o.read(ctx, reader, state, 0, o.Stream)
	if err != nil {
		return err
	}
	if found[0] == nil {
		return ErrNoState
	}
	if err := o.ofOne(owners, found[0]); err != nil {
		return err
	}
	var signed struct {
		TransactionalID string `json:"transactional_id"`
	}
	if json.Unmarshal(found[0].value, &signed) != nil || signed.TransactionalID == "" { // a cursor that cannot be read is removed as well
		signed.TransactionalID = o.formerID()
	}
	if signed.TransactionalID == o.TransactionalID() {
		return nil
	}
	s := Sink{o: o}
	return s.bar(ctx, signed.TransactionalID)
}

// ofOne fails where a stored cursor is not of one of these owners.
func (o Options) ofOne(owners map[string]bool, stored *entry) error {
	if len(owners) == 0 {
		return nil
	}
	c, err := o.parseCursor(o.Stream, stored)
	if err == nil && !owners[c.Owner] {
		err = fencedBy(c)
	}
	return err
}

// tombs are the tombstones of what the state topic has of the stream.
func (o Options) tombs(ctx context.Context, reader *kgo.Client, state topicInfo, secret bool, owners map[string]bool) ([]*kgo.Record, error) {
	keys := []string{o.Stream, OwnerKey(o.Topic)}
	if secret {
		keys = append(keys, SecretKey(o.Stream))
	}
	all := make(map[int32]int64)
	for p := range int32(state.partitions) {
		all[p] = 0
	}
	found, err := o.lastCommitted(ctx, reader, all, keys)
	if err != nil {
		return nil, err
	}
	var records []*kgo.Record
	for _, key := range keys {
		if e := newest(found[key]); e != nil && key == OwnerKey(o.Topic) {
			if w, err := parseOwner(e.value); err != nil || w.Stream != o.Stream {
				continue // another stream has the topic by now
			}
		}
		for _, e := range found[key] {
			records = append(records, &kgo.Record{Topic: o.StateTopic, Partition: e.partition, Key: []byte(key), Timestamp: time.Now()})
		}
	}
	stored := newest(found[o.Stream])
	if stored == nil {
		return nil, ErrNoState
	}
	return records, o.ofOne(owners, stored)
}

// bury writes tombstones in one transaction.
func bury(ctx context.Context, client *kgo.Client, records []*kgo.Record) error {
	if err := client.BeginTransaction(); err != nil {
		return class.Errorf(class.Broker, "beginning the transaction: %w", err)
	}
	if err := client.ProduceSync(ctx, records...).FirstErr(); err != nil {
		_ = client.EndTransaction(ctx, kgo.TryAbort) // the next start aborts it for certain
		return refusal(class.Errorf(class.Broker, "producing tombstones to the state topic: %w", err))
	}
	if err := commit(ctx, client); err != nil {
		return class.Wrap(class.Broker, fmt.Errorf("committing tombstones to the state topic: %w", err))
	}
	return nil
}
