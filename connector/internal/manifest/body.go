package manifest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tidemark/connector/internal/draft"
	"tidemark/connector/internal/nodes"
)

// body reads the body of requests, in the forms that definitions have had for it.
func (s *stream) body(p part) {
	if b, ok := p.sub("request_body"); ok {
		switch value := b.get("value"); b.kind() {
		case "RequestBodyGraphQL":
			v, _ := b.sub("value")
			if v.node == nil || v.get("query") == nil {
				refuse(p.at("request_body"), "its GraphQL request has no query")
			}
			s.ask.post = true
			s.ask.hasJSON = true
			s.ask.json = s.tree(value, b)
		case "RequestBodyJsonObject":
			s.ask.json, s.ask.hasJSON = s.tree(value, b), true
		case "RequestBodyUrlEncodedForm":
			s.fields(value, b, &s.ask.form)
		case "RequestBodyPlainText":
			s.ask.text = s.phrase(value, b, s.hole)
		default:
			refuse(p.at("request_body"), "its body is of type "+b.kind())
		}
		return
	}
	if n := p.get("request_body_json"); n != nil && !empty(n) {
		if n.Kind == nodes.Text {
			if v, ok := s.static(n, p); ok && v.Kind == nodes.Object {
				n = v
			} else {
				s.ask.text = s.phrase(n, p, s.hole)
				s.ask.headers = append(s.ask.headers, literal("application/json").field("Content-Type"))
				return
			}
		}
		s.ask.json, s.ask.hasJSON = s.tree(n, p), true
	}
	switch n := p.get("request_body_data"); {
	case n == nil || empty(n):
	case n.Kind == nodes.Text:
		s.ask.text = s.phrase(n, p, s.hole)
	default:
		s.fields(n, p, &s.ask.form)
	}
}

// tree reads a JSON body.
func (s *stream) tree(n *node, p part) (out draft.Section) {
	for _, e := range n.Entries {
		if e.Key == "$parameters" || e.Key == "$ref" {
			continue
		}
		name := s.word(&node{Kind: nodes.Text, Text: e.Key, At: e.At}, p, "the name of a member")
		if v, ok := s.value(p.doc.follow(e.Value), p); ok {
			out = append(out, draft.Setting{Key: name, Value: v})
		}
	}
	return out
}

// value is a value of a JSON body; false: it is not sent.
func (s *stream) value(n *node, p part) (any, bool) {
	if n == nil {
		return nil, false
	}
	if n.Kind == nodes.Text {
		if v, ok := s.static(n, p); ok {
			n = v
		}
	}
	switch n.Kind {
	case nodes.Null:
		return nil, false
	case nodes.Bool:
		return n.True(), true
	case nodes.Number:
		return numberValue(n.Text), true
	case nodes.List:
		list := draft.List{}
		for _, item := range n.Items {
			if v, ok := s.value(p.doc.follow(item), p); ok {
				list = append(list, v)
			}
		}
		return list, true
	case nodes.Object:
		return s.tree(n, p), true
	}
	ph := s.phrase(n, p, s.hole)
	if len(ph) == 0 {
		return nil, false
	}
	if len(ph) == 1 && ph[0].as == isHole && s.numeric[ph[0].text] {
		ph = phrase{{strings.TrimSuffix(ph[0].text, "}") + ":number}", isHole}}
	}
	return ph.template(), true
}

// inject puts a value where an option of the definition says.
func (s *stream) inject(option part, ph phrase, number bool) {
	var path []string
	if list := option.get("field_path"); list != nil && len(list.Items) > 0 {
		for _, item := range list.Items {
			path = append(path, s.word(item, option, "the name of a member"))
		}
	} else if name := s.word(option.get("field_name"), option, "the name of a parameter"); name != "" {
		path = []string{name}
	}
	into := s.word(option.get("inject_into"), option, "the place of a parameter")
	if len(path) == 0 || slices.Contains(path, "") {
		refuse(option.at("field_name"), "a parameter has no name")
	}
	switch into {
	case "request_parameter":
		s.add(&s.ask.query, path[0], ph)
	case "header":
		s.add(&s.ask.headers, path[0], ph)
	case "body_data":
		s.add(&s.ask.form, path[0], ph)
	case "body_json":
		s.ask.hasJSON = true
		if number && len(ph) == 1 && ph[0].as == isHole {
			ph = phrase{{strings.TrimSuffix(ph[0].text, "}") + ":number}", isHole}}
		}
		putIn(&s.ask.json, path, ph.template())
	default:
		refuse(option.at("inject_into"), fmt.Sprintf("a parameter is put into %q", into))
	}
}

func putIn(into *draft.Section, path []string, v any) {
	if len(path) == 1 {
		into.Set(path[0], v, "")
		return
	}
	inner, _ := into.Get(path[0]).(draft.Section)
	putIn(&inner, path[1:], v)
	into.Set(path[0], inner, "")
}

// numberValue is a number of the definition as the draft has it.
func numberValue(s string) any {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return n
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil {
		return f
	}
	return s
}
