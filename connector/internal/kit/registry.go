package kit

import (
	"net/http/httptest"
	"net/url"
	"os"
	"testing"

	"github.com/twmb/franz-go/pkg/sr/srfake"
)

// RegistryEnv names a schema registry to run the broker suite against; a URL on
// loopback.
const RegistryEnv = "TIDEMARK_TEST_REGISTRY"

// Registry returns the URL of a schema registry for the test.
func Registry(t testing.TB) string {
	t.Helper()
	if raw := os.Getenv(RegistryEnv); raw != "" {
		u, err := url.Parse(raw)
		if err != nil {
			t.Fatalf("%s: %v", RegistryEnv, err)
		}
		requireLoopback(t, u.Host)
		return raw
	}
	server := httptest.NewServer(srfake.New().Handler())
	t.Cleanup(server.Close)
	return server.URL
}
