package trust

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"tidemark/connector/config"
)

// DialTimeout bounds the opening of a connection, and its TLS handshake.
const DialTimeout = 5 * time.Second

// Dialer opens connections over TLS. It reads the files for each of them, so that a certificate that was renewed
// is the one that is shown.
type Dialer struct {
	TLS   config.TLS
	Under string // what errors call the section, as New does
}

// FileError is the error of files that are of no use.
type FileError struct{ err error }

func (e *FileError) Error() string { return e.err.Error() }
func (e *FileError) Unwrap() error { return e.err }

// Dial opens a connection. Errors are a *FileError, a *HandshakeError or those of the net package.
func (d Dialer) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	settings, err := New(d.TLS, d.Under)
	if err != nil {
		return nil, &FileError{err}
	}
	ctx, cancel := context.WithTimeout(ctx, DialTimeout)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	if settings.ServerName == "" {
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			host = address
		}
		settings.ServerName = host
	}
	over := tls.Client(conn, settings)
	if err := over.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, &HandshakeError{err}
	}
	return over, nil
}

// HandshakeError is the error of a TLS handshake. It does not unwrap to io.EOF: a client of brokers would say of
// it that anything may be wrong.
type HandshakeError struct{ err error }

func (e *HandshakeError) Error() string { return "the TLS handshake failed: " + e.err.Error() }
func (e *HandshakeError) Unwrap() error {
	if errors.Is(e.err, io.EOF) {
		return nil
	}
	return e.err
}

// Transport returns the way to servers that are asked now and then, over TLS by these files as they are at each
// connection. Through a proxy they are those of now.
func Transport(t config.TLS, under string) (*http.Transport, error) {
	settings, err := New(t, under)
	if err != nil {
		return nil, err
	}
	return &http.Transport{
		Proxy:           ProxyFromEnvironment,
		DialContext:     (&net.Dialer{Timeout: DialTimeout}).DialContext,
		DialTLSContext:  Dialer{t, under}.Dial,
		TLSClientConfig: settings,
		IdleConnTimeout: 90 * time.Second,
	}, nil
}

// ErrProxy is the error of an environment that names a proxy badly.
var ErrProxy = errors.New("the proxy in HTTP_PROXY or HTTPS_PROXY is not a valid URL")

// ProxyFromEnvironment is net/http's, less its error, which quotes the proxy's password.
func ProxyFromEnvironment(r *http.Request) (*url.URL, error) {
	u, err := http.ProxyFromEnvironment(r)
	if err != nil {
		return nil, ErrProxy
	}
	return u, nil
}
