package kafka

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"

	"tidemark/connector/internal/class"
)

// NoTopicError says that a topic does not exist. Its class is Broker.
type NoTopicError struct {
	Topic string
	Near  []string // topics with a like name; if there are none, some that exist
	Like  bool     // Near are like names
	More  int      // of the same kind, left out
}

func (e *NoTopicError) Error() string {
	near := strings.Join(e.Near, ", ")
	if e.More > 0 {
		near += fmt.Sprintf(" and %d more", e.More)
	}
	switch {
	case len(e.Near) == 0:
		return fmt.Sprintf("topic %q does not exist; the broker has no topics yet", e.Topic)
	case e.Like:
		return fmt.Sprintf("topic %q does not exist; did you mean %s?", e.Topic, near)
	default:
		return fmt.Sprintf("topic %q does not exist; there are %s", e.Topic, near)
	}
}

// exists returns a *NoTopicError where the topic does not. It creates none, whatever
// the broker is set to.
func exists(ctx context.Context, adm *kadm.Client, topic string) error {
	topics, err := adm.ListTopics(ctx)
	if err != nil {
		return class.Errorf(class.Broker, "listing the topics: %w", err)
	}
	if d, ok := topics[topic]; ok && !errors.Is(d.Err, kerr.UnknownTopicOrPartition) {
		return nil
	}
	// An internal topic, or one that we may not list, is asked for by its name.
	named, err := adm.ListTopicsWithInternal(ctx, topic)
	switch {
	case err == nil && named.Error() == nil && named.Has(topic):
		return nil
	case denied(err): // it may well be there
		return class.Errorf(class.Broker, "looking up topic %s: %w", topic, toFind.of(topic, err))
	}
	e := &NoTopicError{Topic: topic}
	for _, name := range topics.Names() {
		if like(topic, name) {
			e.Near = append(e.Near, name)
		}
	}
	e.Like = len(e.Near) > 0
	if !e.Like {
		e.Near = topics.Names()
	}
	slices.SortStableFunc(e.Near, func(a, b string) int { return distance(topic, a) - distance(topic, b) })
	const most = 10 // the demo's topics and some of one's own
	if len(e.Near) > most {
		e.Near, e.More = e.Near[:most], len(e.Near)-most
	}
	return class.Wrap(class.Broker, e)
}

// like says that a name could be a misspelling of another, or a part of it.
func like(asked, name string) bool {
	a, b := strings.ToLower(asked), strings.ToLower(name)
	if a == "" {
		return false
	}
	return strings.Contains(b, a) || strings.Contains(a, b) || distance(a, b) <= max(1, len(a)/4)
}

// distance counts the insertions, deletions and replacements between two names
// (Levenshtein), a row of the table at a time.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}
