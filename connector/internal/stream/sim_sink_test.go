package stream

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/internal/admit"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/kafka"
	"tidemark/connector/internal/kit/sim"
	"tidemark/strategies"
)

// simSink is a sink over the log in memory. It does what kafka.Sink does, step by step,
// and lets other workers in between.
type simSink struct {
	*world
	w      *simWorker
	open   bool
	epoch  int
	owner  string
	owners []string
	seq    int64
	ends   []int64
	ground simGround
	claims bool // an operator's

	outdated bool            // as kafka.Sink's
	keeps    map[string]bool // schemas for the next transaction
	simTopicSeen
}

func (s *simSink) Open(context.Context) (strategies.Cursor, error) {
	s.open = false
	s.hook()
	if err := s.w.nextOpen(); err != nil {
		return strategies.Cursor{}, err
	}
	var early strategies.Cursor
	switch {
	case s.variant == readBeforeFence:
		early = s.log.Cursor()
	case s.variant == wokenBlindly && s.w.m != nil && s.w.m.phase == running: // out of a doze
		s.epoch, s.open = s.log.Fence(s.inTime), true
		return s.w.m.stored, nil
	}
	if err := s.mine(s.log.Cursor()); err != nil {
		return strategies.Cursor{}, err
	}
	s.hook()
	s.epoch = s.log.Fence(s.inTime)
	s.hook()
	c := s.log.Cursor()
	if s.variant == readBeforeFence {
		c = early
	}
	if err := s.mine(c); err != nil {
		return c, err
	}
	if err := s.occupy(c); err != nil {
		return c, err
	}
	s.opened++
	s.owner = "owner-" + strconv.Itoa(s.opened)
	s.owners = append(s.owners, s.owner)
	s.seq, s.open = c.Seq, true
	s.look(c)
	if s.api.RoundTrip {
		c = roundTrip(c)
	}
	s.trace(func() string {
		return fmt.Sprintf("worker %d opens the stream as %s at seq %d, mark %q", s.w.id, s.owner, c.Seq, c.Mark)
	})
	return c, nil
}

func roundTrip(c strategies.Cursor) strategies.Cursor {
	b, err := json.Marshal(c)
	if err != nil {
		panic(err)
	}
	var out strategies.Cursor
	if err := json.Unmarshal(b, &out); err != nil {
		panic(err)
	}
	return out
}

func (s *simSink) mine(c strategies.Cursor) error {
	if len(s.owners) > 0 && c.Version > 0 && !slices.Contains(s.owners, c.Owner) {
		return kafka.ErrFenced
	}
	return nil
}

func (s *simSink) Commit(_ context.Context, records []admit.Record, next strategies.Cursor) (strategies.Cursor, error) {
	next.Seq, next.Owner, next.Topic = s.seq+1, s.owner, s.standing(records)
	next.Written = &strategies.Written{TopicID: s.TopicID(), Ends: s.ground.sure}
	if s.variant == readBackTooFar && next.ReadBack != nil {
		rb := *next.ReadBack
		rb.Offsets = slices.Clone(s.ends)
		next.ReadBack = &rb
	}
	if rb := s.log.Cursor().ReadBack; s.variant == rewoundBlindly && s.w.rewinds && rb != nil {
		kept := *rb
		kept.Window = next.Window
		next.ReadBack = &kept
	}
	fault := -1
	if len(records) > 0 || next.Seq > 1 {
		fault, s.w.fault = s.w.fault, -1
	}
	s.hook()
	if fault == sim.CrashBefore {
		panic(crashed{})
	}
	if !s.open {
		return next, s.failed(kafka.NotWritten)
	}
	if s.outdated {
		s.open = false
		return next, &kafka.CommitError{Outcome: kafka.NotWritten, Err: s.rival()}
	}
	if s.variant == noFence {
		s.epoch = s.log.Epoch()
		next.Seq = s.log.Cursor().Seq + 1
	}
	n, ok := s.log.Begin(s.epoch)
	if !ok {
		return next, s.failed(kafka.NotWritten)
	}
	s.w.txn = n
	s.append(n, records, fault)
	if s.variant == cursorOutside && len(records) > 0 {
		s.log.End(n, true)
		s.hook()
		if fault == sim.CrashInside {
			panic(crashed{})
		}
		if n, ok = s.log.Begin(s.epoch); !ok {
			return next, s.failed(kafka.NotWritten)
		}
		s.w.txn = n
	}
	if next.Topic.Lost = s.receded; s.receded != "" {
		next = next.Recede(s.ground.begins())
	}
	s.log.Store(n, next)
	s.keep(n)
	s.hook()
	if err := s.alone(records); err != nil {
		s.log.End(n, false)
		s.open = false
		return next, err
	}
	if s.script.Rival {
		s.hook()
	}
	if s.refused {
		s.log.End(n, false)
		return next, s.failed(kafka.NotWritten)
	}
	switch fault {
	case sim.CrashInside:
		panic(crashed{})
	case sim.NotWritten:
		s.log.End(n, false)
		return next, s.failed(kafka.NotWritten)
	case sim.RecordFails:
		if len(records) > 0 && s.variant != commitDespiteFailure {
			s.log.End(n, false)
			return next, s.failed(kafka.NotWritten)
		}
	case sim.TimedOut:
		s.log.Fence(false)
		return next, s.failed(kafka.NotWritten)
	case sim.LostLate:
		s.log.Hold(n)
		return s.unknown(records, next)
	case sim.LostDropped:
		return s.unknown(records, next)
	}
	if !s.log.End(n, true) {
		return next, s.failed(kafka.Unknown)
	}
	s.trace(func() string {
		return fmt.Sprintf("worker %d commits transaction %d, seq %d: %d records, mark %q, sweep %+v", s.w.id, n, next.Seq, len(records), next.Mark, next.Sweep)
	})
	switch fault {
	case sim.CrashCommitted:
		panic(crashed{})
	case sim.LostApplied:
		return s.unknown(records, next)
	}
	if s.receded != "" {
		return next, s.failed(kafka.Unknown)
	}
	s.seq, s.keeps = next.Seq, nil
	s.reached()
	s.settled()
	return next, nil
}

