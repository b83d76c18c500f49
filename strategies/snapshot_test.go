package strategies

import (
	"testing"
	"time"
)

// An end that a refusal tells is an end as any other: a scan that has to be sure reads the list again, for
// a row that has moved to a page before may have been passed by (P9).
func TestVerifiedSnapshotReadsAgainBehindARefusal(t *testing.T) {
	spec := Spec{Strategy: Snapshot, Format: RFC3339, Pager: ByNumber, FirstPage: 1, Ends: Ends{Statuses: []int{404}}, Params: ParamNames{Page: "page"}}
	s, err := New(spec)
	if err != nil {
		t.Fatal(err)
	}
	api := &listAPI{spec: spec, size: 2, order: "by key", tokens: map[string]int{}}
	for range 4 {
		api.insert(0)
	}
	c, err := s.Begin(Cursor{Version: 1, Strategy: Snapshot}, time.UnixMicro(noon))
	if err != nil {
		t.Fatal(err)
	}
	c = Verified(c)
	shown := map[string]bool{}
	for asked := 0; c.Sweep != nil; asked++ {
		if asked > 20 {
			t.Fatal("no end")
		}
		page := api.serve(s.Query(c))
		if asked == 0 {
			api.remove(0) // the third row moves to the page that was read
		}
		for _, r := range page.Rows {
			shown[string(r.Key)] = true
		}
		var v Verdict
		if len(page.Rows) > 0 {
			v, err = s.Fold(c, page)
		} else {
			var ok bool
			if v, ok, err = Refused(s, c, 404); !ok {
				t.Fatal("the refusal is not taken for the end")
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		c = v.Next
	}
	if !shown["3"] {
		t.Errorf("the row that moved was not shown: %v", shown)
	}
}
