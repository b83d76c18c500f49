package strategies_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"tidemark/strategies"
	"tidemark/strategies/lawtest"
)

// A list that grows whenever its last page was read has an end all the same: what it counted then was read.
// A count that no page ever reached has none (P8).
func TestAGrowingListEnds(t *testing.T) {
	for _, pager := range []string{strategies.ByNumber, strategies.ByOffset} {
		for name, counts := range map[string]int64{"it counts its rows": 0, "it counts one too many": 1} {
			t.Run(pager+"/"+name, func(t *testing.T) {
				spec := strategies.Spec{Strategy: strategies.Snapshot, Format: strategies.RFC3339, Pager: pager, FirstPage: 1, Params: every}
				s, like := newStrategy(t, spec), lawtest.For(spec)
				like.Cap, like.Order, like.Total = 1000, lawtest.ByKey, lawtest.TotalHonest
				source := lawtest.NewSource(like)
				source.Insert(1, 0)
				c, err := s.Begin(strategies.Cursor{Version: 1, Strategy: spec.Strategy}, source.Now())
				if err != nil {
					t.Fatal(err)
				}
				asked := 0
				for ; c.Sweep != nil && err == nil && asked < 20; asked++ {
					if asked > 0 && counts == 0 {
						source.Insert(source.Top+1, 0)
					}
					page, _ := source.Serve(s.Query(c).Params)
					page.Total += counts
					if asked%2 == 1 {
						page.Rows = nil // the row that came stands on the page before
					}
					var v strategies.Verdict
					if v, err = s.Fold(c, page); err == nil {
						c = v.Next
					}
				}
				if ended := err == nil && asked == 2; ended != (counts == 0) {
					t.Errorf("%d pages, then %v", asked, err)
				}
			})
		}
	}
}

// A list that moved by just a page between two answers, several times in a row, and rests then is read from
// its first page: asked again and again for the page where it stood, the stream would never get on (P7).
func TestAListThatMovedByPagesIsReadAgain(t *testing.T) {
	for _, pager := range []string{strategies.ByNumber, strategies.ByOffset} {
		t.Run(pager, func(t *testing.T) {
			spec := strategies.Spec{Strategy: strategies.Snapshot, Format: strategies.RFC3339, Pager: pager, FirstPage: 1, Params: every}
			like := lawtest.For(spec)
			like.Cap, like.Order = 1, lawtest.Descending
			source := lawtest.NewSource(like)
			r := lawtest.NewReader(newStrategy(t, spec), source)
			moves := 5
			r.Before = func(strategies.Cursor) {
				if moves--; moves > 0 {
					source.Insert(source.Top+1, 0)
				}
			}
			if _, err := r.Sweep(t, 100); err != nil {
				t.Fatal(err)
			}
			if lost := r.Missing(source.Rows); len(lost) > 0 {
				t.Errorf("not shown: %v", lost)
			}
		})
	}
}

// A list that moves by just a page looks once as if its last page came again, and where it moves back, does so
// in the next pass, too: that alone is no end (P2, P8), though the API ends its lists so.
func TestAListThatMovedByAPageHasNotEnded(t *testing.T) {
	for _, pager := range []string{strategies.ByNumber, strategies.ByOffset} {
		t.Run(pager, func(t *testing.T) {
			spec := strategies.Spec{Strategy: strategies.Changes, Format: strategies.RFC3339, Pager: pager, FirstPage: 1,
				Ends: strategies.Ends{RepeatedPage: true}, Params: every}
			like := lawtest.For(spec)
			like.Cap, like.Order = 1, lawtest.Descending
			source := lawtest.NewSource(like)
			for n := range int64(8) {
				source.Insert(n+1, 0)
			}
			stood := slices.Clone(source.Rows)
			r := lawtest.NewReader(newStrategy(t, spec), source)
			r.Before = func(c strategies.Cursor) {
				switch pages := c.Sweep.Slice().Pages; {
				case pages == 1:
					source.Insert(9, 0)
				case len(source.Rows) > len(stood) && pages == 0:
					source.Remove(len(stood))
				}
			}
			if _, err := r.Sweep(t, 100); err != nil {
				t.Fatal(err)
			}
			if lost := r.Missing(stood); len(lost) > 0 {
				t.Errorf("not shown: %v\n%s", lost, r.Trail())
			}
		})
	}
}

