// Package class gives every error that leaves tidemark one of five classes. The
// class decides the process's exit code, and nothing else looks at it.
package class

import (
	"errors"
	"fmt"
)

// Class says whose hands an error is in.
type Class int

// The classes, each with the exit code of a process that stops on it.
const (
	Unexpected Class = 1 // a bug, or a machine failing in a way no other class names
	Config     Class = 2 // the user can mend it by changing a file or a flag
	Source     Class = 3 // the API did not answer as its contract says
	Broker     Class = 4 // Kafka or the schema registry
	Fenced     Class = 5 // another worker owns the stream now (P5)
)

// String returns the word that logs and metrics use.
func (c Class) String() string {
	switch c {
	case Config:
		return "config"
	case Source:
		return "source"
	case Broker:
		return "broker"
	case Fenced:
		return "fenced"
	default:
		return "unexpected"
	}
}

// Classes are all classes, by their exit codes.
var Classes = []Class{Unexpected, Config, Source, Broker, Fenced}

// Means says what a process that ends with the class's exit code tells whoever started it.
func (c Class) Means() string {
	switch c {
	case Config:
		return "usage, or the configuration: a file or a flag mends it, and a restart does not"
	case Source:
		return "the API did not answer as it should"
	case Broker:
		return "Kafka or the schema registry did not, or refused something"
	case Fenced:
		return "another worker has taken over, or somebody else writes into the topic: do not restart"
	default:
		return "unexpected, or `--once` was interrupted before its end; of `verify` and `health`: what was looked for was not so"
	}
}

// classed carries a class beside the error it wraps.
type classed struct {
	class Class
	err   error
}

func (e *classed) Error() string { return e.err.Error() }
func (e *classed) Unwrap() error { return e.err }

// Wrap gives err a class. A nil err stays nil. An error that has a class keeps the
// innermost one: what first failed knows best.
func Wrap(c Class, err error) error {
	if err == nil {
		return nil
	}
	var e *classed
	if errors.As(err, &e) {
		return err
	}
	return &classed{class: c, err: err}
}

// Override gives err a class whatever class it has: who asks a token server for a broker's sake has an error of
// the broker's. A nil err stays nil.
func Override(c Class, err error) error {
	if err == nil {
		return nil
	}
	return &classed{class: c, err: err}
}

// Errorf is fmt.Errorf with a class; a wrapped error's own class wins over c.
func Errorf(c Class, format string, args ...any) error {
	return Wrap(c, fmt.Errorf(format, args...))
}

// Of returns the class of err, Unexpected where it has none. Of(nil) is 0.
func Of(err error) Class {
	if err == nil {
		return 0
	}
	var e *classed
	if errors.As(err, &e) {
		return e.class
	}
	return Unexpected
}
