package rest

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"tidemark/connector/config"
	"tidemark/connector/internal/auth"
	"tidemark/connector/internal/secret"
	"tidemark/strategies"
)

// target is what all requests of a stream have in common of their URL.
type target struct {
	base  url.URL // without query and fragment
	shown string  // base as it may be shown
	fixed []pair  // the URL's own query and Options.Query, in this order
	names strategies.ParamNames
}

// pair is a fixed query parameter.
type pair struct {
	name   string // decoded
	value  string // decoded
	sent   string // name=value as it is sent
	shown  string // and as it may be shown
	secret bool
}

func newTarget(rawURL string, query map[string]string, params strategies.ParamNames) (*target, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		var e *url.Error
		if errors.As(err, &e) {
			err = e.Err // without the URL, which may hold secrets
		}
		if strings.Contains(rawURL, "@") { // the error may quote a piece of the password
			return nil, errors.New("the url cannot be read: a user name or password in it must be percent-encoded")
		}
		return nil, fmt.Errorf("the url cannot be read: %w", err)
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("the url must begin with http:// or https://, not with %q", u.Scheme)
	}
	if u.Hostname() == "" {
		return nil, errors.New("the url has no host")
	}
	t := &target{base: *u, names: params}
	t.base.RawQuery, t.base.ForceQuery, t.base.Fragment, t.base.RawFragment = "", false, "", ""
	t.shown = secret.URL(&t.base)

	for s := range strings.SplitSeq(u.RawQuery, "&") {
		name, value, _ := strings.Cut(s, "=")
		name, errName := url.QueryUnescape(name)
		value, errValue := url.QueryUnescape(value)
		if err := errors.Join(errName, errValue); err != nil {
			return nil, errors.New("the url's query has a % that is not followed by two hexadecimal digits")
		}
		if _, replaced := query[name]; s != "" && !replaced {
			t.fixed = append(t.fixed, newPair(name, value, s))
		}
	}
	names := make([]string, 0, len(query))
	for name := range query {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		t.fixed = append(t.fixed, newPair(name, query[name], url.QueryEscape(name)+"="+url.QueryEscape(query[name])))
	}
	return t, nil
}

func newPair(name, value, sent string) pair {
	p := pair{name: name, value: value, sent: sent, shown: sent, secret: secret.Named(name) && value != ""}
	if p.secret {
		p.shown = url.QueryEscape(name) + "=" + secret.Hidden
	}
	return p
}

// secrets are the credentials in the URL, those of the configured headers, and those that a knows.
func (t *target) secrets(a *auth.Authorizer, headers map[string]config.Secret) *secret.Set {
	s := &secret.Set{}
	if a != nil {
		s = a.Secrets()
	}
	for _, p := range t.fixed {
		if p.secret {
			s.Add(p.value)
		}
	}
	s.AddUser(t.base.User)
	for name, value := range headers {
		s.AddHeader(name, value.Reveal())
	}
	return s
}

// build makes the URL of one request and the text that stands for it in errors and
// headers. The strategy's own parameters are shown: they are marks, offsets and the
// API's continuation tokens, and an error that hides them helps nobody.
func (t *target) build(params []strategies.Param) (*url.URL, string, error) {
	for _, p := range params {
		if p.Role == strategies.RoleLink {
			return t.follow(p.Value)
		}
	}
	var sentSpace, shownSpace [512]byte
	sent, shown := sentSpace[:0], append(shownSpace[:0], t.shown...)
	add := func(s, show string) {
		if len(sent) > 0 {
			sent, shown = append(sent, '&'), append(shown, '&')
		} else {
			shown = append(shown, '?')
		}
		sent, shown = append(sent, s...), append(shown, show...)
	}
	for i := range t.fixed {
		p := &t.fixed[i]
		if !slices.ContainsFunc(params, func(q strategies.Param) bool { return t.names.Of(q.Role) == p.name }) {
			add(p.sent, p.shown)
		}
	}
	for _, p := range params {
		s := url.QueryEscape(t.names.Of(p.Role)) + "=" + url.QueryEscape(p.Value)
		add(s, s)
	}
	u := t.base
	u.RawQuery = string(sent)
	return &u, string(shown), nil
}
