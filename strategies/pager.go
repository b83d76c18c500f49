package strategies

import (
	"fmt"
	"maps"
	"slices"
)

// pager says how the pages of one list follow each other. It is pure; what it remembers is a
// Position of its own type.
type pager interface {
	// ask puts into the question what leads to the page that the position stands before.
	ask(at Position, q *Query)
	// step says where a page leads to: every call moves the position, ends the list or fails (P7, P8).
	step(at Position, p *Page) (move, error)
	// ahead is the position behind the page that at stands before, if that page is full and
	// nothing moves; false where only the page itself tells.
	ahead(at Position, rows int, total int64) (Position, bool)
}

// move is where a page leads to.
type move struct {
	to      Position
	end     bool   // there are no more pages
	lacks   string // why the list has to be read from its first page again; empty: it has not
	warning string
}

// The names of the pagers, as the configuration writes them.
const (
	Unpaged  = "none"        // the answer is all there is
	ByNumber = "page"        // by number
	ByOffset = "offset"      // by the number of rows to skip
	ByToken  = "token"       // by a token in the answer
	ByURL    = "next_url"    // by a URL in the answer
	ByLink   = "link_header" // by the header Link, rel=next
	ByRow    = "last_row"    // by the last row of the page before
)

// paging is what the recipes and the configuration have to know of a kind of pager.
type paging struct {
	doc    string
	needs  []Role // what a request must be able to carry
	shifts bool   // a row that comes or goes moves others from one page to another
	links  bool   // it goes by URLs, which are asked as they are
	bounds bool   // what it goes by behind the first page is no token, which would hold the bounds
	path   bool   // the answer has to hold something, at the path of the token
	make   func(Spec) pager
	// position is one of the type that its positions have; nil: it needs none.
	position func() Position
}

// pagings are all kinds of pagers: a new one is a file, with its position, and a line here.
var pagings = map[string]paging{
	Unpaged:  {doc: "the answer holds all rows; one that says that there is more is an error", make: func(s Spec) pager { return onePage{s} }},
	ByNumber: {doc: "pages have numbers", needs: []Role{RolePage}, shifts: true, make: func(s Spec) pager { return numbered{s} }, position: func() Position { return new(NumberPosition) }},
	ByOffset: {doc: "the request says how many rows to skip", needs: []Role{RoleOffset}, shifts: true, make: func(s Spec) pager { return skipping{s} }, position: func() Position { return new(OffsetPosition) }},
	ByToken:  {doc: "each page holds the token of the next one", needs: []Role{RoleToken}, path: true, make: func(s Spec) pager { return tokened{s, RoleToken} }, position: func() Position { return new(TokenPosition) }},
	ByURL:    {doc: "each page holds the URL of the next one", links: true, path: true, make: func(s Spec) pager { return tokened{s, RoleLink} }, position: func() Position { return new(TokenPosition) }},
	ByLink:   {doc: "the header Link of each page has the URL of the next one (rel=next)", links: true, make: func(s Spec) pager { return linked{tokened{s, RoleLink}} }, position: func() Position { return new(TokenPosition) }},
	ByRow: {doc: "a page begins behind the last row of the one before, whose key the request carries", needs: []Role{RoleToken}, bounds: true,
		make: func(s Spec) pager { return behindRow{s} }, position: func() Position { return new(RowPosition) }},
}

// Pagers are the names of the pagers, in the order of the alphabet.
func Pagers() []string { return slices.Sorted(maps.Keys(pagings)) }

// PagerDoc says of a pager how pages follow each other.
func PagerDoc(name string) string { return pagings[name].doc }

// PagerNeeds are the roles that requests must have a place for.
func PagerNeeds(name string) []Role { return pagings[name].needs }

// PagerLinks reports whether a pager goes by URLs, which are asked as they are.
func PagerLinks(name string) bool { return pagings[name].links }

// PagerBounds reports whether a question behind the first page has its bounds whatever the configuration says of
// tokens: a row that stands for where the page before ended is no token, which would hold them.
func PagerBounds(name string) bool { return pagings[name].bounds }

// PagerReads reports whether a pager goes by what an answer holds at the path of the token.
func PagerReads(name string) bool { return pagings[name].path }

// ByTokens reports whether a pager goes by tokens that requests carry.
func ByTokens(name string) bool { return PagerReads(name) && !PagerLinks(name) }

func newPager(spec Spec) (pager, paging, error) {
	kind := pagings[spec.Pager]
	for _, r := range kind.needs {
		if spec.Params.Of(r) == "" {
			return nil, kind, fmt.Errorf("pages by %s need the name of a parameter (params.%s)", spec.Pager, r)
		}
	}
	return kind.make(spec), kind, nil
}

// ended judges what an answer of a list that counts its pages says of its end. An empty page is
// one, unless the answer counts more rows than came: then rows have gone meanwhile, or the API
// gives no more pages than so many, and it is read again from the first page; but not where the page before
// reached its count (counted), for rows that came since are behind the end. A count that is
// reached proves an end only where the page is shorter than asked for, or the answer says in
// another way that there is no more, for some APIs count no further than a limit. Where the answer says both that there is more and that there is
// not, it is read on.
func (e Ends) ended(p *Page, seen, pages int64, counted bool) (move, error) {
	rows := len(p.Rows)
	short := p.asked > 0 && rows < p.asked
	said := p.More.End != "" && p.More.More == ""
	switch {
	case rows == 0 && p.More.Flag:
		return move{}, fmt.Errorf("page %d has no rows, and says that there is more (%s): an empty page is the end of a list by pages, so "+
			"what it promises would be lost; look at records_path", pages, p.More.More)
	case rows == 0 && p.Total > 0 && pages == 1 && !counted:
		return move{lacks: fmt.Sprintf("the first page has no rows, and the API counts %d: look at records_path, and where pages have numbers at first_page; or total_path is the count of something else",
			p.Total)}, nil
	case rows == 0 && p.Total > seen && !counted:
		return move{lacks: fmt.Sprintf("page %d has no rows, and the API counts %d of which %d were read: it gives no more pages, or total_path is the count of something else",
			pages, p.Total, seen)}, nil
	case rows == 0:
		return move{end: true}, nil
	case p.More.Flag:
		return move{}, nil
	case p.Pages > 0:
		return move{end: pages >= p.Pages}, nil
	case p.Total >= 0:
		return move{end: seen >= p.Total && (short || said)}, nil
	case said:
		return move{end: true}, nil
	case p.More.Kind == CountPages:
		return move{end: pages >= p.More.Total}, nil
	}
	return move{end: e.ShortPage && short}, nil
}
