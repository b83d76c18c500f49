package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/stages"
	"tidemark/strategies"
)

// producePart writes the records that tidemark makes of the collection, made beforehand,
// in transactions: limit (b). Its client has the settings of tidemark's.
type producePart struct {
	brokerAt
	collectionAt
	Topic       string `json:"topic"`
	Compression string `json:"compression"`
	Own         bool   `json:"own"`   // compress as tidemark does, not as franz-go
	Batch       int    `json:"batch"` // records a transaction

	arena   []byte
	records []span
}

// span is where a record lies in the arena: its key, its value behind it. Without
// pointers a million of them cost the garbage collector nothing.
type span struct {
	at         int64
	key, value int32
}

func (p *producePart) prepare(ctx context.Context) (any, error) {
	if err := p.open(ctx); err != nil {
		return nil, err
	}
	return &p.brokerAt, p.load(ctx)
}

func (p *producePart) load(ctx context.Context) error {
	stages, err := p.stages()
	if err != nil {
		return err
	}
	defer stages.Close()
	p.records = make([]span, 0, p.Rows)
	return p.eachPage(func(params []strategies.Param, news int64) error {
		return stages.Fetch(ctx, params, func(body []byte) error {
			return stages.Scan(body, func(rows []strategies.Row) error {
				for _, row := range rows[int64(len(rows))-news:] {
					if row.Err != nil {
						return fmt.Errorf("making records: %w", row.Err)
					}
					p.records = append(p.records, span{int64(len(p.arena)), int32(len(row.Key)), int32(len(row.Body))})
					p.arena = append(append(p.arena, row.Key...), row.Body...)
				}
				return nil
			})
		})
	})
}

func (p *producePart) run(ctx context.Context) (any, error) {
	compression, err := p.compressor()
	if err != nil {
		return nil, err
	}
	began := time.Now()
	cl, err := kgo.NewClient(
		kgo.SeedBrokers(p.Brokers...),
		kgo.TransactionalID("bench."+p.Topic),
		kgo.TransactionTimeout(15*time.Second),
		kgo.RequiredAcks(kgo.AllISRAcks()),
		compression,
		kgo.ProducerLinger(5*time.Millisecond),
		kgo.MaxBufferedRecords(1<<20),
		kgo.ProducerBatchMaxBytes(1048588), // what a topic takes unless it says otherwise
		kgo.DisableClientMetrics(),
	)
	if err != nil {
		return nil, fmt.Errorf("making a producer: %w", err)
	}
	defer cl.Close()
	batch := make([]kgo.Record, p.Batch)
	for from := 0; from < len(p.records); from += p.Batch {
		if err := p.transact(ctx, cl, batch, p.records[from:min(from+p.Batch, len(p.records))]); err != nil {
			return nil, err
		}
	}
	return limited{Rows: int64(len(p.records)), Took: time.Since(began)}, nil
}

func (p *producePart) compressor() (kgo.ProducerOpt, error) {
	if p.Compression == "lz4" && !p.Own {
		return kgo.ProducerBatchCompression(kgo.Lz4Compression()), nil
	}
	return stages.Compression(p.Compression) // franz-go's as well
}

func (p *producePart) transact(ctx context.Context, cl *kgo.Client, batch []kgo.Record, spans []span) error {
	var (
		mu     sync.Mutex
		failed error
	)
	ack := func(_ *kgo.Record, err error) {
		if err != nil {
			mu.Lock()
			failed = errors.Join(failed, err)
			mu.Unlock()
		}
	}
	if err := cl.BeginTransaction(); err != nil {
		return fmt.Errorf("beginning a transaction: %w", err)
	}
	now := time.Now()
	for i, s := range spans {
		value := s.at + int64(s.key)
		batch[i] = kgo.Record{Topic: p.Topic, Timestamp: now, Key: p.arena[s.at:value:value], Value: p.arena[value : value+int64(s.value)]}
		cl.Produce(ctx, &batch[i], ack)
	}
	err := cl.Flush(ctx)
	if err == nil {
		// As the connector does: the client may still be taking down a topic that is new to it,
		// and would end the transaction without it.
		err = cl.AbortBufferedRecords(ctx)
	}
	mu.Lock()
	err = errors.Join(err, failed)
	mu.Unlock()
	if err != nil {
		return fmt.Errorf("producing: %w", err)
	}
	if err := cl.EndTransaction(ctx, kgo.TryCommit); err != nil {
		return fmt.Errorf("ending a transaction: %w", err)
	}
	return nil
}

func (p *producePart) close() error { return p.shut() }
