package manifest

import (
	"strings"

	"tidemark/connector/internal/nodes"
)

// hole is the placeholder that stands for what an expression takes of a request: a bound, a slice's value, a page.
func (s *stream) hole(e *expr, p part) (string, bool) {
	if h, number, ok := s.requestValue(e, p, ""); ok {
		s.numeric[h] = number
		return h, true
	}
	return "", false
}

// requestValue is hole; layout is how a bound is written, "": as the cursor says.
func (s *stream) requestValue(e *expr, p part, layout string) (hole string, number, ok bool) {
	switch e.op {
	case opGet, opName:
		root, keys, ok := s.path(e, p)
		if !ok {
			return "", false, false
		}
		switch root {
		case "stream_interval", "stream_slice", "stream_partition":
			if len(keys) == 1 {
				if h, number, ok := s.bound(keys[0], layout); ok {
					return h, number, true
				}
			}
			h, ok := s.sliceHole(keys)
			return h, false, ok
		case "stream_state":
			switch {
			case len(keys) != 1:
			case s.inc == nil || keys[0] != s.inc.field:
				return "", false, true // the state has nothing else
			default:
				return s.bound(s.inc.start, layout)
			}
		case "next_page_token":
			if len(keys) > 1 || len(keys) == 1 && keys[0] != "next_page_token" {
				return "", false, false
			}
			if s.pages.cut == "" && s.pages.kind == "next_url" {
				return "", false, false
			}
			h, number := s.pageHole()
			s.pages.carried = s.pages.carried || h != ""
			return h, number, h != ""
		}
	case opCall:
		return s.timeCall(e, p)
	case opMath:
		if e.text == "*" && len(e.args) == 2 && e.args[1].op == opLiteral && e.args[1].text == "1000" { // of seconds
			if h, number, ok := s.requestValue(e.args[0], p, layout); ok && strings.Contains(h, ":epoch_seconds}") {
				return strings.Replace(h, ":epoch_seconds}", ":epoch_millis}", 1), number, true
			}
			return "", false, false
		}
		if of := zoneColon(e); of != nil && s.inc != nil && strings.HasSuffix(s.inc.layout, "%z") {
			return s.requestValue(of, p, strings.TrimSuffix(s.inc.layout, "%z")+"+00:00") // requests have UTC
		}
	case opFilter:
		switch e.text {
		case "timestamp":
			return s.requestValue(e.args[0], p, "%s")
		case "int":
			h, _, ok := s.requestValue(e.args[0], p, layout)
			return h, strings.Contains(h, ":epoch_"), ok
		}
	}
	return "", false, false
}

// zoneColon is the x in x[:-2] + ':' + x[-2:], which writes a zone as +00:00 instead of +0000; else nil.
func zoneColon(e *expr) *expr {
	if e.text != "+" || len(e.args) != 2 || e.args[0].op != opMath || e.args[0].text != "+" || len(e.args[0].args) != 2 {
		return nil
	}
	before, colon, after := e.args[0].args[0], e.args[0].args[1], e.args[1]
	at := func(e *expr, text string) bool {
		return e.op == opSlice && e.text == text && e.args[1].op == opLiteral && e.args[1].text == "-2"
	}
	if at(before, ":x") && at(after, "x:") && colon.op == opLiteral && colon.text == ":" { // every bound has the same zone
		return before.args[0]
	}
	return nil
}

// timeCall reads functions that write a bound in another way.
func (s *stream) timeCall(e *expr, p part) (hole string, number, ok bool) {
	fn, args := e.args[0], e.args[1:]
	layout := func(i int, name string) (string, bool) {
		for j, a := range args {
			if a.op == opNamed && a.text == name || a.op != opNamed && j == i {
				if a.op == opNamed {
					a = a.args[0]
				}
				v, known := s.eval(a, p)
				return textOf(v), known && v.Kind == nodes.Text
			}
		}
		return "", false
	}
	switch {
	case fn.op == opName && fn.text == "format_datetime" && len(args) > 1:
		if l, ok := layout(1, "format"); ok {
			return s.requestValue(args[0], p, l)
		}
	case fn.op == opName && (fn.text == "timestamp" || fn.text == "str_to_datetime") && len(args) == 1:
		l := "%s"
		if fn.text == "str_to_datetime" {
			l = ""
		}
		return s.requestValue(args[0], p, l)
	case fn.op == opName && fn.text == "int" && len(args) == 1:
		h, _, ok := s.requestValue(args[0], p, "")
		return h, strings.Contains(h, ":epoch_"), ok
	case fn.op == opGet && fn.args[1].text == "strftime" && len(args) == 1:
		if l, ok := layout(0, "format"); ok {
			return s.requestValue(fn.args[0], p, l)
		}
	}
	return "", false, false
}

// sliceHole is sliceOf for a request, which has the placeholder.
func (s *stream) sliceHole(keys []string) (string, bool) {
	hole, ok := s.sliceOf(keys)
	if ok {
		s.slices.used = true
	}
	return hole, ok
}

// sliceOf is the placeholder of what a template takes of its slice.
func (s *stream) sliceOf(keys []string) (string, bool) {
	if s.slices == nil || len(keys) == 0 {
		return "", false
	}
	hole, ok := s.slices.holes[strings.Join(keys, ".")]
	if whole := s.slices.holes[keys[0]]; !ok && len(keys) > 1 && whole != "" && s.slices.parent != nil {
		return strings.TrimSuffix(strings.TrimSuffix(whole, "}"), ".") + "." + strings.Join(keys[1:], ".") + "}", true
	}
	if !ok && keys[0] == "parent_slice" && s.slices.parent != nil {
		hole, ok = s.slices.parent.sliceOf(keys[1:])
		hole = strings.Replace(hole, "{parent.", "{parent.parent.", 1)
	}
	return hole, ok
}
