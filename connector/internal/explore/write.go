package explore

import (
	"fmt"
	"strings"

	"tidemark/connector/internal/draft"
	"tidemark/connector/internal/infer"
	"tidemark/strategies"
)

func (x *explorer) saw(format string, args ...any) {
	x.found.notes.Saw = append(x.found.notes.Saw, x.secrets.Hide(fmt.Sprintf(format, args...)))
}

func (x *explorer) assumed(format string, args ...any) {
	x.found.notes.Assumed = append(x.found.notes.Assumed, x.secrets.Hide(fmt.Sprintf(format, args...)))
}

func (x *explorer) unknown(format string, args ...any) {
	x.found.notes.Unknown = append(x.found.notes.Unknown, x.secrets.Hide(fmt.Sprintf(format, args...)))
}

// Stream is the draft of a stream that reads the collection. url is that of the first page as the configuration is to
// have it, and access what lets a request in.
func (f *Found) Stream(url any, access draft.Section) draft.Stream {
	s := draft.Stream{Outcome: f.notes, Schema: f.Schema.Text}
	s.Name, s.Translated = f.Name, true
	set := s.Settings.Set
	set("url", url, "")
	// The strategy that needs nothing but the pages.
	set("strategy", strategies.Those(func(r strategies.Recipe) bool { return r.All })[0],
		"all rows each time: it needs no filter and no order. reconcile_interval: 0 makes tombstones of rows that are gone")
	set("poll_interval", "10m", "each sweep reads the whole collection")
	for _, a := range access {
		set(a.Key, a.Value, a.Comment)
	}
	set("records_path", f.Path, "")
	if f.Key == "" {
		set("primary_key", "row_hash", "")
	} else {
		set("primary_key", f.Key, "")
	}
	set("pages", f.Pages.Kind, f.Pages.Proof)
	for _, p := range f.Pages.Settings {
		set(p.Key, p.Value, p.Comment)
	}
	if f.Total.path != "" && f.Pages.numbered {
		set("total_path", f.Total.path, fmt.Sprintf("it said %d, and so many rows came", f.Total.n))
	}
	var names draft.Section
	for _, r := range f.Schema.Renamed {
		names.Set(r.Path, r.Name, "")
	}
	if len(names) > 0 {
		set("rename", names, "names that Avro does not allow")
	}
	s.Unknown = append(s.Unknown, f.changes()...)
	s.Unknown = append(s.Unknown, f.fields()...)
	s.Saw = append(s.Saw, fmt.Sprintf("%d fields in %d rows, by %d requests", len(f.Fields), f.Rows, f.Asked))
	return s
}

// changes are what is to be found out before changes alone can be read.
func (f *Found) changes() []string {
	names := cursors(f.Fields)
	if len(names) == 0 {
		return nil
	}
	return []string{fmt.Sprintf("whether the API can be asked for changes alone: %s may be the cursor field, by the name; whether there is a filter, "+
		"> or >=, and in which order rows come was not asked", strings.Join(names, " or "))}
}

// fields are what is not known of the schema.
func (f *Found) fields() (all []string) {
	if len(f.Schema.Guessed) > 0 {
		all = append(all, "what "+listed(f.Schema.Guessed)+" may hold: it was null or empty in all rows, and is taken for text")
	}
	for _, l := range f.Schema.Left {
		all = append(all, fmt.Sprintf("%q is not in the schema: %s", l.Path, l.Reason))
	}
	for _, field := range f.Fields {
		if field.Type == infer.Mixed {
			all = append(all, fmt.Sprintf("why %q is of several types: the schema has a union of them", field.Name))
		}
	}
	return all
}

// most is how many names a line lists.
const most = 8

func listed(names []string) string {
	if len(names) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	return strings.Join(names, ", ")
}
