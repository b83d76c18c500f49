package kafka

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"

	"tidemark/connector/internal/class"
)

// day is Kafka's default for delete.retention.ms.
const day = 24 * time.Hour

// dataConfig is what an output topic is created with. It keeps tombstones for longer than
// the stream reads rows again (rule 11).
func (o Options) dataConfig() map[string]*string {
	policy := "compact"
	c := map[string]*string{"cleanup.policy": &policy}
	if o.Back >= day {
		text := o.tombstones()
		c["delete.retention.ms"] = &text
	}
	for name, value := range o.TopicConfig {
		c[name] = &value
	}
	return c
}

// describeConfig is the settings that an output topic is created with.
func (o Options) describeConfig() string {
	c := o.dataConfig()
	var all []string
	for _, name := range slices.Sorted(maps.Keys(c)) {
		all = append(all, name+"="+*c[name])
	}
	return strings.Join(all, ", ")
}

// checkConfig says which of the settings that the configuration gives the output topic has otherwise, and how
// it gets them; "": none.
func (o Options) checkConfig(ctx context.Context, adm *kadm.Client) (string, error) {
	if len(o.TopicConfig) == 0 {
		return "", nil
	}
	has, err := o.settings(ctx, adm, o.Topic)
	if err != nil {
		return "", err
	}
	var differ, want []string
	for _, name := range slices.Sorted(maps.Keys(o.TopicConfig)) {
		value := o.TopicConfig[name]
		if has[name] == value {
			continue
		}
		differ = append(differ, fmt.Sprintf("%s=%s instead of %s", name, has[name], value))
		want = append(want, fmt.Sprintf("%s=[%s]", name, value))
	}
	if len(differ) == 0 {
		return "", nil
	}
	return fmt.Sprintf("; it has %s (topic_config), which kafka-configs.sh --bootstrap-server %s --alter --entity-type topics --entity-name %s --add-config %s changes",
		strings.Join(differ, ", "), strings.Join(o.Brokers, ","), o.Topic, strings.Join(want, ",")), nil
}

// tombstones is how long the output topic should keep them.
func (o Options) tombstones() string { return strconv.FormatInt((o.Back + day).Milliseconds(), 10) }

// checkMemory refuses an output topic that forgets sooner than the stream reads again
// (rule 11): a row that is read when its last event is gone is taken for a new one.
func (o Options) checkMemory(ctx context.Context, adm *kadm.Client) error {
	if o.Back <= 0 {
		return nil
	}
	policy, err := o.config(ctx, adm, o.Topic, "cleanup.policy")
	if err != nil {
		return err
	}
	for key, of := range map[string]string{"delete.retention.ms": "compact", "retention.ms": "delete"} {
		if !strings.Contains(policy, of) {
			continue
		}
		text, err := o.config(ctx, adm, o.Topic, key)
		if err != nil {
			return err
		}
		ms, err := strconv.ParseInt(text, 10, 64)
		if err != nil || ms < 0 || o.Back.Milliseconds() < ms { // -1: for ever
			continue
		}
		return class.Errorf(class.Broker, "topic %s has %s=%s, and the stream reads again what is up to %v old: rows that the topic has forgotten "+
			"would be written once more; kafka-configs.sh --bootstrap-server %s --alter --entity-type topics --entity-name %s --add-config %s=%s, "+
			"or look back less far (buffer_hours, lookback)", o.Topic, key, text, o.Back, strings.Join(o.Brokers, ","), o.Topic, key, o.tombstones())
	}
	return nil
}
