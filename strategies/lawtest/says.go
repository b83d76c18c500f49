package lawtest

import "tidemark/strategies"

// say adds what the API says of an answer of so many of the matching rows, of all.
func (a *API) say(e *strategies.Evidence, shown, matching, all int) {
	if a.Flagged {
		e.Goes("has_more: true", true)
	}
	switch more := shown < matching; a.Says {
	case SaysMore:
		if more {
			e.Goes("has_more: true", true)
		} else {
			e.Ends("has_more: false")
		}
	case SaysNext, SaysLink, SaysAlways:
		switch {
		case more || a.Says == SaysAlways && shown > 0:
			e.Goes("next", false)
		case a.Says != SaysLink:
			e.Ends("next is empty")
		}
	case SaysTotal:
		e.Counts("total", int64(matching), strategies.CountRows)
	case SaysAll:
		e.Counts("total", int64(max(all, matching)), strategies.CountRows) // a row that comes twice counts twice
	}
}
