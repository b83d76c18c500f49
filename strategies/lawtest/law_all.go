package lawtest

import (
	"slices"
	"strconv"
	"strings"

	"pgregory.net/rapid"

	"tidemark/strategies"
)

// showsAll is P9 as far as a strategy keeps it: a scan that has to be sure shows every row that was there all the
// time, as it is, or says that it did not.
func showsAll(t *T, strategy, pager string) {
	c := draw(t, strategy, pager)
	source := c.Source
	source.Idle = 60
	r := NewReader(c.Strategy, source)
	r.Opened = strategies.Verified
	there := c.shown()
	r.Before = func(strategies.Cursor) {
		if rapid.IntRange(0, 2).Draw(t.T, "changes") == 0 {
			source.Change(t.T, 0)
		}
		there = slices.DeleteFunc(there, func(row Row) bool {
			return !slices.Contains(source.Rows, row) || source.ReadBy && !source.Parents.shown(row.Slice)
		})
	}
	out, err := r.Sweep(t, 4000)
	switch {
	case c.excused(err, false):
		return
	case err != nil:
		t.Fatalf("%v\n%s", err, r.Trail())
	case r.Gone > 0: // which is said, too
		return
	case slices.ContainsFunc(out.Said, func(w string) bool { return strings.Contains(w, "passes over the list") }):
		return
	case c.traits.Spans: // the last of them ends before now
		return
	}
	for _, row := range there {
		if key := strconv.Itoa(int(row.Key)); !slices.ContainsFunc(r.Topic, func(e Event) bool { return e.Key == key }) {
			t.Fatalf("the row %s was there all the time and was not shown (P9)\n%s", key, r.Trail())
		}
	}
}
