package strategies

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/zeebo/xxh3"
)

// listRow is a row of the modelled list API.
type listRow struct {
	key, version, rank int
	n                  int // its cursor value, seconds past noon
	slice              string
}

// listAPI answers questions by role: a filter, an order and pages of one kind, over rows that come, change
// and go.
type listAPI struct {
	spec    Spec
	rows    []listRow
	next    int // key
	clock   int // seconds past noon
	skew    int // of the values: the API writes them so much too late or too early
	size    int // rows a page
	order   string
	strict  bool
	ends    string // how tokens end: null, absent, page
	total   bool
	skips   bool // it does not honour the page number, the offset or the row
	loops   bool // its tokens lead in a circle
	endless bool // it does not honour the upper bound
	flagged bool // it says of each page that there is more, and in no other way how to get it
	tokens  map[string]int
	parents listParents
}

// orders in which the API gives its rows.
var listOrders = []string{"rising", "falling", "by key", "shuffled"}

func (a *listAPI) sorted(rows []listRow) []listRow {
	rows = slices.Clone(rows)
	slices.SortFunc(rows, func(x, y listRow) int {
		switch a.order {
		case "rising":
			return cmp.Or(cmp.Compare(x.n, y.n), cmp.Compare(x.rank, y.rank), cmp.Compare(x.key, y.key))
		case "falling":
			return cmp.Or(cmp.Compare(y.n, x.n), cmp.Compare(x.rank, y.rank), cmp.Compare(x.key, y.key))
		case "shuffled":
			return cmp.Or(cmp.Compare(x.rank, y.rank), cmp.Compare(x.key, y.key))
		}
		return cmp.Compare(x.key, y.key)
	})
	return rows
}

func (a *listAPI) row(r listRow) Row {
	v, err := a.spec.Format.ParseString(at(r.n))
	if err != nil {
		panic(err)
	}
	return Row{Key: []byte(strconv.Itoa(r.key)), Value: v, Hash: xxh3.HashString(fmt.Sprint(r.key, r.version))}
}

func (a *listAPI) seconds(text string) int {
	v, err := a.spec.Format.ParseString(text)
	if err != nil {
		panic(err)
	}
	return int(FloorDiv(v.N-noon, 1e6))
}

var noon = time.Date(2026, 11, 14, 12, 0, 0, 0, time.UTC).UnixMicro()

// serve answers a question.
func (a *listAPI) serve(q Query) Page {
	get := map[Role]string{}
	for _, p := range q.Params {
		if _, twice := get[p.Role]; twice {
			panic("a value is asked twice: " + p.Role)
		}
		get[p.Role] = p.Value
	}
	bounds := get[RoleSince] + "|" + get[RoleUntil]
	behind := 0 // a key of shuffled rank, or a place
	token, linked := get[RoleToken], get[RoleLink]
	led := cmp.Or(token, linked)
	if (a.spec.Pager == ByToken || linked != "") && led != "" {
		at, ok := a.tokens[led]
		if !ok {
			panic("a token that was never given: " + led)
		}
		behind = at
		bounds, _, _ = strings.Cut(led, "#") // a token keeps the question
	}
	since, until, _ := strings.Cut(bounds, "|")
	rows := a.sorted(a.rows)
	if len(a.spec.Values) > 0 {
		rows = slices.DeleteFunc(rows, func(r listRow) bool { return r.slice != get[RoleEach] })
	}
	if a.spec.Parents {
		rows = slices.DeleteFunc(rows, func(r listRow) bool { return r.slice != get[RoleSlice] })
	}
	if since != "" && a.spec.Params.Since != "" {
		from := a.seconds(since)
		rows = slices.DeleteFunc(rows, func(r listRow) bool { return r.n < from || a.strict && r.n == from })
	}
	if until != "" && !a.endless {
		to := a.seconds(until)
		rows = slices.DeleteFunc(rows, func(r listRow) bool { return r.n > to || a.strict && r.n == to })
	}
	page := Page{Total: -1}
	if a.flagged {
		page.More.Goes("has_more: true", true)
	}
	if a.total {
		page.Total = int64(len(rows))
	}
	from := 0
	number := func(r Role) int {
		n, err := strconv.Atoi(get[r])
		if err != nil {
			panic(err)
		}
		return n
	}
	switch a.spec.Pager {
	case Unpaged:
		page.Rows = a.made(rows)
		return page
	case ByNumber:
		from = (number(RolePage) - int(a.spec.FirstPage)) * a.size
	case ByOffset:
		from = number(RoleOffset)
	case ByRow:
		if token != "" {
			n, _ := strconv.Atoi(token)
			from = len(rows)
			for i := range rows { // by key, which is its order
				if rows[i].key > n {
					from = i
					break
				}
			}
		}
	default: // what a token leads to stands behind a row, in the API's order
		if led != "" {
			from = len(rows)
			for i := range rows {
				if a.place(rows[i]) > behind {
					from = i
					break
				}
			}
		}
	}
	if a.skips {
		from = 0
	}
	from = min(from, len(rows))
	cut := rows[from:min(from+a.size, len(rows))]
	page.Rows = a.made(cut)
	a.lead(&page, bounds, cut, from+len(cut) < len(rows))
	return page
}

