package kafka

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Each of these is the function of its name about one topic; where sinks open together, about
// all topics that are asked about at the same time.

func (o Options) describe(ctx context.Context, adm *kadm.Client, topic string) (topicInfo, error) {
	if o.Together == nil {
		return describe(ctx, adm, topic)
	}
	return o.Together.topics.ask(ctx, topic, func(ctx context.Context, topics []string) map[string]said[topicInfo] {
		return describeAll(ctx, adm, topics)
	})
}

func (o Options) settings(ctx context.Context, adm *kadm.Client, topic string) (map[string]string, error) {
	if o.Together == nil {
		return settings(ctx, adm, topic)
	}
	return o.Together.settings.ask(ctx, topic, func(ctx context.Context, topics []string) map[string]said[map[string]string] {
		return settingsOfAll(ctx, adm, topics)
	})
}

func (o Options) starts(ctx context.Context, cl *kgo.Client, topic string) (map[int32]int64, error) {
	if o.Together == nil {
		return starts(ctx, cl, topic)
	}
	return o.Together.starts.ask(ctx, topic, func(ctx context.Context, topics []string) map[string]said[map[int32]int64] {
		return offsetsOfAll(ctx, kadm.NewClient(cl).ListStartOffsets, "start", topics)
	})
}

func (o Options) ends(ctx context.Context, cl *kgo.Client, topic string) (map[int32]int64, error) {
	if o.Together == nil {
		return ends(ctx, cl, topic)
	}
	return o.Together.ends.ask(ctx, topic, func(ctx context.Context, topics []string) map[string]said[map[int32]int64] {
		return offsetsOfAll(ctx, kadm.NewClient(cl).ListEndOffsets, "end", topics)
	})
}

// spec is what a topic is created with.
type spec struct {
	partitions int32
	config     map[string]*string
}

// alike is the same for specs of which one request can make topics.
func (s spec) alike() string {
	text := fmt.Sprint(s.partitions)
	for _, key := range slices.Sorted(maps.Keys(s.config)) {
		text += " " + key + "=" + *s.config[key]
	}
	return text
}

// create creates a topic; one that is there already is an error.
func (o Options) create(ctx context.Context, adm *kadm.Client, topic string, s spec) error {
	if o.Together == nil {
		_, err := adm.CreateTopic(ctx, s.partitions, int16(o.Replication), s.config, topic)
		return err
	}
	o.Together.specs.Store(topic, s)
	_, err := o.Together.created.ask(ctx, topic, func(ctx context.Context, topics []string) map[string]said[struct{}] {
		alike := make(map[string][]string)
		for _, topic := range topics {
			s, _ := o.Together.specs.Load(topic)
			key := s.(spec).alike()
			alike[key] = append(alike[key], topic)
		}
		all := make(map[string]said[struct{}], len(topics))
		for _, topics := range alike {
			s, _ := o.Together.specs.Load(topics[0])
			made, err := adm.CreateTopics(ctx, s.(spec).partitions, int16(o.Replication), s.(spec).config, topics...)
			for _, topic := range topics {
				all[topic] = said[struct{}]{err: cmp.Or(err, made[topic].Err)}
			}
		}
		return all
	})
	return err
}
