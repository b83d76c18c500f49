package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"tidemark/connector"
	"tidemark/connector/config"
)

// remote is a worker that runs, as it is asked over HTTP by those who have its configuration.
type remote struct {
	addr string
	http config.HTTP
}

// tellWithin is how long a worker may take to answer; a change of a stream's cursor takes up to a minute.
const tellWithin = 90 * time.Second

// tell tells a stream of the worker what is wanted of it, and returns the worker's answer. Errors that the worker says have
// class Config where it refuses, and Broker where the stream could not do it now.
func (r remote) tell(ctx context.Context, stream, what string, query url.Values, body io.Reader) (answer map[string]any, err error) {
	client, scheme, err := r.client()
	if err != nil {
		return nil, err
	}
	token, err := r.token()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, tellWithin)
	defer cancel()
	at := url.URL{Scheme: scheme, Host: r.addr, RawQuery: query.Encode()}
	at.Path = "/streams/" + stream + "/" + what
	at.RawPath = "/streams/" + url.PathEscape(stream) + "/" + what
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, at.String(), body)
	if err != nil {
		return nil, connector.ConfigError(fmt.Errorf("--http %s: %w", r.addr, err))
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("asking the worker at %s: %w", r.addr, err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return nil, fmt.Errorf("reading the answer of the worker at %s: %w", r.addr, err)
	}
	failed := json.Unmarshal(text, &answer)
	if resp.StatusCode < 300 && failed == nil {
		return answer, nil
	}
	says, ok := answer["error"].(string)
	if !ok {
		says = strings.TrimSpace(string(text))
	}
	err = fmt.Errorf("the worker at %s answers %s: %s", r.addr, resp.Status, says)
	if resp.StatusCode < 500 && resp.StatusCode != http.StatusConflict {
		err = connector.ConfigError(err)
	}
	return nil, err
}

// client trusts, beside whom the system trusts, the worker's own certificate: it may have signed itself.
func (r remote) client() (c *http.Client, scheme string, err error) {
	if r.http.ClientCAFile.Path != "" {
		return nil, "", connector.ConfigError(errors.New("the worker asks for a client's certificate (http.client_ca_file), and the configuration has none to show: " +
			"ask it with curl --cert, or leave --http out and let its worker be fenced"))
	}
	transport := &http.Transport{DisableKeepAlives: true} // no proxy: the token is for the worker alone
	if r.http.CertFile.Path == "" {
		return &http.Client{Transport: transport}, "http", nil
	}
	trusted, err := x509.SystemCertPool()
	if err != nil {
		trusted = x509.NewCertPool()
	}
	own, err := os.ReadFile(r.http.CertFile.Path)
	if err != nil {
		return nil, "", connector.ConfigError(fmt.Errorf("reading http.cert_file: %w", err))
	}
	trusted.AppendCertsFromPEM(own)
	transport.TLSClientConfig = &tls.Config{RootCAs: trusted, MinVersion: tls.VersionTLS12}
	return &http.Client{Transport: transport}, "https", nil
}

// token is what the worker wants to be shown; "": nothing.
func (r remote) token() (string, error) {
	if r.http.TokenFile.Path == "" {
		return r.http.Token.Reveal(), nil
	}
	text, err := os.ReadFile(r.http.TokenFile.Path)
	if err != nil {
		return "", connector.ConfigError(fmt.Errorf("reading http.token_file: %w", err))
	}
	return strings.TrimSpace(string(text)), nil
}
