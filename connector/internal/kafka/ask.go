package kafka

import (
	"context"

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
