package probe

import (
	"net/http"
	"slices"
	"strings"

	"tidemark/connector/internal/rest"
)

func judgeRates(k *Known, _ []*Answer) Verdict {
	if k.First == nil {
		return unknown("no page came", 0)
	}
	told := limitsIn(k.First.Header)
	switch {
	case len(k.limited) > 0:
		says := counted(len(k.limited), "request") + " had to be sent once more: " + k.limited[0].Error()
		return yes(strings.Join(append([]string{says}, told...), "; "), 0).by(k.First)
	case len(told) > 0:
		return yes(strings.Join(told, "; "), 0).by(k.First)
	}
	return unknown("no answer speaks of one, and none of these requests was too many", 0)
}

// limitsIn are the headers that speak of a rate limit.
func limitsIn(h http.Header) (all []string) {
	for name, values := range h {
		if rest.SpeaksOfLimits(name) && len(values) > 0 {
			all = append(all, name+": "+values[0])
		}
	}
	slices.Sort(all)
	return all
}
