package config

import (
	"fmt"
	"strings"
	"testing"
)

// A worker may have ten thousand streams, and its file be written by a program.
func TestManyStreams(t *testing.T) {
	const n = 10_000
	var yaml, json strings.Builder
	yaml.WriteString("streams:\n")
	json.WriteString(`{"streams": [`)
	for i := range n {
		fmt.Fprintf(&yaml, "  - name: table_%d\n    url: https://api.example.com/v2/tables/%d\n    strategy: keyset\n    topic: tables.table_%d\n"+
			"    cursor_field: modified_at\n    headers: {Authorization: Bearer token}\n    params:\n      since: modified_since\n      token: page_token\n", i, i, i)
		if i > 0 {
			json.WriteByte(',')
		}
		fmt.Fprintf(&json, `{"name": "table_%d", "url": "https://api.example.com/v2/tables/%d", "strategy": "keyset", "topic": "tables.table_%d", "cursor_field": "modified_at"}`, i, i, i)
	}
	json.WriteString("]}")
	for name, text := range map[string]string{"c.yaml": yaml.String(), "c.json": json.String()} {
		c, err := Parse(name, []byte(text), nil, Overrides{})
		if err != nil {
			t.Fatalf("%s of %d bytes: %v", name, len(text), err)
		}
		if last := c.Streams[len(c.Streams)-1]; len(c.Streams) != n || last.Topic != "tables.table_9999" || last.CursorField != "modified_at" {
			t.Errorf("%s: %d streams, the last %+v", name, len(c.Streams), last)
		}
	}
}
