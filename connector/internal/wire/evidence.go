package wire

import (
	"encoding/json"
	"strconv"

	"tidemark/strategies"
)

// sign is what a key beside the rows tells by its name of whether they are all there are
// (rule 20). Only the objects on the way to the rows are looked at, and, one step further
// down, those that usually describe a page.
type sign uint8

const (
	signNone   sign = iota
	signNext        // an address, token or number of the next page; null or empty at the end
	signMore        // true: there is more
	signCut         // the same, but false says nothing
	signLast        // true: there is none
	signCount       // rows of the answer, or all
	signPages       // how many pages
	signTotal       // rows in all
	signFilter      // rows that match the request
	signInside      // an object that describes the page
	signLinks       // the same, or an array of links
)

// signs are the names without case and punctuation.
var signs = map[string]sign{
	"next": signNext, "nextpage": signNext, "nexturl": signNext, "nexturi": signNext, "nextlink": signNext, "nexthref": signNext,
	"nextpageurl": signNext, "nextpageuri": signNext, "nextpagelink": signNext, "nextpagetoken": signNext, "nextpagecursor": signNext,
	"nexttoken": signNext, "nextcursor": signNext, "nextmarker": signNext, "nextkey": signNext, "nextoffset": signNext,
	"nextstart": signNext, "nextrecordsurl": signNext, "odatanextlink": signNext, "continuation": signNext,
	"continuationtoken": signNext, "continue": signNext, "lastevaluatedkey": signNext,

	"hasmore": signMore, "hasnext": signMore, "hasnextpage": signMore, "hasmoreitems": signMore, "hasmoreresults": signMore,
	"hasmorepages": signMore, "moreavailable": signMore, "more": signMore, "moreresults": signMore, "moreitems": signMore,
	"istruncated": signMore, "truncated": signCut, "incompleteresults": signCut,

	"last": signLast, "islast": signLast, "islastpage": signLast, "done": signLast,

	"count": signCount, "items": signCount, "rows": signCount, "resultcount": signCount, "itemcount": signCount,

	"totalpages": signPages, "pagecount": signPages, "numpages": signPages, "lastpage": signPages, "pages": signPages,
	"pagestotal": signPages, "totalpagecount": signPages,

	"total": signTotal, "totalcount": signTotal, "totalitems": signTotal, "totalrecords": signTotal, "totalrows": signTotal,
	"totalresults": signTotal, "totalentries": signTotal, "totalelements": signTotal, "totalhits": signTotal, "totalsize": signTotal,
	"totalobjects": signTotal, "totalnumber": signTotal, "recordstotal": signTotal, "odatacount": signTotal, "numfound": signTotal,

	"filtercount": signFilter, "filteredcount": signFilter, "recordsfiltered": signFilter, "totalfiltered": signFilter,
	"nummatched": signFilter, "numbermatched": signFilter, "filteredtablerowscount": signFilter,

	"meta": signInside, "metadata": signInside, "pagination": signInside, "paging": signInside, "page": signInside,
	"pageinfo": signInside, "pageinformation": signInside, "pager": signInside, "info": signInside, "cursor": signInside,
	"cursors": signInside, "responsemetadata": signInside, "listmeta": signInside,
	"links": signLinks, "link": signLinks,
}

const (
	longestSign  = 32      // bytes of a key that are looked up
	longestValue = 8 << 10 // bytes of a value that are looked into
)

func signOf(key []byte) sign {
	var name [longestSign]byte
	n := 0
	for _, c := range key {
		switch {
		case c >= 'A' && c <= 'Z':
			c += 'a' - 'A'
		case c >= 'a' && c <= 'z':
		default:
			continue
		}
		if n == longestSign {
			return signNone
		}
		name[n] = c
		n++
	}
	return signs[string(name[:n])]
}

