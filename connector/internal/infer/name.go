package infer

import (
	"fmt"
	"strings"
)

// Legal makes a name that Avro allows: see the package.
func Legal(name string) string {
	var out strings.Builder
	for i, c := range name {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '_':
			out.WriteRune(c)
		case c >= '0' && c <= '9':
			if i == 0 {
				out.WriteByte('_')
			}
			out.WriteRune(c)
		default:
			out.WriteByte('_')
		}
	}
	if out.Len() == 0 {
		return "_"
	}
	return out.String()
}

// Fresh is the name itself, or with a number behind it where it is taken. It takes it.
func Fresh(name string, taken map[string]bool) string {
	free := name
	for n := 2; taken[free]; n++ {
		free = fmt.Sprintf("%s_%d", name, n)
	}
	taken[free] = true
	return free
}
