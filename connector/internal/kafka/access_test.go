package kafka

import (
	"crypto/tls"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"tidemark/connector/config"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/kit"
)

func fileAt(path string) config.File {
	return config.File{Path: path, Shown: "${DIR}/" + filepath.Base(path)}
}

func user(mechanism string, password config.Secret) config.SASL {
	return config.SASL{Mechanism: mechanism, Username: "user-hunter2", Password: password}
}

// Each way into a broker that the configuration knows lets in who has what it takes. Whoever has not is told
// what is wrong and what to do, is not taken for one whose error passes where something is to be proved, and is shown
// no secret.
func TestAccess(t *testing.T) {
	ca, other := kit.NewAuthority(t), kit.NewAuthority(t)
	_, _, mine := ca.Issue("127.0.0.1")
	_, _, elsewhere := ca.Issue("kafka.internal")
	cert, key, _ := ca.Issue()
	strange, strangeKey, _ := other.Issue()
	start := func(opts ...kfake.Opt) string { return kit.Fake(t, opts...).ListenAddrs()[0] }
	over := func(pair tls.Certificate, auth tls.ClientAuthType) kfake.Opt {
		return kfake.TLS(&tls.Config{Certificates: []tls.Certificate{pair}, ClientAuth: auth, ClientCAs: ca.Pool})
	}
	users := []kfake.Opt{kfake.EnableSASL(), kfake.Superuser("PLAIN", "user-hunter2", "pass-hunter2"),
		kfake.Superuser("SCRAM-SHA-256", "user-hunter2", "pass-hunter2"), kfake.Superuser("SCRAM-SHA-512", "user-hunter2", "pass-hunter2")}
	plaintext, encrypted := start(), start(over(mine, tls.NoClientCert))
	named, mutual := start(over(elsewhere, tls.NoClientCert)), start(over(mine, tls.RequireAndVerifyClientCert))
	guarded, both := start(users...), start(append(users, over(mine, tls.NoClientCert))...)

	trusting := config.Access{Encrypted: true, TLS: config.TLS{CAFile: fileAt(ca.File)}}
	with := func(a config.Access, change func(*config.Access)) config.Access {
		change(&a)
		return a
	}
	showing := func(cert, key string) config.Access {
		return with(trusting, func(a *config.Access) { a.TLS.CertFile, a.TLS.KeyFile = fileAt(cert), fileAt(key) })
	}
	proving := func(a config.Access, mechanism string, password config.Secret) config.Access {
		return with(a, func(a *config.Access) { a.SASL = user(mechanism, password) })
	}
	type attempt struct {
		name, broker string
		access       config.Access
		says         string // "": it is let in
	}
	cases := []attempt{
		{"plaintext", plaintext, config.Access{}, ""},
		{"TLS", encrypted, trusting, ""},
		{"an authority that is unknown", encrypted, config.Access{Encrypted: true}, "kafka.tls.ca_file"},
		{"another authority", encrypted, config.Access{Encrypted: true, TLS: config.TLS{CAFile: fileAt(other.File)}}, "kafka.tls.ca_file"},
		{"unverified", encrypted, config.Access{Encrypted: true, TLS: config.TLS{SkipVerify: true}}, ""},
		{"another name", named, trusting, "kafka.tls.server_name"},
		{"another name that is expected", named, with(trusting, func(a *config.Access) { a.TLS.ServerName = "kafka.internal" }), ""},
		{"a client certificate", mutual, showing(cert, key), ""},
		{"no client certificate", mutual, trusting, "kafka.tls.cert_file"},
		{"a client certificate of somebody else's", mutual, showing(strange, strangeKey), "kafka.tls.cert_file"},
		{"plaintext at a port with TLS", encrypted, config.Access{}, "TLS (kafka.tls)"},
		{"no password", guarded, config.Access{}, "a password (kafka.sasl)"},
		{"no password over TLS", both, trusting, "a password (kafka.sasl)"},
		{"a file that is gone", encrypted, config.Access{Encrypted: true, TLS: config.TLS{CAFile: fileAt(filepath.Join(t.TempDir(), "none.pem"))}},
			"reading kafka.tls.ca_file ${DIR}/none.pem: no such file"},
	}
	for _, mechanism := range []string{config.SASLPlain, config.SASLScram256, config.SASLScram512} {
		cases = append(cases,
			attempt{mechanism, guarded, proving(config.Access{}, mechanism, "pass-hunter2"), ""},
			attempt{mechanism + " over TLS", both, proving(trusting, mechanism, "pass-hunter2"), ""},
			attempt{mechanism + " with a wrong password", both, proving(trusting, mechanism, "wrong-hunter2"), "kafka.sasl.username"})
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			err := Options{Brokers: []string{c.broker}, Access: NewAccess(c.access)}.Ping(t.Context())
			if c.says == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if c.access.Open() { // a broker that restarts closes connections too
				if wantAccess(t, err, c.says); !Passing(err) {
					t.Errorf("%v does not pass", err)
				}
				return
			}
			wantRefused(t, err, c.says)
		})
	}
}

func wantRefused(t *testing.T, err error, says string) {
	t.Helper()
	if wantAccess(t, err, says); Passing(err) {
		t.Errorf("%v passes", err)
	}
}

func wantAccess(t *testing.T, err error, says string) {
	t.Helper()
	if class.Of(err) != class.Broker || !errors.As(err, new(*AccessError)) {
		t.Errorf("class %v: %v", class.Of(err), err)
	}
	if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("got %v, want %s", err, says)
	}
}

