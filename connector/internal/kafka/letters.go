package kafka

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// ScanDead is Scan over all of the dead-letter topic; one that does not exist is empty. With a nil
// fn it only looks what the topic takes.
func (s *Sink) ScanDead(ctx context.Context, fn func(*kgo.Record) error) error {
	reader, done, err := s.o.looker()
	if err != nil {
		return err
	}
	defer done()
	_, err = s.o.describe(ctx, kadm.NewClient(reader), s.o.DeadTopic())
	if errors.Is(err, kerr.UnknownTopicOrPartition) {
		return nil
	}
	if err != nil {
		return err
	}
	s.dead = true
	if s.deadLimit, err = maxBatch(ctx, kadm.NewClient(reader), s.o.DeadTopic()); err != nil {
		return err
	}
	if fn == nil {
		return nil
	}
	first, err := starts(ctx, reader, s.o.DeadTopic())
	if err != nil {
		return err
	}
	last, err := ends(ctx, reader, s.o.DeadTopic())
	if err != nil {
		return err
	}
	return s.o.scan(ctx, span{topic: s.o.DeadTopic(), first: first, last: last, isolation: kgo.ReadCommitted()}, fn)
}

// MaxDead is MaxRecord for dead letters, whose topic somebody may have made with a smaller limit. It
// is known once ScanDead has found the topic.
func (s *Sink) MaxDead() int {
	if s.smallDead() {
		return s.deadLimit - batchOverhead
	}
	return s.MaxRecord()
}

func (s *Sink) smallDead() bool { return s.deadLimit > 0 && s.deadLimit < s.limit }

// SmallDead says that a dead-letter topic takes smaller records than the output topic, and what to
// do about it.
func (o Options) SmallDead(letter, record int) string {
	return fmt.Sprintf("%s takes records of up to %d bytes, %s of up to %d: dead letters are cut to what fits "+
		"(kafka-configs.sh --bootstrap-server %s --alter --entity-type topics --entity-name %s --add-config %s=%d)",
		o.DeadTopic(), letter, o.Topic, record, strings.Join(o.Brokers, ","), o.DeadTopic(), maxBytes, record+batchOverhead)
}

// checkDead is what a check says of the dead-letter topic; "": nothing.
func (o Options) checkDead(ctx context.Context, adm *kadm.Client) (string, error) {
	record, err := maxBatch(ctx, adm, o.Topic)
	if err != nil {
		return "", err
	}
	letter, err := maxBatch(ctx, adm, o.DeadTopic())
	switch {
	case errors.Is(err, kerr.UnknownTopicOrPartition):
		return "", nil
	case err != nil:
		return "", err
	case letter < record:
		return "; " + o.SmallDead(letter-batchOverhead, record-batchOverhead), nil
	}
	return "", nil
}
