package strategies

import (
	"fmt"
	"strconv"
)

// TokenPosition is where a list by tokens, or by URLs, stands.
type TokenPosition struct {
	Text  string `json:"text"`            // what the page before led to
	Read  int64  `json:"read"`            // pages read
	Seen  string `json:"seen,omitempty"`  // an earlier one, to notice a circle (P7)
	Empty int    `json:"empty,omitempty"` // pages without rows, one behind the other
}

func (p *TokenPosition) wrong(below func(name string, n, least int64)) {
	below("read", p.Read, 0)
	below("empty", int64(p.Empty), 0)
}

// tokened reads a list each page of which leads to the next one: by a token, which is asked with,
// or by a URL, which is asked.
type tokened struct {
	spec Spec
	role Role
}

func (t tokened) at(p Position) TokenPosition {
	if at, ok := p.(*TokenPosition); ok {
		return *at
	}
	return TokenPosition{}
}

func (t tokened) ask(at Position, q *Query) {
	if text := t.at(at).Text; text != "" {
		q.Params = append(q.Params, Param{t.role, text})
	}
}

func (t tokened) step(at Position, p *Page) (move, error) {
	to := t.at(at)
	token, ends := p.Token, t.spec.Ends
	switch {
	case token.Present && !token.Null && !token.Blank:
		// Some APIs give a token with their last page, too, and a flag that says that it is the last.
		if len(p.Rows) == 0 && ends.EmptyPage || p.More.End != "" && (p.More.More == "" || p.More.More == t.spec.TokenPlace) {
			return move{end: true}, nil
		}
		return t.follow(to, p, token.Text)
	case token.Present && token.Null || ends.Token || to.Read > 0 && p.More.More == "":
		// An earlier page had one in this place, so that none is a word.
		return move{end: true, warning: p.More.against("the answer leads to no next page, which ends the sweep")}, nil
	case p.More.More != "":
		return move{}, fmt.Errorf("the answer has %s, and says that there is more (%s): is token_path the right one? "+
			"If this is how the API shows its last page, say so (end: token)", t.nothing(token), p.More.More)
	case len(p.Rows) == 0, p.More.whole(len(p.Rows)), ends.ShortPage && p.asked > 0 && len(p.Rows) < p.asked:
		return move{end: true}, nil
	}
	return move{}, fmt.Errorf("the answer of %d rows has %s, so it does not say whether there is more: give the path of the %s (token_path), "+
		"or, if the page without one is the last, say so (end: token)", len(p.Rows), t.nothing(token), t.name())
}

func (t tokened) name() string {
	if t.role == RoleLink {
		return "next page's URL"
	}
	return "token"
}

// nothing tells what a page has instead of a token.
func (t tokened) nothing(token Token) string {
	if token.Present {
		return token.Text + " at " + strconv.Quote(t.spec.TokenPlace)
	}
	return "nothing at " + strconv.Quote(t.spec.TokenPlace)
}

// follow goes on to where the page leads. What leads to itself, or round in a circle, never ends: it is held
// against one earlier token, which is taken anew at each power of two (Brent).
func (t tokened) follow(to TokenPosition, p *Page, text string) (move, error) {
	switch {
	case len(text) > longestToken:
		return move{}, fmt.Errorf("the %s has %d bytes, more than a request can carry (%d)", t.name(), len(text), longestToken)
	case t.spec.Ends.RepeatedPage && text == to.Text:
		return move{end: true}, nil
	case to.Text != "" && (text == to.Text || text == to.Seen):
		return move{}, fmt.Errorf("the API repeats the %s %q after %d pages: following it would never end; "+
			"if it gives its last page again behind the end, say so (end: repeated_page)", t.name(), text, to.Read+1)
	}
	if to.Empty++; len(p.Rows) > 0 {
		to.Empty = 0
	}
	if to.Empty > mostEmpty && !t.spec.Ends.Token {
		return move{}, fmt.Errorf("%d pages without rows follow each other, each with a %s of its own: if an empty page is the end, say so "+
			"(end: empty_page); if only a page without one is, end: token", to.Empty, t.name())
	}
	if to.Read++; to.Read&(to.Read-1) == 0 {
		to.Seen = text
	}
	to.Text = text
	return move{to: &to}, nil
}

func (t tokened) ahead(at Position, _ int, _ int64) (Position, bool) { return at, false }
