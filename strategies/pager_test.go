package strategies

import (
	"testing"
	"time"
)

// A list that grows whenever its last page was read has an end all the same: what it counted then was read.
// A count that no page ever reached has none (P8).
func TestAGrowingListEnds(t *testing.T) {
	for _, pager := range []string{ByNumber, ByOffset} {
		for name, counts := range map[string]int{"it counts its rows": 0, "it counts one too many": 1} {
			t.Run(pager+"/"+name, func(t *testing.T) {
				spec := Spec{Strategy: Snapshot, Format: RFC3339, Pager: pager, FirstPage: 1, Params: ParamNames{Page: "page", Offset: "offset"}}
				s, err := New(spec)
				if err != nil {
					t.Fatal(err)
				}
				api := &listAPI{spec: spec, size: 1000, order: "by key", total: true, tokens: map[string]int{}}
				api.insert(0)
				c, err := s.Begin(Cursor{Version: 1, Strategy: Snapshot}, time.UnixMicro(noon))
				if err != nil {
					t.Fatal(err)
				}
				asked := 0
				for ; c.Sweep != nil && err == nil && asked < 20; asked++ {
					if asked > 0 && counts == 0 {
						api.insert(0)
					}
					page := api.serve(s.Query(c))
					page.Total += int64(counts)
					if asked%2 == 1 {
						page.Rows = nil // the row that came stands on the page before
					}
					var v Verdict
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
	for _, pager := range []string{ByNumber, ByOffset} {
		t.Run(pager, func(t *testing.T) {
			spec := Spec{Strategy: Snapshot, Format: RFC3339, Pager: pager, FirstPage: 1, Params: ParamNames{Page: "page", Offset: "offset"}}
			s, err := New(spec)
			if err != nil {
				t.Fatal(err)
			}
			api := &listAPI{spec: spec, size: 1, order: "falling", tokens: map[string]int{}}
			r := newListReader(s, api)
			moves := 5
			if err := r.sweep(func() {
				if moves--; moves > 0 {
					api.insert(0)
				}
			}, 100); err != nil {
				t.Fatal(err)
			}
			if lost := r.missing(true); len(lost) > 0 {
				t.Errorf("not shown: %v", lost)
			}
		})
	}
}
