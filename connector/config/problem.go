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
