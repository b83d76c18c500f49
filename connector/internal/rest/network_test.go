package rest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tidemark/connector/config"
	"tidemark/connector/internal/class"
)

// pemFiles writes a self-signed certificate and its key.
func pemFiles(t *testing.T) (cert, key config.File, x *x509.Certificate) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true},
		&x509.Certificate{SerialNumber: big.NewInt(1)}, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	if x, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return file(t, "cert.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))),
		file(t, "key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}))), x
}

func file(t *testing.T, name, text string) config.File {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return config.File{Path: path, Shown: "${DIR}/" + name}
}

// An API whose certificate the configuration trusts is asked, and is shown the configured certificate; one
// that it does not trust is not. A transport that streams share is left alone.
func TestOwnTrust(t *testing.T) {
	cert, key, shown := pemFiles(t)
	s := httptest.NewUnstartedServer(text(200, onePage))
	s.Config.ErrorLog = discard
	s.TLS = &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: x509.NewCertPool()}
	s.TLS.ClientCAs.AddCert(shown)
	s.EnableHTTP2 = true
	s.StartTLS()
	t.Cleanup(s.Close)
	ca := file(t, "ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})))
	shared := NewTransport()
	t.Cleanup(shared.CloseIdleConnections)
	for _, given := range []http.RoundTripper{nil, shared} {
		whole := config.TLS{CAFile: ca, CertFile: cert, KeyFile: key}
		if err := get(t, quick(t, Options{URL: s.URL, Network: Network{TLS: whole}, Transport: given})); err != nil {
			t.Error(err)
		}
		err := get(t, quick(t, Options{URL: s.URL, Network: Network{TLS: config.TLS{CAFile: ca}}, Transport: given}))
		wantSource(t, err) // the connection may break before the client has read why
		err = get(t, quick(t, Options{URL: s.URL, Network: Network{TLS: config.TLS{CertFile: cert, KeyFile: key}}, Transport: given}))
		wantSource(t, err, "certificate")
		err = get(t, quick(t, Options{URL: s.URL, Transport: given}))
		wantSource(t, err, "certificate")
	}
}

// Files that are of no use are refused before anything is asked; what is in them is not shown.
func TestBadTrust(t *testing.T) {
	cert, key, _ := pemFiles(t)
	_, other, _ := pemFiles(t)
	none := config.File{Path: filepath.Join(t.TempDir(), "sesame"), Shown: "${DIR}/none.pem"}
	rubbish := file(t, "rubbish.pem", "sesame\n")
	for says, n := range map[string]Network{
		"reading tls.ca_file ${DIR}/none.pem: no such file or directory":   {TLS: config.TLS{CAFile: none}},
		"tls.ca_file ${DIR}/rubbish.pem has no certificate in PEM in it":   {TLS: config.TLS{CAFile: rubbish}},
		"reading tls.cert_file ${DIR}/none.pem: no such file or directory": {TLS: config.TLS{CertFile: none, KeyFile: key}},
		"reading tls.key_file ${DIR}/none.pem: no such file or directory":  {TLS: config.TLS{CertFile: cert, KeyFile: none}},
		"tls.cert_file ${DIR}/cert.pem and tls.key_file ${DIR}/key.pem":    {TLS: config.TLS{CertFile: cert, KeyFile: other}},
		"tls.cert_file ${DIR}/rubbish.pem and tls.key_file ${DIR}/key.pem": {TLS: config.TLS{CertFile: rubbish, KeyFile: key}},
		"proxy: it is not a URL": {Proxy: "http://me:%zz-sesame@127.0.0.1/"},
	} {
		_, err := New(Options{URL: "https://api.test/", Network: n})
		if class.Of(err) != class.Config || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "sesame") {
			t.Errorf("class %v: %v, want %s", class.Of(err), err, says)
		}
	}
}

// A stream's proxy gets its requests, those for tokens too, and its own password; nobody is shown that.
func TestOwnProxy(t *testing.T) {
	var through []string
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		through = append(through, r.URL.String()+" "+r.Header.Get("Proxy-Authorization"))
		if r.URL.Path == "/token" {
			giveToken(w, r, "sesame-t1")
			return
		}
		if len(through) > 2 {
			w.WriteHeader(http.StatusForbidden)
			_, _ = w.Write([]byte("not sesame-proxy"))
			return
		}
		_, _ = w.Write([]byte(onePage))
	}))
	t.Cleanup(proxy.Close)
	u, err := url.Parse(proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword("me", "sesame-proxy")
	c := quick(t, Options{URL: "http://api.test/users", Network: Network{Proxy: config.Secret(u.String())}, Transport: NewTransport(),
		Auth: authFrom(t, "kind: oauth2, token_url: http://login.test/token, client_id: me, client_auth: body", nil)})
	if err := get(t, c); err != nil {
		t.Fatal(err)
	}
	wantSource(t, get(t, c), "403 Forbidden: not ***")
	const proof = " Basic bWU6c2VzYW1lLXByb3h5"
	want := "http://login.test/token" + proof + ", http://api.test/users" + proof + ", http://api.test/users" + proof
	if got := strings.Join(through, ", "); got != want {
		t.Errorf("through the proxy went\n%s, want\n%s", got, want)
	}
	proxy.Close()
	if err := get(t, c); err == nil || strings.Contains(err.Error(), "sesame") || !strings.Contains(err.Error(), "refused") {
		t.Errorf("without the proxy: %v", err)
	}
}
