package kafka

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/twmb/franz-go/pkg/kerr"
)

// Right is what the brokers' access rules (ACLs) must allow a worker's user, where they have any.
type Right struct {
	Operation string // as kafka-acls.sh calls it
	Resource  string // topic, transactional id, cluster
	Why       string
}

// Rights are all that a worker needs: of topics, of its state topic, of the streams' topics and of their dead-letter
// topics. connector/docs/kafka.md has the table, and a test holds the two equal.
var (
	toFind     = Right{"Describe", "topic", "whether it is there and where it ends; comes with Read and Write"}
	toRead     = Right{"Read", "topic", "the state topic has the cursors; of the others, what is there already is not written again"}
	toWrite    = Right{"Write", "topic", "records, dead letters and cursors"}
	toKnow     = Right{"DescribeConfigs", "topic", "how large a record may be, and whether the topic forgets"}
	toMake     = Right{"Create", "topic", "a topic that is not there yet; none is needed where you make it"}
	toTransact = Right{"Write", "transactional id", "records and cursor in one transaction, by one worker at a time"}
)

// Rights is the table of them.
func Rights() []Right { return []Right{toFind, toRead, toWrite, toKnow, toMake, toTransact} }

// DeniedError is the error of a request that the brokers' access rules do not allow. Its class is that of the error
// around it.
type DeniedError struct {
	Right Right
	Name  string // of the resource
	err   error
}

func (e *DeniedError) Error() string {
	return fmt.Sprintf("%v (this user needs the ACL %s on %s %q: %s)", e.err, e.Right.Operation, e.Right.Resource, e.Name, e.Right.Why)
}
func (e *DeniedError) Unwrap() error { return e.err }

// denials are the brokers' errors that say so.
var denials = []error{kerr.TopicAuthorizationFailed, kerr.ClusterAuthorizationFailed, kerr.TransactionalIDAuthorizationFailed}

func denied(err error) bool {
	return slices.ContainsFunc(denials, func(d error) bool { return errors.Is(err, d) })
}

// of is err with the right that is missing, where that is what it says.
func (r Right) of(name string, err error) error {
	if !denied(err) {
		return err
	}
	return &DeniedError{r, name, err}
}

// apart asks about the halves of a list of topics by themselves, where asking about all of them has failed because
// one is denied: the client's error is for all then. It reports false where that is not so.
func apart[V any](topics []string, err error, ask func(topics []string) map[string]V) (map[string]V, bool) {
	if len(topics) < 2 || !denied(err) {
		return nil, false
	}
	all := ask(topics[:len(topics)/2])
	maps.Copy(all, ask(topics[len(topics)/2:]))
	return all, true
}

// ofRecord is err with the right that is missing to produce to a topic.
func (o Options) ofRecord(topic string, err error) error {
	if errors.Is(err, kerr.TransactionalIDAuthorizationFailed) {
		return toTransact.of(o.TransactionalID(), err)
	}
	return toWrite.of(topic, err)
}
