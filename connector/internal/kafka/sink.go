package kafka

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/internal/class"
	"tidemark/connector/internal/text"
	"tidemark/strategies"
)

// Sink writes one stream's records and cursor. It is used by one goroutine.
type Sink struct {
	o           Options
	compression kgo.ProducerOpt
	client      *kgo.Client
	endings     *endings // of its transactions

	data, state topicInfo
	limit       int             // bytes of a record batch that the output topic takes
	dead        bool            // the dead-letter topic is there
	deadLimit   int             // bytes of a record batch that it takes, as ScanDead found it; 0: as many as the output topic
	owners      map[string]bool // every owner id this Sink has had (rule 4)
	owner       string
	seq         int64
	last        place   // of the cursor that was committed last
	ends        []int64 // per partition of the output topic: where the next record goes, or before
	evidence            // of the output topic

	records []kgo.Record // reused by every transaction
	acks    acks
	kept    map[string]string // schemas for the next transaction, by fingerprint
	keeps   []kgo.Record      // their records
	exclusive
}

// place is where a cursor stands in the state topic.
type place struct {
	topic  topicInfo
	offset int64
}

// NewSink returns a closed sink.
func NewSink(o Options) (*Sink, error) {
	c, err := Compression(o.Compression)
	if err != nil {
		return nil, err
	}
	return &Sink{o: o, compression: c, owners: make(map[string]bool)}, nil
}

// Open fences every other worker of the stream, and then reads its cursor (P5): in this
// order, because a cursor read before could still be overtaken by a commit in flight.
// The cursor's Version is 0 where the stream has none yet. The caller commits it at
// once, with no records, to claim the stream.
//
// Opening again after a failed Commit finds out whether the stream is still this
// worker's: ErrFenced says it is not (rule 5).
func (s *Sink) Open(ctx context.Context) (strategies.Cursor, error) {
	s.Close()
	s.dead = false // it may have been deleted
	reader, done, err := s.o.looker()
	if err != nil {
		return strategies.Cursor{}, err
	}
	defer done()
	if err := s.o.reach(ctx, reader); err != nil {
		return strategies.Cursor{}, err
	}
	adm := kadm.NewClient(reader)
	if s.state, err = s.o.ensureState(ctx, adm); err != nil {
		return strategies.Cursor{}, err
	}
	before, err := s.entitled(ctx, reader)
	if err != nil {
		return strategies.Cursor{}, err
	}
	if err := s.output(ctx, reader, adm, before); err != nil {
		return strategies.Cursor{}, err
	}
	if s.o.Agrees != nil {
		if err := s.o.Agrees(before, s.found); err != nil {
			return strategies.Cursor{}, err
		}
	}
	if err := s.fence(ctx); err != nil {
		return strategies.Cursor{}, err
	}
	hanging, err := s.hanging(ctx, reader)
	if err == nil && len(hanging) > 0 {
		if s.o.Logger != nil {
			s.o.Logger.Warn("the broker has forgotten a transaction of this stream; aborting what it left", "partitions", hanging)
		}
		s.Close()
		if err = s.abort(ctx, hanging); err == nil {
			err = s.fence(ctx)
		}
	}
	if err != nil {
		s.Close()
		return strategies.Cursor{}, err
	}
	c, err := s.sole(ctx, reader)
	if err != nil {
		s.Close()
		return c, err
	}
	// Nobody can write under the owner that was found, now that it is fenced. Where this
	// worker's own claim does not come through, it will find that owner once more.
	s.owners[c.Owner] = true
	s.owner = rand.Text()
	s.owners[s.owner] = true
	s.seq = c.Seq
	if err := s.begin(ctx, reader, c); err != nil {
		s.Close()
		return c, err
	}
	if err := s.occupy(ctx, reader, c); err != nil {
		s.Close()
		return c, err
	}
	return c, nil
}

// entitled looks at the stored cursor before anybody is fenced. A worker that lost its stream
// while it slept must not throw out the one that has it now, and neither must one whose
// configuration means something else.
func (s *Sink) entitled(ctx context.Context, reader *kgo.Client) (strategies.Cursor, error) {
	c, err := s.mine(ctx, reader)
	if err == nil && s.o.Fits != nil {
		err = s.o.Fits(c)
	}
	return c, err
}

// mine reads the stored cursor and fails if a worker that is not this one owns it.
func (s *Sink) mine(ctx context.Context, reader *kgo.Client) (strategies.Cursor, error) {
	// A stream that wakes every now and then need not read the state topic from its start:
	// a cursor that counts stands where the last one stands, or behind it.
	var from int64
	if s.last.topic == s.state {
		from = s.last.offset
	}
	c, err := s.lookUp(ctx, reader, from)
	if err != nil {
		return c, err
	}
	if len(s.owners) > 0 && c.Version > 0 && !s.owners[c.Owner] {
		return c, fencedBy(c)
	}
	return c, nil
}

