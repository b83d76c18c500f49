package strategies

import (
	"fmt"
	"slices"
	"testing"
)

// However many parents there are, the cursor keeps to some kilobytes, and one that is new is found among them: it
// alone is read from the first mark on, for which the window reaches down to there.
func TestManyParents(t *testing.T) {
	spec := Spec{Strategy: Changes, Format: RFC3339, FirstMark: at(-1000), Pager: Unpaged, Parents: true, Params: ParamNames{Since: "since"}}
	s := mustNew(t, spec)
	var all []Parent
	for i := range 10_000 {
		all = append(all, Parent{Key: fmt.Sprintf("parent-%06d", i)})
	}
	c := Cursor{Version: CursorVersion, Strategy: Changes}
	sweep := func() (anew []string) {
		t.Helper()
		opened, err := s.Begin(c, noon)
		if err != nil {
			t.Fatal(err)
		}
		in, next, err := Within(s, opened, all)
		if err != nil {
			t.Fatal(err)
		}
		for n := 0; next.Sweep != nil; n++ {
			q := in.Query(next)
			if q.Params[0].Value == spec.FirstMark {
				anew = append(anew, SliceOf(q.Params))
			}
			if low := next.Window == spec.FirstMark; low != (len(anew) > 0 || n < 5000) {
				t.Fatalf("slice %d: the window begins at %q, of the slices %v are read anew", n, next.Window, anew)
			}
			v, err := in.Fold(next, Page{Rows: rowsOf(t, RFC3339, fmt.Sprintf("%d@%s", n, at(n))), Total: -1})
			if err != nil {
				t.Fatal(err)
			}
			if size := len(show(v.Next)); size > 10_000 {
				t.Fatalf("behind slice %d the cursor has %d bytes", n, size)
			}
			next = deepCopy(v.Next)
		}
		c = next
		return anew
	}
	if anew := sweep(); len(anew) != len(all) {
		t.Fatalf("a first sweep reads %d of %d slices from the first mark on", len(anew), len(all))
	}
	all = slices.Insert(all, 5000, Parent{Key: "parent-004999-new"})
	if anew := sweep(); !slices.Equal(anew, []string{"parent-004999-new"}) {
		t.Errorf("read anew: %v", anew)
	}
}
