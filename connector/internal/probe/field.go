package probe

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tidemark/connector/config"
	"tidemark/strategies"
)

// field is one of the rows' that may be a cursor field.
type field struct {
	path   string // dotted
	format strategies.Format
	rows   int // that have a value of the format in it
	rank   int // by its name: the greater, the more likely
}

// ranks are words of fields that say when a row was changed, and of those that say when it was made.
var ranks = []struct {
	rank  int
	words []string
}{
	{2, []string{"updat", "modif", "chang", "edit"}},
	{1, []string{"creat", "insert", "added", "publish", "time", "date", "_at", "_on"}},
}

func rankOf(path string) int {
	name := strings.ToLower(path[strings.LastIndexByte(path, '.')+1:])
	for _, r := range ranks {
		if slices.ContainsFunc(r.words, func(w string) bool { return strings.Contains(name, w) }) {
			return r.rank
		}
	}
	return 0
}

// epochs are the formats of whole numbers, and the least number of each that is likely to be a time: in the year 2001.
var epochs = []struct {
	format strategies.Format
	least  int64
}{{strategies.EpochMicros, 1e15}, {strategies.EpochMillis, 1e12}, {strategies.EpochSeconds, 1e9}}

// timeOf is the format in which a value may be a time.
func timeOf(v any) (f strategies.Format, ok bool) {
	switch v := v.(type) {
	case string:
		for _, f := range []strategies.Format{strategies.Date, strategies.RFC3339} {
			if _, err := f.Parse([]byte(v)); err == nil {
				return f, true
			}
		}
	case json.Number:
		n, err := strconv.ParseInt(v.String(), 10, 64)
		for _, e := range epochs {
			if err == nil && n >= e.least && n < 4*e.least {
				return e.format, true
			}
		}
	}
	return f, false
}

// fields are those of the rows that hold times and nothing else, the likeliest first.
func fields(rows []strategies.Row) []field {
	found, wrong := map[string]*field{}, map[string]bool{}
	var note func(under string, row map[string]any, depth int)
	note = func(under string, row map[string]any, depth int) {
		for name, v := range row {
			path := under + name
			if inner, ok := v.(map[string]any); ok && depth < 1 {
				note(path+".", inner, depth+1)
				continue
			}
			format, ok := timeOf(v)
			was := found[path]
			switch {
			case v == nil || strings.Contains(name, "."):
			case !ok || was != nil && was.format != format:
				wrong[path] = true
			case was == nil:
				found[path] = &field{path, format, 1, rankOf(path)}
			default:
				was.rows++
			}
		}
	}
	for i := range rows {
		d := json.NewDecoder(bytes.NewReader(rows[i].JSON))
		d.UseNumber()
		var row map[string]any
		if d.Decode(&row) == nil {
			note("", row, 0)
		}
	}
	var all []field
	for path, f := range found {
		if !wrong[path] && f.rank > 0 && f.rows*10 >= len(rows)*9 {
			all = append(all, *f)
		}
	}
	slices.SortFunc(all, func(a, b field) int {
		return cmp.Or(b.rank-a.rank, b.rows-a.rows, strings.Compare(a.path, b.path))
	})
	return all
}

// askField asks for the first page once more, to be read by the likeliest field.
func askField(ctx context.Context, a *asker, k *Known) error {
	all := fields(k.First.Rows)
	if k.Stream.CursorField != "" || len(all) == 0 {
		return nil
	}
	s := k.Stream
	s.CursorField, s.CursorFormat = all[0].path, all[0].format.String()
	if err := a.as(s); err != nil {
		return err
	}
	_, err := a.ask(ctx, k.Base)
	return err
}

func judgeField(k *Known, own []*Answer) Verdict {
	all, n := fields(k.First.Rows), len(k.First.Rows)
	if k.Stream.CursorField != "" {
		return yes(k.Stream.CursorField+", as configured", n)
	}
	if len(all) == 0 {
		return no("no field of the rows has a name and values of a time", n)
	}
	f := all[0]
	if len(own) == 0 || own[0].Refused() {
		return unknown(f.path+" may be one, and was not read", n)
	}
	k.Stream.CursorField, k.Stream.CursorFormat, k.Format = f.path, f.format.String(), f.format
	k.First, k.Pages = own[0], own
	says := fmt.Sprintf("%s (%s) is a time in %d of %d rows", f.path, f.format, f.rows, n)
	if f.rank < ranks[0].rank {
		says += "; by its name it does not change when a row does, so that changes are not seen"
	}
	for _, other := range all[1:] {
		says += "; " + other.path + " may be one as well"
	}
	return yes(says, n).by(own[0]).sets("cursor_field", config.Quote(f.path)).sets("cursor_format", f.format.String())
}
