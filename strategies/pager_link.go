package strategies

import "fmt"

// linked reads a list each page of which leads to the next one by its header Link. A page whose
// header has no rel=next is the last one: that is what the header means (RFC 8288).
type linked struct{ tokened }

func (l linked) step(at Position, p *Page) (move, error) {
	switch {
	case p.Link == "" && p.More.More != "":
		return move{}, fmt.Errorf("the answer has no header Link with rel=next, and says that there is more (%s): it pages in another way (pages)", p.More.More)
	case p.Link == "", len(p.Rows) == 0 && l.spec.Ends.EmptyPage:
		return move{end: true}, nil
	}
	return l.follow(l.at(at), p, p.Link)
}
