package strategies

import (
	"strconv"
	"strings"
	"testing"
)

// TestOffsetRefusalIsNoBusyEnd reads an API whose total is one too low, whose filter lets older
// rows through, and which refuses offsets so that the row behind the counted ones is never
// shown. Each page that is counted anew reaches the same end: that is one end seen often, not a
// list that goes on growing, and must not end the sweep before the last row.
func TestOffsetRefusalIsNoBusyEnd(t *testing.T) {
	s := sortedTies(t, 4)
	all := append(seconds(t, 10, 10), seconds(t, 12, 12, 12, 12, 12)...)
	const most, deep = 3, 8
	served := map[string]bool{}
	c := begin(t, s, Cursor{Mark: at(12)})
	for range 200 {
		asked := map[string]int{}
		for _, p := range s.Query(c).Params {
			asked[string(p.Role)], _ = strconv.Atoi(p.Value)
		}
		from, limit := asked["offset"], asked["limit"]
		var v Verdict
		var err error
		if from+limit > deep {
			var known bool
			if v, known, err = Refused(s, c, 400); !known {
				t.Fatalf("nothing is made of a refusal: %s", show(c))
			}
		} else {
			rows := all[min(from, len(all)):min(from+limit, from+most, len(all))]
			v, err = s.Fold(c, Page{Rows: rows, Total: int64(len(all)) - 1})
			if !v.Restarted {
				for _, r := range rows {
					served[string(r.Key)] = true
				}
			}
		}
		if err != nil {
			if !strings.Contains(err.Error(), "refuses the offset") {
				t.Fatal(err)
			}
			return
		}
		if c = v.Next; c.Sweep == nil {
			if len(served) < len(all) && v.Warning == "" {
				t.Fatalf("the sweep ends in silence behind %d of %d rows", len(served), len(all))
			}
			return
		}
	}
	t.Fatalf("no end: %s", show(c))
}
