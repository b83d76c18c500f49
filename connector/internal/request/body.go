package request

import (
	"encoding/json"
	"fmt"
	"strings"

	"tidemark/connector/internal/class"
	"tidemark/connector/internal/secret"
)

type bodyKind int

const (
	noBody bodyKind = iota
	jsonBody
	formBody
	textBody
)

// body is the template of a request's body.
type body struct {
	kind bodyKind
	json node
	form []entry
	text template
}

// node is a compiled JSON value.
type node struct {
	fixed  bool
	json   string // of a fixed one, whole
	text   template
	isText bool
	open   byte     // { or [
	names  []string // as they are sent, with quotes and colon
	items  []node
}

func (c *compiler) body() {
	s, t := c.spec, c.t
	given := 0
	kind := ""
	if s.JSON != nil {
		given++
		t.body.kind, kind = jsonBody, "application/json"
		t.body.json = c.node("json", s.JSON, false)
	}
	if s.Form != nil {
		given++
		t.body.kind, kind = formBody, "application/x-www-form-urlencoded"
		for _, f := range s.Form {
			t.body.form = append(t.body.form, c.entry("form.", f, inQuery))
		}
	}
	if s.GraphQL != nil {
		given++
		t.body.kind, kind = jsonBody, "application/json"
		t.body.json = c.graphql(s.GraphQL)
	}
	if s.Text != nil {
		given++
		t.body.kind, kind = textBody, "text/plain; charset=utf-8"
		t.body.text = c.text("text", *s.Text, inText)
	}
	switch {
	case given > 1:
		c.report(0, "", 0, "a request has one body, and more than one of json, form, graphql and text are given", "keep one of them")
	case given == 0 && s.ContentType != "":
		c.report(0, "content_type", 0, "says nothing without a body", "remove it, or give json, form, graphql or text")
	case !headerText(s.ContentType):
		c.report(0, "content_type", 0, "has a line break or another control character in it", "for instance application/xml")
	case given == 0:
		return
	}
	if s.ContentType != "" {
		kind = s.ContentType
	}
	for _, h := range t.sent {
		if h.Name == contentType {
			if s.ContentType != "" {
				c.report(0, "content_type", 0, "is given as a header, too", "keep one of the two")
			}
			return
		}
	}
	for _, h := range t.header {
		if h.name == contentType {
			return
		}
	}
	t.sent = append(t.sent, Header{contentType, kind})
}

const contentType = "Content-Type"

func (c *compiler) graphql(g *GraphQL) node {
	if strings.TrimSpace(g.Query.Text) == "" {
		c.report(g.Query.Ref, "graphql.query", 0, "must not be empty", "give the query; its variables' values go into graphql.variables")
	}
	if g.Query.Secret || len(g.Query.Env) > 0 {
		c.t.secrets = append(c.t.secrets, Header{Value: g.Query.Text})
	}
	query := `"query":` + quoted(g.Query.Text)
	if g.Variables == nil {
		return node{fixed: true, json: "{" + query + "}"}
	}
	if g.Variables.Kind != Object {
		c.report(g.Variables.Text.Ref, "graphql.variables", 0, "must be a section of names and values", "the names are those of the query's variables, without the $")
	}
	variables := c.node("graphql.variables", g.Variables, false)
	return node{open: '{', names: []string{"", `"variables":`}, items: []node{{fixed: true, json: query}, variables}}
}

func quoted(s string) string { return `"` + string(appendJSON(nil, s)) + `"` }

// node compiles a JSON value. named says that it is the value of a member that sounds like a credential.
func (c *compiler) node(key string, n *Node, named bool) node {
	switch n.Kind {
	case Literal:
		if !json.Valid([]byte(n.Text.Text)) {
			c.report(n.Text.Ref, key, 0, "is not a number as JSON writes it", "put it in quotes to send it as a string")
		}
		return node{fixed: true, json: n.Text.Text}
	case String:
		from := n.Text
		from.Secret = from.Secret || named
		t := c.text(key, from, inJSON)
		if t.fixed() {
			return node{fixed: true, json: `"` + t.text() + `"`}
		}
		return node{isText: true, text: t}
	}
	return c.container(key, n)
}

// add puts a question's body behind dst.
func (b *body) add(dst []byte, a *asked) ([]byte, error) {
	switch b.kind {
	case jsonBody:
		out, _, err := b.json.add(dst, a, true)
		return out, err
	case formBody:
		for i := range b.form {
			e, start := &b.form[i], len(dst)
			if start > 0 {
				dst = append(dst, '&')
			}
			out, ok, err := e.value.append(append(dst, e.sent...), a)
			if err != nil {
				return nil, err
			}
			if dst = out; !ok {
				dst = dst[:start]
			}
		}
	case textBody:
		out, ok, err := b.text.append(dst, a)
		if err == nil && !ok {
			err = missing(&b.text, a)
		}
		return out, err
	}
	return dst, nil
}

// missing says which placeholder of a text, which cannot be left out, has no value.
func missing(t *template, a *asked) error {
	for i := range t.pieces {
		if p := &t.pieces[i]; p.role != "" && !p.hasDef && a.get(p.role) == nil {
			return class.Errorf(class.Config, "%s: {%s} has no value in this request: give it a default, {%s|…}", t.key, p.role, p.role)
		}
	}
	return nil
}

// add puts a JSON value behind dst. Where ok is false it is left out, and dst comes back as it was.
func (n *node) add(dst []byte, a *asked, outermost bool) (out []byte, ok bool, err error) {
	switch {
	case n.fixed:
		return append(dst, n.json...), true, nil
	case n.isText && n.text.pieces[0].bare:
		return n.text.append(dst, a)
	case n.isText:
		start := len(dst)
		dst, ok, err = n.text.append(append(dst, '"'), a)
		if !ok {
			return dst[:start], false, err
		}
		return append(dst, '"'), true, nil
	}
	start, has := len(dst), false
	dst = append(dst, n.open)
	for i := range n.items {
		before := len(dst)
		if has {
			dst = append(dst, ',')
		}
		if n.names != nil {
			dst = append(dst, n.names[i]...)
		}
		dst, ok, err = n.items[i].add(dst, a, false)
		switch {
		case err != nil:
			return dst, false, err
		case !ok:
			dst = dst[:before]
		default:
			has = true
		}
	}
	if !has && !outermost {
		return dst[:start], false, nil
	}
	return append(dst, n.open+2), true, nil // } and ] stand two behind { and [
}

// container compiles an object or a list. One that holds no placeholder becomes a text.
func (c *compiler) container(key string, n *Node) node {
	out, fixed := node{open: '['}, true
	if n.Kind == Object {
		out.open, out.names = '{', []string{}
	}
	for i := range n.Items {
		under := fmt.Sprintf("%s[%d]", key, i)
		if n.Kind == Object {
			under = key + "." + n.Names[i]
			out.names = append(out.names, quoted(n.Names[i])+":")
		}
		out.items = append(out.items, c.node(under, &n.Items[i], n.Kind == Object && secret.Named(n.Names[i])))
		fixed = fixed && out.items[i].fixed
	}
	if !fixed {
		return out
	}
	whole := []byte{out.open}
	for i := range out.items {
		if i > 0 {
			whole = append(whole, ',')
		}
		if out.names != nil {
			whole = append(whole, out.names[i]...)
		}
		whole = append(whole, out.items[i].json...)
	}
	return node{fixed: true, json: string(append(whole, out.open+2))}
}
