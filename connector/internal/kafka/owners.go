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
	"tidemark/strategies"
)

// Owner is the record of the state topic that says which stream an output topic belongs to.
// Two streams on one topic would take each other's rows for their own: marks would fall
// behind, and one's full scan would delete what the other has written.
type Owner struct {
	Version         int    `json:"version"`
	Topic           string `json:"topic"`
	TopicID         string `json:"topic_id"` // a topic made anew belongs to nobody
	Stream          string `json:"stream"`
	TransactionalID string `json:"transactional_id"`
	Order
}

const ownerVersion = 1

// OwnerKey is the key of a topic's owner record. No stream has such a name: names are good
// as topics' names, which have no colon.
func OwnerKey(topic string) string { return ownerPrefix + topic }

const ownerPrefix = "topic:"

// OwnedTopic is the topic of an owner record's key.
func OwnedTopic(key string) (string, bool) { return strings.CutPrefix(key, ownerPrefix) }

// parseOwner reads an owner record. What it does not know it leaves alone, so that a later
// version's can be read.
func parseOwner(value []byte) (Owner, error) {
	var w Owner
	if err := json.Unmarshal(value, &w); err != nil {
		return w, class.Errorf(class.Broker, "reading the owner of an output topic in the state topic: %w", err)
	}
	return w, nil
}

// Refuses is the error of a stream that starts on a topic which belongs to another one, or
// nil.
func (w Owner) Refuses(stream, topicID string) error {
	if w.Stream == "" || w.Stream == stream || w.TopicID != topicID {
		return nil
	}
	return class.Errorf(class.Config, "topic %s belongs to stream %q (transactional id %s), so stream %q cannot write into it: "+
		"give each stream a topic of its own; or, once %q is no longer run, let %q have the topic: tidemark state claim -c FILE --stream %s",
		w.Topic, w.Stream, w.TransactionalID, stream, w.Stream, stream, stream)
}

// CheckWriters looks whether the output topic belongs to the stream, and whether somebody
// else has written into it since the stored cursor, which a producer of the given id wrote.
// It fences nobody. It returns a line for people.
func (o Options) CheckWriters(ctx context.Context, owner Owner, c strategies.Cursor, producer int64) (string, error) {
	cl, err := o.client()
	if err != nil {
		return "", err
	}
	defer cl.Close()
	info, err := describe(ctx, kadm.NewClient(cl), o.Topic)
	if errors.Is(err, kerr.UnknownTopicOrPartition) {
		return "nobody's yet", nil
	}
	if err != nil {
		return "", err
	}
	if err := owner.Refuses(o.Stream, info.id); err != nil {
		return "", err
	}
	end, err := ends(ctx, cl, o.Topic)
	if err != nil {
		return "", err
	}
	s := &Sink{o: o, data: info, ends: make([]int64, info.partitions)}
	for p := range s.ends {
		s.ends[p] = end[int32(p)]
	}
	t, err := o.trespass(ctx, cl, s.unknown(c, false), func(id int64) bool { return id == producer })
	switch {
	case err != nil:
		return "", err
	case t != nil && !o.Shared:
		return "", t.fenced(o)
	case o.Shared:
		return "others may write into it (exclusive: false)", nil
	case owner.Stream != o.Stream || owner.TopicID != info.id:
		return "nobody's yet", nil
	}
	return "this stream's alone", nil
}

// belongs refuses a topic that another stream owns. It is looked at before anybody is fenced
// and before the topic is made.
func (s *Sink) belongs(ctx context.Context, reader *kgo.Client) error {
	if s.holder.Stream == "" || s.holder.Stream == s.o.Stream || s.o.Claim {
		return nil
	}
	info, err := s.o.describe(ctx, kadm.NewClient(reader), s.o.Topic)
	if errors.Is(err, kerr.UnknownTopicOrPartition) {
		return nil
	}
	if err != nil {
		return err
	}
	return s.holder.Refuses(s.o.Stream, info.id)
}

// deed makes the records that a claim needs besides the cursor: the topic's owner, where
// that is not what the state topic says already; and, where another stream loses the topic,
// that one's cursor under a new owner, so that its worker stops the next time it looks.
func (s *Sink) deed(ctx context.Context, reader *kgo.Client) error {
	s.deeds = nil
	order := Order{s.holder.Seq, s.state.partitions}
	mine := Owner{ownerVersion, s.o.Topic, s.data.id, s.o.Stream, s.o.TransactionalID(), order}
	if s.holder == mine {
		return nil
	}
	if s.o.Claim && s.holder.Stream != "" && s.holder.Stream != s.o.Stream {
		if err := s.replace(ctx, reader, s.holder.Stream); err != nil {
			return err
		}
	}
	mine.Seq++
	value, err := json.Marshal(mine)
	if err != nil {
		return fmt.Errorf("writing the owner of topic %s: %w", s.o.Topic, err)
	}
	s.deeds = append(s.deeds, kgo.Record{Topic: s.o.StateTopic, Key: []byte(OwnerKey(s.o.Topic)), Value: value})
	s.deeded = mine
	return nil
}

// replace adds another stream's cursor, as if an owner that is none of its workers had
// committed it once more.
func (s *Sink) replace(ctx context.Context, reader *kgo.Client, stream string) error {
	other := s.o
	other.Stream = stream
	c, err := other.stored(ctx, reader, s.state)
	if err != nil || c.Version == 0 {
		return err
	}
	if err := c.Newer(stream); err != nil {
		return class.Wrap(class.Config, err)
	}
	c.Seq, c.Owner, c.StatePartitions = c.Seq+1, s.owner, s.state.partitions
	value, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("writing the cursor of stream %s: %w", stream, err)
	}
	s.deeds = append(s.deeds, kgo.Record{Topic: s.o.StateTopic, Key: []byte(stream), Value: value})
	return nil
}
