package probe

import (
	"fmt"
	"io"
	"strings"
)

// Text writes a report for people: a line a question, and what follows from them.
func (r Report) Text(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "stream %s: %d of %d requests\n", r.Stream, r.Requests, r.Budget)
	for _, v := range r.Verdicts {
		fmt.Fprintf(&b, "%-8s %s\n         %s%s\n", v.Answer, asked(v.Question), v.Says, v.cost())
		if v.URL != "" && v.Requests > 0 {
			fmt.Fprintf(&b, "         %s\n", v.URL)
		}
	}
	switch {
	case r.Error != "":
		fmt.Fprintf(&b, "ended early: %s\n", r.Error)
	case r.Strategy == "":
		b.WriteString("recommended: nothing; no strategy is known to fit what was found\n")
	default:
		how := "all that it needs was seen"
		if !r.Sure {
			how = "as configured; nothing speaks against it, and not all that it needs could be told"
		}
		fmt.Fprintf(&b, "recommended: %s (%s)\n", r.Strategy, how)
		for _, s := range r.Settings {
			now := ""
			if s.Now != "" && s.Now != s.Value {
				now = "   # now " + s.Now
			}
			fmt.Fprintf(&b, "  %s: %s%s\n", s.Key, s.Value, now)
		}
		fmt.Fprintf(&b, "it does not see: %s\n", r.Blind)
		fmt.Fprintf(&b, "deletes that it sees: %s\n", r.Deletes)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// asked is a question in words.
func asked(name string) string {
	for _, q := range questions {
		if q.name == name {
			return q.asks
		}
	}
	return name
}

// cost is by how much a verdict was told.
func (v Verdict) cost() string {
	switch {
	case v.Requests > 0 && v.Rows > 0:
		return " (" + counted(v.Requests, "request") + ", " + counted(v.Rows, "row") + ")"
	case v.Requests > 0:
		return " (" + counted(v.Requests, "request") + ")"
	}
	return ""
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
