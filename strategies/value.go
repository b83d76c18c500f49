package strategies

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unsafe"
)

// Format says how a cursor field's text is read.
type Format int

// The formats. All of them order values by N, then Sub; Opaque then by bytes.
const (
	RFC3339      Format = iota // date and time; zone Z, ±hh:mm, ±hhmm, ±hh or none (taken as UTC); or a date alone
	Integer                    // a whole number, as JSON number or string; 7.0 and 7e0 are 7
	EpochSeconds               // a whole number of seconds since 1970
	EpochMillis                // a whole number of milliseconds since 1970
	Opaque                     // any text, ordered by its bytes
)

var formatNames = []string{"rfc3339", "integer", "epoch_seconds", "epoch_millis", "opaque"}

// FormatNames lists the names that ParseFormat takes.
func FormatNames() []string { return append([]string(nil), formatNames...) }

// String returns the name that the configuration uses.
func (f Format) String() string { return formatNames[f] }

// ParseFormat is the inverse of String.
func ParseFormat(s string) (Format, error) {
	for i, n := range formatNames {
		if n == s {
			return Format(i), nil
		}
	}
	return 0, fmt.Errorf("cursor format %q is not one of %s", s, strings.Join(formatNames, ", "))
}

// Temporal reports whether durations can be taken from values of the format.
func (f Format) Temporal() bool { return f == RFC3339 || f == EpochSeconds || f == EpochMillis }

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
func (v Value) Compare(w Value) int { return Integer.compare(&v, &w) }

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
	v := Value{Raw: text, Set: true}
	switch f {
	case RFC3339:
		t, err := parseTime(text)
		if err != nil {
			return Value{}, err
		}
		v.N, v.Sub = t.micros, t.sub
		return v, nil
	case Opaque:
		var b [8]byte
		copy(b[:], text)
		v.N = int64(binary.BigEndian.Uint64(b[:]) ^ 1<<63)
		return v, nil
	}
	n, ok := parseInt(text)
	if !ok {
		return Value{}, fmt.Errorf("%q is not a whole number of 64 bits", clip(text))
	}
	scale := int64(1)
	switch f {
	case EpochSeconds:
		scale = 1e6
	case EpochMillis:
		scale = 1e3
	}
	if n > math.MaxInt64/scale || n < math.MinInt64/scale {
		return Value{}, fmt.Errorf("%q is out of range", clip(text))
	}
	v.N = n * scale
	return v, nil
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
func (f Format) Granule(v Value) int64 {
	switch f {
	case Integer:
		return 1
	case EpochSeconds:
		return 1e6
	case EpochMillis:
		return 1e3
	case RFC3339:
		return stepOf(v.Raw) / 1e3
	}
	return 0
}

// finer is the one of two values that is written with the smaller granule, v where they are
// alike. Only timestamps have layouts that differ.
func (f Format) finer(v, w Value) Value {
	if f == RFC3339 && w.Set && (!v.Set || stepOf(w.Raw) < stepOf(v.Raw)) {
		return w
	}
	return v
}

// Back is v moved back by d units of N, written in v's own layout and rounded down to its
// granule (rule 14). Where that is finer than a unit, a d of 1 means one step of it. Opaque
// values cannot be moved and come back as they are.
func (f Format) Back(v Value, d int64) string {
	n := v.N - d
	if d > 0 && n > v.N { // wrapped
		n = math.MinInt64
	}
	switch f {
	case Integer:
		return strconv.FormatInt(n, 10)
	case EpochSeconds: // never a text that Parse refuses: it becomes a stored mark
		return strconv.FormatInt(max(FloorDiv(n, 1e6), math.MinInt64/1_000_000), 10)
	case EpochMillis:
		return strconv.FormatInt(max(FloorDiv(n, 1e3), math.MinInt64/1_000), 10)
	case RFC3339:
		t, err := parseTime(v.Raw)
		if err != nil {
			return string(v.Raw)
		}
		if t.fraction > 6 && d == 1 {
			return t.before(v.N, v.Sub)
		}
		return t.format(n, 0)
	}
	return string(v.Raw)
}

// Time returns the value as a time; false where the format has none.
func (f Format) Time(v Value) (time.Time, bool) {
	if !f.Temporal() || !v.Set {
		return time.Time{}, false
	}
	return time.UnixMicro(v.N).Add(time.Duration(v.Sub)).UTC(), true
}

// FloorDiv divides and rounds down, below 0 too: a time is never rounded to a later one, whether
// it lies before or after 1970, here or in a row's Avro.
func FloorDiv(a, b int64) int64 {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}

// clip shortens a value for an error message. The connector's packages have one of their own, which
// the core, depending on nobody, does without.
func clip(b []byte) string {
	if len(b) > 60 {
		return string(b[:57]) + "..."
	}
	return string(b)
}
