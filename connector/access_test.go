package connector

import (
	"crypto/tls"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"

	"tidemark/connector/config"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/kit"
	"tidemark/connector/playground"
	"tidemark/strategies"
)

// Every client of a worker is let in by each mechanism, over TLS with a certificate of its own: sinks, those who
// read their topics back, and those who look at them for people. A second sweep writes nothing.
func TestAccessOfAllClients(t *testing.T) {
	t.Parallel()
	ca := kit.NewAuthority(t)
	_, _, server := ca.Issue("127.0.0.1")
	cert, key, _ := ca.Issue()
	for mechanism, kafkas := range map[string]string{config.SASLPlain: "PLAIN", config.SASLScram256: "SCRAM-SHA-256", config.SASLScram512: "SCRAM-SHA-512"} {
		t.Run(mechanism, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, playground.Options{Users: 30})
			h.cfg.Kafka.Brokers = kit.Fake(t, kfake.EnableSASL(), kfake.Superuser(kafkas, "user-hunter2", "pass-hunter2"),
				kfake.TLS(&tls.Config{Certificates: []tls.Certificate{server}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: ca.Pool})).ListenAddrs()
			text := fmt.Sprintf("kafka:\n  brokers: x:1\n  tls: {ca_file: %q, cert_file: %q, key_file: %q}\n"+
				"  sasl: {mechanism: %s, username: user-hunter2, password: \"${PASSWORD}\"}\nstrategy: keyset\nbase_url: http://127.0.0.1/\n", ca.File, cert, key, mechanism)
			c, err := config.Parse(filepath.Join(t.TempDir(), "c.yaml"), []byte(text),
				func(name string) (string, bool) { return "pass-hunter2", name == "PASSWORD" }, config.Overrides{})
			if err != nil {
				t.Fatal(err)
			}
			h.cfg.Kafka.Access = c.Kafka.Access
			s := h.add(strategies.Keyset)
			s.ReconcileInterval = 0 // it reads the topic in full
			for range 2 {
				h.mustOnce()
				var out strings.Builder
				err := Tail(t.Context(), TailOptions{Topic: s.Topic, Brokers: h.cfg.Kafka.Brokers, Access: h.cfg.Kafka.Access, Registry: h.cfg.SchemaRegistry}, &out)
				if n := strings.Count(out.String(), "\n"); err != nil || n != 30 {
					t.Fatalf("%d lines, want 30: %v", n, err)
				}
			}
			if states, err := States(t.Context(), h.cfg, LocalOptions{}); err != nil || !states[0].Found {
				t.Errorf("the state: %+v, %v", states, err)
			}
			if err := Claim(t.Context(), h.cfg, s.Name, h.logger(), LocalOptions{}); err != nil {
				t.Error(err)
			}
			var found strings.Builder
			if err := Check(t.Context(), h.cfg, &found); err != nil {
				t.Errorf("%v\n%s", err, &found)
			}

			h.cfg.Kafka.Access.SASL.Password = "wrong-hunter2"
			for what, err := range map[string]error{
				"a sweep": h.once(),
				"check":   Check(t.Context(), h.cfg, &found),
				"claim":   Claim(t.Context(), h.cfg, s.Name, h.logger(), LocalOptions{}),
				"tail":    Tail(t.Context(), TailOptions{Topic: s.Topic, Brokers: h.cfg.Kafka.Brokers, Access: h.cfg.Kafka.Access}, &found),
			} {
				if class.Of(err) != class.Broker || !strings.Contains(err.Error(), "kafka.sasl.username") {
					t.Errorf("%s with a wrong password: class %v: %v", what, class.Of(err), err)
				}
				if all := fmt.Sprintf("%v %s %s %+v", err, &found, &h.logs, h.cfg); strings.Contains(all, "hunter2") {
					t.Errorf("a secret is shown by %s (P11)", what)
				}
			}
			h.cfg.Kafka.Access.TLS.CAFile.Path += ".gone"
			if _, err := New(h.cfg, Options{Once: true}); class.Of(err) != class.Config || !strings.Contains(err.Error(), "reading kafka.tls.ca_file") {
				t.Errorf("without the authority's file: %v", err)
			}
		})
	}
}

// What the settings give up is said once at a start, and by a check.
func TestRisksAreSaid(t *testing.T) {
	t.Parallel()
	ca := kit.NewAuthority(t)
	_, _, server := ca.Issue("kafka.internal")
	h := newHouse(t, playground.Options{Users: 5})
	h.cfg.Kafka.Brokers = kit.Fake(t, kfake.TLS(&tls.Config{Certificates: []tls.Certificate{server}})).ListenAddrs()
	h.cfg.Kafka.Access = config.Access{Encrypted: true, TLS: config.TLS{SkipVerify: true}}
	h.add(strategies.Keyset)
	h.add(strategies.Offset)
	h.mustOnce()
	if n := h.logs.count("NO BROKER'S CERTIFICATE IS VERIFIED"); n != 1 || h.logs.warned() < 1 {
		t.Errorf("said %d times", n)
	}
	var found strings.Builder
	if err := Check(t.Context(), h.cfg, &found); err != nil || strings.Count(found.String(), "WARN kafka: kafka.tls.insecure_skip_verify") != 1 {
		t.Errorf("%v\n%s", err, &found)
	}
}
