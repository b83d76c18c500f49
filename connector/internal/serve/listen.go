package serve

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/netip"

	"tidemark/connector/config"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/trust"
)

// section is what stands before the keys of the configuration, in messages.
const section = "http"

// Listen listens at host:port, over TLS where the configuration has a certificate. Errors have class Config: an
// address that others can reach and nobody has to prove who he is, a port that is taken, files that are of no use.
func Listen(addr string, c config.HTTP) (net.Listener, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, class.Errorf(class.Config, "--http-addr %q is no host:port: %w", addr, err)
	}
	if !loopback(host) && !secured(c) {
		return nil, class.Errorf(class.Config, "--http-addr %s can be reached from other machines: set http.token, or http.client_ca_file, or listen on 127.0.0.1", addr)
	}
	if _, err := newGuard(c).token(); err != nil {
		return nil, err
	}
	var encrypted *tls.Config
	if c.CertFile.Path != "" {
		if _, err := trust.Server(c.CertFile, c.KeyFile, c.ClientCAFile, section); err != nil {
			return nil, class.Wrap(class.Config, err)
		}
		encrypted = &tls.Config{MinVersion: tls.VersionTLS12, GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
			return trust.Server(c.CertFile, c.KeyFile, c.ClientCAFile, section) // what was renewed counts
		}}
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, class.Wrap(class.Config, fmt.Errorf("--http-addr: %w", err))
	}
	if encrypted != nil {
		l = tls.NewListener(l, encrypted)
	}
	return l, nil
}

// loopback reports whether a host can be reached from this machine only. Of names none is looked up.
func loopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback() || host == "localhost"
}