// fence opens the transactional client and initialises its producer id, which aborts
// what an earlier worker left open and bars it from committing.
func (s *Sink) fence(ctx context.Context) error {
	ends := new(endings)
	client, err := s.o.transactional(
		s.compression,
		kgo.WithLogger(ends),
		kgo.RecordPartitioner(s.partitioner()),
		kgo.ProducerLinger(5*time.Millisecond),
		kgo.MaxBufferedRecords(1<<20),
		kgo.ProducerBatchMaxBytes(int32(s.limit)),
		kgo.BrokerMaxWriteBytes(int32(max(100<<20, s.limit+1<<20))),
	)
	if err != nil {
		return err
	}
	// The id is initialised when an older transaction has been aborted, which a broker may
	// put off for as long as it is busy with that.
	patience, cancel := context.WithTimeout(ctx, s.o.TxnTimeout+dialPatience)
	defer cancel()
	if _, _, err := client.ProducerID(patience); err != nil {
		client.Close()
		if errors.Is(err, kerr.InvalidTransactionTimeout) {
			return cmp.Or(s.o.CheckTimeout(ctx), s.o.tooLong(0))
		}
		return refusal(class.Errorf(class.Broker, "initialising the producer id %q: %w", s.o.TransactionalID(), toTransact.of(s.o.TransactionalID(), err)))
	}
	s.client, s.endings, s.bound = client, ends, false
	return nil
}

// Record is one record of a transaction.
type Record struct {
	Key, Value []byte // a nil Value is a tombstone
	Headers    []kgo.RecordHeader
	Dead       bool // goes to the dead-letter topic instead of the output topic
	Ready      bool // the value is as the topic has it: Options.Values leaves it alone
	Op         Op   // what has happened to the row
}

// Op is what a record says of its row, by the letter that Debezium has for it.
type Op byte

// The ops.
const (
	OpRead   Op = 'r' // it was there when the stream began
	OpCreate Op = 'c' // the topic had no row of the key
	OpUpdate Op = 'u' // the topic had another version
	OpDelete Op = 'd'
)

// Commit writes the records and the cursor in one transaction (P1), fills in the
// cursor's seq, owner and topic, and returns it as stored. records may be reused when Commit
// returns. Any error is a *CommitError and leaves the sink closed.
//
// ctx being cancelled does not interrupt a commit at once: it gets a few seconds to end
// with a known outcome.
func (s *Sink) Commit(ctx context.Context, records []Record, next strategies.Cursor) (strategies.Cursor, error) {
	if s.o.Values != nil {
		made, err := s.o.Values(records)
		if err != nil {
			s.Close()
			return next, &CommitError{Outcome: NotWritten, Permanent: true, Err: err}
		}
		records = made
	}
	next.Seq, next.Owner, next.Topic = s.seq+1, s.owner, s.standing(records)
	s.sign(&next)
	value, err := json.Marshal(next)
	if err != nil {
		return next, &CommitError{Outcome: NotWritten, Permanent: true, Err: err}
	}
	if s.client == nil {
		return next, &CommitError{Outcome: NotWritten, Err: class.Wrap(class.Broker, errors.New("the sink is closed"))}
	}
	if err := s.refused(); err != nil {
		s.Close()
		return next, &CommitError{Outcome: NotWritten, Err: err}
	}
	ctx, cancel := lingering(ctx, s.o.TxnTimeout+dialPatience)
	defer cancel()
	began := time.Now()
	outcome, err := s.transact(ctx, records, value)
	if err != nil {
		s.Close() // rule 2
		failed := &CommitError{Outcome: outcome, Permanent: isPermanent(err) || class.Of(err) == class.Fenced, Err: class.Wrap(class.Broker, s.o.explain(err))}
		if failed.Late = !failed.Permanent && time.Since(began) >= s.o.TxnTimeout; failed.Late {
			failed.Err = s.tooLate(records, failed.Err)
		}
		return next, failed
	}
	s.seq = next.Seq
	s.last = place{s.state, s.acks.cursor}
	s.settled()
	s.reached()
	return next, nil
}

