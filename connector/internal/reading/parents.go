package reading

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/zeebo/xxh3"

	"tidemark/connector/config"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/rest"
	"tidemark/connector/internal/window"
	"tidemark/strategies"
)

// Parents say where the rows come from for each of which a stream reads a slice, and what requests want of them.
type Parents struct {
	Parts  Parts    // that read them, all of them anew for each sweep; their log says nothing
	Fields []string // of a row, as dotted paths
	Needed []string // those without which no request can be made
}

// family is the parents of the stream that a session reads. They are listed when a sweep begins or goes on, by a
// session of their own, and held until it ends: their keys, and the fields that requests have (P10: max_parents).
type family struct {
	of    *Parents
	to    config.ForEach
	list  *Session
	limit int // rows a page of theirs, as was learnt

	kept    *Listing // by which the next sweep begins; nil: it lists them anew
	listing bool
	known   bool        // what was kept is taken for the list
	wrong   error       // they cannot be
	rows    []parentRow // while they are listed in the order in which they come, then in that of their keys
	doubt   string      // why one of them may be missing
	unsure  bool        // that was said
	missed  bool        // that one is gone was said
}

// parentRow is what is held of a parent.
type parentRow struct {
	key     string
	version uint64
	fields  []strategies.Param
	dead    bool // the API marks it as deleted, or the configuration does not want it
}

// inner sets the ids of the questions that a family asks apart from those of the session that it belongs to.
const inner = 1 << 48

func newFamily(p *Parts) *family {
	if p.Parents == nil {
		return nil
	}
	parts := p.Parents.Parts
	parts.Budget = p.Budget
	return &family{of: p.Parents, to: p.Stream.ForEach, list: NewSession(parts, max(parts.Stream.Concurrency-1, 0))}
}

// Listing is the parents as a session has listed them.
type Listing struct {
	rows  []parentRow
	limit int
	doubt string
}

// asListed is what another session can begin by; nil: there are no parents.
func (f *family) asListed() *Listing {
	if f == nil {
		return nil
	}
	return &Listing{f.rows, f.limit, f.doubt}
}

// begin lists the parents from the first one on. sure is said of a scan that takes what it does not show for deleted.
func (f *family) begin(now time.Time, sure bool) {
	f.list.Drop()
	l := f.kept
	f.kept, f.rows, f.doubt, f.listing, f.known = nil, nil, "", true, l != nil && !sure
	if f.known {
		f.rows, f.limit, f.doubt = l.rows, l.limit, l.doubt
		return
	}
	p := &f.of.Parts
	c := strategies.Cursor{Version: strategies.CursorVersion, Stream: p.Stream.Name, Strategy: p.Stream.Strategy, PageLimit: f.limit, Unsorted: !p.Stream.Sorted}
	if c, f.wrong = p.Strategy.Begin(c, now); f.wrong != nil {
		return
	}
	if sure {
		c = strategies.Verified(c)
	}
	f.list.Begin(now, c)
}

// step takes what came of the parents' pages; done says that all have been listed.
func (f *family) step(now time.Time) (done bool, err error) {
	if f.known {
		f.listing = false
		return true, nil
	}
	if f.wrong != nil {
		return false, class.Wrap(class.Config, f.wrong)
	}
	for {
		page, err := f.list.Step(now)
		if err != nil {
			return false, fmt.Errorf("listing the rows of stream %s, for each of which a slice is read: %w", f.of.Parts.Stream.Name, err)
		}
		if page == nil {
			return false, nil
		}
		f.limit = page.Next.PageLimit
		f.take(page)
		if a := page.Answer; a != nil {
			a.Release()
			f.list.p.Budget.Release(page.Weight)
		}
		switch {
		case len(f.rows) > f.to.Most:
			f.settle()
			if len(f.rows) > f.to.Most {
				return false, class.Errorf(class.Source, "stream %s has more than %d rows, for each of which a slice would be read (for_each.max_parents)",
					f.of.Parts.Stream.Name, f.to.Most)
			}
		case page.Reopen && !page.Ended: // nothing is held here that would have to reach further down
			f.list.Begin(now, page.Next)
		}
		if page.Ended {
			f.settle()
			f.listing = false
			return true, nil
		}
	}
}

// take keeps what is wanted of a page's rows.
func (f *family) take(page *Page) {
	if page.Ended && page.Warning != "" {
		f.doubt = page.Warning
	}
	if page.Doubt != "" {
		f.doubt = page.Doubt
	}
	if page.Answer == nil {
		return
	}
	above := f.list.resolved(page.Question)
	for i := range page.Answer.Rows {
		row := &page.Answer.Rows[i]
		if len(row.Key) == 0 {
			f.doubt = fmt.Sprintf("stream %s has a row whose key cannot be read, so its slice is left out: %v", f.of.Parts.Stream.Name, row.Err)
			continue
		}
		r := parentRow{key: string(row.Key), version: row.Hash, dead: row.Deleted || row.Filtered}
		if row.Value.Set {
			r.version = xxh3.Hash(row.Value.Raw)
		}
		if !r.dead {
			r.fields = fieldsOf(row.JSON, f.of.Fields, above)
			if lacks := f.lacks(r.fields); lacks != "" {
				f.doubt = fmt.Sprintf("the row %q of stream %s has no %s, which the requests for its slice hold, so that is left out (a default can stand in: {parent.%s|…})",
					r.key, f.of.Parts.Stream.Name, lacks, lacks)
				r.dead = true
			}
		}
		f.rows = append(f.rows, r)
	}
}

