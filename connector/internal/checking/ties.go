package checking

import (
	"fmt"

	"tidemark/connector/config"
	"tidemark/strategies"
)

// tieNote advises a second field in order_by where rows of offset's first page share cursor
// values: a group of them that is wider than an answer can be read in no other way. It is
// empty where there is nothing to say.
func tieNote(s config.Stream, rows []strategies.Row) string {
	spec, err := s.Spec()
	if err != nil || !s.Traits().Counts || s.OrderBy == "" || s.Params.OrderBy == "" || strategies.BreaksTies(s.OrderBy) {
		return ""
	}
	run, widest, last := 0, 0, strategies.Value{}
	for i := range rows {
		v := rows[i].Value
		if !v.Set {
			continue
		}
		if !last.Set || spec.Format.Compare(v, last) != 0 {
			run = 0
		}
		run++
		widest, last = max(widest, run), v
	}
	if widest < 2 {
		return ""
	}
	return fmt.Sprintf("up to %d of them share one value of %s; if the API sorts by two fields, order_by: %q lets groups wider than a page be counted "+
		"(the last field must be unique)", widest, s.CursorField, s.OrderBy+","+s.IDField)
}
