package kafka

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"tidemark/connector/internal/class"
)

// topicInfo is what a sink needs to know of a topic.
type topicInfo struct {
	id         string
	partitions int
}

// ensureState creates the state topic where it is missing and refuses one that could forget
// a cursor.
func (o Options) ensureState(ctx context.Context, adm *kadm.Client) (topicInfo, error) {
	compact := "compact"
	state, err := o.ensure(ctx, adm, o.StateTopic, o.StatePartitions, map[string]*string{"cleanup.policy": &compact})
	if err != nil {
		return state, err
	}
	return state, o.checkStatePolicy(ctx, adm)
}

func (o Options) ensure(ctx context.Context, adm *kadm.Client, topic string, partitions int, config map[string]*string) (topicInfo, error) {
	info, err := o.describe(ctx, adm, topic)
	if !errors.Is(err, kerr.UnknownTopicOrPartition) {
		return info, err
	}
	err = o.create(ctx, adm, topic, spec{int32(partitions), config})
	if errors.Is(err, kerr.InvalidReplicationFactor) {
		err = fmt.Errorf("%w (kafka.replication is %d; are there as many brokers?)", err, o.Replication)
	}
	if err != nil && !errors.Is(err, kerr.TopicAlreadyExists) {
		return info, refusal(class.Errorf(class.Broker, "creating topic %s: %w", topic, toMake.of(topic, err)))
	}
	// A new topic takes a moment to get its leaders.
	for wait := 10 * time.Millisecond; ; wait *= 2 {
		info, err = o.describe(ctx, adm, topic)
		if err == nil || wait > 3*time.Second || ctx.Err() != nil {
			return info, err
		}
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
}

func describe(ctx context.Context, adm *kadm.Client, topic string) (topicInfo, error) {
	found := describeAll(ctx, adm, []string{topic})[topic]
	return found.value, found.err
}

func describeAll(ctx context.Context, adm *kadm.Client, names []string) map[string]said[topicInfo] {
	listed, failed := adm.ListTopics(ctx, names...)
	if all, ok := apart(names, failed, func(some []string) map[string]said[topicInfo] { return describeAll(ctx, adm, some) }); ok {
		return all
	}
	all := make(map[string]said[topicInfo], len(names))
	for _, name := range names {
		t, err := listed[name], failed
		if err == nil {
			err = t.Err
		}
		if err == nil && len(t.Partitions) == 0 {
			err = kerr.UnknownTopicOrPartition
		}
		if err == nil {
			for _, p := range t.Partitions {
				if p.Err != nil {
					err = p.Err
				}
			}
		}
		if err != nil {
			all[name] = said[topicInfo]{err: class.Errorf(class.Broker, "looking up topic %s: %w", name, toFind.of(name, err))}
			continue
		}
		all[name] = said[topicInfo]{value: topicInfo{id: t.ID.String(), partitions: len(t.Partitions)}}
	}
	return all
}

// describeNow is describe of a topic that has just been described: the client remembers what
// the broker told it, for a while.
func describeNow(ctx context.Context, cl *kgo.Client, topic string) (topicInfo, error) {
	req := kmsg.NewPtrMetadataRequest()
	asked := kmsg.NewMetadataRequestTopic()
	asked.Topic = &topic
	req.Topics = append(req.Topics, asked)
	resp, err := req.RequestWith(ctx, cl)
	if err == nil && len(resp.Topics) == 1 {
		err = kerr.ErrorForCode(resp.Topics[0].ErrorCode)
	}
	if err == nil && (len(resp.Topics) != 1 || len(resp.Topics[0].Partitions) == 0) {
		err = kerr.UnknownTopicOrPartition
	}
	if err != nil {
		return topicInfo{}, class.Errorf(class.Broker, "looking up topic %s again: %w", topic, toFind.of(topic, err))
	}
	t := resp.Topics[0]
	return topicInfo{id: kadm.TopicID(t.TopicID).String(), partitions: len(t.Partitions)}, nil
}

// checkStatePolicy refuses a state topic that deletes by age or size: a cursor lost that
// way would start its stream anew.
func (o Options) checkStatePolicy(ctx context.Context, adm *kadm.Client) error {
	policy, err := o.config(ctx, adm, o.StateTopic, "cleanup.policy")
	if err != nil {
		return err
	}
	if strings.TrimSpace(policy) == "compact" {
		return nil
	}
	return class.Refuse(class.Errorf(class.Broker, "state topic %s has cleanup.policy=%s, which forgets cursors; it must be compact only: "+
		"kafka-configs.sh --bootstrap-server %s --alter --entity-type topics --entity-name %s --add-config cleanup.policy=compact, "+
		"or name another topic (kafka.state_topic)", o.StateTopic, policy, strings.Join(o.Brokers, ","), o.StateTopic))
}

// batchOverhead is more than a batch of one record takes beside key, value and headers:
// 61 bytes for the batch, and some varints.
const batchOverhead = 256

// maxRecord is the largest batch that the output topic, with these settings, takes; the
// dead-letter topic is made to take the same.
func (o Options) maxRecord(settings map[string]string) (int, error) {
	return batchOf(o.Topic, settings)
}

// batchOf is the largest batch that a topic with these settings takes.
func batchOf(topic string, settings map[string]string) (int, error) {
	text, ok := settings[maxBytes]
	if !ok {
		return 0, untold(topic, maxBytes)
	}
	n, err := strconv.Atoi(text)
	if err != nil || n <= 2*batchOverhead {
		return 0, class.Refuse(class.Errorf(class.Broker, "topic %s has %s=%s, too little for any record", topic, maxBytes, text))
	}
	return min(n, math.MaxInt32), nil
}

// maxBatch is batchOf a topic that is there.
func maxBatch(ctx context.Context, adm *kadm.Client, topic string) (int, error) {
	all, err := settings(ctx, adm, topic)
	if err != nil {
		return 0, err
	}
	return batchOf(topic, all)
}

const maxBytes = "max.message.bytes"

// DeadTopic is where rows go that cannot be written as what they are.
func (o Options) DeadTopic() string { return o.Topic + ".dlq" }

// ensureDead creates the dead-letter topic when the first dead letter comes.
func (s *Sink) ensureDead(ctx context.Context) error {
	if s.dead {
		return nil
	}
	limit := strconv.Itoa(s.limit)
	_, err := s.o.ensure(ctx, kadm.NewClient(s.client), s.o.DeadTopic(), 1, map[string]*string{"max.message.bytes": &limit})
	s.dead = err == nil
	return err
}

// settings are those of a topic that the broker tells.
func settings(ctx context.Context, adm *kadm.Client, topic string) (map[string]string, error) {
	found := settingsOfAll(ctx, adm, []string{topic})[topic]
	return found.value, found.err
}

func settingsOfAll(ctx context.Context, adm *kadm.Client, topics []string) map[string]said[map[string]string] {
	all := make(map[string]said[map[string]string], len(topics))
	for _, topic := range topics {
		all[topic] = said[map[string]string]{value: make(map[string]string)}
	}
	failed := func(topic string, err error) {
		all[topic] = said[map[string]string]{err: class.Errorf(class.Broker, "reading the settings of topic %s: %w", topic, toKnow.of(topic, err))}
	}
	configs, err := adm.DescribeTopicConfigs(ctx, topics...)
	if all, ok := apart(topics, err, func(some []string) map[string]said[map[string]string] { return settingsOfAll(ctx, adm, some) }); ok {
		return all
	}
	if err != nil {
		for _, topic := range topics {
			failed(topic, err)
		}
		return all
	}
	for _, rc := range configs {
		if rc.Err != nil {
			failed(rc.Name, rc.Err)
			continue
		}
		for _, c := range rc.Configs {
			if c.Value != nil {
				all[rc.Name].value[c.Key] = *c.Value
			}
		}
	}
	return all
}

func (o Options) config(ctx context.Context, adm *kadm.Client, topic, key string) (string, error) {
	all, err := o.settings(ctx, adm, topic)
	if err != nil {
		return "", err
	}
	text, ok := all[key]
	if !ok {
		return "", untold(topic, key)
	}
	return text, nil
}

func untold(topic, key string) error {
	return class.Errorf(class.Broker, "reading the settings of topic %s: the broker does not tell its %s", topic, key)
}

// CheckTopic looks at the output topic and its dead letters' and changes nothing. It returns a line for
// people.
func (o Options) CheckTopic(ctx context.Context) (string, error) {
	return o.check(ctx, o.Topic, o.Partitions, o.describeConfig(), func(adm *kadm.Client) (string, error) {
		note, err := o.checkDead(ctx, adm)
		if err == nil {
			err = o.checkMemory(ctx, adm)
		}
		differs := ""
		if err == nil {
			differs, err = o.checkConfig(ctx, adm)
		}
		return note + differs, err
	})
}

// CheckState is CheckTopic of the state topic.
func (o Options) CheckState(ctx context.Context) (string, error) {
	return o.check(ctx, o.StateTopic, o.StatePartitions, "cleanup.policy=compact", func(adm *kadm.Client) (string, error) {
		return "", o.checkStatePolicy(ctx, adm)
	})
}

// check describes a topic and, where it exists, what more there is to say of it.
func (o Options) check(ctx context.Context, topic string, partitions int, settings string, more func(*kadm.Client) (string, error)) (string, error) {
	cl, err := o.client()
	if err != nil {
		return "", err
	}
	defer cl.Close()
	adm := kadm.NewClient(cl)
	info, err := describe(ctx, adm, topic)
	if errors.Is(err, kerr.UnknownTopicOrPartition) {
		return fmt.Sprintf("%s does not exist yet, will be created with %d partitions, %s", topic, partitions, settings), nil
	}
	if err != nil {
		return "", err
	}
	policy, err := o.config(ctx, adm, topic, "cleanup.policy")
	if err != nil {
		return "", err
	}
	note, err := more(adm)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s has %d partitions, cleanup.policy=%s%s", topic, info.partitions, policy, note), nil
}