// lacks is the first field that a row has not, and requests need; "": it has them all.
func (f *family) lacks(fields []strategies.Param) string {
	for _, path := range f.of.Needed {
		if !slices.ContainsFunc(fields, func(p strategies.Param) bool { return p.Role == parentField(path) }) {
			return path
		}
	}
	return ""
}

// settle puts the rows in the order of their keys. Of several with one key, as lists have them that
// move, the last one counts.
func (f *family) settle() {
	slices.SortStableFunc(f.rows, func(a, b parentRow) int { return strings.Compare(a.key, b.key) })
	last := len(f.rows) - 1
	out := f.rows[:0]
	for i, r := range f.rows {
		if !r.dead && (i == last || f.rows[i+1].key != r.key) {
			out = append(out, r)
		}
	}
	clear(f.rows[len(out):])
	f.rows = out
}

// parents are the rows as strategies take them.
func (f *family) parents() []strategies.Parent {
	out := make([]strategies.Parent, len(f.rows))
	for i, r := range f.rows {
		out[i] = strategies.Parent{Key: r.key, Version: r.version}
	}
	return out
}

// resolved is a question with the fields of the parent whose slice it is about.
func (s *Session) resolved(params []strategies.Param) []strategies.Param {
	key := strategies.SliceOf(params)
	if s.family == nil || key == "" {
		return params
	}
	i, ok := slices.BinarySearchFunc(s.family.rows, key, func(r parentRow, key string) int { return strings.Compare(r.key, key) })
	if !ok {
		return params
	}
	return slices.Concat(params, s.family.rows[i].fields)
}

// Above are those of a row's fields that are fields of its own parent, as paths into that one.
func Above(fields []string) (above []string) {
	for _, f := range fields {
		if path, ok := strings.CutPrefix(f, "parent."); ok {
			above = append(above, path)
		}
	}
	return above
}

// parentField is the role of a parent's field.
func parentField(path string) strategies.Role { return strategies.Role("parent." + path) }

// fieldsOf are the values at some places of a row, as requests have them; one that is missing, null or no plain value has
// none. above is the question that brought the row, in which the fields of its own parent are.
func fieldsOf(row []byte, paths []string, above []strategies.Param) (fields []strategies.Param) {
	var whole map[string]any
	d := json.NewDecoder(bytes.NewReader(row))
	d.UseNumber()
	if d.Decode(&whole) != nil {
		return nil
	}
	for _, path := range paths {
		if i := slices.IndexFunc(above, func(p strategies.Param) bool { return string(p.Role) == path }); i >= 0 {
			fields = append(fields, strategies.Param{Role: parentField(path), Value: above[i].Value})
			continue
		}
		if text, ok := plain(whole, path); ok {
			fields = append(fields, strategies.Param{Role: parentField(path), Value: text})
		}
	}
	return fields
}

// plain is the text of the value at a dotted path.
func plain(whole map[string]any, path string) (string, bool) {
	var at any = whole
	for name := range strings.SplitSeq(path, ".") {
		object, ok := at.(map[string]any)
		if !ok {
			return "", false
		}
		at = object[name]
	}
	switch v := at.(type) {
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		return fmt.Sprint(v), true
	}
	return "", false
}

// listed begins the sweep's slices by the parents that there are.
func (s *Session) listed() (*Page, error) {
	strategy, next, err := strategies.Within(s.p.Strategy, s.at, s.family.parents())
	if err != nil {
		return nil, class.Wrap(class.Source, err)
	}
	s.fetch.strategy = strategy
	lower, err := window.Lower(s.p.Format, next.Window, s.at.Window)
	if err != nil {
		return nil, err
	}
	if d := s.family.doubt; d != "" && !s.family.unsure {
		s.family.unsure = true
		s.p.Report.Warn(d)
	}
	return &Page{Next: next, Asked: true, Ended: next.Sweep == nil, Reopen: lower, Listed: true, Parents: len(s.family.rows), Doubt: s.family.doubt}, nil
}

// gone takes a refusal for the word that the parent of the slice in turn is not there any more; nil: it is none.
func (s *Session) gone(refusal *rest.StatusError) (*Page, error) {
	if s.family == nil || s.family.to.Gone != config.GoneSkip || refusal.Status != http.StatusNotFound && refusal.Status != http.StatusGone {
		return nil, nil //nolint:nilnil // as said
	}
	key := strategies.SliceOf(s.fetch.strategy.Query(s.at).Params)
	v, ok, err := strategies.Gone(s.fetch.strategy, s.at)
	tooMany := v.Next.Exhausted()
	switch {
	case errors.Is(err, strategies.ErrAllGone):
		return nil, class.Errorf(class.Source, "%w; the API's last word: %w", err, refusal)
	case tooMany != nil:
		return nil, class.Errorf(class.Source, "%w; the API's last word: %w", tooMany, refusal)
	case err != nil || !ok:
		return nil, err
	}
	page := &Page{Next: v.Next, Asked: true, Ended: v.Next.Sweep == nil}
	if v.Restarted {
		s.fetch.drop()
		page.Warning = fmt.Sprintf("the API does not know a later page of the rows of %q (%d %s); reading them again from the first", key, refusal.Status, refusal.Message)
		return page, nil
	}
	page.Doubt = fmt.Sprintf("the row %q of stream %s is not there any more, says the API (%d), so its slice is left out", key, s.family.of.Parts.Stream.Name, refusal.Status)
	if !s.family.missed {
		s.family.missed = true
		s.p.Report.Warn(page.Doubt, "url", refusal.URL)
	}
	return page, nil
}
