package manifest

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"tidemark/connector/internal/draft"
	"tidemark/connector/internal/infer"
	"tidemark/connector/internal/nodes"
)

// readRecords says where an answer has its rows.
func (s *stream) readRecords(retriever part) {
	p, ok := retriever.sub("record_selector")
	if !ok {
		refuse(retriever.at("record_selector"), "nothing says where its rows are")
	}
	for _, from := range []part{retriever, p} {
		if d, ok := from.sub("decoder"); ok && d.kind() != "JsonDecoder" {
			refuse(from.at("decoder"), "its answers are not read as JSON ("+d.kind()+")")
		}
	}
	e, ok := p.sub("extractor")
	if !ok || !e.is("DpathExtractor") {
		refuse(p.at("extractor"), "its rows are taken from the answer by code ("+e.name()+")")
	}
	var keys []string
	path := e.get("field_path")
	if path == nil {
		path = e.get("field_pointer")
	}
	if path.Scalar() {
		path = &node{Kind: nodes.List, At: path.At, Items: []*node{path}}
	}
	if path != nil {
		for _, item := range path.Items {
			if v, ok := s.static(e.doc.follow(item), e); ok && v.Kind == nodes.List {
				for _, inner := range v.Items {
					keys = append(keys, s.word(inner, e, "the path of the rows"))
				}
				continue
			}
			keys = append(keys, s.word(e.doc.follow(item), e, "the path of the rows"))
		}
	}
	keys = slices.DeleteFunc(keys, func(k string) bool { return k == "" })
	for _, k := range keys {
		if k != "*" && strings.ContainsAny(k, ".*") {
			refuse(e.at("field_path"), "the path of its rows has the part "+k)
		}
	}
	if n := len(keys); n > 0 && keys[n-1] == "*" {
		keys = keys[:n-1]
		s.set.Set("records", "by_key", "each member of what stands at records_path is a row")
		s.unknown("whether its rows are members of an object, as taken here, or elements of a list: then remove records")
	}
	s.records = strings.Join(keys, ".")
	s.set.Set("records_path", s.records, "")
	if n := p.get("schema_normalization"); n.Scalar() && n.Text == "Default" {
		s.unknown("whether each value has the type of the schema: the definition casts those that have not, and here their rows are dead letters")
	}
	if f, ok := p.sub("record_filter"); ok {
		s.readFilter(f)
	}
}

func (p part) name() string {
	if p.node == nil {
		return "nothing"
	}
	return p.kind()
}

// readKey reads the fields of the rows' key.
func (s *stream) readKey() {
	n := s.p.get("primary_key")
	if n == nil || empty(n) {
		return
	}
	if n.Kind == nodes.Text {
		if v, ok := s.static(n, s.p); ok {
			n = v
		}
	}
	if n.Scalar() {
		n = &node{Kind: nodes.List, At: n.At, Items: []*node{n}}
	}
	for _, item := range n.Items {
		item = s.p.doc.follow(item)
		parts := []string{}
		if item != nil && item.Kind == nodes.List {
			for _, inner := range item.Items {
				parts = append(parts, s.word(s.p.doc.follow(inner), s.p, "the key"))
			}
		} else {
			parts = append(parts, s.word(item, s.p, "the key"))
		}
		if field := strings.Join(parts, "."); field != "" && !slices.Contains(s.key, field) {
			s.key = append(s.key, field)
		}
	}
}

// keySettings writes the key. What only slices give is a part of it by the slice.
func (s *stream) keySettings() {
	var key []string
	for _, field := range s.key {
		if a, ok := s.added[field]; ok {
			if a.slice != "" || a.value != nil { // of a slice, or the same in all rows
				continue
			}
			if a.from == "" {
				s.assume("its key has the field " + field + ", which the definition makes itself: here a row is known by what it says")
				key = nil
				break
			}
			field = a.from
		}
		key = append(key, field)
	}
	s.key = key
	switch {
	case len(key) == 0:
		s.set.Set("primary_key", "row_hash", "the definition names no key: a row is known by what it says, and one that changes is another row")
	case len(key) == 1 && key[0] == "row_hash":
		s.set.Set("primary_key", draft.List{key[0]}, "")
	case len(key) == 1:
		s.set.Set("primary_key", key[0], "")
	default:
		s.set.Set("primary_key", texts(key), "")
	}
}

func texts(all []string) draft.List {
	list := draft.List{}
	for _, t := range all {
		list = append(list, t)
	}
	return list
}

