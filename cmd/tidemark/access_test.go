package main

import (
	"crypto/tls"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"

	"tidemark/connector/playground"
	"tidemark/strategies"
)

// The commands take what lets them into a broker from the configuration: an authority beside it, a password in
// a file beside it. A password that was changed is an error of the broker, and no command shows one.
func TestAccess(t *testing.T) {
	t.Parallel()
	w := newWorld(t, playground.Options{Users: 20})
	trusted := httptest.NewTLSServer(http.NotFoundHandler()) // it has a certificate for this machine
	t.Cleanup(trusted.Close)
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.DefaultNumPartitions(1), kfake.EnableSASL(),
		kfake.Superuser("SCRAM-SHA-512", "user-hunter2", "pass-hunter2"), kfake.TLS(&tls.Config{Certificates: trusted.TLS.Certificates}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	file := write(t, "c.yaml", fmt.Sprintf(`
kafka:
  brokers: %s
  tls: {ca_file: ca.pem}
  sasl: {mechanism: scram-sha-512, username: "${BROKER_USER}", password_file: password}
schema_registry: {url: "%s"}
strategy: keyset
base_url: "%s"
`, c.ListenAddrs()[0], w.registry, w.api+demoPaths[strategies.Keyset]))
	beside := func(name string, text []byte) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(filepath.Dir(file), name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	beside("ca.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: trusted.Certificate().Raw}))
	run := func(code int, line string) *process {
		t.Helper()
		p := startWith(t, []string{"BROKER_USER=user-hunter2"}, args(strings.Fields(line), "-c", file)...).exits(code)
		if all := p.out.String() + p.err.String(); strings.Contains(all, "hunter2") {
			t.Errorf("tidemark %s shows a secret: %s", line, all)
		}
		return p
	}
	beside("password", []byte("pass-hunter2\n"))
	run(0, "run --once")
	if n := len(lines(t, run(0, "tail user --from-beginning").out.String())); n != 20 {
		t.Errorf("%d records, want 20", n)
	}
	has(t, "the state", run(0, "state show").out.String(), "user", "keyset")
	run(0, "check")
	run(0, "state claim --stream user")

	beside("password", []byte("wrong-hunter2\n"))
	for _, line := range []string{"run --once", "run --wait=false", "tail user", "state show", "check", "state claim --stream user"} {
		p := run(4, line)
		has(t, line, p.out.String()+p.err.String(), "connecting to Kafka at "+c.ListenAddrs()[0], "kafka.sasl.username", "SCRAM-SHA-512")
	}
	beside("password", nil)
	for _, line := range []string{"run --once", "tail user", "state show", "check"} {
		p := run(2, line)
		has(t, line, p.out.String()+p.err.String(), "kafka.sasl.password_file", "is empty")
	}
}
