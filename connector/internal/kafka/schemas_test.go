package kafka

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"

	"tidemark/connector/internal/kit"
	"tidemark/strategies"
)

// A schema goes with the next transaction that comes through, once, to where the stream's cursor
// lies, and is found by its fingerprint after partitions were added.
func TestBrokerKeepsSchema(t *testing.T) {
	t.Parallel()
	o := options(t)
	o.StatePartitions = 2
	for o.statePartition(2) == o.statePartition(5) {
		o.Stream = kit.Name("stream")
	}
	if text, err := func() (string, error) { open(t, newSink(t, o)); return o.Schema(t.Context(), "f") }(); err != nil || text != "" {
		t.Fatalf("before it is kept: %q, %v", text, err)
	}
	s := newSink(t, o)
	c := open(t, s)
	s.Keep("f", `"string"`)
	s.client.Close() // the transaction comes to nothing
	if _, err := s.Commit(t.Context(), nil, c); err == nil {
		t.Fatal("a closed client commits")
	}
	if text, err := o.Schema(t.Context(), "f"); err != nil || text != "" {
		t.Errorf("before the transaction came through: %q, %v", text, err)
	}
	c = open(t, s)
	mustCommit(t, s, nil, mustCommit(t, s, nil, c))
	read := func() (offsets []int64) {
		t.Helper()
		cl, err := o.client()
		if err != nil {
			t.Fatal(err)
		}
		defer cl.Close()
		found, err := o.lastCommitted(t.Context(), cl, map[int32]int64{o.statePartition(2): 0}, []string{SchemaKey("f")})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range found[SchemaKey("f")] {
			offsets = append(offsets, e.offset)
		}
		return offsets
	}
	first := read()
	if len(first) != 1 {
		t.Fatalf("the schema lies at %v of the cursor's partition", first)
	}
	mustCommit(t, s, nil, strategies.Cursor{Version: 1, Stream: o.Stream})
	if again := read(); again[0] != first[0] {
		t.Error("it is written again")
	}
	cl, err := o.client()
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	adm := kadm.NewClient(cl)
	if r, err := adm.UpdatePartitions(t.Context(), 5, o.StateTopic); err != nil || r.Error() != nil {
		t.Fatal(err, r.Error())
	}
	kit.Eventually(t, "the new partitions", func() bool {
		info, err := describe(t.Context(), adm, o.StateTopic)
		return err == nil && info.partitions == 5
	})
	if text, err := o.Schema(t.Context(), "f"); err != nil || text != `"string"` {
		t.Errorf("after partitions were added: %q, %v", text, err)
	}
	if !OfSchema(SchemaKey("f")) || OfSchema("schema.f") {
		t.Error("a stream's name is taken for a schema's key")
	}
}
