package sim

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"tidemark/connector/config"
	"tidemark/strategies"
)

// StreamOf is the configuration of a stream that reads an API with the traits.
func StreamOf(t *Traits) config.Stream {
	s := config.NewStream("sim", t.Strategy, "http://sim/")
	s.CursorFormat = t.Format.String()
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
	}
	return nil
}

// ShortUnseen says that a page shorter than it could be tells nobody that it is.
func ShortUnseen(t *Traits) bool {
	switch t.Strategy {
	case strategies.Timestamp, strategies.Replay:
		return true
	case strategies.Keyset:
		return t.End == EndNever
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
	case has("and gives none, asked again"):
		return t.Total == TotalHigh || seen(Blank)
	case has("give the right one (params.since)"):
		return seen(Lag)
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
	case has("repeats the token"):
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

// Named writes a page's number behind its rows, where whoever folds them finds it: pages that were
// asked for early are folded later, or not at all.
func Named(rows []strategies.Row, page int32) []strategies.Row {
	return append(rows, strategies.Row{Hash: uint64(page)})[:len(rows)]
}

// NameOf is the number of a page that Named has written.
func NameOf(rows []strategies.Row) int32 { return int32(rows[:len(rows)+1][len(rows)].Hash) }

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
