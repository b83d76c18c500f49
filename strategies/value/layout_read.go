package value

import (
	"strings"
	"time"
)

func (l *layout) is() string { return "is not like " + l.name + ": " }

// fields are what a text of a layout says.
type fields struct {
	year, month, day, yearDay    int
	hour, minute, second, half   int // half: 1 am, 2 pm
	nanos, digits                int // a fraction of a second, and of how many digits
	zone                         int // seconds east of UTC
	zoneText                     []byte
	epoch                        int64
	monthCase, dayCase, halfCase casing
}

// casing is how a name is written.
type casing byte

const (
	title casing = iota // Nov
	upper               // NOV
	lower               // nov
)

var (
	months   = []string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"}
	weekdays = []string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"}
	halves   = []string{"AM", "PM"}
	// zoneNames are those of UTC, in the order in which they are tried.
	zoneNames = []string{"UTC", "GMT", "Z"}
)

func (l *layout) read(text []byte, zone *time.Location) (Instant, string) {
	f, why := l.parse(text)
	if why != "" {
		return Instant{}, why
	}
	if l.epoch() {
		return Instant{N: f.epoch * 1e6}, ""
	}
	days := daysFromCivil(f.year, f.month, f.day) + int64(f.yearDay)
	at := Instant{N: (days*86400+int64(f.hour*3600+f.minute*60+f.second))*1e6 + int64(f.nanos/1e3), Sub: uint16(f.nanos % 1e3)}
	switch {
	case l.zoned:
		at.N -= int64(l.ahead+f.zone) * 1e6
	case zone != nil:
		at = local(at, zone)
	}
	return at, ""
}

// epoch reports whether the layout counts from 1970.
func (l *layout) epoch() bool { return l.zoned && !l.clock }

// parse takes a text apart. why is empty where it is of the layout, and yearDay counts from 0.
func (l *layout) parse(b []byte) (f fields, why string) {
	f.month, f.day = 1, 1
	for i := range l.tokens {
		t := &l.tokens[i]
		n := f.take(t, b)
		if n < 0 {
			return f, t.why
		}
		b = b[n:]
	}
	switch {
	case len(b) > 0:
		return f, "something stands behind it"
	case l.epoch():
		return f, ""
	case f.year < 1 || f.month < 1 || f.month > 12 || f.day < 1 || f.day > daysIn(f.year, f.month):
		return f, noDate
	case f.yearDay < 0 || f.yearDay == 365 && !leap(f.year) || f.yearDay > 365:
		return f, noDate
	case f.hour > 23 || f.minute > 59 || f.second > 60 || f.second == 60 && f.minute != 59:
		return f, noDate
	}
	if f.half > 0 {
		if f.hour < 1 || f.hour > 12 {
			return f, noDate
		}
		f.hour = f.hour%12 + 12*(f.half-1)
	}
	return f, ""
}

// take reads what a token stands for, and says how long it is; -1 where b begins otherwise.
func (f *fields) take(t *token, b []byte) int {
	switch t.verb {
	case 0:
		if len(b) >= len(t.text) && string(b[:len(t.text)]) == t.text {
			return len(t.text)
		}
		return -1
	case 'f':
		nanos, n, why := parseFraction(b)
		if why != "" {
			return -1
		}
		f.nanos, f.digits = nanos, n
		return n
	case 's':
		return f.takeEpoch(b)
	case 'z', 'Z':
		return f.takeZone(t, b)
	case 'b', 'B':
		i, n, c := name(b, months, t.verb == 'b')
		f.month, f.monthCase = i+1, c
		return n
	case 'a', 'A':
		_, n, c := name(b, weekdays, t.verb == 'a')
		f.dayCase = c
		return n
	case 'p':
		i, n, c := name(b, halves, false)
		f.half, f.halfCase = i+1, c
		return n
	}
	v, n := t.number(b)
	switch t.verb {
	case 'Y':
		f.year = v
	case 'y':
		if f.year = 2000 + v; v >= 69 {
			f.year = 1900 + v
		}
	case 'm':
		f.month = v
	case 'd':
		f.day = v
	case 'j':
		f.yearDay = v - 1
	case 'H', 'I':
		f.hour = v
	case 'M':
		f.minute = v
	case 'S':
		f.second = v
	case 'L':
		f.nanos, f.digits = v*1e6, 3
	}
	return n
}

// number reads the token's digits.
func (t *token) number(b []byte) (v, n int) {
	from := 0
	if t.pad == ' ' && len(b) > 0 && b[0] == ' ' {
		from = 1
	}
	for n = from; n < t.digits && n < len(b) && b[n] >= '0' && b[n] <= '9'; n++ {
		v = v*10 + int(b[n]-'0')
	}
	if n == from || t.pad != 0 && n < t.digits {
		return 0, -1
	}
	return v, n
}

// takeEpoch reads a whole number of seconds since 1970.
func (f *fields) takeEpoch(b []byte) int {
	n := 0
	for n < len(b) && (b[n] >= '0' && b[n] <= '9' || n == 0 && b[n] == '-') {
		n++
	}
	v, ok := parseInt(b[:n])
	if !ok || v > 9223372036854 || v < -9223372036854 {
		return -1
	}
	f.epoch = v
	return n
}

func (f *fields) takeZone(t *token, b []byte) int {
	if t.verb == 'Z' {
		for _, s := range zoneNames {
			if len(b) >= len(s) && string(b[:len(s)]) == s {
				f.zoneText = b[:len(s)]
				return len(s)
			}
		}
		return -1
	}
	for _, n := range [4]int{6, 5, 3, 1} {
		if len(b) < n {
			continue
		}
		if zone, ok := parseZone(b[:n]); ok {
			f.zone, f.zoneText = zone, b[:n]
			return n
		}
	}
	return -1
}

// name finds the one of a list that b begins with, or its first three letters, in any case.
func name(b []byte, list []string, short bool) (i, n int, c casing) {
	for i, s := range list {
		if short {
			s = s[:3]
		}
		if len(b) < len(s) || !strings.EqualFold(string(b[:len(s)]), s) {
			continue
		}
		switch {
		case b[0] >= 'a':
			c = lower
		case b[1] < 'a':
			c = upper
		}
		return i, len(s), c
	}
	return 0, -1, title
}
