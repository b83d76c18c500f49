// Package trust makes the settings of TLS out of the files that a configuration names: whom to trust beside
// the system's roots, and which certificate to show. The clients of APIs, of brokers and of the registry share it, and
// the server that says how a worker is.
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
	if f := t.CAFile; f.Path != "" {
		pem, err := read(under, "ca_file", f)
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
	pair, err := pairOf(t.CertFile, t.KeyFile, under)
	if err != nil {
		return nil, err
	}
	trust.Certificates = []tls.Certificate{pair}
	return trust, nil
}

// Server reads the files of a server as they are now: the certificate that it shows and, where clients is given,
// who must have signed those of its clients. Errors are as New's.
func Server(cert, key, clients config.File, under string) (*tls.Config, error) {
	pair, err := pairOf(cert, key, under)
	if err != nil {
		return nil, err
	}
	trust := &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{pair}}
	if clients.Path == "" {
		return trust, nil
	}
	pem, err := read(under, "client_ca_file", clients)
	if err != nil {
		return nil, err
	}
	trust.ClientCAs, trust.ClientAuth = x509.NewCertPool(), tls.RequireAndVerifyClientCert
	if !trust.ClientCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s.client_ca_file %s has no certificate in PEM in it", under, clients.Shown)
	}
	return trust, nil
}

// pairOf is a certificate and its key.
func pairOf(certFile, keyFile config.File, under string) (tls.Certificate, error) {
	cert, err := read(under, "cert_file", certFile)
	if err != nil {
		return tls.Certificate{}, err
	}
	key, err := read(under, "key_file", keyFile)
	if err != nil {
		return tls.Certificate{}, err
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return pair, fmt.Errorf("%s.cert_file %s and %s.key_file %s are no certificate in PEM and its key: %w", under, certFile.Shown, under, keyFile.Shown, err)
	}
	return pair, nil
}

func read(under, key string, f config.File) ([]byte, error) {
	data, err := os.ReadFile(f.Path)
	var e *fs.PathError
	if errors.As(err, &e) { // its path may have come from the environment
		return nil, fmt.Errorf("reading %s.%s %s: %w", under, key, f.Shown, e.Err)
	}
	return data, err
}
