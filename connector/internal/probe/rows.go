package probe

import (
	"context"
	"fmt"
	"strings"
)

// askRows asks for the list's first page as the API gives it by itself: without a page size, or, where that is no page, as
// a sweep asks.
func askRows(ctx context.Context, a *asker, k *Known) error {
	first, err := a.ask(ctx, k.Base)
	if len(k.Base) == len(k.Usual) || ctx.Err() != nil || err == nil && !first.Refused() {
		return err
	}
	_, err = a.ask(ctx, k.Usual)
	return err
}

func judgeRows(k *Known, own []*Answer) Verdict {
	if len(own) == 0 {
		return unknown("", 0)
	}
	first := own[len(own)-1]
	if first.Refused() {
		return no(refusal(first), 0).by(first)
	}
	k.First, k.Pages, k.Base = first, []*Answer{first}, first.Params
	n := len(first.Rows)
	if n == 0 {
		return no("the answer has no rows"+elsewhere(k), 0).by(first)
	}
	bad := 0
	for i := range first.Rows {
		if first.Rows[i].Err != nil {
			bad++
		}
	}
	says := counted(n, "row")
	if bad > 0 {
		says += fmt.Sprintf("; %d of them are not as the schema has them (tidemark check says why)", bad)
	}
	if more := first.goesOn(); more != "" {
		says += "; the answer says that there are more (" + more + ")"
	} else if end := first.ends(); end != "" {
		says += "; the answer says that there are no more (" + end + ")"
	}
	if values := k.Stream.ForEach.Values; len(values) > 0 {
		says += fmt.Sprintf("; all that follows was told by the first of %s, %q", counted(len(values), "slice"), values[0])
	}
	return yes(says, n).by(first)
}

// elsewhere is where rows may be that a first page does not show.
func elsewhere(k *Known) string {
	if k.Stream.RecordsPath == "" {
		return ""
	}
	return fmt.Sprintf(": is records_path %q where they are?", k.Stream.RecordsPath)
}

// refusal tells an answer that is none.
func refusal(a *Answer) string {
	return strings.TrimSuffix(fmt.Sprintf("the API answers %d: %s", a.Status, a.Words), ": ")
}
