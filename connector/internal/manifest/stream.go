package manifest

import (
	"slices"
	"strings"

	"tidemark/connector/internal/draft"
	"tidemark/connector/internal/infer"
)

// stream is one stream on its way from the definition to the draft.
type stream struct {
	*translator
	p      part   // the definition's stream
	called string // the definition's name of it
	out    draft.Stream
	set    draft.Section // settings, but for those of requests

	inc       *incremental
	slices    *slicing
	pages     paging
	ask       asking
	requester part
	records   string // records_path
	key       []string
	added     map[string]addition
	removed   []string        // dotted paths of fields that the definition removes
	renamed   []infer.Rename  // fields whose names Avro does not take
	numeric   map[string]bool // placeholders whose values are numbers
	later     []func()        // what is put into requests once all of them is known
}

func (s *stream) assume(what string) {
	if !slices.Contains(s.out.Assumed, what) {
		s.out.Assumed = append(s.out.Assumed, what)
	}
}

func (s *stream) unknown(what string) {
	if !slices.Contains(s.out.Unknown, what) {
		s.out.Unknown = append(s.out.Unknown, what)
	}
}

// translate reads the parts of the definition in an order in which each finds what it hangs on.
func (s *stream) translate() {
	if !s.p.is("DeclarativeStream") {
		refuse(s.p.at("type"), "it is of type "+s.p.kind())
	}
	retriever, ok := s.p.sub("retriever")
	if !ok {
		refuse(s.p.node.At, "nothing says how its rows are had")
	}
	switch kind := retriever.kind(); kind {
	case "SimpleRetriever", "":
	case "AsyncRetriever":
		refuse(retriever.at("type"), "its rows are had by a job that runs at the API (AsyncRetriever)")
	default:
		refuse(retriever.at("type"), "its rows are had by code ("+kind+")")
	}
	s.readIncremental()
	s.readPartitions(retriever)
	s.readKey()
	s.readTransformations()
	s.readRecords(retriever)
	s.readPager(retriever)
	s.readRequester(retriever)
	for _, put := range s.later {
		put()
	}
	s.bounds()
	auth := s.readAuth(s.requester)
	s.once(auth)
	s.readErrors(s.requester)
	s.judge()
	found := s.set
	s.set = nil
	s.strategy()
	s.keySettings()
	s.readSchema()
	s.assemble(retriever, auth, found)
}

// bounds puts the bounds into requests where options of the definition say.
func (s *stream) bounds() {
	if s.inc == nil {
		return
	}
	for _, b := range []struct{ option, key string }{{"start_time_option", s.inc.start}, {"end_time_option", s.inc.end}} {
		option, ok := s.inc.sub(b.option)
		if !ok {
			continue
		}
		hole, _, _ := s.bound(b.key, "")
		s.inject(option, phrase{{hole, isHole}}, false)
	}
}

// once leaves out what auth sends as well.
func (s *stream) once(auth draft.Section) {
	name, _ := auth.Get("name").(string)
	switch auth.Get("kind") {
	case "basic", "bearer", "oauth2":
		name = "Authorization"
	}
	all := &s.ask.headers
	if auth.Get("in") == "query" {
		all = &s.ask.query
	}
	*all = slices.DeleteFunc(*all, func(f field) bool { return name != "" && strings.EqualFold(f.name, name) })
}

// judge refuses what would ask for the same again and again.
func (s *stream) judge() {
	if s.pages.kind != "none" && !s.pages.carried {
		s.assume("nothing in the definition's requests says which page they are for: the first one is taken for all there are, unless an answer says that there is more")
		s.pages = paging{kind: "none"}
	}
	if s.slices != nil && !s.slices.used {
		refuse(s.p.node.At, "nothing in its requests says which slice they are for")
	}
	if s.records == "" && s.pages.token+s.pages.more != "" {
		refuse(s.pages.described.at("cursor_value"), "the whole answer is its rows, and beside them there is no place for a token")
	}
}

