package wire

import (
	"encoding/binary"
	"math"

	"tidemark/strategies"
)

// The years 0 to 9999, all that RFC 3339 can write, in seconds since 1970.
const (
	minSecond = -62167219200
	maxSecond = 253402300799
)

// encodeTimestamp encodes the timestamp types from text or from a number in their unit.
func (s *state) encodeTimestamp(n *node, c byte) code {
	at := s.pos
	if c != '"' {
		v, code := s.whole(n)
		switch {
		case code != good:
			return code
		case n == s.plan.written:
			return s.refuse(n, at, "is no text to be read as "+s.plan.opts.Format.String())
		}
		if sec := strategies.FloorDiv(v, n.unit); sec < minSecond || sec > maxSecond {
			return s.refuse(n, at, "is beyond the years 0 to 9999")
		}
		s.out = appendLong(s.out, v)
		return good
	}
	t, micros, short := s.stamp(n)
	var nanos uint16
	if !short {
		start, end, flags, ok := s.str()
		if !ok {
			return broken
		}
		if t, ok = s.text(start, end, flags); !ok {
			return s.refuse(n, at, notUnicode)
		}
		var err error
		if micros, nanos, err = s.instant(n, t); err != nil {
			return s.refuse(n, at, "the text "+err.Error())
		}
	}
	if n.local && hasZone(t) {
		return s.refuse(n, at, "names a zone")
	}
	if micros < minSecond*1e6 || micros >= (maxSecond+1)*1e6 {
		return s.refuse(n, at, "is beyond the years 0 to 9999")
	}
	v := micros
	switch n.unit {
	case 1e3:
		v = strategies.FloorDiv(micros, 1e3)
		if nanos != 0 || micros%1e3 != 0 {
			if n == s.plan.stamp { // read back, it would be another value (rule 9)
				return s.refuse(n, at, "is finer than a millisecond")
			}
			s.adjusted.Rounded.note(t)
		}
	case 1e6:
		if nanos != 0 { // down, as the division has it; cursor values are compared by microseconds too
			s.adjusted.Rounded.note(t)
		}
	case 1e9:
		if micros > math.MaxInt64/1000-1 || micros < math.MinInt64/1000+1 {
			return s.refuse(n, at, "is beyond the years 1677 to 2262")
		}
		v = micros*1000 + int64(nanos)
		if lost(t) {
			s.adjusted.Rounded.note(t)
		}
	}
	s.stampMicros, s.stampNanos = micros, nanos
	s.out = appendLong(s.out, v)
	return good
}

// instant reads the text of a timestamp: RFC 3339, and of the cursor field what its format says.
func (s *state) instant(n *node, t []byte) (micros int64, nanos uint16, err error) {
	if n != s.plan.written {
		return s.micros(t)
	}
	v, err := s.plan.opts.Format.Parse(t)
	return v.N, v.Sub, err
}

// days remembers the dates that came last: rows that follow each other mostly share
// theirs, and the calendar is half the work of reading a timestamp. The place is chosen
// by the day of the month.
type days [64]day

type day struct {
	date   [10]byte
	micros int64 // of the date's midnight, UTC
}

// stamp reads the string at pos where seen does, and it is of one of the usual lengths. Where it is false it has done
// nothing.
func (s *state) stamp(n *node) (t []byte, micros int64, ok bool) {
	if n == s.plan.written {
		return nil, 0, false
	}
	b := s.buf[s.pos+1:]
	for _, size := range [3]int{len("2006-01-02T15:04:05Z"), len("2006-01-02T15:04:05.000Z"), len("2006-01-02T15:04:05.000000Z")} {
		if len(b) > size && b[size] == '"' {
			if micros, ok = s.seen(b[:size]); ok {
				s.pos, s.flags = s.pos+1+size+1, 0
			}
			return b[:size], micros, ok
		}
	}
	return nil, 0, false
}

// micros is strategies.Micros with a short way for what seen reads.
func (s *state) micros(t []byte) (micros int64, nanos uint16, err error) {
	if micros, ok := s.seen(t); ok {
		return micros, 0, nil
	}
	micros, nanos, err = strategies.Micros(t)
	if err == nil && len(t) >= 20 && t[10] == 'T' && t[len(t)-1] == 'Z' && string(t[11:13]) != "24" && t[17] != '6' { // 24:00:00 and leap seconds are the next day's
		day := s.day(t)
		day.date = [10]byte(t[:10])
		day.micros = strategies.FloorDiv(micros, 86400e6) * 86400e6
	}
	return micros, nanos, err
}

