package strategies

import (
	"fmt"
	"time"
)

// stamp is a parsed timestamp with what is needed to write another one like it.
type stamp struct {
	micros   int64
	sub      uint16
	fraction int  // digits behind the decimal point
	sep      byte // between date and time
	zone     int  // seconds east of UTC
	zoneText []byte
	day      bool // a date alone
}

// maxDigits is how many digits a fraction of a second may have.
const maxDigits = 30

// parseTime reads YYYY-MM-DD, 'T' or ' ', HH:MM:SS, a fraction, of which nine digits count,
// and a zone, before which there may be a blank. A date alone is its midnight, 24:00:00 the
// next day's, and a leap second the second behind it, as databases have it. Written by hand
// because it runs for every row, and because time.Parse takes neither a missing zone nor
// a blank in one layout.
func parseTime(b []byte) (stamp, error) {
	bad := func(why string) (stamp, error) {
		return stamp{}, fmt.Errorf("%q is not a timestamp like 2006-01-02T15:04:05Z: %s", clip(b), why)
	}
	if len(b) == 10 {
		b = append(append(make([]byte, 0, 20), b...), "T00:00:00Z"...)
		s, err := parseTime(b)
		if err != nil {
			b = b[:10]
			return bad("no such date")
		}
		s.day = true
		return s, nil
	}
	if len(b) < 19 || b[4] != '-' || b[7] != '-' || b[13] != ':' || b[16] != ':' {
		return bad("wrong shape")
	}
	sep := b[10]
	if sep != 'T' && sep != 't' && sep != ' ' {
		return bad("no T between date and time")
	}
	year, ok1 := digits(b[0:4])
	month, ok2 := digits(b[5:7])
	day, ok3 := digits(b[8:10])
	hour, ok4 := digits(b[11:13])
	minute, ok5 := digits(b[14:16])
	second, ok6 := digits(b[17:19])
	if !(ok1 && ok2 && ok3 && ok4 && ok5 && ok6) {
		return bad("not all digits")
	}
	if month < 1 || month > 12 || day < 1 || day > daysIn(year, month) || hour > 24 || minute > 59 || second > 60 {
		return bad("no such date or time")
	}
	s := stamp{sep: sep}
	rest := b[19:]
	var nanos int
	if len(rest) > 0 && (rest[0] == '.' || rest[0] == ',') {
		i := 1
		for ; i < len(rest) && rest[i] >= '0' && rest[i] <= '9'; i++ {
			if i <= 9 {
				nanos = nanos*10 + int(rest[i]-'0')
			}
		}
		if i > maxDigits+1 {
			return bad("more than thirty digits of a second")
		}
		s.fraction = i - 1
		if s.fraction == 0 {
			return bad("no digits behind the point")
		}
		for j := s.fraction; j < 9; j++ {
			nanos *= 10
		}
		rest = rest[i:]
	}
	if hour == 24 && (minute > 0 || second > 0 || nanos > 0) {
		return bad("no such date or time")
	}
	s.zoneText = rest
	if len(rest) > 1 && rest[0] == ' ' {
		if rest = rest[1:]; string(rest) == "UTC" {
			rest = rest[:0]
		}
	}
	switch {
	case len(rest) == 0:
	case len(rest) == 1 && (rest[0] == 'Z' || rest[0] == 'z'):
	case (len(rest) == 6 && rest[3] == ':') || len(rest) == 5 || len(rest) == 3:
		zh, ok7 := digits(rest[1:3])
		zm, ok8 := 0, true
		if len(rest) > 3 {
			zm, ok8 = digits(rest[len(rest)-2:])
		}
		if !ok7 || !ok8 || (rest[0] != '+' && rest[0] != '-') || zh > 23 || zm > 59 {
			return bad("wrong zone")
		}
		s.zone = zh*3600 + zm*60
		if rest[0] == '-' {
			s.zone = -s.zone
		}
	default:
		return bad("wrong zone")
	}
	if second == 60 && (minute-s.zone/60)%60 != 59 && (minute-s.zone/60)%60 != -1 { // an hour's end in UTC
		return bad("no such date or time")
	}
	seconds := daysFromCivil(year, month, day)*86400 + int64(hour*3600+minute*60+second-s.zone)
	s.micros = seconds*1e6 + int64(nanos/1000)
	s.sub = uint16(nanos % 1000)
	return s, nil
}

// stepOf is the smallest step of a timestamp's layout in nanoseconds, 0 where the text is too
// short for one. It goes by the digits alone: b was parsed before.
func stepOf(b []byte) int64 {
	switch {
	case len(b) == 10:
		return 86400e9
	case len(b) < 19:
		return 0
	}
	step := int64(1e9)
	if rest := b[19:]; len(rest) > 0 && (rest[0] == '.' || rest[0] == ',') {
		for _, c := range rest[1:] {
			if c < '0' || c > '9' {
				break
			}
			step /= 10
		}
	}
	return step
}

// before writes the moment one step of the stamp's layout before micros and sub, for layouts
// finer than a microsecond.
func (s stamp) before(micros int64, sub uint16) string {
	step := 1
	for i := s.fraction; i < 9; i++ {
		step *= 10
	}
	n := int(sub)/step*step - step
	if n < 0 {
		n += 1000
		micros--
	}
	return s.format(micros, n)
}

// format writes micros, and nanoseconds beyond them, in the stamp's layout, rounded down to
// its granule. Years outside 1..9999 are clamped: no API takes them.
func (s stamp) format(micros int64, nanos int) string {
	const lo, hi = -62135596800, 253402300799 // 0001-01-01, 9999-12-31T23:59:59
	sec, us := FloorDiv(micros, 1e6), micros-FloorDiv(micros, 1e6)*1e6
	switch {
	case sec < lo:
		sec, us, nanos = lo, 0, 0
	case sec > hi:
		sec, us, nanos = hi, 999999, 0
	}
	t := time.Unix(sec, us*1000).In(time.FixedZone("", s.zone))
	if t.Year() < 1 || t.Year() > 9999 {
		t = t.UTC()
	}
	out := t.AppendFormat(make([]byte, 0, 40), "2006-01-02")
	if s.day {
		return string(out)
	}
	out = append(out, s.sep)
	out = t.AppendFormat(out, "15:04:05")
	if s.fraction > 0 {
		out = append(out, '.')
		out = append(out, fmt.Sprintf("%09d%0*d", us*1000+int64(nanos), maxDigits-9, 0)[:s.fraction]...)
	}
	return string(append(out, s.zoneText...))
}

// Micros parses an RFC 3339 timestamp into microseconds since 1970 and the
// nanoseconds beyond, for encoders of timestamp types. It allocates only on error.
func Micros(text []byte) (micros int64, nanos uint16, err error) {
	s, err := parseTime(text)
	return s.micros, s.sub, err
}

func digits(b []byte) (int, bool) {
	n := 0
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}

func daysIn(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// daysFromCivil counts days since 1970-01-01 in the proleptic Gregorian calendar,
// with the year taken to begin in March so that the leap day comes last.
func daysFromCivil(year, month, day int) int64 {
	y := int64(year)
	if month <= 2 {
		y--
	}
	era := FloorDiv(y, 400)
	yearOfEra := y - era*400
	monthFromMarch := int64((month + 9) % 12)
	dayOfYear := (153*monthFromMarch+2)/5 + int64(day) - 1
	dayOfEra := yearOfEra*365 + yearOfEra/4 - yearOfEra/100 + dayOfYear
	return era*146097 + dayOfEra - 719468
}
