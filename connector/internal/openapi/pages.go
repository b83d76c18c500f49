package openapi

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"tidemark/connector/internal/draft"
	"tidemark/connector/internal/usual"
	"tidemark/connector/internal/wire"
	"tidemark/strategies"
)

// paging is how pages follow each other, in the words of the settings.
type paging struct {
	kind, proof      string
	settings, params draft.Section
}

// readPages takes the pager of which the description has all parts by their names. The parts that an answer has come first: what
// leads on there does so by itself.
func (o *operation) readPages() (paging, *refusal) {
	for _, try := range []func(*paging) bool{o.byLink, o.byURL, o.byToken, o.byOffset, o.byNumber, o.byRow} {
		var p paging
		if try(&p) {
			o.assume(p.proof)
			p.proof = ""
			o.size(&p)
			return p, nil
		}
	}
	if p := o.counting(limits); p != nil {
		return paging{}, refuse(p.at, "the parameter "+p.name+" limits how many rows it gives, and nothing that it has by a usual name leads to the others")
	}
	o.unknown("whether its answer holds all rows: nothing in the description has the name of a page, a token or a limit")
	return paging{kind: strategies.Unpaged}, nil
}

func (o *operation) byLink(p *paging) bool {
	for _, e := range members(o.headers) {
		if strings.EqualFold(e.Key, "Link") {
			p.kind, p.proof = "link_header", "the header Link, which its answers have, leads to the next page (rel=next)"
			return true
		}
	}
	return false
}

// leading are the values beside the rows that lead on by their names.
func (o *operation) leading() (all []scalar) {
	for _, s := range o.beside() {
		switch o.kind(s.schema) {
		case "string", "":
		case "integer":
			if o.named(usual.Numbers) != nil || o.named(usual.Offsets) != nil { // the number of the next page
				continue
			}
		default:
			continue
		}
		if wire.LeadsOn(s.name) || usual.IsToken(s.name, s.within) || wire.LeadsOn(s.within) && slices.Contains(usual.Addresses, strings.ToLower(s.name)) {
			all = append(all, s)
		}
	}
	return all
}

// isAddress reports whether a value is a URL, as the description says.
func (o *operation) isAddress(s scalar) bool {
	format, example := o.word(s.schema, "format"), o.word(s.schema, "example")
	name := strings.ToLower(s.name)
	return format == "uri" || format == "url" || format == "uri-reference" || strings.Contains(example, "://") || strings.HasPrefix(example, "/") || strings.HasPrefix(example, "?") ||
		strings.HasSuffix(name, "url") || strings.HasSuffix(name, "uri") || strings.HasSuffix(name, "link") || strings.HasSuffix(name, "href")
}

func (o *operation) byURL(p *paging) bool {
	for _, s := range o.leading() {
		if o.isAddress(s) {
			where, setting := s.where()
			p.kind, p.proof = "next_url", "the URL "+where+" leads to the next page"
			p.settings.Set(setting, s.path, "")
			return true
		}
	}
	return false
}

func (o *operation) byToken(p *paging) bool {
	for _, s := range o.leading() {
		names := slices.Concat(derived(s.name), usual.Tokens)
		names = slices.DeleteFunc(names, func(name string) bool {
			return slices.Contains(usual.Numbers, name) && o.integer(name) || slices.Contains(usual.Offsets, name) && o.integer(name)
		})
		if param := o.named(names); param != nil {
			param.sent = true
			where, setting := s.where()
			p.kind, p.proof = "token", "the token "+where+", sent as "+param.name+", leads to the next page, and the last page has none"
			p.settings.Set(setting, s.path, "")
			p.params.Set("token", param.name, "")
			return true
		}
	}
	return false
}

// Of a description, which nobody can try, first is how many rows a page has, and from may be a time.
var (
	limits  = append(slices.Clone(usual.Limits), "first")
	offsets = slices.DeleteFunc(slices.Clone(usual.Offsets), func(name string) bool { return name == "first" || name == "from" })
)

// vague are names of numbers that mean something else as often.
var vague = []string{"p", "first", "from", "start", "_start", "size", "take", "rows", "count"}

// counting is the parameter of one of the names whose values are numbers: those that the description says, or by a name that means nothing
// else. nil: there is none.
func (o *operation) counting(names []string) *parameter {
	for _, name := range names {
		p := o.named([]string{name})
		if p == nil {
			continue
		}
		switch o.kind(p.node) {
		case "integer", "number":
			return p
		case "", "string":
			if !slices.Contains(vague, name) {
				return p
			}
		}
	}
	return nil
}

