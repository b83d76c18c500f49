package request

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"

	"tidemark/connector/internal/class"
	"tidemark/connector/internal/secret"
)

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
	report := func(message, hint string) { c.report(path.Ref, "path", 0, message, hint) }
	if strings.Contains(path.Text, "://") {
		report("is a whole URL", "give that in url, and here what follows it")
		return
	}
	t := c.text("path", path, inPath)
	for i := range t.pieces {
		p := &t.pieces[i]
		if p.role == Link {
			report("{link} has no place in the path", "a link is followed by itself: remove it")
		}
		if p.role != "" {
			continue
		}
		if at := strings.IndexAny(p.literal, "?#"); at >= 0 {
			report("has a "+p.literal[at:at+1]+" in it", "parameters belong in request.query")
			return
		}
		if _, err := url.PathUnescape(p.literal); err != nil {
			report("has a % that is not followed by two hexadecimal digits", "write %25 for the character itself")
			return
		}
		p.literal = escapePath(p.literal)
	}
	if dotted(path.Text) {
		report("has a segment . or .. in it", "write the path that is meant")
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

// Follow is the URL that an answer's link leads to, which may be absolute or relative to the URL that
// was asked. It has the user of that one, and no fragment. A link to another origin is an error, because
// credentials must not go there (P11). Errors show neither the link nor its query.
func Follow(asked *url.URL, link string) (*url.URL, error) {
	ref, err := url.Parse(strings.TrimSpace(link))
	if err != nil {
		return nil, class.Errorf(class.Source, "the link of the next page cannot be read as a URL")
	}
	next := asked.ResolveReference(ref)
	if from, to := Origin(asked), Origin(next); from != to {
		return nil, class.Errorf(class.Source, "the link of the next page leads from %s to another origin, %s, which is not followed because credentials must not go there: "+
			"if you trust it, set the url to its address, or cut the parameter out with {link?name}", from, to)
	}
	next.User, next.Fragment, next.RawFragment = asked.User, "", ""
	return next, nil
}

// Origin is scheme, host and port, in the one way of writing that can be compared.
func Origin(u *url.URL) string {
	scheme, port := strings.ToLower(u.Scheme), u.Port()
	switch {
	case port != "":
	case scheme == "http":
		port = "80"
	case scheme == "https":
		port = "443"
	}
	return scheme + "://" + net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}

// cutOut is the value of one parameter of a link. A link without it is an error: a request without
// the value would ask for the first page again (P7).
func cutOut(link, name string) (string, error) {
	_, query, _ := strings.Cut(link, "?")
	query, _, _ = strings.Cut(query, "#")
	for s := range strings.SplitSeq(query, "&") {
		written, value, _ := strings.Cut(s, "=")
		if n, err := url.QueryUnescape(written); err != nil || n != name {
			continue
		}
		if v, err := url.QueryUnescape(value); err == nil {
			return v, nil
		}
	}
	return "", class.Errorf(class.Source, "the link of the next page has no parameter %s", name)
}
