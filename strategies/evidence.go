package strategies

import "strconv"

// Evidence is what an answer says, beside its rows, of whether they are all there are
// (rule 20). The zero value says nothing. Names are as the API writes them, with the value
// where that is a plain yes or no, so that an error can point at what it goes by.
type Evidence struct {
	// More says that there is more: an address or a token of a next page, or, where Flag is
	// set, a plain yes. The difference matters: some APIs give an address with every page
	// but an empty one.
	More string
	Flag bool
	// End says that there is no more. An answer may say both, and proves nothing then.
	End string
	// Count says how many rows, or pages of them, there are: Total.
	Count string
	Total int64
	Kind  CountKind
}

// CountKind is what a number in an answer counts. A greater one says more of the request.
type CountKind uint8

// The kinds.
const (
	CountNone   CountKind = iota
	CountLoose            // rows: those of the answer alone, or all
	CountPages            // pages
	CountRows             // rows that match the request, or all that the API has
	CountFilter           // rows that match the request
	CountTold             // what the configuration says is the total
)

// Goes notes that something says that there is more.
func (e *Evidence) Goes(what string, flag bool) {
	if e.More == "" || flag && !e.Flag {
		e.More, e.Flag = what, flag
	}
}

// Ends notes that something says that there is no more.
func (e *Evidence) Ends(what string) {
	if e.End == "" {
		e.End = what
	}
}

// Counts notes a number. Of several the one that says most of the request holds.
func (e *Evidence) Counts(what string, n int64, kind CountKind) {
	if kind > e.Kind {
		e.Count, e.Total, e.Kind = what, n, kind
	}
}

// And adds what another place says of the same answer.
func (e *Evidence) And(o Evidence) {
	if o.More != "" {
		e.Goes(o.More, o.Flag)
	}
	if o.End != "" {
		e.Ends(o.End)
	}
	if o.Kind != CountNone {
		e.Counts(o.Count, o.Total, o.Kind)
	}
}

// beyond reports whether the count is greater than an answer of so many rows; it may count
// what the request did not ask for.
func (e *Evidence) beyond(rows int) bool {
	switch e.Kind {
	case CountNone:
		return false
	case CountPages:
		return e.Total > 1
	}
	return e.Total > int64(rows)
}

// all reports whether the count is that of an answer of so many rows.
func (e *Evidence) all(rows int) bool {
	switch e.Kind {
	case CountNone, CountLoose:
		return false
	case CountPages:
		return e.Total == 1
	}
	return e.Total == int64(rows)
}

// whole reports whether the answer proves that it holds all the rows there are.
func (e *Evidence) whole(rows int) bool {
	return e.More == "" && !e.beyond(rows) && (e.End != "" || e.all(rows))
}

// more is what says that an answer of so many rows does not hold all; empty: nothing does.
func (e *Evidence) more(rows int) string {
	switch {
	case e.Flag:
		return e.More
	case e.beyond(rows):
		return e.counted()
	}
	return e.More
}

func (e *Evidence) counted() string { return e.Count + ": " + strconv.FormatInt(e.Total, 10) }

// against is the warning where a plain yes to more rows stands beside what says that there
// are none; empty: nothing does.
func (e *Evidence) against(end string) string {
	if !e.Flag {
		return ""
	}
	return end + ", and the answer says that there is more (" + e.More + "): is token_path the right one?"
}

// Whole reports whether an answer of so many rows proves that it holds all the rows there are.
func (e *Evidence) Whole(rows int) bool { return e.whole(rows) }

// Promises is what says that an answer of so many rows does not hold all; empty: nothing does.
func (e *Evidence) Promises(rows int) string { return e.more(rows) }
