package probe

import (
	"context"
	"fmt"
	"time"
)

// askAgain asks for the second page once more, by the same token.
func askAgain(ctx context.Context, a *asker, k *Known) error {
	_, err := a.ask(ctx, k.Pages[1].Params)
	return err
}

func judgeAgain(k *Known, own []*Answer) Verdict {
	if len(own) == 0 {
		return unknown("it was not asked with again", 0)
	}
	before, after := k.Pages[1], own[0]
	when := fmt.Sprintf("%s and %d requests later", after.At.Sub(before.At).Round(time.Millisecond), after.Request-before.Request)
	switch n := len(after.Rows); {
	case after.Refused():
		return no(when+" the token is refused ("+refusal(after)+"): a sweep that is interrupted begins anew", 0).by(after)
	case n > 0 && fresh(after.Rows, before.Rows) <= n/2:
		return yes(when+" the token leads to the same page", n).by(after)
	}
	return no(when+" the token leads to other rows: a sweep that is interrupted begins anew", len(after.Rows)).by(after)
}
