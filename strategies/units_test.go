package strategies

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// The API compares whole seconds and writes microseconds: the row does not come again when asked
// from one microsecond before, and does from a second before.
func TestCoarseFilterIsFoundOut(t *testing.T) {
	day := 24 * 3600 * micro
	east := 13 * 3600 * micro // midnight is somewhere else
	for name, test := range map[string]struct {
		keeps  func(row, since Value) bool
		filter string
	}{
		"seconds":            {func(row, since Value) bool { return FloorDiv(row.N, micro)*micro >= since.N }, FilterCoarse},
		"minutes":            {func(row, since Value) bool { return FloorDiv(row.N, 60*micro)*60*micro >= since.N }, FilterMinutes},
		"minutes, strict":    {func(row, since Value) bool { return FloorDiv(row.N, 60*micro) > FloorDiv(since.N, 60*micro) }, FilterMinutes},
		"days":               {func(row, since Value) bool { return FloorDiv(row.N, day)*day >= since.N }, FilterDays},
		"days, strict":       {func(row, since Value) bool { return FloorDiv(row.N, day) > FloorDiv(since.N, day) }, FilterDays},
		"days there, strict": {func(row, since Value) bool { return FloorDiv(row.N+east, day) > FloorDiv(since.N+east, day) }, FilterDays},
	} {
		t.Run(name, func(t *testing.T) {
			eachByValue(t, func(t *testing.T, spec Spec) {
				api := &observing{spec: spec, cap: 4, keeps: test.keeps}
				if spec.PageSize > 0 {
					spec.PageSize = 4
				} else {
					api.cap = 0
				}
				s := mustNew(t, spec)
				for i := range 8 {
					api.rows = append(api.rows, rowsOf(t, RFC3339, fmt.Sprintf("k%d@2026-11-14T12:00:%02d.%06dZ", i, 1+i/2, 100_001+i%2))...)
				}
				c, warned, err := api.sweep(t, s, Cursor{})
				if spec.Strategy == Keyset && test.filter != FilterCoarse {
					if err == nil || !strings.Contains(err.Error(), "compares whole "+test.filter) {
						t.Fatalf("four rows a page of that unit: %v", err)
					}
					api.cap = 0
					if c, _, err = api.sweep(t, s, Cursor{}); err != nil || c.Filter != "" {
						t.Fatalf("a page that ends with no token shows nothing of the filter: %v, %q", err, c.Filter)
					}
					c, warned, err = api.sweep(t, s, c)
				}
				if err != nil || c.Filter != test.filter || strings.Count(warned, "it compares whole "+test.filter) != 1 && test.filter != FilterCoarse {
					t.Fatalf("%v, filter %q, said %q; asked %v", err, c.Filter, warned, api.asked)
				}
				// What comes later on the same day is read, and nothing said again.
				api.rows = append(api.rows, rowsOf(t, RFC3339, "late@2026-11-14T12:00:30.5Z")...)
				if c, warned, err = api.sweep(t, s, c); err != nil || warned != "" || c.Mark != "2026-11-14T12:00:30.5Z" {
					t.Fatalf("then: %v, said %q, %s", err, warned, show(c))
				}
			})
		})
	}
}

// A sweep that looks back is asked from far enough for filters of seconds, and no further: the
// mark's row, or one from before it, has to come all the same.
func TestCoarseFilterBehindALookback(t *testing.T) {
	day := 24 * 3600 * micro
	spec := playgroundSpec(Keyset)
	spec.FirstMark, spec.Lookback = "", 10*time.Second
	s := mustNew(t, spec)
	api := &observing{spec: spec, keeps: func(row, since Value) bool { return FloorDiv(row.N, day) > FloorDiv(since.N, day) }}
	api.rows = seconds(t, 1, 2, 3)
	c, _, err := api.sweep(t, s, Cursor{})
	if err != nil || c.Filter != "" {
		t.Fatalf("%v, filter %q: no value was asked from", err, c.Filter)
	}
	api.rows = append(api.rows, rowsOf(t, RFC3339, "late@"+at(30))...)
	c, warned, err := api.sweep(t, s, c)
	if err != nil || c.Filter != FilterDays || c.Mark != at(30) || !strings.Contains(warned, "whole days") {
		t.Errorf("%v, said %q, %s; asked %v", err, warned, show(c), api.asked)
	}

	api.keeps = func(row, since Value) bool { return row.Compare(since) >= 0 }
	for name, rows := range map[string][]Row{"its row": seconds(t, 9), "a row before it": seconds(t, 2), "a row behind it": seconds(t, 12)} {
		api.rows = rows
		c, warned, err = api.sweep(t, s, Cursor{Mark: at(9)})
		if want := map[bool]int{true: 1, false: 3}[name != "a row behind it"]; err != nil || warned != "" || len(api.asked) != want {
			t.Errorf("%s: %v, said %q, asked %v", name, err, warned, api.asked)
		}
	}
	if _, _, err = api.sweep(t, s, c); err != nil || len(api.asked) != 1 {
		t.Errorf("%v, it is asked for only once: %v", err, api.asked)
	}
}
