// Package schemas holds the schemas of what tidemark writes: the Avro schema of the
// playground's users and the JSON Schema of the cursor in the state topic. Both are
// files of their own, for other programs to read, and embedded here.
package schemas

import (
	"bytes"
	_ "embed"
	"fmt"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// User is the Avro schema of a user, the text that is registered.
//
//go:embed user.avsc
var User string

// Cursor is the JSON Schema (draft 2020-12) of a stream's cursor.
//
//go:embed cursor.schema.json
var Cursor []byte

var cursorSchema = sync.OnceValues(func() (*jsonschema.Schema, error) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Cursor))
	if err != nil {
		return nil, fmt.Errorf("reading the embedded cursor schema: %w", err)
	}
	const name = "cursor.schema.json"
	c := jsonschema.NewCompiler()
	if err := c.AddResource(name, doc); err != nil {
		return nil, fmt.Errorf("loading the embedded cursor schema: %w", err)
	}
	return c.Compile(name)
})

// CheckCursor says whether data is a cursor as cursor.schema.json describes it. The
// error names every place that is not.
func CheckCursor(data []byte) error {
	sch, err := cursorSchema()
	if err != nil {
		return err
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		return fmt.Errorf("the cursor is not JSON: %w", err)
	}
	if err := sch.Validate(v); err != nil {
		return fmt.Errorf("the cursor does not follow cursor.schema.json: %w", err)
	}
	return nil
}
