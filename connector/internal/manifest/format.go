package manifest

import (
	"regexp"
	"strings"
	"time"

	"tidemark/connector/internal/request"
	"tidemark/strategies"
)

// What definitions write for times that strftime has no word for, and what formats they are here.
var numeric = map[string]string{"%s": "epoch_seconds", "%s_as_float": "epoch_float", "%ms": "epoch_millis", "%epoch_microseconds": "epoch_micros"}

// Layouts that the format rfc3339 reads as well: a missing zone is UTC there, as it is in definitions.
var iso = regexp.MustCompile(`^%Y-%m-%d[T ]%H:%M:%S(\.(%f|%_ms|%L|0+))?(Z|%z|%Z|\+00:?00)?$`)

// cursorFormats are the formats in which rows have their cursor value, of those in the definition.
func cursorFormats(layouts []string) (formats []string, zone string, ok bool) {
	dates, add := true, func(f string) {
		for _, have := range formats {
			if have == f || strings.HasPrefix(have, "epoch_") && strings.HasPrefix(f, "epoch_") { // the first takes every number
				return
			}
		}
		formats = append(formats, f)
	}
	for _, layout := range layouts {
		layout = strings.ReplaceAll(layout, "%_ms", "%L")
		switch f := numeric[layout]; {
		case f != "":
			add(f)
		case iso.MatchString(layout):
			add("rfc3339")
			dates = false
		case layout == "%Y-%m-%d":
			add("date")
		default:
			add(layout)
		}
	}
	if !dates { // which rfc3339 reads, too
		for i, f := range formats {
			if f == "date" {
				formats = append(formats[:i], formats[i+1:]...)
				break
			}
		}
	}
	for _, zone := range []string{"", "UTC"} {
		if _, err := parseFormats(formats, zone); err == nil {
			return formats, zone, true
		}
	}
	return nil, "", false
}

func parseFormats(formats []string, zone string) (strategies.Format, error) {
	if zone == "UTC" {
		return strategies.ParseFormats(formats, time.UTC)
	}
	return strategies.ParseFormats(formats, nil)
}

// asked is a placeholder of a role that writes a time in the definition's layout.
func asked(role, layout string) (hole string, number, ok bool) {
	prefix := ""
	if i := strings.IndexByte(layout, '%'); i > 0 {
		prefix, layout = layout[:i], layout[i:]
	}
	if strings.ContainsAny(prefix+layout, "{}|") {
		return "", false, false
	}
	layout = strings.ReplaceAll(layout, "%_ms", "%L")
	filter := map[string]string{"%Y-%m-%dT%H:%M:%SZ": "rfc3339", "%Y-%m-%dT%H:%M:%S.%fZ": "rfc3339_micros", "%Y-%m-%dT%H:%M:%S.%LZ": "rfc3339_millis",
		"%Y-%m-%d": "date", "%s": "epoch_seconds", "%ms": "epoch_millis", "%epoch_microseconds": "epoch_micros"}[layout]
	if filter == "" {
		filter = layout
	}
	if _, message := request.ParseFormat(filter); message != "" {
		return "", false, false
	}
	return prefix + "{" + role + ":" + filter + "}", prefix == "" && strings.HasPrefix(filter, "epoch_"), true
}

// layouts are how definitions may write their own times, tried one behind the other.
var layouts = []string{"rfc3339", "date", "epoch_seconds"}

// rewrite writes a time of the definition as rows have it.
func rewrite(value, layout string, formats []string, zone string) (string, bool) {
	to, err := parseFormats(formats, zone)
	if err != nil {
		return "", false
	}
	from := layouts
	if own, zone, ok := cursorFormats([]string{layout}); ok && layout != "" {
		if f, err := parseFormats(own, zone); err == nil {
			if v, err := f.ParseString(value); err == nil {
				return to.Write(v), true
			}
		}
	}
	for _, name := range from {
		f, err := parseFormats([]string{name}, "")
		if err != nil {
			continue
		}
		if v, err := f.ParseString(value); err == nil {
			return to.Write(v), true
		}
	}
	return "", false
}

var isoDuration = regexp.MustCompile(`^P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.\d+)?S)?)?$`)

// shortest are the shortest lengths of a year and a month: a span of time that is a little short asks no more of an API
// than it gives.
var shortest = []time.Duration{365 * 24 * time.Hour, 28 * 24 * time.Hour, 7 * 24 * time.Hour, 24 * time.Hour, time.Hour, time.Minute, time.Second}

// longest are the longest.
var longest = []time.Duration{366 * 24 * time.Hour, 31 * 24 * time.Hour, 7 * 24 * time.Hour, 24 * time.Hour, time.Hour, time.Minute, time.Second}

// duration reads one as ISO 8601 writes it.
func duration(s string, units []time.Duration) (d time.Duration, ok bool) {
	m := isoDuration.FindStringSubmatch(s)
	if m == nil || s == "P" {
		return 0, false
	}
	for i, digits := range m[1:] {
		n := int64(0)
		for _, c := range digits {
			if n = n*10 + int64(c-'0'); n > 1e6 {
				return 0, false
			}
		}
		d += time.Duration(n * int64(units[i]))
	}
	return d, true
}

// days writes a duration as a configuration does.
func days(d time.Duration) string {
	const day = 24 * time.Hour
	if d > 0 && d%day == 0 {
		return itoa(int64(d/day)) + "d"
	}
	s := d.String()
	for _, zero := range []string{"m0s", "h0m"} { // 1h0m0s is 1h
		if cut, ok := strings.CutSuffix(s, zero); ok {
			s = cut + zero[:1]
		}
	}
	return s
}
