package strategies

import (
	"bytes"
	"cmp"
	"time"
	"unsafe"

	"tidemark/strategies/value"
)

// Format says how a cursor field's text is read. Two of one name are equal, but for lists and
// layouts: of those each has a Format of its own.
type Format struct{ of *value.Format }

// The formats that have a name. All of them order values by N, then Sub; Opaque then by bytes.
var (
	RFC3339      = Format{}                  // date and time; zone Z, ±hh:mm, ±hhmm, ±hh or none; or a date alone
	Date         = formatOf("date")          // a day
	Integer      = formatOf("integer")       // a whole number, as JSON number or string; 7.0 and 7e0 are 7
	EpochSeconds = formatOf("epoch_seconds") // a whole number of seconds since 1970
	EpochMillis  = formatOf("epoch_millis")  // a whole number of milliseconds since 1970
	EpochMicros  = formatOf("epoch_micros")  // a whole number of microseconds since 1970
	EpochFloat   = formatOf("epoch_float")   // a number of seconds since 1970 with a fraction
	Opaque       = formatOf("opaque")        // any text, ordered by its bytes
)

var formats = []Format{RFC3339, Date, Integer, EpochSeconds, EpochMillis, EpochMicros, EpochFloat, Opaque}

// formatOf is a format of the table, which every name in this file is in.
func formatOf(name string) Format {
	f, err := value.New([]string{name}, nil)
	if err != nil {
		panic("strategies: " + err.Error())
	}
	return Format{f}
}

// FormatNames lists the names that ParseFormat takes beside layouts.
func FormatNames() []string { return value.Names() }

// TimeFormatNames lists those of the formats of time.
func TimeFormatNames() []string { return value.TimeNames() }

// IsLayout reports whether a format's name is to be a strftime layout.
func IsLayout(name string) bool { return value.IsLayout(name) }

// CheckFormat says what is wrong with a format's name, in words that fit behind it.
func CheckFormat(name string) error { return value.Check(name) }

// String returns the name that the configuration uses, of a list all of them.
func (f Format) String() string { return f.of.String() }

// ParseFormat is the inverse of String for a format without a zone.
func ParseFormat(name string) (Format, error) { return ParseFormats([]string{name}, nil) }

// ParseFormats makes a format of one name or several, of which the first that fits a value reads
// it. zone is that of values without one; nil: none is given.
func ParseFormats(names []string, zone *time.Location) (Format, error) {
	if len(names) == 1 && zone == nil {
		for _, f := range formats {
			if f.String() == names[0] {
				return f, nil
			}
		}
	}
	f, err := value.New(names, zone)
	return Format{f}, err
}

// Temporal reports whether durations can be taken from values of the format.
func (f Format) Temporal() bool { return f.of.Time() }

// Unit is how much of N the number 1 stands for where the format's values are whole numbers, and 0
// where they are not.
func (f Format) Unit() int64 { return f.of.Unit() }

// Numbers reports whether a number of JSON may be a value of the format.
func (f Format) Numbers() bool { return f.of.Numbers() }

// varies reports whether two values of the format may be written with granules that differ.
func (f Format) varies() bool { return f.of.Varies() }

// alike reports whether two texts, of which the first is not empty, have one granule by their looks, which is all that
// most rows of a page need: those of a list may look the same by chance.
func alike[T []byte | string](f Format, v []byte, w T) bool {
	return len(v) == len(w) && v[len(v)-1] == w[len(v)-1] && !f.of.List()
}

// Value is a cursor value: the text as the API wrote it, and what it is ordered by.
// Values are compared by what they say and stored as they were written (rule 14).
type Value struct {
	Raw []byte // verbatim; nil where the row has no cursor value
	N   int64  // microseconds since 1970 (UTC), the integer, or the first 8 bytes in order
	Sub uint16 // nanoseconds beyond N's microsecond
	Set bool   // false: the field is null or missing
}

// LongestValue is how many bytes of text a row's value may have: what is longer no request can
// carry, and a cursor holds some fifteen of them.
const LongestValue = 4 << 10

// Compare orders two set values of one format by value, Opaque ones by their first bytes.
func (v Value) Compare(w Value) int { return RFC3339.compare(&v, &w) }

// Compare orders values under the format; only Opaque looks at more than N and Sub.
func (f Format) Compare(v, w Value) int { return f.compare(&v, &w) }

// compare is Compare without the copies, which are most of the work where rows are many.
func (f Format) compare(v, w *Value) int {
	switch {
	case v.N != w.N:
		if v.N < w.N {
			return -1
		}
		return 1
	case v.Sub != w.Sub:
		return cmp.Compare(v.Sub, w.Sub)
	case f == Opaque:
		return bytes.Compare(v.Raw, w.Raw)
	}
	return 0
}

// Parse reads a value. The result's Raw is text itself, not a copy. It allocates
// only on error.
func (f Format) Parse(text []byte) (Value, error) {
	at, err := f.of.Read(text)
	if err != nil {
		return Value{}, err
	}
	return Value{Raw: text, N: at.N, Sub: at.Sub, Set: true}, nil
}

// ParseString is Parse for a cursor's stored text. The result's Raw is the text's own memory:
// a page's Fold reads such texts some twenty times, and would copy each. So nobody may write to
// a Raw, which no Value allows anyway.
func (f Format) ParseString(s string) (Value, error) {
	return f.Parse(unsafe.Slice(unsafe.StringData(s), len(s)))
}

// Granule is the smallest step of a value's own layout in units of N: a second for
// "…:05Z", a millisecond for "…:05.000Z", a day for a date, 1 for an integer. 0 where N is too coarse
// to say (nanoseconds) or the format is opaque.
func (f Format) Granule(v Value) int64 { return f.of.Granule(v.Raw) }

// finer is the one of two values that is written with the smaller granule, v where they are
// alike.
func (f Format) finer(v, w Value) Value {
	if w.Set && (!v.Set || f.of.Finer(w.Raw, v.Raw)) && f.varies() {
		return w
	}
	return v
}

// Back is v moved back by d units of N, written in v's own layout and rounded down to its
// granule (rule 14). Where that is finer than a unit, a d of 1 means one step of it. Opaque
// values cannot be moved and come back as they are.
func (f Format) Back(v Value, d int64) string {
	return f.of.Back(v.Raw, value.Instant{N: v.N, Sub: v.Sub}, d)
}

// Write is a value's instant in the usual layout of the format, of a list in that of its first,
// rounded down to what the layout can say (rule 27).
func (f Format) Write(v Value) string { return f.of.Write(value.Instant{N: v.N, Sub: v.Sub}) }

// Time returns the value as a time; false where the format has none.
func (f Format) Time(v Value) (time.Time, bool) {
	if !f.Temporal() || !v.Set {
		return time.Time{}, false
	}
	return time.UnixMicro(v.N).Add(time.Duration(v.Sub)).UTC(), true
}

// Micros parses an RFC 3339 timestamp into microseconds since 1970 and the
// nanoseconds beyond, for encoders of timestamp types. It allocates only on error.
func Micros(text []byte) (micros int64, nanos uint16, err error) { return value.Micros(text) }

// FloorDiv divides and rounds down, below 0 too: a time is never rounded to a later one, whether
// it lies before or after 1970, here or in a row's Avro.
func FloorDiv(a, b int64) int64 { return value.FloorDiv(a, b) }
