//go:build container

package kit

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/modules/redpanda"
	"github.com/testcontainers/testcontainers-go/wait"
)

const containers = true

// RedpandaImage serves where TIDEMARK_TEST_REDPANDA is set, which says that it is on the
// machine or can be pulled; KafkaImage, which .ci/servers builds, everywhere else.
const (
	RedpandaImage = "redpandadata/redpanda:v26.2.3"
	KafkaImage    = "tidemark-test/kafka:4"
)

// One container serves all tests of a process; it goes with the process's reaper, or is
// removed by whoever started the engine.
var shared = sync.OnceValues(startContainer)

func defaultBrokers(t testing.TB) []string {
	t.Helper()
	brokers, err := shared()
	if err != nil {
		t.Skipf("no container with a broker: %v", err)
	}
	for _, b := range brokers {
		requireLoopback(t, b)
	}
	return brokers
}

func startContainer() ([]string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 4*time.Minute)
	defer cancel()
	if os.Getenv("TIDEMARK_TEST_REDPANDA") != "" {
		c, err := redpanda.Run(ctx, RedpandaImage)
		if err != nil {
			return nil, fmt.Errorf("starting %s: %w", RedpandaImage, err)
		}
		seed, err := c.KafkaSeedBroker(ctx)
		return []string{seed}, err
	}
	c, err := testcontainers.Run(ctx, KafkaImage,
		testcontainers.WithExposedPorts("9092/tcp"),
		testcontainers.WithEnv(map[string]string{"KAFKA_WAIT_ADVERTISED": "1"}),
	)
	if err != nil {
		return nil, fmt.Errorf("starting %s: %w", KafkaImage, err)
	}
	// The broker has to tell clients the published port, which is known only now.
	address, err := c.PortEndpoint(ctx, "9092/tcp", "")
	if err != nil {
		return nil, err
	}
	if err := c.CopyToContainer(ctx, []byte(address+"\n"), "/tmp/advertised", 0o644); err != nil {
		return nil, err
	}
	err = wait.ForLog("Kafka Server started").WithStartupTimeout(2*time.Minute).WaitUntilReady(ctx, c)
	return strings.Split(address, ","), err
}
