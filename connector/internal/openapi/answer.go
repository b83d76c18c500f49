package openapi

import (
	"slices"
	"strings"

	"tidemark/connector/internal/avsc"
	"tidemark/connector/internal/nodes"
	"tidemark/connector/internal/usual"
)

// readAnswer finds the schema of the answer.
func (o *operation) readAnswer() *refusal {
	responses := o.find(o.node, "responses")
	var good *nodes.Node
	for _, status := range []string{"200", "2XX", "2xx", "206", "203", "201", "default"} {
		if good = o.find(responses, status); good != nil {
			break
		}
	}
	if r := o.judge(); r != nil {
		return r
	}
	if good == nil {
		return refuse(o.at, "nothing says what it answers with status 200")
	}
	if o.find(o.node, "requestBody") != nil {
		return refuse(o.at, "it is sent a body, with GET")
	}
	o.headers = o.find(good, "headers")
	schema := o.find(good, "schema")
	if o.old {
		produces := items(o.find(o.node, "produces"))
		if produces == nil {
			produces = items(o.find(o.root, "produces"))
		}
		if len(produces) > 0 && !slices.ContainsFunc(produces, func(n *nodes.Node) bool { return isJSON(n.Word()) }) {
			return refuse(produces[0].At, "it answers with "+produces[0].Word()+", which is not JSON")
		}
	} else {
		content := o.find(good, "content")
		best := ""
		for _, e := range members(content) {
			if isJSON(e.Key) && (best == "" || strings.HasPrefix(e.Key, "application/json")) {
				best = e.Key
			}
		}
		if best == "" && len(members(content)) > 0 {
			return refuse(content.At, "it answers with "+content.Entries[0].Key+", which is not JSON")
		}
		schema = o.find(content, best, "schema")
		if best != "" && !strings.HasPrefix(best, "application/json") && !strings.Contains(best, "*") {
			o.media = best
		}
	}
	if r := o.judge(); r != nil {
		return r
	}
	if schema == nil {
		return refuse(good.At, "nothing says what is in its answer")
	}
	o.answer = o.whole(schema)
	return nil
}

func (o *operation) whole(n *nodes.Node) *nodes.Node { return avsc.Whole(n, o.follow) }

func isJSON(media string) bool {
	media, _, _ = strings.Cut(strings.ToLower(media), ";")
	media = strings.TrimSpace(media)
	return media == "*/*" || media == "application/*" || strings.HasSuffix(media, "/json") || strings.HasSuffix(media, "+json") || media == "text/json"
}

// list is an array of objects in an answer.
type list struct {
	path  string // dotted
	items *nodes.Node
	of    bool // it stands in an object that is known by a key itself
}

const (
	deepest = 4       // how far down an answer is looked into
	widest  = 100_000 // schemas that are looked at to find the rows
)

// locate finds the rows in the answer.
func (o *operation) locate() *refusal {
	var all []list
	var look func(n *nodes.Node, path string, of bool, depth int)
	look = func(n *nodes.Node, path string, of bool, depth int) {
		n = o.whole(n)
		if o.looked++; n == nil || depth > deepest || o.looked > widest {
			return
		}
		if item := o.find(n, "items"); item != nil {
			if rows := o.whole(item); o.isObject(rows) {
				all = append(all, list{path, rows, of})
			}
			return
		}
		of = of || o.hasKey(n)
		for _, e := range members(o.find(n, "properties")) {
			if e.Key != "" && !strings.ContainsAny(e.Key, ".*") {
				look(e.Value, strings.TrimPrefix(path+"."+e.Key, "."), of, depth+1)
			}
		}
	}
	look(o.answer, "", false, 1)
	if r := o.judge(); r != nil {
		return r
	}
	if o.looked > widest {
		return refuse(o.at, "its answer is made of more schemas than can be looked through for its rows")
	}
	var best []list
	for _, l := range all {
		rank := o.rank(l.path)
		switch {
		case strings.HasSuffix(o.raw, "}") && rank > 0, l.of && rank > 2: // lists within one object
			continue
		case len(best) == 0 || rank < o.rank(best[0].path):
			best = []list{l}
		case rank == o.rank(best[0].path):
			best = append(best, l)
		}
	}
	switch {
	case len(best) == 0:
		return refuse(o.at, "its answer is no list of objects")
	case len(best) > 1:
		return refuse(o.at, "its answer has several lists of objects, at "+best[0].path+" and "+best[1].path+", and nothing tells which are its rows")
	}
	o.records = best[0]
	at := "the top"
	if o.records.path != "" {
		at = `"` + o.records.path + `"`
		if o.rank(o.records.path) > 0 {
			o.assume("the objects at " + at + " are its rows")
		}
	}
	o.out.Saw = append(o.out.Saw, "its answer has objects at "+at)
	return nil
}

