package value

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// failer is what *testing.T and *rapid.T share.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

func mustRead(t failer, f *Format, text string) Instant {
	t.Helper()
	at, err := f.Read([]byte(text))
	if err != nil {
		t.Fatalf("%s: %v", f, err)
	}
	return at
}

func mustFormat(t failer, zone *time.Location, names ...string) *Format {
	t.Helper()
	f, err := New(names, zone)
	if err != nil {
		t.Fatalf("%s: %v", names, err)
	}
	return f
}

func place(t failer, name string) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return zone
}

// Going back never gives a later value than asked for, loses less than a granule, and
// writes what the same parser reads in the same layout (rule 14).
func TestBackRoundsDown(t *testing.T) {
	var f *Format
	rapid.Check(t, func(t *rapid.T) {
		text := timestamps().Draw(t, "text")
		d := rapid.OneOf(rapid.Int64Range(0, 1e15), rapid.Int64Range(0, 3)).Draw(t, "d")
		at := mustRead(t, f, text)
		moved := f.Back([]byte(text), at, d)
		back := mustRead(t, f, moved)
		if len(moved) != len(text) || moved[:4] == "0000" {
			t.Fatalf("%q back by %d is %q: another layout", text, d, moved)
		}
		const margin = 24 * 3600 * 1e6 // of the years 1 and 9999, where it is clamped
		if at.N-d < firstSecond*1e6+margin || at.N > lastSecond*1e6-margin {
			return
		}
		if lost := at.N - d - back.N; f.Granule([]byte(text)) == 0 && d == 1 {
			step := max(rfc3339{}.step([]byte(text)), 1)
			if in := int64(back.Sub) + step - int64(at.Sub); in != 0 && in != 1000 || at.N-back.N != in/1000 {
				t.Fatalf("%q back by one step is %q", text, moved)
			}
		} else if lost < 0 || lost >= max(f.Granule([]byte(text)), 1) {
			t.Fatalf("%q back by %d is %q, off by %d", text, d, moved, lost)
		}
	})
}

// sample is a format whose texts time.Time writes as well.
type sample struct {
	names string // of several, with | between
	zone  string
	text  func(time.Time) string // in the zone
	from  int64                  // the first second that it can say
	to    int64
}

func inLayout(layout string) func(time.Time) string {
	return func(t time.Time) string { return t.Format(layout) }
}

func samples() []sample {
	const lo, hi = firstSecond + 2*86400, lastSecond - 2*86400
	return []sample{
		{"date", "", inLayout("2006-01-02"), lo, hi},
		{"date", "America/Santiago", inLayout("2006-01-02"), lo, hi}, // where clocks change at midnight
		{"rfc3339", "Europe/Berlin", inLayout("2006-01-02 15:04:05.000"), lo, hi},
		{"rfc3339", "+05:30", inLayout("2006-01-02T15:04:05.000000000"), lo, hi},
		{"rfc3339", "Europe/Berlin", inLayout("2006-01-02T15:04:05Z07:00"), 0, hi}, // before, offsets had seconds
		{"epoch_micros", "", func(t time.Time) string { return whole{1}.write(nil, Instant{N: t.UnixMicro()}, nil) }, lo, hi},
		{"epoch_float", "", func(t time.Time) string {
			return float{}.write([]byte("0."+strings.Repeat("0", 1+t.Day()%9)), Instant{t.UnixMicro(), uint16(t.Nanosecond() % 1e3)}, nil)
		}, lo, hi},
		{"epoch_float", "", func(t time.Time) string { return float{}.write([]byte("0"), Instant{N: t.UnixMicro()}, nil) }, lo, hi},
		{"%Y-%m-%d %H:%M:%S", "Europe/Berlin", inLayout("2006-01-02 15:04:05"), lo, hi},
		{"%Y-%m-%d %H:%M:%S", "Australia/Lord_Howe", inLayout("2006-01-02 15:04:05"), lo, hi}, // half an hour of summer time
		{"%Y-%m-%dT%H:%M:%SZ", "", inLayout("2006-01-02T15:04:05Z"), lo, hi},
		{"%Y-%m-%dT%H:%M:%S.%f%z", "", inLayout("2006-01-02T15:04:05.000000-0700"), lo, hi},
		{"%d/%b/%Y:%T.%L %:z", "", inLayout("02/Jan/2006:15:04:05.000 -07:00"), lo, hi},
		{"%a, %d %b %Y %T %Z", "", inLayout("Mon, 02 Jan 2006 15:04:05 MST"), lo, hi},
		{"%A, %e %B %Y at %-I:%M %p", "UTC", inLayout("Monday, _2 January 2006 at 3:04 PM"), lo, hi},
		{"%-m/%-d/%Y %R", "-03:30", inLayout("1/2/2006 15:04"), lo, hi},
		{"%y%m%d%H", "UTC", inLayout("06010215"), firstShort, lastShort},
		{"%Y.%j", "", inLayout("2006.002"), lo, hi},
		{"%Y-%m", "", inLayout("2006-01"), lo + 366*86400, hi},
		{"%Y", "", inLayout("2006"), lo + 366*86400, hi},
		{"@%s", "", func(t time.Time) string { return "@" + whole{1e6}.write(nil, Instant{N: t.UnixMicro()}, nil) }, lo, hi},
		{"date|rfc3339|%d.%m.%Y %H:%M:%S", "Europe/Berlin", func(t time.Time) string {
			return t.Format([]string{"2006-01-02", "2006-01-02T15:04:05.000Z07:00", "02.01.2006 15:04:05"}[t.Minute()%3])
		}, 0, hi},
	}
}

