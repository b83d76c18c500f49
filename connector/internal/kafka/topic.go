package kafka

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/internal/class"
	"tidemark/strategies"
)

// Found is what was found of the output topic: the evidence that is held against the one
// stored in the cursor (rule 21).
type Found struct {
	ID      string
	Missing bool    // it did not exist; where a sink was opened, it does now
	Starts  []int64 // per partition: the first offset that the topic still has
	Ends    []int64 // per partition: where the next record goes
	Forgets bool    // retention removes its records: cleanup.policy includes delete
	Receded string  // what a transaction of this process met in it; empty: nothing
}

// evidence is what a sink knows of the output topic.
type evidence struct {
	found  Found   // at Open
	spread int     // partitions over which the keys are spread
	moving bool    // a repartition has begun and not ended
	placed []int32 // where the records of the next transaction go, while keys are moved; nil: home
	homes  []int32 // of a transaction's records
	reach  []int64 // per partition, behind them
	lost   string  // records stand before where they can: what was there is gone
	bound  bool    // the client has written to the topic that Open found, and writes to no other
}

// ErrTopicLost is the error of a stream that must not heal what its topic has lost.
var ErrTopicLost = class.Wrap(class.Broker, errors.New("the output topic no longer holds what was written to it"))

// noID is what a broker that knows no topic ids says.
const noID = "AAAAAAAAAAAAAAAAAAAAAA"

// Lost says what the topic no longer holds of the records that the cursor counts as
// delivered; empty: nothing is missing. A cursor that an older tidemark has written carries
// less evidence, and only that is compared.
//
// A topic whose cleanup.policy includes delete loses its oldest records by design, and is
// not read again because of that; Trimmed says when it matters.
func Lost(c strategies.Cursor, f Found) string {
	switch {
	case c.Version == 0:
		return ""
	case f.Receded != "":
		return f.Receded
	case c.Topic != nil && c.Topic.Lost != "":
		return c.Topic.Lost
	}
	id, starts, ends := "", []int64(nil), []int64(nil)
	switch {
	case c.Topic != nil:
		id, starts, ends = c.Topic.ID, c.Topic.Starts, c.Topic.Ends
	case c.ReadBack != nil:
		// What was written last lies at these offsets or behind them.
		id, starts, ends = c.ReadBack.TopicID, c.ReadBack.Offsets, c.ReadBack.Offsets
	}
	switch {
	case f.Missing && (id == "" || id != f.ID) && (id != "" || c.Mark != "" || c.Sweep != nil):
		// The same id: another worker made it, and wrote to it, while this one was starting.
		return "it was deleted"
	case id != "" && id != f.ID && id != noID && f.ID != noID:
		return fmt.Sprintf("it was made anew: its id was %s and is %s", id, f.ID)
	case len(ends) > len(f.Ends):
		return fmt.Sprintf("it had %d partitions and has %d", len(ends), len(f.Ends))
	}
	for p, end := range ends {
		if f.Ends[p] < end {
			return fmt.Sprintf("partition %d ended at offset %d or beyond and ends at %d: the log was put back to an earlier state", p, end, f.Ends[p])
		}
	}
	if f.Forgets {
		return ""
	}
	for p, start := range starts {
		if p < len(f.Starts) && f.Starts[p] > start {
			return fmt.Sprintf("partition %d began at offset %d or before and begins at %d: its records were deleted up to there", p, start, f.Starts[p])
		}
	}
	return ""
}

// Remade reports whether the topic is not the one that the cursor knows, so that it holds nothing
// that was written for it.
func Remade(c strategies.Cursor, f Found) bool {
	return f.Missing || c.Topic != nil && c.Topic.ID != f.ID && c.Topic.ID != noID && f.ID != noID
}

// Trimmed reports whether retention has removed records of the stored window: rows that
// the API returns again may then be taken for new ones.
func Trimmed(c strategies.Cursor, f Found) bool {
	if !f.Forgets || c.ReadBack == nil || c.ReadBack.TopicID != f.ID {
		return false
	}
	for p, from := range c.ReadBack.Offsets {
		if p < len(f.Starts) && f.Starts[p] > from {
			return true
		}
	}
	return false
}

