// Package trust makes the settings of TLS out of the files that a configuration names: whom to trust beside
// the system's roots, and which certificate to show. The clients of APIs, of brokers and of the registry share it.
//
// Files: trust.go (settings), dial.go (connections that read the files anew), hint.go (what to do about an error).
package trust

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"tidemark/connector/config"
)

// New reads the files as they are now. Errors call their keys by what stands before them, as "tls" or
// "kafka.tls"; they name the files as the configuration does, and never quote them (P11).
func New(t config.TLS, under string) (*tls.Config, error) {
	trust := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: t.ServerName, InsecureSkipVerify: t.SkipVerify}
	read := func(key string, f config.File) ([]byte, error) {
		data, err := os.ReadFile(f.Path)
		var e *fs.PathError
		if errors.As(err, &e) { // its path may have come from the environment
			return nil, fmt.Errorf("reading %s.%s %s: %w", under, key, f.Shown, e.Err)
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
			return nil, fmt.Errorf("%s.ca_file %s has no certificate in PEM in it", under, f.Shown)
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
		return nil, fmt.Errorf("%s.cert_file %s and %s.key_file %s are no certificate in PEM and its key: %w", under, t.CertFile.Shown, under, t.KeyFile.Shown, err)
	}
	trust.Certificates = []tls.Certificate{pair}
	return trust, nil
}
