package manifest

import (
	"tidemark/connector/internal/draft"
	"tidemark/connector/internal/nodes"
)

// slicing is what a definition says of the parts that a collection is read in.
type slicing struct {
	holes  map[string]string // placeholders, by what templates call what they stand for
	value  draft.Section     // for_each
	used   bool              // a request has one of them
	parent *stream           // whose rows it is read for; nil: it is read for the values of a list
}

// readPartitions reads the slices of the stream.
func (s *stream) readPartitions(retriever part) {
	routers := retriever.list("partition_router")
	if len(routers) == 0 {
		routers = retriever.list("stream_slicer")
	}
	if len(routers) == 0 {
		return
	}
	if len(routers) > 1 {
		refuse(retriever.at("partition_router"), "it is read in slices of several kinds together")
	}
	switch r := routers[0]; r.kind() {
	case "ListPartitionRouter":
		s.valued(r)
	case "SubstreamPartitionRouter":
		s.parented(r)
	default:
		refuse(r.at("type"), "its slices are told by code ("+r.kind()+")")
	}
}

// valued reads slices of a list of values.
func (s *stream) valued(r part) {
	n := r.get("values")
	name := s.word(r.get("cursor_field"), r, "the name of a slice's value")
	if n == nil {
		refuse(r.at("values"), "its slices have no values")
	}
	s.slices = &slicing{holes: map[string]string{name: "{parent.value}"}}
	if n.Kind == nodes.Text {
		if v, ok := s.static(n, r); ok {
			n = v
		}
	}
	values := any(nil)
	switch n.Kind {
	case nodes.List:
		list := draft.List{}
		for _, item := range n.Items {
			list = append(list, s.phrase(r.doc.follow(item), r, nil).plain())
		}
		values = list
		if len(list) == 0 {
			refuse(n.At, "its slices have no values")
		}
	case nodes.Text:
		ph := s.phrase(n, r, nil)
		values = ph.plain()
	default:
		refuse(n.At, "its slices have no values")
	}
	s.slices.value = draft.Section{{Key: "values", Value: values}}
	if option, ok := r.sub("request_option"); ok {
		s.later = append(s.later, func() { s.inject(option, phrase{{"{parent.value}", isHole}}, false); s.slices.used = true })
	}
}
