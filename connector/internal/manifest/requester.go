package manifest

import (
	"net/url"
	"slices"
	"strings"

	"tidemark/connector/internal/draft"
	"tidemark/connector/internal/nodes"
)

// asking is what a stream's requests are made of.
type asking struct {
	url, path            phrase
	query, headers, form []field
	json                 draft.Section
	text                 phrase
	post                 bool
	hasJSON              bool
}

type field struct {
	name   string
	values []phrase
}

func (ph phrase) field(name string) field { return field{name, []phrase{ph}} }

// readRequester reads what requests are made of, but for what pages, bounds and slices put into them.
func (s *stream) readRequester(retriever part) {
	p, ok := retriever.sub("requester")
	if !ok {
		refuse(retriever.at("requester"), "nothing says how its API is asked")
	}
	if !p.is("HttpRequester") {
		refuse(p.at("type"), "its requests are made by code ("+p.kind()+")")
	}
	switch method := s.word(p.get("http_method"), p, "the method"); strings.ToUpper(method) {
	case "", "GET":
	case "POST":
		s.ask.post = true
	default:
		refuse(p.at("http_method"), "its requests have the method "+method)
	}
	s.requester = p
	s.address(p)
	s.parameters(p)
	s.headers(p)
	s.body(p)
}

// address puts the URL and the path together.
func (s *stream) address(p part) {
	base, path := p.get("url_base"), p.get("path")
	if base == nil || base.Kind == nodes.Null {
		base = p.get("url")
	}
	s.ask.url = s.phrase(base, p, nil)
	s.ask.path = s.phrase(path, p, s.hole)
	if s.ask.url.blank() || len(s.ask.url) == 0 {
		refuse(p.at("url_base"), "nothing says where its API is")
	}
	s.ask.url = s.trimmed(s.ask.url, strings.TrimSpace)
	if first := s.ask.url[0]; first.as == isEnv {
		v := s.settings.variable(varName(first.text))
		if v.sample == "x" || v.sample == "" || !strings.HasPrefix(v.sample, "http") {
			v.sample = "https://api.example"
		}
	} else if !strings.HasPrefix(first.text, "http://") && !strings.HasPrefix(first.text, "https://") {
		refuse(base.At, "its address begins with neither http:// nor https://")
	}
	if len(s.ask.path) == 0 || s.ask.path.blank() {
		s.ask.path = nil
	} else {
		s.ask.url = s.trimmed(s.ask.url, func(t string) string { return strings.TrimRight(t, "/") })
	}
	if len(s.ask.path) == 0 {
		return
	}
	if t := s.ask.path[0].text; s.ask.path[0].as == isLiteral && (strings.HasPrefix(t, "https://") || strings.HasPrefix(t, "http://")) {
		if s.ask.path.holes() {
			refuse(path.At, "its path is an address of its own, in which requests differ")
		}
		s.ask.url, s.ask.path = s.ask.path, nil // an address of its own stands for the base, too
		return
	}
	// A path may have parameters behind it.
	for i := range s.ask.path {
		if before, after, ok := strings.Cut(s.ask.path[i].text, "?"); ok && s.ask.path[i].as == isLiteral {
			rest := append(phrase{{text: after}}, s.ask.path[i+1:]...)
			s.ask.path = append(slices.Clone(s.ask.path[:i]), span{text: before})
			s.pairs(rest, &s.ask.query, path.At)
			break
		}
	}
	if first := &s.ask.path[0]; first.as == isLiteral {
		first.text = strings.TrimLeft(strings.TrimSpace(first.text), "/")
	}
	if last := &s.ask.path[len(s.ask.path)-1]; last.as == isLiteral {
		last.text = strings.TrimRight(last.text, " \t\n")
	}
	s.ask.path = join(literal("/"), s.ask.path)
}

// trimmed changes the last literal of a phrase.
func (s *stream) trimmed(ph phrase, change func(string) string) phrase {
	if len(ph) == 0 {
		return nil
	}
	out := slices.Clone(ph)
	if last := &out[len(out)-1]; last.as == isLiteral {
		last.text = change(last.text)
	}
	return out
}

