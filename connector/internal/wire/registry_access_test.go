package wire

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/twmb/franz-go/pkg/sr/srfake"

	"tidemark/connector/config"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/kit"
)

// guarded serves a registry over TLS to who shows the header.
func guarded(t *testing.T, server tls.Certificate, ca *kit.Authority, mutual bool, header *atomic.Pointer[string]) string {
	t.Helper()
	fake := srfake.NewRegistry()
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if want := header.Load(); want != nil && r.Header.Get("Authorization") != *want {
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = fmt.Fprintf(w, `{"error_code":40101,"message":"not with %s"}`, r.Header.Get("Authorization"))
			return
		}
		fake.Handler().ServeHTTP(w, r)
	}))
	s.TLS = &tls.Config{Certificates: []tls.Certificate{server}, ClientCAs: ca.Pool}
	if mutual {
		s.TLS.ClientAuth = tls.RequireAndVerifyClientCert
	}
	s.StartTLS()
	t.Cleanup(s.Close)
	return s.URL
}

func shown(path string) config.File {
	return config.File{Path: path, Shown: "${DIR}/" + filepath.Base(path)}
}

// A registry is trusted, and trusts, by the certificates that the configuration names. The error says which of
// them to look at.
func TestRegistryOverTLS(t *testing.T) {
	ca, other := kit.NewAuthority(t), kit.NewAuthority(t)
	_, _, here := ca.Issue("127.0.0.1")
	_, _, elsewhere := ca.Issue("registry.internal")
	cert, key, _ := ca.Issue()
	strange, strangeKey, _ := other.Issue()
	var anybody atomic.Pointer[string]
	plain, named := guarded(t, here, ca, false, &anybody), guarded(t, elsewhere, ca, false, &anybody)
	mutual := guarded(t, here, ca, true, &anybody)
	trusting := config.TLS{CAFile: shown(ca.File)}
	with := func(change func(*config.TLS)) config.TLS {
		own := trusting
		change(&own)
		return own
	}
	for _, c := range []struct {
		name, url string
		tls       config.TLS
		says      string
	}{
		{"trusted", plain, trusting, ""},
		{"not trusted", plain, config.TLS{}, "give the certificate of who signed it in schema_registry.tls.ca_file"},
		{"another name", named, trusting, "schema_registry.tls.server_name"},
		{"another name that is expected", named, with(func(t *config.TLS) { t.ServerName = "registry.internal" }), ""},
		{"not verified", named, config.TLS{SkipVerify: true}, ""},
		{"no certificate", mutual, trusting, "schema_registry.tls.cert_file"},
		{"a certificate", mutual, with(func(t *config.TLS) { t.CertFile, t.KeyFile = shown(cert), shown(key) }), ""},
		{"a stranger's", mutual, with(func(t *config.TLS) { t.CertFile, t.KeyFile = shown(strange), shown(strangeKey) }), "schema_registry.tls.cert_file ${DIR}/cert.pem"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r, err := NewRegistry(config.Registry{URL: c.url, TLS: c.tls})
			if err != nil {
				t.Fatal(err)
			}
			err = r.Ping(t.Context())
			switch {
			case c.says == "" && err != nil:
				t.Error(err)
			case c.says != "" && (class.Of(err) != class.Broker || !strings.Contains(err.Error(), c.says)):
				t.Errorf("class %v: %v", class.Of(err), err)
			}
		})
	}
	_, err := NewRegistry(config.Registry{URL: plain, TLS: config.TLS{CAFile: shown(filepath.Join(t.TempDir(), "none.pem"))}})
	if class.Of(err) != class.Config || !strings.Contains(err.Error(), "reading schema_registry.tls.ca_file ${DIR}/none.pem") {
		t.Errorf("class %v: %v", class.Of(err), err)
	}
}

