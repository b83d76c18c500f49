package request

import (
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestFormats(t *testing.T) {
	for _, x := range []struct {
		format  string
		granule int64
		down    string
		up      string
	}{
		{"rfc3339", 1e6, "2026-11-14T20:02:39Z", "2026-11-14T20:02:40Z"},
		{"rfc3339_millis", 1e3, "2026-11-14T20:02:39.123Z", "2026-11-14T20:02:39.124Z"},
		{"rfc3339_micros", 1, "2026-11-14T20:02:39.123456Z", "2026-11-14T20:02:39.123456Z"},
		{"date", 86400e6, "2026-11-14", "2026-11-15"},
		{"epoch_seconds", 1e6, "1794686559", "1794686560"},
		{"epoch_millis", 1e3, "1794686559123", "1794686559124"},
		{"epoch_micros", 1, "1794686559123456", "1794686559123456"},
		{"%Y-%m-%d %H:%M:%S.%L", 1e3, "2026-11-14 20:02:39.123", "2026-11-14 20:02:39.124"},
		{"%Y%m%d%H%M%S%f%z", 1, "20261114200239123456+0000", "20261114200239123456+0000"},
		{"%a %d %b %Y %H:%M %Z 100%%", 60e6, "Sat 14 Nov 2026 20:02 UTC 100%", "Sat 14 Nov 2026 20:03 UTC 100%"},
		{"%FT%T", 1e6, "2026-11-14T20:02:39", "2026-11-14T20:02:40"},
		{"%Y.%j %H", 3600e6, "2026.318 20", "2026.318 21"},
		{"%s", 1e6, "1794686559", "1794686560"},
		{"at %s.%L", 1e3, "at 1794686559.123", "at 1794686559.124"},
		{"%Y-%m", 31 * 86400e6, "2026-11", "2026-12"},
		{"%Y", 366 * 86400e6, "2026", "2027"},
	} {
		f, wrong := ParseFormat(x.format)
		if wrong != "" {
			t.Errorf("%s: %s", x.format, wrong)
			continue
		}
		if down, up := f.Render(moment1), renderUp(f, moment1); f.Granule() != x.granule || down != x.down || up != x.up {
			t.Errorf("%s: %s, %s, granule %d", x.format, down, up, f.Granule())
		}
	}
}

// Times before 1970 are rounded down as well, and years that no API takes are clamped.
func TestFormatsAtTheEdges(t *testing.T) {
	for _, x := range []struct {
		format string
		micros int64
		want   string
	}{
		{"epoch_seconds", -1, "-1"}, {"epoch_millis", -1001, "-2"}, {"date", -1, "1969-12-31"}, {"%s", -1, "-1"},
		{"rfc3339", math.MinInt64, "0001-01-01T00:00:00Z"}, {"rfc3339_micros", math.MaxInt64, "9999-12-31T23:59:59.999999Z"},
		{"%Y-%m-%d", -62135596800e6 - 1, "0001-01-01"},
	} {
		f, _ := ParseFormat(x.format)
		if got := f.Render(x.micros); got != x.want {
			t.Errorf("%s of %d: %s, want %s", x.format, x.micros, got, x.want)
		}
	}
	for _, n := range named {
		for _, micros := range []int64{math.MinInt64, math.MaxInt64} {
			renderUp(n.format, micros) // and does not wrap
		}
		if up := renderUp(n.format, math.MaxInt64); up != n.format.Render(math.MaxInt64) {
			t.Errorf("%s: %s is behind the last time", n.name, up)
		}
	}
}

// Law (rule 27): the range that is written holds the one that was asked for, and begins and ends less
// than a granule outside of it. What is read back is package time's reading of the text.
func TestLawBounds(t *testing.T) {
	layouts := []struct{ format, layout string }{
		{"rfc3339", time.RFC3339}, {"rfc3339_millis", time.RFC3339Nano}, {"rfc3339_micros", time.RFC3339Nano}, {"date", time.DateOnly},
		{"%Y-%m-%d %H:%M", "2006-01-02 15:04"}, {"%Y%j%H%z", "200600215-0700"}, {"%FT%T.%f", "2006-01-02T15:04:05.000000"}, {"%b %Y", "Jan 2006"}, {"%Y", "2006"},
	}
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.SampledFrom(layouts).Draw(t, "format")
		f, _ := ParseFormat(x.format)
		micros := rapid.Int64Range(-62135596800e6+day+1, 253370764799e6).Draw(t, "micros") // from 0001-01-02, before which all is one time, to 9998
		if rapid.Bool().Draw(t, "whole day") {
			micros -= ((micros % day) + day) % day
		}
		read := func(s string) int64 {
			at, err := time.Parse(x.layout, s)
			if err != nil {
				t.Fatal(err)
			}
			return at.UnixMicro()
		}
		down, up := read(f.Render(micros)), read(renderUp(f, micros))
		if down > micros || micros-down >= f.Granule() {
			t.Fatalf("%d is written as %d, with a granule of %d", micros, down, f.Granule())
		}
		if up < micros || up-micros > f.Granule() || down == micros && up != micros {
			t.Fatalf("%d is written up as %d, with a granule of %d", micros, up, f.Granule())
		}
		if again := f.Render(down); again != f.Render(micros) {
			t.Fatalf("%s becomes %s", f.Render(micros), again)
		}
	})
}

// No format is named twice, and none has a letter that another has.
func TestFormatTables(t *testing.T) {
	seen := map[string]bool{}
	for _, n := range FormatNames() {
		if seen[n] || strings.ContainsAny(n, ":|{}%") {
			t.Errorf("%s cannot be written", n)
		}
		seen[n] = true
	}
	for i := range codes {
		if codeOf(codes[i].letter) != &codes[i] {
			t.Errorf("%%%c stands twice", codes[i].letter)
		}
	}
}