// place is where a row stands in the order that tokens count by.
func (a *listAPI) place(r listRow) int {
	switch a.order {
	case "rising":
		return r.n*1_000_000 + r.rank*1_000 + r.key
	case "falling":
		return -r.n*1_000_000 + r.rank*1_000 + r.key
	case "shuffled":
		return r.rank*1_000 + r.key
	}
	return r.key
}

// lead says what comes behind the page.
func (a *listAPI) lead(page *Page, bounds string, cut []listRow, more bool) {
	switch a.spec.Pager {
	case ByToken, ByURL, ByLink:
	default:
		return
	}
	if !more && a.ends != "page" || len(cut) == 0 {
		if a.ends == "null" {
			page.Token = Token{Present: true, Null: true}
		}
		return
	}
	last := a.place(cut[len(cut)-1])
	text := bounds + "#" + strconv.Itoa(last) // of any slice: the value goes with the request
	if a.loops {
		last = -1 << 40 // before the first row
		text = bounds + "#0"
	}
	a.tokens[text] = last
	if a.spec.Pager == ByLink {
		page.Link = text
		return
	}
	page.Token = Token{Present: true, Text: text}
}

func (a *listAPI) made(rows []listRow) []Row {
	out := make([]Row, len(rows))
	for i := range rows {
		out[i] = a.row(rows[i])
	}
	return out
}

// The changes that happen to the list.
func (a *listAPI) insert(rank int) {
	a.clock++
	a.next++
	slice := ""
	if n := len(a.spec.Values); n > 0 {
		slice = a.spec.Values[a.next%n]
	}
	if a.spec.Parents {
		if slice = a.parents.some(a.next); slice == "" {
			return
		}
		a.parents.touch(slice)
	}
	a.rows = append(a.rows, listRow{a.next, 0, rank, a.clock + a.skew, slice})
}

func (a *listAPI) update(i, rank int) {
	a.clock++
	r := &a.rows[i%len(a.rows)]
	r.n, r.rank = a.clock+a.skew, rank
	r.version++
	a.parents.touch(r.slice)
}

func (a *listAPI) remove(i int) {
	i %= len(a.rows)
	a.parents.touch(a.rows[i].slice)
	a.rows = slices.Delete(a.rows, i, i+1)
}

// listReader drives a strategy over the list, and keeps what was delivered.
type listReader struct {
	s     Strategy
	api   *listAPI
	c     Cursor
	topic map[string]Row // by key, the last version delivered
	said  []string
	pages int
	trail []string

	sweeps int         // begun
	gone   int         // parents met that were not there any more
	crash  func() bool // asked before each question: the process dies
	omits  func() bool // asked for each parent of a list: it is not in it
}

