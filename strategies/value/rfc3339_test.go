package value

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// timestamps draws texts that parseStamp takes.
func timestamps() *rapid.Generator[string] {
	zones := map[string]int{"Z": 0, "z": 0, "": 0, "+00:00": 0, "-0000": 0, "+05:30": 30, "-11:45": -45, "+2359": 59, "-23:59": -59,
		"+00": 0, "-11": 0, " Z": 0, " +05:30": 30, " -0130": -30, " +01": 0, " UTC": 0} // minutes beyond the hour
	return rapid.Custom(func(t *rapid.T) string {
		at := time.Unix(rapid.Int64Range(-62135596800, 253402300799).Draw(t, "sec"), rapid.Int64Range(0, 999999999).Draw(t, "ns")).UTC()
		zone := rapid.SampledFrom(slices.Sorted(maps.Keys(zones))).Draw(t, "zone")
		date, clock := at.Format(time.DateOnly), at.Format(time.TimeOnly)
		layout := rapid.SampledFrom([]string{"", ".0", ".000", ",000", ".000000", ".0000000", ".000000000", ".000000000789"}).Draw(t, "fraction")
		fraction := at.Format(layout[:min(len(layout), 10)]) + layout[min(len(layout), 10):]
		switch rapid.IntRange(0, 9).Draw(t, "form") {
		case 0:
			return date
		case 1: // the end of the day
			clock = "24:00:00"
			if fraction != "" {
				fraction = fraction[:1] + strings.Repeat("0", len(fraction)-1)
			}
		case 2: // a leap second
			clock = fmt.Sprintf("%s:%02d:60", clock[:2], (59+60+zones[zone])%60)
		}
		return date + rapid.SampledFrom([]string{"T", "t", " "}).Draw(t, "sep") + clock + fraction + zone
	})
}

// readByStandard brings a text that parseStamp takes into the shape that time.Parse takes.
func readByStandard(text string) (time.Time, error) {
	if len(text) == 10 {
		text += "T00:00:00Z"
	}
	b := []byte(strings.TrimSuffix(strings.ToUpper(text), " UTC"))
	b[10] = 'T'
	if blank := bytes.IndexByte(b, ' '); blank > 0 { // before the zone
		b = append(b[:blank], b[blank+1:]...)
	}
	later := time.Duration(0)
	if string(b[11:13]) == "24" {
		copy(b[11:], "00")
		later = 24 * time.Hour
	}
	if string(b[17:19]) == "60" {
		copy(b[17:], "59")
		later = time.Second
	}
	switch zone := bytes.LastIndexAny(b[19:], "+-") + 19; {
	case zone > 18 && len(b)-zone == 5:
		b = append(b[:zone+3], append([]byte{':'}, b[zone+3:]...)...)
	case zone > 18 && len(b)-zone == 3:
		b = append(b, ":00"...)
	case zone <= 18 && b[len(b)-1] != 'Z':
		b = append(b, 'Z')
	}
	at, err := time.Parse(time.RFC3339Nano, string(b))
	return at.Add(later), err
}

func TestParseAgreesWithStandardLibrary(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := []byte(timestamps().Draw(t, "text"))
		whole := true
		if rapid.Bool().Draw(t, "spoil") {
			whole = false
			text[rapid.IntRange(0, len(text)-1).Draw(t, "at")] = rapid.SampledFrom([]byte("0123456789-+:.,TZ x")).Draw(t, "byte")
		}
		got, why := parseStamp(text)
		if why != "" {
			if whole {
				t.Fatalf("%q is refused: %v", text, why)
			}
			if at, err := time.Parse(time.RFC3339Nano, string(text)); err == nil {
				// The standard library also takes zones like -24:60.
				_, zone := at.Zone()
				if max(zone, -zone) < 86400 && strings.HasSuffix(string(text), at.Format("Z07:00")) {
					t.Fatalf("%q is refused, the standard library reads %v", text, at)
				}
			}
			return
		}
		want, err := readByStandard(string(text))
		if err != nil {
			t.Fatalf("%q is read as %+v, the standard library says %v", text, got, err)
		}
		if got.N != want.UnixMicro() || int(got.Sub) != want.Nanosecond()%1000 {
			t.Fatalf("%q is read as %d+%d, the standard library reads %d", text, got.N, got.Sub, want.UnixNano())
		}
	})
}