func (s *Sink) transact(ctx context.Context, records []Record, cursor []byte) (Outcome, error) {
	if err := s.client.BeginTransaction(); err != nil {
		return NotWritten, fmt.Errorf("beginning the transaction: %w", err)
	}
	if cap(s.records) < len(records)+1 {
		s.records = make([]kgo.Record, len(records)+1, len(records)+len(records)/4+64)
	}
	s.records = s.records[:len(records)+1]
	s.acks.reset(len(s.ends), &s.o)
	ack := s.acks.ack // once: a method value is an allocation, and this loop is the hot path
	if err := s.keeping(); err != nil {
		return NotWritten, err
	}
	now := time.Now()
	for i := range records {
		r := &records[i]
		s.records[i] = kgo.Record{Topic: s.o.Topic, Key: r.Key, Value: r.Value, Headers: r.Headers, Timestamp: now, Partition: s.homes[i]}
		if s.o.WriteKey != nil && !r.Dead {
			key, err := s.o.WriteKey(r.Key)
			if err != nil {
				_ = s.client.EndTransaction(ctx, kgo.TryAbort)
				return NotWritten, class.Wrap(class.Unexpected, err)
			}
			s.records[i].Key = key
		}
		if r.Dead {
			s.records[i].Topic = s.o.DeadTopic()
			if err := s.ensureDead(ctx); err != nil {
				_ = s.client.EndTransaction(ctx, kgo.TryAbort)
				return NotWritten, err
			}
		}
		s.client.Produce(ctx, &s.records[i], ack)
		if r.Dead && s.smallDead() {
			// The client fills batches up to the output topic's limit. What fails is in acks.
			_ = s.client.Flush(ctx)
		}
	}
	s.records[len(records)] = kgo.Record{Topic: s.o.StateTopic, Key: []byte(s.o.Stream), Value: cursor, Timestamp: now}
	s.client.Produce(ctx, &s.records[len(records)], ack)
	for i := range s.deeds {
		s.client.Produce(ctx, &s.deeds[i], ack)
	}
	for i := range s.keeps {
		s.client.Produce(ctx, &s.keeps[i], ack)
	}
	err := flush(ctx, s.client)
	if failed := s.acks.failure(); failed != nil {
		err = failed
	}
	if err == nil {
		err = s.bind(ctx)
	}
	if s.receded(err == nil); err == nil && s.lost != "" {
		err = s.confess(ctx, cursor)
	}
	if err != nil {
		// Every record must have been acknowledged: Flush and EndTransaction report
		// nothing when one record failed by itself (rule 1).
		_ = s.client.EndTransaction(ctx, kgo.TryAbort) // the next Open aborts it for certain
		return NotWritten, fmt.Errorf("producing: %w", err)
	}
	if err := s.alone(ctx); err != nil {
		_ = s.client.EndTransaction(ctx, kgo.TryAbort) // as above
		return NotWritten, err
	}
	return s.end(ctx)
}

// Ends are, for each partition of the output topic, an offset at or before the next
// record's. The slice is the caller's.
func (s *Sink) Ends() []int64 { return append([]int64(nil), s.ends...) }

// TopicID identifies the output topic; one deleted and made again has another.
func (s *Sink) TopicID() string { return s.data.id }

// Scan calls fn with every committed record of the output topic that begins at the
// given offset of its partition; nil: all of the topic. It returns when the end
// that the topic had at Open is reached.
func (s *Sink) Scan(ctx context.Context, from []int64, fn func(*kgo.Record) error) error {
	reader, done, err := s.o.looker()
	if err != nil {
		return err
	}
	defer done()
	first, err := s.o.starts(ctx, reader, s.o.Topic)
	if err != nil {
		return err
	}
	last := make(map[int32]int64, len(s.ends))
	for p, end := range s.ends {
		last[int32(p)] = end
		if p < len(from) {
			first[int32(p)] = max(first[int32(p)], from[p])
		}
	}
	return s.o.scan(ctx, span{topic: s.o.Topic, first: first, last: last, isolation: kgo.ReadCommitted()}, s.o.keyed(fn))
}

// MaxRecord is how many bytes of key, value and headers a record may have.
func (s *Sink) MaxRecord() int { return s.limit - batchOverhead }

// Close lets go of the connections and buffers; a transaction in hand is left to be aborted
// by the next Open, or by its timeout. What the sink knows of the topic stays.
func (s *Sink) Close() {
	s.records, s.homes = nil, nil
	if s.client != nil {
		s.client.Close()
		s.client = nil
	}
}

// lingering returns a context that outlives ctx by up to four seconds, so that a transaction
// in hand ends with a known outcome and the process still stops within five.
func lingering(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	out, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
	var grace *time.Timer
	var mu sync.Mutex
	stop := context.AfterFunc(ctx, func() {
		mu.Lock()
		defer mu.Unlock()
		grace = time.AfterFunc(4*time.Second, cancel)
	})
	return out, func() {
		stop()
		mu.Lock()
		defer mu.Unlock()
		if grace != nil {
			grace.Stop()
		}
		cancel()
	}
}

// clip is as much of a key or a header as a message quotes.
func clip[T string | []byte](s T) string { return text.Clip(s, 60) }
