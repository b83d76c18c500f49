package kafka

import (
	"errors"
	"io"
	"syscall"

	"github.com/twmb/franz-go/pkg/kerr"

	"tidemark/connector/internal/class"
)

// Passing reports whether an error is one of a broker that is there, and that a moment later
// may give another answer: a leader or a coordinator that is being moved, a connection that
// was cut. A broker that nobody reaches is none.
func Passing(err error) bool {
	var access *AccessError
	if class.Refused(err) || errors.As(err, &access) && !access.passes {
		return false
	}
	return kerr.IsRetriable(err) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// refusals are the broker's errors that only another configuration mends.
var refusals = []error{kerr.UnsupportedVersion, kerr.InvalidTransactionTimeout, kerr.InvalidTopicException}

// refusal marks an error of an open that is one of these.
func refusal(err error) error {
	for _, r := range refusals {
		if errors.Is(err, r) {
			return class.Refuse(err)
		}
	}
	return err
}
