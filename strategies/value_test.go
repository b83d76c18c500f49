package strategies

import (
	"cmp"
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

const second = int64(1e6)

// micros is the reading of an RFC 3339 text by the standard library.
func micros(t *testing.T, text string) int64 {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		t.Fatal(err)
	}
	return at.UnixMicro()
}

// failer is what *testing.T and *rapid.T share.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

func mustParse(t failer, f Format, text string) Value {
	t.Helper()
	v, err := f.ParseString(text)
	if err != nil {
		t.Fatalf("%s: %v", f, err)
	}
	return v
}

func TestParseTimestamp(t *testing.T) {
	for _, tc := range []struct {
		text, same string // same: the instant, as the standard library reads it
		sub        uint16
	}{
		{"2026-11-14T20:02:39Z", "2026-11-14T20:02:39Z", 0},
		{"2026-11-14t20:02:39z", "2026-11-14T20:02:39Z", 0},
		{"2026-11-14 20:02:39", "2026-11-14T20:02:39Z", 0},
		{"2026-11-14T20:02:39", "2026-11-14T20:02:39Z", 0},
		{"2026-11-14 20:02:39+02:00", "2026-11-14T18:02:39Z", 0},
		{"2026-11-14T20:02:39-0530", "2026-11-15T01:32:39Z", 0},
		{"2026-11-14T20:02:39-00:00", "2026-11-14T20:02:39Z", 0},
		{"2026-11-14T20:02:39.5Z", "2026-11-14T20:02:39.5Z", 0},
		{"2026-11-14T20:02:39,25Z", "2026-11-14T20:02:39.25Z", 0},
		{"2026-11-14T20:02:39.123456Z", "2026-11-14T20:02:39.123456Z", 0},
		{"2026-11-14T20:02:39.123456789Z", "2026-11-14T20:02:39.123456Z", 789},
		{"2026-11-14T20:02:39.123456789123Z", "2026-11-14T20:02:39.123456Z", 789},
		{"2026-11-14T20:02:39.0000001+01:00", "2026-11-14T19:02:39Z", 100},
		{"2024-02-29T00:00:00Z", "2024-02-29T00:00:00Z", 0},
		{"2000-02-29T23:59:59Z", "2000-02-29T23:59:59Z", 0},
		{"1969-12-31T23:59:59.9Z", "1969-12-31T23:59:59.9Z", 0},
		{"0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z", 0},
		{"9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z", 0},
		// Forms beyond RFC 3339 that can mean one thing only.
		{"2026-11-14", "2026-11-14T00:00:00Z", 0},
		{"2026-11-14T24:00:00Z", "2026-11-15T00:00:00Z", 0},
		{"2026-12-31T24:00:00.000Z", "2027-01-01T00:00:00Z", 0},
		{"2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z", 0},
		{"2016-12-31T23:59:60.5Z", "2017-01-01T00:00:00.5Z", 0},
		{"2016-12-31T18:59:60-05:00", "2017-01-01T00:00:00Z", 0},
		{"2017-01-01T05:29:60+05:30", "2017-01-01T00:00:00Z", 0},
		{"2016-12-31T20:29:60 -0330", "2017-01-01T00:00:00Z", 0},
		{"2026-11-14 20:02:39+00", "2026-11-14T20:02:39Z", 0},
		{"2026-11-14 20:02:39.5-03", "2026-11-14T23:02:39.5Z", 0},
		{"2026-11-14 20:02:39 +02:00", "2026-11-14T18:02:39Z", 0},
		{"2026-11-14 20:02:39 +0200", "2026-11-14T18:02:39Z", 0},
		{"2026-11-14 20:02:39 Z", "2026-11-14T20:02:39Z", 0},
		{"2026-11-14 20:02:39 UTC", "2026-11-14T20:02:39Z", 0},
		{"2026-11-14 20:02:39.25 UTC", "2026-11-14T20:02:39.25Z", 0},
	} {
		v := mustParse(t, RFC3339, tc.text)
		if want := micros(t, tc.same); v.N != want || v.Sub != tc.sub || !v.Set || string(v.Raw) != tc.text {
			t.Errorf("%s: got N %d Sub %d Raw %q, want N %d Sub %d", tc.text, v.N, v.Sub, v.Raw, want, tc.sub)
		}
		if m, n, err := Micros([]byte(tc.text)); m != v.N || n != v.Sub || err != nil {
			t.Errorf("%s: Micros gives %d, %d, %v", tc.text, m, n, err)
		}
		if at, ok := RFC3339.Time(v); !ok || at.UnixMicro() != v.N || at.Nanosecond()%1000 != int(tc.sub) {
			t.Errorf("%s: Time gives %v, %v", tc.text, at, ok)
		}
	}
}