// LostError is ErrTopicLost with what is missing and what to do.
func LostError(topic, lost string) error {
	return fmt.Errorf("%w: topic %s, %s; on_topic_loss is fail: put the topic's records back, or set on_topic_loss to reread, "+
		"which reads the whole collection again and writes what the topic has not", ErrTopicLost, topic, lost)
}

// Found is what the last Open found of the output topic.
func (s *Sink) Found() Found {
	f := s.found
	f.Starts, f.Ends = slices.Clone(f.Starts), slices.Clone(f.Ends)
	return f
}

// output finds the output topic, and makes it where it is missing. Where a loss must not
// be healed, it refuses before anything is made, and before anybody is fenced.
func (s *Sink) output(ctx context.Context, reader *kgo.Client, adm *kadm.Client, c strategies.Cursor) error {
	var missing bool
	for wait := 50 * time.Millisecond; ; wait *= 2 {
		_, err := s.o.describe(ctx, adm, s.o.Topic)
		missing = errors.Is(err, kerr.UnknownTopicOrPartition)
		if !missing || !s.o.FailOnLoss || wait > time.Second || ctx.Err() != nil {
			break
		}
		time.Sleep(wait) // a broker that has just started may not know of it yet
	}
	if lost := Lost(c, Found{Missing: missing}); missing && lost != "" && s.o.FailOnLoss {
		return LostError(s.o.Topic, lost)
	}
	var err error
	if s.data, err = s.o.ensure(ctx, adm, s.o.Topic, s.o.Partitions, s.o.dataConfig()); err != nil {
		return err
	}
	settings, err := s.o.settings(ctx, adm, s.o.Topic)
	if err != nil {
		return err
	}
	if s.limit, err = s.o.maxRecord(settings); err != nil {
		return err
	}
	receded := cmp.Or(s.lost, s.found.Receded) // until a claim has stored that it is healed
	s.found = Found{ID: s.data.id, Missing: missing, Receded: receded, Forgets: strings.Contains(settings["cleanup.policy"], "delete")}
	if !s.o.FailOnLoss {
		return nil
	}
	for wait := 100 * time.Millisecond; ; wait *= 2 {
		if err := s.span(ctx, reader); err != nil {
			return err
		}
		lost := Lost(c, s.found)
		if lost == "" {
			return nil
		}
		if wait > time.Second || ctx.Err() != nil {
			return LostError(s.o.Topic, lost)
		}
		time.Sleep(wait) // the markers of a worker that is at work may be on their way
	}
}

// span reads where the output topic's partitions begin and end.
func (s *Sink) span(ctx context.Context, reader *kgo.Client) error {
	first, err := s.o.starts(ctx, reader, s.o.Topic)
	if err != nil {
		return err
	}
	last, err := s.o.ends(ctx, reader, s.o.Topic)
	if err != nil {
		return err
	}
	s.found.Starts, s.found.Ends = perPartition(first, s.data.partitions), perPartition(last, s.data.partitions)
	return nil
}

func perPartition(offsets map[int32]int64, partitions int) []int64 {
	list := make([]int64, partitions)
	for p := range list {
		list[p] = offsets[int32(p)]
	}
	return list
}

// begin takes over what the topic and the cursor say of where records go.
func (s *Sink) begin(ctx context.Context, reader *kgo.Client, c strategies.Cursor) error {
	if err := s.span(ctx, reader); err != nil {
		return err
	}
	if Lost(c, s.found) != "" {
		// The topic may have been made anew since it was looked up: then what is found belongs
		// to another one than its id says, and the next start would find the loss once more.
		now, err := describeNow(ctx, reader, s.o.Topic)
		if err != nil {
			return err
		}
		if now != s.data {
			s.data, s.found.ID = now, now.id
			if err := s.span(ctx, reader); err != nil {
				return err
			}
		}
	}
	s.ends, s.lost = slices.Clone(s.found.Ends), ""
	s.spread = Spread(c, s.found)
	s.moving = c.Topic != nil && c.Topic.Moving && c.Topic.ID == s.found.ID
	return nil
}

// Spread is over how many partitions a stream's keys are spread (rule 22).
func Spread(c strategies.Cursor, f Found) int {
	n := len(f.Ends)
	switch {
	case c.Topic != nil && c.Topic.ID == f.ID:
		n = c.Topic.Partitions
	case c.Topic == nil && c.ReadBack != nil && c.ReadBack.TopicID == f.ID && len(c.ReadBack.Offsets) > 0:
		n = len(c.ReadBack.Offsets)
	}
	return min(n, len(f.Ends))
}

