package manifest

import (
	"tidemark/connector/internal/draft"
)

// slicing is what a definition says of the parts that a collection is read in.
type slicing struct {
	names []string // what templates call the value of a slice
	value any      // for_each
	used  bool     // a request has it
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
		s.listed(r)
	case "SubstreamPartitionRouter":
		refuse(r.at("type"), "it is read in a slice for each row of another stream (SubstreamPartitionRouter)")
	default:
		refuse(r.at("type"), "its slices are told by code ("+r.kind()+")")
	}
}

// listed reads slices of a list of values.
func (s *stream) listed(r part) {
	n := r.get("values")
	name := s.word(r.get("cursor_field"), r, "the name of a slice's value")
	if n == nil {
		refuse(r.at("values"), "its slices have no values")
	}
	s.slices = &slicing{names: []string{name}}
	if n.kind == isText {
		if v, ok := s.static(n, r); ok {
			n = v
		}
	}
	values := any(nil)
	switch n.kind {
	case isList:
		list := draft.List{}
		for _, item := range n.items {
			list = append(list, s.phrase(r.doc.follow(item), r, nil).plain())
		}
		values = list
		if len(list) == 0 {
			refuse(n.at, "its slices have no values")
		}
	case isText:
		ph := s.phrase(n, r, nil)
		values = ph.plain()
	default:
		refuse(n.at, "its slices have no values")
	}
	s.slices.value = draft.Section{{Key: "values", Value: values}}
	if option, ok := r.sub("request_option"); ok {
		s.later = append(s.later, func() { s.inject(option, phrase{{"{parent.value}", isHole}}, false); s.slices.used = true })
	}
}
