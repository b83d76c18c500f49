// Package schemas holds the schemas of what tidemark writes: the Avro schema of the
// playground's users and the JSON Schema of the cursor in the state topic. Both are
// files of their own, for other programs to read, and embedded here. history has each
// user schema that was released, by number, so that what it was stays to be read and compared.
package schemas

import _ "embed"

// User is the Avro schema of a user, the text that is registered.
//
//go:embed user.avsc
var User string

// Cursor is the JSON Schema (draft 2020-12) of a stream's cursor. strategies.ParseCursor
// reads what follows it.
//
//go:embed cursor.schema.json
var Cursor []byte
