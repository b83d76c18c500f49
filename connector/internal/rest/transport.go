package rest

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"tidemark/connector/internal/request"
	"tidemark/connector/internal/trust"
)

// maxRedirects is how many redirects in a row are followed.
const maxRedirects = 10

// NewTransport builds the whole chain between a request and the network; there are no
// other layers. Timeouts are not set here: a try's context bounds everything from the
// name's look-up to the body's last byte, so that no phase is forgotten.
func NewTransport() *http.Transport {
	return &http.Transport{
		Proxy:       trust.ProxyFromEnvironment,
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
		// A page of some fifty rows comes with one read; four times the usual size.
		ReadBufferSize: 16 << 10,
	}
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
	return t.client.auth.Send(req, t.send, func() error {
		return t.client.pace(req.Context(), &request.Request{Method: req.Method, URL: *req.URL, Shown: t.client.secrets.URL(req.URL)})
	})
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
