package manifest

import (
	"reflect"
	"slices"
	"strings"

	"tidemark/connector/internal/draft"
)

// parented reads slices for the rows of another stream.
func (s *stream) parented(r part) {
	configs := r.list("parent_stream_configs")
	if len(configs) != 1 {
		refuse(r.at("parent_stream_configs"), "it is read for the rows of several streams together")
	}
	c := configs[0]
	if !c.is("ParentStreamConfig") {
		refuse(c.at("type"), "the stream that it is read for is told by code ("+c.kind()+")")
	}
	name := s.word(c.get("partition_field"), c, "the name of a slice's value")
	key := strings.ReplaceAll(s.word(c.get("parent_key"), c, "the field of the other stream"), "/", ".")
	key = strings.Trim(key, ".")
	if name == "" || !c.has("parent_key") {
		refuse(c.node.At, "nothing says which field of the other stream it takes")
	}
	parent := s.parent(c)
	s.slices = &slicing{parent: parent.stream, value: draft.Section{{Key: "stream", Value: parent.name}}, holes: map[string]string{
		name: parent.stream.fieldHole(key, c.at("parent_key")),
	}}
	if extra := c.get("extra_fields"); extra != nil {
		for _, item := range extra.Items {
			var path []string
			for _, part := range c.doc.follow(item).Items {
				path = append(path, s.word(c.doc.follow(part), c, "a field of the other stream"))
			}
			field := strings.Join(path, ".")
			s.slices.holes["extra_fields."+field] = parent.stream.fieldHole(field, c.at("extra_fields"))
		}
	}
	if option, ok := c.sub("request_option"); ok {
		hole, _ := s.sliceHole([]string{name})
		s.later = append(s.later, func() { s.inject(option, phrase{{hole, isHole}}, false) })
	}
}

// fieldHole is the placeholder by which another stream takes a field of this one's rows. Of all of a row, whose path is empty,
// templates take a field themselves.
func (s *stream) fieldHole(field string, at place) string {
	if a, ok := s.added[field]; ok {
		switch {
		case a.from != "":
			field = a.from
		case a.slice != "":
			return strings.Replace(a.slice, "{parent.", "{parent.parent.", 1)
		default:
			refuse(at, "it takes the field "+field+" of the other stream, which the definition computes")
		}
	}
	for _, r := range s.renamed {
		if r.Path == field {
			field = r.Name
		}
	}
	if drop, ok := s.out.Settings.Get("drop").(draft.List); ok {
		s.out.Settings.Set("drop", slices.DeleteFunc(drop, func(path any) bool { return path == field }), "those that the definition removes, and no other stream needs")
	}
	return "{parent." + field + "}"
}

// parent is the stream for whose rows this one is read: one of the definition's list, if that is the same, or a further
// one.
func (s *stream) parent(c part) *drafting {
	p, ok := c.sub("stream")
	if !ok {
		refuse(c.at("stream"), "the stream that it is read for is not there")
	}
	called := s.word(p.get("name"), p, "the name of the other stream")
	if called == "" {
		refuse(c.at("stream"), "the stream that it is read for has no name")
	}
	named := func(d *drafting) bool { return d.called == called }
	var known *drafting
	if i := slices.IndexFunc(s.listed, named); i >= 0 {
		known = s.listed[i]
		s.draft(known)
	}
	own := &drafting{p: p, called: called, name: draft.Name(called)}
	if known == nil || known.stream != nil && known.p.node != p.node {
		own.name = s.free(own.name)
		if s.draft(own); own.stream != nil {
			if i := slices.IndexFunc(s.parents, func(d *drafting) bool { return named(d) && alike(d.out, own.out) }); i >= 0 {
				return s.parents[i]
			}
			if known == nil || !alike(known.out, own.out) {
				own.out.Assumed = append([]string{"it is written because other streams are read for its rows"}, own.out.Assumed...)
				s.parents = append(s.parents, own)
				return own
			}
		} else if known == nil {
			known = own
		}
	}
	if known.stream == nil {
		refuse(c.at("stream"), "the stream "+called+", for whose rows it is read, is left out: "+known.out.Reason)
	}
	return known
}

// free is a name that no stream has.
func (t *translator) free(name string) string {
	taken := func(name string) bool {
		return slices.ContainsFunc(slices.Concat(t.listed, t.parents), func(d *drafting) bool { return d.name == name })
	}
	for base, i := name, 2; taken(name); i++ {
		name = base + "_" + itoa(int64(i))
	}
	return name
}

// alike reports whether two streams read the same rows in the same way.
func alike(a, b draft.Stream) bool { return reflect.DeepEqual(a.Settings, b.Settings) }
