package readback

import (
	"strconv"
	"time"

	"tidemark/strategies"
)

// Render writes a value read back from a body, which may not keep the API's own text.
func Render(f strategies.Format, v strategies.Value) string {
	switch {
	case !v.Set:
		return ""
	case v.Raw != nil:
		return string(v.Raw)
	case f == strategies.RFC3339:
		return time.UnixMicro(v.N).UTC().Add(time.Duration(v.Sub)).Format(time.RFC3339Nano)
	case f == strategies.Integer:
		return strconv.FormatInt(v.N, 10)
	default:
		return f.Back(v, 0)
	}
}