// Spread is over how many partitions of the output topic the stream's keys are spread. The
// topic may have more: those stay empty until the operator moves the keys.
func (s *Sink) Spread() int { return s.spread }

// standing decides where each record goes, and returns the evidence for the cursor that
// goes with them: the offsets that the partitions reach at the least when they are written.
func (s *Sink) standing(records []Record) *strategies.Topic {
	s.homes = slices.Grow(s.homes[:0], len(records))[:len(records)]
	s.reach = append(s.reach[:0], s.ends...)
	r := kgo.Record{Topic: s.o.Topic}
	for i := range records {
		s.homes[i] = 0
		if records[i].Dead {
			continue
		}
		switch {
		case s.placed != nil:
			s.homes[i] = s.placed[i]
		case s.spread > 1:
			r.Key = records[i].Key
			s.homes[i] = Home(&r, s.spread)
		}
		s.reach[s.homes[i]]++
	}
	ends := slices.Clone(s.reach)
	for p := range ends {
		if ends[p] > s.ends[p] {
			ends[p]++ // the transaction's marker, which stands there before anybody opens the stream
		}
	}
	return &strategies.Topic{ID: s.data.id, Partitions: s.spread, Moving: s.moving, Starts: slices.Clone(s.found.Starts), Ends: ends}
}

// receded notes that the broker has written a transaction's records before the offsets that
// the topic is known to have reached: it is not the topic that it was. all says that every
// record was acknowledged.
func (s *Sink) receded(all bool) {
	for p, reach := range s.reach {
		end := s.acks.ends[p]
		if reach == s.ends[p] || end == 0 || all && end >= reach || !all && end > s.ends[p] {
			continue
		}
		s.lost = fmt.Sprintf("partition %d had reached offset %d, and a record was written at %d behind that: "+
			"the log was put back to an earlier state", p, s.ends[p], end-1)
	}
}

// bind fails where a client's first records have gone to another topic than the one that Open found,
// which was deleted and made anew in between: they would lie there in the old one's partitions (P4).
// A client keeps to the topic whose id it met first, so one look behind its first records is enough.
func (s *Sink) bind(ctx context.Context) error {
	if s.bound || s.data.id == noID || !slices.ContainsFunc(s.acks.counts, func(n int64) bool { return n > 0 }) {
		return nil
	}
	now, err := describeNow(ctx, s.client, s.o.Topic)
	if err != nil {
		return err
	}
	if now.id != s.data.id {
		return class.Errorf(class.Broker, "topic %s was made anew since the stream was opened", s.o.Topic)
	}
	s.bound = true
	return nil
}

// confess puts a second cursor into a transaction that has met a topic which lost records.
// The transaction is committed: its records, aborted or not, may fill the gap that would give
// the loss away, and the cursor is the one place that outlives the process.
func (s *Sink) confess(ctx context.Context, cursor []byte) error {
	c, err := strategies.ParseCursor(cursor)
	if err != nil {
		return fmt.Errorf("reading the cursor in hand: %w", err)
	}
	c.Topic.Lost = s.lost
	c = c.Recede(s.acks.begins())
	if cursor, err = json.Marshal(c); err != nil {
		return err
	}
	r := &kgo.Record{Topic: s.o.StateTopic, Key: []byte(s.o.Stream), Value: cursor, Timestamp: s.records[len(s.records)-1].Timestamp}
	return s.client.ProduceSync(ctx, r).FirstErr()
}

// intact fails where the transaction that was committed has met a topic that lost records.
// The next open finds it in the cursor.
func (s *Sink) intact() (Outcome, error) {
	if s.lost == "" {
		return 0, nil
	}
	return Unknown, fmt.Errorf("topic %s: %s", s.o.Topic, s.lost)
}

// reached takes note of where a transaction that was committed has brought the partitions: a
// marker stands behind its records.
func (s *Sink) reached() {
	for p, end := range s.acks.ends {
		if end > 0 {
			s.ends[p] = max(s.ends[p], end+1)
		}
	}
	s.found.Receded = ""
}
