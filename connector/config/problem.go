package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Problem is one thing that is wrong with a configuration. No field of it ever holds
// a substituted value, a password, a header's value or a URL (P11).
type Problem struct {
	Pos     Position // zero for a command-line flag
	Key     string   // "streams[1].page_size", or a flag: "--strategy"; "" for the file as a whole
	Message string
	Hint    string // what to do; may be empty
}

// Error gives "file:line:column: key: message (hint)". Parts that are empty are left out.
func (p Problem) Error() string {
	var b strings.Builder
	if p.Pos.Line > 0 {
		fmt.Fprintf(&b, "%s: ", p.Pos)
	}
	if p.Key != "" {
		b.WriteString(p.Key + ": ")
	}
	b.WriteString(p.Message)
	if p.Hint != "" {
		b.WriteString(" (" + p.Hint + ")")
	}
	return b.String()
}

// Problems is everything that is wrong, flags first, then in the file's order.
type Problems []Problem

// Error gives one line per problem.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// sorted returns the problems in reading order, each once.
func (ps Problems) sorted() Problems {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Pos.Line, b.Pos.Line), cmp.Compare(a.Pos.Column, b.Pos.Column),
			cmp.Compare(a.Key, b.Key), cmp.Compare(a.Message, b.Message))
	})
	return slices.Compact(ps)
}

// String gives "file:line:column".
func (p Position) String() string { return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column) }

// nearest returns the candidate that text is most likely a misspelling of, or "".
func nearest(text string, candidates []string) string {
	best, least := "", max(1, min(3, len(text)/3))+1
	for _, c := range candidates {
		if d := distance(strings.ToLower(text), c); d < least {
			best, least = c, d
		}
	}
	return best
}

// Nearest is the candidate that text is most likely a misspelling of, or "", for names that
// no configuration lists.
func Nearest(text string, candidates []string) string { return nearest(text, candidates) }

// distance counts the letters to insert, delete, replace or swap with a neighbour to
// get from a to b. Long texts are not compared: nothing is spelt like them.
func distance(a, b string) int {
	if len(a) > 64 || len(b) > 64 {
		return 64
	}
	before, row := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		next := make([]int, len(b)+1)
		next[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			next[j] = min(row[j]+1, next[j-1]+1, row[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				next[j] = min(next[j], before[j-2]+1)
			}
		}
		before, row = row, next
	}
	return row[len(b)]
}
