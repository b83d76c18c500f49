package kafka

import (
	"errors"

	"github.com/twmb/franz-go/pkg/kerr"

	"tidemark/connector/internal/class"
)

// Outcome says what became of a transaction whose Commit failed (rule 3).
type Outcome int

// The outcomes of a failed Commit. A Commit that returns nil was written.
const (
	NotWritten Outcome = iota + 1 // the commit was never asked for: nothing is visible, nor will be
	Unknown                       // the commit was asked for, its answer is lost: only the stored cursor can tell
)

func (o Outcome) String() string {
	if o == NotWritten {
		return "not written"
	}
	return "unknown"
}

// CommitError is the error of a failed Commit. Its client is closed: the stream goes on
// by a new Open, or not at all.
type CommitError struct {
	Outcome Outcome
	// Permanent says that trying again would fail in the same way.
	Permanent bool
	// Late says that the transaction had transaction_timeout for itself, and was not through.
	Late bool
	Err  error
}

func (e *CommitError) Error() string {
	return "committing a transaction (outcome: " + e.Outcome.String() + "): " + e.Err.Error()
}
func (e *CommitError) Unwrap() error { return e.Err }

// ErrFenced is the error of a worker that another one has replaced (P5).
var ErrFenced = class.Wrap(class.Fenced, errors.New("another worker has taken over the stream"))

// permanent lists the errors that no new start mends.
var permanent = []error{
	kerr.MessageTooLarge, kerr.RecordListTooLarge, kerr.InvalidRecord, kerr.UnsupportedVersion,
	kerr.TopicAuthorizationFailed, kerr.ClusterAuthorizationFailed, kerr.TransactionalIDAuthorizationFailed,
	kerr.SaslAuthenticationFailed, kerr.UnsupportedCompressionType, kerr.InvalidTransactionTimeout,
	kerr.PolicyViolation, kerr.InvalidTopicException,
}

func isPermanent(err error) bool {
	for _, p := range permanent {
		if errors.Is(err, p) {
			return true
		}
	}
	return false
}