// integer reports whether a parameter is a whole number.
func (o *operation) integer(name string) bool {
	p := o.named([]string{name})
	return p != nil && (o.kind(p.node) == "integer" || o.kind(p.node) == "number")
}

// derived are the names that the parameter has by that of its token: next_page_token may be page_token, or itself.
func derived(name string) []string {
	short := strings.TrimLeft(strings.TrimPrefix(strings.TrimPrefix(name, "next"), "Next"), "_-")
	if short == "" || short == name {
		return []string{name}
	}
	return []string{strings.ToLower(short[:1]) + short[1:], name}
}

func (o *operation) byOffset(p *paging) bool {
	param := o.counting(offsets)
	if param == nil {
		return false
	}
	if first, known := o.first(param); known && first == 1 { // the number of a row, not how many are left out
		return false
	}
	param.sent = true
	p.kind, p.proof = "offset", param.name+" is how many rows are left out, by its name, and an empty page is the end"
	p.params.Set("offset", param.name, "")
	return true
}

func (o *operation) byNumber(p *paging) bool {
	param := o.counting(usual.Numbers)
	if param == nil {
		return false
	}
	param.sent = true
	p.kind, p.proof = "page", param.name+" is the number of a page, by its name, and an empty page is the end; where the API answers 404 there, add end: 404"
	p.params.Set("page", param.name, "")
	switch first, known := o.first(param); {
	case !known:
		p.settings.Set("first_page", 0, "the description does not say whether pages count from 0 or 1. With 0 no row is lost: an API that counts from 1 refuses it, "+
			"or gives its first page twice, which is an error of the run. Then remove this line")
		o.unknown("whether pages count from 0 or 1")
	case first != 1:
		p.settings.Set("first_page", int(first), "the description says so")
	}
	return true
}

// counts are what descriptions say of the first page.
var counts = regexp.MustCompile(`(?i)\b(?:(zero|one|0|1)[- ](?:based|indexed)|(?:starts?|starting|begins?|beginning|counted|default(?:s|ing)?|first page is)(?:\s+(?:at|with|from|to|is|value))*[:=\s]+\W?(0|1)\b)`)

// first is the number of the first page, where the description says it.
func (o *operation) first(p *parameter) (n int64, known bool) {
	for _, word := range []string{p.otherwise, o.word(p.node, "minimum")} {
		if n, err := strconv.ParseInt(word, 10, 64); err == nil && (n == 0 || n == 1) {
			return n, true
		}
	}
	if m := counts.FindStringSubmatch(p.about + " " + o.word(p.node, "description")); m != nil {
		switch strings.ToLower(m[1] + m[2]) {
		case "0", "zero":
			return 0, true
		}
		return 1, true
	}
	return 0, false
}

func (o *operation) byRow(p *paging) bool {
	param := o.named(usual.Behinds)
	more := ""
	for _, s := range o.beside() {
		if !s.header && wire.SaysMore(s.name) && o.kind(s.schema) == "boolean" {
			more = s.path
		}
	}
	if param == nil || o.key == "" || more == "" {
		return false
	}
	param.sent = true
	p.kind, p.proof = "last_row", "a page begins behind the row whose "+o.key+" is sent as "+param.name+`, by its name, and "`+more+`" says whether there are more`
	p.settings.Set("more_path", more, "")
	p.params.Set("token", param.name, "")
	return true
}

// largestPage is what a page's size is set to at the most.
const largestPage = 1000

// sizeOf is how many rows a page may have, as the description says; 0: it does not.
func (o *operation) sizeOf(p *parameter) int {
	for _, n := range []string{o.word(p.node, "maximum"), p.otherwise} {
		if size, err := strconv.Atoi(n); err == nil && size > 0 && size <= largestPage {
			return size
		}
	}
	return 0
}

// size sends how many rows a page is to have, where the description says how many it may.
func (o *operation) size(p *paging) {
	param := o.counting(limits)
	if param == nil || p.params.Get("page") == param.name || p.params.Get("offset") == param.name {
		return
	}
	if size := o.sizeOf(param); size > 0 {
		param.sent = true
		p.params.Set("limit", param.name, "")
		p.settings.Set("page_size", size, "the description allows as many")
	}
}
