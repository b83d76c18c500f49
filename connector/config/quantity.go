package config

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// The patterns stand in the JSON Schema too. A leading zero is refused: some readers
// of YAML take it for an octal number.
const (
	wholePattern    = `^-?(0|[1-9][0-9]*)$`
	decimalPattern  = `^-?((0|[1-9][0-9]*)(\.[0-9]+)?|\.[0-9]+)([eE][+-]?[0-9]+)?$`
	durationPattern = `^([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h|d))+$`
	sizePattern     = `^[0-9]+(\.[0-9]+)? ?([kKMGT]i?)?B?$`
)

var (
	whole       = regexp.MustCompile(wholePattern)
	decimal     = regexp.MustCompile(decimalPattern)
	sizeParts   = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?) ?([kKMGT]?)(i?)B?$`)
	daysLeading = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?)d(.*)$`)
)

func parseWhole(s string) (int64, bool) {
	if !whole.MatchString(s) {
		return 0, false
	}
	v, err := strconv.ParseInt(s, 10, 64)
	return v, err == nil
}

func parseDecimal(s string) (float64, bool) {
	if !decimal.MatchString(s) {
		return 0, false
	}
	v, err := strconv.ParseFloat(s, 64)
	return v, err == nil && !math.IsInf(v, 0)
}

// parseQuantity reads a number, a number of hours, a duration in seconds or a size in
// bytes.
func parseQuantity(k kind, s string) (float64, bool) {
	if v, ok := parseDecimal(s); ok {
		return v, k != size || v == math.Trunc(v)
	}
	switch k {
	case duration:
		return parseDuration(s)
	case size:
		return parseSize(s)
	}
	return 0, false
}

// parseDuration reads Go's durations, and days before them: "1d12h".
func parseDuration(s string) (seconds float64, ok bool) {
	if m := daysLeading.FindStringSubmatch(s); m != nil {
		days, err := strconv.ParseFloat(m[1], 64)
		if err != nil {
			return 0, false
		}
		seconds, s = days*24*3600, m[2]
		if s == "" {
			return seconds, true
		}
	}
	v, err := time.ParseDuration(s)
	if err != nil {
		return 0, false
	}
	return seconds + v.Seconds(), true
}

func parseSize(s string) (bytes float64, ok bool) {
	m := sizeParts.FindStringSubmatch(s)
	if m == nil || m[2] == "" && m[3] != "" {
		return 0, false
	}
	v, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		return 0, false
	}
	base := 1000.0
	if m[3] == "i" {
		base = 1024
	}
	power := strings.Index(" kmgt", strings.ToLower(m[2])) // 0 where there is no unit
	return math.Trunc(v * math.Pow(base, float64(power))), true
}
