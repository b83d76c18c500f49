package serve

import (
	"crypto/tls"
	"io"
	"net/http"
	"os"
	"testing"

	"tidemark/connector/config"
	"tidemark/connector/internal/kit"
)

// Over TLS the server shows its certificate, one that was renewed from the next connection on; where it wants to
// see one, only those that have it may ask.
func TestListenTLS(t *testing.T) {
	t.Parallel()
	ca, other := kit.NewAuthority(t), kit.NewAuthority(t)
	cert, key, pair := ca.Issue("127.0.0.1")
	_, _, stranger := other.Issue("127.0.0.1")
	file := func(path string) config.File { return config.File{Path: path, Shown: path} }
	c := config.HTTP{CertFile: file(cert), KeyFile: file(key), ClientCAFile: file(ca.File)}
	l, err := Listen("127.0.0.1:0", c)
	if err != nil {
		t.Fatal(err)
	}
	w, _ := at()
	server := &http.Server{Handler: handlerOf(w, c)}
	go server.Serve(l) //nolint:errcheck // it ends with the test
	defer server.Close()
	ask := func(trusts *kit.Authority, shows ...tls.Certificate) error {
		client := http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: trusts.Pool, Certificates: shows}}}
		resp, err := client.Get("https://" + l.Addr().String() + "/metrics")
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if text, err := io.ReadAll(resp.Body); err != nil || resp.StatusCode != http.StatusOK {
			t.Errorf("it answers %d %s (%v)", resp.StatusCode, text, err)
		}
		return nil
	}
	if err := ask(ca, pair); err != nil {
		t.Error(err)
	}
	for what, err := range map[string]error{"none": ask(ca), "a stranger's": ask(ca, stranger)} {
		if err == nil {
			t.Errorf("who shows %s certificate may ask", what)
		}
	}
	newCert, newKey, _ := other.Issue("127.0.0.1")
	for from, to := range map[string]string{newCert: cert, newKey: key} {
		if err := os.Rename(from, to); err != nil {
			t.Fatal(err)
		}
	}
	if err := ask(other, pair); err != nil {
		t.Errorf("the certificate was renewed: %v", err)
	}
}
