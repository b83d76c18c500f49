package strategies

import (
	"fmt"
	"slices"
)

// RowPosition is where a list stands whose pages begin behind a row.
type RowPosition struct {
	Behind string `json:"behind"` // what the request carries of the last row
	Read   int64  `json:"read"`   // pages read
	Rows   int64  `json:"rows"`   // rows in them
}

func (p *RowPosition) wrong(below func(name string, n, least int64)) {
	below("read", p.Read, 0)
	below("rows", p.Rows, 0)
}

// behindRow reads a list whose next page begins behind the last row of the page before. The API
// has to have an order of its own, in which a row keeps its place.
type behindRow struct{ spec Spec }

func (b behindRow) at(p Position) RowPosition {
	if at, ok := p.(*RowPosition); ok {
		return *at
	}
	return RowPosition{}
}

func (b behindRow) ask(at Position, q *Query) {
	if text := b.at(at).Behind; text != "" {
		q.Params = append(q.Params, Param{RoleToken, text})
	}
}

func (b behindRow) step(at Position, p *Page) (move, error) {
	to := b.at(at)
	if slices.ContainsFunc(p.Rows, func(r Row) bool { return to.Behind != "" && b.mark(&r) == to.Behind }) {
		return move{}, fmt.Errorf("asked for what lies behind the row %q the API gives that row once more: it does not honour %s, or begins a page with "+
			"the row it is asked with; give the right parameter (params.token)", to.Behind, b.spec.Params.Token)
	}
	to.Read, to.Rows = to.Read+1, to.Rows+int64(len(p.Rows))
	rest := *p
	rest.Total = -1 // it may count what lies behind the row that was asked with
	m, err := b.spec.Ends.ended(&rest, to.Rows, to.Read, false)
	if err != nil || m.end {
		return m, err
	}
	if to.Behind = b.mark(&p.Rows[len(p.Rows)-1]); to.Behind == "" {
		return move{}, fmt.Errorf("the last of the page's %d rows has nothing to go on behind (last_row: %s)", len(p.Rows), b.spec.LastRow)
	}
	m.to = &to
	return m, nil
}

// mark is what a request says of a row.
func (b behindRow) mark(r *Row) string {
	if b.spec.LastRow == LastCursor {
		return string(r.Value.Raw)
	}
	return string(r.Key)
}

func (b behindRow) ahead(at Position, _ int, _ int64) (Position, bool) { return at, false }

// What a request for the rows behind one says of it.
const (
	LastKey    = "key"    // its id
	LastCursor = "cursor" // its cursor value
)
