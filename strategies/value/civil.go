package value

import "time"

// FloorDiv divides and rounds down, below 0 too: a time is never rounded to a later one, whether
// it lies before or after 1970.
func FloorDiv(a, b int64) int64 {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
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
		if leap(year) {
			return 29
		}
		return 28
	}
	return 31
}

func leap(year int) bool { return year%4 == 0 && (year%100 != 0 || year%400 == 0) }

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

// The seconds since 1970 of 0001-01-01 and of the last second of 9999. No API takes the years
// beyond.
const firstSecond, lastSecond = -62135596800, 253402300799

// wall is what clocks in the zone show at an instant, as a time in UTC. It is kept within the seconds
// that are given: where it lies outside, it is the nearest one of them.
func wall(at Instant, zone *time.Location, first, last int64) (t time.Time, nanos int) {
	second := FloorDiv(at.N, 1e6)
	nanos = int(at.N-second*1e6)*1000 + int(at.Sub)
	if second > first-2*86400 && second < last+2*86400 { // beyond, no offset brings it back
		second += offset(second, zone)
	}
	switch {
	case second < first:
		second, nanos = first, 0
	case second > last:
		second, nanos = last, 999_999_999
	}
	return time.Unix(second, 0).UTC(), nanos
}

// local is the instant at which clocks in the zone show a time, which at has as if it were UTC.
// Of an hour that clocks go through twice it is the first pass, and of one that they skip it is
// the moment at which they do: so texts in their order are instants in their order.
func local(at Instant, zone *time.Location) Instant {
	second := FloorDiv(at.N, 1e6)
	within := at.N - second*1e6
	for _, near := range [2]int64{-86400, 86400} {
		ahead := offset(second+near, zone)
		if offset(second-ahead, zone) == ahead {
			return Instant{N: (second-ahead)*1e6 + within, Sub: at.Sub}
		}
	}
	before := second - offset(second+86400, zone)
	if _, end := time.Unix(before, 0).In(zone).ZoneBounds(); !end.IsZero() {
		return Instant{N: end.Unix() * 1e6}
	}
	return Instant{N: before*1e6 + within, Sub: at.Sub}
}

// offset is how many seconds east of UTC a zone is at a second since 1970.
func offset(second int64, zone *time.Location) int64 {
	if zone == nil || zone == time.UTC {
		return 0
	}
	_, ahead := time.Unix(second, 0).In(zone).Zone()
	return int64(ahead)
}