// day is the place of a text's date.
func (s *state) day(t []byte) *day { return &s.days[(t[8]&3*10+t[9]&15)&63] }

// seen reads "2006-01-02T15:04:05Z", with up to six digits of a fraction, on a date that has been seen.
func (s *state) seen(t []byte) (micros int64, ok bool) {
	const zeros, colons = 0x30303a30303a3030, 0x0000ff0000ff0000 // "00:00:00"
	if len(t) < 20 || len(t) > 27 || t[10] != 'T' || t[len(t)-1] != 'Z' {
		return 0, false
	}
	day := s.day(t)
	// XOR leaves 0 to 9 of a digit and 0 of a colon.
	x := binary.LittleEndian.Uint64(t[11:]) ^ zeros
	if day.date != [10]byte(t[:10]) || ((x+0x7676767676767676)|x)&0x8080808080808080 != 0 || x&colons != 0 {
		return 0, false
	}
	hour := int64(x&15*10 + x>>8&15)
	minute := int64(x>>24&15*10 + x>>32&15)
	second := int64(x>>48&15*10 + x>>56&15)
	var fraction int64
	if len(t) > 20 {
		digits := t[20 : len(t)-1]
		if t[19] != '.' || len(digits) == 0 {
			return 0, false
		}
		for _, c := range digits {
			if c-'0' > 9 {
				return 0, false
			}
			fraction = fraction*10 + int64(c-'0')
		}
		for i := len(digits); i < 6; i++ {
			fraction *= 10
		}
	}
	if hour > 23 || minute > 59 || second > 59 {
		return 0, false
	}
	return day.micros + (hour*3600+minute*60+second)*1e6 + fraction, true
}

// hasZone reports whether a timestamp that Micros has read ends in a zone.
func hasZone(t []byte) bool {
	if len(t) < 19 { // a date alone
		return false
	}
	for _, c := range t[19:] {
		if c|0x20 == 'z' || c == '+' || c == '-' || c == 'U' {
			return true
		}
	}
	return false
}

// encodeClock encodes date, time-millis and time-micros.
func (s *state) encodeClock(n *node, c byte) code {
	at := s.pos
	if c != '"' {
		v, code := s.whole(n)
		if code != good {
			return code
		}
		switch {
		case n.kind == kDate && (v < minSecond/86400 || v > maxSecond/86400):
			return s.refuse(n, at, "is beyond the years 0 to 9999")
		case n.kind != kDate && (v < 0 || v >= 86400*n.unit):
			return s.refuse(n, at, "is no time of day")
		}
		s.out = appendLong(s.out, v)
		return good
	}
	start, end, flags, ok := s.str()
	if !ok {
		return broken
	}
	t, ok := s.text(start, end, flags)
	if !ok {
		return s.refuse(n, at, notUnicode)
	}
	// A date or a time is half a timestamp: the other half is lent to it, and one
	// parser knows the calendar.
	var full [40]byte
	if n.kind == kDate {
		if len(t) != 10 {
			return s.refuse(n, at, "is no date like 2006-01-02")
		}
		copy(full[:], t)
		copy(full[10:], "T00:00:00Z")
		micros, _, err := strategies.Micros(full[:20])
		if err != nil {
			return s.refuse(n, at, "is no date like 2006-01-02")
		}
		s.out = appendLong(s.out, strategies.FloorDiv(micros, 86400e6))
		return good
	}
	const noTime = "is no time of day like 15:04:05"
	if len(t) < 8 || len(t) > 18 || hasZone(append(full[:11], t...)) {
		return s.refuse(n, at, noTime)
	}
	copy(full[:], "1970-01-01T")
	micros, nanos, err := strategies.Micros(full[:11+len(t)])
	if err != nil || micros >= 86400e6 {
		return s.refuse(n, at, noTime)
	}
	if nanos != 0 || (n.kind == kTimeMillis && micros%1e3 != 0) {
		s.adjusted.Rounded.note(t)
	}
	s.out = appendLong(s.out, micros/(1e6/n.unit))
	return good
}
