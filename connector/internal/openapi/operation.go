package openapi

import (
	"slices"
	"strings"

	"tidemark/connector/internal/draft"
	"tidemark/connector/internal/infer"
	"tidemark/connector/internal/nodes"
	"tidemark/connector/internal/usual"
)

// operation is one that is asked with GET, on its way to a stream.
type operation struct {
	*translator
	raw   string // its path in the description
	at    nodes.Place
	node  *nodes.Node // what the description says of it
	item  *nodes.Node // what it says of the path
	name  string
	wrong *refusal
	out   draft.Stream

	params  []parameter
	answer  *nodes.Node // its schema, allOf taken in
	headers *nodes.Node // of the answer
	media   string      // of the answer, where it is not application/json
	records list
	key     string // "": rows have none
	path    string // as the request has it: with references, and placeholders for the rows of another stream
	parent  *operation
	renamed []infer.Rename
	looked  int // schemas of the answer
}

// parameter is one of the request.
type parameter struct {
	name, in  string
	required  bool
	at        nodes.Place
	about     string
	node      *nodes.Node // with the schema's words: type, format, default, enum, minimum, maximum
	otherwise string      // its default; "": none
	sent      bool        // a setting says what it is sent as
}

func (o *operation) assume(what string) { o.out.Assumed = append(o.out.Assumed, what) }

func (o *operation) unknown(what string) { o.out.Unknown = append(o.out.Unknown, what) }

// translate drafts the stream, or says why there is none. others are all operations, of which those with shorter paths were
// translated before.
func (o *operation) translate(others []*operation) *refusal {
	o.out.Name, o.out.Translated, o.out.Place = o.name, true, o.at.String()
	o.readParams()
	for _, step := range []func() *refusal{
		o.readAnswer, o.locate,
		func() *refusal { return o.readPath(others) },
	} {
		if r := step(); r != nil {
			return r
		}
		if r := o.judge(); r != nil {
			return r
		}
	}
	schema, r := o.readFields()
	if r != nil {
		return r
	}
	pages, r := o.readPages()
	if r != nil {
		return r
	}
	return o.assemble(schema, pages)
}

// assemble writes the settings in the order in which a reader asks for them.
func (o *operation) assemble(schema string, pages paging) *refusal {
	changes := o.readChanges()
	api, headers, query, r := o.readAccess()
	if r != nil {
		return r
	}
	set := &o.out.Settings
	set.Set("api", o.apis.Name(api), "")
	if o.parent == nil {
		set.Set("path", draft.Env(o.path), "")
	}
	*set = append(*set, changes.settings...)
	set.Set("records_path", o.records.path, "")
	if o.key == "" {
		set.Set("primary_key", "row_hash", "")
		o.unknown("what rows are known by: no field has a key's name, so that rows are told by all they say (row_hash); a row that changes becomes another one")
	} else {
		set.Set("primary_key", o.key, "")
	}
	set.Set("pages", pages.kind, pages.proof)
	*set = append(*set, pages.settings...)
	params := slices.Concat(pages.params, changes.params)
	if len(params) > 0 {
		set.Set("params", params, "")
	}
	r = o.readFixed(&query, &headers)
	if r != nil {
		return r
	}
	if o.media != "" {
		headers.Set("Accept", o.media, "")
	}
	for _, x := range []struct {
		key  string
		what draft.Section
	}{{"query", query}, {"headers", headers}} {
		if len(x.what) > 0 {
			set.Set(x.key, x.what, "")
		}
	}
	request := draft.Section{}
	if o.parent != nil {
		set.Set("for_each", draft.Section{{Key: "stream", Value: o.parent.name}}, "")
		request.Set("path", draft.Env(o.path), "")
	}
	if len(changes.query) > 0 {
		request.Set("query", changes.query, "")
	}
	if len(request) > 0 {
		set.Set("request", request, "")
	}
	names := draft.Section{}
	for _, x := range o.renamed {
		names.Set(x.Path, x.Name, "")
	}
	if len(names) > 0 {
		set.Set("rename", names, "names that Avro does not allow")
	}
	o.notSent()
	if o.word(o.node, "deprecated") == "true" {
		o.out.Saw = append(o.out.Saw, "the description calls it deprecated")
	}
	o.out.Saw = append([]string{"GET " + o.raw}, o.out.Saw...)
	o.out.Schema = schema
	return o.judge()
}

