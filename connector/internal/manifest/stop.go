package manifest

import (
	"slices"
	"strings"

	"tidemark/connector/internal/nodes"
)

// readStop reads what the definition says of the end. A page without a token is one in any definition; what else ends a
// list and cannot be said here is left out, so that a page more is asked for than there.
func (s *stream) readStop(p part, root string, token []string) {
	n := p.get("stop_condition")
	if n == nil || n.Kind != nodes.Text {
		return
	}
	parts, err := fragments(n.Text)
	if err != nil {
		refuse(n.At, err.Error())
	}
	if root != "response" {
		token = nil
	}
	if len(parts) != 1 || parts[0].expr == nil || !s.stops(parts[0].expr, p, token) {
		s.assume("the definition also ends a list where " + strings.TrimSpace(n.Text) + "; here a page behind that is asked for")
	}
	if len(s.pages.ends) > 0 && s.pages.kind != "token" && s.pages.kind != "next_url" && s.pages.kind != "link_header" {
		s.pages.ends = nil // an empty page is the end of any other list
	}
}

// stops takes a condition for what it says; false: some of it cannot be said.
func (s *stream) stops(e *expr, p part, token []string) bool {
	if e.op == opOr {
		a, b := s.stops(e.args[0], p, token), s.stops(e.args[1], p, token)
		return a && b
	}
	if root, _, ok := s.path(e, p); ok && root != "response" {
		return false
	}
	if v, known := s.eval(e, p); known {
		return empty(v)
	}
	of, absent := s.absence(e, p)
	root, keys, ok := s.path(of, p)
	switch {
	case !ok:
		return s.counts(of, p, absent)
	case !absent:
		return false // a flag that says that there is no more
	case root == "headers":
		return s.pages.kind == "link_header"
	case root == "last_records" || root == "last_record" || root == "last_page_size":
		return s.end("empty_page")
	case root == "response" && len(keys) == 0:
		return true // no answer at all is no end here
	case root != "response":
		return false
	case token != nil && len(keys) <= len(token) && slices.Equal(keys, token[:len(keys)]):
		return s.end("token")
	case token != nil && len(keys) > len(token) && slices.Equal(keys[:len(token)], token) && !slices.ContainsFunc(keys, func(k string) bool { return !plainKey(k) }):
		// The token that the definition takes is a section, of which a member says whether there is a next page.
		s.pages.token = strings.Join(keys, ".")
		s.assume("the definition takes " + strings.Join(token, ".") + " for what leads to the next page, and ends where " + s.pages.token + " is not there: here the latter leads on")
		return s.end("token")
	case strings.Join(keys, ".") == s.records:
		return s.end("empty_page")
	}
	if slices.ContainsFunc(keys, func(k string) bool { return !plainKey(k) }) {
		return false
	}
	if s.pages.more != "" && s.pages.more != strings.Join(keys, ".") {
		return false
	}
	s.pages.more = strings.Join(keys, ".")
	return true
}

// plainKey reports whether a key can be a part of a dotted path.
func plainKey(k string) bool {
	return k != "" && !strings.ContainsAny(k, ".*") && (k[0] < '0' || k[0] > '9') && k[0] != '-'
}

func (s *stream) end(word string) bool {
	if !slices.Contains(s.pages.ends, word) {
		s.pages.ends = append(s.pages.ends, word)
	}
	return true
}

// absence is what a condition says is not there, null, false or empty. absent is false where it says that it is.
func (s *stream) absence(e *expr, p part) (of *expr, absent bool) {
	for range deepestExpr {
		switch {
		case e.op == opNot:
			inner, negative := s.absence(e.args[0], p)
			return inner, !negative
		case e.op == opTest && slices.Contains([]string{"none", "None", "undefined", "false", "False"}, e.text):
			return e.args[0], true
		case e.op == opTest && slices.Contains([]string{"defined", "true", "True"}, e.text):
			return e.args[0], false
		case e.op == opCompare && (e.text == "==" || e.text == "!="):
			if s.nothing(e.args[1], p) || s.says(e.args[1], p, "null", "false", "none") {
				return e.args[0], e.text == "=="
			}
			if v, known := s.eval(e.args[1], p); known && v.True() {
				return e.args[0], e.text == "!="
			}
			return e, false
		case e.op == opCompare && e.text == "in": // 'next' in response
			if key, known := s.eval(e.args[0], p); known && key.Kind == nodes.Text {
				return &expr{op: opGet, args: []*expr{e.args[1], {kind: nodes.Text, text: key.Text}}}, false
			}
			return e, false
		case e.op == opFilter && (e.text == "length" || e.text == "count" || e.text == "string" || e.text == "lower" || e.text == "trim"):
			e = e.args[0]
		default:
			return e, false
		}
	}
	return e, false
}

// says reports whether an expression is one of some words.
func (s *stream) says(e *expr, p part, words ...string) bool {
	v, known := s.eval(e, p)
	return known && v.Kind == nodes.Text && slices.Contains(words, strings.ToLower(v.Text))
}

// counts reads conditions that compare numbers: rows of a page, pages of the list.
func (s *stream) counts(of *expr, p part, absent bool) bool {
	if of.op != opCompare || absent {
		return false
	}
	root, _, ok := s.path(of.args[0], p)
	if ok && root == "last_page_size" && (of.text == "<" || of.text == "<=" || of.text == "==") {
		// A page shorter than asked for is no end here: it may be the API's own limit.
		return s.end("empty_page")
	}
	return false
}
