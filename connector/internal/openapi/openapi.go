package openapi

import (
	"fmt"
	"slices"
	"strings"

	"tidemark/connector/internal/class"
	"tidemark/connector/internal/draft"
	"tidemark/connector/internal/nodes"
)

// Options say what there is beside the description.
type Options struct {
	Server string // the API's address; "": the description's first one
}

// largest is how many bytes a description may have.
const largest = 64 << 20

// translator is what all operations of a description have in common.
type translator struct {
	*document
	Options
	old    bool // Swagger 2
	vars   vars
	names  map[string]int // of streams
	apis   draft.APIs
	bodies int // operations that are no GET
}

// Translate drafts a configuration of a description. Each of its operations with GET is in the draft, as a stream that is
// translated or with the reason why it is not. The error, of class Config, is that of a text that is no description.
func Translate(data []byte, o Options) (*draft.File, error) {
	if len(data) > largest {
		return nil, class.Errorf(class.Config, "reading the description: it has more than %d MiB: is this the right file?", largest>>20)
	}
	root, fault := nodes.Any(data, nodes.Limits{Depth: 100, Merged: 1 << 20, Lenient: true})
	if fault != nil {
		return nil, class.Errorf(class.Config, "reading the description: %w", fault)
	}
	t := &translator{document: &document{root: root}, Options: o, names: map[string]int{}}
	version, old := root.Find("openapi").Word(), root.Find("swagger").Word()
	switch {
	case strings.HasPrefix(version, "3."):
	case strings.HasPrefix(old, "2"):
		t.old = true
	case version+old != "":
		return nil, class.Errorf(class.Config, "reading the description: %s: it is of version %s, and 2 (Swagger), 3.0 and 3.1 are read", root.At, version+old)
	default:
		return nil, class.Errorf(class.Config, "reading the description: %s: it has neither openapi nor swagger: is this a description of an API?", root.At)
	}
	paths := t.find(root, "paths")
	if paths == nil || len(paths.Entries) == 0 {
		return nil, class.Errorf(class.Config, "reading the description: %s: it has no paths", root.At)
	}
	return t.file(paths), nil
}

// methods are those of operations.
var methods = []string{"get", "put", "post", "delete", "options", "head", "patch", "trace"}

// file drafts all operations, those of shorter paths first: of their rows others may be slices.
func (t *translator) file(paths *nodes.Node) *draft.File {
	var all []*operation
	for _, e := range paths.Entries {
		item := t.follow(e.Value)
		if strings.HasPrefix(e.Key, "x-") {
			continue
		}
		if r := t.judge(); r != nil {
			all = append(all, &operation{translator: t, raw: e.Key, at: e.At, wrong: r})
			continue
		}
		for _, m := range members(item) {
			switch {
			case m.Key == "get":
				all = append(all, &operation{translator: t, raw: e.Key, at: m.At, node: t.follow(m.Value), item: item, wrong: t.judge()})
			case slices.Contains(methods, m.Key):
				t.bodies++
			}
		}
	}
	order := slices.Clone(all)
	slices.SortStableFunc(order, func(a, b *operation) int { return strings.Count(a.raw, "/") - strings.Count(b.raw, "/") })
	for _, o := range order {
		o.name = t.named(o.raw)
		if o.wrong == nil {
			o.wrong = o.translate(order)
		}
	}
	f := &draft.File{Comment: []string{"Drafted from a description of the API. What was taken by names and what it does not say stands above each stream."}}
	if t.bodies > 0 {
		f.Comment = append(f.Comment, fmt.Sprintf("%d operations with other methods than GET are not looked at.", t.bodies))
	}
	for _, o := range all {
		if o.wrong != nil {
			f.Streams = append(f.Streams, draft.Refused(o.name, "GET "+o.raw+": "+o.wrong.reason, o.wrong.at.String()))
			continue
		}
		f.Streams = append(f.Streams, o.out)
	}
	t.apis.Into(f)
	t.vars.keep(string(f.Render("")))
	f.Comment = append(f.Comment, t.vars.comment()...)
	f.Samples = t.vars.samples()
	return f
}

// named is a name for the stream of a path, which no other one has: the last words of the path that are no parameters.
func (t *translator) named(raw string) string {
	var words []string
	for step := range strings.SplitSeq(raw, "/") {
		if step != "" && !strings.Contains(step, "{") {
			words = append(words, strings.TrimSuffix(step, ".json"))
		}
	}
	name := draft.Name(strings.Join(words[max(0, len(words)-1):], "_"))
	for i := len(words) - 2; i >= 0 && t.names[name] > 0; i-- {
		name = draft.Name(strings.Join(words[i:], "_"))
	}
	if strings.HasSuffix(raw, "}") && t.names[name] > 0 {
		name = draft.Name(name + "_by_" + strings.Trim(raw[strings.LastIndexByte(raw, '{'):], "{}"))
	}
	base := name
	for i := 2; t.names[name] > 0; i++ {
		name = fmt.Sprintf("%s_%d", base, i)
	}
	t.names[name]++
	return name
}
