package strategies

import (
	"errors"
	"fmt"

	"pgregory.net/rapid"
)

// ending is how the model's API tells its end.
type ending int

const (
	endNull     ending = iota // a null token
	endAbsent                 // none
	endBlank                  // 0
	endEmpty                  // a token with every page that has rows, null with the empty one behind them
	endBare                   // the same, and no token with the empty one
	endSelf                   // the same, and the empty one's token leads to itself
	endFresh                  // the same, and the empty one's leads to another one
	endRefused                // a token with every page, 404 behind the last one
	endRepeated               // a token with every page, which leads to the last one again behind it
	endings
)

var errBehind = errors.New("404")

// drawEnd draws how keyset's API tells its end, and configures the stream for what only a
// setting proves.
func (a *modelAPI) drawEnd(t *rapid.T, spec *Spec) {
	a.end = ending(rapid.IntRange(0, int(endings)-1).Draw(t, "end"))
	spec.TokenPlace = "next"
	switch a.end {
	case endEmpty, endBare, endSelf:
		spec.Ends.EmptyPage = a.order == ascending && rapid.Bool().Draw(t, "empty_page")
	case endFresh:
		spec.Ends.EmptyPage = true
	case endRefused:
		spec.Ends.Statuses = []int{404}
	case endRepeated:
		spec.Ends.RepeatedPage = true
	case endAbsent, endBlank:
		spec.Ends.Token = rapid.Bool().Draw(t, "token ends")
	}
}

// drawDepth draws an API that refuses offsets: those behind its rows, or far from the first.
func (a *modelAPI) drawDepth(t *rapid.T, spec *Spec) {
	if rapid.Bool().Draw(t, "refuses the end") {
		a.end = endRefused
	}
	if rapid.Bool().Draw(t, "deep") {
		a.deep = 4 * spec.PageSize
	}
}

// close cuts a page of the rows and gives it its token.
func (a *modelAPI) close(page *Page, rows []modelRow, since, token string) ([]modelRow, error) {
	if len(rows) == 0 && token != "" && a.end >= endRefused {
		if a.end == endRefused {
			return nil, errBehind
		}
		rows = a.lastPage(since, token)
	}
	cut := min(len(rows), a.cap)
	more := cut < len(rows)
	rows = rows[:cut]
	switch {
	case more, cut > 0 && a.end >= endEmpty:
		page.Token = Token{Present: true, Text: since + "/" + a.place(rows[cut-1])}
	case a.end == endSelf && token != "":
		page.Token = Token{Present: true, Text: token}
	case a.end == endSelf, a.end == endFresh, a.end >= endRefused:
		a.ranks++
		page.Token = Token{Present: true, Text: since + fmt.Sprintf("/value:%d", int64(1e9)+int64(a.ranks))}
	case a.end == endBlank:
		page.Token = Token{Present: true, Blank: true, Text: "0"}
	case a.end == endNull, a.end == endEmpty:
		page.Token = Token{Present: true, Null: true}
	}
	return rows, nil
}

// place is where a token behind the row leads to. Where every page has one, and the stream
// goes by what the token leads to, it does not pass rows that share the value.
func (a *modelAPI) place(last modelRow) string {
	switch {
	case a.order == descending:
		return fmt.Sprint("down:", last.n*1e6-int64(last.rank))
	case a.order == shuffled:
		return fmt.Sprint("rank:", last.rank)
	case a.spec.Ends.EmptyPage || a.end >= endRefused:
		return fmt.Sprint("up:", last.n*1e6+int64(last.rank))
	}
	return fmt.Sprint("value:", last.n)
}

// lastPage is the page that gave the token.
func (a *modelAPI) lastPage(since, token string) []modelRow {
	var rows []modelRow
	for _, r := range a.sorted(append([]modelRow(nil), a.rows...)) {
		if reachable(a, since, r) {
			rows = append(rows, r)
		}
	}
	if len(rows) == 0 {
		return nil
	}
	return rows[(len(rows)-1)/a.cap*a.cap:]
}
