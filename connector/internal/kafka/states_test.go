package kafka

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/internal/class"
)

func TestStates(t *testing.T) {
	defer func(d time.Duration) { lookPause = d }(lookPause)
	lookPause = time.Millisecond
	c := cluster(t, 4, "state")
	if got, _, err := at(c, "no-such-topic").States(t.Context()); err != nil || got != nil {
		t.Errorf("before the first run: %v, %v", got, err)
	}
	tx := producer(t, c, kgo.TransactionalID("tx"))
	begin := func() {
		t.Helper()
		if err := tx.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
	}
	cursor := func(stream, mark string, seq int) string {
		return fmt.Sprintf(`{"version":1,"stream":%q,"strategy":"keyset","fingerprint":"f","mark":%q,"seq":%d,"owner":"o"}`, stream, mark, seq)
	}
	begin()
	produce(t, tx, record("state", 1, "b", cursor("b", "old", 1)), record("state", 0, "a", cursor("a", "x", 1)), record("state", 2, "gone", cursor("gone", "x", 1)))
	produce(t, tx, record("state", 1, "b", cursor("b", "new", 2)), &kgo.Record{Topic: "state", Partition: 2, Key: []byte("gone")})
	produce(t, tx, record("state", 3, "later", `{"version":99,"stream":"later"}`), record("state", 3, "other", cursor("another", "x", 1)), record("state", 3, "torn", `{"version":1,`),
		record("state", 3, "strange", strings.Replace(cursor("strange", "x", 1), "mark", "colour", 1)))
	if err := tx.EndTransaction(t.Context(), kgo.TryCommit); err != nil {
		t.Fatal(err)
	}
	begin()
	produce(t, tx, record("state", 1, "b", cursor("b", "open", 3)))

	got, _, err := at(c, "state").States(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range got {
		names = append(names, s.Stream)
		offset, bad := map[string]int{"other": 1, "torn": 2, "strange": 3}[s.Stream]
		place := fmt.Sprintf("the cursor of stream %s in topic state, partition 3, offset %d: ", s.Stream, offset)
		if bad != (s.Err != nil) || bad && (class.Of(s.Err) != class.Broker || !strings.Contains(s.Err.Error(), place) || s.Cursor.Version != 0) {
			t.Errorf("%s: %+v, error %v", s.Stream, s.Cursor, s.Err)
		}
	}
	if want := []string{"a", "b", "later", "other", "strange", "torn"}; !slices.Equal(names, want) {
		t.Fatalf("got %q, want %q", names, want)
	}
	if b := got[1]; b.Cursor.Mark != "new" || b.Cursor.Seq != 2 || b.At.IsZero() {
		t.Errorf("got %+v", b)
	}
}

// Where partitions were added to the state topic, a stream has a live record in several: the
// greatest seq holds, whichever is read last. What says whose a topic is, is no state.
func TestStatesOfSeveralPartitions(t *testing.T) {
	c := cluster(t, 4, "state")
	tx := producer(t, c)
	cursor := func(seq int) string {
		return fmt.Sprintf(`{"version":1,"stream":"a","strategy":"keyset","fingerprint":"f","mark":"m%d","seq":%d,"owner":"o"}`, seq, seq)
	}
	produce(t, tx, record("state", 0, "a", cursor(3)), record("state", 1, "a", cursor(40)), record("state", 2, "a", cursor(21)), record("state", 3, "a", cursor(5)),
		record("state", 3, "topic:data", `{"version":1,"topic":"data","topic_id":"x","stream":"a","transactional_id":"t","seq":1,"state_partitions":4,"later":true}`))
	got, owners, err := at(c, "state").States(t.Context())
	if err != nil || len(got) != 1 || got[0].Cursor.Seq != 40 {
		t.Errorf("got %+v, %v; want the cursor with seq 40", got, err)
	}
	if owners["data"].Stream != "a" {
		t.Errorf("the owners are %+v", owners)
	}
}
