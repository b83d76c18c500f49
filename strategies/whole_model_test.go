package strategies

import "pgregory.net/rapid"

// saying is what the model says of rows that an answer without pages does not hold.
type saying int

const (
	saysNothing saying = iota
	saysMore           // has_more, true or false
	saysNext           // an address, or null
	saysTotal          // how many rows match
	saysAll            // how many rows there are
)

// hide draws what answers say, and a limit that the configuration does not know.
func (a *modelAPI) hide(t *rapid.T, pageSize int) int {
	a.says = saying(rapid.IntRange(int(saysNothing), int(saysAll)).Draw(t, "says"))
	if rapid.Bool().Draw(t, "hidden") {
		a.cap = rapid.IntRange(1, 8).Draw(t, "cap")
		return 0
	}
	return pageSize
}

// limit cuts an answer, and says what there is to say of it.
func (a *modelAPI) limit(rows []modelRow, page *Page) []modelRow {
	matching := len(rows)
	shown := rows
	if a.cap > 0 {
		shown = rows[:min(a.cap, len(rows))]
	}
	more := len(shown) < matching
	switch a.says {
	case saysMore:
		if more {
			page.More.Goes("has_more: true", true)
		} else {
			page.More.Ends("has_more: false")
		}
	case saysNext:
		if more {
			page.More.Goes("next", false)
		} else {
			page.More.Ends("next is empty")
		}
	case saysTotal:
		page.More.Counts("total", int64(matching), CountRows)
	case saysAll:
		page.More.Counts("total", int64(len(a.rows)), CountRows)
	}
	a.blind = a.blind || more && a.unseen(shown, rows[len(shown):])
	return shown
}

// unseen reports whether nothing tells a cut answer from one that rises, or is whole.
func (a *modelAPI) unseen(shown, hidden []modelRow) bool {
	rises, flat := true, true
	least, second := shown[0].n, int64(1<<62)
	for i, r := range shown {
		rises = rises && (i == 0 || shown[i-1].n <= r.n)
		flat = flat && r.n == shown[0].n
		switch {
		case r.n < least:
			least, second = r.n, least
		case r.n > least:
			second = min(second, r.n)
		}
	}
	if a.order == ascending { // rows of one value, which fill the answer; only a plain yes tells that there are more
		return flat && a.says != saysMore
	}
	for _, r := range hidden {
		if r.n >= second && !rises {
			return false
		}
	}
	return true
}
