package wire

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"tidemark/strategies"
)

// TestDrift: keys that the schema does not have, and fields that no row has, by name.
func TestDrift(t *testing.T) {
	p := mustCompile(t, rowOptions(`{"type":"record","name":"Row","fields":[{"name":"id","type":"string"},{"name":"at","type":["null","string"],"default":null},
		{"name":"v","type":["null","int"],"default":null},{"name":"in","type":["null",{"type":"record","name":"In","fields":[{"name":"a","type":["null","int"],"default":null}]}],"default":null},
		{"name":"never","type":"int","default":0}]}`))
	want := func(unknown, absent string) {
		t.Helper()
		got, more := p.Drift().Unknown()
		if strings.Join(got, " ") != unknown || more || strings.Join(p.Drift().Absent(), " ") != absent {
			t.Errorf("unknown %q, absent %q; want %q, %q", got, p.Drift().Absent(), unknown, absent)
		}
	}
	want("", "id at v in never")
	mustScan(t, p, `[{"id":"a","at":"1","w":1},{"id":"b","at":"1","w":1,"x":{"y":2}}]`, 2)
	want("w x", "v in never")
	mustScan(t, p, `[{"id":"a","at":"1","v":null,"in":{"b":1}},{"id":"b","at":"1","v":null,"in":{"b":1}}]`, 2)
	want("w x In.b", "never")
	mustScan(t, p, `[{"id":"a","at":"1","nev\u0065r":1}]`, 1)
	want("w x In.b", "")
}

// A row's keys may be data. What is kept of them is bounded (P10).
func TestDriftIsBounded(t *testing.T) {
	p := mustCompile(t, rowOptions(recordOf(`"int"`)))
	var b strings.Builder
	for i := range 3 * maxStrange {
		fmt.Fprintf(&b, `,{"id":"a","v":1,"at":"1","key%d":1}`, i)
	}
	mustScan(t, p, "["+b.String()[1:]+"]", 3*maxStrange)
	got, more := p.Drift().Unknown()
	if len(got) != maxStrange || !more || !slices.Contains(got, "key99") {
		t.Errorf("%d keys, more %v", len(got), more)
	}
}

// What the deleted mark is read from is no unknown key.
func TestDriftKnowsTheMark(t *testing.T) {
	p := mustCompile(t, Options{Schema: recordOf(`"int"`), IDField: "id", CursorField: "at", Format: strategies.Opaque, DeletedField: "gone", DeletedValue: "true"})
	mustScan(t, p, `[{"id":"a","v":1,"at":"1","gone":false}]`, 1)
	if got, _ := p.Drift().Unknown(); len(got) != 0 {
		t.Errorf("unknown: %q", got)
	}
}
