package config

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ErrorRule says what to make of an answer that has all that the rule gives.
type ErrorRule struct {
	Status   []StatusRange // none: any; with Contains alone, any that is not a page's
	Body     BodyTest
	Contains string // text in the body; "": not given
	Action   string // ErrorRetry and so on
	Wait     time.Duration
	Message  string // said with the error
}

// StatusRange is a range of statuses, both ends included.
type StatusRange struct{ From, To int }

// BodyTest is a value in an answer in JSON. Without Equals and Matches it is there, and neither
// null, false, 0 nor empty.
type BodyTest struct {
	Path    string // dotted; in a list a place from 0, or * for each; "": no test
	Equals  *string
	Matches string // a regular expression; "": not given
}

// The actions of an ErrorRule.
const (
	ErrorRetry = "retry" // ask again, as after a status that says so
	ErrorSkip  = "skip"  // a page without rows
	ErrorEnd   = "end"   // what lies behind the last row
	ErrorFail  = "fail"  // an error, at once
)

var errorActions = []string{ErrorRetry, ErrorSkip, ErrorEnd, ErrorFail}

func errorFields(r *ErrorRule) []field {
	return []field{
		{name: "status", kind: statuses, into: &r.Status, def: computed("any; with contains alone, any that is not a page's"), doc: "a status, a class (5xx), or a list of them"},
		{name: "body", kind: section, fields: bodyFields(&r.Body), doc: "a value in the answer"},
		{name: "contains", kind: text, into: &r.Contains, doc: "text in the answer's body"},
		{name: "action", kind: text, enum: errorActions, into: &r.Action, must: true,
			doc: "what to do; retry: ask again; skip: a page without rows; end: keyset, offset: what lies behind the last row; fail: an error, at once"},
		{name: "wait", kind: duration, into: &r.Wait, min: 0.001, max: century, def: computed("as after other errors"), doc: "retry: before asking again, unless the answer says how long"},
		{name: "message", kind: text, into: &r.Message, doc: "what to say with the error"},
	}
}

func bodyFields(b *BodyTest) []field {
	return []field{
		{name: "path", kind: text, into: &b.Path, must: true, doc: "dotted path of the value; in a list a place from 0, or * for each"},
		{name: "equals", kind: scalar, empty: true, into: &b.Equals, doc: "what it is; without equals and matches: anything but null, false, 0 and empty"},
		{name: "matches", kind: text, into: &b.Matches, doc: "a regular expression that it matches"},
	}
}

// errorRules reads errors.
func (d *decoder) errorRules(key string, n *node, f field) {
	var out []ErrorRule
	d.entries(key, n, f, func(path string, n *node) {
		var r ErrorRule
		before := len(d.problems)
		g := d.entry(path, n, errorFields(&r))
		if body := g["body"]; body != nil && body.kind == isObject {
			d.lacks(path+".body.", body, bodyFields(&r.Body), g, "body.")
		}
		if at := g["body.matches"]; at != nil {
			if g.has("body.equals") {
				d.report(at.pos, path+".body.matches", "stands beside equals", "remove one of the two")
			} else if _, err := regexp.Compile(r.Body.Matches); err != nil {
				d.report(at.pos, path+".body.matches", at.shown()+" is no regular expression", "in the syntax of Go and RE2; \\ before a character that stands for itself")
			}
		}
		if len(d.problems) == before && !g.has("status") && !g.has("body") && !g.has("contains") {
			d.report(n.pos, path, "says of no answer what to do with it", "give status, body or contains")
		}
		if at := g["wait"]; at != nil && r.Action != "" && r.Action != ErrorRetry {
			d.report(at.pos, path+".wait", "says nothing to "+r.Action, "it is for retry")
		}
		out = append(out, r)
	})
	*f.into.(*[]ErrorRule) = out
}

var statusPattern = regexp.MustCompile(`^([2-5])([0-9][0-9]|xx)$`)

// statuses reads a status, a class of them, or a list.
func (d *decoder) statuses(key string, n *node, f field, wrong func()) {
	var out []StatusRange
	add := func(at *node, s string) {
		m := statusPattern.FindStringSubmatch(strings.TrimSpace(s))
		if m == nil {
			d.report(at.pos, key, at.shown()+" is no status", f.hint())
			return
		}
		from, err := strconv.Atoi(strings.Replace(m[0], "xx", "00", 1))
		r := StatusRange{from, from}
		if m[2] == "xx" {
			r.To += 99
		}
		if err == nil {
			out = append(out, r)
		}
	}
	items := []*node{n}
	if n.kind == isList {
		items = n.items
		if len(items) == 0 {
			d.report(n.pos, key, "names no status", f.hint())
		}
	}
	for _, item := range items {
		switch {
		case item.kind == isText || item.kind == isNumber:
			if s, ok := d.expand(key, item); ok {
				for part := range strings.SplitSeq(s, ",") {
					add(item, part)
				}
			}
		case item == n:
			wrong()
		default:
			d.report(item.pos, key, "must be a list of statuses, not of "+item.shown(), f.hint())
		}
	}
	*f.into.(*[]StatusRange) = out
}

// errorRulesTogether holds the rules against the stream's other keys.
func (d *decoder) errorRulesTogether(s *Stream, from source) {
	if len(s.Errors) == 0 {
		return
	}
	// Entries that are no sections made no rule.
	written := slices.DeleteFunc(slices.Clone(from.given["errors"].items), func(n *node) bool { return n.kind != isObject })
	for i, r := range s.Errors {
		report := func(key, message, hint string) {
			at := written[i].pos
			for _, e := range written[i].entries {
				if e.key == key {
					at = e.value.pos
				}
			}
			d.report(at, fmt.Sprintf("%serrors[%d].%s", from.path, i, key), message, hint)
		}
		if ends := slices.Concat(byValue, counting, walking); r.Action == ErrorEnd && !slices.Contains(ends, s.Strategy) && !s.Shares("errors") {
			report("action", "end says nothing to "+s.Strategy, "it is for "+strings.Join(ends, ", "))
		}
		if r.Wait > s.MaxWait {
			report("wait", "is longer than max_wait, "+s.MaxWait.String(), "shorten it, or raise max_wait")
		}
	}
}
