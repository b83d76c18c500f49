package schemas_test

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"
)

// TestCursorsOfVersion1: the schema describes what version 1 has stored, by every strategy and pager, and no more.
func TestCursorsOfVersion1(t *testing.T) {
	stored, err := os.ReadFile("../strategies/testdata/cursors_v1_open.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(stored) {
		var step struct{ Cursor json.RawMessage }
		if err := json.Unmarshal(line, &step); err != nil {
			t.Fatal(err)
		}
		if err := checkCursor(t, step.Cursor); err != nil {
			t.Errorf("%s\n%v", step.Cursor, err)
		}
		var doc map[string]any
		if err := json.Unmarshal(step.Cursor, &doc); err != nil {
			t.Fatal(err)
		}
		sweep, _ := doc["sweep"].(map[string]any)
		sweep["slices"] = []any{map[string]any{}} // as version 2 has it
		mustRefuse(t, marshal(t, doc))
		delete(sweep, "slices")
		doc["version"] = 2
		sweep["after"] = "x" // and the other way round
		mustRefuse(t, marshal(t, doc))
	}
}
