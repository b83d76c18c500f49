package rest

import (
	"bytes"
	"io"
	"net/http"
	"net/url"

	"tidemark/connector/config"
	"tidemark/connector/internal/auth"
	"tidemark/connector/internal/request"
	"tidemark/connector/internal/secret"
	"tidemark/strategies"
)

// target makes the requests of a stream's questions.
type target struct {
	template *request.Template
	base     url.URL // whose origin is the API's
	format   strategies.Format
	timed    bool // the template writes a bound in a format of its own
}

func newTarget(o Options) (*target, error) {
	t := &target{template: o.Template, format: o.Format}
	if t.template == nil {
		names := map[request.Role]string{}
		for _, r := range strategies.Roles() {
			names[request.Role(r)] = o.Params.Of(r)
		}
		var err error
		if t.template, err = request.Flat(o.URL, o.Query, names); err != nil {
			return nil, err
		}
	}
	if u, err := url.Parse(o.URL); err == nil {
		t.base = *u
	}
	t.timed = t.template.Granule(request.Since) > 0 || t.template.Granule(request.Until) > 0
	return t, nil
}

// secrets are the credentials of the template, those of the configured headers, and those that a knows.
func (t *target) secrets(a *auth.Authorizer, headers map[string]config.Secret) *secret.Set {
	s := &secret.Set{}
	if a != nil {
		s = a.Secrets()
	}
	t.template.Secrets(s)
	for name, value := range headers {
		s.AddHeader(name, value.Reveal())
	}
	return s
}

// build makes the request of a question. What the strategy asks by is shown in errors: it is marks, offsets and
// the API's continuation tokens, and an error that hides them helps nobody.
func (t *target) build(params []strategies.Param) (*request.Request, error) {
	var space [8]request.Value
	question := space[:0]
	for _, p := range params {
		v := request.Value{Role: request.Role(p.Role), Text: p.Value}
		if t.timed && (p.Role == strategies.RoleSince || p.Role == strategies.RoleUntil) {
			if at, err := t.format.ParseString(p.Value); err == nil && t.format.Temporal() {
				v.Micros, v.Temporal = at.N, true
			}
		}
		question = append(question, v)
	}
	r, err := t.template.Build(question)
	return &r, err
}

// outgoing is the HTTP request of r. The headers are those of all requests.
func outgoing(r *request.Request, host string, header http.Header) *http.Request {
	if len(r.Header) > 0 {
		header = header.Clone()
		for _, h := range r.Header {
			header[h.Name] = []string{h.Value}
		}
	}
	req := &http.Request{Method: r.Method, URL: &r.URL, Host: host, Header: header, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1}
	if r.Body != nil {
		req.ContentLength = int64(len(r.Body))
		req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(r.Body)), nil }
		req.Body, _ = req.GetBody()
	}
	return req
}
