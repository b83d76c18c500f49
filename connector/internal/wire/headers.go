package wire

import (
	"net/http"
	"strconv"
	"strings"

	"tidemark/strategies"
)

// Heard is what an answer's headers say of whether its rows are all there are (rule 20):
// Link, Content-Range, Next-Page, and X- headers named as keys beside the rows are, a
// vendor's name in front or not: X-Total-Count, X-WP-TotalPages.
func Heard(h http.Header) (e strategies.Evidence) {
	for name, values := range h {
		if len(values) == 0 {
			continue
		}
		switch {
		case name == "Link":
			links(&e, values)
		case name == "Content-Range":
			if _, total, ok := strings.Cut(values[0], "/"); ok && !strings.HasPrefix(values[0], "bytes") {
				counts(&e, name, total, strategies.CountFilter)
			}
		case name == "Next-Page", name == "Total-Count", strings.HasPrefix(name, "X-"):
			heard(&e, name, values[0])
		}
	}
	return e
}

func heard(e *strategies.Evidence, name, value string) {
	rest := strings.TrimPrefix(name, "X-")
	kind := signOf([]byte(rest))
	if kind == signNone {
		vendor, own, ok := strings.Cut(rest, "-")
		if !ok || strings.Contains(vendor, "imit") || strings.Contains(vendor, "Time") { // X-RateLimit-Total
			return
		}
		kind = signOf([]byte(own))
	}
	value = strings.TrimSpace(value)
	switch kind {
	case signNext:
		switch value {
		case "", "null", "false":
			e.Ends(name + " is empty")
		case "0", "-1":
		default:
			e.Goes(name, false)
		}
	case signMore:
		switch value {
		case "true":
			e.Goes(name+": true", true)
		case "false":
			e.Ends(name + ": false")
		}
	case signPages, signTotal, signFilter:
		counts(e, name, value, countKinds[kind])
	}
}

func counts(e *strategies.Evidence, name, value string, kind strategies.CountKind) {
	if n, err := strconv.ParseInt(strings.TrimSpace(value), 10, 64); err == nil && n >= 0 {
		e.Counts(name, n, kind)
	}
}

// links reads Link headers (RFC 8288). Where they lead to other pages, and none is the next,
// this is the last one.
func links(e *strategies.Evidence, values []string) {
	pages := false
	eachLink(values, func(_, rel string) {
		switch rel {
		case "next":
			e.Goes("Link: rel=next", false)
		case "first", "last", "prev", "previous":
			pages = true
		}
	})
	if pages && e.More == "" {
		e.Ends("Link without rel=next")
	}
}

// NextLink is the URL of the next page as the Link headers have it; empty: there is none.
func NextLink(h http.Header) (next string) {
	if values := h["Link"]; len(values) > 0 {
		eachLink(values, func(url, rel string) {
			if rel == "next" && next == "" {
				next = url
			}
		})
	}
	return next
}

// HeaderToken is the token that a header has.
func HeaderToken(h http.Header, name string) strategies.Token {
	values := h.Values(name)
	if len(values) == 0 {
		return strategies.Token{}
	}
	text := strings.TrimSpace(values[0])
	if text == "" {
		return strategies.Token{Present: true, Null: true}
	}
	return strategies.Token{Present: true, Text: text, Blank: noToken(text)}
}

// eachLink calls fn with each URL of Link headers and each of its relations, in lower case.
func eachLink(values []string, fn func(url, rel string)) {
	for _, v := range values {
		for v != "" {
			_, rest, ok := strings.Cut(v, "<")
			if !ok {
				break
			}
			url, rest, ok := strings.Cut(rest, ">")
			if !ok {
				break
			}
			params := rest
			if at := strings.IndexByte(rest, '<'); at >= 0 {
				params = rest[:at]
			}
			v = rest[len(params):]
			for p := range strings.SplitSeq(params, ";") {
				key, rels, _ := strings.Cut(strings.TrimSpace(p), "=")
				if !strings.EqualFold(strings.TrimSpace(key), "rel") {
					continue
				}
				for rel := range strings.FieldsSeq(strings.Trim(rels, `", `)) {
					fn(strings.TrimSpace(url), strings.ToLower(rel))
				}
			}
		}
	}
}
