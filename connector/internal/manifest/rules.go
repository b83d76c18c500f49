package manifest

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"tidemark/connector/internal/draft"
	"tidemark/connector/internal/nodes"
)

var status = regexp.MustCompile(`^[2-5][0-9][0-9]$`)

// readErrors reads what the definition makes of answers that are no pages.
func (s *stream) readErrors(p part) {
	var handlers []part
	if h, ok := p.sub("error_handler"); ok {
		switch {
		case h.kind() == "CompositeErrorHandler":
			handlers = h.list("error_handlers")
		case h.is("DefaultErrorHandler"):
			handlers = []part{h}
		default:
			refuse(h.at("type"), "what it makes of errors is told by code ("+h.kind()+")")
		}
	}
	rules, retries := draft.List{}, 0
	for _, h := range handlers {
		if !h.is("DefaultErrorHandler") {
			refuse(h.at("type"), "what it makes of errors is told by code ("+h.kind()+")")
		}
		if n, err := strconv.Atoi(textOf(h.get("max_retries"))); err == nil {
			retries = max(retries, n)
		}
		wait := s.backoff(h)
		for _, f := range h.list("response_filters") {
			if rule := s.rule(f, wait); rule != nil {
				rules = append(rules, rule)
			}
		}
	}
	if retries > 0 && retries != 5 && retries <= 1000 {
		s.set.Set("max_retries", retries, "")
	}
	if len(rules) > 0 {
		s.set.Set("errors", rules, "")
	}
}

// backoff is the fixed wait before a request is made again; 0: there is none.
func (s *stream) backoff(h part) (wait time.Duration) {
	for _, b := range h.list("backoff_strategies") {
		switch b.kind() {
		case "ConstantBackoffStrategy":
			v, ok := s.static(orNull(b.get("backoff_time_in_seconds")), b)
			if f, err := strconv.ParseFloat(textOf(v), 64); ok && err == nil && f >= 0 && f <= 3600 {
				wait = time.Duration(f * float64(time.Second))
			}
		case "ExponentialBackoffStrategy":
		case "WaitTimeFromHeader", "WaitUntilTimeFromHeader":
			name := strings.ToLower(textOf(b.get("header")))
			if name != "retry-after" && !strings.Contains(name, "ratelimit-reset") {
				s.assume("the definition waits as long as the header " + textOf(b.get("header")) + " says; here Retry-After and RateLimit headers count")
			}
		default:
			refuse(b.node.At, "how long it waits is told by code ("+b.kind()+")")
		}
	}
	return wait
}

func orNull(n *node) *node {
	if n == nil {
		return &node{}
	}
	return n
}

// rule is an entry of errors; nil where the filter says nothing that an entry can say.
func (s *stream) rule(f part, wait time.Duration) draft.Section {
	if !f.is("HttpResponseFilter") {
		refuse(f.at("type"), "which answers are errors is told by code ("+f.kind()+")")
	}
	rule := draft.Section{}
	codes := draft.List{}
	if n := f.get("http_codes"); n != nil {
		for _, item := range n.Items {
			if c := s.word(f.doc.follow(item), f, "a status"); status.MatchString(c) {
				code, _ := strconv.Atoi(c)
				codes = append(codes, code)
			}
		}
	}
	if len(codes) > 0 {
		rule.Set("status", codes, "")
	}
	left := func(what string) draft.Section {
		s.assume("a rule of the definition about errors is left out, which settings cannot say: " + what)
		return nil
	}
	if n := f.get("predicate"); !empty(n) {
		body := s.predicate(n, f)
		if body == nil {
			return left(n.Text)
		}
		rule.Set("body", body, "")
	}
	if n := f.get("error_message_contains"); !empty(n) {
		rule.Set("contains", s.word(n, f, "the text of an error"), "")
	}
	if len(rule) == 0 {
		return nil
	}
	action := strings.ToUpper(s.word(f.get("action"), f, "the action on an error"))
	switch action {
	case "IGNORE":
		rule.Set("action", "skip", "")
	case "RETRY", "RATE_LIMITED":
		rule.Set("action", "retry", "")
		if wait > 0 {
			rule.Set("wait", wait.String(), "")
		}
	case "FAIL", "":
		rule.Set("action", "fail", "")
	default:
		return left("action " + action)
	}
	if n := f.get("error_message"); n != nil && action != "IGNORE" {
		if ph := s.maybe(n, f); len(ph) > 0 {
			if t, ok := ph.fixed(); ok && strings.TrimSpace(t) != "" {
				rule.Set("message", strings.Join(strings.Fields(t), " "), "")
			}
		}
	}
	return rule
}

// predicate reads a condition about the answer's body.
func (s *stream) predicate(n *node, p part) draft.Section {
	parts, err := fragments(n.Text)
	if err != nil || len(parts) != 1 || parts[0].expr == nil {
		return nil
	}
	e := parts[0].expr
	at := func(e *expr) (string, bool) {
		for e.op == opFilter && slices.Contains([]string{"string", "lower"}, e.text) {
			e = e.args[0]
		}
		root, keys, ok := s.path(e, p)
		if !ok || root != "response" || len(keys) == 0 || slices.ContainsFunc(keys, func(k string) bool { return !plainKey(k) }) {
			return "", false
		}
		return strings.Join(keys, "."), true
	}
	if path, ok := at(e); ok {
		return draft.Section{{Key: "path", Value: path}}
	}
	if e.op != opCompare {
		return nil
	}
	switch e.text {
	case "in":
		v, known := s.eval(e.args[0], p)
		path, ok := at(e.args[1])
		if known && ok && v.Kind == nodes.Text {
			return draft.Section{{Key: "path", Value: path}, {Key: "matches", Value: regexp.QuoteMeta(v.Text)}}
		}
	case "==":
		path, ok := at(e.args[0])
		v, known := s.eval(e.args[1], p)
		if ok && known && v.Scalar() {
			return draft.Section{{Key: "path", Value: path}, {Key: "equals", Value: v.Text}}
		}
	}
	return nil
}

// budgets reads how many requests the API takes.
func (t *translator) budgets() draft.List {
	root := part{doc: t.doc, node: t.doc.root}
	b, ok := root.sub("api_budget")
	if !ok {
		return nil
	}
	out := draft.List{}
	add := func(limit, per *node) {
		n, err := strconv.Atoi(textOf(limit))
		d, ok := duration(textOf(per), longest)
		if err != nil || n < 1 || !ok || d < time.Second {
			return
		}
		out = append(out, draft.Section{{Key: "requests", Value: n}, {Key: "per", Value: days(d)}})
	}
	for _, p := range b.list("policies") {
		switch p.kind() {
		case "FixedWindowCallRatePolicy":
			add(p.get("call_limit"), p.get("period"))
		case "MovingWindowCallRatePolicy":
			for _, r := range p.list("rates") {
				add(r.get("limit"), r.get("interval"))
			}
		}
	}
	return out
}
