package connector

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"tidemark/connector/config"
	"tidemark/strategies"
)

// Cursor values of every format are read once, kept as the API writes them (rule 14) and asked for
// in their own layout, those of a list in the finest that was read; a second run adds nothing (P3), and what changes behind it is found (P2).
func TestBrokerCursorFormats(t *testing.T) {
	t.Parallel()
	const stamp = `{"type": "long", "logicalType": "timestamp-micros"}`
	for _, c := range []struct {
		name    string
		formats []string
		zone    string
		typ     string
		values  []string // in the order of their texts, by which the script filters
		next    string
		number  bool
		ask     string // what the third run asks from
	}{
		{name: "date", formats: []string{"date"}, typ: `{"type": "int", "logicalType": "date"}`,
			values: []string{"2026-03-01", "2026-03-01", "2026-03-29", "2026-04-01", "2026-04-01"}, next: "2026-04-02", ask: "2026-03-31"},
		{name: "layout", formats: []string{"%Y/%m/%d %H:%M:%S"}, zone: "Europe/Berlin", typ: stamp,
			values: []string{"2026/01/01 00:00:00", "2026/03/29 01:59:59", "2026/03/29 03:00:00", "2026/03/29 03:00:00", "2026/04/01 00:00:00"}, next: "2026/04/01 00:00:01",
			ask: "2026/03/31 22:59:50"}, // an hour and ten seconds before: clocks there are set back by one
		{name: "layout as text", formats: []string{"%Y-%b-%d"}, typ: `"string"`,
			values: []string{"2025-OCT-30", "2026-FEB-01", "2026-MAR-02", "2026-MAR-09"}, next: "2026-MAR-10", ask: "2026-MAR-08"},
		{name: "without a zone", formats: []string{"rfc3339"}, zone: "+05:30", typ: stamp,
			values: []string{"2026-01-01 00:00:00.5", "2026-01-01 00:00:00.75", "2026-01-01 05:30:00.00"}, next: "2026-01-01 05:30:00.01", ask: "2026-01-01 05:29:50.00"},
		{name: "epoch_micros", formats: []string{"epoch_micros"}, typ: `"long"`, number: true,
			values: []string{"1760000000000000", "1760000000000001", "1760000000000001"}, next: "1760000000000002", ask: "1759999990000001"},
		{name: "epoch_float", formats: []string{"epoch_float"}, typ: `"double"`, number: true,
			values: []string{"1760000000", "1760000000.5", "1760000000.625"}, next: "1760000000.626", ask: "1759999990.625"},
		{name: "list", formats: []string{"epoch_float", "%Y-%m-%d %H:%M", "rfc3339"}, zone: "UTC", typ: `"string"`,
			values: []string{"1760000000.5", "2026-01-01 00:00", "2026-01-01T00:00:30Z", "2026-01-02 00:00"}, next: "2026-01-03 00:00",
			ask: "1767311990.0"},
	} {
		for _, strategy := range []string{strategies.Keyset, strategies.Timestamp} {
			t.Run(c.name+" "+strategy, func(t *testing.T) {
				t.Parallel()
				row := func(i int, at, name string) doc {
					text := fmt.Sprintf("%q", at)
					if c.number {
						text = at
					}
					return doc{fmt.Sprint("k", i), at, fmt.Sprintf(`{"id": "k%d", "name": %q, "updatedAt": %s}`, i, name, text)}
				}
				s := &script{}
				for i, at := range c.values {
					s.put(row(i, at, "A"))
				}
				h, stream := scripted(t, strategy, s)
				configured := config.NewStream(stream.Name, strategy, stream.URL)
				stream.CursorFormat, stream.MoreFormats, stream.Zone = c.formats[0], c.formats[1:], c.zone
				stream.InitialMark, stream.Lookback = "", configured.Lookback
				if c.zone == "Europe/Berlin" {
					stream.Lookback += 3600e9
				}
				stream.Schema = strings.Replace(personSchema, stamp, c.typ, 1)
				h.mustOnce()
				h.mustOnce()
				if n := len(h.events(stream.Topic)); n != len(c.values) {
					t.Errorf("%d events of %d rows", n, len(c.values))
				}
				if mark, last := h.cursor(stream.Name).Mark, c.values[len(c.values)-1]; mark != last {
					t.Errorf("mark %q, want %q", mark, last)
				}
				s.set(row(0, c.next, "B"), row(len(c.values), c.next, "C"))
				s.requests()
				h.mustOnce()
				var asked []string
				s.do(func() {
					for _, q := range s.asked {
						asked = append(asked, q.Get(stream.Params.Since))
					}
				})
				format, err := stream.Format()
				if err != nil {
					t.Fatal(err)
				}
				ask, err := format.ParseString(c.ask)
				if err != nil {
					t.Fatal(err)
				}
				lower := format.Back(ask, format.Granule(ask)) // while nothing is known of the filter
				if !slices.Contains(asked, c.ask) && !slices.Contains(asked, lower) {
					t.Errorf("asked from %q, want %q or %q among them", asked, c.ask, lower)
				}
				if n := len(h.events(stream.Topic)); n != len(c.values)+2 {
					t.Errorf("%d events of %d rows, of which one has changed and one is new", n, len(c.values)+1)
				}
				if letters := h.letters(stream.Topic); len(letters) > 0 {
					t.Errorf("%d dead letters", len(letters))
				}
				if mark := h.cursor(stream.Name).Mark; mark != c.next {
					t.Errorf("mark %q, want %q", mark, c.next)
				}
			})
		}
	}
}
