package kafka

import (
	"strings"
	"testing"

	"tidemark/connector/internal/class"
)

// A topic that cannot have so many replicas is refused with the setting's name.
func TestBrokerReplication(t *testing.T) {
	o := options(t)
	o.Replication = 99
	_, err := newSink(t, o).Open(t.Context())
	if class.Of(err) != class.Broker || !strings.Contains(err.Error(), "kafka.replication is 99") || !strings.Contains(err.Error(), o.StateTopic) {
		t.Errorf("got %v", err)
	}
}
