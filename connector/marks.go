package connector

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"tidemark/connector/config"
	"tidemark/connector/internal/text"
	"tidemark/connector/internal/wire"
	"tidemark/strategies"
)

// watchMarks says once if the API's rows speak against the way in which deleted rows are
// configured to be told: rows that it has marked would be written as live.
func (f *fetcher) watchMarks(a *answer) {
	if f.doubted || a.Marks.Rows == 0 || f.marks.Deleted > 0 {
		return
	}
	f.marks.Add(a.Marks)
	if doubt := misfit(f.stream.Deleted, f.marks); doubt != "" {
		f.doubted = true
		f.report.Warn(doubt)
	}
}

// looksLikeTime matches the beginning of a time as APIs write it.
var looksLikeTime = regexp.MustCompile(`^"?[12]\d{3}-[01]\d-[0-3]\d`)

// misfit says why the field's values do not fit what is configured; "": they do. A field that
// holds true and false and never true, or a state that is never the configured one, are in
// order; a value of another kind than the default's is not, nor is a time in some of the rows.
func misfit(d config.Deleted, m wire.Marks) string {
	if d.Present || m.Deleted > 0 || m.Other == 0 {
		return ""
	}
	everyone := m.Other == m.Rows
	isTime := looksLikeTime.MatchString(m.Sample)
	if d.Value != "true" && (!isTime || everyone) {
		return ""
	}
	says := fmt.Sprintf("deleted.field %s holds %s in %d of %d rows that have it, never the value %q", d.Field, m.Sample, m.Other, m.Rows, d.Value)
	switch {
	case everyone:
		return says + ": is it the right field, and which value of it marks a deleted row (deleted.value)?"
	case isTime || m.Sample[0] != '"':
		return says + ": did you mean present: true? Rows that it marks are written as live"
	}
	return says + ": which value marks a deleted row (deleted.value, or present: true for any)? Rows that it marks are written as live"
}

// doubtMarks is what a check says of the deleted field in a page's rows.
func doubtMarks(d config.Deleted, m wire.Marks, rows []strategies.Row) string {
	switch {
	case d.Field == "" || len(rows) == 0:
		return ""
	case m.Rows > 0 && d.Present && m.Deleted == len(rows):
		return fmt.Sprintf("deleted.field %s marks every row as deleted, for with present: true any value does that is not null, false, 0 or empty: is it the right field?", d.Field)
	case m.Rows > 0:
		return misfit(d, m)
	}
	says := fmt.Sprintf("deleted.field %s is in none of the rows", d.Field)
	if near := nearField(d.Field, rows); near != "" {
		return says + ": did you mean " + near + "?"
	}
	if strings.Contains(d.Field, ".") {
		return says + ": the field must stand at the top of a row"
	}
	return says + ", which is in order where only deleted rows have it"
}

// nearField is the field of the rows that is most likely meant.
func nearField(name string, rows []strategies.Row) string {
	names := map[string]string{} // in small letters: as the API writes it
	for i := range rows {
		var fields map[string]json.RawMessage
		if json.Unmarshal(rows[i].JSON, &fields) != nil {
			continue
		}
		for f := range fields {
			names[strings.ToLower(f)] = f
		}
	}
	var all, likely []string
	for small := range names {
		all = append(all, small)
		for _, word := range []string{"delet", "remov", "archiv", "trash", "purg"} {
			if strings.Contains(small, word) {
				likely = append(likely, small)
				break
			}
		}
	}
	slices.Sort(all)
	slices.Sort(likely)
	near := text.Nearest(name, all)
	if near == "" && len(likely) > 0 {
		near = likely[0]
	}
	return names[near]
}
