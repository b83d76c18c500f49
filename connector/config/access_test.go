package config

import (
	"reflect"
	"strings"
	"testing"
	"time"
)

// A section tls turns TLS on, an empty one too, and one that is not there does not. Flags name brokers as well
// as the file does.
func TestEmptyTLS(t *testing.T) {
	const stream = "\nstrategy: keyset\nbase_url: http://127.0.0.1/\n"
	for text, want := range map[string]bool{
		"kafka: {brokers: 'a:1', tls: {}}": true,
		"kafka: {brokers: 'a:1', tls: }":   true,
		"kafka: {brokers: 'a:1'}":          false,
		"tls: {}":                          false, // that of the stream
	} {
		if got := mustParse(t, "c.yaml", text+stream, Overrides{}).Kafka.Access.Encrypted; got != want {
			t.Errorf("%s: encrypted %v", text, got)
		}
	}
	c := mustParse(t, "c.yaml", "kafka: {tls: {}, sasl: {mechanism: plain, username: u, password_file: p}}"+stream, Overrides{Brokers: []string{"a:1"}})
	if s := c.Kafka.Access.SASL; s.Mechanism != SASLPlain || s.PasswordFile.Path != "p" || !c.Kafka.Access.Encrypted {
		t.Errorf("got %+v", c.Kafka.Access)
	}
	problems := problemsOf(t, "c.yaml", "kafka: {tls: {}}"+stream, Overrides{})
	if len(problems) != 1 || !strings.HasPrefix(problems.Error(), "c.yaml:1:14: kafka.tls: ") {
		t.Errorf("got %v", problems)
	}
}

// A token of the brokers, and a registry's certificate and token, are read as they are written.
func TestAccessKeys(t *testing.T) {
	c, err := parseFile(t, "testdata/access.yaml", Overrides{})
	if err != nil {
		t.Fatal(err)
	}
	want := SASL{Mechanism: SASLOAuth, Extensions: map[string]string{"logicalCluster": "lkc-1", "identityPoolId": "pool-1"},
		Token: Auth{Kind: AuthOAuth2, Grant: GrantClient, TokenURL: "https://login.example/token", ClientID: "tidemark",
			ClientSecretFile: File{"/run/secrets/client", "/run/secrets/client"}, ClientAuth: InHeader, Scopes: "kafka",
			TokenParams: map[string]string{"audience": "proxy-hunter2"}, Lifetime: 5 * time.Minute}}
	if got := c.Kafka.Access.SASL; !reflect.DeepEqual(got, want) {
		t.Errorf("got  %#v\nwant %#v", got, want)
	}
	registry := Registry{URL: "https://registry.example",
		TLS: TLS{CAFile: File{"testdata/ca.pem", "testdata/ca.pem"}, CertFile: File{"/etc/client.pem", "/etc/client.pem"},
			KeyFile: File{"/etc/client.key", "/etc/client.key"}, ServerName: "registry.internal"},
		Auth: Auth{Kind: AuthOAuth2, Grant: GrantClient, TokenURL: "https://login.example/token", ClientID: "tidemark", ClientSecret: "secret hunter2",
			In: InHeader, Name: "Authorization", Scheme: "Bearer"}}
	if !reflect.DeepEqual(c.SchemaRegistry, registry) {
		t.Errorf("got  %#v\nwant %#v", c.SchemaRegistry, registry)
	}
	for text, kind := range map[string]string{
		"username: me":                        AuthBasic,
		"username: '${NONE:-}'":               "", // as if it were not given
		"password_file: password":             AuthBasic,
		"auth: {kind: bearer, token_file: t}": AuthBearer,
	} {
		got := mustParse(t, "c.yaml", "schema_registry: {"+text+"}\nstrategy: keyset\nbase_url: http://127.0.0.1/\n", Overrides{}).SchemaRegistry.Auth.Kind
		if got != kind {
			t.Errorf("%s: kind %q, want %q", text, got, kind)
		}
	}
}
