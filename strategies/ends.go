package strategies

import "slices"

// Ends is what the configuration says proves an end (rule 24), beside what proves it by
// itself.
type Ends struct {
	Token        bool  // keyset: a page whose token is left out, or blank
	EmptyPage    bool  // keyset: a page without rows, whatever its token
	RepeatedPage bool  // keyset, offset: the rows of the page before once more
	ShortPage    bool  // by pager: a page with fewer rows than were asked for
	Statuses     []int // statuses by which the API refuses what lies behind the last row
}

// Said stands for the status of a refusal that the configuration takes for the end, whatever
// its status is.
const Said = -1

func (e Ends) status(n int) bool { return n == Said || slices.Contains(e.Statuses, n) }

// Refused takes an API's refusal of the question that c stands before for an answer, where it
// may mean that nothing lies there: that the last row has been read, or that the API gives no
// rows so far from the start of the list. ok is false where it means neither.
func Refused(s Strategy, c Cursor, status int) (v Verdict, ok bool, err error) {
	if judge, can := s.(interface {
		Refused(c Cursor, status int) (Verdict, bool, error)
	}); can && c.Sweep != nil {
		return judge.Refused(c, status)
	}
	// Behind a page of a list by pager a refusal is its end, where the configuration says so.
	if list, can := s.(interface {
		refusedEnd(c Cursor, status int) bool
	}); can && c.Sweep != nil && list.refusedEnd(c, status) {
		v, err = s.Fold(c, Page{Total: -1, last: true})
		return v, true, err
	}
	return v, false, nil
}

// RefusesBehind reports whether an API may refuse by the status what lies behind the last row.
func RefusesBehind(status int) bool { return slices.Contains(behindTheEnd, status) }
