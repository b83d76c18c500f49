package request

import (
	"fmt"
	"net/textproto"
	"net/url"
	"slices"
	"strings"

	"tidemark/connector/internal/class"
	"tidemark/connector/internal/secret"
)

// Template is what all requests of a stream have in common. It is never changed after Compile.
type Template struct {
	method string
	base   url.URL // the URL up to the path's templates; without query and fragment
	prefix string  // base as it is sent, up to the path
	shown  string  // and as it may be shown
	fixed  string  // the path of base, escaped
	path   *template
	query  []entry
	names  []entry // by role, in the question's order
	sent   []Header
	header []entry // those with placeholders
	body   body

	alone  bool // Spec.TokenAlone
	placed bool // links stand in placeholders, and are not followed
	hides  bool // what is sent is not what may be shown

	used    []piece // all placeholders
	secrets []Header
}

// entry is a query parameter, a form field or a header.
type entry struct {
	name   string // decoded
	sent   string // as it is sent, with the = of a parameter
	value  template
	role   Role // names
	secret bool // by its name or where it comes from
}

// Header is a header of a request. Its value is not shown (P11).
type Header struct{ Name, Value string }

// String hides the value.
func (h Header) String() string { return h.Name + ": " + secret.Hidden }

// GoString does the same for %#v.
func (h Header) GoString() string { return fmt.Sprintf("%q", h.String()) }

// Flat is the template of a stream without one of its own: the URL with its own query, fixed parameters
// ordered by name, and the question's values by the names of their roles.
func Flat(rawURL string, query map[string]string, names map[Role]string) (*Template, error) {
	return Compile(Spec{URL: rawURL, Fixed: query, Names: names})
}

// Compile makes a template. Its error is Problems, with class Config.
func Compile(s Spec) (*Template, error) {
	c := &compiler{spec: &s, t: &Template{alone: s.TokenAlone, method: s.Method}}
	c.url()
	if s.Path != nil {
		c.path(*s.Path)
	}
	for _, f := range s.Query {
		if f.Name == "" {
			c.report(f.Value.Ref, "query", 0, "a parameter has no name", "give it one")
		}
		c.t.query = append(c.t.query, c.entry("query.", f, inQuery))
	}
	for role, name := range s.Names {
		if name != "" {
			c.t.names = append(c.t.names, entry{name: name, sent: url.QueryEscape(name) + "=", role: role})
		}
	}
	c.headers()
	c.body()
	switch {
	case c.t.method == "" && c.t.body.kind == noBody:
		c.t.method = "GET"
	case c.t.method == "":
		c.t.method = "POST"
	case c.t.method != "GET" && c.t.method != "POST":
		c.report(0, "method", 0, "is neither GET nor POST", "rows are read by one of the two")
	case c.t.method == "GET" && c.t.body.kind != noBody:
		c.report(0, "method", 0, "a GET has no body", "set method to POST, or remove it")
	}
	for i := range c.t.query {
		c.t.hides = c.t.hides || c.t.query[i].value.hides()
	}
	c.t.hides = c.t.hides || c.t.base.User != nil || c.t.path != nil && c.t.path.hides()
	if len(c.problems) > 0 {
		return nil, class.Wrap(class.Config, c.problems)
	}
	return c.t, nil
}

type compiler struct {
	spec     *Spec
	t        *Template
	problems Problems
}

func (c *compiler) report(ref int, key string, offset int, message, hint string) {
	c.problems = append(c.problems, Problem{ref, key, offset, message, hint})
}

// text compiles a text for a place.
func (c *compiler) text(key string, from Text, at place) template {
	t := template{at: at, key: key}
	parts, wrong := split(from.Text, from.Env)
	if wrong != nil {
		c.report(from.Ref, key, wrong.offset, wrong.message, wrong.hint)
		return t
	}
	for _, p := range parts {
		if p.role == "" {
			lit := p.literal
			if at != inPath { // it has its escapes already
				lit = string(escape(nil, lit, at, at == inJSON))
			}
			t.pieces = append(t.pieces, piece{literal: lit, hide: from.Secret || p.env})
			if from.Secret || p.env {
				c.t.secrets = append(c.t.secrets, Header{Value: p.literal})
			}
			continue
		}
		one, wrong := p.piece(at, len(parts) == 1)
		if wrong != nil {
			c.report(from.Ref, key, wrong.offset, wrong.message, wrong.hint)
			continue
		}
		one.hide = from.Secret
		c.held(key, from.Ref, p, at)
		c.t.placed = c.t.placed || one.role == Link
		c.t.used = append(c.t.used, one)
		t.pieces = append(t.pieces, one)
	}
	return t
}

// held holds a placeholder against what the questions will have.
func (c *compiler) held(key string, ref int, p part, at place) {
	if name := c.spec.Names[p.role]; name != "" {
		c.report(ref, key, p.offset, fmt.Sprintf("{%s} is sent by params.%s, too", p.role, p.role), "remove one of the two")
	}
	if p.role == first && (at == inPath || at == inText) {
		c.report(ref, key, p.offset, "{first} says what is left out on later pages, and this cannot be", "remove it")
	}
	if c.spec.Asks == nil || p.role == first || p.hasDef {
		return
	}
	i := slices.IndexFunc(c.spec.Asks, func(a Ask) bool { return a.Role == p.role || a.Role == Parent && p.role.parent() })
	switch {
	case i < 0 && p.role.parent():
		c.report(ref, key, p.offset, "{"+string(p.role)+"} has no value, for the stream has no parent", "remove it")
	case i < 0:
		c.report(ref, key, p.offset, "{"+string(p.role)+"} never has a value with this strategy", "remove it")
	case !c.spec.Asks[i].Always && at == inText:
		c.report(ref, key, p.offset, "{"+string(p.role)+"} has no value in some requests, and a text cannot leave it out", "give it a default: {"+string(p.role)+"|…}")
	}
}