// told reads the value of a key that nobody asked for. within is the key of the object that
// it stands in, where that one describes the page.
func (s *state) told(key []byte, within string, c byte) bool {
	kind := signOf(key)
	inside := kind == signInside || kind == signLinks
	switch {
	case kind == signNone:
		return s.skip()
	case inside && c == '{' && within == "":
		return s.inside(string(key))
	case inside && (kind != signLinks || c != '['):
		return s.skip()
	}
	name := string(key)
	if within != "" {
		name = within + "." + name
	}
	from := s.pos
	if !s.skip() {
		return false
	}
	s.weigh(name, kind, s.buf[from:s.pos])
	return true
}

// inside walks over an object that describes the page.
func (s *state) inside(within string) bool {
	s.pos++
	if s.take('}') {
		return true
	}
	for {
		if s.peek() != '"' {
			return false
		}
		start, end, _, ok := s.str()
		if !ok || !s.take(':') {
			return false
		}
		if !s.told(s.buf[start:end], within, s.peek()) {
			return false
		}
		if s.take(',') {
			continue
		}
		return s.take('}')
	}
}

// weigh notes what a value says. One of another type than its name promises says nothing.
func (s *state) weigh(name string, kind sign, value []byte) {
	nested := value[0] == '{' || value[0] == '['
	if nested && kind != signNext && kind != signLinks || len(value) > longestValue {
		return
	}
	e := &s.evidence
	text := string(value)
	if n := len(text); n >= 2 && text[0] == '"' {
		text = text[1 : n-1]
	}
	flag := func(more bool, silent bool) {
		switch what := name + ": " + text; {
		case more:
			e.Goes(what, true)
		case !silent:
			e.Ends(what)
		}
	}
	yes, no := text == "true", text == "false"
	switch kind {
	case signMore, signCut:
		if yes || no {
			flag(yes, kind == signCut)
		}
	case signLast:
		if value[0] != '"' && (yes || no) {
			flag(no, false)
		}
	case signNext:
		switch {
		case yes:
			flag(true, false)
		case no, text == "", text == "null", text == "{}", text == "[]":
			e.Ends(name + " is empty")
		case value[0] == '{' && !hasAddress(value):
		case text != "0" && text != "-1":
			e.Goes(name, false)
		}
	case signLinks:
		if leads(value) {
			e.Goes(name+": next", false)
		}
	default:
		n, err := strconv.ParseInt(text, 10, 64)
		if err == nil && n >= 0 {
			e.Counts(name, n, countKinds[kind])
		}
	}
}

var countKinds = map[sign]strategies.CountKind{signCount: strategies.CountLoose, signPages: strategies.CountPages,
	signTotal: strategies.CountRows, signFilter: strategies.CountFilter}

// hasAddress reports whether an object holds anything but nulls: {"href": null} leads nowhere.
func hasAddress(object []byte) bool {
	var fields map[string]any
	if json.Unmarshal(object, &fields) != nil {
		return false
	}
	for _, v := range fields {
		if v != nil && v != "" {
			return true
		}
	}
	return false
}

// leads reports whether one of the links is that of the next page.
func leads(array []byte) bool {
	var links []struct{ Rel, Relation any }
	if json.Unmarshal(array, &links) != nil {
		return false
	}
	for _, l := range links {
		if l.Rel == "next" || l.Relation == "next" {
			return true
		}
	}
	return false
}

// said is all that the answer says of rows that it does not hold, by the places that the
// configuration names too.
func (s *state) said() strategies.Evidence {
	e := s.evidence
	if s.total >= 0 {
		e.Counts(s.plan.opts.TotalPath, s.total, strategies.CountTold)
	}
	switch {
	case !s.token.Present:
	case s.token.Null, s.token.Text == "false":
		e.Ends(s.plan.opts.TokenPath + " is empty")
	case s.token.Blank:
	default:
		e.Goes(s.plan.opts.TokenPath, false)
	}
	return e
}

// LeadsOn reports whether a key beside the rows is, by its name, what leads to the next page.
func LeadsOn(key string) bool { return signOf([]byte(key)) == signNext }

// CountsRows reports whether a key beside the rows is, by its name, the number of all rows.
func CountsRows(key string) bool { return signOf([]byte(key)) == signTotal }

// SaysMore reports whether a key beside the rows says, by its name, with true that there are more of them.
func SaysMore(key string) bool { return signOf([]byte(key)) == signMore }
