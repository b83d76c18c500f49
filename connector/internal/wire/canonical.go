package wire

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// Canonical is an Avro schema without what does not change how a record of it is read: names
// are full, white space, documentation, aliases and defaults are gone, and attributes stand in
// one order. It is Avro's Parsing Canonical Form with the logical types kept: those of a
// millisecond and a microsecond have the same bytes and are not the same schema.
func Canonical(text string) (string, error) {
	sc, err := parseSchema(text)
	if err != nil {
		return "", fmt.Errorf("reading the Avro schema: %w", err)
	}
	return canonicalOf(sc), nil
}

// RecordName is the full name of the record that a schema is; "" where it is none.
func RecordName(text string) string {
	sc, err := parseSchema(text)
	if err != nil {
		return ""
	}
	return sc.root.name
}

func canonicalOf(sc *schema) string {
	var b strings.Builder
	sc.root.canonical(&b, map[string]bool{})
	return b.String()
}

// Fingerprint is by what a schema is known: the SHA-256 of its canonical form, in hexadecimal.
func Fingerprint(text string) (string, error) {
	c, err := Canonical(text)
	if err != nil {
		return "", err
	}
	return TextFingerprint(c), nil
}

// TextFingerprint is by what a schema is known that is not Avro: the SHA-256 of its text, in hexadecimal.
func TextFingerprint(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// KnownBy reports whether a schema of any type is the one that is known by a fingerprint.
func KnownBy(fingerprint, text string) bool {
	is, err := Fingerprint(text)
	return err == nil && is == fingerprint || TextFingerprint(text) == fingerprint
}

// canonical writes the type; declared are the named ones that were written before.
func (n *node) canonical(b *strings.Builder, declared map[string]bool) {
	if n.name != "" {
		if declared[n.name] {
			b.WriteString(quoted(n.name))
			return
		}
		declared[n.name] = true
	}
	switch base := n.base(); base {
	case kUnion, kOptional:
		list(b, len(n.branches), func(i int) { n.branches[i].canonical(b, declared) })
	case kRecord:
		b.WriteString(`{"name":` + quoted(n.name) + `,"type":"record","fields":`)
		list(b, len(n.fields), func(i int) {
			b.WriteString(`{"name":` + quoted(n.fields[i].name) + `,"type":`)
			n.fields[i].typ.canonical(b, declared)
			b.WriteByte('}')
		})
		b.WriteByte('}')
	case kEnum:
		b.WriteString(`{"name":` + quoted(n.name) + `,"type":"enum","symbols":`)
		list(b, len(n.symbols), func(i int) { b.WriteString(quoted(n.symbols[i])) })
		b.WriteByte('}')
	case kArray, kMap:
		kind, key := "array", "items"
		if base == kMap {
			kind, key = "map", "values"
		}
		b.WriteString(`{"type":"` + kind + `","` + key + `":`)
		n.elem.canonical(b, declared)
		b.WriteByte('}')
	case kFixed:
		b.WriteString(`{"name":` + quoted(n.name) + `,"type":"fixed","size":` + strconv.Itoa(n.size) + n.logical() + `}`)
	default:
		if n.kind == base {
			b.WriteString(quoted(primitiveNames[base]))
			return
		}
		b.WriteString(`{"type":` + quoted(primitiveNames[base]) + n.logical() + `}`)
	}
}

// logical is the type's logical type as attributes behind others; "" where it has none.
func (n *node) logical() string {
	name := n.logicalName()
	if name == "" {
		return ""
	}
	out := `,"logicalType":"` + name + `"`
	if name == "decimal" {
		out += fmt.Sprintf(`,"precision":%d,"scale":%d`, n.digits, n.scale)
	}
	return out
}

var primitiveNames = func() map[kind]string {
	names := make(map[kind]string, len(primitives))
	for name, k := range primitives {
		names[k] = name
	}
	return names
}()

func list(b *strings.Builder, n int, write func(i int)) {
	b.WriteByte('[')
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		write(i)
	}
	b.WriteByte(']')
}

func quoted(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		return strconv.Quote(s) // a string always marshals
	}
	return string(b)
}
