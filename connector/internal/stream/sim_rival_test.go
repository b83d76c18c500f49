package stream

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/internal/admit"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/kafka"
	"tidemark/connector/internal/kit/sim"
	"tidemark/strategies"
)

// errRival is what a simulated sink says of another writer.
var errRival = errors.New("another writer has written into the topic")

// simGround is how far a simulated sink knows its topic, as kafka.Sink does: up to sure, and
// where its next records go if nobody else writes. What the transaction in hand has written
// lies from first up to end.
type simGround struct {
	topic             string
	sure, next        []int64
	first, end, count []int64
}

func (g *simGround) begin(ends []int64) {
	g.first, g.end, g.count = g.first[:0], g.end[:0], g.count[:0]
	for range ends {
		g.first, g.end, g.count = append(g.first, 0), append(g.end, 0), append(g.count, 0)
	}
}

// wrote notes a record that goes to the partition's end.
func (g *simGround) wrote(p int, ends []int64) {
	if g.count[p] == 0 {
		g.first[p] = ends[p]
	}
	g.end[p] = ends[p] + 1
	g.count[p]++
}

// begins are what acks.begins are to kafka.Sink.
func (g *simGround) begins() []int64 {
	begins := slices.Clone(g.first)
	for p, n := range g.count {
		if n == 0 {
			begins[p] = -1
		}
	}
	return begins
}

// rival is the error of a sink that has found another writer.
func (s *simSink) rival() error {
	s.trace(func() string { return fmt.Sprintf("worker %d finds another writer's records", s.w.id) })
	if s.script.Shared {
		return class.Wrap(class.Broker, errRival)
	}
	return class.Wrap(class.Fenced, errRival)
}

// occupy is kafka.Sink's at Open.
func (s *simSink) occupy(c strategies.Cursor) error {
	if s.outdated {
		s.outdated, s.ground = false, simGround{}
		return s.rival()
	}
	ends, known := s.log.Ends(), s.ground.topic == s.TopicID() && len(s.ground.sure) == len(s.log.Ends())
	for p, end := range ends {
		from := end
		switch {
		case known && end > s.ground.next[p]:
			from = s.ground.sure[p]
		case !known && c.Written != nil && c.Written.TopicID == s.TopicID() && p < len(c.Written.Ends):
			from = c.Written.Ends[p]
		}
		if from >= end || s.claims || !s.trespassed(p, from, end) {
			continue
		}
		s.ground = simGround{}
		if known || !s.script.Shared {
			return s.rival()
		}
	}
	s.log.Opened()
	s.ground = simGround{topic: s.TopicID(), sure: ends, next: slices.Clone(ends)}
	return nil
}

// alone is kafka.Sink's before a commit.
func (s *simSink) alone(records []admit.Record) error {
	outdated := false
	for p, n := range s.ground.count {
		if n == 0 || p >= len(s.ground.sure) || s.ground.first[p] < s.ground.sure[p] || s.ground.first[p] <= s.ground.next[p] && s.ground.end[p]-s.ground.first[p] == n {
			continue
		}
		if s.trespassed(p, s.ground.sure[p], s.ground.end[p]) {
			if s.script.Shared && !s.clashes(p, s.ground.sure[p], s.ground.end[p], records) {
				outdated = true
				continue
			}
			s.ground = simGround{}
			return &kafka.CommitError{Outcome: kafka.NotWritten, Permanent: !s.script.Shared, Err: s.rival()}
		}
	}
	s.outdated = outdated
	return nil
}

// clashes reports whether somebody else has written a record with the key of one in hand.
func (s *simSink) clashes(p int, from, to int64, records []admit.Record) bool {
	if s.variant == rivalKeysIgnored {
		return false
	}
	return slices.ContainsFunc(records, func(r admit.Record) bool {
		return !r.Dead && s.log.Foreign(p, from, to, simID(r.Key))
	})
}

func (s *simSink) settled() {
	s.ground.sure = slices.Clone(s.ground.sure)
	for p, n := range s.ground.count {
		if n > 0 && p < len(s.ground.sure) { // not one that was added since
			s.ground.sure[p], s.ground.next[p] = s.ground.end[p], s.ground.end[p]+1
			s.ends[p] = max(s.ends[p], s.ground.end[p])
		}
	}
}

// trespassed lets the judge of kafka.Sink look at a stretch of the log.
func (s *simSink) trespassed(p int, from, to int64) bool {
	if s.variant == rivalUnseen || s.variant == rivalIgnored && s.script.Shared {
		return false
	}
	for {
		j := kafka.Judge{Own: func(id int64) bool { return id == 0 }, To: to}
		j.End(s.log.Pieces(p, from, func(e sim.Piece) {
			j.Take(kafka.Batch{First: e.Offset, Last: e.Offset, Producer: e.Producer, Records: 1,
				Transactional: e.Transactional, Control: e.Control, Commit: e.Control && e.Commit})
		}))
		if len(j.Found) > 0 || len(j.Open()) > 0 && s.script.Shared {
			return true
		}
		if len(j.Open()) == 0 {
			return false
		}
		s.log.Decide()
	}
}

// intrude lets another writer write a row as the API has it, or what is no row.
func (x *world) intrude(e sim.Event) {
	if v, ok := x.api.Row(int(e.A)); ok && x.script.Rival {
		p := int(kafka.Home(&kgo.Record{Key: simKey(v.Key)}, x.script.Partitions))
		if e.Kind == sim.Scrawl {
			b := x.api.Body(&sim.Version{Content: math.MaxUint32})
			x.log.Frame(p, x.log.Intrude(p, v.Key, b[:], e.B), sim.Nobodys)
			return
		}
		b := x.api.Body(&v)
		x.log.Intrude(p, v.Key, b[:], e.B)
	}
}

// met reports whether the error tells of another writer, who must be there. A stream that is
// to have its topic alone has stopped then; an operator looks into it, and lets it go on.
func (x *world) met(w *simWorker, err error) bool {
	if !errors.Is(err, errRival) {
		return false
	}
	if !x.log.Intruded() {
		x.fail("P7", "another writer is found where there is none")
	}
	if x.script.Shared {
		return true
	}
	x.kill(w)
	x.claim()
	return true
}

// claim is an operator's word that the stream may have its topic as it stands (Claim).
func (x *world) claim() {
	s := &simSink{world: x, w: &simWorker{id: len(x.workers), fault: -1}, claims: true}
	c, err := s.Open(context.Background())
	if err == nil {
		c, err = Adopt(c, x.stream)
	}
	if err == nil {
		c = Claimed(c, s.Found(), s.Ends())
		if x.variant == meaningsDropped {
			c.Schemas = nil
		}
		_, err = s.Commit(context.Background(), nil, c)
	}
	if err != nil {
		x.fail("P7", "an operator cannot claim the topic: %v", err)
	}
	x.log.Claimed()
}