var errEndless = errors.New("the sweep does not end")

func newListReader(s Strategy, api *listAPI) *listReader {
	never := func() bool { return false }
	return &listReader{s: s, api: api, c: Cursor{Version: 1, Strategy: api.spec.Strategy}, topic: map[string]Row{}, crash: never, omits: never}
}

// sweep reads one sweep; between is called before every request.
func (r *listReader) sweep(between func(), most int) error {
	s := r.s
	r.sweeps++
	c, err := s.Begin(r.c, time.UnixMicro(noon).Add(time.Duration(r.api.clock)*time.Second))
	if err != nil {
		return err
	}
	if s, c, err = r.list(s, c); err != nil {
		return err
	}
	for r.c = c; r.c.Sweep != nil; most-- {
		if most == 0 {
			return errEndless
		}
		between()
		if r.crash() {
			if s, r.c, err = r.list(r.s, r.c); err != nil {
				return err
			}
			if r.c.Sweep == nil {
				break
			}
		}
		q := s.Query(r.c)
		if gone := r.api.spec.Parents && !r.api.parents.shown(Slice(q.Params)); gone {
			r.gone++
			r.api.parents.missed(Slice(q.Params), r.sweeps)
			v, ok, err := Gone(s, r.c)
			r.trail = append(r.trail, fmt.Sprint(asked(q), " -> gone ", err))
			if errors.Is(err, ErrAllGone) {
				if s, r.c, err = r.list(r.s, r.c); err != nil {
					return err
				}
				continue
			}
			if !ok && err == nil && v.Next.Exhausted() != nil { // it comes and goes: the sweep fails, and is forgiven later
				fresh := *r.c.Sweep
				fresh.Restarts, r.c.Sweep = 0, &fresh
				continue
			}
			if !ok || err != nil {
				return fmt.Errorf("a parent is gone: %v, %w", ok, err)
			}
			r.c = stored(v.Next)
			continue
		}
		page := r.api.serve(q)
		var keys []string
		for _, row := range page.Rows {
			keys = append(keys, fmt.Sprintf("%s@%s", row.Key, row.Value.Raw[14:19]))
		}
		r.trail = append(r.trail, asked(q)+" -> "+strings.Join(keys, " "))
		r.pages++
		v, err := s.Fold(r.c, page)
		if err != nil {
			return err
		}
		if v.Warning != "" {
			r.said = append(r.said, v.Warning)
		}
		if !v.Restarted {
			for _, row := range page.Rows {
				if v.From.Set && r.api.spec.Format.Compare(row.Value, v.From) < 0 {
					continue
				}
				old, has := r.topic[string(row.Key)]
				if !has || r.api.spec.Format.Compare(old.Value, row.Value) <= 0 {
					r.topic[string(row.Key)] = row
				}
			}
		}
		r.c = stored(v.Next)
	}
	return nil
}

// stored is a cursor as it comes back from the state topic.
func stored(c Cursor) Cursor {
	text, err := json.Marshal(c)
	if err != nil {
		panic(err)
	}
	var out Cursor
	if err := json.Unmarshal(text, &out); err != nil {
		panic(err)
	}
	return out
}

// missing are the rows below the mark, or all of them, that the topic has not as they are.
func (r *listReader) missing(all bool) (out []string) {
	mark := 0
	if r.c.Mark != "" {
		mark = r.api.seconds(r.c.Mark)
	}
	if r.c.Mark == "" && !all {
		return nil
	}
	for _, row := range r.api.rows {
		if !all && row.n >= mark || r.api.spec.Parents && !r.api.parents.there(row.slice, r.sweeps, all) {
			continue
		}
		want := r.api.row(row)
		if got, ok := r.topic[string(want.Key)]; !ok || got.Hash != want.Hash {
			out = append(out, fmt.Sprintf("%s@%s", want.Key, want.Value.Raw))
		}
	}
	return out
}