func TestParseTimestampRefuses(t *testing.T) {
	for _, text := range []string{
		"", "null", "2026", "2026-11", "2026-11-1a", "2026-13-01", "2026-02-30", "2026-11-14T", "2026-11-14Z", "2026-11-14T20:02", "2026-11-14T20:02:39X", "2026-11-14T20:02:39ZZ",
		"-2026-11-14T20:02:39Z", "-001-11-14T20:02:39Z", "+2026-11-14T20:02:39Z", "12026-11-14T20:02:39Z",
		"2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-01-00T00:00:00Z", "2026-04-31T00:00:00Z",
		"2023-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "0000-00-00T00:00:00Z",
		"2026-11-14T24:00:01Z", "2026-11-14T24:01:00Z", "2026-11-14T24:00:00.1Z", "2026-11-14T25:00:00Z", "2026-11-14T23:60:00Z", "2026-11-14T23:58:60Z", "2017-01-01T05:59:60+05:30", "2026-11-14T23:59:61Z",
		"2026-11-14T20:02:39+1", "2026-11-14T20:02:39+1a", "2026-11-14T20:02:39 ", "2026-11-14T20:02:39  Z", "2026-11-14T20:02:39 EST", "2026-11-14T20:02:39UTC", "2026-11-14T20:02:39 01",
		"2026-11-14T20:02:39.Z", "2026-11-14T20:02:39." + strings.Repeat("1", 31) + "Z", "2026-11-14T20:02:39.1a",
		"2026-11-14T20:02:39+24:00", "2026-11-14T20:02:39+01:60", "2026-11-14T20:02:39+1:00",
		"2026-11-14T20:02:39 01:00", "2026-11-14_20:02:39Z", "2026/11/14T20:02:39Z", " 2026-11-14T20:02:39Z", "2026-11-14T20:02:39Z ",
		"2026-1a-14T20:02:39Z", "２026-11-14T20:02:39Z", strings.Repeat("9", 200),
	} {
		v, err := RFC3339.ParseString(text)
		if err == nil {
			t.Errorf("%q was taken as %d", text, v.N)
			continue
		}
		if v.Set || len(err.Error()) > 200 {
			t.Errorf("%q: value %+v, message of %d bytes", text, v, len(err.Error()))
		}
	}
}