// entry compiles a parameter or a header.
func (c *compiler) entry(section string, f Field, at place) entry {
	named := secret.Named(f.Name)
	f.Value.Secret = f.Value.Secret || named
	e := entry{name: f.Name, sent: f.Name, secret: f.Value.Secret || len(f.Value.Env) > 0, value: c.text(section+f.Name, f.Value, at)}
	if at == inQuery {
		e.sent = url.QueryEscape(f.Name) + "="
	}
	return e
}

const blanks = " \t\r\n\v\f"

func (c *compiler) headers() {
	for _, f := range c.spec.Header {
		key := "headers." + f.Name
		switch {
		case !HeaderName(f.Name):
			shown, _, _ := strings.Cut(f.Name, ":") // behind it may stand a value, put in the wrong place
			c.report(f.Value.Ref, "headers", 0, fmt.Sprintf("%q is not a header's name", shown), "letters, digits and dashes")
			continue
		case !headerText(strings.TrimSpace(f.Value.Text)):
			c.report(f.Value.Ref, key, 0, "has a line break or another control character in it", "is there one at the end of an environment variable?")
			continue
		}
		f.Name = textproto.CanonicalMIMEHeaderKey(f.Name)
		before := len(c.t.secrets)
		e := c.entry("headers.", f, inHeader)
		e.value.key = key
		if n := len(e.value.pieces); n > 0 { // secrets read from files end in a line break
			start, end := &e.value.pieces[0], &e.value.pieces[n-1]
			start.literal = strings.TrimLeft(start.literal, blanks)
			end.literal = strings.TrimRight(end.literal, blanks)
		}
		if e.value.fixed() {
			c.t.secrets = c.t.secrets[:before] // the header as a whole is one
			h := Header{f.Name, e.value.text()}
			c.t.sent = append(c.t.sent, h)
			c.t.secrets = append(c.t.secrets, h)
		} else {
			c.t.header = append(c.t.header, e)
		}
	}
}

// text is the text of a template without placeholders.
func (t *template) text() string {
	var out strings.Builder
	for i := range t.pieces {
		out.WriteString(t.pieces[i].literal)
	}
	return out.String()
}

// HeaderName reports whether a text can be the name of a header.
func HeaderName(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return r <= ' ' || r >= 0x7f || strings.ContainsRune("()<>@,;:\\\"/[]?={}", r)
	})
}

// Header are the headers of all requests, a body's Content-Type among them.
func (t *Template) Header() []Header { return t.sent }

// Secrets puts what may not be shown of the template into a set: credentials in URL, parameters, headers
// and body.
func (t *Template) Secrets(s *secret.Set) {
	s.AddUser(t.base.User)
	for _, h := range t.secrets {
		if h.Name != "" {
			s.AddHeader(h.Name, h.Value)
		} else {
			s.Add(h.Value)
		}
	}
}

// Asks reports whether any placeholder but {first} is in the template.
func (t *Template) Asks() bool {
	return slices.ContainsFunc(t.used, func(p piece) bool { return p.role != first })
}

// Text is the template as a text of its own: what is asked for, less formats, credentials in headers, the URL and
// the path. Two templates with the same text choose the same rows of an API.
func (t *Template) Text() string {
	var out strings.Builder
	var add func(n *node)
	pieces := func(name string, t *template) {
		if name == "" && len(t.pieces) == 0 {
			return
		}
		out.WriteString(name)
		for i := range t.pieces {
			if p := &t.pieces[i]; p.role != "" {
				fmt.Fprintf(&out, "{%s%s}", p.role, p.cut)
			} else {
				out.WriteString(p.literal)
			}
		}
		out.WriteByte('\n')
	}
	add = func(n *node) {
		out.WriteString(n.json)
		pieces("", &n.text)
		for i := range n.items {
			if n.names != nil {
				out.WriteString(n.names[i])
			}
			add(&n.items[i])
		}
	}
	for i := range t.query {
		pieces("?"+t.query[i].sent, &t.query[i].value)
	}
	for i := range t.body.form {
		pieces(t.body.form[i].sent, &t.body.form[i].value)
	}
	pieces("", &t.body.text)
	add(&t.body.json)
	return out.String()
}

// Uses reports whether requests carry a role's value.
func (t *Template) Uses(r Role) bool {
	return slices.ContainsFunc(t.used, func(p piece) bool { return p.role == r }) ||
		slices.ContainsFunc(t.names, func(e entry) bool { return e.role == r })
}

// Fields are the fields of a parent's row that requests carry, as dotted paths, and those of them that have no default
// everywhere: without one a request would ask for something else.
func (t *Template) Fields() (fields, needed []string) {
	add := func(to *[]string, field string) {
		if !slices.Contains(*to, field) {
			*to = append(*to, field)
		}
	}
	for i := range t.used {
		if field, ok := strings.CutPrefix(string(t.used[i].role), string(Parent)); ok {
			if add(&fields, field); !t.used[i].hasDef {
				add(&needed, field)
			}
		}
	}
	return fields, needed
}

// FollowsLinks reports whether a question with a link asks the link itself, because no placeholder
// has it.
func (t *Template) FollowsLinks() bool { return !t.placed }

// Granule is the length in microseconds of what a role's bound is widened to: the coarsest of the
// formats it is written in. 0: it is sent as it is.
func (t *Template) Granule(r Role) (longest int64) {
	for i := range t.used {
		if p := &t.used[i]; p.role == r && p.format != nil {
			longest = max(longest, p.format.Granule())
		}
	}
	return longest
}
