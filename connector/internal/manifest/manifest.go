package manifest

import (
	"fmt"
	"io/fs"
	"slices"
	"strconv"

	"tidemark/connector/internal/class"
	"tidemark/connector/internal/draft"
)

// Options say what there is beside the definition.
type Options struct {
	Config []byte // the user settings, YAML or JSON; nil: none are known
	Files  fs.FS  // the definition's directory, for schemas in files of their own; nil: there is none
}

// translator is what all streams of a definition have in common.
type translator struct {
	doc      *document
	settings *settings
	files    fs.FS
	depth    int // of templates that lead to templates
	apis     []api
}

// api is an entry of apis.
type api struct {
	name    string
	written string // how its section is written, by which it is known
	section draft.Section
}

// Translate drafts a configuration of a definition. Each of its streams is in the draft, as one that is translated or
// with the reason why it is not. The error, of class Config, is that of a text that is no definition.
func Translate(data []byte, o Options) (file *draft.File, err error) {
	root, err := parse(data)
	if err != nil {
		return nil, class.Errorf(class.Config, "reading the definition: %w", err)
	}
	if root.kind != isObject || root.find("streams") == nil && root.find("dynamic_streams") == nil {
		return nil, class.Errorf(class.Config, "reading the definition: %s: it has no streams: is this a low-code connector definition?", root.at)
	}
	t := &translator{doc: &document{root: root, merged: map[*node]*node{}}, settings: &settings{}, files: o.Files}
	defer func() {
		if cause := recover(); cause != nil {
			r, refused := cause.(refusal)
			if !refused {
				panic(cause)
			}
			file, err = nil, class.Errorf(class.Config, "reading the definition: %s: %s", r.at, r.reason)
		}
	}()
	t.settings.spec = t.doc.follow(t.doc.follow(root.find("spec")).find("connection_specification"))
	if o.Config != nil {
		if t.settings.given, err = parse(o.Config); err != nil {
			return nil, class.Errorf(class.Config, "reading the settings of the definition: %w", err)
		}
		if t.settings.given.kind != isObject {
			return nil, class.Errorf(class.Config, "reading the settings of the definition: they are no section of names and values")
		}
	}
	f := &draft.File{Comment: []string{"Drafted from a connector definition. What it does not say is noted above each stream."}}
	top := part{doc: t.doc, node: root}
	for i, n := range t.doc.follow(orNull(root.find("streams"))).items {
		f.Streams = append(f.Streams, t.translate(top, n, i, f))
	}
	if dynamic := t.doc.follow(root.find("dynamic_streams")); dynamic != nil {
		for i, n := range dynamic.items {
			called := textOf(n.find("name"))
			if called == "" {
				called = "dynamic_" + strconv.Itoa(i+1)
			}
			f.Streams = append(f.Streams, draft.Refused(called, "it makes streams of what the API or the user's settings say (dynamic_streams)", n.at.String()))
		}
	}
	t.unite(f)
	f.Comment = append(f.Comment, t.settings.comment()...)
	f.Samples = t.settings.samples()
	return f, nil
}

// translate drafts one stream.
func (t *translator) translate(top part, n *node, i int, f *draft.File) (out draft.Stream) {
	called := "stream_" + strconv.Itoa(i+1)
	vars, apis := len(t.settings.vars), len(t.apis)
	defer func() {
		if cause := recover(); cause != nil {
			r, refused := cause.(refusal)
			if !refused {
				panic(cause)
			}
			t.settings.vars, t.apis, t.depth = t.settings.vars[:vars], t.apis[:apis], 0
			out = draft.Refused(called, r.reason, r.at.String())
		}
	}()
	p := top.component(n)
	if p.node == nil || p.node.kind != isObject {
		refuse(n.at, "it is no section")
	}
	s := &stream{translator: t, p: p, added: map[string]addition{}, numeric: map[string]bool{}}
	if s.called = s.word(p.get("name"), p, "its name"); s.called != "" {
		called = s.called
	}
	if taken := func(name string) bool {
		return slices.ContainsFunc(f.Streams, func(other draft.Stream) bool { return other.Name == name })
	}; taken(called) || taken(draft.Name(called)) {
		called += "_" + strconv.Itoa(i+1)
	}
	s.out.Name, s.out.Translated, s.out.Place = draft.Name(called), true, n.at.String()
	s.translate()
	return s.out
}

// unite gives the entries of apis that streams refer to.
func (t *translator) unite(f *draft.File) {
	all := draft.Section{}
	for _, a := range t.apis {
		all.Set(a.name, a.section, "")
	}
	if len(all) > 0 {
		f.Top.Set("apis", all, "")
	}
}

// api is the name of an entry of apis.
func (t *translator) api(section draft.Section) string {
	written := fmt.Sprintf("%#v", section)
	for _, a := range t.apis {
		if a.written == written {
			return a.name
		}
	}
	name := "api"
	if len(t.apis) > 0 {
		name += "_" + strconv.Itoa(len(t.apis)+1)
	}
	t.apis = append(t.apis, api{name, written, section})
	return name
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
