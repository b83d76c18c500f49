package wire

import (
	"encoding/json"
	"slices"
	"strings"
)

// edits change the text of a schema in some places, and leave the rest as somebody wrote it.
type edits struct {
	text   string
	all    []edit
	filled map[int]bool // where arrays begin that were empty
}

// edit puts a text in place of the bytes from from to to.
type edit struct {
	from, to int
	with     string
}

// value is where the value to which the steps lead begins and ends.
func (e *edits) value(steps []string) (from, to int) { return valueAt(e.text, steps) }

func valueAt(text string, steps []string) (from, to int) {
	from = int(locate(text, steps))
	d := json.NewDecoder(strings.NewReader(text[from:]))
	var raw json.RawMessage
	if d.Decode(&raw) != nil {
		return from, len(text) // the schema was read before
	}
	return from, from + int(d.InputOffset())
}

// replace puts a text in place of a value.
func (e *edits) replace(steps []string, with string) {
	from, to := e.value(steps)
	e.all = append(e.all, edit{from, to, with})
}

// extend puts a text behind the last item of the array to which the steps lead, as the first one is put.
func (e *edits) extend(steps []string, with string) {
	from, to := e.value(steps)
	inner := e.text[from+1 : to-1]
	full := strings.TrimRight(inner, " \t\r\n")
	lead := full[:len(full)-len(strings.TrimLeft(full, " \t\r\n"))]
	if full == "" {
		if e.filled[from] {
			with = "," + with
		} else if e.filled == nil {
			e.filled = map[int]bool{}
		}
		e.filled[from] = true
		e.all = append(e.all, edit{from + 1, from + 1, with})
		return
	}
	indent := ""
	if at := strings.LastIndexByte(lead, '\n'); at >= 0 {
		indent = lead[at+1:]
	} else if lead == "" {
		lead = " "
	}
	at := from + 1 + len(full)
	e.all = append(e.all, edit{at, at, "," + lead + strings.ReplaceAll(with, "\n", "\n"+indent)})
}

// apply is the text with all changes; those of one place stay in their order.
func (e *edits) apply() string {
	slices.SortStableFunc(e.all, func(a, b edit) int { return a.from - b.from })
	var b strings.Builder
	at := 0
	for _, x := range e.all {
		b.WriteString(e.text[at:x.from])
		b.WriteString(x.with)
		at = x.to
	}
	b.WriteString(e.text[at:])
	return b.String()
}
