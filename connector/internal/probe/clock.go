package probe

import (
	"fmt"
	"time"
)

// judgeClock holds the API's clock against ours, and the rows against the API's. A Date has whole seconds.
func judgeClock(k *Known, _ []*Answer) Verdict {
	if k.First == nil || k.First.Date.IsZero() {
		return unknown("no answer has a Date", 0)
	}
	first := k.First
	n := len(k.rows())
	ahead := 0
	for _, r := range k.rows() {
		if t, ok := k.Format.Time(r.Value); ok && t.After(first.Date.Add(2*time.Second)) {
			ahead++
		}
	}
	rows := ""
	if ahead > 0 {
		rows = fmt.Sprintf("; %d of %d rows have a time that lies ahead of the API's own clock", ahead, n)
	}
	fast := first.Date.Sub(first.At)                                // it was no later than this when it wrote the Date
	slow := first.At.Add(-first.Took).Sub(first.Date) - time.Second // nor earlier than that
	const wrong = 2 * time.Second
	switch {
	case fast > wrong:
		return no(fmt.Sprintf("the API's clock is %s ahead%s", fast.Round(time.Second), rows), n).by(first)
	case slow > wrong:
		return no(fmt.Sprintf("the API's clock is %s behind%s", slow.Round(time.Second), rows), n).by(first)
	}
	if ahead > 0 {
		return no("to two seconds"+rows, n).by(first)
	}
	return yes("to two seconds", n).by(first)
}