// isObject reports whether a schema is that of objects.
func (o *operation) isObject(n *nodes.Node) bool {
	if n == nil {
		return false
	}
	if len(members(o.find(n, "properties"))) > 0 || o.word(n, "type") == "object" {
		return true
	}
	for _, key := range []string{"oneOf", "anyOf"} {
		if slices.ContainsFunc(items(o.find(n, key)), func(n *nodes.Node) bool { return len(members(o.find(o.whole(n), "properties"))) > 0 }) {
			return true
		}
	}
	return false
}

// hasKey reports whether a schema is that of objects which are known by a key.
func (o *operation) hasKey(n *nodes.Node) bool {
	return slices.ContainsFunc(members(o.find(n, "properties")), func(e nodes.Entry) bool { return e.Key == "id" || e.Key == "_id" || e.Key == "uuid" })
}

// rank says how likely it is that a path is that of the rows; less is likelier.
func (o *operation) rank(path string) int {
	last := path[strings.LastIndexByte(path, '.')+1:]
	switch {
	case path == "":
		return 0
	case strings.EqualFold(last, o.collection()):
		return 1
	case slices.Contains(usual.Rows, strings.ToLower(last)):
		return 2
	}
	return 3
}

// collection is the last word of the path that is no parameter.
func (o *operation) collection() (last string) {
	for step := range strings.SplitSeq(o.raw, "/") {
		if step != "" && !strings.Contains(step, "{") {
			last = strings.TrimSuffix(step, ".json")
		}
	}
	return last
}

// beside are the scalars of the answer that stand beside its rows, and its headers.
func (o *operation) beside() (all []scalar) {
	var look func(n *nodes.Node, path, within string, depth int)
	look = func(n *nodes.Node, path, within string, depth int) {
		n = o.whole(n)
		for _, e := range members(o.find(n, "properties")) {
			if o.looked++; o.looked > 2*widest { // what leads on stands near the top
				return
			}
			step := strings.TrimPrefix(path+"."+e.Key, ".")
			v := o.whole(e.Value)
			switch {
			case v == nil || e.Key == "" || strings.ContainsAny(e.Key, ".*") || step == o.records.path || o.find(v, "items") != nil:
			case len(members(o.find(v, "properties"))) > 0:
				if depth < deepest {
					look(v, step, e.Key, depth+1)
				}
			default:
				all = append(all, scalar{path: step, name: e.Key, within: within, schema: v})
			}
		}
	}
	if o.records.path != "" {
		look(o.answer, "", "", 1)
	}
	for _, e := range members(o.headers) {
		h := o.follow(e.Value)
		if schema := o.find(h, "schema"); schema != nil {
			h = schema
		}
		if h != nil {
			all = append(all, scalar{path: e.Key, name: strings.TrimPrefix(e.Key, "X-"), schema: h, header: true})
		}
	}
	return all
}

// scalar is a value beside the rows.
type scalar struct {
	path         string // dotted
	name, within string // its last step, and the one before
	schema       *nodes.Node
	header       bool // it is one of the answer's headers
}

// where is the place as a sentence has it, and the setting that names it.
func (s scalar) where() (sentence, setting string) {
	if s.header {
		return "in the header " + s.path, "token_header"
	}
	return `at "` + s.path + `"`, "token_path"
}
