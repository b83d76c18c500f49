package value

import "time"

// date is a day, YYYY-MM-DD: its midnight in the format's zone.
type date struct{}

func (date) is() string { return "is not a date like 2006-01-02: " }

func (date) read(text []byte, zone *time.Location) (Instant, string) {
	days, ok := parseDate(text)
	if !ok {
		return Instant{}, "no such date"
	}
	at := Instant{N: days * 86400e6}
	if zone != nil {
		at = local(at, zone)
	}
	return at, ""
}

func (date) step([]byte) int64 { return 86400e9 }

func (date) write(_ []byte, at Instant, zone *time.Location) string {
	t, _ := wall(at, zone, firstSecond, lastSecond)
	return t.Format(time.DateOnly)
}
