package request

import (
	"net/url"

	"tidemark/connector/internal/class"
	"tidemark/connector/internal/secret"
	"tidemark/connector/internal/text"
)

// Request is what a question became.
type Request struct {
	Method string
	URL    url.URL
	Shown  string   // the URL as it may be shown
	Header []Header // those that go with the question, beside Template.Header
	Body   []byte   // nil: none
}

// String shows the request without its secrets (P11).
func (r Request) String() string { return r.Method + " " + r.Shown }

// GoString does the same for %#v.
func (r Request) GoString() string { return r.String() }

// Build makes the request of a question. Its errors have class Config where the template asks for what the
// question has not, and Source where what the API said is at fault; both fit behind "streams[i]: ".
func (t *Template) Build(q Question) (Request, error) {
	a := asked{q: q}
	for i := range q {
		a.later = a.later || q[i].Role == Token || q[i].Role == Link
	}
	a.alone = a.later && t.alone
	r := Request{Method: t.method}

	// On the heap: an array as large on the stack makes the goroutine of each question grow its own.
	all, err := t.url(make([]byte, 0, 384), &a, &r)
	if err != nil {
		return Request{}, err
	}
	if link := q.get(Link); link != nil && !t.placed {
		err = t.follow(&r, link.Text)
	} else {
		err = t.parameters(all, &a, &r)
	}
	if err != nil {
		return Request{}, err
	}
	for i := range t.header {
		h := &t.header[i]
		value, ok, err := h.value.append(nil, &a)
		if err != nil {
			return Request{}, err
		}
		if ok {
			r.Header = append(r.Header, Header{h.name, string(value)})
		}
	}
	if t.body.kind != noBody {
		if r.Body, err = t.body.add(make([]byte, 0, 512), &a); err != nil {
			return Request{}, err
		}
	}
	return r, nil
}

// url puts the URL up to the query behind dst.
func (t *Template) url(dst []byte, a *asked, r *Request) ([]byte, error) {
	r.URL = t.base
	dst = append(append(dst, t.prefix...), t.fixed...)
	if t.path == nil {
		return dst, nil
	}
	own := len(dst)
	dst, ok, err := t.path.append(dst, a)
	switch {
	case err != nil:
		return nil, err
	case !ok:
		return nil, missing(t.path, a)
	}
	r.URL.RawPath = string(dst[len(t.prefix):])
	r.URL.Path, err = url.PathUnescape(r.URL.RawPath)
	if err != nil || dotted(r.URL.RawPath[len(t.fixed):]) {
		return nil, class.Errorf(class.Config, "path: the values make %q of it, which would ask for another path", text.Clip(string(dst[own:]), 60))
	}
	return dst, nil
}

// parameters puts the query behind the URL, as it is sent and as it is shown. Both lie in one text: a
// request allocates little.
func (t *Template) parameters(all []byte, a *asked, r *Request) error {
	all, query, err := t.add(all, a)
	if err != nil {
		return err
	}
	sent := len(all)
	if t.hides {
		a.show = true
		all = append(append(all, t.shown...), t.fixed...)
		if t.path != nil {
			all, _, _ = t.path.append(all, a) // it went well a moment ago
		}
		all, _, _ = t.add(all, a)
		a.show = false
	}
	both := string(all)
	if query < sent {
		r.URL.RawQuery = both[query:sent]
	}
	if r.Shown = both; t.hides {
		r.Shown = both[sent:]
	}
	return nil
}

// add puts the query with its question mark behind dst, and says where it begins behind that.
func (t *Template) add(dst []byte, a *asked) (out []byte, query int, err error) {
	query = len(dst)
	put := func(dst []byte) []byte {
		if len(dst) == query {
			return append(dst, '?')
		}
		return append(dst, '&')
	}
	for i := range t.query {
		e, before := &t.query[i], len(dst)
		if t.named(e.name, a) {
			continue
		}
		var ok bool
		if dst, ok, err = e.value.append(append(put(dst), e.sent...), a); err != nil {
			return nil, 0, err
		}
		if !ok {
			dst = dst[:before]
		}
	}
	if len(t.names) > 0 {
		for i := range a.q {
			v := &a.q[i]
			if e := t.name(v.Role); e != nil && a.get(v.Role) != nil {
				dst = escapeAt(append(put(dst), e.sent...), v.Text, inQuery)
			}
		}
	}
	if len(dst) > query {
		query++
	}
	return dst, query, nil
}

// name is the parameter that a role's value goes by; nil where it goes by none.
func (t *Template) name(r Role) *entry {
	for i := range t.names {
		if t.names[i].role == r {
			return &t.names[i]
		}
	}
	return nil
}

// named reports whether a value of the question goes by a parameter's name. A fixed one of that name is
// left out, because an API that reads the first of two would serve the same page for ever (P7).
func (t *Template) named(name string, a *asked) bool {
	for i := range t.names {
		if t.names[i].name == name && a.get(t.names[i].role) != nil {
			return true
		}
	}
	return false
}

// follow makes the request ask for a link. Credentials that go by a parameter are put behind it where the
// API has left them out.
func (t *Template) follow(r *Request, link string) error {
	next, err := Follow(&r.URL, link)
	if err != nil {
		return err
	}
	has := next.Query()
	r.Shown = secret.URL(next)
	sent, shown := "", "?"
	if next.RawQuery != "" {
		sent, shown = "&", "&"
	}
	for i := range t.query {
		e := &t.query[i]
		if !e.secret || !e.value.fixed() || has.Has(e.name) {
			continue
		}
		next.RawQuery += sent + e.sent + e.value.text()
		r.Shown += shown + e.sent + secret.Hidden
		sent, shown = "&", "&"
	}
	r.URL = *next
	return nil
}