func TestParseNumbers(t *testing.T) {
	const bad = math.MinInt64 + 1 // stands for an error
	for _, tc := range []struct {
		f    Format
		text string
		n    int64
	}{
		{Integer, "0", 0}, {Integer, "-7", -7}, {Integer, "007", 7},
		{Integer, "9223372036854775807", math.MaxInt64}, {Integer, "-9223372036854775808", math.MinInt64},
		{Integer, "9223372036854775808", bad}, {Integer, "", bad}, {Integer, "+1", bad}, {Integer, " 1", bad},
		// Whole numbers as some encoders write them.
		{Integer, "7.0", 7}, {Integer, "-7.00", -7}, {Integer, "1e3", 1000}, {Integer, "1.7e9", 1700000000}, {Integer, "1.7E+9", 1700000000},
		{Integer, "1700e-2", 17}, {Integer, "0.0", 0}, {Integer, "0e9", 0}, {Integer, "9.223372036854775807e18", math.MaxInt64},
		{Integer, "-9223372036854775808.0", math.MinInt64}, {Integer, "1e19", bad}, {Integer, "1.5", bad}, {Integer, "15e-1", bad}, {Integer, "1e-3", bad},
		{Integer, "1.", bad}, {Integer, ".5e1", bad}, {Integer, "1e", bad}, {Integer, "e3", bad}, {Integer, "1e99999999999999999999", bad},
		{Integer, "1.0.0", bad}, {Integer, "1e3e3", bad}, {Integer, "0e99999999999999999999", bad}, {Integer, "-.0", bad}, {Integer, "1e+", bad},
		{EpochSeconds, "1.7e9", 1700000000 * second}, {EpochMillis, "1.7e12", 1700000000 * second}, {EpochSeconds, "1700000000.0", 1700000000 * second},
		{Integer, "0x10", bad}, {Integer, "1_000", bad}, {Integer, "-", bad}, {Integer, "null", bad},
		{EpochSeconds, "1", second}, {EpochSeconds, "-1", -second}, {EpochSeconds, "9223372036854", 9223372036854 * second},
		{EpochSeconds, "9223372036855", bad}, {EpochSeconds, "-9223372036855", bad}, {EpochSeconds, "1.5", bad},
		{EpochMillis, "1500", 1500 * 1000}, {EpochMillis, "9223372036854775", 9223372036854775 * 1000}, {EpochMillis, "9223372036854776", bad},
	} {
		v, err := tc.f.ParseString(tc.text)
		switch {
		case tc.n == bad && err == nil:
			t.Errorf("%s %q was taken as %d", tc.f, tc.text, v.N)
		case tc.n != bad && (err != nil || v.N != tc.n || v.Sub != 0 || !v.Set || string(v.Raw) != tc.text):
			t.Errorf("%s %q: %+v, %v, want %d", tc.f, tc.text, v, err, tc.n)
		}
	}
}

func TestCompare(t *testing.T) {
	// Each list rises; what shares a line is equal though written otherwise.
	for f, lists := range map[Format][][]string{
		RFC3339: {
			{"0001-01-01T00:00:00Z"},
			{"2026-01-01T00:00:00Z", "2026-01-01 00:00:00", "2026-01-01T01:00:00+01:00", "2025-12-31T19:00:00.000-0500"},
			{"2026-01-01T00:00:00.000000001Z"},
			{"2026-01-01T00:00:00.000000002Z"},
			{"2026-01-01T00:00:00.000001Z"},
			{"2026-01-01T00:30:00Z"}, // later, though its text is less than the +01:00 above
		},
		Integer:      {{"-10"}, {"-9"}, {"0", "-0"}, {"9", "09"}, {"10"}},
		EpochSeconds: {{"-1"}, {"9"}, {"10"}},
		EpochMillis:  {{"-1"}, {"9"}, {"10"}},
		Opaque:       {{""}, {"\x00"}, {"10"}, {"9"}, {"aaaaaaaa"}, {"aaaaaaaa\x00"}, {"aaaaaaaab"}, {"z"}, {"\xff"}},
	} {
		for i, left := range lists {
			for j, right := range lists {
				for _, l := range left {
					for _, r := range right {
						got := f.Compare(mustParse(t, f, l), mustParse(t, f, r))
						if want := cmp.Compare(i, j); got != want {
							t.Errorf("%s: %q against %q is %d, want %d", f, l, r, got, want)
						}
					}
				}
			}
		}
	}
}

func TestGranule(t *testing.T) {
	for _, tc := range []struct {
		f    Format
		text string
		want int64
	}{
		{RFC3339, "2026-01-01T00:00:05Z", second}, {RFC3339, "2026-01-01T00:00:05.0Z", second / 10},
		{RFC3339, "2026-01-01T00:00:05.000Z", 1000}, {RFC3339, "2026-01-01T00:00:05.000000Z", 1},
		{RFC3339, "2026-01-01T00:00:05.000000000Z", 0}, {RFC3339, "2026-01-01T00:00:05.0000000Z", 0},
		{RFC3339, "2026-01-01 00:00:05,00+00", second / 100}, {RFC3339, "2026-01-01 00:00:05 +0000", second}, {RFC3339, "2026-01-01", 86400 * second},
		{Integer, "5", 1}, {EpochSeconds, "5", second}, {EpochMillis, "5", 1000}, {Opaque, "x", 0},
	} {
		if got := tc.f.Granule(mustParse(t, tc.f, tc.text)); got != tc.want {
			t.Errorf("%s %s: %d, want %d", tc.f, tc.text, got, tc.want)
		}
	}
}

