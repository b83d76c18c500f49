package class

import "errors"

// refusal marks an error with which a start is refused: the configuration, or what it names,
// is not as it has to be, and asking again does not change that.
type refusal struct{ err error }

func (e *refusal) Error() string { return e.err.Error() }
func (e *refusal) Unwrap() error { return e.err }

// Refuse marks err as a refused start, whatever its class. A nil err stays nil.
func Refuse(err error) error {
	if err == nil {
		return nil
	}
	return &refusal{err}
}

// Refused reports whether err, or what it wraps, was marked by Refuse.
func Refused(err error) bool { return errors.As(err, new(*refusal)) }
