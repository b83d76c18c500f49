package serve

import (
	"fmt"
	"time"

	"tidemark/connector/internal/status"
)

// unready is why a stream keeps its worker from being ready; "": it does not. One that an operator has paused, or that
// was swept once and is done, does not.
func (w *Worker) unready(s *Stream, now time.Time) string {
	switch failing := s.Failing(now); {
	case s.State == status.Done:
		return ""
	case s.State == status.Failed:
		return fmt.Sprintf("it has stopped: %v", s.Err)
	case !s.Opened && s.Cause != nil:
		return fmt.Sprintf("it is not open yet: %v", s.Cause)
	case !s.Opened:
		return "it is not open yet"
	case s.Held:
		return ""
	case failing > w.ReadyAfter:
		return fmt.Sprintf("it cannot go on, for %v already (ready_after %v): %v", failing.Round(time.Second), w.ReadyAfter, s.Cause)
	case s.MaxLag > 0 && s.Lag(now) > s.MaxLag:
		return fmt.Sprintf("its lag is %v, more than max_lag %v", s.Lag(now).Round(time.Second), s.MaxLag)
	}
	return ""
}