func TestBack(t *testing.T) {
	const hour = 3600 * second
	for _, tc := range []struct {
		f    Format
		text string
		d    int64
		want string
	}{
		{RFC3339, "2026-11-14T20:02:39Z", 2 * hour, "2026-11-14T18:02:39Z"},
		{RFC3339, "2026-11-14T20:02:39Z", 1, "2026-11-14T20:02:38Z"},
		{RFC3339, "2026-11-14 20:02:39", hour, "2026-11-14 19:02:39"},
		{RFC3339, "2026-11-14t00:02:39z", hour, "2026-11-13t23:02:39z"},
		{RFC3339, "2024-03-01T00:30:00+01:00", hour, "2024-02-29T23:30:00+01:00"},
		{RFC3339, "2026-11-14T20:02:39.250-0530", hour, "2026-11-14T19:02:39.250-0530"},
		{RFC3339, "2026-11-14T20:02:39,250Z", 1, "2026-11-14T20:02:39.249Z"},
		{RFC3339, "2026-11-14T20:02:39.123456789Z", 1, "2026-11-14T20:02:39.123456788Z"},
		{RFC3339, "2026-11-14T20:02:39.123456789999Z", 1, "2026-11-14T20:02:39.123456788000Z"},
		{RFC3339, "2026-11-14T20:02:39.1234567Z", 1, "2026-11-14T20:02:39.1234566Z"},
		{RFC3339, "2026-11-15 00:00:00.0000000 +00", 1, "2026-11-14 23:59:59.9999999 +00"},
		{RFC3339, "2026-11-14T20:02:39.123456789Z", 2, "2026-11-14T20:02:39.123454000Z"},
		{RFC3339, "0001-01-01T00:00:00.0000000Z", 1, "0001-01-01T00:00:00.0000000Z"},
		{RFC3339, "2026-11-14", 1, "2026-11-13"}, {RFC3339, "2026-11-14", 24 * hour, "2026-11-13"}, {RFC3339, "2026-11-14", 24*hour + 1, "2026-11-12"},
		{RFC3339, "2026-11-14T24:00:00Z", 1, "2026-11-14T23:59:59Z"}, {RFC3339, "2016-12-31T23:59:60Z", 1, "2016-12-31T23:59:59Z"},
		{RFC3339, "2026-11-14 20:02:39.5-03", hour, "2026-11-14 19:02:39.5-03"}, {RFC3339, "2026-11-14 20:02:39 UTC", hour, "2026-11-14 19:02:39 UTC"},
		{RFC3339, "0001-01-01T01:00:00Z", 2 * hour, "0001-01-01T00:00:00Z"}, // never year 0
		{RFC3339, "0001-01-01T01:00:00.00Z", math.MaxInt64, "0001-01-01T00:00:00.00Z"},
		{RFC3339, "0001-01-01T01:00:00-05:00", 9 * hour, "0001-01-01T00:00:00-05:00"},
		{Integer, "100", 1, "99"}, {Integer, "-9223372036854775808", 1, "-9223372036854775808"},
		{EpochSeconds, "100", 3600 * second, "-3500"}, {EpochSeconds, "100", 1, "99"},
		{EpochSeconds, "-9223372036854", 1, "-9223372036854"}, {EpochMillis, "-9223372036854775", 1, "-9223372036854775"}, // as far as it goes
		{EpochMillis, "100", 1, "99"}, {EpochMillis, "5000", second, "4000"},
		{Opaque, "page-9", 5, "page-9"},
	} {
		if got := tc.f.Back(mustParse(t, tc.f, tc.text), tc.d); got != tc.want {
			t.Errorf("%s %q back by %d: %q, want %q", tc.f, tc.text, tc.d, got, tc.want)
		}
	}
}