// readParams reads the parameters of the path and of the operation, whose own count.
func (o *operation) readParams() {
	for _, from := range []*nodes.Node{o.node, o.item} {
		for _, n := range items(o.find(from, "parameters")) {
			n = o.follow(n)
			p := parameter{name: o.word(n, "name"), in: o.word(n, "in"), required: o.find(n, "required").True(), about: o.word(n, "description"), node: n}
			if n == nil || p.name == "" || slices.ContainsFunc(o.params, func(x parameter) bool { return x.name == p.name && x.in == p.in }) {
				continue
			}
			p.at = n.At
			if schema := o.find(n, "schema"); schema != nil {
				p.node = schema
			}
			if p.otherwise = o.word(p.node, "default"); p.otherwise == "" && len(items(o.find(p.node, "enum"))) == 1 {
				p.otherwise = o.find(p.node, "enum").Items[0].Word()
			}
			o.params = append(o.params, p)
		}
	}
}

// named is the parameter of the query that has one of the names, the first of them first; nil: there is none. Some APIs put a mark
// before all names that are no field's.
func (o *operation) named(names []string) *parameter {
	for _, name := range names {
		for _, mark := range []string{"", "_", "$"} {
			for i := range o.params {
				if p := &o.params[i]; p.in == "query" && p.name == mark+name {
					return p
				}
			}
		}
	}
	return nil
}

// readFixed gives the parameters that a request must have and no setting sends: their default, else what the environment says.
func (o *operation) readFixed(query, headers *draft.Section) *refusal {
	for i := range o.params {
		p := &o.params[i]
		if !p.required || p.sent || p.in == "path" || p.in == "body" || p.in == "formData" {
			continue
		}
		p.sent = true
		value := literal(p.otherwise)
		if p.otherwise == "" {
			value = o.vars.ref("parameter "+p.name+" of GET "+o.raw+": "+p.about, o.sample(p), o.name, p.name)
		}
		switch p.in {
		case "query":
			query.Set(p.name, draft.Env(value), "")
		case "header":
			if !slices.ContainsFunc(*headers, func(s draft.Setting) bool { return strings.EqualFold(s.Key, p.name) }) {
				headers.Set(p.name, draft.Env(value), "")
			}
		default:
			return refuse(p.at, "it must be sent the parameter "+p.name+" in a "+p.in)
		}
	}
	return nil
}

// sample is a value that a parameter may have.
func (o *operation) sample(p *parameter) string {
	for _, n := range []*nodes.Node{o.find(p.node, "example"), o.find(p.node, "default")} {
		if n.Scalar() && n.Text != "" {
			return n.Text
		}
	}
	if all := items(o.find(p.node, "enum")); len(all) > 0 && all[0].Word() != "" {
		return all[0].Word()
	}
	return "1"
}

// mostNamed is how many names a line lists.
const mostNamed = 8

// notSent tells parameters that may pick rows: what is not sent has the value that the API gives it.
func (o *operation) notSent() {
	var all []string
	for i := range o.params {
		p := &o.params[i]
		pages := slices.Contains(usual.Numbers, p.name) || slices.Contains(usual.Offsets, p.name) || slices.Contains(usual.Limits, p.name)
		if p.in == "query" && !p.sent && !pages && p.otherwise != "" {
			all = append(all, p.name+" ("+p.otherwise+")")
		}
	}
	if len(all) > 0 {
		more := ""
		if len(all) > mostNamed {
			all, more = all[:mostNamed], " and others"
		}
		o.assume("parameters that are not sent, and may pick rows, are what the API takes for them: " + strings.Join(all, ", ") + more)
	}
}
