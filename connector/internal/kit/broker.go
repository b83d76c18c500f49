package kit

import (
	"crypto/rand"
	"net"
	"os"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"
)

// BrokersEnv names brokers to run the broker suite against; host:port,… on loopback.
const BrokersEnv = "TIDEMARK_TEST_BROKERS"

// Brokers returns the addresses of a broker for the test.
func Brokers(t testing.TB) []string {
	t.Helper()
	if list := os.Getenv(BrokersEnv); list != "" {
		brokers := strings.Split(list, ",")
		for _, b := range brokers {
			requireLoopback(t, b)
		}
		return brokers
	}
	return defaultBrokers(t)
}

// Real reports whether Brokers hands out something else than kfake.
func Real() bool { return os.Getenv(BrokersEnv) != "" || containers }

// Fake starts kfake for the test.
func Fake(t testing.TB, opts ...kfake.Opt) *kfake.Cluster {
	t.Helper()
	c, err := kfake.NewCluster(append([]kfake.Opt{kfake.NumBrokers(1), kfake.DefaultNumPartitions(1)}, opts...)...)
	if err != nil {
		t.Fatalf("starting kfake: %v", err)
	}
	t.Cleanup(c.Close)
	return c
}

// Name makes a topic or stream name that no other test, and no earlier run against the
// same broker, has used.
func Name(prefix string) string { return prefix + "-" + strings.ToLower(rand.Text()[:10]) }

// requireLoopback refuses to test against another machine.
func requireLoopback(t testing.TB, address string) {
	t.Helper()
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatalf("broker address %q: %v", address, err)
	}
	if host == "localhost" {
		return
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		t.Fatalf("broker address %q is not on loopback; tests talk to this machine only", address)
	}
}
