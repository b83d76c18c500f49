package kafka

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"

	"tidemark/connector/internal/class"
)

// explain adds to a broker's refusal what it means for a stream and what to do. Other errors stay
// as they are.
func (o Options) explain(err error) error {
	switch {
	case errors.Is(err, kerr.InvalidTimestamp):
		return fmt.Errorf("%w; records bear this machine's time, and the topic takes only what is near the broker's (message.timestamp.before.max.ms, "+
			"message.timestamp.after.max.ms): set this machine's clock, or let the broker stamp them: kafka-configs.sh --bootstrap-server %s --alter "+
			"--entity-type topics --entity-name %s --add-config message.timestamp.type=LogAppendTime", err, strings.Join(o.Brokers, ","), o.Topic)
	case errors.Is(err, kerr.PolicyViolation):
		return fmt.Errorf("%w; the embedded broker says so where the disk of its data directory (--data-dir) has less than 64 MiB left, which it keeps free "+
			"so that no commit is torn: free some and start again. With another broker it is that one's own policy", err)
	case errors.Is(err, kerr.SaslAuthenticationFailed):
		return o.refused(err) // the password was changed while the stream was open
	}
	return err
}

const maxTxnTimeout = "transaction.max.timeout.ms"

// CheckTimeout fails where the brokers allow transactions only a shorter time than is configured: no
// stream could be opened. Brokers that do not tell are left alone. Its error has class Config.
func (o Options) CheckTimeout(ctx context.Context) error {
	cl, done, err := o.looker()
	if err != nil {
		return err
	}
	defer done()
	ctx, cancel := context.WithTimeout(ctx, dialPatience)
	defer cancel()
	adm := kadm.NewClient(cl)
	brokers, err := adm.ListBrokers(ctx)
	if err != nil {
		return nil // whoever needs the brokers says that they are away
	}
	configs, err := adm.DescribeBrokerConfigs(ctx, brokers.NodeIDs()...)
	if err != nil {
		return nil // it may not be for everybody to ask
	}
	for _, rc := range configs {
		for _, c := range rc.Configs {
			if c.Key != maxTxnTimeout || c.Value == nil {
				continue
			}
			if ms, err := strconv.ParseInt(*c.Value, 10, 64); err == nil && ms > 0 && ms < o.TxnTimeout.Milliseconds() {
				return o.tooLong(time.Duration(ms) * time.Millisecond)
			}
		}
	}
	return nil
}

// tooLong is the error of a transaction timeout that the brokers do not allow; most is what they
// do, 0: unknown.
func (o Options) tooLong(most time.Duration) error {
	limit := "less"
	if most > 0 {
		limit = "at most " + most.String()
	}
	return class.Errorf(class.Config, "kafka.transaction_timeout is %v, and the brokers allow %s (%s): lower it, or raise the brokers' setting",
		o.TxnTimeout, limit, maxTxnTimeout)
}
