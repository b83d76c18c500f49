package kit

import (
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Client returns a Kafka client of the test's own, which the caller closes. It asks again soon for a topic that was not
// there a moment ago: kgo waits 5 s by default, which most tests against a real broker would spend.
func Client(t testing.TB, brokers []string, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	cl, err := kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(brokers...), kgo.MetadataMinAge(50 * time.Millisecond), kgo.DisableClientMetrics()}, opts...)...)
	if err != nil {
		t.Fatalf("configuring a Kafka client: %v", err)
	}
	return cl
}