// Whom to trust is read anew for each connection.
func TestRegistryTrustIsRenewed(t *testing.T) {
	ca, other := kit.NewAuthority(t), kit.NewAuthority(t)
	_, _, here := ca.Issue("127.0.0.1")
	var anybody atomic.Pointer[string]
	file := filepath.Join(t.TempDir(), "ca.pem")
	put := func(from string) {
		t.Helper()
		pem, err := os.ReadFile(from)
		if err == nil {
			err = os.WriteFile(file, pem, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	put(other.File)
	r, err := NewRegistry(config.Registry{URL: guarded(t, here, ca, false, &anybody), TLS: config.TLS{CAFile: shown(file)}})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Ping(t.Context()); err == nil {
		t.Fatal("it is trusted")
	}
	put(ca.File)
	if err := r.Ping(t.Context()); err != nil {
		t.Error(err)
	}
}

// A registry is shown what the configuration says, and what its file holds once the old one is refused. Nothing of it
// is in an error.
func TestRegistryCredentials(t *testing.T) {
	ca := kit.NewAuthority(t)
	_, _, here := ca.Issue("127.0.0.1")
	dir, asked := t.TempDir(), 0
	tokens := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked++
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"access_token": fmt.Sprintf("hunter2-t%d", asked), "token_type": "bearer"})
	}))
	t.Cleanup(tokens.Close)
	put := func(name, text string) config.File {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return shown(path)
	}
	basic := func(a config.Auth) config.Auth {
		b := config.BasicAuth("me", "")
		b.PasswordFile = a.PasswordFile
		return b
	}
	bearer := func(a config.Auth) config.Auth {
		a.In, a.Name, a.Scheme = config.InHeader, "Authorization", "Bearer"
		return a
	}
	for _, c := range []struct {
		name         string
		auth         config.Auth
		short        bool
		first, later string // what is taken
		renew        func()
		says         string
	}{
		{"basic", basic(config.Auth{PasswordFile: put("password", "hunter2-a")}), true, "Basic bWU6aHVudGVyMi1h", "Basic bWU6aHVudGVyMi1i",
			func() { put("password", "hunter2-b") }, "look at schema_registry.username and schema_registry.password"},
		{"bearer", bearer(config.Auth{Kind: config.AuthBearer, TokenFile: put("token", "hunter2-a")}), false, "Bearer hunter2-a", "Bearer hunter2-b",
			func() { put("token", "hunter2-b") }, "look at schema_registry.auth.token"},
		{"oauth2", bearer(config.Auth{Kind: config.AuthOAuth2, Grant: config.GrantClient, TokenURL: tokens.URL, ClientID: "me", ClientSecret: "hunter2-s", ClientAuth: config.InHeader}),
			false, "Bearer hunter2-t1", "Bearer hunter2-t2", func() {}, "look at schema_registry.auth.scopes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var want atomic.Pointer[string]
			want.Store(&c.first)
			r, err := NewRegistry(config.Registry{URL: guarded(t, here, ca, false, &want), TLS: config.TLS{CAFile: shown(ca.File)}, Auth: c.auth, Short: c.short})
			if err != nil {
				t.Fatal(err)
			}
			ping := func(says string) {
				t.Helper()
				switch err := r.Ping(t.Context()); {
				case says == "" && err != nil:
					t.Error(err)
				case says != "" && (class.Of(err) != class.Broker || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "bWU6")):
					t.Errorf("class %v: %v", class.Of(err), err)
				}
			}
			ping("")
			c.renew()
			want.Store(&c.later)
			ping("")
			nobody := "Bearer nobody"
			want.Store(&nobody)
			ping(c.says)
		})
	}
}

// A token server that fails is an error of the registry's, and says what to look at.
func TestRegistryTokenServerFails(t *testing.T) {
	tokens := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, password, _ := r.BasicAuth()
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = fmt.Fprint(w, "not with ", password)
	}))
	t.Cleanup(tokens.Close)
	r, err := NewRegistry(config.Registry{URL: "http://127.0.0.1:1", Auth: config.Auth{Kind: config.AuthOAuth2, Grant: config.GrantClient, TokenURL: tokens.URL,
		ClientID: "me", ClientSecret: "hunter2", ClientAuth: config.InHeader, In: config.InHeader, Name: "Authorization"}})
	if err != nil {
		t.Fatal(err)
	}
	err = r.Ping(t.Context())
	if class.Of(err) != class.Broker || !strings.Contains(err.Error(), "not with ***") || !strings.Contains(err.Error(), "look at schema_registry.auth.client_id") {
		t.Errorf("class %v: %v", class.Of(err), err)
	}
}
