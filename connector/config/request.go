package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"tidemark/connector/internal/class"
	"tidemark/connector/internal/request"
	"tidemark/strategies"
)

// Request is the request section of a stream: templates of what its requests are made of.
type Request struct {
	Method      string
	Path        *request.Text
	Query       []request.Field
	Headers     []request.Field
	JSON        *request.Node
	Form        []request.Field
	GraphQL     GraphQL
	Text        *request.Text
	ContentType string
}

// GraphQL is a request's query with its variables.
type GraphQL struct {
	Query     *request.Text
	Variables *request.Node
}

// Template is what makes the stream's requests of its strategy's questions. It fails, with class
// Config, only on a stream that Load did not make.
func (s *Stream) Template() (*request.Template, error) {
	t, err := request.Compile(s.template(s.names()))
	if err != nil {
		return nil, class.Errorf(class.Config, "stream %s: %w", s.Name, err)
	}
	return t, nil
}

// text is what of the templates chooses the rows; empty where there is nothing.
func (r Request) text() string {
	if r.Query == nil && r.JSON == nil && r.Form == nil && r.GraphQL == (GraphQL{}) && r.Text == nil {
		return ""
	}
	s := Stream{URL: "http://-", Request: Request{Query: r.Query, JSON: r.JSON, Form: r.Form, GraphQL: r.GraphQL, Text: r.Text}}
	spec := s.template(nil)
	spec.Asks = nil
	t, err := request.Compile(spec)
	if err != nil {
		return "" // not a stream that Load made
	}
	return t.Text()
}

// names are the parameters that go by the names in params, by role.
func (s *Stream) names() map[request.Role]string {
	names := map[request.Role]string{}
	for _, f := range paramFields(&s.Params) {
		if name := *f.into.(*string); name != "" {
			names[request.Role(f.name)] = name
		}
	}
	return names
}

func (s *Stream) template(names map[request.Role]string) request.Spec {
	r := s.Request
	spec := request.Spec{
		URL: s.URL, Fixed: s.Query, Names: names, Method: r.Method, Path: r.Path, Query: r.Query, Header: r.Headers,
		JSON: r.JSON, Form: r.Form, Text: r.Text, ContentType: r.ContentType, TokenAlone: !s.RepeatParams && !strategies.PagerBounds(s.Pages), Asks: s.asks(),
	}
	if g := r.GraphQL; g.Query != nil || g.Variables != nil {
		spec.GraphQL = &request.GraphQL{Variables: g.Variables}
		if g.Query != nil {
			spec.GraphQL.Query = *g.Query
		}
	}
	return spec
}

// asks are the roles that the strategy's questions have values of. What a URL of the API's own leads
// to, and a token, no first page has.
func (s *Stream) asks() (asks []request.Ask) {
	recipe, _ := strategies.Of(s.Strategy)
	roles := slices.Concat(recipe.Needs, recipe.Optional)
	if recipe.Walks {
		roles = append(roles, strategies.PagerNeeds(s.Pages)...)
		if strategies.PagerLinks(s.Pages) {
			roles = append(roles, strategies.RoleLink)
		}
	}
	if len(s.ForEach.Values) > 0 {
		roles = append(roles, strategies.RoleEach)
	}
	if s.ForEach.Stream != "" {
		asks = append(asks, request.Ask{Role: request.Parent, Always: true})
	}
	for _, r := range roles {
		always := true
		switch r {
		case strategies.RoleToken, strategies.RoleLink:
			always = false
		case strategies.RoleSince:
			always = s.InitialMark != "" && !recipe.ByValue && (!recipe.Walks || s.RepeatParams)
		case strategies.RoleLimit:
			if s.PageSize == 0 && !recipe.Counts {
				continue // it is not sent
			}
		}
		asks = append(asks, request.Ask{Role: request.Role(r), Always: always})
	}
	return asks
}

