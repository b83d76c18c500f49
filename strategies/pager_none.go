package strategies

import "fmt"

// onePage reads a list that the API gives in one answer.
type onePage struct{ spec Spec }

func (onePage) ask(Position, *Query) {}

// step ends the list, unless the answer speaks against it (rule 20). A count may be that of all rows,
// whatever was asked for: the configuration can say that (page_size: none).
func (o onePage) step(_ Position, p *Page) (move, error) {
	sure := p.More.Flag || !o.spec.Unpaged && (p.More.More != "" || p.More.Kind >= CountPages)
	if more := p.More.more(len(p.Rows)); more != "" && sure {
		return move{}, fmt.Errorf("the answer has %d rows and says that there is more (%s), and no pages are configured: what lies behind it would be lost; "+
			"say how the API's pages follow each other (pages), or, if it gives everything at once, page_size: none", len(p.Rows), more)
	}
	return move{end: true}, nil
}

func (onePage) ahead(at Position, _ int, _ int64) (Position, bool) { return at, false }
