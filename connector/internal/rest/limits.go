package rest

import (
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// limitFields are the keys under which an error in JSON says how much is allowed, without case
// and punctuation.
var limitFields = map[string]bool{
	"max": true, "maximum": true, "limit": true, "maxlimit": true, "limitmax": true, "maxvalue": true, "maximumvalue": true, "maxsize": true,
	"maxpagesize": true, "maximumpagesize": true, "maxperpage": true, "maxresults": true, "maxitems": true, "maxrows": true, "maxallowed": true,
	"maximumallowed": true, "maxcount": true, "le": true, "lte": true, "limitvalue": true, "upperbound": true, "upperlimit": true,
}

// limitsOf finds the numbers that an error in JSON gives as a maximum, in the order in which
// they stand in objects and lists; keys of one object by name.
func limitsOf(body []byte) []int {
	var v any
	if len(body) > maxMessageBody || json.Unmarshal(body, &v) != nil {
		return nil
	}
	return limitsIn(v, 0, nil)
}

func limitsIn(v any, depth int, out []int) []int {
	if depth > 6 {
		return out
	}
	switch v := v.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			if n, ok := wholeNumber(v[key]); ok {
				if limitFields[plain(key)] {
					out = append(out, n)
				}
				continue
			}
			out = limitsIn(v[key], depth+1, out)
		}
	case []any:
		for _, item := range v {
			out = limitsIn(item, depth+1, out)
		}
	}
	return out
}

// wholeNumber reads a number, or a text that is one.
func wholeNumber(v any) (int, bool) {
	switch v := v.(type) {
	case float64:
		return int(v), v == math.Trunc(v) && math.Abs(v) < 1e9
	case string:
		n, err := strconv.Atoi(v)
		return n, err == nil
	}
	return 0, false
}

func plain(key string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		case r >= 'a' && r <= 'z':
			return r
		}
		return -1
	}, key)
}
