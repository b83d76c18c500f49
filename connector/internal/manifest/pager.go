package manifest

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"tidemark/connector/internal/nodes"
)

// paging is how pages follow each other, in the words of the settings.
type paging struct {
	kind      string // pages
	first     int64  // first_page
	token     string // token_path
	more      string // more_path
	lastRow   string // last_row
	ends      []string
	around    [2]string // of kind token: what stands before and behind it where a request has it
	cut       string    // of kind next_url: the parameter that requests take out of it; "": it is followed
	carried   bool      // a request says which page it is for
	described part      // where it is said
}

// readPager reads how pages follow each other.
func (s *stream) readPager(retriever part) {
	s.pages = paging{kind: "none"}
	p, ok := retriever.sub("paginator")
	if !ok || p.kind() == "NoPagination" {
		return
	}
	strategy, hasStrategy := p.sub("pagination_strategy")
	if !p.is("DefaultPaginator") || !hasStrategy {
		refuse(p.at("type"), "its pages are told by code ("+p.kind()+")")
	}
	s.pages.described = strategy
	option, hasOption := p.sub("page_token_option")
	byURL := hasOption && (option.kind() == "RequestPath" || !option.has("inject_into"))
	switch strategy.kind() {
	case "PageIncrement":
		first := s.word(strategy.get("start_from_page"), strategy, "the number of the first page")
		n, err := strconv.ParseInt(first, 10, 64)
		if first != "" && (err != nil || n < 0) {
			refuse(strategy.at("start_from_page"), "its first page has the number "+first)
		}
		s.pages.kind, s.pages.first = "page", n
		if hasOption && !strategy.get("inject_on_first_request").True() {
			s.unknown("the number of the first page: the definition's first request has none, and its second one has " + itoa(n+1))
		}
	case "OffsetIncrement":
		s.pages.kind = "offset"
	case "CursorPagination", "":
		s.cursorPages(strategy, byURL)
	default:
		refuse(strategy.at("type"), "its pages are told by code ("+strategy.kind()+")")
	}
	if s.pages.kind == "page" || s.pages.kind == "offset" {
		s.unknown("whether the API gives pages shorter than asked for, and what it answers behind the last one: an empty page is the end here; where it answers 404 there, add end: 404")
	}
	if hasOption && !byURL {
		hole, number := s.pageHole()
		if hole == "" {
			refuse(option.at("inject_into"), "the address of its next page is put into a parameter")
		}
		s.later = append(s.later, func() { s.inject(option, phrase{{hole, isHole}}, number) })
		s.pages.carried = true
	}
	s.pageSize(p, strategy)
}

// pageHole is what in a request says which page it is for.
func (s *stream) pageHole() (hole string, number bool) {
	switch s.pages.kind {
	case "page", "offset":
		return "{" + s.pages.kind + "}", true
	case "token", "last_row":
		return s.pages.around[0] + "{token}" + s.pages.around[1], false
	case "next_url":
		if s.pages.cut != "" {
			return "{link?" + s.pages.cut + "}", false
		}
	}
	return "", false
}

// pageSize puts the rows a page into the settings, where requests carry it.
func (s *stream) pageSize(p, strategy part) {
	option, ok := p.sub("page_size_option")
	n := strategy.get("page_size")
	if n == nil {
		n = strategy.get("limit")
	}
	if !ok || !n.Scalar() {
		return
	}
	ph := s.phrase(n, strategy, nil)
	if size, fixed := ph.fixed(); fixed {
		k, err := strconv.Atoi(size)
		if err != nil || k < 1 {
			refuse(n.At, "its page size is "+size)
		}
		s.set.Set("page_size", k, "")
	} else {
		s.set.Set("page_size", ph.plain(), "")
		s.number(ph)
	}
	s.later = append(s.later, func() { s.inject(option, phrase{{"{limit}", isHole}}, true) })
}

// cursorPages reads pages that follow each other by what an answer, its headers or its last row says.
func (s *stream) cursorPages(p part, byURL bool) {
	n := p.get("cursor_value")
	if n == nil || n.Kind != nodes.Text {
		refuse(p.at("cursor_value"), "nothing says where its next page's token is")
	}
	parts, err := fragments(n.Text)
	if err != nil {
		refuse(n.At, err.Error())
	}
	if len(parts) != 1 || parts[0].expr == nil {
		refuse(n.At, "its next page's token is put together by a template: "+n.Text)
	}
	e, cut := s.tokenIn(parts[0].expr, p)
	e, s.pages.around = s.within(e, p)
	root, keys, ok := s.path(e, p)
	switch {
	case !ok && byURL && s.linked(e, p):
		s.pages.kind, s.pages.carried = "link_header", true
		s.assume("the definition takes the header Link apart itself; here its rel=next is followed")
	case !ok:
		s.skipped(e, p, n)
	case root == "headers":
		header := strings.ToLower(strings.Join(keys, "."))
		if !strings.HasPrefix(header, "link") || !byURL || cut != "" {
			refuse(n.At, "its next page's token is in the header "+strings.Join(keys, "."))
		}
		s.pages.kind, s.pages.carried = "link_header", true
	case root == "last_record", root == "last_records" && len(keys) > 1 && keys[0] == "-1",
		root == "response" && len(keys) > 1 && keys[len(keys)-2] == "-1":
		s.behindRow(keys[len(keys)-1], n)
	case root != "response" || len(keys) == 0:
		refuse(n.At, "its next page's token is computed: "+n.Text)
	default:
		s.pages.token = dotted(keys, n.At)
		s.pages.ends = []string{"token"}
		switch s.pages.cut = cut; {
		case s.pages.around != [2]string{} && (byURL || cut != ""):
			refuse(n.At, "its next page's address is put together by a template: "+n.Text)
		case byURL && cut == "":
			s.pages.kind, s.pages.carried = "next_url", true
		case cut != "" && !byURL:
			s.pages.kind = "next_url"
		case cut != "":
			refuse(n.At, "its next page's address is put together by a template: "+n.Text)
		default:
			s.pages.kind = "token"
		}
	}
	s.readStop(p, root, keys)
}

