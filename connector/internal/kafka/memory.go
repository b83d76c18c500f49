package kafka

import (
	"context"
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
	return c
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
