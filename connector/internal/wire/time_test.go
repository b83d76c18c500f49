package wire

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tidemark/strategies"
)

// A date is remembered with its own midnight, whichever form of it came first.
func TestMicrosRemembersTheDate(t *testing.T) {
	for _, first := range []string{"2026-11-14T24:00:00Z", "2026-11-14T23:59:60Z"} {
		s := new(state)
		for _, text := range []string{first, "2026-11-14T01:02:03Z"} {
			micros, _, err := s.micros([]byte(text))
			want, _, wantErr := strategies.Micros([]byte(text))
			if err != nil || wantErr != nil || micros != want {
				t.Errorf("%s behind %s: %d, %v, want %d, %v", text, first, micros, err, want, wantErr)
			}
		}
	}
}

// TestMicros: the short way of reading timestamps gives what strategies.Micros gives,
// for good and for broken ones, whatever dates it remembers.
func TestMicros(t *testing.T) {
	dates := rapid.SampledFrom([]string{"2026-11-14", "2026-11-15", "2026-10-14", "1970-01-01", "0001-01-01", "9999-12-31", "2024-02-29", "2023-02-29", "2026-11-3a", "2026/11/14"})
	rapid.Check(t, func(t *rapid.T) {
		s := new(state)
		for range 8 {
			text := []byte(dates.Draw(t, "date") + rapid.StringMatching(`[T ][0-2][0-9]:[0-6][0-9]:[0-6][0-9](\.[0-9]{1,10})?(Z|z|\+01:00|)`).Draw(t, "time"))
			if rapid.IntRange(0, 3).Draw(t, "spoil") == 0 {
				text[rapid.IntRange(0, len(text)-1).Draw(t, "at")] = rapid.Byte().Draw(t, "byte")
			}
			micros, nanos, err := s.micros(text)
			wantMicros, wantNanos, wantErr := strategies.Micros(text)
			if (err != nil) != (wantErr != nil) || (err == nil && (micros != wantMicros || nanos != wantNanos)) {
				t.Fatalf("%q: %d %d %v, want %d %d %v", text, micros, nanos, err, wantMicros, wantNanos, wantErr)
			}
		}
	})
}

// TestStamps: a timestamp that is read the short way gives what the same text gives that has an escape in it, which is read
// the long way, whatever follows it.
func TestStamps(t *testing.T) {
	var plans []*Plan
	for _, logical := range []string{"timestamp-millis", "timestamp-micros", "timestamp-nanos", "local-timestamp-micros"} {
		plans = append(plans, mustCompile(t, rowOptions(recordOf(`{"type":"long","logicalType":"`+logical+`"}`))))
	}
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.SampledFrom(plans).Draw(t, "type")
		row := func(text string) string { return `{"id":"a","v":"` + text + `"}` }
		var texts, rows []string
		for range 8 {
			date := rapid.SampledFrom([]string{"2026-11-14", "1970-01-01", "0000-01-01", "9999-12-31", "2023-02-29"}).Draw(t, "date")
			text := date + rapid.StringMatching(`T[0-2][0-9]:[0-5][0-9]:[0-6][0-9](|\.[0-9]{3}|\.[0-9]{6}|\.[0-9]{1,9})(Z|Z|z|\+01:00|)`).Draw(t, "time")
			by := rapid.SampledFrom([]string{`\"`, "é", "x", "ZZ"}).Draw(t, "by")
			switch rapid.SampledFrom([]string{"", "within", "behind"}).Draw(t, "spoilt") {
			case "within":
				at := rapid.IntRange(1, len(text)).Draw(t, "at")
				text = text[:at] + by + text[at:]
			case "behind":
				text += by
			}
			texts = append(texts, text)
			rows = append(rows, row(date+"T00:00:00Z"), row(fmt.Sprintf(`\u%04x`, text[0])+text[1:]), row(text))
		}
		pg, err := p.Scan([]byte("[" + strings.Join(rows, ",") + "]"))
		if err != nil {
			t.Fatal(err, texts)
		}
		defer pg.Release()
		for i, text := range texts {
			want, got := pg.Rows[3*i+1], pg.Rows[3*i+2]
			if (got.Err != nil) != (want.Err != nil) {
				t.Fatalf("%q: %v, the long way %v", text, got.Err, want.Err)
			}
			if got.Err == nil && !bytes.Equal(got.Body, want.Body) {
				t.Fatalf("%q: %x, the long way %x", text, got.Body, want.Body)
			}
		}
	})
}
