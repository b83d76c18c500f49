package rest

import (
	"testing"
	"time"
)

func TestClock(t *testing.T) {
	var c clock
	first := time.Date(2026, 11, 14, 12, 0, 1, 0, time.UTC)
	for _, tc := range []struct {
		text string
		want time.Time
	}{
		{"Sat, 14 Nov 2026 12:00:01 GMT", first},
		{"Sat, 14 Nov 2026 12:00:01 GMT", first},
		{"Sat, 14 Nov 2026 12:00:02 GMT", first.Add(time.Second)},
		{"", time.Time{}},
		{"half past twelve", time.Time{}},
		{"Saturday, 14-Nov-26 12:00:01 GMT", first},
	} {
		if got := c.read(tc.text); !got.Equal(tc.want) {
			t.Errorf("%q: %v, want %v", tc.text, got, tc.want)
		}
	}
	if n := testing.AllocsPerRun(100, func() { c.read("Saturday, 14-Nov-26 12:00:01 GMT") }); n > 0 {
		t.Errorf("%v allocations for the same text as before", n)
	}
}
