package stream

import (
	"errors"

	"github.com/twmb/franz-go/pkg/kerr"

	"tidemark/connector/internal/kafka"
	"tidemark/connector/internal/rest"
)

// KafkaJudge judges the errors of the Kafka sink and the REST source.
var KafkaJudge = Judge{
	Lost:     func(err error) bool { return errors.Is(err, kafka.ErrTopicLost) },
	Passing:  kafka.Passing,
	Denied:   func(err error) bool { return errors.As(err, new(*kafka.DeniedError)) },
	TooLarge: func(err error) bool { return errors.Is(err, kerr.MessageTooLarge) },
	Commit: func(err error) (failed, permanent, late bool) {
		var e *kafka.CommitError
		if !errors.As(err, &e) {
			return false, false, false
		}
		return true, e.Permanent, e.Late
	},
	Retried: func(err error) bool { return errors.As(err, new(*rest.RetriesError)) },
}
