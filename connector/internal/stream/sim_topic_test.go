package stream

import (
	"cmp"
	"math"
	"slices"
	"strconv"

	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/internal/admit"
	"tidemark/connector/internal/kafka"
	"tidemark/connector/internal/kit/sim"
	"tidemark/strategies"
)

// simTopicSeen is what a simulated sink knows of the output topic, as kafka.Sink does.
type simTopicSeen struct {
	found   kafka.Found
	spread  int
	reach   []int64
	acked   []int64 // per partition: behind the transaction's last record; 0: it has none
	receded string  // a transaction's records stand before where they can
	refused bool    // the topic that the transaction was for is no more
}

func (s *simSink) look(c strategies.Cursor) {
	s.w.losses = s.log.Losses()
	s.ends = s.log.Ends()
	receded := cmp.Or(s.receded, s.found.Receded)
	s.log.Looked(receded != "")
	s.found = kafka.Found{ID: s.TopicID(), Receded: receded, Starts: s.log.Starts(), Ends: slices.Clone(s.ends)}
	s.spread = kafka.Spread(c, s.found)
	s.receded = ""
	if s.variant != lossUnseen || c.Topic == nil {
		return
	}
	s.found.ID, s.found.Starts = c.Topic.ID, c.Topic.Starts
	for p := range s.found.Ends {
		s.found.Ends[p] = math.MaxInt64
	}
}

func (s *simSink) Found() kafka.Found { return s.found }

func (s *simSink) Spread() int { return s.spread }

func (s *simSink) TopicID() string { return "topic " + strconv.Itoa(s.log.TopicID()) }

func (s *simSink) home(key []byte) int {
	if s.variant == keysByPresent {
		return int(kafka.Home(&kgo.Record{Key: key}, len(s.log.Starts())))
	}
	return int(kafka.Home(&kgo.Record{Key: key}, s.spread))
}

func (s *simSink) standing(records []admit.Record) *strategies.Topic {
	s.reach, s.acked, s.refused = slices.Clone(s.ends), make([]int64, len(s.ends)), false
	for i := range records {
		if p := s.home(records[i].Key); !records[i].Dead && p < len(s.reach) {
			s.reach[p]++
		}
	}
	for p := range s.reach {
		if s.reach[p] > s.ends[p] {
			s.reach[p]++ // the marker
		}
	}
	return &strategies.Topic{ID: s.found.ID, Partitions: s.spread, Starts: s.found.Starts, Ends: s.reach}
}

// place writes a record, and looks at where it came to stand.
func (s *simSink) place(n int64, key, body []byte) {
	p := s.home(key)
	at := s.log.Append(n, p, simID(key), body)
	if own := s.w.opener.Back.Bodies.Lexicon().Own; s.script.Registry {
		s.log.Frame(p, at, sim.Schema{ID: own.ID, Is: own.Fingerprint})
	}
	if s.variant == lossUnseen {
		return
	}
	if p < len(s.ends) {
		s.acked[p] = at + 1
		if at < s.ends[p] {
			s.receded = "a record was written before the end"
		}
	}
	s.refused = s.found.ID != s.TopicID() // a client knows topics by their ids
}

// reached takes note of where a transaction has brought the partitions, by what the sink was told
// of its records: a marker stands behind them.
func (s *simSink) reached() {
	for p, end := range s.acked {
		if end > 0 {
			s.ends[p] = max(s.ends[p], end+1)
		}
	}
	s.found.Receded = ""
}

// topicEvent lets something happen to the output topic. Some workers are told of a loss at
// once, as by a look at the topic; others go on until they write, or open the stream anew.
func (x *world) topicEvent(e sim.Event) {
	before := x.log.Losses()
	x.log.Happen(e)
	if x.log.Losses() == before || x.variant == lossUnseen {
		return
	}
	for i, w := range x.workers {
		if w.m != nil && !w.busy && e.B>>i%2 == 0 {
			x.trace(func() string { return "worker " + strconv.Itoa(w.id) + " is told that the topic lost something" })
			w.alarm = true
		}
	}
}