// request judges the templates. Where they have placeholders they are the whole question: of params
// only those count that the file gives.
func (d *decoder) request(s *Stream, from source) {
	if !from.given.has("request") || s.Strategy == "" {
		return
	}
	if s.URL == "" || from.bad { // which is said; what is sent with it nobody can tell
		for _, f := range paramFields(&s.Params) {
			s.placed = append(s.placed, f.name)
		}
		return
	}
	given := s.names()
	for role := range given {
		if !from.given.has("params." + string(role)) {
			delete(given, role)
		}
	}
	t, err := request.Compile(s.template(given))
	var problems request.Problems
	if errors.As(err, &problems) {
		for _, p := range problems {
			d.templateProblem(p, from)
		}
		return
	}
	for _, f := range s.Request.Query {
		if _, twice := s.Query[f.Name]; twice {
			d.report(d.entryPos(from, "request.query", f.Name), from.path+"request.query."+clip(f.Name), "is given in query, too", "keep one of the two")
		}
	}
	for _, f := range s.Request.Headers {
		for name := range s.Headers {
			if strings.EqualFold(name, f.Name) {
				d.report(d.entryPos(from, "request.headers", f.Name), from.path+"request.headers."+f.Name, "is given in headers, too", "keep one of the two")
			}
		}
		d.ownHeader(f.Name, "request.headers", from)
	}
	if fields, _ := t.Fields(); s.ForEach.Sliced() && len(fields) == 0 {
		d.report(from.at("for_each"), from.path+"for_each", "each request would be the same", "put "+s.ForEach.placeholder()+" into request.path or request.query")
	}
	if !t.Asks() {
		return
	}
	if !from.given.has("repeat_params") {
		s.RepeatParams = true
	}
	format, err := s.Format()
	for _, f := range paramFields(&s.Params) {
		role := request.Role(f.name)
		if !from.given.has("params." + f.name) {
			*f.into.(*string) = ""
		}
		if err == nil && t.Granule(role) > 0 && !format.Temporal() {
			d.report(from.at("cursor_format", "request"), from.path+"request", fmt.Sprintf("writes {%s} in a format of times, and the cursor is no time", role),
				"remove the format, or use a cursor_format that is a time")
		}
		if t.Uses(role) && *f.into.(*string) == "" {
			s.placed = append(s.placed, f.name)
		}
	}
}

// templateProblem puts a template's problem in its place in the file.
func (d *decoder) templateProblem(p request.Problem, from source) {
	pos := from.at("request."+p.Key, "request")
	if p.Ref > 0 {
		pos, _ = d.inside(d.texts[p.Ref-1], p.Offset)
	}
	key := from.path + "request"
	if p.Key != "" {
		key += "." + clip(p.Key)
	}
	d.report(pos, key, p.Message, p.Hint)
}

// placeholder is the name by which a strategy asks for a role that stands in a template.
func placeholder(role string) string { return "{" + role + "}" }

// paramNames are the names that the strategy asks by.
func (s *Stream) paramNames() strategies.ParamNames {
	p := s.Params
	if len(s.placed) == 0 {
		return strategies.ParamNames(p)
	}
	for _, f := range paramFields(&p) {
		if slices.Contains(s.placed, f.name) {
			*f.into.(*string) = placeholder(f.name)
		}
	}
	return strategies.ParamNames(p)
}

// template reads a text with placeholders.
func (d *decoder) template(key string, n *node) (request.Text, bool) {
	s, ok := d.expand(key, n)
	d.texts = append(d.texts, n)
	return request.Text{Text: s, Env: n.env, Ref: len(d.texts)}, ok
}

// templates reads a section of names and texts, in its order. A list gives a name several times.
func (d *decoder) templates(key string, n *node, f field, wrong func()) {
	if n.kind != isObject {
		wrong()
		return
	}
	fields, headers := []request.Field{}, f.name == "headers"
	for at, e := range d.named(key, n, headers) {
		values := []*node{e.value}
		if e.value.kind == isList && !headers {
			values = e.value.items
		}
		for _, v := range values {
			if v.kind == isNull || v.kind == isList || v.kind == isObject {
				d.report(v.pos, at, "must be a string, not "+v.kind.String(), "put what is no string in quotes")
				continue
			}
			if t, ok := d.template(at, v); ok {
				fields = append(fields, request.Field{Name: e.key, Value: t})
			}
		}
	}
	*f.into.(*[]request.Field) = fields
}

// tree reads a JSON value with placeholders in its strings.
func (d *decoder) tree(key string, n *node) request.Node {
	out := request.Node{Text: request.Text{Text: n.text}}
	switch n.kind {
	case isNull:
		out.Text.Text = "null"
	case isBool:
		out.Text.Text = strings.ToLower(n.text)
	case isNumber:
		d.texts = append(d.texts, n)
		out.Text.Ref = len(d.texts)
	case isText:
		out.Kind = request.String
		out.Text, _ = d.template(key, n)
	case isList:
		out.Kind = request.List
		for i, item := range n.items {
			out.Items = append(out.Items, d.tree(fmt.Sprintf("%s[%d]", key, i), item))
		}
	case isObject:
		out.Kind = request.Object
		first := map[string]int{}
		for _, e := range n.entries {
			at := key + "." + clip(e.key)
			if line, twice := first[e.key]; twice {
				d.report(e.pos, at, fmt.Sprintf("is given twice, first in line %d", line), "keep one of the two")
				continue
			}
			first[e.key] = e.pos.Line
			out.Names, out.Items = append(out.Names, e.key), append(out.Items, d.tree(at, e.value))
		}
	}
	return out
}
