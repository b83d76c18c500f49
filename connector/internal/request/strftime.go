package request

import (
	"strconv"
	"strings"
	"time"
)

// unit is the part of a time that a code writes, the coarser ones first.
type unit int

const (
	noUnit unit = iota
	years
	months
	days
	hours
	minutes
	seconds
	millis
	micros
)

// granules are the longest of each unit.
var granules = [...]int64{years: 366 * day, months: 31 * day, days: day, hours: 3600 * second, minutes: 60 * second, seconds: second, millis: second / 1000, micros: 1}

// code is one letter of strftime.
type code struct {
	letter    byte
	from, to  unit // the units it writes
	layout    string
	otherwise func(dst []byte, t time.Time) []byte
}

var codes = []code{
	{letter: 'Y', from: years, to: years, layout: "2006"},
	{letter: 'm', from: months, to: months, layout: "01"},
	{letter: 'b', from: months, to: months, layout: "Jan"},
	{letter: 'd', from: days, to: days, layout: "02"},
	{letter: 'j', from: months, to: days, layout: "002"},
	{letter: 'H', from: hours, to: hours, layout: "15"},
	{letter: 'M', from: minutes, to: minutes, layout: "04"},
	{letter: 'S', from: seconds, to: seconds, layout: "05"},
	{letter: 'L', from: millis, to: millis, otherwise: func(dst []byte, t time.Time) []byte { return fraction(dst, t.Nanosecond()/1e6, 3) }},
	{letter: 'f', from: millis, to: micros, otherwise: func(dst []byte, t time.Time) []byte { return fraction(dst, t.Nanosecond()/1e3, 6) }},
	{letter: 'F', from: years, to: days, layout: time.DateOnly},
	{letter: 'T', from: hours, to: seconds, layout: time.TimeOnly},
	{letter: 's', from: years, to: seconds, otherwise: func(dst []byte, t time.Time) []byte { return strconv.AppendInt(dst, t.Unix(), 10) }},
	{letter: 'a', layout: "Mon"},
	{letter: 'z', layout: "-0700"},
	{letter: 'Z', layout: "UTC"},
	{letter: '%', otherwise: func(dst []byte, _ time.Time) []byte { return append(dst, '%') }},
}

func fraction(dst []byte, n, digits int) []byte {
	s := strconv.Itoa(n)
	return append(append(dst, "000000"[:digits-len(s)]...), s...)
}

func codeOf(letter byte) *code {
	for i := range codes {
		if codes[i].letter == letter {
			return &codes[i]
		}
	}
	return nil
}

// strftime writes times by a format of codes. It was parsed before.
type strftime struct {
	format string
	finest unit
}

// parseStrftime reads a format. A unit without the coarser ones above it is refused: a time of day
// without its day would be another moment.
func parseStrftime(s string) (f Formatter, message string) {
	var has [micros + 1]bool
	finest := noUnit
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			continue
		}
		if i++; i == len(s) {
			return nil, "the format ends with a %"
		}
		c := codeOf(s[i])
		if c == nil {
			return nil, "the format has a code that is not one of " + letters()
		}
		if c.from == noUnit {
			continue
		}
		for u := c.from; u <= c.to; u++ {
			has[u] = true
		}
		finest = max(finest, c.to)
	}
	if finest == noUnit {
		return nil, "the format says nothing of the time"
	}
	for u := years; u < finest; u++ {
		if !has[u] {
			return nil, "the format leaves out " + [...]string{years: "the year", months: "the month", days: "the day", hours: "the hour", minutes: "the minute", seconds: "the second", millis: "the millisecond"}[u]
		}
	}
	return strftime{s, finest}, ""
}

func letters() string {
	all := make([]string, len(codes))
	for i := range codes {
		all[i] = "%" + string(codes[i].letter)
	}
	return strings.Join(all, " ")
}

func (f strftime) Granule() int64 { return granules[f.finest] }

func (f strftime) Render(micros int64) string {
	var space [64]byte
	dst, t := space[:0], moment(micros)
	for i := 0; i < len(f.format); i++ {
		if f.format[i] != '%' {
			dst = append(dst, f.format[i])
			continue
		}
		i++
		if c := codeOf(f.format[i]); c.otherwise != nil {
			dst = c.otherwise(dst, t)
		} else {
			dst = t.AppendFormat(dst, c.layout)
		}
	}
	return string(dst)
}
