package value

import (
	"strings"
	"testing"
	"time"
)

// micros is the reading of an RFC 3339 text by the standard library.
func micros(t *testing.T, text string) int64 {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		t.Fatal(err)
	}
	return at.UnixMicro()
}

func TestRead(t *testing.T) {
	for _, tc := range []struct {
		names, zone, text, same string
		sub                     uint16
	}{
		{"date", "", "2026-11-29", "2026-11-29T00:00:00Z", 0},
		{"date", "Europe/Berlin", "2026-11-29", "2026-11-28T23:00:00Z", 0},
		{"date", "America/Santiago", "2026-09-06", "2026-09-06T04:00:00Z", 0}, // its midnight is skipped
		{"rfc3339", "Europe/Berlin", "2026-07-01 12:00:00", "2026-07-01T10:00:00Z", 0},
		{"rfc3339", "Europe/Berlin", "2026-07-01", "2026-06-30T22:00:00Z", 0},
		{"rfc3339", "Europe/Berlin", "2026-07-01T12:00:00Z", "2026-07-01T12:00:00Z", 0},
		{"rfc3339", "Europe/Berlin", "2026-07-01 12:00:00 UTC", "2026-07-01T12:00:00Z", 0},
		{"rfc3339", "Europe/Berlin", "2026-07-01T12:00:00.5-01:00", "2026-07-01T13:00:00.5Z", 0},
		{"rfc3339", "Europe/Berlin", "2026-03-29T02:30:00", "2026-03-29T01:00:00Z", 0}, // skipped: the moment at which it is
		{"rfc3339", "Europe/Berlin", "2026-10-25T02:30:00", "2026-10-25T00:30:00Z", 0}, // shown twice: the first time
		{"rfc3339", "+05:30", "2026-07-01 12:00:00.123456789", "2026-07-01T06:30:00.123456Z", 789},
		{"epoch_micros", "", "1764374400000001", "2025-11-29T00:00:00.000001Z", 0},
		{"epoch_micros", "", "1.7e15", "2023-11-14T22:13:20Z", 0},
		{"epoch_float", "", "1764374400", "2025-11-29T00:00:00Z", 0},
		{"epoch_float", "", "1764374400.5", "2025-11-29T00:00:00.5Z", 0},
		{"epoch_float", "", "1764374400.1234567891", "2025-11-29T00:00:00.123456Z", 789},
		{"epoch_float", "", "17643744e2", "2025-11-29T00:00:00Z", 0},
		{"epoch_float", "", "1.7643744005E+9", "2025-11-29T00:00:00.5Z", 0},
		{"epoch_float", "", "-0.5", "1969-12-31T23:59:59.5Z", 0},
		{"epoch_float", "", "-0.0000001", "1969-12-31T23:59:59.999999Z", 900},
		{"epoch_float", "", "-0.0000000001", "1969-12-31T23:59:59.999999Z", 999},
		{"epoch_float", "", "-1e-6", "1969-12-31T23:59:59.999999Z", 0},
		{"epoch_float", "", "5e-400", "1970-01-01T00:00:00Z", 0},
		{"%Y-%m-%dT%H:%M:%SZ", "", "2026-11-29T20:02:39Z", "2026-11-29T20:02:39Z", 0},
		{"%Y-%m-%dT%H:%M:%S.000+02:00", "", "2026-11-29T20:02:39.000+02:00", "2026-11-29T18:02:39Z", 0},
		{"%FT%T%z", "", "2026-11-29T20:02:39+0530", "2026-11-29T14:32:39Z", 0},
		{"%FT%T%z", "", "2026-11-29T20:02:39-05:30", "2026-11-30T01:32:39Z", 0},
		{"%FT%T%z", "", "2026-11-29T20:02:39Z", "2026-11-29T20:02:39Z", 0},
		{"%FT%T%z", "", "2026-11-29T20:02:39+01", "2026-11-29T19:02:39Z", 0},
		{"%F %T %Z", "", "2026-11-29 20:02:39 GMT", "2026-11-29T20:02:39Z", 0},
		{"%F %T", "Europe/Berlin", "2026-11-29 20:02:39", "2026-11-29T19:02:39Z", 0},
		{"%d-%b-%y %I.%M.%S.%f %p", "UTC", "29-NOV-26 08.02.39.123456789 pm", "2026-11-29T20:02:39.123456Z", 789},
		{"%d %B %Y %I %p", "UTC", "01 may 2026 12 AM", "2026-05-01T00:00:00Z", 0},
		{"%d %B %Y %I %p", "UTC", "01 May 2026 12 PM", "2026-05-01T12:00:00Z", 0},
		{"%y%m%d", "", "690101", "1969-01-01T00:00:00Z", 0},
		{"%y%m%d", "", "681231", "2068-12-31T00:00:00Z", 0},
		{"%Y-%j", "", "2024-366", "2024-12-31T00:00:00Z", 0},
		{"%e.%-m.%Y", "", " 9.1.2026", "2026-01-09T00:00:00Z", 0},
		{"%-d.%-m.%Y", "", "29.11.2026", "2026-11-29T00:00:00Z", 0},
		{"%m/%Y", "", "11/2026", "2026-11-01T00:00:00Z", 0},
		{"100%%%Y", "", "100%2026", "2026-01-01T00:00:00Z", 0},
		{"%s", "", "-1", "1969-12-31T23:59:59Z", 0},
		{"%Y-%m-%d %H:%M:%S", "UTC", "2016-12-31 23:59:60", "2017-01-01T00:00:00Z", 0},
		// A list: the first that fits.
		{"rfc3339|epoch_millis", "", "1764374400000", "2025-11-29T00:00:00Z", 0},
		{"rfc3339|epoch_millis", "", "2025-11-29T00:00:00Z", "2025-11-29T00:00:00Z", 0},
		{"%d/%m/%Y|%m/%d/%Y", "", "05/06/2026", "2026-06-05T00:00:00Z", 0},
		{"%d/%m/%Y|%m/%d/%Y", "", "05/26/2026", "2026-05-26T00:00:00Z", 0},
		{"epoch_seconds|epoch_float", "", "1764374400.5", "2025-11-29T00:00:00.5Z", 0},
	} {
		f, _ := sample{names: tc.names, zone: tc.zone}.make(t)
		at, err := f.Read([]byte(tc.text))
		if want := micros(t, tc.same); err != nil || at.N != want || at.Sub != tc.sub {
			t.Errorf("%s %s %q: %+v, %v, want %d and %d", tc.names, tc.zone, tc.text, at, err, want, tc.sub)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	for _, tc := range []struct {
		names string
		bad   []string
		says  string
	}{
		{"date", []string{"", "2026-11-9", "2026-02-30", "2026-11-29T00:00:00Z", "20261129", "2026/11/29"}, "is not a date like 2006-01-02"},
		{"epoch_micros", []string{"", "1.5", "9223372036854775808", "x"}, "is not a whole number of 64 bits"},
		{"epoch_float", []string{"", "-", ".5", "1.", "1e", "1.5.5", "+1", "0x10", " 1", "1_0", "NaN", "1e500", "1/2", "--1", "1.-5"}, "is not a number of seconds"},
		{"epoch_float", []string{"9223372036854.775808", "-9223372036854.7758075", "1e300"}, "is out of range"},
		{"%Y-%m-%d", []string{"", "2026", "2026-11-2", "2026-11-299", "2026-11-29 ", "2026-1-029", "0000-01-01", "2026-13-01", "2026-02-29", "２026-11-29"}, "is not like %Y-%m-%d: "},
		{"%F %I:%M %p", []string{"2026-11-29 00:00 AM", "2026-11-29 13:00 PM", "2026-11-29 01:00 XM", "2026-11-29 01:60 AM"}, "is not like"},
		{"%F %T%z", []string{"2026-11-29 00:00:00", "2026-11-29 24:00:00Z", "2026-11-29 00:00:60Z", "2026-11-29 00:00:00+24:00", "2026-11-29 00:00:00 UTC"}, "is not like"},
		{"%F %T %Z", []string{"2026-11-29 00:00:00 CET"}, ": no %Z"},
		{"%FT%T.%fZ", []string{"2026-11-29T00:00:00Z", "2026-11-29T00:00:00.Z", "2026-11-29T00:00:00." + strings.Repeat("1", 31) + "Z"}, "is not like"},
		{"%Y-%j", []string{"2026-366", "2026-000", "2026-367"}, "no such date"},
		{"%s", []string{"", "-", ".5", "9223372036855"}, ": no %s"},
		{"%d %b %Y", []string{"29 Now 2026", "29 No"}, ": no %b"},
		{"rfc3339|%d.%m.%Y", []string{"2026-11-29 00:00"}, `fits no cursor format (rfc3339: wrong shape; %d.%m.%Y: no ".")`},
	} {
		f, _ := sample{names: tc.names, zone: "UTC"}.make0(t)
		for _, text := range tc.bad {
			at, err := f.Read([]byte(text))
			if err == nil {
				t.Errorf("%s: %q was taken as %+v", tc.names, text, at)
			} else if !strings.Contains(err.Error(), tc.says) || len(err.Error()) > 300 {
				t.Errorf("%s: %q: %v, want %q", tc.names, text, err, tc.says)
			}
		}
	}
}

// make0 is make with the zone left out where the formats need none.
func (s sample) make0(t failer) (*Format, *time.Location) {
	t.Helper()
	if f, err := New(strings.Split(s.names, "|"), nil); err == nil {
		return f, nil
	}
	return s.make(t)
}

func TestNewRefuses(t *testing.T) {
	for _, tc := range []struct {
		names string
		zone  *time.Location
		says  string
	}{
		{"iso", nil, `cursor format "iso" is not one of rfc3339, date, `},
		{"", nil, "is not one of"},
		{"rfc3339|rfc3339", nil, "given twice"},
		{"rfc3339|opaque", nil, "opaque cannot stand in a list: it is no time"},
		{"integer|rfc3339", nil, "integer cannot stand in a list"},
		{"epoch_seconds|epoch_millis", nil, "epoch_millis never reads a value: epoch_seconds, which stands before it"},
		{"epoch_float|rfc3339|epoch_micros", nil, "epoch_micros never reads a value: epoch_float"},
		{"%Y-%m-%d %H:%M:%S", nil, `"%Y-%m-%d %H:%M:%S" has a time of day and no zone: say by zone`},
		{"rfc3339|%F %H", nil, `"%F %H" has a time of day and no zone`},
		{"epoch_seconds", time.UTC, "a zone says nothing about values of cursor format epoch_seconds"},
		{"%F %T%z", time.UTC, "a zone says nothing"},
		{"%F %TZ", time.UTC, "a zone says nothing"},
		{"%Q", nil, `has "%Q", which is no directive: they are %Y`},
		{"%Y%", nil, `has "%", which`},
		{"%-Y", nil, `has "%-Y", which`},
		{"%:H", nil, `has "%:H", which`},
		{"%-:z", nil, `has "%-:", which`},
		{"%%", nil, "has no directive"},
		{"%H:%M", nil, "has no year"},
		{"%m-%d", nil, "has %m and not a year"},
		{"%Y-%d", nil, "has %d and not a month"},
		{"%Y %y", nil, "says the same twice, by %Y and %y"},
		{"%F %d", nil, "says the same twice"},
		{"%F %M", nil, "has %M and no hour"},
		{"%F %I:%M", nil, "has %I and not %p"},
		{"%F %H:%M %p", nil, "has %p and not %I"},
		{"%F %H:%I %p", nil, "has %H beside %I"},
		{"%F %H:%S", nil, "has %S and not a minute"},
		{"%F %H:%M.%f", nil, "has %f and not a second"},
		{"%F %z", nil, "has a zone and no time of day"},
		{"%Y-%m-%j", nil, "has the day of the year beside a month"},
		{"%Y-%m %H", nil, "has a time of day and no day"},
		{"%s %Y", nil, "has %s beside others"},
		{"%-m%d%Y", nil, "does not say where %-m ends"},
		{"%F %T.%f0", nil, "does not say where %f ends"},
		{"%s_as_float", nil, "is written epoch_float here"},
		{"%s.%f", nil, "is written epoch_float here"},
		{"%ms", nil, "is written epoch_millis here"},
		{strings.Repeat("%Y", 101), nil, "is longer than 200 bytes"},
	} {
		f, err := New(strings.Split(tc.names, "|"), tc.zone)
		if err == nil {
			t.Errorf("%q was taken: %s", tc.names, f)
		} else if !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%q: %v, want %q", tc.names, err, tc.says)
		}
	}
	if _, err := New(nil, nil); err == nil {
		t.Error("no names were taken")
	}
}

func TestBackOfLayouts(t *testing.T) {
	const hour = int64(3600e6)
	for _, tc := range []struct {
		names, zone, text string
		d                 int64
		want              string
	}{
		{"date", "", "2026-03-01", 1, "2026-02-28"}, {"date", "", "2026-03-01", 48 * hour, "2026-02-27"},
		{"date", "Europe/Berlin", "2026-03-30", 24 * hour, "2026-03-28"}, // a day of 23 hours: below rather than above
		{"epoch_micros", "", "1700000000000001", 1, "1700000000000000"},
		{"epoch_float", "", "1700000000.25", 1, "1700000000.24"}, {"epoch_float", "", "1700000000", hour, "1699996400"},
		{"epoch_float", "", "1.5", 2e6, "-0.5"}, {"epoch_float", "", "0.0000001", 1, "0.0000000"}, {"epoch_float", "", "-0.0000001", 1, "-0.0000002"},
		{"epoch_float", "", "17e8", 1, "1699999999"},
		{"rfc3339", "Europe/Berlin", "2026-11-29 00:30:00", hour, "2026-11-28 23:30:00"},
		{"rfc3339", "Europe/Berlin", "2026-03-29 03:00:00", 1, "2026-03-29 01:59:59"},
		{"%d-%b-%y %I.%M.%S.%f %p", "UTC", "01-DEC-26 12.00.00.000 am", 1, "30-NOV-26 11.59.59.999 pm"},
		{"%a %e %B %Y", "", "Sun  1 march 2026", 1, "Sat 28 february 2026"},
		{"%-m/%-d/%Y", "", "1/10/2026", 24 * hour, "1/9/2026"},
		{"%FT%T%z", "", "2026-11-29T00:00:00+05:30", hour, "2026-11-28T23:00:00+05:30"},
		{"%F %T %Z", "", "2026-11-29 00:00:00 GMT", 1, "2026-11-28 23:59:59 GMT"},
		{"%FT%T+02:00", "", "2026-11-29T00:00:00+02:00", 1, "2026-11-28T23:59:59+02:00"},
		{"%Y-%m", "", "2026-03", 1, "2026-02"}, {"%Y", "", "2026", 1, "2025"}, {"%Y-%j", "", "2026-001", 1, "2025-365"},
		{"%s", "", "100", 1, "99"}, {"%y%m%d", "", "690101", 1, "690101"}, // not 2068
		{"%F", "", "0001-01-01", 1, "0001-01-01"},
		// In the layout in which it was written, though others stand before it.
		{"epoch_seconds|%d.%m.%Y|rfc3339", "", "2026-11-29T00:00:00.0Z", 1, "2026-11-28T23:59:59.9Z"},
		{"epoch_seconds|%d.%m.%Y|rfc3339", "", "01.12.2026", 1, "30.11.2026"},
		// Two layouts that look alike: what the second one would write, the first would read as another day.
		{"%d/%m/%Y|%m/%d/%Y", "", "05/26/2026", 5 * 24 * hour, "05/21/2026"},
		{"%d/%m/%Y|%m/%d/%Y", "", "05/26/2026", 20 * 24 * hour, "06/05/2026"},
	} {
		f, _ := sample{names: tc.names, zone: tc.zone}.make(t)
		if got := f.Back([]byte(tc.text), mustRead(t, f, tc.text), tc.d); got != tc.want {
			t.Errorf("%s %q back by %d: %q, want %q", tc.names, tc.text, tc.d, got, tc.want)
		}
	}
}

func TestWrite(t *testing.T) {
	at := Instant{N: micros(t, "2026-11-29T23:02:39.987654Z"), Sub: 321}
	for _, tc := range []struct{ names, zone, want string }{
		{"rfc3339", "", "2026-11-29T23:02:39.987654321Z"}, {"rfc3339", "Europe/Berlin", "2026-11-29T23:02:39.987654321Z"},
		{"date", "", "2026-11-29"}, {"date", "Europe/Berlin", "2026-11-30"},
		{"epoch_seconds", "", "1795993359"}, {"epoch_millis", "", "1795993359987"}, {"epoch_micros", "", "1795993359987654"}, {"epoch_float", "", "1795993359.987654"},
		{"%FT%T.%f%z", "", "2026-11-29T23:02:39.987654+0000"}, {"%FT%T.%L%:z", "", "2026-11-29T23:02:39.987+00:00"},
		{"%F %T %Z", "", "2026-11-29 23:02:39 UTC"}, {"%D %R", "Europe/Berlin", "11/30/26 00:02"}, {"%-d %b %Y|date", "", "29 Nov 2026"},
	} {
		f, _ := sample{names: tc.names, zone: tc.zone}.make(t)
		if got := f.Write(at); got != tc.want {
			t.Errorf("%s %s: %q, want %q", tc.names, tc.zone, got, tc.want)
		}
	}
}

// What is asked of a format as a whole.
func TestFormatIs(t *testing.T) {
	for _, tc := range []struct {
		names                 string
		time, varies, numbers bool
		unit                  int64
	}{
		{"rfc3339", true, true, false, 0}, {"date", true, false, false, 0}, {"integer", false, false, true, 1}, {"opaque", false, false, true, 0},
		{"epoch_seconds", true, false, true, 1e6}, {"epoch_millis", true, false, true, 1e3}, {"epoch_micros", true, false, true, 1}, {"epoch_float", true, true, true, 0},
		{"%Y-%m-%d", true, false, false, 0}, {"%Y%m%d", true, false, true, 0}, {"%-d.%m.%Y", true, false, false, 0}, {"%s", true, false, true, 0},
		{"%FT%T.%fZ", true, true, false, 0}, {"rfc3339|epoch_millis", true, true, true, 0}, {"date|%d.%m.%Y", true, true, false, 0},
	} {
		f, _ := sample{names: tc.names}.make(t)
		if f.Time() != tc.time || f.Varies() != tc.varies || f.Numbers() != tc.numbers || f.Unit() != tc.unit {
			t.Errorf("%s: time %v, varies %v, numbers %v, unit %d", f, f.Time(), f.Varies(), f.Numbers(), f.Unit())
		}
		if f.String() != strings.ReplaceAll(tc.names, "|", ", ") {
			t.Errorf("%s: %s", tc.names, f)
		}
	}
	f := mustFormat(t, nil, "date", "rfc3339")
	for _, tc := range []struct {
		text, than string
		want       bool
	}{
		{"2026-01-01T00:00:00Z", "2026-01-01", true}, {"2026-01-01", "2026-01-01T00:00:00Z", false},
		{"2026-01-01T00:00:00.5Z", "2026-01-01T00:00:00Z", true}, {"2026-01-01T00:00:00Z", "2026-01-01T00:00:00.5Z", false},
	} {
		if got := f.Finer([]byte(tc.text), []byte(tc.than)); got != tc.want {
			t.Errorf("%q finer than %q: %v", tc.text, tc.than, got)
		}
	}
}

var sink Instant

func TestReadDoesNotAllocate(t *testing.T) {
	for _, s := range samples() {
		f, zone := s.make(t)
		text := []byte(s.text(time.Unix(1.7e9+120, 5e8).In(zone))) // of a list, the last
		if n := testing.AllocsPerRun(100, func() { sink, _ = f.Read(text) }); n != 0 {
			t.Errorf("%s: %v allocations a value", f, n)
		}
		for _, e := range kinds { // nor does what is tried in vain
			if why := ""; testing.AllocsPerRun(100, func() { _, why = e.kind.read(text, zone) }) != 0 {
				t.Errorf("%s allocates where it does not read %q: %s", e.name, text, why)
			}
		}
	}
}

func BenchmarkRead(b *testing.B) {
	for _, tc := range []sample{{names: "rfc3339"}, {names: "rfc3339", zone: "Europe/Berlin"}, {names: "integer"}, {names: "epoch_float"},
		{names: "%Y-%m-%d %H:%M:%S", zone: "Europe/Berlin"}, {names: "%Y-%m-%dT%H:%M:%SZ"}, {names: "epoch_seconds|%d.%m.%Y|rfc3339"}} {
		f, _ := tc.make(b)
		text := []byte("2026-11-14 20:02:39")
		if tc.names != "%Y-%m-%d %H:%M:%S" && tc.zone == "" {
			text = []byte("2026-11-14T20:02:39Z")
		}
		if f.Numbers() && f.kinds[0] != kind(whole{1e6}) {
			text = []byte("1700000000")
		}
		b.Run(tc.names+" "+tc.zone, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				sink, _ = f.Read(text)
			}
		})
	}
}