// assemble writes the settings in the order in which a reader asks for them.
func (s *stream) assemble(retriever part, auth draft.Section, found draft.Section) {
	entry := draft.Section{{Key: "url", Value: s.ask.url.plain()}}
	if auth != nil {
		entry.Set("auth", auth, "")
	}
	if b := s.budgets(); len(b) > 0 {
		entry.Set("rate_limit", b, "")
	}
	out := &s.out.Settings
	out.Set("api", s.apis.Name(entry), "")
	*out = append(*out, s.set...)
	s.set = found
	s.pageSettings(out, retriever)
	s.some(out, "page_size", "records_path", "records", "where")
	if s.slices != nil {
		out.Set("for_each", s.slices.value, "")
	}
	s.shape(out)
	s.requestSettings(out)
	s.some(out, "max_retries", "errors")
}

// some writes those of some settings that were found.
func (s *stream) some(out *draft.Section, keys ...string) {
	for _, key := range keys {
		if i := slices.IndexFunc(s.set, func(x draft.Setting) bool { return x.Key == key }); i >= 0 {
			*out = append(*out, s.set[i])
		}
	}
}

// pageSettings writes how pages follow each other.
func (s *stream) pageSettings(out *draft.Section, retriever part) {
	g := s.pages
	out.Set("pages", g.kind, "")
	if g.kind == "page" && g.first != 1 {
		out.Set("first_page", g.first, "")
	}
	if g.lastRow == "cursor" {
		out.Set("last_row", g.lastRow, "")
	}
	for _, x := range []struct{ key, value string }{{"token_path", g.token}, {"more_path", g.more}} {
		if x.value != "" {
			out.Set(x.key, x.value, "")
		}
	}
	if len(g.ends) > 0 {
		out.Set("end", texts(g.ends), "a page without it is the last one, the definition says")
	}
	if retriever.get("ignore_stream_slicer_parameters_on_paginated_requests").True() && g.kind == "token" {
		out.Set("repeat_params", false, "")
	}
}

// requestSettings writes what requests are made of. What is the same in all of them stands outside of request.
func (s *stream) requestSettings(out *draft.Section) {
	a, request := &s.ask, draft.Section{}
	if a.path != nil {
		if a.path.holes() {
			request.Set("path", a.path.template(), "")
		} else {
			out.Set("path", a.path.plain(), "")
		}
	}
	for _, part := range []struct {
		key    string
		fields []field
	}{{"query", a.query}, {"headers", a.headers}} {
		fixed, asked := draft.Section{}, draft.Section{}
		for _, f := range part.fields {
			switch {
			case len(f.values) == 1 && !f.values[0].holes():
				fixed.Set(f.name, f.values[0].plain(), "")
			default:
				asked.Set(f.name, f.template(), "")
			}
		}
		if len(fixed) > 0 {
			out.Set(part.key, fixed, "")
		}
		if len(asked) > 0 {
			request.Set(part.key, asked, "")
		}
	}
	if len(a.form) > 0 {
		form := draft.Section{}
		for _, f := range a.form {
			form.Set(f.name, f.template(), "")
		}
		request.Set("form", form, "")
	}
	if a.hasJSON {
		request.Set("json", a.json, "")
	}
	if len(a.text) > 0 {
		request.Set("text", a.text.template(), "")
		if i := slices.IndexFunc(a.headers, func(f field) bool { return f.name == "Content-Type" }); i >= 0 && len(a.headers[i].values) == 1 {
			request.Set("content_type", a.headers[i].values[0].plain(), "")
		}
	}
	if body := len(a.form) > 0 || a.hasJSON || len(a.text) > 0; a.post && !body {
		request.Set("method", "POST", "")
	} else if body && !a.post {
		refuse(s.requester.at("http_method"), "its requests have the method GET and a body")
	}
	if len(request) > 0 {
		out.Set("request", request, "")
	}
}

// template is the value of a parameter in request: one text, or several.
func (f field) template() any {
	if len(f.values) == 1 {
		return f.values[0].template()
	}
	list := draft.List{}
	for _, v := range f.values {
		list = append(list, v.template())
	}
	return list
}