// An end that a refusal tells is an end as any other: a scan that has to be sure reads the list again, for
// a row that has moved to a page before may have been passed by (P9).
func TestVerifiedSnapshotReadsAgainBehindARefusal(t *testing.T) {
	spec := strategies.Spec{Strategy: strategies.Snapshot, Format: strategies.RFC3339, Pager: strategies.ByNumber, FirstPage: 1,
		Ends: strategies.Ends{Statuses: []int{404}}, Params: every}
	like := lawtest.For(spec)
	like.Cap, like.Order, like.End = 2, lawtest.ByKey, lawtest.EndRefused
	source := lawtest.NewSource(like)
	for n := range int64(4) {
		source.Insert(n+1, 0)
	}
	r := lawtest.NewReader(newStrategy(t, spec), source)
	r.Opened = strategies.Verified
	asked := 0
	r.Before = func(strategies.Cursor) {
		if asked++; asked == 2 {
			source.Remove(0) // the third row moves to the page that was read
		}
	}
	if _, err := r.Sweep(t, 20); err != nil {
		t.Fatal(err)
	}
	if lost := r.Missing(source.Rows); len(lost) > 0 {
		t.Errorf("the row that moved was not shown: %v\n%s", lost, r.Trail())
	}
}

// A row that changes all the while lies behind the time at which a scan began. A scan that has to be sure
// shows it, or it would be taken for deleted (P9).
func TestVerifiedWindowShowsWhatChanges(t *testing.T) {
	for _, pager := range []string{strategies.Unpaged, strategies.ByNumber, strategies.ByOffset, strategies.ByToken} {
		t.Run(pager, func(t *testing.T) {
			spec := strategies.Spec{Strategy: strategies.Window, Format: strategies.RFC3339, Pager: pager, FirstPage: 1, TokenPlace: "next", FirstMark: "2023-11-14T22:13:15Z",
				Step: 3 * time.Second, Lag: 2 * time.Second, Repeat: true, Params: every}
			like := lawtest.For(spec)
			if pager != strategies.Unpaged {
				like.Cap = 2
			}
			source := lawtest.NewSource(like)
			for n := range int64(6) {
				source.Insert(n+1, 0)
			}
			r := lawtest.NewReader(newStrategy(t, spec), source)
			r.Opened = strategies.Verified
			changes := 4 // then it rests, and two passes can agree
			r.Before = func(strategies.Cursor) {
				if changes--; changes > 0 {
					source.Update(slices.IndexFunc(source.Rows, func(row lawtest.Row) bool { return row.Key == 4 }), source.Top+1, -1)
				}
			}
			if _, err := r.Sweep(t, 100); err != nil {
				t.Fatal(err)
			}
			shown := map[string]bool{}
			for _, e := range r.Topic {
				shown[e.Key] = true
			}
			if len(shown) != 6 {
				t.Errorf("%d of 6 rows were shown:\n%s", len(shown), r.Trail())
			}
		})
	}
}

// A source that changes faster than it answers: every page brings something newer, and what
// was there is read all the same. Without a count, pages much shorter than they could
// be tell the end.
func TestOffsetEndsOnABusySource(t *testing.T) {
	for total, name := range map[lawtest.TotalKind]string{lawtest.TotalHonest: "counted", lawtest.TotalAbsent: "not counted"} {
		for _, per := range []int{1, 2, 3} {
			t.Run(fmt.Sprintf("%d a request, %s", per, name), func(t *testing.T) {
				spec := strategies.Spec{Strategy: strategies.Offset, Format: strategies.Integer, PageSize: 40, OrderBy: "updatedAt",
					Params: strategies.ParamNames{Since: "since", Limit: "limit", Offset: "offset", OrderBy: "order_by", OrderType: "order_type"}}
				like := lawtest.For(spec)
				like.Cap, like.Total = 1000, total
				source := lawtest.NewSource(like)
				for n := range 300 {
					source.Insert(int64(n+1), n)
				}
				r, asked := lawtest.NewReader(newStrategy(t, spec), source), 0
				r.Before = func(strategies.Cursor) {
					for i := range per { // rows from all over the list move to its end
						source.Update((asked*131+i*17)%len(source.Rows), source.Top+1, -1)
					}
					asked++
				}
				for sweep := range 3 { // a first load, and polls behind it
					asked = 0
					if _, err := r.Sweep(t, 60); err != nil {
						t.Fatal(err)
					}
					mark, err := spec.Format.ParseString(r.Cursor().Mark)
					if err != nil || mark.N < source.Top-20 {
						t.Fatalf("sweep %d: mark %s of %d, %v", sweep, mark.Raw, source.Top, err)
					}
				}
			})
		}
	}
}
