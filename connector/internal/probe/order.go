package probe

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"tidemark/strategies"
)

// enough is how many steps in one direction, and none in the other, are no chance: of nine values in no order one list of
// 362,880 has so many.
const enough = 8

// pages are how many pages of a longer list have to be in order.
const pages = 3

// order is what rows show of their order.
type order struct {
	rise, fall, equal int // steps of the cursor value from row to row
	ids               int // of the rises and falls, those in which the id goes the same way as the value
	page, row         int // where the value first falls, counted from 1
}

// steps counts the steps of the list, page behind page.
func (k *Known) steps() (o order) {
	var last *strategies.Row
	for p, a := range k.Pages {
		for i := range a.Rows {
			r := &a.Rows[i]
			if !r.Value.Set {
				continue
			}
			if last != nil {
				d := k.Format.Compare(r.Value, last.Value)
				switch {
				case d > 0:
					o.rise++
				case d < 0:
					if o.fall++; o.row == 0 {
						o.page, o.row = p+1, i+1
					}
				default:
					o.equal++
				}
				if d != 0 && d == compareIDs(last.Key, r.Key) {
					o.ids++
				}
			}
			last = r
		}
	}
	return o
}

// compareIDs says whether b is a number behind a: 1, or before it: -1; 0: they are no numbers, or alike.
func compareIDs(a, b []byte) int {
	m, err := strconv.ParseInt(string(a), 10, 64)
	n, err2 := strconv.ParseInt(string(b), 10, 64)
	switch {
	case err != nil || err2 != nil || m == n:
		return 0
	case n > m:
		return 1
	}
	return -1
}

// sorts reports whether a fixed parameter of the requests names the cursor field, as one does that asks for an order.
func (k *Known) sorts() bool {
	all := slices.Collect(maps.Values(k.Stream.Query))
	if u, err := url.Parse(k.Stream.URL); err == nil {
		for _, values := range u.Query() {
			all = append(all, values...)
		}
	}
	return slices.ContainsFunc(all, func(v string) bool {
		return slices.Contains(strings.FieldsFunc(v, func(r rune) bool { return strings.ContainsRune(" ,+-:[]{}\"()", r) }), k.Stream.CursorField)
	})
}

func judgeOrder(k *Known, _ []*Answer) Verdict {
	o := k.steps()
	n := len(k.rows())
	says := fmt.Sprintf("from row to row %s rises %d times, falls %d times and stays %d times, in %s of %s",
		k.Stream.CursorField, o.rise, o.fall, o.equal, counted(n, "row"), counted(len(k.Pages), "page"))
	if o.fall > 0 {
		k.Rises = strategies.No
	}
	if o.rise > 0 {
		k.Falls = strategies.No
	}
	same := o.ids == o.rise+o.fall && k.Stream.CursorField != k.Stream.IDField
	asked := k.Carries(strategies.RoleOrderBy) || k.sorts()
	switch {
	case o.fall > 0 && o.rise > 0:
		where := strategies.SaysOlder(o.row, fmt.Sprintf("page %d", o.page))
		return no(says+": "+strategies.SaysUnsorted+" ("+where+")", n).sets("sorted", "false")
	case o.rise+o.fall < enough || k.Whole == "" && len(k.Pages) < pages && n < many:
		return unknown(says+few, n)
	case same && !asked:
		return unknown(says+", and the ids do the same: by which of the two the API sorts shows once an old row has changed", n)
	case o.fall > 0:
		k.Falls = strategies.Yes
		return no(says+": the newest come first", n).sets("sorted", "false")
	}
	k.Rises = strategies.Yes
	return yes(says, n).sets("sorted", "true")
}