// addition is a field that the definition adds to rows.
type addition struct {
	from  string // the dotted path in the row that it is a copy of; "": it is none
	slice string // the placeholder of the slice's value that it is; "": it is none
	value any    // what add is to give each row; nil: nothing
	typ   string // of the value, in Avro
}

// readTransformations reads what the definition makes of rows.
func (s *stream) readTransformations() {
	for _, tr := range s.p.list("transformations") {
		switch tr.kind() {
		case "AddFields":
			for _, f := range tr.list("fields") {
				s.addField(f)
			}
		case "RemoveFields":
			n := tr.get("field_pointers")
			if n == nil {
				continue
			}
			if c := tr.get("condition"); !empty(c) && textOf(c) != "True" {
				s.assume("the definition removes fields under a condition (" + textOf(c) + "); here they stay")
				continue
			}
			for _, pointer := range n.Items {
				var path []string
				for _, item := range tr.doc.follow(pointer).Items {
					path = append(path, s.word(tr.doc.follow(item), tr, "the path of a field"))
				}
				s.removed = append(s.removed, strings.ReplaceAll(strings.Join(path, "."), ".*", ""))
			}
		default:
			refuse(tr.node.At, "its rows are made anew in a way that settings cannot say ("+tr.kind()+")")
		}
	}
}

// addField reads a field that is added. One that no setting can make is left out, and it is said.
func (s *stream) addField(f part) {
	n := f.get("path")
	if n == nil {
		return
	}
	var path []string
	for _, item := range n.Items {
		path = append(path, s.word(f.doc.follow(item), f, "the path of a field"))
	}
	name, value := strings.Join(path, "."), f.get("value")
	a := addition{}
	if value != nil && value.Kind == nodes.Text {
		parts, err := fragments(value.Text)
		if err == nil && len(parts) == 1 && parts[0].expr != nil {
			root, keys, ok := s.path(parts[0].expr, f)
			switch {
			case ok && root == "record" && len(keys) > 0:
				a.from = strings.Join(keys, ".")
			case ok && strings.HasPrefix(root, "stream_"):
				a.slice, _ = s.sliceOf(keys)
			}
		}
	}
	s.given(&a, name, value, f)
	s.added[name] = a
	if a.from != name && a.value == nil {
		s.assume("the definition adds the field " + name + " (" + strings.TrimSpace(textOf(value)) + "), which rows do not have here")
	}
}

// given says what add is to give each row, where it can: a value of the definition or of its user's settings, or that of a list's
// slices.
func (s *stream) given(a *addition, name string, value *node, f part) {
	if strings.Contains(name, ".") || infer.Legal(name) != name || a.from != "" {
		return
	}
	if a.slice != "" {
		if s.slices != nil && s.slices.parent == nil {
			a.value, a.typ = "{parent.value}", "string"
		}
		return
	}
	if v, known := s.static(value, f); known {
		if !v.Scalar() || strings.Contains(v.Text, "{") {
			return
		}
		a.value, a.typ = v.Text, "string"
		switch n, err := strconv.ParseInt(v.Text, 10, 64); {
		case v.Kind == nodes.Bool:
			a.value, a.typ = v.True(), "boolean"
		case v.Kind == nodes.Number && err == nil:
			a.value, a.typ = n, "long"
		}
		return
	}
	if ph := s.maybe(value, f); len(ph) > 0 && !ph.holes() {
		a.value, a.typ = ph.plain(), "string"
	}
}

// shape writes what becomes of rows' fields.
func (s *stream) shape(out *draft.Section) {
	removed, comment := slices.Clone(s.removed), "the definition removes them"
	for _, name := range slices.Sorted(maps.Keys(s.added)) { // what is added is in place of what a row has under its name
		if s.added[name].value != nil && !slices.Contains(removed, name) {
			removed, comment = append(removed, name), "the definition removes them, or has a value of its own"
		}
	}
	if len(removed) > 0 {
		out.Set("drop", texts(removed), comment)
	}
	names := draft.Section{}
	for _, r := range s.renamed {
		names.Set(r.Path, r.Name, "")
	}
	if len(names) > 0 {
		out.Set("rename", names, "names that Avro does not allow")
	}
	more := draft.Section{}
	for _, name := range slices.Sorted(maps.Keys(s.added)) {
		if v := s.added[name].value; v != nil {
			more.Set(name, v, "")
		}
	}
	if len(more) > 0 {
		out.Set("add", more, "")
	}
}