func (s *simSink) append(n int64, records []admit.Record, fault int) {
	s.ground.begin(s.log.Ends())
	for i := range records {
		if s.script.Rival && i > 0 && i == len(records)/2 {
			s.hook()
		}
		if fault == sim.RecordFails && i == len(records)/2 {
			continue
		}
		if s.variant == lastRecordLost && len(records) > 2 && i == len(records)-1 {
			continue
		}
		if records[i].Dead {
			s.log.Bury(n, simID(records[i].Key), records[i].Value, records[i].Headers)
			continue
		}
		body := records[i].Value
		if body == nil {
			body = s.tombstone(&records[i])
		}
		if s.variant == revertLost && s.scanning && s.older(simID(records[i].Key), body) {
			continue
		}
		s.ground.wrote(s.home(records[i].Key), s.log.Ends())
		s.place(n, records[i].Key, body)
	}
}

// tombstone is how the log in memory keeps one.
func (s *simSink) tombstone(r *admit.Record) []byte {
	v := sim.Version{Deleted: true}
	if raw := admit.HeaderOf(&kgo.Record{Headers: r.Headers}, admit.HeaderCursor); raw != nil {
		at, err := s.spec.Format.Parse(raw)
		if err != nil {
			panic(err)
		}
		v.N, v.Set = s.api.Units(at.N), true
	}
	b := s.api.Body(&v)
	return b[:]
}

func simID(key []byte) int32 {
	n, err := strconv.ParseInt(string(key), 10, 32)
	if err != nil {
		panic(err)
	}
	return int32(n)
}

func (s *simSink) failed(o kafka.Outcome) error {
	s.open = false
	s.trace(func() string { return fmt.Sprintf("worker %d: its transaction fails (%v)", s.w.id, o) })
	return &kafka.CommitError{Outcome: o, Err: class.Wrap(class.Broker, errInjected)}
}

func (s *simSink) unknown(records []admit.Record, next strategies.Cursor) (strategies.Cursor, error) {
	if s.variant != retryUnknown {
		return next, s.failed(kafka.Unknown)
	}
	// The variant takes an unknown commit for one that was not written and sends it again.
	s.epoch = s.log.Fence(s.inTime)
	n, _ := s.log.Begin(s.epoch)
	s.append(n, records, -1)
	if c := s.log.Cursor(); c.Seq >= next.Seq {
		next.Seq = c.Seq + 1
	}
	s.log.Store(n, next)
	s.log.End(n, true)
	s.w.txn, s.seq = n, next.Seq
	return next, nil
}

func (s *simSink) Scan(_ context.Context, from []int64, fn func(*kgo.Record) error) error {
	if s.variant == windowNotRebuilt {
		return nil
	}
	s.log.Decide()
	var r kgo.Record
	greatest := map[int32]int64{}
	return s.log.Scan(from, s.ends, func(partition int32, offset int64, key int32, body []byte) error {
		if s.variant == scrawlPassedOver && s.log.Framed(partition, offset) == sim.Nobodys {
			return nil
		}
		r = kgo.Record{Topic: "sim", Key: simKey(key), Value: body, Partition: partition, Offset: offset}
		if s.variant == readInFetchOrder {
			r.Partition = kafka.Home(&r, s.spread)
		}
		v, _ := s.api.ReadBody(body)
		if s.variant == revertUnread && v.Set {
			if n, ok := greatest[key]; ok && v.N < n {
				return nil
			}
			greatest[key] = v.N
		}
		if v.Deleted {
			if r.Value = nil; v.Set {
				r.Headers = []kgo.RecordHeader{{Key: admit.HeaderCursor, Value: s.api.Value(v.N).Raw}}
			}
		}
		return fn(&r)
	})
}

// older reports whether the topic has a key's event with a greater value.
func (s *simSink) older(key int32, body []byte) (older bool) {
	now, _ := s.api.ReadBody(body)
	err := s.log.Scan(nil, s.log.Ends(), func(_ int32, _ int64, k int32, b []byte) error {
		if v, _ := s.api.ReadBody(b); k == key {
			older = v.Set && now.Set && v.N > now.N
		}
		return nil
	})
	return older && err == nil
}

func (s *simSink) ScanDead(_ context.Context, fn func(*kgo.Record) error) error {
	if s.variant == lettersForgotten {
		return nil
	}
	return s.log.ScanDead(func(key int32, body []byte, extra any) error {
		return fn(&kgo.Record{Topic: "sim.dlq", Key: simKey(key), Value: body, Headers: extra.([]kgo.RecordHeader)})
	})
}

func (s *simSink) MaxRecord() int { return 1 << 20 }

func (s *simSink) MaxDead() int { return 1 << 20 }

func (s *simSink) Ends() []int64 { return slices.Clone(s.ends) }

func (s *simSink) Close() { s.open = false }

// hook is a place where the worker can be stopped for a while.
func (s *simSink) hook() {
	n := s.w.pause
	if n == 0 {
		return
	}
	s.w.pause = 0
	s.w.busy = true
	s.trace(func() string { return fmt.Sprintf("worker %d is paused", s.w.id) })
	for ; n > 0 && s.at < len(s.script.Events); n-- {
		s.act()
	}
	s.w.busy = false
	s.trace(func() string { return fmt.Sprintf("worker %d goes on", s.w.id) })
	if s.w.killed {
		panic(crashed{})
	}
}