func TestFormatNames(t *testing.T) {
	for _, name := range FormatNames() {
		f, err := ParseFormat(name)
		if err != nil || f.String() != name {
			t.Errorf("%s: %v, %v", name, f, err)
		}
		if _, ok := f.Time(Value{}); ok {
			t.Errorf("%s: an unset value has a time", name)
		}
		if _, ok := f.Time(Value{Set: true}); ok != f.Temporal() {
			t.Errorf("%s: Time and Temporal disagree", name)
		}
	}
	if _, err := ParseFormat("iso"); err == nil || !strings.Contains(err.Error(), "epoch_millis") {
		t.Errorf("the error does not list the formats: %v", err)
	}
}

func TestParseDoesNotAllocate(t *testing.T) {
	for f, text := range map[Format][]byte{
		RFC3339: []byte("2026-11-14T20:02:39.123456+05:30"), Integer: []byte("123456789012"),
		EpochSeconds: []byte("1700000000"), EpochMillis: []byte("1700000000000"), Opaque: []byte("an opaque cursor value"),
	} {
		if n := testing.AllocsPerRun(100, func() { sink, _ = f.Parse(text) }); n != 0 {
			t.Errorf("%s: %v allocations a value", f, n)
		}
		stored := string(text)
		if n := testing.AllocsPerRun(100, func() { sink, _ = f.ParseString(stored) }); n != 0 {
			t.Errorf("%s: %v allocations a stored value", f, n)
		}
	}
}

var sink Value

// An API that trims fractions writes 06Z beside 05.9Z. Under a strict filter a step of a
// whole second from 06Z would lie before what was asked already, and look like a tie that
// no request can pass (rule 14).
func TestStrictFilterWithTrimmedFractions(t *testing.T) {
	const day = "2026-11-14T12:00:"
	spec := playgroundSpec(Keyset)
	spec.Strict = true
	s := mustNew(t, spec)
	page := func(values ...string) (rows []Row) {
		for _, v := range values {
			rows = append(rows, rowsOf(t, RFC3339, "k"+v+"@"+day+v)...)
		}
		return rows
	}
	c := begin(t, s, Cursor{Mark: day + "05Z"})
	wantQuery(t, s, c, "since="+day+"04Z")
	c = fold(t, s, c, Page{Rows: page("05Z", "05.9Z"), Token: token("a")}).Next
	wantQuery(t, s, c, "since="+day+"05.8Z")
	c = fold(t, s, c, Page{Rows: page("05.9Z", "06Z"), Token: token("b")}).Next
	wantQuery(t, s, c, "since="+day+"05.9Z")
	c = fold(t, s, c, Page{Rows: page("06Z", "07Z"), Token: token("b")}).Next
	wantQuery(t, s, c, "since="+day+"06.9Z")
	v := fold(t, s, c, Page{Rows: page("07Z", "08Z"), Token: noToken})
	wantEnd(t, v, day+"08Z")
	// The next sweep does not begin before the window that this one left.
	wantQuery(t, s, begin(t, s, v.Next), "since="+day+"07.9Z")
	// The finest layout of the page counts where the cursor has none yet.
	c = fold(t, s, begin(t, s, Cursor{Mark: day + "04Z"}), Page{Rows: page("05.25Z", "06Z"), Token: token("a")}).Next
	wantQuery(t, s, c, "since="+day+"05.99Z")
}

// Law: what is rounded down is no later than it was, by less than a step.
func TestLawFloorDiv(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.Int64().Draw(t, "a"), rapid.Int64Range(1, 1<<40).Draw(t, "b")
		q := FloorDiv(a, b)
		if left := a - q*b; left < 0 || left >= b {
			t.Fatalf("%d / %d is %d, which leaves %d", a, b, q, left)
		}
	})
}
