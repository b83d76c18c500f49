package main

import (
	"testing"
	"time"

	"tidemark/connector"
)

// A stream that cannot go on shows since when.
func TestStateOf(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, c := range []struct {
		state connector.State
		since time.Duration // before now; 0: it can
		want  string
	}{
		{connector.Idle, 0, "idle"}, {connector.Retrying, 0, "retrying"},
		{connector.Retrying, 1500 * time.Millisecond, "retrying 1s"}, {connector.Retrying, 61 * time.Second, "retrying 1m"},
		{connector.Retrying, 119 * time.Minute, "retrying 1h"}, {connector.Retrying, 50 * time.Hour, "retrying 2d"},
		{connector.Failed, time.Hour, "failed"},
	} {
		s := connector.Status{State: c.state}
		if c.since > 0 {
			s.Since = now.Add(-c.since)
		}
		if got := stateOf(&s, now); got != c.want {
			t.Errorf("%s since %v: %q, want %q", c.state, c.since, got, c.want)
		}
	}
}
