package config

import (
	"fmt"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

// Each kind takes its keys, and has its defaults where they are not given.
func TestAuth(t *testing.T) {
	c, err := parseFile(t, "testdata/auth.yaml", Overrides{})
	if err != nil {
		t.Fatal(err)
	}
	beside := func(name string) File {
		return File{Path: filepath.Join("testdata", "secrets", name), Shown: filepath.Join("testdata", "secrets", name)}
	}
	password := beside("password")
	want := []Auth{
		{Kind: AuthBasic, Username: "reader", PasswordFile: password, In: InHeader, Name: "Authorization", Scheme: "Basic"},
		{Kind: AuthBearer, Token: "token-hunter2", In: InHeader, Name: "Authorization", Scheme: "Bearer"},
		{Kind: AuthAPIKey, Key: "4711", In: InQuery, Name: "k"},
		{Kind: AuthOAuth2, Grant: GrantClient, TokenURL: "https://login.example/token", ClientID: "tidemark", ClientSecret: "token-hunter2",
			Scopes: "read list", TokenParams: map[string]string{"audience": "https://api.example/"}, In: InHeader, Name: "Authorization", Scheme: "Bearer"},
		{Kind: AuthOAuth2, Grant: GrantRefresh, TokenURL: "https://login.example/token", ClientID: "tidemark",
			ClientSecretFile: beside("client"), ClientAuth: InBody, RefreshToken: "token-hunter2",
			StoreKey: "token-hunter2", Lifetime: 30 * time.Minute, In: InHeader, Name: "X-Access-Token", Scheme: "JWT"},
		{Kind: AuthBearer, TokenFile: beside("token"), In: InHeader, Name: "Authorization", Scheme: "Bearer"},
		{Kind: AuthAPIKey, KeyFile: beside("key"), In: InHeader, Name: "X-Key"},
		{Kind: AuthOAuth2, Grant: GrantRefresh, TokenURL: "https://login.example/token", ClientID: "tidemark",
			RefreshTokenFile: beside("refresh"), StoreKeyFile: beside("store"), In: InHeader, Name: "Authorization", Scheme: "Bearer"},
		{Kind: AuthSession, LoginURL: "https://api.example/login", LoginMethod: "POST", LoginType: "json",
			LoginBody: `{"username": "{username}", "password": "{password}"}`, Username: "reader", Password: "token-hunter2",
			TokenFrom: InBody, TokenName: "token", ExpiresPath: "meta.ttl", In: InHeader, Name: "Authorization", Scheme: "Bearer"},
		{Kind: AuthSession, LoginURL: "https://api.example/login", LoginMethod: "PUT", LoginType: "form", LoginBody: "user={username}&pw={password}",
			LoginHeaders: map[string]Secret{"X-Tenant": "42"}, Username: "reader", PasswordFile: password,
			TokenFrom: InCookie, TokenName: "sid", In: InCookie, Name: "sid"},
		{Kind: AuthBasic, Username: "key-hunter2", In: InHeader, Name: "Authorization", Scheme: "Basic"},
	}
	if len(c.Streams) != len(want) {
		t.Fatalf("%d streams, want %d", len(c.Streams), len(want))
	}
	for i, s := range c.Streams {
		if !reflect.DeepEqual(s.Auth, want[i]) {
			t.Errorf("%s:\ngot  %#v\nwant %#v", s.Name, s.Auth, want[i])
		}
	}
	first := c.Streams[0]
	tls := TLS{CAFile: File{"testdata/ca.pem", "testdata/ca.pem"}, CertFile: File{"/etc/tidemark/client.pem", "/etc/tidemark/client.pem"}, KeyFile: File{"testdata/keys/client.key", "testdata/keys/client.key"}}
	if tls.KeyFile.Shown = "${KEYS:-keys}/client.key"; first.TLS != tls {
		t.Errorf("tls: %+v, want %+v", first.TLS, tls)
	}
	if first.Proxy.Reveal() != "http://me:proxy-hunter2@proxy.example:3128" {
		t.Errorf("the proxy is %s", first.Proxy.Reveal())
	}
	if text := fmt.Sprintf("%v %+v %#v", c, c, c); strings.Contains(text, "hunter2") || strings.Contains(text, "4711") {
		t.Errorf("a secret is shown (P11): %s", text)
	}
}

// A mark does not depend on how one proves who asks: a credential that is renewed starts nothing anew.
func TestAuthIsNoPartOfTheFingerprint(t *testing.T) {
	plain := NewStream("x", "keyset", "https://api.example/")
	proving := plain
	proving.Auth = Auth{Kind: AuthAPIKey, Key: "sesame", In: InQuery, Name: "k"}
	if plain.Fingerprint() != proving.Fingerprint() {
		t.Error("the fingerprint follows the credentials")
	}
}