func varName(ref string) string {
	name, _, _ := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(ref, "${"), "}"), ":-")
	return name
}

// number notes that the variables of a phrase are numbers.
func (s *stream) number(ph phrase) {
	for _, sp := range ph {
		if v := s.settings.variable(varName(sp.text)); sp.as == isEnv {
			v.sample = "10"
		}
	}
}

// pairs reads name=value&name=value.
func (s *stream) pairs(ph phrase, into *[]field, at place) {
	var name string
	var value phrase
	named := false
	flush := func() {
		if name != "" {
			s.add(into, name, value)
		}
		name, value, named = "", nil, false
	}
	unescape := func(t string) string {
		if plain, err := url.QueryUnescape(t); err == nil {
			return plain
		}
		return t
	}
	for _, sp := range ph {
		if sp.as != isLiteral {
			if !named {
				refuse(at, "the name of a parameter is computed")
			}
			value = append(value, sp)
			continue
		}
		for i, pair := range strings.Split(sp.text, "&") {
			if i > 0 {
				flush()
			}
			if !named {
				var rest string
				if name, rest, named = strings.Cut(pair, "="); !named && pair == "" {
					continue
				}
				name, pair = unescape(name), rest
				named = true
			}
			value = join(value, literal(unescape(pair)))
		}
	}
	flush()
}

// add puts a value behind a name. One that is there already is replaced, as later ones do in a definition.
func (s *stream) add(into *[]field, name string, ph phrase) {
	for i := range *into {
		if (*into)[i].name == name {
			(*into)[i].values = []phrase{ph}
			return
		}
	}
	*into = append(*into, ph.field(name))
}

// parameters reads request_parameters: a section, or a text.
func (s *stream) parameters(p part) {
	n := p.get("request_parameters")
	if n == nil {
		return
	}
	if n.Kind == nodes.Text {
		if v, ok := s.static(n, p); ok && v.Kind != nodes.Text {
			n = v
		} else {
			s.pairs(s.phrase(n, p, s.hole), &s.ask.query, n.At)
			return
		}
	}
	s.fields(n, p, &s.ask.query)
}

// fields reads a section of names and texts. A value that is null, or nothing, is not sent.
func (s *stream) fields(n *node, p part, into *[]field) {
	for _, e := range n.Entries {
		if strings.HasPrefix(e.Key, "$") && (e.Key == "$parameters" || e.Key == "$ref") {
			continue
		}
		name := e.Key
		if next(name) >= 0 {
			name = s.word(&node{Kind: nodes.Text, Text: name, At: e.At}, p, "the name of a parameter")
		}
		v := p.doc.follow(e.Value)
		if v != nil && v.Kind == nodes.Text {
			if known, ok := s.static(v, p); ok && (known.Kind == nodes.List || known.Kind == nodes.Null) {
				v = known
			}
		}
		switch {
		case v == nil || v.Kind == nodes.Null:
		case v.Kind == nodes.List:
			f := field{name: name}
			for _, item := range v.Items {
				f.values = append(f.values, s.phrase(p.doc.follow(item), p, s.hole))
			}
			*into = append(*into, f)
		case v.Kind == nodes.Object:
			refuse(e.At, "the parameter "+e.Key+" is a section")
		default:
			if ph := s.phrase(v, p, s.hole); len(ph) > 0 {
				s.add(into, name, ph)
			}
		}
	}
}

// owned are headers that the HTTP client sets.
var owned = []string{"content-length", "transfer-encoding", "connection", "host", "accept-encoding"}

func (s *stream) headers(p part) {
	n := p.get("request_headers")
	if n == nil {
		return
	}
	if n.Kind == nodes.Text {
		v, ok := s.static(n, p)
		if !ok || v.Kind != nodes.Object && !empty(v) {
			refuse(n.At, "its headers are computed by a template: "+n.Text)
		}
		n = v
	}
	var all []field
	s.fields(n, p, &all)
	for _, f := range all {
		if !slices.Contains(owned, strings.ToLower(f.name)) {
			s.ask.headers = append(s.ask.headers, f)
		}
	}
}
