package infer

import (
	"encoding/json"
	"fmt"
	"strings"
)

// member is a key of a JSON object, whose keys stand in order.
type member struct {
	key   string
	value any
}

type members []member

// written is a schema as a person writes one: a line for each field.
func written(schema any) string {
	var w writer
	w.value(schema, 0)
	return w.String() + "\n"
}

type writer struct{ strings.Builder }

func (w *writer) value(v any, indent int) {
	switch v := v.(type) {
	case members:
		w.object(v, indent)
	case []any:
		w.WriteByte('[')
		for i, x := range v {
			if i > 0 {
				w.WriteString(", ")
			}
			w.value(x, indent)
		}
		w.WriteByte(']')
	default:
		text, err := json.Marshal(v)
		if err != nil {
			panic(fmt.Sprintf("infer: a schema has a %T in it", v))
		}
		w.Write(text)
	}
}

func (w *writer) object(m members, indent int) {
	w.WriteByte('{')
	for i, x := range m {
		if i > 0 {
			w.WriteString(", ")
		}
		w.value(x.key, indent)
		w.WriteString(": ")
		if fields, ok := x.value.([]any); ok && x.key == "fields" {
			w.fields(fields, indent+1)
			continue
		}
		w.value(x.value, indent)
	}
	w.WriteByte('}')
}

func (w *writer) fields(all []any, indent int) {
	line := "\n" + strings.Repeat("  ", indent)
	w.WriteByte('[')
	for i, x := range all {
		if i > 0 {
			w.WriteByte(',')
		}
		w.WriteString(line)
		w.value(x, indent)
	}
	w.WriteString(strings.TrimSuffix(line, "  "))
	w.WriteByte(']')
}
