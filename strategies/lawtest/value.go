package lawtest

import (
	"fmt"
	"strconv"
	"time"

	"tidemark/strategies"
)

// epoch is where place 0 lies for formats of time.
const epoch = 1_700_000_000

// Units are what the place of a row counts where its value is a time with a fraction, or a date.
type Units int

// The units.
const (
	Seconds Units = iota
	Tenths        // of a second; zeros at the end are not written
	Days          // a date alone
	Ticks         // tenths of a microsecond, which no type that counts these can hold
)

// time is the moment of a place.
func (u Units) time(n int64) time.Time {
	switch u {
	case Tenths:
		return time.UnixMilli(1000*epoch + 100*n).UTC()
	case Days:
		return time.Unix(epoch, 0).UTC().Truncate(24*time.Hour).AddDate(0, 0, int(n))
	case Ticks:
		return time.Unix(epoch, 100*n).UTC()
	}
	return time.Unix(epoch+n, 0).UTC()
}

// cest is a zone that is not UTC.
var cest = time.FixedZone("CEST", 7200)

// Formats that have no name.
var (
	inLayout = mustFormats(cest, "%d.%m.%y %H:%M:%S")
	inList   = mustFormats(nil, "rfc3339", "%d-%b-%Y %T.%f %z", "epoch_float")
)

// timeFormats are formats of time that a source can write, but for the usual one; the others are those without time.
var (
	timeFormats = []strategies.Format{strategies.EpochMillis, strategies.EpochSeconds, strategies.Date, strategies.EpochMicros, strategies.EpochFloat,
		inLayout, inList}
	allFormats = append([]strategies.Format{strategies.RFC3339, strategies.Integer, strategies.Opaque}, timeFormats...)
)

func mustFormats(zone *time.Location, names ...string) strategies.Format {
	f, err := strategies.ParseFormats(names, zone)
	if err != nil {
		panic(err)
	}
	return f
}

// Writing is how an API writes its cursor values.
type Writing struct {
	Format strategies.Format
	Mixed  bool  // in more than one layout
	Units  Units // RFC3339
}

// Values are the values of rows, each of which is written once.
func (w Writing) Values() func(n int64) strategies.Value {
	known := map[int64]strategies.Value{}
	return func(n int64) strategies.Value {
		v, ok := known[n]
		if !ok {
			v = w.of(n)
			known[n] = v
		}
		return v
	}
}

func (w Writing) of(n int64) strategies.Value {
	v, err := w.Format.ParseString(w.text(n))
	if err != nil {
		panic(err)
	}
	return v
}

func (w Writing) text(n int64) string {
	form := int64(2)
	if w.Mixed {
		form = (n%3 + 3) % 3
	}
	switch w.Format {
	case strategies.RFC3339:
		return w.Units.text(n, form)
	case strategies.EpochMillis:
		return whole((epoch+n)*1000, form)
	case strategies.EpochSeconds:
		return whole(epoch+n, form)
	case strategies.EpochMicros:
		return whole((epoch+n)*1e6, form)
	case strategies.Date:
		return Days.time(n).Format(time.DateOnly)
	case strategies.EpochFloat:
		return w.float(n)
	case inLayout:
		return Seconds.time(n).In(cest).Format("02.01.06 15:04:05")
	case inList:
		switch form {
		case 0:
			return w.float(n)
		case 1:
			return Tenths.time(n).In(cest).Format("02-Jan-2006 15:04:05.0 -0700")
		}
		return Tenths.time(n).Format(time.RFC3339Nano)
	case strategies.Opaque:
		return fmt.Sprintf("revision-%06d", n)
	}
	return whole(n, form)
}

// text writes a date and time in one of three forms.
func (u Units) text(n, form int64) string {
	t := u.time(n)
	switch {
	case form == 0:
		return t.Add(time.Hour).Format("2006-01-02 15:04:05.9999999") + "+01:00"
	case form == 1 && u == Days:
		return t.AddDate(0, 0, -1).Format(time.DateOnly) + "T24:00:00Z"
	case form == 1:
		return t.Format("2006-01-02 15:04:05.0000000 +00")
	case u == Days:
		return t.Format(time.DateOnly)
	}
	return t.Format(time.RFC3339Nano)
}

// whole writes a whole number in one of three forms.
func whole(n, form int64) string {
	switch form {
	case 0:
		return strconv.FormatInt(n, 10) + ".0"
	case 1:
		return strconv.FormatFloat(float64(n), 'e', -1, 64)
	}
	return strconv.FormatInt(n, 10)
}

// float writes tenths of a second, with a zero at the end where layouts are mixed.
func (w Writing) float(n int64) string {
	digits := -1
	if w.Mixed && n%2 == 0 {
		digits = 2
	}
	return strconv.FormatFloat(epoch+float64(n)/10, 'f', digits, 64)
}
