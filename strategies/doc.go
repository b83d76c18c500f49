// Package strategies holds the ways of reading a paged API incrementally. recipes.go is the table of them.
//
// A strategy is a pure state machine. It has no clock, does no I/O and starts no
// goroutine; all it knows is in the Cursor and the Page it is handed. The caller's
// loop is
//
//	c, _ = s.Begin(c, now)        // open a sweep
//	for c.Sweep != nil {
//		page := fetch(s.Query(c))
//		v, _ := s.Fold(c, page)   // where next
//		commit(page.Rows, v.Next) // rows and cursor in one transaction (P1)
//		c = v.Next
//	}
//
// Files: strategy.go (the interface and its types), role.go (what a question holds), cursor.go (the durable state) with open_sweep.go (its
// open sweep, slices and positions), parse.go, cursor_v1.go (what version 1 stored), adopt.go (taking up a stored one) and rewind.go (setting one back),
// value.go (cursor values: order and formats, which package value reads and writes), sort.go (a page's
// rows in their order), common.go (what strategies that follow a cursor field share),
// observed.go and units.go (what answers show of the API's filter, and the units that one
// compares in), distance.go (how far below a value that makes a request begin), evidence.go and whole.go (whether an answer is all there is), then keyset.go with
// keyset_token.go (pages by token), keyset_end.go and ends.go (what ends them), timestamp.go (replay, too),
// stepsize.go, and offset.go with offset_fold.go, offset_look.go, offset_refused.go (offsets that
// the API refuses) and offset_limit.go (page sizes, keyset's too). The strategies that read by a configured
// pager share walk.go: sweep.go, feed.go, window.go and snapshot.go;
// parents.go has them read a collection in slices, one for each row of another stream, of which sketch.go keeps account. pager.go has the table of pagers, of which
// pager_none.go, pager_number.go, pager_offset.go, pager_token.go, pager_link.go and pager_row.go are one each.
// offer.go says which recipe goes with what is known of an API, words.go what a run, a check and a probe say of one.
// What holds for all of them, package lawtest says.
package strategies
