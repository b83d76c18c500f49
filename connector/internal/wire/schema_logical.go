package wire

import (
	"encoding/json"
	"strings"
)

// applyLogical turns a base type into its logical type. One that does not fit the
// base, or is unknown, is ignored, as Avro asks.
func (n *node) applyLogical(m map[string]any) {
	lt, _ := m["logicalType"].(string)
	base := n.kind
	unit := map[string]int64{"millis": 1e3, "micros": 1e6, "nanos": 1e9}
	switch {
	case base == kInt && lt == "date":
		n.kind = kDate
	case base == kInt && lt == "time-millis":
		n.kind, n.unit = kTimeMillis, 1e3
	case base == kLong && lt == "time-micros":
		n.kind, n.unit = kTimeMicros, 1e6
	case base == kLong && strings.HasPrefix(lt, "timestamp-"):
		if u := unit[lt[len("timestamp-"):]]; u > 0 {
			n.kind, n.unit = kTimestamp, u
		}
	case base == kLong && strings.HasPrefix(lt, "local-timestamp-"):
		if u := unit[lt[len("local-timestamp-"):]]; u > 0 {
			n.kind, n.unit, n.local = kTimestamp, u, true
		}
	case base == kString && lt == "uuid":
		n.kind = kUUID
	case base == kFixed && lt == "uuid" && n.size == 16:
		n.kind = kUUIDFixed
	case (base == kBytes || base == kFixed) && lt == "decimal":
		precision, ok := wholeNumber(m["precision"])
		scale := 0
		if raw, given := m["scale"]; given {
			var whole bool
			scale, whole = wholeNumber(raw)
			ok = ok && whole
		}
		if !ok || precision < 1 || scale < 0 || scale > precision {
			return
		}
		n.kind, n.digits, n.scale = kDecimalBytes, precision, scale
		if base == kFixed {
			n.kind = kDecimalFixed
		}
	}
	if n.kind != base {
		n.label += " (" + lt + ")"
	}
}

func wholeNumber(v any) (int, bool) {
	num, ok := v.(json.Number)
	if !ok {
		return 0, false
	}
	i, err := num.Int64()
	return int(i), err == nil
}
