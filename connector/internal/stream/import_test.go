package stream

import (
	"strings"
	"testing"

	"tidemark/connector/config"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/kafka"
	"tidemark/strategies"
)

// What the stored cursor knows of the topic holds, whatever an export says: where keys go, what schema ids mean, and that records
// were lost since. With Copied another topic is taken, with what the export says of it.
func TestOnto(t *testing.T) {
	t.Parallel()
	s := config.NewStream("users", strategies.Keyset, "http://127.0.0.1/")
	fresh, err := Adopt(strategies.Cursor{}, s)
	if err != nil {
		t.Fatal(err)
	}
	cursor := func(seq int64, mark, topic string, partitions, id int) strategies.Cursor {
		c := fresh
		c.Seq, c.Mark, c.Schemas = seq, mark, []strategies.Schema{{ID: id, Fingerprint: "f"}}
		c.Topic = &strategies.Topic{ID: topic, Partitions: partitions, Starts: make([]int64, partitions), Ends: make([]int64, partitions)}
		c.ReadBack = &strategies.ReadBack{TopicID: topic, Offsets: make([]int64, partitions)}
		return c
	}
	found := kafka.Found{ID: "t", Starts: []int64{0, 0}, Ends: []int64{9, 9}}
	stored := cursor(8, "b", "t", 2, 2)
	healed, renamed, moving := stored, cursor(5, "a", "t", 1, 1), cursor(5, "a", "t", 1, 1)
	healed.LostAt, renamed.Stream, moving.Topic.Moving = 5, "orders", true
	for name, c := range map[string]struct {
		from    strategies.Cursor
		stored  strategies.Cursor
		found   kafka.Found
		copied  bool
		refused string // "": it is not
		spread  int
		id      int // of its schema
	}{
		"an earlier one":            {cursor(5, "a", "t", 1, 1), stored, found, false, "", 2, 2},
		"onto nothing":              {cursor(5, "a", "t", 2, 1), fresh, found, false, "", 2, 1},
		"before a loss":             {cursor(5, "a", "t", 2, 1), healed, found, false, "lost records since", 0, 0},
		"behind a loss":             {cursor(6, "a", "t", 2, 1), healed, found, false, "", 2, 2},
		"of another topic":          {cursor(5, "a", "elsewhere", 2, 1), stored, found, false, "made anew", 0, 0},
		"of a topic that it copies": {cursor(5, "a", "elsewhere", 1, 1), stored, found, true, "", 2, 1},
		"of a longer topic":         {cursor(5, "a", "t", 3, 1), stored, found, false, "3 partitions", 0, 0},
		"of no topic any more":      {cursor(5, "a", "t", 2, 1), stored, kafka.Found{Missing: true}, false, "does not exist", 0, 0},
		"of another stream":         {renamed, stored, found, true, `"orders"`, 0, 0},
		"on the move":               {moving, stored, found, true, "repartition", 0, 0},
	} {
		i := Imported{Cursor: c.from, Copied: c.copied}
		got, err := i.Onto(c.stored, c.found, s)
		switch {
		case c.refused != "":
			if class.Of(err) != class.Config || !strings.Contains(err.Error(), c.refused) {
				t.Errorf("%s: %v", name, err)
			}
		case err != nil:
			t.Errorf("%s: %v", name, err)
		case got.Mark != "a" || got.LostAt != c.stored.LostAt || kafka.Spread(got, c.found) != c.spread || got.Schemas[0].ID != c.id || (got.ReadBack == nil) != c.copied:
			t.Errorf("%s: it is %+v, its topic %+v", name, got, got.Topic)
		}
	}
}
