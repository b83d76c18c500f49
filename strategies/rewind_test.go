package strategies

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// A stream that begins anew goes by token where the API was seen not to sort: its first page may be in order by
// chance, and rows that it has not would never be asked for by value (P2).
func TestResetKeepsThatTheAPIDoesNotSort(t *testing.T) {
	s := mustNew(t, playgroundSpec(Keyset))
	c := fold(t, s, begin(t, s, Cursor{}), Page{Rows: seconds(t, 5, 4), Token: token("a")}).Next
	c = begin(t, s, c.Reset())
	wantQuery(t, s, fold(t, s, c, Page{Rows: seconds(t, 1, 7), Token: token("b")}).Next, "token=b")
}

// A rewound cursor asks from the place that was named, in the layout in which the API writes.
func TestRewound(t *testing.T) {
	now := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skip("no time zones here:", err)
	}
	local, err := ParseFormats([]string{"%d.%m.%Y %H:%M"}, zone)
	if err != nil {
		t.Fatal(err)
	}
	first := Spec{Strategy: Timestamp, FirstMark: "2026-01-01T00:00:00Z"}
	spans := Spec{Strategy: Window, MaxAge: 48 * time.Hour}
	for name, c := range map[string]struct {
		spec     Spec
		mark, to string
		want     string // the mark, or what the error says
	}{
		"as the API writes":        {Spec{Strategy: Keyset}, "2026-11-10T12:00:00.000Z", "2026-11-09T11:00:00.500Z", "2026-11-09T11:00:00.500Z"},
		"a date":                   {Spec{Strategy: Keyset}, "2026-11-10T12:00:00.000Z", "2026-11-09", "2026-11-09T00:00:00.000Z"},
		"another zone":             {Spec{Strategy: Offset}, "2026-11-10T12:00:00+0200", "2026-11-09T00:00:00Z", "2026-11-09T02:00:00+0200"},
		"finer than the API":       {Spec{Strategy: Feed}, "2026-11-10T12:00:00Z", "2026-11-09T00:00:00.9Z", "2026-11-09T00:00:00Z"},
		"seconds":                  {Spec{Strategy: Replay, Format: EpochSeconds}, "1794312000", "2026-11-09T00:00:00Z", "1794182400"},
		"a local layout":           {Spec{Strategy: Changes, Format: local}, "10.11.2026 12:00", "2026-11-09T00:00:00Z", "09.11.2026 01:00"},
		"the mark":                 {Spec{Strategy: Keyset}, "2026-11-10T12:00:00Z", "2026-11-10T12:00:00Z", "2026-11-10T12:00:00Z"},
		"a number":                 {Spec{Strategy: Keyset, Format: Integer}, "900", "17", "17"},
		"an id":                    {Spec{Strategy: StepSize, InitialID: 1}, "900", "17", "16"},
		"the first id":             {Spec{Strategy: StepSize, InitialID: 1}, "900", "1", "state reset"},
		"beyond the mark":          {Spec{Strategy: Keyset}, "2026-11-10T12:00:00Z", "2026-11-10T12:00:01Z", "behind the mark"},
		"no mark":                  {Spec{Strategy: Keyset}, "", "2026-11-10T12:00:01Z", "no mark"},
		"no value":                 {Spec{Strategy: Keyset}, "2026-11-10T12:00:00Z", "last week", "neither"},
		"no number":                {Spec{Strategy: Keyset, Format: Integer}, "900", "2026-11-09", "no cursor value"},
		"before the first mark":    {first, "2026-11-10T12:00:00Z", "2025-12-31T00:00:00Z", "initial_mark"},
		"all of it each time":      {Spec{Strategy: Snapshot}, "", "2026-11-09", "no mark to rewind"},
		"opaque":                   {Spec{Strategy: Keyset, Format: Opaque}, "abc", "abb", "opaque"},
		"older than the API gives": {spans, "2026-11-30T12:00:00Z", "2026-11-28T12:00:00Z", "max_age"},
		"not so old":               {spans, "2026-11-30T12:00:00Z", "2026-11-29T12:00:00Z", "2026-11-29T12:00:00Z"},
	} {
		t.Run(name, func(t *testing.T) {
			old := Cursor{Version: CursorVersion, Strategy: c.spec.Strategy, Mark: c.mark, Window: c.mark, Reached: c.mark, Filter: FilterStrict, Longest: 7, Sweep: &Sweep{},
				ReadBack: &ReadBack{}, Topic: &Topic{ID: "x"}}
			next, from, err := Rewound(c.spec, old, c.to, now)
			if err != nil {
				if !strings.Contains(err.Error(), c.want) {
					t.Errorf("got %v, want %q", err, c.want)
				}
				return
			}
			if next.Mark != c.want || next.Sweep != nil || next.Window != "" || next.Reached != "" || next.ReadBack != nil || next.Topic == nil ||
				next.Filter != FilterStrict || next.Longest != 7 {
				t.Errorf("got %+v", next)
			}
			if from != c.want && c.spec.Strategy != StepSize {
				t.Errorf("reads from %q", from)
			}
		})
	}
}

// Whatever is named, a rewound mark is no greater than it, and less than a granule smaller.
func TestLawRewound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		layout := rapid.SampledFrom([]string{time.RFC3339, "2006-01-02T15:04:05.000Z07:00", time.RFC3339Nano}).Draw(t, "layout")
		nanos := rapid.Int64Range(0, 1e18)
		mark := time.Unix(0, nanos.Draw(t, "mark")).UTC().Format(layout)
		named := time.Unix(0, nanos.Draw(t, "to")).UTC()
		to := named.Format(time.RFC3339Nano)
		next, _, err := Rewound(Spec{Strategy: Keyset}, Cursor{Version: 1, Strategy: Keyset, Mark: mark}, to, named)
		old, _ := time.Parse(time.RFC3339Nano, mark)
		if err != nil {
			if !named.After(old) {
				t.Fatal(err)
			}
			return
		}
		got, err := time.Parse(time.RFC3339Nano, next.Mark)
		if err != nil || got.After(named) || named.Sub(got) > time.Second || named.After(old) {
			t.Errorf("from %s to %s gives %s, %v", mark, to, next.Mark, err)
		}
	})
}
