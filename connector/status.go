package connector

import "tidemark/connector/internal/status"

// Status is what a stream shows of itself.
type Status = status.Status

// Counts are totals since the process started.
type Counts = status.Counts

// Sweep reports a sweep that ended and is committed.
type Sweep = status.Sweep

// State is what a stream is doing.
type State = status.State

// The states.
const (
	Starting = status.Starting
	Reading  = status.Reading  // a sweep is open
	Idle     = status.Idle     // waiting for the next poll
	Retrying = status.Retrying // it cannot go on, and tries again until it can: see Status.Since and Cause
	Done     = status.Done
	Failed   = status.Failed
)
