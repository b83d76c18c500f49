package strategies

import (
	"fmt"
	"strconv"
)

// NumberPosition is where a list by page numbers stands.
type NumberPosition struct {
	Page  int64  `json:"page"`            // the number to ask for
	Read  int64  `json:"read"`            // pages read
	Rows  int64  `json:"rows"`            // rows in them
	Look  string `json:"look,omitempty"`  // a hash of the page before
	Again int    `json:"again,omitempty"` // pages in a row that had the look of the one before
	// Counted says that by the page before as many rows were read as it counts.
	Counted bool `json:"counted,omitempty"`
}

func (p *NumberPosition) wrong(below func(name string, n, least int64)) {
	below("page", p.Page, 0)
	below("read", p.Read, 0)
	below("rows", p.Rows, 0)
	below("again", int64(p.Again), 0)
}

// numbered reads a list whose pages have numbers.
type numbered struct{ spec Spec }

func (n numbered) at(p Position) NumberPosition {
	if at, ok := p.(*NumberPosition); ok {
		return *at
	}
	return NumberPosition{Page: n.spec.FirstPage}
}

func (n numbered) ask(at Position, q *Query) {
	q.Params = append(q.Params, Param{RolePage, strconv.FormatInt(n.at(at).Page, 10)})
}

func (n numbered) step(at Position, p *Page) (move, error) {
	to := n.at(at)
	to.Read, to.Rows = to.Read+1, to.Rows+int64(len(p.Rows))
	look := shown(p.Rows)
	to.Again = count(to.Again, look, to.Look, len(p.Rows))
	if m, judged := repeats(n.spec, to.Again, p, "the page number", RolePage, to.Page); judged {
		return m, nil
	}
	m, err := n.spec.Ends.ended(p, to.Rows, to.Read, to.Counted)
	to.Page, to.Look, to.Counted = to.Page+1, look, p.Total >= 0 && to.Rows >= p.Total
	m.to = &to
	return m, err
}

func (n numbered) ahead(at Position, rows int, total int64) (Position, bool) {
	to := n.at(at)
	to.Page, to.Read, to.Rows, to.Look = to.Page+1, to.Read+1, to.Rows+int64(rows), ""
	return &to, rows > 0 && (total < 0 || to.Rows < total)
}

// mostAgain is how often in a row a page may hold the rows of the one before: on a list that moves by just
// a page meanwhile it does.
const mostAgain = 3

// repeats judges a page that holds the rows of the one before. Behind the end some APIs give
// their last page again; others do not honour what the page was asked by, and would never come to
// an end (P7). A list that moves may look so, too: the page has to come twice more before it is taken for the last
// one (P2), and the list is read again from its first page before it is an error. again counts such pages, the one in
// hand included; judged is false where they say nothing.
func repeats(spec Spec, again int, p *Page, what string, r Role, value int64) (m move, judged bool) {
	switch {
	case again == 0:
		return move{}, false
	case spec.Ends.RepeatedPage && again > 1:
		return move{end: true}, true
	case spec.Ends.RepeatedPage, again < mostAgain:
		return move{}, false
	}
	return move{lacks: fmt.Sprintf("asked with %s=%d the API gives the %d rows of the page before once more, %d times in a row: it does not honour %s, or gives "+
		"its last page again behind the end; give the right parameter (params.%s), or, if it is the end, say so (end: repeated_page)",
		spec.Params.Of(r), value, len(p.Rows), again, what, r)}, true
}

// count is how many pages in a row have the look of the one before, with one that has the look.
func count(again int, look, before string, rows int) int {
	if rows == 0 || look != before {
		return 0
	}
	return again + 1
}
