package wire

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/linkedin/goavro/v2"
)

// SchemaError says what is wrong with the text of an Avro schema, and where.
type SchemaError struct {
	Line, Column int // from 1; a column counts bytes, as compilers do
	Message      string
}

func (e *SchemaError) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Message)
}

// schemaErrorAt makes the error of a place in the text.
func schemaErrorAt(text string, offset int64, message string) *SchemaError {
	before := text[:min(max(offset, 0), int64(len(text)))]
	line := 1 + strings.Count(before, "\n")
	return &SchemaError{line, len(before) - strings.LastIndexByte(before, '\n'), message}
}

// decodeSchema reads the schema's JSON. A bare primitive's name counts as a schema.
func decodeSchema(text string) (any, error) {
	bare := strings.TrimSpace(text)
	if _, ok := primitives[bare]; ok {
		return bare, nil
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var v any
	err := d.Decode(&v)
	var broken *json.SyntaxError
	switch {
	case errors.As(err, &broken):
		return nil, schemaErrorAt(text, broken.Offset-1, "the schema is not JSON: "+broken.Error())
	case err != nil: // it ends too early, or is empty
		return nil, schemaErrorAt(text, int64(len(text)), "the schema is not JSON: it ends too early")
	}
	end := d.InputOffset()
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, schemaErrorAt(text, end+int64(len(text[end:])-len(strings.TrimLeft(text[end:], " \t\r\n"))), "something follows the schema, which ends before")
	}
	return v, nil
}

// locate is where the value lies to which the steps lead: keys of objects, and indexes. Of a
// step that is not there it is where its parent begins.
func locate(text string, steps []string) int64 {
	d := json.NewDecoder(strings.NewReader(text))
	next := func() int64 { // the beginning of what comes next
		at := d.InputOffset()
		return at + int64(len(text[at:])-len(strings.TrimLeft(text[at:], " \t\r\n,:")))
	}
	at := next()
	for _, step := range steps {
		open, err := d.Token()
		if err != nil {
			return at
		}
		found := false
		for i := 0; !found && d.More(); i++ {
			name := strconv.Itoa(i)
			if open == json.Delim('{') {
				key, err := d.Token()
				if err != nil {
					return at
				}
				name, _ = key.(string)
			}
			if found = name == step; found {
				at = next()
				continue
			}
			var skipped json.RawMessage
			if d.Decode(&skipped) != nil {
				return at
			}
		}
		if !found {
			return at
		}
	}
	return at
}

var (
	nameForm = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
	fullForm = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$`)
)

const nameRule = "a name begins with a letter or _, and goes on with letters, digits and _"

// distinct fails if two branches of a union could not be told apart.
func distinct(branches []*node) error {
	var met []string
	for _, b := range branches {
		name := b.name
		if name == "" {
			name = b.label
		}
		if slices.Contains(met, name) {
			return fmt.Errorf("the union has %s twice", name)
		}
		met = append(met, name)
	}
	return nil
}

// accepted fails if goavro refuses a schema that this reader has taken: it decodes what is read
// back. Its words are those of a library, so the cause is looked for here.
func (s *schema) accepted(text string) error {
	if _, err := goavro.NewCodec(text); err == nil {
		return nil
	}
	for _, r := range s.records {
		for i := range r.fields {
			f := &r.fields[i]
			if !f.declared || len(f.typ.branches) == 0 {
				continue
			}
			if _, err := s.appendDefault(nil, f.typ.branches[0], f.value, 0); err != nil {
				return schemaErrorAt(text, locate(text, slices.Concat(f.at, []string{"default"})), fmt.Sprintf(
					"record %s: field %s: the default of a union must fit its first type, which is %s: put the default's type first", r.name, f.name, f.typ.branches[0].label))
			}
		}
	}
	return schemaErrorAt(text, locate(text, nil), "it is not a valid Avro schema: look at its names, unions, defaults and logical types (a decimal needs precision and scale)")
}
