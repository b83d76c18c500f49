package draft

import "strings"

// longestName is what a topic's name may have, less what stands behind it in that of its dead letters.
const longestName = 249 - len(".dlq")

// Name makes a stream's name of what an API or its description calls a collection: letters, digits, dots,
// underscores and hyphens stay, anything else between them becomes one underscore.
func Name(of string) string {
	var out strings.Builder
	gap := false
	for _, c := range of {
		if c < 0x80 && (c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("._-", c)) {
			if gap && out.Len() > 0 {
				out.WriteByte('_')
			}
			out.WriteRune(c)
			gap = false
			continue
		}
		gap = true
	}
	name := strings.Trim(out.String(), "._-") // nor is it a topic of Kafka itself, which begins with __
	if len(name) > longestName {
		name = name[:longestName]
	}
	if name == "" {
		return "stream"
	}
	return name
}
