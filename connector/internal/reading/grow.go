package reading

import (
	"strings"

	"tidemark/connector/internal/status"
	"tidemark/connector/internal/wire"
	"tidemark/strategies"
)

// Grow is what a schema learns of rows; nil: nothing. left are fields that it cannot get, each told once.
type Grow func(rows []strategies.Row) (grown *wire.Growth, left []string, err error)

// GrownError says that rows have what the schema is to learn (on_new_field: evolve). The page is not folded: it is read again once the
// stream is opened with the schema that has grown, so no row is written without what is new in it.
type GrownError struct{ Growth *wire.Growth }

func (e *GrownError) Error() string {
	return "rows have what the schema does not have: " + strings.Join(e.Growth.Changes, ", ")
}

// grows fails with a *GrownError where the answer's rows have something that the schema is to learn.
func (s *Session) grows(a *Answer) error {
	growth, left, err := s.p.Grow(a.Rows)
	if err != nil {
		return s.wrong(a, err)
	}
	if len(left) > 0 {
		s.p.Report.Board.Set(func(b *status.Status) { b.Unknown += int64(len(left)) })
		s.p.Report.Warn("rows have fields that the schema cannot get: they are left out", "fields", strings.Join(left, ", "))
	}
	if growth == nil {
		return nil
	}
	return &GrownError{growth}
}
