package strategies

import "fmt"

// onePage reads a list that the API gives in one answer.
type onePage struct{}

func (onePage) ask(Position, *Query) {}

// step ends the list, unless the answer speaks against it (rule 20).
func (onePage) step(_ Position, p *Page) (move, error) {
	if more := p.More.more(len(p.Rows)); more != "" && (p.More.Flag || p.More.More != "" || p.More.Kind >= CountPages) {
		return move{}, fmt.Errorf("the answer has %d rows and says that there is more (%s), and no pages are configured: what lies behind it would be lost (P8); "+
			"say how the API's pages follow each other (pages)", len(p.Rows), more)
	}
	return move{end: true}, nil
}

func (onePage) ahead(at Position, _ int, _ int64) (Position, bool) { return at, false }