func (s sample) make(t failer) (*Format, *time.Location) {
	t.Helper()
	zone := time.UTC
	switch {
	case s.zone == "":
		return mustFormat(t, nil, strings.Split(s.names, "|")...), zone
	case s.zone[0] == '+' || s.zone[0] == '-':
		ahead, _ := parseZone([]byte(s.zone))
		zone = time.FixedZone("", ahead)
	default:
		zone = place(t, s.zone)
	}
	return mustFormat(t, zone, strings.Split(s.names, "|")...), zone
}

func (s sample) draw(t *rapid.T, zone *time.Location, what string) time.Time {
	second := rapid.OneOf(rapid.Int64Range(s.from, s.to), rapid.Int64Range(max(s.from, 1.5e9), min(s.to, 1.9e9)),
		rapid.Int64Range(1761436800-7200, 1761436800+14400)).Draw(t, what) // around the end of a summer in Berlin
	return time.Unix(second, rapid.Int64Range(0, 999999999).Draw(t, what+" ns")).In(zone)
}

// slack is by how much the longest step of a layout exceeds what a clock may have skipped.
const slack = 3 * 3600 * 1e6

// zoned is the end of a text that says its own zone: of an hour that is shown twice it says which one is meant.
var zoned = regexp.MustCompile(`[+-]\d\d:\d\d$`)

// Law: what time.Time writes is read as the instant of what is left of it, values have the order
// of times, and a value moved back is written in its own layout, not above where it was to be and
// less than a step below it.
func TestLawFormats(t *testing.T) {
	for _, s := range samples() {
		t.Run(s.names+" "+s.zone, func(t *testing.T) {
			f, zone := s.make(t)
			rapid.Check(t, func(t *rapid.T) {
				one, two := s.draw(t, zone, "one"), s.draw(t, zone, "two")
				a, b := s.text(one), s.text(two)
				x, y := mustRead(t, f, a), mustRead(t, f, b)
				step := f.Granule([]byte(a))
				// A clock that was set back shows an hour twice, of which the first is meant.
				if late := one.UnixMicro() - x.N; late < 0 || late >= step+slack || late >= max(step, 1) && !repeats(one) && step < 86400e6 {
					t.Fatalf("%v is written %q, which is read %d µs earlier", one, a, late)
				}
				wallOf := func(t time.Time) time.Time {
					_, ahead := t.Zone()
					return t.UTC().Add(time.Duration(ahead) * time.Second)
				}
				earlier := wallOf(one).Before(wallOf(two))
				if zoned.MatchString(a) && zoned.MatchString(b) {
					earlier = one.Before(two)
				}
				if earlier && y.before(x) && f.Granule([]byte(b)) <= step {
					t.Fatalf("%q is read as later than %q", a, b)
				}
				d := rapid.OneOf(rapid.Int64Range(0, 1e13), rapid.Int64Range(0, 3), rapid.Just(step)).Draw(t, "d")
				if x.N-d < s.from*1e6 {
					return
				}
				text := f.Back([]byte(a), x, d)
				back := mustRead(t, f, text)
				switch lost := x.N - d - back.N; {
				case d == 0 && step > 0 && text != a:
					t.Fatalf("%q is written %q again", a, text)
				case d == 1 && step == 0: // a step of its own
				case lost < 0 || lost >= max(step, 1)+slack:
					t.Fatalf("%q back by %d is %q, off by %d", a, d, text, lost)
				}
				if k, _ := f.reader([]byte(a)); !f.reads(k, text) {
					t.Fatalf("%q back by %d is %q: another layout", a, d, text)
				}
			})
		})
	}
}

