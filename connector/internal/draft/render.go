package draft

import (
	"bytes"
	"fmt"
	"strings"

	"tidemark/connector/internal/text"
)

// SchemaFile is the path of a stream's schema beside the configuration.
func SchemaFile(stream string) string { return "schemas/" + stream + ".avsc" }

// Render writes the configuration as YAML. path is what commands in its comments call it.
func (f *File) Render(path string) []byte {
	w := &writer{}
	for _, line := range f.Comment {
		w.comment(0, line)
	}
	w.section(0, f.Top)
	if f.Translated() > 0 {
		w.line(0, "streams:")
	}
	for _, s := range f.Streams {
		if s.Translated {
			w.stream(s, path)
			continue
		}
		reason := s.Reason
		if s.Place != "" {
			reason += " (" + s.Place + ")"
		}
		w.comment(2, fmt.Sprintf("%s is left out: %s", s.Name, reason))
	}
	return w.out.Bytes()
}

type writer struct{ out bytes.Buffer }

func (w *writer) line(indent int, line string) {
	w.out.WriteString(strings.Repeat(" ", indent) + line + "\n")
}

// comment writes a comment of one line, whatever is in the text.
func (w *writer) comment(indent int, line string) {
	w.line(indent, strings.TrimRight("# "+text.OneLine(line, 1000), " "))
}

func (w *writer) stream(s Stream, path string) {
	for _, line := range s.Assumed {
		w.comment(2, "assumed: "+line)
	}
	for _, line := range s.Unknown {
		w.comment(2, "not known: "+line)
	}
	if len(s.Unknown) > 0 {
		w.comment(2, fmt.Sprintf("to find out: tidemark probe -c %s %s", path, s.Name))
	}
	all := Section{{Key: "name", Value: s.Name}}
	all = append(all, s.Settings...)
	if s.Schema != "" {
		all = append(all, Setting{Key: "schema", Value: SchemaFile(s.Name)})
	}
	w.entry(2, all)
}

// entry writes a section as an entry of a list.
func (w *writer) entry(indent int, s Section) {
	at := w.out.Len()
	w.section(indent+2, s)
	if len(s) > 0 && s[0].Comment == "" {
		w.out.Bytes()[at+indent] = '-'
		return
	}
	// A comment stands where the dash would.
	rest := bytes.Clone(w.out.Bytes()[at:])
	w.out.Truncate(at)
	if len(s) == 0 {
		w.line(indent, "- {}")
		return
	}
	w.line(indent, "-")
	w.out.Write(rest)
}

func (w *writer) section(indent int, s Section) {
	for _, x := range s {
		if x.Comment != "" {
			w.comment(indent, x.Comment)
		}
		w.value(indent, quote(x.Key)+":", x.Value)
	}
}

// value writes what stands behind a key.
func (w *writer) value(indent int, key string, v any) {
	switch v := v.(type) {
	case Section:
		if len(v) == 0 {
			w.line(indent, key+" {}")
			return
		}
		w.line(indent, key)
		w.section(indent+2, v)
	case List:
		if flat, ok := flow(v); ok {
			w.line(indent, key+" "+flat)
			return
		}
		w.line(indent, key)
		for _, item := range v {
			switch item := item.(type) {
			case Section:
				w.entry(indent+2, item)
			case List:
				w.value(indent+2, "-", item)
			default:
				w.line(indent+2, "- "+scalar(item))
			}
		}
	default:
		w.line(indent, key+" "+scalar(v))
	}
}

// flow writes a list of scalars on one line.
func flow(l List) (string, bool) {
	var all []string
	for _, v := range l {
		switch v.(type) {
		case Section, List:
			return "", false
		}
		all = append(all, scalar(v))
	}
	return "[" + strings.Join(all, ", ") + "]", true
}
