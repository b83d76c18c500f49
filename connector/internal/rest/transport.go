package rest

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"tidemark/connector/config"
	"tidemark/connector/internal/request"
	"tidemark/connector/internal/secret"
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
		trust, err := trusting(n.TLS)
		if err != nil {
			return nil, err
		}
		own.TLSClientConfig = trust
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

// trusting reads the files of a TLS configuration.
func trusting(t config.TLS) (*tls.Config, error) {
	trust := &tls.Config{MinVersion: tls.VersionTLS12}
	read := func(key string, f config.File) ([]byte, error) {
		data, err := os.ReadFile(f.Path)
		var e *fs.PathError
		if errors.As(err, &e) { // its path may have come from the environment
			return nil, fmt.Errorf("reading tls.%s %s: %w", key, f.Shown, e.Err)
		}
		return data, err
	}
	if f := t.CAFile; f.Path != "" {
		pem, err := read("ca_file", f)
		if err != nil {
			return nil, err
		}
		if trust.RootCAs, err = x509.SystemCertPool(); err != nil {
			trust.RootCAs = x509.NewCertPool() // a system without roots of its own
		}
		if !trust.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("tls.ca_file %s has no certificate in PEM in it", f.Shown)
		}
	}
	if t.CertFile.Path == "" {
		return trust, nil
	}
	cert, err := read("cert_file", t.CertFile)
	if err != nil {
		return nil, err
	}
	key, err := read("key_file", t.KeyFile)
	if err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, fmt.Errorf("tls.cert_file %s and tls.key_file %s are no certificate in PEM and its key: %w", t.CertFile.Shown, t.KeyFile.Shown, err)
	}
	trust.Certificates = []tls.Certificate{pair}
	return trust, nil
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
