package rest

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"tidemark/connector/config"
	"tidemark/connector/internal/request"
	"tidemark/connector/internal/secret"
	"tidemark/connector/internal/trust"
)

// maxRedirects is how many redirects in a row are followed.
const maxRedirects = 10

// NewTransport builds the whole chain between a request and the network; there are no
// other layers. Timeouts are not set here: a try's context bounds everything from the
// name's look-up to the body's last byte, so that no phase is forgotten.
func NewTransport() *http.Transport {
	return &http.Transport{
		Proxy:       proxyFromEnvironment,
		DialContext: (&net.Dialer{KeepAlive: 30 * time.Second}).DialContext,
		// HTTP/2 where a TLS server offers it, with pings so that a connection that
		// died silently is noticed before a request is spent on it.
		ForceAttemptHTTP2: true,
		HTTP2:             &http.HTTP2Config{SendPingTimeout: 30 * time.Second},
		// Connections are kept for pages fetched ahead and for as many streams as share
		// the transport, and longer than a usual poll_interval. The one used last is used
		// next, so those that are not needed any more run out.
		MaxIdleConnsPerHost: 256,
		IdleConnTimeout:     90 * time.Second,
		// The client decompresses itself: it offers zstd too, and counts both sizes.
		DisableCompression:     true,
		MaxResponseHeaderBytes: 1 << 20,
	}
}

// Network is a way of its own to an API: whom to trust beside the system's roots, the certificate that the
// API is shown, and a proxy. The zero value is the way of all.
type Network struct {
	TLS   config.TLS
	Proxy config.Secret // URL; "": as the environment says
}

// transport makes what goes that way, after the fashion of the given one; nil: the given one will do. Files are
// named in errors, and never quoted.
func (n Network) transport(given http.RoundTripper, secrets *secret.Set) (*http.Transport, error) {
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
		secrets.AddUser(u.User)
		own.Proxy = http.ProxyURL(u)
	}
	return own, nil
}

// authorized is send with proof of who asks.
func (c *Client) authorized(send http.RoundTripper) http.RoundTripper {
	if c.auth == nil {
		return send
	}
	return &authorized{c, send, origin(&c.target.base)}
}

// authorized adds credentials to the requests to one origin. It is the innermost layer, so that net/http
// has no credential that it could take along to where a redirect leads (P11).
type authorized struct {
	client *Client
	send   http.RoundTripper
	origin string
}

// RoundTrip sends a request, and once more with a new credential where the first was refused.
func (t *authorized) RoundTrip(req *http.Request) (*http.Response, error) {
	if origin(req.URL) != t.origin {
		return t.send.RoundTrip(req)
	}
	proving, generation, err := t.client.auth.Authorize(req, t.send)
	if err != nil {
		if req.Body != nil {
			_ = req.Body.Close()
		}
		return nil, err
	}
	resp, err := t.send.RoundTrip(proving)
	if err != nil || resp.StatusCode != http.StatusUnauthorized || req.Body != nil && req.GetBody == nil {
		return resp, err
	}
	if renewed, err := t.client.auth.Renew(req, t.send, generation); err != nil || !renewed {
		if err != nil {
			_ = resp.Body.Close()
			return nil, err
		}
		return resp, nil
	}
	_, _ = io.CopyN(io.Discard, resp.Body, maxMessageBody) // the connection can be used again
	_ = resp.Body.Close()
	if err := t.client.pace(req.Context(), &request.Request{Method: req.Method, URL: *req.URL, Shown: t.client.secrets.URL(req.URL)}); err != nil {
		return nil, err
	}
	if proving, _, err = t.client.auth.Authorize(req, t.send); err != nil {
		return nil, err
	}
	if req.GetBody != nil {
		if proving.Body, err = req.GetBody(); err != nil {
			return nil, err
		}
	}
	return t.send.RoundTrip(proving)
}

var errProxy = errors.New("the proxy in HTTP_PROXY or HTTPS_PROXY is not a valid URL")

// proxyFromEnvironment is net/http's, less its error, which quotes the proxy's password.
func proxyFromEnvironment(r *http.Request) (*url.URL, error) {
	u, err := http.ProxyFromEnvironment(r)
	if err != nil {
		return nil, errProxy
	}
	return u, nil
}

// redirectError is a redirect that is not followed.
type redirectError struct{ text string }

func (e *redirectError) Error() string { return e.text }

// checkRedirect follows redirects within the origin of the first request and nowhere
// else, so that neither headers nor query reach anybody they were not meant for (P11).
func (c *Client) checkRedirect(next *http.Request, via []*http.Request) error {
	from, to := origin(via[0].URL), origin(next.URL)
	if from != to {
		return &redirectError{fmt.Sprintf("the API redirects from %s to another origin, %s, which is not followed because credentials must not go there: "+
			"if you trust it, set the url to its address", from, c.secrets.Hide(to))}
	}
	for _, v := range via {
		if v.URL.String() == next.URL.String() {
			return &redirectError{fmt.Sprintf("the API redirects in a loop, back to %s after %d redirects", c.secrets.URL(next.URL), len(via))}
		}
	}
	if len(via) > maxRedirects {
		return &redirectError{fmt.Sprintf("the API redirects more than %d times in a row, last to %s", maxRedirects, c.secrets.URL(next.URL))}
	}
	if c.limiter != nil {
		return c.limiter.Wait(next.Context()) // a redirect is a request too
	}
	return nil
}

// origin is scheme, host and port, in the one way of writing that can be compared.
func origin(u *url.URL) string {
	scheme, port := strings.ToLower(u.Scheme), u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[scheme]
	}
	return scheme + "://" + net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}