// linked reports whether an expression takes something of the header Link and of nothing else.
func (s *stream) linked(e *expr, p part) bool {
	if root, keys, ok := s.path(e, p); ok {
		return root == "headers" && len(keys) > 0 && strings.EqualFold(keys[0], "link")
	}
	return e.op != opName && slices.ContainsFunc(e.args, func(a *expr) bool { return a != nil && s.linked(a, p) })
}

// dotted is the path that keys make.
func dotted(keys []string, at place) string {
	for _, k := range keys {
		if k == "" || strings.Contains(k, ".") || k == "*" {
			refuse(at, "the name "+strconv.Quote(k)+" cannot stand in a dotted path")
		}
		if _, err := strconv.Atoi(k); err == nil {
			refuse(at, "it goes by a place in a list, to which no dotted path leads")
		}
	}
	return strings.Join(keys, ".")
}

var parameter = regexp.MustCompile(`([A-Za-z0-9_$.\[\]-]+)=(?:\(|$)`)

// tokenIn takes off what does not change a token: conditions whether it is there, text filters. A parameter that is cut
// out of an address comes with it.
func (s *stream) tokenIn(e *expr, p part) (token *expr, cut string) {
	for range deepestExpr {
		switch {
		case e.op == opIf && (e.args[2] == nil || s.nothing(e.args[2], p)):
			e = e.args[1]
		case e.op == opOr && s.nothing(e.args[1], p):
			e = e.args[0]
		case e.op == opFilter && slices.Contains([]string{"string", "trim", "default", "urlencode"}, e.text):
			e = e.args[0]
		case e.op == opFilter && e.text == "regex_search" && len(e.args) == 2:
			pattern, _ := s.eval(e.args[1], p)
			m := parameter.FindStringSubmatch(strings.ReplaceAll(textOf(pattern), `\`, ""))
			if m == nil {
				return e, ""
			}
			e, cut = e.args[0], m[1]
		case e.op == opGet && split(e.args[0]) != nil: // address.split('cursor=')[1]
			call := e.args[0]
			e = split(call)
			sep, _ := s.eval(call.args[1], p)
			if m := parameter.FindStringSubmatch(textOf(sep)); m != nil {
				cut = m[1]
			} else if textOf(sep) != "&" {
				return call, ""
			}
		default:
			return e, cut
		}
	}
	return e, cut
}

// within takes off texts that are put before and behind a token.
func (s *stream) within(e *expr, p part) (token *expr, around [2]string) {
	text := func(e *expr) (string, bool) {
		v, known := s.eval(e, p)
		return textOf(v), known && v.Kind == nodes.Text && !begins.MatchString(v.Text)
	}
	for range deepestExpr {
		if e.op != opMath || e.text != "+" && e.text != "~" || len(e.args) != 2 {
			return e, around
		}
		if t, ok := text(e.args[1]); ok {
			e, around[1] = e.args[0], t+around[1]
		} else if t, ok := text(e.args[0]); ok {
			e, around[0] = e.args[1], around[0]+t
		} else {
			return e, around
		}
	}
	return e, around
}

// split is the text that is split in x.split(…), else nil.
func split(e *expr) *expr {
	if e.op == opCall && len(e.args) == 2 && e.args[0].op == opGet && e.args[0].args[1].text == "split" {
		return e.args[0].args[0]
	}
	return nil
}

func textOf(n *node) string {
	if n == nil {
		return ""
	}
	return n.Text
}

// nothing reports whether an expression is a constant that says nothing.
func (s *stream) nothing(e *expr, p part) bool {
	if e.op == opDict || e.op == opList {
		return len(e.args) == 0
	}
	v, known := s.eval(e, p)
	return known && empty(v)
}

// skipped reads pages that are counted by adding to what the answer says: rows to skip, where the answer calls them so.
func (s *stream) skipped(e *expr, p part, n *node) {
	if e.op == opMath && e.text == "+" && len(e.args) == 2 {
		root, keys, ok := s.path(e.args[0], p)
		other, _, ok2 := s.path(e.args[1], p)
		if ok && ok2 && root == "response" && other == "response" && len(keys) > 0 {
			switch strings.ToLower(strings.ReplaceAll(keys[len(keys)-1], "_", "")) {
			case "startat", "offset", "skip":
				s.pages.kind = "offset"
				return
			}
		}
	}
	refuse(n.At, "its next page's token is computed: "+n.Text)
}

// behindRow reads pages that begin behind the last row of the one before.
func (s *stream) behindRow(field string, n *node) {
	switch {
	case len(s.key) == 1 && s.key[0] == field:
		s.pages.lastRow = "key"
	case s.inc != nil && s.inc.field == field:
		s.pages.lastRow = "cursor"
	default:
		refuse(n.At, "its next page begins behind the field "+field+" of the last row, which is neither its key nor its cursor")
	}
	s.pages.kind = "last_row"
}
