package kafka

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/internal/class"
)

// KeptSchema is the record of the state topic that keeps a schema under which records of
// an output topic were written, so that they can be read when the registry has lost it. The
// record's key is the schema's fingerprint; which ids the registry gave it, the streams'
// cursors say. It never changes: whoever writes it once more writes the same.
type KeptSchema struct {
	Version     int    `json:"version"`
	Fingerprint string `json:"fingerprint"`
	Schema      string `json:"schema"`
}

const keptVersion = 1

// SchemaKey is the key of a schema's record; as that of an owner's, it is no stream's name.
func SchemaKey(fingerprint string) string { return schemaPrefix + fingerprint }

const schemaPrefix = "schema:"

// OfSchema reports whether a key of the state topic is that of a schema's record.
func OfSchema(key string) bool { return strings.HasPrefix(key, schemaPrefix) }

// Keep adds a schema to the next transaction that comes through.
func (s *Sink) Keep(fingerprint, schema string) {
	if s.kept == nil {
		s.kept = make(map[string]string)
	}
	s.kept[fingerprint] = schema
}

// keeping makes the records of the schemas that the transaction in hand is to keep. They go
// where the stream's cursor goes: the transaction reaches no further for them.
func (s *Sink) keeping() error {
	s.keeps = s.keeps[:0]
	for fingerprint, schema := range s.kept {
		value, err := json.Marshal(KeptSchema{keptVersion, fingerprint, schema})
		if err != nil {
			return fmt.Errorf("writing the schema %s: %w", fingerprint, err)
		}
		s.keeps = append(s.keeps, kgo.Record{Topic: s.o.StateTopic, Key: []byte(SchemaKey(fingerprint)), Value: value})
	}
	return nil
}

// stateHome is the partition of the state topic where the sink's record goes.
func (o Options) stateHome(r *kgo.Record, partitions int) int32 {
	if OfSchema(string(r.Key)) {
		return o.statePartition(partitions)
	}
	return Home(r, partitions)
}

// Schema is the text of a schema that the state topic keeps; "" where it does not. It fences
// nobody.
func (o Options) Schema(ctx context.Context, fingerprint string) (string, error) {
	cl, done, err := o.looker()
	if err != nil {
		return "", err
	}
	defer done()
	state, err := o.describe(ctx, kadm.NewClient(cl), o.StateTopic)
	if err != nil {
		return "", class.Errorf(class.Broker, "reading the schema %s in the state topic: %w", fingerprint, err)
	}
	key := SchemaKey(fingerprint)
	own, others := o.statePartition(state.partitions), make(map[int32]int64)
	for p := range int32(state.partitions) {
		if p != own {
			others[p] = 0 // another stream's, or this one's before partitions were added
		}
	}
	for _, from := range []map[int32]int64{{own: 0}, others} {
		found, err := o.lastCommitted(ctx, cl, from, []string{key})
		if err != nil {
			return "", err
		}
		for _, e := range found[key] {
			var k KeptSchema
			if json.Unmarshal(e.value, &k) == nil && k.Schema != "" {
				return k.Schema, nil
			}
		}
	}
	return "", nil
}