// A port without TLS that closes the connection, as Kafka does where it takes the client's greeting for
// the length of a request.
func TestTLSAtAPlaintextPort(t *testing.T) {
	err := Options{Brokers: []string{closing(t, nil)}, Access: NewAccess(config.Access{Encrypted: true})}.Ping(t.Context())
	wantRefused(t, err, "remove kafka.tls")
}

// closing is the address of a server that reads the first bytes of a connection, answers and closes it.
func closing(t *testing.T, answer []byte) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			head := make([]byte, 4)
			_, _ = io.ReadFull(conn, head)
			if len(answer) > 0 { // all of the request, or closing would take the answer back
				_, _ = io.CopyN(io.Discard, conn, int64(binary.BigEndian.Uint32(head)))
			}
			_, _ = conn.Write(answer)
			_ = conn.Close()
		}
	}()
	return l.Addr().String()
}

// Kafka answers a wrong password with an error and its own words, and says which mechanisms it has. Where its
// words hold what it was sent, that is not shown.
func TestWordsOfARefusal(t *testing.T) {
	c := kit.Fake(t, kfake.EnableSASL(), kfake.Superuser("PLAIN", "user-hunter2", "pass-hunter2"))
	o := Options{Brokers: c.ListenAddrs(), Access: NewAccess(config.Access{SASL: user(config.SASLPlain, "wrong-hunter2")})}
	c.ControlKey(int16(kmsg.SASLAuthenticate), func(req kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		resp := req.ResponseKind().(*kmsg.SASLAuthenticateResponse)
		resp.ErrorCode = kerr.SaslAuthenticationFailed.Code
		said := "no user-hunter2 with wrong-hunter2"
		resp.ErrorMessage = &said
		return resp, nil, true
	})
	err := o.Ping(t.Context())
	wantRefused(t, err, "no *** with ***: the broker does not take kafka.sasl.username with this password by PLAIN")
	if !errors.Is(err, kerr.SaslAuthenticationFailed) {
		t.Errorf("%v is not the broker's own error", err)
	}
	if err := o.explain(errors.Unwrap(err)); strings.Contains(err.Error(), "hunter2") {
		t.Errorf("shown in a commit's error: %v", err)
	}
	for code, says := range map[int16]string{
		kerr.UnsupportedSaslMechanism.Code: "kafka.sasl.mechanism plain: give another one",
		kerr.IllegalSaslState.Code:         "remove kafka.sasl",
	} {
		c.ControlKey(int16(kmsg.SASLHandshake), func(req kmsg.Request) (kmsg.Response, error, bool) {
			resp := req.ResponseKind().(*kmsg.SASLHandshakeResponse)
			resp.ErrorCode = code
			return resp, nil, true
		})
		wantRefused(t, o.Ping(t.Context()), says)
	}
}

// A port with TLS that answers plaintext by an alert, as Kafka does.
func TestPlaintextAtATLSPort(t *testing.T) {
	broker := closing(t, []byte{21, 3, 3, 0, 2, 2, 80})
	for _, a := range []config.Access{{}, {SASL: user(config.SASLPlain, "pass-hunter2")}} {
		wantRefused(t, Options{Brokers: []string{broker}, Access: NewAccess(a)}.Ping(t.Context()), "answers by a TLS alert: its port wants TLS: set kafka.tls")
	}
}

// A password's file is read for each connection, and one that is of no use is a mistake of the configuration
// before the first.
func TestPasswordFile(t *testing.T) {
	c := kit.Fake(t, kfake.EnableSASL(), kfake.Superuser("SCRAM-SHA-256", "user-hunter2", "pass-hunter2"))
	path := filepath.Join(t.TempDir(), "password")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	o := Options{Brokers: c.ListenAddrs(), Access: NewAccess(config.Access{SASL: config.SASL{
		Mechanism: config.SASLScram256, Username: "user-hunter2", PasswordFile: fileAt(path)}})}
	for says, text := range map[string]string{
		"kafka.sasl.password_file ${DIR}/password is empty": " \n",
		"has a line break":   "pass-hunter2\nhunter2",
		"longer than 64 KiB": strings.Repeat("hunter2", 10000),
	} {
		write(text)
		if err := o.Access.Usable(); class.Of(err) != class.Config || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("class %v: %v, want %s", class.Of(err), err, says)
		}
		wantRefused(t, o.Ping(t.Context()), says)
	}
	for _, step := range []struct{ text, says string }{
		{"wrong-hunter2\n", "kafka.sasl.username"}, {"pass-hunter2\n", ""}, {"wrong-hunter2\n", "kafka.sasl.username"},
	} {
		write(step.text)
		if err := o.Access.Usable(); err != nil {
			t.Error(err)
		}
		if err := o.Ping(t.Context()); step.says != "" {
			wantRefused(t, err, step.says)
		} else if err != nil {
			t.Error(err)
		}
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	wantRefused(t, o.Ping(t.Context()), "reading kafka.sasl.password_file ${DIR}/password: no such file")
}

// What the settings give up is said, and nothing else is.
func TestRisks(t *testing.T) {
	for says, a := range map[string]config.Access{
		"insecure_skip_verify": {Encrypted: true, TLS: config.TLS{SkipVerify: true}, SASL: user(config.SASLPlain, "p")},
		"without kafka.tls":    {SASL: user(config.SASLPlain, "p")},
	} {
		if got := Risks(a); len(got) != 1 || !strings.Contains(got[0], says) {
			t.Errorf("got %q, want %s", got, says)
		}
	}
	for _, a := range []config.Access{{}, {Encrypted: true}, {SASL: user(config.SASLScram256, "p")}, {Encrypted: true, SASL: user(config.SASLPlain, "p")}} {
		if got := Risks(a); len(got) > 0 {
			t.Errorf("got %q", got)
		}
	}
}
