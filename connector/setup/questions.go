package setup

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"tidemark/connector/internal/class"
	"tidemark/connector/internal/draft"
	"tidemark/connector/internal/explore"
)

// FromQuestions asks a person for an API and what it wants of those who ask, then the API, and then the person for what
// its answers did not tell: a key, and how changes alone are asked for. What o has already is not asked. Errors are those of
// FromURL, and one of class Config where the input ends.
func FromQuestions(ctx context.Context, in io.Reader, out io.Writer, o URL, env func(string) (string, bool)) (*Draft, error) {
	d := &dialog{in: bufio.NewScanner(in), out: out}
	if o.Address == "" {
		o.Address = d.ask("Which URL has the collection, as https://api.example.com/v2/orders? ${NAME} stands for an environment variable.", "", func(s string) string {
			if !strings.HasPrefix(s, "http://") && !strings.HasPrefix(s, "https://") && !strings.HasPrefix(s, "${") {
				return "that is no http or https URL"
			}
			return ""
		})
	}
	if o.BearerEnv == "" && len(o.Headers) == 0 {
		o.BearerEnv = d.ask("Which environment variable holds a bearer token?", none, nil)
		for d.err == nil {
			h := d.ask("Which further header do requests need, as X-Key: ${API_KEY}?", none, func(s string) string {
				if name, value, ok := strings.Cut(s, ":"); !ok || strings.TrimSpace(name) == "" || strings.TrimSpace(value) == "" {
					return "a header looks like Name: value"
				}
				return ""
			})
			if h == "" {
				break
			}
			o.Headers = append(o.Headers, h)
		}
	}
	if o.Name == "" {
		o.Name = d.ask("What is the stream to be called, and its topic?", explore.Name("", o.Address), nil)
	}
	if d.err != nil {
		return nil, d.err
	}
	fmt.Fprintf(out, "Asking the API, with at most %d requests.\n", o.Requests)
	file, found, err := explored(ctx, o, env)
	if err != nil || found == nil {
		return file, err
	}
	s := &file.Streams[0]
	fmt.Fprintf(out, "It has %d rows that were read, %d fields each, and pages: %s.\n", found.Rows, len(found.Fields), found.Pages.Kind)
	d.key(s, found)
	d.changes(s, found)
	return file, d.err
}

// none is shown for an answer that may be empty.
const none = "none"

// dialog asks on a terminal.
type dialog struct {
	in  *bufio.Scanner
	out io.Writer
	err error
}

// ask asks until the answer is one. An empty one is what stands in brackets; none is "". wrong says what an answer lacks; nil: any
// will do.
func (d *dialog) ask(question, otherwise string, wrong func(string) string) string {
	shown := ""
	if otherwise != "" {
		shown = " [" + otherwise + "]"
	}
	for d.err == nil {
		fmt.Fprintf(d.out, "%s%s ", question, shown)
		if !d.in.Scan() {
			d.err = class.Errorf(class.Config, "the input ended before all was asked: %w", errors.Join(d.in.Err(), io.ErrUnexpectedEOF))
			break
		}
		answer := strings.TrimSpace(d.in.Text())
		why := ""
		switch {
		case answer == "" && otherwise == none, answer == none && otherwise == none:
			return ""
		case answer == "" && otherwise != "":
			return otherwise
		case answer == "":
			why = "it is needed"
		case wrong != nil:
			why = wrong(answer)
		}
		if why == "" {
			return answer
		}
		fmt.Fprintf(d.out, "  %s\n", why)
	}
	return ""
}

// oneOf says what an answer lacks that is none of some.
func oneOf(all []string) func(string) string {
	return func(s string) string {
		if !slices.Contains(all, s) {
			return "it is one of " + strings.Join(all, ", ")
		}
		return ""
	}
}

// key asks what rows are known by, where no field shows it.
func (d *dialog) key(s *draft.Stream, found *explore.Found) {
	var names []string
	for _, f := range found.Fields {
		if f.Unique {
			names = append(names, f.Name)
		}
	}
	if found.Key != "" || len(names) == 0 {
		return
	}
	key := d.ask("Which field is another one in each row, and never changes? It may be "+strings.Join(names, ", ")+".", none, oneOf(names))
	if key == "" {
		return
	}
	for _, r := range found.Schema.Renamed {
		if r.Path == key {
			key = r.Name
		}
	}
	s.Settings.Set("primary_key", key, "")
	s.Assumed = append(s.Assumed, key+" is the key, as was said")
	forget(s, aboutKey)
}

// changes asks how changes alone are asked for, where a field may tell them.
func (d *dialog) changes(s *draft.Stream, found *explore.Found) {
	all := found.Cursors()
	if len(all) == 0 {
		return
	}
	since := d.ask("Which parameter asks for rows that were changed since a time, as updated_since?", none, nil)
	if since == "" {
		return
	}
	var names []string
	for _, c := range all {
		names = append(names, c.Field)
	}
	field := d.ask("Which field does it compare, of "+strings.Join(names, ", ")+"?", names[0], oneOf(names))
	if d.err != nil {
		return
	}
	set := s.Settings.Set
	set("strategy", "sweep", "rows that changed since the last time")
	unset(s, "poll_interval")
	set("cursor_field", field, "")
	if format := all[slices.Index(names, field)].Format; format != "rfc3339" {
		set("cursor_format", format, "")
	}
	set("filter", "strict", "right for a filter > and for >=, but for rows of the first mark's own instant, which > leaves out; with inclusive those of each mark are asked for once less")
	put(&s.Settings, []string{"params", "since"}, since, "")
	s.Assumed = append(s.Assumed, since+" leaves out rows whose "+field+" is before it, as was said")
	forget(s, aboutChanges)
	s.Unknown = append(s.Unknown, "whether the filter is > or >=: it is taken for >, which asks one step further back and is right for both")
}

// What notes of a drafted stream begin with that an answer makes untrue.
const (
	aboutKey     = "what rows are known by"
	aboutChanges = "whether the API can be asked for changes alone"
)

// forget takes away what is not unknown any more.
func forget(s *draft.Stream, about string) {
	s.Unknown = slices.DeleteFunc(s.Unknown, func(line string) bool { return strings.HasPrefix(line, about) })
}

// unset takes a setting away.
func unset(s *draft.Stream, key string) {
	s.Settings = slices.DeleteFunc(s.Settings, func(x draft.Setting) bool { return x.Key == key })
}

// put sets a key that may stand in sections.
func put(in *draft.Section, keys []string, value any, comment string) {
	if len(keys) == 1 {
		in.Set(keys[0], value, comment)
		return
	}
	inner, _ := in.Get(keys[0]).(draft.Section)
	put(&inner, keys[1:], value, comment)
	in.Set(keys[0], inner, "")
}
