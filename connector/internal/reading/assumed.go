package reading

import (
	"fmt"

	"tidemark/connector/config"
	"tidemark/strategies"
)

// What the configuration assumes of the rows is held against the answers: that an id is one
// row's only, and that a page has no more rows than page_size. A stream says once what
// speaks against it.

// answersLookedAt is how many answers of a life are searched for rows that share an id: what the
// first pages do not show is rare, and the search costs a map.
const answersLookedAt = 3

// assumed says what a page shows to be otherwise.
func (n *Notes) assumed(p *Parts, c *strategies.Cursor, a *Answer) {
	if len(a.Rows) > 1 && n.searched < answersLookedAt {
		n.searched++
		if note := TwinsNote(&p.Stream, a.Rows); note != "" {
			n.searched = answersLookedAt
			p.Report.Warn(note)
		}
	}
	if n.oversize {
		return
	}
	if note := OversizeNote(&p.Stream, c, a); note != "" {
		n.oversize = true
		p.Report.Warn(note)
	}
}

// TwinsNote names two rows of one answer that have the same id and differ; "": there are none. Of
// a collection whose ids are not unique the topic keeps one row an id, and loses the others.
func TwinsNote(s *config.Stream, rows []strategies.Row) string {
	if s.Traits().ByID {
		return "" // the id is what it counts by
	}
	first := make(map[string]int, len(rows))
	for i := range rows {
		r := &rows[i]
		if r.Err != nil || len(r.Key) == 0 {
			continue
		}
		if j, met := first[string(r.Key)]; met && rows[j].Hash != r.Hash {
			return fmt.Sprintf("rows %d and %d of one answer have the id %q and differ: where %s is not unique, one row takes the other's place in the topic; "+
				"give the field that is (id_field)", j+1, i+1, r.Key, s.IDField)
		}
		first[string(r.Key)] = i
	}
	return ""
}

// UnsentNote is what check and a stream's start say of a page_size that does not go with the requests; "":
// it does, or none is given.
func UnsentNote(s *config.Stream) string {
	if !s.PageSizeUnsent() {
		return ""
	}
	return fmt.Sprintf("page_size %d is not sent: params.limit is not given, so the API's own page size holds", s.PageSize)
}

// OversizeNote says that a page has more rows than page_size; "": it has not, or nothing says how
// many it should have.
func OversizeNote(s *config.Stream, c *strategies.Cursor, a *Answer) string {
	most := max(s.PageSize, c.Widened())
	if len(a.Rows) <= most { // of nearly every page; what is looked up below costs more
		return ""
	}
	if s.PageSize == 0 || s.PageSizeUnsent() || a.Cut || a.Continued || s.Traits().ByID {
		return ""
	}
	if s.Traits().Whole {
		return fmt.Sprintf("an answer has %d rows, more than page_size (%d) says: give the API's real page size, or leave it out if it has none (page_size: none)",
			len(a.Rows), most)
	}
	return strategies.SaysOversize(len(a.Rows), most, s.Params.Limit)
}
