package manifest

import (
	"fmt"
	"io/fs"
	"slices"
	"strconv"

	"tidemark/connector/internal/class"
	"tidemark/connector/internal/draft"
	"tidemark/connector/internal/nodes"
)

// Options say what there is beside the definition.
type Options struct {
	Config []byte // the user settings, YAML or JSON; nil: none are known
	Files  fs.FS  // the definition's directory, for schemas in files of their own; nil: there is none
}

// mostLevels is how many streams may be read for rows of each other.
const mostLevels = 10

// translator is what all streams of a definition have in common.
type translator struct {
	doc      *document
	settings *settings
	files    fs.FS
	depth    int // of templates that lead to templates
	level    int // of streams that are read for rows of others
	apis     draft.APIs
	listed   []*drafting // the definition's streams
	parents  []*drafting // further streams, for whose rows others are read
}

// drafting is a stream of the definition and what became of it.
type drafting struct {
	p      part
	called string // the definition's name of it
	name   string // the draft's
	done   bool
	begun  bool // one that leads back to itself is found by that
	out    draft.Stream
	stream *stream // nil: it is refused
}

// Translate drafts a configuration of a definition. Each of its streams is in the draft, as one that is translated or
// with the reason why it is not. The error, of class Config, is that of a text that is no definition.
func Translate(data []byte, o Options) (*draft.File, error) {
	root, err := parse(data)
	if err != nil {
		return nil, class.Errorf(class.Config, "reading the definition: %w", err)
	}
	if root.Kind != nodes.Object || root.Find("streams") == nil && root.Find("dynamic_streams") == nil {
		return nil, class.Errorf(class.Config, "reading the definition: %s: it has no streams: is this a low-code connector definition?", root.At)
	}
	t := &translator{doc: &document{root: root, merged: map[*node]*node{}}, settings: &settings{}, files: o.Files}
	f := &draft.File{Comment: []string{"Drafted from a connector definition. What it does not say is noted above each stream."}}
	if r := caught(func() { err = t.all(f, o) }); r != nil {
		return nil, class.Errorf(class.Config, "reading the definition: %s: %s", r.at, r.reason)
	}
	if err != nil {
		return nil, class.Errorf(class.Config, "reading the settings of the definition: %w", err)
	}
	return f, nil
}

// all drafts all streams. The error is that of the settings.
func (t *translator) all(f *draft.File, o Options) (err error) {
	root := t.doc.root
	t.settings.spec = t.doc.follow(t.doc.follow(root.Find("spec")).Find("connection_specification"))
	if o.Config != nil {
		if t.settings.given, err = parse(o.Config); err != nil {
			return err
		}
		if t.settings.given.Kind != nodes.Object {
			return fmt.Errorf("%s: they are no section of names and values", t.settings.given.At)
		}
	}
	t.list(part{doc: t.doc, node: root})
	for _, d := range t.listed {
		t.draft(d)
	}
	for _, d := range t.listed {
		f.Streams = append(f.Streams, d.out)
	}
	for _, d := range t.parents {
		if t.wanted(d.name) {
			f.Streams = append(f.Streams, d.out)
		}
	}
	if dynamic := t.doc.follow(root.Find("dynamic_streams")); dynamic != nil {
		for i, n := range dynamic.Items {
			called := textOf(n.Find("name"))
			if called == "" {
				called = "dynamic_" + strconv.Itoa(i+1)
			}
			f.Streams = append(f.Streams, draft.Refused(called, "it makes streams of what the API or the user's settings say (dynamic_streams)", n.At.String()))
		}
	}
	t.apis.Into(f)
	t.settings.keep(string(f.Render("")))
	f.Comment = append(f.Comment, t.settings.comment()...)
	f.Samples = t.settings.samples()
	return nil
}

// wanted reports whether a stream is read for the rows of the one of that name.
func (t *translator) wanted(name string) bool {
	return slices.ContainsFunc(slices.Concat(t.listed, t.parents), func(d *drafting) bool {
		if d.stream == nil || d.stream.slices == nil || d.stream.slices.value.Get("stream") != name {
			return false
		}
		return slices.Contains(t.listed, d) || t.wanted(d.name)
	})
}

// list finds the definition's streams and gives them names, each once.
func (t *translator) list(top part) {
	taken := map[string]bool{}
	for i, n := range t.doc.follow(orNull(top.node.Find("streams"))).Items {
		d := &drafting{p: part{doc: t.doc, node: n}, called: "stream_" + strconv.Itoa(i+1)}
		t.listed = append(t.listed, d)
		if r := caught(func() {
			d.p = top.component(n)
			if name := t.word(d.p.get("name"), d.p, "its name"); name != "" {
				d.called = name
			}
		}); r != nil {
			d.done, d.out = true, draft.Refused(draft.Name(d.called), r.reason, r.at.String())
		}
		if d.name = draft.Name(d.called); taken[d.name] {
			d.name += "_" + strconv.Itoa(i+1)
		}
		taken[d.name] = true
		d.out.Name = d.name
	}
}

// caught runs a part of a translation and returns what it was refused for.
func caught(run func()) (r *refusal) {
	defer func() {
		if cause := recover(); cause != nil {
			refused, ok := cause.(refusal)
			if !ok {
				panic(cause)
			}
			r = &refused
		}
	}()
	run()
	return nil
}

// draft translates one stream, once.
func (t *translator) draft(d *drafting) {
	if d.done {
		return
	}
	if d.begun {
		refuse(d.p.node.At, "it is read for each row of a stream that is read for each of its own")
	}
	if t.level++; t.level > mostLevels {
		refuse(d.p.node.At, "it is read for rows of streams that are read for rows of others, and so on")
	}
	d.begun = true
	depth := t.depth
	s := &stream{translator: t, p: d.p, called: d.called, added: map[string]addition{}, numeric: map[string]bool{}}
	s.out.Name, s.out.Translated, s.out.Place = d.name, true, d.p.node.At.String()
	r := caught(func() {
		if d.p.node.Kind != nodes.Object {
			refuse(d.p.node.At, "it is no section")
		}
		s.translate()
	})
	t.level, t.depth = t.level-1, depth
	if d.done, d.out, d.stream = true, s.out, s; r != nil {
		d.out, d.stream = draft.Refused(d.name, r.reason, r.at.String()), nil
	}
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
