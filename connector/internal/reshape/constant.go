package reshape

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Constant is a field that every row of a stream gets at its top.
type Constant struct {
	Name string
	// Value is a JSON scalar. In a text {parent.value} stands for the value of the slice that the row
	// comes from; a brace that is followed by no letter is a brace.
	Value string
}

// placeholder is what a text may hold.
const placeholder = "{parent.value}"

// Sliced reports whether the value holds that of the slice.
func (c *Constant) Sliced() bool { return strings.Contains(c.Value, placeholder) }

// For is the value, as JSON, in the rows of a slice.
func (c *Constant) For(slice string) string {
	if !c.Sliced() {
		return c.Value
	}
	quoted, _ := json.Marshal(slice) // a string always marshals
	return strings.ReplaceAll(c.Value, placeholder, string(quoted[1:len(quoted)-1]))
}

// changing are placeholders that would have another value with each reading.
var changing = []string{"now", "observed_at", "sweep", "page", "offset", "token", "since", "until", "attempt"}

// wrong says what no row can have in a constant's text; "": nothing.
func (c *Constant) wrong() (message, hint string) {
	for rest := strings.ReplaceAll(c.Value, placeholder, ""); ; {
		i := strings.IndexByte(rest, '{')
		if i < 0 {
			return "", ""
		}
		rest = rest[i+1:]
		name, _, closed := strings.Cut(rest, "}")
		if rest == "" || rest[0]|0x20 < 'a' || rest[0]|0x20 > 'z' || !closed {
			continue
		}
		for _, x := range changing {
			if name == x || strings.HasPrefix(name, x+":") {
				return fmt.Sprintf("holds {%s}, which changes with each reading", x), "every row would differ from the one in the topic, and be written again with each sweep; a record's own time says when it was written"
			}
		}
		return "holds a placeholder that is not known", "write a constant, ${NAME} for a value of the environment, or " + placeholder + " for that of for_each"
	}
}
