package manifest

import (
	"fmt"
	"testing"
)

// The definition's layouts become formats of the cursor, and of the bounds in requests.
func TestFormats(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		layouts []string
		formats string
		asked   string
	}{
		{[]string{"%Y-%m-%dT%H:%M:%SZ"}, "[rfc3339] ", "{since:rfc3339}"},
		{[]string{"%Y-%m-%dT%H:%M:%S.%fZ", "%Y-%m-%d"}, "[rfc3339] ", "{since:rfc3339_micros}"},
		{[]string{"%Y-%m-%dT%H:%M:%S.%_msZ"}, "[rfc3339] ", "{since:rfc3339_millis}"},
		{[]string{"%Y-%m-%d %H:%M:%S"}, "[rfc3339] ", "{since:%Y-%m-%d %H:%M:%S}"},
		{[]string{"%Y-%m-%d"}, "[date] ", "{since:date}"},
		{[]string{"%s", "%ms"}, "[epoch_seconds] ", "{since:epoch_seconds}"},
		{[]string{"%ms"}, "[epoch_millis] ", "{since:epoch_millis}"},
		{[]string{"%d/%m/%Y %H:%M"}, "[%d/%m/%Y %H:%M] UTC", "{since:%d/%m/%Y %H:%M}"},
		{[]string{"at:gt:%Y-%m-%d"}, "[at:gt:%Y-%m-%d] ", "at:gt:{since:date}"},
		{[]string{"%Q"}, "", ""},
	} {
		formats, zone, ok := cursorFormats(c.layouts)
		if got := fmt.Sprint(formats, " ", zone); ok != (c.formats != "") || ok && got != c.formats {
			t.Errorf("%q: %s, want %s", c.layouts, got, c.formats)
		}
		if got, _, _ := asked("since", c.layouts[0]); got != c.asked {
			t.Errorf("%q is asked for as %s, want %s", c.layouts[0], got, c.asked)
		}
	}
}

// Durations are those of ISO 8601. A step is rather too short than too long, a look-back the other way round.
func TestDurations(t *testing.T) {
	t.Parallel()
	for of, want := range map[string]string{"P30D": "30d 30d", "P1M": "28d 31d", "P1Y": "365d 366d", "P2W": "14d 14d", "PT1H": "1h 1h", "PT90M": "1h30m 1h30m", "PT0S": "0s 0s", "P1DT2H": "26h 26h",
		"P": "", "30 days": "", "P99999999D": ""} {
		short, ok := duration(of, shortest)
		long, _ := duration(of, longest)
		if got := days(short) + " " + days(long); ok != (want != "") || ok && got != want {
			t.Errorf("%s is %s, want %s", of, got, want)
		}
	}
}
