package request

import (
	"errors"
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

// url reads the URL and the parameters that need no template.
func (c *compiler) url() {
	u, err := parseURL(c.spec.URL)
	if err != nil {
		c.report(0, "", 0, err.Error(), "")
		return
	}
	t := c.t
	t.base = *u
	t.base.RawQuery, t.base.ForceQuery, t.base.Fragment, t.base.RawFragment = "", false, "", ""
	bare := t.base
	bare.Path, bare.RawPath = "", ""
	t.prefix, t.shown, t.fixed = bare.String(), secret.URL(&bare), t.base.EscapedPath()

	replaced := func(name string) bool {
		_, fixed := c.spec.Fixed[name]
		return fixed || slices.ContainsFunc(c.spec.Query, func(f Field) bool { return f.Name == name })
	}
	for s := range strings.SplitSeq(u.RawQuery, "&") {
		name, value, equals := strings.Cut(s, "=")
		name, errName := url.QueryUnescape(name)
		decoded, errValue := url.QueryUnescape(value)
		if err := errors.Join(errName, errValue); err != nil {
			c.report(0, "", 0, "the url's query has a % that is not followed by two hexadecimal digits", "")
			return
		}
		if s != "" && !replaced(name) {
			sent := s
			if equals {
				sent = s[:len(s)-len(value)]
			}
			c.fixed(name, decoded, sent, value)
		}
	}
	names := make([]string, 0, len(c.spec.Fixed))
	for name := range c.spec.Fixed {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		value := c.spec.Fixed[name]
		c.fixed(name, value, url.QueryEscape(name)+"=", url.QueryEscape(value))
	}
}

// fixed adds a parameter that is the same in all requests.
func (c *compiler) fixed(name, value, sent, escaped string) {
	hidden := secret.Named(name) && value != ""
	e := entry{name: name, sent: sent, secret: hidden, value: template{at: inQuery, pieces: []piece{{literal: escaped, hide: hidden}}}}
	if hidden {
		c.t.secrets = append(c.t.secrets, Header{Value: value})
	}
	c.t.query = append(c.t.query, e)
}

func parseURL(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	var e *url.Error
	switch {
	case err != nil && strings.Contains(raw, "@"): // the error may quote a piece of the password
		return nil, errors.New("the url cannot be read: a user name or password in it must be percent-encoded")
	case errors.As(err, &e):
		return nil, fmt.Errorf("the url cannot be read: %w", e.Err) // without the URL, which may hold secrets
	case err != nil:
		return nil, errors.New("the url cannot be read")
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("the url must begin with http:// or https://, not with %q", u.Scheme)
	case u.Hostname() == "":
		return nil, errors.New("the url has no host")
	}
	return u, nil
}

// path reads the path behind the URL's own.
func (c *compiler) path(path Text) {
	report := func(offset int, message, hint string) { c.report(path.Ref, "path", offset, message, hint) }
	if strings.Contains(path.Text, "://") {
		report(0, "is a whole URL", "give that in url, and here what follows it")
		return
	}
	t := c.text("path", path, inPath)
	for i := range t.pieces {
		p := &t.pieces[i]
		if p.role == Link {
			report(0, "{link} has no place in the path", "a link is followed by itself: remove it")
		}
		if p.role != "" {
			continue
		}
		if at := strings.IndexAny(p.literal, "?#"); at >= 0 {
			report(0, "has a "+p.literal[at:at+1]+" in it", "parameters belong in request.query")
			return
		}
		if _, err := url.PathUnescape(p.literal); err != nil {
			report(0, "has a % that is not followed by two hexadecimal digits", "write %25 for the character itself")
			return
		}
		p.literal = escapePath(p.literal)
	}
	if dotted(path.Text) {
		report(0, "has a segment . or .. in it", "write the path that is meant")
	}
	switch {
	case strings.HasPrefix(path.Text, "/") && strings.HasSuffix(c.t.fixed, "/"):
		c.t.fixed = strings.TrimSuffix(c.t.fixed, "/")
	case path.Text != "" && !strings.HasPrefix(path.Text, "/") && !strings.HasSuffix(c.t.fixed, "/"):
		c.t.fixed += "/"
	}
	c.t.path = &t
}

// dotted reports whether a path has a segment that servers take for a way up.
func dotted(path string) bool {
	for s := range strings.SplitSeq(path, "/") {
		if s == "." || s == ".." {
			return true
		}
	}
	return false
}

// text compiles a text for a place.
func (c *compiler) text(key string, from Text, at place) template {
	t := template{at: at, key: key}
	parts, wrong := split(from.Text)
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
			t.pieces = append(t.pieces, piece{literal: lit, hide: from.Secret})
			if from.Secret {
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
	e := entry{name: f.Name, sent: f.Name, secret: f.Value.Secret, value: c.text(section+f.Name, f.Value, at)}
	if at == inQuery {
		e.sent = url.QueryEscape(f.Name) + "="
	}
	return e
}

func (c *compiler) headers() {
	for _, f := range c.spec.Header {
		key := "headers." + f.Name
		f.Value.Text = strings.TrimSpace(f.Value.Text) // secrets read from files end in a line break
		switch {
		case !headerName(f.Name):
			shown, _, _ := strings.Cut(f.Name, ":") // behind it may stand a value, put in the wrong place
			c.report(f.Value.Ref, "headers", 0, fmt.Sprintf("%q is not a header's name", shown), "letters, digits and dashes")
			continue
		case !headerText(f.Value.Text):
			c.report(f.Value.Ref, key, 0, "has a line break or another control character in it", "is there one at the end of an environment variable?")
			continue
		}
		f.Name = textproto.CanonicalMIMEHeaderKey(f.Name)
		f.Value.Secret = true
		before := len(c.t.secrets)
		e := c.entry("headers.", f, inHeader)
		e.value.key = key
		c.t.secrets = c.t.secrets[:before] // the header as a whole is one
		if e.value.fixed() {
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

func headerName(s string) bool {
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

// Uses reports whether requests carry a role's value.
func (t *Template) Uses(r Role) bool {
	return slices.ContainsFunc(t.used, func(p piece) bool { return p.role == r }) ||
		slices.ContainsFunc(t.names, func(e entry) bool { return e.role == r })
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
