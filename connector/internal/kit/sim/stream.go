package sim

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"tidemark/connector/config"
	"tidemark/strategies"
)

// streams are those that newStream has made.
var streams sync.Map

// newStream is config.NewStream, of which a seed would take a good part.
func newStream(name, strategy, url string) config.Stream {
	key := [...]string{name, strategy, url}
	s, ok := streams.Load(key)
	if !ok {
		s, _ = streams.LoadOrStore(key, config.NewStream(name, strategy, url))
	}
	return s.(config.Stream)
}

// StreamOf is the configuration of a stream that reads an API with the traits.
func StreamOf(t *Traits) config.Stream {
	s := newStream("sim", t.Strategy, "http://sim/")
	if s.CursorFormat = t.Format.String(); s.CursorField == "" {
		s.CursorField = "updatedAt" // its order is what is judged
	}
	s.InitialMark = t.FirstMark()
	s.Deleted.Field = "deleted"
	s.MaxBadRatio = 1 // rows are few, and bad by chance
	s.PageSize, s.Strict, s.Concurrency = t.PageSize, t.Strict && !t.Believed, t.Concurrency
	s.Unpaged, s.RepeatParams = t.Unpaged, t.Repeat
	back := time.Duration(t.Back) * time.Second
	s.Buffer, s.Lookback = 0, back
	if t.Strategy == strategies.Replay {
		s.Buffer, s.Lookback = back, 0
	}
	s.End = endsOf(t)
	if t.Pager != "" {
		t.walk(&s)
	}
	if t.Ties == TiesSorted {
		s.OrderBy = "updatedAt,id"
	}
	if t.Strategy == strategies.StepSize {
		s.StepSize, s.MaxID = t.StepSize, t.MaxID
	}
	return s
}

// endsOf is what the stream is configured to take for an end.
func endsOf(t *Traits) []string {
	if !t.EndSaid {
		return nil
	}
	switch t.End {
	case EndAbsent:
		return []string{config.EndToken}
	case EndEmpty, EndSelf:
		return []string{config.EndEmptyPage}
	case EndRefused:
		return []string{"404"}
	case EndShort:
		return []string{config.EndShortPage}
	case EndAgain:
		return []string{config.EndRepeatedPage}
	}
	return nil
}

// walk is what a stream that goes by a pager is configured with besides.
func (t *Traits) walk(s *config.Stream) {
	seconds := func(n int64) time.Duration { return time.Duration(n) * time.Second }
	s.Pages, s.FirstPage, s.LastRow, s.TokenPath = t.Pager, t.FirstPage, t.LastRow, "next"
	s.Params = config.Params{Token: "token", Limit: "limit", Offset: "offset", Page: "page", Until: "until"}
	if traits := strategies.TraitsOf(t.Strategy); !traits.All && !traits.Falls {
		s.Params.Since = "since"
	}
	if t.Total == TotalHonest {
		s.TotalPath = "total" // nobody is to guess what it counts
	}
	t.among(s)
	s.Step, s.Lag, s.MaxAge = seconds(t.Step), seconds(t.Lag), seconds(t.MaxAge)
	s.ReconcileInterval = config.Never // as TestSimReconcile will have it
}

// ShortUnseen says that a page shorter than it could be tells nobody that it is.
func ShortUnseen(t *Traits) bool {
	switch t.Strategy {
	case strategies.Timestamp, strategies.Replay:
		return true
	case strategies.Keyset:
		return t.End == EndNever
	case strategies.Snapshot:
		return t.shifts() // read once
	case strategies.Offset:
		return t.Total == TotalLow || t.Total == TotalHigh
	}
	return false
}

// Excused reports whether the API left the strategy no other way than to stop. tied says that the
// answer in hand held rows of one value only.
func Excused(api *API, err error, tied bool) bool {
	t, text := &api.Traits, err.Error()
	has := func(part string) bool { return strings.Contains(text, part) }
	seen := func(k Kind) bool { return api.Seen[k] > 0 }
	switch {
	case has("times in a row: it does not honour"):
		return t.shifts() && !api.rest // on a list that moves by a page between two answers
	case has("of all parents whose rows were asked for"):
		return t.Parents > 0 && !api.rest
	case has("it gives no more pages, or total_path"), has("the first page has no rows, and the API counts"):
		return seen(Blank)
	case has("and gives none, asked again"):
		return t.Total == TotalHigh || seen(Blank)
	case has("give the right one (params.since)"):
		return seen(Lag) || seen(Blank) || api.emptied // of two looks, one met rows that came later, or were held back, and one did not
	case has("and no pages are configured"):
		return t.Pager == strategies.Unpaged && t.Cap > 0
	case has("does not say whether there is more"):
		return t.End == EndAbsent && !t.EndSaid || t.End == EndNever
	case has("more rows share that value than a page holds"):
		return tied || t.End >= EndEmpty && !t.EndSaid || seen(Short) || t.Says == SaysAlways ||
			t.Cap > 0 && (t.Says == SaysMore || t.Says == SaysNext || t.Says == SaysLink) // always said, or of rows without a value
	case has("not proven whole"):
		return t.Doubtful() || has("the answer before said") && (t.Order != Ascending || seen(Lag) || seen(Double) || api.H.Withdrawn() > 1) // of two, one was left out
	case has("so it may be cut"):
		return t.PageSize > 0 && (t.Order != Ascending || tied || t.Leak > 0) || has("none has a cursor value")
	case has("does not sort"):
		return t.Strategy == strategies.Offset && t.Order != Ascending || seen(Lag)
	case has("repeats the token"), has("repeats the next page's URL"):
		return seen(Loop) || seen(Refuse)
	case has("no value beyond"), has("Result window is too large"):
		return t.Deep > 0
	case has("the API gives no more than"):
		return t.Deep > 0 || t.Cap > 0 && api.H.TiedUp() || seen(Short)
	case has("come in another order, or move"):
		return t.Ties == TiesSorted
	case has("never came to its end"):
		return seen(Refuse)
	case has("token expired"):
		return seen(Refuse)
	}
	return false
}

// Named writes a page's number behind all room for its rows, where whoever folds them finds it, be some of
// them dropped: pages that were asked for early are folded later, or not at all.
func Named(rows []strategies.Row, page int32) []strategies.Row {
	n := len(rows)
	rows = append(rows, strategies.Row{})
	rows[:cap(rows)][cap(rows)-1].Hash = uint64(page)
	return rows[:n]
}

// NameOf is the number of a page that Named has written.
func NameOf(rows []strategies.Row) int32 { return int32(rows[:cap(rows)][cap(rows)-1].Hash) }

// String is the answer for people.
func (a *Answer) String() string {
	switch {
	case a.Fails:
		return "no answer"
	case a.Broken:
		return "{}"
	case a.Status != 0:
		return fmt.Sprint(a.Status, " ", a.Text)
	}
	text := fmt.Sprintf("page %d:", a.Page)
	for _, v := range a.Rows {
		n := "null"
		if v.Set {
			n = strconv.FormatInt(v.N, 10)
		}
		text += fmt.Sprintf(" %d@%s(%d)", v.Key, n, v.Content)
	}
	if a.Token.Present {
		text += fmt.Sprintf(" token %q", a.Token.Text)
	}
	if a.Total >= 0 {
		text += fmt.Sprintf(" total %d", a.Total)
	}
	if a.More != (strategies.Evidence{}) {
		text += fmt.Sprintf(" %+v", a.More)
	}
	return text
}
