package auth

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"tidemark/connector/config"
)

// place is where a request carries its credential.
type place struct{ in, name, scheme string }

// put returns a copy of the request with the value in its place. What the request has there is replaced.
func (p place) put(req *http.Request, value string) *http.Request {
	if p.scheme != "" {
		value = p.scheme + " " + value
	}
	put := req.WithContext(req.Context())
	if p.in == config.InQuery {
		u := *req.URL
		u.RawQuery = withParameter(u.RawQuery, p.name, value)
		put.URL = &u
		return put
	}
	if put.Header = maps.Clone(req.Header); put.Header == nil {
		put.Header = http.Header{}
	}
	if p.in == config.InCookie {
		// As the API wrote it: net/http would quote, or leave out, what it does not like in it.
		cookies := slices.Concat(req.Header["Cookie"], []string{p.name + "=" + value})
		put.Header["Cookie"] = []string{strings.Join(cookies, "; ")}
		return put
	}
	put.Header[http.CanonicalHeaderKey(p.name)] = []string{value}
	return put
}

// withParameter is a query with one parameter in it; what else it has stays as it is written.
func withParameter(query, name, value string) string {
	var kept []string
	for part := range strings.SplitSeq(query, "&") {
		written, _, _ := strings.Cut(part, "=")
		if other, err := url.QueryUnescape(written); part != "" && (err != nil || other != name) {
			kept = append(kept, part)
		}
	}
	return strings.Join(append(kept, url.QueryEscape(name)+"="+url.QueryEscape(value)), "&")
}

// sendable refuses what no header can carry. what names the value.
func sendable(what, value string) error {
	if value == "" {
		return fmt.Errorf("%s is empty", what)
	}
	if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return fmt.Errorf("%s has a line break or another control character in it", what)
	}
	return nil
}
