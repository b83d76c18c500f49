package rest

import (
	"errors"
	"net/http"
	"net/url"
	"sync"

	"tidemark/connector/config"
	"tidemark/connector/internal/secret"
	"tidemark/connector/internal/trust"
)

// Network is a way of its own to an API: whom to trust beside the system's roots, the certificate that the
// API is shown, and a proxy. The zero value is the way of all.
type Network struct {
	TLS   config.TLS
	Proxy config.Secret // URL; "": as the environment says
}

// transport makes what goes that way, after the fashion of the given one; nil: the given one will do. Files are
// named in errors, and never quoted.
func (n Network) transport(given http.RoundTripper) (*http.Transport, error) {
	base, usual := given.(*http.Transport)
	if given != nil && (n == Network{} || !usual) {
		return nil, nil
	}
	own := NewTransport()
	if usual {
		own = base.Clone()
	}
	if n.TLS != (config.TLS{}) {
		settings, err := trust.New(n.TLS, "tls")
		if err != nil {
			return nil, err
		}
		own.TLSClientConfig = settings
	}
	if n.Proxy != "" {
		u, err := url.Parse(n.Proxy.Reveal())
		if err != nil {
			return nil, errors.New("proxy: it is not a URL: a user name or password in it must be percent-encoded")
		}
		own.Proxy = http.ProxyURL(u)
	}
	return own, nil
}

// hide puts what the proxy is shown among the secrets.
func (n Network) hide(secrets *secret.Set) {
	if u, err := url.Parse(n.Proxy.Reveal()); err == nil {
		secrets.AddUser(u.User)
	}
}

// Ways are the transports of a worker's clients: one for all that go the same way, so that many streams of an
// API share a few connections. They are for several goroutines.
type Ways struct {
	base http.RoundTripper
	made bool // base is not the caller's
	mu   sync.Mutex
	all  map[Network]*http.Transport
}

// NewWays makes ways after the fashion of base, which those without a way of their own take; nil: NewTransport().
func NewWays(base http.RoundTripper) *Ways {
	w := &Ways{base: base, made: base == nil, all: make(map[Network]*http.Transport)}
	if w.made {
		w.base = NewTransport()
	}
	return w
}

// to is the transport of a way. The files of its TLS configuration are read when it is asked for first.
func (w *Ways) to(n Network) (http.RoundTripper, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if t := w.all[n]; t != nil {
		return t, nil
	}
	own, err := n.transport(w.base)
	if err != nil || own == nil {
		return w.base, err
	}
	w.all[n] = own
	return own, nil
}

// CloseIdle drops the connections of all ways that nobody uses, but for those of a base that the caller
// brought. Requests under way go on.
func (w *Ways) CloseIdle() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if t, ok := w.base.(*http.Transport); ok && w.made {
		t.CloseIdleConnections()
	}
	for _, t := range w.all {
		t.CloseIdleConnections()
	}
}