// repeats reports whether clocks show a time twice around it.
func repeats(t time.Time) bool {
	_, ahead := t.Zone()
	_, before := t.Add(-slack * time.Microsecond).Zone()
	return before != ahead
}

var berlin = func() *time.Location {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		panic(err)
	}
	return zone
}()

// hold fails where a text of the format cannot be moved back, or moves up.
func hold(t *testing.T, f *Format, text []byte, d int64) {
	t.Helper()
	at, err := f.Read(text)
	if err != nil {
		if at != (Instant{}) {
			t.Fatal("an error and a value")
		}
		return
	}
	if f.Granule(text) < 0 {
		t.Fatalf("%q has the granule %d", text, f.Granule(text))
	}
	if d < 0 {
		return
	}
	moved := f.Back(text, at, d)
	back, err := f.Read([]byte(moved))
	if err != nil {
		t.Fatalf("%q back by %d cannot be read again: %v", text, d, err)
	}
	yearZero := len(text) > 4 && string(text[:4]) == "0000" // readable as rfc3339, but no API takes it, so Back does not write it
	if !yearZero && at.before(back) {
		t.Fatalf("%q back by %d is later: %q", text, d, moved)
	}
	if f.Write(at) == "" && len(text) > 0 && f.String() != "opaque" {
		t.Fatalf("%q has no text", text)
	}
}

func FuzzFormat(f *testing.F) {
	all := append(Names(), "rfc3339 Berlin", "date Berlin", "list")
	for i := range all {
		for _, s := range []string{"2026-11-14T20:02:39Z", "2026-11-14 20:02:39,123456789+0530", "0000-01-01T00:00:00-23:59", "0001-01-01T00:00:00+05:00",
			"9999-12-31T23:59:59-23:59", "-9223372036854775808", "-9223372036854", "1e9", "", "2026-03-29 02:30:00", "2025-10-26 02:30:00.5",
			"1700000000.123456789", "-0.0000001", "15e-1", "2026-11-29"} {
			f.Add(i, []byte(s), int64(1))
		}
	}
	f.Fuzz(func(t *testing.T, i int, text []byte, d int64) {
		if i < 0 || i >= len(all) {
			return
		}
		var format *Format
		switch name, _, zoned := strings.Cut(all[i], " "); {
		case zoned:
			format = mustFormat(t, berlin, name)
		case name == "list":
			format = mustFormat(t, berlin, "epoch_seconds", "%d/%m/%Y", "%m/%d/%Y", "epoch_float", "rfc3339", "%y%m%dx%H")
		default:
			format = mustFormat(t, nil, name)
		}
		hold(t, format, bytes.Clone(text), d)
	})
}

// A layout is refused or reads and writes; neither panics.
func FuzzLayout(f *testing.F) {
	for _, s := range samples() {
		if !strings.Contains(s.names, "|") {
			f.Add(s.names, []byte(s.text(time.Unix(1.7e9, 123456789).UTC())), int64(1))
		}
	}
	for _, s := range []string{"%", "%-", "%:", "%Q", "%Y%Y", "%%", "%f", "%S.%f", "%s%s", "%Y-%m-%dT%H:%M:%S+00:00", "%-m%-d%Y", "\x00%Y\xff", "%y-%j", "%s "} {
		f.Add(s, []byte("2026"), int64(3))
	}
	f.Fuzz(func(t *testing.T, layout string, text []byte, d int64) {
		if !IsLayout(layout) {
			return
		}
		for _, zone := range []*time.Location{nil, berlin} {
			if format, err := New([]string{layout}, zone); err == nil {
				hold(t, format, bytes.Clone(text), d)
			}
		}
	})
}
