package strategies

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// timestamps draws texts that parseTime takes, or nearly.
func timestamps() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		at := time.Unix(rapid.Int64Range(-62135596800, 253402300799).Draw(t, "sec"), rapid.Int64Range(0, 999999999).Draw(t, "ns")).UTC()
		text := at.Format("2006-01-02T15:04:05" + rapid.SampledFrom([]string{"", ".0", ".000", ",000", ".000000", ".000000000"}).Draw(t, "fraction"))
		text = text[:10] + rapid.SampledFrom([]string{"T", "t", " "}).Draw(t, "sep") + text[11:]
		return text + rapid.SampledFrom([]string{"Z", "z", "", "+00:00", "-0000", "+05:30", "-11:45", "+2359", "-23:59"}).Draw(t, "zone")
	})
}

// readByStandard brings a text that parseTime takes into the shape that time.Parse takes.
func readByStandard(text string) (time.Time, error) {
	b := []byte(strings.ToUpper(text))
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
		got, err := parseTime(text)
		if err != nil {
			if whole {
				t.Fatalf("%q is refused: %v", text, err)
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
		if got.micros != want.UnixMicro() || int(got.sub) != want.Nanosecond()%1000 {
			t.Fatalf("%q is read as %d+%d, the standard library reads %d", text, got.micros, got.sub, want.UnixNano())
		}
	})
}
