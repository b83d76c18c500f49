package readback

import "tidemark/strategies"

// Render writes a value read back from a body, which may not keep the API's own text.
func Render(f strategies.Format, v strategies.Value) string {
	switch {
	case !v.Set:
		return ""
	case v.Raw != nil:
		return string(v.Raw)
	default:
		return f.Write(v)
	}
}
