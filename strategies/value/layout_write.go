package value

import (
	"strconv"
	"strings"
	"time"
)

func (l *layout) step(text []byte) int64 {
	if !l.fraction {
		return l.unit
	}
	f, _ := l.parse(text)
	step := l.unit
	for range f.digits {
		step /= 10
	}
	return step
}

// The first and last second of years of two digits.
const firstShort, lastShort = -31536000, 3124223999

// write clamps years that the layout cannot write or no API takes.
func (l *layout) write(like []byte, at Instant, zone *time.Location) string {
	f := fields{digits: 6}
	if like != nil {
		var why string
		if f, why = l.parse(like); why != "" {
			return string(like)
		}
	}
	if l.zoned {
		zone = time.FixedZone("", l.ahead+f.zone)
	}
	first, last := int64(firstSecond), int64(lastSecond)
	if l.short {
		first, last = firstShort, lastShort
	}
	t, nanos := wall(at, zone, first, last)
	out := make([]byte, 0, 40)
	for i := range l.tokens {
		token := &l.tokens[i]
		switch token.verb {
		case 0:
			out = append(out, token.text...)
		case 'f':
			out = appendFraction(out, nanos, f.digits)
		case 's':
			out = strconv.AppendInt(out, max(FloorDiv(at.N, 1e6), -9223372036854), 10)
		case 'z', 'Z':
			if out = append(out, f.zoneText...); f.zoneText == nil {
				out = append(out, token.zero()...)
			}
		case 'b', 'B':
			out = appendName(out, t.Month().String(), token.verb == 'b', f.monthCase)
		case 'a', 'A':
			out = appendName(out, t.Weekday().String(), token.verb == 'a', f.dayCase)
		case 'p':
			out = appendName(out, halves[t.Hour()/12], false, f.halfCase)
		default:
			out = token.append(out, fieldOf(token.verb, t, nanos))
		}
	}
	return string(out)
}

// fieldOf is the number that a directive stands for at a time.
func fieldOf(verb byte, t time.Time, nanos int) int {
	switch verb {
	case 'Y':
		return t.Year()
	case 'y':
		return t.Year() % 100
	case 'm':
		return int(t.Month())
	case 'd':
		return t.Day()
	case 'j':
		return t.YearDay()
	case 'H':
		return t.Hour()
	case 'I':
		return (t.Hour()+11)%12 + 1
	case 'M':
		return t.Minute()
	case 'S':
		return t.Second()
	}
	return nanos / 1e6 // L
}

// zero is how a directive of a zone writes UTC.
func (t *token) zero() string {
	switch {
	case t.verb == 'Z':
		return "UTC"
	case t.colon:
		return "+00:00"
	}
	return "+0000"
}

// append writes a number with the token's digits.
func (t *token) append(out []byte, v int) []byte {
	if t.pad != 0 {
		for n := t.digits; n > 1 && v < pow10(n-1); n-- {
			out = append(out, t.pad)
		}
	}
	return strconv.AppendInt(out, int64(v), 10)
}

func pow10(n int) int {
	v := 1
	for range n {
		v *= 10
	}
	return v
}

func appendName(out []byte, name string, short bool, c casing) []byte {
	if short {
		name = name[:3]
	}
	switch c {
	case upper:
		name = strings.ToUpper(name)
	case lower:
		name = strings.ToLower(name)
	}
	return append(out, name...)
}
