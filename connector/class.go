package connector

import "tidemark/connector/internal/class"

// ExitCode maps an error to the exit code of a process that stops on it: 0 none, 1
// unexpected, 2 usage or configuration, 3 the API, 4 Kafka or the registry, 5 fenced by
// another worker.
func ExitCode(err error) int {
	return int(class.Of(err))
}

// ConfigError gives err the class of usage and configuration errors.
func ConfigError(err error) error { return class.Wrap(class.Config, err) }
