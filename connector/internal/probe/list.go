package probe

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"tidemark/strategies"
)

// askList reads the list on from its second page, up to its end or as far as it may.
func askList(ctx context.Context, a *asker, k *Known) error {
	r, err := k.newReader(k.Pager)
	if err != nil {
		return err
	}
	more := true
	for _, page := range k.Pages {
		more = more && r.take(page)
	}
	for more {
		page, err := r.next(ctx, a, k, k.Base)
		if err != nil {
			return err
		}
		more = r.take(page)
	}
	return nil
}

func judgeList(k *Known, own []*Answer) Verdict {
	for _, a := range own {
		if a.Refused() || len(a.Rows) == 0 && a.More.More == "" {
			k.Beyond = a
			break
		}
		k.Pages = append(k.Pages, a)
	}
	repeated := 0
	for n := len(k.Pages); n > 1 && fresh(k.Pages[n-1].Rows, k.Pages[n-2].Rows) == 0; n-- {
		k.Pages = k.Pages[:n-1]
		repeated++
	}
	n := len(k.rows())
	last := k.Pages[len(k.Pages)-1]
	read := counted(n, "row") + " in " + counted(len(k.Pages), "page")
	switch b := k.Beyond; {
	case b != nil && b.Refused() && (!ends(k.Pager, b.Status) || fewer(n, last)):
		return unknown(read+"; what lies behind them is refused: "+refusal(b), n).by(b)
	case b != nil && b.Refused():
		k.Whole = "what lies behind the last page is refused"
		return yes(read+"; "+k.Whole+": "+refusal(b), n).by(b).sets("end", "["+strconv.Itoa(b.Status)+"]")
	case b != nil:
		k.Whole = "the page behind the last one has no rows"
	case repeated > 0:
		k.Whole = "the last page comes once more"
		return yes(read+"; the end: "+k.Whole, n).by(last).sets("end", "[repeated_page]")
	default:
		why, ended := k.ended()
		if !ended {
			return unknown(read+"; "+why, n).by(last)
		}
		k.Whole = why
	}
	return yes(read+"; the end: "+k.Whole, n).by(last)
}

// ends reports whether a status may be that of what lies behind the last page: of pages that are counted. A refused token
// may have expired.
func ends(pager string, status int) bool {
	return !strategies.PagerReads(pager) && !strategies.PagerLinks(pager) && slices.Contains([]int{400, 404, 416, 422}, status)
}

// fewer reports whether fewer rows were read than an answer counts.
func fewer(n int, a *Answer) bool {
	total, _ := a.total()
	return int64(n) < total
}

// ended says whether the pages are taken for all of the list, by the rules by which a run reads it, and by what; or why not.
func (k *Known) ended() (why string, ok bool) {
	r, err := k.newReader(k.Pager)
	if err != nil {
		return err.Error(), false
	}
	more := true
	for _, page := range k.Pages {
		more = more && r.take(page)
	}
	last := k.Pages[len(k.Pages)-1]
	switch {
	case r.last != nil:
		return r.last.Error(), false
	case more:
		return "what lies behind them was not read", false
	case last.ends() != "":
		return last.ends(), true
	case strategies.PagerReads(k.Pager):
		return fmt.Sprintf("the last page has nothing at %q", k.Stream.TokenPlace()), true
	}
	return "the last page leads nowhere", true
}
